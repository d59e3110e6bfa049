import Foundations
import TestSupport
import Tensors
import Testing

@testable import Learning

/// Attention with shared keys, windows, caps and biases, over several tiles, against the formula written out.
@Suite struct GroupedAttentionTests {
  /// softmax(shape(Q Kᵀ)) V, head by head.
  private func written(
    _ q: Tensor, _ k: Tensor, _ v: Tensor, _ pattern: AttentionPattern, _ bias: Tensor?,
    _ lengths: [Int]
  ) throws -> Tensor {
    let (examples, time) = (q.shape[0], q.shape[1])
    let width = pattern.headWidth
    var rows: [Tensor] = []
    for example in 0..<examples {
      let mask = try Tensor(
        (0..<time * time).map { place in
          let (i, j) = (place / time, place % time)
          let isSeen =
            j < lengths[example] && (!pattern.isCausal || j <= i)
            && (pattern.window.map { abs(i - j) <= $0 } ?? true)
          return isSeen ? Float(0) : -1e9
        }, shape: [time, time])
      var heads: [Tensor] = []
      for head in 0..<pattern.heads {
        func part(_ x: Tensor, _ number: Int) throws -> Tensor {
          try x.selected(axis: 0, index: example)
            .sliced(axis: 1, from: number * width, to: (number + 1) * width)
        }
        let shared = head / (pattern.heads / pattern.keyHeads)
        let scale = pattern.scale ?? 1 / Double(width).squareRoot()
        var scores = try part(q, head).matmul(part(k, shared).transposed(0, 1)) * scale
        if let cap = pattern.cap { scores = try (scores / cap).tanh() * cap }
        if let bias {
          scores = try scores + bias.selected(axis: 0, index: head)
        }
        heads.append(try (scores + mask).softmax(axis: 1).matmul(part(v, shared)))
      }
      rows.append(try Tensor.concatenated(heads, axis: 1))
    }
    return try Tensor.stacked(rows)
  }

  @Test func tilesWindowsGroupsAndCapsAreTheFormula() throws {
    var random = RandomStream(seed: 8)
    let time = 300
    let patterns = [
      AttentionPattern(heads: 4, keyHeads: 2, headWidth: 4, isCausal: true),
      AttentionPattern(heads: 4, keyHeads: 2, headWidth: 4, isCausal: true, window: 20, cap: 1.5),
      AttentionPattern(heads: 2, headWidth: 6, isCausal: false, window: 70, scale: 1),
      AttentionPattern(
        heads: 3, keyHeads: 1, headWidth: 4, isCausal: true, window: 129, hasLinearBiases: true),
    ]
    for (number, pattern) in patterns.enumerated() {
      let wide = pattern.heads * pattern.headWidth
      let narrow = pattern.keyHeads * pattern.headWidth
      let inputs = try [wide, narrow, narrow].map {
        try Tape.variable(Tensor.normal([2, time, $0], &random))
      }
      let lengths = [time, 170]
      let weights = try Tensor(
        (0..<2 * time * wide).map { place in
          place / wide % time < lengths[place / wide / time] ? Float(place % 7) - 3 : 0
        }, shape: [2, time, wide])
      var bias: Tensor?
      if pattern.hasLinearBiases {
        let table = try pattern.linearBiases(time)
        let numbers = table.floats
        bias = try Tensor(
          (0..<pattern.heads * time * time).map { place in
            let (head, i, j) = (place / time / time, place / time % time, place % time)
            return numbers[head * (2 * time - 1) + j - i + time - 1]
          }, shape: [pattern.heads, time, time])
        withExtendedLifetime(table) {}
      }
      let fast = try Attention.grouped(
        inputs[0], inputs[1].with(lengths: Lengths(lengths.map { Int32($0) })), inputs[2], pattern)
      let slow = try written(inputs[0], inputs[1], inputs[2], pattern, bias, lengths)
      try expectClose(
        fast.detached * weights, slow.detached * weights, "\(number)", rtol: 1e-4, atol: 1e-4)
      let found = try Tape.gradients(
        of: (fast.with(lengths: nil) * weights).sum(), withRespectTo: inputs)
      let wanted = try Tape.gradients(of: (slow * weights).sum(), withRespectTo: inputs)
      for (place, gradient) in found.enumerated() {
        try expectClose(
          gradient, wanted[place], "\(number), input \(place)", rtol: 1e-3, atol: 1e-3)
      }
    }
  }
}
