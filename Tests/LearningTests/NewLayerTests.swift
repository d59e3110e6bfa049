import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

/// GRU, convolutions, the character encoder and the CRF train privately, give the same bits for any number of threads,
/// and refuse what does not fit.
@Suite(.serialized) struct NewLayerTests {
  private struct Case {
    let model: Layer
    let batch: Batch
    let loss: Loss
  }

  private func cases(_ count: Int) throws -> [Case] {
    var random = RandomStream(seed: 3)
    let images = try Sequential([
      Convolution2D(1, 6, kernel: 5, stride: 2, padding: 2, random: &random), Activation(.relu),
      WindowPooling(.max, kernel: 2, stride: 1),
      Convolution2D(6, 10, kernel: 4, stride: 2, random: &random), Activation(.relu),
      WindowPooling(.mean, kernel: 2, stride: 1), Activation(.flatten),
      Linear(10, 3, random: &random),
    ])
    let labels = try Tensor.integers([count], from: 0, below: 3, &random)
    let encoder = try CharacterEncoder(
      characters: 11, width: 5, filters: [(2, 7), (3, 6)], random: &random)
    let crf = try CRF(4, random: &random)
    let tagger = try Sequential([
      encoder, GRU(13, 6, bidirectional: true, random: &random), Linear(12, 4, random: &random),
      crf,
    ])
    var characters = try Tensor.integers([count, 5, 6], from: 1, below: 11, &random)
      .array(Int64.self)
    // Words and sentences of different lengths; one word has no characters.
    for index in characters.indices where index % 6 > 1 + index / 6 % 5 { characters[index] = 0 }
    for index in 12..<18 { characters[index] = 0 }
    let lengths = Lengths((0..<count).map { Int32(1 + $0 % 5) })
    return [
      Case(
        model: images,
        batch: try Batch(inputs: Tensor.normal([count, 1, 16, 16], &random), labels: labels),
        loss: try .crossEntropy()),
      Case(
        model: tagger,
        batch: try Batch(
          inputs: Tensor(characters, shape: Shape([count, 5, 6])).with(lengths: lengths),
          labels: Tensor.integers([count, 5], from: 0, below: 4, &random)), loss: crf.loss()),
    ]
  }

  @Test func privateSumsEqualThoseOfOneAtATime() throws {
    for (number, test) in try cases(9).enumerated() {
      let parameters = test.model.parameters
      for bound in [0.2, 1e6] {
        var sums = try parameters.map { try Tensor.zeros($0.shape) }
        for example in 0..<test.batch.count {
          let one = try test.batch.slice(example..<(example + 1))
          let gradients = try Tape.gradients(
            of: test.loss(test.model.forward(one.inputs), one.labels).sum(),
            withRespectTo: parameters)
          var squared = 0.0
          for gradient in gradients { squared += try gradient.cast(to: .f64).square().sum().item() }
          let weight = min(1, bound / squared.squareRoot())
          for index in sums.indices { sums[index] = try sums[index] + gradients[index] * weight }
        }
        for limit in [4, 100] {
          let step = try TrainingStep(
            model: test.model, loss: test.loss, optimizer: SGD(rate: 0),
            method: .private(
              PrivateOptions(
                bound: bound, noiseMultiplier: 0, expectedBatch: 9, noise: PrivateStepTests.noise)),
            key: PrivateStepTests.key, physicalLimit: limit)
          step.onNotice = { Issue.record("model \(number): \($0)") }
          _ = try step.run(test.batch)
          for index in sums.indices {
            try expectClose(
              step.sink.gradient(index), sums[index], "model \(number), parameter \(index)",
              atol: 2e-5)
          }
        }
        guard bound == 1e6 else { continue }
        for groups in [1, 4] {
          let step = try TrainingStep(
            model: test.model, loss: test.loss, optimizer: SGD(rate: 0),
            method: .microBatch(
              MicroBatchOptions(
                microBatches: groups, bound: bound, noiseMultiplier: 0, expectedBatch: 9,
                noise: PrivateStepTests.noise, assignment: PrivateStepTests.key)),
            key: PrivateStepTests.key)
          _ = try step.run(test.batch)
          for index in sums.indices {
            try expectClose(
              step.sink.gradient(index) * (9 / Double(groups)), sums[index],
              "model \(number), \(groups) micro-batches, parameter \(index)", atol: 1e-4)
          }
        }
      }
    }
  }

