// One pass over a text: finds gendered words, decides, copies. Most words are rejected by their first letter and length, before any hashing; what
// stands around a word is looked at for gendered words only.

/// What a pass reports; a class, so that a pass without report pays for a null check only.
final class ReversalReport {
  var changes: [RoleChange] = []
  var kept: [KeptWord] = []
}

struct ReversalPass {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let table: LexiconTable
  private let keepsOneWay: Bool
  private let tagger: PronounTagger?
  private var exemption: ExemptionReader
  private var report: ReversalReport?
  private var outputStart = 0
  /// Bytes and code points already counted for the report.
  private var countedBytes = 0
  private var countedPoints = 0

  init(bytes: UnsafeBufferPointer<UInt8>, reversal: RoleReversal) {
    self.bytes = bytes
    table = reversal.table
    keepsOneWay = reversal.oneWay == .keep
    tagger = reversal.tagger
    exemption = ExemptionReader(bytes: bytes, table: reversal.table, exempts: reversal.exemptions)
  }

  /// Appends R(x) to `output`; returns how many words were replaced.
  @discardableResult
  mutating func run(into output: inout [UInt8], report: ReversalReport?) -> Int {
    guard let base = bytes.baseAddress else { return 0 }
    var replaced = 0
    self.report = report
    outputStart = output.count
    let count = bytes.count
    output.reserveCapacity(output.count + count + count / 16)
    var copied = 0
    var words = WordIterator(base: base, count: count)
    while let (start, ending) = words.next() {
      let length = ending &- start
      guard table.mayReplace(base + start, length: length) else { continue }
      let number = table.find(base + start, length: length, available: count - start)
      guard number >= 0, table.info[Int(number)].flags.contains(.active) else { continue }
      // A part of a word that was replaced already (`ma'am`).
      guard start >= copied else { continue }
      guard let (word, end) = extended(number, start, ending, base) else { continue }
      guard let target = replacement(of: word, start, end, base) else { continue }
      output.append(contentsOf: UnsafeBufferPointer(start: base + copied, count: start - copied))
      let written = output.count
      WordScanner.append(table.bytes(target.number), in: target.letterCase, to: &output)
      copied = end
      if report != nil { note(start..<end, target, written, output) }
      replaced += 1
    }
    output.append(contentsOf: UnsafeBufferPointer(start: base + copied, count: count - copied))
    return replaced
  }

  /// The word that starts here: this one, or one with an apostrophe that it begins (`ma'am`).
  private func extended(
    _ number: Int32, _ start: Int, _ end: Int, _ base: UnsafePointer<UInt8>
  ) -> (number: Int32, end: Int)? {
    let info = table.info[Int(number)]
    guard info.flags.contains(.continues) else { return (number, end) }
    var place = end
    if place < bytes.count, base[place] == UInt8(ascii: "'") {
      place += 1
    } else if place + 2 < bytes.count, base[place] == 0xE2, base[place + 1] == 0x80,
      base[place + 2] == 0x99
    {
      place += 3
    }
    let second = place
    while place < bytes.count, WordScanner.isWordByte(base, place, bytes.count) { place += 1 }
    let length = end - start + 1 + place - second
    if second > end, place > second, length <= WordKey.longest {
      let joined = Array(bytes[start..<end]) + [UInt8(ascii: "'")] + Array(bytes[second..<place])
      let found = joined.withUnsafeBufferPointer { buffer in
        buffer.baseAddress.map { table.find($0, length: length, available: length) } ?? -1
      }
      if found >= 0, table.info[Int(found)].flags.contains(.active) { return (found, place) }
    }
    return info.partner >= 0 || info.titlePartner >= 0 || info.pronoun != nil ? (number, end) : nil
  }

  private struct Replacement {
    var number: Int32
    var category: Int16
    var isInvertible: Bool
    var letterCase: LetterCase
  }

  /// What takes the place of a word; nil where it stays.
  @inline(never)
  private mutating func replacement(
    of number: Int32, _ start: Int, _ end: Int, _ base: UnsafePointer<UInt8>
  ) -> Replacement? {
    let info = table.info[Int(number)]
    let letterCase = WordScanner.letterCase(base + start, length: end - start)
    if info.flags.contains(.name), letterCase != .title, letterCase != .upper { return nil }
    guard letterCase != .mixed, !info.flags.contains(.upperOnly) || letterCase == .upper else {
      return keep(start, end, .spelling)
    }
    if exemption.covers(start, end) { return keep(start, end, .exempt) }
    if info.flags.contains(.inPhrase), isInKeptPhrase(number, start, end, base) {
      return keep(start, end, .phrase)
    }
    if let pronoun = info.pronoun {
      return pronounReplacement(pronoun, info.category, letterCase, start, end, base)
    }
    let isFixed =
      info.flags.contains(.name) && isFixedName(start, base)
      || info.flags.contains(.notAfterName) && letterCase == .title && isBehindName(start, base)
    if isFixed { return keep(start, end, .name) }
    let isTitle = letterCase == .title && isBeforeName(end, base)
    var (partner, category) = step(number, isTitle: isTitle)
    guard partner >= 0 else { return nil }
    let back = step(partner, isTitle: isTitle).number
    let isInvertible = back == number
    if !isInvertible {
      if keepsOneWay { return keep(start, end, .oneWay) }
      // Where the counterpart does not come back to itself either (`Gentlewoman Ann`), the one that does stands for it.
      let settled = step(back, isTitle: isTitle).number
      if settled >= 0 { partner = settled }
    }
    return Replacement(
      number: partner, category: category, isInvertible: isInvertible, letterCase: letterCase)
  }

