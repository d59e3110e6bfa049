import Foundations
import Learning
import Tensors
import Testing

@testable import Privacy

@Suite struct PrivateTrainingTests {
  /// Two clouds of points that a line separates.
  func points(_ count: Int = 400, seed: UInt64 = 1) throws -> TensorSource {
    var random = RandomStream(seed: seed)
    var inputs: [Float] = []
    var labels: [Int] = []
    for i in 0..<count {
      let side = Double(i % 2 * 2 - 1)
      inputs += [
        Float(side * 1.5 + random.normal()), Float(random.normal()), Float(-side + random.normal()),
      ]
      labels.append(i % 2)
    }
    return try TensorSource(
      inputs: Tensor(inputs, shape: [count, 3]), labels: Tensor(ints: labels))
  }

  func model() throws -> Layer {
    var random = RandomStream(seed: 9)
    return try Linear(3, 2, random: &random)
  }

  func options(_ epsilon: Double? = 4, _ change: (inout PrivateTrainingOptions) -> Void = { _ in })
    -> PrivateTrainingOptions
  {
    var options = PrivateTrainingOptions(key: RandomKey(seed: 5))
    options.epsilon = epsilon
    options.isSecure = false
    options.batch = 40
    change(&options)
    return options
  }

  func train(_ options: PrivateTrainingOptions, _ model: Layer) throws -> PrivateTrainingResult {
    try PrivateTraining(points(), options).run(
      model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0.5))
  }

  @Test func staysWithinItsBudget() throws {
    let model = try model()
    let result = try train(options(), model)
    #expect(result.epsilon <= 4 && result.epsilon > 3.99)
    #expect(result.steps == 50 && result.plannedSteps == 50 && result.sampleRate == 0.1)
    #expect(result.losses.count == 5 && !result.isStopped && result.epsilonPaper == nil)
    let event = Event.sampledGaussian(
      rate: 0.1, noiseMultiplier: result.noiseMultiplier, steps: 50)
    #expect(try result.epsilon == TrainingAccountant.pld.epsilon(of: event, delta: 1e-5))
    #expect(try result.epsilonRDP == TrainingAccountant.rdp.epsilon(of: event, delta: 1e-5))
    #expect(result.epsilonRDP > result.epsilon && result.accountant == .pld)
    #expect(try Evaluation(model).accuracy(points(seed: 2)) > 0.85)
  }

  /// A run that ends after two of its epochs with a checkpoint, which another one is given.
  private func resume(
    _ first: PrivateTrainingOptions, _ second: PrivateTrainingOptions
  ) throws -> (state: TrainingState, result: PrivateTrainingResult, model: Layer) {
    var state: TrainingState?
    var callbacks = TrainingCallbacks()
    var epochs = 0
    callbacks.checkpoint = try Checkpointing(every: .epochs(2)) { if state == nil { state = $0 } }
    callbacks.onEpochEnd = { _ in epochs += 1 }
    callbacks.shouldStop = { epochs == 2 }
    _ = try PrivateTraining(points(), first).run(
      model: model(), loss: .crossEntropy(), optimizer: SGD(rate: 0.5), callbacks)
    let model = try model()
    let kept = try #require(state)
    let result = try PrivateTraining(points(), second).run(
      model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0.5), TrainingCallbacks(),
      resuming: kept)
    return (kept, result, model)
  }

  @Test(arguments: PrivateTrainingOptions.Method.allCases)
  func aCheckpointGoesOn(_ method: PrivateTrainingOptions.Method) throws {
    let seeded = options {
      $0.method = method
      $0.rateDecay = .linear
      $0.accumulation = 2
    }
    let whole = try model()
    let result = try train(seeded, whole)
    let resumed = try resume(seeded, seeded)
    #expect(try (ParameterVector(whole) - ParameterVector(resumed.model)).norm == 0)
    #expect(resumed.result.losses == result.losses && resumed.result.epsilon == result.epsilon)
    // Secure runs have other noise, and no key of theirs is written down.
    var secure = seeded
    secure.isSecure = true
    let other = try resume(secure, secure)
    #expect(other.result.steps == 50 && other.result.epsilon == result.epsilon)
    #expect(other.state.texts["run.random key"] == "secret")
    let method = try #require(other.state.texts["run.method"])
    #expect(method.contains("secure") && !method.contains("seeded"))
    #expect(!method.contains("assignment") || method.contains("assignment: secret"))
  }

  @Test func aCheckpointOfOtherNoiseIsRefused() throws {
    let little = options(nil) { $0.noiseMultiplier = 0.3 }
    let much = options(nil) { $0.noiseMultiplier = 3 }
    #expect(failure { _ = try resume(little, much) }?.kind == .value)
  }

  /// When a run ends by what it gave, it has spent what it had planned.
  @Test func patienceSpendsTheWholeBudget() throws {
    var callbacks = TrainingCallbacks()
    callbacks.validation = try Validation(patience: 1) { _ in 1 }
    let result = try PrivateTraining(points(), options()).run(
      model: model(), loss: .crossEntropy(), optimizer: SGD(rate: 0.5), callbacks)
    #expect(result.isStoppedEarly && !result.isStopped && result.steps == 20)
    #expect(result.accountedSteps == 50 && result.epsilon > 3.99 && result.epsilon <= 4)
    #expect(result.validations == [1, 1])
  }

  @Test func sameKeySameModel() throws {
    let first = try model()
    let second = try model()
    let third = try model()
    _ = try train(options(), first)
    _ = try train(options(), second)
    _ = try train(options(4) { $0.isSecure = true }, third)
    let values = try [first, second, third].map { try $0.parameters[0].data.array(Float.self) }
    #expect(values[0] == values[1])
    #expect(values[0] != values[2])
  }

  @Test func efficientVariantReportsBothReadings() throws {
    let result = try train(
      options(8) {
        $0.method = .edpSGD
        $0.microBatches = 8
      }, try model())
    #expect(result.epsilon <= 8 && result.epsilon > 7.99)
    let paper = try #require(result.epsilonPaper)
    #expect(paper < result.epsilon)
    let schedule = try NoiseSchedule(
      initial: result.noiseMultiplier, decay: 0.95, epochs: 5, stepsPerEpoch: 10)
    for (accounting, accountant, expected) in [
      (MicroBatchAccounting.asPublished, TrainingAccountant.rdp, paper),
      (.honest, .pld, result.epsilon), (.honest, .rdp, result.epsilonRDP),
    ] {
      let event = schedule.event(rate: 0.1, sensitivity: accounting.sensitivity)
      #expect(try isClose(expected, accountant.epsilon(of: event, delta: 1e-5), relative: 1e-9))
    }
    let loose = try train(
      options(8) {
        $0.method = .edpSGD
        $0.accounting = .asPublished
      }, try model())
    let limited = try #require(loose.epsilonPaper)
    #expect(isClose(limited, 8, relative: 1e-3) && loose.epsilon > 8)
    #expect(loose.notes.contains { $0.contains("paper's epsilon") })
  }

  @Test func infiniteBudgetIsPlainTraining() throws {
    let model = try model()
    let result = try train(options(.infinity), model)
    #expect(result.epsilon == .infinity && result.noiseMultiplier == 0)
    #expect(
      result.notes == [
        "epsilon is infinite: trained without clipping and without noise"
      ])
    let plain = try self.model()
    let source = try points()
    let plan = try SamplingPlan(examples: 400, batch: 40, epochs: 5, sampling: .shuffled)
    _ = try Trainer(
      model: plain, loss: .crossEntropy(), optimizer: SGD(rate: 0.5),
      options: TrainingOptions(plan: plan, key: RandomKey(seed: 5))
    ).run(source)
    #expect(
      try model.parameters[0].data.array(Float.self) == plain.parameters[0].data.array(Float.self))
  }

  @Test func givenNoise() throws {
    let result = try train(options(nil) { $0.noiseMultiplier = 1.5 }, try model())
    #expect(result.noiseMultiplier == 1.5 && result.epsilon > 0 && result.epsilon < .infinity)
    let none = try train(options(nil) { $0.noiseMultiplier = 0 }, try model())
    #expect(none.epsilon == .infinity)
  }

  @Test func anInterruptedRunKnowsItsCost() throws {
    var steps = 0
    var callbacks = TrainingCallbacks()
    callbacks.onStep = { steps = $0.step }
    callbacks.shouldStop = { steps == 7 }
    let training = try PrivateTraining(points(), options())
    let result = try training.run(
      model: model(), loss: .crossEntropy(), optimizer: SGD(rate: 0.5), callbacks)
    #expect(result.isStopped && result.steps == 7)
    #expect(result.epsilon == training.epsilon(after: 7))
    #expect(result.epsilon > 0 && result.epsilon < training.epsilon(after: 50))
    #expect(training.epsilon(after: 0) == 0)
    #expect(training.epsilon(after: 10_000) == training.epsilon(after: 50))
    // It is what the accountant says of the schedule's event, in any order of asking.
    for steps in [7, 23, 50] {
      let event = try #require(training.schedule).event(rate: training.plan.rate, steps: steps)
      #expect(
        try training.epsilon(after: steps) == TrainingAccountant.pld.epsilon(of: event, delta: 1e-5)
      )
      #expect(
        try training.runningEpsilon(after: steps)
          == TrainingAccountant.rdp.epsilon(of: event, delta: 1e-5))
    }
  }

  @Test func badOptions() throws {
    let source = try points()
    for epsilon: Double in [0, -1, .nan] {
      let error = failure { _ = try PrivateTraining(source, options(epsilon)) }
      #expect(error?.kind == .value && error?.message == "epsilon must be above 0, got \(epsilon)")
    }
    // Noise that rounding swallows promises nothing.
    let huge = failure { _ = try PrivateTraining(source, options(1e300)) }
    #expect(huge?.kind == .value && huge?.hint == "`epsilon: inf` trains without privacy")
    let little = failure {
      _ = try PrivateTraining(source, options(nil) { $0.noiseMultiplier = 1e-9 })
    }
    #expect(little?.kind == .value)
    for delta: Double in [0, 1, -1, .nan] {
      #expect(
        failure { _ = try PrivateTraining(source, options { $0.delta = delta }) }?.kind == .value)
    }
    for bound: Double in [0, -1, .nan, .infinity] {
      #expect(
        failure { _ = try PrivateTraining(source, options { $0.maxGradNorm = bound }) }?.kind
          == .value)
    }
    for decay: Double in [0, 1.5, .nan] {
      #expect(
        failure { _ = try PrivateTraining(source, options { $0.decay = decay }) }?.kind == .value)
    }
    #expect(failure { _ = try PrivateTraining(source, options(nil)) }?.kind == .value)
    #expect(
      failure { _ = try PrivateTraining(source, options { $0.noiseMultiplier = 1 }) }?.kind
        == .value)
    #expect(failure { _ = try PrivateTraining(source, options { $0.batch = 0 }) }?.kind == .value)
    #expect(failure { _ = try PrivateTraining(source, options { $0.epochs = -1 }) }?.kind == .value)
    let large = try PrivateTraining(source, options { $0.delta = 0.01 })
    #expect(large.notes.contains { $0.hasPrefix("delta 0.01 is not below 1/400") })
  }

  /// A delta that 32-bit noise cannot keep is told.
  @Test func theNoiseEnds() throws {
    let source = try points()
    func notes(_ delta: Double, _ noise: Double) throws -> [String] {
      try PrivateTraining(
        source,
        options(nil) {
          $0.noiseMultiplier = noise
          $0.delta = delta
        }
      ).notes.filter { $0.contains("6.8 standard deviations") }
    }
    #expect(try notes(1e-5, 1).isEmpty && notes(1e-5, 4).isEmpty)
    #expect(try notes(1e-9, 1).count == 1 && notes(1e-5, 0.4).count == 1)
    let schedule = try NoiseSchedule(initial: 1, epochs: 5, stepsPerEpoch: 10)
    let beyond = try PrivateTraining(source, options()).costs.deltaOfTheNoiseEnd(schedule)
    // 5 · P(z > 5.7637).
    #expect(isClose(beyond, 5 * 4.12e-9, relative: 0.01))
  }

  /// Members leak without privacy and do not with it.
  @Test func noiseHidesMembers() throws {
    var random = RandomStream(seed: 3)
    func noise(_ count: Int) throws -> TensorSource {
      let inputs = (0..<(count * 40)).map { _ in Float(random.normal()) }
      return try TensorSource(
        inputs: Tensor(inputs, shape: [count, 40]),
        labels: Tensor(ints: (0..<count).map { _ in random.integer(below: 2) }))
    }
    let members = try noise(40)
    let others = try noise(400)
    func attack(_ epsilon: Double) throws -> AttackResult {
      var initial = RandomStream(seed: 4)
      let model = try Linear(40, 2, random: &initial)
      var options = PrivateTrainingOptions(key: RandomKey(seed: 6))
      options.epsilon = epsilon
      options.isSecure = false
      options.epochs = 100
      options.batch = 20
      _ = try PrivateTraining(members, options).run(
        model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0.5))
      let loss = try Loss.crossEntropy()
      return try MembershipAttack.lossThreshold(
        members: Evaluation(model).losses(members, loss),
        others: Evaluation(model).losses(others, loss))
    }
    let plain = try attack(.infinity).auc
    #expect(plain > 0.68)
    #expect(try attack(0.5).auc < plain - 0.1)
  }
}
