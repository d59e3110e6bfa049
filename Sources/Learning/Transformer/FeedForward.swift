import Foundations
import Tensors

/// Two linear layers with an activation between them.
public final class FeedForward: Layer {
  public let expand: Linear
  public let contract: Linear
  private let activation: FusedActivation

  public convenience init(
    _ width: Int, inner: Int, activation: TransformerSettings.Activation,
    random: inout RandomStream
  ) throws {
    let expand = try Linear(width, inner, random: &random)
    try self.init(expand, Linear(inner, width, random: &random), activation.fused)
  }

  private init(_ expand: Linear, _ contract: Linear, _ activation: FusedActivation) throws {
    self.expand = expand
    self.contract = contract
    self.activation = activation
    super.init(kind: "feed_forward")
    try adopt("expand", expand)
    try adopt("contract", contract)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try FeedForward(copies(expand), copies(contract), activation)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "feed_forward(\(expand.inputs), \(expand.outputs))" }

  /// What lies between the two layers is several times as wide as all else, so it is not kept for the backward pass:
  /// that computes it again from the activation's argument, whose derivative it takes in any case.
  public override func forward(_ input: Tensor) throws -> Tensor {
    guard let last = input.shape.last, last == expand.inputs else {
      throw DomainError(
        .shape,
        "\(summary) needs a last axis of \(expand.inputs), got a tensor of shape \(input.shape)")
    }
    Separation.takesTogether(input.rank - 1, of: input, kind)
    let x = try Check.floats(input, "feed_forward")
    let activation = activation
    var wide = input.shape
    wide[wide.rank - 1] = expand.outputs
    let y = try Tensor.uninitialized(input.shape).with(lengths: input.lengths)
    let hidden = try Tensor.uninitialized(wide)
    let argument = activation.keepsArgument ? try Tensor.uninitialized(wide) : nil
    expand.apply(to: x, activation, argument: argument, output: hidden)
    contract.apply(to: hidden, .none, argument: nil, output: y)
    let saved = argument ?? hidden
    let weights = (expand.weight.data, contract.weight.data)
    let parameters = [expand, contract].flatMap { [$0.weight] + ($0.bias.map { [$0] } ?? []) }
    return Tape.record("feed_forward", inputs: [input], parameters: parameters, output: y) {
      [expand, contract] request in
      let g = try request.gradient.contiguous()
      let inner = try Linear.inputGradient(g, weight: weights.1, shape: wide)
      let again =
        activation.keepsArgument && request.wantsRules ? try Tensor.uninitialized(wide) : nil
      activation.backward(inner, saved, into: inner, value: again)
      return BackwardResult(
        inputs: [
          request.needs[0]
            ? try Linear.inputGradient(inner, weight: weights.0, shape: x.shape) : nil
        ],
        rules: request.wantsRules
          ? [
            LinearRule(weight: contract.weight, bias: contract.bias, a: again ?? saved, g: g),
            LinearRule(weight: expand.weight, bias: expand.bias, a: x, g: inner),
          ] : [])
    }
  }
}
