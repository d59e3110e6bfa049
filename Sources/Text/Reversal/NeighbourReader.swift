// What stands around a word: the words and boundaries beside it, across emphasis (`*her* dog`), tags (`<b>her</b> bag`)
// and opening quotes.

/// What stands beside a word.
struct Neighbour {
  enum Kind {
    /// Punctuation, a sum of money, or the end of the text.
    case boundary
    case number, word
    /// Between alternatives: `his/her`.
    case slash
  }

  var kind: Kind
  var start = 0
  var end = 0
  /// In the table; -1 where it is not there.
  var number: Int32 = -1
  var isCapital = false
  /// Joined to more by a hyphen: `her ex-husband`.
  var isCompound = false

  /// A boundary that is a hyphen set apart: `her one - day trip`.
  var isHyphen = false

  static let boundary = Neighbour(kind: .boundary)
}

/// Reads words and boundaries around a place in a text.
struct NeighbourReader {
  let base: UnsafePointer<UInt8>
  let count: Int
  let table: LexiconTable

  /// The neighbour behind `place`, which moves behind it.
  func forward(_ place: inout Int) -> Neighbour {
    var lineEnds = 0
    guard skipMarkup(&place) else { return .boundary }
    let gap = place
    while place < count, WordScanner.isSpace(base[place]) {
      if base[place] == newline { lineEnds += 1 }
      place += 1
    }
    if place > gap, !skipMarkup(&place) { return .boundary }
    if place < count, base[place] == UInt8(ascii: "/") {
      place += 1
      return Neighbour(kind: .slash)
    }
    let follows = gap > 0 && base[gap - 1] == UInt8(ascii: "/")
    guard place < count, place > gap || follows, lineEnds < 2 else { return .boundary }
    guard skipOpening(&place) else { return .boundary }
    let start = place
    while place < count, WordScanner.isWordByte(base, place, count) { place += 1 }
    guard place > start else {
      var boundary = Neighbour.boundary
      boundary.isHyphen = place < count && base[place] == UInt8(ascii: "-")
      return boundary
    }
    if WordScanner.isDigit(base[start]) { return Neighbour(kind: .number) }
    let number = number(start, place)
    if number >= 0, table.info[Int(number)].flags.contains(.continues),
      let (whole, end) = table.extended(number, start, place, base, count)
    {
      place = end
      return Neighbour(
        kind: .word, start: start, end: end, number: whole,
        isCapital: WordScanner.isUpper(base[start]))
    }
    // `her ex-husband`, `her i.d.`
    let joined =
      place + 1 < count && (base[place] == UInt8(ascii: "-") || base[place] == UInt8(ascii: "."))
      && WordScanner.isWordByte(base, place + 1, count)
    return word(start, place, compound: joined)
  }

  /// The neighbour in front of `start`.
  func backward(from start: Int) -> Neighbour {
    // `_her_ dog`
    var inner = start
    while inner > 0, start - inner < 2, base[inner - 1] == UInt8(ascii: "_") { inner -= 1 }
    inner = skipMarkup(before: inner)
    var place = inner
    while place > 0, WordScanner.isSpace(base[place - 1]) { place -= 1 }
    guard place < inner else { return .boundary }
    place = skipMarkup(before: place)
    let end = place
    while place > 0, WordScanner.isWordByte(base, place - 1, count) { place -= 1 }
    guard place < end else { return .boundary }
    // A possessive may have an s or not: `gentlemen's`, `ladies'`.
    if end - place == 1, base[place] | 0x20 == UInt8(ascii: "s"), place > 0,
      base[place - 1] == UInt8(ascii: "'") || base[place - 1] == 0x99
    {
      return .boundary
    }
    if WordScanner.isDigit(base[place]) { return Neighbour(kind: .number) }
    return word(place, end, compound: false)
  }

