// The pattern with which GPT-2 cuts texts (Radford et al. 2019, the published `encoder.py`), by hand:
//
//   's|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+
//
// White space before a word leaves its last character to the word where that is a space, and to itself where it is not.

struct GPT2Splitter: PieceSplitter {
  static let pattern =
    #"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"#

  /// What a byte starts: 0 more than ASCII, or one of the kinds.
  private let kinds: UnsafePointer<UInt8>
  private let flags: UnsafePointer<UInt16>
  private static let letter: UInt8 = 1
  private static let number: UInt8 = 2
  private static let space: UInt8 = 3
  private static let other: UInt8 = 4

  nonisolated(unsafe) private static let kindsOfBytes: UnsafePointer<UInt8> = {
    let table = UnsafeMutablePointer<UInt8>.allocate(capacity: 256)
    for byte in 0..<256 {
      table[byte] = byte < 0x80 ? kind(UnicodeTable.flags(UInt32(byte))) : 0
    }
    return UnsafePointer(table)
  }()

  init() {
    kinds = Self.kindsOfBytes
    flags = UnicodeTable.flags
  }

  @inline(__always)
  private static func kind(_ flags: UnicodeFlags) -> UInt8 {
    if flags.contains(.letter) { return letter }
    if flags.contains(.number) { return number }
    return flags.contains(.whitespace) ? space : other
  }

  @inline(__always)
  private func kind(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> (UInt8, Int) {
    let kind = kinds[Int(bytes[position])]
    return kind != 0 ? (kind, 1) : longKind(bytes, position)
  }

  @inline(never)
  private func longKind(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> (UInt8, Int) {
    let (scalar, length) = UTF8Decoder.scalar(bytes, position)
    return (Self.kind(UnicodeFlags(rawValue: flags[Int(scalar)])), length)
  }

  /// Where the piece ends that starts at `start`, which is before the end of the bytes.
  @inline(__always)
  func end(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    let first = bytes[start]
    if first == UInt8(ascii: "'"), let length = contraction(bytes, start) { return start + length }
    var (kind, length) = kind(bytes, start)
    var position = start
    if first == 0x20 {
      guard start + 1 < bytes.count else { return bytes.count }
      let (next, nextLength) = self.kind(bytes, start + 1)
      if next != Self.space {
        kind = next
        length = nextLength
        position += 1
      }
    }
    position += length
    if kind == Self.space { return spaceEnd(bytes, start, position) }
    while position < bytes.count {
      let next = kinds[Int(bytes[position])]
      if next == kind {
        position += 1
      } else if next != 0 {
        break
      } else {
        let (long, longLength) = longKind(bytes, position)
        if long != kind { break }
        position += longLength
      }
    }
    return position
  }

  private func spaceEnd(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ second: Int) -> Int {
    var position = second
    var last = start
    while position < bytes.count {
      let (kind, length) = kind(bytes, position)
      if kind != Self.space { return last == start ? position : last }
      last = position
      position += length
    }
    return position
  }

  @inline(__always)
  private func contraction(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int) -> Int? {
    guard start + 1 < bytes.count else { return nil }
    let next = bytes[start + 1]
    switch next {
    case UInt8(ascii: "s"), UInt8(ascii: "t"), UInt8(ascii: "m"), UInt8(ascii: "d"): return 2
    default: break
    }
    guard start + 2 < bytes.count else { return nil }
    switch (next, bytes[start + 2]) {
    case (UInt8(ascii: "r"), UInt8(ascii: "e")), (UInt8(ascii: "v"), UInt8(ascii: "e")),
      (UInt8(ascii: "l"), UInt8(ascii: "l")):
      return 3
    default: return nil
    }
  }
}

/// Cuts a text into pieces from left to right.
protocol PieceSplitter {
  /// Where the piece ends that starts at `start`, which is before the end of the bytes.
  func end(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int
}

extension Pattern: PieceSplitter {
  @inline(__always)
  func end(_ bytes: UnsafeBufferPointer<UInt8>, from start: Int) -> Int {
    span(bytes, from: start, to: bytes.count).end
  }
}
