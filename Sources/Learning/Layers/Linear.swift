import CKernels
import Foundations
import Tensors

/// y = x Wᵀ + b over the last axis; `weight` is [outputs, inputs] as in PyTorch, and so is the initialisation: uniform
/// in ±1/√inputs.
public final class Linear: Layer {
  public let inputs: Int
  public let outputs: Int
  public let weight: Parameter
  public let bias: Parameter?

  public convenience init(
    _ inputs: Int, _ outputs: Int, bias: Bool = true, random: inout RandomStream
  ) throws {
    try Check.size(inputs, "inputs")
    try Check.size(outputs, "outputs")
    let bound = 1 / Double(inputs).squareRoot()
    let weight = try Parameter(
      "weight",
      .uniform(Shape(checking: [outputs, inputs]), low: -bound, high: bound, &random))
    let shift =
      bias
      ? try Parameter("bias", .uniform([outputs], low: -bound, high: bound, &random)) : nil
    self.init(weight, shift)
  }

  /// A layer of zeros, whose numbers come from elsewhere.
  convenience init(zeros inputs: Int, _ outputs: Int, bias: Bool) throws {
    try Check.size(inputs, "inputs")
    try Check.size(outputs, "outputs")
    self.init(
      try Parameter("weight", .zeros(Shape(checking: [outputs, inputs]))),
      bias ? try Parameter("bias", .zeros(Shape(checking: [outputs]))) : nil)
  }

  private init(_ weight: Parameter, _ bias: Parameter?) {
    inputs = weight.shape[1]
    outputs = weight.shape[0]
    self.weight = weight
    self.bias = bias
    super.init(kind: "linear")
    own("weight", weight)
    if let bias { own("bias", bias) }
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    Linear(try copies(weight), try bias.map { try copies($0) })
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "linear(\(inputs) → \(outputs))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try forward(input, then: .none)
  }

  /// The product, the bias and an activation in two passes over the output instead of three.
  func forward(_ input: Tensor, then activation: FusedActivation) throws -> Tensor {
    guard let last = input.shape.last, last == inputs else {
      throw DomainError(
        .shape,
        "linear(\(inputs) → \(outputs)) needs a last axis of \(inputs), got a tensor of shape \(input.shape)"
      )
    }
    Separation.takesTogether(input.rank - 1, of: input, kind)
    let a = try Check.floats(input, "linear")
    var shape = input.shape
    shape[shape.rank - 1] = outputs
    let y = try Tensor.uninitialized(shape).with(lengths: input.lengths)
    let argument = activation.keepsArgument ? try Tensor.uninitialized(shape) : nil
    apply(to: a, activation, argument: argument, output: y)
    // What the activation's derivative is found from: its argument, or its value.
    let saved = activation == .none ? nil : argument ?? y.detached
    let w = weight.data
    return Tape.record(
      "linear", inputs: [input], parameters: [weight] + (bias.map { [$0] } ?? []), output: y
    ) { [weight, bias] request in
      var g = try request.gradient.contiguous()
      if let saved {
        let dy = g
        g = try Tensor.uninitialized(dy.shape)
        activation.backward(dy, saved, into: g)
      }
      return BackwardResult(
        inputs: [request.needs[0] ? try Linear.inputGradient(g, weight: w, shape: a.shape) : nil],
        rules: request.wantsRules ? [LinearRule(weight: weight, bias: bias, a: a, g: g)] : [])
    }
  }

  /// The layer's formula without a trace, on contiguous tensors; `argument` is given what the activation is taken of.
  func apply(to a: Tensor, _ activation: FusedActivation, argument: Tensor?, output y: Tensor) {
    let rows = y.count / outputs
    let (w, b) = (weight.data, bias?.data)
    let (outputs, inputs) = (outputs, inputs)
    withExtendedLifetime((a, w, b, argument, y)) {
      let (from, to) = ((argument ?? y).floats, y.floats)
      Matmul.gemm(
        transposeB: true, m: rows, n: outputs, k: inputs, a.floats, inputs, w.floats, inputs, from,
        outputs)
      guard b != nil || activation != .none else { return }
      let bias = b?.floats
      Parallel.blocks(rows, size: RowBlocks.size(width: outputs)) { block in
        let part = from + block.lowerBound * outputs
        fl_bias_activation_f32(
          activation.rawValue, block.count, outputs, part, bias, argument == nil ? nil : part,
          to + block.lowerBound * outputs)
      }
    }
  }

  /// What an output gradient g means for the inputs, which have `shape`; `w` is the weight that the outputs were made
  /// with.
  static func inputGradient(_ g: Tensor, weight w: Tensor, shape: Shape) throws -> Tensor {
    let result = try Tensor.uninitialized(shape)
    let (outputs, inputs) = (w.shape[0], w.shape[1])
    withExtendedLifetime((g, w)) {
      Matmul.gemm(
        m: g.count / outputs, n: inputs, k: outputs, g.floats, outputs, w.floats, inputs,
        result.floats, inputs)
    }
    return result
  }
}

extension Linear {
  /// Weights from N(0, deviation²), biases 0.
  func reset(deviation: Double, _ random: inout RandomStream) throws {
    try weight.set(.normal(weight.shape, deviation: deviation, &random))
    if let bias { try bias.set(.zeros(bias.shape)) }
  }
}
