import Testing

@testable import Runtime

/// Expected values are CPython 3.11's.
@Suite struct FormattingTests {
  static let shortest: [(Double, String)] = [
    (0.0, "0.0"),
    (-0.0, "-0.0"),
    (1.0, "1.0"),
    (-1.5, "-1.5"),
    (0.1, "0.1"),
    (1e-05, "1e-05"),
    (0.0001, "0.0001"),
    (1.5e-07, "1.5e-07"),
    (1000000000000000.0, "1000000000000000.0"),
    (1e+16, "1e+16"),
    (1.2345678901234568e+16, "1.2345678901234568e+16"),
    (123456789.123, "123456789.123"),
    (1e+22, "1e+22"),
    (1e+100, "1e+100"),
    (.leastNonzeroMagnitude, "5e-324"),
    (1.7976931348623157e+308, "1.7976931348623157e+308"),
    (9_007_199_254_740_992, "9007199254740992.0"),
    (0.30000000000000004, "0.30000000000000004"),
    (100.0, "100.0"),
    (1e-10, "1e-10"),
    (3.141592653589793, "3.141592653589793"),
    (Double.infinity, "inf"),
    (-Double.infinity, "-inf"),
    (Double.nan, "nan"),
  ]

  @Test(arguments: shortest) func shortestFloat(value: Double, text: String) {
    #expect(Formatting.float(value) == text)
  }

  @Test func floatSpecifications() throws {
    for (value, specification, text) in Self.floats {
      #expect(
        try Formatting.format(.float(value), specification, nil) == text,
        "\(value) \(specification)")
    }
  }

  @Test func intSpecifications() throws {
    for (value, specification, text) in Self.ints {
      #expect(
        try Formatting.format(.int(value), specification, nil) == text, "\(value) \(specification)")
    }
  }

  @Test func stringSpecifications() throws {
    for (value, specification, text) in Self.strings {
      let object = StringObject(value)
      #expect(
        try Formatting.format(Value(object), specification, nil) == text,
        "\(value) \(specification)")
    }
  }

  @Test func wrongSpecifications() {
    for specification in [".2d", "q", "1.f", "99999999999999999999", ".99999999f", "s", "abc"] {
      #expect(throws: Fault.self) { try Formatting.format(.int(3), specification, nil) }
    }
    for specification in ["d", "+", ",", "=10", ".2f"] {
      let object = StringObject("x")
      #expect(throws: Fault.self) { try Formatting.format(Value(object), specification, nil) }
    }
  }

  @Test func representation() {
    #expect(
      value(#"{eps: 3.0, "key c": 1, "in": 2, "1a": [true, nil, "q\"\n"]}"#)
        == #"{eps: 3.0, "key c": 1, "in": 2, "1a": [true, nil, "q\"\n"]}"#)
    #expect(value("[0..3, 1..=4 by 2]") == "[0..3, 1..=4 by 2]")
    #expect(value("let l = [1]\nl.append(l)\nl") == "[1, [...]]")
    #expect(value("let m = {}\nm.self = m\nm") == "{self: {...}}")
  }

  @Test func deepAndWideStructures() {
    #expect(
      run("let l = []\nfor i in 0..1000000 { l = [l] }\ncollect()\nprint(len(repr(l)) < 1000)")
        == "true\n")
    #expect(
      value("let a = []\nlet b = []\nfor i in 0..100000 { a = [a]; b = [b] }\na == b")
        == "limit: these values are nested too deeply to be compared")
  }
}

@Suite struct IntTextTests {
  @Test func digits() {
    var values = [0, 9, 10, 99, 100, 999, 1_000, 9_999, 10_000, 99_999, 100_000, Int.max, Int.min]
    values += values.map { $0 == .min ? 0 : -$0 }
    for value in values { #expect(StringOperations.string(of: value).text == String(value)) }
  }
}
