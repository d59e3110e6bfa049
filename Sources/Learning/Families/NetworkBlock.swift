import Foundations
import Tensors

/// Either normalisation, as a description names it.
enum Norms {
  static func make(_ description: NetworkDescription, width: Int? = nil) throws -> Layer {
    let width = width ?? description.width
    switch description.normalization {
    case .layer(let hasBias):
      return try LayerNormalization(
        width, epsilon: description.normEpsilon, hasBias: hasBias)
    case .rms(let unitOffset):
      return try RMSNormalization(
        width, epsilon: description.normEpsilon, unitOffset: unitOffset)
    }
  }
}

/// Attention of a sequence to itself, or to an encoder's output, with projections of their own for queries, keys and
/// values.
public final class NetworkAttention: Layer {
  public let pattern: AttentionPattern
  public let rotary: Rotary?
  public let query: Linear
  public let key: Linear
  public let value: Linear
  public let output: Linear
  public let queryNorm: RMSNormalization?
  public let keyNorm: RMSNormalization?

  init(_ description: NetworkDescription, block: Int) throws {
    let pattern = description.patterns[block]
    self.pattern = pattern
    rotary = description.rotaries[block]
    let (width, biases) = (description.width, description.attentionBiases)
    let inner = pattern.heads * pattern.headWidth
    let shared = pattern.keyHeads * pattern.headWidth
    query = try Linear(zeros: width, inner, bias: biases.inputs)
    key = try Linear(zeros: width, shared, bias: biases.inputs)
    value = try Linear(zeros: width, shared, bias: biases.inputs)
    output = try Linear(zeros: inner, width, bias: biases.output)
    var unitOffset = false
    if case .rms(let offset) = description.normalization { unitOffset = offset }
    func norm(_ whole: Int) throws -> RMSNormalization? {
      switch description.queryKeyNorm {
      case .none: nil
      case .heads:
        try RMSNormalization(
          pattern.headWidth, epsilon: description.normEpsilon, unitOffset: unitOffset)
      case .whole:
        try RMSNormalization(whole, epsilon: description.normEpsilon, unitOffset: unitOffset)
      }
    }
    queryNorm = try norm(inner)
    keyNorm = try norm(shared)
    super.init(kind: "network_attention")
    try adoptParts()
  }

  private init(copying other: NetworkAttention, _ copies: LayerCopies) throws {
    pattern = other.pattern
    rotary = other.rotary
    query = try copies(other.query)
    key = try copies(other.key)
    value = try copies(other.value)
    output = try copies(other.output)
    queryNorm = try other.queryNorm.map { try copies($0) }
    keyNorm = try other.keyNorm.map { try copies($0) }
    super.init(kind: other.kind)
    try adoptParts()
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try NetworkAttention(copying: self, copies)
  }

  private func adoptParts() throws {
    try adopt("query", query)
    try adopt("key", key)
    try adopt("value", value)
    try adopt("output", output)
    if let queryNorm { try adopt("query_norm", queryNorm) }
    if let keyNorm { try adopt("key_norm", keyNorm) }
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    "network_attention(\(query.inputs), heads: \(pattern.heads), key_heads: \(pattern.keyHeads)\(pattern.isCausal ? ", causal" : ""))"
  }

  public override func forward(_ x: Tensor) throws -> Tensor {
    try forward(x, memory: nil, biases: nil)
  }

  /// - Parameters:
  ///   - memory: what is looked at, [examples, source, width]; nil: `x` itself.
  ///   - biases: added to scores by distance.
  func forward(_ x: Tensor, memory: Tensor?, biases: RelativePositionBias?) throws -> Tensor {
    let source = memory ?? x
    var (q, k) = (try query.forward(x), try key.forward(source))
    let v = try value.forward(source)
    if let queryNorm { q = try queryNorm.forward(q) }
    if let keyNorm { k = try keyNorm.forward(k) }
    if let rotary {
      q = try rotary.turned(q, headWidth: pattern.headWidth)
      k = try rotary.turned(k, headWidth: pattern.headWidth)
    }
    return try output.forward(
      Attention.grouped(
        q, k.with(lengths: source.lengths), v, pattern, biases: biases
      ).with(lengths: x.lengths))
  }
}

/// Two layers with an activation between them, whose output a third may multiply.
public final class NetworkFeedForward: Layer {
  /// Nil where nothing multiplies the activation.
  public let gate: Linear?
  public let expand: Linear
  public let contract: Linear
  private let activation: FusedActivation

  init(_ description: NetworkDescription) throws {
    let settings = description.feedForward
    let (width, inner) = (description.width, settings.inner)
    gate = settings.isGated ? try Linear(zeros: width, inner, bias: settings.hasBias) : nil
    expand = try Linear(zeros: width, inner, bias: settings.hasBias)
    contract = try Linear(zeros: inner, width, bias: settings.hasBias)
    activation = settings.activation.fused
    super.init(kind: "network_feed_forward")
    try adoptParts()
  }

  private init(copying other: NetworkFeedForward, _ copies: LayerCopies) throws {
    gate = try other.gate.map { try copies($0) }
    expand = try copies(other.expand)
    contract = try copies(other.contract)
    activation = other.activation
    super.init(kind: other.kind)
    try adoptParts()
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try NetworkFeedForward(copying: self, copies)
  }

  private func adoptParts() throws {
    if let gate { try adopt("gate", gate) }
    try adopt("expand", expand)
    try adopt("contract", contract)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    "network_feed_forward(\(expand.inputs), \(expand.outputs)\(gate == nil ? "" : ", gated"))"
  }

