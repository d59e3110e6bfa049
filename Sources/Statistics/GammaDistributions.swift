import Foundation
import Foundations

/// The gamma distribution with a shape and a scale.
public struct GammaDistribution: Distribution {
  public static let name = "gamma"
  public let shape: Double
  public let scale: Double

  public init(shape: Double, scale: Double) throws(DomainError) {
    try Self.requirePositive("shape", shape)
    try Self.requirePositive("scale", scale)
    (self.shape, self.scale) = (shape, scale)
  }

  public var parameters: [(name: String, value: Double)] {
    [("shape", shape), ("scale", scale)]
  }
  public var isDiscrete: Bool { false }
  public var support: ClosedRange<Double> { 0...Double.infinity }
  public var mean: Double { shape * scale }
  public var variance: Double { shape * scale * scale }

  public func density(_ x: Double) -> Double {
    if x.isNaN { return x }
    let ratio = x / scale
    if ratio < 0 || ratio == .infinity { return 0 }
    if ratio == 0 { return shape < 1 ? .infinity : shape == 1 ? 1 / scale : 0 }
    if shape < 1 { return Saddlepoint.poisson(shape, ratio) * shape / ratio / scale }
    return Saddlepoint.poisson(shape - 1, ratio) / scale
  }
  public func cumulative(_ x: Double) -> Double {
    x.isNaN ? x : IncompleteGamma(shape, x / scale).lower
  }
  public func survival(_ x: Double) -> Double {
    x.isNaN ? x : IncompleteGamma(shape, x / scale).upper
  }
  public func draw(_ random: inout RandomStream) -> Double {
    scale * exp(Self.logStandard(shape, &random))
  }

  /// The logarithm of an outcome with scale 1, which does not underflow where the shape is small (Marsaglia and Tsang
  /// 2000, "A simple method for generating gamma variables").
  static func logStandard(_ shape: Double, _ random: inout RandomStream) -> Double {
    if shape < 1 {
      let whole = logStandard(shape + 1, &random)
      return whole + log(1 - random.uniform()) / shape
    }
    let d = shape - 1.0 / 3
    let c = 1 / (9 * d).squareRoot()
    while true {
      let x = random.normal()
      let root = 1 + c * x
      guard root > 0 else { continue }
      let v = root * root * root
      if log(1 - random.uniform()) < 0.5 * x * x + d * (1 - v + log(v)) { return log(d * v) }
    }
  }
}

/// The time until the first event where events come at a rate.
public struct ExponentialDistribution: Distribution {
  public static let name = "exponential"
  public let rate: Double

  public init(rate: Double) throws(DomainError) {
    try Self.requirePositive("rate", rate)
    self.rate = rate
  }

  public var parameters: [(name: String, value: Double)] { [("rate", rate)] }
  public var isDiscrete: Bool { false }
  public var support: ClosedRange<Double> { 0...Double.infinity }
  public var mean: Double { 1 / rate }
  public var variance: Double { 1 / (rate * rate) }

  public func density(_ x: Double) -> Double {
    if x.isNaN { return x }
    return x < 0 ? 0 : rate * exp(-rate * x)
  }
  public func cumulative(_ x: Double) -> Double {
    if x.isNaN { return x }
    return x <= 0 ? 0 : -expm1(-rate * x)
  }
  public func survival(_ x: Double) -> Double {
    if x.isNaN { return x }
    return x <= 0 ? 1 : exp(-rate * x)
  }
  public func quantile(_ probability: Double) -> Double {
    guard probability >= 0, probability <= 1 else { return .nan }
    return probability == 0 ? 0 : -log1p(-probability) / rate
  }
  public func draw(_ random: inout RandomStream) -> Double { quantile(random.uniform()) }
}

/// The sum of `df` squared standard normal numbers.
public struct ChiSquareDistribution: Distribution {
  public static let name = "chi_square"
  public let degrees: Double
  private let gamma: GammaDistribution

  public init(degrees: Double) throws(DomainError) {
    try Self.requirePositive("df", degrees)
    self.degrees = degrees
    // Halves of the least numbers are 0.
    gamma = try GammaDistribution(shape: max(degrees / 2, .leastNonzeroMagnitude), scale: 2)
  }

  public var parameters: [(name: String, value: Double)] { [("df", degrees)] }
  public var isDiscrete: Bool { false }
  public var support: ClosedRange<Double> { gamma.support }
  public var mean: Double { degrees }
  public var variance: Double { 2 * degrees }

  public func density(_ x: Double) -> Double { gamma.density(x) }
  public func cumulative(_ x: Double) -> Double { gamma.cumulative(x) }
  public func survival(_ x: Double) -> Double { gamma.survival(x) }
  public func draw(_ random: inout RandomStream) -> Double { gamma.draw(&random) }
}
