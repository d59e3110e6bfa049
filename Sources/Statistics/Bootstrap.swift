import Foundation
import Foundations

/// Bootstrap intervals (Efron 1979; BCa: Efron 1987): examples are drawn with replacement within each stratum, so that
/// every group keeps its size.
public struct Bootstrap: Sendable, Equatable {
  public enum Method: String, Sendable, CaseIterable {
    /// The quantiles of the resamples' statistics.
    case percentile
    /// The same with quantiles moved for bias and skewness; where all resamples agree it is the percentile interval.
    case bca
  }

  public var method: Method
  public var resamples: Int
  public var level: Double
  /// What the resamples follow from.
  public var key: RandomKey

  /// - Throws: `value` where there are fewer than 2 or more than a million resamples, or the level is not within 0 and
  ///   1.
  public init(
    method: Method = .bca, resamples: Int = 2_000, level: Double = 0.95, key: RandomKey
  ) throws(DomainError) {
    guard (2...1_000_000).contains(resamples) else {
      throw DomainError(
        .value, "a bootstrap needs 2 to 1000000 resamples, got \(resamples)")
    }
    guard level > 0, level < 1 else {
      throw DomainError(.value, "the level of an interval lies between 0 and 1, got \(level)")
    }
    self.method = method
    self.resamples = resamples
    self.level = level
    self.key = key
  }

  /// The same with the resamples of a seed.
  public init(method: Method = .bca, resamples: Int = 2_000, level: Double = 0.95, seed: UInt64 = 1)
    throws(DomainError)
  {
    try self.init(
      method: method, resamples: resamples, level: level,
      key: RandomKey(seed: seed).derived("bootstrap"))
  }

  /// The interval of a statistic of some examples in strata of the given sizes.
  ///
  /// - Parameter statistic: of the examples at the given indices, one list for each stratum (counted from 0 in each).
  public func estimate(strata: [Int], _ statistic: ([[Int]]) throws -> Double) rethrows -> Estimate
  {
    let whole = strata.map { Array(0..<$0) }
    let value = try statistic(whole)
    let replicates = try replicates(strata: strata, statistic)
    guard method == .bca else { return interval(value, replicates, jackknife: []) }
    var jackknife: [Double] = []
    for stratum in strata.indices where strata[stratum] > 1 {
      for i in 0..<strata[stratum] {
        var rest = whole
        rest[stratum].remove(at: i)
        jackknife.append(try statistic(rest))
      }
    }
    return interval(value, replicates, jackknife: jackknife)
  }

  /// A statistic, of any kind, of each resample.
  ///
  /// - Parameter statistic: as for `estimate`.
  public func replicates<Statistic>(strata: [Int], _ statistic: ([[Int]]) throws -> Statistic)
    rethrows
    -> [Statistic]
  {
    var random = key.stream
    var replicates: [Statistic] = []
    replicates.reserveCapacity(resamples)
    var drawn = strata.map { Array(0..<$0) }
    for _ in 0..<resamples {
      for (stratum, count) in strata.enumerated() {
        for i in 0..<count { drawn[stratum][i] = random.integer(below: count) }
      }
      replicates.append(try statistic(drawn))
    }
    return replicates
  }

  /// The interval from the statistics of the resamples and, for BCa, of the examples without one each.
  func interval(_ value: Double, _ replicates: [Double], jackknife: [Double]) -> Estimate {
    var (low, high) = ((1 - level) / 2, (1 + level) / 2)
    if method == .bca, let ends = adjusted(value, replicates, jackknife) { (low, high) = ends }
    return Estimate(
      value: value, low: Sample.quantile(replicates, low),
      high: Sample.quantile(replicates, high), level: level)
  }

  /// Where BCa puts the quantiles; nil where its corrections are undefined.
  private func adjusted(_ value: Double, _ replicates: [Double], _ jackknife: [Double]) -> (
    Double, Double
  )? {
    // Half of those that are equal count as below, as SciPy has it.
    let below = replicates.reduce(0.0) { $0 + ($1 < value ? 1 : $1 == value ? 0.5 : 0) }
    let share = below / Double(replicates.count)
    guard share > 0, share < 1 else { return nil }
    let bias = NormalIntegral.quantile(share)
    let mean = Sample.mean(jackknife)
    var (squares, cubes) = (0.0, 0.0)
    for one in jackknife {
      squares += (mean - one) * (mean - one)
      cubes += (mean - one) * (mean - one) * (mean - one)
    }
    let acceleration = squares > 0 ? cubes / (6 * pow(squares, 1.5)) : 0
    guard acceleration.isFinite else { return nil }
    func end(_ probability: Double) -> Double {
      let z = bias + NormalIntegral.quantile(probability)
      return 0.5 * erfc(-(bias + z / (1 - acceleration * z)) / 2.0.squareRoot())
    }
    let ends = (end((1 - level) / 2), end((1 + level) / 2))
    return ends.0.isNaN || ends.1.isNaN ? nil : ends
  }
}
