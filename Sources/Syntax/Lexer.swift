// From UTF-8 to tokens. Never fails: what is wrong becomes a diagnostic and an `invalid` token, and reading goes on.
// Strings and numbers are in Lexer+Strings.swift and Lexer+Numbers.swift.

struct Lexer {
  static let diagnosticLimit = 20
  static let formatNestingLimit = 16

  let source: Source
  let bytes: [UInt8]
  var position = 0
  var tokens: [Token] = []
  var comments: [Comment] = []
  var diagnostics: [Diagnostic] = []
  var newlineBefore = true
  /// The `{` of the f-string fields that are being read, outermost first.
  var openFields: [Int] = []
  var endsInString = false

  init(_ source: Source) {
    self.source = source
    bytes = source.bytes
    tokens.reserveCapacity(bytes.count / 4 + 8)
  }

  static func tokenize(_ source: Source) -> TokenStream {
    var lexer = Lexer(source)
    if lexer.bytes.starts(with: [0xEF, 0xBB, 0xBF]) { lexer.position = 3 }
    while true {
      lexer.skipTrivia()
      if lexer.position >= lexer.bytes.count { break }
      lexer.token()
    }
    lexer.newlineBefore = true
    lexer.emit(.end, from: lexer.position)
    return TokenStream(
      tokens: lexer.tokens, comments: lexer.comments, diagnostics: lexer.diagnostics,
      endsInString: lexer.endsInString)
  }

  // MARK: Reading

  func peek(_ ahead: Int = 0) -> UInt8 {
    let index = position + ahead
    return index < bytes.count ? bytes[index] : 0
  }

  var atEnd: Bool { position >= bytes.count }

  mutating func emit(_ kind: Token.Kind, from start: Int) {
    tokens.append(
      Token(
        kind: kind, span: Span(start, position), newlineBefore: newlineBefore,
        commentsBefore: comments.count))
    newlineBefore = false
  }

  mutating func report(
    _ message: String, _ start: Int, _ end: Int, label: String = "", hint: String? = nil
  ) {
    guard diagnostics.count < Self.diagnosticLimit else { return }
    diagnostics.append(
      Diagnostic(
        .syntax, message, labels: [.init(source, Span(start, end), label)], hint: hint))
  }

  /// Skips spaces, line breaks and comments.
  mutating func skipTrivia() {
    while position < bytes.count {
      switch bytes[position] {
      case UInt8(ascii: " "), UInt8(ascii: "\t"):
        position += 1
      case UInt8(ascii: "\n"):
        position += 1
        newlineBefore = true
      case UInt8(ascii: "\r"):
        position += 1
        if peek() != UInt8(ascii: "\n") { newlineBefore = true }
      case UInt8(ascii: "#"):
        if isCellMark() { return }
        comment()
      default:
        return
      }
    }
  }

  func isAtLineStart() -> Bool {
    position == 0 || bytes[position - 1] == UInt8(ascii: "\n")
      || bytes[position - 1] == UInt8(ascii: "\r") || (position == 3 && tokens.isEmpty)
  }

  /// `#%%` or `# %%` (as other notebook tools write it) at the start of a line.
  func isCellMark() -> Bool {
    guard isAtLineStart(), openFields.isEmpty else { return false }
    let skip = peek(1) == UInt8(ascii: " ") ? 2 : 1
    return peek(skip) == UInt8(ascii: "%") && peek(skip + 1) == UInt8(ascii: "%")
  }

  mutating func skipToLineEnd() {
    while position < bytes.count, bytes[position] != UInt8(ascii: "\n"),
      bytes[position] != UInt8(ascii: "\r")
    {
      position += 1
    }
  }

