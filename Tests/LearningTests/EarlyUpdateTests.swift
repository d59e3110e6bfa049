import Foundations
import Tensors
import Testing

@testable import Learning

/// A plain step updates big parameters while its backward pass goes on. Nothing may be read from them afterwards: the
/// numbers must be those of a step that updates everything at its end.
@Suite struct EarlyUpdateTests {
  private static func model(_ kind: String) throws -> Layer {
    var random = RandomStream(seed: 3)
    let embedding = try Embedding(20, 8, random: &random)
    switch kind {
    case "bag":
      return try Sequential([
        embedding, Pooling(.mean), Linear(8, 6, random: &random), Activation(.tanh),
        Linear(6, 5, random: &random),
      ])
    case "lstm":
      return try Sequential([
        embedding, LSTM(8, 6, bidirectional: true, random: &random), Pooling(.max),
        Linear(12, 5, random: &random),
      ])
    case "gru":
      return try Sequential([
        embedding, GRU(8, 6, bidirectional: true, random: &random), Pooling(.max),
        Linear(12, 5, random: &random),
      ])
    case "transformer":
      let settings = try TransformerSettings(width: 8, heads: 2, inner: 16)
      return try Sequential([
        embedding, PositionEmbedding(6, 8, random: &random),
        TransformerStack(2, settings, random: &random), LayerNormalization(8), Pooling(.mean),
        Linear(8, 5, random: &random),
      ])
    case "tied", "untied":
      return try GPT2(
        // So wide that what the scores leave is smaller than the table's gradient, and waits.
        .init(vocabulary: 400, context: 6, width: 64, blocks: 2, heads: 2, isTied: kind == "tied"),
        random: &random)
    case "encoder-decoder":
      let both = try EncoderDecoder(
        vocabulary: 20, context: 6, encoderBlocks: 1, decoderBlocks: 2,
        TransformerSettings(width: 8, heads: 2, inner: 16), random: &random)
      return try FunctionLayer(children: [("both", both)]) {
        try both.forward(source: $0, target: $0)
      }
    default:
      // A layer used twice, and its weight once more in an ordinary product.
      let (twice, last) = (
        try Linear(8, 8, random: &random), try Linear(8, 5, random: &random)
      )
      return try FunctionLayer(
        children: [("embedding", embedding), ("twice", twice), ("last", last)]
      ) { tokens in
        let x = try embedding.forward(tokens).mean(axes: [1])
        let y = try twice.forward(twice.forward(x).tanh())
        return try last.forward(y.matmul(twice.weight.value))
      }
    }
  }

  /// `big` nil: a step that knows all gradients before it updates any parameter, as it does for a bound on their norm.
  private static func train(_ kind: String, from big: Int?) throws -> (
    numbers: [[Float]], areCopied: Bool
  ) {
    let model = try model(kind)
    var random = RandomStream(seed: 4)
    let perToken = ["tied", "untied", "encoder-decoder"].contains(kind)
    let batch = try Batch(
      inputs: Tensor.integers([3, 6], from: 0, below: 20, &random),
      labels: Tensor.integers(perToken ? [3, 6] : [3], from: 0, below: 5, &random))
    let step = try TrainingStep(
      model: model, loss: .crossEntropy(), optimizer: Adam(rate: 0.01), key: RandomKey(seed: 1))
    if let big { step.bigParameter = big } else { step.gradientBound = .greatestFiniteMagnitude }
    _ = try step.run(batch)
    let addresses = model.parameters.map { $0.data.floats }
    for _ in 0..<3 { _ = try step.run(batch) }
    return (
      try model.parameters.map { try $0.data.array(Float.self) },
      addresses != model.parameters.map { $0.data.floats }
    )
  }

  @Test(arguments: [
    "bag", "lstm", "gru", "transformer", "tied", "untied", "encoder-decoder", "shared",
  ])
  func theTimeOfTheUpdateChangesNoBit(_ kind: String) throws {
    let early = try Self.train(kind, from: 1)
    let late = try Self.train(kind, from: nil)
    #expect(early.numbers == late.numbers)
    #expect(try Self.train(kind, from: .max).numbers == late.numbers)
    #expect(!early.areCopied && !late.areCopied)
    let start = try Self.model(kind).parameters.map { try $0.data.array(Float.self) }
    #expect(zip(start, late.numbers).allSatisfy { $0 != $1 })
  }
}
