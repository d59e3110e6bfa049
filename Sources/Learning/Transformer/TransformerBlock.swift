import Foundations
import Tensors

/// How a transformer is built; what differs between the families.
public struct TransformerSettings: Sendable, Equatable {
  public enum Activation: String, Sendable, CaseIterable {
    case relu, silu
    /// GELU with tanh (GPT-2's `gelu_new`).
    case geluTanh = "gelu_tanh"
    /// GELU with the error function (BERT's `gelu`).
    case geluErf = "gelu"

    var fused: FusedActivation {
      switch self {
      case .relu: .relu
      case .silu: .silu
      case .geluTanh: .geluTanh
      case .geluErf: .geluErf
      }
    }
  }

  public var width: Int
  public var heads: Int
  /// The width between the two layers of the feed-forward part.
  public var inner: Int
  /// Normalise before each part (GPT-2), or after its residual sum (BERT, Vaswani et al. 2017).
  public var isPreNorm: Bool
  public var isCausal: Bool
  public var activation: Activation
  /// Dropout of what each part adds to the residual.
  public var dropout: Double
  /// Dropout of the attention's weights.
  public var attentionDropout: Double
  public var normEpsilon: Double

  /// - Parameter attentionDropout: nil for that of the parts.
  public init(
    width: Int, heads: Int, inner: Int? = nil, isPreNorm: Bool = true, isCausal: Bool = false,
    activation: Activation = .geluTanh, dropout: Double = 0, attentionDropout: Double? = nil,
    normEpsilon: Double = 1e-5
  ) throws {
    try Check.size(width, "the width")
    _ = try Attention.headWidth(width, heads)
    let inner = inner ?? width.multipliedReportingOverflow(by: 4).partialValue
    try Check.size(inner, "the inner width")
    self.width = width
    self.heads = heads
    self.inner = inner
    self.isPreNorm = isPreNorm
    self.isCausal = isCausal
    self.activation = activation
    self.dropout = dropout
    self.attentionDropout = attentionDropout ?? dropout
    self.normEpsilon = normEpsilon
  }
}

/// How many numbers the large tables and matrices of a model have, computed without overflow (`.max` where it is more).
struct ModelSize {
  let vocabulary: Int
  let context: Int
  let width: Int
  let blocks: Int
  let inner: Int?

  var matrixNumbers: Int {
    func times(_ a: Int, _ b: Int) -> Int {
      let (product, overflow) = a.multipliedReportingOverflow(by: b)
      return overflow ? .max : product
    }
    func plus(_ a: Int, _ b: Int) -> Int {
      let (sum, overflow) = a.addingReportingOverflow(b)
      return overflow ? .max : sum
    }
    let attention = times(4, times(width, width))
    let feedForward = times(2, times(width, inner ?? times(4, width)))
    return plus(
      times(plus(vocabulary, context), width), times(blocks, plus(attention, feedForward)))
  }
}

/// Attention and a feed-forward part, each with a residual connection and layer normalisation; with `memory`, attention
/// to an encoder's output between them.
public final class TransformerBlock: Layer {
  public let settings: TransformerSettings
  public let attentionNorm: LayerNormalization
  public let attention: SelfAttention
  /// Nil in a block that looks at its own sequence only.
  public let cross: (norm: LayerNormalization, attention: CrossAttention)?
  public let feedForwardNorm: LayerNormalization
  public let feedForward: FeedForward
  private let dropout: Dropout

  public init(
    _ settings: TransformerSettings, hasMemory: Bool = false, random: inout RandomStream
  ) throws {
    self.settings = settings
    let (width, epsilon) = (settings.width, settings.normEpsilon)
    attentionNorm = try LayerNormalization(width, epsilon: epsilon)
    attention = try SelfAttention(
      width, heads: settings.heads, isCausal: settings.isCausal,
      dropout: settings.attentionDropout, random: &random)
    cross =
      hasMemory
      ? (
        try LayerNormalization(width, epsilon: epsilon),
        try CrossAttention(
          width, heads: settings.heads, dropout: settings.attentionDropout, random: &random)
      ) : nil
    feedForwardNorm = try LayerNormalization(width, epsilon: epsilon)
    feedForward = try FeedForward(
      width, inner: settings.inner, activation: settings.activation, random: &random)
    dropout = try Dropout(settings.dropout)
    super.init(kind: "transformer_block")
    try adoptParts()
  }

