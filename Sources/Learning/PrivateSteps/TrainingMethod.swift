import CKernels
import Foundations
import Tensors

/// How a clipping bound is shared out among the layers.
public enum LayerScale: String, Sendable, CaseIterable {
  /// By the norm of the layer's parameters at the start of the step.
  case weightNorm = "weight_norm"
  /// By the square root of the number of the layer's parameters.
  case dimension
  /// By the running median of the layer's gradient norm, estimated from the released (noised) gradients only.
  case runningMedian = "running_median"
}

/// What counts as a layer for layer-wise clipping.
public enum LayerGrouping: Sendable {
  /// All parameters that one layer owns together.
  case layer
  /// Every parameter tensor for itself.
  case tensor
}

/// How the noise is shared out among layers whose bounds are C_l, √ΣC_l² = C.
public enum NoiseShape: Sendable {
  /// σ·C in every coordinate.
  case uniform
  /// σ·√L·C_l in layer l of L: each layer's noise in proportion to its bound. Measured in units of the noise, the
  /// sensitivity is that of the uniform shape, so σ means the same to an accountant.
  case perLayer
}

/// The key of the noise. Noise that protects people comes from the operating system's random bits; a seeded key
/// repeats, and its run protects nobody.
public struct NoiseKey: Sendable {
  private let high: UInt64
  private let low: UInt64
  public let isSecure: Bool

  public static func secure() -> NoiseKey {
    NoiseKey(high: SecureRandom.seed(), low: SecureRandom.seed(), isSecure: true)
  }

  public static func seeded(_ key: RandomKey) -> NoiseKey {
    NoiseKey(high: key.high, low: key.low, isSecure: false)
  }

  /// Which key it is, where it is no secret: two runs with the same text add the same noise.
  var fingerprint: String {
    isSecure ? "secure" : "seeded " + String(high, radix: 16) + ":" + String(low, radix: 16)
  }

  /// The stream of one step: AES-128 in counter mode, one number per parameter element.
  func stream(_ step: Int) -> fl_stream {
    fl_stream(
      key: low, key_high: high, stream: UInt64(step), generator: UInt32(FL_GENERATOR_AES))
  }
}

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

/// eDP-SGD (Dupuy et al. 2022, arXiv 2107.14586): the batch is split into micro-batches, each example by its own draw;
/// of each micro-batch the mean gradient is clipped, layer by layer, and the noised clipped means are averaged.
///
/// One example can turn a clipped mean from +C to -C: the sensitivity of the sum is 2C, so that an honest accountant
/// uses σ/2 where the paper uses σ.
public struct MicroBatchOptions: Sendable {
  public var microBatches: Int
  /// c: √ΣC_l² over the layers.
  public var bound: Double
  public var rule: ClippingRule
  public var scale: LayerScale
  public var grouping: LayerGrouping
  public var noiseShape: NoiseShape
  /// σ_e of the present epoch: decays from epoch to epoch by whoever runs the epochs.
  public var noiseMultiplier: Double
  public var expectedBatch: Double
  public var noise: NoiseKey
  /// The key of the draws that assign examples to micro-batches.
  public var assignment: RandomKey

  public init(
    microBatches: Int, bound: Double, noiseMultiplier: Double, expectedBatch: Double,
    noise: NoiseKey, assignment: RandomKey, rule: ClippingRule = .flat,
    scale: LayerScale = .weightNorm, grouping: LayerGrouping = .layer,
    noiseShape: NoiseShape = .perLayer
  ) throws {
    try OptionCheck.check(
      bound: bound, noiseMultiplier: noiseMultiplier, expectedBatch: expectedBatch)
    guard (1...4096).contains(microBatches) else {
      throw DomainError(
        .value, "the number of micro-batches must be in 1..=4096, got \(microBatches)")
    }
    self.microBatches = microBatches
    self.bound = bound
    self.rule = rule
    self.scale = scale
    self.grouping = grouping
    self.noiseShape = noiseShape
    self.noiseMultiplier = noiseMultiplier
    self.expectedBatch = expectedBatch
    self.noise = noise
    self.assignment = assignment
  }
}

/// Checks that both kinds of private step share.
private enum OptionCheck {
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

/// How a step trains.
public enum TrainingMethod: Sendable {
  case plain
  case `private`(PrivateOptions)
  case microBatch(MicroBatchOptions)

  public var isPrivate: Bool {
    if case .plain = self { return false }
    return true
  }

  /// σ of the present epoch; nil without privacy.
  public var noiseMultiplier: Double? {
    get {
      switch self {
      case .plain: nil
      case .private(let options): options.noiseMultiplier
      case .microBatch(let options): options.noiseMultiplier
      }
    }
    set {
      guard let newValue else { return }
      switch self {
      case .plain: break
      case .private(var options):
        options.noiseMultiplier = newValue
        self = .private(options)
      case .microBatch(var options):
        options.noiseMultiplier = newValue
        self = .microBatch(options)
      }
    }
  }
}
