// The lexicon, the names and the words that contexts are read by, as one open-addressing hash table over packed words.
//
// All features of a word of the lexicon are those of its family: the words that reversals can turn into each other. So
// a context looks the same before and after a reversal, which is what makes R an involution.

import Foundations

/// What a table knows of a word.
struct WordInfo {
  /// The word that takes its place; -1 where it stays.
  var partner: Int32 = -1
  /// The same in front of a name; -1 where that makes no difference.
  var titlePartner: Int32 = -1
  /// The number of the family's first word.
  var family: Int32
  /// Numbers of the categories in the table's list.
  var category: Int16 = 0
  var titleCategory: Int16 = 0
  var pronoun: Pronoun?
  var gender: GenderLexicon.Gender?
  var flags: Flags = []
  var group = WordGroup.open
  var verbs: VerbGroup = []
  var traits: WordTraits = []
  var particular = ParticularWord.none
  var textOffset: Int32 = 0
  var textLength: Int32 = 0

  struct Flags: OptionSet {
    let rawValue: UInt16
    /// It may be replaced, or begin a word that is.
    static let active = Flags(rawValue: 1)
    /// A given name: only with a capital.
    static let name = Flags(rawValue: 2)
    /// Not Capitalised behind a Capitalised word.
    static let notAfterName = Flags(rawValue: 4)
    /// Holds capitals outside of ASCII (`FIANCÉ`): only where all else is in capitals.
    static let upperOnly = Flags(rawValue: 8)
    /// An apostrophe or a hyphen and more may follow (`ma'am`, `Jean-Luc`).
    static let continues = Flags(rawValue: 16)
    /// Stands in a phrase that is kept.
    static let inPhrase = Flags(rawValue: 32)
    /// Member of a family of the lexicon or of the names.
    static let gendered = Flags(rawValue: 64)
    /// Member of a family in which several words share a counterpart: `Mrs.`, `mum`.
    static let manyToOne = Flags(rawValue: 128)
    /// With a point behind: `Mr.`.
    static let abbreviation = Flags(rawValue: 512)
    /// Not Capitalised in front of a comma where a sentence begins.
    static let notExclaimed = Flags(rawValue: 256)
  }
}

final class LexiconTable: @unchecked Sendable {
  // Invariant: written in `init` only, so that threads may share it.
  let info: UnsafeMutablePointer<WordInfo>
  private let keys: UnsafeMutablePointer<WordKey>
  private let slots: UnsafeMutablePointer<Int32>
  private let mask: Int
  private let text: UnsafeMutablePointer<UInt8>
  /// For the first two bytes (five bits each, which fold the case) the lengths (bits) of words that may be replaced.
  private let activeLengths: UnsafeMutablePointer<UInt64>
  /// Phrases that are kept, by the families of their gendered words.
  let phrases: [Int32: [KeptPhrase]]
  let categories: [String]
  let count: Int
  let numbers: [Pronoun: Int32]
  /// `mr` and `madam`, which address the same offices.
  let officeTitles: (masculine: Int32, feminine: Int32)?
  let fixingWords: Set<String>

  init(lexicon: GenderLexicon, names: GivenNames?) throws(DomainError) {
    var builder = TableBuilder()
    try builder.add(lexicon)
    if let names { try builder.add(names) }
    builder.addContextWords()
    builder.finish()
    count = builder.words.count
    categories = builder.categories
    numbers = builder.pronouns
    officeTitles = builder.officeTitles()
    fixingWords = names?.fixingWords ?? []

    info = .allocate(capacity: count)
    keys = .allocate(capacity: count)
    var capacity = 1024
    while capacity < count * 4 { capacity *= 2 }
    mask = capacity - 1
    slots = .allocate(capacity: capacity)
    slots.initialize(repeating: -1, count: capacity)
    activeLengths = .allocate(capacity: 1024)
    activeLengths.initialize(repeating: 0, count: 1024)
    text = .allocate(capacity: builder.words.reduce(0) { $0 + $1.count } + 1)
    var offset = 0
    for (number, word) in builder.words.enumerated() {
      var row = builder.info[number]
      row.textOffset = Int32(offset)
      row.textLength = Int32(word.count)
      (info + number).initialize(to: row)
      for byte in word {
        (text + offset).initialize(to: byte)
        offset += 1
      }
      let key = WordKey(word)
      (keys + number).initialize(to: key)
      var slot = key.hash & mask
      while slots[slot] >= 0 { slot = (slot + 1) & mask }
      slots[slot] = Int32(number)
      // A word of the lexicon has two bytes at least (`CaseRule`).
      if row.flags.contains(.active), word.count >= 2 {
        activeLengths[LexiconTable.prefix(word[0], word[1])] |= 1 << UInt64(word.count)
        // `_her_`: emphasis that looks like a part of the word.
        if word.count + 4 <= WordKey.longest {
          let line = UInt8(ascii: "_")
          activeLengths[LexiconTable.prefix(line, word[0])] |= 1 << UInt64(word.count + 2)
          activeLengths[LexiconTable.prefix(line, line)] |= 1 << UInt64(word.count + 4)
        }
      }
    }
    phrases = builder.phrasesByFamily()
  }

