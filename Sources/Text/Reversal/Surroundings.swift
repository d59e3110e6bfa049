// What stands around a gendered noun, a title or a name and decides about it: names, places, offices, and the
// counterpart that it is paired with.

struct Surroundings {
  let base: UnsafePointer<UInt8>
  let count: Int
  let table: LexiconTable

  var neighbours: NeighbourReader { NeighbourReader(base: base, count: count, table: table) }

  /// One space, then a capital that begins no word of the closed classes (`Yes, sir I did`).
  func isBeforeName(_ end: Int) -> Bool {
    guard end + 1 < count, base[end] == 0x20, WordScanner.isUpper(base[end + 1]) else {
      return false
    }
    let number = table.find(word: end + 1, base, count)
    guard number >= 0 else { return true }
    let group = table.info[Int(number)].group
    return group != .function && group != .pronoun && group != .particular
  }

  /// One space, then an office with a capital: `Madam Secretary`.
  func isBeforeOffice(_ end: Int) -> Bool {
    guard end + 1 < count, base[end] == 0x20, WordScanner.isUpper(base[end + 1]) else {
      return false
    }
    let number = table.find(word: end + 1, base, count)
    return number >= 0 && table.info[Int(number)].traits.contains(.office)
  }

  /// Where a sentence begins and a comma follows: `Man, that was close!`.
  func isExclaimed(_ info: WordInfo, _ start: Int, _ end: Int, _ letterCase: LetterCase) -> Bool {
    guard info.flags.contains(.notExclaimed), letterCase == .title, end < count,
      base[end] == UInt8(ascii: ",")
    else { return false }
    var place = start
    while place > 0, base[place - 1] == 0x20 { place -= 1 }
    guard place > 0 else { return true }
    switch base[place - 1] {
    case newline, UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "?"), UInt8(ascii: "\""),
      UInt8(ascii: ":"):
      return true
    default: return false
    }
  }

  /// The word in front where at most one space, or a point and a space, stands between.
  private func wordBefore(_ start: Int) -> (start: Int, number: Int32)? {
    var end = start
    guard end > 0, base[end - 1] == 0x20 || base[end - 1] == UInt8(ascii: "-") else { return nil }
    end -= 1
    if end > 0, base[end - 1] == UInt8(ascii: ".") { end -= 1 }
    var place = end
    while place > 0, end - place <= WordKey.longest, WordScanner.isWordByte(base, place - 1, count)
    { place -= 1 }
    guard place < end else { return nil }
    guard end - place <= WordKey.longest else { return (place, -1) }
    return (place, table.find(base + place, length: end - place, available: count - place))
  }

  /// Behind a Capitalised word that is no word of the language's closed classes, or behind a title with its point:
  /// `Stephen King`, `Mr. King`.
  func isBehindName(_ start: Int) -> Bool {
    guard let (before, number) = wordBefore(start), WordScanner.isUpper(base[before]) else {
      return false
    }
    var end = before
    while WordScanner.isWordByte(base, end, count) { end += 1 }
    let hasPoint = base[end] == UInt8(ascii: ".")
    guard number >= 0 else { return !hasPoint }
    let info = table.info[Int(number)]
    if info.traits.contains(.title) { return true }
    if hasPoint { return false }
    if info.flags.contains(.gendered) { return info.flags.contains(.name) }
    return info.group == .open && !info.traits.contains(.adjective)
  }

  /// In front of the rest of a name: `King's College`, `Kings Cross`; not `the King's Mother`.
  func isBeforePlace(_ end: Int) -> Bool {
    if end + 1 < count, base[end] == 0x20, WordScanner.isUpper(base[end + 1]),
      base[end - 1] == UInt8(ascii: "s")
    {
      let number = table.find(word: end + 1, base, count)
      return number >= 0 && table.info[Int(number)].traits.contains(.site)
    }
    guard let apostrophe = Apostrophe(base, end, count) else { return false }
    let letter = end + apostrophe.length
    guard letter + 2 < count, base[letter] == UInt8(ascii: "s"), base[letter + 1] == 0x20,
      WordScanner.isUpper(base[letter + 2])
    else { return false }
    let number = table.find(word: letter + 2, base, count)
    guard number >= 0 else { return true }
    let info = table.info[Int(number)]
    return !info.flags.contains(.gendered) && info.group == .open
  }

  /// Behind a word that says who a name is: `the Virgin Mary`.
  func isFixedName(_ start: Int) -> Bool {
    guard !table.fixingWords.isEmpty, let (before, _) = wordBefore(start) else { return false }
    var end = before
    while WordScanner.isWordByte(base, end, count) { end += 1 }
    let word = String(
      decoding: (before..<end).map { WordScanner.lowered(base[$0]) }, as: UTF8.self)
    return table.fixingWords.contains(word)
  }

  // MARK: Couples

  /// What a word is to another one that it is joined to by `and`, `or` or a slash.
  enum Couple {
    /// The two are counterparts although other words share one of them (`Mr. and Mrs.`, `mum or dad`): both take each
    /// other's place.
    case counterpart(Int32)
    /// They are of one family, and no counterparts (`Mrs. and Ms.`). If one of them stays, both have to, or the way
    /// back would find a couple.
    case mismatch
    /// It is alone, or the two take each other's place by themselves.
    case none
  }

  func couple(_ number: Int32, _ start: Int, _ end: Int) -> Couple {
    // `ma'am`, of which a pass from the other side sees a part only.
    guard !table.bytes(number).contains(UInt8(ascii: "'")) else { return .none }
    let right = partner(after: end)
    let left = partner(before: start)
    let family = table.info[Int(number)].family
    let isRight = right.map { isOfFamily($0.number, family) } ?? false
    let isLeft = left.map { isOfFamily($0.number, family) } ?? false
    // Three in a row are no couple.
    guard isRight != isLeft, let other = isRight ? right : left, other.number >= 0 else {
      return .none
    }
    let further = isRight ? partner(after: other.end) : partner(before: other.start)
    if let further, isOfFamily(further.number, family) { return .none }
    let (own, its) = (table.info[Int(number)], table.info[Int(other.number)])
    let letterCase = WordScanner.letterCase(base + other.start, length: other.end - other.start)
    guard its.flags.contains(.active), letterCase != .mixed, isProse(other),
      isProse((start, end, number)), number != other.number
    else { return .none }
    let leads = own.partner == other.number
    let returns = its.partner == number
    if leads && returns { return .none }
    if leads || returns, own.gender != its.gender { return .counterpart(other.number) }
    return isOneWay(number) || isOneWay(other.number) ? .mismatch : .none
  }

  private func isOneWay(_ number: Int32) -> Bool {
    let partner = table.info[Int(number)].partner
    return partner >= 0 && table.info[Int(partner)].partner != number
  }

  /// Whether a word is no part of an address or of code, told by what stands beside it up to the next spaces.
  private func isProse(_ word: Partner) -> Bool {
    if isContinued(word.start) { return false }
    if let apostrophe = Apostrophe(base, word.end, count) {
      // `mum and dad's house`
      let letter = word.end + apostrophe.length
      guard letter < count, base[letter] | 0x20 == UInt8(ascii: "s"),
        letter + 1 == count || !WordScanner.isWordByte(base, letter + 1, count)
      else { return false }
    }
    var low = word.start
    while low > 0, word.start - low < Surroundings.reach, !WordScanner.isSpace(base[low - 1]) {
      low -= 1
    }
    var high = word.end
    while high < count, high - word.end < Surroundings.reach, !WordScanner.isSpace(base[high]) {
      high += 1
    }
    var slashes = 0
    for place in low..<high {
      switch base[place] {
      case UInt8(ascii: "/"): slashes += 1
      case UInt8(ascii: "."):
        if place + 1 < count, WordScanner.isWordByte(base, place + 1, count) { return false }
      case UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "!"), UInt8(ascii: "?"),
        UInt8(ascii: "("), UInt8(ascii: ")"), UInt8(ascii: "\""), UInt8(ascii: "'"),
        UInt8(ascii: "&"), 0x80...:
        break
      default:
        if !WordScanner.isWordByte(base, place, count) { return false }
      }
    }
    return slashes < 2
  }

  private static let reach = 64

  /// Whether an apostrophe joins the word to another one in front: `ma'am`.
  private func isContinued(_ start: Int) -> Bool {
    guard start > 1 else { return false }
    if base[start - 1] == UInt8(ascii: "'") {
      return WordScanner.isWordByte(base, start - 2, count)
    }
    return start > 3 && Apostrophe(base, start - 3, count)?.length == 3
      && WordScanner.isWordByte(base, start - 4, count)
  }

  private func isOfFamily(_ number: Int32, _ family: Int32) -> Bool {
    number == Surroundings.unknown || number >= 0 && table.info[Int(number)].family == family
  }

  /// The number of a word that ends behind an apostrophe, which could be of any family.
  private static let unknown: Int32 = -2

  private typealias Partner = (start: Int, end: Int, number: Int32)

  /// The word behind `and`, `or`, `&` or a slash; a point may stand in front.
  private func partner(after end: Int) -> Partner? {
    var place = end
    if place < count, base[place] == UInt8(ascii: ".") { place += 1 }
    guard let joint = joint(from: place) else { return nil }
    place = joint
    let start = place
    while place < count, place - start <= WordKey.longest,
      WordScanner.isWordByte(base, place, count)
    { place += 1 }
    guard place > start, place - start <= WordKey.longest else { return nil }
    return (
      start, place, table.find(base + start, length: place - start, available: count - start)
    )
  }

  private func joint(from place: Int) -> Int? {
    guard place < count else { return nil }
    if base[place] == UInt8(ascii: "/") { return place + 1 }
    for joint in Surroundings.joints where starts(joint, at: place) {
      return place + joint.utf8CodeUnitCount
    }
    return nil
  }

  private func partner(before start: Int) -> Partner? {
    var end: Int?
    if start > 0, base[start - 1] == UInt8(ascii: "/") {
      end = start - 1
    } else {
      for joint in Surroundings.joints {
        let place = start - joint.utf8CodeUnitCount
        if place > 0, starts(joint, at: place) { end = place }
      }
    }
    guard var end else { return nil }
    if end > 0, base[end - 1] == UInt8(ascii: ".") { end -= 1 }
    var place = end
    while place > 0, end - place <= WordKey.longest, WordScanner.isWordByte(base, place - 1, count)
    { place -= 1 }
    guard place < end, end - place <= WordKey.longest else { return nil }
    // A possessive, which may be written without its s (`ladies'`).
    if isContinued(place), end == place + 1, base[place] | 0x20 == UInt8(ascii: "s") { return nil }
    if isContinued(place) { return (place, end, Surroundings.unknown) }
    return (place, end, table.find(base + place, length: end - place, available: count - place))
  }

  private static let joints: [StaticString] = [
    " and the ", " and a ", " or the ", " or a ", " and my ", " and ", " or ", " & ",
  ]

  private func starts(_ text: StaticString, at place: Int) -> Bool {
    let length = text.utf8CodeUnitCount
    guard place + length <= count else { return false }
    for i in 0..<length where WordScanner.lowered(base[place + i]) != text.utf8Start[i] {
      return false
    }
    return true
  }
}
