import Foundation
import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

/// Runs that were cut off and go on, and what else the training loop does beside steps.
@Suite(.serialized) struct TrainingResumeTests {
  private struct Killed: Error {}

  private func source(_ count: Int = 90) throws -> TokenSource {
    var random = RandomStream(seed: 5)
    let sequences = (0..<count).map { _ in
      (0..<(2 + random.integer(below: 6))).map { _ in Int32(1 + random.integer(below: 11)) }
    }
    return try TokenSource(sequences, labels: sequences.map { Int($0[0]) % 3 })
  }

  private func model(_ seed: UInt64 = 1, hidden: Int = 5) throws -> Layer {
    var random = RandomStream(seed: seed)
    return try Sequential([
      Embedding(12, 6, paddingIndex: 0, random: &random), LSTM(6, hidden, random: &random),
      Pooling(.mean), Dropout(0.2), Linear(hidden, 3, random: &random),
    ])
  }

  private static let noise = NoiseKey.seeded(RandomKey(seed: 12))

  private static func method(_ name: String) throws -> TrainingMethod {
    switch name {
    case "dp":
      .private(
        try PrivateOptions(
          bound: 0.5, noiseMultiplier: 0.8, expectedBatch: 16, noise: noise,
          layers: .runningMedian))
    case "edp":
      .microBatch(
        try MicroBatchOptions(
          microBatches: 3, bound: 0.5, noiseMultiplier: 0.8, expectedBatch: 16, noise: noise,
          assignment: RandomKey(seed: 4)))
    default: .plain
    }
  }

  private static func optimizer(_ name: String) throws -> Optimizer {
    switch name {
    case "sgd": try SGD(rate: 0.1, momentum: 0.9, dampening: 0.1)
    case "adam": try Adam(rate: 0.02)
    default: try Adam.decoupled(rate: 0.02)
    }
  }

  private func trainer(_ model: Layer, _ optimizer: String, _ method: String, epochs: Int = 4)
    throws
    -> Trainer
  {
    let plan = try SamplingPlan(
      examples: 90, batch: 16, epochs: epochs, sampling: method == "plain" ? .shuffled : .poisson)
    return try Trainer(
      model: model, loss: .crossEntropy(), optimizer: Self.optimizer(optimizer),
      method: Self.method(method),
      options: TrainingOptions(
        plan: plan, key: RandomKey(seed: 7), physicalLimit: 10,
        schedule: LearningRateSchedule(.cosine(cycles: 1), steps: 24, warmup: 3),
        gradientBound: method == "plain" ? 0.7 : nil))
  }

  /// Noise that decays from epoch to epoch, and a validation that is a function of the model alone.
  private func callbacks(_ source: TokenSource) throws -> TrainingCallbacks {
    var callbacks = TrainingCallbacks()
    callbacks.onEpochStart = { epoch, step in
      step.method.noiseMultiplier = 0.8 / Double(epoch + 1)
    }
    callbacks.validation = try Validation(every: .steps(4)) { model in
      try Evaluation(model).losses(source, .crossEntropy()).reduce(0, +)
    }
    return callbacks
  }

  private func bits(_ model: Layer) throws -> [[UInt32]] {
    try model.parameters.map { try $0.data.array(Float.self).map(\.bitPattern) }
  }

  private func temporaryFile() -> String {
    FileManager.default.temporaryDirectory
      .appending(component: "fairlead-\(UUID().uuidString).state").path
  }

