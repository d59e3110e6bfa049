// Phrases in which a gendered word stays: fixed compounds (`mother tongue`, `man-made`) and names (`Father Time`,
// `in Queens`). The same words are ordinary ones elsewhere (`the man made a cake`, `gave his father time`), so that a
// row says how its phrase is to be written or what stands around it. Whether a phrase is kept depends on families of
// words only, so that it is the same after a reversal.

/// A phrase of the lexicon, as families of words.
struct KeptPhrase: Hashable {
  struct Word: Hashable {
    var family: Int32
    /// `Time` in `Father Time`.
    var isCapital: Bool
    /// `bachelor's` in `bachelor's degree`.
    var isPossessive: Bool
  }

  var words: [Word]
  var writing: GenderLexicon.Writing
}

/// Looks for kept phrases around a word.
struct PhraseReader {
  let neighbours: NeighbourReader
  private var base: UnsafePointer<UInt8> { neighbours.base }
  private var count: Int { neighbours.count }

  init(neighbours: NeighbourReader) { self.neighbours = neighbours }

  /// Whether the word at `start..<end` stands in a phrase that is kept.
  func isKept(_ number: Int32, _ start: Int, _ end: Int) -> Bool {
    let table = neighbours.table
    guard mayBeKept(start, end) else { return false }
    let family = table.info[Int(number)].family
    for phrase in table.phrases[family] ?? [] {
      for (place, word) in phrase.words.enumerated() where word.family == family {
        if matches(phrase, at: place, start, end) { return true }
      }
    }
    return false
  }

  /// Whether a word beside this one stands in any phrase, which is quick to see and mostly not so.
  private func mayBeKept(_ start: Int, _ end: Int) -> Bool {
    let behind = afterPossessive(end) ?? end
    if behind + 1 < count, PhraseReader.joins(base[behind]),
      isInPhrase(neighbours.table.find(word: behind + 1, base, count))
    {
      return true
    }
    guard start > 1, PhraseReader.joins(base[start - 1]) else { return false }
    var place = start - 1
    while place > 0, start - place <= WordKey.longest,
      WordScanner.isWordByte(base, place - 1, count)
    { place -= 1 }
    return isInPhrase(neighbours.number(place, start - 1))
  }

  private func isInPhrase(_ number: Int32) -> Bool {
    number >= 0 && neighbours.table.info[Int(number)].flags.contains(.inPhrase)
  }

  private func matches(_ phrase: KeptPhrase, at place: Int, _ start: Int, _ end: Int) -> Bool {
    guard isForm(start, of: phrase.words[place]) else { return false }
    var first = start
    var hyphens = 0
    for word in phrase.words[..<place].reversed() {
      guard let found = before(first, word, &hyphens) else { return false }
      first = found
    }
    var last = end
    for index in place..<phrase.words.count {
      if index > place {
        guard let found = after(last, phrase.words[index], &hyphens) else { return false }
        last = found
      }
      if phrase.words[index].isPossessive {
        guard let next = afterPossessive(last) else { return false }
        last = next
      }
    }
    return isWritten(phrase, first, last, hyphens: hyphens)
  }

  private func isForm(_ start: Int, of word: KeptPhrase.Word) -> Bool {
    !word.isCapital || WordScanner.isUpper(base[start])
  }

  private func isWord(_ start: Int, _ end: Int, _ word: KeptPhrase.Word) -> Bool {
    let number = neighbours.number(start, end)
    return number >= 0 && neighbours.table.info[Int(number)].family == word.family
      && isForm(start, of: word)
  }

  private static func joins(_ byte: UInt8) -> Bool { byte == 0x20 || byte == UInt8(ascii: "-") }

