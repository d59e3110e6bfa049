import Foundations
import Learning
import Tensors
import Testing

/// Whole runs: they learn, repeat, do not depend on the number of threads, and stop when asked.
@Suite(.serialized) struct TrainerTests {
  /// Sequences of different lengths; the label says which of three marks occurs in one.
  private func task(_ count: Int, seed: UInt64) throws -> TokenSource {
    var random = RandomStream(seed: seed)
    var sequences: [[Int32]] = []
    var labels: [Int] = []
    for _ in 0..<count {
      let label = random.integer(below: 3)
      var sequence = (0..<(2 + random.integer(below: 8))).map { _ in
        Int32(4 + random.integer(below: 16))
      }
      sequence[random.integer(below: sequence.count)] = Int32(1 + label)
      sequences.append(sequence)
      labels.append(label)
    }
    return try TokenSource(sequences, labels: labels)
  }

  private func classifier(recurrent: Bool, seed: UInt64 = 1) throws -> Layer {
    var random = RandomStream(seed: seed)
    let embedding = try Embedding(20, 16, paddingIndex: 0, random: &random)
    if recurrent {
      return try Sequential([
        embedding, LSTM(16, 12, bidirectional: true, random: &random), Pooling(.max),
        Dropout(0.1), Linear(24, 3, random: &random),
      ])
    }
    return try Sequential([
      embedding, Pooling(.mean), Linear(16, 16, random: &random), Activation(.relu),
      Linear(16, 3, random: &random),
    ])
  }

  private func train(
    _ model: Layer, _ source: TokenSource, _ method: TrainingMethod = .plain,
    sampling: Sampling = .shuffled, epochs: Int = 12, rate: Double = 0.02,
    _ callbacks: TrainingCallbacks = TrainingCallbacks()
  ) throws -> TrainingHistory {
    let plan = try SamplingPlan(
      examples: source.count, batch: 32, epochs: epochs, sampling: sampling)
    return try Trainer(
      model: model, loss: .crossEntropy(), optimizer: Adam(rate: rate), method: method,
      options: TrainingOptions(plan: plan, key: RandomKey(seed: 7))
    ).run(source, callbacks)
  }

  private static func dp(_ sigma: Double) throws -> TrainingMethod {
    .private(
      try PrivateOptions(
        bound: 1, noiseMultiplier: sigma, expectedBatch: 32, noise: .seeded(RandomKey(seed: 3))))
  }

  private static func edp(_ sigma: Double) throws -> TrainingMethod {
    .microBatch(
      try MicroBatchOptions(
        microBatches: 4, bound: 1, noiseMultiplier: sigma, expectedBatch: 32,
        noise: .seeded(RandomKey(seed: 3)), assignment: RandomKey(seed: 4)))
  }

  @Test(arguments: [false, true]) func learnsATask(recurrent: Bool) throws {
    let source = try task(600, seed: 1)
    let test = try task(300, seed: 2)
    for (method, least) in [
      (TrainingMethod.plain, 0.97), (try TrainerTests.dp(0.3), 0.9),
      (try TrainerTests.edp(0.1), 0.9),
    ] {
      let model = try classifier(recurrent: recurrent)
      let history = try train(
        model, source, method, sampling: method.isPrivate ? .poisson : .shuffled)
      let accuracy = try Evaluation(model).accuracy(test)
      #expect(accuracy >= least, "recurrent \(recurrent), \(method)")
      #expect(history.epochs.count == 12 && history.steps == 12 * 19)
      #expect(try #require(history.epochs.last).loss < history.epochs[0].loss)
    }
  }

  @Test func threadsDoNotChangeBits() throws {
    let source = try task(100, seed: 5)
    let before = Parallel.threads
    defer { Parallel.threads = before }
    for recurrent in [false, true] {
      for method in [.plain, try TrainerTests.dp(1), try TrainerTests.edp(1)] {
        var states: [[[Float]]] = []
        for threads in [1, 2, 3] {
          Parallel.threads = threads
          let model = try classifier(recurrent: recurrent)
          _ = try train(model, source, method, epochs: 2)
          states.append(try model.parameters.map { try $0.data.array(Float.self) })
        }
        #expect(states[0] == states[1] && states[0] == states[2])
      }
    }
  }

