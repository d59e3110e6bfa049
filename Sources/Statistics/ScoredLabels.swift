import Foundation
import Foundations

/// What a classifier's scores say of labels 0 and 1.
public struct ScoredLabels: Sendable {
  /// Scores in descending order, with their labels.
  private let pairs: [(score: Double, isPositive: Bool)]
  private let positives: Int

  /// - Throws: `value` where the lists differ in length, are empty, or a score is nan.
  public init(_ labels: [Bool], scores: [Double]) throws(DomainError) {
    try Requirement.pairs(labels.count, scores.count)
    guard !labels.isEmpty else { throw DomainError(.value, "there are no labels to look at") }
    guard !scores.contains(where: \.isNaN) else {
      throw DomainError(.value, "a score is nan, which has no place in an order")
    }
    pairs = zip(scores, labels).map { ($0, $1) }.sorted { $0.score > $1.score }
    positives = labels.count { $0 }
  }

  private func requireBothClasses() throws(DomainError) {
    guard positives > 0, positives < pairs.count else {
      throw DomainError(
        .value,
        "all labels are \(positives > 0 ? "positive" : "negative"), so that no score can tell them apart"
      )
    }
  }

  /// A point of the receiver operating characteristic.
  public struct Point: Sendable, Equatable {
    /// What scores at least this is predicted to be positive; infinite at the beginning.
    public let threshold: Double
    public let falsePositiveRate: Double
    public let truePositiveRate: Double
  }

  /// The counts of false and true positives at each different score, from the highest.
  private func steps() -> [(threshold: Double, negatives: Int, positives: Int)] {
    var steps: [(threshold: Double, negatives: Int, positives: Int)] = [(.infinity, 0, 0)]
    var (negatives, positives) = (0, 0)
    for (index, pair) in pairs.enumerated() {
      if pair.isPositive { positives += 1 } else { negatives += 1 }
      if index + 1 == pairs.count || pairs[index + 1].score != pair.score {
        steps.append((pair.score, negatives, positives))
      }
    }
    return steps
  }

  /// The curve from (0, 0) to (1, 1), without the points that lie on a straight line between their neighbours, as
  /// scikit-learn draws it.
  /// - Throws: `value` where all labels are the same.
  public func curve() throws(DomainError) -> [Point] {
    try requireBothClasses()
    let steps = steps()
    let corners = steps.indices.filter { index in
      // The start and the highest score stay.
      guard index > 1, index + 1 < steps.count else { return true }
      let (before, here, after) = (steps[index - 1], steps[index], steps[index + 1])
      return here.negatives - before.negatives != after.negatives - here.negatives
        || here.positives - before.positives != after.positives - here.positives
    }
    let (all, yes) = (Double(pairs.count), Double(positives))
    return corners.map { index in
      Point(
        threshold: steps[index].threshold,
        falsePositiveRate: Double(steps[index].negatives) / (all - yes),
        truePositiveRate: Double(steps[index].positives) / yes)
    }
  }

  /// The area under that curve: the chance that a positive has a higher score than a negative, ties counted half
  /// (Hanley and McNeil 1982).
  /// - Throws: `value` where all labels are the same.
  public func area() throws(DomainError) -> Double {
    try requireBothClasses()
    let steps = steps()
    var doubled = 0.0
    for (before, here) in zip(steps, steps.dropFirst()) {
      doubled +=
        Double(here.negatives - before.negatives) * Double(here.positives + before.positives)
    }
    return doubled / 2 / Double(positives) / Double(pairs.count - positives)
  }

  private func requireProbabilities() throws(DomainError) {
    for (score, _) in pairs where !(score >= 0 && score <= 1) {
      throw DomainError(
        .value, "a score that is a chance lies within 0 and 1, got \(NumberText.shortest(score))")
    }
  }

  /// The mean squared difference of chances and labels (Brier 1950).
  /// - Throws: `value` where a score is no probability.
  public func brier() throws(DomainError) -> Double {
    try requireProbabilities()
    return pairs.reduce(0) { sum, pair in
      let error = pair.score - (pair.isPositive ? 1 : 0)
      return sum + error * error
    } / Double(pairs.count)
  }

  public enum Bins: String, Sendable, CaseIterable {
    /// Of equal width between 0 and 1.
    case width
    /// Between quantiles of the scores, so that each holds about as many.
    case mass
  }

  /// The expected calibration error (Naeini et al. 2015; Guo et al. 2017): how far the mean score of a bin lies from
  /// its share of positives, averaged over the scores. Bins are (a, b]; the first one also holds its lower edge.
  /// - Throws: `value` where a score is no probability or there are no bins, or more than a million.
  public func calibrationError(bins: Int = 15, by kind: Bins = .width) throws(DomainError) -> Double
  {
    try requireProbabilities()
    guard (1...1_000_000).contains(bins) else {
      throw DomainError(.value, "scores are put into 1 to 1000000 bins, got \(bins)")
    }
    let sorted = Array(pairs.reversed())
    let scores = sorted.map(\.score)
    var (error, start) = (0.0, 0)
    for bin in 1...bins where start < sorted.count {
      let fraction = Double(bin) / Double(bins)
      let edge = kind == .width ? fraction : Sample.quantile(sorted: scores, fraction)
      var (end, sum, hits) = (start, 0.0, 0.0)
      while end < sorted.count, scores[end] <= edge || bin == bins {
        sum += scores[end]
        if sorted[end].isPositive { hits += 1 }
        end += 1
      }
      error += abs(sum - hits)
      start = end
    }
    return error / Double(sorted.count)
  }
}
