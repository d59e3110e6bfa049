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

  public init(
    step: Int, steps: Int, epoch: Int, epochs: Int, loss: Double, examplesDone: Int,
    seconds: Double, examplesPerSecond: Double
  ) {
    self.step = step
    self.steps = steps
    self.epoch = epoch
    self.epochs = epochs
    self.loss = loss
    self.examplesDone = examplesDone
    self.seconds = seconds
    self.examplesPerSecond = examplesPerSecond
  }
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
