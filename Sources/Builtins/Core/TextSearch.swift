import Runtime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Searching and cutting in the UTF-8 of strings. Offsets are bytes; since UTF-8 is self-synchronising, a match of valid
/// text starts and ends between characters.
enum TextSearch {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  /// The first match in `range`; an empty needle matches at once.
  static func first(_ needle: Bytes, in bytes: Bytes, _ range: Range<Int>) -> Int? {
    guard let pattern = needle.baseAddress, needle.count > 0 else { return range.lowerBound }
    guard let start = bytes.baseAddress, range.count >= needle.count else { return nil }
    if needle.count == 1 {
      guard let found = memchr(start + range.lowerBound, Int32(pattern[0]), range.count) else {
        return nil
      }
      return UnsafeRawPointer(found) - UnsafeRawPointer(start)
    }
    var offset = range.lowerBound
    var wasted = 0
    while offset + needle.count <= range.upperBound {
      let reach = range.upperBound - needle.count + 1 - offset
      guard let hit = memchr(start + offset, Int32(pattern[0]), reach) else { return nil }
      offset = UnsafeRawPointer(hit) - UnsafeRawPointer(start)
      if memcmp(start + offset, pattern, needle.count) == 0 { return offset }
      offset += 1
      wasted += needle.count
      // Texts like `aaaaaab` would cost the product of both lengths.
      if wasted > 16 * range.count {
        return prefixSearch(needle, in: bytes, offset..<range.upperBound)
      }
    }
    return nil
  }

  /// The search of Knuth, Morris and Pratt: slower at best, but never more than the sum of both lengths.
  private static func prefixSearch(_ needle: Bytes, in bytes: Bytes, _ range: Range<Int>) -> Int? {
    var borders = [Int](repeating: 0, count: needle.count)
    var length = 0
    for index in 1..<needle.count {
      while length > 0, needle[index] != needle[length] { length = borders[length - 1] }
      if needle[index] == needle[length] { length += 1 }
      borders[index] = length
    }
    length = 0
    for index in range {
      while length > 0, bytes[index] != needle[length] { length = borders[length - 1] }
      if bytes[index] == needle[length] { length += 1 }
      if length == needle.count { return index - needle.count + 1 }
    }
    return nil
  }

  /// The last match in `range`.
  static func last(_ needle: Bytes, in bytes: Bytes, _ range: Range<Int>) -> Int? {
    guard let pattern = needle.baseAddress, needle.count > 0 else { return range.upperBound }
    guard let start = bytes.baseAddress, range.count >= needle.count else { return nil }
    var offset = range.upperBound - needle.count
    while offset >= range.lowerBound {
      if start[offset] == pattern[0], memcmp(start + offset, pattern, needle.count) == 0 {
        return offset
      }
      offset -= 1
    }
    return nil
  }

  static func hasPrefix(_ prefix: Bytes, _ bytes: Bytes, _ range: Range<Int>) -> Bool {
    guard range.count >= prefix.count else { return false }
    guard let pattern = prefix.baseAddress, let start = bytes.baseAddress else { return true }
    return memcmp(start + range.lowerBound, pattern, prefix.count) == 0
  }

  static func hasSuffix(_ suffix: Bytes, _ bytes: Bytes, _ range: Range<Int>) -> Bool {
    guard range.count >= suffix.count else { return false }
    guard let pattern = suffix.baseAddress, let start = bytes.baseAddress else { return true }
    return memcmp(start + range.upperBound - suffix.count, pattern, suffix.count) == 0
  }

  /// The scalar that starts at a byte offset, and the offset behind it.
  static func scalar(_ bytes: Bytes, at offset: Int) -> (scalar: Unicode.Scalar, next: Int) {
    let first = bytes[offset]
    if first < 0x80 { return (Unicode.Scalar(first), offset + 1) }
    let count = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4
    var code = UInt32(first) & (0x7F >> UInt32(count))
    for index in 1..<count where offset + index < bytes.count {
      code = code << 6 | UInt32(bytes[offset + index] & 0x3F)
    }
    // The text of a string object is valid; a replacement character stands in for what cannot be.
    return (Unicode.Scalar(code) ?? "\u{FFFD}", min(offset + count, bytes.count))
  }

  /// The scalar that ends at a byte offset, and the offset where it starts.
  static func scalar(_ bytes: Bytes, before offset: Int) -> (scalar: Unicode.Scalar, start: Int) {
    var start = offset - 1
    while start > 0, bytes[start] & 0xC0 == 0x80 { start -= 1 }
    return (scalar(bytes, at: start).scalar, start)
  }

  /// What Python's `str.isspace` and `str.split` take for a space.
  static func isSpace(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar.value {
    case 0x09...0x0D, 0x1C...0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F,
      0x205F, 0x3000:
      true
    default: false
    }
  }

  /// `range` without what `isStripped` holds for at its ends.
  static func strip(
    _ bytes: Bytes, left: Bool, right: Bool, _ isStripped: (Unicode.Scalar) -> Bool
  ) -> Range<Int> {
    var low = 0
    var high = bytes.count
    while left, low < high {
      let (scalar, next) = scalar(bytes, at: low)
      guard isStripped(scalar) else { break }
      low = next
    }
    while right, high > low {
      let (scalar, start) = scalar(bytes, before: high)
      guard isStripped(scalar) else { break }
      high = start
    }
    return low..<high
  }
}

extension Text {
  var count: Int { object.count }

  /// The bytes between two positions in code points that follow the rules of slices: negative ones count from the end, and
  /// all are cut to the text. Nil where the start lies behind the end.
  func byteRange(_ start: Int?, _ end: Int?) -> Range<Int>? {
    func clamp(_ index: Int) -> Int { index < 0 ? max(0, index &+ count) : index }
    let low = clamp(start ?? 0)
    let high = min(clamp(end ?? count), count)
    guard low <= high else { return nil }
    return object.byteOffset(of: low)..<object.byteOffset(of: high)
  }

  /// A part as a new string of the interpreter's heap.
  func part(_ range: Range<Int>, _ vm: VM) -> Value {
    if range.count == bytes.count { return Value(object) }
    return vm.adopt(StringObject(utf8: Bytes(rebasing: bytes[range])))
  }

  typealias Bytes = UnsafeBufferPointer<UInt8>
}

/// A string that is put together from bytes.
struct TextBuilder {
  private(set) var bytes: [UInt8] = []

  init(capacity: Int = 0) { bytes.reserveCapacity(capacity) }

  mutating func append(_ part: UnsafeBufferPointer<UInt8>) { bytes.append(contentsOf: part) }
  mutating func append(_ part: Swift.Slice<UnsafeBufferPointer<UInt8>>) {
    bytes.append(contentsOf: part)
  }
  mutating func append(_ byte: UInt8) { bytes.append(byte) }
  mutating func append(_ text: String) { bytes.append(contentsOf: text.utf8) }

  func finish() -> StringObject {
    bytes.withUnsafeBufferPointer { StringObject(utf8: $0) }
  }

  /// Throws where a string of that many bytes would be too long.
  static func check(_ count: Int, _ vm: VM) throws {
    guard count <= StringObject.maximumByteCount else {
      throw Fault(.limit, "a string cannot be longer than 1 GiB")
    }
    try vm.reserve(count)
  }
}
