// A text on its way through normalisers: code points, each with the bytes of the original text that it stands for.

/// Code points with their places of origin.
struct NormalizedText {
  private(set) var scalars: [UInt32] = []
  /// The bytes `starts[i]..<ends[i]` of the original became `scalars[i]`.
  private(set) var starts: [Int32] = []
  private(set) var ends: [Int32] = []

  var count: Int { scalars.count }

  init() {}

  /// The code points of UTF-8 bytes that stand `offset` bytes behind the start of the original.
  init(_ bytes: UnsafeBufferPointer<UInt8>, offset: Int) {
    reset(bytes, offset: offset)
  }

  mutating func reset(_ bytes: UnsafeBufferPointer<UInt8>, offset: Int) {
    removeAll()
    var position = 0
    while position < bytes.count {
      let (scalar, length) = UTF8Decoder.scalar(bytes, position)
      let start = offset + position
      position += length
      append(scalar, Int32(truncatingIfNeeded: start), Int32(truncatingIfNeeded: offset + position))
    }
  }

  mutating func removeAll() {
    scalars.removeAll(keepingCapacity: true)
    starts.removeAll(keepingCapacity: true)
    ends.removeAll(keepingCapacity: true)
  }

  mutating func append(_ scalar: UInt32, _ start: Int32, _ end: Int32) {
    scalars.append(scalar)
    starts.append(start)
    ends.append(end)
  }

  /// Replaces each code point by what `body` appends to the second argument for it.
  mutating func rewrite(
    _ body: (_ scalar: UInt32, _ start: Int32, _ end: Int32, inout NormalizedText) -> Void
  ) {
    var result = NormalizedText()
    result.scalars.reserveCapacity(count)
    result.starts.reserveCapacity(count)
    result.ends.reserveCapacity(count)
    for i in 0..<count { body(scalars[i], starts[i], ends[i], &result) }
    self = result
  }

  /// Keeps the code points for which `isKept` is true.
  mutating func filter(_ isKept: (UInt32) -> Bool) {
    var kept = 0
    for i in 0..<count where isKept(scalars[i]) {
      if kept != i { move(i, to: kept) }
      kept += 1
    }
    cut(to: kept)
  }

  private mutating func move(_ i: Int, to place: Int) {
    scalars[place] = scalars[i]
    starts[place] = starts[i]
    ends[place] = ends[i]
  }

  private mutating func cut(to length: Int) {
    scalars.removeLast(count - length)
    starts.removeLast(starts.count - length)
    ends.removeLast(ends.count - length)
  }

  /// Keeps only `range`.
  mutating func crop(_ range: Range<Int>) {
    cut(to: range.upperBound)
    scalars.removeFirst(range.lowerBound)
    starts.removeFirst(range.lowerBound)
    ends.removeFirst(range.lowerBound)
  }

  /// Puts `prefix` before the text; it stands for what the first code point stands for.
  mutating func prepend(_ prefix: [UInt32]) {
    guard let start = starts.first, let end = ends.first else { return }
    scalars.insert(contentsOf: prefix, at: 0)
    starts.insert(contentsOf: repeatElement(start, count: prefix.count), at: 0)
    ends.insert(contentsOf: repeatElement(end, count: prefix.count), at: 0)
  }

  /// Replaces each occurrence of `pattern`, from left to right.
  mutating func replace(_ pattern: [UInt32], by content: [UInt32]) {
    guard !pattern.isEmpty, pattern.count <= count else { return }
    var result = NormalizedText()
    var i = 0
    while i < count {
      if i + pattern.count <= count, scalars[i] == pattern[0],
        scalars[i..<i + pattern.count].elementsEqual(pattern)
      {
        let last = i + pattern.count - 1
        // What is put in stands for the last code point taken out, as in the package.
        for scalar in content { result.append(scalar, starts[last], ends[last]) }
        i = last + 1
      } else {
        result.append(scalars[i], starts[i], ends[i])
        i += 1
      }
    }
    self = result
  }

  /// Replaces each match of a regular expression.
  mutating func replace(_ pattern: Pattern, by content: [UInt32]) {
    var bytes: [UInt8] = []
    var owners: [Int32] = []
    encode(into: &bytes, owners: &owners)
    var result = NormalizedText()
    bytes.withUnsafeBufferPointer { bytes in
      var position = 0
      while position < bytes.count {
        let (end, isMatch) = pattern.span(bytes, from: position, to: bytes.count)
        let (first, last) = (Int(owners[position]), Int(owners[end - 1]))
        if isMatch {
          for scalar in content { result.append(scalar, starts[last], ends[last]) }
        } else {
          for i in first...last { result.append(scalars[i], starts[i], ends[i]) }
        }
        position = end
      }
    }
    self = result
  }

  // MARK: Normal forms (Unicode Standard Annex 15)

