// Choosing the next token from logits: penalties, then temperature, top-k and top-p, in the order and with the ties of
// transformers' logits processors. Memory is made once.

import CKernels
import Foundations
import Glibc
import Tensors

/// What is done to the logits before a token is chosen.
public struct TokenChoice: Sendable, Equatable {
  /// Draw, or take the most likely.
  public var samples = false
  /// Logits are divided by it when drawing.
  public var temperature = 1.0
  /// Draw among the k most likely tokens (those as likely as the k-th count too); nil for all.
  public var topK: Int?
  /// Draw among the fewest tokens that hold this probability together (nucleus; Holtzman et al. 2020); nil for all.
  public var topP: Double?
  /// Draw among the tokens that are at least this part as likely as the likeliest (Nguyen et al. 2024); nil for all.
  public var minP: Double?
  /// Draw among the tokens whose surprise lies nearest to the expected one, as many as hold this probability together
  /// (locally typical sampling; Meister et al. 2023); nil for all.
  public var typical: Double?
  /// No n tokens of this many follow each other twice, the prompt's counted; nil allows all.
  public var noRepeatNGram: Int?
  /// Tokens that occurred, in the prompt too, lose likelihood: positive logits are divided by it, negative ones
  /// multiplied (Keskar et al. 2019). 1 changes nothing.
  public var repetitionPenalty = 1.0

  /// The most likely token.
  public static let greedy = TokenChoice()

  public static func sampling(
    temperature: Double = 1, topK: Int? = nil, topP: Double? = nil, minP: Double? = nil,
    typical: Double? = nil, repetitionPenalty: Double = 1
  ) -> TokenChoice {
    TokenChoice(
      samples: true, temperature: temperature, topK: topK, topP: topP, minP: minP,
      typical: typical, repetitionPenalty: repetitionPenalty)
  }

  func check() throws {
    guard temperature > 0, temperature.isFinite else {
      throw DomainError(
        .value, "temperature must be > 0, got \(temperature)",
        hint: temperature == 0 ? "choose greedily instead" : nil)
    }
    if let topK { try Check.size(topK, "top_k") }
    if let topP, !(topP > 0 && topP <= 1) {
      throw DomainError(.value, "top_p must be in (0, 1], got \(topP)")
    }
    if let minP, !(minP >= 0 && minP <= 1) {
      throw DomainError(.value, "min_p must be in [0, 1], got \(minP)")
    }
    if let typical, !(typical > 0 && typical <= 1) {
      throw DomainError(.value, "typical must be in (0, 1], got \(typical)")
    }
    if let noRepeatNGram { try Check.size(noRepeatNGram, "no_repeat_ngram") }
    guard repetitionPenalty > 0, repetitionPenalty.isFinite else {
      throw DomainError(.value, "repetition_penalty must be > 0, got \(repetitionPenalty)")
    }
  }
}

/// Chooses the tokens of one sequence. Not shared between threads.
final class TokenChooser {
  private let choice: TokenChoice
  private let count: Int
  private let stopTokens: [Int]
  /// [vocabulary] each: the logits as they are worked on, probabilities, and room for selecting.
  private let scores: Tensor
  private let weights: Tensor
  private let room: Tensor
  /// [vocabulary]: whether a token occurred; nothing where there is no penalty.
  private var seen: [Bool]
  /// What followed each n - 1 tokens so far, and the tokens themselves; nothing where any may follow.
  private var followers: [ArraySlice<Int32>: [Int32]] = [:]
  private var history: [Int32] = []

  init(_ choice: TokenChoice, vocabularySize: Int, stopTokens: [Int]) throws {
    self.choice = choice
    count = vocabularySize
    self.stopTokens = stopTokens
    scores = try .uninitialized([vocabularySize])
    weights = try .uninitialized([vocabularySize])
    room = try .uninitialized([vocabularySize])
    seen = choice.repetitionPenalty == 1 ? [] : Array(repeating: false, count: vocabularySize)
  }

  /// Forgets the sequence and begins one with these tokens.
  func begin(_ tokens: ArraySlice<Int32>) {
    for i in seen.indices { seen[i] = false }
    followers.removeAll(keepingCapacity: true)
    history.removeAll(keepingCapacity: true)
    for token in tokens { note(token) }
  }