  @Test func threadsDoNotChangeBits() throws {
    let before = Parallel.threads
    defer { Parallel.threads = before }
    let methods: [TrainingMethod] = [
      .plain,
      .private(
        try PrivateOptions(
          bound: 0.5, noiseMultiplier: 1, expectedBatch: 70, noise: PrivateStepTests.noise)),
      .microBatch(
        try MicroBatchOptions(
          microBatches: 4, bound: 0.5, noiseMultiplier: 1, expectedBatch: 70,
          noise: PrivateStepTests.noise, assignment: PrivateStepTests.key)),
    ]
    for method in methods {
      var states: [[[[Float]]]] = []
      for threads in [1, 2, 3] {
        Parallel.threads = threads
        states.append(
          try cases(70).map { test in
            let step = try TrainingStep(
              model: test.model, loss: test.loss, optimizer: Adam(rate: 0.01), method: method,
              key: PrivateStepTests.key)
            for _ in 0..<3 { _ = try step.run(test.batch) }
            return try test.model.parameters.map { try $0.data.array(Float.self) }
          })
      }
      #expect(states[0] == states[1] && states[0] == states[2])
    }
  }

  /// What a word becomes does not depend on its batch.
  @Test func wordsAreEncodedByThemselves() throws {
    var random = RandomStream(seed: 4)
    let encoder = try CharacterEncoder(
      characters: 9, width: 3, filters: [(1, 2), (4, 5)], random: &random)
    let word: [Int64] = [3, 1, 8]
    let alone = try encoder.forward(Tensor(word, shape: [1, 1, 3])).array(Float.self)
    let beside = try encoder.forward(
      Tensor(
        word + [0, 0, 0, 0] + [1, 2, 3, 4, 5, 6, 7] + [0, 0, 0, 0, 0, 0, 0], shape: [1, 3, 7])
    ).array(Float.self)
    #expect(alone.count == 7 && encoder.outputs == 7)
    #expect(zip(alone, beside).allSatisfy { abs($0 - $1) < 1e-6 })
    #expect(beside[14...].allSatisfy { $0 == 0 })
  }

  @Test func badSettingsAreExplained() throws {
    var random = RandomStream(seed: 1)
    func refuse(_ body: () throws -> Any, _ line: Int = #line) {
      #expect(throws: DomainError.self, "line \(line)") { _ = try body() }
    }
    refuse { try Convolution2D(3, 4, kernel: 0, random: &random) }
    refuse { try Convolution2D(3, 4, kernel: 2, stride: 0, random: &random) }
    refuse { try Convolution2D(3, 4, kernel: 2, padding: -1, random: &random) }
    refuse { try Convolution2D(3, 4, kernel: 2, groups: 2, random: &random) }
    refuse { try Convolution2D(.max, 4, kernel: 2, random: &random) }
    refuse { try Convolution2D(2_000_000, 2_000_000, kernel: 1_000_000, random: &random) }
    refuse { try Convolution1D(3, 4, kernel: -1, random: &random) }
    let convolution = try Convolution2D(3, 4, kernel: 5, random: &random)
    refuse { try convolution.forward(.zeros([1, 3, 4, 9])) }
    refuse { try convolution.forward(.zeros([1, 2, 9, 9])) }
    refuse { try convolution.forward(.zeros([3, 9, 9])) }
    refuse { try convolution.forward(.zeros([1, 3, 9, 9], .f64)) }
    refuse { try convolution.forward(.zeros([1, 3, 0, 9])) }
    #expect(try convolution.forward(.zeros([0, 3, 9, 9])).shape == [0, 4, 5, 5])
    refuse { try WindowPooling(.max, kernel: 2, padding: 2) }
    refuse { try WindowPooling(.mean, kernel: 2, dilation: 2) }
    refuse { try WindowPooling(.max, kernel: 1000) }
    refuse { try WindowPooling(.max, kernel: 3).forward(.zeros([1, 1, 2, 2])) }
    refuse { try WindowPooling(.max, overTime: 3).forward(.zeros([1, 1, 5, 5])) }
    refuse { try GRU(3, 0, random: &random) }
    refuse { try GRU(3, 2, random: &random).forward(.zeros([1, 2, 4])) }
    refuse { try CharacterEncoder(characters: 5, width: 2, filters: [], random: &random) }
    refuse {
      try CharacterEncoder(
        characters: 5, width: 2, filters: [(2, 2)], activation: .softmax, random: &random)
    }
    refuse { try CharacterEncoder(characters: 5, width: 2, filters: [(0, 2)], random: &random) }
    refuse { try Losses.divergence(of: .zeros([2, 3]), from: .zeros([2, 4])) }
    refuse { try Losses.divergence(of: .zeros([2, 3]), from: .zeros([2, 3]), temperature: 0) }
    refuse { try Losses.cosineEmbedding(.zeros([2, 3]), .zeros([2, 4])) }
    refuse { try Losses.cosineEmbedding(.zeros([2, 3]), .zeros([2, 3]), targets: .zeros([2])) }
  }
}
