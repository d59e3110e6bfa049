// Rows with named columns, as every reader gives them, and the choice of reader by file name.

import Files
import Foundations
import JSONValues

/// What a file of rows held: column names, and each row's fields as text with the line on which the row starts.
public struct Records: Sendable, Equatable {
  /// Where the rows come from, as errors name it.
  public var source: String
  public var columns: [String]
  /// `rows[i].count == columns.count`.
  public var rows: [[String]]
  /// The line (from 1) on which `rows[i]` starts.
  public var lines: [Int]
  /// The columns (their places) that a row has no field for, by row; they read as empty. Only JSON objects can lack
  /// one.
  public var absent: [Int: Set<Int>] = [:]

  public init(source: String, columns: [String], rows: [[String]] = [], lines: [Int] = []) {
    self.source = source
    self.columns = columns
    self.rows = rows
    self.lines = lines
  }

  /// The place of `name` among the columns.
  ///
  /// - Throws: `data` where there is no such column.
  public func index(of name: String) throws(DomainError) -> Int {
    if let index = columns.firstIndex(spelt: name) { return index }
    throw DomainError(
      .data, "\(source) has no column `\(name)`; its columns are \(Records.list(columns))")
  }

  /// The fields of one column, row by row.
  public func column(_ name: String) throws(DomainError) -> [String] {
    let index = try index(of: name)
    return rows.map { $0[index] }
  }

  static func list(_ names: [String], limit: Int = 8) -> String {
    let shown = names.prefix(limit).map { "`\($0)`" }.joined(separator: ", ")
    return names.count > limit ? "\(shown) and \(names.count - limit) more" : shown
  }
}

/// The formats of rows that can be read; each also packed by gzip (`.gz`).
public enum RecordFormat: String, Sendable, CaseIterable {
  /// Comma-separated values as RFC 4180 has them, with a header.
  case csv
  /// Tab-separated values with a header and no quoting.
  case tsv
  /// One JSON object a line.
  case jsonl

  /// The format that a file's name tells, `.gz` aside; nil where it tells none.
  public init?(path: String) {
    let lower = path.lowercased()
    let name = lower.hasSuffix(".gz") ? String(lower.dropLast(3)) : lower
    let format = RecordFormat.allCases.first { $0.endings.contains { name.hasSuffix($0) } }
    guard let format else { return nil }
    self = format
  }

  private var endings: [String] {
    switch self {
    case .csv: [".csv"]
    case .tsv: [".tsv", ".tab"]
    case .jsonl: [".jsonl", ".ndjson"]
    }
  }

  /// How the names of files of rows end, in lower case.
  static let endings = allCases.flatMap(\.endings).flatMap { [$0, $0 + ".gz"] }
}

extension Records {
  /// Reads a CSV, TSV or JSONL file, packed by gzip or not.
  ///
  /// - Parameter format: what the file holds; nil takes it from the file's name.
  /// - Throws: `io` where the file cannot be read, `data` where it is empty or its rows do not fit its header, `parse`
  ///   where it is malformed; each names the file, and the line where there is one.
  public static func read(_ path: String, format: RecordFormat? = nil) throws(DomainError)
    -> Records
  {
    guard let format = format ?? RecordFormat(path: path) else {
      // What is wrong with the file comes before what is wrong with its name.
      _ = try Door.current.open(path, counts: false)
      throw DomainError(
        .value, "\(path) is not known to be CSV, TSV or JSONL by its name",
        hint: "give the file one of the endings .csv, .tsv, .jsonl (and .gz)")
    }
    return try parse(try InputFile.textBytes(path), format: format, source: path)
  }

  /// Reads rows from bytes that are UTF-8.
  public static func parse(
    _ bytes: [UInt8], format: RecordFormat, source: String
  ) throws(DomainError) -> Records {
    try InputFile.requireUTF8(bytes, source: source)
    guard bytes.contains(where: { $0 > 0x20 }) else {
      throw DomainError(.data, "\(source) is empty")
    }
    switch format {
    case .csv: return try DelimitedReader.csv(bytes, source: source)
    case .tsv: return try DelimitedReader.tsv(bytes, source: source)
    case .jsonl: return try JSONLinesReader.read(bytes, source: source)
    }
  }
}
