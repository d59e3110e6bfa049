import Foundations
import Text

/// Texts whose words a mechanism exchanges one by one.
///
/// What is promised of a text: against any other text of as many words, the epsilon of its words times their distances,
/// added up (composition). How many words a text has is seen, unless all are given one length.
public struct TextPrivatizer: Sendable {
  /// What becomes of a word without a vector, which no mechanism can hide.
  public enum UnknownWords: String, Sendable, CaseIterable {
    /// It is left out.
    case drop
    /// It stays as it is, for everybody to see.
    case keep
    /// An error.
    case error
  }

  private let mechanism: WordMechanism
  private let vectors: WordVectors
  private let unknown: UnknownWords
  private let length: Int?

  /// - Parameters:
  ///   - vectors: those that the mechanism was made for.
  ///   - length: makes each text one of so many words: a longer one is cut, a shorter one repeated from its start, and
  ///     one without any made of the vocabulary's first word, before noise comes.
  public init(
    _ mechanism: WordMechanism, vectors: WordVectors, unknown: UnknownWords = .drop,
    length: Int? = nil
  ) {
    self.mechanism = mechanism
    self.vectors = vectors
    self.unknown = unknown
    self.length = length
  }

  /// A piece of a text: a word of the vocabulary, or one that is kept.
  private enum Piece: Sendable {
    case word(Int32)
    case other(String)
  }

  /// The texts with other words, set apart by spaces. They are cut as `WordSplitter.words` does.
  ///
  /// - Throws: `value` for a word without a vector where that is an error, `limit` where `length` makes too many words,
  ///   `interrupt`.
  public func privatize(_ texts: [String], _ source: NoiseSource) throws -> [String] {
    let pieces = try read(texts)
    var words: [Int32] = []
    for text in pieces {
      try Cancellation.check()
      for case .word(let word) in text { words.append(word) }
    }
    let exchanged = try mechanism.exchange(words, source)
    var next = 0
    var result: [String] = []
    result.reserveCapacity(texts.count)
    for text in pieces {
      try Cancellation.check()
      var line = ""
      for (index, piece) in text.enumerated() {
        if index > 0 { line += " " }
        switch piece {
        case .word:
          line += vectors.words[Int(exchanged[next])]
          next += 1
        case .other(let word): line += word
        }
      }
      result.append(line)
    }
    return result
  }

  /// Words of texts of one length, so that memory holds them.
  private static let mostWords = 1 << 26

  private func read(_ texts: [String]) throws -> [[Piece]] {
    if let length {
      let (all, overflow) = texts.count.multipliedReportingOverflow(by: length)
      guard length > 0, !overflow, all <= Self.mostWords else {
        throw DomainError(
          .limit,
          "\(texts.count) texts of \(length) words each: there may be 1 to \(Self.mostWords) in all"
        )
      }
    }
    return try texts.enumerated().map { number, text in
      try Cancellation.check(turn: number)
      var pieces: [Piece] = []
      for (index, token) in WordSplitter.words.tokens(text).enumerated() {
        try Cancellation.check(turn: index)
        if let place = vectors.place(of: token) {
          pieces.append(.word(Int32(place)))
          continue
        }
        switch unknown {
        case .drop: continue
        case .keep: pieces.append(.other(token))
        case .error:
          // Which word it is stays with the text.
          throw DomainError(
            .value, "word \(index) of text \(number) has no vector",
            hint: "give `unknown: \"drop\"` to leave such words out")
        }
      }
      guard let length else { return pieces }
      if pieces.isEmpty { pieces = [.word(0)] }
      return (0..<length).map { pieces[$0 % pieces.count] }
    }
  }
}
