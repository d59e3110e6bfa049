import Foundation
import Foundations
import Statistics
import Tensors

/// A number of some examples that is looked at by group: a rate, a score, or a measure of one's own.
public struct GroupMetric {
  public var name: String
  /// Whether a larger value is worse: false positives, errors, losses.
  public var isLoss: Bool
  /// Of the examples at these indices; nan where it is undefined.
  public var value: (_ examples: [Int]) throws -> Double
  /// Where the metric is a proportion of some of the examples: how many of how many. Its interval is then Wilson's.
  public var counts: ((_ examples: [Int]) -> (successes: Int, trials: Int))?

  public init(_ name: String, isLoss: Bool = false, value: @escaping ([Int]) throws -> Double) {
    self.name = name
    self.isLoss = isLoss
    self.value = value
  }

  /// A proportion: the share of `trials` for which `successes` holds.
  public init(
    _ name: String, isLoss: Bool = false, of trials: @escaping (Int) -> Bool,
    where successes: @escaping (Int) -> Bool
  ) {
    self.name = name
    self.isLoss = isLoss
    func counted(_ examples: [Int]) -> (successes: Int, trials: Int) {
      var (found, all) = (0, 0)
      for example in examples where trials(example) {
        all += 1
        if successes(example) { found += 1 }
      }
      return (found, all)
    }
    value = { examples in
      let (found, all) = counted(examples)
      return all == 0 ? .nan : Double(found) / Double(all)
    }
    counts = counted
  }
}

/// Metrics by the groups that one or more attributes make (after Fairlearn's MetricFrame; Bird et al. 2020), with
/// intervals.
public struct GroupedRates {
  /// The examples that have the same values of all attributes.
  public struct Group {
    /// The attributes' values, in their order.
    public let values: [String]
    /// The examples' indices.
    public let examples: [Int]
    /// One for each metric; nan where it is undefined.
    public var estimates: [Estimate]
  }

  /// The attributes' names.
  public let attributes: [String]
  public let metrics: [GroupMetric]
  /// Sorted by their values.
  public private(set) var groups: [Group]
  public let bootstrap: Bootstrap

  /// - Parameters:
  ///   - attributes: names with a value an example, all of one length.
  ///   - bootstrap: how intervals of metrics that are no proportions are made, and of differences; its level is that of
  ///     all.
  /// - Throws: `shape` where attributes have other lengths, `value` where there are no examples or no attributes, and
  ///   what metrics throw.
  public init(
    by attributes: [(name: String, values: [String])], _ metrics: [GroupMetric],
    bootstrap: Bootstrap
  ) throws {
    guard let first = attributes.first, !first.values.isEmpty else {
      throw DomainError(.value, "rates by group need examples and an attribute to group them by")
    }
    for other in attributes where other.values.count != first.values.count {
      throw DomainError(
        .shape,
        "\(first.values.count) values of `\(first.name)` and \(other.values.count) of `\(other.name)`"
      )
    }
    self.attributes = attributes.map(\.name)
    self.metrics = metrics
    self.bootstrap = bootstrap
    var members: [[Spelling]: [Int]] = [:]
    for example in first.values.indices {
      members[attributes.map { Spelling($0.values[example]) }, default: []].append(example)
    }
    groups = try members.sorted { $0.key.lexicographicallyPrecedes($1.key) }.map { key, examples in
      Group(
        values: key.map(\.text), examples: examples,
        estimates: try metrics.map { try GroupedRates.estimate($0, examples, bootstrap) })
    }
  }

  private static func estimate(_ metric: GroupMetric, _ examples: [Int], _ bootstrap: Bootstrap)
    throws -> Estimate
  {
    let value = try metric.value(examples)
    guard value.isFinite else { return .undefined(bootstrap.level) }
    if let (successes, trials) = metric.counts?(examples),
      let ends = Sample.wilson(successes: successes, trials: trials, level: bootstrap.level)
    {
      return Estimate(
        value: value, low: ends.lowerBound, high: ends.upperBound, level: bootstrap.level)
    }
    return try bootstrap.estimate(strata: [examples.count]) { drawn in
      try metric.value(drawn[0].map { examples[$0] })
    }
  }

