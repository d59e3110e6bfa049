import Runtime

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Searching and cutting in the UTF-8 of strings. Offsets are bytes; since UTF-8 is self-synchronising, a match of
/// valid text starts and ends between characters.
enum TextSearch {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  /// The first match in `range`; an empty needle matches at once.
  static func first(_ needle: Bytes, in bytes: Bytes, _ range: Range<Int>, _ vm: VM) throws(Fault)
    -> Int?
  {
    try SubstringSearch.first(needle, in: bytes, range) { () throws(Fault) in
      try vm.checkInterrupt()
    }
  }

  /// The last match in `range`.
  static func last(_ needle: Bytes, in bytes: Bytes, _ range: Range<Int>, _ vm: VM) throws(Fault)
    -> Int?
  {
    try SubstringSearch.last(needle, in: bytes, range) { () throws(Fault) in
      try vm.checkInterrupt()
    }
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

  /// Calls `body` with every scalar and where it starts and ends, until that gives false; gives whether it never did.
  @discardableResult
  static func eachScalar(
    of bytes: Bytes, _ body: (Unicode.Scalar, _ start: Int, _ end: Int) throws -> Bool
  ) rethrows -> Bool {
    var offset = 0
    while offset < bytes.count {
      let (scalar, next) = scalar(bytes, at: offset)
      guard try body(scalar, offset, next) else { return false }
      offset = next
    }
    return true
  }

  static func allScalars(
    of bytes: Bytes, _ vm: VM, satisfy check: (Unicode.Scalar) -> Bool
  ) throws -> Bool {
    var turn = 0
    return try eachScalar(of: bytes) { scalar, _, _ in
      turn += 1
      try vm.checkInterrupt(turn: turn)
      return check(scalar)
    }
  }

  /// A long text in pieces of a megabyte and more, cut behind a space or line feed and before an ASCII character, where
  /// neither a word nor a grapheme cluster goes on.
  static func pieces(of bytes: Bytes) -> some Sequence<Bytes> {
    sequence(state: 0) { start -> Bytes? in
      guard start < bytes.count else { return nil }
      let first = start
      var end = Swift.min(first + (1 << 20), bytes.count)
      while end < bytes.count,
        bytes[end - 1] != 0x20 && bytes[end - 1] != 0x0A || bytes[end] >= 0x80
      {
        end += 1
      }
      start = end
      return Bytes(rebasing: bytes[first..<end])
    }
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

  /// The end of the run from `offset` on in which all characters are spaces (or none is). Most texts are ASCII, whose
  /// bytes need no decoding.
  @inline(__always)
  static func endOfRun(_ bytes: Bytes, from offset: Int, spaces: Bool, _ vm: VM) throws(Fault)
    -> Int
  {
    var offset = offset
    while offset < bytes.count {
      let pause = Swift.min(bytes.count, offset + (1 << 20))
      while offset < pause {
        let byte = bytes[offset]
        if byte < 0x80 {
          if isASCIISpace(byte) != spaces { return offset }
          offset += 1
        } else {
          let (scalar, next) = scalar(bytes, at: offset)
          if isSpace(scalar) != spaces { return offset }
          offset = next
        }
      }
      if offset < bytes.count { try vm.checkInterrupt() }
    }
    return offset
  }

  @inline(__always)
  static func isASCIISpace(_ byte: UInt8) -> Bool {
    byte &- 0x09 < 5 || byte &- 0x1C < 5
  }

  /// A text without spaces at its ends.
  static func stripSpaces(_ bytes: Bytes, left: Bool, right: Bool, _ vm: VM) throws(Fault)
    -> Range<Int>
  {
    var low = 0
    var high = bytes.count
    if left { low = try endOfRun(bytes, from: 0, spaces: true, vm) }
    var turn = 0
    while right, high > low {
      let byte = bytes[high - 1]
      if byte < 0x80 {
        guard isASCIISpace(byte) else { break }
        high -= 1
      } else {
        let (scalar, start) = scalar(bytes, before: high)
        guard isSpace(scalar) else { break }
        high = start
      }
      turn += 1
      try vm.checkInterrupt(turn: turn)
    }
    return low..<high
  }

  /// `range` without what `isStripped` holds for at its ends.
  static func strip(
    _ bytes: Bytes, left: Bool, right: Bool, _ vm: VM, _ isStripped: (Unicode.Scalar) -> Bool
  ) throws(Fault) -> Range<Int> {
    var low = 0
    var high = bytes.count
    var turn = 0
    while left, low < high {
      let (scalar, next) = scalar(bytes, at: low)
      guard isStripped(scalar) else { break }
      low = next
      turn += 1
      try vm.checkInterrupt(turn: turn)
    }
    while right, high > low {
      let (scalar, start) = scalar(bytes, before: high)
      guard isStripped(scalar) else { break }
      high = start
      turn += 1
      try vm.checkInterrupt(turn: turn)
    }
    return low..<high
  }
}

extension StringArgument {
  var count: Int { object.count }

  /// The bytes between two positions in code points that follow the rules of slices: negative ones count from the end,
  /// and all are cut to the text. Nil where the start lies behind the end.
  func byteRange(_ start: Int?, _ end: Int?) -> Range<Int>? {
    func clamp(_ index: Int) -> Int { index < 0 ? max(0, index &+ count) : index }
    let low = clamp(start ?? 0)
    let high = min(clamp(end ?? count), count)
    guard low <= high else { return nil }
    return object.byteOffset(of: low)..<object.byteOffset(of: high)
  }

  /// A part as a new string of the interpreter's heap.
  func part(_ range: Range<Int>, _ vm: VM) -> Value { vm.part(range, of: object) }

  typealias Bytes = UnsafeBufferPointer<UInt8>
}

/// A string that is put together from bytes, as fast as memory is copied where they are many.
struct TextBuilder {
  private(set) var bytes: [UInt8] = []
  private let vm: VM
  /// How much there was when interrupts and limits were last looked at.
  private var seen = 0

  init(_ vm: VM, capacity: Int = 0) {
    self.vm = vm
    bytes.reserveCapacity(capacity)
  }

  mutating func append(_ part: UnsafeBufferPointer<UInt8>) throws {
    var rest = part[...]
    while rest.count > 4 << 20 {
      bytes.append(contentsOf: rest.prefix(4 << 20))
      rest = rest.dropFirst(4 << 20)
      try look()
    }
    bytes.append(contentsOf: rest)
    if bytes.count - seen > 1 << 18 { try look() }
  }
  mutating func append(_ part: Swift.Slice<UnsafeBufferPointer<UInt8>>) throws {
    try append(UnsafeBufferPointer(rebasing: part))
  }
  mutating func append(_ byte: UInt8) throws {
    bytes.append(byte)
    if bytes.count - seen > 1 << 18 { try look() }
  }
  mutating func append(_ text: String) throws {
    bytes.append(contentsOf: text.utf8)
    if bytes.count - seen > 1 << 18 { try look() }
  }

  private mutating func look() throws {
    seen = bytes.count
    try TextBuilder.check(seen, vm)
    try vm.checkInterrupt()
  }

  func finish() -> Value {
    vm.adopt(bytes.withUnsafeBufferPointer { StringObject(utf8: $0) })
  }

  /// Throws where a string of that many bytes would be too long.
  static func check(_ count: Int, _ vm: VM) throws {
    guard count <= StringObject.maximumByteCount else {
      throw Fault(.limit, "a string cannot be longer than 1 GiB")
    }
    if count > 1 << 16 { try vm.reserve(count) }
  }
}
