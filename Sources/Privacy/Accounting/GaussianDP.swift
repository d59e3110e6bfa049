// A closed form beside the accountants: Gaussian differential privacy's central limit (Dong, Roth, Su 2019, arXiv
// 1905.02383; Bu et al. 2019, arXiv 1911.11607).

import Foundation
import Foundations

public enum GaussianDP {
  /// μ of `steps` sampled Gaussian steps in the limit: q·√(T·(e^(1/σ²) - 1)). On all data (q = 1) it is √T/σ, exactly.
  ///
  /// An approximation where q < 1: it can be below the privacy spent, so it is for comparison only.
  public static func mu(rate: Double, noiseMultiplier: Double, steps: Int) -> Double {
    if rate == 1 { return Double(steps).squareRoot() / noiseMultiplier }
    return rate * (Double(steps) * expm1(1 / (noiseMultiplier * noiseMultiplier))).squareRoot()
  }

  /// μ of what is Gaussian, on all data or on Poisson samples: squares add up.
  ///
  /// - Throws: `privacy` for another mechanism.
  static func mu(of mechanism: Mechanism) throws(DomainError) -> Double {
    switch mechanism {
    case .repeated(.poissonSampled(let rate, .gaussian(let noise)), let times):
      return sampledMu(rate, noise, times)
    case .poissonSampled(let rate, .gaussian(let noise)): return sampledMu(rate, noise, 1)
    case .poissonSampled(let rate, let inner), .fixedSizeSampled(let rate, let inner):
      if rate == 1 { return try mu(of: inner) }
    case .repeated(let inner, let times):
      return times == 0 ? 0 : try mu(of: inner) * Double(times).squareRoot()
    case .composed(let parts):
      var squares = 0.0
      for part in parts {
        let mu = try mu(of: part)
        squares += mu * mu
      }
      return squares.squareRoot()
    default:
      switch mechanism.simplified {
      case .none: return 0
      case .nonPrivate: return .infinity
      case .gaussian(let noise): return 1 / noise
      default: break
      }
    }
    throw DomainError(.privacy, "Gaussian DP has no approximation for \(mechanism)")
  }

  private static func sampledMu(_ rate: Double, _ noise: Double, _ steps: Int) -> Double {
    if noise == 0 { return steps > 0 && rate > 0 ? .infinity : 0 }
    return mu(rate: rate, noiseMultiplier: noise, steps: steps)
  }

  /// The epsilon of μ-GDP at `delta`.
  public static func epsilon(mu: Double, delta: Double) throws(DomainError) -> Double {
    try RDPAccountant.check(delta: delta)
    guard mu >= 0 else { throw DomainError(.value, "mu must be at least 0, got \(mu)") }
    if mu == 0 { return 0 }
    // Epsilon grows with the square of mu, which may not overflow unseen.
    if delta == 0 || mu * mu == .infinity { return .infinity }
    if GaussianMechanism.exactDelta(0, mu) <= delta { return 0 }
    var low = 0.0
    var high = 1.0
    while GaussianMechanism.exactDelta(high, mu) > delta {
      high *= 2
      if high > 1e300 { return .infinity }
    }
    for _ in 0..<200 where high - low > 1e-13 * high {
      let middle = (low + high) / 2
      if GaussianMechanism.exactDelta(middle, mu) <= delta { high = middle } else { low = middle }
    }
    return high
  }
}
