import Foundations
import Tensors

/// What convolutions in one and two dimensions share: the parameters, `weight` [outputs, inputs / groups, kernel…] and
/// `bias` [outputs], initialised as PyTorch does (uniform in ±1/√(inputs / groups · kernel)).
public class Convolution: Layer {
  public let inputs: Int
  public let outputs: Int
  public let groups: Int
  public let window: SlidingWindow
  public let weight: Parameter
  public let bias: Parameter?

  fileprivate init(
    kind: String, _ inputs: Int, _ outputs: Int, window: SlidingWindow, kernelShape: [Int],
    groups: Int, bias: Bool, random: inout RandomStream
  ) throws {
    try Check.size(inputs, "inputs")
    try Check.size(outputs, "outputs")
    try Check.size(groups, "groups")
    guard inputs % groups == 0, outputs % groups == 0 else {
      throw DomainError(
        .value,
        "\(inputs) inputs and \(outputs) outputs cannot be divided into \(groups) groups")
    }
    self.inputs = inputs
    self.outputs = outputs
    self.groups = groups
    self.window = window
    let shape = try Shape(checking: [outputs, inputs / groups] + kernelShape)
    let bound = 1 / Double(max(1, shape.count / outputs)).squareRoot()
    weight = try Parameter("weight", .uniform(shape, low: -bound, high: bound, &random))
    self.bias =
      bias ? try Parameter("bias", .uniform([outputs], low: -bound, high: bound, &random)) : nil
    super.init(kind: kind)
    own("weight", weight)
    if let bias = self.bias { own("bias", bias) }
  }

  fileprivate init(copying other: Convolution, _ copies: LayerCopies) throws {
    inputs = other.inputs
    outputs = other.outputs
    groups = other.groups
    window = other.window
    weight = try copies(other.weight)
    bias = try other.bias.map { try copies($0) }
    super.init(kind: other.kind)
    own("weight", weight)
    if let bias { own("bias", bias) }
  }

  /// Windows at an example's end see what lies behind it.
  public override func keepsExamplesApart(padded: Bool) -> Bool { !padded }

  public override var summary: String {
    "\(kind)(\(inputs) → \(outputs), kernel \(window.kernel))"
  }

  public override func forward(_ input: Tensor) throws -> Tensor {
    try forward(input, then: .none)
  }

  /// The convolution, the bias and an activation while its output is in cache.
  func forward(_ input: Tensor, then activation: FusedActivation) throws -> Tensor {
    throw DomainError(.type, "\(kind) is not a function of one tensor")
  }

  /// `x` [images, height, width, channels], of which `imagesPerExample` belong to one example; `shape` gives the result
  /// and the gradients of `input` their shapes.
  func run(
    _ input: Tensor, _ x: Tensor, imagesPerExample: Int, then activation: FusedActivation,
    output shape: (Tensor) throws -> Tensor, gradient inner: @escaping (Tensor) throws -> Tensor,
    inputGradient outer: @escaping (Tensor) throws -> Tensor
  ) throws -> Tensor {
    let pass = try ConvolutionPass(self, x, imagesPerExample: imagesPerExample)
    let (y, saved) = try pass.forward(activation)
    return Tape.record(
      "convolution", inputs: [input], parameters: [weight] + (bias.map { [$0] } ?? []),
      output: try shape(y)
    ) { [weight, bias] request in
      var g = try inner(request.gradient)
      if activation != .none { g = try pass.throughActivation(activation, g, saved) }
      return BackwardResult(
        inputs: [request.needs[0] ? try outer(pass.inputGradient(g)) : nil],
        rules: request.wantsRules
          ? [ConvolutionRule(weight: weight, bias: bias, pass: pass, g: g)] : [])
    }
  }
}

