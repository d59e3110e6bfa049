import Foundation
import Foundations
import Tensors
import Testing

@testable import Learning

/// Every kind of layer has copies that compute the same and are trained by themselves.
@Suite struct LayerCopyTests {
  /// One of each class, with an input where it is a function of one tensor.
  static func layers() throws -> [(layer: Layer, input: Tensor?)] {
    var random = RandomStream(seed: 5)
    func tokens(_ sizes: [Int], below: Int) throws -> Tensor {
      try .integers(Shape(sizes), from: 0, below: below, &random)
    }
    let settings = try TransformerSettings(width: 8, heads: 2, dropout: 0.1)
    let sequence = try Tensor.normal([3, 5, 8], &random)
    let images = try Tensor.normal([3, 4, 6, 6], &random)
    let words = try tokens([3, 5], below: 7)
    var described = NetworkDescription(
      family: "llama", vocabulary: 7, context: 5, width: 8, blocks: 2,
      pattern: AttentionPattern(heads: 2, headWidth: 4, isCausal: true),
      feedForward: .init(inner: 6, activation: .silu, isGated: true, hasBias: false))
    described.rotaries = [Rotary(theta: 10, width: 4), nil]
    described.normalization = .rms(unitOffset: false)
    return [
      (try Linear(8, 3, random: &random), sequence),
      (try Linear(8, 3, bias: false, random: &random), sequence),
      (Activation(.tanh), sequence), (try Dropout(0.5), sequence), (Pooling(.max), sequence),
      (try WindowPooling(.mean, kernel: 2), images),
      (try LayerNormalization(8, epsilon: 1e-3), sequence),
      (try LSTM(8, 3, random: &random), sequence),
      (try LSTM(8, 3, bidirectional: true, random: &random), sequence),
      (try GRU(8, 3, bidirectional: true, random: &random), sequence),
      (try Convolution1D(5, 4, kernel: 3, random: &random), sequence),
      (try Convolution2D(4, 2, kernel: 3, groups: 2, random: &random), images),
      (try Embedding(7, 4, paddingIndex: 2, random: &random), words),
      (
        try CharacterEncoder(characters: 7, width: 3, filters: [(2, 4), (3, 5)], random: &random),
        try tokens([3, 4, 5], below: 7)
      ),
      (try CRF(8, random: &random), sequence),
      (try PositionEmbedding(6, 8, random: &random), sequence),
      (try SelfAttention(8, heads: 2, isCausal: true, random: &random), sequence),
      (try NetworkAttention(described, block: 0), sequence),
      (try NetworkFeedForward(described), sequence),
      (try NetworkBlock(described, block: 1), sequence), (try NetworkBody(described), words),
      (try NetworkHead(HeadDescription(.spans, outputs: 2), described), nil),
      (
        try Network.make(
          described, head: HeadDescription(.sequence, outputs: 3), configuration: [:]), words
      ),
      (
        try Network.make(
          described, head: HeadDescription(.nextToken, outputs: 7), configuration: [:]), words
      ),
      (
        try Network.make(
          described, head: HeadDescription(.maskedToken, outputs: 7), configuration: [:]), words
      ),
      (try CrossAttention(8, heads: 2, random: &random), nil),
      (try FeedForward(8, inner: 5, activation: .silu, random: &random), sequence),
      (try TransformerBlock(settings, random: &random), sequence),
      (try TransformerBlock(settings, hasMemory: true, random: &random), nil),
      (try TransformerStack(2, settings, random: &random), sequence),
      (
        try GPT2(
          .init(vocabulary: 7, context: 5, width: 8, blocks: 1, heads: 2, isTied: false),
          random: &random), words
      ),
      (
        try BERT(.init(vocabulary: 7, context: 5, width: 8, blocks: 1, heads: 2), random: &random),
        words
      ),
      (Spans(), nil), (try RMSNormalization(4, unitOffset: true), sequence),
      (
        try RelativePositionBias(buckets: 8, heads: 2, farthest: 16, isBidirectional: true), nil
      ),
      (
        try HiddenStates(
          GPT2(
            .init(vocabulary: 7, context: 5, width: 8, blocks: 1, heads: 2, isTied: false),
            random: &random)), words
      ),
      (try RecurrentWriter(vocabulary: 7, width: 4, hidden: 3, random: &random), nil),
      (
        try SequenceToSequence(
          RecurrentWriter(vocabulary: 7, width: 4, hidden: 3, random: &random), sourceWidth: 3),
        words
      ),
      (
        try EncoderDecoder(
          vocabulary: 7, context: 5, encoderBlocks: 1, decoderBlocks: 1, settings, random: &random),
        words
      ),
      (
        try Sequential([
          Convolution2D(4, 3, kernel: 3, random: &random), Activation(.relu), Activation(.flatten),
          Linear(48, 2, random: &random),
        ]), images
      ),
    ]
  }

