// Streams of tokens as examples of equal length for models of language: at each position the model sees the tokens so
// far and is to say the next.

import Foundations

/// Examples of `time` positions each; row-major lists of shape [examples, time].
public struct TokenBlocks: Sendable, Equatable {
  /// The label of a position that does not count.
  public static let ignored: Int32 = -100

  public let time: Int
  /// [examples, time]: tokens, `padding` behind an example's end.
  public private(set) var inputs: [Int32] = []
  /// [examples, time]: the token after each input, `ignored` where there is none.
  public private(set) var labels: [Int32] = []
  /// [examples]: positions before the padding.
  public private(set) var lengths: [Int32] = []
  /// [examples]: the document that an example (or its first token) comes from.
  public private(set) var documents: [Int32] = []

  public var count: Int { lengths.count }

  private init(time: Int) throws(DomainError) {
    guard (1...1 << 24).contains(time) else {
      throw DomainError(.value, "an example has 1 to \(1 << 24) positions, not \(time)")
    }
    self.time = time
  }

  private mutating func add(
    _ tokens: ArraySlice<Int32>, next: Int32?, padding: Int32, document: Int
  ) {
    let missing = time - tokens.count
    inputs.append(contentsOf: tokens)
    inputs.append(contentsOf: repeatElement(padding, count: missing))
    labels.append(contentsOf: tokens.dropFirst())
    labels.append(next ?? Self.ignored)
    labels.append(contentsOf: repeatElement(Self.ignored, count: missing))
    lengths.append(Int32(tokens.count))
    documents.append(Int32(document))
  }

  /// All documents one behind the other, cut into examples without gaps: the usual way where nobody's privacy hangs on
  /// the example. Every token but the first is a label once. The last example is padded.
  ///
  /// - Parameters:
  ///   - separator: the token put behind each document (GPT-2: the one that ends a text); nil puts none.
  ///   - keepsRest: whether an example that is not full is kept.
  /// - Throws: `value` where `time` is not positive, `limit` past 2^31 documents.
  public static func packed(
    _ documents: [[Int32]], time: Int, separator: Int32?, padding: Int32 = 0, keepsRest: Bool = true
  ) throws(DomainError) -> TokenBlocks {
    var blocks = try TokenBlocks(time: time)
    try checkCount(documents)
    var stream: [Int32] = []
    /// Where each document starts in the stream.
    var starts: [Int] = []
    for document in documents {
      starts.append(stream.count)
      stream.append(contentsOf: document)
      if let separator { stream.append(separator) }
    }
    var document = 0
    var start = 0
    // The last token is only a label.
    while start + 1 < stream.count {
      let end = min(start + time, stream.count - 1)
      if end - start < time, !keepsRest { break }
      while document + 1 < starts.count, starts[document + 1] <= start { document += 1 }
      blocks.add(stream[start..<end], next: stream[end], padding: padding, document: document)
      start = end
    }
    return blocks
  }

  /// Each document by itself: where an example stands for a person or a client, no example may hold the text of two.
  ///
  /// - Parameters:
  ///   - beginning, end: tokens put before and behind each document; nil puts none.
  ///   - pieces: the most examples that one document gives; what is beyond is left out. 1 keeps one example a document.
  /// - Throws: `value` where `time` or `pieces` is not positive, `limit` past 2^31 documents.
  public static func separate(
    _ documents: [[Int32]], time: Int, beginning: Int32? = nil, end: Int32? = nil,
    padding: Int32 = 0, pieces: Int = 1
  ) throws(DomainError) -> TokenBlocks {
    var blocks = try TokenBlocks(time: time)
    try checkCount(documents)
    guard pieces > 0 else {
      throw DomainError(.value, "a document gives at least one example, not \(pieces)")
    }
    for (i, document) in documents.enumerated() {
      let tokens = (beginning.map { [$0] } ?? []) + document + (end.map { [$0] } ?? [])
      var start = 0
      var given = 0
      while start + 1 < tokens.count, given < pieces {
        let last = min(start + time, tokens.count - 1)
        blocks.add(tokens[start..<last], next: tokens[last], padding: padding, document: i)
        start = last
        given += 1
      }
    }
    return blocks
  }

  private static func checkCount(_ documents: [[Int32]]) throws(DomainError) {
    guard documents.count <= Int(Int32.max) else {
      throw DomainError(.limit, "more than \(Int32.max) documents")
    }
  }
}
