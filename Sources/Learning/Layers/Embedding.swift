import CKernels
import Foundations
import Tensors

/// A table of vectors, looked up by token; starts from N(0, 1) as in PyTorch unless another deviation is given. Tokens
/// are i64 or i32 of any shape.
///
/// With a padding index that token's vector starts at zero and never changes in training, and what follows each
/// example's last real token is marked as padding (`Tensor.lengths`), so that pooling and LSTMs leave it out.
public final class Embedding: Layer {
  public let rows: Int
  public let width: Int
  public let paddingIndex: Int?
  public let weight: Parameter
  private let scratch: RowScratch

  public convenience init(
    _ rows: Int, _ width: Int, paddingIndex: Int? = nil, deviation: Double = 1,
    random: inout RandomStream
  ) throws {
    try Check.size(rows, "the number of rows")
    try Check.size(width, "the width")
    if let paddingIndex, !(0..<rows).contains(paddingIndex) {
      throw DomainError(.index, "padding index \(paddingIndex) is outside of 0..<\(rows)")
    }
    let table = try Tensor.normal(
      Shape(checking: [rows, width]), deviation: deviation, &random)
    if let paddingIndex {
      (table.floats + paddingIndex * width).update(repeating: 0, count: width)
    }
    let weight = try Parameter("weight", table)
    weight.fixedRow = paddingIndex
    self.init(weight, paddingIndex: paddingIndex)
  }

  /// A table of zeros, whose numbers come from elsewhere.
  convenience init(zeros rows: Int, _ width: Int) throws {
    try Check.size(rows, "the number of rows")
    try Check.size(width, "the width")
    self.init(
      try Parameter("weight", .zeros(Shape(checking: [rows, width]))), paddingIndex: nil)
  }

  private init(_ weight: Parameter, paddingIndex: Int?) {
    rows = weight.shape[0]
    width = weight.shape[1]
    self.paddingIndex = paddingIndex
    self.weight = weight
    scratch = RowScratch(rows)
    super.init(kind: "embedding")
    own("weight", weight)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    Embedding(try copies.table(weight), paddingIndex: paddingIndex)
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

  /// The mean over axis 1 of the vectors of [examples, time] tokens, without making the vectors: what `Sequential`
  /// calls for an embedding that a mean over time follows.
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
