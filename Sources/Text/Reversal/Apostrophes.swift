// Possessives: `the ladies' room` and `the gentlemen's room` differ in more than the word, so that what follows it
// changes with it.

/// An apostrophe, straight or curly, as it stands in a text.
struct Apostrophe {
  /// Bytes in UTF-8.
  let length: Int

  init?(_ base: UnsafePointer<UInt8>, _ place: Int, _ count: Int) {
    if place < count, base[place] == UInt8(ascii: "'") {
      length = 1
    } else if place + 2 < count, base[place] == 0xE2, base[place + 1] == 0x80,
      base[place + 2] == 0x99
    {
      length = 3
    } else {
      return nil
    }
  }
}

/// What becomes of the possessive behind a word that is replaced.
struct PossessiveEnding {
  /// Bytes behind the word that are replaced with it.
  var length: Int
  /// Bytes of the apostrophe itself, which stays.
  var apostrophe: Int
  var hasS: Bool
  var isInvertible: Bool
}

struct PossessiveReader {
  let base: UnsafePointer<UInt8>
  let count: Int
  let table: LexiconTable

  /// How far back an opening quote is looked for.
  private static let reach = 200

  /// What has to change behind the word that ends at `end`; nil where nothing has.
  func ending(
    _ end: Int, source: SpelledWord, target: SpelledWord, letterCase: LetterCase, isOneWay: Bool
  ) -> PossessiveEnding? {
    guard let apostrophe = Apostrophe(base, end, count) else { return nil }
    let behind = end + apostrophe.length
    let hasS = hasS(behind)
    // An s in another case than the word (`GENTLEMEN's`) could not come back once it is gone.
    if hasS, WordScanner.isUpper(base[behind]) != (letterCase == .upper) { return nil }
    // `the ladies's room`, as hardly anybody writes it.
    let isOdd = source.isPluralInS && hasS
    if source.endsInS == target.endsInS {
      guard isOdd, isOneWay, isPossessive(end) else { return nil }
      return PossessiveEnding(
        length: apostrophe.length + 1, apostrophe: apostrophe.length, hasS: false,
        isInvertible: false)
    }
    if isOdd {
      return PossessiveEnding(
        length: apostrophe.length + 1, apostrophe: apostrophe.length, hasS: true,
        isInvertible: !isPossessive(end))
    }
    if source.endsInS {
      // `the ladies' room`, `the actress' role`
      guard endsWord(behind), isPossessive(end) else { return nil }
      return PossessiveEnding(
        length: apostrophe.length, apostrophe: apostrophe.length, hasS: true,
        isInvertible: source.isPluralInS)
    }
    // `the gentlemen's club`; but `the actor's role`, `the actress's role`.
    guard target.isPluralInS, hasS, isPossessive(end) else { return nil }
    return PossessiveEnding(
      length: apostrophe.length + 1, apostrophe: apostrophe.length, hasS: false,
      isInvertible: true)
  }

  /// Whether an s stands at `place` and ends the word.
  private func hasS(_ place: Int) -> Bool {
    place < count && base[place] | 0x20 == UInt8(ascii: "s") && endsWord(place + 1)
  }

  /// Whether a bare apostrophe behind the word that ends at `end` would be read as a possessive behind its counterpart
  /// only (`gentlemen' room`).
  func isMisread(
    _ end: Int, source: SpelledWord, target: SpelledWord
  ) -> Bool {
    guard !source.endsInS, target.endsInS, let apostrophe = Apostrophe(base, end, count) else {
      return false
    }
    return endsWord(end + apostrophe.length) && isPossessive(end)
  }

