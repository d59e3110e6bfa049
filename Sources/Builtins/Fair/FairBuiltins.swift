import Fairness
import Foundations
import Learning
import Runtime
import Tables
import Tensors
import Text

/// The module `fair`: what a model does, measured.
enum FairBuiltins {
  static let module = Module(
    "fair", "What a model does, measured: how often it is right, and for whom.",
    natives: (classification + writing + StereotypeBuiltins.natives).abandonable())

  private static let level = Param<Double>(
    "level", "The level of the intervals.", default: 0.95, .between(0, 1),
    named: true)
  private static let resamples = Param<Int>(
    "resamples", "At how many points chance is looked at for the intervals; 0 makes none.",
    default: 2000, .within(0, 1_000_000), named: true)
  private static let writings = Param<GroupedTexts>(
    "texts", "What was written, each with its group: maps {text, group} as `text.generate` gives.")
  private static let vectors = Param<WordVectors?>(
    "vectors",
    "Vectors of words (`text.word_vectors`): a text is judged by how its words lie between `he` and `she` (BOLD, Dhamala et al. 2021); nil counts gendered words.",
    default: nil, named: true)
  private static let average = Param<String>(
    "average",
    "vectors: what stands for a text's many words, their weighted average or the one of largest magnitude.",
    default: "weighted", .oneOf(GenderPolarity.Average.allCases.map(\.rawValue)), named: true)
  private static let threshold = Param<Double>(
    "threshold", "vectors: from where on a text is about a gender; BOLD takes 0.25.",
    default: 0.25, .within(0, 1), named: true)

  private static func polarity(_ vectors: WordVectors?, _ average: String, _ threshold: Double)
    throws -> GenderPolarity
  {
    guard let vectors else { return .standard }
    return .embeddings(
      // The rule admits only names that exist.
      try GenderDirection(vectors), average: .init(rawValue: average) ?? .weighted,
      threshold: threshold)
  }

  private static let smoothing = Param<Double>(
    "smoothing", "Added to both counts of a group, so that its ratio is finite.", default: 0.5,
    .nonNegative, .finite, named: true)

  private static let classification = [
    Native(
      "accuracy", "The share of examples whose largest output is at their label.",
      Param<Model>("model", "A classifier."),
      Param<TrainingExamples>("examples", "A part of a dataset, or {inputs, labels}."),
      returns: "float", seeAlso: ["nn.predict"], search: ["score", "evaluate"],
      context: { (vm: VM, model: Model, examples: TrainingExamples) in
        try vm.evaluation(of: model).accuracy(examples.source)
      }),
    Native(
      "tpr_gap",
      "How much better a classifier recognises the women of a class than its men (Bias in Bios). It gives true positive rates by class, the root of the mean squared gap and the mean absolute one, without what chance adds to them, with intervals; `raw_rms` and `raw_mean` are as counted, which chance alone keeps above 0.",
      Param<[String]>("labels", "The true class of each text."),
      Param<[String]>("predictions", "The predicted class."),
      Param<[Bool?]>("female", "Whether a text is about a woman; nil leaves it out."), level,
      resamples,
      returns:
        "{rms: {value, low, high}, mean: {value, low, high}, raw_rms, raw_mean, classes: table {class, women, men, tpr_women, tpr_men, gap}}",
      seeAlso: ["fair.accuracy"],
      search: ["bias in bios", "equal opportunity", "true positive rate"],
      context: {
        (
          _: VM, labels: [String], predictions: [String], female: [Bool?], level: Double,
          resamples: Int
        ) in
        let gap = try TruePositiveRateGap(
          labels: labels, predictions: predictions, isFemale: female,
          level: resamples > 0 ? level : nil, points: resamples)
        let table = try Table(columns: [
          Table.Column("class", gap.rows.map { .string($0.label) }),
          Table.Column("women", gap.rows.map { .int($0.women) }),
          Table.Column("men", gap.rows.map { .int($0.men) }),
          Table.Column("tpr_women", gap.rows.map { .float($0.femaleRate) }),
          Table.Column("tpr_men", gap.rows.map { .float($0.maleRate) }),
          Table.Column("gap", gap.rows.map { .float($0.gap) }),
        ])
        return Record([
          ("rms", gap.rootMeanSquare), ("mean", gap.meanAbsolute),
          ("raw_rms", gap.countedRootMeanSquare), ("raw_mean", gap.countedMeanAbsolute),
          ("classes", table),
        ])
      }),
  ]

  private static let writing = prompted + measured

