// How the words of tasks become the numbers that models read.

import Foundations

/// A vocabulary of whole words, or the tokenizer of a pretrained model.
public enum TaskEncoder: Sendable {
  /// Words of a vocabulary; whether they are looked up in lower case.
  case words(Vocabulary, lowered: Bool)
  case pieces(SubwordTokenizer)

  /// Entries of vocabularies of words that are no words: before what is written, behind a text, between two texts.
  public enum Marker: String, Sendable, CaseIterable {
    case begin = "<s>"
    case end = "</s>"
    case separator = "<sep>"
  }

  /// What fills rows up.
  public var padding: Int32 {
    switch self {
    case .words: Vocabulary.padding
    case .pieces(let tokenizer): tokenizer.specialTokens.padding ?? tokenizer.specialTokens.end ?? 0
    }
  }

  /// The number of a marker.
  ///
  /// - Throws: `value` where there is none.
  public func number(of marker: Marker) throws(DomainError) -> Int32 {
    switch self {
    case .words(let vocabulary, _):
      if vocabulary.contains(marker.rawValue) { return vocabulary.number(of: marker.rawValue) }
      throw DomainError(
        .value, "the vocabulary has no \(Quoting.literal(marker.rawValue))",
        hint: "use one that was made for such a task, or none: then one is counted")
    case .pieces(let tokenizer):
      let special = tokenizer.specialTokens
      let number =
        switch marker {
        case .begin: special.beginning ?? special.classifier ?? special.end
        case .end: special.end ?? special.separator
        case .separator: special.separator ?? special.end
        }
      if let number { return number }
      throw DomainError(
        .value,
        "the tokenizer has no special token in the place of \(Quoting.literal(marker.rawValue))")
    }
  }

  /// The numbers of a text's tokens, without special ones.
  public func tokens(_ text: String, _ splitter: WordSplitter = .words) throws(DomainError)
    -> [Int32]
  {
    switch self {
    case .words(let vocabulary, let lowered):
      return splitter.tokens(lowered ? text.lowercased() : text).map { vocabulary.number(of: $0) }
    case .pieces(let tokenizer): return try tokenizer.encode(text, addSpecialTokens: false)
    }
  }

  /// The text of tokens, without padding and markers: words with single spaces between them, or as the tokenizer writes
  /// its pieces.
  ///
  /// - Throws: `value` for a number that no token has.
  public func text(_ tokens: [Int32]) throws(DomainError) -> String {
    switch self {
    case .words(let vocabulary, _):
      var words: [String] = []
      for token in tokens where token != Vocabulary.padding {
        guard vocabulary.words.indices.contains(Int(token)) else {
          throw DomainError(
            .value,
            "no word has the number \(token): the vocabulary has \(vocabulary.count) entries")
        }
        let word = vocabulary.words[Int(token)]
        if !Marker.allCases.contains(where: { $0.rawValue.isSpelt(word) }) { words.append(word) }
      }
      return words.joined(separator: " ")
    case .pieces(let tokenizer): return try tokenizer.decode(tokens, skipSpecialTokens: true)
    }
  }
}

/// Rows of token numbers, filled up to one width.
public struct TokenRows: Sendable, Equatable {
  /// [count, width], row by row.
  public private(set) var values: [Int32] = []
  /// How much of each row is no filling.
  public private(set) var lengths: [Int32] = []
  public let width: Int

  public var count: Int { lengths.count }

  /// - Parameters:
  ///   - width: nil: that of the longest row; of longer rows the beginning is kept.
  public init(_ rows: [[Int32]], filling: Int32, width: Int? = nil) {
    let width = max(1, width ?? rows.reduce(0) { max($0, $1.count) })
    self.width = width
    values.reserveCapacity(rows.count * width)
    for row in rows {
      let kept = row.prefix(width)
      values.append(contentsOf: kept)
      values.append(contentsOf: repeatElement(filling, count: width - kept.count))
      lengths.append(Int32(kept.count))
    }
  }

  /// Two parts of each row side by side, each filled up.
  public init(_ left: TokenRows, _ right: TokenRows) {
    width = left.width + right.width
    lengths = left.lengths.map { _ in Int32(left.width) }
    for row in 0..<left.count {
      values.append(contentsOf: left.values[row * left.width..<(row + 1) * left.width])
      values.append(contentsOf: right.values[row * right.width..<(row + 1) * right.width])
      lengths[row] += right.lengths[row]
    }
  }
}
