import Foundation
import Foundations
import Tensors
import Testing

@testable import Learning
@testable import Privacy

/// The ways to train beside DP-SGD and eDP-SGD, with the worked numbers of METHODS (O4).
@Suite struct TrainingMethodTests {
  private func near(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    abs(a - b) < tolerance
  }

  private func source(_ count: Int = 120, width: Int = 3) throws -> TensorSource {
    var random = RandomStream(seed: 1)
    let inputs = (0..<(count * width)).map { _ in Float(random.normal()) }
    return try TensorSource(
      inputs: Tensor(inputs, shape: [count, width]),
      labels: Tensor(ints: (0..<count).map { inputs[$0 * width] > 0 ? 1 : 0 }))
  }

  private func model(_ width: Int = 3) throws -> Layer {
    var random = RandomStream(seed: 9)
    return try Linear(width, 2, random: &random)
  }

  private func train(
    _ source: any BatchSource, _ model: Layer, optimizer: Optimizer? = nil,
    _ change: (inout PrivateTrainingOptions) -> Void
  ) throws -> PrivateTrainingResult {
    var options = PrivateTrainingOptions(key: RandomKey(seed: 5))
    options.noiseMultiplier = 1
    options.isSecure = false
    options.batch = 12
    options.epochs = 2
    change(&options)
    return try PrivateTraining(source, options).run(
      model: model, loss: .crossEntropy(), optimizer: optimizer ?? SGD(rate: 0.5))
  }

  private func weights(_ model: Layer) throws -> [Float] {
    try model.parameters.flatMap { try $0.data.array(Float.self) }
  }

  // MARK: Loop

