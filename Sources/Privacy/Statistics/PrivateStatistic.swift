// Statistics that are ε-private (Dwork, McSherry, Nissim, Smith 2006), each by the budget given and no more. Every
// value becomes a whole number by itself before anything is added up, and noise is exact: floating-point sums have a
// larger sensitivity than their mathematics says (Casacuberta et al. 2022, arXiv 2207.10635), whole numbers have not.
//
// How far one unit moves what is released, for values within bounds [a, b] and at most m rows a unit:
//
//                     add or remove one   replace one                replace one, by groups
//   count             m                   m                          2m
//   sum               m·max(|a|, |b|)     m·(max(b, 0) - min(a, 0))  2m·max(|a|, |b|)
//   sum about the middle of a width of 2h
//                     m·h                 2m·h                       2m·h
//
// A row may hold a value in one data set and none in its neighbour even where one unit is replaced: values can be
// missing, groups can change. So the number of rows that count is never taken for public.

import Foundation
import Foundations

/// A number with the interval that its noise leaves open.
public struct PrivateValue: Sendable, Equatable {
  public var value: Double
  public var low: Double
  public var high: Double

  public init(value: Double, low: Double, high: Double) {
    (self.value, self.low, self.high) = (value, low, high)
  }
}

/// What one unit can have to do with a release.
public struct UnitContribution: Sendable, Equatable {
  /// How many rows of one unit count at most, all groups together.
  public var rows: Int
  public var neighbours: Neighbours
  /// Whether rows are told apart by a key that a unit can change.
  public var isGrouped: Bool

  /// - Throws: `value` where the number of rows is not from 1 to 2²⁰.
  public init(rows: Int = 1, neighbours: Neighbours = .addOrRemoveOne, isGrouped: Bool = false)
    throws(DomainError)
  {
    guard rows >= 1, rows <= 1 << 20 else {
      throw DomainError(
        .value, "a unit's rows must be bounded by a number from 1 to 1048576, got \(rows)")
    }
    (self.rows, self.neighbours, self.isGrouped) = (rows, neighbours, isGrouped)
  }

  /// In how many places of a release by groups one row can leave and enter.
  private var moves: Int { neighbours == .replaceOne && isGrouped ? 2 : 1 }

  var countSensitivity: Int { rows * moves }

  /// Of a sum of values from `low` to `high`; rows of one unit may be missing.
  func sumSensitivity(_ low: Int, _ high: Int) -> Int {
    switch neighbours {
    case .replaceOne where !isGrouped: rows * (max(high, 0) - min(low, 0))
    case .replaceOne, .addOrRemoveOne: rows * moves * max(abs(low), abs(high))
    }
  }

  /// Whether a unit moves one number only of a release by groups, where adding and removing is all it can do.
  var isInOneGroup: Bool { rows == 1 && neighbours == .addOrRemoveOne }
}

/// The least and the greatest value that count; others count as the nearer of the two.
public struct ValueBounds: Sendable, Equatable {
  public let low: Double
  public let high: Double

  /// How large bounds may be, and how near to each other.
  private static let largest = 1e270
  private static let narrowest = 1e-270

  /// - Throws: `value` unless both are finite and the first is below the second, or where they are too large or too
  ///   near.
  public init(_ low: Double, _ high: Double) throws(DomainError) {
    guard low < high, low.isFinite, high.isFinite else {
      throw DomainError(
        .value, "bounds must be two finite numbers, the lower first, got [\(low), \(high)]",
        hint: "bounds are what everybody knows of such values, not what the data say")
    }
    guard abs(low) <= Self.largest, abs(high) <= Self.largest else {
      throw DomainError(
        .value, "bounds must be within -1e270 and 1e270, got [\(low), \(high)]",
        hint: "noise is as wide as the bounds: give the narrowest that everybody knows to hold")
    }
    guard high - low >= Self.narrowest else {
      throw DomainError(
        .value, "bounds must be at least 1e-270 apart, got [\(low), \(high)]",
        hint: "give values and bounds in a larger unit")
    }
    (self.low, self.high) = (low, high)
  }

