/// Finds the first byte that is not UTF-8 (RFC 3629: no overlong forms, no surrogates, nothing past U+10FFFF).
package enum UTF8Check {
  package static func firstInvalid(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard let base = bytes.baseAddress else { return nil }
    let raw = UnsafeRawPointer(base)
    var i = 0
    let count = bytes.count
    while i < count {
      let first = base[i]
      if first < 0x80 {
        i += 1
        // Most texts are ASCII over long stretches: eight bytes a step.
        while i + 8 <= count,
          raw.loadUnaligned(fromByteOffset: i, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
        {
          i += 8
        }
        continue
      }
      let length: Int
      var lowest: UInt8 = 0x80
      var highest: UInt8 = 0xBF
      switch first {
      case 0xC2...0xDF: length = 2
      case 0xE0:
        length = 3
        lowest = 0xA0
      case 0xED:
        length = 3
        highest = 0x9F
      case 0xE1...0xEF: length = 3
      case 0xF0:
        length = 4
        lowest = 0x90
      case 0xF4:
        length = 4
        highest = 0x8F
      case 0xF1...0xF3: length = 4
      default: return i
      }
      guard i + length <= count, base[i + 1] >= lowest, base[i + 1] <= highest else { return i }
      for k in 2..<max(length, 2) where base[i + k] & 0xC0 != 0x80 { return i }
      i += length
    }
    return nil
  }
}
