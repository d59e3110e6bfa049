import Foundations
import Tables
import Testing

@testable import TableFiles

@Suite struct DelimitedTableTests {
  func read(_ text: String, _ format: TableFormat = .csv, _ options: ReadingOptions = .init())
    throws
    -> ReadTable
  {
    try TableFile.table(Array(text.utf8), source: "f", format, options)
  }

  func column(_ text: String, _ options: ReadingOptions = .init()) throws -> (Series.Kind, [String])
  {
    let series = try read(text, .csv, options).table.columns[0].series
    return (series.kind, series.cells.map(\.sourceText))
  }

  @Test(arguments: [
    ("a\n1\n-2\n", "int", ["1", "-2"]), ("a\n1\n2.5\n", "float", ["1.0", "2.5"]),
    ("a\n01\n2\n", "string", ["\"01\"", "\"2\""]), ("a\n+1\n", "string", ["\"+1\""]),
    ("a\n0x10\n", "string", ["\"0x10\""]),
    ("a\n9223372036854775808\n1\n", "string", ["\"9223372036854775808\"", "\"1\""]),
    ("a\n9007199254740993\n0.5\n", "string", ["\"9007199254740993\"", "\"0.5\""]),
    ("a\ntrue\nFalse\n", "bool", ["true", "false"]),
    ("a\n2026-11-29\n0001-01-01\n", "date", ["date(\"2026-11-29\")", "date(\"0001-01-01\")"]),
    ("a\n2026-02-30\n", "string", ["\"2026-02-30\""]),
    (
      "a\n2026-11-29T12:00:00Z\n2026-11-29\n", "datetime",
      ["datetime(\"2026-11-29T12:00:00\")", "datetime(\"2026-11-29T00:00:00\")"]
    ),
    ("a\nnan\n1\n-inf\n", "float", ["nan", "1.0", "-inf"]),
    ("a,b\n,1\nNA,2\nx,3\n", "string", ["nil", "nil", "\"x\""]),
    ("a,b\n\"\",1\n\"NA\",2\n,3\n", "string", ["\"\"", "\"NA\"", "nil"]),
    ("a\n\"1\"\n\"2\"\n", "int", ["1", "2"]), ("a,b\n 1 ,2\n3,4\n", "int", ["1", "3"]),
    ("a,b\n,1\n,2\n", "float", ["nil", "nil"]),
    ("a\nthe 5\" screen\n", "string", ["\"the 5\\\" screen\""]),
  ])
  func types(_ text: String, _ kind: String, _ cells: [String]) throws {
    let (found, values) = try column(text)
    #expect(found.rawValue == kind)
    #expect(values == cells)
  }

  @Test(arguments: [
    "a,b\r\n\"x, \"\"y\"\"\nz\",1\r\n\r\nlast,2", "\u{FEFF}a,b\r\"x, \"\"y\"\"\nz\",1\rlast,2\r",
    "a;b\n\"x, \"\"y\"\"\nz\";1\nlast;2\n", "a, b\n\"x, \"\"y\"\"\nz\", 1\nlast, 2\n",
    "a\tb\n\"x, \"\"y\"\"\nz\"\t1\nlast\t2\n", "a|b\r\n\"x, \"\"y\"\"\nz\"|1\nlast|2\r",
  ])
  func layouts(_ text: String) throws {
    let table = try read(text).table
    #expect(table.names == ["a", "b"])
    #expect(table.columns[0].cells == [.string("x, \"y\"\nz"), .string("last")])
    #expect(table.columns[1].cells == [.int(1), .int(2)])
  }

  @Test(arguments: [
    ("a,b\n1,2,3\n", "f, line 2: 3 fields, but the header names 2"),
    ("a,b\n\n1,2\n3\n", "f, line 4: 1 field, but the header names 2"),
    ("a,b\n\"x\ny\",\"z\n", "f, line 3: the quoted field that starts here never ends"),
    ("a,b\n\"x\"y,1\n", "f, line 2: text behind the closing quote of a field"),
    ("a,b,a\n1,2,3\n", "f, line 1: the column `a` appears twice"), ("", "f is empty"),
    (" \n\n", "f is empty"),
  ])
  func malformed(_ text: String, _ message: String) {
    let error = #expect(throws: DomainError.self) { try self.read(text) }
    #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
  }

