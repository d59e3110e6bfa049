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

/// What happens to scores between the product of queries and keys and the softmax.
struct ScoreShaping {
  /// What scores are multiplied by.
  var scale: Float
  /// cap · tanh(score / cap) in place of scores (Gemma 2); nil: as they are.
  var cap: Float?
  /// Added to the score of key j for query i: row [head] of a table [heads, 2·span - 1], at j - i + span - 1.
  var bias: UnsafePointer<Float>?
  var span = 0
  /// How many positions before its own a query sees; nil: all.
  var window: Int?

  /// Whether more is done than scaling.
  var isPlain: Bool { cap == nil && bias == nil }

  /// Shapes a tile whose first row is query `first` and whose first column is key `column`. Where wanted, `slopes` gets
  /// the derivative of each shaped score by the raw one.
  func apply(
    _ rows: Int, _ columns: Int, head: Int, first: Int, column: Int,
    _ scores: UnsafeMutablePointer<Float>, stride: Int, slopes: UnsafeMutablePointer<Float>? = nil
  ) {
    let table = bias.map { $0 + head * (2 * span - 1) + span - 1 }
    for row in 0..<rows {
      let line = scores + row * stride
      if let cap {
        for c in 0..<columns {
          let t = tanhf(line[c] * scale / cap)
          line[c] = cap * t
          slopes?[row * stride + c] = scale * (1 - t * t)
        }
      } else {
        for c in 0..<columns { line[c] *= scale }
      }
      if let table {
        let own = table + (column - first - row)
        for c in 0..<columns { line[c] += own[c] }
      }
    }
  }

  /// Turns the gradients of a tile's shaped scores into those of the raw ones; adds them by distance to `biases`
  /// [2·span - 1] before.
  func backward(
    _ rows: Int, _ columns: Int, first: Int, column: Int,
    _ gradients: UnsafeMutablePointer<Float>, stride: Int, slopes: UnsafePointer<Float>?,
    biases: UnsafeMutablePointer<Float>?
  ) {
    for row in 0..<rows {
      let line = gradients + row * stride
      if let biases {
        let own = biases + (column - first - row + span - 1)
        for c in 0..<columns { own[c] += line[c] }
      }
      if let slopes {
        for c in 0..<columns { line[c] *= slopes[row * stride + c] }
      } else {
        for c in 0..<columns { line[c] *= scale }
      }
    }
  }

  /// The first key that a query sees.
  func lowest(_ query: Int) -> Int { window.map { max(0, query - $0) } ?? 0 }

