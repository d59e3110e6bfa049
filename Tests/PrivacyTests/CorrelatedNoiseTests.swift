import Foundation
import Foundations
import Tensors
import Testing

@testable import Learning
@testable import Privacy

/// DP-FTRL: noise of the tree and of the square root of the matrix of prefix sums (O4).
@Suite struct CorrelatedNoiseTests {
  private func near(_ a: Double, _ b: Double, _ tolerance: Double) -> Bool {
    abs(a - b) < tolerance
  }

  /// The noise of each prefix sum as weights of the z of each step.
  private func prefixes(_ correlation: NoiseCorrelation) -> [[Double]] {
    var sum = [Double](repeating: 0, count: correlation.stepsPerPass)
    return (0..<correlation.stepsPerPass).map { step in
      sum[step] += 1
      for term in correlation.earlier(step) { sum[step - term.back] += term.weight }
      return sum
    }
  }

  @Test func prefixesOfATree() throws {
    let tree = try NoiseCorrelation(.tree, stepsPerPass: 8)
    let variances = prefixes(tree).map { $0.reduce(0) { $0 + $1 * $1 } }
    #expect(variances == [1, 1, 2, 1, 2, 2, 3, 1])
    for steps in 1...200 {
      // Node t covers lowbit(t) steps; the example of the first step is in most of them.
      let nodes = (1...steps).filter { $0 - ($0 & -$0) < 1 }.count
      #expect(near(tree.sensitivity(steps: steps), Double(nodes).squareRoot(), 1e-12))
      #expect(nodes == Int(log2(Double(steps + 1)).rounded(.up)))
    }
    let long = try NoiseCorrelation(.tree, stepsPerPass: 1000)
    for (index, weights) in prefixes(long).enumerated() {
      let expected = Double((index + 1).nonzeroBitCount)
      #expect(weights.reduce(0) { $0 + $1 * $1 } == expected)
      #expect(weights.allSatisfy { $0 == 0 || $0 == 1 })
    }
  }

  @Test func theSquareRoot() throws {
    #expect(
      NoiseCorrelation.coefficients(8) == [
        1, 0.5, 0.375, 0.3125, 0.2734375, 0.24609375, 0.2255859375, 0.20947265625,
      ])
    #expect(NoiseCorrelation.inverseCoefficients(5) == [1, -0.5, -0.125, -0.0625, -5.0 / 128])
    let matrix = try NoiseCorrelation(.toeplitz, stepsPerPass: 8)
    #expect(near(matrix.scale, 1.310869657559, 1e-11))
    // The squared error of a prefix is ‖row of B‖² · sens²: the largest and the mean of O4.
    let errors = prefixes(matrix).map {
      $0.reduce(0) { $0 + $1 * $1 } * matrix.scale * matrix.scale
    }
    #expect(near(errors.max() ?? 0, 2.952827278, 1e-8))
    #expect(near(errors.reduce(0, +) / 8, 2.514944004, 1e-8))
    // B = C: the noise of prefix t is Σ c_{t-k} z_k.
    let c = NoiseCorrelation.coefficients(8)
    for (t, row) in prefixes(matrix).enumerated() {
      for k in 0..<8 { #expect(near(row[k], k <= t ? c[t - k] : 0, 1e-12)) }
    }
    #expect(near(matrix.sensitivity(steps: 8), 1, 1e-12) && matrix.sensitivity(steps: 0) == 0)
    #expect(matrix.sensitivity(steps: 3) < 1)
    #expect(failure { _ = try NoiseCorrelation(.toeplitz, stepsPerPass: 20_000) }?.kind == .value)
    #expect(failure { _ = try NoiseCorrelation(.tree, stepsPerPass: 0) }?.kind == .value)
  }

  /// What training adds up has the promised noise: the parameters after each step of two passes without gradients.
  @Test(arguments: NoiseCorrelation.Factorization.allCases)
  func theNoiseOfAStepsSum(_ factorization: NoiseCorrelation.Factorization) throws {
    let size = 20_000
    let weight = try Parameter("w", .zeros([size]))
    let layer = Weights(weight)
    let loss = Loss("none") { output, _ in try output.reshaped([output.count]) * 0 }
    var options = try PrivateOptions(
      bound: 2, noiseMultiplier: 1.5, expectedBatch: 10, noise: .secure())
    let correlation = try NoiseCorrelation(factorization, stepsPerPass: 8)
    options.correlation = correlation
    let step = try TrainingStep(
      model: layer, loss: loss, optimizer: SGD(rate: 1), method: .private(options),
      key: RandomKey(seed: 1))
    let empty = try Batch(inputs: .zeros([0, 1]), labels: .zeros([0]))
    let errors = prefixes(correlation).map { $0.reduce(0) { $0 + $1 * $1 } }
    let unit = 1.5 * 2 / 10 * correlation.scale
    var ofFirstPass = 0.0
    for number in 0..<16 {
      _ = try step.run(empty)
      let values = try weight.data.array(Float.self).map(Double.init)
      let variance = values.reduce(0) { $0 + $1 * $1 } / Double(size)
      let expected = (ofFirstPass + errors[number % 8]) * unit * unit
      // Five standard deviations of a sample variance.
      #expect(abs(variance / expected - 1) < 5 * (2 / Double(size)).squareRoot(), "\(number)")
      if number == 7 { ofFirstPass = errors[7] }
    }
  }

