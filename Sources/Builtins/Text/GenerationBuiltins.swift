import Foundations
import Learning
import Runtime
import Tensors
import Text

/// What a model of language writes and how likely it finds texts, in `text`.
enum GenerationBuiltins {
  private static let model = Param<Model>("model", "A model of language with its tokenizer.")
  private static let prompts = Param<TextPrompts>(
    "prompts", "What to go on from: strings, or maps with `text` such as `fair.prompts` gives.")
  private static let tokens = Param<Int>(
    "tokens", "The most tokens behind a prompt.", default: 40, .within(1, 1_000_000), named: true)
  private static let temperature = Param<Double>(
    "temperature", "Above 1 more surprising, below 1 less; 0 takes the likeliest token.",
    default: 1, .nonNegative, .finite, named: true)
  private static let topK = Param<Int?>(
    "top_k", "Draw among this many likeliest tokens only.", default: nil, .positive, named: true)
  private static let topP = Param<Double?>(
    "top_p", "Draw among the fewest tokens that hold this much probability, more than 0.",
    default: nil,
    .within(0, 1), named: true)
  private static let minP = Param<Double?>(
    "min_p", "Draw among tokens at least this part as likely as the likeliest one.", default: nil,
    .within(0, 1), named: true)
  private static let noRepeatNGram = Param<Int?>(
    "no_repeat_ngram", "No run of this many tokens comes twice, the prompt's counted.",
    default: nil, .positive, named: true)
  private static let lengthPenalty = Param<Double?>(
    "length_penalty",
    "beams: the exponent of the length that a text's log-probability is divided by; above 0 favours long ones, nil is 1.",
    default: nil, .finite, named: true)
  private static let stop = Param<[String]?>(
    "stop", "Texts that end what is written, which ends before the first of them.", default: nil,
    named: true)
  private static let beams = Param<Int>(
    "beams", "More than 1 searches for the likeliest text with that many beams, and draws nothing.",
    default: 1,
    .within(1, 1000), named: true)
  private static let repetitionPenalty = Param<Double>(
    "repetition_penalty", "Above 1 makes tokens less likely that occurred already.", default: 1,
    .positive, .finite, named: true)
  private static let seed = Param<Int?>(
    "seed", "Draws the same texts again; nil goes on with the run's random numbers.",
    default: nil, named: true)
  private static let start = Param<Bool?>(
    "start",
    "Whether the model first reads the token that texts begin with; nil puts before a prompt what its tokenizer does (GPT-2's: nothing), and before an empty prompt that token.",
    default: nil, named: true)
  private static let batch = Param<Int>(
    "batch", "Prompts that go on together; never changes what is written.", default: 32,
    .positive, named: true)

