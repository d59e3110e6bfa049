import Foundation
import Foundations
import Tables
import Testing

@testable import TableFiles

/// What is written comes back equal, or is refused.
@Suite struct RoundTripTests {
  private static let texts = [
    "", "a", "NA", "null", "nan", "1", "01", "-2.5", "true", "x,y", "tab\there", "two\nlines",
    "cr\r",
    "\"quoted\"", " space ", "2026-11-29", "é", "😀", "#c", "a;b", "\\", "{}", "\u{FEFF}", "None",
  ]

  @Test func csvQuotesAndKeepsInfinities() throws {
    let table = Table(rows: [
      [("a,b", .string("say \"hi\"\nthere")), ("x", .float(-.infinity))],
      [("a,b", .null), ("x", .float(1e-5))],
    ])
    #expect(
      try TableFile.text(table, .csv) == "\"a,b\",x\n\"say \"\"hi\"\"\nthere\",-inf\n,1e-05\n")
  }

  @Test func jsonIsStandard() throws {
    let table = Table(rows: [[("a", .float(.nan)), ("b", .list([.int(1), .bool(true)]))]])
    #expect(try TableFile.text(table, .json) == "[\n  {\"a\": \"nan\", \"b\": [1, true]}\n]\n")
  }
  /// Text for a script also says what a file could not give back.
  @Test func textsHoldColumnsOfSeveralTypes() throws {
    let table = Table(rows: [
      [("a", .int(1)), ("b", .list([.float(.nan)]))], [("a", .string("x,y")), ("b", .null)],
      [("a", .date(0)), ("b", .opaque("<model>"))],
    ])
    #expect(
      try TableFile.text(table, .csv) == "a,b\n1,\"[\"\"nan\"\"]\"\n\"x,y\",\n1970-01-01,<model>\n")
    #expect(throws: DomainError.self) { try TableFile.write(table, to: "/nowhere/t.csv") }
  }

  private struct Maker {
    var random: SplitMix64

    mutating func pick<T>(_ items: [T]) -> T { items[random.below(items.count)] }

    mutating func cell(_ kind: Series.Kind) -> Cell {
      if random.below(5) == 0 { return .null }
      switch kind {
      case .bool: return .bool(random.below(2) == 0)
      case .int: return .int(pick([0, -1, 7, .max, .min, 1 << 53 + 1]))
      case .float:
        return .float(
          pick([0, -0.0, 1, 0.1, 1e300, -Double.leastNonzeroMagnitude, .nan, .infinity, -.infinity])
        )
      case .date: return .date(pick([0, -719_162, 2_932_896, 20_000]))
      case .datetime: return .datetime(pick([0, 1, -1, 86_400_000_000, 1_700_000_000_123_456]))
      case .list:
        let inner: [Cell] = pick([
          [], [.int(1), .int(-2)], [.null, .int(3)],
        ])
        return .list(inner)
      default: return .string(pick(RoundTripTests.texts))
      }
    }

    mutating func table() throws -> Table {
      let rows = random.below(6) + 1
      let kinds = Series.Kind.allCases.filter { $0 != .mixed }
      let columns = try (0..<random.below(4) + 1).map { index in
        let kind = pick(kinds)
        let series = Series(cells: (0..<rows).map { _ in cell(kind) })
        let name = pick(["a", "b c", "x,y", "q\"", "n\n", "é", "1", "a;b", " s"]) + "\(index)"
        return Table.Column(name, kind == .category ? try series.categorized() : series)
      }
      return try Table(columns: columns)
    }
  }

  @Test(arguments: [TableFormat.csv, .tsv, .json, .jsonl, .parquet])
  func propertyOfRandomTables(_ format: TableFormat) throws {
    var maker = Maker(random: SplitMix64(seed: 11))
    let folder = NSTemporaryDirectory() + "fairlead-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var written = 0
    for turn in 0..<300 {
      let table = try maker.table()
      let path =
        folder + "/t.\(format.rawValue)"
        + (format == .parquet ? "" : ["", ".gz", ".zst"][turn % 3])
      let notes: [String]
      do { notes = try TableFile.write(table, to: path) } catch let error as DomainError {
        #expect(error.kind == .value && error.hint != nil, "\(error)")
        continue
      }
      written += 1
      var options = ReadingOptions()
      for column in table.columns where column.series.kind != .mixed {
        options.types[column.name] = column.series.kind
      }
      let back = try TableFile.read(path, options).table
      #expect(
        back == table,
        "\(format): \(table.columns.map { ($0.name, $0.series.kind, $0.series.cells) })")
      if notes.isEmpty {
        let plain = try TableFile.read(path).table
        #expect(
          plain == table,
          "\(format) without types: \(table.columns.map { ($0.name, $0.series.kind, $0.series.cells) })"
        )
      }
    }
    #expect(written > (format == .tsv ? 20 : 200))
  }

  @Test func refusalsNameTheWay() throws {
    func refusal(_ cell: Cell, _ format: TableFormat) -> DomainError? {
      #expect(throws: DomainError.self) {
        let table = try Table(columns: [
          Table.Column("a", [cell, .string("x")]), Table.Column("b", [.int(1), .int(2)]),
        ])
        _ = try TableFile.write(table, to: "/nonexistent/t.\(format.rawValue)")
      }
    }
    #expect(refusal(.string("a\tb"), .tsv)?.message.contains("a tab or a line end") == true)
    #expect(refusal(.string(""), .tsv)?.message.contains("read as missing") == true)
    #expect(refusal(.int(1), .csv)?.message.contains("several types") == true)
    #expect(refusal(.list([.list([.int(1)])]), .parquet)?.hint == "save it as `.jsonl`")
    for name in ["t.xlsx", "t.doc"] {
      let error = #expect(throws: DomainError.self) {
        try TableFile.write(Table(columns: [Table.Column("a", [.int(1)])]), to: name)
      }
      #expect(error?.hint != nil)
    }
  }
}
