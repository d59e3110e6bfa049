import Testing

@testable import Syntax

@Suite struct LexerTests {
  static let literals: [(String, String)] = [
    ("42", "42"), ("1_000", "1000"), ("0x1f", "31"), ("0xFF_FF", "65535"), ("0b101", "5"),
    ("0o17", "15"), ("0", "0"), ("00", "0"), ("3.0", "3.0"), ("1.", "1.0"), (".5", "0.5"),
    ("1e-5", "1e-05"), ("1E5", "100000.0"), ("1_0.2_5", "10.25"), ("1e5", "100000.0"),
    ("9223372036854775807", "9223372036854775807"),
    ("-9223372036854775808", "-9223372036854775808"),
    ("True", "true"), ("None", "nil"), ("false", "false"),
    (#""a\tb\n""#, #""a\tb\n""#), (#"'a"b'"#, #""a\"b""#),
    (#""\x41\u0042\u{43}\U00000044""#, #""ABCD""#), (#""\ud83d\ude00""#, #""😀""#),
    (#"r"a\n\"b""#, #""a\\n\\\"b""#), (#"R'\d'"#, #""\\d""#), ("\"\"\"a\r\nb\"\"\"", #""a\nb""#),
    ("\"\"\"a\\\nb\"\"\"", #""ab""#), ("\"\"\"a\"b\"\"\"", #""a\"b""#), (#""\0""#, #""\0""#),
    ("1.max", "1.max"), ("1..3", "(.. 1 3)"), ("x[1:]", "(index x 1::)"), ("x.y", "x.y"),
  ]

  @Test(arguments: literals) func literal(_ text: String, _ expected: String) {
    #expect(parsed(text).replacing("e-05", with: "e-05") == expected)
  }

  static let formats: [(String, String)] = [
    (#"f"eps={eps:.2f}""#, #"(f "eps=" <eps :".2f">)"#),
    (#"f"{{}}""#, #"(f "{}")"#), (#"f"{x!r}""#, "(f <x !r>)"), (#"f"{x!s:>5}""#, #"(f <x :">5">)"#),
    (#"f"{x=}""#, #"(f <"x=" x !r>)"#), (#"f"{x = :.1f}""#, #"(f <"x = " x :".1f">)"#),
    (#"f"{x:{w}.{p}f}""#, #"(f <x :<w> "." <p> "f">)"#),
    (#"f"{d["a"]}""#, #"(f <(index d "a")>)"#), (#"f"{f"{x}"}""#, "(f <(f <x>)>)"),
    (#"f"{ {a: 1}["a"] }""#, #"(f <(index {"a": 1} "a")>)"#), (#"f"{a != b}""#, "(f <(a != b)>)"),
    (#"f"{a == b}""#, "(f <(a == b)>)"), (#"f"{f(a, b: 2)}""#, "(f <(f a b:2)>)"),
    (#"f"{(x => x)(1)}""#, "(f <((fn (x) {x}) 1)>)"), (#"rf"\d{x}""#, #"(f "\\d" <x>)"#),
    ("f\"\"\"a\n{x}\n\"\"\"", #"(f "a\n" <x> "\n")"#), (#"f"\u{41}{x}""#, #"(f "A" <x>)"#),
    (#"f'{x["k"]}'"#, #"(f <(index x "k")>)"#), (#"f"""#, "(f )"),
  ]

  @Test(arguments: formats) func format(_ text: String, _ expected: String) {
    #expect(parsed(text) == expected)
  }

  static let errors: [(String, String)] = [
    ("9223372036854775808", "does not fit into 64 bits"), ("0x1_0000_0000_0000_0000", "64 bits"),
    ("1e999", "too large"), ("1__0", "between two digits"), ("12px", "unexpected `px`"),
    ("007", "cannot start with 0"), ("0xg", "not a hexadecimal"), ("\"abc", "not closed"),
    ("\"\"\"abc", "not closed"), (#""\q""#, "unknown escape"), (#""\ud800""#, "surrogate"),
    (#""\u{110000}""#, "not a Unicode character"), (#""\x4""#, "2 hex digits"),
    (#""\012""#, "octal"), ("\u{1}", "control character U+0001"),
    ("\"a\u{2}b\"", "control character U+0002"), ("let x = “a”", "straight quotes"),
    ("a − b", "minus is written"), ("f\"{x\"", "is not closed"), ("f\"{\"", "is not closed"),
    ("f\"a}b\"", "a single `}`"), ("f\"{x!q}\"", "unknown conversion"), ("f\"{}\"", "is empty"),
    ("f\"abc", "not closed"), ("b\"x\"", "prefix `b`"), ("\u{FFFD}", "not UTF-8"),
    ("f\"{x:>{w}\"", "is not closed"), ("f\"{(}\"", "not closed"),
  ]

  @Test(arguments: errors) func error(_ text: String, _ expected: String) {
    let result = parsed(text)
    #expect(result.hasPrefix("error:") && result.contains(expected), "\(result)")
  }

  @Test func invalidUTF8IsAnErrorWithItsPlace() {
    #expect(throws: Diagnostic.self) {
      try Source.decode(name: "bad.fl", bytes: [0x61, 0x0A, 0x62, 0xFF, 0x63])
    }
    do {
      _ = try Source.decode(name: "bad.fl", bytes: [0x61, 0x0A, 0x62, 0xFF, 0x63])
    } catch {
      #expect(Rendering.render(error).contains("bad.fl:2:2"))
    }
  }

  @Test func byteOrderMarkAndShebangAreSkipped() {
    #expect(parsed("\u{FEFF}#!/usr/bin/env fairlead\n1") == "1")
  }
}
