import Tensor

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

/// Layers one after the other; children are named "0", "1", ….
public final class Sequential: Layer {
  private let layers: [Layer]
  private let steps: [Step]

  /// Neighbours that are computed as one, with the same result.
  private enum Step {
    case one(Layer)
    case linearThen(Linear, FusedActivation)
    case convolutionThen(Convolution, FusedActivation)
    case embeddingMean(Embedding, Pooling)
  }

  public init(_ layers: [Layer]) throws {
    self.layers = layers
    steps = Sequential.plan(layers)
    super.init(kind: "sequential")
    for (index, layer) in layers.enumerated() { try adopt(String(index), layer) }
  }

  private static func plan(_ layers: [Layer]) -> [Step] {
    var steps: [Step] = []
    var index = 0
    while index < layers.count {
      let next = index + 1 < layers.count ? layers[index + 1] : nil
      if let linear = layers[index] as? Linear, let fused = (next as? Activation)?.fused {
        steps.append(.linearThen(linear, fused))
        index += 2
      } else if let convolution = layers[index] as? Convolution,
        let fused = (next as? Activation)?.fused
      {
        steps.append(.convolutionThen(convolution, fused))
        index += 2
      } else if let embedding = layers[index] as? Embedding, let pooling = next as? Pooling,
        pooling.pooling == .mean, pooling.axis == 1
      {
        steps.append(.embeddingMean(embedding, pooling))
        index += 2
      } else {
        steps.append(.one(layers[index]))
        index += 1
      }
    }
    return steps
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool {
    layers.allSatisfy { $0.keepsExamplesApart(padded: padded) }
  }

  public override var summary: String {
    "sequential(" + layers.map(\.summary).joined(separator: ", ") + ")"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    var x = input
    for step in steps {
      switch step {
      case .one(let layer): x = try layer.forward(x)
      case .linearThen(let linear, let activation): x = try linear.forward(x, then: activation)
      case .convolutionThen(let convolution, let activation):
        x = try convolution.forward(x, then: activation)
      case .embeddingMean(let embedding, let pooling):
        x =
          x.rank == 2
          ? try embedding.forwardMean(x) : try pooling.forward(embedding.forward(x))
      }
    }
    return x
  }
}

/// A layer whose function is given: for modules whose forward pass is written in a script. Its children (and parameters of its
/// own) are trained; how it combines them is the function's affair.
public final class FunctionLayer: Layer {
  /// The function, and what it was made from: two layers whose functions have one origin compute the same of the same parameters.
  public struct Body {
    public let function: (Tensor) throws -> Tensor
    public let origin: Any?
  }

  private let body: Body
  private let isApart: Bool

  /// - Parameter keepsExamplesApart: whether the function itself does; or, as one of a script, tells `Separation.current` where it does
  ///   not.
  public init(
    kind: String = "module", children: [(name: String, layer: Layer)],
    parameters: [(name: String, parameter: Parameter)] = [], keepsExamplesApart: Bool = false,
    origin: Any? = nil, _ function: @escaping (Tensor) throws -> Tensor
  ) throws {
    body = Body(function: function, origin: origin)
    isApart = keepsExamplesApart
    super.init(kind: kind)
    for (name, layer) in children { try adopt(name, layer) }
    for (name, parameter) in parameters { own(name, parameter) }
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool {
    isApart && children.allSatisfy { $0.layer.keepsExamplesApart(padded: padded) }
  }

  public override var summary: String {
    kind + "(" + children.map { "\($0.name): \($0.layer.summary)" }.joined(separator: ", ") + ")"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try body.function(input)
  }
}
