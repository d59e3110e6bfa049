// Where words start and end in UTF-8, the case of their letters, and the key by which tables know them.

/// The upper- and lower-case pattern of a word.
enum LetterCase { case lower, title, upper, mixed }

enum WordScanner {
  @inline(__always)
  static func isWordByte(_ base: UnsafePointer<UInt8>, _ position: Int, _ count: Int) -> Bool {
    let byte = base[position]
    if byte < 0x80 {
      return (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == 0x5F
    }
    return isWordCharacter(base, position, count)
  }

  /// Whether the character that the byte at `position` (0x80 or more) belongs to is part of words: all but the
  /// punctuation, spaces and symbols of Latin-1, General Punctuation up to the arrows and dingbats, CJK punctuation and
  /// emoji.
  @inline(never)
  static func isWordCharacter(
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

  static func isOneWord(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return false }
      return buffer.indices.allSatisfy { isWordByte(base, $0, buffer.count) }
    }
  }

  @inline(__always)
  static func isUpper(_ byte: UInt8) -> Bool { byte &- 0x41 < 26 }
  @inline(__always)
  static func isLower(_ byte: UInt8) -> Bool { byte &- 0x61 < 26 }
  @inline(__always)
  static func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
  @inline(__always)
  static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte &- 0x09 < 5 }
  @inline(__always)
  static func lowered(_ byte: UInt8) -> UInt8 { isUpper(byte) ? byte | 0x20 : byte }

  /// The pattern of the ASCII letters in a word; of one with hyphens, a title has a capital in each part (`Jean-Luc`).
  static func letterCase(_ word: UnsafePointer<UInt8>, length: Int) -> LetterCase {
    var upper = 0
    var lower = 0
    var parts = 1
    var initials = 0
    for i in 0..<length {
      if isUpper(word[i]) {
        upper += 1
        if i == 0 || word[i - 1] == hyphen { initials += 1 }
      } else if isLower(word[i]) {
        lower += 1
      } else if word[i] == hyphen {
        parts += 1
      }
    }
    if upper == 0 { return .lower }
    if lower == 0 { return .upper }
    return upper == initials && initials == parts ? .title : .mixed
  }

  static let hyphen = UInt8(ascii: "-")

  /// Where the row of words ends that begins at `start..<end`, in which each has a capital and a hyphen joins it to the
  /// next (`Jean-Luc`). No further than the longest word of a table is looked, so that a pass stays linear.
  static func compoundEnd(_ start: Int, _ end: Int, _ base: UnsafePointer<UInt8>, _ count: Int)
    -> Int
  {
    guard isUpper(base[start]) else { return end }
    var end = end
    let limit = start + WordKey.longest
    while end + 1 < count, end <= limit, base[end] == hyphen, isUpper(base[end + 1]) {
      end += 1
      while end < count, end <= limit, isWordByte(base, end, count) { end += 1 }
    }
    return end
  }

  /// Whether the word at `start..<end` is a part of such a row and not all of it.
  static func isInCompound(_ start: Int, _ end: Int, _ base: UnsafePointer<UInt8>, _ count: Int)
    -> Bool
  {
    if compoundEnd(start, end, base, count) > end { return true }
    guard start >= 2, base[start - 1] == hyphen, isUpper(base[start]) else { return false }
    var place = start - 1
    while place > 0, isWordByte(base, place - 1, count) { place -= 1 }
    return isUpper(base[place])
  }

  /// Appends a word that is given in lower case.
  static func append(
    _ word: UnsafeBufferPointer<UInt8>, in letterCase: LetterCase, to output: inout [UInt8]
  ) {
    if letterCase == .lower { return output.append(contentsOf: word) }
    for (i, byte) in word.enumerated() {
      let isInitial = i == 0 || word[i - 1] == hyphen
      let raise = letterCase == .upper || letterCase == .title && isInitial
      output.append(raise && isLower(byte) ? byte & ~0x20 : byte)
    }
  }
}

/// Walks over the words of a text. Looks at 64 bytes at a time and turns them into a mask of word bytes, so that its
/// branches depend on whole words rather than on single bytes.
struct WordIterator {
  private let base: UnsafePointer<UInt8>
  private let count: Int
  /// Where the next 64 bytes start.
  private var block = 0
  /// The places of the last 64 bytes at which words start and end, alternately.
  private var edges: UInt64 = 0
  /// 1 where the last byte of the last 64 is part of a word.
  private var carry: UInt64 = 0
  private var start = -1