  static let natives = [
    Native(
      "generate",
      "What a model writes behind each prompt: a list of the continuations. For prompts that are maps it is one of maps {prompt, group, text}. Where one text grows, tokens are drafted from what it has said before and checked at once: faster where it repeats itself, and never another token.",
      parameters: [
        model, prompts, tokens, temperature, topK, topP, minP, beams, lengthPenalty,
        repetitionPenalty, noRepeatNGram, stop, seed, start, batch,
      ],
      returns: "list", seeAlso: ["text.perplexity", "fair.gender_disparity"],
      search: ["sample", "greedy", "beam search", "nucleus", "complete"],
      arguments: { (arguments: inout Arguments) in try generate(&arguments) }),
    Native(
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
      }),
    Native(
      "embed",
      "A vector for each text. It is the mean of the model's last hidden states over its tokens, or what the folder of a sentence encoder says.",
      Param<Model>("model", "A GPT-2 or BERT model with its tokenizer."),
      Param<[String]>("texts", "The texts; what the model's context cannot hold is cut off."),
      Param<Bool?>(
        "normalize",
        "Whether the vectors get length 1; nil does what the folder of a sentence encoder says, and nothing else.",
        default: nil, named: true),
      returns: "tensor [texts, width]", seeAlso: ["nn.load"],
      search: ["sentence embedding", "features", "hidden states"],
      context: { (vm: VM, model: Model, texts: [String], normalize: Bool?) throws -> Tensor in
        try embed(vm, model, texts, normalize)
      }),
    Native(
      "log_probability",
      "The logarithm of the probability that a model gives to each text. Where the tokenizer has no token to start with, it is that of what follows the first token.",
      Param<Model>("model", "A model of language with its tokenizer."),
      Param<[String]>("texts", "The texts; each must fit the model's context."),
      returns: "list of float", seeAlso: ["text.perplexity"], search: ["likelihood", "score"],
      context: { (vm: VM, model: Model, texts: [String]) throws -> [Double] in
        let reading = try Reading(predicting: model)
        let scorer = try LanguageModelScorer(model.layer, contextLength: reading.context)
        return try ForwardContext.evaluation {
          try scorer.logProbabilities(
            texts.map { try reading.tokens($0, start: reading.start != nil) }, batch: 16
          ).map {
            $0.reduce(0, +)
          }
        }
      }),
  ]

  private static func embed(
    _ vm: VM, _ model: Model, _ texts: [String], _ normalize: Bool?
  ) throws -> Tensor {
    let reading = try Reading(model)
    guard !texts.isEmpty else { throw Fault(.value, "there are no texts").atArgument(1) }
    let encoder: SentenceEncoder?
    let context: Int
    switch model.layer {
    case let bert as BERT:
      let plain = try model.sentenceEncoder ?? SentenceEncoder(bert, normalizes: false)
      encoder = try SentenceEncoder(
        bert, poolings: plain.poolings, normalizes: normalize ?? plain.normalizes,
        maximumLength: plain.maximumLength)
      context = plain.maximumLength
    case let language as any LanguageModel:
      encoder = nil
      context = language.contextLength
    default:
      throw Fault(.type, "a \(model.layer.kind) has no hidden states to take the mean of")
        .atArgument(0)
    }
    let encoded = try texts.map { text in
      let tokens = try reading.tokenizer.encode(
        text, pair: nil, options: EncodingOptions(truncation: Truncation(length: context))
      ).ids
      return tokens.isEmpty ? [reading.start ?? 0] : tokens
    }
    // Texts of like length together, so that little is padding.
    let order = encoded.indices.sorted { (encoded[$0].count, $0) < (encoded[$1].count, $1) }
    var rows = [Tensor?](repeating: nil, count: texts.count)
    for first in stride(from: 0, to: order.count, by: 32) {
      try vm.checkInterrupt()
      let part = Array(order[first..<min(first + 32, order.count)])
      let sentences = part.map { encoded[$0] }
      let vectors =
        try encoder?.encode(sentences) ?? meanOfHiddenStates(model, sentences, normalize ?? false)
      for (row, index) in part.enumerated() {
        rows[index] = try vectors.selected(axis: 0, index: row)
      }
    }
    return try Tensor.stacked(rows.compactMap { $0 })
  }

  private static func meanOfHiddenStates(
    _ model: Model, _ sentences: [[Int32]], _ normalize: Bool
  ) throws -> Tensor {
    try ForwardContext.evaluation {
      guard let language = model.layer as? any LanguageModel else { return .empty }
      // Padding is not seen: the token in its place does not matter.
      let source = try TokenSource(sentences, labels: sentences.map { _ in 0 }, padding: 0)
      let inputs = try source.batch(Array(sentences.indices)).inputs
      let hidden = try language.hiddenStates(inputs).with(lengths: inputs.lengths)
      let vectors = try Pooling(.mean).forward(hidden)
      guard normalize else { return vectors }
      return try vectors / vectors.norm(axes: [1], keepAxes: true).clamped(1e-12)
    }
  }

  /// A model of language, taken apart.
  struct Reading {
    let tokenizer: SubwordTokenizer
    let context: Int?
    /// The tokens that end a text: what the model's folder says, or else the tokenizer's.
    let stops: [Int]

    /// Of a model that predicts the next token; a type error for an encoder.
    init(predicting model: Model) throws {
      if model.layer is BERT {
        throw Fault(
          .type, "a \(model.layer.kind) is an encoder: it does not predict the next token"
        )
        .atArgument(0)
      }
      try self.init(model)
    }

    init(_ model: Model) throws {
      guard let tokenizer = model.tokenizer else {
        throw Fault(
          .value, "the model has no tokenizer",
          hint: "give one where it is made: `nn.gpt2(tokenizer, …)`"
        ).atArgument(0)
      }
      self.tokenizer = tokenizer
      let stops = model.specialTokens?.stops ?? []
      self.stops = stops.isEmpty ? tokenizer.specialTokens.end.map { [Int($0)] } ?? [] : stops
      context = (model.layer as? any LanguageModel)?.contextLength
    }

    /// The token that a text begins with, so that its first own token is predicted, too.
    var start: Int32? { tokenizer.specialTokens.beginning ?? tokenizer.specialTokens.end }

    /// - Parameter start: whether the text follows the token that texts begin with; nil leaves it to the tokenizer.
    func tokens(_ text: String, start isStarted: Bool?) throws -> [Int32] {
      let tokens = try tokenizer.encode(text, addSpecialTokens: isStarted == nil)
      guard isStarted ?? tokens.isEmpty else { return tokens }
      guard let start else {
        throw Fault(
          .value, "the tokenizer knows no token that texts begin with",
          hint: isStarted == true ? "leave `start` out" : "give a text that is not empty")
      }
      return [start] + tokens
    }

    /// The text of tokens that a model gave, without special ones. A model may have rows that no token belongs to
    /// (vocabularies are filled up to round sizes); they are written as nothing, as transformers does.
    func written(_ tokens: ArraySlice<Int32>) -> [UInt8] {
      let known = tokens.filter { tokenizer.token($0) != nil }
      return (try? tokenizer.decodeBytes(known, skipSpecialTokens: true)) ?? []
    }

    func decoder(_ model: Model) throws -> any DecodingModel {
      if let language = model.layer as? any LanguageModel { return try language.decoder() }
      return try UncachedDecoder(
        model.layer, vocabularySize: tokenizer.vocabularySize, contextLength: nil)
    }
  }

  /// The score of texts: short ones together, long ones by windows.
  private static func score(
    _ vm: VM, _ model: Model, _ texts: [String], _ stride: Int?, start: Bool?
  ) throws -> TextScore {
    let reading = try Reading(predicting: model)
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

  private static func generate(_ arguments: inout Arguments) throws -> WrittenTexts {
    let vm = arguments.vm
    let model = try arguments(model)
    let prompts = try arguments(prompts)
    let temperature = try arguments(temperature)
    let beams = try arguments(beams)
    let penalty = try arguments(repetitionPenalty)
    let (topK, topP, minP) = (try arguments(topK), try arguments(topP), try arguments(minP))
    let lengthPenalty = try arguments(lengthPenalty)
    let stop = try arguments(stop) ?? []
    let reading = try Reading(predicting: model)
    if beams > 1,
      topK != nil || topP != nil || minP != nil || (temperature != 0 && temperature != 1)
    {
      throw Fault(
        .value,
        "a beam search does not draw: leave `temperature`, `top_k`, `top_p` and `min_p` out")
    }
    guard beams == 1 || stop.isEmpty else {
      throw Fault(.value, "a beam search does not look for texts: leave `stop` or `beams` out")
    }
    guard beams > 1 || lengthPenalty == nil else {
      throw Fault(
        .value, "`length_penalty` weighs the texts of a beam search",
        hint: "ask for one with `beams: 4`")
    }
    guard !stop.contains(where: \.isEmpty) else {
      throw Fault(.value, "an empty text in `stop` would end every text before its beginning")
    }
    var choice = TokenChoice.greedy
    if temperature > 0, beams == 1 {
      choice = .sampling(temperature: temperature, topK: topK, topP: topP, minP: minP)
    }
    choice.repetitionPenalty = penalty
    choice.noRepeatNGram = try arguments(noRepeatNGram)
    var options = GenerationOptions(
      choice: choice, maximumNewTokens: try arguments(tokens),
      stopTokens: reading.stops, batch: try arguments(batch))
    if !stop.isEmpty {
      options.stopTexts = StopTexts(stop) { reading.written($0) }
    }
    let key = try arguments(seed).map {
      RandomKey(seed: UInt64(bitPattern: Int64($0))).derived("generate")
    }
    let decoder = try reading.decoder(model)
    let starts = try prompts.prompts.map {
      try reading.tokens($0.text, start: try arguments(start))
    }
    try options.requireRoom(decoder, starts)
    let resolved = key ?? vm.randomKey("generate")
    var written: [String] = []
    let part = beams > 1 ? 8 : options.batch
    for first in stride(from: 0, to: starts.count, by: part) {
      try vm.checkInterrupt()
      let some = Array(starts[first..<min(first + part, starts.count)])
      let found: [[Int32]]
      if beams > 1 {
        found = try BeamSearch.run(
          decoder, prompts: some, options: options,
          beams: BeamOptions(beams: beams, lengthPenalty: lengthPenalty ?? 1),
          onStep: vm.checkInterrupt
        ).map { $0.first?.tokens ?? [] }
      } else {
        found = try Generation.run(
          decoder, prompts: some, options: options, key: resolved, firstIndex: first,
          onStep: vm.checkInterrupt
        ).map(\.tokens)
      }
      for tokens in found {
        let bytes = reading.written(tokens[...])
        let end = options.stopTexts?.firstStop(in: bytes) ?? bytes.count
        written.append(String(decoding: bytes[..<end], as: UTF8.self))
      }
    }
    return WrittenTexts(prompts: prompts, texts: written)
  }
}

