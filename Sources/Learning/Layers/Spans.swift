import Foundations
import Tensors

/// Turns scores [examples, time, 2] of every token into logits [examples, 2, time] over the places of a sequence: where
/// a span begins, and where it ends (Devlin et al. 2019, section 4.2). Cross-entropy with labels [examples, 2] trains
/// it. Padding is no place: its logits are -10⁹.
public final class Spans: Layer {
  static let impossible: Float = -1e9

  public init() { super.init(kind: "spans") }

  public override func duplicate(_ copies: LayerCopies) -> Layer { Spans() }

  public override func keepsExamplesApart(padded: Bool) -> Bool { true }

  public override func forward(_ input: Tensor) throws -> Tensor {
    guard input.rank == 3, input.shape[2] == 2 else {
      throw DomainError(
        .shape, "spans need scores [examples, time, 2], got a tensor of shape \(input.shape)")
    }
    let places = try input.with(lengths: nil).transposed(1, 2)
    guard let lengths = input.lengths else { return places }
    return try places + Spans.mask(lengths, time: input.shape[1])
  }

  /// [examples, 1, time]: 0 for tokens, `impossible` for padding.
  static func mask(_ lengths: Lengths, time: Int) throws -> Tensor {
    let mask = try Tensor.zeros([lengths.values.count, 1, time])
    for (row, length) in lengths.values.enumerated() {
      for place in min(max(Int(length), 0), time)..<time {
        mask.floats[row * time + place] = impossible
      }
    }
    return mask
  }

  /// The likeliest span of each example: start and end, both in `allowed`, the end at most `longest - 1` tokens behind
  /// the start. The first of equals.
  ///
  /// - Parameters:
  ///   - logits: [examples, 2, time].
  ///   - allowed: for each example and token whether it may be in a span.
  /// - Returns: nil for an example of which no token is allowed.
  /// - Throws: `shape` where they do not fit, `value` where a logit is nan.
  public static func best(
    _ logits: Tensor, allowed: [[Bool]], longest: Int
  ) throws -> [ClosedRange<Int>?] {
    guard logits.rank == 3, logits.shape[1] == 2, logits.shape[0] == allowed.count,
      allowed.allSatisfy({ $0.count == logits.shape[2] })
    else {
      throw DomainError(
        .shape,
        "spans are chosen from logits [examples, 2, time], got \(logits.shape) for \(allowed.count) examples"
      )
    }
    try Check.size(longest, "the longest span")
    let values = try logits.detached.cast(to: .f32).array(Float.self)
    let time = logits.shape[2]
    return try allowed.enumerated().map { example, allowed in
      let first = example * 2 * time
      var best: (score: Float, span: ClosedRange<Int>)?
      for start in 0..<time where allowed[start] {
        for end in start..<min(time, start.addingClamped(longest)) where allowed[end] {
          let score = values[first + start] + values[first + time + end]
          guard !score.isNaN else {
            throw DomainError(.value, "the model gives nan: it finds no span")
          }
          if score > best?.score ?? -.infinity { best = (score, start...end) }
        }
      }
      return best?.span
    }
  }
}

extension Int {
  fileprivate func addingClamped(_ other: Int) -> Int {
    let (sum, overflow) = addingReportingOverflow(other)
    return overflow ? .max : sum
  }
}
