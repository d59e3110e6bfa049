import Foundations
import Glibc
import Learning
import Runtime
import Tensors
import Text

/// How likely a model of language finds texts, in `text`.
enum TextScoreBuiltins {
  private static let start = Param<Bool?>(
    "start",
    "Whether the model first reads the token that texts begin with; nil: where its tokenizer has one.",
    default: nil, named: true)

  static let natives = [perplexity, logProbability, choice]

  private static let perplexity = Native(
    "perplexity",
    "How surprised a model is by texts: e to the mean negative log-likelihood. By token it depends on the tokenizer; by word and by byte it can be compared between models.",
    Param<Model>("model", "A model of language with its tokenizer."),
    Param<OneOrManyTexts>("texts", "A text, or a list of them."),
    Param<String>(
      "per", "What the likelihood is divided among; \"byte\" gives bits.", default: "token",
      .oneOf(["token", "word", "byte"]), named: true),
    Param<Int?>(
      "stride",
      "For texts longer than the context: how far the window moves; nil is half of it.",
      default: nil, .positive, named: true),
    Param<Bool?>(
      "start",
      "Whether texts follow the token that texts begin with, so that their first token counts, too. nil: by word and by byte, where all of a text has to count, they do; by token they begin as the tokenizer has it (GPT-2's: without).",
      default: nil, named: true),
    returns: "float", seeAlso: ["text.log_probability"], search: ["likelihood", "bits per byte"],
    context: {
      (vm: VM, model: Model, texts: OneOrManyTexts, per: String, stride: Int?, start: Bool?) in
      let score = try score(
        vm, model, texts.texts, stride, start: start ?? (per == "token" ? nil : true))
      switch per {
      case "word": return score.wordPerplexity
      case "byte": return score.bitsPerByte
      default: return score.perplexity
      }
    })

  private static let logProbability = Native(
    "log_probability",
    "The logarithm of the probability that a model gives to each text. It is that of the text alone, or of the text behind `given`. Where the model reads no token before it, it is that of what follows the text's first token. Text and `given` are cut into tokens as one text; where a token would reach over the border between them, each by itself.",
    Param<Model>("model", "A model of language with its tokenizer."),
    Param<[String]>("continuations", "The texts; each must fit the model's context."),
    Param<OneOrManyTexts?>(
      "given", "What comes before each text: one for all, or a list of as many.", default: nil,
      named: true),
    start, returns: "list of float", seeAlso: ["text.choose", "text.perplexity"],
    search: ["likelihood", "score", "continuation"],
    context: {
      (vm: VM, model: Model, texts: [String], given: OneOrManyTexts?, start: Bool?) throws
        -> [Double] in
      if let given, given.texts.count != 1, given.texts.count != texts.count {
        throw Fault(
          .value, "there are \(texts.count) texts and \(given.texts.count) to come before them"
        ).atArgument(2)
      }
      let scorer = try ContinuationScorer(model, start: start)
      return try scorer.logProbabilities(
        texts.enumerated().map { place, text in
          (given.map { $0.texts.count == 1 ? $0.texts[0] : $0.texts[place] }, text)
        }, vm)
    })

  private static let choice = Native(
    "choose",
    "Which of several texts a model finds likeliest behind each prompt. Each result is a map {choice, probabilities}. The probabilities are those of the choices among themselves, in their order: the softmax of their log-probabilities.",
    Param<Model>("model", "A model of language with its tokenizer."),
    Param<OneOrManyTexts>("prompts", "What the choices come behind."),
    Param<Choices>(
      "choices",
      "The texts to choose among, most often with a space before them: a list for all prompts, or a list of lists, one a prompt."
    ),
    Param<Bool>(
      "calibrate",
      "Whether each choice's probability is divided by the one it has after an empty prompt, so that none wins for being common (Holtzman et al. 2021).",
      default: false, named: true),
    start, returns: "list of map", seeAlso: ["text.log_probability"],
    search: ["multiple choice", "classify", "zero-shot", "constrained"],
    context: {
      (
        vm: VM, model: Model, prompts: OneOrManyTexts, choices: Choices, calibrate: Bool,
        start: Bool?
      ) throws -> [Record] in
      try choose(vm, model, prompts.texts, choices, calibrate, start)
    })

