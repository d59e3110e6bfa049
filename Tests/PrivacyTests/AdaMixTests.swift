import Foundation
import Foundations
import Learning
import Tensors
import Testing

@testable import Privacy

@Suite struct AdaMixTests {
  private func source(_ count: Int, seed: UInt64, width: Int = 12) throws -> TensorSource {
    var random = RandomStream(seed: seed)
    var inputs: [Float] = []
    var labels: [Int] = []
    for i in 0..<count {
      // Three classes around corners, in a space where most directions say nothing.
      for axis in 0..<width {
        inputs.append(Float((axis == i % 3 ? 2.0 : 0) + 0.7 * random.normal()))
      }
      labels.append(i % 3)
    }
    return try TensorSource(
      inputs: Tensor(inputs, shape: [count, width]), labels: Tensor(ints: labels))
  }

  private func options(_ change: (inout AdaMixOptions) -> Void = { _ in }) -> AdaMixOptions {
    var options = AdaMixOptions(key: RandomKey(seed: 5))
    options.epsilon = 2
    options.epochs = 3
    options.batch = 100
    options.isSecure = false
    change(&options)
    return options
  }

  private func run(_ options: AdaMixOptions) throws -> (PrivateTrainingResult, Layer) {
    var random = RandomStream(seed: 9)
    let model = try Linear(12, 3, random: &random)
    let result = try AdaMix(
      public: source(9, seed: 1), private: source(300, seed: 2), options
    ).run(model: model, loss: .crossEntropy(), optimizer: { try SGD(rate: 0.5) })
    return (result, model)
  }

  /// O10: (1, 2, 3) on the span of (1, 0, 0) and (1, 1, 0).
  @Test func projections() throws {
    let gradients = try Tensor([Float]([1, 0, 0, 1, 1, 0]), shape: [2, 1, 3])
    let vector = try Tensor([Float]([1, 2, 3]), shape: [1, 3])
    let kept = try PublicSubspace(gradients, rank: nil).project(vector).array(Float.self)
    for (value, expected) in zip(kept, [Float(1), 2, 0]) { #expect(abs(value - expected) < 1e-5) }
    // Many vectors of few numbers go the other way.
    let many = try Tensor([Float]([1, 0, 0, 1, 1, 0, 2, 1, 0, 0, 3, 0]), shape: [4, 1, 3])
    let same = try PublicSubspace(many, rank: nil).project(vector).array(Float.self)
    for (value, expected) in zip(same, [Float(1), 2, 0]) { #expect(abs(value - expected) < 1e-5) }
    // A first direction only: the top singular vector of (3, 0, 0) and (0, 1, 0).
    let top = try PublicSubspace(
      Tensor([Float]([3, 0, 0, 0, 1, 0]), shape: [2, 1, 3]), rank: 1
    ).project(vector).array(Float.self)
    for (value, expected) in zip(top, [Float(1), 0, 0]) { #expect(abs(value - expected) < 1e-5) }
    // Nothing spans nothing; what has no rows stays.
    let none = try PublicSubspace(.zeros([2, 1, 3]), rank: nil).project(vector)
    #expect(try none.array(Float.self) == [0, 0, 0])
    let bias = try Tensor([Float]([4, 5]))
    #expect(
      try PublicSubspace(.zeros([2, 2]), rank: nil).project(bias).array(Float.self) == [4, 5])
  }

  @Test func basesAreOrthonormal() throws {
    var random = RandomStream(seed: 2)
    for (count, width, rank) in [(5, 9, nil), (9, 5, nil), (6, 6, 3)] as [(Int, Int, Int?)] {
      let vectors = (0..<count).map { _ in (0..<width).map { _ in random.normal() } }
      let basis = try PublicSubspace.basis(vectors, rank: rank)
      #expect(basis.count == rank ?? min(count, width))
      for i in basis.indices {
        for j in basis.indices {
          let product = zip(basis[i], basis[j]).reduce(0) { $0 + $1.0 * $1.1 }
          #expect(abs(product - (i == j ? 1 : 0)) < 1e-9)
        }
      }
    }
  }

  @Test func adaptiveBounds() throws {
    let gradients = try Tensor([Float]([3, 4, 0, 1, -6, 8, 1, 0]), shape: [4, 1, 2])
    #expect(AdaMix.bound([gradients], 0.5) == 1)
    #expect(AdaMix.bound([gradients], 0.75) == 5 && AdaMix.bound([gradients], 1) == 10)
    #expect(try AdaMix.bound([.zeros([3, 1, 2])], 0.9) == 1e-6)
  }

  @Test func staysWithinItsBudget() throws {
    let (result, model) = try run(options())
    #expect(result.epsilon <= 2 && result.epsilon > 1.99 && result.epsilonRDP >= result.epsilon)
    #expect(result.steps == 9 && result.method == "adamix" && result.losses.count == 3)
    #expect(result.notes.contains("the 9 public examples are not protected"))
    #expect(try Evaluation(model).accuracy(source(300, seed: 3)) > 0.8)
    let training = try AdaMix(
      public: source(9, seed: 1), private: source(300, seed: 2), options())
    #expect(
      training.event
        == .sampledGaussian(
          rate: 100.0 / 300, noiseMultiplier: result.noiseMultiplier, steps: 9))
    let (same, again) = try run(options())
    #expect(same.losses == result.losses)
    #expect(
      try again.parameters[0].data.array(Float.self) == model.parameters[0].data.array(Float.self))
  }

