import Files
import Foundations
import Runtime
import Tensors
import Text

/// Role reversal in `text`: with the built-in lexicon, or with one's own lexicon, names and tagger.
enum ReversalBuiltins {
  private static let text = Param<String>("text", "The text.")
  private static let names = Param<NamePairs>(
    "names",
    "Given names: \"keep\" them, \"swap\" the common ones of the built-in pairing (European, African-American, Hispanic, Indian, East Asian and Arabic names, each within its origin), or the path of a file of pairs (masculine, feminine, and an origin or nothing, divided by tabs).",
    default: NamePairs(names: nil), text: "\"keep\"", named: true)
  /// Augmentation and counterfactuals want every gendered word changed; a function of that name, that swapping twice
  /// undoes it.
  private static func oneWay(_ standard: RoleReversal.OneWay) -> Param<String?> {
    Param<String?>(
      "one_way",
      "What happens to words that would not come back, since they share their counterpart (`Mrs.`) or read as another word in the changed text: \"change\" or \"keep\"; nil is \"\(standard.rawValue)\", or what the reverser does.",
      default: nil, .oneOf(RoleReversal.OneWay.allCases.map(\.rawValue)), named: true)
  }
  private static let reverser = Param<Reverser?>(
    "reverser", "One that `text.reverser` made, in place of the built-in one.", default: nil,
    named: true)

  private static func make(
    _ names: NamePairs, _ oneWay: String?, _ own: Reverser?, standard: RoleReversal.OneWay
  ) throws -> RoleReversal {
    if let own {
      guard names.isDefault, oneWay == nil else {
        throw Fault(.value, "a reverser has its own names and one-way words: leave those out")
      }
      return own.reversal
    }
    var reversal: RoleReversal
    switch names.names {
    case nil: reversal = .standard
    case .standard: reversal = .standardWithNames
    case .some(let pairs): reversal = try RoleReversal(names: pairs)
    }
    // The rule admits only names that exist.
    reversal.oneWay = oneWay.flatMap { .init(rawValue: $0) } ?? standard
    return reversal
  }

  static let natives = reversal + reversers + taggers

  private static let reversal = [
    Native(
      "swap_gender",
      "The text with gendered words exchanged for their counterparts; case, spaces and punctuation stay. Swapping twice gives the text back: words for which it would not (`Mrs.` alone, the possessive `actress'`) stay; see `one_way`, and `text.role_reversal` for what was changed and kept.",
      text, names, oneWay(.keep), reverser,
      returns: "string", seeAlso: ["text.role_reversal", "text.reverser"],
      search: ["counterfactual", "he", "she", "augmentation", "fairness"],
      examples: [("text.swap_gender(\"She lost her hat.\")", "He lost his hat.")]
    ) { text, names, oneWay, reverser in
      try make(names, oneWay, reverser, standard: .keep).reverse(text)
    },
    Native(
      "role_reversal",
      "The text with every gendered word exchanged, also those that would not come back (`Mrs.`). It comes with a report: {text, changes, kept, invertible, positions}. `kept` are gendered words that stayed, {word, reason, start}; `invertible` says that reversing again gives the text back; `positions` are the changed words' places [start, end] in both texts, in bytes. With `names`, also how many names it met: `names_known` (by origin in `names_by_origin`) and `names_unknown`, which is an estimate from capitals; see `text.name_coverage`.",
      text, names, oneWay(.change), reverser,
      returns:
        "{text: string, changes: list of change, kept: list of {word, reason, start: int}, invertible: bool, positions, names_known, names_unknown, names_by_origin}",
      seeAlso: ["text.swap_gender"],
      search: ["counterfactual", "log", "alignment"],
      examples: [
        (
          "text.role_reversal(\"She thanked her doctor, Mr. Smith.\").changes",
          "[She→He, her→his, Mr→Ms]"
        )
      ]
    ) { text, names, oneWay, reverser in
      report(text, try make(names, oneWay, reverser, standard: .change))
    },
    Native(
      "name_coverage",
      "How many of the names in texts a pairing knows. An audit that exchanges names is to be read with it: {known, unknown, share, by_origin, unknown_names}. Unknown names are an estimate (capitals that begin no sentence and stand behind no word of places); the ten most frequent are shown. A note says so where the share is below one half.",
      Param<[String]>("texts", "The texts."),
      Param<NamePairs>(
        "names", "As in `text.role_reversal`.", default: NamePairs(names: .standard),
        text: "\"swap\"", named: true),
      reverser,
      returns: "map", seeAlso: ["text.role_reversal", "text.reverser"],
      search: ["given names", "origin", "audit", "coverage"],
      examples: [
        (
          "text.name_coverage([\"She met Jamal and Xochitl there.\"]).by_origin",
          "{\"african-american\": 1}"
        )
      ],
      context: {
        (vm: VM, texts: [String], names: NamePairs, reverser: Reverser?) throws -> Record in
        guard let pairs = reverser?.reversal.names ?? names.names else {
          throw Fault(
            .value, "`names` is \"keep\": there is no pairing of names to look up",
            hint: "say names: \"swap\", or give a file of pairs")
        }
        let finder = NameFinder(pairs)
        let coverage = try texts.reduce(into: NameCoverage()) {
          try Cancellation.check()
          $0 = $0 + finder.coverage(of: $1)
        }
        if let share = coverage.share, share < NameCoverage.lowShare {
          vm.hostServices.note(
            "the pairing knows \(coverage.known) of about \(coverage.known + coverage.unknown) names in these texts: what exchanging names shows says little of the others"
          )
        }
        let unknown = coverage.unknownNames.sorted { ($1.value, $0.key) < ($0.value, $1.key) }
        return Record([
          ("known", coverage.known), ("unknown", coverage.unknown), ("share", coverage.share),
          ("by_origin", origins(coverage)),
          ("unknown_names", unknown.prefix(10).map(\.key.text)),
        ])
      }),
  ]

