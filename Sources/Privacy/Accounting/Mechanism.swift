import Foundations

/// What hides the data. Noise is given relative to the sensitivity of what it hides, between the neighbours that an
/// event names.
public indirect enum Mechanism: Sendable, Hashable, CustomStringConvertible {
  /// Nothing was done.
  case none
  /// Something without any protection.
  case nonPrivate
  /// Gaussian noise of standard deviation `noiseMultiplier` times the L2 sensitivity.
  case gaussian(noiseMultiplier: Double)
  /// Laplace noise of scale `noiseMultiplier` times the L1 sensitivity.
  case laplace(noiseMultiplier: Double)
  /// Noise on whole numbers with P[k] ∝ exp(-k²/(2σ²)), of what one unit moves by at most `sensitivity` (Canonne,
  /// Kamath, Steinke 2020, arXiv 2004.00010).
  case discreteGaussian(sigma: Double, sensitivity: Int)
  /// Noise on whole numbers with P[k] ∝ exp(-ε·|k|/sensitivity), of what one unit moves by at most `sensitivity`.
  case discreteLaplace(epsilon: Double, sensitivity: Int)
  /// Whatever is ε-differentially private.
  case pure(epsilon: Double)
  /// Whatever is (ε, δ)-differentially private.
  case approximate(epsilon: Double, delta: Double)
  /// Whatever is ρ-zero-concentrated differentially private (Bun and Steinke 2016, arXiv 1605.02065).
  case concentrated(rho: Double)
  /// All prefix sums of `steps` vectors by a binary tree, each node with Gaussian noise; each unit has one vector in
  /// each of `passes` passes, each with a tree of its own (Kairouz et al. 2021, arXiv 2103.00039).
  case tree(noiseMultiplier: Double, steps: Int, passes: Int)
  /// A mechanism on a sample of fixed size, drawn without replacement: the share `rate` of all units.
  case fixedSizeSampled(rate: Double, Mechanism)
  /// A mechanism on a sample that each unit is in with probability `rate`, independently.
  case poissonSampled(rate: Double, Mechanism)
  /// The same mechanism `times` over, each with fresh randomness.
  case repeated(Mechanism, times: Int)
  case composed([Mechanism])

  /// `steps` steps of DP-SGD.
  public static func sampledGaussian(rate: Double, noiseMultiplier: Double, steps: Int)
    -> Mechanism
  {
    .repeated(
      .poissonSampled(rate: rate, .gaussian(noiseMultiplier: noiseMultiplier)), times: steps)
  }

  func validate() throws(DomainError) {
    switch self {
    case .none, .nonPrivate: break
    case .gaussian(let noise), .laplace(let noise):
      guard noise >= 0 else {
        throw DomainError(.value, "a noise multiplier must be at least 0, got \(noise)")
      }
    case .discreteGaussian(let sigma, let sensitivity):
      guard sigma >= 0 else {
        throw DomainError(.value, "a standard deviation must be at least 0, got \(sigma)")
      }
      try Self.check(sensitivity: sensitivity)
    case .discreteLaplace(let epsilon, let sensitivity):
      try Self.check(epsilon: epsilon)
      try Self.check(sensitivity: sensitivity)
    case .pure(let epsilon): try Self.check(epsilon: epsilon)
    case .approximate(let epsilon, let delta):
      try Self.check(epsilon: epsilon)
      guard delta >= 0, delta <= 1 else {
        throw DomainError(.value, "delta must be within 0 and 1, got \(delta)")
      }
    case .concentrated(let rho):
      guard rho >= 0 else { throw DomainError(.value, "rho must be at least 0, got \(rho)") }
    case .tree(let noise, let steps, let passes):
      try Mechanism.gaussian(noiseMultiplier: noise).validate()
      guard steps >= 0, passes >= 0 else {
        throw DomainError(
          .value, "a tree's steps and passes must be at least 0, got \(steps) and \(passes)")
      }
    case .poissonSampled(let rate, let mechanism), .fixedSizeSampled(let rate, let mechanism):
      guard rate >= 0, rate <= 1 else {
        throw DomainError(.value, "a sampling rate must be within 0 and 1, got \(rate)")
      }
      try mechanism.validate()
    case .repeated(let mechanism, let times):
      guard times >= 0 else {
        throw DomainError(.value, "a number of steps must be at least 0, got \(times)")
      }
      try mechanism.validate()
    case .composed(let mechanisms): for mechanism in mechanisms { try mechanism.validate() }
    }
  }

  private static func check(epsilon: Double) throws(DomainError) {
    guard epsilon >= 0 else {
      throw DomainError(.value, "epsilon must be at least 0, got \(epsilon)")
    }
  }

  private static func check(sensitivity: Int) throws(DomainError) {
    guard sensitivity >= 0 else {
      throw DomainError(.value, "a sensitivity must be at least 0, got \(sensitivity)")
    }
  }

  var samplesByPoisson: Bool {
    switch self {
    case .none, .nonPrivate, .gaussian, .laplace, .discreteGaussian, .discreteLaplace, .pure,
      .approximate, .concentrated, .tree:
      false
    case .poissonSampled: true
    case .fixedSizeSampled(_, let mechanism): mechanism.samplesByPoisson
    case .repeated(let mechanism, _): mechanism.samplesByPoisson
    case .composed(let mechanisms): mechanisms.contains(where: \.samplesByPoisson)
    }
  }

  var samplesOfFixedSize: Bool {
    switch self {
    case .none, .nonPrivate, .gaussian, .laplace, .discreteGaussian, .discreteLaplace, .pure,
      .approximate, .concentrated, .tree:
      false
    case .fixedSizeSampled: true
    case .poissonSampled(_, let mechanism): mechanism.samplesOfFixedSize
    case .repeated(let mechanism, _): mechanism.samplesOfFixedSize
    case .composed(let mechanisms): mechanisms.contains(where: \.samplesOfFixedSize)
    }
  }

  public var description: String {
    switch self {
    case .none: "nothing"
    case .nonPrivate: "a release without protection"
    case .gaussian(let noise): "Gaussian noise \(noise)"
    case .laplace(let noise): "Laplace noise \(noise)"
    case .discreteGaussian(let sigma, let sensitivity):
      "discrete Gaussian noise \(sigma) of sensitivity \(sensitivity)"
    case .discreteLaplace(let epsilon, _): "discrete Laplace noise of epsilon \(epsilon)"
    case .pure(let epsilon): "epsilon \(epsilon)"
    case .approximate(let epsilon, let delta): "epsilon \(epsilon) at delta \(delta)"
    case .concentrated(let rho): "rho \(rho)"
    case .tree(let noise, let steps, let passes):
      "\(passes) trees of \(steps) steps with noise \(noise)"
    case .fixedSizeSampled(let rate, let inner): "\(inner) on a sample of the share \(rate)"
    case .poissonSampled(let rate, let inner): "\(inner) on a Poisson sample of rate \(rate)"
    case .repeated(let inner, let times): "\(times) times \(inner)"
    case .composed(let parts): parts.map(\.description).joined(separator: ", then ")
    }
  }
}
