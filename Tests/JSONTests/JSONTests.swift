import Foundations
import Testing

@testable import JSONValues

@Suite struct JSONTests {
  private func parse(_ text: String) throws(DomainError) -> JSON {
    try JSON.parse(Array(text.utf8), source: "x")
  }

  @Test func values() throws {
    #expect(try parse(" null ") == .null)
    #expect(try parse("[true,false]\n") == .array([.bool(true), .bool(false)]))
    #expect(try parse("-12") == .integer(-12))
    #expect(try parse("9223372036854775807").integer == Int.max)
    #expect(try parse("9223372036854775808") == .number(9_223_372_036_854_775_808))
    #expect(try parse("1.5e2").number == 150)
    #expect(try parse("\"a\\u00e9\\ud83d\\ude00\\n\\\"/\\/\"").string == "aé😀\n\"//")
    #expect(try parse("\"👍🏽\"").string == "👍🏽")
    let object = try parse("{\"b\": 1, \"a\": {\"c\": []}}")
    #expect(object.object?.names == ["b", "a"])
    #expect(object["a"]?["c"] == .array([]))
    #expect(object["c"] == nil && object["a"]?["x"] == nil)
  }

  @Test func namesThatDifferOnlyInTheirFormAreTwoMembers() throws {
    // One code point or two, the same character on the screen: JSON compares code units.
    let few = try parse("{\"\\u00e9\":1,\"e\\u0301\":2}")
    #expect(few.object?.count == 2)
    let fillers = (0..<9).map { "\"k\($0)\":0," }.joined()
    let many = try parse("{\(fillers)\"\\u00e9\":1,\"e\\u0301\":2}")
    #expect(many.object?.count == 11 && many["e\u{301}"] == .integer(2))
  }

  @Test func refusesWithTheByte() {
    let cases: [(String, String)] = [
      ("", "byte 0: the text ends where a value is expected"),
      ("{\"a\":1,\"b\":2,\"a\":3}", "byte 13: the field `a` appears twice in one object"),
      ("[1,]", "byte 3: expected a JSON value"),
      ("[1 2]", "byte 3: expected `,` or `]`"),
      ("{\"a\" 1}", "byte 5: expected `:` behind the field name `a`"),
      ("{a:1}", "byte 1: expected a field name in quotes"),
      ("01", "byte 0: expected a JSON value"),
      ("1.", "byte 2: expected a digit behind the point"),
      ("1e999", "byte 0: the number 1e999 is too large"),
      ("1 2", "byte 2: text behind the end of the value"),
      ("nul", "byte 0: expected a JSON value"),
      ("NaN", "byte 0: expected a JSON value"),
      ("[\"abc", "byte 1: the string that starts here never ends"),
      ("\"a\nb\"", "byte 2: a control character inside a string"),
      ("\"\\x\"", "byte 2: an unknown escape in a string"),
      ("\"\\ud800\"", "byte 7: half of a surrogate pair"),
      ("\"\\u12g4\"", "byte 5: expected four hexadecimal digits behind `\\u`"),
      ("{\"a\":1", "byte 6: expected `,` or `}`"),
    ]
    for (text, message) in cases {
      #expect(failure { _ = try parse(text) }?.message == "x, \(message)", "\(text)")
    }
    #expect(
      failure { _ = try JSON.parse([0x22, 0xFF, 0x22], source: "x") }?.message
        == "x, byte 1: the byte 0xff is not UTF-8")
  }

  @Test func manyMembersAndDuplicatesAmongThem() throws {
    let members = (0..<100).map { "\"k\($0)\":\($0)" }
    let whole = try parse("{" + members.joined(separator: ",") + "}")
    #expect(whole["k57"] == .integer(57) && whole.object?.count == 100)
    for i in [0, 7, 8, 9, 99] {
      let text = "{" + members.joined(separator: ",") + ",\"k\(i)\":0}"
      #expect(failure { _ = try parse(text) }?.message.contains("`k\(i)` appears twice") == true)
    }
    var object = try #require(whole.object)
    object["k5"] = nil
    object["k57"] = .null
    #expect(object.count == 99 && object["k5"] == nil && object["k57"] == .null)
    #expect(object["k98"] == .integer(98))
  }

  @Test func depthIsBounded() throws {
    let deep = { String(repeating: "[", count: $0) + String(repeating: "]", count: $0) }
    _ = try parse(deep(64))
    #expect(
      failure { _ = try parse(deep(65)) }?.message == "x, byte 64: nested deeper than 64 levels")
    #expect(failure { _ = try parse(String(repeating: "{\"a\":", count: 1_000_000)) } != nil)
  }

  @Test func writesWhatItReads() throws {
    let text = "{\"a\":[1,-2.5,1e-05,true,null,\"q\\\"\\\\\\n\\u0001é😀\"],\"e\":{},\"l\":[]}"
    let value = try parse(text)
    #expect(try value.text() == text)
    #expect(try parse(value.text(indent: 2)) == value)
    #expect(
      try JSON.object(["a": .array([.integer(1)]), "b": .array([])]).text(indent: 2)
        == "{\n  \"a\": [\n    1\n  ],\n  \"b\": []\n}")
    #expect(failure { _ = try JSON.number(.infinity).text() }?.kind == .value)
  }

  @Test func cutAnywhereIsAnErrorNotATrap() throws {
    let bytes = Array(
      "{\"a\":[1,-2.5e3,true,null,\"q\\u00e9\\ud83d\\ude00é😀\"],\"e\":{\"x\":false}}".utf8)
    for count in 0..<bytes.count {
      #expect(failure { _ = try JSON.parse(Array(bytes[..<count]), source: "x") }?.kind == .parse)
    }
    // Every byte replaced by others: read or refused, never a trap.
    for place in bytes.indices {
      for byte in [0, 0x22, 0x2C, 0x5B, 0x5C, 0x5D, 0x7B, 0x7D, 0x80, 0xFF] as [UInt8] {
        var changed = bytes
        changed[place] = byte
        _ = failure { _ = try JSON.parse(changed, source: "x") }
      }
    }
  }
}

/// The error that `body` throws; nil where it throws none.
private func failure(_ body: () throws -> Void) -> DomainError? {
  do {
    try body()
    return nil
  } catch {
    return error as? DomainError
  }
}
