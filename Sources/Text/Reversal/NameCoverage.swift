// How many of the names in a text a pairing of names knows. An audit that exchanges names says nothing of the people
// whose names it does not know, and those are not evenly spread over origins; so the share belongs beside its result.

import Foundations

/// The names that were met in texts.
public struct NameCoverage: Sendable, Equatable {
  /// Places where a name of the pairing stands, those that stay included.
  public var known = 0
  /// Places where a word stands that looks like a name and is not in the pairing.
  public var unknown = 0
  /// The known ones by origin.
  public var byOrigin: [Spelling: Int] = [:]
  /// The unknown ones, each with how often it was met.
  public var unknownNames: [Spelling: Int] = [:]

  public init() {}

  /// The share of known names; nil where none was met.
  public var share: Double? {
    known + unknown > 0 ? Double(known) / Double(known + unknown) : nil
  }

  /// Below this share, most of those whose names were met are left out of an audit.
  public static let lowShare = 0.5

  public static func + (left: NameCoverage, right: NameCoverage) -> NameCoverage {
    var sum = left
    sum.known += right.known
    sum.unknown += right.unknown
    sum.byOrigin.merge(right.byOrigin, uniquingKeysWith: +)
    sum.unknownNames.merge(right.unknownNames, uniquingKeysWith: +)
    return sum
  }
}

/// Finds names in texts; one with hyphens (`Anne-Marie`) is one name. What looks like a name is an estimate: the first
/// Capitalised word of a row of such, unless it is a word by which contexts are read, stands behind `the`, `in`, `at`
/// or another word in front of places and things, or begins a sentence without another one behind it.
public struct NameFinder: Sendable {
  private let origins: [Spelling: String]

  public init(_ names: GivenNames) {
    var origins: [Spelling: String] = [:]
    for pair in names.pairs {
      origins[Spelling(pair.masculine)] = pair.origin
      origins[Spelling(pair.feminine)] = pair.origin
    }
    for name in names.unisex { origins[Spelling(name.name)] = name.origin }
    self.origins = origins
  }

  public func coverage(of text: String) -> NameCoverage {
    var coverage = NameCoverage()
    var text = text
    text.withUTF8 { bytes in
      guard let base = bytes.baseAddress else { return }
      var words = WordIterator(base: base, count: bytes.count)
      var last: Word?
      var read = 0
      func nextWord() -> Word? {
        while let (start, end) = words.next() {
          // A part of the last one.
          if start < read { continue }
          read = WordScanner.compoundEnd(start, end, base, bytes.count)
          return Word(base, start, read)
        }
        return nil
      }
      var word = nextWord()
      var turn = 0
      while let current = word, !Parallel.isAbandoned(turn: turn) {
        turn += 1
        let next = nextWord()
        look(at: current, last: last, next: next, base: base, &coverage)
        last = current
        word = next
      }
    }
    return coverage
  }

  private struct Word {
    var start: Int
    var end: Int
    var letterCase: LetterCase
    var lowered: String

    init(_ base: UnsafePointer<UInt8>, _ start: Int, _ end: Int) {
      self.start = start
      self.end = end
      letterCase = WordScanner.letterCase(base + start, length: end - start)
      let isCapital = letterCase == .title || letterCase == .upper
      // Only capitals are looked up, and the words in front of them.
      lowered =
        isCapital || end - start <= 8
        ? String(
          decoding: UnsafeBufferPointer(start: base + start, count: end - start), as: UTF8.self
        )
        .lowercased() : ""
    }
  }

  private func look(
    at word: Word, last: Word?, next: Word?, base: UnsafePointer<UInt8>,
    _ coverage: inout NameCoverage
  ) {
    guard word.letterCase == .title || word.letterCase == .upper else { return }
    if let origin = origins[Spelling(word.lowered)] {
      coverage.known += 1
      coverage.byOrigin[Spelling(origin), default: 0] += 1
      return
    }
    guard word.letterCase == .title, word.end - word.start >= 3,
      (word.start..<word.end).allSatisfy({
        WordScanner.isLower(base[$0] | 0x20) || base[$0] >= 0x80 || base[$0] == WordScanner.hyphen
      }), base[word.start + 1] != WordScanner.hyphen,
      !NameFinder.isOrdinary(word.lowered)
    else { return }
    let isBesideNext =
      next.map { $0.start == word.end + 1 && base[word.end] == 0x20 && $0.letterCase == .title }
      ?? false
    guard let last, last.end + 1 == word.start, base[last.end] == 0x20 else {
      // Where a sentence begins, any word is Capitalised.
      if isBesideNext, next.map({ !NameFinder.isOrdinary($0.lowered) }) ?? false {
        note(word, &coverage)
      }
      return
    }
    let isInRow = last.letterCase == .title && !NameFinder.isOrdinary(last.lowered)
    guard !isInRow, !NameFinder.wordsBeforePlaces.contains(last.lowered) else { return }
    note(word, &coverage)
  }

  private func note(_ word: Word, _ coverage: inout NameCoverage) {
    coverage.unknown += 1
    coverage.unknownNames[Spelling(word.lowered), default: 0] += 1
  }

  private static func isOrdinary(_ word: String) -> Bool {
    // `Mother-Tongue`: as ordinary as one of its parts.
    word.split(separator: "-").contains { part in
      let part = String(part)
      return ContextWords.all[part] != nil || calendar.contains(part) || lexiconWords.contains(part)
    }
  }

  private static let lexiconWords = Set(
    GenderLexicon.standard.rows.filter { $0.condition != .kept }.flatMap {
      [$0.masculine, $0.feminine]
    })

  private static let calendar: Set<String> = [
    "january", "february", "april", "june", "july", "august", "september", "october", "november",
    "december", "english", "french", "german", "spanish", "american", "british", "chinese",
    "indian",
    "japanese", "european", "african", "christmas", "easter", "internet", "god",
  ]

  private static let wordsBeforePlaces: Set<String> = [
    "the", "a", "an", "in", "at", "on", "of", "near", "into", "through", "this", "that", "their",
    "its",
    "our", "every", "each", "no", "any", "some", "all", "most", "other", "new", "san", "santa",
    "los", "las",
  ]
}
