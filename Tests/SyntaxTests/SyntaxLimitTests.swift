// No text may crash the parser, the checker or the release of a tree, however deep or long it is.

import Testing

@testable import Syntax

@Suite struct SyntaxLimitTests {
  static let deep: [String] = [
    String(repeating: "(", count: 100_000), String(repeating: "[", count: 100_000),
    String(repeating: "{a: ", count: 20_000), String(repeating: "-", count: 100_000) + "1",
    String(repeating: "not ", count: 20_000) + "true",
    String(repeating: "x => ", count: 20_000) + "1",
    String(repeating: "(", count: 20_000) + "1" + String(repeating: ")", count: 20_000),
    String(repeating: "f(", count: 20_000) + "1" + String(repeating: ")", count: 20_000),
    String(repeating: "[", count: 20_000) + String(repeating: "]", count: 20_000),
    String(repeating: "if a { ", count: 20_000) + String(repeating: "}", count: 20_000),
    String(repeating: "fn f() { ", count: 20_000) + String(repeating: "}", count: 20_000),
    String(repeating: "2 ** ", count: 20_000) + "1", String(repeating: "f\"{", count: 20_000),
    "1" + String(repeating: " + 1", count: 100_000), "x" + String(repeating: ".y", count: 30_000),
    "f" + String(repeating: "()", count: 30_000), "x" + String(repeating: "[0]", count: 30_000),
    "x" + String(repeating: " |> f", count: 30_000),
    "a" + String(repeating: " and a", count: 30_000),
    "a" + String(repeating: " ?? a", count: 30_000),
    "let " + String(repeating: "[", count: 20_000) + "a" + String(repeating: "]", count: 20_000)
      + " = 1",
    "[1 " + String(repeating: "for x in y ", count: 20_000) + "]",
    String(repeating: "sweep a in ", count: 20_000) + "1",
    String(repeating: "try { ", count: 20_000) + String(repeating: "} finally {}", count: 20_000),
    String(repeating: "a[", count: 20_000) + "1" + String(repeating: "]", count: 20_000),
  ]

  @Test(arguments: deep.indices) func deepTextIsRefused(_ index: Int) {
    guard let errors = failures(Self.deep[index]) else {
      Issue.record("parsed")
      return
    }
    #expect(errors.count < 5, "\(Rendering.render(errors).prefix(2000))")
    for error in errors { #expect(Rendering.render(error).utf8.count < 2_000) }
  }

  static let flat: [String] = [
    "if a { 1 }" + String(repeating: " else if a { 1 }", count: 20_000) + " else { 2 }",
    "[" + String(repeating: "1, ", count: 100_000) + "]",
    "a" + String(repeating: " < a", count: 20_000), String(repeating: "a; ", count: 50_000),
    "f(" + String(repeating: "a, ", count: 50_000) + ")",
    "f\"" + String(repeating: "{a}", count: 20_000) + "\"",
  ]

  @Test(arguments: flat.indices) func longTextIsFlat(_ index: Int) throws {
    let program = try Parsing.parse(Source(name: "t.fl", text: Self.flat[index]))
    _ = Checking.check(program, in: testEnvironment)
  }

  /// What the limits let through is safe for every walk, also when each level uses all that it may.
  static let highest: [String] = [
    "let a = 1\nprint(a" + String(repeating: " + a", count: 900) + ")",
    "let a = 1\nprint(a" + String(repeating: ".b", count: 900) + ")",
    "let a = 1\n" + String(repeating: "print(", count: 120) + "a"
      + String(repeating: ")", count: 120),
    String(repeating: "if true { ", count: 80) + "1" + String(repeating: "}", count: 80),
    "let a = 1\nlet f = " + String(repeating: "(x => ", count: 80) + "a"
      + String(repeating: ")", count: 80),
    "let a = 1\n" + String(repeating: "(a + ", count: 100) + "a"
      + String(repeating: ")", count: 100),
    "let a = 1\n"
      + (0..<8).reduce("a") { text, _ in
        "(" + text + String(repeating: " + a", count: 100) + ")"
      },
  ]

  @Test(arguments: highest.indices) func highestTreesAreSafe(_ index: Int) throws {
    let program = try Parsing.parse(Source(name: "t.fl", text: Self.highest[index]))
    let errors = Checking.check(program, in: testEnvironment).filter { $0.severity == .error }
    #expect(errors.isEmpty, "\(Rendering.render(errors).prefix(2000))")
    _ = Checking.exports(of: program)
  }

  /// A generator of numbers that gives the same sequence for the same seed.
  struct SplitMix: RandomNumberGenerator {
    var state: UInt64
    mutating func next() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var z = state
      z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
      z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
      return z ^ (z >> 31)
    }
  }

  static let words: [String] =
    keywords + Symbol.allCases.map(\.rawValue) + [
      "x", "f", "test", "std", "_", "1", "2.5", "\"a\"", "'b'", "f\"{x:>{w}}\"", "f\"{", "}\"",
      "\"\"\"", "\n", "\n", "\n", " ", "# c\n", "## d\n", "#%% t\n", "def", "is", "lambda",
      "print", "\u{301}", "é", "😀", "\\", "\t", "9223372036854775808", "r\"\\\"", "(", ")", "{",
      "}", "[", "]", ",", ":",
    ]

  @Test(arguments: 0..<40) func randomWordsNeverCrash(_ seed: Int) {
    var random = SplitMix(state: UInt64(seed))
    for _ in 0..<100 {
      let count = Int.random(in: 1...60, using: &random)
      let text = (0..<count).map { _ in Self.words.randomElement(using: &random) ?? "" }
        .joined(separator: Bool.random(using: &random) ? " " : "")
      check(text)
    }
  }

  /// Scripts with pieces cut out, doubled and swapped.
  @Test(arguments: 0..<20) func brokenScriptsNeverCrash(_ seed: Int) {
    var random = SplitMix(state: UInt64(seed) &+ 1_000)
    let scripts = (ParserTests.statements + ParserTests.expressions).map { Array($0.0.utf8) }
    for _ in 0..<100 {
      var bytes: [UInt8] = []
      for _ in 0..<3 { bytes += (scripts.randomElement(using: &random) ?? []) + [10] }
      for _ in 0..<Int.random(in: 1...4, using: &random) where !bytes.isEmpty {
        let index = Int.random(in: 0..<bytes.count, using: &random)
        let other = Int.random(in: 0..<bytes.count, using: &random)
        switch Int.random(in: 0..<3, using: &random) {
        case 0: bytes.remove(at: index)
        case 1: bytes.insert(bytes[other], at: index)
        default: bytes.swapAt(index, other)
        }
      }
      check(String(decoding: bytes, as: UTF8.self))
    }
  }

  private func check(_ text: String) {
    let source = Source(name: "t.fl", text: text)
    _ = Parsing.completeness(of: text)
    do {
      let program = try Parsing.parse(source)
      _ = Rendering.render(Checking.check(program, in: testEnvironment), style: .terminal)
      _ = Checking.declarations(of: program)
    } catch {
      _ = Rendering.render(error.all, style: .html, width: 20)
    }
  }
}
