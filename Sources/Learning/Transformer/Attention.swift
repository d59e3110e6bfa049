import Foundations
import Tensors

/// Attention of several heads as operations on tensors with a trace; what projects to queries, keys and values is the
/// affair of the layers (`SelfAttention`, `CrossAttention`).
public enum Attention {
  /// Every position of a sequence looks at its sequence.
  ///
  /// - Parameters:
  ///   - packed: queries, keys and values side by side, [examples, time, 3·width]; with `lengths`, later positions are
  ///     padding that nobody looks at.
  ///   - heads: how many parts the width is cut into.
  ///   - isCausal: position t sees the positions up to t only.
  ///   - dropout: the chance that a weight is set to zero in a training pass; the others are divided by what is left.
  /// - Returns: [examples, time, width].
  public static func selfAttention(
    _ packed: Tensor, heads: Int, isCausal: Bool, dropout: Double = 0
  ) throws -> Tensor {
    guard packed.rank == 3, packed.shape[2] % 3 == 0 else {
      throw DomainError(
        .shape, "self-attention needs [examples, time, 3 · width], got \(packed.shape)")
    }
    let x = try Check.floats(packed, "attention")
    let (examples, time, width) = (x.shape[0], x.shape[1], x.shape[2] / 3)
    let kernel = AttentionKernel(
      examples: examples, heads: heads, headWidth: try headWidth(width, heads), queries: time,
      keys: time, isCausal: isCausal, keyLengths: packed.lengths?.values,
      dropout: AttentionDropout(dropout))
    let y = try Tensor.uninitialized([examples, time, width])
    let isRecorded = packed.requiresGradient && Tape.isRecording
    let normalizers = isRecorded ? try Tensor.uninitialized([examples, heads, time]) : nil
    let (query, key, value) = layouts(x)
    withExtendedLifetime((x, y, normalizers)) {
      kernel.forward(query, key, value, output: layout(y), normalizers: normalizers?.floats)
    }
    return Tape.record("attention", inputs: [packed], output: y) { request in
      guard let normalizers else { return BackwardResult(inputs: [nil]) }
      let g = try request.gradient.contiguous()
      let dx = try Tensor.uninitialized(x.shape)
      let (query, key, value) = layouts(x)
      let (queryGradient, keyGradient, valueGradient) = layouts(dx)
      withExtendedLifetime((x, y, g, dx, normalizers)) {
        kernel.backward(
          query, key, value, output: layout(y), normalizers: normalizers.floats,
          outputGradient: layout(g), queryGradient: queryGradient, keyGradient: keyGradient,
          valueGradient: valueGradient)
      }
      return BackwardResult(inputs: [dx])
    }.with(lengths: packed.lengths)
  }

  /// Every position of one sequence looks at all of another.
  ///
  /// - Parameters:
  ///   - query: [examples, time, width].
  ///   - keysAndValues: side by side, [examples, source, 2·width]; with `lengths`, later positions are padding.
  ///   - dropout: as of `selfAttention`.
  /// - Returns: [examples, time, width].
  public static func crossAttention(
    _ query: Tensor, _ keysAndValues: Tensor, heads: Int, dropout: Double = 0
  ) throws -> Tensor {
    guard query.rank == 3, keysAndValues.rank == 3, query.shape[0] == keysAndValues.shape[0],
      keysAndValues.shape[2] == 2 * query.shape[2]
    else {
      throw DomainError(
        .shape,
        "cross-attention needs [examples, time, width] and [examples, source, 2 · width], got \(query.shape) and \(keysAndValues.shape)"
      )
    }
    let q = try Check.floats(query, "attention")
    let memory = try Check.floats(keysAndValues, "attention")
    let (examples, time, width) = (q.shape[0], q.shape[1], q.shape[2])
    let source = memory.shape[1]
    let kernel = AttentionKernel(
      examples: examples, heads: heads, headWidth: try headWidth(width, heads), queries: time,
      keys: source, isCausal: false, keyLengths: keysAndValues.lengths?.values,
      dropout: AttentionDropout(dropout))
    let y = try Tensor.uninitialized([examples, time, width])
    let normalizers = try Tensor.uninitialized([examples, heads, time])
    let (key, value) = pair(memory)
    withExtendedLifetime((q, memory, y, normalizers)) {
      kernel.forward(layout(q), key, value, output: layout(y), normalizers: normalizers.floats)
    }
    return Tape.record("attention", inputs: [query, keysAndValues], output: y) { request in
      let g = try request.gradient.contiguous()
      let dq = try Tensor.uninitialized(q.shape)
      let dm = try Tensor.uninitialized(memory.shape)
      let (key, value) = pair(memory)
      let (keyGradient, valueGradient) = pair(dm)
      withExtendedLifetime((q, memory, y, g, dq, dm, normalizers)) {
        kernel.backward(
          layout(q), key, value, output: layout(y), normalizers: normalizers.floats,
          outputGradient: layout(g), queryGradient: layout(dq), keyGradient: keyGradient,
          valueGradient: valueGradient)
      }
      return BackwardResult(inputs: [dq, dm])
    }.with(lengths: query.lengths)
  }

