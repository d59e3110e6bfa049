import CKernels
import Foundations
import Tensor

/// A rule that can also sum over some of the examples only: what micro-batches need. Examples that belong together lie
/// next to each other.
protocol RangedGradientRule: GradientRule {
  /// Adds Σ wᵢ·gradᵢ over `examples` to the sink; `weights` is indexed by example from 0.
  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink) throws

  /// The squared norm of the sum of each range's gradients over this rule's trainable parameters, where that is cheaper
  /// found without making the sums; nil where it is not.
  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]?
}

extension RangedGradientRule {
  func accumulate(weights: UnsafePointer<Float>?, into sink: GradientSink) throws {
    try accumulate(weights: weights, examples: 0..<exampleCount, into: sink)
  }
}

/// Examples that one thread treats at a time when norms are taken.
enum ExampleBlocks {
  static func size(time: Int, width: Int) -> Int { max(1, min(64, 65536 / max(1, time * width))) }
}

/// Weights per example, applied to what was saved per row.
enum ExampleWeights {
  /// x [examples, width] with row i times weights[i].
  static func scaled(
    _ x: UnsafePointer<Float>, _ weights: UnsafePointer<Float>, examples: Int, width: Int
  ) throws -> Tensor {
    let result = try Tensor.uninitialized([examples, width])
    let to = result.floats
    Parallel.blocks(examples, size: RowBlocks.size(width: width)) { block in
      let start = block.lowerBound * width
      fl_mul_vc_f32(block.count, width, x + start, weights + block.lowerBound, to + start)
    }
    return result
  }

  /// Each weight `times` times, for kernels that want one weight a row.
  static func repeated(_ weights: UnsafePointer<Float>, examples: Int, times: Int) throws -> Tensor
  {
    let result = try Tensor.uninitialized([examples * times])
    let to = result.floats
    for example in 0..<examples {
      (to + example * times).update(repeating: weights[example], count: times)
    }
    return result
  }
}

/// Squared norms per example of weights and biases that share one output gradient.
enum JointNorms {
  /// Adds Σ_p ‖Σ_t g_t a[p]_tᵀ‖² + biases·‖Σ_t g_t‖² over each example's rows t, for a[p] [rows, width_p] and g [rows, outputs].
  static func add(
    _ factors: [Tensor], biases: Int, _ g: Tensor, _ layout: RowLayout,
    to norms: UnsafeMutablePointer<Float>
  ) {
    let products = Products(factors, biases, g, rows: layout.rowCount)
    let blocks = layout.blocks(width: products.widths.reduce(products.outputs, +))
    withExtendedLifetime((factors, g)) {
      Parallel.each(blocks.count) { index in
        let block = blocks[index]
        products.addNorms(
          block.examples.count, time: block.time, from: block.firstRow,
          to: norms + block.examples.lowerBound)
      }
    }
  }

  /// The squared norms of the sums over ranges of examples: a range is one long sequence. Nil where its Gram matrices would
  /// cost more than making the sums does: writing, squaring and adding them up, some thirty multiplications for each number.
  static func ofRanges(
    _ ranges: [Range<Int>], _ factors: [Tensor], biases: Int, _ g: Tensor, _ layout: RowLayout
  ) -> [Double]? {
    let rows = max(1, layout.rowCount)
    let outputs = g.count / rows
    let inputs = factors.reduce(0) { $0 + $1.count / rows }
    let longest = ranges.reduce(0) { max($0, layout.rows(of: $1).count) }
    guard longest * longest / 2 * (inputs + outputs) < 30 * inputs * outputs else { return nil }
    return byGramMatrices(ranges, factors, biases: biases, g, layout)
  }

  static func byGramMatrices(
    _ ranges: [Range<Int>], _ factors: [Tensor], biases: Int, _ g: Tensor, _ layout: RowLayout
  ) -> [Double] {
    let products = Products(factors, biases, g, rows: layout.rowCount)
    var norms = [Float](repeating: 0, count: ranges.count)
    norms.withUnsafeMutableBufferPointer { norms in
      guard let norms = norms.baseAddress else { return }
      withExtendedLifetime((factors, g)) {
        Parallel.each(ranges.count) { index in
          let rows = layout.rows(of: ranges[index])
          products.addNorms(1, time: rows.count, from: rows.lowerBound, to: norms + index)
        }
      }
    }
    return norms.map { Double(max(0, $0)) }
  }

  /// The matrices as the kernel wants them; whoever uses this keeps them alive.
  private struct Products {
    let parts: [UnsafePointer<Float>]
    let widths: [Int]
    let biases: Int
    let gradient: UnsafePointer<Float>
    let outputs: Int

    init(_ factors: [Tensor], _ biases: Int, _ g: Tensor, rows: Int) {
      parts = factors.map { UnsafePointer($0.floats) }
      widths = factors.map { $0.count / max(1, rows) }
      self.biases = biases
      gradient = UnsafePointer(g.floats)
      outputs = g.count / max(1, rows)
    }

    func addNorms(
      _ examples: Int, time: Int, from row: Int, to norms: UnsafeMutablePointer<Float>
    ) {
      withUnsafeTemporaryAllocation(of: UnsafePointer<Float>?.self, capacity: parts.count + 1) {
        for (index, part) in parts.enumerated() { $0[index] = part + row * widths[index] }
        fl_joint_example_norms_f32(
          examples, time, parts.count, $0.baseAddress, widths, Double(biases), outputs,
          gradient + row * outputs, norms)
      }
    }
  }
}

/// Sums over the rows of a matrix. The rows are cut into blocks of fixed size; each is summed by itself, then the sums in order.
enum ColumnSums {
  private static let mostBlocks = 64

  static func compute(
    _ x: UnsafePointer<Float>, rows: Int, columns: Int, weights: UnsafePointer<Float>?,
    accumulate: Bool, _ target: UnsafeMutablePointer<Float>
  ) {
    let size = max(64, (1 << 16) / max(1, columns), (rows + mostBlocks - 1) / mostBlocks)
    let blocks = (rows + size - 1) / size
    guard blocks > 1 else {
      fl_sum_columns_f32(rows, columns, x, columns, weights, accumulate ? 1 : 0, target)
      return
    }
    withUnsafeTemporaryAllocation(of: Float.self, capacity: blocks * columns) { sums in
      // There are blocks and columns.
      guard let parts = sums.baseAddress else { return }
      Parallel.blocks(rows, size: size) { block in
        fl_sum_columns_f32(
          block.count, columns, x + block.lowerBound * columns, columns,
          weights.map { $0 + block.lowerBound }, 0, parts + block.lowerBound / size * columns)
      }
      fl_sum_columns_f32(blocks, columns, parts, columns, nil, accumulate ? 1 : 0, target)
    }
  }
}

extension UnsafePointer where Pointee == Float {
  /// The sum of squares of `count` numbers in blocks of fixed size, combined in order.
  func sumOfSquares(_ count: Int) -> Double {
    let size = 1 << 14
    guard count > size else { return fl_sumsq_fast_f32(count, self) }
    let blocks = (count + size - 1) / size
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { parts in
      Parallel.blocks(count, size: size) {
        parts[$0.lowerBound / size] = fl_sumsq_fast_f32($0.count, self + $0.lowerBound)
      }
      var total = 0.0
      for part in parts { total += part }
      return total
    }
  }
}