  /// A projected noise moves the weights only where public gradients go.
  @Test func noiseOutsideOfTheSubspaceIsTakenOff() throws {
    func moved(_ projects: Bool) throws -> Double {
      var random = RandomStream(seed: 9)
      let model = try Linear(12, 3, bias: false, random: &random)
      let before = try model.parameters[0].data.array(Float.self)
      let width = 12
      // Public examples within the first three axes.
      let inputs = (0..<(6 * width)).map { $0 % width == ($0 / width) % 3 ? Float(1) : 0 }
      let few = try TensorSource(
        inputs: Tensor(inputs, shape: [6, width]), labels: Tensor(ints: (0..<6).map { $0 % 3 }))
      _ = try AdaMix(
        public: few, private: source(60, seed: 2),
        options {
          $0.epsilon = nil
          $0.noiseMultiplier = 2
          $0.projects = projects
        }
      ).run(model: model, loss: .crossEntropy(), optimizer: { try SGD(rate: 0.5) })
      let after = try model.parameters[0].data.array(Float.self)
      return zip(before, after).enumerated().reduce(0) {
        $1.offset % width >= 3 ? $0 + Double(abs($1.element.0 - $1.element.1)) : $0
      }
    }
    #expect(try moved(true) == 0)
    #expect(try moved(false) > 0.1)
  }

  @Test func radiusAndFixedBound() throws {
    let (result, model) = try run(
      options {
        $0.bound = 0.5
        $0.radius = 0.75
      })
    #expect(result.clippingBound == 0.5)
    let norm = try model.parameters.reduce(0.0) {
      try $1.data.array(Float.self).reduce($0) { $0 + Double($1) * Double($1) }
    }.squareRoot()
    #expect(norm <= 0.75 * (1 + 1e-6))
  }

  @Test func badOptions() throws {
    let changes: [(inout AdaMixOptions) -> Void] = [
      { $0.epsilon = .infinity }, { $0.epsilon = nil }, { $0.noiseMultiplier = 1 },
      { $0.epsilon = -1 }, { $0.delta = 0 }, { $0.delta = .nan }, { $0.quantile = 0 },
      { $0.quantile = 2 }, { $0.bound = 0 }, { $0.bound = .nan }, { $0.rank = 0 },
      { $0.radius = -1 }, { $0.publicEpochs = -1 }, { $0.epochs = -1 }, { $0.batch = 0 },
    ]
    for (index, change) in changes.enumerated() {
      #expect(failure { _ = try run(options(change)) }?.kind == .value, "\(index)")
    }
  }
}
