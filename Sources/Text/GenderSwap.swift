// Role reversal R(s): every gendered word is exchanged for its counterpart, all else stays byte for byte (counterfactual role reversal, Gupta
// et al. 2022; counterfactual augmentation, Zhao et al. 2018).
//
// Guarantee: swap(swap(s)) == s for every s. A word is replaced through a perfect matching, its case pattern (lower, Title, UPPER) is kept,
// any other pattern is left alone. English has three words for him/his/her and two of them meet in `her`; which exchange applies is decided
// by features that a swap cannot change (the neighbours' pair, not which of the two they are; their case; the characters between), so that
// the way back meets the same decision. Each decision is itself an exchange of words:
//
//   before a noun         her ↔ his     him, hers stay
//   not before a noun     her ↔ him     his ↔ hers
//   object before a noun  her ↔ him     his, hers stay       ("gave her money")
//
// "stay" is the price of invertibility: where the rule reads a context as determiner, `him` cannot become `her` as well, since `her` has to come
// back as `his`. `GenderSwapTests` counts how often that happens on real text.

/// One replaced word.
public struct GenderChange: Sendable, Equatable {
  /// Where the word stood in the text given, in Unicode code points.
  public var span: Range<Int>
  public var from: String
  public var to: String
}

/// Exchanges gendered words.
public struct GenderSwap: Sendable {
  /// What happens to given names.
  public enum Names: String, Sendable, CaseIterable {
    /// They stay: a name is not a role.
    case keep
    /// Forty common ones are exchanged for a counterpart (`James` and `Jane`).
    case swap
  }

  /// Names stay.
  public static let standard = GenderSwap(names: .keep)
  private static let withNames = WordTable(names: true)
  private static let withoutNames = WordTable(names: false)

  let table: WordTable

  public init(names: Names = .keep) {
    table = names == .swap ? Self.withNames : Self.withoutNames
  }

  /// Pairs of words in the lexicon, the pronouns that depend on context not counted.
  public static var pairCount: Int { GenderLexicon.pairs.count }

  /// The lexicon's pairs of words in lower case, without given names and without him, her, his and hers.
  public static var wordPairs: [(masculine: String, feminine: String)] { GenderLexicon.pairs }

  /// The counterpart text.
  public func swap(_ text: String) -> String {
    var text = text
    return text.withUTF8 { bytes in
      var output: [UInt8] = []
      var swapper = Swapper(bytes: bytes, table: table, log: false)
      swapper.run(into: &output)
      return String(decoding: output, as: UTF8.self)
    }
  }

  /// The counterpart text with the words that changed.
  public func reversal(of text: String) -> (text: String, changes: [GenderChange]) {
    var text = text
    return text.withUTF8 { bytes in
      var output: [UInt8] = []
      var swapper = Swapper(bytes: bytes, table: table, log: true)
      swapper.run(into: &output)
      return (String(decoding: output, as: UTF8.self), swapper.changes)
    }
  }

  /// The counterpart of UTF-8 bytes, appended to `output`.
  public func swap(_ bytes: UnsafeBufferPointer<UInt8>, into output: inout [UInt8]) {
    var swapper = Swapper(bytes: bytes, table: table, log: false)
    swapper.run(into: &output)
  }
}

/// The upper- and lower-case pattern of a word.
enum LetterCase { case lower, title, upper, mixed }

/// One pass over a text.
private struct Swapper {
  let bytes: UnsafeBufferPointer<UInt8>
  let table: WordTable
  let log: Bool
  var changes: [GenderChange] = []
  /// Bytes and code points already counted for the log.
  private var countedBytes = 0
  private var countedPoints = 0

  init(bytes: UnsafeBufferPointer<UInt8>, table: WordTable, log: Bool) {
    self.bytes = bytes
    self.table = table
    self.log = log
  }

