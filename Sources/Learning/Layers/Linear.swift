import CKernels
import Foundations
import Tensor

/// y = x Wᵀ + b over the last axis; `weight` is [outputs, inputs] as in PyTorch, and so is the initialisation: uniform in
/// ±1/√inputs.
public final class Linear: Layer {
  public let inputs: Int
  public let outputs: Int
  public let weight: Parameter
  public let bias: Parameter?

  public init(_ inputs: Int, _ outputs: Int, bias: Bool = true, random: inout RandomStream) throws {
    try Check.size(inputs, "inputs")
    try Check.size(outputs, "outputs")
    self.inputs = inputs
    self.outputs = outputs
    let bound = 1 / Double(inputs).squareRoot()
    weight = try Parameter(
      "weight",
      .uniform(Shape(checking: [outputs, inputs]), low: -bound, high: bound, &random))
    self.bias =
      bias
      ? try Parameter("bias", .uniform([outputs], low: -bound, high: bound, &random)) : nil
    super.init(kind: "linear")
    own("weight", weight)
    if let bias = self.bias { own("bias", bias) }
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

  /// What an output gradient g means for the inputs, which have `shape`; `w` is the weight that the outputs were made with.
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

/// Activations that a linear layer applies while its output is in cache; the numbers are the kernels'.
enum FusedActivation: Int32 {
  case none = 0
  case relu = 1
  case tanh = 2
  case sigmoid = 3
  case geluTanh = 4
  case geluErf = 5
  case silu = 6

  /// Whether the derivative follows from the argument only, and not from the value.
  var keepsArgument: Bool { rawValue >= FusedActivation.geluTanh.rawValue }

  /// The gradient before the activation of dy behind it; `g` may be `dy`. `saved` is the argument where the activation keeps that, else
  /// its value. With `value`, that is written there again from a saved argument.
  func backward(_ dy: Tensor, _ saved: Tensor, into g: Tensor, value: Tensor? = nil) {
    withExtendedLifetime((dy, saved, g, value)) {
      let (from, argument, to, value) = (dy.floats, saved.floats, g.floats, value?.floats)
      Parallel.blocks(g.count, size: 1 << 13) { block in
        let start = block.lowerBound
        fl_bias_activation_backward_f32(
          rawValue, block.count, from + start, argument + start, to + start,
          value.map { $0 + start })
      }
    }
  }
}

/// Rows of a matrix that are treated as one block: about 32 KiB of it, so that the cut depends on the shape only.
enum RowBlocks {
  static func size(width: Int) -> Int { max(1, 8192 / max(1, width)) }
}

/// Gradients of a linear layer from its inputs a [examples, time, inputs] and output gradients g [examples, time, outputs].
final class LinearRule: RangedGradientRule {
  let weight: Parameter
  let bias: Parameter?
  let parameters: [Parameter]
  let exampleCount: Int
  private let time: Int
  private let inputs: Int
  private let outputs: Int
  private let a: Tensor
  private let g: Tensor

  /// Inputs and output gradients.
  var factors: (inputs: Tensor, gradient: Tensor) { (a, g) }

  init(weight: Parameter, bias: Parameter?, a: Tensor, g: Tensor) {
    self.weight = weight
    self.bias = bias
    parameters = [weight] + (bias.map { [$0] } ?? [])
    inputs = weight.shape[1]
    outputs = weight.shape[0]
    exampleCount = g.rank > 1 ? g.shape[0] : 1
    time = g.count / max(1, exampleCount * outputs)
    self.a = a
    self.g = g
  }

  func accumulate(
    weights: UnsafePointer<Float>?, examples: Range<Int>, into sink: GradientSink
  ) throws {
    let rows = examples.count * time
    let weightIndex = weight.requiresGradient ? sink.index(of: weight) : nil
    let biasIndex = bias.flatMap { $0.requiresGradient ? sink.index(of: $0) : nil }
    guard weightIndex != nil || biasIndex != nil else { return }
    var left = g.floats + examples.lowerBound * time * outputs
    var right = a.floats + examples.lowerBound * time * inputs
    var rowWeights: Tensor?
    var scaled: Tensor?
    if let weights {
      // Σ wᵢ gᵢᵀaᵢ: the narrower of the two factors takes the weights.
      if outputs <= inputs || weightIndex == nil {
        let copy = try ExampleWeights.scaled(
          left, weights + examples.lowerBound, examples: examples.count, width: time * outputs)
        left = copy.floats
        scaled = copy
      } else {
        let copy = try ExampleWeights.scaled(
          right, weights + examples.lowerBound, examples: examples.count, width: time * inputs)
        right = copy.floats
        scaled = copy
        if biasIndex != nil {
          rowWeights = try ExampleWeights.repeated(
            weights + examples.lowerBound, examples: examples.count, times: time)
        }
      }
    }
    try withExtendedLifetime((a, g, scaled, rowWeights)) {
      if let weightIndex {
        let (target, accumulate) = try sink.target(weightIndex)
        Matmul.gemm(
          transposeA: true, m: outputs, n: inputs, k: rows, left, outputs, right, inputs,
          beta: accumulate ? 1 : 0, target, inputs)
      }
      if let biasIndex {
        let (target, accumulate) = try sink.target(biasIndex)
        ColumnSums.compute(
          left, rows: rows, columns: outputs, weights: rowWeights?.floats, accumulate: accumulate,
          target)
      }
    }
  }

  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    JointNorms.add(
      weight.requiresGradient ? [a] : [], biases: bias.map(\.requiresGradient) == true ? 1 : 0, g,
      RowLayout(examples: exampleCount, time: time), to: norms)
  }

  var heldCount: Int? { a.count + g.count }

  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double]? {
    JointNorms.ofRanges(
      ranges, weight.requiresGradient ? [a] : [],
      biases: bias.map(\.requiresGradient) == true ? 1 : 0, g,
      RowLayout(examples: exampleCount, time: time))
  }

