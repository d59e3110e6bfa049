import Foundations
import Tensors

/// How a run goes over its examples.
public struct TrainingOptions: Sendable {
  public var plan: SamplingPlan
  /// Names the random numbers of the run: order or sample of the examples, dropout.
  public var key: RandomKey
  /// Examples in memory at a time.
  public var physicalLimit: Int
  /// In how many parts, at least, the examples of a step are computed; their gradients are accumulated, so that the
  /// result is that of one batch up to rounding.
  public var accumulation: Int
  /// Of the optimizer's rate at the run's start; nil leaves the rate alone.
  public var schedule: LearningRateSchedule?
  /// See `TrainingStep.gradientBound`.
  public var gradientBound: Double?
  /// Whether the key must not be written down: a run that goes on from a checkpoint then has another one.
  public var isKeySecret = false
  /// How much noise each epoch has, in words, where that must be the same in the run that goes on from a checkpoint.
  public var noise: String?
  /// See `TrainingStep.exampleByExample`.
  public var exampleByExample: Bool?

  public init(
    plan: SamplingPlan, key: RandomKey, physicalLimit: Int = 4096, accumulation: Int = 1,
    schedule: LearningRateSchedule? = nil, gradientBound: Double? = nil
  ) {
    self.plan = plan
    self.key = key
    self.physicalLimit = physicalLimit
    self.accumulation = accumulation
    self.schedule = schedule
    self.gradientBound = gradientBound
  }

  /// The most examples of one part. A Poisson sample may be larger than the batch: it is cut only where memory or
  /// accumulation asks for it.
  var partSize: Int {
    guard accumulation > 1 else { return max(1, physicalLimit) }
    return max(1, min(physicalLimit, (plan.batch + accumulation - 1) / accumulation))
  }
}
