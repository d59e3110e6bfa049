import CKernels
import Foundations
import Tensors

/// How far to continue, and how tokens are chosen.
public struct GenerationOptions: Sendable {
  public var choice = TokenChoice.greedy
  /// The most tokens behind a prompt.
  public var maximumNewTokens = 20
  /// Stop tokens cannot be chosen before this many.
  public var minimumNewTokens = 0
  /// Tokens that end a sequence; those outside of the vocabulary, which some folders name, never come.
  public var stopTokens: [Int] = []
  /// Texts that end a sequence, as its tokens are written; the tokens in which one lies belong to the continuation.
  public var stopTexts: StopTexts?
  /// The most sequences that grow together; changes the speed and the memory, never the result.
  public var batch = 16
  /// Whether a sequence that grows alone is drafted by looking up what followed before; changes the speed, never the
  /// result.
  public var drafts = true

  public init(
    choice: TokenChoice = .greedy, maximumNewTokens: Int = 20, minimumNewTokens: Int = 0,
    stopTokens: [Int] = [], batch: Int = 16
  ) {
    self.choice = choice
    self.maximumNewTokens = maximumNewTokens
    self.minimumNewTokens = minimumNewTokens
    self.stopTokens = stopTokens
    self.batch = batch
  }

  func check(_ model: any DecodingModel) throws {
    try choice.check()
    try Check.size(maximumNewTokens, "max_new_tokens")
    try Check.size(batch, "batch")
    guard minimumNewTokens >= 0 else {
      throw DomainError(.value, "min_new_tokens must be >= 0, got \(minimumNewTokens)")
    }
  }

  /// Stop tokens that the model can give.
  func reachableStops(_ model: any DecodingModel) -> [Int] {
    stopTokens.filter { (0..<model.vocabularySize).contains($0) }
  }

  /// Checks that all of `prompts` and what may follow them fit the model.
  ///
  /// - Throws: `limit`, with the number of the first prompt that is too long, counted from `firstIndex`.
  public func requireRoom(
    _ model: any DecodingModel, _ prompts: [[Int32]], firstIndex: Int = 0
  ) throws {
    guard let limit = model.contextLength else { return }
    for (i, prompt) in prompts.enumerated() {
      let (capacity, overflow) = prompt.count.addingReportingOverflow(maximumNewTokens)
      guard overflow || capacity > limit else { continue }
      let others = prompts.count > 1 ? "prompt \(firstIndex &+ i)" : "the prompt"
      throw DomainError(
        .limit,
        "\(others) has \(prompt.count) tokens, and with \(maximumNewTokens) new ones that is more than the \(limit) that the model sees",
        hint: prompt.count < limit
          ? "ask for at most \(limit - prompt.count) new tokens" : "shorten it")
    }
  }

  /// The most tokens of any sequence that begins with one of `prompts`, which have room.
  func capacity(_ prompts: some Sequence<[Int32]>) -> Int {
    prompts.reduce(0) { max($0, $1.count) } + maximumNewTokens
  }
}

/// Texts that end what is written.
public struct StopTexts: Sendable {
  private let texts: [[UInt8]]
  /// How the text of tokens is written.
  private let write: @Sendable (ArraySlice<Int32>) -> [UInt8]
  private let longest: Int

  /// - Parameters:
  ///   - texts: not empty, each of at least a byte.
  ///   - write: the bytes of a text's last tokens.
  public init(_ texts: [String], write: @escaping @Sendable (ArraySlice<Int32>) -> [UInt8]) {
    self.texts = texts.map { Array($0.utf8) }
    self.write = write
    longest = self.texts.reduce(0) { max($0, $1.count) }
  }

  /// Whether the last of `tokens` completes one of the texts.
  func endsNow(_ tokens: [Int32]) -> Bool {
    // A token is at least a byte, but for those that stand for nothing.
    firstStop(in: write(tokens.suffix(longest + 8))) != nil
  }

  /// Where the first of the texts begins in `bytes`.
  public func firstStop(in bytes: [UInt8]) -> Int? {
    texts.compactMap { text in
      guard bytes.count >= text.count else { return nil }
      return (0...(bytes.count - text.count)).first { start in
        bytes[start..<(start + text.count)].elementsEqual(text)
      }
    }.min()
  }
}

