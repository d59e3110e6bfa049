import Foundation
import Foundations

/// The beta distribution, on [0, 1].
public struct BetaDistribution: Distribution {
  public static let name = "beta"
  public let a: Double
  public let b: Double

  public init(_ a: Double, _ b: Double) throws(DomainError) {
    try Self.requirePositive("a", a)
    try Self.requirePositive("b", b)
    (self.a, self.b) = (a, b)
  }

  public var parameters: [(name: String, value: Double)] { [("a", a), ("b", b)] }
  public var isDiscrete: Bool { false }
  public var support: ClosedRange<Double> { 0...1 }
  public var mean: Double { 1 / (1 + b / a) }
  public var variance: Double { mean * (1 / (1 + a / b)) / (a + b + 1) }

  public func density(_ x: Double) -> Double {
    if x.isNaN { return x }
    let y = 1 - x
    if x < 0 || y < 0 { return 0 }
    if x == 0 { return a < 1 ? .infinity : a > 1 ? 0 : b }
    if y == 0 { return b < 1 ? .infinity : b > 1 ? 0 : a }
    if x < 1e-280 {
      // Products with it underflow.
      let logBeta = Saddlepoint.logGamma(a) + Saddlepoint.logGamma(b) - Saddlepoint.logGamma(a + b)
      return exp((a - 1) * log(x) - logBeta)
    }
    if a < 1, b < 1 { return a * b / (a + b) / (x * y) * Saddlepoint.binomial(a, b, x, y) }
    if a < 1 { return a / x * Saddlepoint.binomial(a, b - 1, x, y) }
    if b < 1 { return b / y * Saddlepoint.binomial(a - 1, b, x, y) }
    return (a + b - 1) * Saddlepoint.binomial(a - 1, b - 1, x, y)
  }
  public func cumulative(_ x: Double) -> Double {
    x.isNaN ? x : IncompleteBeta(x, a, b).lower
  }
  public func survival(_ x: Double) -> Double {
    x.isNaN ? x : IncompleteBeta(x, a, b).upper
  }
  public func draw(_ random: inout RandomStream) -> Double { Self.draw(a, b, &random) }

  /// The share of one gamma number in the sum of two.
  static func draw(_ a: Double, _ b: Double, _ random: inout RandomStream) -> Double {
    let first = GammaDistribution.logStandard(a, &random)
    let second = GammaDistribution.logStandard(b, &random)
    // Of the least shapes neither logarithm is finite; the outcomes are 0 and 1 then.
    if first == -.infinity, second == -.infinity {
      return random.uniform() < 1 / (1 + b / a) ? 1 : 0
    }
    return 1 / (1 + exp(second - first))
  }
}

/// The F distribution: the ratio of two mean squares.
public struct FDistribution: Distribution {
  public static let name = "f"
  /// Degrees of freedom of the numerator.
  public let a: Double
  /// Degrees of freedom of the denominator.
  public let b: Double

  public init(_ a: Double, _ b: Double) throws(DomainError) {
    try Self.requirePositive("a", a)
    try Self.requirePositive("b", b)
    (self.a, self.b) = (a, b)
  }

  public var parameters: [(name: String, value: Double)] { [("a", a), ("b", b)] }
  public var isDiscrete: Bool { false }
  public var support: ClosedRange<Double> { 0...Double.infinity }
  public var mean: Double { b > 2 ? b / (b - 2) : .infinity }
  public var variance: Double {
    guard b > 4 else { return b > 2 ? .infinity : .nan }
    return 2 * mean * mean * (a + b - 2) / (a * (b - 4))
  }

  public func density(_ x: Double) -> Double {
    if x.isNaN { return x }
    if x < 0 || x == .infinity { return 0 }
    if x == 0 { return a < 2 ? .infinity : a > 2 ? 0 : 1 }
    let ratio = a / b * x
    if ratio == .infinity { return 0 }
    let (p, q) = (ratio / (1 + ratio), 1 / (1 + ratio))
    if a >= 2 {
      return a * q / 2 * Saddlepoint.binomial((a - 2) / 2, b / 2, p, q)
    }
    return a * a * q / (2 * p * (a + b)) * Saddlepoint.binomial(a / 2, b / 2, p, q)
  }

  private func integral(_ x: Double) -> IncompleteBeta {
    let ratio = a / b * max(0, x)
    return ratio == .infinity
      ? IncompleteBeta(1, 1, 1)
      : IncompleteBeta(ratio / (1 + ratio), a / 2, b / 2, complement: 1 / (1 + ratio))
  }
  public func cumulative(_ x: Double) -> Double { x.isNaN ? x : integral(x).lower }
  public func survival(_ x: Double) -> Double { x.isNaN ? x : integral(x).upper }

  public func draw(_ random: inout RandomStream) -> Double {
    let first = GammaDistribution.logStandard(a / 2, &random)
    let second = GammaDistribution.logStandard(b / 2, &random)
    return exp(first - second) * (b / a)
  }
}