  @Test func whatIsNoTextIsRefused() {
    for bytes: [UInt8] in [
      [0x61, 0x0A, 0xFF], [0x61, 0x0A, 0xC3], [0xFF, 0xFE, 0x61, 0], Array("PAR1....".utf8),
      [0x50, 0x4B, 3, 4, 0, 0],
    ] {
      #expect(throws: DomainError.self) {
        try TableFile.table(bytes, source: "f", .csv, ReadingOptions())
      }
    }
  }

  @Test func optionsAreFollowed() throws {
    var options = ReadingOptions()
    options.missing = ["?", "-"]
    options.types = ["zip": .string, "k": .category, "x": .float]
    options.comment = "#"
    let table = try read("#c\nzip,k,x,n\n12,a,1,?\n#d\n34,b,2,-\n", .csv, options).table
    #expect(table.columns.map(\.series.kind) == [.string, .category, .float, .float])
    #expect(table.columns[3].series.isAllMissing)
    options = ReadingOptions()
    options.hasHeader = false
    #expect(try read("1,2\n3,4\n", .csv, options).table.names == ["column1", "column2"])
    options = ReadingOptions()
    options.separator = ":"
    options.quoting = false
    #expect(try read("a:b\n\"1:2\n", .csv, options).table.columns[0].cells == [.string("\"1")])
    options = ReadingOptions()
    options.types = ["a": .int]
    let error = #expect(throws: DomainError.self) { try self.read("a\n1\nx\n", .csv, options) }
    #expect(error?.message == "f, line 3, column `a`: \"x\" is no int")
    options.types = ["b": .int]
    #expect(throws: DomainError.self) { try self.read("a\n1\n", .csv, options) }
  }

  @Test func encodings() throws {
    var options = ReadingOptions()
    let wide: [UInt8] =
      [0xFF, 0xFE] + Array("a\né😀\n".utf16).flatMap { [UInt8($0 & 255), UInt8($0 >> 8)] }
    options.encoding = .utf16
    #expect(
      try TableFile.table(wide, source: "f", .csv, options).table.columns[0].cells == [
        .string("é😀")
      ])
    options.encoding = .latin1
    #expect(
      try TableFile.table([0x61, 0x0A, 0xE9, 0x0A], source: "f", .csv, options).table.columns[0]
        .cells
        == [.string("é")])
    options.encoding = .windows1252
    #expect(
      try TableFile.table([0x61, 0x0A, 0x80, 0x0A], source: "f", .csv, options).table.columns[0]
        .cells
        == [.string("€")])
  }

  @Test func notesTellWhatWasGuessed() throws {
    #expect(try read("a;b\n1;2\n").notes == ["f is read as separated by semicolons"])
    #expect(
      try read("a,b\nNA,x\n1,null\n").notes.first?.contains("\"NA\", \"null\" are read as missing")
        == true)
    #expect(try read("a\n1\n?\n").notes.first?.contains("is text because of \"?\"") == true)
    #expect(try read("a,b\n1,x\n").notes.isEmpty)
  }

  @Test func aFirstLineOfNumbersIsNoHeader() throws {
    #expect(try read("1,2\n3,4\n").notes.first?.contains("`header: false` reads it so") == true)
    #expect(try read("a,2\n3,4\n").notes.isEmpty)
    var options = ReadingOptions()
    options.hasHeader = false
    #expect(try read("1,2\n3,4\n", .csv, options).table.names == ["column1", "column2"])
  }

  @Test func typesOfNoRowsAreNamed() throws {
    let table = try Table(columns: [
      Table.Column("n", Series(.int([]))), Table.Column("x", Series(.float([]))),
    ])
    let notes = try DelimitedWriter(separator: UInt8(ascii: ","), isQuoted: true).check(table)
    #expect(notes.count == 1 && notes[0].contains("`types: {n: \"int\"}`"), "\(notes)")
  }

  @Test func raggedRowsWithCommentsNameTheOption() throws {
    for text in ["# made by hand\na,b\n1,2\n", "a,b\n1,2\n# the end\n"] {
      let error = #expect(throws: DomainError.self) { try self.read(text) }
      #expect(error?.hint?.contains("`comment: \"#\"`") == true)
    }
    #expect(#expect(throws: DomainError.self) { try self.read("a,b\n1\n") }?.hint == nil)
  }

  @Test func notesNameOddTexts() throws {
    let one = try read("a\n1\n?\n").notes.first
    #expect(
      one
        == "f: the column `a` is text because of \"?\" in line 3; to read it as missing: `missing: [\"\", \"NA\", \"?\"]`"
    )
    // However far down they stand.
    var text = "n,s,d\n"
    for row in 0..<20_000 {
      text += "\(row == 15_000 ? "-" : row == 17_000 ? "?" : "\(row)"),word\(row),2026-11-29\n"
    }
    let long = try read(text + "1,x,n.a.\n").notes
    #expect(long.count == 2)
    #expect(
      long.first?.contains("`n` is text because of \"-\", \"?\" in 2 rows, first in line 15002")
        == true)
    #expect(long.last?.contains("`d` is text because of \"n.a.\" in line 20002") == true)
    #expect(try read("a\n1\nx\n").notes.first?.contains("if that means a missing value") == true)
    #expect(try read("a\n1\nx\ny\nz\n").notes.isEmpty)
    // An empty line and a quoted line end count as lines do in errors.
    #expect(
      try read("a,b\n\n1,\"x\ny\"\n?,z\n").notes.first?.contains("\"?\" in line 5;") == true)
    // A number that is written otherwise is no mark.
    for odd in ["+1", "001", "\"1,5\"", "12345678901234567891", "−5"] {
      let notes = try read("a\n1\n2\n\(odd)\n").notes
      #expect(notes.count == 1 && notes[0].hasSuffix("in line 4"), "\(notes)")
    }
    // What somebody has named before stays named.
    var options = ReadingOptions()
    options.missing = ["?"]
    let named = try TableFile.table(Array("a\n1\n?\nN/A\n".utf8), source: "f", .csv, options)
    #expect(named.notes.first?.contains("`missing: [\"?\", \"N/A\"]`") == true)
  }

  @Test func tsvHasNoQuotes() throws {
    let table = try read("a\tb\n\"x\" y\t1\r\nz\t2\n", .tsv).table
    #expect(table.columns[0].cells == [.string("\"x\" y"), .string("z")])
  }

  /// Types change behind the sample from which they are guessed; quoted line ends lie across the blocks' cuts.
  @Test func longTexts() throws {
    var text = "n,s\n"
    for index in 0..<30_000 { text += "\(index),\"a\nb\"\n" }
    text += "0.5,x\n"
    let table = try read(text).table
    #expect(table.rowCount == 30_001)
    #expect(table.columns[0].series.kind == .float)
    #expect(table.columns[0].series[30_000] == .float(0.5))
    let long = String(repeating: "x\n\"\",y", count: 150_000)
    let wide = "s,t\n" + String(repeating: "\"\(long)\",1\n", count: 4)
    let read = try read(wide).table
    #expect(read.rowCount == 4)
    #expect(read.columns[1].cells == [.int(1), .int(1), .int(1), .int(1)])
    if case .string(let texts) = read.columns[0].series.values {
      #expect(texts[3].utf8.count == 5 * 150_000)
    }
  }

  @Test func cutsDoNotDependOnWhereTheyFall() throws {
    let text = Array("1,\"a\nb\"\r\n2,x\n3,\"\"\"q\"\"\n\"\n4,\"\"\r5,6\n".utf8)
    let dialect = Dialect(separator: UInt8(ascii: ","), isQuoted: true, missing: MissingMarks([]))
    try text.withUnsafeBufferPointer { bytes in
      for size in 1...text.count {
        let ranges = try DelimitedBlocks.ranges(bytes, from: 0, dialect, size: size)
        var fields: [String] = []
        for range in ranges {
          var scanner = FieldScanner(bytes, range, dialect, ScratchBytes())
          while scanner.nextRow() {
            repeat {
              try scanner.next()
              fields.append(String(decoding: scanner.field, as: UTF8.self))
            } while !scanner.endsRow
          }
        }
        #expect(fields == ["1", "a\nb", "2", "x", "3", "\"q\"\n", "4", "", "5", "6"], "\(size)")
      }
    }
  }
}
