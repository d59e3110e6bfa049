// Beam search as transformers does it (generation/utils.py `_beam_search`, version 5): of the beams' continuations the
// best 2 n are kept, the finished ones among the first n compete for the result by log-probability / length^penalty,
// the best n others go on.

import CKernels
import Foundations
import Glibc
import Tensors

/// How a beam search goes.
public struct BeamOptions: Sendable, Equatable {
  /// When a search ends before all beams have the largest length.
  public enum EarlyStopping: String, Sendable {
    /// As soon as as many sequences have ended as there are beams.
    case whenFull
    /// When no open beam, judged by its present length, beats the worst of the ended ones.
    case heuristic
    /// When none can: a positive length penalty is judged by the largest length.
    case never
  }

  public var beams = 4
  /// The exponent of the length that log-probabilities are divided by: above 0 favours long sequences.
  public var lengthPenalty = 1.0
  public var earlyStopping = EarlyStopping.heuristic
  /// How many sequences are returned for a prompt, the best first.
  public var returned = 1

  public init(
    beams: Int = 4, lengthPenalty: Double = 1, earlyStopping: EarlyStopping = .heuristic,
    returned: Int = 1
  ) {
    self.beams = beams
    self.lengthPenalty = lengthPenalty
    self.earlyStopping = earlyStopping
    self.returned = returned
  }
}

/// One result of a beam search.
public struct BeamContinuation: Sendable, Equatable {
  /// Without the prompt and without the stop token.
  public var tokens: [Int32]
  /// The token that ended it; nil where it has the largest length.
  public var stopToken: Int32?
  /// Log-probability / length^penalty, the stop token counted.
  public var score: Double
}

public enum BeamSearch {
  /// The best continuations of each prompt.
  ///
  /// - Parameters:
  ///   - options: how far to go; of the choice of tokens only the repetition penalty and the ban on repeated n-grams
  ///     count, applied to log-probabilities. Stop texts are not looked for.
  ///   - onStep: called before each token; what it throws ends the run.
  /// - Returns: for each prompt `beams.returned` continuations, the best first; fewer where the vocabulary has no more.
  /// - Throws: as `Generation.run`.
  public static func run(
    _ model: any DecodingModel, prompts: [[Int32]], options: GenerationOptions, beams: BeamOptions,
    onStep: () throws -> Void = {}
  ) throws -> [[BeamContinuation]] {
    try options.check(model)
    guard !options.choice.samples else {
      throw DomainError(.value, "a beam search does not draw", hint: "choose greedily")
    }
    try Check.size(beams.beams, "beams")
    guard beams.beams <= 1024 else {
      throw DomainError(.limit, "a beam search has at most 1024 beams, got \(beams.beams)")
    }
    guard beams.returned >= 1, beams.returned <= beams.beams else {
      throw DomainError(
        .value, "from 1 to \(beams.beams) sequences can be returned, not \(beams.returned)")
    }
    guard beams.lengthPenalty.isFinite else {
      throw DomainError(.value, "length_penalty must be finite, got \(beams.lengthPenalty)")
    }
    guard options.stopTexts == nil else {
      throw DomainError(.value, "a beam search does not look for stop texts")
    }
    for (i, prompt) in prompts.enumerated() { try Generation.check(prompt, i, model) }
    try options.requireRoom(model, prompts)
    var options = options
    options.stopTokens = options.reachableStops(model)
    return try prompts.map { prompt in
      var search = try Search(model, prompt, options, beams)
      return try search.run(onStep)
    }
  }

  /// A sequence on its way.
  private struct Beam {
    var tokens: [Int32] = []
    /// Where its past lies in the decoding state.
    var row = 0
    var score: Double
  }

  private struct Ended {
    var tokens: [Int32]
    var score: Double
    /// False for the places that no sequence has taken yet.
    var isTaken: Bool
  }

  /// What transformers takes for minus infinity; the arithmetic on it is part of the result.
  private static let lowest = -1e9

  private struct Search {
    let options: GenerationOptions
    let beams: BeamOptions
    let state: any DecodingState
    let prompt: [Int32]
    let vocabularySize: Int
    let choosers: [TokenChooser]
    /// [beams, vocabulary].
    let scores: Tensor
    var running: [Beam]
    var ended: [Ended]

    init(
      _ model: any DecodingModel, _ prompt: [Int32], _ options: GenerationOptions,
      _ beams: BeamOptions
    ) throws {
      self.options = options
      self.beams = beams
      self.prompt = prompt
      vocabularySize = model.vocabularySize
      state = try model.decodingState(
        rows: beams.beams, capacity: options.capacity([prompt]))
      choosers = try (0..<beams.beams).map { _ in
        try TokenChooser(
          options.choice, vocabularySize: model.vocabularySize, stopTokens: options.stopTokens)
      }
      scores = try .uninitialized([beams.beams, model.vocabularySize])
      // All begin alike: only the first may be continued at first.
      running = (0..<beams.beams).map { Beam(row: $0, score: $0 == 0 ? 0 : BeamSearch.lowest) }
      ended = Array(
        repeating: Ended(tokens: [], score: BeamSearch.lowest, isTaken: false), count: beams.beams)
    }

