import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

/// Layers and losses of the tasks of language: spans, two sequences, CRFs at the end of a model.
@Suite struct SequenceTaskTests {
  @Test func spansLeavePaddingOut() throws {
    let scores = try Tensor([1, 2, 3, 4, 5, 6] as [Float], shape: [1, 3, 2])
    let plain = try Spans().forward(scores)
    #expect(plain.shape == [1, 2, 3])
    #expect(try plain.contiguous().array(Float.self) == [1, 3, 5, 2, 4, 6])
    let padded = try Spans().forward(scores.with(lengths: Lengths([2])))
    let values = try padded.contiguous().array(Float.self)
    #expect(values[0] == 1 && values[1] == 3 && values[2] < -1e8 && values[5] < -1e8)
    #expect(throws: DomainError.self) { try Spans().forward(Tensor.zeros([2, 3])) }
    let chances = try padded.softmax().contiguous().array(Float.self)
    #expect(chances[2] == 0 && abs(chances[0] + chances[1] - 1) < 1e-6)
  }

  @Test func theBestSpanIsAllowed() throws {
    // Starts 5 1 0 2, ends 9 1 3 4.
    let logits = try Tensor([5, 1, 0, 2, 9, 1, 3, 4] as [Float], shape: [1, 2, 4])
    let all = [[true, true, true, true]]
    #expect(try Spans.best(logits, allowed: all, longest: 9) == [0...0])
    #expect(try Spans.best(logits, allowed: [[false, true, true, true]], longest: 9) == [3...3])
    let later = try Tensor([5, 1, 0, 2, 0, 1, 3, 4] as [Float], shape: [1, 2, 4])
    #expect(try Spans.best(later, allowed: all, longest: 9) == [0...3])
    #expect(try Spans.best(later, allowed: all, longest: 3) == [0...2])
    #expect(try Spans.best(later, allowed: all, longest: 1_000_000) == [0...3])
    #expect(try Spans.best(later, allowed: [[false, false, false, false]], longest: 2) == [nil])
    #expect(throws: DomainError.self) { try Spans.best(later, allowed: all, longest: 0) }
    #expect(throws: DomainError.self) { try Spans.best(later, allowed: [], longest: 1) }
  }

  private static func writers() throws -> [any SequenceWriter] {
    var random = RandomKey(seed: 7).stream
    var result: [any SequenceWriter] = try RecurrentWriter.Cell.allCases.map {
      try RecurrentWriter(vocabulary: 9, width: 6, hidden: 5, cell: $0, random: &random)
    }
    result.append(
      try EncoderDecoder(
        vocabulary: 9, context: 8, encoderBlocks: 1, decoderBlocks: 1,
        TransformerSettings(width: 8, heads: 2, isPreNorm: true), random: &random))
    return result
  }

  /// Sources of 3 places, targets of 2.
  private static func rows() throws -> (inputs: Tensor, labels: Tensor) {
    (
      try Tensor(ints: [3, 4, 0, 2, 5, 6, 7, 8, 2, 6, 5, 0, 0, 2, 3], shape: [3, 5]),
      try Tensor(ints: [5, 1, 6, 1, 3, -100], shape: [3, 2])
    )
  }

  @Test func paddingOfASourceChangesNothing() throws {
    for writer in try Self.writers() {
      let narrow = try SequenceToSequence(writer, sourceWidth: 2)
      let wide = try SequenceToSequence(writer, sourceWidth: 4)
      let a = try narrow.forward(Tensor(ints: [3, 4, 2, 5], shape: [1, 4]))
      let b = try wide.forward(Tensor(ints: [3, 4, 0, 0, 2, 5], shape: [1, 6]))
      #expect(a.shape == [1, 2, 9])
      let (x, y) = (try a.array(Float.self), try b.array(Float.self))
      #expect(zip(x, y).allSatisfy { abs($0 - $1) < 1e-5 }, "\(writer.summary)")
      #expect(throws: DomainError.self) {
        try narrow.forward(Tensor(ints: [3, 4], shape: [1, 2]))
      }
      #expect(throws: DomainError.self) { try narrow.forward(Tensor(ints: [3], shape: [1, 1])) }
    }
    #expect(throws: DomainError.self) {
      try SequenceToSequence(Self.writers()[2], sourceWidth: 9)
    }
  }

  @Test func aCopyTrainsByItself() throws {
    let (inputs, labels) = try Self.rows()
    for writer in try Self.writers() {
      let model = try SequenceToSequence(writer, sourceWidth: 3)
      let before = try model.forward(inputs).array(Float.self)
      let copy = try model.copied()
      let trainer = try Trainer(
        model: copy, loss: .crossEntropy(), optimizer: Adam(rate: 0.02),
        options: TrainingOptions(
          plan: SamplingPlan(examples: 3, batch: 3, epochs: 150, sampling: .shuffled),
          key: RandomKey(seed: 2)))
      _ = try trainer.run(try TensorSource(inputs: inputs, labels: labels))
      #expect(try model.forward(inputs).array(Float.self) == before)
      let trained = try #require(copy as? SequenceToSequence)
      let written = try trained.write(inputs, begin: 2, end: 1, limit: 4)
      #expect(written[0] == [5] && written[1] == [6], "\(writer.summary) wrote \(written)")
      #expect(written.count == 3 && written[2].first == 3)
      let searched = try trained.write(inputs, begin: 2, end: 1, limit: 4, beams: 3)
      #expect(searched[0] == [5] && searched[1] == [6])
    }
  }

  @Test func aModelThatEndsInACRFHasItsLoss() throws {
    var random = RandomKey(seed: 4).stream
    let field = try CRF(3, random: &random)
    let model = try Sequential([
      Embedding(6, 4, paddingIndex: 0, random: &random), Linear(4, 3, random: &random), field,
    ])
    let batch = try Batch(
      inputs: Tensor(ints: [1, 2, 3, 4, 5, 0], shape: [2, 3]),
      labels: Tensor(ints: [0, 1, 2, 1, 0, -100], shape: [2, 3]))
    let loss = try Loss.usual(for: model)
    let wanted = try field.negativeLogLikelihood(model.forward(batch.inputs), batch.labels)
    #expect(try loss.value(model, batch).array(Float.self) == wanted.array(Float.self))
    // A copy's loss is that of its own CRF.
    let copy = try model.copied()
    try #require(CRF.last(of: copy)).transitions.set(Tensor.zeros([3, 3]))
    #expect(try loss.value(copy, batch).array(Float.self) != wanted.array(Float.self))
    let plain = try Linear(2, 2, random: &random)
    #expect(try Loss.usual(for: plain).name == "cross_entropy")
  }

  @Test func hiddenStatesOfACopyAreItsOwn() throws {
    var random = RandomKey(seed: 9).stream
    let body = try GPT2(
      .init(vocabulary: 7, context: 5, width: 8, blocks: 1, heads: 2), random: &random)
    let layer = try HiddenStates(body)
    let tokens = try Tensor(ints: [1, 2, 3], shape: [1, 3])
    let states = try layer.forward(tokens)
    #expect(states.shape == [1, 3, 8])
    #expect(
      try layer.copied().forward(tokens).array(Float.self) == states.array(Float.self))
    #expect(layer.parameterCount == body.parameterCount)
  }
}
