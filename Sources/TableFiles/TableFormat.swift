import Files
import Foundations
import Tables

/// The formats of files of rows.
public enum TableFormat: String, Sendable, CaseIterable {
  /// Comma-separated values as RFC 4180 has them.
  case csv
  /// Tab-separated values without quotes.
  case tsv
  /// A list of objects, or an object of lists.
  case json
  /// One JSON object a line.
  case jsonl
  /// Apache Parquet.
  case parquet

  private var endings: [String] {
    switch self {
    case .csv: [".csv"]
    case .tsv: [".tsv", ".tab"]
    case .json: [".json"]
    case .jsonl: [".jsonl", ".ndjson"]
    case .parquet: [".parquet"]
    }
  }

  /// The format that a file's name tells, `.gz` and `.zst` aside; nil where it tells none.
  public init?(path: String) {
    let name = Packing.unpackedName(path).lowercased()
    let found = TableFormat.allCases.first { format in
      format.endings.contains { name.hasSuffix($0) }
    }
    guard let found else { return nil }
    self = found
  }

  /// The format of a file, by its name.
  /// - Throws: `value` where the name tells none, with what can be done instead.
  static func named(_ path: String) throws(DomainError) -> TableFormat {
    if let format = TableFormat(path: path) { return format }
    let name = Packing.unpackedName(path).lowercased()
    if [".xlsx", ".xls", ".ods"].contains(where: name.hasSuffix) {
      throw DomainError(
        .value, "\(path) is a spreadsheet, which is not read or written",
        hint: "save it as CSV there: `data.table(\"FILE.csv\")`")
    }
    throw DomainError(
      .value, "\(path) is not known to be CSV, TSV, JSON, JSONL or Parquet by its name",
      hint:
        "give the file one of the endings .csv, .tsv, .json, .jsonl, .parquet; `data.table` takes `format: \"csv\"` as well"
    )
  }
}

/// Tables from files and to files.
public enum TableFile {
  /// The table that a file holds.
  ///
  /// - Parameter format: nil takes it from the file's name.
  /// - Throws: `io` where the file cannot be read, `parse`, `data` or `value` where it is not what the format asks for
  ///   (each names the file, and the line of text), `limit` where the memory does not suffice.
  public static func read(
    _ path: String, format: TableFormat? = nil, _ options: ReadingOptions = ReadingOptions()
  ) throws -> ReadTable {
    let known: TableFormat
    do throws(DomainError) {
      if let format { known = format } else { known = try .named(path) }
    } catch {
      // What is wrong with the file comes before what is wrong with its name.
      _ = try Door.current.open(path, counts: false)
      throw error
    }
    return try table(try InputFile.bytes(path), source: path, known, options)
  }

  /// The table that is piped into the process.
  public static func readStandardInput(
    format: TableFormat?, _ options: ReadingOptions = ReadingOptions()
  ) throws -> ReadTable {
    let bytes = try InputFile.standardInputBytes()
    return try table(bytes, source: "standard input", format ?? .csv, options)
  }

  /// The table that bytes hold.
  public static func table(
    _ bytes: [UInt8], source: String, _ format: TableFormat, _ options: ReadingOptions
  ) throws -> ReadTable {
    if format == .parquet { return try ParquetTable.read(bytes, source: source, options) }
    if bytes.starts(with: Array("PAR1".utf8)) {
      throw DomainError(
        .parse, "\(source) is Parquet, not \(format.rawValue.uppercased())",
        hint: "`format: \"parquet\"`")
    }
    if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
      throw DomainError(
        .parse, "\(source) is a ZIP archive or a spreadsheet, not \(format.rawValue.uppercased())",
        hint: "unpack it, or save the spreadsheet as CSV")
    }
    let text = try options.encoding.utf8(bytes, source: source)
    switch format {
    case .csv:
      return try DelimitedTable.read(
        text, source: source, separator: UInt8(ascii: ","), quoting: true, options)
    case .tsv:
      return try DelimitedTable.read(
        text, source: source, separator: UInt8(ascii: "\t"), quoting: false, options)
    case .json: return try JSONTable.read(text, source: source, options)
    case .jsonl: return try JSONLines.read(text, source: source, options)
    case .parquet: return try ParquetTable.read(bytes, source: source, options)
    }
  }

  /// Writes a table, whole or not at all, packed as its name says.
  ///
  /// - Parameter format: nil takes it from the file's name.
  /// - Returns: what would not come back as it is without being asked for, in sentences.
  /// - Throws: `value` where the format cannot say what the table holds, `io` where the file cannot be written.
  public static func write(_ table: Table, to path: String, format: TableFormat? = nil) throws
    -> [String]
  {
    let format = try format ?? .named(path)
    let writer = writer(format)
    if format == .parquet, let packing = Packing(path: path) {
      throw DomainError(
        .value, "a Parquet file is packed within, not by \(packing.rawValue)",
        hint: "take `\(packing.ending)` off its name")
    }
    let notes = try writer.check(table)
    try PackedFile.write(path) { file in try writer.write(table, to: file) }
    return notes
  }
}

extension TableFile {
  /// A table as CSV or JSON, as a file would hold it, but also with values that would not come back: those of columns
  /// of several types, and what JSON has to simplify.
  public static func text(_ table: Table, _ format: TableFormat) throws -> String {
    let text = GatheredBytes()
    try writer(format).write(table, to: text)
    return String(decoding: text.bytes, as: UTF8.self)
  }

  private static func writer(_ format: TableFormat) -> any TableWriter {
    switch format {
    case .csv: DelimitedWriter(separator: UInt8(ascii: ","), isQuoted: true)
    case .tsv: DelimitedWriter(separator: UInt8(ascii: "\t"), isQuoted: false)
    case .json: JSONWriter(isList: true)
    case .jsonl: JSONWriter(isList: false)
    case .parquet: ParquetWriter()
    }
  }
}

/// Where a writer's bytes go.
protocol ByteSink: AnyObject {
  func append(_ bytes: [UInt8]) throws(DomainError)
}

extension PackedFile: ByteSink {}

/// Bytes that stay in memory.
private final class GatheredBytes: ByteSink {
  private(set) var bytes: [UInt8] = []

  func append(_ bytes: [UInt8]) { self.bytes += bytes }
}

/// Writes tables in one format.
protocol TableWriter {
  /// - Returns: what does not come back as it is, in sentences.
  /// - Throws: `value` for what the format cannot say.
  func check(_ table: Table) throws -> [String]
  func write(_ table: Table, to file: any ByteSink) throws
}
