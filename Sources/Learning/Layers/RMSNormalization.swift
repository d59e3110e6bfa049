import CKernels
import Foundations
import Tensors

/// x / √(mean of x² + ε) · weight over the last axis (Zhang and Sennrich 2019), PyTorch's `RMSNorm`; with `unitOffset`
/// times 1 + weight (Gemma). A last axis that is several times as wide is normalised in parts, each by itself: the
/// heads of queries and keys.
public final class RMSNormalization: Layer {
  public let width: Int
  public let epsilon: Double
  public let unitOffset: Bool
  public let weight: Parameter

  public convenience init(_ width: Int, epsilon: Double = 1e-6, unitOffset: Bool = false) throws {
    try Check.size(width, "the width")
    try Check.finite(epsilon, "epsilon", atLeast: 0)
    let shape = try Shape(checking: [width])
    self.init(
      try Parameter("weight", unitOffset ? .zeros(shape) : .ones(shape)), epsilon, unitOffset)
  }

  private init(_ weight: Parameter, _ epsilon: Double, _ unitOffset: Bool) {
    width = weight.count
    self.weight = weight
    self.epsilon = epsilon
    self.unitOffset = unitOffset
    super.init(kind: "rms_norm")
    own("weight", weight)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    RMSNormalization(try copies(weight), epsilon, unitOffset)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "rms_norm(\(width))" }

  /// What rows are multiplied by, [width].
  private func factors() throws -> Tensor {
    unitOffset ? try weight.data + 1 : weight.data
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    guard let last = input.shape.last, last > 0, last % width == 0 else {
      throw DomainError(
        .shape,
        "rms_norm(\(width)) needs a last axis of \(width), or of several times that, got a tensor of shape \(input.shape)"
      )
    }
    Separation.takesTogether(input.rank - 1, of: input, kind)
    let x = try Check.floats(input, kind)
    let (width, rows) = (width, x.count / width)
    let y = try Tensor.uninitialized(x.shape).with(lengths: input.lengths)
    let scales = try Tensor.uninitialized([rows])
    let factors = try factors()
    let epsilon = Float(epsilon)
    withExtendedLifetime((x, factors)) {
      let (from, to, gamma, scales) = (x.floats, y.floats, factors.floats, scales.floats)
      Parallel.blocks(rows, size: RowBlocks.size(width: width)) { block in
        for row in block {
          let (source, target) = (from + row * width, to + row * width)
          let mean = Float(fl_sumsq_f32(width, source)) / Float(width)
          let scale = 1 / (mean + epsilon).squareRoot()
          scales[row] = scale
          for i in 0..<width { target[i] = source[i] * scale * gamma[i] }
        }
      }
    }
    return Tape.record("rms_norm", inputs: [input], parameters: [weight], output: y) {
      [weight] request in
      let g = try request.gradient.contiguous()
      return BackwardResult(
        inputs: [
          request.needs[0] ? try Self.inputGradient(g, x, factors, scales, width: width) : nil
        ],
        rules: request.wantsRules
          ? [ExampleGradientRule([weight], [try Self.weightGradients(g, x, scales, width: width)])]
          : [])
    }
  }

  /// r (g γ) - x r³ / width · Σ g γ x for each row.
  private static func inputGradient(
    _ g: Tensor, _ x: Tensor, _ factors: Tensor, _ scales: Tensor, width: Int
  ) throws -> Tensor {
    let dx = try Tensor.uninitialized(x.shape)
    let rows = x.count / width
    withExtendedLifetime((g, x, factors, scales)) {
      let (g, x, gamma) = (g.floats, x.floats, factors.floats)
      let (scales, dx) = (scales.floats, dx.floats)
      Parallel.blocks(rows, size: RowBlocks.size(width: width)) { block in
        for row in block {
          let (source, gradient, target) = (x + row * width, g + row * width, dx + row * width)
          for i in 0..<width { target[i] = gradient[i] * gamma[i] }
          let scale = scales[row]
          let sum = Float(fl_dot_f32(width, target, source))
          let part = sum * scale * scale * scale / Float(width)
          for i in 0..<width { target[i] = target[i] * scale - source[i] * part }
        }
      }
    }
    return dx
  }

  /// Σ over an example's rows of g x r: [examples, width].
  private static func weightGradients(
    _ g: Tensor, _ x: Tensor, _ scales: Tensor, width: Int
  ) throws -> Tensor {
    let examples = x.rank > 1 ? x.shape[0] : 1
    let result = try Tensor.zeros([examples, width])
    let rows = x.count / width / max(1, examples)
    withExtendedLifetime((g, x, scales)) {
      let (g, x, scales, result) = (g.floats, x.floats, scales.floats, result.floats)
      Parallel.blocks(examples, size: ExampleBlocks.size(time: rows, width: width)) { block in
        for example in block {
          let target = result + example * width
          for row in example * rows..<(example + 1) * rows {
            let (source, gradient, scale) = (x + row * width, g + row * width, scales[row])
            for i in 0..<width { target[i] += gradient[i] * source[i] * scale }
          }
        }
      }
    }
    return result
  }
}
