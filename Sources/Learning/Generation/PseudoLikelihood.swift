import CKernels
import Foundations
import Tensors

/// Pseudo-log-likelihoods of texts under a masked language model (Salazar et al. 2020, "Masked Language Model
/// Scoring"): each token is hidden in turn, and its log-probability given all the others is taken.
public struct MaskedModelScorer {
  private let forward: (Tensor) throws -> Tensor
  private let mask: Int32
  /// The longest sequence that the model sees; nil where there is no limit.
  public let contextLength: Int?

  /// - Parameters:
  ///   - mask: the token that stands in the place of one to be guessed.
  ///   - forward: from tokens [rows, time] (i64, `lengths` mark padding) to scores [rows, time, vocabulary].
  public init(
    mask: Int32, contextLength: Int?, forward: @escaping (Tensor) throws -> Tensor
  ) {
    self.mask = mask
    self.contextLength = contextLength
    self.forward = forward
  }

  /// A text's tokens, and which of them are hidden, one at a time.
  public struct Item: Sendable {
    public var tokens: [Int32]
    public var places: [Int]

    public init(tokens: [Int32], places: [Int]) {
      self.tokens = tokens
      self.places = places
    }
  }

  /// ln p(token | all others) at each of the places of each item, in order.
  ///
  /// - Parameter batch: how many sequences of like length go through the model together.
  /// - Throws: `limit` where a text is longer than the context, `index` for a token that the model does not know.
  public func logProbabilities(_ items: [Item], batch: Int = 16) throws -> [[Double]] {
    try Check.size(batch, "batch")
    for (number, item) in items.enumerated() {
      if let limit = contextLength, item.tokens.count > limit {
        throw DomainError(
          .limit,
          "text \(number) has \(item.tokens.count) tokens, more than the \(limit) that the model sees"
        )
      }
      precondition(item.places.allSatisfy(item.tokens.indices.contains), "places in the text")
    }
    var results = items.map { Array(repeating: 0.0, count: $0.places.count) }
    let work = items.indices.flatMap { item in
      items[item].places.indices.map { (item: item, place: $0) }
    }.sorted {
      (items[$0.item].tokens.count, $0.item, $0.place)
        < (items[$1.item].tokens.count, $1.item, $1.place)
    }
    for first in stride(from: 0, to: work.count, by: batch) {
      try Cancellation.check()
      let part = work[first..<min(first + batch, work.count)]
      let found = try guess(part.map { (items[$0.item].tokens, items[$0.item].places[$0.place]) })
      for (entry, value) in zip(part, found) { results[entry.item][entry.place] = value }
    }
    return results
  }

  private func guess(_ rows: [(tokens: [Int32], place: Int)]) throws -> [Double] {
    let time = rows.reduce(0) { max($0, $1.tokens.count) }
    let input = try Tensor.zeros([rows.count, time], .i64)
    for (row, entry) in rows.enumerated() {
      for (t, token) in entry.tokens.enumerated() {
        input.pointer(Int64.self)[row * time + t] = Int64(t == entry.place ? mask : token)
      }
    }
    let lengths = Lengths(rows.map { Int32($0.tokens.count) })
    let output = try ForwardContext.evaluation { try forward(input.with(lengths: lengths)) }
    guard output.rank == 3, output.shape[0] == rows.count, output.shape[1] == time,
      output.dtype == .f32
    else {
      throw DomainError(
        .shape,
        "a masked language model turns tokens \(input.shape) into f32 scores [\(rows.count), \(time), vocabulary], got \(output.dtype.name) \(output.shape)"
      )
    }
    let size = output.shape[2]
    let scores = try output.detached.contiguous()
    return try withExtendedLifetime(scores) {
      try rows.enumerated().map { row, entry in
        let token = entry.tokens[entry.place]
        guard token >= 0, Int(token) < size else {
          throw DomainError(
            .index, "token \(token) is not in a vocabulary of \(size)",
            hint: "is this the tokenizer of this model?")
        }
        let own = scores.floats + (row * time + entry.place) * size
        var sum: Float = 0
        fl_logsumexp_rows_f32(1, size, own, &sum)
        return Double(own[Int(token)]) - Double(sum)
      }
    }
  }
}
