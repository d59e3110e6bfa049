import Foundations

/// Who computes what steps of DP-SGD spend. A new one is a case here; the compiler finds what else it needs.
public enum Accountant: String, Sendable, CaseIterable {
  /// Rényi DP with the conversion of Canonne, Kamath, Steinke 2020: what `dp.train` uses.
  case rdp
  /// Rényi DP with the conversion of Mironov 2017.
  case rdpClassic = "rdp-classic"
  /// Privacy loss distributions (Koskela et al. 2020): the tightest bound.
  case pld
  /// Gaussian DP by a central limit theorem (Bu et al. 2020): an approximation unless the sample rate is 1.
  case gdp

  /// The epsilon at `delta` of `steps` Poisson-sampled Gaussian steps.
  ///
  /// - Throws: `value` for numbers that no such training has.
  public func epsilon(noiseMultiplier noise: Double, rate: Double, steps: Int, delta: Double)
    throws(DomainError) -> Double
  {
    let event = Event.sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps)
    switch self {
    case .gdp:
      guard noise > 0 else { return steps > 0 && rate > 0 ? Double.infinity : 0 }
      return try GaussianDP.epsilon(
        mu: GaussianDP.mu(rate: rate, noiseMultiplier: noise, steps: steps), delta: delta)
    case .pld:
      var sum = PLDAccountant()
      try sum.spend(event)
      return try sum.epsilon(delta: delta).epsilon
    case .rdp, .rdpClassic:
      var sum = RDPAccountant()
      try sum.spend(event)
      return try sum.epsilon(delta: delta, conversion: self == .rdp ? .improved : .classic).epsilon
    }
  }
}