  /// Where to read on behind a word: behind the mark that closes what opens right before it, as in `"her" dog`,
  /// `his (her) dog`, `[her] dog`.
  func closing(start: Int, end: Int) -> Int {
    guard start > 0, end < count else { return end }
    switch (base[start - 1], base[end]) {
    case (UInt8(ascii: "\""), UInt8(ascii: "\"")), (UInt8(ascii: "'"), UInt8(ascii: "'")),
      (UInt8(ascii: "("), UInt8(ascii: ")")), (UInt8(ascii: "["), UInt8(ascii: "]")),
      (UInt8(ascii: "_"), UInt8(ascii: "_")):
      let isDouble = base[end] == UInt8(ascii: "_") && end + 1 < count && base[end + 1] == base[end]
      return isDouble ? end + 2 : end + 1
    case (0x9C, 0xE2), (0x98, 0xE2):
      // “her”, ‘her’
      let isPair =
        start >= 3 && base[start - 3] == 0xE2 && base[start - 2] == 0x80 && end + 2 < count
        && base[end + 1] == 0x80 && base[end + 2] == base[start - 1] + 1
      return isPair ? end + 3 : end
    default: return end
    }
  }

  /// The number of the word at `start..<end` in the table, or -1.
  func number(_ start: Int, _ end: Int) -> Int32 {
    let length = end - start
    guard length <= WordKey.longest else { return -1 }
    return table.find(base + start, length: length, available: count - start)
  }

  /// Whether a word stands between two spaces, in a case that can be kept.
  func isBare(_ word: Neighbour) -> Bool {
    word.start > 0 && base[word.start - 1] == 0x20 && word.end < count && base[word.end] == 0x20
      && WordScanner.letterCase(base + word.start, length: word.end - word.start) != .mixed
  }

  /// Whether a word stands in brackets by itself.
  func isBracketed(_ word: Neighbour) -> Bool {
    word.kind == .word && word.start > 0 && base[word.start - 1] == UInt8(ascii: "(")
      && word.end < count && base[word.end] == UInt8(ascii: ")")
  }

  /// Whether this is the word given in lower case.
  func isWord(_ word: Neighbour, _ text: StaticString) -> Bool {
    let length = text.utf8CodeUnitCount
    guard word.kind == .word, word.end - word.start == length else { return false }
    for i in 0..<length where WordScanner.lowered(base[word.start + i]) != text.utf8Start[i] {
      return false
    }
    return true
  }

  /// Whether a word that is not of the lexicon ends so; `ending` is in lower case.
  func ends(_ word: Neighbour, _ ending: StaticString) -> Bool {
    if word.number >= 0, table.info[Int(word.number)].flags.contains(.gendered) { return false }
    let length = ending.utf8CodeUnitCount
    guard word.end - word.start >= length else { return false }
    for i in 0..<length
    where WordScanner.lowered(base[word.end - length + i]) != ending.utf8Start[i] {
      return false
    }
    return true
  }

  /// Steps over an opening quote or bracket or a sign in front of a word: her "friend", her (late) aunt. False at a
  /// closing one.
  private func skipOpening(_ place: inout Int) -> Bool {
    guard place + 1 < count else { return true }
    switch base[place] {
    case UInt8(ascii: "("):
      // `her (late) aunt`; but `to her (see below)`.
      guard isInsertion(place) else { return false }
      place += 1
    case UInt8(ascii: "["), UInt8(ascii: "<"), UInt8(ascii: "$"), UInt8(ascii: "#"):
      place += 1
    case UInt8(ascii: "'"):
      guard place > 0, WordScanner.isSpace(base[place - 1]) else { return true }
      place += 1
    case UInt8(ascii: "`"):
      while place < count, base[place] == UInt8(ascii: "`") { place += 1 }
    case UInt8(ascii: "\""):
      // A closing one has no space in front of it, or nothing but space behind.
      let opens =
        place > 0 && WordScanner.isSpace(base[place - 1]) && !WordScanner.isSpace(base[place + 1])
      if !opens { return false }
      place += 1
    case 0xE2:
      // “ and ‘ open; everything else of that block ends the phrase.
      guard place + 3 < count, base[place + 1] == 0x80 else { return true }
      guard base[place + 2] == 0x9C || base[place + 2] == 0x98 else { return false }
      place += 3
    default: return true
    }
    if place < count, base[place] == 0x20 { place += 1 }
    return true
  }

