import Foundations
import Runtime
import Tensors
import Text

/// A tokenizer of words in pieces, in a script.
extension SubwordTokenizer: NativeValue {
  public static let nativeType = NativeType<SubwordTokenizer>(
    "tokenizer", "Turns texts into the tokens of a language model and back."
  ) { type in
    type.representation = { tokenizer, _ in
      "tokenizer of \(NumberText.grouped(tokenizer.vocabularySize)) tokens"
    }
    type.transfer = .share
    type.hasContent()
    type.byteCount = { $0.vocabularySize * 100 }
    type.equals = { $0.fingerprint == $1.fingerprint }
    type.length = { $0.vocabularySize }
    type.contains = { tokenizer, value, _ in
      value.string.map { tokenizer.id(of: $0) != nil } ?? false
    }
    type.field("size", "One past the largest number of a token.") { $0.vocabularySize }
    type.field("end", "The number of the token that ends a text; nil where there is none.") {
      $0.specialTokens.end.map(Int.init)
    }
    type.field("padding", "The number of the token that fills up; nil where there is none.") {
      $0.specialTokens.padding.map(Int.init)
    }
    type.field("fingerprint", "A hash over all tokens with their numbers.") { $0.fingerprint }
    type.methods(TokenizerBuiltins.methods + TokenizerBuiltins.layouts)
  }
}

/// Tokenizers in `text`.
enum TokenizerBuiltins {
  static let natives = [
    Native(
      "tokenizer",
      "A tokenizer from a file or folder. It reads `tokenizer.json`, `vocab.json` with `merges.txt` (GPT-2), `vocab.txt` (BERT), a SentencePiece model (with its own numbers) or a rank file of tiktoken.",
      Param<String>("path", "The file or folder."),
      Param<String?>(
        "pattern",
        "How texts are cut, for a rank file of tiktoken: `\"cl100k\"`, `\"o200k\"`, `\"gpt2\"` or a regular expression.",
        default: nil, named: true),
      returns: "tokenizer", seeAlso: ["text.train_tokenizer", "nn.load"],
      search: [
        "bpe", "wordpiece", "hugging face", "subword", "sentencepiece", "unigram", "tiktoken",
      ],
      context: { (vm: VM, path: String, pattern: String?) in
        try TokenizerFolder.load(try vm.readablePath(path), pattern: pattern)
      }),
    Native(
      "train_tokenizer",
      "Learns a byte-level BPE vocabulary (as GPT-2 has) from texts. It is learnt without privacy: a string that occurs often enough in one person's texts becomes a token.",
      Param<[String]>("texts", "What to learn from."),
      Param<Int>(
        "size", "Tokens in all at most, the 256 bytes included.", default: 8_000,
        .within(257, 1_000_000), named: true),
      Param<Int>(
        "min_count", "Pairs that occur less often do not become a token.", default: 2, .positive,
        named: true),
      Param<[String]>(
        "special", "Tokens that are put in by number only; the first ends a text.",
        default: ["<|endoftext|>"], text: "[\"<|endoftext|>\"]", named: true),
      returns: "tokenizer", seeAlso: ["text.tokenizer"], search: ["bpe", "vocabulary", "subword"],
      examples: [
        (
          "text.train_tokenizer([\"low lower lowest\"], size: 262).encode(\"lower\", special: false)",
          "[258, 69, 82]"
        )
      ],
      context: { (vm: VM, texts: [String], size: Int, minimum: Int, special: [String]) in
        var trainer = BytePairTrainer(
          vocabularySize: size, minimumFrequency: minimum, specialTokens: special)
        for text in texts {
          try vm.checkInterrupt()
          try trainer.count(text)
        }
        return try trainer.train()
      }
    ).abandonable(),
  ]

  /// The spans of tokens in code points: a token of a part of a character stands for the whole of it.
  private static func offsets(
    _ tokenizer: SubwordTokenizer, _ text: String, _ special: Bool
  ) throws -> [[Int]] {
    let encoding = try tokenizer.encode(
      text, pair: nil, options: EncodingOptions(addSpecialTokens: special, offsets: true))
    /// By byte, the code points that start before it.
    var before = [0]
    before.reserveCapacity(text.utf8.count + 1)
    for byte in text.utf8 {
      before.append(before[before.count - 1] + (byte & 0xC0 != 0x80 ? 1 : 0))
    }
    return (encoding.offsets ?? []).map { span in
      let start =
        span.isEmpty || span.lowerBound + 1 >= before.count
        ? before[span.lowerBound] : before[span.lowerBound + 1] - 1
      return [start, before[span.upperBound]]
    }
  }

