// Which places of a text are no English prose: addresses and paths, code between backticks, lines in another language.
// Asked for gendered words only, and in the order of the text; what was found out about a stretch is remembered, so
// that a pass stays linear. No answer depends on which form a gendered word has.

#if canImport(Glibc)
  import Glibc
#else
  import Darwin
#endif

struct ExemptionReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private let table: LexiconTable
  private let exempts: RoleReversal.Exemptions
  private let hasBackticks: Bool
  /// The stretch without spaces that was looked at last.
  private var chunk = 0..<0
  private var chunkIsLink = false
  /// The line that was looked at last.
  private var line = 0..<0
  private var lineIsForeign = false
  /// How far backticks were read, and the last stretch of code.
  private var codeRead = 0
  private var code = 0..<0
  private var isFenced = false

  /// Words of a line that are looked at for its language.
  private static let languageWords = 40

  init(
    bytes: UnsafeBufferPointer<UInt8>, table: LexiconTable, exempts: RoleReversal.Exemptions
  ) {
    self.bytes = bytes
    self.table = table
    self.exempts = exempts
    hasBackticks =
      exempts.contains(.code)
      && bytes.baseAddress.map { memchr($0, 0x60, bytes.count) != nil } == true
  }

  /// Whether the word at `start..<end` stays.
  mutating func covers(_ start: Int, _ end: Int) -> Bool {
    if isNeutralForm(start) { return true }
    if exempts.contains(.links), isInLink(start, end) { return true }
    if hasBackticks, isInCode(start) { return true }
    return exempts.contains(.foreign) && isForeign(start)
  }

  /// `s/he`, `(s)he`: both genders already.
  private func isNeutralForm(_ start: Int) -> Bool {
    guard start >= 2, bytes[start - 2] | 0x20 == UInt8(ascii: "s") else { return false }
    switch bytes[start - 1] {
    case UInt8(ascii: "/"):
      // Not `the king's/queen's`.
      guard start > 2 else { return true }
      return !isWord(start - 3) && bytes[start - 3] != UInt8(ascii: "'") && bytes[start - 3] != 0x99
    case UInt8(ascii: ")"): return start >= 3 && bytes[start - 3] == UInt8(ascii: "(")
    default: return false
    }
  }

  enum Hyphens {
    case none
    /// To `and` or `or`: `his-and-hers`.
    case conjunction
    /// To something that makes the pronoun part of another word: `her-story`.
    case coined
  }

  /// What a pronoun is joined to by hyphens.
  func hyphens(_ start: Int, _ end: Int) -> Hyphens {
    let hyphen = UInt8(ascii: "-")
    if end + 1 < bytes.count, bytes[end] == hyphen, isWord(end + 1) {
      return isConjunction(from: end + 1) ? .conjunction : .coined
    }
    guard start >= 2, bytes[start - 1] == hyphen, isWord(start - 2) else { return .none }
    var place = start - 1
    while place > 0, start - place < 6, isWord(place - 1) { place -= 1 }
    return isConjunction(from: place) ? .conjunction : .coined
  }

  private func isConjunction(from start: Int) -> Bool {
    func starts(_ word: StaticString) -> Bool {
      let length = word.utf8CodeUnitCount
      guard start + length <= bytes.count else { return false }
      for i in 0..<length where WordScanner.lowered(bytes[start + i]) != word.utf8Start[i] {
        return false
      }
      return start + length == bytes.count || !isWord(start + length)
    }
    return starts("and") || starts("or")
  }

  private func isWord(_ place: Int) -> Bool {
    guard let base = bytes.baseAddress else { return false }
    return WordScanner.isWordByte(base, place, bytes.count)
  }

  // MARK: Links

  private mutating func isInLink(_ start: Int, _ end: Int) -> Bool {
    let before = start > 0 ? bytes[start - 1] : 0x20
    let after = end < bytes.count ? bytes[end] : 0x20
    if before == UInt8(ascii: "@") || before == UInt8(ascii: "#") { return true }
    guard ExemptionReader.joins(before) || ExemptionReader.joins(after) else { return false }
    if after == UInt8(ascii: ".") || after == UInt8(ascii: ":") || after == UInt8(ascii: "?"),
      !ExemptionReader.joins(before), end + 1 >= bytes.count || !isWord(end + 1)
    {
      // The end of a sentence.
      return false
    }
    if !chunk.contains(start) {
      var low = start
      while low > chunk.upperBound, !ExemptionReader.endsChunk(bytes[low - 1]) { low -= 1 }
      var high = end
      while high < bytes.count, !ExemptionReader.endsChunk(bytes[high]) { high += 1 }
      chunk = low..<high
      chunkIsLink = looksLikeLink(chunk)
    }
    return chunkIsLink
  }

  /// Characters by which parts of addresses are joined.
  private static func joins(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "/"), UInt8(ascii: "."), UInt8(ascii: "@"), UInt8(ascii: "-"),
      UInt8(ascii: "="), UInt8(ascii: "&"), UInt8(ascii: "?"), UInt8(ascii: "%"),
      UInt8(ascii: "\\"), UInt8(ascii: ":"), UInt8(ascii: "~"), UInt8(ascii: "+"):
      true
    default: false
    }
  }

  private static func endsChunk(_ byte: UInt8) -> Bool {
    switch byte {
    case 0...0x20, UInt8(ascii: "\""), UInt8(ascii: "<"), UInt8(ascii: ">"), UInt8(ascii: "("),
      UInt8(ascii: ")"), UInt8(ascii: "["), UInt8(ascii: "]"), UInt8(ascii: "{"),
      UInt8(ascii: "}"), UInt8(ascii: "`"), UInt8(ascii: "|"):
      true
    default: false
    }
  }

  private static let endings: Set<String> = [
    "com", "org", "net", "edu", "gov", "uk", "de", "fr", "ca", "au", "io", "info", "biz", "html",
    "htm", "php", "asp", "aspx", "jsp", "txt", "pdf", "doc", "docx", "xls", "xlsx", "csv", "tsv",
    "json", "xml", "yml", "yaml", "md", "jpg", "jpeg", "png", "gif", "svg", "mp3", "mp4", "avi",
    "zip", "gz", "exe", "py", "js", "ts", "cpp", "swift", "java", "rb", "sh", "css",
  ]

  /// A scheme, `www.`, a mail address, a path of several parts, or a name with a known ending.
  private func looksLikeLink(_ chunk: Range<Int>) -> Bool {
    var part = bytes[chunk]
    while let last = part.last, [0x2E, 0x2C, 0x3B, 0x3A, 0x21, 0x3F, 0x27].contains(last) {
      part.removeLast()
    }
    guard part.count > 3 else { return false }
    func lowered(_ range: Range<Int>) -> String {
      String(decoding: bytes[range].map(WordScanner.lowered), as: UTF8.self)
    }
    let first = part.startIndex
    if part.count > 4, lowered(first..<first + 4) == "www." { return true }
    let slash = UInt8(ascii: "/")
    var slashes = 0
    var lastPoint: Int?
    for place in part.indices {
      switch part[place] {
      case slash:
        slashes += 1
        if place + 1 < part.endIndex, part[place + 1] == slash, place > first,
          part[place - 1] == UInt8(ascii: ":")
        {
          return true
        }
      case UInt8(ascii: "@") where place > first && place + 1 < part.endIndex:
        if isWord(place - 1), isWord(place + 1) { return true }
      case UInt8(ascii: "\\"): return true
      case UInt8(ascii: "."): lastPoint = place
      default: break
      }
    }
    let start = part[first]
    if slashes >= 2, start == slash || start == UInt8(ascii: ".") || start == UInt8(ascii: "~") {
      return true
    }
    if let lastPoint, lastPoint > first, isWord(lastPoint - 1) {
      var end = lastPoint + 1
      while end < part.endIndex, end - lastPoint < 8, isWord(end) { end += 1 }
      if ExemptionReader.endings.contains(lowered(lastPoint + 1..<end)) { return true }
      // `site.com/her/page`
      if slashes > 0, let slashPlace = part.firstIndex(of: slash), slashPlace > first {
        let host = part[first..<slashPlace]
        if let point = host.lastIndex(of: UInt8(ascii: ".")), point > first {
          return ExemptionReader.endings.contains(lowered(point + 1..<slashPlace))
        }
      }
    }
    return false
  }

  // MARK: Code

  /// Between single backticks of one line, or between fences of three.
  private mutating func isInCode(_ start: Int) -> Bool {
    let tick = UInt8(ascii: "`")
    while codeRead < start {
      guard bytes[codeRead] == tick else {
        codeRead += 1
        continue
      }
      var end = codeRead
      while end < bytes.count, bytes[end] == tick { end += 1 }
      let length = end - codeRead
      if length >= 3 {
        isFenced.toggle()
      } else if length == 1, !isFenced, opensCode(codeRead) {
        if let close = closingTick(codeRead) {
          code = codeRead..<close
          end = close + 1
        }
      }
      codeRead = end
    }
    return isFenced || code.contains(start)
  }

  private func opensCode(_ tick: Int) -> Bool {
    tick + 1 < bytes.count && !WordScanner.isSpace(bytes[tick + 1])
      && (tick == 0 || !isWord(tick - 1))
  }

  /// The next backtick of the line, where it closes.
  private func closingTick(_ tick: Int) -> Int? {
    var place = tick + 1
    while place < bytes.count, bytes[place] != newline, bytes[place] != UInt8(ascii: "`") {
      place += 1
    }
    guard place < bytes.count, bytes[place] == UInt8(ascii: "`"), place > tick + 1,
      !WordScanner.isSpace(bytes[place - 1]), place + 1 == bytes.count || !isWord(place + 1)
    else { return nil }
    return place
  }

  // MARK: Language

  /// Whether a foreign word is a part of a name: `Joel de la Fuente`, `Los Angeles`, `van der Waals`. It is Capitalised
  /// in front of a capital, or stands between capitals (or an English word and a capital) with other particles only.
  private func isInName(_ start: Int, _ end: Int, _ base: UnsafePointer<UInt8>) -> Bool {
    var place = end
    var steps = 0
    while true {
      guard place + 1 < bytes.count, base[place] == 0x20, steps < 4 else { return false }
      place += 1
      if isCapital(place) { break }
      guard isParticle(&place, base) else { return false }
      steps += 1
    }
    if isCapital(start) { return true }
    place = start
    steps = 0
    while place >= 2, base[place - 1] == 0x20, steps < 4 {
      let wordEnd = place - 1
      place = wordEnd
      while place > 0, wordEnd - place <= WordKey.longest, isWord(place - 1) { place -= 1 }
      guard place < wordEnd else { return false }
      if isCapital(place) { return true }
      var further = place
      guard isParticle(&further, base) else { return isEnglish(place, base) }
      steps += 1
    }
    // The start of a line, or punctuation: `"de Gaulle"`.
    return steps < 4
  }

  /// Also `Ángeles`: the capitals of Latin-1.
  private func isCapital(_ place: Int) -> Bool {
    WordScanner.isUpper(bytes[place])
      || bytes[place] == 0xC3 && place + 1 < bytes.count && (0x80...0x9E).contains(bytes[place + 1])
  }

  private func isParticle(_ place: inout Int, _ base: UnsafePointer<UInt8>) -> Bool {
    let number = table.find(word: place, base, bytes.count)
    guard number >= 0, table.info[Int(number)].traits.contains(.particle) else { return false }
    place += Int(table.info[Int(number)].textLength)
    return true
  }

  private func isEnglish(_ place: Int, _ base: UnsafePointer<UInt8>) -> Bool {
    let number = table.find(word: place, base, bytes.count)
    return number >= 0 && table.info[Int(number)].traits.contains(.english)
  }

  private mutating func isForeign(_ start: Int) -> Bool {
    guard let base = bytes.baseAddress else { return false }
    if line.contains(start) { return lineIsForeign }
    let count = bytes.count
    var low = start
    while low > line.upperBound, base[low - 1] != newline { low -= 1 }
    var english = 0
    var foreign = 0
    var words = 0
    var last: Int32 = -1
    var place = low
    while place < count, base[place] != newline, words < ExemptionReader.languageWords {
      while place < count, base[place] != newline, !WordScanner.isWordByte(base, place, count) {
        place += 1
      }
      let wordStart = place
      while place < count, WordScanner.isWordByte(base, place, count) { place += 1 }
      let length = place - wordStart
      guard length > 0 else { break }
      words += 1
      guard length <= WordKey.longest else { continue }
      let number = table.find(base + wordStart, length: length, available: count - wordStart)
      // A word that is repeated (`la la la`) counts once.
      defer { last = number }
      guard number >= 0 else { continue }
      let traits = table.info[Int(number)].traits
      if traits.contains(.english) || table.info[Int(number)].pronoun != nil {
        english += 1
        if english >= foreign + 3 { break }
      } else if traits.contains(.foreign), number != last, !isInName(wordStart, place, base) {
        foreign += 1
      }
    }
    lineIsForeign = foreign >= 2 && foreign > english
    let end = memchr(base + place, Int32(newline), count - place).map {
      UnsafeRawPointer($0) - UnsafeRawPointer(base)
    }
    line = low..<(end ?? count)
    return lineIsForeign
  }
}
