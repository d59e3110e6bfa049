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
  private static let typical = Param<Double?>(
    "typical",
    "Draw among the tokens that surprise about as much as was to be expected, as many as hold this much probability, more than 0.",
    default: nil, .within(0, 1), named: true)
  private static let minimum = Param<Int>(
    "min_tokens", "No token that ends a text comes before this many.", default: 0, .nonNegative,
    named: true)
  private static let results = Param<Int>(
    "results",
    "How many texts of each prompt: more than 1 gives a list for each, drawn one by one, or of a beam search the best ones.",
    default: 1, .within(1, 1_000_000), named: true)
  private static let noRepeatNGram = Param<Int?>(
    "no_repeat_ngram", "No run of this many tokens comes twice, the prompt's counted.",
    default: nil, .positive, named: true)
  private static let lengthPenalty = Param<Double?>(
    "length_penalty",
    "beams: the exponent of the length that a text's log-probability is divided by; above 0 favours long ones, nil is 1.",
    default: nil, .finite, named: true)
  private static let stop = Param<Stops?>(
    "stop",
    "Texts, or tokens by number, that end what is written, which ends before the first of them; the tokens beside those of the model's folder.",
    default: nil, named: true)
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
        model, prompts, tokens, temperature, topK, topP, minP, typical, beams, lengthPenalty,
        repetitionPenalty, noRepeatNGram, minimum, stop, results, seed, start, batch,
      ],
      returns: "list", seeAlso: ["text.perplexity", "fair.gender_disparity"],
      search: ["sample", "greedy", "beam search", "nucleus", "complete"],
      arguments: { (arguments: inout Arguments) in try generate(&arguments) })
  ]

  private static func generate(_ arguments: inout Arguments) throws -> WrittenTexts {
    let vm = arguments.vm
    let model = try arguments(model)
    let prompts = try arguments(prompts)
    let reading = try LanguageReading(predicting: model)
    let search = try search(&arguments)
    let stop = try arguments(stop) ?? Stops()
    try check(search, stop)
    var options = GenerationOptions(
      choice: try choice(&arguments, search), maximumNewTokens: try arguments(tokens),
      stopTokens: reading.stops + stop.tokens, batch: try arguments(batch))
    options.minimumNewTokens = try arguments(minimum)
    if !stop.texts.isEmpty {
      options.stopTexts = StopTexts(stop.texts) { reading.written($0) }
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
    let part = search.beams > 1 ? 8 : max(1, options.batch / search.results)
    for first in stride(from: 0, to: starts.count, by: part) {
      try vm.checkInterrupt()
      let some = Array(starts[first..<min(first + part, starts.count)])
      let found =
        search.beams > 1
        ? try beamSearch(decoder, some, options, search, vm)
        : try Generation.run(
          decoder, prompts: some, options: options, key: resolved, firstIndex: first,
          results: search.results, onStep: vm.checkInterrupt
        ).map(\.tokens)
      for tokens in found {
        let bytes = reading.written(tokens[...])
        let end = options.stopTexts?.firstStop(in: bytes) ?? bytes.count
        written.append(String(decoding: bytes[..<end], as: UTF8.self))
      }
    }
    return WrittenTexts(prompts: prompts, texts: written, results: search.results)
  }

  /// How texts are looked for: drawn, or searched by beams.
  private struct Search {
    let beams: Int
    let results: Int
    let temperature: Double
    let lengthPenalty: Double?
  }

  private static func search(_ arguments: inout Arguments) throws -> Search {
    Search(
      beams: try arguments(beams), results: try arguments(results),
      temperature: try arguments(temperature), lengthPenalty: try arguments(lengthPenalty))
  }

  /// Refuses what does not go together.
  private static func check(_ search: Search, _ stop: Stops) throws {
    let (beams, results) = (search.beams, search.results)
    guard beams == 1 || stop.texts.isEmpty else {
      throw Fault(.value, "a beam search does not look for texts: leave `stop` or `beams` out")
    }
    guard beams > 1 || search.lengthPenalty == nil else {
      throw Fault(
        .value, "`length_penalty` weighs the texts of a beam search",
        hint: "ask for one with `beams: 4`")
    }
    guard !stop.texts.contains(where: \.isEmpty) else {
      throw Fault(.value, "an empty text in `stop` would end every text before its beginning")
    }
    guard results == 1 || search.temperature > 0 || beams > 1 else {
      throw Fault(
        .value, "the likeliest text is one: \(results) results of it would be the same",
        hint: "draw with a `temperature` above 0, or search with `beams: \(results)`")
    }
    guard beams == 1 || results <= beams else {
      throw Fault(
        .value, "a search with \(beams) beams finds \(beams) texts, not \(results)",
        hint: "`beams: \(results)`")
    }
  }

  private static func choice(
    _ arguments: inout Arguments, _ search: Search
  ) throws -> TokenChoice {
    let (topK, topP, minP) = (try arguments(topK), try arguments(topP), try arguments(minP))
    let (typical, temperature) = (try arguments(typical), search.temperature)
    if search.beams > 1,
      topK != nil || topP != nil || minP != nil || typical != nil
        || (temperature != 0 && temperature != 1)
    {
      throw Fault(
        .value,
        "a beam search does not draw: leave `temperature`, `top_k`, `top_p`, `min_p` and `typical` out"
      )
    }
    var choice = TokenChoice.greedy
    if temperature > 0, search.beams == 1 {
      choice = .sampling(
        temperature: temperature, topK: topK, topP: topP, minP: minP, typical: typical)
    }
    choice.repetitionPenalty = try arguments(repetitionPenalty)
    choice.noRepeatNGram = try arguments(noRepeatNGram)
    return choice
  }

  /// The best texts of each prompt, one after the other; empty ones where the vocabulary has no more.
  private static func beamSearch(
    _ decoder: any DecodingModel, _ prompts: [[Int32]], _ options: GenerationOptions,
    _ search: Search, _ vm: VM
  ) throws -> [[Int32]] {
    try BeamSearch.run(
      decoder, prompts: prompts, options: options,
      beams: BeamOptions(
        beams: search.beams, lengthPenalty: search.lengthPenalty ?? 1, returned: search.results),
      onStep: vm.checkInterrupt
    ).flatMap { found in
      (0..<search.results).map { found.indices.contains($0) ? found[$0].tokens : [] }
    }
  }
}

