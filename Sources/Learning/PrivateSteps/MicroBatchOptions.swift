import Foundations
import Tensors

/// eDP-SGD (Dupuy et al. 2022, arXiv 2107.14586): the batch is split into micro-batches, each example by its own draw;
/// of each micro-batch the gradient's sum, divided by the expected number of its examples, is clipped, layer by layer,
/// and the noised clipped means are averaged.
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
