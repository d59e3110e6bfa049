import Foundation
import Foundations
import Tensors
import Testing

@testable import Learning
@testable import Privacy

/// Training that protects users with all of their examples.
@Suite struct UnitTrainingTests {
  private let key = RandomKey(seed: 3)

  /// Sums of a linear model's output have the example itself for a gradient.
  private func step(_ rows: [Float], _ owners: [String], mean: Bool, limit: Int? = nil) throws
    -> [Float]
  {
    let source = try UnitSource(
      TensorSource(
        inputs: Tensor(rows, shape: [owners.count, 2]), labels: .zeros([owners.count])),
      owners: owners, limit: limit, isMean: mean, key: key)
    var random = RandomStream(seed: 1)
    let model = try Linear(2, 1, bias: false, random: &random)
    let loss = Loss("sum") { output, _ in try output.reshaped([output.count]) }
    let step = try TrainingStep(
      model: model, loss: loss, optimizer: SGD(rate: 1),
      method: .private(
        PrivateOptions(bound: 1, noiseMultiplier: 0, expectedBatch: 1, noise: .secure())),
      key: key)
    let result = try step.run(source.batch(Array(0..<source.count)))
    #expect(result.examples == source.count && result.clippable == source.count)
    return try step.sink.gradient(0).array(Float.self)
  }

  @Test func aUserIsClippedAsOne() throws {
    let rows: [Float] = [3, 0, 0, 0.25, 0, 8, 0.5, 0]
    let owners = ["a", "b", "a", "b"]
    // a: (3, 8), b: (0.5, 0.25), short enough.
    let sum = try step(rows, owners, mean: false)
    let norm = Float(73).squareRoot()
    for (value, expected) in zip(sum, [3 / norm + 0.5, 8 / norm + 0.25]) {
      #expect(abs(value - expected) < 1e-5)
    }
    let mean = try step(rows, owners, mean: true)
    for (value, expected) in zip(mean, [3 / norm + 0.25, 8 / norm + 0.125]) {
      #expect(abs(value - expected) < 1e-5)
    }
    // However many examples a user has, the sum moves by the bound at most.
    let many = try step(
      [Float](repeating: 5, count: 200), [String](repeating: "a", count: 100), mean: false)
    #expect(many[0] * many[0] + many[1] * many[1] <= 1)
  }

  @Test func chosenExamples() throws {
    let inner = try TensorSource(
      inputs: Tensor((0..<20).map(Float.init), shape: [10, 2]), labels: .zeros([10]))
    let owners = ["x", "y", "x", "x", "x", "x", "z", "x", "y", "x"]
    let source = try UnitSource(inner, owners: owners, limit: 3, key: key)
    #expect(source.count == 3 && source.examples == 6)
    let batch = try source.batch([2, 0])
    #expect(batch.units == [0..<1, 1..<4] && batch.averagesUnits && batch.examples?.first == 6)
    #expect(try UnitSource(inner, owners: owners, key: key).examples == 10)
    let again = try UnitSource(inner, owners: owners, limit: 3, key: key).batch([0])
    #expect(try again.inputs.array(Float.self) == source.batch([0]).inputs.array(Float.self))
    #expect(failure { _ = try UnitSource(inner, owners: ["a"], key: key) }?.kind == .value)
    #expect(
      failure { _ = try UnitSource(inner, owners: owners, limit: 0, key: key) }?.kind == .value)
  }

  @Test(arguments: [PrivateTrainingOptions.Method.dpSGD, .loop, .dpFTRL, .edpSGD])
  func trainsAndSaysWhomItProtects(_ method: PrivateTrainingOptions.Method) throws {
    var random = RandomStream(seed: 1)
    let inputs = (0..<900).map { _ in Float(random.normal()) }
    let inner = try TensorSource(
      inputs: Tensor(inputs, shape: [300, 3]),
      labels: Tensor(ints: (0..<300).map { inputs[$0 * 3] > 0 ? 1 : 0 }))
    let source = try UnitSource(
      inner, owners: (0..<300).map { "user \($0 % 100)" }, limit: 2, key: key)
    var options = PrivateTrainingOptions(key: key)
    options.method = method
    options.epsilon = 8
    options.batch = 20
    options.epochs = 4
    options.isSecure = false
    guard method != .edpSGD else {
      #expect(failure { _ = try PrivateTraining(source, options) }?.kind == .value)
      return
    }
    let training = try PrivateTraining(source, options)
    #expect(training.event.unit == .user && training.unit == .user)
    let model = try Linear(3, 2, random: &random)
    let result = try training.run(
      model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0.5))
    // Of 100 users, 20 a step.
    #expect(result.unit == .user && result.sampleRate == 0.2 && result.steps == 20)
    #expect(result.epsilon <= 8 && result.epsilon > 7.99)
    #expect(try Evaluation(model).accuracy(inner) > 0.8)
  }
}