  /// The size of each head's part of a width.
  /// - Throws: a `value` error where the heads do not divide the width.
  public static func headWidth(_ width: Int, _ heads: Int) throws -> Int {
    guard heads > 0, width % heads == 0 else {
      throw DomainError(
        .value, "a width of \(width) cannot be divided among \(heads) heads",
        hint: "the width must be a multiple of the number of heads")
    }
    return width / heads
  }

  static func layout(_ x: Tensor) -> HeadLayout {
    HeadLayout(base: x.floats, rowStride: x.shape[2], exampleStride: x.shape[1] * x.shape[2])
  }

  /// Queries, keys and values of a packed tensor.
  static func layouts(_ x: Tensor) -> (HeadLayout, HeadLayout, HeadLayout) {
    let row = x.shape[2]
    func part(_ index: Int) -> HeadLayout {
      HeadLayout(
        base: x.floats + index * row / 3, rowStride: row, exampleStride: x.shape[1] * row)
    }
    return (part(0), part(1), part(2))
  }

  /// Keys and values of a packed tensor.
  static func pair(_ x: Tensor) -> (HeadLayout, HeadLayout) {
    let row = x.shape[2]
    func part(_ index: Int) -> HeadLayout {
      HeadLayout(
        base: x.floats + index * row / 2, rowStride: row, exampleStride: x.shape[1] * row)
    }
    return (part(0), part(1))
  }
}

/// Multi-head attention of a sequence to itself (Vaswani et al. 2017): one projection to queries, keys and values, the
/// heads, one projection back.
public final class SelfAttention: Layer {
  public let width: Int
  public let heads: Int
  public let isCausal: Bool
  /// Of the attention's weights, in training.
  public let dropout: Double
  /// width → 3·width: queries, keys, values.
  public let input: Linear
  public let output: Linear

  public convenience init(
    _ width: Int, heads: Int, isCausal: Bool, dropout: Double = 0, random: inout RandomStream
  ) throws {
    try Check.size(width, "the width")
    _ = try Attention.headWidth(width, heads)
    try Dropout.check(dropout)
    let input = try Linear(width, 3 * width, random: &random)
    try self.init(
      input, Linear(width, width, random: &random), heads: heads, isCausal: isCausal,
      dropout: dropout)
  }

  private init(_ input: Linear, _ output: Linear, heads: Int, isCausal: Bool, dropout: Double)
    throws
  {
    width = output.outputs
    self.heads = heads
    self.isCausal = isCausal
    self.dropout = dropout
    self.input = input
    self.output = output
    super.init(kind: "attention")
    try adopt("input", input)
    try adopt("output", output)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try SelfAttention(
      copies(input), copies(output), heads: heads, isCausal: isCausal, dropout: dropout)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String {
    "attention(\(width), heads: \(heads)\(isCausal ? ", causal" : ""))"
  }

  public override func forward(_ x: Tensor) throws -> Tensor {
    try output.forward(
      Attention.selfAttention(
        input.forward(x), heads: heads, isCausal: isCausal, dropout: dropout))
  }
}

/// Multi-head attention of one sequence to another, as a decoder looks at what an encoder made.
public final class CrossAttention: Layer {
  public let width: Int
  public let heads: Int
  /// Of the attention's weights, in training.
  public let dropout: Double
  public let query: Linear
  /// width → 2·width: keys, values.
  public let source: Linear
  public let output: Linear

  public convenience init(
    _ width: Int, heads: Int, dropout: Double = 0, random: inout RandomStream
  ) throws {
    try Check.size(width, "the width")
    _ = try Attention.headWidth(width, heads)
    try Dropout.check(dropout)
    let query = try Linear(width, width, random: &random)
    let source = try Linear(width, 2 * width, random: &random)
    try self.init(
      query, source, Linear(width, width, random: &random), heads: heads, dropout: dropout)
  }

  private init(_ query: Linear, _ source: Linear, _ output: Linear, heads: Int, dropout: Double)
    throws
  {
    width = output.outputs
    self.heads = heads
    self.dropout = dropout
    self.query = query
    self.source = source
    self.output = output
    super.init(kind: "cross_attention")
    try adopt("query", query)
    try adopt("source", source)
    try adopt("output", output)
  }

  public override func duplicate(_ copies: LayerCopies) throws -> Layer {
    try CrossAttention(
      copies(query), copies(source), copies(output), heads: heads, dropout: dropout)
  }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override var summary: String { "cross_attention(\(width), heads: \(heads))" }

  /// - Parameter memory: what is looked at, [examples, source, width].
  public func forward(_ x: Tensor, memory: Tensor) throws -> Tensor {
    try output.forward(
      Attention.crossAttention(
        query.forward(x), source.forward(memory), heads: heads, dropout: dropout))
  }
}
