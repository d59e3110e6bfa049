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