/// What was written behind prompts: strings for strings, maps for maps.
struct WrittenTexts: ValueEncodable {
  let prompts: TextPrompts
  let texts: [String]

  func encode(_ vm: VM) throws -> Value {
    guard prompts.areMaps else { return try texts.encode(vm) }
    return try zip(prompts.prompts, texts).map { prompt, text in
      Record([("prompt", prompt.text), ("group", prompt.group), ("text", text)])
    }.encode(vm)
  }
}

/// Prompts: strings, or maps with `text` and perhaps `group`.
struct TextPrompts: Bindable {
  var prompts: [(text: String, group: String?)]
  var areMaps: Bool

  static let typeName = "list of strings or of maps with `text`"

  static func decode(_ value: Value, _ vm: VM) throws -> TextPrompts? {
    if let texts = try [String].attempt(value, vm) {
      return TextPrompts(prompts: texts.map { ($0, nil) }, areMaps: false)
    }
    guard let items = try [[Spelling: String]].attempt(value, vm) else { return nil }
    let prompts = items.compactMap { item in item["text"].map { (text: $0, group: item["group"]) } }
    guard prompts.count == items.count else { return nil }
    return TextPrompts(prompts: prompts, areMaps: true)
  }

  func encode(_ vm: VM) throws -> Value { try prompts.map(\.text).encode(vm) }
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