  /// The largest less the smallest defined value, with an interval that holds the true one at least as often as its
  /// level says: one band about the differences of all pairs, each as wide as its own spread among the resamples asks,
  /// so wide that all true differences lie in it at once. (A plain bootstrap of the largest difference would leave out
  /// 0 where all groups are equal.) Nan where fewer than two groups have a value.
  public func difference(_ metric: Int) throws -> Estimate {
    try spread(metric) { $0 }
  }

  /// The smallest defined value over the largest, with the interval that belongs to the difference of their logarithms.
  public func ratio(_ metric: Int) throws -> Estimate {
    let logarithms = try spread(metric) { log($0) }
    return Estimate(
      value: exp(-logarithms.value), low: exp(-logarithms.high), high: exp(-logarithms.low),
      level: logarithms.level)
  }

  /// The group with the worst defined value; nil where none has one.
  public func worst(_ metric: Int) -> Group? {
    let defined = groups.filter { $0.estimates[metric].value.isFinite }
    return metrics[metric].isLoss
      ? defined.max { $0.estimates[metric].value < $1.estimates[metric].value }
      : defined.min { $0.estimates[metric].value < $1.estimates[metric].value }
  }

  /// The range of `scale(value)` over the groups.
  private func spread(_ metric: Int, _ scale: (Double) -> Double) throws -> Estimate {
    let defined = groups.filter { $0.estimates[metric].value.isFinite }
    let values = defined.map { scale($0.estimates[metric].value) }
    guard let most = values.max(), let least = values.min(), values.count > 1 else {
      return .undefined(bootstrap.level)
    }
    guard most.isFinite, least.isFinite else {
      // A rate of 0 has no logarithm: nothing bounds how far it lies from the others.
      return Estimate(value: most - least, low: 0, high: .infinity, level: bootstrap.level)
    }
    let band = try Band(
      of: metrics[metric], defined.map(\.examples), values, scale, bootstrap)
    var (low, high) = (0.0, 0.0)
    for first in values.indices {
      for second in values.indices where second > first {
        let difference = (values[first] - values[second]).magnitude
        let width = band.width(first, second)
        low = max(low, difference - width)
        high = max(high, difference + width)
      }
    }
    return Estimate(value: most - least, low: low, high: high, level: bootstrap.level)
  }
}

/// How far off the differences of all pairs of groups may be at once: a multiple of each pair's standard error, found
/// by resampling.
private struct Band {
  private var variances: [Double]
  private var multiple = 0.0

  init(
    of metric: GroupMetric, _ groups: [[Int]], _ values: [Double], _ scale: (Double) -> Double,
    _ bootstrap: Bootstrap
  ) throws {
    let replicates = try bootstrap.replicates(strata: groups.map(\.count)) { drawn in
      try zip(groups, drawn).map { examples, indices in
        scale(try metric.value(indices.map { examples[$0] }))
      }
    }
    variances = groups.indices.map { group in
      let found = replicates.map { $0[group] }.filter(\.isFinite)
      var variance =
        found.isEmpty
        ? 0 : Sample.mean(found.map { ($0 - values[group]) * ($0 - values[group]) })
      // Resamples of a group in which all agree agree as well; half an example of each kind more says how sure that is.
      if let (successes, trials) = metric.counts?(groups[group]),
        successes == 0 || successes == trials
      {
        let rate = (Double(successes) + 0.5) / Double(trials + 1)
        let slope = scale(rate + 1e-6) - scale(rate - 1e-6)
        variance = max(variance, rate * (1 - rate) / Double(trials + 1) * slope * slope / 4e-12)
      }
      return variance
    }
    var largest: [Double] = []
    largest.reserveCapacity(replicates.count)
    for replicate in replicates {
      var most = 0.0
      for first in values.indices {
        for second in values.indices where second > first {
          let error = (replicate[first] - values[first]) - (replicate[second] - values[second])
          let deviation = (variances[first] + variances[second]).squareRoot()
          if deviation > 0, error.isFinite { most = max(most, error.magnitude / deviation) }
        }
      }
      largest.append(most)
    }
    // Never narrower than the normal band of a single pair.
    multiple = max(
      Sample.quantile(largest, bootstrap.level),
      NormalIntegral.quantile((1 + bootstrap.level) / 2))
  }

  func width(_ first: Int, _ second: Int) -> Double {
    multiple * (variances[first] + variances[second]).squareRoot()
  }
}

extension Estimate {
  /// Of what no examples tell.
  static func undefined(_ level: Double) -> Estimate {
    Estimate(value: .nan, low: .nan, high: .nan, level: level)
  }
}
