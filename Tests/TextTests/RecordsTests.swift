import Foundations
import Tensors
import Testing

@testable import Text

@Suite struct RecordsTests {
  func parse(_ text: String, _ format: RecordFormat) throws -> Records {
    try Records.parse(Array(text.utf8), format: format, source: "f")
  }

  @Test func csvFollowsRFC4180() throws {
    let records = try parse(
      "text,label\r\n\"a, \"\"b\"\"\nc\",x\r\nplain,\"\"\r\n\r\nlast,y", .csv)
    #expect(records.columns == ["text", "label"])
    #expect(records.rows == [["a, \"b\"\nc", "x"], ["plain", ""], ["last", "y"]])
    #expect(records.lines == [2, 4, 6])
  }

  @Test(arguments: [
    ("text,label\na,b,c\n", "f, line 2: 3 fields, but the header names 2", DomainError.Kind.data),
    ("text,label\nok,x\na\n", "f, line 3: 1 field, but the header names 2", .data),
    (
      "text,label\n\"a\nb\nc,d\n", "f, line 2: the quoted field that starts here never ends", .parse
    ),
    ("text,label\n\"a\"b,c\n", "f, line 2: text behind the closing quote of a field", .parse),
    (
      "text,label\nsay \"hi\",c\n",
      "f, line 2: a quote in the middle of a field that is not quoted", .parse
    ),
    ("text,text\na,b\n", "f, line 1: the column `text` appears twice", .data),
    ("", "f is empty", .data),
    ("\n \n", "f is empty", .data),
  ])
  func malformedCSV(_ text: String, _ message: String, _ kind: DomainError.Kind) {
    let error = failure { _ = try parse(text, .csv) }
    #expect(error?.message == message)
    #expect(error?.kind == kind)
  }

  @Test func tsvHasNoQuoting() throws {
    let records = try parse("text\tlabel\n\"a\" b\tx\r\nc\t\n", .tsv)
    #expect(records.rows == [["\"a\" b", "x"], ["c", ""]])
    #expect(try records.column("label") == ["x", ""])
    #expect(
      failure { _ = try parse("a\tb\nc\n", .tsv) }?.message
        == "f, line 2: 1 field, but the header names 2")
    let missing = failure { _ = try records.column("intent") }
    #expect(missing?.message == "f has no column `intent`; its columns are `text`, `label`")
  }

  @Test func jsonLines() throws {
    let records = try parse(
      """
      {"text": "a \\"b\\" \\u00e9 \\ud83d\\ude00\\n", "label": 3}

      {"label": -1.5e3, "slots": ["O", "B-x"], "deep": {"k": [1, {"a": null}]}, "text": "z", "none": null, "yes": true}
      """, .jsonl)
    #expect(records.columns == ["text", "label", "slots", "deep", "none", "yes"])
    #expect(records.rows[0] == ["a \"b\" é 😀\n", "3", "", "", "", ""])
    #expect(records.rows[1] == ["z", "-1.5e3", "O B-x", "{\"k\": [1, {\"a\": null}]}", "", "true"])
    #expect(records.lines == [1, 3])
  }

  @Test(arguments: [
    ("{\"a\": 1}\n[1]", "f, line 2, column 1: expected a JSON object, which starts with `{`"),
    ("{\"a\": 01}", "f, line 1, column 7: expected a JSON value"),
    ("{\"a\": \"x}", "f, line 1, column 7: the string that starts here never ends"),
    ("{\"a\" 1}", "f, line 1, column 6: expected `:` behind the field name `a`"),
    ("{\"a\": 1,}", "f, line 1, column 9: expected a field name in quotes"),
    ("{\"a\": 1} x", "f, line 1, column 10: text behind the end of the object"),
    ("{\"a\": tru}", "f, line 1, column 7: expected a JSON value"),
    ("{\"a\": \"\\ud800\"}", "f, line 1, column 14: half of a surrogate pair"),
    ("{\"a\": 1.}", "f, line 1, column 9: expected a digit behind the point"),
  ])
  func malformedJSON(_ text: String, _ message: String) {
    let error = failure { _ = try parse(text, .jsonl) }
    #expect(error?.message == message)
    #expect(error?.kind == .parse)
  }

  @Test func deepNestIsRefused() {
    let text = "{\"a\": " + String(repeating: "[", count: 100_000)
    #expect(
      failure { _ = try parse(text, .jsonl) }?.message.contains("nested deeper than 64 levels")
        == true)
  }

  @Test func badUTF8NamesTheLine() {
    for bytes: [UInt8] in [
      [0xFF], [0xC0, 0xAF], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82],
    ] {
      let error = failure {
        _ = try Records.parse(Array("text\nfine é\n".utf8) + bytes, format: .csv, source: "f")
      }
      #expect(error?.kind == .parse)
      #expect(error?.message.hasPrefix("f, line 3: the byte 0x") == true)
    }
  }

  @Test func filesAndGzip() throws {
    // printf 'text,label\nhi,a\n' | gzip -n
    let packed: [UInt8] = [
      31, 139, 8, 0, 0, 0, 0, 0, 2, 3, 43, 73, 173, 40, 209, 201, 73, 76, 74, 205, 225, 202, 200,
      212, 73, 228, 2, 0, 121, 131, 229, 9, 16, 0, 0, 0,
    ]
    let folder = try TemporaryFolder()
    let plain = try folder.write("a.csv", "\u{FEFF}text,label\nhi,a\n")
    #expect(try Records.read(plain).rows == [["hi", "a"]])
    #expect(try Records.read(plain).columns == ["text", "label"])
    let zipped = try folder.write("a.csv.gz", packed)
    #expect(try Records.read(zipped).rows == [["hi", "a"]])
    let joined = try folder.write("j.csv.gz", packed + packed)
    #expect(try Records.read(joined).rows == [["hi", "a"], ["text", "label"], ["hi", "a"]])

    let padded = try folder.write("p.csv.gz", packed + [0, 0, 0])
    #expect(try Records.read(padded).rows == [["hi", "a"]])
    let followed = try folder.write("r.csv.gz", packed + Array("more,rows\n".utf8))
    #expect(
      failure { _ = try Records.read(followed) }?.message.hasSuffix(
        "10 bytes that are not gzip follow its end") == true)

    let cut = try folder.write("cut.csv.gz", Array(packed.dropLast(12)))
    let error = failure { _ = try Records.read(cut) }
    #expect(error?.kind == .data)
    #expect(error?.message.contains("is cut off") == true)
    var flipped = packed
    flipped[12] ^= 0xFF
    let damaged = try folder.write("bad.csv.gz", flipped)
    #expect(failure { _ = try Records.read(damaged) }?.kind == .data)

    let unpacked = try folder.write("plain.csv.gz", "text,label\nhi,a\n")
    #expect(
      failure { _ = try Records.read(unpacked) }?.message.hasSuffix(
        "is not packed by gzip, although its name says so") == true)

    let missing = failure { _ = try Records.read("\(folder.path)/none.csv") }
    #expect(missing?.kind == .io)
    #expect(missing?.message.contains("No such file") == true)
    #expect(failure { _ = try Records.read(folder.path + "/x.doc") }?.kind == .io)
    let document = try folder.write("x.doc", "text")
    #expect(failure { _ = try Records.read(document) }?.kind == .value)
    #expect(failure { _ = try Records.read(folder.path, format: .csv) }?.kind == .io)
  }
}