  @Test func theLoopGivesTheSameNumbers() throws {
    let (fast, slow) = (try model(), try model())
    let first = try train(source(), fast) { $0.method = .dpSGD }
    let second = try train(source(), slow) { $0.method = .loop }
    for (a, b) in zip(try weights(fast), try weights(slow)) { #expect(abs(a - b) < 1e-5) }
    #expect(first.epsilon == second.epsilon && second.method == "loop")
    #expect(try weights(fast) != weights(model()))
  }

  // MARK: Quantile clipping

  @Test func noiseOfSumAndCount() throws {
    let rule = try QuantileClipping(countNoise: 5, noise: .secure())
    #expect(try near(rule.gradientNoise(total: 1), 1.0050378153, 1e-9))
    #expect(near(rule.next(1, share: 0.9, first: 1), 0.9231163464, 1e-9))
    #expect(try rule.gradientNoise(total: 0) == 0)
    #expect(failure { _ = try rule.gradientNoise(total: 10) }?.kind == .value)
    #expect(rule.next(1e-4, share: 5, first: 1) == 1e-4)
    for noise: Double in [0, -1, .nan, .infinity] {
      #expect(
        failure { _ = try QuantileClipping(countNoise: noise, noise: .secure()) }?.kind == .value)
    }
    for target: Double in [-0.1, 1.1, .nan] {
      #expect(
        failure {
          _ = try QuantileClipping(target: target, countNoise: 1, noise: .secure())
        }?.kind == .value)
    }
    // The count's noise has its deviation, and one half an example is taken off for each.
    let draws = (0..<4000).map { rule.share(within: 30, of: 50, expected: 100, step: $0) }
    let mean = draws.reduce(0, +) / 4000
    let variance = draws.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 4000
    #expect(near(mean, 0.55, 0.004) && near(variance.squareRoot(), 0.05, 0.003))
  }

  /// Geometric updates find the median of norms 0.5 … 1.5 whatever the first bound.
  @Test(arguments: [0.05, 20]) func theBoundFindsTheQuantile(_ first: Double) throws {
    let rows = (0..<101).flatMap { [Float(0.5 + Double($0) / 100), 0] }
    let loss = Loss("sum", keepsExamplesApart: true) { output, _ in
      try output.reshaped([output.count])
    }
    var random = RandomStream(seed: 1)
    let model = try Linear(2, 1, bias: false, random: &random)
    var options = try PrivateOptions(
      bound: first, noiseMultiplier: 0.1, expectedBatch: 101, noise: .secure())
    options.quantile = try QuantileClipping(countNoise: 2, noise: .secure())
    let step = try TrainingStep(
      model: model, loss: loss, optimizer: SGD(rate: 0), method: .private(options),
      key: RandomKey(seed: 1))
    let batch = try Batch(inputs: Tensor(rows, shape: [101, 2]), labels: .zeros([101]))
    for _ in 0..<80 { _ = try step.run(batch) }
    let bound = try #require(step.clippingBound)
    #expect(near(bound, 1, 0.15))
  }

  @Test func quantilesInARun() throws {
    let model = try model()
    let result = try train(source(), model) { $0.quantile = 0.5 }
    let bound = try #require(result.clippingBound)
    #expect(bound != 1 && bound > 0.1 && bound < 2)
    let plain = try train(source(), try self.model()) { _ in }
    // The multiplier pays for both.
    #expect(result.epsilon == plain.epsilon && plain.clippingBound == nil)
    for method in [PrivateTrainingOptions.Method.edpSGD, .dpFTRL] {
      #expect(
        failure {
          _ = try train(source(), model) {
            $0.quantile = 0.5
            $0.method = method
          }
        }?.kind == .value)
    }
    #expect(failure { _ = try train(source(), model) { $0.quantile = 2 } }?.kind == .value)
  }

  // MARK: DP-Adam

  /// σ 0.5, C 1, B 100: Φ = 2.5e-5. With m̂ 0.02 and v̂ 0.000425 the step is 1, without the correction 0.97.
  @Test(arguments: [(2.5e-5, 1.0), (0, 0.9701425)])
  func noiseIsTakenOutOfTheSquares(_ noise: Double, _ expected: Double) throws {
    let parameter = try Parameter("p", .zeros([1]))
    let optimizer = try PrivateAdam(rate: 1, beta1: 0, beta2: 0.5)
    try optimizer.prepare(ParameterLayout([parameter]))
    // The second step: v̂ = (v/2 + g²/2) / (1 - 1/4), and Φ likewise, with no noise in this step itself.
    optimizer.restore(stepCount: 1, [try .zeros([128]), try .full([128], 0.0002375)])
    optimizer.noiseSquares = [noise * 1.5]
    let sum: [Float] = [2]
    try sum.withUnsafeBufferPointer {
      try optimizer.update(
        [0], StepGradients(sources: [StepGradients.Source(values: $0.baseAddress)], scale: 0.01),
        beginsStep: true)
    }
    #expect(near(-Double(parameter.data.floats[0]), expected, 1e-6))
  }

  @Test func theNoisesShareFollowsItsVariance() throws {
    let parameter = try Parameter("p", .zeros([4]))
    let optimizer = try PrivateAdam(rate: 1e-3, beta2: 0.9)
    try optimizer.prepare(ParameterLayout([parameter]))
    let key = NoiseKey.seeded(RandomKey(seed: 3))
    var expected = 0.0
    for (step, deviation) in [0.5, 0.5, 2].enumerated() {
      try optimizer.update(
        [0],
        StepGradients(
          sources: [StepGradients.Source()], scale: 0.01, deviations: [Float(deviation)],
          stream: key.stream(step), noiseVariance: step == 2 ? 3 : 1), beginsStep: true)
      expected =
        0.9 * expected + 0.1 * deviation * deviation * 1e-4 * (step == 2 ? 3 : 1)
    }
    let squares = try #require(optimizer.noiseSquares)
    #expect(near(squares[0], expected, 1e-10))
    // After one step of constant noise the corrected share is Φ itself.
    let fresh = try PrivateAdam(beta2: 0.9)
    try fresh.prepare(ParameterLayout([parameter]))
    try fresh.update(
      [0],
      StepGradients(
        sources: [StepGradients.Source()], scale: 0.01, deviations: [0.5], stream: key.stream(0)),
      beginsStep: true)
    let first = try #require(fresh.noiseSquares)
    #expect(near(first[0] / (1 - 0.9), 2.5e-5, 1e-10))
    #expect(try Adam().noiseSquares == nil)
  }

  @Test func trainsWithDPAdam() throws {
    let model = try model()
    let result = try train(source(), model, optimizer: PrivateAdam(rate: 0.05, floor: 1e-3)) {
      $0.epochs = 10
    }
    #expect(result.losses.allSatisfy { $0.isFinite })
    #expect(try Evaluation(model).accuracy(source()) > 0.8)
    for floor: Double in [0, -1, .nan, .infinity] {
      #expect(failure { _ = try PrivateAdam(floor: floor) }?.kind == .value)
    }
  }

  /// The bound that follows a quantile and the noise's share in DP-Adam's squares go on from a checkpoint.
  @Test func aCheckpointKeepsBoundAndNoise() throws {
    var options = PrivateTrainingOptions(key: RandomKey(seed: 5))
    options.noiseMultiplier = 1
    options.isSecure = false
    options.batch = 12
    options.epochs = 4
    options.quantile = 0.5
    func run(_ model: Layer, _ callbacks: TrainingCallbacks, _ state: TrainingState?) throws
      -> PrivateTrainingResult
    {
      try PrivateTraining(source(), options).run(
        model: model, loss: .crossEntropy(), optimizer: PrivateAdam(rate: 0.05, floor: 1e-3),
        callbacks, resuming: state)
    }
    var state: TrainingState?
    var callbacks = TrainingCallbacks()
    callbacks.checkpoint = try Checkpointing(every: .epochs(2)) { if state == nil { state = $0 } }
    let (whole, resumed) = (try model(), try model())
    let first = try run(whole, callbacks, nil)
    let kept = try #require(state)
    let second = try run(resumed, TrainingCallbacks(), kept)
    #expect(first.clippingBound == second.clippingBound && first.clippingBound != 1)
    #expect(try weights(whole) == weights(resumed))
    #expect(kept.numbers["step.clipping bound"] != nil)
  }
}
