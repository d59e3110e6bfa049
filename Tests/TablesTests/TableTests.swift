import Foundations
import Testing

@testable import Tables

private func sample() -> Table {
  var rows: [[(name: String, cell: Cell)]] = []
  for epsilon in [0.5, 1.0, .infinity] {
    for seed in 0..<3 {
      rows.append([
        ("epsilon", .float(epsilon)), ("seed", .int(seed)),
        ("accuracy", .float(0.8 + 0.01 * Double(seed) + (epsilon.isFinite ? epsilon / 100 : 0.1))),
        ("label", .string("run \(seed)")),
      ])
    }
  }
  return Table(rows: rows, axes: ["epsilon", "seed"])
}

@Suite struct TableTests {
  @Test func rowsMakeColumnsInOrderOfAppearance() {
    let table = Table(rows: [[("a", .int(1))], [("b", .int(2)), ("a", .null)]])
    #expect(table.names == ["a", "b"])
    #expect(table.columns[1].cells == [.null, .int(2)])
  }

  @Test func unknownColumnNamesTheOthers() {
    let error = #expect(throws: DomainError.self) { try sample().column("acc") }
    #expect(error?.kind == .key)
    #expect(error?.hint?.contains("`accuracy`") == true)
  }

  @Test func unequalColumnsAreRefused() {
    #expect(throws: DomainError.self) {
      try Table(columns: [.init("a", [.int(1)]), .init("b", [])])
    }
    #expect(throws: DomainError.self) {
      try Table(columns: [.init("a", [.int(1)]), .init("a", [.int(1)])])
    }
  }

  @Test func sortingIsStableAndPutsWhatIsNoNumberLastBothWays() throws {
    let table = Table(rows: [
      [("x", .float(.nan)), ("i", .int(0))], [("x", .int(2)), ("i", .int(1))],
      [("x", .float(1.5)), ("i", .int(2))], [("x", .int(2)), ("i", .int(3))],
      [("x", .null), ("i", .int(4))],
    ])
    #expect(try table.sorted(by: ["x"]).column("i").cells == [2, 1, 3, 0, 4].map(Cell.int))
    #expect(
      try table.sorted(by: ["x"], descending: true).column("i").cells
        == [1, 3, 2, 0, 4].map(Cell.int))
    // A second key orders what the first leaves open; what is missing comes after nan.
    #expect(
      try table.sorted(by: ["x", "i"], descending: true).column("i").cells
        == [3, 1, 2, 0, 4].map(Cell.int))
  }

  @Test func meanLeavesOutAxesAndText() throws {
    let summary = try sample().group(by: ["epsilon"]).mean(interval: 0.95)
    #expect(summary.names == ["epsilon", "accuracy", "accuracy_interval"])
    #expect(summary.rowCount == 3)
    // t(0.975, 2) · 0.01 / √3, from R: qt(0.975, 2) = 4.302652729749464
    let half = try #require(summary.column("accuracy_interval").cells[0].number)
    #expect(abs(half - 4.302652729749464 * 0.01 / 3.0.squareRoot()) < 1e-12)
  }

  @Test func integersAndFloatsOfOneValueAreOneGroup() throws {
    let table = Table(rows: [
      [("e", .int(1)), ("v", .int(2))], [("e", .float(1)), ("v", .int(4))],
    ])
    #expect(try table.group(by: ["e"]).mean().column("v").cells == [.float(3)])
  }

  @Test func groupOfOneHasNoInterval() throws {
    let table = Table(rows: [[("e", .int(1)), ("v", .int(2))]])
    #expect(try table.group(by: ["e"]).mean(interval: 0.9).column("v_interval").cells == [.null])
    #expect(throws: DomainError.self) { try table.group(by: ["e"]).mean(interval: 1.5) }
  }

  @Test func selectionBringsIntervalsAlong() throws {
    let summary = try sample().group(by: ["epsilon"]).mean(interval: 0.95)
    #expect(try summary.select(["accuracy"]).names == ["accuracy", "accuracy_interval"])
    #expect(try summary.without(["accuracy"]).names == ["epsilon"])
  }

  @Test func textAlignsNumbersAndShowsIntervals() throws {
    let text = try sample().group(by: ["epsilon"]).mean(interval: 0.95).text()
    #expect(
      text == """
        epsilon       accuracy
        ───────  ─────────────
            0.5  0.815 ± 0.025
            1.0  0.820 ± 0.025
            inf  0.910 ± 0.025
        """)
  }

  @Test func wideTablesLoseTheirMiddle() {
    let row = (0..<20).map { (name: "column\($0)", cell: Cell.int($0)) }
    let text = Table(rows: [row]).text(TextStyle(width: 40))
    #expect(text.split(separator: "\n").allSatisfy { DisplayWidth.of(String($0)) <= 40 })
    #expect(text.contains("column0") && text.contains("column19") && text.contains("…"))
    #expect(text.contains("not shown: column2, column3"))
  }

  @Test func veryManyColumnsAndVeryLongTextsAreCut() throws {
    let table = try Table(
      columns: (0..<20_000).map { Table.Column("c\($0)", [.int($0), .string("text")]) })
    let lines = table.text(TextStyle(width: 60)).split(separator: "\n")
    let titles = lines[0].split(separator: " ")
    #expect(titles.first == "c0" && titles.last == "c19999" && lines.allSatisfy { $0.count <= 60 })
    let gap = try #require(titles.firstIndex(of: "…"))
    #expect(lines.last?.contains("not shown: c\(gap), c\(gap + 1), ") == true)
    let long = String(repeating: "long ", count: 1_000_000)
    let one = try Table(columns: [
      Table.Column("text", [.string(long)]), Table.Column("n", [.int(1)]),
    ])
    let shown = one.text(TextStyle(width: 40)).split(separator: "\n")
    #expect(shown[2].hasPrefix("long long") && shown[2].contains("…") && shown[2].count <= 40)
  }

  @Test func longTextsAreCutBeforeColumnsAreDropped() {
    let table = Table(rows: [
      [("a", .string(String(repeating: "x", count: 90))), ("b", .int(1)), ("c", .string("short"))]
    ])
    let text = table.text(TextStyle(width: 40))
    #expect(text.contains("…") && text.contains("short") && !text.contains("not shown"))
  }

  @Test func longTablesLoseRowsInTheMiddle() {
    let table = Table(rows: (0..<100).map { [("i", .int($0))] })
    let text = table.text(TextStyle(maximumRows: 10))
    #expect(text.contains("… 90 more rows") && text.contains("99") && text.hasSuffix("100 rows"))
  }

  @Test func wideCharactersKeepColumnsAligned() {
    let table = Table(rows: [
      [("word", .string("東京")), ("n", .int(1))],
      [("word", .string("e\u{301}t\u{1B}[31m")), ("n", .int(22))],
    ])
    let lines = table.text().split(separator: "\n")
    #expect(Set(lines.map { DisplayWidth.of(String($0)) }).count == 1)
    #expect(!table.text().contains("\u{1B}"))
  }

  @Test func numbersOfAColumnShareTheirDecimals() {
    #expect(NumberText.column([0.5, 1, 2, .infinity, nil]) == ["0.5", "1.0", "2.0", "inf", ""])
    #expect(NumberText.column([0.957142857, 0.9]) == ["0.9571", "0.9000"])
    #expect(
      NumberText.column([123.456, 0.91234]) == [
        "123.5   ", "  0.9123".trimmingPrefix("  ").description,
      ])
    #expect(NumberText.column([1e-9, 5]) == ["1e-9", "5"])
    #expect(NumberText.column([0, .nan]) == ["0", "nan"])
  }
}

