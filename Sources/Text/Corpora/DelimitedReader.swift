// CSV after RFC 4180 and plain TSV, both with a header line.
//
// CSV: fields are split by commas, rows by LF or CRLF; a field that starts with a quote runs to the next lone quote,
// `""` inside it is one quote, and it may hold commas and line ends. Quotes inside an unquoted field are malformed.
// TSV: split on tabs, nothing is quoted. In both a wholly empty line is skipped.

import Foundations

enum DelimitedReader {
  static func csv(_ bytes: [UInt8], source: String) throws(DomainError) -> Records {
    var parser = CSVParser(bytes: bytes, source: source)
    var records: Records?
    while let row = try parser.nextRow() {
      try add(row, line: parser.rowLine, to: &records, source: source)
    }
    return try finished(records, source)
  }

  static func tsv(_ bytes: [UInt8], source: String) throws(DomainError) -> Records {
    var records: Records?
    var line = 0
    for slice in lines(bytes) {
      line += 1
      if slice.isEmpty { continue }
      let fields = slice.split(separator: UInt8(ascii: "\t"), omittingEmptySubsequences: false)
        .map { String(decoding: $0, as: UTF8.self) }
      try add(fields, line: line, to: &records, source: source)
    }
    return try finished(records, source)
  }

  /// Lines without their ends (LF or CRLF); no last empty one behind a final line end.
  static func lines(_ bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var result: [ArraySlice<UInt8>] = []
    var start = 0
    while start < bytes.count {
      let end = bytes[start...].firstIndex(of: newline) ?? bytes.count
      let hasReturn = end > start && bytes[end - 1] == carriageReturn
      result.append(bytes[start..<(hasReturn ? end - 1 : end)])
      start = end + 1
    }
    return result
  }

  private static func add(
    _ row: [String], line: Int, to records: inout Records?, source: String
  ) throws(DomainError) {
    guard let columns = records?.columns else {
      var seen: Set<Spelling> = []
      let names = row.enumerated().map { $1.isEmpty ? "column\($0 + 1)" : $1 }
      for name in names where !seen.add(name) {
        throw DomainError(.data, "\(source), line \(line): the column `\(name)` appears twice")
      }
      records = Records(source: source, columns: names)
      return
    }
    guard row.count == columns.count else {
      throw DomainError(
        .data,
        "\(source), line \(line): \(row.count) field\(row.count == 1 ? "" : "s"), but the header names \(columns.count)"
      )
    }
    try Cancellation.check(turn: line)
    records?.rows.append(row)
    records?.lines.append(line)
  }

  private static func finished(_ records: Records?, _ source: String) throws(DomainError) -> Records
  {
    guard let records else { throw DomainError(.data, "\(source) is empty") }
    return records
  }
}

/// Walks over CSV bytes row by row.
private struct CSVParser {
  let bytes: [UInt8]
  let source: String
  var position = 0
  var line = 1
  /// The line on which the row last given starts.
  var rowLine = 1

  init(bytes: [UInt8], source: String) {
    self.bytes = bytes
    self.source = source
  }

  mutating func nextRow() throws(DomainError) -> [String]? {
    while position < bytes.count, let skipped = lineEnd(at: position) {
      position += skipped
      line += 1
    }
    guard position < bytes.count else { return nil }
    rowLine = line
    var fields: [String] = []
    while true {
      fields.append(
        position < bytes.count && bytes[position] == quote ? try quotedField() : try plainField())
      guard position < bytes.count else { return fields }
      if let skipped = lineEnd(at: position) {
        position += skipped
        line += 1
        return fields
      }
      position += 1  // the comma
    }
  }

  private var quote: UInt8 { UInt8(ascii: "\"") }
  private var comma: UInt8 { UInt8(ascii: ",") }

  /// How many bytes of line end stand at `place`.
  private func lineEnd(at place: Int) -> Int? {
    if bytes[place] == newline { return 1 }
    let isPair =
      bytes[place] == carriageReturn && place + 1 < bytes.count && bytes[place + 1] == newline
    return isPair ? 2 : nil
  }

  private mutating func plainField() throws(DomainError) -> String {
    let start = position
    while position < bytes.count, bytes[position] != comma, lineEnd(at: position) == nil {
      if bytes[position] == quote {
        throw DomainError(
          .parse, "\(source), line \(line): a quote in the middle of a field that is not quoted",
          hint: "put the whole field in quotes and write the quote twice")
      }
      position += 1
    }
    return String(decoding: bytes[start..<position], as: UTF8.self)
  }

  private mutating func quotedField() throws(DomainError) -> String {
    let openedOn = line
    position += 1
    var content: [UInt8] = []
    while position < bytes.count {
      let byte = bytes[position]
      position += 1
      if byte != quote {
        if byte == newline { line += 1 }
        content.append(byte)
        continue
      }
      guard position < bytes.count else { return String(decoding: content, as: UTF8.self) }
      if bytes[position] == quote {
        content.append(quote)
        position += 1
      } else if bytes[position] == comma || lineEnd(at: position) != nil {
        return String(decoding: content, as: UTF8.self)
      } else {
        throw DomainError(
          .parse, "\(source), line \(line): text behind the closing quote of a field",
          hint: "write a quote inside a quoted field twice")
      }
    }
    throw DomainError(
      .parse, "\(source), line \(openedOn): the quoted field that starts here never ends")
  }
}

let newline = UInt8(ascii: "\n")
let carriageReturn = UInt8(ascii: "\r")
