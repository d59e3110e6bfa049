import Runtime
import Text

/// The module `text`.
enum TextBuiltins {
  static let module = Module(
    "text", "Texts: tokens, vocabularies, role reversal.",
    natives: (natives + ReversalBuiltins.natives).abandonable() + TokenizerBuiltins.natives
      + TokenBlockBuiltins.natives + WordVectorBuiltins.natives + TextFileBuiltins.natives
      + TextMetricBuiltins.natives + GenerationBuiltins.natives + TextScoreBuiltins.natives
      + EmbeddingBuiltins.natives + PrivateTextBuiltins.natives
      + AdeptBuiltins.natives)

  /// The rule on parameters that name a tokenizer.
  static let tokenizers = Rule.oneOf(WordSplitter.allCases.map(\.rawValue))
  private static let natives = [
    Native(
      "lower", "The text in lower case.", Param<StringArgument>("text", "The text."),
      returns: "string",
      seeAlso: ["text.tokens"], examples: [("text.lower(\"Ünder\")", "ünder")]
    ) { vm, text in try CoreBuiltins.lowered(text, vm) },
    Native(
      "upper", "The text in upper case.", Param<StringArgument>("text", "The text."),
      returns: "string",
      seeAlso: ["text.lower"], examples: [("text.upper(\"Ünder\")", "ÜNDER")]
    ) { vm, text in try CoreBuiltins.raised(text, vm) },
    Native(
      "tokens",
      "The text cut into tokens. They are \"words\" (lower-cased, punctuation set apart), \"whitespace\" (nothing changed) or \"characters\".",
      Param<StringArgument>("text", "The text."),
      Param<String>("tokenizer", "How it is cut.", default: "words", tokenizers),
      returns: "list of string", seeAlso: ["text.vocabulary"],
      search: ["tokenize", "split", "words"],
      examples: [("text.tokens(\"Don't stop!\")", "[\"don't\", \"stop\", \"!\"]")]
    ) { vm, text, tokenizer in
      let splitter = WordSplitter(rawValue: tokenizer) ?? .words
      let result = ListObject()
      let list = vm.adopt(result)
      for piece in TextSearch.pieces(of: text.bytes) {
        let tokens = splitter.tokens(String(decoding: piece, as: UTF8.self))
        for (index, token) in tokens.enumerated() {
          try vm.append(StringObject(token), to: result)
          try vm.checkInterrupt(turn: index)
        }
        try vm.checkInterrupt()
      }
      return list
    },
    Native(
      "vocabulary", "Numbers for the words of texts, the most frequent first.",
      Param<[String]>("texts", "The texts to count."),
      Param<Int>("min_count", "Rarer words are unknown.", default: 1, .positive, named: true),
      Param<Int?>(
        "max_words", "The most words kept; nil keeps all.", default: nil, .positive, named: true),
      Param<String>("tokenizer", "How texts are cut.", default: "words", tokenizers, named: true),
      returns: "vocabulary", seeAlso: ["nn.embedding"], search: ["dictionary", "count"],
      examples: [
        ("text.vocabulary([\"a b\", \"b c\"]).words", "[\"<pad>\", \"<unk>\", \"b\", \"a\", \"c\"]")
      ]
    ) { texts, minimum, limit, tokenizer in
      try Vocabulary(
        counting: texts, tokenizer: WordSplitter(rawValue: tokenizer) ?? .words,
        minimumFrequency: minimum, limit: limit)
    },
  ]
}
