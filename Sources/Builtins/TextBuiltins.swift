import Runtime
import Text

/// One word that role reversal replaced, in a script.
extension RoleChange: NativeValue {
  public static let nativeType = NativeType<RoleChange>(
    "change", "A word that role reversal replaced."
  ) { type in
    type.representation = { change, _ in "\(change.from)→\(change.to)" }
    type.transfer = .share
    type.equals = { $0 == $1 }
    type.field("from", "The word as it was.") { $0.from }
    type.field("to", "What took its place.") { $0.to }
    type.field("category", "The lexicon's category: pronoun, kinship, title, name ….") {
      $0.category
    }
    type.field("start", "Where it starts in the text given.") { $0.codePoints.lowerBound }
    type.field("end", "Where it ends, exclusive.") { $0.codePoints.upperBound }
    type.field("invertible", "Whether reversing again leads back to this word.") {
      $0.isInvertible
    }
  }
}

/// The module `text`.
enum TextBuiltins {
  static let module = Module(
    "text", "Texts: tokens, vocabularies, role reversal.",
    natives: natives + TokenizerBuiltins.natives + TokenBlockBuiltins.natives
      + GenerationBuiltins.natives)

  /// The rule on parameters that name a tokenizer.
  static let tokenizers = Rule.oneOf(WordSplitter.allCases.map(\.rawValue))
  private static let names = Rule.oneOf(["keep", "swap"])

  private static let oneWay = Rule.oneOf(RoleReversal.OneWay.allCases.map(\.rawValue))

  private static func reversal(_ names: String, _ oneWay: String) -> RoleReversal {
    var reversal = names == "swap" ? RoleReversal.standardWithNames : .standard
    reversal.oneWay = .init(rawValue: oneWay) ?? .change
    return reversal
  }

  private static let natives = [
    Native(
      "lower", "The text in lower case.", Param<String>("text", "The text."), returns: "string",
      seeAlso: ["text.tokens"], examples: [("text.lower(\"Ünder\")", "ünder")]
    ) { $0.lowercased() },
    Native(
      "upper", "The text in upper case.", Param<String>("text", "The text."), returns: "string",
      seeAlso: ["text.lower"], examples: [("text.upper(\"Ünder\")", "ÜNDER")]
    ) { $0.uppercased() },
    Native(
      "tokens",
      "The text cut into tokens: \"words\" (lower-cased, punctuation set apart), \"whitespace\" (nothing changed) or \"characters\".",
      Param<String>("text", "The text."),
      Param<String>("tokenizer", "How it is cut.", default: "words", tokenizers),
      returns: "list of string", seeAlso: ["text.vocabulary"],
      search: ["tokenize", "split", "words"],
      examples: [("text.tokens(\"Don't stop!\")", "[\"don't\", \"stop\", \"!\"]")]
    ) { text, tokenizer in (WordSplitter(rawValue: tokenizer) ?? .words).tokens(text) },
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
      Vocabulary(
        counting: texts, tokenizer: WordSplitter(rawValue: tokenizer) ?? .words,
        minimumFrequency: minimum, limit: limit)
    },
    Native(
      "swap_gender",
      "The text with every gendered word exchanged for its counterpart; case, spaces and punctuation stay. Swapping twice gives the text back, unless a word was changed that shares its counterpart (`Mrs.`); see `one_way`.",
      Param<String>("text", "The text."),
      Param<String>(
        "names", "Whether common given names are exchanged, too.", default: "keep", names,
        named: true),
      Param<String>(
        "one_way",
        "What happens to words that share their counterpart (`Mrs.`) and would not come back: \"change\" or \"keep\".",
        default: "change", oneWay, named: true),
      returns: "string", seeAlso: ["text.role_reversal"],
      search: ["counterfactual", "he", "she", "augmentation", "fairness"],
      examples: [("text.swap_gender(\"She lost her hat.\")", "He lost his hat.")]
    ) { text, names, oneWay in reversal(names, oneWay).reverse(text) },
    Native(
      "role_reversal", "As `text.swap_gender`, with the words that changed: {text, changes}.",
      Param<String>("text", "The text."),
      Param<String>(
        "names", "Whether common given names are exchanged, too.", default: "keep", names,
        named: true),
      Param<String>(
        "one_way",
        "What happens to words that share their counterpart (`Mrs.`) and would not come back: \"change\" or \"keep\".",
        default: "change", oneWay, named: true),
      returns: "map", seeAlso: ["text.swap_gender"], search: ["counterfactual", "log"],
      examples: [
        (
          "text.role_reversal(\"She thanked her doctor, Mr. Smith.\").changes",
          "[She→He, her→his, Mr→Ms]"
        )
      ]
    ) { text, names, oneWay in
      let result = reversal(names, oneWay).reversal(of: text)
      return Record([("text", result.text), ("changes", result.changes)])
    },
  ]
}