/// Cross-correlation of [examples, inputs, height, width] with `outputs` kernels, PyTorch's `Conv2d`; the output is
/// [examples, outputs, height', width'] with height' = ⌊(height + 2·padding - dilation·(kernel - 1) - 1) / stride⌋ + 1.
public final class Convolution2D: Convolution {
  public init(
    _ inputs: Int, _ outputs: Int, kernel: PlaneSize, stride: PlaneSize = 1,
    padding: PlaneSize = 0, dilation: PlaneSize = 1, groups: Int = 1, bias: Bool = true,
    random: inout RandomStream
  ) throws {
    try super.init(
      kind: "conv2d", inputs, outputs,
      window: SlidingWindow(kernel: kernel, stride: stride, padding: padding, dilation: dilation),
      kernelShape: [kernel.height, kernel.width], groups: groups, bias: bias, random: &random)
  }

  private override init(copying other: Convolution, _ copies: LayerCopies) throws {
    try super.init(copying: other, copies)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try Convolution2D(copying: self, copies)
  }

  override func forward(_ input: Tensor, then activation: FusedActivation) throws -> Tensor {
    guard input.rank == 4, input.shape[1] == inputs else {
      throw DomainError(
        .shape,
        "\(summary) needs a tensor of shape [examples, \(inputs), height, width], got \(input.shape)"
      )
    }
    let kind = self.kind
    return try run(
      input, ChannelsLast.dense(input, kind), imagesPerExample: 1, then: activation,
      output: ChannelsLast.view, gradient: { try ChannelsLast.dense($0, kind) },
      inputGradient: ChannelsLast.view)
  }
}

/// Cross-correlation of [examples, inputs, time] with `outputs` kernels, PyTorch's `Conv1d`; the output is [examples,
/// outputs, time'].
public final class Convolution1D: Convolution {
  public init(
    _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0,
    dilation: Int = 1, groups: Int = 1, bias: Bool = true, random: inout RandomStream
  ) throws {
    try super.init(
      kind: "conv1d", inputs, outputs,
      window: SlidingWindow(
        kernel: PlaneSize(height: 1, width: kernel), stride: PlaneSize(height: 1, width: stride),
        padding: PlaneSize(height: 0, width: padding),
        dilation: PlaneSize(height: 1, width: dilation)),
      kernelShape: [kernel], groups: groups, bias: bias, random: &random)
  }

  private override init(copying other: Convolution, _ copies: LayerCopies) throws {
    try super.init(copying: other, copies)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try Convolution1D(copying: self, copies)
  }

  public override var summary: String {
    "\(kind)(\(inputs) → \(outputs), kernel \(window.kernel.width))"
  }

  override func forward(_ input: Tensor, then activation: FusedActivation) throws -> Tensor {
    guard input.rank == 3, input.shape[1] == inputs else {
      throw DomainError(
        .shape,
        "\(summary) needs a tensor of shape [examples, \(inputs), time], got \(input.shape)")
    }
    let kind = self.kind
    return try run(
      input, ChannelsLast.dense(input.detached.unsqueezed(2), kind), imagesPerExample: 1,
      then: activation, output: { try ChannelsLast.view($0).squeezed(2) },
      gradient: { try ChannelsLast.dense($0.unsqueezed(2), kind) },
      inputGradient: { try ChannelsLast.view($0).squeezed(2) })
  }

  /// The same over [examples, sequences, time, inputs], features last, each sequence by itself: [examples, sequences,
  /// time', outputs].
  func forwardSequences(_ input: Tensor, then activation: FusedActivation) throws -> Tensor {
    guard input.rank == 4, input.shape[3] == inputs else {
      throw DomainError(
        .shape,
        "\(summary) needs a tensor of shape [examples, sequences, time, \(inputs)], got \(input.shape)"
      )
    }
    let x = try Check.floats(input, kind)
    let (examples, sequences, time) = (x.shape[0], x.shape[1], x.shape[2])
    let outputs = self.outputs
    let shape = x.shape
    return try run(
      input, x.reshaped([examples * sequences, 1, time, inputs]), imagesPerExample: sequences,
      then: activation,
      output: { try $0.reshaped([examples, sequences, $0.shape[2], outputs]) },
      gradient: {
        try $0.contiguous().reshaped([examples * sequences, 1, $0.shape[2], outputs])
      }, inputGradient: { try $0.reshaped(shape.array) })
  }
}
