import Tensors

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

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try Sequential(layers.map { try copies($0) })
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
