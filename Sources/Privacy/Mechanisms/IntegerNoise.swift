import Foundation
import Foundations

/// Exact noise for whole numbers that stay whole.
public enum IntegerNoise: Sendable {
  case twoSidedGeometric(DiscreteLaplaceNoise, epsilon: Double, sensitivity: Int)
  case discreteGaussian(DiscreteGaussian, sigma: Double, sensitivity: Int)

  /// P[k] ∝ exp(-ε·|k|/sensitivity).
  /// - Throws: `value` for a bad number, `limit` where epsilon is too small for the sensitivity.
  public static func laplace(epsilon: Double, sensitivity: Int) throws(DomainError) -> IntegerNoise
  {
    try LaplaceMechanism.checkEpsilon(epsilon)
    try check(sensitivity)
    return .twoSidedGeometric(
      try DiscreteLaplaceNoise(epsilon: epsilon, sensitivity: sensitivity), epsilon: epsilon,
      sensitivity: sensitivity)
  }

  /// P[k] ∝ exp(-k²/(2σ²)); σ² is rounded up to a fraction of numbers up to 2⁴⁸.
  /// - Throws: `value` for a bad number, `limit` where sigma is beyond 2²⁴ or below 2⁻²⁴.
  public static func gaussian(sigma: Double, sensitivity: Int) throws(DomainError) -> IntegerNoise {
    guard sigma > 0, sigma < .infinity else {
      throw DomainError(
        .value, "a standard deviation must be above 0 and finite, got \(sigma)")
    }
    try check(sensitivity)
    guard sigma <= 0x1p24, sigma >= 0x1p-24 else {
      throw DomainError(
        .limit, "discrete Gaussian noise has a standard deviation from 2⁻²⁴ to 2²⁴, got \(sigma)")
    }
    // The square is rounded; one unit more in its last place is above it.
    let square = sigma * sigma
    let isExact = (-square).addingProduct(sigma, sigma) == 0
    let variance = isExact ? square : square.nextUp
    let shift = min(48, max(0, 47 - Int(variance.exponent)))
    let numerator = scalbn(variance, shift).rounded(.up)
    let noise = try DiscreteGaussian(variance: UInt64(numerator), over: 1 << UInt64(shift))
    return .discreteGaussian(noise, sigma: sigma, sensitivity: sensitivity)
  }

  private static func check(_ sensitivity: Int) throws(DomainError) {
    guard sensitivity > 0, sensitivity < 1 << 52 else {
      throw DomainError(
        .value, "a sensitivity must be above 0 and below 2⁵², got \(sensitivity)")
    }
  }

  /// What it spends on `count` numbers. Several together have a vector's bound: epsilon alone, and ρ = Δ²/(2σ²) of
  /// Canonne, Kamath, Steinke 2020, theorem 14.
  public func mechanism(count: Int) -> Mechanism {
    switch self {
    case .twoSidedGeometric(_, let epsilon, let sensitivity):
      return count == 1
        ? .discreteLaplace(epsilon: epsilon, sensitivity: sensitivity) : .pure(epsilon: epsilon)
    case .discreteGaussian(_, let sigma, let sensitivity):
      let ratio = Double(sensitivity) / sigma
      return count == 1
        ? .discreteGaussian(sigma: sigma, sensitivity: sensitivity)
        : .concentrated(rho: (ratio * ratio / 2 * (1 + 0x1p-50)).nextUp)
    }
  }

  /// The numbers with noise, each on its own; what is beyond 64 bits becomes the last number within.
  /// - Throws: `interrupt`.
  public func added(to values: [Int]) throws -> [Int] {
    var random = CoinFlips()
    return try values.enumerated().map { index, value in
      try Cancellation.check(turn: index)
      let noise = sample(&random)
      let (sum, overflows) = value.addingReportingOverflow(noise)
      return overflows ? (noise > 0 ? .max : .min) : sum
    }
  }

  func sample(_ random: inout CoinFlips) -> Int {
    switch self {
    case .twoSidedGeometric(let noise, _, _): noise.sample(&random)
    case .discreteGaussian(let noise, _, _): noise.sample(&random)
    }
  }
}