  /// The squared norms of the sums over ranges by Gram matrices, whatever they cost.
  func gramNorms(of ranges: [Range<Int>]) -> [Double] {
    JointNorms.byGramMatrices(
      ranges, weight.requiresGradient ? [a] : [],
      biases: bias.map(\.requiresGradient) == true ? 1 : 0, g,
      RowLayout(examples: exampleCount, time: time))
  }

  func addSquaredNorms(ofParameter index: Int, to norms: UnsafeMutablePointer<Float>) throws {
    let (time, inputs, outputs) = (time, inputs, outputs)
    withExtendedLifetime((a, g)) {
      let (a, g) = (a.floats, g.floats)
      Parallel.blocks(exampleCount, size: ExampleBlocks.size(time: time, width: inputs + outputs)) {
        let rows = $0.lowerBound * time
        if index == 0 {
          fl_linear_example_norms_f32(
            $0.count, time, inputs, outputs, a + rows * inputs, g + rows * outputs,
            norms + $0.lowerBound)
        } else {
          fl_bias_example_norms_f32(
            $0.count, time, outputs, g + rows * outputs, norms + $0.lowerBound)
        }
      }
    }
  }

  func perExample(_ index: Int) throws -> Tensor {
    try withExtendedLifetime((a, g)) {
      if index == 0 {
        let result = try Tensor.uninitialized([exampleCount, outputs, inputs])
        Matmul.batched(
          exampleCount, transposeA: true, m: outputs, n: inputs, k: time, g.floats, outputs,
          strideA: time * outputs, a.floats, inputs, strideB: time * inputs, result.floats, inputs,
          strideC: outputs * inputs)
        return result
      }
      let result = try Tensor.uninitialized([exampleCount, outputs])
      for example in 0..<exampleCount {
        fl_sum_columns_f32(
          time, outputs, g.floats + example * time * outputs, outputs, nil, 0,
          result.floats + example * outputs)
      }
      return result
    }
  }
}
