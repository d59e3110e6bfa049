/// What short words became when they were last cut: a table of fixed size in which a new word takes the place of an old
/// one. Most words of a text are among the few that came just before; one of them costs one line of memory.
final class WordCache {
  /// Longer words are cut anew each time.
  static let longestWord = 15
  static let mostTokens = 11
  private static let bits = 14

  /// Sixteen bytes of word with its length in the last, then the number of tokens and the tokens: one line of 64 bytes.
  private let lines: UnsafeMutableRawPointer

  init() {
    lines = .allocate(byteCount: 64 << Self.bits, alignment: 64)
    // A length of 0 in the last byte of the key is no word's.
    lines.initializeMemory(as: UInt8.self, repeating: 0, count: 64 << Self.bits)
  }

  deinit { lines.deallocate() }

  struct Key {
    var low: UInt64
    var high: UInt64
  }

  /// The word `bytes[start..<end]`, 1 to `longestWord` bytes, as a key.
  @inline(__always)
  static func key(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Key {
    let length = end - start
    let base = UnsafeRawPointer(bytes.baseAddress.unsafelyUnwrapped) + start
    var low: UInt64 = 0
    var high: UInt64 = 0
    if start + 16 <= bytes.count {
      low = base.loadUnaligned(as: UInt64.self).littleEndian
      high = (base + 8).loadUnaligned(as: UInt64.self).littleEndian
      if length < 8 {
        low &= ~(UInt64.max << UInt64(8 * length))
        high = 0
      } else {
        high &= ~(UInt64.max << UInt64(8 * (length - 8)))
      }
    } else {
      for i in 0..<length {
        let byte = UInt64(bytes[start + i])
        if i < 8 { low |= byte << UInt64(8 * i) } else { high |= byte << UInt64(8 * (i - 8)) }
      }
    }
    return Key(low: low, high: high | UInt64(length) << 56)
  }

  @inline(__always)
  private func line(_ key: Key) -> UnsafeMutableRawPointer {
    var hash = (key.low ^ key.high &* 0x9E37_79B9_7F4A_7C15) &* 0xD6E8_FEB8_6659_FD93
    hash ^= hash >> 32
    hash = hash &* 0xD6E8_FEB8_6659_FD93
    return lines + Int(hash >> UInt64(64 - Self.bits)) << 6
  }

  /// The tokens of the word; nil where it is not here.
  @inline(__always)
  func tokens(_ key: Key) -> UnsafeBufferPointer<Int32>? {
    let line = line(key)
    let words = line.assumingMemoryBound(to: UInt64.self)
    guard words[0] == key.low, words[1] == key.high else { return nil }
    let numbers = (line + 16).assumingMemoryBound(to: Int32.self)
    return UnsafeBufferPointer(start: numbers + 1, count: Int(numbers[0]))
  }

  func store(_ key: Key, _ tokens: UnsafeBufferPointer<Int32>) {
    guard tokens.count <= Self.mostTokens else { return }
    let line = line(key)
    let words = line.assumingMemoryBound(to: UInt64.self)
    words[0] = key.low
    words[1] = key.high
    let numbers = (line + 16).assumingMemoryBound(to: Int32.self)
    numbers[0] = Int32(tokens.count)
    for i in tokens.indices { numbers[1 + i] = tokens[i] }
  }
}
