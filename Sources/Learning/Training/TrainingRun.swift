import Foundations
import Tensors

/// A run in progress: where it is, and all that a checkpoint holds beside the step's own state.
struct TrainingRun {
  private let step: TrainingStep
  private let options: TrainingOptions
  /// Of the examples; nil where no checkpoint is read or written.
  private let dataFingerprint: String?
  private(set) var history = TrainingHistory()
  /// The step to come, by epoch and number in it.
  private var epoch = 0
  private var number = 0
  private var sums = EpochSums()
  private var examplesDone = 0
  /// Of which the schedule takes its share.
  private var baseRate: Double
  private var best: (value: Double, parameters: [(name: String, value: Tensor)])?
  private var worseValidations = 0
  /// Seconds before this process took over.
  private var earlierSeconds = 0.0
  private let clock = ContinuousClock()
  private let start: ContinuousClock.Instant

  /// Of the epoch in progress.
  private struct EpochSums {
    var loss = 0.0
    var examples = 0
    var clipped = 0
    var clippable = 0
    var steps = 0
    var seconds = 0.0
  }

  init(_ step: TrainingStep, _ options: TrainingOptions, dataFingerprint: String?) {
    self.step = step
    self.dataFingerprint = dataFingerprint
    self.options = options
    baseRate = step.optimizer.rate
    start = clock.now
  }

  private var plan: SamplingPlan { options.plan }
  private var seconds: Double { earlierSeconds + (clock.now - start).seconds }

  mutating func train(_ source: any BatchSource, _ callbacks: TrainingCallbacks) throws {
    while epoch < plan.epochs, !history.isStopped, !history.isStoppedEarly, !isAtLimit {
      // An epoch that a checkpoint cut in two has begun already.
      if number == 0 { try callbacks.onEpochStart(epoch, step) }
      try trainEpoch(source, callbacks)
    }
    if let best, callbacks.validation?.restoresBest == true, !history.isStopped {
      try step.model.load(best.parameters)
    }
  }

  private mutating func trainEpoch(_ source: any BatchSource, _ callbacks: TrainingCallbacks) throws
  {
    let epochStart = clock.now
    let earlier = sums.seconds
    let order = order()
    while number < plan.stepsPerEpoch, !history.isStoppedEarly, !isAtLimit {
      if callbacks.shouldStop() {
        history.isStopped = true
        break
      }
      if let schedule = options.schedule {
        step.optimizer.rate = baseRate * schedule.factor(step: history.steps)
      }
      let result: StepResult
      do { result = try step.run(batches(sample(order), source)) } catch {
        // Stopped within the step, before it changed anything: the step has not been.
        guard callbacks.shouldStop() else { throw error }
        history.isStopped = true
        break
      }
      try add(result)
      number += 1
      sums.seconds = earlier + (clock.now - epochStart).seconds
      try callbacks.onStep(progress(lastLoss))
      if callbacks.validation?.every.isDue(afterStep: history.steps) == true {
        try validate(callbacks)
      }
      if let checkpoint = callbacks.checkpoint, checkpoint.every.isDue(afterStep: history.steps) {
        try checkpoint.save(state())
      }
    }
    let summary = EpochSummary(
      epoch: epoch, steps: sums.steps, examples: sums.examples,
      loss: sums.loss / Double(sums.examples), seconds: sums.seconds,
      noiseMultiplier: step.method.noiseMultiplier,
      clippedShare: sums.clippable > 0 ? Double(sums.clipped) / Double(sums.clippable) : 0)
    history.epochs.append(summary)
    history.seconds = seconds
    if history.isStopped || number < plan.stepsPerEpoch { return }
    let finished = epoch
    epoch += 1
    number = 0
    sums = EpochSums()
    try callbacks.onEpochEnd(summary)
    if callbacks.validation?.every.isDue(afterEpoch: finished) == true {
      try validate(callbacks, epoch: finished)
    }
    if let checkpoint = callbacks.checkpoint, checkpoint.every.isDue(afterEpoch: finished) {
      try checkpoint.save(state())
    }
  }

  private var isAtLimit: Bool { plan.stepLimit.map { history.steps >= $0 } ?? false }

  private var lastLoss = Double.nan

  private mutating func add(_ result: StepResult) throws {
    sums.steps += 1
    history.steps += 1
    examplesDone += result.examples
    sums.examples += result.examples
    sums.clipped += result.clipped
    sums.clippable += result.clippable
    lastLoss = result.loss
    guard result.examples > 0 else { return }
    sums.loss += result.loss * Double(result.examples)
  }

