import CKernels
import Foundations
import Glibc
import Tensors

/// Where the heads of one operand lie: head h of position t of example b begins at
/// `base + b·exampleStride + t·rowStride + h·headWidth`.
struct HeadLayout {
  let base: UnsafeMutablePointer<Float>
  let rowStride: Int
  let exampleStride: Int
}

/// Which weights of an attention are set to zero in a training pass: as by `Dropout`, from the pass's key and their
/// position alone.
struct AttentionDropout {
  private let keep: Float
  private let stream: fl_stream

  /// Nil where nothing is dropped: outside of training, or by a probability of 0.
  init?(_ probability: Double) {
    guard probability > 0, let context = ForwardContext.current, context.isTraining else {
      return nil
    }
    keep = Float(1 - probability)
    stream = fl_stream(context.nextKey())
  }

  /// target = source / keep or 0 for a tile, whose rows begin at positions `first`, `first + step`, …; in place where
  /// both are one.
  func apply(
    _ rows: Int, _ columns: Int, first: Int, step: Int, _ source: UnsafePointer<Float>,
    _ target: UnsafeMutablePointer<Float>, stride: Int
  ) {
    withUnsafePointer(to: stream) {
      for row in 0..<rows {
        fl_dropout_f32(
          columns, keep, source + row * stride, $0, UInt64(first + row * step),
          target + row * stride)
      }
    }
  }
}

/// softmax(Q Kᵀ / √width) V for every head of every example, in tiles that stay in cache: no matrix of all scores
/// exists, neither forward nor backward (Dao et al. 2022, FlashAttention; the backward pass makes the weights again
/// from one saved number a row). One example's head is one block of work, so any number of threads gives the same bits.
struct AttentionKernel {
  let examples: Int
  let heads: Int
  let headWidth: Int
  let queries: Int
  let keys: Int
  let isCausal: Bool
  /// How many keys of each example are real; nil: all.
  var keyLengths: [Int32]?
  /// Of the weights: V is summed with what it leaves of them.
  var dropout: AttentionDropout?

  private static let queryTile = 64
  private static let keyTile = 128

  /// How far the weights of two queries lie apart among the random numbers of dropout; rounded up, so that tiles begin
  /// at whole blocks of them.
  private var weightStep: Int { (keys + 63) / 64 * 64 }

  private var scale: Float { 1 / Float(headWidth).squareRoot() }

  /// How many keys the queries of an example may see: row r the first min(limit, base + step·r).
  private func visibility(_ example: Int) -> (base: Int, step: Int, limit: Int) {
    let limit = min(keys, keyLengths.map { max(0, Int($0[example])) } ?? keys)
    guard isCausal else { return (limit, 0, limit) }
    return (1, 1, limit)
  }

  /// Writes `output`, and where wanted each row's log-sum-exp to `normalizers` [examples, heads, queries] (+inf for a
  /// row that sees nothing and gets zeros).
  func forward(
    _ query: HeadLayout, _ key: HeadLayout, _ value: HeadLayout, output: HeadLayout,
    normalizers: UnsafeMutablePointer<Float>?
  ) {
    Parallel.each(examples * heads) { index in
      let (example, head) = (index / heads, index % heads)
      let q = query.base + example * query.exampleStride + head * headWidth
      let k = key.base + example * key.exampleStride + head * headWidth
      let v = value.base + example * value.exampleStride + head * headWidth
      let o = output.base + example * output.exampleStride + head * headWidth
      let (base, step, limit) = visibility(example)
      let (rowTile, columnTile) = (AttentionKernel.queryTile, AttentionKernel.keyTile)
      withUnsafeTemporaryAllocation(
        of: Float.self, capacity: rowTile * columnTile + 3 * rowTile
      ) { scratch in
        // The capacity is not zero.
        let scores = scratch.baseAddress.unsafelyUnwrapped
        let largest = scores + rowTile * columnTile
        let sums = largest + rowTile
        let corrections = sums + rowTile
        for first in stride(from: 0, to: queries, by: rowTile) where !Parallel.isAbandoned {
          let rows = min(rowTile, queries - first)
          largest.update(repeating: -.infinity, count: rows)
          sums.update(repeating: 0, count: rows)
          let (from, to) = (q + first * query.rowStride, o + first * output.rowStride)
          let start = base + step * first
          let seen = min(limit, start + step * (rows - 1))
          for column in stride(from: 0, to: max(0, seen), by: columnTile) {
            let columns = min(columnTile, seen - column)
            fl_gemm_f32(
              0, 1, rows, columns, headWidth, 1, from, query.rowStride,
              k + column * key.rowStride, key.rowStride, 0, scores, columnTile)
            if min(limit, start) < column + columns {
              fl_attention_mask_f32(
                rows, columns, start - column, step, limit - column, scores, columnTile)
            }
            fl_online_softmax_f32(
              rows, columns, scale, scores, columnTile, largest, sums, corrections)
            dropout?.apply(
              rows, columns, first: (index * queries + first) * weightStep + column,
              step: weightStep, scores, scores, stride: columnTile)
            if column > 0 {
              for row in 0..<rows {
                let line = to + row * output.rowStride
                fl_scale_f32(headWidth, corrections[row], line, line)
              }
            }
            fl_gemm_f32(
              0, 0, rows, headWidth, columns, 1, scores, columnTile,
              v + column * value.rowStride, value.rowStride, column > 0 ? 1 : 0, to,
              output.rowStride)
          }
          for row in 0..<rows {
            let line = to + row * output.rowStride
            // Zeros only where nothing is seen: a sum that is not a number stays visible.
            if sums[row] == 0 {
              line.update(repeating: 0, count: headWidth)
            } else {
              fl_scale_f32(headWidth, 1 / sums[row], line, line)
            }
            normalizers?[index * queries + first + row] =
              sums[row] == 0 ? .infinity : largest[row] + logf(sums[row])
          }
        }
      }
    }
  }

