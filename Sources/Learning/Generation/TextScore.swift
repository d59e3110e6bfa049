// How well a language model predicts texts. Perplexities per token of models with different tokenizers cannot be
// compared; per word and per byte they can, because the total log-likelihood of the text is divided by something that
// the tokenizer does not decide.

import CKernels
import Foundations
import Glibc
import Tensors

/// The negative log-likelihood of some text and what it is divided by.
public struct TextScore: Sendable, Equatable {
  /// In nats, over all tokens that were predicted.
  public var negativeLogLikelihood: Double
  /// Tokens that were predicted.
  public var tokens: Int
  /// Words and UTF-8 bytes of the text before it was cut into tokens.
  public var words: Int
  public var bytes: Int

  public init(negativeLogLikelihood: Double = 0, tokens: Int = 0, words: Int = 0, bytes: Int = 0) {
    self.negativeLogLikelihood = negativeLogLikelihood
    self.tokens = tokens
    self.words = words
    self.bytes = bytes
  }

  /// e^(nats per token).
  public var perplexity: Double { exp(negativeLogLikelihood / Double(tokens)) }
  /// e^(nats per word): comparable between tokenizers.
  public var wordPerplexity: Double { exp(negativeLogLikelihood / Double(words)) }
  /// Comparable between tokenizers.
  public var bitsPerByte: Double { negativeLogLikelihood / (Glibc.log(2) * Double(bytes)) }

  public static func + (a: TextScore, b: TextScore) -> TextScore {
    TextScore(
      negativeLogLikelihood: a.negativeLogLikelihood + b.negativeLogLikelihood,
      tokens: a.tokens + b.tokens, words: a.words + b.words, bytes: a.bytes + b.bytes)
  }

  /// The words of a text: what stands between spaces, tabs and line breaks.
  public static func wordCount(_ text: String) -> Int {
    var count = 0
    var isInside = false
    for byte in text.utf8 {
      let isSpace = byte == 0x20 || (0x09...0x0D).contains(byte)
      if !isSpace, !isInside { count += 1 }
      isInside = !isSpace
    }
    return count
  }
}

/// Log-probabilities of given texts under a model from tokens [rows, time] (i64) to logits [rows, time, vocabulary]
/// (f32) in which position t sees nothing behind it.
public struct LanguageModelScorer {
  private let forward: (Tensor) throws -> Tensor
  /// The longest sequence that the model sees; nil where there is no limit.
  public let contextLength: Int?

  public init(contextLength: Int?, forward: @escaping (Tensor) throws -> Tensor) throws {
    if let contextLength, contextLength < 2 {
      throw DomainError(
        .value, "a model that predicts needs a context of at least 2 tokens, got \(contextLength)")
    }
    self.contextLength = contextLength
    self.forward = forward
  }

  public init(_ model: Layer, contextLength: Int?) throws {
    try self.init(contextLength: contextLength) { tokens in
      try Cancellation.abandonable { try model.forward(tokens) }
    }
  }

  /// ln p(token t | the tokens before it) for t = 1, 2, … of each text: one number less than there are tokens. Begin a
  /// text with a start token to have its first word predicted too.
  ///
  /// - Parameter batch: how many texts of like length go through the model together.
  /// - Throws: a limit error where a text is longer than the context; use `score` for those.
  public func logProbabilities(_ texts: [[Int32]], batch: Int = 8) throws -> [[Double]] {
    try Check.size(batch, "batch")
    if let limit = contextLength, let long = texts.firstIndex(where: { $0.count > limit }) {
      throw DomainError(
        .limit,
        "text \(long) has \(texts[long].count) tokens, more than the \(limit) that the model sees")
    }
    var results = texts.map { _ in [Double]() }
    let order = texts.indices.filter { texts[$0].count > 1 }
      .sorted { (texts[$0].count, $0) < (texts[$1].count, $1) }
    for start in stride(from: 0, to: order.count, by: batch) {
      let group = Array(order[start..<min(start + batch, order.count)])
      let found = try predict(group.map { texts[$0][...] })
      for (i, values) in zip(group, found) { results[i] = values }
    }
    return results
  }

