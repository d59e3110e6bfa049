// One JSON object (RFC 8259) a line. Fields become text: strings as they are, numbers and truth values as written, null
// as nothing, lists of plain values joined by spaces (token and tag lists), anything deeper as its JSON text.

import Foundations
import JSONValues

enum JSONLinesReader {
  static func read(_ bytes: [UInt8], source: String) throws(DomainError) -> Records {
    var columns: [String] = []
    var places: [Spelling: Int] = [:]
    var rows: [[String]] = []
    var lineNumbers: [Int] = []
    // The fields that a row has; nil for all that were known by then.
    var given: [Set<Int>?] = []
    var line = 0
    for slice in DelimitedReader.lines(bytes) {
      line += 1
      try Cancellation.check(turn: line)
      if slice.allSatisfy({ $0 <= 0x20 }) { continue }
      let object: [(key: String, value: String)]
      do {
        object = try slice.withUnsafeBufferPointer { (line) throws(JSONProblem) in
          var parser = JSONLineParser(scanner: JSONScanner(line))
          return try parser.object()
        }
      } catch {
        throw DomainError(
          .parse, "\(source), line \(line), column \(error.position + 1): \(error.message)")
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
      // Most rows have all fields that any has: then there is nothing to remember.
      let own = Set(object.lazy.compactMap { places[$0.key] })
      given.append(own.count == columns.count ? nil : own)
      rows.append(row)
      lineNumbers.append(line)
    }
    var records = Records(source: source, columns: columns, rows: rows, lines: lineNumbers)
    for i in rows.indices {
      let before = rows[i].count
      if before < columns.count {
        records.rows[i].append(contentsOf: repeatElement("", count: columns.count - before))
      }
      let missing =
        given[i].map { Set(columns.indices).subtracting($0) } ?? Set(before..<columns.count)
      if !missing.isEmpty { records.absent[i] = missing }
    }
    return records
  }
}

/// Reads the object of one line, each field as text.
private struct JSONLineParser {
  var scanner: JSONScanner

  mutating func object() throws(JSONProblem) -> [(key: String, value: String)] {
    scanner.skipSpace()
    guard scanner.take("{") else {
      throw scanner.problem("expected a JSON object, which starts with `{`")
    }
    var fields: [(String, String)] = []
    scanner.skipSpace()
    if !scanner.take("}") {
      repeat {
        let key = try scanner.key()
        let value = try value(depth: 1)
        fields.append((key, value.text))
        scanner.skipSpace()
      } while scanner.take(",")
      guard scanner.take("}") else { throw scanner.problem("expected `,` or `}`") }
    }
    scanner.skipSpace()
    guard scanner.isAtEnd else { throw scanner.problem("text behind the end of the object") }
    return fields
  }

  /// A value as text, and whether it is plain (no list, no object).
  private mutating func value(depth: Int) throws(JSONProblem) -> (text: String, isPlain: Bool) {
    guard depth <= JSON.deepestNest else {
      throw scanner.problem("nested deeper than \(JSON.deepestNest) levels")
    }
    scanner.skipSpace()
    let start = scanner.position
    guard let first = scanner.peek else {
      throw scanner.problem("the line ends where a value is expected")
    }
    switch first {
    case UInt8(ascii: "\""): return (try scanner.string(), true)
    case UInt8(ascii: "t"): try scanner.word("true")
    case UInt8(ascii: "f"): try scanner.word("false")
    case UInt8(ascii: "n"):
      try scanner.word("null")
      return ("", true)
    case UInt8(ascii: "["):
      let (items, allPlain) = try list(depth: depth)
      return (allPlain ? items.joined(separator: " ") : scanner.text(from: start), false)
    case UInt8(ascii: "{"):
      scanner.position += 1
      scanner.skipSpace()
      if scanner.take("}") { return ("{}", false) }
      repeat {
        _ = try scanner.key()
        _ = try value(depth: depth + 1)
        scanner.skipSpace()
      } while scanner.take(",")
      guard scanner.take("}") else { throw scanner.problem("expected `,` or `}`") }
      return (scanner.text(from: start), false)
    default: _ = try scanner.number()
    }
    return (scanner.text(from: start), true)
  }

  private mutating func list(depth: Int) throws(JSONProblem) -> ([String], Bool) {
    scanner.position += 1
    var items: [String] = []
    var allPlain = true
    scanner.skipSpace()
    if scanner.take("]") { return ([], true) }
    repeat {
      let item = try value(depth: depth + 1)
      items.append(item.text)
      allPlain = allPlain && item.isPlain
      scanner.skipSpace()
    } while scanner.take(",")
    guard scanner.take("]") else { throw scanner.problem("expected `,` or `]`") }
    return (items, allPlain)
  }
}
