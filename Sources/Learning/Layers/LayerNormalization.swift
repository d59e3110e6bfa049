import CKernels
import Foundations
import Tensors

/// (x - mean) / √(variance + ε) · weight + bias over the last axis (Ba et al. 2016), PyTorch's `LayerNorm`.
public final class LayerNormalization: Layer {
  public let width: Int
  public let epsilon: Double
  public let weight: Parameter
  /// Zeros that are never trained, and no parameter of the layer's, where it has none.
  public let bias: Parameter
  public let hasBias: Bool

  public convenience init(_ width: Int, epsilon: Double = 1e-5, hasBias: Bool = true) throws {
    try Check.size(width, "the width")
    try Check.finite(epsilon, "epsilon", atLeast: 0)
    self.init(
      try Parameter("weight", .ones(Shape(checking: [width]))),
      try Parameter("bias", .zeros([width]), requiresGradient: hasBias), epsilon: epsilon,
      hasBias: hasBias)
  }

  private init(_ weight: Parameter, _ bias: Parameter, epsilon: Double, hasBias: Bool) {
    width = weight.count
    self.epsilon = epsilon
    self.weight = weight
    self.bias = bias
    self.hasBias = hasBias
    super.init(kind: "layer_norm")
    own("weight", weight)
    if hasBias { own("bias", bias) }
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    LayerNormalization(
      try copies(weight), try copies(bias), epsilon: epsilon, hasBias: hasBias)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "layer_norm(\(width))" }

  public override func forward(_ input: Tensor) throws -> Tensor {
    guard input.shape.last == width else {
      throw DomainError(
        .shape,
        "layer_norm(\(width)) needs a last axis of \(width), got a tensor of shape \(input.shape)")
    }
    Separation.takesTogether(input.rank - 1, of: input, kind)
    let x = try Check.floats(input, "layer_norm")
    let width = self.width
    let rows = x.count / width
    let y = try Tensor.uninitialized(x.shape).with(lengths: input.lengths)
    let mean = try Tensor.uninitialized([rows])
    let deviation = try Tensor.uninitialized([rows])
    let (gamma, beta) = (weight.data, bias.data)
    let epsilon = Float(self.epsilon)
    withExtendedLifetime((x, gamma, beta)) {
      Parallel.blocks(rows, size: RowBlocks.size(width: width)) {
        let start = $0.lowerBound * width
        fl_layernorm_f32(
          $0.count, width, x.floats + start, nil, gamma.floats, beta.floats, epsilon, nil,
          y.floats + start, mean.floats + $0.lowerBound, deviation.floats + $0.lowerBound)
      }
    }
    return Tape.record(
      "layer_norm", inputs: [input], parameters: [weight, bias], output: y
    ) { [weight, bias] request in
      let g = try request.gradient.contiguous()
      var dx: Tensor?
      if request.needs[0] {
        let result = try Tensor.uninitialized(x.shape)
        withExtendedLifetime((g, x, gamma, mean, deviation)) {
          Parallel.blocks(rows, size: RowBlocks.size(width: width)) {
            let start = $0.lowerBound * width
            fl_layernorm_backward_f32(
              $0.count, width, g.floats + start, x.floats + start, gamma.floats,
              mean.floats + $0.lowerBound, deviation.floats + $0.lowerBound, 0,
              result.floats + start)
          }
        }
        dx = result
      }
      let rules: [any GradientRule] =
        request.wantsRules
        ? [
          LayerNormalizationRule(
            weight: weight, bias: bias, x: x, mean: mean, deviation: deviation, g: g)
        ] : []
      return BackwardResult(inputs: [dx], rules: rules)
    }
  }
}
