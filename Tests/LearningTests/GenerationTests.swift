import Foundation
import Foundations
import Tensors
import TestSupport
import Testing

@testable import Learning

@Suite struct GenerationTests {
  private func expected() throws -> [String: Any] { try CheckpointOutputs.model("gpt2") }

  private func prompts() throws -> [[Int32]] {
    try #require(expected()["prompts"] as? [[Int]]).map { $0.map { Int32($0) } }
  }

  /// A model whose logits are those of a GPT-2, without a cache.
  private func uncached() throws -> UncachedDecoder {
    try UncachedDecoder(CheckpointOutputs.gpt2(), vocabularySize: 61, contextLength: 48)
  }

  @Test func greedyAndBeamsAsTransformers() throws {
    let model = try CheckpointOutputs.gpt2().decoder()
    #expect(model is TransformerDecoder)
    let prompts = try prompts()
    let cases = try #require(expected()["generation"] as? [[String: Any]])
    #expect(cases.count == 15)
    for entry in cases {
      let settings = try #require(entry["options"] as? [String: Any])
      let outputs = try #require(entry["outputs"] as? [[String: Any]])
      func number(_ name: String) -> Double? { (settings[name] as? NSNumber)?.doubleValue }
      var options = GenerationOptions(maximumNewTokens: 14)
      options.stopTokens = settings["stops"] as? [Int] ?? [39]
      options.minimumNewTokens = Int(number("min_new_tokens") ?? 0)
      options.choice.repetitionPenalty = number("repetition_penalty") ?? 1
      options.choice.noRepeatNGram = settings["no_repeat_ngram_size"] as? Int
      func generated(_ tokens: [Int32], _ stop: Int32?) -> [Int] {
        (tokens + (stop.map { [$0] } ?? [])).map { Int($0) }
      }
      /// Without the padding behind the end.
      func wanted(_ sequence: [Int]) -> [Int] {
        guard let end = sequence.firstIndex(where: options.stopTokens.contains) else {
          return sequence
        }
        return Array(sequence[...end])
      }
      let sequences = try outputs.map { try #require($0["tokens"] as? [[Int]]).map(wanted) }
      guard let width = number("num_beams") else {
        for batch in [1, 3, 16] {
          options.batch = batch
          let found = try Generation.run(
            model, prompts: prompts, options: options, key: RandomKey(seed: 0))
          #expect(
            found.map { generated($0.tokens, $0.stopToken) } == sequences.map { $0[0] },
            "\(settings)")
        }
        continue
      }
      var beams = BeamOptions(beams: Int(width))
      beams.lengthPenalty = number("length_penalty") ?? 1
      beams.returned = Int(number("num_return_sequences") ?? 1)
      if let stopping = settings["early_stopping"] {
        beams.earlyStopping = stopping as? String == "never" ? .never : .whenFull
      }
      for decoder in [model, try uncached()] {
        let found = try BeamSearch.run(decoder, prompts: prompts, options: options, beams: beams)
        for (i, results) in found.enumerated() {
          #expect(
            results.map { generated($0.tokens, $0.stopToken) } == sequences[i], "\(settings) \(i)")
          let scores = try #require(outputs[i]["scores"] as? [NSNumber]).map(\.doubleValue)
          for (a, b) in zip(results.map(\.score), scores) {
            #expect(abs(a - b) < 1e-4 * max(1, abs(b)), "\(settings)")
          }
        }
      }
    }
  }

  @Test func theCacheGivesTheSameLogitsAsTheWholeText() throws {
    let model = try CheckpointOutputs.gpt2()
    let text = try #require(expected()["text"] as? [Int]).map { Int32($0) }
    let lengths = [1, 9, 20]
    let state = try TransformerDecoder(model).decodingState(rows: 3, capacity: 30)
    try state.begin(lengths.map { text[..<$0] })
    func check(_ rows: [Int], _ lengths: [Int]) throws {
      for (i, row) in rows.enumerated() {
        let ids = try Tensor(text[..<lengths[row]].map(Int64.init), shape: [1, lengths[row]])
        let all = try ForwardContext.evaluation { try model.forward(ids).doubles() }
        let worst = (0..<61).map {
          abs(Double(state.logits[i * 61 + $0]) - all[all.count - 61 + $0])
        }
        #expect((worst.max() ?? 1) < 1e-4)
      }
    }
    try check([0, 1, 2], lengths)
    var now = lengths
    for step in 0..<8 {
      // Rows leave and grow at their own pace.
      let rows = step % 3 == 2 ? [0, 2] : step % 2 == 0 ? [2, 1, 0] : [1]
      let tokens = rows.map { text[now[$0]] }
      for row in rows { now[row] += 1 }
      try tokens.withUnsafeBufferPointer { tokens in
        try rows.withUnsafeBufferPointer { try state.append(tokens, to: $0) }
      }
      try check(rows, now)
    }
    try state.reorder([2, 2, 1])
    now = [now[2], now[2], now[1]]
    let tokens = now.map { text[$0] }
    now = now.map { $0 + 1 }
    try tokens.withUnsafeBufferPointer { tokens in
      try [0, 1, 2].withUnsafeBufferPointer { try state.append(tokens, to: $0) }
    }
    try check([0, 1, 2], now)
  }

  @Test func otherPromptsBatchesAndThreadsChangeNothing() throws {
    let model = try CheckpointOutputs.gpt2().decoder()
    let text = try #require(expected()["text"] as? [Int]).map { Int32($0) }
    let prompts = (0..<9).map { Array(text[($0 * 7)..<($0 * 7 + 1 + $0 * 5 % 13)]) }
    var options = GenerationOptions(
      choice: .sampling(temperature: 1.3, topK: 30, topP: 0.95), maximumNewTokens: 20,
      stopTokens: [39])
    let key = RandomKey(seed: 5)
    let together = try Generation.run(model, prompts: prompts, options: options, key: key)
    #expect(Set(together.map(\.tokens)).count > 5)
    let threads = Parallel.threads
    defer { Parallel.threads = threads }
    for (batch, count) in [(1, 1), (4, 2), (16, 2)] {
      options.batch = batch
      Parallel.threads = count
      #expect(try Generation.run(model, prompts: prompts, options: options, key: key) == together)
    }
    for (i, prompt) in prompts.enumerated() {
      let alone = try Generation.run(
        model, prompts: [prompt], options: options, key: key, firstIndex: i)
      #expect(alone == [together[i]])
    }
    let other = try Generation.run(
      model, prompts: prompts, options: options, key: RandomKey(seed: 6))
    #expect(other != together)
    // The log-probabilities are those of the model.
    let scorer = try LanguageModelScorer(CheckpointOutputs.gpt2(), contextLength: 48)
    for (prompt, result) in zip(prompts, together) {
      let all = prompt + result.tokens + (result.stopToken.map { [$0] } ?? [])
      let values = try scorer.logProbabilities([all])[0][(prompt.count - 1)...]
      #expect(abs(values.reduce(0, +) - result.logProbability) < 1e-3)
    }
  }

  /// A decoder that counts passes, and whose state takes drafts or does not.
  private final class Counting: DecodingModel {
    private let model: any DecodingModel
    private let takesDrafts: Bool
    fileprivate(set) var passes = 0

    init(_ model: any DecodingModel, takesDrafts: Bool) {
      self.model = model
      self.takesDrafts = takesDrafts
    }

    var vocabularySize: Int { model.vocabularySize }
    var contextLength: Int? { model.contextLength }
    func decodingState(rows: Int, capacity: Int) throws -> any DecodingState {
      let state = try model.decodingState(rows: rows, capacity: capacity)
      return takesDrafts ? Drafting(state, self) : Plain(state, self)
    }

    private class Plain: DecodingState {
      let state: any DecodingState
      let counter: Counting
      init(_ state: any DecodingState, _ counter: Counting) {
        self.state = state
        self.counter = counter
      }
      var logits: UnsafeMutablePointer<Float> { state.logits }
      func begin(_ prompts: [ArraySlice<Int32>]) throws { try state.begin(prompts) }
      func append(_ tokens: UnsafeBufferPointer<Int32>, to rows: UnsafeBufferPointer<Int>) throws {
        counter.passes += 1
        try state.append(tokens, to: rows)
      }
      func reorder(_ sources: [Int]) throws { try state.reorder(sources) }
    }

    private final class Drafting: Plain, DraftingState {
      private var drafting: any DraftingState {
        get throws { try #require(state as? any DraftingState) }
      }
      func extend(_ row: Int, by tokens: [Int32]) throws -> UnsafeMutablePointer<Float> {
        counter.passes += 1
        return try drafting.extend(row, by: tokens)
      }
      func shorten(_ row: Int, by count: Int) {
        (state as? any DraftingState)?.shorten(row, by: count)
      }
    }
  }

  @Test func draftsSavePassesAndChangeNoBit() throws {
    let model = try CheckpointOutputs.gpt2().decoder()
    let text = try #require(expected()["text"] as? [Int]).map { Int32($0) }
    var saved = 0
    for choice in [TokenChoice.greedy, .sampling(temperature: 0.05), .sampling(temperature: 1)] {
      for length in [1, 4, 11] {
        let options = GenerationOptions(
          choice: choice, maximumNewTokens: 36, stopTokens: length == 4 ? [39] : [])
        let (one, several) = (
          Counting(model, takesDrafts: false), Counting(model, takesDrafts: true)
        )
        let results = try [one, several].map {
          try Generation.run(
            $0, prompts: [Array(text[..<length])], options: options, key: RandomKey(seed: 3))
        }
        #expect(results[0] == results[1])
        #expect(several.passes <= one.passes)
        saved += one.passes - several.passes
      }
    }
    #expect(saved > 20)
  }

  @Test func draftsAreWhatFollowedBefore() {
    var lookup = PromptLookup([1, 2, 3, 4, 5, 9, 2, 3])
    #expect(lookup.draft(room: 20) == [4, 5, 9])
    #expect(lookup.draft(room: 2) == [4, 5] && lookup.draft(room: 0).isEmpty)
    lookup.note(4)
    lookup.learn(accepted: 3, of: 3)
    #expect(lookup.draft(room: 20) == [5, 9, 2, 3, 4, 5, 9])
    lookup.learn(accepted: 0, of: 7)
    #expect(lookup.draft(room: 20) == [5, 9, 2])
    lookup.note(7)
    #expect(lookup.draft(room: 20).isEmpty)
    // A loop goes on.
    #expect(PromptLookup([8, 8, 8]).draft(room: 9) == [8, 8, 8])
  }

  @Test func stepsHoldNoMemoryBeyondTheFirst() throws {
    let model = try CheckpointOutputs.gpt2().decoder()
    let prompts: [[Int32]] = [[3, 4, 5], [6]]
    let state = try model.decodingState(rows: 2, capacity: 33)
    try state.begin(prompts.map { $0[...] })
    let buffer = state.logits
    for token in Int32(0)..<20 {
      try [token, token + 1].withUnsafeBufferPointer { tokens in
        try [0, 1].withUnsafeBufferPointer { try state.append(tokens, to: $0) }
      }
      #expect(state.logits == buffer)
    }
    #expect(
      failure {
        for _ in 0..<20 {
          try [1].withUnsafeBufferPointer { tokens in
            try [0].withUnsafeBufferPointer { try state.append(tokens, to: $0) }
          }
        }
      }?.kind == .limit)
  }

  @Test func drawsFollowTransformersDistributions() throws {
    let cases = try #require(CheckpointOutputs.all()["warpers"] as? [[String: Any]])
    #expect(cases.count == 16)
    for (number, entry) in cases.enumerated() {
      let logits = try #require(entry["logits"] as? [NSNumber]).map(\.floatValue)
      let wanted = try #require(entry["probabilities"] as? [NSNumber]).map(\.doubleValue)
      let choice = TokenChoice.sampling(
        temperature: (entry["temperature"] as? NSNumber)?.doubleValue ?? 1,
        topK: entry["top_k"] as? Int, topP: (entry["top_p"] as? NSNumber)?.doubleValue,
        minP: (entry["min_p"] as? NSNumber)?.doubleValue,
        typical: (entry["typical"] as? NSNumber)?.doubleValue)
      let chooser = try TokenChooser(choice, vocabularySize: logits.count, stopTokens: [])
      var counts = Array(repeating: 0.0, count: logits.count)
      let draws = 20_000
      let key = RandomKey(seed: UInt64(number))
      for i in 0..<draws {
        let token = try #require(chooser.choose(logits, mayStop: true, key: key.derived(i)))
        counts[Int(token)] += 1
      }
      var statistic = 0.0
      var freedom = -1.0
      for (count, probability) in zip(counts, wanted) {
        if probability == 0 {
          #expect(count == 0, "case \(number)")
        } else {
          let mean = probability * Double(draws)
          statistic += (count - mean) * (count - mean) / mean
          freedom += 1
        }
      }
      // Some six standard deviations of χ².
      #expect(statistic <= freedom + 6 * (2 * max(freedom, 1)).squareRoot() + 10, "case \(number)")
    }
  }

  @Test func selectionWithoutSorting() throws {
    var random = RandomStream(seed: 3)
    for count in [1, 2, 3, 10, 100, 1000] {
      for ties in [false, true] {
        let values = (0..<count).map { _ in
          ties ? Float(random.integer(below: 5)) : Float(random.uniform())
        }
        let sorted = values.sorted(by: >)
        var room = values
        for rank in Set([1, 2, count / 2, count - 1, count]) where rank >= 1 && rank <= count {
          #expect(
            Selection.largest(rank, of: values, count: count, room: &room) == sorted[rank - 1])
        }
        let total = values.reduce(0) { $0 + Double($1) }
        for share in [0, 0.1, 0.5, 0.9, 0.999] where total > 0 {
          var sum = 0.0
          let place = sorted.firstIndex { value in
            sum += Double(value)
            return sum >= share * total
          }
          let found = Selection.threshold(share * total, of: values, count: count, room: &room)
          #expect(found == sorted[place ?? count - 1], "\(count) \(share)")
        }
      }
    }
  }

  /// Tokens written as a letter each, 0 as "a".
  @Test func stopTextsEndWhatIsWritten() throws {
    let model = try CheckpointOutputs.gpt2().decoder()
    let write: @Sendable (ArraySlice<Int32>) -> [UInt8] = { $0.map { UInt8(0x61 + $0 % 26) } }
    let prompts = try prompts()
    var options = GenerationOptions(maximumNewTokens: 14)
    let whole = try Generation.run(
      model, prompts: prompts, options: options, key: RandomKey(seed: 0))
    for (number, continuation) in whole.enumerated() {
      let text = write(continuation.tokens[...])
      for start in 0..<(text.count - 2) {
        let wanted = String(decoding: text[start..<(start + 3)], as: UTF8.self)
        options.stopTexts = StopTexts(["?", wanted], write: write)
        for drafts in [false, true] {
          options.drafts = drafts
          let found = try Generation.run(
            model, prompts: [prompts[number]], options: options, key: RandomKey(seed: 0))
          let first = try #require(options.stopTexts?.firstStop(in: text))
          #expect(found[0].tokens == Array(continuation.tokens[..<(first + 3)]))
        }
      }
    }
    options.stopTexts = StopTexts(["?"], write: write)
    #expect(
      try Generation.run(model, prompts: prompts, options: options, key: RandomKey(seed: 0))
        == whole)
    #expect(
      failure {
        _ = try BeamSearch.run(model, prompts: prompts, options: options, beams: BeamOptions())
      }?.kind == .value)
  }

  @Test func refusesWhatCannotBe() throws {
    let model = try CheckpointOutputs.gpt2().decoder()
    func kind(_ prompts: [[Int32]], _ options: GenerationOptions) -> DomainError.Kind? {
      failure {
        _ = try Generation.run(model, prompts: prompts, options: options, key: RandomKey(seed: 0))
      }?.kind
    }
    let good = GenerationOptions(maximumNewTokens: 4)
    #expect(kind([[1]], good) == nil)
    #expect(kind([], good) == nil)
    #expect(kind([[]], good) == .value)
    #expect(kind([[61]], good) == .index)
    #expect(kind([[-1]], good) == .index)
    #expect(kind([[1]], GenerationOptions(maximumNewTokens: 48)) == .limit)
    #expect(kind([[1]], GenerationOptions(maximumNewTokens: 47)) == nil)
    #expect(kind([[1]], GenerationOptions(maximumNewTokens: 0)) == .value)
    #expect(kind([[1]], GenerationOptions(maximumNewTokens: .max)) == .value)
    #expect(kind([[1]], GenerationOptions(minimumNewTokens: -1)) == .value)
    // Some folders name a stop token that their vocabulary has not: it never comes.
    #expect(kind([[1]], GenerationOptions(stopTokens: [61, -1, .max])) == nil)
    #expect(kind([[1]], GenerationOptions(choice: .sampling(minP: 1.1))) == .value)
    #expect(kind([[1]], GenerationOptions(choice: .sampling(minP: -0.1))) == .value)
    #expect(kind([[1]], GenerationOptions(choice: TokenChoice(noRepeatNGram: 0))) == .value)
    let long = failure {
      _ = try Generation.run(
        model, prompts: [[1], [1], Array(repeating: 1, count: 46)], options: good,
        key: RandomKey(seed: 0), firstIndex: 32)
    }
    #expect(long?.kind == .limit)
    #expect(long?.message.hasPrefix("prompt 34 has 46 tokens, and with 4 new ones") == true)
    let longBeams = failure {
      _ = try BeamSearch.run(
        model, prompts: [[1], Array(repeating: 1, count: 48)], options: good, beams: BeamOptions())
    }
    #expect(longBeams?.message.hasPrefix("prompt 1 has 48 tokens") == true)
    #expect(kind([[1]], GenerationOptions(choice: .sampling(temperature: 0))) == .value)
    #expect(kind([[1]], GenerationOptions(choice: .sampling(temperature: .nan))) == .value)
    #expect(kind([[1]], GenerationOptions(choice: .sampling(temperature: 1e-300))) == nil)
    #expect(kind([[1]], GenerationOptions(choice: .sampling(topK: 0))) == .value)
    #expect(kind([[1]], GenerationOptions(choice: .sampling(topK: 1000))) == nil)
    #expect(kind([[1]], GenerationOptions(choice: .sampling(topP: 0))) == .value)
    #expect(kind([[1]], GenerationOptions(choice: .sampling(topP: 1.1))) == .value)
    #expect(kind([[1]], GenerationOptions(choice: .sampling(repetitionPenalty: 0))) == .value)
    #expect(
      kind([[1]], GenerationOptions(minimumNewTokens: 1, stopTokens: Array(0..<61))) == .data)
    func beams(_ options: BeamOptions) -> DomainError.Kind? {
      failure { _ = try BeamSearch.run(model, prompts: [[1]], options: good, beams: options) }?.kind
    }
    #expect(beams(BeamOptions(beams: 0)) == .value)
    #expect(beams(BeamOptions(beams: 2, returned: 3)) == .value)
    #expect(beams(BeamOptions(beams: 100, returned: 100)) == nil)
    #expect(beams(BeamOptions(lengthPenalty: .infinity)) == .value)
    // Weights that are not numbers.
    let broken = try CheckpointOutputs.gpt2()
    try broken.norm.weight.set(.full([24], .nan))
    for choice in [TokenChoice.greedy, .sampling()] {
      let error = failure {
        _ = try Generation.run(
          broken.decoder(), prompts: [[1]], options: GenerationOptions(choice: choice),
          key: RandomKey(seed: 0))
      }
      #expect(error?.kind == .data)
    }
    #expect(
      failure {
        _ = try BeamSearch.run(
          broken.decoder(), prompts: [[1]], options: good, beams: BeamOptions())
      }?
      .kind == .data)
  }
}

