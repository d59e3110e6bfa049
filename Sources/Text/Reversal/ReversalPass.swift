// One pass of role reversal (Gupta et al. 2022) over a text: finds gendered words, decides, copies. Most words are
// rejected by their first letter and length, before any hashing; what stands around a word is looked at for gendered
// words only.

import Foundations

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
    var turn = 0
    while var (start, ending) = words.next() {
      turn &+= 1
      if Parallel.isAbandoned(turn: turn) { break }
      guard table.mayReplace(base + start, length: ending &- start) else { continue }
      if base[start] == underscore {
        // `_her_`, `__her__`
        guard base[ending - 1] == underscore else { continue }
        let isDouble = base[start + 1] == underscore && base[ending - 2] == underscore
        start += isDouble ? 2 : 1
        ending -= isDouble ? 2 : 1
        guard ending > start + 1 else { continue }
      }
      let length = ending &- start
      let number = table.find(base + start, length: length, available: count - start)
      guard number >= 0, table.info[Int(number)].flags.contains(.active) else { continue }
      // A part of a word that was replaced already (`ma'am`).
      guard start >= copied else { continue }
      guard let (word, end) = table.extended(number, start, ending, base, count) else { continue }
      guard let target = replacement(of: word, start, end, base) else { continue }
      output.append(contentsOf: UnsafeBufferPointer(start: base + copied, count: start - copied))
      let written = output.count
      WordScanner.append(table.bytes(target.number), in: target.letterCase, to: &output)
      copied = end
      switch target.ending {
      case .none: break
      case .point: output.append(UInt8(ascii: "."))
      case .withoutPoint: copied += 1
      case .possessive(let ending):
        copied += ending.length
        // The apostrophe stays as it is written.
        output.append(contentsOf: bytes[end..<end + ending.apostrophe])
        if ending.hasS {
          output.append(UInt8(ascii: target.letterCase == .upper ? "S" : "s"))
        }
      }
      if report != nil { note(start..<copied, target, written, output) }
      replaced += 1
    }
    output.append(contentsOf: UnsafeBufferPointer(start: base + copied, count: count - copied))
    return replaced
  }

  private struct Replacement {
    /// What changes behind the word.
    enum Ending {
      case none
      /// `Miss Marple` → `Mr. Marple`
      case point
      /// `Mr. President` → `Madam President`
      case withoutPoint
      case possessive(PossessiveEnding)
    }

    var number: Int32
    var category: Int16
    var isInvertible: Bool
    var letterCase: LetterCase
    var ending = Ending.none
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
    let surroundings = Surroundings(base: base, count: bytes.count, table: table)
    if info.flags.contains(.inPhrase),
      PhraseReader(neighbours: surroundings.neighbours).isKept(number, start, end)
        || surroundings.isExclaimed(info, start, end, letterCase)
    {
      return keep(start, end, .phrase)
    }
    if let pronoun = info.pronoun {
      return pronounReplacement(pronoun, info.category, letterCase, start, end, base)
    }
    let isFixed =
      info.flags.contains(.name)
      && (surroundings.isFixedName(start)
        // `Anne-Marie` is one name, and not that of an Anne.
        || WordScanner.isInCompound(start, end, base, bytes.count))
      || info.flags.contains(.notAfterName) && letterCase == .title
        && (surroundings.isBehindName(start) || surroundings.isBeforePlace(end))
    if isFixed { return keep(start, end, .name) }
    if info.flags.contains(.manyToOne) {
      switch surroundings.couple(number, start, end) {
      case .counterpart(let other):
        return Replacement(
          number: other, category: info.category, isInvertible: true, letterCase: letterCase)
      case .mismatch where keepsOneWay: return keep(start, end, .oneWay)
      case .mismatch, .none: break
      }
      if let office = officeTitle(number, end, letterCase, surroundings) { return office }
    }
    let isTitle = letterCase == .title && surroundings.isBeforeName(end)
    var (partner, category) = step(number, isTitle: isTitle)
    guard partner >= 0 else { return nil }
    let back = step(partner, isTitle: isTitle).number
    var isInvertible = back == number
    var possessive: PossessiveEnding?
    if Apostrophe(base, end, bytes.count) != nil {
      let reader = PossessiveReader(base: base, count: bytes.count, table: table)
      let isName = info.flags.contains(.name)
      let source = SpelledWord(table.bytes(number), isName: isName)
      let target = SpelledWord(table.bytes(partner), isName: isName)
      if reader.isMisread(end, source: source, target: target) {
        return keep(start, end, .spelling)
      }
      possessive = reader.ending(
        end, source: source, target: target, letterCase: letterCase, isOneWay: !isInvertible)
    }
    if let possessive, !possessive.isInvertible { isInvertible = false }
    let addsPoint = isTitle && isAbbreviation(partner) && !isAbbreviation(number)
    let hasPoint = addsPoint || end < bytes.count && bytes[end] == UInt8(ascii: ".")
    let isOffice =
      info.flags.contains(.manyToOne) && letterCase != .lower && hasPoint && isAbbreviation(partner)
      && surroundings.isBeforeOffice(addsPoint ? end : end + 1)
    // `Ms. President`: the way back leads to `Madam President`.
    if isOffice { isInvertible = false }
    if !isInvertible {
      if keepsOneWay { return keep(start, end, .oneWay) }
      // Where the counterpart does not come back to itself either (`Gentlewoman Ann`), the one that does stands for it.
      let settled = step(back, isTitle: isTitle).number
      if settled >= 0 { partner = settled }
    }
    var result = Replacement(
      number: partner, category: category, isInvertible: isInvertible, letterCase: letterCase)
    if let possessive {
      result.ending = .possessive(possessive)
    } else if isOffice, let titles = table.officeTitles, info.gender == .masculine {
      // `Master Secretary`
      result.number = titles.feminine
    } else if addsPoint {
      result.ending = .point
    }
    return result
  }

  private func isAbbreviation(_ number: Int32) -> Bool {
    table.info[Int(number)].flags.contains(.abbreviation)
  }

  /// `Mr. President` and `Madam President` lead to each other.
  private func officeTitle(
    _ number: Int32, _ end: Int, _ letterCase: LetterCase, _ surroundings: Surroundings
  ) -> Replacement? {
    guard letterCase != .lower, let titles = table.officeTitles else { return nil }
    let info = table.info[Int(number)]
    if number == titles.feminine, surroundings.isBeforeOffice(end) {
      return Replacement(
        number: titles.masculine, category: info.category, isInvertible: true,
        letterCase: letterCase == .upper ? .upper : .title, ending: .point)
    }
    if number == titles.masculine, end < bytes.count, bytes[end] == UInt8(ascii: "."),
      surroundings.isBeforeOffice(end + 1)
    {
      return Replacement(
        number: titles.feminine, category: info.category, isInvertible: true,
        letterCase: letterCase, ending: .withoutPoint)
    }
    return nil
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
    var isInvertible = true
    switch exemption.hyphens(start, end) {
    case .coined: return keep(start, end, .spelling)
    // `his-and-hers` names two owners and belongs to no noun.
    case .conjunction: context = .object
    case .none:
      let neighbours = NeighbourReader(base: base, count: bytes.count, table: table)
      if let tagger {
        context = tagger.context(start: start, end: end, neighbours: neighbours)
      } else {
        let reader = ContextReader(neighbours: neighbours)
        let reading = reader.read(start: start, end: end)
        context = reading.context
        // Both words of a couple without a way back stay, since one decides about the other.
        if reading.isConflict { isInvertible = false }
        if keepsOneWay, reading.isConflict || reader.endsConflict(start: start, end: end) {
          return keep(start, end, .oneWay)
        }
      }
    }
    let partner = pronoun.partner(in: context)
    if partner.partner(in: context) != pronoun { isInvertible = false }
    if partner == pronoun || !isInvertible && keepsOneWay { return keep(start, end, .oneWay) }
    guard let number = table.numbers[partner] else { return nil }
    return Replacement(
      number: number, category: category, isInvertible: isInvertible, letterCase: letterCase)
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

private let underscore = UInt8(ascii: "_")
