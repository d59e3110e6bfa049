// Whether `her` means `his` or `him`: a part-of-speech rule over the words around it.
//
// The words that can follow an object pronoun are mostly closed classes (prepositions, determiners, conjunctions, auxiliaries, pronouns,
// adverbs) or punctuation; nearly everything else starts a noun phrase, so that the pronoun is its determiner. The verbs before it correct
// this: `let her go`, `gave her money`, `made her happy`, `saw her walking`. All features are the same before and after a reversal.

/// The pronouns whose counterpart depends on context.
enum Pronoun: String, CaseIterable, Sendable {
  case her, hers, him, his

  /// What takes this pronoun's place. In every context `her` and one masculine pronoun lead to each other; the rest leads there one way
  /// only, or (`hers` in front of a noun phrase that is not its own) stays.
  func partner(in context: PronounContext) -> Pronoun {
    switch (self, context) {
    case (.her, .determiner): .his
    case (.her, _): .him
    case (.his, .object): .hers
    case (.his, _): .her
    case (.him, _): .her
    case (.hers, .objectBeforeNoun): .hers
    case (.hers, _): .his
    }
  }
}

enum PronounContext {
  /// In front of a noun phrase that it belongs to: `her book`.
  case determiner
  /// On its own: `saw her.`, `to her and`, `it was his.`
  case object
  /// An object with a noun phrase of its own behind it: `gave her money`.
  case objectBeforeNoun
}

/// Reads the context of a pronoun.
struct ContextReader {
  let neighbours: NeighbourReader

  /// The context of the pronoun at `start..<end`.
  func context(start: Int, end: Int) -> PronounContext {
    let before = neighbours.backward(from: start)
    var place = end
    var next = neighbours.forward(&place)
    // `his or her book`: what follows the last of several pronouns decides for all.
    for _ in 0..<4 {
      guard next.kind == .slash || has(next, .joining) else { break }
      var further = place
      let word = neighbours.forward(&further)
      guard word.number >= 0, info(word).pronoun != nil else { break }
      place = further
      next = neighbours.forward(&place)
    }
    let second = neighbours.forward(&place)
    return decide(before: before, next: next, second: second)
  }

  private func info(_ word: Neighbour) -> WordInfo {
    neighbours.table.info[Int(word.number)]
  }

  private func group(_ word: Neighbour) -> WordGroup {
    word.number >= 0 ? info(word).group : .open
  }

  private func has(_ word: Neighbour, _ trait: WordTraits) -> Bool {
    word.number >= 0 && !info(word).traits.isDisjoint(with: trait)
  }

  /// Whether the phrase that began before ends here: nothing that could be its noun follows.
  private func endsPhrase(_ word: Neighbour) -> Bool {
    switch word.kind {
    case .boundary, .slash: return true
    case .number: return false
    case .word: return group(word) == .function || group(word) == .pronoun
    }
  }

  /// - Parameters:
  ///   - before: the word in front, where nothing but spaces stands between.
  ///   - next, second: the two words behind, likewise.
  private func decide(before: Neighbour, next: Neighbour, second: Neighbour) -> PronounContext {
    let verb = before.number >= 0 ? info(before).verbs : []
    switch next.kind {
    case .boundary, .slash: return .object
    case .number:
      return verb.contains(.giving) && !second.isHyphen ? .objectBeforeNoun : .determiner
    case .word: break
    }
    // `made her very happy`; but `her very own`, and any -ly word as in `drove her completely mad`.
    if verb.contains(.making), has(next, .degree), !has(second, .own) { return .object }
    if next.isCompound { return .determiner }
    switch group(next) {
    case .noun: return .determiner
    case .pronoun: return .object
    case .function:
      // `against her will.`
      return has(next, .modalNoun) && second.kind == .boundary && has(before, .preposition)
        ? .determiner : .object
    case .determinerOnly: return .determiner
    case .place:
      // `call her back`, `took her home`; but `her back hurts`, `her home in Leeds`.
      guard endsPhrase(second) || group(second) == .place else { return .determiner }
      return has(next, .home) && !verb.contains(.moving) ? .determiner : .object
    case .adverb:
      // `saw her last week`; but `in her last week`.
      // `at her best`
      if has(next, .superlative), has(before, .preposition) { return .determiner }
      if has(second, .time) { return has(before, .preposition) ? .determiner : .object }
      return endsPhrase(second) ? .object : .determiner
    case .quantity:
      // `told her more`, `gave her one.`; but `her two sons`.
      if second.isHyphen { return .determiner }
      if verb.contains(.giving) { return .objectBeforeNoun }
      return endsPhrase(second) ? .object : .determiner
    case .baseVerb:
      if verb.contains(.letting) { return .object }
      if verb.contains(.helping) {
        return has(next, .nounToo) && endsPhrase(second) ? .determiner : .object
      }
      return .determiner
    case .open: return decideOpen(next, verb, second, before)
    }
  }

  private func decideOpen(
    _ word: Neighbour, _ verb: VerbGroup, _ second: Neighbour, _ before: Neighbour
  ) -> PronounContext {
    if verb.contains(.letting) { return .object }
    if neighbours.ends(word, "ly"), !word.isCapital, !has(word, .adjective) {
      let describes = verb.contains(.making) || verb.contains(.perceiving)
      return describes && !has(before, .preposition) || endsPhrase(second) ? .object : .determiner
    }
    if verb.contains(.naming), word.isCapital { return .object }
    let length = word.end - word.start
    if verb.contains(.perceiving), length > 5, neighbours.ends(word, "ing") {
      // `with her walking ahead`; but `with her bombing targets`.
      if !has(before, .preposition) || endsPhrase(second) { return .object }
    }
    if verb.contains(.making), endsPhrase(second) {
      if has(word, .adjective) || length > 4 && neighbours.ends(word, "ed") { return .object }
    }
    guard verb.contains(.giving) else { return .determiner }
    // `gave her money`, `gave her white rice`.
    return has(word, .gift) || has(word, .adjective) && has(second, .gift)
      ? .objectBeforeNoun : .determiner
  }
}

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
    let gap = place
    while place < count, WordScanner.isSpace(base[place]) {
      if base[place] == newline { lineEnds += 1 }
      place += 1
    }
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
    let joined =
      place + 1 < count && base[place] == UInt8(ascii: "-")
      && WordScanner.isWordByte(base, place + 1, count)
    return word(start, place, compound: joined)
  }

  /// The neighbour in front of `start`.
  func backward(from start: Int) -> Neighbour {
    var place = start
    while place > 0, WordScanner.isSpace(base[place - 1]) { place -= 1 }
    guard place < start else { return .boundary }
    let end = place
    while place > 0, WordScanner.isWordByte(base, place - 1, count) { place -= 1 }
    guard place < end else { return .boundary }
    if WordScanner.isDigit(base[place]) { return Neighbour(kind: .number) }
    return word(place, end, compound: false)
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

  /// Steps over an opening quote or bracket or a sign in front of a word: her "friend", her (late) aunt. False at a closing one.
  private func skipOpening(_ place: inout Int) -> Bool {
    guard place + 1 < count else { return true }
    switch base[place] {
    case UInt8(ascii: "("), UInt8(ascii: "["), UInt8(ascii: "<"), UInt8(ascii: "$"),
      UInt8(ascii: "#"):
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
    let length = end - start
    let number =
      length <= WordKey.longest
      ? table.find(base + start, length: length, available: count - start) : -1
    return Neighbour(
      kind: .word, start: start, end: end, number: number,
      isCapital: WordScanner.isUpper(base[start]), isCompound: compound)
  }
}
