import CKernels
import Foundations

extension UnsafePointer where Pointee == Float {
  /// The sum of squares of `count` numbers in blocks of fixed size, combined in order.
  func sumOfSquares(_ count: Int) -> Double { blockSum(count, fl_sumsq_fast_f32) }

  /// The same with sums of 64 bits, several times as slow.
  func exactSumOfSquares(_ count: Int) -> Double { blockSum(count, fl_sumsq_f32) }

  private func blockSum(_ count: Int, _ ofBlock: (Int, UnsafePointer<Float>) -> Double) -> Double {
    let size = 1 << 14
    guard count > size else { return ofBlock(count, self) }
    let blocks = (count + size - 1) / size
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: blocks) { parts in
      Parallel.blocks(count, size: size) {
        parts[$0.lowerBound / size] = ofBlock($0.count, self + $0.lowerBound)
      }
      var total = 0.0
      for part in parts { total += part }
      return total
    }
  }
}