/// What was written behind prompts: strings for strings, maps for maps.
struct WrittenTexts: ValueEncodable {
  let prompts: TextPrompts
  /// `results` of each prompt, one after the other.
  let texts: [String]
  let results: Int

  func encode(_ vm: VM) throws -> Value {
    guard prompts.areMaps || results > 1 else { return try texts.encode(vm) }
    let lists = (0..<prompts.prompts.count).map {
      Array(texts[$0 * results..<($0 + 1) * results])
    }
    guard prompts.areMaps else { return try lists.encode(vm) }
    return try zip(prompts.prompts, lists).map { prompt, texts in
      let written: any ValueEncodable = results > 1 ? texts : texts[0]
      return Record([("prompt", prompt.text), ("group", prompt.group), ("text", written)])
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

/// What ends a text: other texts, and tokens by number.
struct Stops: Bindable {
  var texts: [String] = []
  var tokens: [Int] = []

  static let typeName = "list of strings or of tokens by number"

  static func decode(_ value: Value, _ vm: VM) throws -> Stops? {
    guard let items = try [Value].attempt(value, vm) else { return nil }
    var stops = Stops()
    for item in items {
      if let text = item.string {
        stops.texts.append(text)
      } else if let token = try Int.attempt(item, vm), token >= 0 {
        stops.tokens.append(token)
      } else {
        return nil
      }
    }
    return stops
  }

  func encode(_ vm: VM) throws -> Value {
    texts.isEmpty ? try tokens.encode(vm) : try texts.encode(vm)
  }
}