  private func progress(_ loss: Double) -> TrainingProgress {
    let seconds = seconds
    return TrainingProgress(
      step: history.steps, steps: plan.steps, epoch: epoch, epochs: plan.epochs, loss: loss,
      examplesDone: examplesDone, seconds: seconds,
      examplesPerSecond: Double(examplesDone) / max(seconds, 1e-9))
  }

  private mutating func validate(_ callbacks: TrainingCallbacks, epoch finished: Int? = nil) throws
  {
    guard let validation = callbacks.validation else { return }
    let value = try validation.measure(step.model)
    let isBest = validation.isBetter(value, than: best?.value)
    if isBest {
      best = (value, validation.restoresBest ? step.model.state : [])
      worseValidations = 0
    } else {
      worseValidations += 1
    }
    let summary = ValidationSummary(
      step: history.steps, epoch: finished ?? epoch, value: value, isBest: isBest)
    history.validations.append(summary)
    try callbacks.onValidation(summary)
    if let patience = validation.patience, worseValidations >= patience {
      history.isStoppedEarly = true
    }
  }

  // MARK: Examples

  /// Of an epoch: the examples one after the other; where each draws its step, the steps of the examples; nothing for
  /// samples.
  private func order() -> [Int] {
    switch plan.sampling {
    case .shuffled: return permutation(options.key.derived("order", epoch), plan.examples)
    case .poisson: return []
    case .assigned:
      var stream = options.key.derived("assignment", epoch).stream
      return (0..<plan.examples).map { _ in stream.integer(below: plan.stepsPerEpoch) }
    }
  }

  /// The examples of the step to come.
  private func sample(_ order: [Int]) -> [Int] {
    switch plan.sampling {
    case .shuffled:
      let start = number * plan.batch
      return Array(order[start..<min(start + plan.batch, order.count)])
    case .assigned: return order.indices.filter { order[$0] == number }
    case .poisson:
      var stream = options.key.derived("sample", epoch, number).stream
      return stream.poissonSample(plan.examples, probability: plan.rate)
    }
  }

  /// In parts, each padded to its own longest example; micro-batches lie across all.
  private func batches(_ indices: [Int], _ source: any BatchSource) throws -> [Batch] {
    let sorted = sorted(indices, source)
    if case .microBatch = step.method { return [try batch(sorted, source)] }
    let size = options.partSize
    return try stride(from: 0, to: sorted.count, by: size).map {
      try batch(Array(sorted[$0..<min($0 + size, sorted.count)]), source)
    }
  }