  /// Where a word leads, as a title or otherwise.
  private func step(_ number: Int32, isTitle: Bool) -> (number: Int32, category: Int16) {
    guard number >= 0 else { return (-1, 0) }
    let info = table.info + Int(number)
    return isTitle && info.pointee.titlePartner >= 0
      ? (info.pointee.titlePartner, info.pointee.titleCategory)
      : (info.pointee.partner, info.pointee.category)
  }

  private mutating func keep(_ start: Int, _ end: Int, _ reason: KeptWord.Reason) -> Replacement? {
    if let report {
      let word = String(decoding: bytes[start..<end], as: UTF8.self)
      report.kept.append(KeptWord(word: word, source: start..<end, reason: reason))
    }
    return nil
  }

  private mutating func pronounReplacement(
    _ pronoun: Pronoun, _ category: Int16, _ letterCase: LetterCase, _ start: Int, _ end: Int,
    _ base: UnsafePointer<UInt8>
  ) -> Replacement? {
    let context: PronounContext
    switch exemption.hyphens(start, end) {
    case .coined: return keep(start, end, .spelling)
    // `his-and-hers` names two owners and belongs to no noun.
    case .conjunction: context = .object
    case .none:
      let neighbours = NeighbourReader(base: base, count: bytes.count, table: table)
      context =
        tagger?.context(start: start, end: end, neighbours: neighbours)
        ?? ContextReader(neighbours: neighbours).context(start: start, end: end)
    }
    let partner = pronoun.partner(in: context)
    let isInvertible = partner.partner(in: context) == pronoun
    if partner == pronoun || !isInvertible && keepsOneWay { return keep(start, end, .oneWay) }
    guard let number = table.numbers[partner] else { return nil }
    return Replacement(
      number: number, category: category, isInvertible: isInvertible, letterCase: letterCase)
  }

  /// One space, then a capital.
  private func isBeforeName(_ end: Int, _ base: UnsafePointer<UInt8>) -> Bool {
    end + 1 < bytes.count && base[end] == 0x20 && WordScanner.isUpper(base[end + 1])
  }

  /// The word in front where at most one space, or a point and a space, stands between.
  private func wordBefore(_ start: Int, _ base: UnsafePointer<UInt8>) -> (
    start: Int, number: Int32
  )? {
    var end = start
    guard end > 0, base[end - 1] == 0x20 || base[end - 1] == UInt8(ascii: "-") else { return nil }
    end -= 1
    if end > 0, base[end - 1] == UInt8(ascii: ".") { end -= 1 }
    var place = end
    while place > 0, end - place <= WordKey.longest,
      WordScanner.isWordByte(base, place - 1, bytes.count)
    { place -= 1 }
    guard place < end else { return nil }
    guard end - place <= WordKey.longest else { return (place, -1) }
    return (place, table.find(base + place, length: end - place, available: bytes.count - place))
  }

  /// Behind a Capitalised word that is no word of the language's closed classes, or behind a title with its point: `Stephen King`, `Mr. King`.
  private func isBehindName(_ start: Int, _ base: UnsafePointer<UInt8>) -> Bool {
    guard let (before, number) = wordBefore(start, base), WordScanner.isUpper(base[before]) else {
      return false
    }
    var end = before
    while WordScanner.isWordByte(base, end, bytes.count) { end += 1 }
    let hasPoint = base[end] == UInt8(ascii: ".")
    guard number >= 0 else { return !hasPoint }
    let info = table.info[Int(number)]
    if info.traits.contains(.title) { return true }
    if hasPoint { return false }
    if info.flags.contains(.gendered) { return info.flags.contains(.name) }
    return info.group == .open && !info.traits.contains(.adjective)
  }

  private func isFixedName(_ start: Int, _ base: UnsafePointer<UInt8>) -> Bool {
    guard !table.fixingWords.isEmpty, let (before, _) = wordBefore(start, base) else {
      return false
    }
    var end = before
    while WordScanner.isWordByte(base, end, bytes.count) { end += 1 }
    let word = String(decoding: bytes[before..<end].map(WordScanner.lowered), as: UTF8.self)
    return table.fixingWords.contains(word)
  }

  private func isInKeptPhrase(
    _ number: Int32, _ start: Int, _ end: Int, _ base: UnsafePointer<UInt8>
  ) -> Bool {
    let count = bytes.count
    if end + 1 < count, base[end] == 0x20 || base[end] == UInt8(ascii: "-") {
      var place = end + 1
      while place < count, place - end <= WordKey.longest + 1,
        WordScanner.isWordByte(base, place, count)
      { place += 1 }
      let length = place - end - 1
      if length > 0, length <= WordKey.longest,
        table.isKept(number, table.find(base + end + 1, length: length, available: count - end - 1))
      {
        return true
      }
    }
    guard let before = wordBefore(start, base), base[start - 2] != UInt8(ascii: ".") else {
      return false
    }
    return table.isKept(before.number, number)
  }

  private mutating func note(
    _ source: Range<Int>, _ target: Replacement, _ written: Int, _ output: [UInt8]
  ) {
    countedPoints += bytes[countedBytes..<source.lowerBound].count { $0 & 0xC0 != 0x80 }
    let points = bytes[source].count { $0 & 0xC0 != 0x80 }
    report?.changes.append(
      RoleChange(
        from: String(decoding: bytes[source], as: UTF8.self),
        to: String(decoding: output[written...], as: UTF8.self),
        category: table.categories[Int(target.category)], source: source,
        target: (written - outputStart)..<(output.count - outputStart),
        codePoints: countedPoints..<(countedPoints + points), isInvertible: target.isInvertible))
    countedPoints += points
    countedBytes = source.upperBound
  }
}