/// What a model wrote behind a prompt.
public struct Continuation: Sendable, Equatable {
  /// Without the prompt and without the stop token.
  public var tokens: [Int32]
  /// The token that ended it; nil where it has the largest length.
  public var stopToken: Int32?
  /// The logarithm of the probability that the model itself gives to these tokens and the stop token, before
  /// temperature and penalties.
  public var logProbability: Double
}

/// Continues prompts token by token.
public enum Generation {
  /// Continues each of `prompts`, several at a time.
  ///
  /// What is drawn for prompt i depends on `key`, on `firstIndex + i` and on the place in the sequence only: neither
  /// the other prompts nor the batch nor the number of threads change a token.
  ///
  /// - Parameters:
  ///   - firstIndex: the number of the first prompt, for callers that hand a long list over in parts.
  ///   - results: how many continuations of each prompt are drawn, by random numbers of their own; the first is the one
  ///     that is drawn where no more are asked for.
  ///   - onStep: called before each token; what it throws ends the run.
  /// - Returns: the continuations of each prompt one after the other, in order.
  /// - Throws: a value error for options out of range and for an empty prompt, an index error for a token outside the
  ///   vocabulary, a limit error where a sequence would outgrow the model's context, a data error where the model gives
  ///   something else than numbers.
  public static func run(
    _ model: any DecodingModel, prompts: [[Int32]], options: GenerationOptions, key: RandomKey,
    firstIndex: Int = 0, results repeats: Int = 1, onStep: () throws -> Void = {}
  ) throws -> [Continuation] {
    try options.check(model)
    try Check.size(repeats, "results")
    let (total, overflow) = prompts.count.multipliedReportingOverflow(by: repeats)
    guard !overflow, total <= Int(Int32.max) else {
      throw DomainError(
        .limit, "\(repeats) results of \(prompts.count) prompts are more than can be kept")
    }
    for (i, prompt) in prompts.enumerated() { try check(prompt, firstIndex &+ i, model) }
    try options.requireRoom(model, prompts, firstIndex: firstIndex)
    // Prompts of like length grow together, so that the cache is not made for the longest.
    let order = (0..<total).sorted {
      (prompts[$0 / repeats].count, $0) < (prompts[$1 / repeats].count, $1)
    }
    var results = Array(
      repeating: Continuation(tokens: [], stopToken: nil, logProbability: 0), count: total)
    for start in stride(from: 0, to: order.count, by: options.batch) {
      let group = order[start..<min(start + options.batch, order.count)]
      let found = try runBatch(
        model, group.map { prompts[$0 / repeats] }, options,
        keys: group.map { place in
          let first = key.derived("generation", firstIndex &+ place / repeats)
          return place % repeats == 0 ? first : first.derived("result", place % repeats)
        }, onStep)
      for (i, continuation) in zip(group, found) { results[i] = continuation }
    }
    return results
  }

  static func check(_ prompt: [Int32], _ index: Int, _ model: any DecodingModel) throws {
    guard !prompt.isEmpty else {
      throw DomainError(
        .value, "prompt \(index) is empty", hint: "begin with the tokenizer's start token")
    }
    for token in prompt where token < 0 || Int(token) >= model.vocabularySize {
      throw DomainError(
        .index,
        "prompt \(index) has token \(token), which is not in a vocabulary of \(model.vocabularySize)",
        hint: "is this the tokenizer of this model?")
    }
  }

  private static func runBatch(
    _ model: any DecodingModel, _ prompts: [[Int32]], _ options: GenerationOptions,
    keys: [RandomKey], _ onStep: () throws -> Void
  ) throws -> [Continuation] {
    let state = try model.decodingState(
      rows: prompts.count, capacity: options.capacity(prompts))
    let loop = try GenerationLoop(model, prompts, options, keys)
    try state.begin(prompts.map { $0[...] })
    var step = 0
    try onStep()
    try loop.choose(state.logits, step: &step)
    while !loop.isFinished, step < options.maximumNewTokens {
      if options.drafts, loop.isAlone, let state = state as? any DraftingState {
        try loop.growByDraft(state, step: &step, onStep)
      } else {
        try onStep()
        try loop.grow(state)
        try loop.choose(state.logits, step: &step)
      }
    }
    return loop.results
  }

  static func notNumbers() -> DomainError {
    DomainError(
      .data, "the model's logits are not numbers, or no token is left to choose",
      hint: "look for NaN and infinities in the weights")
  }
}