  deinit {
    info.deallocate()
    keys.deallocate()
    slots.deallocate()
    text.deallocate()
    activeLengths.deallocate()
  }

  @inline(__always)
  private static func prefix(_ first: UInt8, _ second: UInt8) -> Int {
    Int(first & 31) &<< 5 | Int(second & 31)
  }

  /// False for most words that cannot be replaced; two bytes must be readable at `word`.
  @inline(__always)
  func mayReplace(_ word: UnsafePointer<UInt8>, length: Int) -> Bool {
    length >= 2 && length <= WordKey.longest
      && activeLengths[LexiconTable.prefix(word[0], word[1])]
        &>> UInt64(truncatingIfNeeded: length) & 1 == 1
  }

  /// The number of the word of `length` bytes at `word`, or -1.
  ///
  /// - Parameter available: bytes that may be read from `word` on.
  @inline(__always)
  func find(_ word: UnsafePointer<UInt8>, length: Int, available: Int) -> Int32 {
    let key = WordKey(word, length: length, available: available)
    var slot = key.hash & mask
    while true {
      let number = slots[slot]
      if number < 0 { return number }
      if keys[Int(number)] == key, matches(number, word, length) { return number }
      slot = (slot &+ 1) & mask
    }
  }

  @inline(__always)
  private func matches(_ number: Int32, _ word: UnsafePointer<UInt8>, _ length: Int) -> Bool {
    let row = info + Int(number)
    guard Int(row.pointee.textLength) == length else { return false }
    guard length > 16 else { return true }
    let stored = text + Int(row.pointee.textOffset)
    for i in 16..<length where stored[i] != WordScanner.lowered(word[i]) { return false }
    return true
  }

  /// The number of the word that starts at `start` of a text, or -1.
  func find(word start: Int, _ base: UnsafePointer<UInt8>, _ count: Int) -> Int32 {
    var end = start
    while end < count, end - start <= WordKey.longest, WordScanner.isWordByte(base, end, count) {
      end += 1
    }
    guard end - start <= WordKey.longest else { return -1 }
    return find(base + start, length: end - start, available: count - start)
  }

  /// The word that starts here: this one, or one with an apostrophe or a hyphen that it begins (`ma'am`, `Jean-Luc`);
  /// nil where it is only the beginning of one.
  func extended(
    _ number: Int32, _ start: Int, _ end: Int, _ base: UnsafePointer<UInt8>, _ count: Int
  ) -> (number: Int32, end: Int)? {
    guard info[Int(number)].flags.contains(.continues) else { return (number, end) }
    let compound = WordScanner.compoundEnd(start, end, base, count)
    if compound > end, compound - start <= WordKey.longest {
      let found = find(base + start, length: compound - start, available: count - start)
      if found >= 0, info[Int(found)].flags.contains(.active) { return (found, compound) }
    }
    let second = end + (Apostrophe(base, end, count)?.length ?? 0)
    var place = second
    while place < count, WordScanner.isWordByte(base, place, count) { place += 1 }
    let length = end - start + 1 + place - second
    if second > end, place > second, length <= WordKey.longest {
      let joined =
        Array(UnsafeBufferPointer(start: base + start, count: end - start))
        + [UInt8(ascii: "'")]
        + Array(UnsafeBufferPointer(start: base + second, count: place - second))
      let found = joined.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map { find($0, length: length, available: length) } ?? -1
      }
      if found >= 0, info[Int(found)].flags.contains(.active) { return (found, place) }
    }
    let row = info[Int(number)]
    return row.partner >= 0 || row.titlePartner >= 0 || row.pronoun != nil ? (number, end) : nil
  }

  /// The bytes of a word, in lower case.
  @inline(__always)
  func bytes(_ number: Int32) -> UnsafeBufferPointer<UInt8> {
    let row = info + Int(number)
    return UnsafeBufferPointer(
      start: text + Int(row.pointee.textOffset), count: Int(row.pointee.textLength))
  }

}