  /// Whether nothing that could join a word to more follows, as it does in an address.
  private func endsWord(_ place: Int) -> Bool {
    guard place < count, !WordScanner.isSpace(base[place]) else { return true }
    switch base[place] {
    case UInt8(ascii: "."), UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: ":"),
      UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: ")"), UInt8(ascii: "\""),
      UInt8(ascii: "*"):
      return place + 1 == count || WordScanner.isSpace(base[place + 1])
    default: return false
    }
  }

  /// Whether the apostrophe at `place`, behind a word that ends in s, closes no quotation: none is open in front of it,
  /// or another one closes it.
  private func isPossessive(_ place: Int) -> Bool {
    let first = max(0, place - PossessiveReader.reach)
    var at = place - 1
    while at >= first, base[at] != newline {
      let isCurlyOpening =
        base[at] == 0x98 && at >= 2 && base[at - 1] == 0x80 && base[at - 2] == 0xE2
      if isCurlyOpening { return isClosed(behind: place) }
      let isCurly = base[at] == 0x99 && at >= 2 && base[at - 1] == 0x80 && base[at - 2] == 0xE2
      guard base[at] == UInt8(ascii: "'") || isCurly else {
        at -= 1
        continue
      }
      let start = isCurly ? at - 2 : at
      let isBehindWord = start > 0 && WordScanner.isWordByte(base, start - 1, count)
      let isBeforeWord = at + 1 < count && WordScanner.isWordByte(base, at + 1, count)
      if !isBehindWord, isBeforeWord, !isCurly, !isShortened(at + 1) {
        return isClosed(behind: place)
      }
      let closes = !isBeforeWord && start > 0 && !WordScanner.isSpace(base[start - 1])
      let couldBePossessive =
        isBehindWord && (base[start - 1] | 0x20 == UInt8(ascii: "s") || isGendered(start))
      if closes, !couldBePossessive { return true }
      at = start - 1
    }
    return true
  }

  /// Whether a quotation that is open at `place` is closed by an apostrophe of the same line behind it.
  private func isClosed(behind place: Int) -> Bool {
    let last = min(count, place + PossessiveReader.reach)
    var at = place + 1
    while at < last, base[at] != newline {
      defer { at += 1 }
      guard let apostrophe = Apostrophe(base, at, count), at > place + 2 else { continue }
      let behind = at + apostrophe.length
      let isInside = behind < count && WordScanner.isWordByte(base, behind, count)
      if !isInside, !WordScanner.isSpace(base[at - 1]), !isGendered(at) { return true }
    }
    return false
  }

  /// Whether the word that ends at `end` is one of the lexicon, which a reversal may give another ending.
  private func isGendered(_ end: Int) -> Bool {
    var start = end
    while start > 0, end - start <= WordKey.longest, WordScanner.isWordByte(base, start - 1, count)
    { start -= 1 }
    let length = end - start
    guard length > 0, length <= WordKey.longest else { return false }
    let number = table.find(base + start, length: length, available: count - start)
    return number >= 0 && table.info[Int(number)].flags.contains(.gendered)
  }

  /// `'em`, `'til`, `'90s`: the apostrophe stands for letters.
  private func isShortened(_ start: Int) -> Bool {
    if WordScanner.isDigit(base[start]) { return true }
    var end = start
    while end < count, end - start < 6, WordScanner.isWordByte(base, end, count) { end += 1 }
    let word = String(decoding: (start..<end).map { WordScanner.lowered(base[$0]) }, as: UTF8.self)
    return ["em", "til", "tis", "twas", "cause", "bout", "n", "round"].contains(word)
  }
}

/// What a word's spelling says about its possessive.
struct SpelledWord {
  var endsInS: Bool
  /// A plural that ends in s: `ladies`; not `actress`, `alumnus`, `James`.
  var isPluralInS: Bool

  init(_ word: UnsafeBufferPointer<UInt8>, isName: Bool) {
    let last = word.last.map { $0 | 0x20 }
    endsInS = last == UInt8(ascii: "s")
    let before = word.count >= 2 ? word[word.count - 2] | 0x20 : 0
    let isSingular =
      isName || word.count < 4 || before == UInt8(ascii: "s") || before == UInt8(ascii: "u")
      || before == UInt8(ascii: "i")
    isPluralInS = endsInS && !isSingular
  }
}
