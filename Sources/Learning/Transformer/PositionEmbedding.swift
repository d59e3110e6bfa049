import CKernels
import Foundations
import Tensors

/// Adds a learned vector for each position to a sequence [examples, time, width].
public final class PositionEmbedding: Layer {
  /// The longest sequence.
  public let context: Int
  public let width: Int
  public let weight: Parameter

  /// Starts from N(0, `deviation`²).
  public convenience init(
    _ context: Int, _ width: Int, deviation: Double = 0.02, random: inout RandomStream
  ) throws {
    try Check.size(context, "the context")
    try Check.size(width, "the width")
    self.init(
      try Parameter(
        "weight", .normal(Shape(checking: [context, width]), deviation: deviation, &random)))
  }

  /// A table of zeros, whose numbers come from elsewhere.
  convenience init(zeros context: Int, _ width: Int) throws {
    try Check.size(context, "the context")
    try Check.size(width, "the width")
    self.init(try Parameter("weight", .zeros(Shape(checking: [context, width]))))
  }

  private init(_ weight: Parameter) {
    context = weight.shape[0]
    width = weight.shape[1]
    self.weight = weight
    super.init(kind: "positions")
    own("weight", weight)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    PositionEmbedding(try copies(weight))
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "positions(\(context) × \(width))" }

  public override func forward(_ input: Tensor) throws -> Tensor { try forward(input, from: 0) }

  /// Adds the vectors from row `first` on.
  func forward(_ input: Tensor, from first: Int) throws -> Tensor {
    let x = try check(input, from: first)
    let (examples, time) = (x.shape[0], x.shape[1])
    let y = try Tensor.uninitialized(x.shape).with(lengths: input.lengths)
    let table = weight.data
    let size = time * width
    withExtendedLifetime((x, table)) {
      Parallel.blocks(examples, size: RowBlocks.size(width: size)) { block in
        for example in block {
          fl_add_vv_f32(
            size, x.floats + example * size, table.floats + first * width, y.floats + example * size
          )
        }
      }
    }
    return Tape.record("positions", inputs: [input], parameters: [weight], output: y) {
      [weight] request in
      let g = try request.gradient.contiguous()
      return BackwardResult(
        inputs: [request.needs[0] ? g : nil],
        rules: request.wantsRules ? [PositionRule(weight: weight, g: g, firstRow: first)] : [])
    }
  }

  private func check(_ input: Tensor, from first: Int) throws -> Tensor {
    guard input.rank == 3, input.shape[2] == width else {
      throw DomainError(
        .shape, "\(summary) needs [examples, time, \(width)], got a tensor of shape \(input.shape)")
    }
    guard first + input.shape[1] <= context else {
      throw DomainError(
        .shape,
        "a sequence of \(input.shape[1]) positions is longer than the context of \(context - first)"
      )
    }
    return try Check.floats(input, "positions")
  }
}