  @Test func steadyStepsAllocateNothing() throws {
    var random = RandomStream(seed: 6)
    for method in [.plain, try TrainerTests.dp(1), try TrainerTests.edp(1)] {
      let model = try classifier(recurrent: true)
      let step = try TrainingStep(
        model: model, loss: .crossEntropy(), optimizer: Adam(), method: method,
        key: RandomKey(seed: 1))
      let batch = try Batch(
        inputs: Tensor.integers([32, 9], from: 1, below: 20, &random),
        labels: Tensor.integers([32], from: 0, below: 3, &random))
      for _ in 0..<5 { _ = try step.run(batch) }
      // Suites beside this one ask, too, but not all the time; a step that asked would do so every time.
      let isSteady = try (0..<20).contains { _ in
        let before = StoragePool.shared.allocationsFromSystem
        _ = try step.run(batch)
        return StoragePool.shared.allocationsFromSystem == before
      }
      #expect(isSteady)
    }
  }

  @Test func runsRepeatAndStop() throws {
    let source = try task(100, seed: 5)
    let first = try classifier(recurrent: true)
    let second = try classifier(recurrent: true)
    _ = try train(first, source, epochs: 1)
    _ = try train(second, source, epochs: 1)
    for (a, b) in zip(first.parameters, second.parameters) {
      #expect(try a.data.array(Float.self) == b.data.array(Float.self))
    }
    var callbacks = TrainingCallbacks()
    var seen = 0
    callbacks.onStep = { progress in
      seen = progress.step
      #expect(progress.steps == 12 && progress.epochs == 3)
    }
    callbacks.shouldStop = { seen == 5 }
    let history = try train(first, source, epochs: 3, callbacks)
    #expect(history.isStopped && history.steps == 5 && seen == 5)
  }

  @Test func epochsMayDecayTheNoise() throws {
    let source = try task(64, seed: 5)
    var callbacks = TrainingCallbacks()
    callbacks.onEpochStart = { epoch, step in step.method.noiseMultiplier = epoch == 0 ? 1.5 : 0.75
    }
    let history = try train(
      classifier(recurrent: false), source, TrainerTests.edp(1.5), epochs: 2, callbacks)
    #expect(history.epochs.map(\.noiseMultiplier) == [1.5, 0.75])
  }

  @Test func evaluationKeepsTheOrderOfTheSource() throws {
    let source = try task(70, seed: 9)
    let model = try classifier(recurrent: true)
    let loss = try Loss.crossEntropy()
    let together = try Evaluation(model, batch: 16).losses(source, loss)
    for index in [0, 13, 69] {
      let one = try source.batch([index])
      let alone = try loss(model.forward(one.inputs), one.labels).item()
      #expect(abs(alone - together[index]) < 1e-5)
    }
    let outputs = try Evaluation(model, batch: 16).outputs(source)
    #expect(outputs.shape == [70, 3])
  }

  /// In one pass, or in two where the loss runs the model itself.
  @Test func lossAndAccuracyAreThoseOfTwoPasses() throws {
    let source = try task(70, seed: 9)
    for (recurrent, smoothing) in [(true, 0), (false, 0.1)] {
      let evaluation = Evaluation(try classifier(recurrent: recurrent), batch: 16)
      let loss = try Loss.crossEntropy(labelSmoothing: smoothing)
      let own = Loss("own", evaluating: { model, batch in try loss.value(model, batch) })
      let mean = Loss("mean") { output, labels in try loss(output, labels).mean() }
      for loss in [loss, own, mean] {
        let found = try evaluation.lossAndAccuracy(source, loss)
        #expect(try found.loss == evaluation.meanLoss(source, loss))
        #expect(try found.accuracy == evaluation.accuracy(source))
      }
    }
  }

  @Test func badInputIsExplained() throws {
    var random = RandomStream(seed: 1)
    let model = try classifier(recurrent: false)
    #expect(throws: DomainError.self) { try model.forward(Tensor([Int64]([25]), shape: [1, 1])) }
    #expect(throws: DomainError.self) { try model.forward(Tensor([Float]([1]), shape: [1, 1])) }
    #expect(throws: DomainError.self) { try Linear(3, 2, random: &random).forward(.zeros([2, 4])) }
    #expect(throws: DomainError.self) { try Linear(0, 2, random: &random) }
    #expect(throws: DomainError.self) { try LSTM(3, 2, random: &random).forward(.zeros([2, 3])) }
    #expect(throws: DomainError.self) { try Dropout(1) }
    #expect(throws: DomainError.self) { try Pooling(.mean, axis: 4).forward(.zeros([2, 3])) }
    #expect(throws: DomainError.self) {
      try Losses.crossEntropy(.zeros([2, 3]), Tensor([Int64]([0, 3])))
    }
    #expect(throws: DomainError.self) {
      try SamplingPlan(examples: 0, batch: 1, epochs: 1, sampling: .shuffled)
    }
    model.setTrainable(false)
    #expect(throws: DomainError.self) {
      try TrainingStep(
        model: model, loss: .crossEntropy(), optimizer: Adam(), key: RandomKey(seed: 1))
    }
  }
}
