// Bahdanau, Cho and Bengio, "Neural Machine Translation by Jointly Learning to Align and Translate", ICLR 2015 (a
// recurrent encoder in both directions, a decoder that looks at all of its states), with the attention of Luong, Pham
// and Manning, "Effective Approaches to Attention-based Neural Machine Translation", EMNLP 2015: score "general"
// (section 3.1), without input feeding, so that all positions of a target are computed at once.

import Foundations
import Tensors

/// A recurrent encoder in both directions, and a recurrent decoder that reads its own target and the mean of the
/// encoder's states (Cho et al. 2014 give the decoder their summary at each step, too) and looks at those states.
public final class RecurrentWriter: Layer, SequenceWriter {
  public enum Cell: String, Sendable, CaseIterable { case lstm, gru }

  public let tokens: Embedding
  private let encoder: RecurrentLayer
  private let decoder: RecurrentLayer
  private let summarize: Linear
  private let query: Linear
  private let combine: Linear
  private let output: Linear
  private let dropout: Dropout

  /// - Parameters:
  ///   - width: of a token's vector.
  ///   - hidden: of each direction of the encoder, and of the decoder.
  ///   - padding: the token whose vector stays zero.
  public init(
    vocabulary: Int, width: Int, hidden: Int, cell: Cell = .lstm, padding: Int = 0,
    dropout: Double = 0, random: inout RandomStream
  ) throws {
    tokens = try Embedding(vocabulary, width, paddingIndex: padding, random: &random)
    encoder = try RecurrentWriter.recurrent(
      cell, width, hidden, bidirectional: true, &random)
    summarize = try Linear(2 * hidden, hidden, random: &random)
    decoder = try RecurrentWriter.recurrent(
      cell, width + hidden, hidden, bidirectional: false, &random)
    query = try Linear(hidden, 2 * hidden, bias: false, random: &random)
    combine = try Linear(3 * hidden, hidden, random: &random)
    output = try Linear(hidden, vocabulary, random: &random)
    self.dropout = try Dropout(dropout)
    super.init(kind: "recurrent_writer")
    try adoptParts()
  }

  private static func recurrent(
    _ cell: Cell, _ inputs: Int, _ hidden: Int, bidirectional: Bool, _ random: inout RandomStream
  ) throws -> RecurrentLayer {
    switch cell {
    case .lstm: return try LSTM(inputs, hidden, bidirectional: bidirectional, random: &random)
    case .gru: return try GRU(inputs, hidden, bidirectional: bidirectional, random: &random)
    }
  }

  private init(copying other: RecurrentWriter, _ copies: LayerCopies) throws {
    tokens = try copies(other.tokens)
    encoder = try copies(other.encoder)
    summarize = try copies(other.summarize)
    decoder = try copies(other.decoder)
    query = try copies(other.query)
    combine = try copies(other.combine)
    output = try copies(other.output)
    dropout = try copies(other.dropout)
    super.init(kind: other.kind)
    try adoptParts()
  }

  private func adoptParts() throws {
    try adopt("tokens", tokens)
    try adopt("encoder", encoder)
    try adopt("summarize", summarize)
    try adopt("decoder", decoder)
    try adopt("query", query)
    try adopt("combine", combine)
    try adopt("output", output)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try RecurrentWriter(copying: self, copies)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    "\(decoder.kind)(\(tokens.rows) tokens, width \(tokens.width), \(decoder.hidden))"
  }

  public var vocabularySize: Int { tokens.rows }
  public var longestSequence: Int? { nil }

  /// [examples, source, 2·hidden], zero in the padding.
  public func encode(_ source: Tensor) throws -> Tensor {
    try encoder.forward(dropout.forward(tokens.forward(source))).with(lengths: source.lengths)
  }

  public func decode(_ target: Tensor, memory: Tensor) throws -> Tensor {
    guard target.rank == 2, target.shape[0] == memory.shape[0] else {
      throw DomainError(
        .shape, "targets \(target.shape) do not go with what was read, \(memory.shape)")
    }
    let (examples, time) = (target.shape[0], target.shape[1])
    let summary = try summarize.forward(Pooling(.mean).forward(memory).with(lengths: nil))
    let read = try dropout.forward(tokens.forward(target)).with(lengths: nil)
    let everywhere = try summary.unsqueezed(1).expanded(to: [examples, time, decoder.hidden])
    let states = try decoder.forward(
      Tensor.concatenated([read, everywhere], axis: 2).with(lengths: target.lengths)
    ).with(lengths: nil)
    let plain = memory.with(lengths: nil)
    var scores = try query.forward(states).matmul(plain.transposed(1, 2))
    if let lengths = memory.lengths {
      scores = try scores + Spans.mask(lengths, time: memory.shape[1])
    }
    let seen = try scores.softmax().matmul(plain)
    let both = try combine.forward(Tensor.concatenated([states, seen], axis: 2)).tanh()
    return try output.forward(dropout.forward(both)).with(lengths: target.lengths)
  }
}
