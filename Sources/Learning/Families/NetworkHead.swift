import Foundations
import Tensors

/// What stands behind the last hidden states and makes of them what a task asks for.
public struct HeadDescription: Sendable, Equatable {
  public enum Task: String, Sendable {
    case nextToken = "causal_language_model"
    case maskedToken = "masked_language_model"
    case sequence = "sequence_classification"
    case tokens = "token_classification"
    case spans = "question_answering"
    case choice = "multiple_choice"
  }

  /// Which hidden states are read.
  public enum Reading: Sendable, Equatable {
    case all, first, last, mean
  }

  public var task: Task
  public var outputs: Int
  public var reading = Reading.all
  /// The width and activation of a layer before the last one; nil without.
  public var dense: Dense?
  /// Whether the output of that layer is normalised.
  public var hasNorm = false
  /// Whether the token table scores.
  public var isTied = false
  public var hasBias = true
  public var dropout = 0.0

  public struct Dense: Sendable, Equatable {
    public enum Activation: Sendable, Equatable {
      case tanh
      case like(TransformerSettings.Activation)
    }

    public var width: Int
    public var activation: Activation
    public var hasBias = true
  }

  public init(_ task: Task, outputs: Int) {
    self.task = task
    self.outputs = outputs
  }
}

/// The head of a network: an optional layer with its activation and normalisation, and the layer of the outputs, which
/// may be the token table.
public final class NetworkHead: Layer {
  public let description: HeadDescription
  public let dense: Linear?
  public let norm: Layer?
  /// Nil where the token table scores.
  public let output: Linear?
  /// Of scores by the token table; nil without.
  public let bias: Parameter?
  private let dropout: Dropout

  /// All numbers are 0, those of a normalisation 1.
  init(_ description: HeadDescription, _ network: NetworkDescription) throws {
    self.description = description
    let width = description.dense?.width ?? network.width
    dense = try description.dense.map {
      try Linear(zeros: network.width, $0.width, bias: $0.hasBias)
    }
    norm = description.hasNorm ? try Norms.make(network, width: width) : nil
    output =
      description.isTied
      ? nil : try Linear(zeros: width, description.outputs, bias: description.hasBias)
    bias =
      description.isTied && description.hasBias
      ? try Parameter("bias", .zeros(Shape(checking: [description.outputs]))) : nil
    dropout = try Dropout(description.dropout)
    super.init(kind: description.task.rawValue)
    try adoptParts()
  }

  private init(copying other: NetworkHead, _ copies: LayerCopies) throws {
    description = other.description
    dense = try other.dense.map { try copies($0) }
    norm = try other.norm.map { try copies($0) }
    output = try other.output.map { try copies($0) }
    bias = try other.bias.map { try copies($0) }
    dropout = try copies(other.dropout)
    super.init(kind: other.kind)
    try adoptParts()
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try NetworkHead(copying: self, copies)
  }

  private func adoptParts() throws {
    if let dense { try adopt("dense", dense) }
    if let norm { try adopt("norm", norm) }
    if let output { try adopt("output", output) }
    if let bias { own("bias", bias) }
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "\(kind)(\(description.outputs))" }

  /// - Parameters:
  ///   - hidden: [examples, time, width]; `lengths` mark padding.
  ///   - tokens: the table that scores where the head has no layer of its own for that.
  func forward(_ hidden: Tensor, tokens: Embedding) throws -> Tensor {
    var x = try read(hidden)
    if let dense, let settings = description.dense {
      switch settings.activation {
      case .tanh: x = try dense.forward(x, then: .tanh)
      case .like(let activation): x = try dense.forward(x, then: activation.fused)
      }
    }
    if let norm { x = try norm.forward(x) }
    x = try dropout.forward(x)
    if let output { return try output.forward(x) }
    let scores = try tokens.scores(x)
    guard let bias else { return scores }
    return try shifted(scores, bias)
  }

  private func read(_ hidden: Tensor) throws -> Tensor {
    switch description.reading {
    case .all: return hidden
    case .first: return try hidden.with(lengths: nil).selected(axis: 1, index: 0)
    case .mean: return try Pooling(.mean).forward(hidden)
    case .last: return try lastSteps(hidden)
    }
  }

  /// The last real step of each example, [examples, width].
  private func lastSteps(_ hidden: Tensor) throws -> Tensor {
    let x = try Check.floats(hidden, kind)
    let (examples, time, width) = (x.shape[0], x.shape[1], x.shape[2])
    let lengths = hidden.lengths?.values
    let places = (0..<examples).map { example in
      (example * time + max(1, lengths.map { Int($0[example]) } ?? time) - 1) * width
    }
    let y = try Tensor.uninitialized([examples, width])
    for (example, place) in places.enumerated() {
      (y.floats + example * width).update(from: x.floats + place, count: width)
    }
    withExtendedLifetime(x) {}
    return Tape.record("last", inputs: [hidden], output: y) { request in
      let g = try request.gradient.contiguous()
      let dx = try Tensor.zeros(x.shape)
      for (example, place) in places.enumerated() {
        (dx.floats + place).update(from: g.floats + example * width, count: width)
      }
      withExtendedLifetime(g) {}
      return BackwardResult(inputs: [dx])
    }
  }

  /// scores + bias, whose gradient of an example is the sum of its rows.
  private func shifted(_ scores: Tensor, _ bias: Parameter) throws -> Tensor {
    let y = try scores.detached + bias.data
    let (examples, width) = (scores.shape[0], bias.count)
    return Tape.record("bias", inputs: [scores], parameters: [bias], output: y) { request in
      let g = try request.gradient.contiguous()
      guard request.wantsRules else { return BackwardResult(inputs: [g]) }
      let sums = try Tensor.zeros([examples, width])
      let rows = g.count / width / max(1, examples)
      for row in 0..<examples * rows {
        let (source, target) = (g.floats + row * width, sums.floats + row / rows * width)
        for i in 0..<width { target[i] += source[i] }
      }
      withExtendedLifetime(g) {}
      return BackwardResult(inputs: [g], rules: [ExampleGradientRule([bias], [sums])])
    }.with(lengths: scores.lengths)
  }
}