  mutating func run(into output: inout [UInt8]) {
    guard let base = bytes.baseAddress else { return }
    let count = bytes.count
    output.reserveCapacity(output.count + count + count / 16)
    var copied = 0
    var position = 0
    while position < count {
      // A word starts at the next byte that is part of one.
      while position < count, !WordScanner.isWordByte(base, position, count) { position += 1 }
      let start = position
      while position < count, WordScanner.isWordByte(base, position, count) { position += 1 }
      let length = position - start
      guard length >= 2, length <= WordKey.longest,
        table.mayHold(first: base[start], length: length)
      else { continue }
      let key = WordKey(base + start, length: length, available: count - start)
      let found = table.find(key)
      guard found >= 0, let target = replacement(of: Int(found), start: start, end: position) else {
        continue
      }
      let letterCase = WordScanner.letterCase(base + start, length: length)
      guard letterCase != .mixed else { continue }
      output.append(contentsOf: UnsafeBufferPointer(start: base + copied, count: start - copied))
      let replaced = output.count
      WordScanner.append(table.words[target], in: letterCase, to: &output)
      copied = position
      if log { note(start..<position, String(decoding: output[replaced...], as: UTF8.self)) }
    }
    output.append(contentsOf: UnsafeBufferPointer(start: base + copied, count: count - copied))
  }

  /// The number of the word that takes the place of word `number`, which stands at `start..<end`; nil where it stays.
  private func replacement(of number: Int, start: Int, end: Int) -> Int? {
    switch table.roles[number] {
    case .pair: return table.partners[number]
    case .title:
      // `Miss` and `Master` before a name: one space, then a capital.
      guard WordScanner.isUpper(bytes[start]), end + 1 < bytes.count, bytes[end] == 0x20,
        WordScanner.isUpper(bytes[end + 1])
      else { return nil }
      return table.partners[number]
    case .pronoun(let pronoun):
      let context = PronounContext.of(bytes, start: start, end: end, table: table)
      guard let partner = pronoun.partner(in: context) else { return nil }
      return table.numbers[partner]
    }
  }

  private mutating func note(_ range: Range<Int>, _ to: String) {
    countedPoints += bytes[countedBytes..<range.lowerBound].count { $0 & 0xC0 != 0x80 }
    let from = bytes[range]
    let points = from.count { $0 & 0xC0 != 0x80 }
    changes.append(
      GenderChange(
        span: countedPoints..<(countedPoints + points), from: String(decoding: from, as: UTF8.self),
        to: to))
    countedPoints += points
    countedBytes = range.upperBound
  }
}

/// Where words start and end in UTF-8, and the case of their letters.
enum WordScanner {
  @inline(__always)
  static func isWordByte(_ base: UnsafePointer<UInt8>, _ position: Int, _ count: Int) -> Bool {
    let byte = base[position]
    if byte < 0x80 {
      return (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F
    }
    return isWordCharacter(base, position, count)
  }

  /// Whether the character that the byte at `position` (0x80 or more) belongs to is part of words: all but the punctuation, spaces and
  /// symbols of Latin-1, General Punctuation up to the arrows and dingbats, CJK punctuation and emoji.
  @inline(never)
  private static func isWordCharacter(
    _ base: UnsafePointer<UInt8>, _ position: Int, _ count: Int
  ) -> Bool {
    var lead = position
    while lead > 0, base[lead] & 0xC0 == 0x80, position - lead < 3 { lead -= 1 }
    let second = lead + 1 < count ? base[lead + 1] : 0
    switch base[lead] {
    case 0xC2: return second == 0xAA || second == 0xB5 || second == 0xBA
    case 0xE2: return second >= 0xB0
    case 0xE3: return second != 0x80
    case 0xEF: return second != 0xBC && second != 0xBB && second != 0xB8
    case 0xF0: return second != 0x9F
    default: return true
    }
  }

  @inline(__always)
  static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 < 26 }
  @inline(__always)
  static func isLower(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 }

  static func letterCase(_ word: UnsafePointer<UInt8>, length: Int) -> LetterCase {
    var upper = 0
    var lower = 0
    for i in 0..<length {
      if isUpper(word[i]) { upper += 1 } else if isLower(word[i]) { lower += 1 }
    }
    if upper == 0 { return .lower }
    if lower == 0 { return .upper }
    return upper == 1 && isUpper(word[0]) ? .title : .mixed
  }

  /// Appends a word that is given in lower case.
  static func append(_ word: [UInt8], in letterCase: LetterCase, to output: inout [UInt8]) {
    for (i, byte) in word.enumerated() {
      let raise = letterCase == .upper || letterCase == .title && i == 0
      output.append(raise && isLower(byte) ? byte & ~0x20 : byte)
    }
  }
}

/// The bytes of a word, ASCII letters lowered, in two machine words.
struct WordKey: Equatable {
  static let longest = 16
  var low: UInt64
  var high: UInt64

