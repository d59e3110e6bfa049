// Strings: "…", '…', """…""", r"…", f"…" and their escapes.

extension Lexer {
  struct Delimiter {
    var quote: UInt8
    var triple: Bool
    var raw: Bool
    var format: Bool
    /// Inside the format spec of a field, which ends at its `}`.
    var inSpec = false
  }

  enum TextEnd { case closed, field, brace, unterminated }

  /// Reads `r"…"`, `f'…'`, `rf"""…"""`; false where no such string starts here.
  mutating func prefixedString() -> Bool {
    let start = position
    var length = 0
    var raw = false
    var format = false
    var foreign = false
    while length < 3 {
      let byte = peek(length)
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "'") { break }
      switch byte | 0x20 {
      case UInt8(ascii: "r") where !raw: raw = true
      case UInt8(ascii: "f") where !format: format = true
      case UInt8(ascii: "b"), UInt8(ascii: "u"): foreign = true
      default: return false
      }
      length += 1
    }
    guard length > 0, peek(length) == UInt8(ascii: "\"") || peek(length) == UInt8(ascii: "'") else {
      return false
    }
    position += length
    if foreign {
      report(
        "there is no string with the prefix `\(String(decoding: bytes[start..<position], as: UTF8.self))`",
        start, position, hint: "every string is Unicode text; the prefixes are `r` and `f`")
    }
    string(start: start, raw: raw, format: format)
    return true
  }

  /// Reads a string whose opening quote is at `position`.
  mutating func string(start: Int, raw: Bool, format: Bool) {
    let quote = bytes[position]
    let triple = peek(1) == quote && peek(2) == quote
    position += triple ? 3 : 1
    let delimiter = Delimiter(quote: quote, triple: triple, raw: raw, format: format)
    if format {
      formatString(delimiter, start: start)
      return
    }
    var buffer: [UInt8] = []
    let end = scanText(delimiter, into: &buffer)
    if end == .unterminated {
      unterminated(delimiter, start: start)
      emit(.invalid, from: start)
    } else {
      emit(.string(String(decoding: buffer, as: UTF8.self)), from: start)
    }
  }

  private mutating func unterminated(_ delimiter: Delimiter, start: Int) {
    let mark = String(repeating: Character(Unicode.Scalar(delimiter.quote)), count: 3)
    if let field = openFields.last {
      report(
        "this `{` of the f-string is not closed", field, field + 1,
        hint: "a `{` that stands for itself is written `{{`")
    } else if delimiter.triple {
      endsInString = true
      report("this string is not closed", start, min(start + 3, bytes.count), hint: "add \(mark)")
    } else {
      report(
        "this string is not closed", start, position,
        hint: "a string of several lines is written \"\"\"…\"\"\"")
    }
  }

  /// Reads the characters of a string, with escapes replaced, up to its end or to a field.
  mutating func scanText(_ delimiter: Delimiter, into buffer: inout [UInt8]) -> TextEnd {
    while position < bytes.count {
      let byte = bytes[position]
      switch byte {
      case delimiter.quote:
        if !delimiter.triple {
          if delimiter.inSpec { return .unterminated }
          position += 1
          return .closed
        }
        if peek(1) == byte, peek(2) == byte {
          if delimiter.inSpec { return .unterminated }
          position += 3
          return .closed
        }
        buffer.append(byte)
        position += 1
      case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
        guard delimiter.triple else { return .unterminated }
        if byte == UInt8(ascii: "\r"), peek(1) == UInt8(ascii: "\n") { position += 1 }
        buffer.append(UInt8(ascii: "\n"))
        position += 1
      case UInt8(ascii: "\\"):
        if delimiter.raw {
          rawBackslash(delimiter, into: &buffer)
        } else {
          escape(delimiter, &buffer)
        }
      case UInt8(ascii: "{") where delimiter.format:
        guard peek(1) == byte, !delimiter.inSpec else { return .field }
        buffer.append(byte)
        position += 2
      case UInt8(ascii: "}") where delimiter.format:
        if delimiter.inSpec { return .brace }
        if peek(1) != byte {
          report(
            "a single `}` in an f-string", position, position + 1,
            hint: "a `}` that stands for itself is written `}}`")
          position -= 1
        }
        buffer.append(byte)
        position += 2
      case 0..<0x20 where byte != UInt8(ascii: "\t"), 0x7F:
        report(
          "unexpected control character \(codePoint(UInt32(byte))) in a string", position,
          position + 1, hint: "write it as the escape `\\x\(hex(byte))`")
        position += 1
      default:
        buffer.append(byte)
        position += 1
      }
    }
    return .unterminated
  }

  /// In a raw string a backslash stands for itself, and so does the quote after it (as in Python).
  private mutating func rawBackslash(_ delimiter: Delimiter, into buffer: inout [UInt8]) {
    buffer.append(bytes[position])
    position += 1
    if peek() == delimiter.quote || peek() == UInt8(ascii: "\\") {
      buffer.append(bytes[position])
      position += 1
    }
  }

  private mutating func escape(_ delimiter: Delimiter, _ buffer: inout [UInt8]) {
    let start = position
    position += 1
    guard !atEnd else { return }
    let byte = bytes[position]
    position += 1
    switch byte {
    case UInt8(ascii: "n"): buffer.append(0x0A)
    case UInt8(ascii: "t"): buffer.append(0x09)
    case UInt8(ascii: "r"): buffer.append(0x0D)
    case UInt8(ascii: "a"): buffer.append(0x07)
    case UInt8(ascii: "b"): buffer.append(0x08)
    case UInt8(ascii: "f"): buffer.append(0x0C)
    case UInt8(ascii: "v"): buffer.append(0x0B)
    case UInt8(ascii: "\\"), UInt8(ascii: "\""), UInt8(ascii: "'"), UInt8(ascii: "/"):
      buffer.append(byte)
    case UInt8(ascii: "0") where !isDigit(peek()): buffer.append(0)
    case UInt8(ascii: "x"): append(code: hexDigits(2, start), from: start, to: &buffer)
    case UInt8(ascii: "u") where peek() == UInt8(ascii: "{"):
      append(code: bracedCode(start), from: start, to: &buffer)
    case UInt8(ascii: "u"): append(code: utf16Code(start), from: start, to: &buffer)
    case UInt8(ascii: "U"): append(code: hexDigits(8, start), from: start, to: &buffer)
    case UInt8(ascii: "\n") where delimiter.triple: break
    case UInt8(ascii: "\r") where delimiter.triple:
      if peek() == UInt8(ascii: "\n") { position += 1 }
    case UInt8(ascii: "\n"), UInt8(ascii: "\r"):
      position -= 1
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      report(
        "there are no octal escapes", start, position, hint: "write `\\x…` with two hex digits")
    default:
      if byte >= 0x80 || byte < 0x20 { position -= 1 }
      report(
        "unknown escape `\(String(decoding: bytes[start..<position], as: UTF8.self))` in a string",
        start, position,
        hint: "a backslash that stands for itself is written `\\\\`, or use a raw string r\"…\"")
    }
  }

  /// Reads exactly `count` hex digits; nil (and a report) where they are missing.
  private mutating func hexDigits(_ count: Int, _ start: Int) -> UInt32? {
    var value: UInt32 = 0
    for _ in 0..<count {
      guard let digit = hexValue(peek()), !atEnd, value < 0x1000_0000 else {
        report("this escape needs \(count) hex digits", start, position)
        return nil
      }
      value = value * 16 + digit
      position += 1
    }
    return value
  }

  private mutating func bracedCode(_ start: Int) -> UInt32? {
    position += 1
    var value: UInt32 = 0
    var count = 0
    while let digit = hexValue(peek()), !atEnd, count < 6 {
      value = value * 16 + digit
      count += 1
      position += 1
    }
    guard count > 0, peek() == UInt8(ascii: "}") else {
      report("this escape is written `\\u{…}` with 1 to 6 hex digits", start, position)
      return nil
    }
    position += 1
    return value
  }

  /// `\uXXXX`; two of them that form a surrogate pair, as JSON writes it, are one character.
  private mutating func utf16Code(_ start: Int) -> UInt32? {
    guard let high = hexDigits(4, start) else { return nil }
    guard (0xD800..<0xDC00).contains(high), peek() == UInt8(ascii: "\\"),
      peek(1) == UInt8(ascii: "u")
    else { return high }
    let before = position
    position += 2
    guard let low = hexDigits(4, before) else { return nil }
    guard (0xDC00..<0xE000).contains(low) else {
      position = before
      return high
    }
    return 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00)
  }

  private mutating func append(code: UInt32?, from start: Int, to buffer: inout [UInt8]) {
    guard let code else { return }
    guard let scalar = Unicode.Scalar(code) else {
      report(
        "\(codePoint(code)) is not a Unicode character", start, position,
        label: (0xD800..<0xE000).contains(code) ? "half of a surrogate pair" : "")
      return
    }
    buffer.append(contentsOf: UTF8.encode(scalar)!)  // every scalar has an encoding
  }

  // MARK: f-strings

  private mutating func formatString(_ delimiter: Delimiter, start: Int) {
    guard openFields.count < Self.formatNestingLimit else {
      report("f-strings are nested too deeply", start, position)
      emit(.invalid, from: start)
      position = bytes.count
      return
    }
    emit(.formatStart, from: start)
    let failures = diagnostics.count
    while true {
      let textStart = position
      var buffer: [UInt8] = []
      let end = scanText(delimiter, into: &buffer)
      if !buffer.isEmpty {
        emit(.formatText(String(decoding: buffer, as: UTF8.self)), from: textStart)
      }
      switch end {
      case .field:
        formatField(delimiter)
      case .unterminated:
        if diagnostics.count == failures { unterminated(delimiter, start: start) }
        emit(.formatEnd, from: position)
        return
      case .closed, .brace:
        emit(.formatEnd, from: position)
        return
      }
    }
  }

  /// Reads `{expression=!r:spec}`, from its `{`.
  private mutating func formatField(_ delimiter: Delimiter) {
    let start = position
    guard openFields.count < Self.formatNestingLimit else {
      report("f-strings are nested too deeply", start, start + 1)
      position = bytes.count
      return
    }
    position += 1
    emit(.fieldStart, from: start)
    openFields.append(start)
    defer {
      openFields.removeLast()
      emit(.fieldEnd, from: position)
    }
    guard fieldExpression(delimiter) else {
      report(
        "this `{` of the f-string is not closed", start, start + 1,
        hint: "a `{` that stands for itself is written `{{`")
      skipToLineEnd()
      return
    }
    if peek() == UInt8(ascii: "=") { debugText(from: start + 1) }
    if peek() == UInt8(ascii: "!") { conversion() }
    if peek() == UInt8(ascii: ":") {
      position += 1
      emit(.specStart, from: position - 1)
      guard formatSpec(delimiter) else {
        report("this `{` of the f-string is not closed", start, start + 1)
        return
      }
    }
    if peek() == UInt8(ascii: "}") { position += 1 }
  }

  /// Reads tokens up to the `}`, `:`, `!r` or `=` that ends the expression of a field; false at the end of the string.
  private mutating func fieldExpression(_ delimiter: Delimiter) -> Bool {
    var depth = 0
    while true {
      newlineBefore = false
      skipTrivia()
      if atEnd || (newlineBefore && !delimiter.triple) { return false }
      newlineBefore = false
      let byte = bytes[position]
      if depth == 0 {
        if byte == UInt8(ascii: "}") || byte == UInt8(ascii: ":") { return true }
        if byte == UInt8(ascii: "!"), peek(1) != UInt8(ascii: "=") { return true }
        if byte == UInt8(ascii: "="), endsWithDebugSign() { return true }
      }
      let count = tokens.count
      let failures = diagnostics.count
      token()
      if diagnostics.count > failures, atEnd || peek() == UInt8(ascii: "\n") {
        // An unclosed string inside the field has been reported as the unclosed field.
        skipToLineEnd()
        return true
      }
      if tokens.count == count + 1, case .symbol(let symbol) = tokens[count].kind {
        if symbol.closing != nil { depth += 1 }
        if symbol.isClosing { depth = max(0, depth - 1) }
      }
    }
  }

  /// Whether the `=` at `position` is that of `{x=}`.
  private func endsWithDebugSign() -> Bool {
    var ahead = 1
    while peek(ahead) == UInt8(ascii: " ") { ahead += 1 }
    switch peek(ahead) {
    case UInt8(ascii: "}"), UInt8(ascii: ":"): return true
    case UInt8(ascii: "!"): return peek(ahead + 1) != UInt8(ascii: "=")
    default: return false
    }
  }

  private mutating func debugText(from start: Int) {
    let sign = position
    position += 1
    while peek() == UInt8(ascii: " ") { position += 1 }
    emit(.debug(String(decoding: bytes[start..<position], as: UTF8.self)), from: sign)
  }

  private mutating func conversion() {
    let start = position
    position += 1
    scanWord()
    switch String(decoding: bytes[start + 1..<position], as: UTF8.self) {
    case "r": emit(.conversion(.repr), from: start)
    case "s": emit(.conversion(.none), from: start)
    case let other:
      report(
        "unknown conversion `!\(other)` in an f-string", start, position,
        hint: "`!r` shows a value as `repr` does; there is also `!s`")
      emit(.conversion(.none), from: start)
    }
  }

  /// Reads the format spec up to the `}` of its field; false where the string ends before.
  private mutating func formatSpec(_ delimiter: Delimiter) -> Bool {
    var delimiter = delimiter
    delimiter.inSpec = true
    while true {
      let textStart = position
      var buffer: [UInt8] = []
      let end = scanText(delimiter, into: &buffer)
      if !buffer.isEmpty {
        emit(.formatText(String(decoding: buffer, as: UTF8.self)), from: textStart)
      }
      switch end {
      case .brace: return true
      case .field: formatField(delimiter)
      case .unterminated, .closed: return false
      }
    }
  }
}
