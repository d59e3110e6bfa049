import CPeak
import Foundations
import Tensors

/// Fused multiply-adds in registers on all threads at once: what no matrix product can exceed.
final class Peak: Workload {
  private static let rounds = 1 << 20
  private let threads: Int
  private var sum: Float = 0

  init(threads: Int) {
    self.threads = threads
    _ = run(1)
  }

  /// Operations of one run over all threads.
  var facts: [(name: String, value: Double)] {
    [("flops", Double(fl_peak_operations()) * Double(Peak.rounds) * Double(threads))]
  }

  var check: Double { Double(sum) }

  func run(_ count: Int) -> [Double] {
    let sums = UnsafeMutableBufferPointer<Float>.allocate(capacity: threads)
    sums.initialize(repeating: 0)
    defer { sums.deallocate() }
    let start = monotonicSeconds()
    Parallel.each(threads) { sums[$0] = fl_peak_run(Int64(Peak.rounds * count)) }
    let seconds = monotonicSeconds() - start
    sum = sums.reduce(0, +)
    return [seconds]
  }
}
