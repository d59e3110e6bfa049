import CKernels
import Foundations
import Tensor

/// A table of vectors, looked up by token; starts from N(0, 1) as in PyTorch unless another deviation is given. Tokens are
/// i64 or i32 of any shape.
///
/// With a padding index that token's vector starts at zero and never changes in training, and what follows each example's last
/// real token is marked as padding (`Tensor.lengths`), so that pooling and LSTMs leave it out.
public final class Embedding: Layer {
  public let rows: Int
  public let width: Int
  public let paddingIndex: Int?
  public let weight: Parameter
  private let scratch: RowScratch

  public init(
    _ rows: Int, _ width: Int, paddingIndex: Int? = nil, deviation: Double = 1,
    random: inout RandomStream
  ) throws {
    try Check.size(rows, "the number of rows")
    try Check.size(width, "the width")
    if let paddingIndex, !(0..<rows).contains(paddingIndex) {
      throw DomainError(.index, "padding index \(paddingIndex) is outside of 0..<\(rows)")
    }
    self.rows = rows
    self.width = width
    self.paddingIndex = paddingIndex
    let table = try Tensor.normal(
      Shape(checking: [rows, width]), deviation: deviation, &random)
    if let paddingIndex {
      (table.floats + paddingIndex * width).update(repeating: 0, count: width)
    }
    weight = try Parameter("weight", table)
    weight.fixedRow = paddingIndex
    scratch = RowScratch(rows)
    super.init(kind: "embedding")
    own("weight", weight)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "embedding(\(rows) × \(width))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    let tokens = try Tokens(input, self)
    let table = weight.data
    let count = tokens.count
    let (rows, width) = (self.rows, self.width)
    var shape = input.shape
    shape.append(width)
    let y = try Tensor.uninitialized(shape).with(lengths: tokens.lengths)
    withExtendedLifetime((tokens, table)) {
      let (from, to) = (tokens.all, y.floats)
      Parallel.blocks(count, size: RowBlocks.size(width: width)) {
        _ = fl_gather_rows_i64_f32(
          $0.count, width, table.floats, rows, from + $0.lowerBound, to + $0.lowerBound * width)
      }
    }
    return Tape.record("embedding", inputs: [], parameters: [weight], output: y) {
      [weight, scratch] request in
      guard request.wantsRules else { return BackwardResult(inputs: []) }
      let rule = EmbeddingRule(
        weight: weight, tokens: tokens, gradient: try request.gradient.contiguous(), bags: false,
        scratch: scratch)
      return BackwardResult(inputs: [], rules: [rule])
    }
  }

  /// The mean over axis 1 of the vectors of [examples, time] tokens, without making the vectors: what `Sequential` calls for an
  /// embedding that a mean over time follows.
  func forwardMean(_ input: Tensor) throws -> Tensor {
    let tokens = try Tokens(input, self)
    let table = weight.data
    let (bags, time) = (input.shape[0], input.shape[1])
    let (rows, width) = (self.rows, self.width)
    let y = try Tensor.uninitialized([bags, width])
    tokens.withLengths { lengths in
      let (from, to) = (tokens.all, y.floats)
      Parallel.blocks(bags, size: RowBlocks.size(width: time * width)) { block in
        let first = block.lowerBound
        _ = fl_bag_mean_i64_f32(
          block.count, time, width, table.floats, rows, from + first * time,
          lengths.map { $0 + first }, to + first * width)
      }
    }
    withExtendedLifetime((tokens, table)) {}
    return Tape.record("embedding mean", inputs: [], parameters: [weight], output: y) {
      [weight, scratch] request in
      guard request.wantsRules else { return BackwardResult(inputs: []) }
      let rule = EmbeddingRule(
        weight: weight, tokens: tokens, gradient: try request.gradient.contiguous(), bags: true,
        scratch: scratch)
      return BackwardResult(inputs: [], rules: [rule])
    }
  }
}

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