/// Collects the words of a table.
private struct TableBuilder {
  var words: [[UInt8]] = []
  var info: [WordInfo] = []
  var categories: [String] = []
  private var phrases: [(words: [KeptPhrase.Word], writing: GenderLexicon.Writing)] = []
  var pronouns: [Pronoun: Int32] = [:]
  private var places: [Spelling: Int] = [:]

  private mutating func number(_ word: String) -> Int {
    if let known = places[word] { return known }
    places[word] = words.count
    info.append(WordInfo(family: Int32(words.count)))
    words.append(Array(word.utf8))
    return words.count - 1
  }

  private mutating func category(_ name: String) -> Int16 {
    if let known = categories.firstIndex(spelt: name) { return Int16(truncatingIfNeeded: known) }
    categories.append(name)
    return Int16(truncatingIfNeeded: categories.count - 1)
  }

  mutating func add(_ lexicon: GenderLexicon) throws(DomainError) {
    let pronounCategory = category("pronoun")
    for pronoun in Pronoun.allCases {
      let place = number(pronoun.rawValue)
      pronouns[pronoun] = Int32(place)
      info[place].pronoun = pronoun
      info[place].category = pronounCategory
      info[place].gender = pronoun == .him || pronoun == .his ? .masculine : .feminine
      info[place].flags = [.active, .gendered]
      join(place, Int(pronouns[.her] ?? 0))
    }
    for row in lexicon.rows {
      guard row.condition != .kept else {
        for phrase in [row.masculine, row.feminine] {
          let words = phrase.split(separator: " ").map { word in
            let isPossessive = word.hasSuffix("'s")
            let place = number((isPossessive ? word.dropLast(2) : word).lowercased())
            return KeptPhrase.Word(
              family: Int32(place), isCapital: word.first?.isUppercase == true,
              isPossessive: isPossessive)
          }
          phrases.append((words, row.writing))
        }
        continue
      }
      try add(row)
    }
    guard categories.count <= Int(Int16.max) else {
      throw DomainError(.limit, "the lexicon has more than \(Int16.max) categories")
    }
  }

  private mutating func add(_ row: GenderLexicon.Row) throws(DomainError) {
    for (masculine, feminine, isUpper) in spellings(row) {
      let left = number(masculine)
      let right = number(feminine)
      let kind = category(row.category)
      for (word, partner, gender, changes) in [
        (left, right, GenderLexicon.Gender.masculine, row.direction != .feminineOnly),
        (right, left, .feminine, row.direction != .masculineOnly),
      ] {
        info[word].gender = gender
        info[word].flags.formUnion(changes ? [.active, .gendered] : .gendered)
        if isUpper { info[word].flags.insert(.upperOnly) }
        if row.condition == .notAfterName { info[word].flags.insert(.notAfterName) }
        if row.condition == .notExclaimed {
          info[word].flags.formUnion([.notExclaimed, .inPhrase])
        }
        guard changes else { continue }
        if row.condition == .beforeName {
          info[word].titlePartner = Int32(partner)
          info[word].titleCategory = kind
        } else {
          info[word].partner = Int32(partner)
          info[word].category = kind
        }
      }
      join(left, right)
      for word in [masculine, feminine] {
        if let apostrophe = word.firstIndex(of: "'") {
          info[number(String(word[..<apostrophe]))].flags.formUnion([.active, .continues])
        }
      }
      if row.category == "title" { info[left].traits.insert(.title) }
      if row.direction != .both { info[left].flags.insert(.manyToOne) }
      if row.category == "pronoun" { info[left].group = .pronoun }
    }
  }

  /// A pair as it is, and with its letters outside of ASCII in capitals where it has any, since keys fold ASCII only.
  private func spellings(_ row: GenderLexicon.Row) -> [(String, String, Bool)] {
    let plain = [(row.masculine, row.feminine, false)]
    guard !(row.masculine + row.feminine).utf8.allSatisfy({ $0 < 0x80 }) else { return plain }
    func raised(_ word: String) -> String {
      String(
        word.map { character in
          let upper = String(character).uppercased()
          return upper.count == 1 && !character.isASCII ? Character(upper) : character
        })
    }
    let (masculine, feminine) = (raised(row.masculine), raised(row.feminine))
    // A side that has one spelling only would have two partners.
    guard masculine != row.masculine, feminine != row.feminine,
      WordScanner.isOneWord(masculine), WordScanner.isOneWord(feminine)
    else { return plain }
    return plain + [(masculine, feminine, true)]
  }