  private init(copying other: TransformerBlock, _ copies: LayerCopies) throws {
    settings = other.settings
    attentionNorm = try copies(other.attentionNorm)
    attention = try copies(other.attention)
    cross = try other.cross.map { (try copies($0.norm), try copies($0.attention)) }
    feedForwardNorm = try copies(other.feedForwardNorm)
    feedForward = try copies(other.feedForward)
    dropout = try copies(other.dropout)
    super.init(kind: other.kind)
    try adoptParts()
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try TransformerBlock(copying: self, copies)
  }

  private func adoptParts() throws {
    try adopt("attention_norm", attentionNorm)
    try adopt("attention", attention)
    if let cross {
      try adopt("cross_norm", cross.norm)
      try adopt("cross_attention", cross.attention)
    }
    try adopt("feed_forward_norm", feedForwardNorm)
    try adopt("feed_forward", feedForward)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    "transformer_block(\(settings.width), heads: \(settings.heads)\(settings.isCausal ? ", causal" : ""))"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try forward(input, memory: nil)
  }

  /// - Parameter memory: an encoder's output, where the block has cross-attention.
  public func forward(_ input: Tensor, memory: Tensor?) throws -> Tensor {
    guard (memory != nil) == (cross != nil) else {
      throw DomainError(
        .value,
        cross == nil
          ? "this block does not look at an encoder's output"
          : "this block needs an encoder's output to look at")
    }
    var x = try residual(input, attentionNorm) { try attention.forward($0) }
    if let cross, let memory {
      x = try residual(x, cross.norm) { try cross.attention.forward($0, memory: memory) }
    }
    return try residual(x, feedForwardNorm) { try feedForward.forward($0) }
  }

  private func residual(
    _ x: Tensor, _ norm: LayerNormalization, _ part: (Tensor) throws -> Tensor
  ) throws -> Tensor {
    let lengths = x.lengths
    if settings.isPreNorm {
      return try (x + dropout.forward(part(norm.forward(x)))).with(lengths: lengths)
    }
    return try norm.forward((x + dropout.forward(part(x))).with(lengths: lengths))
  }
}

/// Blocks one after the other.
public final class TransformerStack: Layer {
  public let blocks: [TransformerBlock]

  public convenience init(
    _ count: Int, _ settings: TransformerSettings, hasMemory: Bool = false,
    random: inout RandomStream
  ) throws {
    guard count >= 0, count <= 1000 else {
      throw DomainError(.value, "a transformer has 0 to 1000 blocks, not \(count)")
    }
    var blocks: [TransformerBlock] = []
    for _ in 0..<count {
      blocks.append(try TransformerBlock(settings, hasMemory: hasMemory, random: &random))
    }
    try self.init(blocks)
  }

  private init(_ blocks: [TransformerBlock]) throws {
    self.blocks = blocks
    super.init(kind: "transformer")
    for (index, block) in blocks.enumerated() { try adopt(String(index), block) }
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try TransformerStack(blocks.map { try copies($0) })
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    "transformer(\(blocks.count) × \(blocks.first?.summary ?? "nothing"))"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try forward(input, memory: nil)
  }

  public func forward(_ input: Tensor, memory: Tensor?) throws -> Tensor {
    var x = input
    for block in blocks { x = try block.forward(x, memory: memory) }
    return x
  }

  func check(blocks chosen: [Int]) throws(DomainError) {
    if let bad = chosen.first(where: { !blocks.indices.contains($0) }) {
      throw DomainError(.index, "there is no block \(bad): the model has \(blocks.count) blocks")
    }
  }

  /// Takes the numbers of the chosen blocks of another model, one for each of this one's.
  func load(blocks chosen: [Int], of other: TransformerStack) throws {
    for (block, number) in zip(blocks, chosen) { try block.load(other.blocks[number].state) }
  }
}