  private static let reversers = [
    Native(
      "reverser",
      "Role reversal with one's own words. The value is called with a text, or given to `text.swap_gender`, `text.role_reversal` and `distill.train`.",
      Param<String?>(
        "lexicon",
        "A file of gendered words, laid out as the standard library's `data/gender_lexicon.tsv`; nil is that one.",
        default: nil, named: true),
      Param<Bool>(
        "extend", "Whether the file adds to the built-in lexicon or stands in its place.",
        default: false, named: true),
      names, oneWay(.change),
      Param<Tagger?>(
        "tagger", "What decides about her, his, him and hers; nil: rules.", default: nil,
        named: true),
      Param<[String]>(
        "exempt",
        "What is left alone: \"links\" (addresses, paths, #tags, @names), \"code\" (between backticks), \"foreign\" (lines in another language).",
        default: ["links", "code", "foreign"], .oneOf(["links", "code", "foreign"]),
        text: "[\"links\", \"code\", \"foreign\"]",
        named: true),
      returns: "reverser", seeAlso: ["text.swap_gender", "text.tagger"],
      search: ["lexicon", "gendered words", "counterfactual"],
      examples: [
        ("text.reverser(names: \"swap\")(\"Mary met her aunt.\")", "Matt met his uncle.")
      ],
      context: {
        (
          vm: VM, lexicon: String?, extend: Bool, names: NamePairs, oneWay: String?,
          tagger: Tagger?, exempt: [String]
        ) throws -> Reverser in
        var words = GenderLexicon.standard
        if let lexicon {
          let own = try GenderLexicon(file: try vm.readablePath(lexicon))
          words = extend ? try words.adding(own) : own
        }
        var exemptions: RoleReversal.Exemptions = []
        for name in exempt {
          switch name {
          case "links": exemptions.insert(.links)
          case "code": exemptions.insert(.code)
          case "foreign": exemptions.insert(.foreign)
          default:
            throw Fault(
              .value, "`exempt` knows \"links\", \"code\" and \"foreign\", got \"\(name)\"")
          }
        }
        return Reverser(
          reversal: try RoleReversal(
            lexicon: words, names: names.names, tagger: try tagger.map { try PronounTagger($0) },
            oneWay: oneWay.flatMap { .init(rawValue: $0) } ?? .change, exemptions: exemptions))
      })
  ]

