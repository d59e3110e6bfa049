import Foundations
import Tensors

/// The blocks of a described transformer with what stands before and behind them: tokens [examples, time] (`lengths`
/// mark padding) to the last hidden states [examples, time, width].
public final class NetworkBody: Layer {
  public let description: NetworkDescription
  public let tokens: Embedding
  public let positions: PositionEmbedding?
  public let segments: Embedding?
  public let embeddingNorm: Layer?
  /// From the tokens' width to the model's (ELECTRA, ALBERT).
  public let projection: Linear?
  public let distances: RelativePositionBias?
  public let blocks: [NetworkBlock]
  public let norm: Layer?
  private let dropout: Dropout

  /// All numbers are 0, those of normalisations 1.
  ///
  /// - Parameters:
  ///   - tokens: a table that another network has, too.
  ///   - hasMemory: whether blocks look at an encoder's output.
  init(
    _ description: NetworkDescription, tokens shared: Embedding? = nil, hasMemory: Bool = false
  ) throws {
    try Self.check(description)
    self.description = description
    let narrow = description.embeddingWidth
    tokens = try shared ?? Embedding(zeros: description.vocabulary, narrow)
    if case .learned(let rows, _) = description.positions {
      positions = try PositionEmbedding(zeros: rows, narrow)
    } else {
      positions = nil
    }
    segments =
      description.segments > 0 ? try Embedding(zeros: description.segments, narrow) : nil
    embeddingNorm = description.hasEmbeddingNorm ? try Norms.make(description, width: narrow) : nil
    projection =
      narrow == description.width ? nil : try Linear(zeros: narrow, description.width, bias: true)
    distances = try description.distances.map {
      try RelativePositionBias(
        buckets: $0.buckets, heads: description.patterns[0].heads, farthest: $0.farthest,
        isBidirectional: !description.patterns[0].isCausal)
    }
    if description.sharesBlocks {
      let block = try NetworkBlock(description, block: 0, hasMemory: hasMemory)
      blocks = Array(repeating: block, count: description.blocks)
    } else {
      blocks = try (0..<description.blocks).map {
        try NetworkBlock(description, block: $0, hasMemory: hasMemory)
      }
    }
    norm = description.hasFinalNorm ? try Norms.make(description) : nil
    dropout = try Dropout(description.dropout)
    super.init(kind: description.family)
    try adoptParts()
  }

  static let mostBlocks = 1000

  private static func check(_ description: NetworkDescription) throws {
    try Check.size(description.width, "the width")
    guard description.blocks >= 1, description.blocks <= mostBlocks else {
      throw DomainError(
        .value, "a transformer has 1 to \(mostBlocks) blocks, not \(description.blocks)")
    }
    for pattern in description.patterns {
      guard pattern.heads >= 1, pattern.keyHeads >= 1, pattern.headWidth >= 1,
        pattern.heads % pattern.keyHeads == 0
      else {
        throw DomainError(
          .value,
          "\(pattern.heads) heads of queries cannot share \(pattern.keyHeads) heads of keys evenly")
      }
      guard pattern.heads.multipliedReportingOverflow(by: pattern.headWidth).overflow == false,
        pattern.heads * pattern.headWidth <= Int(Int32.max)
      else { throw DomainError(.limit, "the heads are too wide") }
    }
    for rotary in description.rotaries.compactMap({ $0 }) {
      guard rotary.width >= 2, rotary.width % 2 == 0,
        rotary.width <= description.patterns[0].headWidth, rotary.theta > 0
      else {
        throw DomainError(
          .value,
          "rotary positions turn pairs of a head's \(description.patterns[0].headWidth) numbers, not \(rotary.width) of them"
        )
      }
    }
  }

  private init(copying other: NetworkBody, _ copies: LayerCopies) throws {
    description = other.description
    tokens = try copies(other.tokens)
    positions = try other.positions.map { try copies($0) }
    segments = try other.segments.map { try copies($0) }
    embeddingNorm = try other.embeddingNorm.map { try copies($0) }
    projection = try other.projection.map { try copies($0) }
    distances = try other.distances.map { try copies($0) }
    blocks = try other.blocks.map { try copies($0) }
    norm = try other.norm.map { try copies($0) }
    dropout = try copies(other.dropout)
    super.init(kind: other.kind)
    try adoptParts()
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try NetworkBody(copying: self, copies)
  }

  private func adoptParts() throws {
    try adopt("tokens", tokens)
    if let positions { try adopt("positions", positions) }
    if let segments { try adopt("segments", segments) }
    if let embeddingNorm { try adopt("embedding_norm", embeddingNorm) }
    if let projection { try adopt("projection", projection) }
    if let distances { try adopt("distances", distances) }
    for (index, block) in blocks.enumerated() where !description.sharesBlocks || index == 0 {
      try adopt("blocks.\(index)", block)
    }
    if let norm { try adopt("norm", norm) }
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    let pattern = description.patterns[0]
    return
      "\(description.family)(\(description.vocabulary) tokens, context \(description.context), width \(description.width), \(description.blocks) blocks, \(pattern.heads) heads)"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try forward(input, memory: nil)
  }

  /// - Parameter memory: an encoder's output, for blocks that look at one.
  func forward(_ input: Tensor, memory: Tensor?) throws -> Tensor {
    try GPT2.checkTokens(input)
    return try forward(
      ofVectors: tokens.forward(input).with(lengths: input.lengths), memory: memory)
  }

  /// The same from vectors in the tokens' place: for gradients with respect to embeddings.
  func forward(ofVectors vectors: Tensor, memory: Tensor?) throws -> Tensor {
    guard vectors.shape[1] <= description.context else {
      throw DomainError(
        .shape,
        "a sequence of \(vectors.shape[1]) positions is longer than the context of \(description.context)"
      )
    }
    let lengths = vectors.lengths
    var x = vectors
    if let scale = description.embeddingScale {
      x = try x * scale
    }
    if let segments {
      x = try x + segments.forward(.zeros(Shape(vectors.shape.dropLast()), .i64))
    }
    if let positions, case .learned(_, let offset) = description.positions {
      x = try positions.forward(x.with(lengths: lengths), from: offset)
    }
    if let embeddingNorm { x = try embeddingNorm.forward(x) }
    x = try dropout.forward(x.with(lengths: lengths))
    if let projection { x = try projection.forward(x) }
    x = x.with(lengths: lengths)
    for block in blocks { x = try block.forward(x, memory: memory, biases: distances) }
    return try norm?.forward(x).with(lengths: lengths) ?? x
  }
}
