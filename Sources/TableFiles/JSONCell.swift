import Foundation
import Foundations
import JSONValues
import Tables

/// JSON values as cells and back.
public enum JSONCell {
  /// How deep lists and objects may nest.
  static let deepest = 64

  /// The cell of one JSON value that fills the whole text.
  static func parse(_ bytes: UnsafeBufferPointer<UInt8>) throws(JSONProblem) -> Cell {
    var scanner = JSONScanner(bytes)
    return try parse(&scanner)
  }

  private static func parse(_ scanner: inout JSONScanner) throws(JSONProblem) -> Cell {
    let cell = try value(&scanner, depth: 0)
    scanner.skipSpace()
    guard scanner.isAtEnd else { throw scanner.problem("text behind the end of the value") }
    return cell
  }

  /// The value of a JSON text: `NaN` and the infinities, which Python writes, are numbers here.
  ///
  /// - Parameters:
  ///   - source: what errors call the text.
  ///   - keepsLongIntegers: whether a whole number that neither 64 bits nor a float hold exactly stays as text; it is
  ///     rounded to a float otherwise.
  /// - Returns: the value, and the first such number as it is written; nil where there is none.
  /// - Throws: `parse` with the line and column at which the text is malformed.
  public static func parse(
    _ text: [UInt8], source: String, keepsLongIntegers: Bool = false
  ) throws(DomainError) -> (cell: Cell, longInteger: String?) {
    try text.withUnsafeBufferPointer { (bytes) throws(DomainError) in
      if let place = UTF8Check.firstInvalid(bytes) {
        throw failure(
          JSONProblem(
            message: "the byte 0x\(String(bytes[place], radix: 16)) is not UTF-8", position: place),
          bytes, source)
      }
      var scanner = JSONScanner(bytes)
      scanner.keepsLongIntegers = keepsLongIntegers
      do throws(JSONProblem) {
        let cell = try parse(&scanner)
        return (cell, scanner.longInteger)
      } catch {
        throw failure(error, bytes, source)
      }
    }
  }

  static func failure(
    _ problem: JSONProblem, _ bytes: UnsafeBufferPointer<UInt8>, _ source: String
  ) -> DomainError {
    var line = 1
    var start = 0
    for index in 0..<min(problem.position, bytes.count) where bytes[index] == 0x0A {
      line += 1
      start = index + 1
    }
    return DomainError(
      .parse, "\(source), line \(line), column \(problem.position - start + 1): \(problem.message)")
  }

  /// The value that stands next.
  static func value(_ scanner: inout JSONScanner, depth: Int) throws(JSONProblem) -> Cell {
    scanner.skipSpace()
    switch scanner.peek {
    case nil: throw scanner.problem("the text ends where a value is expected")
    case UInt8(ascii: "\"")?: return .string(try scanner.string())
    case UInt8(ascii: "["):
      guard depth < deepest else { throw tooDeep(scanner) }
      scanner.position += 1
      var items: [Cell] = []
      scanner.skipSpace()
      if scanner.take("]") { return .list([]) }
      repeat {
        items.append(try value(&scanner, depth: depth + 1))
        scanner.skipSpace()
      } while scanner.take(",")
      guard scanner.take("]") else { throw scanner.problem("expected `,` or `]`") }
      return .list(items)
    case UInt8(ascii: "{"):
      guard depth < deepest else { throw tooDeep(scanner) }
      return .map(try object(&scanner, depth: depth + 1))
    case UInt8(ascii: "t"):
      try scanner.word("true")
      return .bool(true)
    case UInt8(ascii: "f"):
      try scanner.word("false")
      return .bool(false)
    case UInt8(ascii: "n"):
      try scanner.word("null")
      return .null
    default: return try number(&scanner)
    }
  }

  private static func tooDeep(_ scanner: JSONScanner) -> JSONProblem {
    scanner.problem("nested deeper than \(deepest) levels")
  }

  private static func object(_ scanner: inout JSONScanner, depth: Int) throws(JSONProblem)
    -> [Cell.Entry]
  {
    scanner.position += 1
    var entries: [Cell.Entry] = []
    var seen: Set<Spelling> = []
    scanner.skipSpace()
    if scanner.take("}") { return [] }
    repeat {
      scanner.skipSpace()
      let start = scanner.position
      let name = try scanner.key()
      let item = try value(&scanner, depth: depth)
      guard seen.add(name) else {
        scanner.position = start
        throw scanner.problem("the field `\(name)` appears twice in one object")
      }
      entries.append(Cell.Entry(key: .string(name), value: item))
      scanner.skipSpace()
    } while scanner.take(",")
    guard scanner.take("}") else { throw scanner.problem("expected `,` or `}`") }
    return entries
  }

  /// Moves past a number and gives it.
  static func number(_ scanner: inout JSONScanner) throws(JSONProblem) -> Cell {
    let start = scanner.position
    if let word = word(&scanner) { return .float(word) }
    let isInteger = try scanner.number()
    let text = UnsafeBufferPointer(rebasing: scanner.bytes[start..<scanner.position])
    if isInteger, let value = NumberField.int(text) { return .int(value) }
    guard let value = NumberField.float(text, isLenient: true), value.isFinite else {
      scanner.position = start
      throw scanner.problem(
        "the number \(String(decoding: text.prefix(40), as: UTF8.self)) is too large")
    }
    if isInteger, let long = longInteger(text, value) {
      if scanner.longInteger == nil { scanner.longInteger = long }
      if scanner.keepsLongIntegers { return .string(long) }
    }
    return .float(value)
  }

  /// The text of a whole number past 64 bits that the nearest float, `value`, is not exactly; nil where it is, as for
  /// a power of ten up to 10²².
  private static func longInteger(_ text: UnsafeBufferPointer<UInt8>, _ value: Double) -> String? {
    let written = String(decoding: text, as: UTF8.self)
    return String(format: "%.0f", value) == written ? nil : written
  }

  /// Whether a text is a whole number that 64 bits do not hold.
  static func isLongInteger(_ text: String) -> Bool {
    let digits = text.hasPrefix("-") ? text.dropFirst() : text[...]
    return digits.utf8.count > 18 && digits.utf8.allSatisfy { $0 >= 0x30 && $0 <= 0x39 }
      && Int(text) == nil
  }

  private static func word(_ scanner: inout JSONScanner) -> Double? {
    func takes(_ word: StaticString) -> Bool { (try? scanner.word(word)) != nil }
    switch scanner.peek {
    case UInt8(ascii: "N"): return takes("NaN") ? .nan : nil
    case UInt8(ascii: "I"): return takes("Infinity") ? .infinity : nil
    case UInt8(ascii: "-"): return takes("-Infinity") ? -.infinity : nil
    default: return nil
    }
  }
}
