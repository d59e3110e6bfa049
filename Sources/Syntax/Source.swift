/// A text that is compiled: a script, a cell of the REPL, a module of the standard library.
///
/// Offsets everywhere in Syntax are byte offsets into the UTF-8 of `text`; lines and columns are counted only when a
/// person has to read them.
public final class Source: Sendable {
  /// What diagnostics call it: a path, `[3]` for the third cell of a session, `-e`, `std.recipes`.
  public let name: String
  public let text: String
  /// The UTF-8 of `text`.
  public let bytes: [UInt8]
  /// The byte offset at which each line starts.
  public let lineStarts: [Int]

  public init(name: String, text: String) {
    self.name = name
    self.text = text
    bytes = Array(text.utf8)
    var starts = [0]
    for (offset, byte) in bytes.enumerated() where byte == UInt8(ascii: "\n") {
      starts.append(offset + 1)
    }
    lineStarts = starts
  }

  /// Whether the text holds `word` anywhere, be it inside of another word.
  public func contains(_ word: String) -> Bool {
    let word = Array(word.utf8)
    guard let first = word.first else { return true }
    return bytes.withUnsafeBufferPointer { bytes in
      var start = 0
      while start + word.count <= bytes.count,
        let place = bytes[start...(bytes.count - word.count)].firstIndex(of: first)
      {
        if bytes[place..<place + word.count].elementsEqual(word) { return true }
        start = place + 1
      }
      return false
    }
  }

  /// The source that a file's bytes hold; throws where they are not UTF-8.
  public static func decode(name: String, bytes: [UInt8]) throws(Diagnostic) -> Source {
    if let text = String(validating: bytes, as: UTF8.self) { return Source(name: name, text: text) }
    var valid = bytes.count
    var decoder = UTF8()
    var iterator = bytes.makeIterator()
    var offset = 0
    scan: while true {
      switch decoder.decode(&iterator) {
      case .scalarValue(let scalar): offset += UTF8.width(scalar)
      case .emptyInput: break scan
      case .error:
        valid = offset
        break scan
      }
    }
    let source = Source(name: name, text: String(decoding: bytes, as: UTF8.self))
    throw Diagnostic(
      .syntax, "the text is not valid UTF-8",
      labels: [
        Diagnostic.Label(
          source, Span(valid, valid + 1),
          "byte 0x" + String(bytes[min(valid, bytes.count - 1)], radix: 16))
      ],
      hint: "save the file as UTF-8")
  }

  /// The 1-based line and column (in Unicode code points) of a byte offset; offsets past the end give the end.
  public func position(of offset: Int) -> (line: Int, column: Int) {
    let offset = max(0, min(offset, bytes.count))
    var low = 0
    var high = lineStarts.count - 1
    while low < high {
      let middle = (low + high + 1) / 2
      if lineStarts[middle] <= offset { low = middle } else { high = middle - 1 }
    }
    var column = 1
    for byte in bytes[lineStarts[low]..<offset] where byte & 0xC0 != 0x80 { column += 1 }
    return (low + 1, column)
  }

  /// The text of a 1-based line without its line ending.
  public func line(_ number: Int) -> String {
    guard number >= 1, number <= lineStarts.count else { return "" }
    let start = lineStarts[number - 1]
    return String(decoding: bytes[start..<start + lineLength(number)], as: UTF8.self)
  }

  /// The length in bytes of a 1-based line without its line ending.
  func lineLength(_ number: Int) -> Int {
    guard number >= 1, number <= lineStarts.count else { return 0 }
    let start = lineStarts[number - 1]
    var end = number < lineStarts.count ? lineStarts[number] - 1 : bytes.count
    if end > start, bytes[end - 1] == UInt8(ascii: "\r") { end -= 1 }
    return max(0, end - start)
  }

  /// The offset of the first byte of a 1-based line that is no space or tab.
  func textStart(_ number: Int) -> Int {
    guard number >= 1, number <= lineStarts.count else { return bytes.count }
    let start = lineStarts[number - 1]
    let end = start + lineLength(number)
    return bytes[start..<end].firstIndex { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\t") }
      ?? start
  }

  /// What stands at a span, as far as it lies within the text.
  public func text(of span: Span) -> String {
    let start = max(0, min(Int(span.start), bytes.count))
    let end = max(start, min(Int(span.end), bytes.count))
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// The offset where the character starts that holds the byte at `offset`, within the text.
  func scalarStart(atOrBefore offset: Int) -> Int {
    var offset = max(0, min(offset, bytes.count))
    while offset > 0, offset < bytes.count, bytes[offset] & 0xC0 == 0x80 { offset -= 1 }
    return offset
  }
}

/// A half-open range of byte offsets in a source.
public struct Span: Sendable, Hashable, BitwiseCopyable {
  public var start: Int32
  public var end: Int32

  public init(_ start: Int, _ end: Int) {
    self.start = Int32(clamping: start)
    self.end = Int32(clamping: end)
  }

  /// The smallest span that covers both.
  public func union(_ other: Span) -> Span {
    Span(Int(min(start, other.start)), Int(max(end, other.end)))
  }
}
