import Foundations
import Tables
import Testing

@testable import TableFiles

@Suite struct JSONTableTests {
  func read(_ text: String, _ format: TableFormat = .jsonl) throws -> Table {
    try TableFile.table(Array(text.utf8), source: "f", format, ReadingOptions()).table
  }

  @Test func linesBecomeTypedColumns() throws {
    let table = try read(
      """
      {"ok":true,"n":1,"s":"1","z":null,"l":[1,2],"d":"2026-11-29","m":{"k":1}}

      {"ok":false,"n":2.5,"s":"a\\u00e9","z":null,"l":[],"d":null,"m":null,"late":"x"}
      """)
    #expect(table.names == ["ok", "n", "s", "z", "l", "d", "m", "late"])
    #expect(
      table.columns.map(\.series.kind) == [
        .bool, .float, .string, .float, .list, .date, .mixed, .string,
      ])
    #expect(table.columns[2].cells == [.string("1"), .string("aé")])
    #expect(table.columns[7].cells == [.null, .string("x")])
  }

  @Test func numbersKeepWhatTheyAre() throws {
    let table = try read(
      "{\"a\": 9007199254740993, \"b\": 1, \"c\": \"nan\"}\n{\"a\": 1, \"b\": NaN, \"c\": 2}\n")
    #expect(table.columns[0].cells == [.int(9_007_199_254_740_993), .int(1)])
    #expect(table.columns[1].cells == [.float(1), .float(.nan)])
    #expect(table.columns[2].cells == [.float(.nan), .float(2)])
    let mixed = try read("{\"a\": 9007199254740993}\n{\"a\": 0.5}\n")
    #expect(mixed.columns[0].cells == [.int(9_007_199_254_740_993), .float(0.5)])
  }

  /// As in CSV, no int is rounded on the way.
  @Test func longIntegersStayText() throws {
    let (long, next) = ("12345678901234567891", "12345678901234567892")
    let lines = "{\"id\": \(long), \"l\": [\(next)]}\n{\"id\": 5, \"l\": [1]}\n{\"id\": 0.5}\n"
    let rows = "[" + lines.split(separator: "\n").joined(separator: ",") + "]"
    let columns = "{\"id\": [\(long), 5, 0.5], \"l\": [[\(next)], [1], null]}"
    for (text, format) in [(lines, TableFormat.jsonl), (rows, .json), (columns, .json)] {
      let read = try TableFile.table(Array(text.utf8), source: "f", format, ReadingOptions())
      #expect(
        read.table.columns[0].cells == [.string(long), .string("5"), .string("0.5")])
      #expect(read.table.columns[1].cells[0] == .list([.string(next)]))
      #expect(read.notes.count == 2)
      #expect(read.notes[0].contains("`id` holds \(long), which 64 bits cannot hold"))
      var options = ReadingOptions()
      options.types = ["id": .string]
      let named = try TableFile.table(Array(text.utf8), source: "f", format, options)
      #expect(named.table.columns[0].cells == read.table.columns[0].cells)
      #expect(named.notes.count == 1)
      options.types = ["id": .float]
      let rounded = try TableFile.table(Array(text.utf8), source: "f", format, options)
      #expect(rounded.table.columns[0].cells[0] == .float(12_345_678_901_234_567_891))
    }
    // What a float is exactly is no text; one of many is not lost either.
    let exact = try TableFile.table(
      Array("{\"a\": 100000000000000000000}".utf8), source: "f", .jsonl, ReadingOptions())
    #expect(exact.table.columns[0].cells == [.float(1e20)] && exact.notes.isEmpty)
    let parsed = try JSONCell.parse(Array("[\(long), 1]".utf8), source: "f")
    #expect(parsed.cell == .list([.float(12_345_678_901_234_567_891), .int(1)]))
    #expect(parsed.longInteger == long)
  }

  @Test func finerMomentsAreCutWithANote() throws {
    let text = "2026-11-29T12:00:00.123456789"
    let json = try TableFile.table(
      Array("{\"t\": \"\(text)\"}".utf8), source: "f", .jsonl, ReadingOptions())
    let csv = try TableFile.table(Array("t\n\(text)\n".utf8), source: "f", .csv, ReadingOptions())
    for read in [json, csv] {
      #expect(read.table.columns[0].series.kind == .datetime)
      #expect(read.notes.count == 1)
      #expect(read.notes.first?.contains("moments of the column `t` are cut") == true)
    }
    let whole = "t\n2026-11-29T12:00:00.123456000\n2026-11-29T12:00:00+01:00\n"
    let read = try TableFile.table(Array(whole.utf8), source: "f", .csv, ReadingOptions())
    #expect(read.notes.isEmpty && read.table.columns[0].series.kind == .datetime)
  }

  @Test(arguments: [
    ("{\"a\": 1}\n[1]", "f, line 2, column 1: expected a JSON object, which starts with `{`"),
    ("{\"a\": 01}", "f, line 1, column 7: expected a JSON value"),
    ("{\"a\": 1, \"a\": 2}", "f, line 1, column 10: the field `a` appears twice in one object"),
    ("{\"a\": 1} x", "f, line 1, column 10: text behind the end of the object"),
    ("\n\n{\"a\": \"x}", "f, line 3, column 7: the string that starts here never ends"),
    ("{\"a\": 1e999}", "f, line 1, column 7: the number 1e999 is too large"),
  ])
  func malformed(_ text: String, _ message: String) {
    let error = #expect(throws: DomainError.self) { try self.read(text) }
    #expect(error?.kind == .parse)
    #expect(error?.message.contains(message) == true, "\(error?.message ?? "")")
  }

  @Test func deepNestsAreRefused() {
    let deep = String(repeating: "[", count: 100_000)
    for text in ["{\"a\": \(deep)", "[\(deep)", "{\"a\": [1], \"b\": \(deep)"] {
      #expect(throws: DomainError.self) { try self.read(text, .json) }
      #expect(throws: DomainError.self) { try self.read(text, .jsonl) }
    }
  }

  @Test func jsonHoldsRowsOrColumns() throws {
    #expect(try read("[{\"a\": 1}, {\"b\": \"x\"}]", .json).names == ["a", "b"])
    #expect(
      try read("{\"a\": [1, 2], \"b\": [\"x\", null]}", .json).columns[1].cells == [
        .string("x"), .null,
      ])
    for text in ["3", "{\"a\": 1}", "[1]", "[{}] x", "{}"] {
      #expect(throws: DomainError.self) { try self.read(text, .json) }
    }
  }

  @Test func valuesComeBack() throws {
    let text = "{\"a\": [1, 2.5, null, {\"b\": \"\\\"\"}], \"c\": true}"
    let cell = try JSONCell.parse(Array(text.utf8), source: "f").cell
    #expect(try JSONCell.text(cell, indent: nil) == text)
    #expect(try JSONCell.text(cell, indent: 2).hasPrefix("{\n  \"a\": [\n    1,"))
    #expect(throws: DomainError.self) { try JSONCell.text(.float(.nan), indent: nil) }
    #expect(throws: DomainError.self) { try JSONCell.text(.opaque("f"), indent: nil) }
    #expect(throws: DomainError.self) {
      try JSONCell.text(.map([Cell.Entry(key: .int(1), value: .null)]), indent: nil)
    }
  }
}
