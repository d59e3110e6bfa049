// A statistic of each of several groups. One unit's rows, m at most, are spread over the groups in whatever way: noise
// for a sensitivity of m rows in each group is enough for all of them together, because what a unit moves in a group is
// in proportion to its rows there, and epsilons of disjoint parts add up to that of m rows. So all groups together
// spend what one of them does (parallel composition, McSherry 2009, theorem 4, for m = 1).

import Foundations
import Tables

/// A private statistic of each group, with the groups' names.
public struct GroupedValues: Sendable {
  public var labels: [Cell]
  public var values: [PrivateValue]
}

public struct GroupedRelease: Sendable {
  private enum Keys {
    case known([Cell])
    /// Names and a statistic of those that come out; nil where their count is all that is asked for.
    case unknown(StabilityThreshold)
  }
  private let keys: Keys
  private let statistic: PrivateStatistic?
  private let contribution: UnitContribution
  /// What the release spends, all groups together.
  public let mechanism: Mechanism

  /// - Parameters:
  ///   - keys: the groups; nil where the data say which there are, at the cost of `delta`.
  ///   - contribution: by groups.
  /// - Throws: `value` for a bad number, keys that are given twice, or no delta where the keys are not given; `limit`.
  public init(
    _ measure: PrivateStatistic.Measure, keys: [Cell]?, epsilon: Double, delta: Double?,
    contribution: UnitContribution, level: Double = 0.95
  ) throws(DomainError) {
    self.contribution = contribution
    try LaplaceMechanism.checkEpsilon(epsilon)
    if let keys {
      var seen: Set<Cell> = []
      for key in keys where key.isNull || !seen.insert(key.groupingKey).inserted {
        throw DomainError(.value, "keys must differ from each other and not be missing")
      }
      self.keys = .known(keys)
      let statistic = try PrivateStatistic(
        measure, epsilon: epsilon, contribution: contribution, level: level)
      self.statistic = statistic
      // A unit that moves one group only spends what that group's release does. Otherwise it moves several numbers by
      // parts of the sensitivity, for which epsilon alone is a bound.
      mechanism =
        contribution.isInOneGroup ? statistic.mechanism : .pure(epsilon: epsilon)
      return
    }
    guard let delta else {
      throw DomainError(
        .value, "without `keys` the groups' names come from the data, which costs a `delta`",
        hint: "give `keys`, or a delta such as 1e-6: names of rare groups then stay unsaid")
    }
    let isCount = measure == .count
    let threshold = try StabilityThreshold(
      epsilon: isCount ? epsilon : epsilon / 2, delta: delta, contribution, chance: 1 - level)
    self.keys = .unknown(threshold)
    statistic =
      isCount
      ? nil
      : try PrivateStatistic(
        measure, epsilon: epsilon / 2, contribution: contribution, level: level)
    mechanism =
      isCount ? threshold.mechanism : .composed([threshold.mechanism, .pure(epsilon: epsilon / 2)])
  }

  /// - Throws: `type` where the values are no numbers, `value` where one is nan, `limit`, `interrupt`.
  public func release(_ columns: PrivateColumns) throws -> GroupedValues {
    var random = CoinFlips()
    return try release(columns, &random)
  }

  func release(_ columns: PrivateColumns, _ random: inout CoinFlips) throws -> GroupedValues {
    switch keys {
    case .known(let known):
      let rows = try columns.rows(known: known, most: contribution.rows, &random)
      let values = try rows.byGroup().compactMap { group in
        try statistic?.release(group, &random)
      }
      return GroupedValues(labels: rows.labels, values: values)
    case .unknown(let threshold):
      let rows = try columns.rows(known: nil, most: contribution.rows, &random)
      var result = GroupedValues(labels: [], values: [])
      for (label, group) in zip(rows.labels, rows.byGroup()) {
        // A group that lost its rows to the bound is nobody's any more.
        guard !group.isEmpty, let count = threshold.release(group.count, &random) else { continue }
        result.labels.append(label)
        result.values.append(try statistic?.release(group, &random) ?? count)
      }
      return result
    }
  }
}

extension PrivateStatistic {
  /// The statistic of all rows together.
  /// - Throws: `type` where the values are no numbers, `value` where one is nan, `limit`, `interrupt`.
  public func release(_ columns: PrivateColumns, most: Int) throws -> PrivateValue {
    var random = CoinFlips()
    let rows = try columns.rows(known: nil, most: most, &random)
    return try release(
      rows.values ?? [Double](repeating: 0, count: rows.count), &random)
  }
}
