// The grammar of JSON (RFC 8259), strictly: what JSON values and lines of JSON objects are both read with.

/// What is wrong with a JSON text, and at which byte (from 0). It never leaves a reader: that alone knows what the text
/// is called and whether its place is a byte or a line, and makes a `DomainError` of it.
package struct JSONProblem: Error {
  package var message: String
  package var position: Int

  package init(message: String, position: Int) {
    self.message = message
    self.position = position
  }
}

/// Walks over the bytes of a JSON text, which must be UTF-8.
package struct JSONScanner {
  package let bytes: UnsafeBufferPointer<UInt8>
  package var position = 0
  /// The first whole number met that neither 64 bits nor a float hold exactly, as it is written. Readers set it.
  package var longInteger: String?
  /// Whether readers keep such a number as text; otherwise they round it.
  package var keepsLongIntegers = false

  package init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.bytes = bytes
  }

  package var isAtEnd: Bool { position == bytes.count }

  package var peek: UInt8? { position < bytes.count ? bytes[position] : nil }

  package mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let byte = peek, UInt32(byte) == character.value else { return false }
    position += 1
    return true
  }

  package mutating func skipSpace() {
    while position < bytes.count {
      switch bytes[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  package func text(from start: Int) -> String {
    String(decoding: UnsafeBufferPointer(rebasing: bytes[start..<position]), as: UTF8.self)
  }

  package func problem(_ message: String) -> JSONProblem {
    JSONProblem(message: message, position: position)
  }

  /// A member's name and the colon behind it.
  package mutating func key() throws(JSONProblem) -> String {
    skipSpace()
    guard peek == UInt8(ascii: "\"") else { throw problem("expected a field name in quotes") }
    let name = try string()
    skipSpace()
    guard take(":") else { throw problem("expected `:` behind the field name `\(name)`") }
    return name
  }

  /// Moves past a number.
  ///
  /// - Returns: whether it is written as an integer.
  package mutating func number() throws(JSONProblem) -> Bool {
    let start = position
    _ = take("-")
    let whole = digits()
    guard whole > 0, whole == 1 || bytes[position - whole] != UInt8(ascii: "0") else {
      position = start
      throw problem("expected a JSON value")
    }
    var isInteger = true
    if take(".") {
      isInteger = false
      if digits() == 0 { throw problem("expected a digit behind the point") }
    }
    if take("e") || take("E") {
      isInteger = false
      if !take("+") { _ = take("-") }
      if digits() == 0 { throw problem("expected a digit in the exponent") }
    }
    return isInteger
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = peek, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
    return position - start
  }

  /// Moves past `true`, `false` or `null`.
  package mutating func word(_ expected: StaticString) throws(JSONProblem) {
    let size = expected.utf8CodeUnitCount
    let wanted = UnsafeBufferPointer(start: expected.utf8Start, count: size)
    guard size <= bytes.count - position, bytes[position..<position + size].elementsEqual(wanted)
    else { throw problem("expected a JSON value") }
    position += size
  }

  /// The content of the string that starts here.
  package mutating func string() throws(JSONProblem) -> String {
    let start = position
    position += 1
    while position < bytes.count {
      let byte = bytes[position]
      if byte == UInt8(ascii: "\"") {
        position += 1
        return String(
          decoding: UnsafeBufferPointer(rebasing: bytes[start + 1..<position - 1]), as: UTF8.self)
      }
      if byte == UInt8(ascii: "\\") { return try stringWithEscapes(from: start) }
      if byte < 0x20 { break }
      position += 1
    }
    if position < bytes.count { throw problem("a control character inside a string") }
    position = start
    throw problem("the string that starts here never ends")
  }

  private mutating func stringWithEscapes(from start: Int) throws(JSONProblem) -> String {
    var content = Array(bytes[start + 1..<position])
    while let byte = peek {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &content)
      case 0..<0x20:
        position -= 1
        throw problem("a control character inside a string")
      default: content.append(byte)
      }
    }
    position = start
    throw problem("the string that starts here never ends")
  }

  private mutating func escape(into content: inout [UInt8]) throws(JSONProblem) {
    guard let byte = peek else { return }
    position += 1
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): content.append(byte)
    case UInt8(ascii: "b"): content.append(0x08)
    case UInt8(ascii: "f"): content.append(0x0C)
    case UInt8(ascii: "n"): content.append(0x0A)
    case UInt8(ascii: "r"): content.append(0x0D)
    case UInt8(ascii: "t"): content.append(0x09)
    case UInt8(ascii: "u"):
      var code = try hexadecimal()
      if (0xD800..<0xDC00).contains(code), take("\\") {
        guard take("u") else { throw problem("half of a surrogate pair") }
        let low = try hexadecimal()
        guard (0xDC00..<0xE000).contains(low) else { throw problem("half of a surrogate pair") }
        code = 0x10000 + ((code - 0xD800) << 10) + (low - 0xDC00)
      }
      guard let scalar = Unicode.Scalar(code) else { throw problem("half of a surrogate pair") }
      content.append(contentsOf: UTF8.encode(scalar)!)  // every scalar has a UTF-8 form
    default:
      position -= 1
      throw problem("an unknown escape in a string")
    }
  }

  private mutating func hexadecimal() throws(JSONProblem) -> UInt32 {
    var code: UInt32 = 0
    for _ in 0..<4 {
      guard let byte = peek, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
        throw problem("expected four hexadecimal digits behind `\\u`")
      }
      code = code << 4 | UInt32(digit)
      position += 1
    }
    return code
  }
}
