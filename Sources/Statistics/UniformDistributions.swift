import Foundation
import Foundations

/// Every number between two bounds is as likely as any other.
public struct UniformDistribution: Distribution {
  public static let name = "uniform"
  public let low: Double
  public let high: Double

  public init(low: Double, high: Double) throws(DomainError) {
    guard low < high, (high - low).isFinite else {
      throw DomainError(
        .value,
        "`low` of uniform lies below `high`, both finite, got \(NumberText.shortest(low)) and \(NumberText.shortest(high))"
      )
    }
    (self.low, self.high) = (low, high)
  }

  public var parameters: [(name: String, value: Double)] { [("low", low), ("high", high)] }
  public var isDiscrete: Bool { false }
  public var support: ClosedRange<Double> { low...high }
  public var mean: Double { low + (high - low) / 2 }
  public var variance: Double { (high - low) * (high - low) / 12 }

  public func density(_ x: Double) -> Double {
    if x.isNaN { return x }
    return x >= low && x <= high ? 1 / (high - low) : 0
  }
  public func cumulative(_ x: Double) -> Double {
    x.isNaN ? x : min(1, max(0, (x - low) / (high - low)))
  }
  public func survival(_ x: Double) -> Double {
    x.isNaN ? x : min(1, max(0, (high - x) / (high - low)))
  }
  public func quantile(_ probability: Double) -> Double {
    guard probability >= 0, probability <= 1 else { return .nan }
    return probability == 1 ? high : low + probability * (high - low)
  }
  public func draw(_ random: inout RandomStream) -> Double { random.uniform(low, high) }
}

/// The logarithm is uniform between those of two positive bounds (the reciprocal distribution), as one searches for a
/// learning rate.
public struct LogUniformDistribution: Distribution {
  public static let name = "loguniform"
  public let low: Double
  public let high: Double
  private let range: Double

  public init(low: Double, high: Double) throws(DomainError) {
    guard low > 0, low < high, high.isFinite else {
      throw DomainError(
        .value,
        "`low` of loguniform lies above 0 and below `high`, got \(NumberText.shortest(low)) and \(NumberText.shortest(high))"
      )
    }
    (self.low, self.high) = (low, high)
    range = log(high) - log(low)
  }

  public var parameters: [(name: String, value: Double)] { [("low", low), ("high", high)] }
  public var isDiscrete: Bool { false }
  public var support: ClosedRange<Double> { low...high }
  public var mean: Double { (high - low) / range }
  public var variance: Double { (high - low) * (high + low) / (2 * range) - mean * mean }

  public func density(_ x: Double) -> Double {
    if x.isNaN { return x }
    return x >= low && x <= high ? 1 / (x * range) : 0
  }
  public func cumulative(_ x: Double) -> Double {
    if x.isNaN { return x }
    return x <= low ? 0 : x >= high ? 1 : (log(x) - log(low)) / range
  }
  public func survival(_ x: Double) -> Double {
    if x.isNaN { return x }
    return x <= low ? 1 : x >= high ? 0 : (log(high) - log(x)) / range
  }
  public func quantile(_ probability: Double) -> Double {
    guard probability >= 0, probability <= 1 else { return .nan }
    if probability == 0 || probability == 1 { return probability == 0 ? low : high }
    // Rounding may not leave the bounds.
    return min(high, max(low, exp(log(low) + probability * range)))
  }
  public func draw(_ random: inout RandomStream) -> Double { quantile(random.uniform()) }
}