  private func word(_ start: Int, _ end: Int, compound: Bool) -> Neighbour {
    Neighbour(
      kind: .word, start: start, end: end, number: number(start, end),
      isCapital: WordScanner.isUpper(base[start]), isCompound: compound)
  }

  // MARK: Markup

  /// Longer brackets and tags are read as text, so that a pass stays linear.
  private static let longestInsertion = 48

  /// Whether the bracket that opens at `place` holds a few words and a noun may follow it.
  private func isInsertion(_ place: Int) -> Bool {
    var end = place + 1
    var spaces = 0
    // Counted in words, whose lengths a reversal changes.
    while end < count, spaces <= 3 {
      if base[end] == 0x20 { spaces += 1 }
      let apostrophe = Apostrophe(base, end, count)?.length
      guard
        base[end] == 0x20 || base[end] == UInt8(ascii: ".") || apostrophe != nil
          || WordScanner.isWordByte(base, end, count)
      else { break }
      end += apostrophe ?? 1
    }
    return end + 2 < count && base[end] == UInt8(ascii: ")") && base[end + 1] == 0x20
      && WordScanner.isWordByte(base, end + 2, count)
  }

  private static func isEmphasis(_ byte: UInt8) -> Bool {
    byte == UInt8(ascii: "*") || byte == UInt8(ascii: "~")
  }

  /// Steps over emphasis and inline tags. False at a tag that ends the text's flow (`<br>`, `</p>`).
  private func skipMarkup(_ place: inout Int) -> Bool {
    for _ in 0..<8 {
      guard place < count else { return true }
      if NeighbourReader.isEmphasis(base[place]) {
        place += 1
      } else if base[place] == UInt8(ascii: "<"), let (end, isInline) = tag(at: place) {
        if !isInline { return false }
        place = end
      } else {
        return true
      }
    }
    return true
  }

  /// The place in front of emphasis and inline tags that end at `end`.
  private func skipMarkup(before end: Int) -> Int {
    var place = end
    for _ in 0..<8 {
      guard place > 0 else { return place }
      if NeighbourReader.isEmphasis(base[place - 1]) {
        place -= 1
      } else if base[place - 1] == UInt8(ascii: ">") {
        var open = place - 2
        while open >= 0, place - open < NeighbourReader.longestInsertion,
          base[open] != UInt8(ascii: "<")
        { open -= 1 }
        guard open >= 0, base[open] == UInt8(ascii: "<"), let (close, isInline) = tag(at: open),
          isInline, close == place
        else { return place }
        place = open
      } else {
        return place
      }
    }
    return place
  }

  /// Where the tag that opens at `place` ends, and whether the text flows on.
  private func tag(at place: Int) -> (end: Int, isInline: Bool)? {
    var name = place + 1
    if name < count, base[name] == UInt8(ascii: "/") { name += 1 }
    var end = name
    while end < count, end - name < 8,
      WordScanner.isLower(base[end] | 0x20) || WordScanner.isDigit(base[end])
    { end += 1 }
    guard end > name, !WordScanner.isDigit(base[name]) else { return nil }
    let isInline = NeighbourReader.inlineTags.contains(
      String(decoding: (name..<end).map { WordScanner.lowered(base[$0]) }, as: UTF8.self))
    while end < count, end - place < NeighbourReader.longestInsertion, base[end] != newline,
      base[end] != UInt8(ascii: "<")
    {
      if base[end] == UInt8(ascii: ">") { return (end + 1, isInline) }
      end += 1
    }
    return nil
  }

  private static let inlineTags: Set<String> = [
    "a", "abbr", "b", "big", "cite", "code", "del", "em", "font", "i", "ins", "mark", "q", "s",
    "small", "span", "strike", "strong", "sub", "sup", "tt", "u",
  ]
}
