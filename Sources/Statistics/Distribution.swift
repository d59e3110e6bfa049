import Foundations

/// A distribution of a number. Parameters are checked when one is made; nan goes through every function as nan.
public protocol Distribution: Sendable {
  /// The name of the family, as scripts call it.
  static var name: String { get }
  /// The parameters in their usual order.
  var parameters: [(name: String, value: Double)] { get }
  /// Whether all outcomes are whole numbers; then `density` is their probability.
  var isDiscrete: Bool { get }
  /// The least and the greatest outcome.
  var support: ClosedRange<Double> { get }
  /// Nan or infinite where there is none.
  var mean: Double { get }
  var variance: Double { get }
  func density(_ x: Double) -> Double
  /// P(X ≤ x).
  func cumulative(_ x: Double) -> Double
  /// P(X > x), accurate where it is small.
  func survival(_ x: Double) -> Double
  /// The least x with P(X ≤ x) ≥ `probability`; nan outside of [0, 1].
  func quantile(_ probability: Double) -> Double
  /// One outcome.
  func draw(_ random: inout RandomStream) -> Double
}

extension Distribution {
  /// By halving, to the last bit.
  public func quantile(_ probability: Double) -> Double {
    guard probability >= 0, probability <= 1 else { return .nan }
    if probability == 0 { return isDiscrete ? support.lowerBound - 1 : support.lowerBound }
    if probability == 1 { return support.upperBound }
    let (low, high) = (support.lowerBound, support.upperBound)
    if isDiscrete {
      return Inversion.leastInteger(from: low, to: high) { cumulative($0) >= probability }
    }
    // The smaller of the two tails is the one that is known accurately.
    return probability <= 0.5
      ? Inversion.least(from: low, to: high) { cumulative($0) >= probability }
      : Inversion.least(from: low, to: high) { survival($0) <= 1 - probability }
  }

  /// Independent outcomes; the work can be interrupted.
  public func sample(_ count: Int, _ random: inout RandomStream) throws(DomainError) -> [Double] {
    var result: [Double] = []
    result.reserveCapacity(count)
    for turn in 0..<count {
      try Cancellation.check(turn: turn)
      result.append(draw(&random))
    }
    return result
  }

  /// - Throws: `value` where a parameter is not a finite number above 0.
  static func requirePositive(_ name: String, _ value: Double) throws(DomainError) {
    guard value > 0, value.isFinite else {
      throw DomainError(
        .value,
        "`\(name)` of \(Self.name) is a finite number above 0, got \(NumberText.shortest(value))")
    }
  }

  /// - Throws: `value` where a parameter is not finite.
  static func requireFinite(_ name: String, _ value: Double) throws(DomainError) {
    guard value.isFinite else {
      throw DomainError(
        .value, "`\(name)` of \(Self.name) is a finite number, got \(NumberText.shortest(value))")
    }
  }
}