  /// The classes of layers that the sources declare, but for those that only others are made of.
  private static func declared() throws -> Set<String> {
    let folder = URL(filePath: #filePath).deletingLastPathComponent()
      .appending(path: "../../Sources/Learning")
    var names: Set<String> = []
    let files = FileManager.default.enumerator(at: folder, includingPropertiesForKeys: nil)
    for case let file as URL in files ?? .init() where file.pathExtension == "swift" {
      let text = try String(contentsOf: file, encoding: .utf8)
      for match in text.matches(
        of: /final class (\w+): (?:Layer|Convolution|RecurrentLayer|Network)\b/)
      {
        names.insert(String(match.1))
      }
    }
    return names
  }

  @Test func everyClassIsWalked() throws {
    let walked = Set(try Self.layers().map { "\(type(of: $0.layer))" })
    #expect(
      walked
        == (try Self.declared()).union(["Network"]).subtracting([
          "FunctionLayer",
          // Made anew for each batch.
          "TargetScores",
        ]))
    #expect(walked.count > 20)
  }

  private func bits(_ tensor: Tensor) throws -> [UInt32] {
    try tensor.array(Float.self).map(\.bitPattern)
  }

  @Test func copiesComputeTheSameAndStandAlone() throws {
    for (layer, input) in try Self.layers() {
      layer.parameters.last?.requiresGradient = false
      let copy = try layer.copied()
      #expect(type(of: copy) == type(of: layer) && copy.summary == layer.summary)
      #expect(copy.kind == layer.kind)
      let (named, copied) = (layer.namedParameters, copy.namedParameters)
      #expect(named.map(\.name) == copied.map(\.name), "\(layer.summary)")
      for (one, other) in zip(named, copied) {
        #expect(one.parameter != other.parameter)
        #expect(one.parameter.name == other.parameter.name)
        #expect(one.parameter.requiresGradient == other.parameter.requiresGradient)
        #expect(one.parameter.fixedRow == other.parameter.fixedRow)
        #expect(try bits(one.parameter.data) == bits(other.parameter.data))
      }
      if let input {
        let key = RandomKey(seed: 4)
        let outputs = try [layer, copy].map { layer in
          try ForwardContext.training(key) { try bits(layer.forward(input)) }
        }
        #expect(outputs[0] == outputs[1], "\(layer.summary)")
      }
      // What is done to the copy's numbers, the original does not feel.
      let before = try named.map { try bits($0.parameter.data) }
      for parameter in copy.parameters {
        try parameter.update { for i in $0.indices { $0[i] += 1 } }
      }
      #expect(try named.map { try bits($0.parameter.data) } == before)
    }
  }

