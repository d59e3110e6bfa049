import CKernels
import Foundations
import Tensors

/// Squared norms per example of weights and biases that share one output gradient, without the gradients themselves
/// (Goodfellow 2015, arXiv 1510.01799; Gram matrices for many rows, Li et al. 2022, arXiv 2110.05679, section 4).
enum JointNorms {
  /// Adds Σ_p ‖Σ_t g_t a[p]_tᵀ‖² + biases·‖Σ_t g_t‖² over each example's rows t, for a[p] [rows, width_p] and g [rows,
  /// outputs].
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

  /// The squared norms of the sums over ranges of examples: a range is one long sequence. Nil where its Gram matrices
  /// would cost more than making the sums does: writing, squaring and adding them up, some thirty multiplications for
  /// each number.
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