  private func source(_ count: Int = 160) throws -> TensorSource {
    var random = RandomStream(seed: 1)
    let inputs = (0..<(count * 3)).map { _ in Float(random.normal()) }
    return try TensorSource(
      inputs: Tensor(inputs, shape: [count, 3]),
      labels: Tensor(ints: (0..<count).map { inputs[$0 * 3] > 0 ? 1 : 0 }))
  }

  private func options(_ change: (inout PrivateTrainingOptions) -> Void) -> PrivateTrainingOptions {
    var options = PrivateTrainingOptions(key: RandomKey(seed: 5))
    options.method = .dpFTRL
    options.isSecure = false
    options.batch = 20
    options.epochs = 4
    change(&options)
    return options
  }

  @Test(arguments: NoiseCorrelation.Factorization.allCases)
  func trainsWithinABudget(_ factorization: NoiseCorrelation.Factorization) throws {
    var random = RandomStream(seed: 9)
    let model = try Linear(3, 2, random: &random)
    let training = try PrivateTraining(
      source(),
      options {
        $0.epsilon = 8
        $0.factorization = factorization
      })
    let result = try training.run(
      model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0.2, momentum: 0.9))
    #expect(result.epsilon <= 8 && result.epsilon > 7.99 && result.steps == 32)
    #expect(try Evaluation(model).accuracy(source()) > 0.8)
    // One Gaussian release a pass; a tree's example is in four nodes.
    let nodes = factorization == .tree ? 4.0 : 1
    let exact = try GaussianMechanism.noiseMultiplier(epsilon: 8, delta: 1e-5)
    #expect(isClose(result.noiseMultiplier, exact * (nodes * 4).squareRoot(), relative: 1e-4))
    #expect(training.epsilon(after: 8) < training.epsilon(after: 9))
    #expect(training.epsilon(after: 9) < training.epsilon(after: 16))
    #expect(training.runningEpsilon(after: 32) >= result.epsilon)
    #expect(training.epsilon(after: 0) == 0)
  }

  /// n = 1600 has eleven levels (dp-accounting's tests of SingleEpochTreeAggregation).
  @Test func epsilonsOfTrees() throws {
    let tree = try NoiseCorrelation(.tree, stepsPerPass: 1600)
    #expect(near(tree.sensitivity(steps: 1600), 11.0.squareRoot(), 1e-12))
    for (sigma, expected) in [(1.13, 18.709610), (8.83, 1.773192)] {
      let event = Event(
        .gaussian(noiseMultiplier: sigma / tree.sensitivity(steps: 1600)))
      #expect(try near(TrainingAccountant.rdp.epsilon(of: event, delta: 1e-6), expected, 1e-5))
      #expect(try TrainingAccountant.pld.epsilon(of: event, delta: 1e-6) < expected)
    }
  }

  /// Everyone is in one step of each pass, and who is in which depends on nobody else.
  @Test func everyExampleOnceAPass() throws {
    final class Watching: BatchSource {
      let source: TensorSource
      var seen: [[Int]] = []
      init(_ source: TensorSource) { self.source = source }
      var count: Int { source.count }
      func batch(_ indices: [Int]) throws -> Batch {
        seen.append(indices)
        return try source.batch(indices)
      }
    }
    let watching = Watching(try source())
    var random = RandomStream(seed: 9)
    _ = try PrivateTraining(watching, options { $0.noiseMultiplier = 1 }).run(
      model: Linear(3, 2, random: &random), loss: .crossEntropy(), optimizer: SGD(rate: 0.2))
    #expect(watching.seen.count == 32)
    for pass in 0..<4 {
      let examples = watching.seen[(pass * 8)..<(pass * 8 + 8)].flatMap { $0 }
      #expect(examples.sorted() == Array(0..<160))
    }
    #expect(watching.seen[0] != watching.seen[8])
  }

  @Test func whatDoesNotGoTogether() throws {
    let source = try source()
    #expect(
      failure {
        _ = try PrivateTraining(
          source,
          options {
            $0.noiseMultiplier = 1
            $0.decay = 0.9
          })
      }?.kind == .value)
  }

  /// Within a pass a secure run cannot go on: its draws are gone.
  @Test func resumesBetweenPassesOnly() throws {
    func resume(after steps: Int, secure: Bool) throws -> Int {
      var state: TrainingState?
      var made = 0
      var callbacks = TrainingCallbacks()
      callbacks.checkpoint = try Checkpointing(every: .steps(steps)) {
        if state == nil { state = $0 }
      }
      callbacks.onStep = { made = $0.step }
      callbacks.shouldStop = { made == steps }
      let chosen = options {
        $0.noiseMultiplier = 1
        $0.isSecure = secure
      }
      func model() throws -> Layer {
        var random = RandomStream(seed: 9)
        return try Linear(3, 2, random: &random)
      }
      _ = try PrivateTraining(source(), chosen).run(
        model: model(), loss: .crossEntropy(), optimizer: SGD(rate: 0.2), callbacks)
      return try PrivateTraining(source(), chosen).run(
        model: model(), loss: .crossEntropy(), optimizer: SGD(rate: 0.2), TrainingCallbacks(),
        resuming: #require(state)
      ).steps
    }
    #expect(try resume(after: 3, secure: false) == 32)
    #expect(failure { _ = try resume(after: 3, secure: true) }?.kind == .privacy)
  }
}

/// A layer whose parameter nothing uses.
private final class Weights: Layer {
  init(_ weight: Parameter) {
    super.init(kind: "weights")
    own("w", weight)
  }
  override func forward(_ input: Tensor) throws -> Tensor { input }
}
