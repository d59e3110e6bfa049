import Foundations
import Tensors

/// The tokens of one batch, checked against the table, and what of them is trained.
final class Tokens {
  let count: Int
  let examples: Int
  let time: Int
  let lengths: Lengths?
  private let tokens: Tensor
  /// Padding replaced by -1, which kernels skip; the same as `tokens` where there is no padding index.
  private let trainedTokens: Tensor

  init(_ input: Tensor, _ layer: Embedding) throws {
    guard input.dtype == .i64 || input.dtype == .i32 else {
      throw DomainError(
        .type, "embedding needs integer tokens, got a tensor of \(input.dtype.name)")
    }
    let dense = try input.detached.cast(to: .i64).contiguous()
    let count = dense.count
    let examples = input.rank > 0 ? input.shape[0] : 1
    let time = count / max(1, examples)
    tokens = dense
    self.count = count
    self.examples = examples
    self.time = time
    let values = UnsafeBufferPointer(start: dense.pointer(Int64.self), count: count)
    let bound = Int64(layer.rows)
    var isInside = true
    for value in values { isInside = isInside && value >= 0 && value < bound }
    guard isInside else {
      let bad = values.first { $0 < 0 || $0 >= bound } ?? 0
      throw DomainError(
        .index, "token \(bad) is outside of the embedding's \(layer.rows) rows",
        hint: "tokens count from 0; make the embedding as large as the vocabulary")
    }
    var lengths = input.lengths
    if let padding = layer.paddingIndex {
      let padding = Int64(padding)
      let trained = try Tensor.uninitialized([count], .i64)
      let to = trained.pointer(Int64.self)
      for i in 0..<count { to[i] = values[i] == padding ? -1 : values[i] }
      trainedTokens = trained
      if lengths == nil, input.rank == 2 {
        var found = [Int32](repeating: 0, count: examples)
        for example in 0..<examples {
          var end = time
          while end > 0, values[example * time + end - 1] == padding { end -= 1 }
          found[example] = Int32(end)
        }
        if found.contains(where: { $0 < time }) { lengths = Lengths(found) }
      }
    } else {
      trainedTokens = dense
    }
    self.lengths = lengths
  }

  var all: UnsafePointer<Int64> { UnsafePointer(tokens.pointer(Int64.self)) }
  var trained: UnsafePointer<Int64> { UnsafePointer(trainedTokens.pointer(Int64.self)) }

  func withLengths<R>(_ body: (UnsafePointer<Int32>?) throws -> R) rethrows -> R {
    guard let lengths else { return try body(nil) }
    return try lengths.values.withUnsafeBufferPointer { try body($0.baseAddress) }
  }
}
