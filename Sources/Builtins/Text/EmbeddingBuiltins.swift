import Foundations
import Learning
import Runtime
import Tensors
import Text

/// Vectors of texts, in `text`.
enum EmbeddingBuiltins {
  private static let poolings: [String: SentenceEncoder.Pooling] = [
    "mean": .mean, "cls": .firstToken, "last": .lastToken,
  ]

  static let natives = [
    Native(
      "embed",
      "A vector for each text. It is the mean of the model's last hidden states over its tokens, or what the folder of a sentence encoder says, or what `pooling` says.",
      Param<Model>("model", "A transformer with its tokenizer."),
      Param<[String]>("texts", "The texts; what the model's context cannot hold is cut off."),
      Param<String?>(
        "pooling",
        "\"mean\" over the tokens, \"cls\" the first token's, \"last\" the last one's; nil as the folder of a sentence encoder says, else the mean.",
        default: nil, .oneOf(["mean", "cls", "last"]), named: true),
      Param<Bool?>(
        "normalize",
        "Whether the vectors get length 1; nil does what the folder of a sentence encoder says, and nothing else.",
        default: nil, named: true),
      returns: "tensor [texts, width]", seeAlso: ["nn.load"],
      search: ["sentence embedding", "features", "hidden states"],
      context: {
        (vm: VM, model: Model, texts: [String], pooling: String?, normalize: Bool?) throws
          -> Tensor in
        try embed(vm, model, texts, pooling.flatMap { poolings[$0] }, normalize)
      })
  ]

  private static func embed(
    _ vm: VM, _ model: Model, _ texts: [String], _ pooling: SentenceEncoder.Pooling?,
    _ normalize: Bool?
  ) throws -> Tensor {
    let reading = try LanguageReading(model)
    guard !texts.isEmpty else { throw Fault(.value, "there are no texts").atArgument(1) }
    let encoder: SentenceEncoder?
    let context: Int
    switch model.layer {
    case let bert as BERT:
      let plain = try model.sentenceEncoder ?? SentenceEncoder(bert, normalizes: false)
      encoder = try SentenceEncoder(
        bert, poolings: pooling.map { [$0] } ?? plain.poolings,
        normalizes: normalize ?? plain.normalizes,
        maximumLength: plain.maximumLength)
      context = plain.maximumLength
    case let network as Network:
      encoder = nil
      context = network.contextLength
    case let language as any LanguageModel:
      encoder = nil
      context = language.contextLength
    default:
      throw Fault(.type, "a \(model.layer.kind) has no hidden states to take the mean of")
        .atArgument(0)
    }
    let encoded = try texts.map { text in
      let tokens = try reading.tokenizer.encode(
        text, pair: nil, options: EncodingOptions(truncation: Truncation(length: context))
      ).ids
      return tokens.isEmpty ? [reading.start ?? 0] : tokens
    }
    // Texts of like length together, so that little is padding.
    let order = encoded.indices.sorted { (encoded[$0].count, $0) < (encoded[$1].count, $1) }
    var rows = [Tensor?](repeating: nil, count: texts.count)
    for first in stride(from: 0, to: order.count, by: 32) {
      try vm.checkInterrupt()
      let part = Array(order[first..<min(first + 32, order.count)])
      let sentences = part.map { encoded[$0] }
      let vectors =
        try encoder?.encode(sentences)
        ?? pooled(model, sentences, pooling ?? .mean, normalize ?? false)
      for (row, index) in part.enumerated() {
        rows[index] = try vectors.selected(axis: 0, index: row)
      }
    }
    return try Tensor.stacked(rows.compactMap { $0 })
  }

  private static func hiddenStates(_ model: Model, _ tokens: Tensor) throws -> Tensor {
    switch model.layer {
    case let network as Network: try network.hiddenStates(tokens)
    case let language as any LanguageModel: try language.hiddenStates(tokens)
    // Others were refused.
    default: try model.layer.forward(tokens)
    }
  }

  private static func pooled(
    _ model: Model, _ sentences: [[Int32]], _ pooling: SentenceEncoder.Pooling, _ normalize: Bool
  ) throws -> Tensor {
    try ForwardContext.evaluation {
      // Padding is not seen: the token in its place does not matter.
      let source = try TokenSource(sentences, labels: sentences.map { _ in 0 }, padding: 0)
      let inputs = try source.batch(Array(sentences.indices)).inputs
      let hidden = try hiddenStates(model, inputs).with(lengths: inputs.lengths)
      let vectors = try SentenceEncoder.pool(hidden, pooling)
      guard normalize else { return vectors }
      return try vectors / vectors.norm(axes: [1], keepAxes: true).clamped(1e-12)
    }
  }
}