  mutating func comment() {
    let start = position
    var ownLine = true
    var index = start - 1
    while index >= 0, bytes[index] != UInt8(ascii: "\n"), bytes[index] != UInt8(ascii: "\r") {
      if bytes[index] != UInt8(ascii: " "), bytes[index] != UInt8(ascii: "\t") {
        ownLine = false
        break
      }
      index -= 1
    }
    skipToLineEnd()
    var kind = Comment.Kind.plain
    if start + 1 < position {
      if bytes[start + 1] == UInt8(ascii: "!"), start == 0 { kind = .shebang }
      // `###` rules a line off; it documents nothing.
      if bytes[start + 1] == UInt8(ascii: "#"),
        start + 2 >= position || bytes[start + 2] != UInt8(ascii: "#")
      {
        kind = .doc
      }
    }
    comments.append(Comment(kind: kind, span: Span(start, position), ownLine: ownLine))
  }

  // MARK: Tokens

  mutating func token() {
    let start = position
    let byte = bytes[start]
    switch byte {
    case UInt8(ascii: "#"):
      cellMark()
    case UInt8(ascii: "0")...UInt8(ascii: "9"):
      number()
    case UInt8(ascii: "."):
      if isDigit(peek(1)) && !endsOperand(before: start) { number() } else { symbol() }
    case UInt8(ascii: "\""), UInt8(ascii: "'"):
      string(start: start, raw: false, format: false)
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "_"):
      if !prefixedString() { word() }
    case 0x80...:
      wordOrStrangeCharacter()
    case 0..<0x20, 0x7F:
      position += 1
      report(
        "unexpected control character \(codePoint(UInt32(byte)))", start, position,
        hint: "delete it; inside a string write it as an escape such as `\\x\(hex(byte))`")
      emit(.invalid, from: start)
    default:
      symbol()
    }
  }

  mutating func cellMark() {
    let start = position
    position += peek(1) == UInt8(ascii: " ") ? 4 : 3
    let titleStart = position
    skipToLineEnd()
    emit(.cell(trimmed(titleStart, position)), from: start)
  }

  func trimmed(_ start: Int, _ end: Int) -> String {
    var start = start
    var end = end
    while start < end, bytes[start] == UInt8(ascii: " ") || bytes[start] == UInt8(ascii: "\t") {
      start += 1
    }
    while end > start, bytes[end - 1] == UInt8(ascii: " ") || bytes[end - 1] == UInt8(ascii: "\t") {
      end -= 1
    }
    return String(decoding: bytes[start..<end], as: UTF8.self)
  }

  /// `a.5`, `f().5`, `x[0].5`: the point follows directly on what could have a field.
  func endsOperand(before start: Int) -> Bool {
    guard start > 0 else { return false }
    switch bytes[start - 1] {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: ")"),
      UInt8(ascii: "]"), UInt8(ascii: "}"), UInt8(ascii: "\""), UInt8(ascii: "."), 0x80...:
      return true
    default:
      return false
    }
  }

  mutating func symbol() {
    let start = position
    for candidate in Symbol.byFirstByte[bytes[start]] ?? []
    where bytes[start...].starts(with: candidate.bytes) {
      position += candidate.bytes.count
      emit(.symbol(candidate.symbol), from: start)
      return
    }
    // Every printable ASCII character that starts no other token is a symbol; this is for the day one is taken out.
    position += 1
    report("unexpected character `\(Character(Unicode.Scalar(bytes[start])))`", start, position)
    emit(.invalid, from: start)
  }

  mutating func word() {
    let start = position
    scanWord()
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    switch text {
    case "True": emit(.keyword(.true), from: start)
    case "False": emit(.keyword(.false), from: start)
    case "None": emit(.keyword(.nil), from: start)
    default:
      if let keyword = Keyword.byText[text] {
        emit(.keyword(keyword), from: start)
      } else {
        emit(.name(text), from: start)
      }
    }
  }

  mutating func scanWord() {
    while position < bytes.count {
      let byte = bytes[position]
      if isWordByte(byte) {
        position += 1
      } else if byte >= 0x80, let (scalar, length) = scalar(at: position),
        scalar.properties.isXIDContinue
      {
        position += length
      } else {
        return
      }
    }
  }

  mutating func wordOrStrangeCharacter() {
    let start = position
    guard let (scalar, length) = scalar(at: start) else {
      position += 1
      report("the text is not valid UTF-8", start, position)
      emit(.invalid, from: start)
      return
    }
    if scalar.properties.isXIDStart {
      word()
      return
    }
    position += length
    // One message for a run of the same strange character.
    while let (next, nextLength) = self.scalar(at: position), next == scalar {
      position += nextLength
    }
    let (message, hint) = Self.strange(scalar)
    report(message, start, position, hint: hint)
    emit(.invalid, from: start)
  }

  /// What to say of a character that has no meaning outside strings and comments.
  static func strange(_ scalar: Unicode.Scalar) -> (message: String, hint: String?) {
    let shown: String
    switch scalar.properties.generalCategory {
    case .control, .format, .spaceSeparator, .lineSeparator, .paragraphSeparator, .unassigned,
      .privateUse, .surrogate:
      shown = codePoint(scalar.value)
    default:
      shown = "`\(Character(scalar))` (\(codePoint(scalar.value)))"
    }
    let message = "unexpected character \(shown)"
    switch scalar {
    case "\u{201C}", "\u{201D}", "\u{201E}", "\u{00AB}", "\u{00BB}":
      return (message, "strings are written with straight quotes: \"…\"")
    case "\u{2018}", "\u{2019}": return (message, "strings are written with straight quotes: \"…\"")
    case "\u{2212}", "\u{2013}", "\u{2014}": return (message, "minus is written `-`")
    case "\u{00D7}", "\u{22C5}", "\u{00B7}": return (message, "multiplication is written `*`")
    case "\u{00F7}": return (message, "division is written `/`")
    case "\u{2264}": return (message, "write `<=`")
    case "\u{2265}": return (message, "write `>=`")
    case "\u{2260}": return (message, "write `!=`")
    case "\u{2026}": return (message, "write three points: `...`")
    case "\u{2192}", "\u{21D2}": return (message, "an arrow is written `=>`")
    case "\u{FFFD}": return (message, "the file is probably not UTF-8; save it as UTF-8")
    case "\u{00A0}", "\u{2007}", "\u{202F}", "\u{3000}", "\u{200B}", "\u{FEFF}":
      return (message, "it looks like a space, or like nothing; replace it by an ordinary space")
    default: return (message, nil)
    }
  }

  /// The scalar that starts at a byte offset, with its length in bytes.
  func scalar(at index: Int) -> (Unicode.Scalar, Int)? {
    guard index < bytes.count else { return nil }
    var decoder = UTF8()
    var iterator = bytes[index..<min(index + 4, bytes.count)].makeIterator()
    guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return nil }
    return (scalar, UTF8.width(scalar))
  }

  static func codePoint(_ value: UInt32) -> String {
    let digits = String(value, radix: 16, uppercase: true)
    return "U+" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
  }

  func codePoint(_ value: UInt32) -> String { Self.codePoint(value) }

  func hex(_ byte: UInt8) -> String { (byte < 16 ? "0" : "") + String(byte, radix: 16) }
}

func isDigit(_ byte: UInt8) -> Bool { byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") }

/// A byte of an ASCII name after its first.
func isWordByte(_ byte: UInt8) -> Bool {
  switch byte {
  case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
    UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"):
    true
  default: false
  }
}

func hexValue(_ byte: UInt8) -> UInt32? {
  switch byte {
  case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte - UInt8(ascii: "0"))
  case UInt8(ascii: "a")...UInt8(ascii: "f"): UInt32(byte - UInt8(ascii: "a") + 10)
  case UInt8(ascii: "A")...UInt8(ascii: "F"): UInt32(byte - UInt8(ascii: "A") + 10)
  default: nil
  }
}
