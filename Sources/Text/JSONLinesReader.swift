// One JSON object (RFC 8259) a line. Fields become text: strings as they are, numbers and truth values as written, null as nothing,
// lists of plain values joined by spaces (token and tag lists), anything deeper as its JSON text.

import Tensor

enum JSONLinesReader {
  /// Depth at which a line is refused, so that no file can exhaust the stack.
  static let deepestNest = 64

  static func read(_ bytes: [UInt8], source: String) throws(DomainError) -> Records {
    var columns: [String] = []
    var places: [String: Int] = [:]
    var rows: [[String]] = []
    var lineNumbers: [Int] = []
    var line = 0
    for slice in DelimitedReader.lines(bytes) {
      line += 1
      if slice.allSatisfy({ $0 <= 0x20 }) { continue }
      var parser = JSONLineParser(bytes: slice, position: slice.startIndex)
      let object: [(key: String, value: String)]
      do {
        object = try parser.object()
      } catch {
        let column = error.position - slice.startIndex + 1
        throw DomainError(.parse, "\(source), line \(line), column \(column): \(error.message)")
      }
      var row = [String](repeating: "", count: columns.count)
      for (key, value) in object {
        if let place = places[key] {
          row[place] = value
        } else {
          places[key] = columns.count
          columns.append(key)
          row.append(value)
        }
      }
      rows.append(row)
      lineNumbers.append(line)
    }
    for i in rows.indices where rows[i].count < columns.count {
      rows[i].append(contentsOf: repeatElement("", count: columns.count - rows[i].count))
    }
    return Records(source: source, columns: columns, rows: rows, lines: lineNumbers)
  }
}

private struct JSONProblem: Error {
  var message: String
  var position: Int
}

/// A strict JSON parser over one line.
private struct JSONLineParser {
  let bytes: ArraySlice<UInt8>
  var position: Int

  mutating func object() throws(JSONProblem) -> [(key: String, value: String)] {
    skipSpace()
    guard take("{") else { throw problem("expected a JSON object, which starts with `{`") }
    var fields: [(String, String)] = []
    skipSpace()
    if !take("}") {
      repeat {
        let key = try key()
        let value = try value(depth: 1)
        fields.append((key, value.text))
        skipSpace()
      } while take(",")
      guard take("}") else { throw problem("expected `,` or `}`") }
    }
    skipSpace()
    guard position == bytes.endIndex else { throw problem("text behind the end of the object") }
    return fields
  }

  private mutating func key() throws(JSONProblem) -> String {
    skipSpace()
    guard peek == UInt8(ascii: "\"") else { throw problem("expected a field name in quotes") }
    let name = try string()
    skipSpace()
    guard take(":") else { throw problem("expected `:` behind the field name `\(name)`") }
    return name
  }

  /// A value as text, and whether it is plain (no list, no object).
  private mutating func value(depth: Int) throws(JSONProblem) -> (text: String, isPlain: Bool) {
    guard depth <= JSONLinesReader.deepestNest else {
      throw problem("nested deeper than \(JSONLinesReader.deepestNest) levels")
    }
    skipSpace()
    let start = position
    guard let first = peek else { throw problem("the line ends where a value is expected") }
    switch first {
    case UInt8(ascii: "\""): return (try string(), true)
    case UInt8(ascii: "t"): return (try word("true"), true)
    case UInt8(ascii: "f"): return (try word("false"), true)
    case UInt8(ascii: "n"):
      _ = try word("null")
      return ("", true)
    case UInt8(ascii: "["):
      let (items, allPlain) = try list(depth: depth)
      return (allPlain ? items.joined(separator: " ") : text(from: start), false)
    case UInt8(ascii: "{"):
      position += 1
      skipSpace()
      if take("}") { return ("{}", false) }
      repeat {
        _ = try key()
        _ = try value(depth: depth + 1)
        skipSpace()
      } while take(",")
      guard take("}") else { throw problem("expected `,` or `}`") }
      return (text(from: start), false)
    default: return (try number(), true)
    }
  }

  private mutating func list(depth: Int) throws(JSONProblem) -> ([String], Bool) {
    position += 1
    var items: [String] = []
    var allPlain = true
    skipSpace()
    if take("]") { return ([], true) }
    repeat {
      let item = try value(depth: depth + 1)
      items.append(item.text)
      allPlain = allPlain && item.isPlain
      skipSpace()
    } while take(",")
    guard take("]") else { throw problem("expected `,` or `]`") }
    return (items, allPlain)
  }

  private mutating func number() throws(JSONProblem) -> String {
    let start = position
    _ = take("-")
    let whole = digits()
    guard whole > 0, whole == 1 || bytes[position - whole] != UInt8(ascii: "0") else {
      position = start
      throw problem("expected a JSON value")
    }
    if take("."), digits() == 0 { throw problem("expected a digit behind the point") }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      if digits() == 0 { throw problem("expected a digit in the exponent") }
    }
    return text(from: start)
  }

  private mutating func digits() -> Int {
    let start = position
    while let byte = peek, byte >= UInt8(ascii: "0"), byte <= UInt8(ascii: "9") { position += 1 }
    return position - start
  }

  private mutating func word(_ expected: StaticString) throws(JSONProblem) -> String {
    let size = expected.utf8CodeUnitCount
    let text = String(describing: expected)
    guard position + size <= bytes.endIndex,
      bytes[position..<position + size].elementsEqual(text.utf8)
    else { throw problem("expected a JSON value") }
    position += size
    return text
  }

  private mutating func string() throws(JSONProblem) -> String {
    let start = position
    position += 1
    var content: [UInt8] = []
    while let byte = peek {
      position += 1
      switch byte {
      case UInt8(ascii: "\""): return String(decoding: content, as: UTF8.self)
      case UInt8(ascii: "\\"): try escape(into: &content)
      case 0..<0x20: throw problem("a control character inside a string")
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
      content.append(contentsOf: Array(String(Character(scalar)).utf8))
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

  private var peek: UInt8? { position < bytes.endIndex ? bytes[position] : nil }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard let byte = peek, UInt32(byte) == character.value else { return false }
    position += 1
    return true
  }

  private mutating func skipSpace() {
    while let byte = peek, byte == 0x20 || byte == 0x09 || byte == carriageReturn { position += 1 }
  }

  private func text(from start: Int) -> String {
    String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private func problem(_ message: String) -> JSONProblem {
    JSONProblem(message: message, position: position)
  }
}