  @Test(arguments: ["sgd", "adam", "adamw"], ["plain", "dp", "edp"])
  func resumedRunsHaveTheSameBits(optimizer: String, method: String) throws {
    let source = try source()
    let whole = try model()
    let expected = try trainer(whole, optimizer, method).run(source, callbacks(source))
    let path = temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: path) }
    // Every 5 of 6 steps an epoch: in the middle of one, and at an epoch's last step.
    for (every, kill) in [
      (TrainingInterval.steps(5), 8), (.steps(6), 7), (.epochs(1), 15), (.steps(1), 23),
    ] {
      let cut = try model()
      var interrupted = try callbacks(source)
      interrupted.checkpoint = try Checkpointing(every: every, path: path)
      interrupted.onStep = { if $0.step == kill { throw Killed() } }
      #expect(throws: Killed.self) {
        try trainer(cut, optimizer, method).run(source, interrupted)
      }
      // Another process: nothing is left but the file.
      let resumed = try model(99)
      let state = try TrainingState(contentsOf: path)
      let history = try trainer(resumed, optimizer, method).run(
        source, callbacks(source), resuming: state)
      #expect(try bits(resumed) == bits(whole), "\(every)")
      #expect(history.steps == expected.steps)
      #expect(history.epochs.map(\.loss) == expected.epochs.map(\.loss))
      #expect(history.epochs.map(\.clippedShare) == expected.epochs.map(\.clippedShare))
      #expect(history.epochs.map(\.noiseMultiplier) == expected.epochs.map(\.noiseMultiplier))
      #expect(history.validations.map(\.value) == expected.validations.map(\.value))
      #expect(history.best?.step == expected.best?.step)
    }
  }

  @Test func checkpointsOfOtherRunsAreRefused() throws {
    let source = try source()
    var saved: TrainingState?
    var callbacks = try callbacks(source)
    callbacks.checkpoint = try Checkpointing(every: .steps(5)) { saved = $0 }
    _ = try trainer(model(), "adam", "dp", epochs: 1).run(source, callbacks)
    let state = try #require(saved)
    func refuse(
      _ what: String, _ model: Layer, _ optimizer: String, _ method: String, _ state: TrainingState
    ) throws {
      let before = try bits(model)
      let trainer = try trainer(model, optimizer, method)
      #expect(throws: DomainError.self, "\(what)") {
        try trainer.run(source, TrainingCallbacks(), resuming: state)
      }
      #expect(try bits(model) == before, "\(what)")
    }
    let others = try TokenSource(
      source.sequences.map { $0.reversed() }, labels: source.labels)
    let untouched = try model(2)
    let error = #expect(throws: DomainError.self) {
      try trainer(untouched, "adam", "dp").run(others, TrainingCallbacks(), resuming: state)
    }
    #expect(error?.message.contains("its data is") == true)
    try refuse("another model", model(2, hidden: 6), "adam", "dp", state)
    try refuse("another optimizer", model(2), "sgd", "dp", state)
    try refuse("another method", model(2), "adam", "edp", state)
    for name in state.tensors.keys {
      var damaged = state
      damaged.tensors[name] = nil
      try refuse("without \(name)", model(2), "adam", "dp", damaged)
      damaged.tensors[name] = try Tensor.zeros([3], .i64)
      try refuse("with another \(name)", model(2), "adam", "dp", damaged)
    }
    for name in state.counters.keys {
      var damaged = state
      damaged.counters[name] = nil
      try refuse("without \(name)", model(2), "adam", "dp", damaged)
    }
    for name in state.texts.keys {
      var damaged = state
      damaged.texts[name] = "something else"
      try refuse("with another \(name)", model(2), "adam", "dp", damaged)
    }
    var damaged = state
    damaged.tensors["parameter.9.weight"] = try Tensor.zeros([3])
    try refuse("with one parameter more", model(2), "adam", "dp", damaged)
    damaged = state
    damaged.counters["run.number"] = 1000
    try refuse("beyond the epoch", model(2), "adam", "dp", damaged)
    // It was a good one all the time, and more epochs may follow.
    _ = try trainer(model(2), "adam", "dp").run(source, TrainingCallbacks(), resuming: state)
  }

  @Test func damagedFilesAreRefused() throws {
    var state = TrainingState()
    state.texts["a"] = "ü"
    state.counters["b"] = -3
    state.numbers["c"] = .nan
    state.tensors["d"] = try Tensor([Float]([1, 2, 3, 4, 5, 6]), shape: [2, 3]).transposed()
    state.tensors["e"] = try Tensor([Double]())
    state.tensors["user.f"] = try Tensor([Int64]([7]))
    let path = temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try state.write(to: path)
    let read = try TrainingState(contentsOf: path)
    #expect(read.texts == state.texts && read.counters == state.counters)
    #expect(read.numbers["c"]?.isNaN == true)
    #expect(read.tensors["d"]?.shape == [3, 2] && read.tensors["e"]?.count == 0)
    #expect(try read.tensors["d"]?.array(Float.self) == [1, 4, 2, 5, 3, 6])
    #expect(try read.tensors["user.f"]?.integers() == [7])
    let bytes = try Data(contentsOf: URL(filePath: path))
    func refuse(_ data: Data, _ what: String) throws {
      try data.write(to: URL(filePath: path))
      #expect(throws: DomainError.self, "\(what)") { try TrainingState(contentsOf: path) }
    }
    for length in 0..<bytes.count { try refuse(bytes.prefix(length), "cut at \(length)") }
    for place in bytes.indices {
      var changed = bytes
      changed[place] ^= 0x10
      try refuse(changed, "changed at \(place)")
    }
    try refuse(bytes + [0], "with a byte more")
    #expect(throws: DomainError.self) { try TrainingState(contentsOf: path + ".missing") }
    #expect(throws: DomainError.self) { try TrainingState(contentsOf: "/") }
    #expect(throws: DomainError.self) { try state.write(to: path + "/none/x") }
    // A write that fails leaves the old file and nothing else.
    try state.write(to: path)
    #expect(try TrainingState(contentsOf: path).counters == state.counters)
  }

  /// A file whose checksum is right and whose contents are not.
  @Test func malformedFilesWithAGoodChecksumAreRefused() throws {
    var state = TrainingState()
    state.texts["name"] = "text"
    state.tensors["tensor"] = try Tensor([Float]([1, 2, 3]))
    let path = temporaryFile()
    defer { try? FileManager.default.removeItem(atPath: path) }
    try state.write(to: path)
    let bytes = [UInt8](try Data(contentsOf: URL(filePath: path)))
    let body = Array(bytes.dropLast(32))
    var refused = 0
    for place in 16..<body.count {
      for value in [UInt8(0), 0x7f, 0xff] where body[place] != value {
        var changed = body
        changed[place] = value
        try Data(changed + TrainingState.digest(changed[...])).write(to: URL(filePath: path))
        // A changed name or number is another good state; everything else must be refused, and nothing may trap.
        do { _ = try TrainingState(contentsOf: path) } catch is DomainError { refused += 1 }
      }
    }
    #expect(refused > 100)
  }

  // MARK: Beside steps

  @Test func accumulationEqualsTheLargeBatch() throws {
    let source = try source()
    func run(_ accumulation: Int, _ method: String) throws -> [Tensor] {
      var random = RandomStream(seed: 1)
      let model = try Sequential([
        Embedding(12, 6, paddingIndex: 0, random: &random), LSTM(6, 5, random: &random),
        Pooling(.mean), Linear(5, 3, random: &random),
      ])
      let plan = try SamplingPlan(
        examples: 90, batch: 30, epochs: 2, sampling: method == "plain" ? .shuffled : .poisson)
      _ = try Trainer(
        model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0.5, momentum: 0.5),
        method: Self.method(method),
        options: TrainingOptions(plan: plan, key: RandomKey(seed: 7), accumulation: accumulation)
      ).run(source)
      return model.parameters.map(\.data)
    }
    for method in ["plain", "dp"] {
      let whole = try run(1, method)
      for parts in [2, 7] {
        for (a, b) in zip(try run(parts, method), whole) {
          try expectClose(a, b, "\(method), \(parts) parts", atol: 1e-5)
        }
      }
    }
  }

  @Test func gradientsAreClippedByTheirCommonNorm() throws {
    var random = RandomStream(seed: 1)
    let tokens = try Tensor.integers([8, 4], from: 0, below: 12, &random)
    let batch = try Batch(
      inputs: tokens, labels: Tensor.integers([8], from: 0, below: 3, &random))
    func moved(_ bound: Double?) throws -> (change: Double, result: StepResult) {
      let model = try model()
      let before = try model.parameters.map { try $0.data.doubles() }
      let step = try TrainingStep(
        model: model, loss: .crossEntropy(), optimizer: SGD(rate: 1), key: RandomKey(seed: 1))
      step.gradientBound = bound
      let result = try step.run(batch)
      var squares = 0.0
      for (old, parameter) in zip(before, model.parameters) {
        for (a, b) in zip(old, try parameter.data.doubles()) { squares += (a - b) * (a - b) }
      }
      return (squares.squareRoot(), result)
    }
    let free = try moved(nil)
    let clipped = try moved(free.change / 3)
    #expect(abs(clipped.change - free.change / 3) < 1e-4)
    #expect(clipped.result.clipped == 1 && free.result.clippable == 0)
    let loose = try moved(free.change * 3)
    #expect(abs(loose.change - free.change) < 1e-5 && loose.result.clipped == 0)
    let step = try TrainingStep(
      model: model(), loss: .crossEntropy(), optimizer: SGD(rate: 1), method: Self.method("dp"),
      key: RandomKey(seed: 1))
    step.gradientBound = 1
    #expect(throws: DomainError.self) { try step.run(batch) }
  }

  @Test func schedulesSetTheRate() throws {
    let source = try source()
    let model = try model()
    let optimizer = try SGD(rate: 0.4)
    let plan = try SamplingPlan(examples: 90, batch: 30, epochs: 4, sampling: .shuffled)
    let schedule = try LearningRateSchedule(.linear, steps: plan.steps, warmup: 4)
    var rates: [Double] = []
    var callbacks = TrainingCallbacks()
    callbacks.onStep = { _ in rates.append(optimizer.rate) }
    _ = try Trainer(
      model: model, loss: .crossEntropy(), optimizer: optimizer,
      options: TrainingOptions(plan: plan, key: RandomKey(seed: 1), schedule: schedule)
    ).run(source, callbacks)
    #expect(rates == (0..<12).map { 0.4 * schedule.factor(step: $0) })
    #expect(rates[0] == 0 && rates[4] == 0.4)
  }

  @Test func earlyStoppingKeepsTheBest() throws {
    let source = try source()
    for restores in [true, false] {
      let model = try model()
      let values = [5.0, 3, 4, .nan, 2.95, 4, 4, 4, 4]
      var taken: [[[UInt32]]] = []
      var callbacks = TrainingCallbacks()
      var notified: [Int] = []
      callbacks.validation = try Validation(
        every: .epochs(1), patience: 3, minimumChange: 0.1, restoresBest: restores
      ) { model in
        taken.append(try self.bits(model))
        return values[taken.count - 1]
      }
      callbacks.onValidation = { notified.append($0.step) }
      let history = try trainer(model, "adam", "plain", epochs: 9).run(source, callbacks)
      // 2.95 is not better than 3 by more than 0.1: the third in a row ends the run.
      #expect(history.isStoppedEarly && !history.isStopped && history.epochs.count == 5)
      #expect(history.best?.epoch == 1 && history.validations.count == 5)
      #expect(notified == [6, 12, 18, 24, 30])
      #expect(try bits(model) == (restores ? taken[1] : taken[4]))
    }
    #expect(throws: DomainError.self) { try Validation(patience: 0) { _ in 0 } }
    #expect(throws: DomainError.self) { try Validation(every: .steps(0)) { _ in 0 } }
  }

  @Test func optimizersAreCopiedWithoutState() throws {
    for name in ["sgd", "adam", "adamw"] {
      let optimizer = try Self.optimizer(name)
      optimizer.rate = 0.3
      let copy = try optimizer.fresh()
      #expect(copy.rate == 0.3 && copy.name == optimizer.name && copy.stepCount == 0)
      #expect(copy.fingerprint == optimizer.fingerprint)
    }
  }
}