  /// Hides the keys before the window in a tile.
  func mask(
    _ rows: Int, _ columns: Int, first: Int, column: Int, _ scores: UnsafeMutablePointer<Float>,
    stride: Int
  ) {
    guard window != nil else { return }
    for row in 0..<rows {
      let hidden = min(columns, lowest(first + row) - column)
      if hidden > 0 { (scores + row * stride).update(repeating: -.infinity, count: hidden) }
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
  /// How many heads have keys and values of their own: so many queries' heads after each other share one (Ainslie et
  /// al. 2023); nil: all.
  var keyHeads: Int?
  /// Scores in another shape than divided by √headWidth.
  var shaping: ScoreShaping?
  /// How many positions behind its own a query sees, where that is limited (`isCausal`: none).
  var ahead: Int?
  /// How many keys of each example are real; nil: all.
  var keyLengths: [Int32]?
  /// Of the weights: V is summed with what it leaves of them.
  var dropout: AttentionDropout?

  private static let queryTile = 64
  private static let keyTile = 128

  /// How far the weights of two queries lie apart among the random numbers of dropout; rounded up, so that tiles begin
  /// at whole blocks of them.
  private var weightStep: Int { (keys + 63) / 64 * 64 }

  private var shapes: ScoreShaping {
    shaping ?? ScoreShaping(scale: 1 / Float(headWidth).squareRoot())
  }

  /// How many heads of queries share keys and values.
  private var group: Int { heads / (keyHeads ?? heads) }

  /// How many keys the queries of an example may see: row r the first min(limit, base + step·r).
  private func visibility(_ example: Int) -> (base: Int, step: Int, limit: Int) {
    let limit = min(keys, keyLengths.map { max(0, Int($0[example])) } ?? keys)
    if isCausal { return (1, 1, limit) }
    if let ahead { return (1 + ahead, 1, limit) }
    return (limit, 0, limit)
  }

  /// Writes `output`, and where wanted each row's log-sum-exp to `normalizers` [examples, heads, queries] (+inf for a
  /// row that sees nothing and gets zeros).
  func forward(
    _ query: HeadLayout, _ key: HeadLayout, _ value: HeadLayout, output: HeadLayout,
    normalizers: UnsafeMutablePointer<Float>?
  ) {
    let (shapes, group) = (shapes, group)
    Parallel.each(examples * heads) { index in
      let (example, head) = (index / heads, index % heads)
      let q = query.base + example * query.exampleStride + head * headWidth
      let k = key.base + example * key.exampleStride + head / group * headWidth
      let v = value.base + example * value.exampleStride + head / group * headWidth
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
          let lowest = shapes.lowest(first) / columnTile * columnTile
          for column in stride(from: lowest, to: max(lowest, seen), by: columnTile) {
            let columns = min(columnTile, seen - column)
            fl_gemm_f32(
              0, 1, rows, columns, headWidth, 1, from, query.rowStride,
              k + column * key.rowStride, key.rowStride, 0, scores, columnTile)
            if !shapes.isPlain {
              shapes.apply(
                rows, columns, head: head, first: first, column: column, scores,
                stride: columnTile)
            }
            shapes.mask(
              rows, columns, first: first, column: column, scores, stride: columnTile)
            if min(limit, start) < column + columns {
              fl_attention_mask_f32(
                rows, columns, start - column, step, limit - column, scores, columnTile)
            }
            fl_online_softmax_f32(
              rows, columns, shapes.isPlain ? shapes.scale : 1, scores, columnTile, largest, sums,
              corrections)
            dropout?.apply(
              rows, columns, first: (index * queries + first) * weightStep + column,
              step: weightStep, scores, scores, stride: columnTile)
            if column > lowest {
              for row in 0..<rows {
                let line = to + row * output.rowStride
                fl_scale_f32(headWidth, corrections[row], line, line)
              }
            }
            fl_gemm_f32(
              0, 0, rows, headWidth, columns, 1, scores, columnTile,
              v + column * value.rowStride, value.rowStride, column > lowest ? 1 : 0, to,
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

  /// Writes the gradients of query, key and value from that of the output, and adds those of the table of biases to
  /// `biasGradient` [examples, heads, 2·span - 1].
  func backward(
    _ query: HeadLayout, _ key: HeadLayout, _ value: HeadLayout, output: HeadLayout,
    normalizers: UnsafePointer<Float>, outputGradient: HeadLayout, queryGradient: HeadLayout,
    keyGradient: HeadLayout, valueGradient: HeadLayout,
    biasGradient: UnsafeMutablePointer<Float>? = nil
  ) {
    let group = group
    Parallel.each(examples * heads / group) { shared in
      let example = shared / (heads / group)
      func place(_ layout: HeadLayout) -> UnsafeMutablePointer<Float> {
        layout.base + example * layout.exampleStride + shared % (heads / group) * headWidth
      }
      let (dk, dv) = (place(keyGradient), place(valueGradient))
      for row in 0..<keys {
        (dk + row * keyGradient.rowStride).update(repeating: 0, count: headWidth)
        (dv + row * valueGradient.rowStride).update(repeating: 0, count: headWidth)
      }
      for index in shared * group..<(shared + 1) * group where !Parallel.isAbandoned {
        backward(
          index, query, place(key), key.rowStride, place(value), value.rowStride, output: output,
          normalizers: normalizers, outputGradient: outputGradient, queryGradient: queryGradient,
          dk, keyGradient.rowStride, dv, valueGradient.rowStride, biasGradient: biasGradient)
      }
    }
  }

  /// The same of one head of one example, whose keys' and values' gradients are added to.
  private func backward(
    _ index: Int, _ query: HeadLayout, _ k: UnsafePointer<Float>, _ keyStride: Int,
    _ v: UnsafePointer<Float>, _ valueStride: Int, output: HeadLayout,
    normalizers: UnsafePointer<Float>, outputGradient: HeadLayout, queryGradient: HeadLayout,
    _ dk: UnsafeMutablePointer<Float>, _ keyGradientStride: Int,
    _ dv: UnsafeMutablePointer<Float>, _ valueGradientStride: Int,
    biasGradient: UnsafeMutablePointer<Float>?
  ) {
    let (example, head) = (index / heads, index % heads)
    let shapes = shapes
    func place(_ layout: HeadLayout) -> UnsafeMutablePointer<Float> {
      layout.base + example * layout.exampleStride + head * headWidth
    }
    let (q, o) = (place(query), place(output))
    let (dq, g) = (place(queryGradient), place(outputGradient))
    let (base, step, limit) = visibility(example)
    let (rowTile, columnTile) = (AttentionKernel.queryTile, AttentionKernel.keyTile)
    withUnsafeTemporaryAllocation(
      of: Float.self, capacity: (shapes.cap == nil ? 2 : 3) * rowTile * columnTile + rowTile
    ) { scratch in
      // The capacity is not zero.
      let weights = scratch.baseAddress.unsafelyUnwrapped
      let gradients = weights + rowTile * columnTile
      let means = gradients + rowTile * columnTile
      let slopes = shapes.cap == nil ? nil : means + rowTile
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
        let lowest = shapes.lowest(first) / columnTile * columnTile
        if seen <= lowest {
          for row in 0..<rows {
            (target + row * queryGradient.rowStride).update(repeating: 0, count: headWidth)
          }
        }
        for column in stride(from: lowest, to: max(lowest, seen), by: columnTile) {
          let columns = min(columnTile, seen - column)
          let keyRows = k + column * keyStride
          fl_gemm_f32(
            0, 1, rows, columns, headWidth, 1, queryRows, query.rowStride, keyRows,
            keyStride, 0, weights, columnTile)
          if !shapes.isPlain {
            shapes.apply(
              rows, columns, head: head, first: first, column: column, weights,
              stride: columnTile, slopes: slopes)
          }
          shapes.mask(
            rows, columns, first: first, column: column, weights, stride: columnTile)
          if min(limit, start) < column + columns {
            fl_attention_mask_f32(
              rows, columns, start - column, step, limit - column, weights, columnTile)
          }
          fl_attention_weights_f32(
            rows, columns, shapes.isPlain ? shapes.scale : 1, normalizers + index * queries + first,
            weights, columnTile)
          let position = (index * queries + first) * weightStep + column
          // What was left of the weights stands for a moment where their gradients will.
          dropout?.apply(
            rows, columns, first: position, step: weightStep, weights, gradients,
            stride: columnTile)
          fl_gemm_f32(
            1, 0, columns, headWidth, rows, 1, dropout == nil ? weights : gradients, columnTile,
            gradientRows, outputGradient.rowStride, 1, dv + column * valueGradientStride,
            valueGradientStride)
          fl_gemm_f32(
            0, 1, rows, columns, headWidth, 1, gradientRows, outputGradient.rowStride,
            v + column * valueStride, valueStride, 0, gradients, columnTile)
          dropout?.apply(
            rows, columns, first: position, step: weightStep, gradients, gradients,
            stride: columnTile)
          fl_attention_backward_f32(
            rows, columns, shapes.isPlain ? shapes.scale : 1, means, weights, gradients,
            columnTile)
          if !shapes.isPlain {
            shapes.backward(
              rows, columns, first: first, column: column, gradients, stride: columnTile,
              slopes: slopes, biases: biasGradient.map { $0 + index * (2 * shapes.span - 1) })
          }
          fl_gemm_f32(
            0, 0, rows, headWidth, columns, 1, gradients, columnTile, keyRows, keyStride,
            column > lowest ? 1 : 0, target, queryGradient.rowStride)
          fl_gemm_f32(
            1, 0, columns, headWidth, rows, 1, gradients, columnTile, queryRows,
            query.rowStride, 1, dk + column * keyGradientStride, keyGradientStride)
        }
      }
    }
  }
}
