import Foundations
import Tensors

/// A decoder of the GPT-2 family (Radford et al. 2019): token and position embeddings, pre-norm causal blocks, a final
/// layer normalisation, scores by the token table or by a layer of their own. Starts as GPT-2 does: N(0, 0.02²), the
/// layers that end a residual part divided by √(2·blocks), biases 0.
public final class GPT2: Layer, LanguageModel {
  public struct Settings: Sendable, Equatable {
    public var vocabulary: Int
    public var context: Int
    public var width: Int
    public var blocks: Int
    public var heads: Int
    /// Nil: 4·width.
    public var inner: Int?
    public var activation: TransformerSettings.Activation
    /// Of the embeddings' sum and of what each part adds.
    public var dropout: Double
    /// Of the attention's weights.
    public var attentionDropout: Double
    public var normEpsilon: Double
    /// Whether the token table also scores.
    public var isTied: Bool

    /// - Parameter attentionDropout: nil for `dropout`.
    public init(
      vocabulary: Int, context: Int = 1024, width: Int = 768, blocks: Int = 12, heads: Int = 12,
      inner: Int? = nil, activation: TransformerSettings.Activation = .geluTanh,
      dropout: Double = 0, attentionDropout: Double? = nil, normEpsilon: Double = 1e-5,
      isTied: Bool = true
    ) {
      self.vocabulary = vocabulary
      self.context = context
      self.width = width
      self.blocks = blocks
      self.heads = heads
      self.inner = inner
      self.activation = activation
      self.dropout = dropout
      self.attentionDropout = attentionDropout ?? dropout
      self.normEpsilon = normEpsilon
      self.isTied = isTied
    }

    var size: ModelSize {
      ModelSize(
        vocabulary: vocabulary, context: context, width: width, blocks: blocks, inner: inner)
    }
  }

  public let settings: Settings
  public let tokens: Embedding
  public let positions: PositionEmbedding
  public let transformer: TransformerStack
  public let norm: LayerNormalization
  /// The scores' own layer; nil where the token table scores.
  public let output: Linear?
  private let dropout: Dropout

  public init(_ settings: Settings, random: inout RandomStream) throws {
    self.settings = settings
    let block = try TransformerSettings(
      width: settings.width, heads: settings.heads, inner: settings.inner, isPreNorm: true,
      isCausal: true, activation: settings.activation, dropout: settings.dropout,
      attentionDropout: settings.attentionDropout, normEpsilon: settings.normEpsilon)
    tokens = try Embedding(settings.vocabulary, settings.width, deviation: 0.02, random: &random)
    positions = try PositionEmbedding(settings.context, settings.width, random: &random)
    transformer = try TransformerStack(settings.blocks, block, random: &random)
    norm = try LayerNormalization(settings.width, epsilon: settings.normEpsilon)
    output =
      settings.isTied
      ? nil : try Linear(settings.width, settings.vocabulary, bias: false, random: &random)
    dropout = try Dropout(settings.dropout)
    super.init(kind: "gpt2")
    try adoptParts()
    let residual = 0.02 / Double(max(1, 2 * settings.blocks)).squareRoot()
    for block in transformer.blocks {
      try block.attention.input.reset(deviation: 0.02, &random)
      try block.attention.output.reset(deviation: residual, &random)
      try block.feedForward.expand.reset(deviation: 0.02, &random)
      try block.feedForward.contract.reset(deviation: residual, &random)
    }
    try output?.reset(deviation: 0.02, &random)
  }

  private init(copying other: GPT2, _ copies: LayerCopies) throws {
    settings = other.settings
    tokens = try copies(other.tokens)
    positions = try copies(other.positions)
    transformer = try copies(other.transformer)
    norm = try copies(other.norm)
    output = try other.output.map { try copies($0) }
    dropout = try copies(other.dropout)
    super.init(kind: other.kind)
    try adoptParts()
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try GPT2(copying: self, copies)
  }

  private func adoptParts() throws {
    try adopt("tokens", tokens)
    try adopt("positions", positions)
    try adopt("transformer", transformer)
    try adopt("norm", norm)
    if let output { try adopt("output", output) }
  }

  public var vocabularySize: Int { settings.vocabulary }
  public var contextLength: Int { settings.context }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    "gpt2(\(settings.vocabulary) tokens, context \(settings.context), width \(settings.width), \(settings.blocks) blocks, \(settings.heads) heads)"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try scores(hiddenStates(input))
  }

  public func hiddenStates(_ tokens: Tensor) throws -> Tensor {
    try GPT2.checkTokens(tokens)
    return try hiddenStates(ofVectors: self.tokens.forward(tokens))
  }

  /// The same from vectors in the tokens' place, [examples, time, width]: for gradients with respect to embeddings.
  public func hiddenStates(ofVectors vectors: Tensor) throws -> Tensor {
    try norm.forward(transformer.forward(dropout.forward(positions.forward(vectors))))
  }

  public func scores(_ hidden: Tensor) throws -> Tensor {
    try output?.forward(hidden) ?? tokens.scores(hidden)
  }

  static func checkTokens(_ tokens: Tensor) throws {
    guard tokens.rank == 2 else {
      throw DomainError(
        .shape, "a transformer reads tokens [examples, time], got a tensor of shape \(tokens.shape)"
      )
    }
  }

  /// Another model with the same settings and the chosen blocks of this one: embeddings, blocks, final normalisation
  /// and output are copied (the start of a distilled student).
  public func keeping(blocks chosen: [Int]) throws -> GPT2 {
    try transformer.check(blocks: chosen)
    var smaller = settings
    smaller.blocks = chosen.count
    // Every number is replaced at once.
    var random = RandomStream(seed: 0)
    let result = try GPT2(smaller, random: &random)
    try result.tokens.load(tokens.state)
    try result.positions.load(positions.state)
    try result.transformer.load(blocks: chosen, of: transformer)
    try result.norm.load(norm.state)
    if let output { try result.output?.load(output.state) }
    return result
  }
}