  /// - Parameter available: bytes that may be read from `word` on; at least `length`.
  @inline(__always)
  init(_ word: UnsafePointer<UInt8>, length: Int, available: Int) {
    let raw = UnsafeRawPointer(word)
    if available >= 16 {
      low = raw.loadUnaligned(as: UInt64.self)
      high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      if length <= 8 {
        high = 0
        if length < 8 { low &= (1 << UInt64(length &* 8)) &- 1 }
      } else if length < 16 {
        high &= (1 << UInt64((length &- 8) &* 8)) &- 1
      }
    } else {
      low = 0
      high = 0
      for i in 0..<min(length, 16) {
        if i < 8 {
          low |= UInt64(word[i]) << UInt64(i * 8)
        } else {
          high |= UInt64(word[i]) << UInt64((i - 8) * 8)
        }
      }
    }
    low = Self.lowered(low)
    high = Self.lowered(high)
  }

  init?(_ word: String) {
    let bytes = Array(word.utf8)
    guard !bytes.isEmpty, bytes.count <= Self.longest else { return nil }
    self = bytes.withUnsafeBufferPointer {
      WordKey($0.baseAddress!, length: bytes.count, available: bytes.count)
    }
  }

  /// Sets the case bit of each byte that is an ASCII letter's upper form (0x41…0x5A), eight at a time; other bytes stay.
  @inline(__always)
  private static func lowered(_ x: UInt64) -> UInt64 {
    let low7 = x & 0x7F7F_7F7F_7F7F_7F7F
    let atLeastA = low7 &+ 0x3F3F_3F3F_3F3F_3F3F
    let pastZ = low7 &+ 0x2525_2525_2525_2525
    let isUpper = (atLeastA & ~pastZ & ~x) & 0x8080_8080_8080_8080
    return x | isUpper >> 2
  }

  @inline(__always)
  var hash: Int {
    let mixed = (low ^ high &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
    return Int(truncatingIfNeeded: mixed >> 40)
  }
}

/// The lexicon as an open-addressing hash table over packed words.
final class WordTable: Sendable {
  enum Role: Sendable {
    case pair
    case title
    case pronoun(Pronoun)
  }

  let words: [[UInt8]]
  let partners: [Int]
  let roles: [Role]
  let numbers: [Pronoun: Int]
  private let keys: [WordKey]
  private let slots: [Int32]
  /// For each length (bit) whether a word of the lexicon starts with that letter (index).
  private let lengths: [UInt32]

  init(names: Bool) {
    var words: [String] = []
    var partners: [Int] = []
    var roles: [Role] = []
    func add(_ a: String, _ b: String, _ role: Role) {
      words += [a, b]
      partners += [words.count - 1, words.count - 2]
      roles += [role, role]
    }
    for pair in GenderLexicon.pairs + (names ? GenderLexicon.names : []) {
      add(pair.masculine, pair.feminine, .pair)
    }
    add("master", "miss", .title)
    var numbers: [Pronoun: Int] = [:]
    for pronoun in Pronoun.allCases {
      numbers[pronoun] = words.count
      words.append(pronoun.rawValue)
      partners.append(-1)
      roles.append(.pronoun(pronoun))
    }
    self.numbers = numbers
    self.partners = partners
    self.roles = roles
    self.words = words.map { Array($0.utf8) }
    keys = words.map { WordKey($0) ?? WordKey("_")! }  // "_" is one byte, and no word of the lexicon is longer than a key
    var slots = [Int32](repeating: -1, count: Self.capacity)
    var lengths = [UInt32](repeating: 0, count: 256)
    for (number, word) in self.words.enumerated() {
      var slot = keys[number].hash & (Self.capacity - 1)
      while slots[slot] >= 0 { slot = (slot + 1) & (Self.capacity - 1) }
      slots[slot] = Int32(number)
      lengths[Int(word[0])] |= 1 << UInt32(word.count)
      lengths[Int(word[0] & ~0x20)] |= 1 << UInt32(word.count)
    }
    self.slots = slots
    self.lengths = lengths
  }

  private static let capacity = 4096

  @inline(__always)
  func mayHold(first: UInt8, length: Int) -> Bool { lengths[Int(first)] >> UInt32(length) & 1 == 1 }

  /// The number of the word with this key, or -1.
  @inline(__always)
  func find(_ key: WordKey) -> Int32 {
    var slot = key.hash & (Self.capacity - 1)
    while true {
      let number = slots[slot]
      if number < 0 || keys[Int(number)] == key { return number }
      slot = (slot + 1) & (Self.capacity - 1)
    }
  }
}
