import Foundation
import Foundations
import JSONValues
import Tensors
import Testing

@testable import Text

/// What the `tokenizers` package made of tricky texts; Scripts/oracles/tokenizers_golden.py writes it.
enum TokenizerGolden {
  static let whole: JSON = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    return (try? JSON.read(root.appendingPathComponent("Golden/tokenizers.json").path)) ?? .null
  }()

  static let cases: [String] = (whole["encoding"]?.array ?? []).compactMap { $0["name"]?.string }

  static func golden(_ name: String) -> JSON? {
    whole["encoding"]?.array?.first { $0["name"]?.string == name }
  }

  static func tokenizer(_ name: String) throws -> SubwordTokenizer {
    let json = try #require(golden(name)?["tokenizer"])
    return try SubwordTokenizer(json: Array(json.text().utf8))
  }
}

@Suite struct TokenizerTests {
  @Test func goldenFileIsThere() {
    #expect(TokenizerGolden.cases.count == 16)
  }

  @Test(arguments: TokenizerGolden.cases)
  func agreesWithTheReference(_ name: String) throws {
    let tokenizer = try TokenizerGolden.tokenizer(name)
    let texts = try #require(TokenizerGolden.golden(name)?["texts"]?.array)
    for item in texts {
      let parts = item["texts"]?.array?.compactMap(\.string) ?? []
      let options = EncodingOptions(
        offsets: true, truncation: tokenizer.truncation, padding: tokenizer.padding)
      let encoding = try tokenizer.encode(
        parts[0], pair: parts.count > 1 ? parts[1] : nil, options: options)
      func numbers(_ key: String) -> [Int] { item[key]?.array?.compactMap(\.integer) ?? [] }
      #expect(encoding.ids.map(Int.init) == numbers("ids"), "\(name): \(parts)")
      #expect(encoding.typeIDs.map(Int.init) == numbers("types"), "\(name): \(parts)")
      #expect(encoding.attentionMask.map(Int.init) == numbers("mask"), "\(name): \(parts)")
      let offsets = item["offsets"]?.array?.map { $0.array?.compactMap(\.integer) ?? [] }
      let ours = encoding.offsets?.map { [$0.lowerBound, $0.upperBound] }
      // Where marks change places, or several code points become one, the package names a part of the origin only.
      // A line's end of two code points that becomes one space is told by its second one here, by its first one there.
      let isRewritten = parts.contains { text in
        text.contains("\r\n") && name == "unigram, compiled rules"
          || text.unicodeScalars.contains { [0x301, 0x307, 0x1112, 0xFF76].contains($0.value) }
      }
      if !isRewritten {
        #expect(ours == offsets, "\(name): \(parts)")
      }
      #expect(try tokenizer.decode(encoding.ids) == item["decoded"]?.string, "\(name): \(parts)")
      #expect(
        try tokenizer.decode(encoding.ids, skipSpecialTokens: true) == item["plain"]?.string,
        "\(name): \(parts)")
      if parts.count == 1, tokenizer.truncation == nil {
        #expect(try tokenizer.encode(parts[0]) == encoding.ids, "\(name): \(parts)")
      }
    }
  }

  @Test(arguments: TokenizerGolden.cases)
  func survivesItsFiles(_ name: String) throws {
    let tokenizer = try TokenizerGolden.tokenizer(name)
    let folder = try TemporaryFolder()
    try TokenizerFolder.save(tokenizer, to: folder.path + "/a/b")
    let whole = try TokenizerFolder.load(folder.path + "/a/b")
    #expect(whole.fingerprint == tokenizer.fingerprint)
    #expect(try whole.json() == tokenizer.json())
    // The older files alone: the same tokens for texts without added tokens.
    try FileManager.default.removeItem(atPath: folder.path + "/a/b/tokenizer.json")
    guard ["byte level", "word pieces", "word pieces, cased"].contains(name) else { return }
    let old = try TokenizerFolder.load(folder.path + "/a/b")
    for text in ["the quick brown fox doesn't", "naïve café 中文字", "[SEP] <|endoftext|>"] {
      #expect(try old.encode(text) == tokenizer.encode(text), "\(name): \(text)")
    }
    #expect(old.specialTokens.end == (name == "byte level" ? 0 : nil))
    #expect(old.specialTokens.padding == (name == "byte level" ? nil : 0))
  }

  @Test func bytesComeBack() throws {
    let tokenizer = try TokenizerGolden.tokenizer("byte level")
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<300 {
      var text = ""
      for _ in 0..<Int.random(in: 0...40, using: &generator) {
        let bound: UInt32 = [0x80, 0x800, 0x10000, 0x110000].randomElement() ?? 0x80
        if let scalar = Unicode.Scalar(UInt32.random(in: 0..<bound, using: &generator)) {
          text.unicodeScalars.append(scalar)
        }
      }
      let ids = try tokenizer.encode(text)
      #expect(try tokenizer.decode(ids).utf8.elementsEqual(text.utf8), "\(text)")
      let offsets = try tokenizer.encode(text, pair: nil, options: EncodingOptions(offsets: true))
      #expect(offsets.ids == ids)
      #expect(offsets.offsets?.last?.upperBound ?? 0 == text.utf8.count)
    }
  }

  @Test func longWordsMergeAlike() throws {
    // The queue of long words and the search of short ones are two ways to one result: cut a long word's text apart
    // where they must agree.
    let tokenizer = try TokenizerGolden.tokenizer("byte level")
    for count in [47, 48, 49, 50, 51, 52, 200, 5000] {
      let ids = try tokenizer.encode(String(repeating: "the", count: count))
      #expect(try tokenizer.decode(ids) == String(repeating: "the", count: count))
      let once = try tokenizer.encode("thethethe")
      if once.count % 3 == 0, count % 3 == 0 {
        #expect(ids.count == once.count / 3 * count)
      }
    }
  }

  @Test func threadsAgree() throws {
    let tokenizer = try TokenizerGolden.tokenizer("word pieces")
    let texts = (0..<500).map {
      "the quick number \($0) naïve words " + String(repeating: "x", count: $0 % 20)
    }
    let before = Parallel.threads
    defer { Parallel.threads = before }
    Parallel.threads = 1
    let one = try tokenizer.encodeBatch(texts)
    Parallel.threads = 2
    #expect(try tokenizer.encodeBatch(texts) == one)
    let padded = try tokenizer.encodeBatch(
      texts, options: EncodingOptions(padding: Padding(multiple: 8, id: 0, token: "[PAD]")))
    #expect(Set(padded.map(\.count)).count == 1 && padded[0].count % 8 == 0)
    #expect(zip(padded, one).allSatisfy { Array($0.ids.prefix($1.count)) == $1 })
  }

  @Test func refusesWhatIsNotText() throws {
    let tokenizer = try TokenizerGolden.tokenizer("byte level")
    #expect(failure { _ = try tokenizer.encode(utf8: [0x61, 0xC3]) }?.kind == .value)
    #expect(failure { _ = try tokenizer.encode(utf8: [0xED, 0xA0, 0x80]) }?.kind == .value)
    #expect(failure { _ = try tokenizer.decode([Int32(tokenizer.vocabularySize)]) }?.kind == .value)
    #expect(failure { _ = try tokenizer.decode([-1]) }?.kind == .value)
    #expect(tokenizer.token(-1) == nil && tokenizer.token(Int32.max) == nil)
    #expect(tokenizer.id(of: "<|endoftext|>") == 0 && tokenizer.vocabularySize == 375)
  }

  @Test func learnsTheSameMerges() throws {
    let learning = try #require(TokenizerGolden.whole["learning"])
    let lines = try #require(learning["lines"]?.array).compactMap(\.string)
    for item in try #require(learning["cases"]?.array) {
      var trainer = BytePairTrainer(
        vocabularySize: item["size"]?.integer ?? 0,
        minimumFrequency: item["frequency"]?.integer ?? 0,
        specialTokens: [ByteLevelBPE.endOfText])
      for line in lines { try trainer.count(line) }
      let merges = try trainer.learn().merges.map { [$0.0, $0.1] }
      #expect(merges == item["merges"]?.array?.map { $0.array?.compactMap(\.string) ?? [] })
      let tokenizer = try trainer.train()
      for line in lines { #expect(try tokenizer.decode(tokenizer.encode(line)) == line) }
    }
    #expect(failure { _ = try BytePairTrainer(vocabularySize: 100).train() }?.kind == .value)
    #expect(
      failure {
        _ = try BytePairTrainer(vocabularySize: 300, specialTokens: ["a", "a"]).train()
      }?.kind == .value)
  }
}