@Suite struct CellCodingTests {
  /// The bits of a NaN with a payload, of the smallest number and of -0.
  private static let tensor = TensorCell(
    element: .f32, shape: [3], bytes: [1, 0, 0xC0, 0x7F, 1, 0, 0, 0, 0, 0, 0, 0x80])!
  private static let empty = TensorCell(element: .i64, shape: [2, 0, 3], bytes: [])!
  private static let padded = TensorCell(
    element: .bool, shape: [2, 2], lengths: [2, 1], bytes: [1, 0, 1, 1])!

  @Test(arguments: [
    Cell.null, .bool(true), .int(.min), .int(.max), .float(0.1), .float(-0.0), .float(.infinity),
    .float(-.infinity), .float(.nan), .float(.leastNonzeroMagnitude), .float(1),
    .string("quote \" \u{1} 東京 😀\n"),
    .list([.int(1), .float(1), .list([])]), .opaque("<model>"), .map([]),
    .map([.init(key: .string("b"), value: .int(1)), .init(key: .string("a"), value: .null)]),
    .map([.init(key: .int(1), value: .string("x")), .init(key: .string("$float"), value: .int(2))]),
    .map([.init(key: .string("$float"), value: .string("inf"))]),
    .tensor(tensor), .list([.tensor(empty), .tensor(padded)]),
    .table(
      Table(
        rows: [[("x", .int(1)), ("w", .tensor(tensor)), ("error", .string("lost"))]],
        roles: ["x": .axis, "error": .failure(sweep: -1)])),
  ])
  func everyCellReadsBackTheSame(cell: Cell) throws {
    #expect(try CellCoding.decode(CellCoding.encode(cell)) == cell)
  }

  @Test(arguments: [
    "", "[1,", "{\"a\"}", "nul", "\"\\u12\"", "1 2", "1e999", "{\"$what\":1}", "\"\\ud800x\"",
    "{\"$tensor\":[\"f32\",[2],null,\"AAAA\"]}", "{\"$tensor\":[\"f16\",[0],null,\"\"]}",
    "{\"$tensor\":[\"i64\",[4611686018427387904,8],null,\"\"]}",
    "{\"$tensor\":[\"f32\",[-1],null,\"\"]}",
    "{\"$tensor\":[\"bool\",[3],null,\"AAEC\"]}", "{\"$table\":[[\"a\",\"what\",[]]]}",
    "{\"$table\":[[\"a\",\"value\",[1]],[\"a\",\"value\",[2]]]}",
  ])
  func damageIsAnError(text: String) {
    #expect(throws: DomainError.self) { try CellCoding.decode(text) }
  }

  @Test func tensorsShowTheirNumbersOrTheirShape() throws {
    let pair = try #require(
      TensorCell(element: .f32, shape: [2], bytes: [0xCD, 0xCC, 0xCC, 0x3D, 0, 0, 0, 0x40]))
    #expect(Cell.tensor(pair).text == "tensor([0.1, 2.0])")
    let long = try #require(
      TensorCell(element: .bool, shape: [3, 3], bytes: Array(repeating: 1, count: 9)))
    #expect(Cell.tensor(long).text == "tensor bool [3, 3]")
    #expect(
      Cell.list([.map([.init(key: .string("a"), value: .opaque("<model>"))])]).lost?.path == "[0].a"
    )
  }

  @Test func deepNestsAreAnErrorNotACrash() {
    #expect(throws: DomainError.self) {
      try CellCoding.decode(String(repeating: "[", count: 100_000))
    }
  }
}
