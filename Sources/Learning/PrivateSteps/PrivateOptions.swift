import Foundations

/// DP-SGD (Abadi et al. 2016, arXiv 1607.00133, algorithm 1): each example's gradient is clipped, the sum is noised and
/// divided by the expected batch size.
public struct PrivateOptions: Sendable {
  public var rule: ClippingRule
  /// C, the bound on one example's influence on the sum.
  public var bound: Double
  /// Nil: one norm over all parameters (flat clipping). Otherwise each layer has its own share of the bound.
  public var layers: LayerScale?
  public var grouping: LayerGrouping
  public var noiseShape: NoiseShape
  /// σ: the noise's standard deviation is σ·C. May be changed between epochs.
  public var noiseMultiplier: Double
  public var expectedBatch: Double
  public var noise: NoiseKey
  /// Nil: the bound stays. Otherwise it follows a quantile of the norms, and σ pays for that, too; flat clipping only.
  public var quantile: QuantileClipping?
  /// Nil: each step's noise is its own, as Poisson samples need it.
  public var correlation: NoiseCorrelation?

  public init(
    bound: Double, noiseMultiplier: Double, expectedBatch: Double, noise: NoiseKey,
    rule: ClippingRule = .flat, layers: LayerScale? = nil, grouping: LayerGrouping = .layer,
    noiseShape: NoiseShape = .uniform
  ) throws {
    try OptionCheck.check(
      bound: bound, noiseMultiplier: noiseMultiplier, expectedBatch: expectedBatch)
    self.rule = rule
    self.bound = bound
    self.layers = layers
    self.grouping = grouping
    self.noiseShape = noiseShape
    self.noiseMultiplier = noiseMultiplier
    self.expectedBatch = expectedBatch
    self.noise = noise
  }
}

/// Checks that both kinds of private step share.
enum OptionCheck {
  static func check(bound: Double, noiseMultiplier: Double, expectedBatch: Double) throws {
    guard bound.isFinite, bound > 0 else {
      throw DomainError(.value, "the clipping bound must be > 0, got \(bound)")
    }
    try Check.finite(noiseMultiplier, "the noise multiplier", atLeast: 0)
    guard expectedBatch.isFinite, expectedBatch > 0 else {
      throw DomainError(.value, "the expected batch size must be > 0, got \(expectedBatch)")
    }
  }
}
