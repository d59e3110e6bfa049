import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

/// Labels that devices make themselves.
@Suite struct LabellingTests {
  /// Points on a line, by which side of 0 they are on.
  private static func source() throws -> TensorSource {
    let points: [Float] = [-4, -2, -0.1, 0.1, 2, 4]
    return try TensorSource(
      inputs: Tensor(points, shape: [6, 1]), labels: Tensor(ints: [0, 0, 0, 1, 1, 1]))
  }

  /// Logits (-x, x).
  private static func model() throws -> Layer {
    var random = RandomKey(seed: 1).stream
    let model = try Linear(1, 2, bias: false, random: &random)
    try model.load([("weight", Tensor([-1, 1] as [Float], shape: [2, 1]))])
    return model
  }

  @Test func sureExamplesLabelThemselves() throws {
    let labels = try SelfTraining(confidence: 0.9)
    // σ(2·2) = 0.982, σ(2·0.1) = 0.550.
    let found = try labels.labels(
      Self.source(), examples: [5, 0, 2, 3, 1], model: Self.model())
    #expect(found.examples == [5, 0, 1])
    #expect(found.labels == [1, 0, 0])
    let all = try SelfTraining(confidence: 0.5).labels(
      Self.source(), examples: [2, 3], model: Self.model())
    #expect(all.examples == [2, 3] && all.labels == [0, 1])
    let none = try labels.labels(Self.source(), examples: [], model: Self.model())
    #expect(none.examples.isEmpty)
    #expect(throws: DomainError.self) { try SelfTraining(confidence: 1.5) }
    #expect(throws: DomainError.self) { try SelfTraining(confidence: .nan) }
  }

  @Test func brokenModelsAreRefused() throws {
    let model = try Self.model()
    try model.load([("weight", Tensor([Float.nan, 1], shape: [2, 1]))])
    #expect(throws: DomainError.self) {
      try SelfTraining().labels(Self.source(), examples: [0], model: model)
    }
  }

  @Test func peopleConfirmWhatIsRight() throws {
    let right = try UserFeedback(noise: 0, key: RandomKey(seed: 3))
    let found = try right.labels(Self.source(), examples: [0, 3, 5], model: Self.model())
    #expect(found.examples == [0, 3, 5] && found.labels == [0, 1, 1])
    // Who always errs confirms what is wrong, and the model is always right here.
    let wrong = try UserFeedback(noise: 1, key: RandomKey(seed: 3))
    #expect(
      try wrong.labels(Self.source(), examples: [0, 3, 5], model: Self.model()).examples.isEmpty)
    #expect(throws: DomainError.self) { try UserFeedback(noise: -0.1, key: RandomKey(seed: 3)) }
    #expect(throws: DomainError.self) { try UserFeedback(noise: .nan, key: RandomKey(seed: 3)) }
  }

  @Test func noiseHasItsRate() throws {
    let count = 4000
    let source = try TensorSource(
      inputs: Tensor([Float](repeating: 1, count: count), shape: [count, 1]),
      labels: Tensor(ints: [Int](repeating: 1, count: count)))
    let noisy = try UserFeedback(noise: 0.2, key: RandomKey(seed: 5))
    let found = try noisy.labels(source, examples: Array(0..<count), model: Self.model())
    // 3200 expected, standard deviation 25.3.
    #expect(abs(found.examples.count - 3200) < 128)
    let again = try noisy.labels(source, examples: Array(0..<count), model: Self.model())
    #expect(again.examples == found.examples)
  }
}
