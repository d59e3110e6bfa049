import Foundations
import JSONValues
import Tables

/// Reads a table from one JSON value: a list of objects (rows), or an object of lists (columns).
enum JSONTable {
  static func read(_ text: [UInt8], source: String, _ options: ReadingOptions) throws -> ReadTable {
    try text.withUnsafeBufferPointer { bytes in
      guard let first = bytes.first(where: { $0 > 0x20 }) else {
        throw DomainError(.data, "\(source) is empty")
      }
      try MemoryRoom.require(3 * bytes.count, for: source)
      guard first == UInt8(ascii: "[") else { return try columns(text, source, options) }
      if let place = UTF8Check.firstInvalid(bytes) {
        throw JSONCell.failure(
          JSONProblem(
            message: "the byte 0x\(String(bytes[place], radix: 16)) is not UTF-8", position: place),
          bytes, source)
      }
      return try ObjectColumns.table([try rows(bytes, source)], source: source, options)
    }
  }

  private static func rows(_ bytes: UnsafeBufferPointer<UInt8>, _ source: String)
    throws(DomainError)
    -> ObjectColumns
  {
    let columns = ObjectColumns()
    var scanner = JSONScanner(bytes)
    scanner.keepsLongIntegers = true
    var stopped: DomainError?
    do throws(JSONProblem) {
      scanner.skipSpace()
      _ = scanner.take("[")
      scanner.skipSpace()
      if !scanner.take("]") {
        repeat {
          try columns.take(&scanner)
          scanner.skipSpace()
          do throws(DomainError) { try Cancellation.check(turn: columns.rowCount) } catch {
            stopped = error
            break
          }
        } while scanner.take(",")
        if stopped == nil, !scanner.take("]") { throw scanner.problem("expected `,` or `]`") }
      }
      scanner.skipSpace()
      guard stopped != nil || scanner.isAtEnd else {
        throw scanner.problem("text behind the end of the list")
      }
    } catch {
      throw JSONCell.failure(error, bytes, source)
    }
    if let stopped { throw stopped }
    return columns
  }

  private static func columns(_ text: [UInt8], _ source: String, _ options: ReadingOptions) throws
    -> ReadTable
  {
    let (value, long) = try JSONCell.parse(text, source: source, keepsLongIntegers: true)
    guard case .map(let entries) = value, !entries.isEmpty else { throw notATable(source) }
    try ObjectColumns.requireNames(options, entries.map(\.key.text), source)
    var notes: [String] = []
    let columns = try entries.map { entry in
      guard case .list(let cells) = entry.value else { throw notATable(source) }
      let name = entry.key.text
      var series = Series(cells: cells)
      if long != nil, options.types[name] == nil,
        let first = cells.lazy.compactMap(JSONTable.longInteger).first
      {
        series = try ObjectColumns.textual(series)
        notes.append(ObjectColumns.note(first, source: source, column: name))
      }
      let result = try ObjectColumns.typed(series, options.types[name], options.missing ?? [])
      if ObjectColumns.isCut(series, result) {
        notes.append(ObjectColumns.cutNote(source: source, column: name))
      }
      return Table.Column(name, result)
    }
    return ReadTable(table: try Table(columns: columns), notes: notes)
  }

  /// The first whole number within a cell that was kept as text.
  private static func longInteger(_ cell: Cell) -> String? {
    switch cell {
    case .string(let text): JSONCell.isLongInteger(text) ? text : nil
    case .list(let items): items.lazy.compactMap(longInteger).first
    case .map(let entries): entries.lazy.compactMap { longInteger($0.value) }.first
    default: nil
    }
  }

  private static func notATable(_ source: String) -> DomainError {
    DomainError(
      .data, "\(source) is no table: it is neither a list of objects nor an object of lists",
      hint: "`json.load(path)` reads any JSON")
  }
}
