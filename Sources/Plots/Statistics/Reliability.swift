import Foundations
import Statistics

/// How often what was predicted with a chance came true: the points of a reliability diagram (DeGroot and Fienberg
/// 1983) with Wilson's intervals, and the expected calibration error over the same bins (Guo et al. 2017).
struct Reliability: Sendable {
  struct Bin: Sendable, Equatable {
    /// The mean of its scores, and the share of its examples that are positive.
    let score: Double
    let share: Double
    let low: Double
    let high: Double
    let count: Int
  }

  /// Those with examples, in ascending order.
  let bins: [Bin]
  /// Σ |share − score| · count / n.
  let expectedError: Double

  /// - Parameters:
  ///   - scores: between 0 and 1.
  ///   - binCount: bins are (a, b], the first with its lower end.
  ///   - level: of the intervals.
  init(
    isPositive: [Bool], scores: [Double], binCount: Int, binning: PlotOptions.Binning,
    level: Double
  ) {
    let order = scores.indices.sorted { scores[$0] < scores[$1] }
    func bin(_ place: Int) -> Int {
      switch binning {
      case .width:
        // Rounding must not move a score on an edge into the bin above it.
        let scaled = scores[order[place]] * Double(binCount)
        var index = Int(scaled.rounded(.up)) - 1
        if index > 0, scores[order[place]] <= Double(index) / Double(binCount) { index -= 1 }
        return min(max(0, index), binCount - 1)
      case .mass: return place * binCount / max(1, order.count)
      }
    }
    var found: [Bin] = []
    var start = 0
    while start < order.count {
      let own = bin(start)
      var end = start
      while end < order.count, bin(end) == own { end += 1 }
      let members = order[start..<end]
      let positives = members.count { isPositive[$0] }
      let count = members.count
      let interval = Sample.wilson(successes: positives, trials: count, level: level)
      found.append(
        Bin(
          score: members.reduce(0) { $0 + scores[$1] } / Double(count),
          share: Double(positives) / Double(count), low: interval?.lowerBound ?? .nan,
          high: interval?.upperBound ?? .nan, count: count))
      start = end
    }
    bins = found
    expectedError =
      scores.isEmpty
      ? .nan
      : found.reduce(0) { $0 + abs($1.share - $1.score) * Double($1.count) }
        / Double(scores.count)
  }
}