  /// A batch that says which examples it holds.
  private func batch(_ indices: [Int], _ source: any BatchSource) throws -> Batch {
    var batch = try source.batch(indices)
    batch.examples = batch.examples ?? indices
    return batch
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

// MARK: Checkpoints

extension TrainingRun {
  /// What must be the same in the run that goes on from a checkpoint. The number of epochs may change.
  private var fingerprints: [(name: String, text: String)] {
    [
      ("optimizer", step.optimizer.fingerprint), ("method", step.methodFingerprint),
      ("loss", step.loss.name), ("examples", "\(plan.examples)"),
      ("data", dataFingerprint ?? ""), ("batch", "\(plan.batch)"),
      ("sampling", "\(plan.sampling)"),
      ("random key", options.isKeySecret ? "secret" : options.key.fingerprint),
      ("examples in memory", "\(options.partSize)"),
      ("schedule", options.schedule.map { "\($0)" } ?? "none"),
      ("gradient bound", options.gradientBound.map { "\($0)" } ?? "none"),
      (
        "trained parameters",
        step.layout.parameters.map { "\($0.name) \($0.shape)" }.joined(separator: ", ")
      ),
    ] + (options.noise.map { [("noise", $0)] } ?? [])
  }

  /// All of the run, between two steps.
  func state() throws -> TrainingState {
    var state = TrainingState()
    try step.save(to: &state)
    for (name, text) in fingerprints { state.texts["run.\(name)"] = text }
    let counters = [
      "epoch": epoch, "number": number, "steps": history.steps, "examples done": examplesDone,
      "epoch.examples": sums.examples, "epoch.clipped": sums.clipped,
      "epoch.clippable": sums.clippable, "epoch.steps": sums.steps, "worse": worseValidations,
      "best": best == nil ? 0 : 1, "stopped early": history.isStoppedEarly ? 1 : 0,
    ]
    for (name, value) in counters { state.counters["run.\(name)"] = value }
    state.numbers["run.epoch.loss"] = sums.loss
    state.numbers["run.epoch.seconds"] = sums.seconds
    state.numbers["run.seconds"] = seconds
    state.numbers["run.rate"] = baseRate
    if let best {
      state.numbers["run.best"] = best.value
      for (name, value) in best.parameters { state.tensors["best.\(name)"] = value }
    }
    state.tensors["run.epochs"] = try Tensor(
      history.epochs.flatMap {
        [
          Double($0.epoch), Double($0.steps), Double($0.examples), $0.loss, $0.seconds,
          $0.noiseMultiplier ?? .nan, $0.clippedShare,
        ]
      })
    state.tensors["run.validations"] = try Tensor(
      history.validations.flatMap {
        [Double($0.step), Double($0.epoch), $0.value, $0.isBest ? 1 : 0]
      })
    return state
  }

  /// Goes on from `state`; nothing has changed where this throws.
  mutating func restore(_ state: TrainingState) throws {
    for (name, text) in fingerprints {
      guard let saved = state.texts["run.\(name)"] else { throw TrainingState.missing(name) }
      guard saved == text else {
        func short(_ text: String) -> String {
          text.count > 200 ? text.prefix(200) + "…" : text
        }
        throw DomainError(
          .value,
          "the checkpoint is of another run: its \(name) is `\(short(saved))`, this run's `\(short(text))`"
        )
      }
    }
    var run = self
    func counter(_ name: String, upTo limit: Int = .max) throws -> Int {
      let value = try state.counter("run.\(name)")
      guard value >= 0, value <= limit else {
        throw DomainError(.data, "the checkpoint's `\(name)` is \(value)")
      }
      return value
    }
    run.epoch = try counter("epoch")
    run.number = try counter("number", upTo: plan.stepsPerEpoch)
    guard plan.sampling != .assigned || !options.isKeySecret || run.number == 0 else {
      throw DomainError(
        .privacy,
        "the checkpoint was taken within a pass whose secret draws are gone: an example could be seen twice in it",
        hint: "checkpoints at the end of an epoch can be resumed")
    }
    run.history.steps = try counter("steps")
    run.examplesDone = try counter("examples done")
    run.sums.examples = try counter("epoch.examples")
    run.sums.clipped = try counter("epoch.clipped")
    run.sums.clippable = try counter("epoch.clippable")
    run.sums.steps = try counter("epoch.steps")
    run.sums.loss = try state.number("run.epoch.loss")
    run.sums.seconds = try state.number("run.epoch.seconds")
    run.earlierSeconds = try state.number("run.seconds")
    run.baseRate = try state.number("run.rate")
    run.worseValidations = try counter("worse")
    run.history.isStoppedEarly = try counter("stopped early") != 0
    if try counter("best") != 0 {
      let named = step.model.namedParameters
      let isKept = named.contains { state.tensors["best.\($0.name)"] != nil }
      run.best = (
        try state.number("run.best"),
        isKept
          ? try named.map {
            ($0.name, try state.tensor("best.\($0.name)", .f32, $0.parameter.shape))
          } : []
      )
    }
    run.history.epochs = try rows(state, "run.epochs", 7).map {
      EpochSummary(
        epoch: try whole($0[0]), steps: try whole($0[1]), examples: try whole($0[2]), loss: $0[3],
        seconds: $0[4], noiseMultiplier: $0[5].isNaN ? nil : $0[5], clippedShare: $0[6])
    }
    run.history.validations = try rows(state, "run.validations", 4).map {
      ValidationSummary(
        step: try whole($0[0]), epoch: try whole($0[1]), value: $0[2], isBest: $0[3] != 0)
    }
    try step.restoration(from: state)()
    self = run
  }

  private func rows(_ state: TrainingState, _ name: String, _ width: Int) throws -> [[Double]] {
    let values = try state.doubles(name)
    guard values.count % width == 0 else {
      throw DomainError(.data, "the checkpoint's `\(name)` has \(values.count) numbers")
    }
    return stride(from: 0, to: values.count, by: width).map { Array(values[$0..<$0 + width]) }
  }

  private func whole(_ value: Double) throws -> Int {
    guard let number = Int(exactly: value) else {
      throw DomainError(.data, "the checkpoint's history holds \(value) where a count belongs")
    }
    return number
  }
}
