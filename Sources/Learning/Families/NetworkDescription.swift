import Foundations
import Tensors

/// A transformer as data: what a family's `config.json` says, in the terms of the layers here. A family is a function
/// from a configuration to such a description and a list of the names of its weights.
public struct NetworkDescription: Sendable, Equatable {
  public enum Normalization: Sendable, Equatable {
    case layer(hasBias: Bool)
    /// With `unitOffset` the weight is what is added to 1.
    case rms(unitOffset: Bool)
  }

  /// Where in a block is normalised.
  public enum Placement: Sendable, Equatable {
    /// Before each part.
    case before
    /// After each sum of the residual and a part.
    case after
    /// Before and behind each part (Gemma 2).
    case around
    /// Behind each part (OLMo 2).
    case behind
    /// Both parts read the block's input, normalised by two layers (NeoX), or by one (GPT-J).
    case parallel(norms: Int)
  }

  public enum Positions: Sendable, Equatable {
    case none
    /// A vector for each, from row `offset` of a table on.
    case learned(rows: Int, offset: Int)
  }

  /// Classes of distances (T5).
  public struct Distances: Sendable, Equatable {
    public var buckets: Int
    public var farthest: Int
  }

  /// What is normalised of queries and keys before they meet.
  public enum QueryKeyNorm: Sendable, Equatable {
    case none
    /// Each head by itself.
    case heads
    /// All heads together (OLMo 2).
    case whole
  }

  public struct FeedForward: Sendable, Equatable {
    public var inner: Int
    public var activation: TransformerSettings.Activation
    /// Whether a second layer's output multiplies the activation (Shazeer 2020).
    public var isGated: Bool
    public var hasBias: Bool
  }

  /// The name of the family in `config.json`.
  public var family: String
  public var vocabulary: Int
  public var context: Int
  public var width: Int
  public var blocks: Int
  /// Of the tokens' table where it is narrower or wider than the model (ELECTRA, OPT).
  public var embeddingWidth: Int
  public var normalization = Normalization.layer(hasBias: true)
  public var normEpsilon = 1e-5
  public var placement = Placement.before
  public var positions = Positions.none
  public var distances: Distances?
  /// Of each block; nil where queries and keys are not turned.
  public var rotaries: [Rotary?]
  /// Of each block.
  public var patterns: [AttentionPattern]
  public var queryKeyNorm = QueryKeyNorm.none
  /// Of the projections to queries, keys and values, and of the one back.
  public var attentionBiases: (inputs: Bool, output: Bool) {
    get { (attentionInputBias, attentionOutputBias) }
    set { (attentionInputBias, attentionOutputBias) = newValue }
  }
  private var attentionInputBias = true
  private var attentionOutputBias = true
  public var feedForward: FeedForward
  /// What the tokens' vectors are multiplied by (Gemma).
  public var embeddingScale: Double?
  public var hasEmbeddingNorm = false
  /// Whether a block's first part is not normalised, because the embedding was (ModernBERT).
  public var firstBlockSkipsNorm = false
  public var hasFinalNorm = true
  /// Kinds of segments; 0 where the model knows none.
  public var segments = 0
  /// Whether all blocks are one (ALBERT).
  public var sharesBlocks = false
  public var dropout = 0.0
  /// Of next-token scores: cap · tanh(score / cap).
  public var scoreCap: Double?

  public init(
    family: String, vocabulary: Int, context: Int, width: Int, blocks: Int,
    pattern: AttentionPattern, feedForward: FeedForward
  ) {
    self.family = family
    self.vocabulary = vocabulary
    self.context = context
    self.width = width
    self.blocks = blocks
    embeddingWidth = width
    rotaries = Array(repeating: nil, count: blocks)
    patterns = Array(repeating: pattern, count: blocks)
    self.feedForward = feedForward
  }

  /// The large tables and matrices.
  var size: ModelSize {
    ModelSize(
      vocabulary: vocabulary, context: 0, width: min(width, embeddingWidth),
      blocks: sharesBlocks ? min(1, blocks) : blocks, inner: feedForward.inner)
  }
}
