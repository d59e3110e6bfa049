import Foundations

/// A numbered list of words, learnt from a training part only: 0 is padding, 1 the unknown word, the rest by falling
/// frequency.
///
/// The list itself is learnt without privacy: a word that only one person used is in it, and a private training run on
/// top does not hide that. Raise `minimumFrequency`, or give a list from public text, where this matters.
public struct Vocabulary: Sendable, Equatable, CustomStringConvertible {
  public static let padding: Int32 = 0
  public static let unknown: Int32 = 1

  /// All entries by number, the two special ones included.
  public let words: [String]
  private let numbers: [Spelling: Int32]

  /// A vocabulary of these words, in this order, behind the two special entries.
  ///
  /// - Throws: `value` where a word appears twice.
  public init(words: [String]) throws(DomainError) {
    var numbers: [Spelling: Int32] = [:]
    numbers.reserveCapacity(words.count)
    for (i, word) in words.enumerated() {
      guard numbers.updateValue(Int32(i + 2), forKey: Spelling(word)) == nil else {
        throw DomainError(.value, "the word `\(word)` appears twice in a vocabulary")
      }
    }
    self.words = ["<pad>", "<unk>"] + words
    self.numbers = numbers
  }

  /// Counts the tokens of `texts` and keeps the frequent ones; equally frequent ones are in the order of their bytes.
  ///
  /// - Parameters:
  ///   - minimumFrequency: words seen less often become unknown.
  ///   - limit: the most words kept, the special ones not counted; nil keeps all.
  /// - Throws: `interrupt` where it is stopped.
  public init(
    counting texts: some Sequence<String>, tokenizer: WordSplitter = .words,
    minimumFrequency: Int = 1,
    limit: Int? = nil
  ) throws(DomainError) {
    try self.init(
      countingTokens: texts.lazy.map { tokenizer.tokens($0) }, minimumFrequency: minimumFrequency,
      limit: limit)
  }

  /// Counts the words of sentences that are cut already.
  ///
  /// - Parameter markers: entries that come first and are no words of the sentences: the ends of texts, say.
  public init(
    countingTokens sentences: some Sequence<[String]>, markers: [String] = [],
    minimumFrequency: Int = 1, limit: Int? = nil
  ) throws(DomainError) {
    var counts: [Spelling: Int] = [:]
    for (index, tokens) in sentences.enumerated() {
      try Cancellation.check(turn: index)
      for token in tokens { counts[Spelling(token), default: 0] += 1 }
    }
    for marker in markers { counts[Spelling(marker)] = nil }
    let kept = counts.filter { $0.value >= minimumFrequency }.sorted {
      $0.value != $1.value ? $0.value > $1.value : $0.key < $1.key
    }
    let words = markers + kept.prefix(max(0, limit ?? Int.max)).map(\.key.text)
    self.words = ["<pad>", "<unk>"] + words
    self.numbers = Dictionary(
      uniqueKeysWithValues: words.enumerated().map { (Spelling($1), Int32($0 + 2)) })
  }

  /// Entries in all: the number of rows that an embedding needs.
  public var count: Int { words.count }
  /// Words proper, without the two special entries.
  public var wordCount: Int { words.count - 2 }

  /// The number of `word`; that of the unknown word where it is not in the list.
  public func number(of word: String) -> Int32 { numbers[word] ?? Self.unknown }

  public func contains(_ word: String) -> Bool { numbers[word] != nil }

  /// The numbers of a text's tokens; a text without any gives one unknown word, so that a mean over its tokens exists.
  public func encode(_ text: String, tokenizer: WordSplitter) -> [Int32] {
    let numbers = tokenizer.tokens(text).map { number(of: $0) }
    return numbers.isEmpty ? [Self.unknown] : numbers
  }

  /// SHA-256 of the words in order, in hexadecimal.
  public var fingerprint: String {
    var hash = FingerprintWriter("vocabulary")
    for word in words { hash.add(word) }
    return hash.fingerprint.description
  }

  public var description: String { "Vocabulary of \(NumberText.grouped(wordCount)) words" }
}
