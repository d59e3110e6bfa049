import Foundation
import Foundations
import JSONValues
import Tensors
import Testing

@testable import Text

/// Files that are cut off, contradict themselves or ask for what is not supported.
@Suite struct TokenizerFileTests {
  private func load(_ text: String) -> DomainError? {
    failure { _ = try SubwordTokenizer(json: Array(text.utf8), source: "t") }
  }

  private func file(
    model: String =
      #"{"type":"BPE","vocab":{"a":0,"b":1,"ab":2},"merges":[["a","b"]]}"#,
    _ others: String = ""
  ) -> String {
    #"{"version":"1.0","model":\#(model)\#(others)}"#
  }

  @Test func soundOnes() throws {
    #expect(load(file()) == nil)
    let old = try SubwordTokenizer(
      json: Array(
        file(model: #"{"vocab":{"a":0,"b":1,"ab":2},"merges":["a b"]}"#).utf8))
    #expect(try old.encode("ab") == [2])
    #expect(
      try old.encode("axb") == [2], "what is not in the vocabulary is dropped, as in the package")
  }

  @Test func refusals() {
    func bpe(_ vocabulary: String, _ merges: String, _ rest: String = "") -> String {
      file(model: #"{"type":"BPE","vocab":\#(vocabulary),"merges":\#(merges)\#(rest)}"#)
    }
    let ab = #"{"a":0,"b":1,"ab":2}"#
    let cases: [(String, String)] = [
      (file().replacingOccurrences(of: "1.0", with: "2.0"), "the version `2.0` is not supported"),
      (bpe(#"{"a":0,"b":0}"#, "[]"), "the number 0 belongs to two tokens, `a` and `b`"),
      (bpe(#"{"a":0,"a":1}"#, "[]"), "the field `a` appears twice"),
      (bpe(#"{"a":-1}"#, "[]"), "not within 0 and"),
      (bpe(#"{"a":99999999999}"#, "[]"), "not within 0 and"),
      (bpe(#"{"a":1.5}"#, "[]"), "must be an integer"),
      (bpe(ab, #"[["a","c"]]"#), "merge 1 names `c`"),
      (bpe(ab, #"[["b","a"]]"#), "merge 1 makes `ba`"),
      (bpe(ab, #"[["a","b"],["a","b"]]"#), "merge 2, `a` and `b`, comes twice"),
      (bpe(ab, #"["ab"]"#), "merge 1 must be two tokens"),
      (bpe(ab, #"[["a","b","c"]]"#), "merge 1 must be two tokens"),
      (bpe(ab, "[]", #","dropout":0.1"#), "`dropout`"),
      (bpe(ab, "[]", #","unk_token":"x""#), "the unknown token `x`"),
      (bpe(ab, "[]", #","surprise":1"#), "the field `surprise` is not supported"),
      (file(model: #"{"type":"Other","vocab":[]}"#), "the model `Other`"),
      (
        file(model: #"{"type":"Unigram","vocab":[["a"]]}"#),
        "vocab[0] must be a token and its score"
      ),
      (
        file(model: #"{"type":"Unigram","vocab":[["a",-1]],"unk_id":1}"#),
        "the unknown token is number 1"
      ),
      (
        file(model: #"{"type":"WordLevel","vocab":{"a":0},"unk_token":"b"}"#),
        "the unknown token `b`"
      ),
      (file(model: #"{"type":"WordPiece","vocab":{},"unk_token":"[UNK]"}"#), "`[UNK]`"),
      (file(#","normalizer":{"type":"Other"}"#), "the normalizer `Other`"),
      (
        file(#","normalizer":{"type":"Precompiled","precompiled_charsmap":"AAAA"}"#),
        "rules of normalisation are damaged"
      ),
      (file(#","normalizer":{"type":"Precompiled","precompiled_charsmap":"A"}"#), "Base64"),
      (
        file(#","normalizer":{"type":"Replace","pattern":{"Regex":"a*"},"content":""}"#),
        "matches the empty text"
      ),
      (file(#","pre_tokenizer":{"type":"UnicodeScripts"}"#), "the pre-tokenizer `UnicodeScripts`"),
      (file(#","pre_tokenizer":{"type":"Metaspace","replacement":"ab"}"#), "one character"),
      (file(#","pre_tokenizer":{"type":"FixedLength","length":0}"#), "the length 0"),
      (
        file(
          #","pre_tokenizer":{"type":"Sequence","pretokenizers":[{"type":"ByteLevel"},{"type":"Digits"}]}"#
        ), "behind the byte-level one"
      ),
      (
        file(
          #","pre_tokenizer":{"type":"Split","pattern":{"Regex":"(?<=x)y"},"behavior":"Isolated"}"#),
        "a group of this kind"
      ),
      (file(#","decoder":{"type":"Other"}"#), "the decoder `Other`"),
      (file(#","post_processor":{"type":"Other"}"#), "the post-processor `Other`"),
      (
        file(#","post_processor":{"type":"BertProcessing","sep":["x",9],"cls":["a",0]}"#),
        "`x` has the number 9"
      ),
      (file(#","added_tokens":[{"id":1,"content":"a"}]"#), "contradicts another token"),
      (file(#","added_tokens":[{"id":1,"content":"z"}]"#), "contradicts another token"),
      (
        file(#","added_tokens":[{"id":3,"content":"z"},{"id":4,"content":"z"}]"#),
        "contradicts another token"
      ),
      (file(#","added_tokens":[{"id":3,"content":""}]"#), "the added token ``"),
      (file(#","added_tokens":[{"id":2147483648,"content":"z"}]"#), "`id` must be an integer"),
      (file(#","truncation":{"max_length":-1}"#), "`max_length`"),
      (file(#","padding":{"strategy":"Sideways"}"#), "`strategy`"),
      (#"{"version":"1.0"}"#, "`model` must be an object, but is missing"),
      ("[]", "must be an object, but is a list"),
      (String(repeating: "[", count: 100_000), "nested deeper than"),
    ]
    for (text, part) in cases {
      let error = load(text)
      #expect(
        error?.message.contains(part) == true,
        "\(text.prefix(200)): \(error?.message ?? "accepted")")
      #expect(error?.message.hasPrefix("t") == true, "\(text.prefix(200))")
    }
  }

  @Test func cutOffOrChangedAnywhere() throws {
    let whole = Array(try TokenizerGolden.tokenizer("truncated and padded").json().utf8)
    for count in stride(from: 0, to: whole.count - 1, by: 37) {
      #expect(failure { _ = try SubwordTokenizer(json: Array(whole[..<count])) } != nil)
    }
    var generator = SystemRandomNumberGenerator()
    for _ in 0..<400 {
      var changed = whole
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        changed[Int.random(in: changed.indices, using: &generator)] = UInt8.random(in: 0...255)
      }
      // Refused or read; what was read encodes without a trap.
      _ = failure {
        let tokenizer = try SubwordTokenizer(json: changed)
        let ids = try tokenizer.encode("the quick naïve 中 fox")
        _ = try tokenizer.decode(ids)
      }
    }
  }

  @Test func folders() throws {
    let folder = try TemporaryFolder()
    #expect(failure { _ = try TokenizerFolder.load(folder.path + "/no") }?.kind == .io)
    #expect(
      failure { _ = try TokenizerFolder.load(folder.path) }?.message.contains("holds no tokenizer")
        == true)
    try folder.write("g/vocab.json", #"{"a":0,"b":1,"ab":2,"<|endoftext|>":3}"#)
    try folder.write("g/merges.txt", "#version: 0.2\na b\n")
    let tokenizer = try TokenizerFolder.load(folder.path + "/g")
    #expect(try tokenizer.encode("ab<|endoftext|>ba") == [2, 3, 1, 0])
    #expect(tokenizer.specialTokens.end == 3)
    try folder.write("g/merges.txt", "#version: 0.2\na b\na\n")
    #expect(
      failure { _ = try TokenizerFolder.load(folder.path + "/g") }?.message.contains(
        "merges.txt, line 3") == true)
    try folder.write("g/merges.txt", [0x61, 0x20, 0xFF, 0x0A])
    #expect(failure { _ = try TokenizerFolder.load(folder.path + "/g") }?.kind == .parse)
    try folder.write("g/merges.txt", "a b\n")
    try folder.write("g/tokenizer_config.json", #"{"tokenizer_class":"LlamaTokenizer"}"#)
    #expect(
      failure { _ = try TokenizerFolder.load(folder.path + "/g") }?.message.contains(
        "LlamaTokenizer") == true)
    try folder.write("g/tokenizer_config.json", #"{"eos_token":"</s>"}"#)
    #expect(
      failure { _ = try TokenizerFolder.load(folder.path + "/g") }?.message.contains("</s>") == true
    )

    try folder.write("b/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\nA\na\n##b\n")
    try folder.write(
      "b/tokenizer_config.json", #"{"do_lower_case":false,"tokenizer_class":"BertTokenizerFast"}"#)
    let cased = try TokenizerFolder.load(folder.path + "/b")
    #expect(try cased.encode("A ab [PAD] c") == [2, 4, 5, 6, 0, 1, 3])
    try folder.write("b/tokenizer_config.json", #"{"do_lower_case":true}"#)
    #expect(try TokenizerFolder.load(folder.path + "/b").encode("A") == [2, 5, 3])
    try folder.write("b/vocab.txt", "[UNK]\n[CLS]\na\na\n")
    #expect(
      failure { _ = try TokenizerFolder.load(folder.path + "/b") }?.message.contains("two numbers")
        == true)
    try folder.write("b/vocab.txt", "[UNK]\n[CLS]\na\n")
    #expect(
      failure { _ = try TokenizerFolder.load(folder.path + "/b") }?.message.contains("[SEP]")
        == true)
  }

  /// The class that a saved folder names: the stock one only where it makes the same tokenizer of the older files.
  @Test func classOfASavedFolder() throws {
    let folder = try TemporaryFolder()
    func saved(_ tokenizer: SubwordTokenizer) throws -> (name: String?, inputs: Int?) {
      try TokenizerFolder.save(tokenizer, to: folder.path + "/s")
      let config = try JSON.read(folder.path + "/s/tokenizer_config.json")
      return (config["tokenizer_class"]?.string, config["model_input_names"]?.array?.count)
    }
    try folder.write("g/vocab.json", #"{"a":0,"b":1,"ab":2,"<|endoftext|>":3}"#)
    try folder.write("g/merges.txt", "a b\n")
    let stock = try TokenizerFolder.load(folder.path + "/g")
    #expect(try saved(stock) == ("GPT2Tokenizer", 2))
    let json = try #require(try JSON.read(folder.path + "/s/tokenizer.json").object)
    /// The same with another part of tokenizer.json.
    func changed(_ name: String, _ value: JSON) throws -> SubwordTokenizer {
      var object = json
      object[name] = value
      try folder.write("c/tokenizer.json", try JSON.object(object).text())
      return try TokenizerFolder.load(folder.path + "/c")
    }
    #expect(try saved(changed("normalizer", .null)).name == "GPT2Tokenizer")
    for kind in ["NFKC", "NFC", "Lowercase"] {
      #expect(
        try saved(changed("normalizer", ["type": .string(kind)])) == ("PreTrainedTokenizerFast", 2))
    }
    #expect(
      try saved(changed("pre_tokenizer", ["type": "Whitespace"])).name == "PreTrainedTokenizerFast")
    #expect(
      try saved(
        changed(
          "post_processor",
          [
            "type": "TemplateProcessing",
            "single": .array([
              ["SpecialToken": ["id": "<|endoftext|>", "type_id": .integer(0)]],
              ["Sequence": ["id": "A", "type_id": .integer(0)]],
            ]),
            "pair": .array([
              ["Sequence": ["id": "A", "type_id": .integer(0)]],
              ["Sequence": ["id": "B", "type_id": .integer(0)]],
            ]),
            "special_tokens": [
              "<|endoftext|>": [
                "id": "<|endoftext|>", "ids": .array([.integer(3)]),
                "tokens": .array(["<|endoftext|>"]),
              ]
            ],
          ])
      ).name == "PreTrainedTokenizerFast")
    // A token of its own that is matched as a whole: the stock class would not know it from the older files.
    var tokens = json["added_tokens"]?.array ?? []
    tokens.append([
      "id": .integer(2), "content": "ab", "single_word": .bool(true), "lstrip": .bool(false),
      "rstrip": .bool(false), "normalized": .bool(false), "special": .bool(false),
    ])
    #expect(
      try saved(changed("added_tokens", .array(tokens))).name == "PreTrainedTokenizerFast")
    try folder.write("b/vocab.txt", "[PAD]\n[UNK]\n[CLS]\n[SEP]\n[MASK]\nA\na\n##b\n")
    #expect(try saved(TokenizerFolder.load(folder.path + "/b")) == ("BertTokenizer", 3))
  }

  @Test(.enabled(if: TestData.has("gpt2_tokenizer"), "the vocabulary of GPT-2 is not here"))
  func realOne() throws {
    let tokenizer = try TokenizerFolder.load(TestData.path("gpt2_tokenizer"))
    #expect(tokenizer.vocabularySize == 50_257 && tokenizer.specialTokens.end == 50_256)
    #expect(try tokenizer.encode("Hello world") == [15_496, 995])
    let folder = try TemporaryFolder()
    try TokenizerFolder.save(tokenizer, to: folder.path)
    let clock = ContinuousClock()
    let time = try clock.measure { _ = try TokenizerFolder.load(folder.path) }
    print("tokenizer.json of GPT-2 read in \(time)")
    #expect(time < .seconds(2))
    #expect(try TokenizerFolder.load(folder.path).fingerprint == tokenizer.fingerprint)
  }
}