  /// Writes the gradients of query, key and value from that of the output.
  func backward(
    _ query: HeadLayout, _ key: HeadLayout, _ value: HeadLayout, output: HeadLayout,
    normalizers: UnsafePointer<Float>, outputGradient: HeadLayout, queryGradient: HeadLayout,
    keyGradient: HeadLayout, valueGradient: HeadLayout
  ) {
    Parallel.each(examples * heads) { index in
      let (example, head) = (index / heads, index % heads)
      func place(_ layout: HeadLayout) -> UnsafeMutablePointer<Float> {
        layout.base + example * layout.exampleStride + head * headWidth
      }
      let (q, k, v, o) = (place(query), place(key), place(value), place(output))
      let (dq, dk, dv) = (place(queryGradient), place(keyGradient), place(valueGradient))
      let g = place(outputGradient)
      let (base, step, limit) = visibility(example)
      let (rowTile, columnTile) = (AttentionKernel.queryTile, AttentionKernel.keyTile)
      for row in 0..<keys {
        (dk + row * keyGradient.rowStride).update(repeating: 0, count: headWidth)
        (dv + row * valueGradient.rowStride).update(repeating: 0, count: headWidth)
      }
      withUnsafeTemporaryAllocation(
        of: Float.self, capacity: 2 * rowTile * columnTile + rowTile
      ) { scratch in
        // The capacity is not zero.
        let weights = scratch.baseAddress.unsafelyUnwrapped
        let gradients = weights + rowTile * columnTile
        let means = gradients + rowTile * columnTile
        for first in stride(from: 0, to: queries, by: rowTile) where !Parallel.isAbandoned {
          let rows = min(rowTile, queries - first)
          let queryRows = q + first * query.rowStride
          let gradientRows = g + first * outputGradient.rowStride
          let target = dq + first * queryGradient.rowStride
          for row in 0..<rows {
            means[row] = Float(
              fl_dot_f32(
                headWidth, gradientRows + row * outputGradient.rowStride,
                o + (first + row) * output.rowStride))
          }
          let start = base + step * first
          let seen = min(limit, start + step * (rows - 1))
          if seen <= 0 {
            for row in 0..<rows {
              (target + row * queryGradient.rowStride).update(repeating: 0, count: headWidth)
            }
          }
          for column in stride(from: 0, to: max(0, seen), by: columnTile) {
            let columns = min(columnTile, seen - column)
            let keyRows = k + column * key.rowStride
            fl_gemm_f32(
              0, 1, rows, columns, headWidth, 1, queryRows, query.rowStride, keyRows,
              key.rowStride, 0, weights, columnTile)
            if min(limit, start) < column + columns {
              fl_attention_mask_f32(
                rows, columns, start - column, step, limit - column, weights, columnTile)
            }
            fl_attention_weights_f32(
              rows, columns, scale, normalizers + index * queries + first, weights, columnTile)
            let position = (index * queries + first) * weightStep + column
            // What was left of the weights stands for a moment where their gradients will.
            dropout?.apply(
              rows, columns, first: position, step: weightStep, weights, gradients,
              stride: columnTile)
            fl_gemm_f32(
              1, 0, columns, headWidth, rows, 1, dropout == nil ? weights : gradients, columnTile,
              gradientRows, outputGradient.rowStride, 1, dv + column * valueGradient.rowStride,
              valueGradient.rowStride)
            fl_gemm_f32(
              0, 1, rows, columns, headWidth, 1, gradientRows, outputGradient.rowStride,
              v + column * value.rowStride, value.rowStride, 0, gradients, columnTile)
            dropout?.apply(
              rows, columns, first: position, step: weightStep, gradients, gradients,
              stride: columnTile)
            fl_attention_backward_f32(
              rows, columns, scale, means, weights, gradients, columnTile)
            fl_gemm_f32(
              0, 0, rows, headWidth, columns, 1, gradients, columnTile, keyRows, key.rowStride,
              column > 0 ? 1 : 0, target, queryGradient.rowStride)
            fl_gemm_f32(
              1, 0, columns, headWidth, rows, 1, gradients, columnTile, queryRows,
              query.rowStride, 1, dk + column * keyGradient.rowStride, keyGradient.rowStride)
          }
        }
      }
    }
  }
}