  private static let taggers = [
    Native(
      "tagger",
      "A part-of-speech tagger that tells `her` before a noun from `her` alone. It is trained on a treebank (CoNLL-U or another CoNLL file, or a table with a sentence a row), or read from a file that its `save` wrote.",
      Param<String>("path", "A treebank, or a saved tagger."),
      Param<Int>("epochs", "Passes over the treebank.", default: 6, .within(1, 1000), named: true),
      Param<Int>(
        "seed", "Of the order of sentences.", default: 0, .nonNegative, named: true),
      Param<TaggerColumns?>(
        "columns",
        "Where words and tags stand: two numbers from 0 for a CoNLL file, two names for a table; nil is [1, 3] (CoNLL-U), or [\"tokens\", \"upos\"] where the first line names these.",
        default: nil, named: true),
      returns: "tagger", seeAlso: ["text.reverser"],
      search: ["part of speech", "pos", "universal dependencies", "perceptron"],
      context: { (vm: VM, path: String, epochs: Int, seed: Int, columns: TaggerColumns?) in
        let file = try vm.readablePath(path)
        if try Tagger.isFile(file) { return try Tagger(file: file) }
        var options = Tagger.Options()
        options.epochs = epochs
        options.seed = UInt64(seed)
        let sentences: [TaggedSentence]
        switch try columns ?? TaggerColumns(of: file) {
        case .numbers(let words, let tags):
          sentences = try TaggedSentence.readCoNLL(file, wordColumn: words, tagColumn: tags)
        case .names(let words, let tags):
          sentences = try TaggedSentence.readTable(file, words: words, tags: tags)
        }
        return try PronounTagger.train(sentences, options: options).tagger
      })
  ]

  private static func origins(_ coverage: NameCoverage) -> Record {
    Record(
      coverage.byOrigin.sorted { $0.key < $1.key }.map {
        ($0.key.text.isEmpty ? "unknown" : $0.key.text, $0.value)
      })
  }

  static func report(_ text: String, _ reversal: RoleReversal) -> Record {
    let result = reversal.reversal(of: text)
    // Nil where names are left alone.
    let coverage = reversal.names.map { NameFinder($0).coverage(of: text) }
    let names: [(String, any ValueEncodable)] = [
      ("names_known", coverage?.known), ("names_unknown", coverage?.unknown),
      ("names_by_origin", coverage.map(origins)),
    ]
    return Record(
      [
        ("text", result.text), ("changes", result.changes),
        (
          "kept",
          result.kept.map {
            Record([
              ("word", $0.word), ("reason", $0.reason.rawValue), ("start", $0.source.lowerBound),
            ])
          }
        ),
        ("invertible", result.isInvertible),
        (
          "positions",
          result.changes.map {
            [
              [$0.source.lowerBound, $0.source.upperBound],
              [$0.target.lowerBound, $0.target.upperBound],
            ]
          }
        ),
      ] + names)
  }
}

