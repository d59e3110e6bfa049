import Synchronization
import Tensor

/// How a run goes over its examples.
public struct TrainingOptions: Sendable {
  public var plan: SamplingPlan
  /// Names the random numbers of the run: order or sample of the examples, dropout.
  public var key: RandomKey
  /// Examples in memory at a time.
  public var physicalLimit: Int

  public init(plan: SamplingPlan, key: RandomKey, physicalLimit: Int = 4096) {
    self.plan = plan
    self.key = key
    self.physicalLimit = physicalLimit
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
}

/// What happens during a run besides training.
public struct TrainingCallbacks {
  /// After every step.
  public var onStep: (TrainingProgress) throws -> Void = { _ in }
  /// Before every epoch; may change the step's method (noise decay) and the optimizer's rate.
  public var onEpochStart: (_ epoch: Int, TrainingStep) throws -> Void = { _, _ in }
  public var onEpochEnd: (EpochSummary) throws -> Void = { _ in }
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

  /// Throws where the model has nothing to train.
  public init(
    model: Layer, loss: Loss, optimizer: Optimizer, method: TrainingMethod = .plain,
    options: TrainingOptions
  ) throws {
    self.options = options
    step = try TrainingStep(
      model: model, loss: loss, optimizer: optimizer, method: method,
      key: options.key.derived("dropout"), physicalLimit: options.physicalLimit)
  }

  /// Runs all epochs of the plan. Empty Poisson samples are steps, too: a private one adds its noise.
  public func run(_ source: any BatchSource, _ callbacks: TrainingCallbacks = TrainingCallbacks())
    throws -> TrainingHistory
  {
    let plan = options.plan
    guard source.count == plan.examples else {
      throw DomainError(
        .value, "the plan is for \(plan.examples) examples, the source has \(source.count)")
    }
    step.onNotice = callbacks.onNotice
    var history = TrainingHistory()
    let clock = ContinuousClock()
    let start = clock.now
    var done = 0
    for epoch in 0..<plan.epochs {
      try callbacks.onEpochStart(epoch, step)
      let epochStart = clock.now
      var sum = 0.0
      var examples = 0
      var clipped = 0
      var clippable = 0
      var steps = 0
      let order =
        plan.sampling == .shuffled
        ? permutation(options.key.derived("order", epoch), plan.examples) : []
      for number in 0..<plan.stepsPerEpoch {
        if callbacks.shouldStop() {
          history.isStopped = true
          break
        }
        let indices = sample(epoch, number, order)
        let chosen = sorted(indices, source)
        var batch = try source.batch(chosen)
        batch.examples = batch.examples ?? chosen
        let result = try step.run(batch)
        steps += 1
        history.steps += 1
        done += result.examples
        examples += result.examples
        clipped += result.clipped
        clippable += result.clippable
        if result.examples > 0 {
          sum += result.loss * Double(result.examples)
          guard result.loss.isFinite else {
            throw DomainError(
              .value, "the loss is \(result.loss) in step \(history.steps): the training diverged",
              hint: "lower the learning rate")
          }
        }
        let seconds = (clock.now - start).seconds
        try callbacks.onStep(
          TrainingProgress(
            step: history.steps, steps: plan.steps, epoch: epoch, epochs: plan.epochs,
            loss: result.loss, examplesDone: done, seconds: seconds,
            examplesPerSecond: Double(done) / max(seconds, 1e-9)))
      }
      let summary = EpochSummary(
        epoch: epoch, steps: steps, examples: examples, loss: sum / Double(examples),
        seconds: (clock.now - epochStart).seconds, noiseMultiplier: step.method.noiseMultiplier,
        clippedShare: clippable > 0 ? Double(clipped) / Double(clippable) : 0)
      history.epochs.append(summary)
      history.seconds = (clock.now - start).seconds
      if history.isStopped { break }
      try callbacks.onEpochEnd(summary)
    }
    return history
  }

  /// The examples of one step.
  private func sample(_ epoch: Int, _ number: Int, _ order: [Int]) -> [Int] {
    let plan = options.plan
    switch plan.sampling {
    case .shuffled:
      let start = number * plan.batch
      return Array(order[start..<min(start + plan.batch, order.count)])
    case .poisson:
      var stream = options.key.derived("sample", epoch, number).stream
      return stream.poissonSample(plan.examples, probability: plan.rate)
    }
  }

  private func permutation(_ key: RandomKey, _ count: Int) -> [Int] {
    var stream = key.stream
    return stream.permutation(count)
  }

  /// Long examples first, so that the steps of a recurrent layer end early for blocks of short ones.
  private func sorted(_ indices: [Int], _ source: any BatchSource) -> [Int] {
    guard let first = indices.first, source.length(first) != nil else { return indices }
    let keyed = indices.map { (index: $0, length: source.length($0) ?? 0) }
    return keyed.sorted { ($1.length, $0.index) < ($0.length, $1.index) }.map(\.index)
  }
}

extension Duration {
  /// The duration in seconds.
  var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
