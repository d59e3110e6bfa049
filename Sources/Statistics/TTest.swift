import Foundation
import Foundations

/// Student's t test of a difference of means (Student 1908; Welch 1947 without the assumption of equal variances).
public struct TTest: Sendable {
  /// The difference over its standard error; infinite or nan where no value differs from another.
  public let statistic: Double
  public let p: Double
  /// Degrees of freedom.
  public let degrees: Double
  /// The difference of the means with the interval of those that the test does not reject.
  public let difference: Estimate

  /// Of two independent samples.
  /// - Throws: `value` where a sample is empty, or both together have too few values for a variance.
  public init(
    _ a: [Double], _ b: [Double], equalVariances: Bool, alternative: Alternative = .twoSided,
    level: Double = 0.95
  ) throws(DomainError) {
    let least = equalVariances ? 1 : 2
    try Requirement.count(a, atLeast: least, of: "a t test's first sample")
    try Requirement.count(b, atLeast: least, of: "a t test's second sample")
    guard a.count + b.count > 2 else {
      throw DomainError(.value, "a t test needs at least 3 values in all, got 2")
    }
    let (n, m) = (Double(a.count), Double(b.count))
    var degrees: Double
    let error: Double
    if equalVariances {
      degrees = n + m - 2
      let pooled = (Sample.squares(a) + Sample.squares(b)) / degrees
      error = (pooled * (1 / n + 1 / m)).squareRoot()
    } else {
      let (u, v) = (Sample.variance(a) / n, Sample.variance(b) / m)
      error = (u + v).squareRoot()
      degrees = (u + v) * (u + v) / (u * u / (n - 1) + v * v / (m - 1))
      // Without any variance every number of degrees gives the same.
      if u == 0, v == 0 { degrees = 1 }
    }
    try self.init(Sample.mean(a) - Sample.mean(b), error, degrees, alternative, level)
  }

  /// Of one sample against a mean.
  /// - Throws: `value` for fewer than two values.
  public init(
    _ values: [Double], mean: Double, alternative: Alternative = .twoSided, level: Double = 0.95
  ) throws(DomainError) {
    try Requirement.count(values, atLeast: 2, of: "a t test of one sample")
    let n = Double(values.count)
    let error = (Sample.variance(values) / n).squareRoot()
    try self.init(Sample.mean(values) - mean, error, n - 1, alternative, level)
  }

  /// Of the differences within pairs.
  /// - Throws: `value` where the lists differ in length, or have fewer than two pairs.
  public init(
    pairs a: [Double], _ b: [Double], alternative: Alternative = .twoSided, level: Double = 0.95
  ) throws(DomainError) {
    try Requirement.pairs(a.count, b.count)
    try self.init(zip(a, b).map { $0 - $1 }, mean: 0, alternative: alternative, level: level)
  }

  private init(
    _ difference: Double, _ error: Double, _ degrees: Double, _ alternative: Alternative,
    _ level: Double
  ) throws(DomainError) {
    try Requirement.level(level)
    statistic = difference / error
    self.degrees = degrees
    guard degrees.isFinite, !statistic.isNaN else {
      p = .nan
      self.difference = Estimate(value: difference, low: .nan, high: .nan, level: level)
      return
    }
    let student = try StudentDistribution(degrees: degrees)
    p = alternative.p(lower: student.cumulative(statistic), upper: student.survival(statistic))
    let (low, high) = alternative.interval(difference, error, level: level) {
      student.quantile($0)
    }
    self.difference = Estimate(value: difference, low: low, high: high, level: level)
  }
}