/// One word that role reversal replaced, in a script.
extension RoleChange: NativeValue {
  public static let nativeType = NativeType<RoleChange>(
    "change", "A word that role reversal replaced."
  ) { type in
    type.representation = { change, _ in "\(change.from)→\(change.to)" }
    type.transfer = .share
    type.hasContent()
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

/// Role reversal with chosen words, in a script.
struct Reverser: NativeValue {
  let reversal: RoleReversal

  static let nativeType = NativeType<Reverser>(
    "reverser", "Exchanges gendered words: call it with a text."
  ) { type in
    type.representation = { reverser, _ in
      let names = reverser.reversal.names.map { ", \($0.pairs.count) pairs of names" } ?? ""
      return "reverser of \(reverser.reversal.lexicon.pairCount) pairs of words\(names)"
    }
    type.transfer = .share
    type.hasContent()
    type.call = Native(
      "call", "R(x) of a text.", Param<Reverser>("reverser"),
      Param<String>("text", "The text."), returns: "string"
    ) { reverser, text in reverser.reversal.reverse(text) }.abandonable()
    type.methods(
      [
        Native(
          "report", "What `text.role_reversal` gives.", Param<Reverser>("reverser"),
          Param<String>("text", "The text."),
          returns:
            "{text: string, changes: list of change, kept: list of {word, reason, start: int}, invertible: bool, positions, names_known, names_unknown, names_by_origin}"
        ) { reverser, text in ReversalBuiltins.report(text, reverser.reversal) },
        Native(
          "each", "R(x) of many texts, on several threads.", Param<Reverser>("reverser"),
          Param<[String]>("texts", "The texts."), returns: "list of string"
        ) { reverser, texts in reverser.reversal.reverse(texts) },
        Native(
          "counts", "How many masculine and feminine words a text holds.",
          Param<Reverser>("reverser"), Param<String>("text", "The text."),
          returns: "{masculine, feminine}"
        ) { reverser, text in
          let counts = reverser.reversal.genderCounts(in: text)
          return Record([("masculine", counts.masculine), ("feminine", counts.feminine)])
        },
      ].abandonable())
  }
}

/// A part-of-speech tagger, in a script.
extension Tagger: NativeValue {
  public static let nativeType = NativeType<Tagger>(
    "tagger", "Names the part of speech of each word of a sentence."
  ) { type in
    type.representation = { tagger, _ in
      "tagger of \(tagger.tags.count) tags with \(NumberText.grouped(tagger.featureCount)) features"
    }
    type.transfer = .share
    type.byteCount = { $0.featureCount * 4 * $0.tags.count }
    type.equals = { $0 === $1 }
    type.hasContent()
    type.field("tags", "The tags that it knows.") { $0.tags }
    type.methods([
      Native(
        "save", "Writes the tagger; `text.tagger` reads it.", Param<Tagger>("tagger"),
        Param<String>("path", "The file."), returns: "nil",
        context: { (vm: VM, tagger: Tagger, path: String) throws -> Void in
          try tagger.save(to: try vm.writablePath(path))
        })
    ])
  }
}

/// Which given names change: none, the built-in pairing's, or a file's.
struct NamePairs: Bindable {
  var names: GivenNames?
  var isDefault: Bool { names == nil }

  static let typeName = "\"keep\", \"swap\" or the path of a file"

  static func decode(_ value: Value, _ vm: VM) throws -> NamePairs? {
    guard let text = value.string else { return nil }
    switch text {
    case "keep": return NamePairs(names: nil)
    case "swap": return NamePairs(names: .standard)
    default: return NamePairs(names: try GivenNames(file: try vm.readablePath(text)))
    }
  }

  func encode(_ vm: VM) throws -> Value { vm.makeString(isDefault ? "keep" : "swap") }
}

/// Where the words and the tags of a treebank stand.
enum TaggerColumns: Bindable {
  case numbers(words: Int, tags: Int)
  case names(words: String, tags: String)

  /// What a file's first line says.
  init(of path: String) throws {
    let line = try InputFile.textBytes(path).prefix { $0 != UInt8(ascii: "\n") }
    let names = String(decoding: line, as: UTF8.self).split(whereSeparator: { "\t,\r".contains($0) }
    )
    let isTable = names.contains("tokens") && names.contains("upos")
    self = isTable ? .names(words: "tokens", tags: "upos") : .numbers(words: 1, tags: 3)
  }

  static let typeName = "[int, int] or [string, string]"

  static func decode(_ value: Value, _ vm: VM) throws -> TaggerColumns? {
    if let names = try [String].attempt(value, vm), names.count == 2 {
      return .names(words: names[0], tags: names[1])
    }
    guard let numbers = try [Int].attempt(value, vm), numbers.count == 2 else { return nil }
    return .numbers(words: numbers[0], tags: numbers[1])
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .numbers(let words, let tags): try [words, tags].encode(vm)
    case .names(let words, let tags): try [words, tags].encode(vm)
    }
  }
}