  func note(_ token: Int32) {
    if !seen.isEmpty { seen[Int(token)] = true }
    guard let length = choice.noRepeatNGram else { return }
    if history.count >= length - 1 {
      followers[history.suffix(length - 1), default: []].append(token)
    }
    history.append(token)
  }

  /// Applies the penalty and the bans on repeating and stopping to `values` [vocabulary] (logits, or log-probabilities
  /// in a beam search).
  func process(_ values: UnsafeMutablePointer<Float>, mayStop: Bool) {
    if !seen.isEmpty {
      let penalty = Float(choice.repetitionPenalty)
      for i in 0..<count where seen[i] {
        values[i] = values[i] > 0 ? values[i] / penalty : values[i] * penalty
      }
    }
    if let length = choice.noRepeatNGram, history.count >= length - 1 {
      for token in followers[history.suffix(length - 1)] ?? [] { values[Int(token)] = -.infinity }
    }
    if !mayStop {
      for token in stopTokens { values[token] = -.infinity }
    }
  }

  /// The token that follows.
  ///
  /// - Parameters:
  ///   - logits: [vocabulary], unchanged.
  ///   - mayStop: false while the sequence is too short for a stop token.
  ///   - key: decides the draw.
  /// - Returns: the token, or nil where the logits are not numbers, or none is left.
  func choose(_ logits: UnsafePointer<Float>, mayStop: Bool, key: @autoclosure () -> RandomKey)
    -> Int32?
  {
    let scores = scores.floats
    scores.update(from: logits, count: count)
    process(scores, mayStop: mayStop)
    let largest = fl_max_f32(count, scores)
    guard largest.isFinite, fl_has_nan_f32(count, scores) == 0 else { return nil }
    guard choice.samples else { return Int32(fl_argmax_f32(count, scores)) }
    if choice.temperature != 1 {
      fl_div_vs_f32(count, scores, Float(choice.temperature), scores)
      // A tiny temperature makes the largest infinite; then it is certain.
      guard fl_max_f32(count, scores).isFinite else {
        return Int32(fl_argmax_f32(count, logits))
      }
    }
    var lowest = -Float.infinity
    if let topK = choice.topK, topK < count {
      lowest = Selection.largest(topK, of: scores, count: count, room: room.floats)
    }
    let total = weigh(scores, atLeast: lowest)
    var stream = key().stream
    let draw = stream.uniform()
    let nucleus = (choice.topP ?? 1) < 1
    if nucleus { keepNucleus(topP: choice.topP ?? 1, total: total) }
    if let minP = choice.minP { keepLikely(Float(minP)) }
    if let typical = choice.typical, typical < 1 { keepTypical(typical) }
    guard nucleus || choice.minP != nil || choice.typical != nil else { return pick(draw * total) }
    let weights = weights.floats
    return pick(draw * (0..<count).reduce(0.0) { $0 + Double(weights[$1]) })
  }

  /// Leaves the tokens whose weight is at least this part of the largest, which is 1.
  private func keepLikely(_ least: Float) {
    let weights = weights.floats
    for i in 0..<count where weights[i] < least { weights[i] = 0 }
  }

  /// Leaves the tokens whose -ln p is nearest to the entropy of what is left, as many as hold `mass` of it together;
  /// those as near as the last one count too.
  private func keepTypical(_ mass: Double) {
    let (weights, distances) = (weights.floats, room.floats)
    let left = (0..<count).filter { weights[$0] > 0 }
    let total = left.reduce(0.0) { $0 + Double(weights[$1]) }
    let entropy = left.reduce(0.0) { sum, i in
      let p = Double(weights[i]) / total
      return sum - p * log(p)
    }
    for i in left { distances[i] = Float(abs(-log(Double(weights[i]) / total) - entropy)) }
    var sum = 0.0
    var farthest: Float?
    for i in left.sorted(by: { (distances[$0], $0) < (distances[$1], $1) }) {
      sum += Double(weights[i]) / total
      farthest = distances[i]
      if sum >= mass { break }
    }
    guard let farthest else { return }
    for i in left where distances[i] > farthest { weights[i] = 0 }
  }