  @Test func aCopyTrainsAsItsOriginalDoes() throws {
    var random = RandomStream(seed: 6)
    let model = try Sequential([
      Embedding(9, 8, paddingIndex: 0, random: &random),
      GRU(8, 4, bidirectional: true, random: &random), Pooling(.mean), Dropout(0.2),
      Linear(8, 3, random: &random),
    ])
    let source = try TensorSource(
      inputs: .integers([20, 6], from: 0, below: 9, &random),
      labels: .integers([20], from: 0, below: 3, &random))
    let plan = try SamplingPlan(examples: 20, batch: 5, epochs: 2, sampling: .shuffled)
    func train(_ layer: Layer) throws {
      let trainer = try Trainer(
        model: layer, loss: .crossEntropy(), optimizer: try Adam(),
        options: TrainingOptions(plan: plan, key: RandomKey(seed: 1)))
      _ = try trainer.run(source)
    }
    let copy = try model.copied()
    let start = try ParameterVector(model)
    try train(copy)
    #expect(try (ParameterVector(model) - start).norm == 0)
    try train(model)
    #expect(try (ParameterVector(model) - ParameterVector(copy)).norm == 0)
    #expect(try (ParameterVector(model) - start).norm > 0)
  }

  @Test func whatIsSharedStaysShared() throws {
    var random = RandomStream(seed: 7)
    let linear = try Linear(4, 4, random: &random)
    let shared = try Sequential([linear, Activation(.relu), linear])
    let copy = try shared.copied()
    #expect(copy.children[0].layer === copy.children[2].layer)
    #expect(copy.children[0].layer !== linear)
    #expect(copy.parameters.count == 2)
    // Two layers on one parameter.
    let tied = try TiedPair(Parameter("weight", .normal([3, 3], &random)))
    let pair = try tied.copied()
    #expect(pair.parameters.count == 1 && pair.parameters[0] != tied.parameters[0])
  }

  /// Two children that share a parameter, and a copy made through the door that layers elsewhere have.
  private final class TiedPair: Layer {
    init(_ weight: Parameter) throws {
      super.init(kind: "pair")
      try adopt("a", Half(weight))
      try adopt("b", Half(weight))
    }
    override func duplicate(_ copies: LayerCopies) throws -> Layer {
      try TiedPair(copies(ownPair))
    }
    private var ownPair: Parameter { parameters[0] }
  }

  private final class Half: Layer {
    init(_ weight: Parameter) {
      super.init(kind: "half")
      own("weight", weight)
    }
  }

  @Test func aFunctionOfItsOwnIsRefused() throws {
    var random = RandomStream(seed: 8)
    let layer = try Sequential([
      FunctionLayer(children: [("a", try Linear(2, 2, random: &random))]) { $0 }
    ])
    #expect(throws: DomainError.self) { try layer.copied() }
  }

  /// A function that is given its layer computes with the parts of the copy.
  @Test func functionsOfTheirLayerAreCopied() throws {
    var random = RandomStream(seed: 9)
    let layer = try FunctionLayer(
      children: [("a", try Linear(2, 2, random: &random))],
      parameters: [("scale", try Parameter("scale", Tensor.ones([2])))]
    ) { layer, input in
      try layer.children[0].layer.forward(input) * layer.ownParameters[0].parameter.value
    }
    let copy = try layer.copied().copied()
    let input = try Tensor.normal([3, 2], &random)
    let before = try layer.forward(input)
    #expect(try copy.forward(input).doubles() == before.doubles())
    for parameter in copy.parameters { try parameter.set(Tensor.full(parameter.shape, 2)) }
    #expect(try copy.forward(input).doubles() != before.doubles())
    #expect(try layer.forward(input).doubles() == before.doubles())
    #expect(try Tape.withoutRecording { try copy.forward(input) }.node == nil)
    // What comes in may well be of the original.
    #expect(throws: Never.self) { try layer.copied().forward(layer.forward(input)) }
  }

  /// One that reaches beside it is found at its first call.
  @Test func aFunctionThatReachesForTheOriginalIsRefused() throws {
    var random = RandomStream(seed: 10)
    let part = try Linear(2, 2, random: &random)
    let layer = try FunctionLayer(children: [("a", part)]) { (_: Layer, input: Tensor) in
      try part.forward(input)
    }
    let copy = try layer.copied()
    let input = try Tensor.normal([3, 2], &random)
    for _ in 0..<2 {
      #expect(throws: DomainError.self) { try copy.forward(input) }
      #expect(throws: DomainError.self) { try Tape.withoutRecording { try copy.forward(input) } }
    }
    #expect(throws: Never.self) { try layer.forward(input) }
  }
}