  /// Canonical (NFD) or compatibility (NFKD) decomposition, marks in canonical order.
  mutating func decompose(compatible: Bool) {
    let flags = UnicodeTable.flags
    let needed = scalars.contains {
      $0 >= 0x80
        && (compatible || UnicodeFlags(rawValue: flags[Int($0)]).contains(.decomposes))
    }
    guard needed else { return }
    rewrite { scalar, start, end, result in
      if scalar < 0x80 { return result.append(scalar, start, end) }
      let hangul = scalar &- 0xAC00
      if hangul < 11_172 {
        result.append(0x1100 + hangul / 588, start, end)
        result.append(0x1161 + hangul % 588 / 28, start, end)
        if hangul % 28 > 0 { result.append(0x11A7 + hangul % 28, start, end) }
        return
      }
      let parts =
        (compatible ? UnicodeTable.compatibleDecomposition(scalar) : nil)
        ?? (UnicodeFlags(rawValue: flags[Int(scalar)]).contains(.decomposes)
          ? UnicodeTable.decomposition(scalar) : nil)
      guard let parts else { return result.append(scalar, start, end) }
      for part in parts { result.append(part, start, end) }
    }
    orderMarks()
  }

  /// Sorts each run of combining marks by class, equal ones in the order in which they came.
  private mutating func orderMarks() {
    let flags = UnicodeTable.flags
    var i = 0
    while i < count {
      guard scalars[i] >= 0x300,
        UnicodeFlags(rawValue: flags[Int(scalars[i])]).contains(.decomposes),
        UnicodeTable.combiningClass(scalars[i]) > 0
      else {
        i += 1
        continue
      }
      let first = i
      var run: [(order: UInt8, scalar: UInt32, start: Int32, end: Int32)] = []
      while i < count {
        let order = UnicodeTable.combiningClass(scalars[i])
        if order == 0 { break }
        run.append((order, scalars[i], starts[i], ends[i]))
        i += 1
      }
      if run.count < 2 { continue }
      run.sort { $0.order < $1.order }  // the standard library's sort keeps the order of equals
      for (k, mark) in run.enumerated() {
        scalars[first + k] = mark.scalar
        starts[first + k] = mark.start
        ends[first + k] = mark.end
      }
    }
  }

  /// Canonical composition of a decomposed text. A composed code point stands for all that its parts stood for.
  mutating func compose() {
    var kept = 0
    /// The last starter kept, and the class of the mark kept after it (0: none).
    var starter = -1
    var lastClass: UInt8 = 0
    for i in 0..<count {
      let scalar = scalars[i]
      let order = UnicodeTable.combiningClass(scalar)
      let isNext = starter == kept - 1
      if starter >= 0, isNext || lastClass < order && lastClass > 0,
        let whole = Self.composition(scalars[starter], scalar)
      {
        scalars[starter] = whole
        ends[starter] = max(ends[starter], ends[i])
        starts[starter] = min(starts[starter], starts[i])
        continue
      }
      if kept != i { move(i, to: kept) }
      if order == 0 { starter = kept }
      lastClass = order
      kept += 1
    }
    cut(to: kept)
  }

  private static func composition(_ first: UInt32, _ second: UInt32) -> UInt32? {
    let leading = first &- 0x1100
    let vowel = second &- 0x1161
    if leading < 19, vowel < 21 { return 0xAC00 + (leading * 21 + vowel) * 28 }
    let syllable = first &- 0xAC00
    let trailing = second &- 0x11A7
    if syllable < 11_172, syllable % 28 == 0, trailing > 0, trailing < 28 {
      return first + trailing
    }
    return UnicodeTable.composition(first, second)
  }

  // MARK: Bytes

  /// The UTF-8 bytes, and the code point that each byte belongs to where `owners` is given.
  func encode(into bytes: inout [UInt8], owners: UnsafeMutablePointer<[Int32]>? = nil) {
    bytes.removeAll(keepingCapacity: true)
    owners?.pointee.removeAll(keepingCapacity: true)
    for (i, scalar) in scalars.enumerated() {
      let before = bytes.count
      UTF8Decoder.append(scalar, to: &bytes)
      if let owners {
        for _ in before..<bytes.count { owners.pointee.append(Int32(truncatingIfNeeded: i)) }
      }
    }
  }
}

/// UTF-8 that is known to be valid, code point by code point.
enum UTF8Decoder {
  /// The code point at `position` and the number of its bytes.
  @inline(__always)
  static func scalar(_ bytes: UnsafeBufferPointer<UInt8>, _ position: Int) -> (UInt32, Int) {
    let first = UInt32(bytes[position])
    if first < 0x80 { return (first, 1) }
    let second = UInt32(bytes[position + 1]) & 0x3F
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
    let third = UInt32(bytes[position + 2]) & 0x3F
    if first < 0xF0 { return ((first & 0x0F) << 12 | second << 6 | third, 3) }
    let fourth = UInt32(bytes[position + 3]) & 0x3F
    return ((first & 0x07) << 18 | second << 12 | third << 6 | fourth, 4)
  }

  static func append(_ scalar: UInt32, to bytes: inout [UInt8]) {
    if scalar < 0x80 {
      bytes.append(UInt8(scalar))
    } else if scalar < 0x800 {
      bytes.append(UInt8(0xC0 | scalar >> 6))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    } else if scalar < 0x10000 {
      bytes.append(UInt8(0xE0 | scalar >> 12))
      bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    } else {
      bytes.append(UInt8(0xF0 | scalar >> 18))
      bytes.append(UInt8(0x80 | scalar >> 12 & 0x3F))
      bytes.append(UInt8(0x80 | scalar >> 6 & 0x3F))
      bytes.append(UInt8(0x80 | scalar & 0x3F))
    }
  }
}
