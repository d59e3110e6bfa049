import Tensors

/// A function of one tensor without parameters.
public final class Activation: Layer {
  public enum Kind: String, Sendable, CaseIterable {
    case relu, tanh, sigmoid, gelu, silu, softplus, softmax
    case geluTanh = "gelu_tanh"
    case logSoftmax = "log_softmax"
    case flatten
  }

  public let activation: Kind

  public init(_ activation: Kind) {
    self.activation = activation
    super.init(kind: activation.rawValue)
  }

  public override func duplicate(_ copies: LayerCopies) -> Layer { Activation(activation) }

  public override func keepsExamplesApart(padded: Bool) -> Bool {
    !(padded && activation == .flatten)
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    if activation == .softmax || activation == .logSoftmax {
      Separation.takesTogether(input.rank - 1, of: input, kind)
    }
    let output: Tensor
    switch activation {
    case .relu: output = try input.relu()
    case .tanh: output = try input.tanh()
    case .sigmoid: output = try input.sigmoid()
    case .gelu: output = try input.gelu()
    case .geluTanh: output = try input.gelu(approximate: true)
    case .silu: output = try input * input.sigmoid()
    case .softplus: output = try softplus(input)
    case .softmax: output = try input.softmax()
    case .logSoftmax: output = try input.logSoftmax()
    case .flatten: return try input.flattened(from: 1).with(lengths: nil)
    }
    return output.with(lengths: input.lengths)
  }

  /// log(1 + eˣ) = max(x, 0) + log(1 + e^-|x|), which does not overflow.
  private func softplus(_ input: Tensor) throws -> Tensor {
    try input.relu() + ((-(input.abs())).exp() + 1).log()
  }

  var fused: FusedActivation? {
    switch activation {
    case .relu: .relu
    case .tanh: .tanh
    case .sigmoid: .sigmoid
    case .gelu: .geluErf
    case .geluTanh: .geluTanh
    case .silu: .silu
    default: nil
    }
  }
}
