import Foundations
import Glibc
import Tensors

/// How the heads of an attention look at what: the part that differs between families.
public struct AttentionPattern: Sendable, Equatable {
  public var heads: Int
  /// Heads of keys and values; a divisor of `heads`.
  public var keyHeads: Int
  public var headWidth: Int
  public var isCausal: Bool
  /// How many positions before its own a query sees (and behind, where it is not causal); nil: all.
  public var window: Int?
  /// What scores are multiplied by; nil: 1 / √headWidth.
  public var scale: Double?
  /// Scores become cap · tanh(score / cap); nil: as they are.
  public var cap: Double?
  /// Whether far keys lose by their distance, each head at its own rate (ALiBi, Press et al. 2022).
  public var hasLinearBiases: Bool
  public var dropout: Double

  public init(
    heads: Int, keyHeads: Int? = nil, headWidth: Int, isCausal: Bool, window: Int? = nil,
    scale: Double? = nil, cap: Double? = nil, hasLinearBiases: Bool = false, dropout: Double = 0
  ) {
    self.heads = heads
    self.keyHeads = keyHeads ?? heads
    self.headWidth = headWidth
    self.isCausal = isCausal
    self.window = window
    self.scale = scale
    self.cap = cap
    self.hasLinearBiases = hasLinearBiases
    self.dropout = dropout
  }

  /// How fast each head's scores fall with the distance: powers of 2^(-8/n), and for numbers of heads that are no power
  /// of two every other one of the next power's between them.
  var slopes: [Double] {
    func powers(_ count: Int) -> [Double] {
      let base = pow(2, -pow(2, -(log2(Double(count)) - 3)))
      return (1...count).map { pow(base, Double($0)) }
    }
    let closest = 1 << (Int.bitWidth - 1 - heads.leadingZeroBitCount)
    guard closest < heads else { return powers(heads) }
    let between = powers(2 * closest)
    return powers(closest)
      + stride(from: 0, to: 2 * closest, by: 2).prefix(heads - closest).map { between[$0] }
  }

  /// ALiBi's biases by distance, [heads, 2·span - 1].
  func linearBiases(_ span: Int) throws -> Tensor {
    let table = try Tensor.uninitialized(Shape(checking: [heads, 2 * span - 1]))
    for (head, slope) in slopes.enumerated() {
      for place in 0..<2 * span - 1 {
        table.floats[head * (2 * span - 1) + place] = Float(slope * Double(place - span + 1))
      }
    }
    return table
  }
}

extension Attention {
  /// Heads of queries that look at keys and values, several at the same ones where there are fewer of those.
  ///
  /// - Parameters:
  ///   - query: [examples, time, heads · headWidth].
  ///   - key, value: [examples, source, keyHeads · headWidth]; `lengths` of the key mark padding.
  ///   - biases: added to scores by distance, for a sequence that looks at itself.
  /// - Returns: [examples, time, heads · headWidth].
  static func grouped(
    _ query: Tensor, _ key: Tensor, _ value: Tensor, _ pattern: AttentionPattern,
    biases: RelativePositionBias? = nil
  ) throws -> Tensor {
    let (heads, keyHeads, width) = (pattern.heads, pattern.keyHeads, pattern.headWidth)
    guard query.rank == 3, key.rank == 3, value.shape == key.shape,
      query.shape[0] == key.shape[0], query.shape[2] == heads * width,
      key.shape[2] == keyHeads * width
    else {
      throw DomainError(
        .shape,
        "attention of \(heads) heads of \(width) numbers, \(keyHeads) for keys, got \(query.shape), \(key.shape) and \(value.shape)"
      )
    }
    let (q, k, v) = (
      try Check.floats(query, "attention"), try Check.floats(key, "attention"),
      try Check.floats(value, "attention")
    )
    let (examples, time, source) = (q.shape[0], q.shape[1], k.shape[1])
    let classes = biases.map { $0.classes(time) } ?? []
    let table =
      try biases?.table(classes)
      ?? (pattern.hasLinearBiases ? try pattern.linearBiases(time) : nil)
    var shaping = ScoreShaping(
      scale: Float(pattern.scale ?? 1 / Double(width).squareRoot()),
      cap: pattern.cap.map { Float($0) })
    shaping.bias = table.map { UnsafePointer($0.floats) }
    shaping.span = time
    shaping.window = pattern.window
    let kernel = AttentionKernel(
      examples: examples, heads: heads, headWidth: width, queries: time, keys: source,
      isCausal: pattern.isCausal, keyHeads: keyHeads, shaping: shaping, ahead: pattern.window,
      keyLengths: key.lengths?.values, dropout: AttentionDropout(pattern.dropout))
    let y = try Tensor.uninitialized(q.shape)
    let normalizers = try Tensor.uninitialized([examples, heads, time])
    withExtendedLifetime((q, k, v, y, normalizers, table)) {
      kernel.forward(
        layout(q), layout(k), layout(v), output: layout(y), normalizers: normalizers.floats)
    }
    return Tape.record(
      "attention", inputs: [query, key, value], parameters: biases.map { [$0.weight] } ?? [],
      output: y
    ) { request in
      let g = try request.gradient.contiguous()
      let (dq, dk, dv) = (
        try Tensor.uninitialized(q.shape), try Tensor.uninitialized(k.shape),
        try Tensor.uninitialized(v.shape)
      )
      let wanted = biases != nil && request.wantsRules
      let distances = wanted ? try Tensor.zeros([examples, heads, classes.count]) : nil
      withExtendedLifetime((q, k, v, y, g, dq, dk, dv, normalizers, table, distances)) {
        kernel.backward(
          layout(q), layout(k), layout(v), output: layout(y), normalizers: normalizers.floats,
          outputGradient: layout(g), queryGradient: layout(dq), keyGradient: layout(dk),
          valueGradient: layout(dv), biasGradient: distances?.floats)
      }
      let rules = try distances.flatMap { found in try biases.map { try $0.rule(found, classes) } }
      return BackwardResult(inputs: [dq, dk, dv], rules: rules.map { [$0] } ?? [])
    }.with(lengths: query.lengths)
  }
}