  /// The score of one text of any length, by windows that overlap.
  ///
  /// - Parameters:
  ///   - tokens: the whole text.
  ///   - start: a token that goes before the text and every part of it that has no other context (`<|endoftext|>`,
  ///     say), so that the first token is predicted too; without one it is not.
  ///   - window: tokens of a window; at most (and where nothing is said) the context length.
  ///   - stride: how far a window moves. Its last `stride` tokens are predicted from all of the window before them: a
  ///     small stride gives each token more context and takes longer. Half a window where nothing is said.
  ///   - words, bytes: of the text; see `TextScore`.
  /// - Throws: a value error where window and stride do not fit.
  public func score(
    _ tokens: [Int32], start: Int32? = nil, window: Int? = nil, stride: Int? = nil, words: Int = 0,
    bytes: Int = 0, batch: Int = 4
  ) throws -> TextScore {
    try Check.size(batch, "batch")
    let text = (start.map { [$0] } ?? []) + tokens
    let window = window ?? contextLength ?? max(2, text.count)
    guard window >= 2, contextLength.map({ window <= $0 }) ?? true else {
      throw DomainError(
        .value,
        "window must be between 2 and \(contextLength.map(String.init) ?? "the text's length"), got \(window)"
      )
    }
    let stride = stride ?? max(1, window / 2)
    guard stride >= 1, stride < window else {
      throw DomainError(.value, "stride must be between 1 and \(window - 1), got \(stride)")
    }
    // Each window with the first of its positions that counts; those before it had more context in an earlier one.
    var windows: [(range: Range<Int>, first: Int)] = []
    var done = 1
    while done < text.count {
      let end = windows.isEmpty ? min(window, text.count) : min(done + stride, text.count)
      windows.append((max(0, end - window)..<end, done))
      done = end
    }
    var result = TextScore(words: words, bytes: bytes)
    for group in Swift.stride(from: 0, to: windows.count, by: batch) {
      let part = windows[group..<min(group + batch, windows.count)]
      let found = try predict(part.map { text[$0.range] })
      for (place, values) in zip(part, found) {
        for value in values[(place.first - place.range.lowerBound - 1)...] {
          result.negativeLogLikelihood -= value
          result.tokens += 1
        }
      }
    }
    return result
  }

  /// The log-probabilities of all tokens but the first of each sequence. Shorter ones are padded behind their end,
  /// where nothing that counts sees it.
  private func predict(_ sequences: [ArraySlice<Int32>]) throws -> [[Double]] {
    let longest = sequences.reduce(0) { max($0, $1.count) }
    let time = longest - 1
    guard time > 0 else { return sequences.map { _ in [] } }
    let input = try Tensor.uninitialized([sequences.count, time], .i64)
    let ids = input.pointer(Int64.self)
    for (row, sequence) in sequences.enumerated() {
      for (t, token) in sequence.dropLast().enumerated() { ids[row * time + t] = Int64(token) }
      for t in max(0, sequence.count - 1)..<time { ids[row * time + t] = 0 }
    }
    let lengths = Lengths(sequences.map { Int32($0.count - 1) })
    let output = try ForwardContext.evaluation { try forward(input.with(lengths: lengths)) }
    guard output.rank == 3, output.shape[0] == sequences.count, output.shape[1] == time,
      output.dtype == .f32
    else {
      throw DomainError(
        .shape,
        "a language model turns tokens \(input.shape) into f32 logits [\(sequences.count), \(time), vocabulary], got \(output.dtype.name) \(output.shape)"
      )
    }
    let size = output.shape[2]
    let logits = try output.detached.contiguous()
    let sums = try Tensor.uninitialized([sequences.count * time])
    return try withExtendedLifetime((logits, sums)) {
      Parallel.blocks(sequences.count * time, size: RowBlocks.size(width: size)) { block in
        fl_logsumexp_rows_f32(
          block.count, size, logits.floats + block.lowerBound * size,
          sums.floats + block.lowerBound)
      }
      return try sequences.enumerated().map { row, sequence in
        try sequence.dropFirst().enumerated().map { t, token in
          guard token >= 0, Int(token) < size else {
            throw DomainError(
              .index, "token \(token) is not in a vocabulary of \(size)",
              hint: "is this the tokenizer of this model?")
          }
          let place = row * time + t
          return Double(logits.floats[place * size + Int(token)]) - Double(sums.floats[place])
        }
      }
    }
  }
}