/// What is kept while a batch grows; a step allocates nothing.
private final class GenerationLoop {
  private let options: GenerationOptions
  private let stopTokens: [Int]
  private let vocabularySize: Int
  private let keys: [RandomKey]
  private let choosers: [TokenChooser]
  private let prompts: [[Int32]]
  /// Of the row that grows alone.
  private var lookup: PromptLookup?
  private(set) var results: [Continuation]
  /// Rows that still grow, and the token that each has been given last; the first `active` of each count.
  private let rows: UnsafeMutableBufferPointer<Int>
  private let tokens: UnsafeMutableBufferPointer<Int32>
  private let logSums: UnsafeMutableBufferPointer<Float>
  private var active: Int

  init(
    _ model: any DecodingModel, _ prompts: [[Int32]], _ options: GenerationOptions,
    _ keys: [RandomKey]
  ) throws {
    self.options = options
    self.keys = keys
    self.prompts = prompts
    vocabularySize = model.vocabularySize
    let stopTokens = options.reachableStops(model)
    self.stopTokens = stopTokens
    choosers = try prompts.map { prompt in
      let chooser = try TokenChooser(
        options.choice, vocabularySize: model.vocabularySize, stopTokens: stopTokens)
      chooser.begin(prompt[...])
      return chooser
    }
    results = prompts.map { _ in
      var tokens: [Int32] = []
      tokens.reserveCapacity(options.maximumNewTokens)
      return Continuation(tokens: tokens, stopToken: nil, logProbability: 0)
    }
    active = prompts.count
    rows = .allocate(capacity: active)
    tokens = .allocate(capacity: active)
    logSums = .allocate(capacity: active)
    for row in 0..<active { rows[row] = row }
    tokens.initialize(repeating: 0)
    logSums.initialize(repeating: 0)
  }

  deinit {
    rows.deallocate()
    tokens.deallocate()
    logSums.deallocate()
  }

  var isFinished: Bool { active == 0 }

  /// Whether one row grows by itself: then a pass waits for the weights only, and several tokens take no longer than
  /// one.
  var isAlone: Bool { active == 1 }

  /// Chooses token number `step` of each active row from `logits` [active, vocabulary]; rows that end leave.
  func choose(_ logits: UnsafeMutablePointer<Float>, step: inout Int) throws {
    defer { step += 1 }
    let number = step
    let mayStop = step >= options.minimumNewTokens
    Parallel.each(active) { i in
      let row = rows[i]
      let own = logits + i * vocabularySize
      fl_logsumexp_rows_f32(1, vocabularySize, own, logSums.baseAddress.unsafelyUnwrapped + i)
      tokens[i] =
        choosers[row].choose(own, mayStop: mayStop, key: keys[row].derived(number)) ?? -1
    }
    var kept = 0
    for i in 0..<active {
      let (row, token) = (rows[i], tokens[i])
      guard token >= 0 else { throw Generation.notNumbers() }
      results[row].logProbability +=
        Double(logits[i * vocabularySize + Int(token)]) - Double(logSums[i])
      if stopTokens.contains(Int(token)) {
        results[row].stopToken = token
        continue
      }
      results[row].tokens.append(token)
      if let stopTexts = options.stopTexts, stopTexts.endsNow(results[row].tokens) { continue }
      choosers[row].note(token)
      lookup?.note(token)
      rows[kept] = row
      tokens[kept] = token
      kept += 1
    }
    active = kept
  }

  func grow(_ state: any DecodingState) throws {
    try state.append(
      UnsafeBufferPointer(rebasing: UnsafeBufferPointer(tokens)[..<active]),
      to: UnsafeBufferPointer(rebasing: UnsafeBufferPointer(rows)[..<active]))
  }

  /// One pass over the only active row: its last token and a draft of those behind it, of which those stay that the row
  /// chooses too.
  func growByDraft(_ state: any DraftingState, step: inout Int, _ onStep: () throws -> Void) throws
  {
    let row = rows[0]
    if lookup == nil { lookup = PromptLookup(prompts[row] + results[row].tokens) }
    let draft = lookup?.draft(room: options.maximumNewTokens - step) ?? []
    try onStep()
    let logits = try state.extend(row, by: [tokens[0]] + draft)
    var accepted = 0
    try choose(logits, step: &step)
    while !isFinished, step < options.maximumNewTokens, accepted < draft.count,
      tokens[0] == draft[accepted]
    {
      accepted += 1
      try onStep()
      try choose(logits + accepted * vocabularySize, step: &step)
    }
    state.shorten(row, by: draft.count - accepted)
    lookup?.learn(accepted: accepted, of: draft.count)
  }
}
