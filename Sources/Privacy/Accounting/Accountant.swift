import Foundations

/// Who computes what private steps spend. A new one is a case here; the compiler finds what else it needs.
public enum Accountant: String, Sendable, CaseIterable {
  /// Privacy loss distributions (Koskela et al. 2020; Doroshenko et al. 2022): the tightest bound.
  case pld
  /// Rényi DP with the conversion of Canonne, Kamath, Steinke 2020.
  case rdp
  /// Privacy random variables (Gopi, Lee, Wutschitz 2021): an estimate between two bounds, of which the upper counts.
  case prv
  /// Zero-concentrated DP (Bun and Steinke 2016); it knows no samples.
  case zcdp
  /// Gaussian DP by a central limit theorem (Bu et al. 2020): an approximation unless the sample rate is 1.
  case gdp
  /// Rényi DP with the conversion of Mironov 2017.
  case rdpClassic = "rdp-classic"
  /// The sum of epsilons and of deltas; it knows only what has an epsilon of its own.
  case basic

  /// Whether what it says may be below what was spent.
  public var isApproximate: Bool { self == .gdp }

  /// The epsilon of `event` at `delta`, rounded up.
  ///
  /// - Throws: `value` for bad numbers, `privacy` for an event that this accountant does not know.
  public func epsilon(of event: Event, delta: Double) throws(DomainError) -> Double {
    switch self {
    case .pld:
      var sum = PLDAccountant()
      try sum.spend(event)
      return try sum.epsilon(delta: delta).epsilon
    case .rdp, .rdpClassic:
      var sum = RDPAccountant()
      try sum.spend(event)
      return try sum.epsilon(delta: delta, conversion: self == .rdp ? .improved : .classic).epsilon
    case .prv:
      var sum = PRVAccountant()
      try sum.spend(event)
      return try sum.epsilon(delta: delta).high
    case .zcdp:
      var sum = ConcentratedAccountant()
      try sum.spend(event)
      return try sum.epsilon(delta: delta).epsilon
    case .basic:
      try event.validate()
      try RDPAccountant.check(delta: delta)
      var sum = BasicComposition()
      sum.add(event.mechanism)
      return try sum.cost(delta: delta)
    case .gdp:
      try event.validate()
      return try GaussianDP.epsilon(mu: GaussianDP.mu(of: event.mechanism), delta: delta)
    }
  }

  /// The epsilon at `delta` of `steps` Poisson-sampled Gaussian steps.
  ///
  /// - Throws: `value` for numbers that no such training has.
  public func epsilon(noiseMultiplier noise: Double, rate: Double, steps: Int, delta: Double)
    throws(DomainError) -> Double
  {
    try epsilon(
      of: .sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps), delta: delta)
  }
}