  /// weights[i] = e^(scores[i] - largest), 0 below `lowest`. Returns their sum.
  private func weigh(_ scores: UnsafeMutablePointer<Float>, atLeast lowest: Float) -> Double {
    let weights = weights.floats
    fl_sub_vs_f32(count, scores, fl_max_f32(count, scores), weights)
    fl_exp_f32(count, weights, weights)
    if lowest > -.infinity {
      for i in 0..<count where scores[i] < lowest { weights[i] = 0 }
    }
    return fl_sum_f32(count, weights)
  }

  /// The first token at which the sum of the weights exceeds `target`.
  private func pick(_ target: Double) -> Int32? {
    let weights = weights.floats
    var sum = 0.0
    var last: Int32?
    for i in 0..<count where weights[i] > 0 {
      sum += Double(weights[i])
      last = Int32(i)
      if sum > target { return last }
    }
    // Rounding can leave the target at the very end.
    return last
  }

  /// Leaves the fewest tokens whose weights sum up to `topP` of the total; of equally likely ones the first count.
  private func keepNucleus(topP: Double, total: Double) {
    let weights = weights.floats
    let wanted = topP * total
    let lowest = Selection.threshold(wanted, of: weights, count: count, room: room.floats)
    var above = 0.0
    for i in 0..<count where weights[i] > lowest { above += Double(weights[i]) }
    // At least one token: the first of the likeliest.
    var ties = lowest > 0 ? max(1, Int(((wanted - above) / Double(lowest)).rounded(.up))) : 0
    for i in 0..<count {
      if weights[i] < lowest {
        weights[i] = 0
      } else if weights[i] == lowest {
        if ties > 0 { ties -= 1 } else { weights[i] = 0 }
      }
    }
  }
}

/// Order statistics without sorting: parts of the numbers are split by a pivot and one of them is kept, so that the
/// work is proportional to the count.
enum Selection {
  /// The `rank`-th largest (from 1) of `count` numbers, none of them NaN.
  static func largest(
    _ rank: Int, of values: UnsafePointer<Float>, count: Int, room: UnsafeMutablePointer<Float>
  ) -> Float {
    precondition(rank >= 1 && rank <= count, "a rank among the numbers")
    room.update(from: values, count: count)
    var (low, high, wanted) = (0, count, rank)
    while true {
      let (above, equal, pivot) = split(room, low, high)
      if wanted <= above {
        high = low + above
      } else if wanted <= above + equal {
        return pivot
      } else {
        wanted -= above + equal
        low += above + equal
      }
    }
  }

  /// The largest number t such that the numbers from t on sum up to `sum` or more; the smallest one where all do not.
  static func threshold(
    _ sum: Double, of values: UnsafePointer<Float>, count: Int, room: UnsafeMutablePointer<Float>
  ) -> Float {
    precondition(count > 0, "there are numbers")
    room.update(from: values, count: count)
    var (low, high, wanted) = (0, count, sum)
    while true {
      let (above, equal, pivot) = split(room, low, high)
      var upper = 0.0
      for i in low..<low + above { upper += Double(room[i]) }
      if above > 0, upper >= wanted {
        high = low + above
        continue
      }
      wanted -= upper + Double(equal) * Double(pivot)
      low += above + equal
      if wanted <= 0 || low == high { return pivot }
    }
  }

  /// Reorders room[low..<high], not empty: what is above a pivot, what equals it, what is below.
  private static func split(
    _ room: UnsafeMutablePointer<Float>, _ low: Int, _ high: Int
  ) -> (above: Int, equal: Int, pivot: Float) {
    let (a, b, c) = (room[low], room[(low + high) / 2], room[high - 1])
    let pivot = max(min(a, b), min(max(a, b), c))
    var (above, next, below) = (low, low, high)
    while next < below {
      let value = room[next]
      if value > pivot {
        room[next] = room[above]
        room[above] = value
        above += 1
        next += 1
      } else if value == pivot {
        next += 1
      } else {
        below -= 1
        room[next] = room[below]
        room[below] = value
      }
    }
    return (above - low, below - above, pivot)
  }
}