  /// - Throws: `value` where the squares of such widths are no numbers, as variances need them.
  func requireSquares() throws(DomainError) {
    guard halfWidth >= 1e-150, halfWidth <= 1e150 else {
      throw DomainError(
        .value,
        "for variances bounds must be from 1e-150 to 1e150 apart, got [\(low), \(high)]",
        hint: "give values and bounds in another unit")
    }
  }

  var middle: Double { low / 2 + high / 2 }
  var halfWidth: Double { high / 2 - low / 2 }

  func clamp(_ value: Double) -> Double { min(max(value, low), high) }

  /// From -1 at the lower bound to 1 at the upper.
  func centred(_ value: Double) -> Double {
    min(max((clamp(value) - middle) / halfWidth, -1), 1)
  }
}

/// A statistic of numbers with all that its release needs to know beforehand.
public struct PrivateStatistic: Sendable {
  public enum Measure: Sendable, Equatable {
    case count
    case sum(ValueBounds)
    case mean(ValueBounds)
    /// Of the values themselves: divided by their number.
    case variance(ValueBounds)
    /// The share of values below; `step` is how far apart answers are, a 2²⁰th of the bounds where it is nil.
    case quantile(Double, ValueBounds, step: Double?)
  }

  enum Method {
    case count(NoisyTotal)
    case sum(NoisySum)
    case mean(NoisyMean)
    case variance(NoisyVariance)
    case quantile(PrivateQuantile)
  }
  private let method: Method
  /// What its release spends.
  public let mechanism: Mechanism

  /// - Parameters:
  ///   - epsilon: all that the release may spend.
  ///   - level: the chance at least with which the interval holds what would come out without noise.
  /// - Throws: `value` for a bad number, `limit` for an epsilon too small.
  public init(
    _ measure: Measure, epsilon: Double, contribution: UnitContribution, level: Double = 0.95
  ) throws(DomainError) {
    try LaplaceMechanism.checkEpsilon(epsilon)
    guard level > 0, level < 1 else {
      throw DomainError(.value, "a level must be above 0 and below 1, got \(level)")
    }
    let chance = 1 - level
    switch measure {
    case .count:
      let total = try NoisyTotal(
        epsilon: epsilon, sensitivity: contribution.countSensitivity, chance: chance)
      method = .count(total)
      mechanism = total.mechanism
    case .sum(let bounds):
      let sum = try NoisySum(bounds, epsilon: epsilon, contribution, chance: chance)
      method = .sum(sum)
      mechanism = sum.total.mechanism
    case .mean(let bounds):
      let mean = try NoisyMean(bounds, epsilon: epsilon, contribution, chance: chance)
      method = .mean(mean)
      mechanism = .composed([mean.sum.mechanism, mean.count.mechanism])
    case .variance(let bounds):
      let variance = try NoisyVariance(bounds, epsilon: epsilon, contribution, chance: chance)
      method = .variance(variance)
      mechanism = .composed([
        variance.squares.mechanism, variance.sum.mechanism, variance.count.mechanism,
      ])
    case .quantile(let share, let bounds, let step):
      method = .quantile(
        try PrivateQuantile(
          share, bounds, step: step, epsilon: epsilon, contribution, chance: chance))
      mechanism = .pure(epsilon: epsilon)
    }
  }

  /// - Throws: `value` where a number is nan, `interrupt`.
  public func release(_ values: [Double]) throws -> PrivateValue {
    var random = CoinFlips()
    return try release(values, &random)
  }

  func release(_ values: [Double], _ random: inout CoinFlips) throws -> PrivateValue {
    switch method {
    case .count(let total): return total.release(Int128(values.count), &random).value
    case .sum(let sum): return try sum.release(values, &random)
    case .mean(let mean): return try mean.release(values, &random)
    case .variance(let variance): return try variance.release(values, &random)
    case .quantile(let quantile): return try quantile.release(values, &random)
    }
  }
}
