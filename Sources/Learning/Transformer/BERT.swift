import Foundations
import Tensors

/// An encoder of the BERT family (Devlin et al. 2019), DistilBERT (Sanh et al. 2019) included: the sum of token,
/// position and, where there are some, type embeddings, normalised; post-norm blocks; a pooler of the first position,
/// where there is one.
///
/// `forward` gives the last hidden states [examples, time, width] of tokens [examples, time]; `lengths` mark padding.
public final class BERT: Layer {
  public struct Settings: Sendable, Equatable {
    public var vocabulary: Int
    public var context: Int
    public var width: Int
    public var blocks: Int
    public var heads: Int
    /// Nil: 4·width.
    public var inner: Int?
    /// Kinds of segments; 0 where the model knows none (DistilBERT).
    public var types: Int
    public var hasPooler: Bool
    public var activation: TransformerSettings.Activation
    public var dropout: Double
    /// Of the attention's weights.
    public var attentionDropout: Double
    public var normEpsilon: Double

    /// - Parameter attentionDropout: nil for `dropout`.
    public init(
      vocabulary: Int, context: Int = 512, width: Int = 768, blocks: Int = 12, heads: Int = 12,
      inner: Int? = nil, types: Int = 2, hasPooler: Bool = true,
      activation: TransformerSettings.Activation = .geluErf, dropout: Double = 0,
      attentionDropout: Double? = nil, normEpsilon: Double = 1e-12
    ) {
      self.vocabulary = vocabulary
      self.context = context
      self.width = width
      self.blocks = blocks
      self.heads = heads
      self.inner = inner
      self.types = types
      self.hasPooler = hasPooler
      self.activation = activation
      self.dropout = dropout
      self.attentionDropout = attentionDropout ?? dropout
      self.normEpsilon = normEpsilon
    }

    var size: ModelSize {
      ModelSize(
        vocabulary: vocabulary, context: context, width: width, blocks: blocks, inner: inner)
    }
  }

  public let settings: Settings
  public let tokens: Embedding
  public let positions: PositionEmbedding
  /// Nil where the model knows no segments.
  public let types: Embedding?
  public let norm: LayerNormalization
  public let transformer: TransformerStack
  public let pooler: Linear?
  private let dropout: Dropout

  public init(_ settings: Settings, random: inout RandomStream) throws {
    self.settings = settings
    let block = try TransformerSettings(
      width: settings.width, heads: settings.heads, inner: settings.inner, isPreNorm: false,
      isCausal: false, activation: settings.activation, dropout: settings.dropout,
      attentionDropout: settings.attentionDropout, normEpsilon: settings.normEpsilon)
    tokens = try Embedding(settings.vocabulary, settings.width, deviation: 0.02, random: &random)
    positions = try PositionEmbedding(settings.context, settings.width, random: &random)
    types =
      settings.types > 0
      ? try Embedding(settings.types, settings.width, deviation: 0.02, random: &random) : nil
    norm = try LayerNormalization(settings.width, epsilon: settings.normEpsilon)
    transformer = try TransformerStack(settings.blocks, block, random: &random)
    pooler =
      settings.hasPooler ? try Linear(settings.width, settings.width, random: &random) : nil
    dropout = try Dropout(settings.dropout)
    super.init(kind: "bert")
    try adoptParts()
    for block in transformer.blocks {
      try block.attention.input.reset(deviation: 0.02, &random)
      try block.attention.output.reset(deviation: 0.02, &random)
      try block.feedForward.expand.reset(deviation: 0.02, &random)
      try block.feedForward.contract.reset(deviation: 0.02, &random)
    }
    try pooler?.reset(deviation: 0.02, &random)
  }

  private init(copying other: BERT, _ copies: LayerCopies) throws {
    settings = other.settings
    tokens = try copies(other.tokens)
    positions = try copies(other.positions)
    types = try other.types.map { try copies($0) }
    norm = try copies(other.norm)
    transformer = try copies(other.transformer)
    pooler = try other.pooler.map { try copies($0) }
    dropout = try copies(other.dropout)
    super.init(kind: other.kind)
    try adoptParts()
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try BERT(copying: self, copies)
  }

  private func adoptParts() throws {
    try adopt("tokens", tokens)
    try adopt("positions", positions)
    if let types { try adopt("types", types) }
    try adopt("norm", norm)
    try adopt("transformer", transformer)
    if let pooler { try adopt("pooler", pooler) }
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    "bert(\(settings.vocabulary) tokens, context \(settings.context), width \(settings.width), \(settings.blocks) blocks, \(settings.heads) heads)"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try forward(input, types: nil)
  }

  /// - Parameter types: the segment of each token, as tokens are shaped; nil: all 0.
  public func forward(_ input: Tensor, types: Tensor?) throws -> Tensor {
    try GPT2.checkTokens(input)
    return try forward(
      ofVectors: tokens.forward(input).with(lengths: input.lengths), types: types)
  }

  /// The same from vectors in the tokens' place, [examples, time, width]: for gradients with respect to embeddings.
  public func forward(ofVectors vectors: Tensor, types: Tensor?) throws -> Tensor {
    let lengths = vectors.lengths
    var x = vectors
    if let table = self.types {
      let shape = Shape(vectors.shape.dropLast())
      let segments = try types ?? Tensor.zeros(shape, .i64)
      guard segments.shape == shape else {
        throw DomainError(
          .shape, "there are types of shape \(segments.shape) for tokens of shape \(shape)")
      }
      x = try x + table.forward(segments)
    } else if types != nil {
      throw DomainError(.value, "this model knows no segments: it has no table of types")
    }
    let placed = try positions.forward(x.with(lengths: lengths))
    return try transformer.forward(dropout.forward(norm.forward(placed)))
  }

  /// tanh of a linear layer of the first position's hidden state, [examples, width].
  public func pooled(_ hidden: Tensor) throws -> Tensor {
    guard let pooler else { throw DomainError(.value, "this model has no pooler") }
    return try pooler.forward(hidden.selected(axis: 1, index: 0), then: .tanh)
  }

  /// Another model with the same settings and the chosen blocks of this one: all else is copied (the start of a
  /// distilled student).
  public func keeping(blocks chosen: [Int]) throws -> BERT {
    try transformer.check(blocks: chosen)
    var smaller = settings
    smaller.blocks = chosen.count
    // Every number is replaced at once.
    var random = RandomStream(seed: 0)
    let result = try BERT(smaller, random: &random)
    try result.tokens.load(tokens.state)
    try result.positions.load(positions.state)
    if let types { try result.types?.load(types.state) }
    try result.norm.load(norm.state)
    try result.transformer.load(blocks: chosen, of: transformer)
    if let pooler { try result.pooler?.load(pooler.state) }
    return result
  }
}