  private static let prompted = [
    Native(
      "prompts",
      "Beginnings of texts to go on with, each with its group. There are \"professions\" (sentences about a profession whose next words tell a gender) or \"genders\". `path` reads a file of BOLD instead.",
      Param<String>(
        "kind", "Which.", default: "professions", .oneOf(["professions", "genders"])),
      Param<[String]?>(
        "professions", "Other professions; nil takes those of `data.biographies`.", default: nil,
        named: true),
      Param<String?>("path", "A JSON file of BOLD's prompts.", default: nil, named: true),
      returns: "list of {text: string, group: string}",
      seeAlso: ["text.generate", "fair.gender_disparity"],
      search: ["bold", "open-ended generation"],
      examples: [
        ("fair.prompts(\"professions\", professions: [\"nurse\"])[0].text", "The nurse said that")
      ],
      context: { (vm: VM, kind: String, professions: [String]?, path: String?) in
        let prompts: [Prompt]
        if let path {
          prompts = try Prompts.bold(
            try vm.readablePath(path),
            domain: kind == "genders" ? "gender" : "profession")
        } else if kind == "genders" {
          prompts = try Prompts.aboutGenders()
        } else {
          prompts = try Prompts.professions(professions ?? BiographyCorpus.professions)
        }
        return prompts.map { Record([("text", $0.text), ("group", $0.group)]) }
      }),
    Native(
      "gender_disparity",
      "How unequally texts about different groups are about men and women. Each text is classified by its gendered words, or by vectors of all its words; a group's ratio is men to women; `gap` is the mean over groups of the ratio's absolute logarithm, 0 where all are equal, without what chance adds to it (also `value`), `low` to `high` its interval. `raw_gap` and `ratio_distance` are as counted: compare them with `balanced_gap` and `balanced_ratio_distance`, what the toss of a coin for each gendered text would show. `inf` where a group's lack of a gender leaves no upper end.",
      writings, smoothing, level, resamples, vectors, average, threshold,
      returns:
        "{value, low, high, gap, raw_gap, balanced_gap, ratio_distance, balanced_ratio_distance, neutral, groups: table {group, male, female, neutral, log_ratio, female_share}}",
      seeAlso: ["text.generate", "fair.prompts"],
      search: ["gender polarity", "bias", "bold", "ratio"],
      context: {
        (
          _: VM, texts: GroupedTexts, smoothing: Double, level: Double, resamples: Int,
          vectors: WordVectors?, average: String, threshold: Double
        ) in
        let found = try GenderDisparity(
          texts: texts.texts, groups: texts.groups,
          polarity: polarity(vectors, average, threshold), smoothing: smoothing,
          level: resamples > 0 ? level : nil, points: resamples)
        let table = try Table(columns: [
          Table.Column("group", found.groups.map { .string($0.name) }),
          Table.Column("male", found.groups.map { .int($0.male) }),
          Table.Column("female", found.groups.map { .int($0.female) }),
          Table.Column("neutral", found.groups.map { .int($0.neutral) }),
          Table.Column("log_ratio", found.groups.map { .float($0.logRatio) }),
          Table.Column("female_share", found.groups.map { .float($0.femaleShare) }),
        ])
        let gap = found.meanAbsoluteLogRatio
        return Record([
          ("value", gap.value), ("low", gap.low), ("high", gap.high), ("gap", gap.value),
          ("raw_gap", found.countedLogRatio), ("balanced_gap", found.balancedLogRatio),
          ("ratio_distance", found.ratioDistance),
          ("balanced_ratio_distance", found.balancedRatioDistance),
          ("neutral", found.neutralShare),
          ("groups", table),
        ])
      }),
  ]

  private static let measured = [
    Native(
      "gender_polarity",
      "For each text whether it speaks of men, of women, or of neither more. That is \"male\", \"female\" or \"neutral\", by its gendered words, or by vectors of all its words.",
      Param<[String]>("texts", "The texts."), vectors, average, threshold,
      returns: "list of string", seeAlso: ["fair.gender_score", "fair.gender_disparity"],
      search: ["gender"],
      examples: [
        ("fair.gender_polarity([\"She saw it.\", \"They saw it.\"])", "[\"female\", \"neutral\"]")
      ]
    ) { texts, vectors, average, threshold in
      let polarity = try polarity(vectors, average, threshold)
      return texts.map { polarity.classify($0).rawValue }
    },
    Native(
      "gender_score",
      "How far each text speaks of women (up to 1) or of men (down to -1). It is the difference of its gendered words over their sum, or the average of its words' cosines with the direction from `he` to `she`.",
      Param<[String]>("texts", "The texts."), vectors, average,
      returns: "list of float", seeAlso: ["fair.gender_polarity", "text.word_vectors"],
      search: ["gender polarity", "bold"],
      examples: [("fair.gender_score([\"She saw her and him.\"])[0] > 0.3", "true")]
    ) { texts, vectors, average in
      let polarity = try polarity(vectors, average, 0)
      return texts.map { polarity.polarity($0) }
    },
    Native(
      "distinct",
      "The share of different n-grams of words among all of the texts' (distinct-n, Li et al. 2016).",
      Param<[String]>("texts", "The texts."),
      Param<Int>("n", "Words of an n-gram.", .within(1, 16)),
      returns: "float", seeAlso: ["fair.self_bleu"], search: ["diversity"],
      examples: [("fair.distinct([\"a b a b\"], 1)", "0.5")]
    ) { texts, n in
      try GenerationDiversity.distinct(n, texts.map { WordSplitter.words.tokens($0) })
    },
    Native(
      "self_bleu",
      "The mean BLEU of each text with all the others as references (Zhu et al. 2018). It is near 1 where a model writes the same again and again.",
      Param<[String]>("texts", "At least two texts."),
      Param<Int>("n", "The longest n-gram of words.", default: 4, .within(1, 16), named: true),
      returns: "float", seeAlso: ["fair.distinct"], search: ["diversity", "bleu"]
    ) { texts, n in
      try GenerationDiversity.selfBLEU(
        texts.map { WordSplitter.words.tokens($0) }, order: n, smoothing: .none)
    },
  ]
}

/// Texts with the group of each: maps {text, group}.
struct GroupedTexts: Bindable {
  var texts: [String]
  var groups: [String]

  static let typeName = "list of {text, group}"

  static func decode(_ value: Value, _ vm: VM) throws -> GroupedTexts? {
    guard let items = try [[Spelling: String]].attempt(value, vm) else { return nil }
    let pairs = items.compactMap { item in
      item["text"].flatMap { text in item["group"].map { (text, $0) } }
    }
    guard pairs.count == items.count else { return nil }
    return GroupedTexts(texts: pairs.map(\.0), groups: pairs.map(\.1))
  }

  func encode(_ vm: VM) throws -> Value {
    try zip(texts, groups).map { Record([("text", $0), ("group", $1)]) }.encode(vm)
  }
}