  private static func batch(
    _ tokenizer: SubwordTokenizer, _ texts: [String], _ pairs: [String]?, _ length: Int?,
    _ special: Bool
  ) throws -> Record {
    guard !texts.isEmpty else {
      throw Fault(.value, "a batch needs at least one text").atArgument(1)
    }
    let filler = tokenizer.specialTokens.padding ?? tokenizer.specialTokens.end ?? 0
    let padding =
      tokenizer.padding ?? Padding(id: filler, token: tokenizer.token(filler) ?? "")
    let encodings = try tokenizer.encodeBatch(
      texts, pairs: pairs,
      options: EncodingOptions(
        addSpecialTokens: special, truncation: length.map { Truncation(length: $0) },
        padding: padding))
    let width = encodings.map(\.count).max() ?? 0
    guard encodings.allSatisfy({ $0.count == width }), width > 0 else {
      throw Fault(
        .value,
        "the texts have between \(encodings.map(\.count).min() ?? 0) and \(width) tokens, which make no tensor",
        hint: "give `length`, and texts that are not all empty")
    }
    let shape: Shape = [texts.count, width]
    func tensor(_ part: (Encoding) -> [Int32]) throws -> Tensor {
      try Tensor(encodings.flatMap(part), shape: shape).cast(to: .i64)
    }
    return Record([
      ("ids", try tensor(\.ids)), ("mask", try tensor(\.attentionMask)),
      ("types", try tensor(\.typeIDs)),
    ])
  }

  static let methods = [
    Native(
      "encode", "The numbers of the tokens of a text or of a pair of texts.",
      Param<SubwordTokenizer>("tokenizer"), Param<String>("text", "The text."),
      Param<String?>("pair", "A second text behind it.", default: nil, named: true),
      Param<Int?>(
        "length", "Tokens at most, special ones included; of a pair the longer text is cut first.",
        default: nil, .positive, named: true),
      Param<Bool>(
        "special", "Whether to add what its model expects around a text (`[CLS]`, `[SEP]`).",
        default: true, named: true),
      returns: "list of int", seeAlso: ["tokenizer.decode", "tokenizer.tokens"]
    ) { tokenizer, text, pair, length, special in
      let options = EncodingOptions(
        addSpecialTokens: special, truncation: length.map { Truncation(length: $0) })
      return try tokenizer.encode(text, pair: pair, options: options).ids.map(Int.init)
    }.abandonable()
  ]

  /// Of many texts, and of places in them.
  static let layouts = [
    Native(
      "batch",
      "The tokens of many texts as tensors {ids, mask, types}, [texts, length] each. `mask` is 0 where a text was filled up, `types` is 1 for the second of a pair. They are filled up to the longest as the tokenizer's file says, else on the right.",
      Param<SubwordTokenizer>("tokenizer"), Param<[String]>("texts", "The texts."),
      Param<[String]?>("pairs", "A second text behind each.", default: nil, named: true),
      Param<Int?>(
        "length", "Tokens at most, special ones included; of a pair the longer text is cut first.",
        default: nil, .positive, named: true),
      Param<Bool>(
        "special", "Whether to add what its model expects around a text.", default: true,
        named: true),
      returns: "map", seeAlso: ["tokenizer.encode"], search: ["attention mask", "padding"]
    ) { tokenizer, texts, pairs, length, special in
      try TokenizerBuiltins.batch(tokenizer, texts, pairs, length, special)
    }.abandonable(),
    Native(
      "offsets",
      "Where in the text each token of `encode` stands, as pairs of code points. The second lies behind its last one; `[0, 0]` stands for tokens that were added.",
      Param<SubwordTokenizer>("tokenizer"), Param<String>("text", "The text."),
      Param<Bool>(
        "special", "Whether to add what its model expects around a text.", default: true,
        named: true),
      returns: "list of list of int", seeAlso: ["tokenizer.encode"]
    ) { tokenizer, text, special in
      try TokenizerBuiltins.offsets(tokenizer, text, special)
    }.abandonable(),
    Native(
      "decode", "The text that tokens stand for.",
      Param<SubwordTokenizer>("tokenizer"), Param<[Int]>("tokens", "Numbers of tokens."),
      Param<Bool>(
        "special", "Whether special tokens are written, too.", default: true, named: true),
      returns: "string", seeAlso: ["tokenizer.encode"]
    ) { tokenizer, tokens, special in
      try tokenizer.decode(
        tokens.map { token in
          guard let token = Int32(exactly: token) else {
            throw Fault(.value, "no token has the number \(token)").atArgument(1)
          }
          return token
        }, skipSpecialTokens: !special)
    }.abandonable(),
    Native(
      "tokens", "A text's tokens as the vocabulary writes them.",
      Param<SubwordTokenizer>("tokenizer"), Param<String>("text", "The text."),
      Param<Bool>(
        "special", "Whether to add what its model expects around a text.", default: true,
        named: true),
      returns: "list of string", seeAlso: ["tokenizer.encode"]
    ) { tokenizer, text, special in
      try tokenizer.encode(text, addSpecialTokens: special).map { tokenizer.token($0) ?? "" }
    }.abandonable(),
    Native(
      "save", "Writes `tokenizer.json` and what goes with it into a folder.",
      Param<SubwordTokenizer>("tokenizer"), Param<String>("folder", "The folder."),
      returns: "nil", seeAlso: ["text.tokenizer"],
      context: { (vm: VM, tokenizer: SubwordTokenizer, folder: String) -> Void in
        try TokenizerFolder.save(tokenizer, to: try vm.writablePath(folder))
      }),
  ]
}