  private static func choose(
    _ vm: VM, _ model: Model, _ prompts: [String], _ choices: Choices, _ calibrate: Bool,
    _ start: Bool?
  ) throws -> [Record] {
    let lists = try choices.lists(for: prompts.count)
    let scorer = try ContinuationScorer(model, start: start)
    guard !calibrate || scorer.begins else {
      throw Fault(
        .value, "without a token to begin with, nothing is likely after an empty prompt",
        hint: "leave `calibrate` out")
    }
    let all = zip(prompts, lists).flatMap { prompt, list in list.map { (prompt as String?, $0) } }
    var scores = try scorer.logProbabilities(all, vm)
    if calibrate {
      // Each text once, however many prompts it is a choice of.
      var places: [Spelling: Int] = [:]
      var distinct: [(String?, String)] = []
      for (_, choice) in all where places[Spelling(choice)] == nil {
        places[Spelling(choice)] = distinct.count
        distinct.append((nil, choice))
      }
      let alone = try scorer.logProbabilities(distinct, vm)
      for (i, item) in all.enumerated() {
        if let place = places[Spelling(item.1)] { scores[i] -= alone[place] }
      }
    }
    var next = 0
    return try lists.map { list in
      let own = scores[next..<next + list.count]
      next += list.count
      let largest = own.max() ?? 0
      guard largest.isFinite, !own.contains(where: \.isNaN) else {
        throw Fault(
          .data, "the model finds none of the choices possible, or its scores are not numbers")
      }
      let weights = own.map { exp($0 - largest) }
      let total = weights.reduce(0, +)
      let best = own.firstIndex(of: largest).map { $0 - own.startIndex } ?? 0
      return Record([("choice", list[best]), ("probabilities", weights.map { $0 / total })])
    }
  }

  /// The score of texts: short ones together, long ones by windows.
  private static func score(
    _ vm: VM, _ model: Model, _ texts: [String], _ stride: Int?, start: Bool?
  ) throws -> TextScore {
    let reading = try LanguageReading(predicting: model)
    // Without such a token the first one of a text cannot be predicted.
    let start = reading.start == nil ? nil : start
    let scorer = try LanguageModelScorer(model.layer, contextLength: reading.context)
    var total = TextScore()
    var short: [[Int32]] = []
    try ForwardContext.evaluation {
      func flush() throws {
        try vm.checkInterrupt()
        for values in try scorer.logProbabilities(short, batch: 16) {
          total.negativeLogLikelihood -= values.reduce(0, +)
          total.tokens += values.count
        }
        short = []
      }
      for text in texts {
        let tokens = try reading.tokens(text, start: start)
        total.words += TextScore.wordCount(text)
        total.bytes += text.utf8.count
        if tokens.count <= reading.context ?? 1024 {
          short.append(tokens)
          if short.count == 256 { try flush() }
        } else {
          try vm.checkInterrupt()
          total =
            total
            + (try scorer.score(
              tokens, window: reading.context ?? 1024, stride: stride, batch: 4))
        }
      }
      try flush()
    }
    guard total.tokens > 0 else {
      throw Fault(
        .value, "there is no token to predict in the texts",
        hint: "`start: true` has their first token predicted, too"
      ).atArgument(1)
    }
    return total
  }
}

/// A text or a list of texts.
struct OneOrManyTexts: Bindable {
  var texts: [String]

  static let typeName = "string or list of strings"

  static func decode(_ value: Value, _ vm: VM) throws -> OneOrManyTexts? {
    if let text = value.string { return OneOrManyTexts(texts: [text]) }
    return try [String].decode(value, vm).map { OneOrManyTexts(texts: $0) }
  }

  func encode(_ vm: VM) throws -> Value { try texts.encode(vm) }
}

/// Texts to choose among: the same for all prompts, or a list for each.
struct Choices: Bindable {
  private var shared: [String]?
  private var each: [[String]] = []

  static let typeName = "list of strings, or of a list of strings for each prompt"

  static func decode(_ value: Value, _ vm: VM) throws -> Choices? {
    if let shared = try [String].attempt(value, vm) { return Choices(shared: shared) }
    return try [[String]].attempt(value, vm).map { Choices(shared: nil, each: $0) }
  }

  func encode(_ vm: VM) throws -> Value { try shared?.encode(vm) ?? each.encode(vm) }

  func lists(for prompts: Int) throws -> [[String]] {
    let lists = shared.map { Array(repeating: $0, count: prompts) } ?? each
    guard lists.count == prompts else {
      throw Fault(
        .value, "there are \(lists.count) lists of choices for \(prompts) prompts"
      ).atArgument(2)
    }
    guard lists.allSatisfy({ !$0.isEmpty && !$0.contains(where: \.isEmpty) }) else {
      throw Fault(.value, "a choice is a text that is not empty, and there is one at least")
        .atArgument(2)
    }
    return lists
  }
}