  /// Where the word in front of `place` starts, if it is this one.
  private func before(_ place: Int, _ word: KeptPhrase.Word, _ hyphens: inout Int) -> Int? {
    guard !word.isPossessive, place > 1, PhraseReader.joins(base[place - 1]) else { return nil }
    if base[place - 1] != 0x20 { hyphens += 1 }
    let end = place - 1
    var start = end
    while start > 0, end - start <= WordKey.longest,
      WordScanner.isWordByte(base, start - 1, count)
    { start -= 1 }
    return start < end && isWord(start, end, word) ? start : nil
  }

  /// Where the word behind `place` ends, if it is this one.
  private func after(_ place: Int, _ word: KeptPhrase.Word, _ hyphens: inout Int) -> Int? {
    guard place + 1 < count, PhraseReader.joins(base[place]) else { return nil }
    if base[place] != 0x20 { hyphens += 1 }
    let start = place + 1
    var end = start
    while end < count, end - start <= WordKey.longest, WordScanner.isWordByte(base, end, count) {
      end += 1
    }
    return end > start && isWord(start, end, word) ? end : nil
  }

  /// Behind `'s`, `’s`; a missing apostrophe is no possessive.
  private func afterPossessive(_ place: Int) -> Int? {
    guard let apostrophe = Apostrophe(base, place, count) else { return nil }
    let letter = place + apostrophe.length
    guard letter < count, base[letter] | 0x20 == UInt8(ascii: "s"),
      letter + 1 == count || !WordScanner.isWordByte(base, letter + 1, count)
    else { return nil }
    return letter + 1
  }

  private func isWritten(_ phrase: KeptPhrase, _ first: Int, _ last: Int, hyphens: Int) -> Bool {
    if phrase.writing == .plain || hyphens > 0 { return true }
    var place = last
    let next = neighbours.forward(&place)
    let before = neighbours.backward(from: first)
    switch phrase.writing {
    case .plain, .hyphen: return false
    case .name:
      guard before.number >= 0 else { return true }
      let owner = neighbours.table.info[Int(before.number)]
      guard owner.pronoun != nil || owner.traits.contains(.possessive) else { return true }
      let verb = neighbours.backward(from: before.start)
      return verb.number < 0
        || !neighbours.table.info[Int(verb.number)].verbs.contains(.giving)
    case .compound: return isCompound(before, next)
    case .adjective:
      // `a king sized bed`; but `the king sized him up`.
      return next.kind == .word && isOpen(next)
    case .noun:
      // `a witch hunt`; but `the witch hunts them`.
      return !has(next, .article) || base[last - 1] | 0x20 != UInt8(ascii: "s")
    }
  }

  /// `built man made islands`, `500 man hours`; but `the man made a cake`, `a man hours later`.
  private func isCompound(_ before: Neighbour, _ next: Neighbour) -> Bool {
    // `religion is man made`
    if has(before, .auxiliary) { return true }
    if has(next, .article) || isFunction(next) && has(next, .later) { return false }
    switch before.kind {
    case .boundary, .number, .slash: return true
    case .word: break
    }
    if has(before, .article) || before.number < 0 {
      // `It is a man made lake`
      guard has(before, .article), isOpen(next) else { return false }
      let further = neighbours.backward(from: before.start)
      return has(further, .auxiliary) || has(further, .preposition)
    }
    let info = neighbours.table.info[Int(before.number)]
    guard !info.traits.contains(.adjective), info.particular == .none else { return false }
    switch info.group {
    case .function, .quantity, .baseVerb: return true
    default: return !info.verbs.isEmpty
    }
  }

  private func has(_ word: Neighbour, _ trait: WordTraits) -> Bool {
    word.number >= 0
      && !neighbours.table.info[Int(word.number)].traits.isDisjoint(with: trait)
  }

  private func isFunction(_ word: Neighbour) -> Bool {
    word.number >= 0 && neighbours.table.info[Int(word.number)].group == .function
  }

  private func isOpen(_ word: Neighbour) -> Bool {
    guard word.kind == .word else { return false }
    guard word.number >= 0 else { return true }
    let info = neighbours.table.info[Int(word.number)]
    return (info.group == .open || info.group == .noun) && !info.traits.contains(.adjective)
  }
}