  mutating func add(_ names: GivenNames) throws(DomainError) {
    let kind = category("name")
    for pair in names.pairs {
      for name in [pair.masculine, pair.feminine] {
        if let place = places[name], info[place].flags.contains(.gendered) {
          throw DomainError(
            .data, "the given name `\(name)` is also a word of the lexicon",
            hint: "leave the name out of the pairing, or the row out of the lexicon")
        }
      }
      let left = number(pair.masculine)
      let right = number(pair.feminine)
      for (word, partner, gender) in [
        (left, right, GenderLexicon.Gender.masculine), (right, left, .feminine),
      ] {
        info[word].partner = Int32(partner)
        info[word].category = kind
        info[word].gender = gender
        info[word].flags = [.active, .gendered, .name]
      }
      join(left, right)
    }
    for pair in names.pairs {
      for name in [pair.masculine, pair.feminine] {
        if let hyphen = name.firstIndex(of: "-") {
          info[number(String(name[..<hyphen]))].flags.formUnion([.active, .continues])
        }
      }
    }
  }

  /// Puts two words into one family.
  private mutating func join(_ a: Int, _ b: Int) {
    let (from, to) = (info[max(a, b)].family, info[min(a, b)].family)
    guard from != to else { return }
    let (low, high) = (min(from, to), max(from, to))
    for place in info.indices where info[place].family == high { info[place].family = low }
  }

  mutating func addContextWords() {
    for (word, groups) in ContextWords.all {
      let place = number(word)
      if groups.traits.contains(.office) { info[place].traits.insert(.office) }
      // A word of the lexicon has the features of its family.
      guard !info[place].flags.contains(.gendered) else { continue }
      info[place].group = groups.group
      info[place].verbs = groups.verbs
      info[place].traits = groups.traits
      info[place].particular = groups.particular
    }
  }

  mutating func finish() {
    for word in ContextWords.abbreviations {
      if let place = places[word] { info[place].flags.insert(.abbreviation) }
    }
    var shared: [Int32: (group: WordGroup, traits: WordTraits)] = [:]
    for row in info where row.flags.contains(.gendered) {
      let isPronoun = row.group == .pronoun || row.pronoun != nil
      let known = shared[row.family] ?? (group: .noun, traits: [])
      shared[row.family] = (
        group: isPronoun ? .pronoun : known.group, traits: known.traits.union(row.traits)
      )
    }
    for place in info.indices where info[place].flags.contains(.gendered) {
      guard let features = shared[info[place].family] else { continue }
      info[place].group = features.group
      info[place].traits = features.traits
    }
    for place in info.indices where info[place].flags.contains(.manyToOne) {
      let family = info[place].family
      for other in info.indices where info[other].family == family {
        info[other].flags.insert(.manyToOne)
      }
    }
    for phrase in phrases {
      for word in phrase.words { info[Int(word.family)].flags.insert(.inPhrase) }
    }
  }

  /// `mr` and `madam`, where the lexicon has both in one family.
  func officeTitles() -> (masculine: Int32, feminine: Int32)? {
    guard let masculine = places["mr"], let feminine = places["madam"],
      info[masculine].gender == .masculine, info[feminine].gender == .feminine,
      info[masculine].family == info[feminine].family
    else { return nil }
    return (Int32(masculine), Int32(feminine))
  }

  /// The phrases with the families of their words, under those of the gendered ones.
  func phrasesByFamily() -> [Int32: [KeptPhrase]] {
    var result: [Int32: [KeptPhrase]] = [:]
    for phrase in phrases {
      let words = phrase.words.map { word in
        var word = word
        word.family = info[Int(word.family)].family
        return word
      }
      let kept = KeptPhrase(words: words, writing: phrase.writing)
      for word in phrase.words where info[Int(word.family)].flags.contains(.gendered) {
        let family = info[Int(word.family)].family
        if result[family]?.contains(kept) != true { result[family, default: []].append(kept) }
      }
    }
    return result
  }
}