    mutating func run(_ onStep: () throws -> Void) throws -> [BeamContinuation] {
      try state.begin(running.map { _ in prompt[...] })
      let width = beams.beams
      let kept = max(2, 1 + options.stopTokens.count) * width
      var canImprove = true
      for step in 0..<options.maximumNewTokens {
        try onStep()
        let best = try bestContinuations(kept, step: step)
        let isLast = step + 1 == options.maximumNewTokens
        let ends = best.map { isLast || options.stopTokens.contains(Int($0.tokens[step])) }
        let isFull = ended.allSatisfy(\.isTaken) && beams.earlyStopping == .whenFull
        for (i, candidate) in best.enumerated() where i < width && ends[i] {
          var score = candidate.score / divisor(step + 1)
          if isFull { score += BeamSearch.lowest }
          if !canImprove { score += BeamSearch.lowest }
          ended.append(Ended(tokens: candidate.tokens, score: score, isTaken: true))
        }
        ended = Array(stableSorted(ended, by: \.score).prefix(width))
        let open = zip(best, ends).map { beam, ends in
          var beam = beam
          if ends { beam.score += BeamSearch.lowest }
          return beam
        }
        running = Array(stableSorted(open, by: \.score).prefix(width))
        canImprove = canImprove && canStillImprove(step + 1)
        let allFull = ended.allSatisfy(\.isTaken) && beams.earlyStopping == .whenFull
        if !canImprove || allFull || ends.allSatisfy({ $0 }) || isLast { break }
        try advance(step)
      }
      return ended.filter(\.isTaken).prefix(beams.returned).map { sequence in
        let last = sequence.tokens.last ?? -1
        let stops = options.stopTokens.contains(Int(last))
        return BeamContinuation(
          tokens: stops ? Array(sequence.tokens.dropLast()) : sequence.tokens,
          stopToken: stops ? last : nil, score: sequence.score)
      }
    }

    private func divisor(_ length: Int) -> Double { Glibc.pow(Double(length), beams.lengthPenalty) }

    private func canStillImprove(_ length: Int) -> Bool {
      let assumed =
        beams.earlyStopping == .never && beams.lengthPenalty > 0
        ? options.maximumNewTokens : length
      let possible = running[0].score / divisor(assumed)
      // The worst of all places, where any is taken.
      let worst = ended.map(\.score).min() ?? BeamSearch.lowest
      return ended.contains { possible > ($0.isTaken ? worst : BeamSearch.lowest) }
    }

    /// The `count` best of all beams' continuations by one token.
    private func bestContinuations(_ count: Int, step: Int) throws -> [Beam] {
      let (size, scores, logits) = (vocabularySize, scores.floats, state.logits)
      fl_log_softmax_rows_f32(running.count, size, 1, logits, scores)
      var best: [(score: Double, beam: Int, token: Int32)] = []
      for (i, beam) in running.enumerated() {
        let own = scores + i * size
        guard fl_has_nan_f32(size, own) == 0 else { throw Generation.notNumbers() }
        choosers[i].begin(prompt[...])
        for token in beam.tokens { choosers[i].note(token) }
        choosers[i].process(own, mayStop: step >= options.minimumNewTokens)
        best += top(min(count, size), own).map {
          (beam.score + Double(own[Int($0)]), i, $0)
        }
      }
      return stableSorted(best, by: \.score).prefix(count).map { candidate in
        var beam = running[candidate.beam]
        beam.tokens.append(candidate.token)
        beam.score = candidate.score
        beam.row = candidate.beam
        return beam
      }
    }

    /// The `count` tokens with the largest values, the largest first.
    private func top(_ count: Int, _ values: UnsafePointer<Float>) -> [Int32] {
      var heap: [Int32] = []
      heap.reserveCapacity(count + 1)
      // Few are wanted and most fail the first comparison: insertion into a sorted list.
      for token in 0..<Int32(vocabularySize) {
        let value = values[Int(token)]
        if heap.count == count, value <= values[Int(heap[count - 1])] { continue }
        var place = heap.count
        heap.append(token)
        while place > 0, values[Int(heap[place - 1])] < value {
          heap[place] = heap[place - 1]
          place -= 1
        }
        heap[place] = token
        if heap.count > count { heap.removeLast() }
      }
      return heap
    }

    private mutating func advance(_ step: Int) throws {
      // A vocabulary smaller than the number of beams leaves fewer of them.
      let rows = (0..<beams.beams).map { $0 < running.count ? running[$0].row : running[0].row }
      try state.reorder(rows)
      for i in running.indices { running[i].row = i }
      let tokens = running.map { $0.tokens[step] }
      try tokens.withUnsafeBufferPointer { tokens in
        try Array(running.indices).withUnsafeBufferPointer { try state.append(tokens, to: $0) }
      }
    }

    private func stableSorted<T>(_ items: [T], by score: KeyPath<T, Double>) -> [T] {
      items.enumerated().sorted {
        ($1.element[keyPath: score], $0.offset) < ($0.element[keyPath: score], $1.offset)
      }.map(\.element)
    }
  }
}
