import CKernels
import Foundations
import Tensor

/// Adds a learned vector for each position to a sequence [examples, time, width].
public final class PositionEmbedding: Layer {
  /// The longest sequence.
  public let context: Int
  public let width: Int
  public let weight: Parameter

  /// Starts from N(0, `deviation`²).
  public init(_ context: Int, _ width: Int, deviation: Double = 0.02, random: inout RandomStream)
    throws
  {
    try Check.size(context, "the context")
    try Check.size(width, "the width")
    self.context = context
    self.width = width
    weight = try Parameter(
      "weight", .normal(Shape(checking: [context, width]), deviation: deviation, &random))
    super.init(kind: "positions")
    own("weight", weight)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "positions(\(context) × \(width))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    let x = try check(input)
    let (examples, time) = (x.shape[0], x.shape[1])
    let y = try Tensor.uninitialized(x.shape).with(lengths: input.lengths)
    let table = weight.data
    let size = time * width
    withExtendedLifetime((x, table)) {
      Parallel.blocks(examples, size: RowBlocks.size(width: size)) { block in
        for example in block {
          fl_add_vv_f32(size, x.floats + example * size, table.floats, y.floats + example * size)
        }
      }
    }
    return Tape.record("positions", inputs: [input], parameters: [weight], output: y) {
      [weight] request in
      let g = try request.gradient.contiguous()
      return BackwardResult(
        inputs: [request.needs[0] ? g : nil],
        rules: request.wantsRules ? [PositionRule(weight: weight, g: g)] : [])
    }
  }

  private func check(_ input: Tensor) throws -> Tensor {
    guard input.rank == 3, input.shape[2] == width else {
      throw DomainError(
        .shape, "\(summary) needs [examples, time, \(width)], got a tensor of shape \(input.shape)")
    }
    guard input.shape[1] <= context else {
      throw DomainError(
        .shape,
        "a sequence of \(input.shape[1]) positions is longer than the context of \(context)"
      )
    }
    return try Check.floats(input, "positions")
  }
}

/// Gradients of a position table: example b's is its own output gradient g[b], row by row.
final class PositionRule: RangedGradientRule {
  let parameters: [Parameter]
  let exampleCount: Int
  private let weight: Parameter
  private let g: Tensor
  /// Numbers of an example.
  private let size: Int

  init(weight: Parameter, g: Tensor) {
    self.weight = weight
    parameters = [weight]
    exampleCount = g.shape[0]
    size = g.shape[1] * g.shape[2]
    self.g = g
  }

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    guard weight.requiresGradient, let index = sink.index(of: weight), !examples.isEmpty else {
      return
    }
    let target = try sink.zeroedTarget(index)
    let first = examples.lowerBound
    withExtendedLifetime(g) {
      ColumnSums.compute(
        g.floats + first * size, rows: examples.count, columns: size,
        weights: weights.map { $0 + first }, accumulate: true, target)
    }
  }

  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? {
    try ranges.map { range in
      guard !range.isEmpty else { return 0 }
      let sum = try Tensor.uninitialized([size])
      return withExtendedLifetime((g, sum)) {
        ColumnSums.compute(
          g.floats + range.lowerBound * size, rows: range.count, columns: size, weights: nil,
          accumulate: false, sum.floats)
        return UnsafePointer(sum.floats).sumOfSquares(size)
      }
    }
  }

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    withExtendedLifetime(g) {
      for example in 0..<exampleCount {
        norms[example] += Float(UnsafePointer(g.floats + example * size).sumOfSquares(size))
      }
    }
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    try addSquaredNorms(to: norms)
  }

  func perExample(_ index: Int) throws -> Tensor {
    let result = try Tensor.zeros([exampleCount, weight.shape[0], weight.shape[1]])
    withExtendedLifetime(g) {
      for example in 0..<exampleCount {
        (result.floats + example * weight.count).update(
          from: g.floats + example * size, count: size)
      }
    }
    return result
  }
}
