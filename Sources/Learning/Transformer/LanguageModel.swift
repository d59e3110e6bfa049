import Tensor

/// A network that scores the next token at every position of token sequences [examples, time].
///
/// `forward` gives the scores of all positions, [examples, time, vocabulary]: `scores(hiddenStates(tokens))`.
public protocol LanguageModel: Layer {
  var vocabularySize: Int { get }
  /// The longest sequence that it can look at.
  var contextLength: Int { get }
  /// What the scores are made of, [examples, time, width].
  func hiddenStates(_ tokens: Tensor) throws -> Tensor
  /// Scores of every token from hidden states [examples, time, width].
  func scores(_ hidden: Tensor) throws -> Tensor
  /// An empty cache for `batch` examples of at most `capacity` tokens (nil: the context's length).
  func makeCache(batch: Int, capacity: Int?) throws -> KeyValueCache
  /// Hidden states [examples, time, width] of new tokens [examples, time] that follow those in the cache, which takes them in. Of
  /// example b the first `counts[b]` are real (nil: all). Evaluation only: nothing is recorded.
  func hiddenStates(_ tokens: Tensor, counts: [Int]?, _ cache: KeyValueCache) throws -> Tensor
}

extension LanguageModel {
  /// Scores of the next token after each example's new ones, [examples, vocabulary]: what generation asks for. Each example has
  /// at least one new token.
  public func nextScores(_ tokens: [[Int]], _ cache: KeyValueCache) throws -> Tensor {
    let counts = tokens.map(\.count)
    guard tokens.count == cache.batch, let longest = counts.max(), counts.allSatisfy({ $0 > 0 })
    else {
      throw DomainError(.value, "generation needs at least one token for each of its texts")
    }
    let ids = try Tensor.zeros([tokens.count, longest], .i64)
    for (row, tokens) in tokens.enumerated() {
      for (t, token) in tokens.enumerated() {
        ids.pointer(Int64.self)[row * longest + t] = Int64(token)
      }
    }
    return try Tape.withoutRecording {
      let hidden = try hiddenStates(ids, counts: counts, cache)
      let width = hidden.shape[2]
      let last = try Tensor.uninitialized([tokens.count, 1, width])
      withExtendedLifetime((hidden, last)) {
        for (row, count) in counts.enumerated() {
          (last.floats + row * width).update(
            from: hidden.floats + (row * longest + count - 1) * width, count: width)
        }
      }
      return try scores(last).reshaped([tokens.count, vocabularySize])
    }
  }
}