  public override func forward(_ x: Tensor) throws -> Tensor {
    let inner: Tensor
    if let gate {
      inner = try gate.forward(x, then: activation) * expand.forward(x)
    } else {
      inner = try expand.forward(x, then: activation)
    }
    return try contract.forward(inner.with(lengths: x.lengths))
  }
}

/// Attention, attention to an encoder's output where there is one, and a feed-forward part, each with its residual sum
/// and the normalisations that the description places.
public final class NetworkBlock: Layer {
  /// One part of a block and its normalisations; those that the placement does not have are nil.
  public struct Norming {
    public var before: Layer?
    public var behind: Layer?
    /// Of the sum.
    public var after: Layer?
  }

  let description: NetworkDescription
  public let attentionNorms: Norming
  public let attention: NetworkAttention
  public let crossNorms: Norming?
  public let cross: NetworkAttention?
  public let feedForwardNorms: Norming
  public let feedForward: NetworkFeedForward
  private let dropout: Dropout

  init(_ description: NetworkDescription, block: Int, hasMemory: Bool = false) throws {
    self.description = description
    func norms(isFirst: Bool = false, isSecond: Bool = false) throws -> Norming {
      switch description.placement {
      case .before:
        let skipped = isFirst && block == 0 && description.firstBlockSkipsNorm
        return Norming(before: skipped ? nil : try Norms.make(description))
      case .after: return Norming(after: try Norms.make(description))
      case .around:
        return Norming(before: try Norms.make(description), behind: try Norms.make(description))
      case .behind: return Norming(behind: try Norms.make(description))
      case .parallel(let count):
        return Norming(before: isSecond && count < 2 ? nil : try Norms.make(description))
      }
    }
    attentionNorms = try norms(isFirst: true)
    attention = try NetworkAttention(description, block: block)
    if hasMemory {
      var looking = description
      looking.patterns[block].isCausal = false
      looking.patterns[block].window = nil
      looking.rotaries[block] = nil
      crossNorms = try norms()
      cross = try NetworkAttention(looking, block: block)
    } else {
      crossNorms = nil
      cross = nil
    }
    feedForwardNorms = try norms(isSecond: true)
    feedForward = try NetworkFeedForward(description)
    dropout = try Dropout(description.dropout)
    super.init(kind: "network_block")
    try adoptParts()
  }

  private init(copying other: NetworkBlock, _ copies: LayerCopies) throws {
    description = other.description
    func copied(_ norms: Norming) throws -> Norming {
      Norming(
        before: try norms.before.map { try copies($0) },
        behind: try norms.behind.map { try copies($0) },
        after: try norms.after.map { try copies($0) })
    }
    attentionNorms = try copied(other.attentionNorms)
    attention = try copies(other.attention)
    crossNorms = try other.crossNorms.map(copied)
    cross = try other.cross.map { try copies($0) }
    feedForwardNorms = try copied(other.feedForwardNorms)
    feedForward = try copies(other.feedForward)
    dropout = try copies(other.dropout)
    super.init(kind: other.kind)
    try adoptParts()
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try NetworkBlock(copying: self, copies)
  }

  private func adoptParts() throws {
    func adopt(_ norms: Norming, _ name: String) throws {
      if let norm = norms.before { try self.adopt(name + "_norm", norm) }
      if let norm = norms.behind { try self.adopt(name + "_post_norm", norm) }
      if let norm = norms.after { try self.adopt(name + "_norm", norm) }
    }
    try adopt(attentionNorms, "attention")
    try self.adopt("attention", attention)
    if let crossNorms, let cross {
      try adopt(crossNorms, "cross")
      try self.adopt("cross", cross)
    }
    try adopt(feedForwardNorms, "feed_forward")
    try self.adopt("feed_forward", feedForward)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    "network_block(\(description.width), \(attention.summary))"
  }

  public override func forward(_ x: Tensor) throws -> Tensor {
    try forward(x, memory: nil, biases: nil)
  }

  func forward(_ x: Tensor, memory: Tensor?, biases: RelativePositionBias?) throws -> Tensor {
    let lengths = x.lengths
    if case .parallel(let count) = description.placement {
      let first = try normed(x, attentionNorms)
      let second = count < 2 ? first : try normed(x, feedForwardNorms)
      let sum =
        try attention.forward(first, memory: nil, biases: biases)
        + feedForward.forward(second)
      return try (x + dropout.forward(sum)).with(lengths: lengths)
    }
    var y = try residual(x, attentionNorms) {
      try attention.forward($0, memory: nil, biases: biases)
    }
    if let cross, let crossNorms, let memory {
      y = try residual(y, crossNorms) { try cross.forward($0, memory: memory, biases: nil) }
    }
    return try residual(y, feedForwardNorms) { try feedForward.forward($0) }
  }

  private func normed(_ x: Tensor, _ norms: Norming) throws -> Tensor {
    try norms.before?.forward(x).with(lengths: x.lengths) ?? x
  }

  private func residual(
    _ x: Tensor, _ norms: Norming, _ part: (Tensor) throws -> Tensor
  ) throws -> Tensor {
    let lengths = x.lengths
    var y = try part(normed(x, norms))
    if let norm = norms.behind { y = try norm.forward(y) }
    let sum = try (x + dropout.forward(y)).with(lengths: lengths)
    return try norms.after?.forward(sum).with(lengths: lengths) ?? sum
  }
}