@Suite struct TextScoreTests {
  @Test func perplexityAsTransformers() throws {
    let golden = try CheckpointOutputs.model("gpt2")
    let text = try #require(golden["text"] as? [Int]).map { Int32($0) }
    let scorer = try LanguageModelScorer(CheckpointOutputs.gpt2(), contextLength: 48)
    for entry in try #require(golden["perplexity"] as? [[String: Any]]) {
      let window = try #require(entry["window"] as? Int)
      let stride = try #require(entry["stride"] as? Int)
      let expected = try #require(entry["nll"] as? NSNumber).doubleValue
      for batch in [1, 4] {
        let found = try scorer.score(text, window: window, stride: stride, batch: batch)
        #expect(found.tokens == 99)
        #expect(
          abs(found.negativeLogLikelihood - expected) < 1e-4 * expected, "\(window) \(stride)")
      }
    }
  }

  @Test func startTokensAndUnits() throws {
    let scorer = try LanguageModelScorer(CheckpointOutputs.gpt2(), contextLength: 48)
    let text: [Int32] = [5, 9, 33, 2]
    let score = try scorer.score(text, start: 39, words: 2, bytes: 8)
    #expect(score.tokens == 4)
    let single = try scorer.logProbabilities([[39] + text, [7], [], [39, 5]])
    #expect(single.map(\.count) == [4, 0, 0, 1])
    let nll = -single[0].reduce(0, +)
    #expect(abs(score.negativeLogLikelihood - nll) < 1e-4)
    #expect(abs(single[0][0] - single[3][0]) < 1e-5)
    #expect(abs(score.perplexity - exp(nll / 4)) < 1e-3 * score.perplexity)
    #expect(abs(score.wordPerplexity - exp(nll / 2)) < 1e-3 * score.wordPerplexity)
    #expect(abs(score.bitsPerByte - nll / 8 / log(2)) < 1e-4)
    #expect((score + score).tokens == 8)
    #expect(TextScore.wordCount("  one two\n\tthree ") == 3)
    #expect(TextScore.wordCount("") == 0)
    #expect(try scorer.score([]).tokens == 0)
    #expect(failure { _ = try scorer.score(text, window: 49) }?.kind == .value)
    #expect(failure { _ = try scorer.score(text, window: 1) }?.kind == .value)
    #expect(failure { _ = try scorer.score(text, window: 4, stride: 4) }?.kind == .value)
    #expect(failure { _ = try scorer.score(text, window: 4, stride: 0) }?.kind == .value)
    #expect(failure { _ = try scorer.score([1, 61]) }?.kind == .index)
    #expect(
      failure { _ = try scorer.logProbabilities([Array(repeating: 1, count: 49)]) }?.kind == .limit)
  }
}
