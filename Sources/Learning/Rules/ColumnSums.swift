import CKernels
import Foundations

/// Sums over the rows of a matrix. The rows are cut into blocks of fixed size; each is summed by itself, then the sums
/// in order.
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
