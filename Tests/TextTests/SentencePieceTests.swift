import Foundation
import Foundations
import JSONValues
import Testing

@testable import Text

/// What `sentencepiece` and `tiktoken` made of texts; Scripts/oracles/sentencepiece_golden.py writes it.
@Suite struct SentencePieceTests {
  static let cases: [JSON] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    return (try? JSON.read(root.appendingPathComponent("Golden/sentencepiece.json").path))?.array
      ?? []
  }()

  private func model(_ item: JSON) throws -> [UInt8] {
    try #require(Base64.bytes((item["model"]?.string ?? "").utf8))
  }

  private func tokenizer(_ item: JSON, _ bytes: [UInt8]) throws -> SubwordTokenizer {
    if let pattern = item["pattern"]?.string {
      return try TiktokenFile.tokenizer(bytes, pattern: pattern, source: "t")
    }
    return try SentencePieceTokenizer.bare(bytes, source: "t")
  }

  @Test func agreesWithTheReference() throws {
    #expect(Self.cases.count >= 8)
    for item in Self.cases {
      let name = item["name"]?.string ?? ""
      let tokenizer = try tokenizer(item, try model(item))
      var wrong = 0
      for answer in item["texts"]?.array ?? [] {
        let text = answer["text"]?.string ?? ""
        let ids = try tokenizer.encode(text)
        let decoded = try tokenizer.decode(ids)
        let isEqual =
          ids.map(Int.init) == answer["ids"]?.array?.compactMap(\.integer)
          && decoded.utf8.elementsEqual((answer["decoded"]?.string ?? "").utf8)
        if !isEqual { wrong += 1 }
        if !isEqual, wrong < 4 {
          Issue.record(
            "\(name): \(text.debugDescription) gives \(ids) \(decoded.debugDescription), but \(answer)"
          )
        }
      }
      #expect(wrong == 0, "\(name)")
    }
  }

  @Test func cutOffOrChangedAnywhere() throws {
    var generator = SystemRandomNumberGenerator()
    for item in Self.cases.prefix(8) {
      let whole = try model(item)
      for _ in 0..<60 {
        var changed = whole
        for _ in 0..<Int.random(in: 1...4, using: &generator) {
          changed[Int.random(in: changed.indices, using: &generator)] = UInt8.random(in: 0...255)
        }
        if Bool.random(using: &generator) {
          changed.removeLast(Int.random(in: 0..<changed.count, using: &generator))
        }
        // Refused or read; what was read encodes without a trap.
        do {
          let tokenizer = try tokenizer(item, changed)
          let ids = try tokenizer.encode("the quick naïve 中 fox")
          _ = try tokenizer.decode(ids)
        } catch is DomainError {}
      }
    }
    #expect(failure { _ = try SentencePieceTokenizer.bare([], source: "t") }?.kind == .data)
  }
}

/// The regular expressions of tokenizers.
@Suite struct PatternTests {
  private func pieces(
    _ expression: String, _ text: String, _ dialect: PatternDialect = .oniguruma
  ) throws -> [String] {
    let pattern = try Pattern(expression, dialect: dialect, place: "t")
    let bytes = Array(text.utf8)
    return bytes.withUnsafeBufferPointer { bytes in
      var pieces: [String] = []
      var start = 0
      while start < bytes.count {
        let (end, isMatch) = pattern.span(bytes, from: start, to: bytes.count)
        let piece = String(decoding: bytes[start..<end], as: UTF8.self)
        pieces.append(isMatch ? piece : "-" + piece)
        start = end
      }
      return pieces
    }
  }

  @Test func preference() throws {
    #expect(try pieces("a|ab", "abab") == ["a", "-b", "a", "-b"], "the first alternative counts")
    #expect(try pieces("ab|a", "aba") == ["ab", "a"])
    #expect(try pieces("a+?", "aaa") == ["a", "a", "a"])
    #expect(try pieces("a{2,3}", "aaaaaaa") == ["aaa", "aaa", "-a"])
    #expect(try pieces(#"\s+(?!\S)|\s+"#, "   x  ") == ["  ", " ", "-x", "  "])
    #expect(try pieces("(?i:k's)", "K'S \u{212A}'ſ") == ["K'S", "- ", "\u{212A}'ſ"])
    #expect(try pieces("[a-c&&[^b]]+", "abcca") == ["a", "-b", "cca"])
    #expect(try pieces(#"\p{N}{1,3}+"#, "12345", .rust) == ["123", "45"])
    #expect(try pieces(#"\p{N}{1,3}+"#, "12345") == ["12345"], "Ruby repeats the repetition")
    #expect(try pieces("x$", "x\nx") == ["x", "-\n", "x"])
    #expect(try pieces("x$", "x\nx", .rust) == ["-x\n", "x"])
    #expect(try pieces(#"[\p{Lu}\p{Han}]"#, "aÉ中") == ["-a", "É", "中"])
  }

  @Test func refusals() {
    for (expression, part) in [
      ("(?<=a)b", "a group of this kind"), ("a*", "matches the empty text"), ("(a", "without end"),
      ("a)", "unopened"), ("[a", "class without end"), ("a{2,1}", "reversed"), ("^a", "`^`"),
      (#"\p{Nope}"#, "the property `Nope`"), (#"a\b"#, #"`\b`"#), ("a++a", "holds back"),
      ("(?!ab)c", "more than one character"), (#"(a)\1"#, #"`\1`"#), ("+a", "nothing to repeat"),
      ("((a{1000}){1000}){1000}", "too large"), ("[[:alpha:]]", "POSIX"), ("[b-a]", "ends before"),
      (String(repeating: "(", count: 500), "deeper than"), ("\\", #"a `\`"#),
    ] {
      let error = failure { _ = try Pattern(expression, dialect: .rust, place: "t") }
      #expect(
        error?.message.contains(part) == true, "\(expression): \(error?.message ?? "accepted")")
    }
  }
}
