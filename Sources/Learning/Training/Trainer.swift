import Foundations

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

  /// The bound that the last step left for the next one, where it follows a quantile; nil elsewhere.
  public var clippingBound: Double? { step.clippingBound }

  /// Runs all epochs of the plan. Empty Poisson samples are steps, too: a private one adds its noise.
  ///
  /// With `state`, a checkpoint of the same run, it goes on from there and ends with the same bits as an uninterrupted
  /// run (with secure noise: the same run with other noise; a checkpoint never holds a secret key). Throws a domain
  /// error where the checkpoint belongs to another model, run or other examples; then nothing has changed.
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