  init(base: UnsafePointer<UInt8>, count: Int) {
    self.base = base
    self.count = count
  }

  /// The next word, as start and end.
  @inline(__always)
  mutating func next() -> (Int, Int)? {
    while true {
      while edges == 0 {
        guard block < count else {
          guard start >= 0 else { return nil }
          defer { start = -1 }
          return (start, count)
        }
        let mask = WordIterator.mask(base, block, count)
        edges = mask ^ (mask &<< 1 | carry)
        carry = mask &>> 63
        block += 64
      }
      let place = block &- 64 &+ edges.trailingZeroBitCount
      edges &= edges &- 1
      guard start >= 0 else {
        start = place
        continue
      }
      defer { start = -1 }
      return (start, place)
    }
  }

  /// A bit for each of the 64 bytes from `block` on that is part of a word.
  @inline(__always)
  private static func mask(_ base: UnsafePointer<UInt8>, _ block: Int, _ count: Int) -> UInt64 {
    guard count - block >= 64 else { return slowMask(base, block, count) }
    let raw = UnsafeRawPointer(base + block)
    var mask: UInt64 = 0
    var beyondASCII: UInt64 = 0
    for i in 0..<8 {
      let x = raw.loadUnaligned(fromByteOffset: i &* 8, as: UInt64.self)
      beyondASCII |= x
      mask |= wordBits(x) &<< UInt64(truncatingIfNeeded: i &* 8)
    }
    return beyondASCII & 0x8080_8080_8080_8080 == 0 ? mask : slowMask(base, block, count)
  }

  @inline(never)
  private static func slowMask(_ base: UnsafePointer<UInt8>, _ block: Int, _ count: Int) -> UInt64 {
    var mask: UInt64 = 0
    for place in block..<min(block + 64, count) where WordScanner.isWordByte(base, place, count) {
      mask |= 1 << UInt64(place - block)
    }
    return mask
  }

  /// A bit for each of eight ASCII bytes that is a letter, a digit or `_`.
  @inline(__always)
  private static func wordBits(_ x: UInt64) -> UInt64 {
    let ones: UInt64 = 0x0101_0101_0101_0101
    let low = x & (ones &* 0x7F)
    let folded = low | ones &* 0x20
    // Bit 7 of each byte: at least `a` and not past `z`, and so on; no sum leaves its byte.
    let letter = (folded &+ ones &* 0x1F) & ~(folded &+ ones &* 0x05)
    let digit = (low &+ ones &* 0x50) & ~(low &+ ones &* 0x46)
    let underscore = ~((low ^ ones &* 0x5F) &+ ones &* 0x7F)
    let bits = (letter | digit | underscore) &>> 7 & ones
    // Moves bit 8i to bit 56 + i.
    return (bits &* 0x0102_0408_1020_4080) &>> 56
  }
}

/// The first sixteen bytes of a word, ASCII letters lowered, in two machine words.
struct WordKey: Equatable {
  /// The longest word that a table may hold, in bytes.
  static let longest = 63
  var low: UInt64
  var high: UInt64

  /// - Parameter available: bytes that may be read from `word` on; at least `length`.
  @inline(__always)
  init(_ word: UnsafePointer<UInt8>, length: Int, available: Int) {
    if available >= 16 {
      let raw = UnsafeRawPointer(word)
      low = raw.loadUnaligned(as: UInt64.self)
      high = raw.loadUnaligned(fromByteOffset: 8, as: UInt64.self)
      if length <= 8 {
        high = 0
        if length < 8 { low &= (1 &<< UInt64(truncatingIfNeeded: length &* 8)) &- 1 }
      } else if length < 16 {
        high &= (1 &<< UInt64(truncatingIfNeeded: (length &- 8) &* 8)) &- 1
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

  init(_ bytes: [UInt8]) {
    self = bytes.withUnsafeBufferPointer { buffer in
      guard let base = buffer.baseAddress else { return WordKey(low: 0, high: 0) }
      return WordKey(base, length: buffer.count, available: buffer.count)
    }
  }

  private init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  /// Sets the case bit of each byte that is an ASCII letter's upper form (0x41…0x5A), eight at a time; other bytes
  /// stay.
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
