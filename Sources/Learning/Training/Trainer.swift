import Foundations
import Tensor

/// How a run goes over its examples.
public struct TrainingOptions: Sendable {
  public var plan: SamplingPlan
  /// Names the random numbers of the run: order or sample of the examples, dropout.
  public var key: RandomKey
  /// Examples in memory at a time.
  public var physicalLimit: Int
  /// In how many parts, at least, the examples of a step are computed; their gradients are accumulated, so that the result is that of
  /// one batch up to rounding.
  public var accumulation: Int
  /// Of the optimizer's rate at the run's start; nil leaves the rate alone.
  public var schedule: LearningRateSchedule?
  /// See `TrainingStep.gradientBound`.
  public var gradientBound: Double?
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

  /// The most examples of one part. A Poisson sample may be larger than the batch: it is cut only where memory or accumulation asks
  /// for it.
  var partSize: Int {
    guard accumulation > 1 else { return max(1, physicalLimit) }
    return max(1, min(physicalLimit, (plan.batch + accumulation - 1) / accumulation))
  }
}

/// Where a run is; what a progress bar shows.
public struct TrainingProgress: Sendable {
  /// Steps done, from 1.
  public let step: Int
  public let steps: Int
  /// From 0.
  public let epoch: Int
  public let epochs: Int
  /// The step's loss; nan where its batch was empty.
  public let loss: Double
  public let examplesDone: Int
  public let seconds: Double
  public let examplesPerSecond: Double
}

/// One epoch as a run's history keeps it.
public struct EpochSummary: Sendable {
  public let epoch: Int
  public let steps: Int
  public let examples: Int
  /// The mean loss over the epoch's examples, each before the step that it was part of; nan where there were none.
  public let loss: Double
  public let seconds: Double
  /// σ of the epoch; nil without privacy.
  public let noiseMultiplier: Double?
  /// The share of gradients that were clipped. Not private.
  public let clippedShare: Double
}

/// What a run did.
public struct TrainingHistory: Sendable {
  public internal(set) var epochs: [EpochSummary] = []
  public internal(set) var steps = 0
  public internal(set) var seconds = 0.0
  /// True where it was stopped before its last step.
  public internal(set) var isStopped = false
  public internal(set) var validations: [ValidationSummary] = []
  /// True where patience with the validation ran out.
  public internal(set) var isStoppedEarly = false

  /// The best validation so far; nil without one.
  public var best: ValidationSummary? { validations.last(where: \.isBest) }
}

/// What happens during a run besides training.
public struct TrainingCallbacks {
  /// After every step.
  public var onStep: (TrainingProgress) throws -> Void = { _ in }
  /// Before every epoch; may change the step's method (noise decay) and the optimizer's rate.
  public var onEpochStart: (_ epoch: Int, TrainingStep) throws -> Void = { _, _ in }
  public var onEpochEnd: (EpochSummary) throws -> Void = { _ in }
  /// Measured at its interval; may end the run early.
  public var validation: Validation?
  public var onValidation: (ValidationSummary) throws -> Void = { _ in }
  /// Where checkpoints go; see `Trainer.run`.
  public var checkpoint: Checkpointing?
  /// Asked between steps; true ends the run in good order.
  public var shouldStop: () -> Bool = { false }
  /// A sentence for the person who waits.
  public var onNotice: (String) -> Void = { _ in }

  public init() {}
}

/// The training loop, the same for every method.
public struct Trainer {
  private let step: TrainingStep
  private let options: TrainingOptions

  /// Throws where the model has nothing to train or the options contradict each other.
  public init(
    model: Layer, loss: Loss, optimizer: Optimizer, method: TrainingMethod = .plain,
    options: TrainingOptions
  ) throws {
    try Check.size(options.accumulation, "the number of parts of a step")
    if let bound = options.gradientBound {
      guard bound.isFinite, bound > 0 else {
        throw DomainError(.value, "the gradient bound must be > 0, got \(bound)")
      }
    }
    self.options = options
    step = try TrainingStep(
      model: model, loss: loss, optimizer: optimizer, method: method,
      key: options.key.derived("dropout"), physicalLimit: options.partSize)
    step.gradientBound = options.gradientBound
    step.exampleByExample = options.exampleByExample
  }

  /// Runs all epochs of the plan. Empty Poisson samples are steps, too: a private one adds its noise.
  ///
  /// With `state`, a checkpoint of the same run, it goes on from there and ends with the same bits as an uninterrupted run (with secure
  /// noise: the same run with other noise; a checkpoint never holds a secret key). Throws a domain error where the checkpoint belongs to
  /// another model, run or other examples; then nothing has changed.
  public func run(
    _ source: any BatchSource, _ callbacks: TrainingCallbacks = TrainingCallbacks(),
    resuming state: TrainingState? = nil
  ) throws -> TrainingHistory {
    let plan = options.plan
    guard source.count == plan.examples else {
      throw DomainError(
        .value, "the plan is for \(plan.examples) examples, the source has \(source.count)")
    }
    step.onNotice = callbacks.onNotice
    let isKept = state != nil || callbacks.checkpoint != nil
    var run = TrainingRun(
      step, options, dataFingerprint: isKept ? try source.fingerprint() : nil)
    if let state { try run.restore(state) }
    try run.train(source, callbacks)
    return run.history
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
