import Foundations
import Tensors

extension Embedding {
  /// Scores of every token at every position: hidden states times the table, whose rows so serve twice (Press and Wolf
  /// 2017).
  /// - Parameter hidden: [examples, time, width].
  /// - Returns: [examples, time, rows].
  public func scores(_ hidden: Tensor) throws -> Tensor {
    guard hidden.shape.last == width else {
      throw DomainError(
        .shape,
        "\(summary) scores vectors of \(width) numbers, got a tensor of shape \(hidden.shape)")
    }
    let a = try Check.floats(hidden, "embedding")
    let w = weight.data
    var shape = hidden.shape
    shape[shape.rank - 1] = rows
    let y = try Tensor.uninitialized(shape).with(lengths: hidden.lengths)
    let count = a.count / width
    let (rows, width) = (self.rows, self.width)
    withExtendedLifetime((a, w)) {
      Matmul.gemm(
        transposeB: true, m: count, n: rows, k: width, a.floats, width, w.floats, width, y.floats,
        rows)
    }
    return Tape.record("scores", inputs: [hidden], parameters: [weight], output: y) {
      [weight] request in
      let g = try request.gradient.contiguous()
      var dx: Tensor?
      if request.needs[0] {
        let result = try Tensor.uninitialized(a.shape)
        withExtendedLifetime((g, w)) {
          Matmul.gemm(
            m: count, n: width, k: rows, g.floats, rows, w.floats, width, result.floats, width)
        }
        dx = result
      }
      return BackwardResult(
        inputs: [dx],
        rules: request.wantsRules ? [LinearRule(weight: weight, bias: nil, a: a, g: g)] : [])
    }
  }
}

/// A table that is looked up and scored against gets its gradient from two rules. The norm of the sum of both follows
/// from their norms and the inner product, which needs no gradient of the table's size:
/// ⟨Σ_t e(token_t) g_tᵀ, Σ_s γ_s a_sᵀ⟩ = Σ_{s,t} γ_s[token_t] · (a_s · g_t).
enum TiedRules {
  /// The two rules of a shared table; nil where the parameter is shared in another way.
  struct Pair {
    let lookup: EmbeddingRule
    let scores: LinearRule
  }

  static func pair(_ rules: [any GradientRule], of parameter: Parameter) -> Pair? {
    var lookup: EmbeddingRule?
    var scores: LinearRule?
    for rule in rules where rule.parameters.contains(parameter) {
      switch rule {
      case let rule as EmbeddingRule where lookup == nil && !rule.averages: lookup = rule
      case let rule as LinearRule where scores == nil && rule.parameters.count == 1: scores = rule
      default: return nil
      }
    }
    guard let lookup, let scores else { return nil }
    return Pair(lookup: lookup, scores: scores)
  }
}

extension TiedRules.Pair {
  /// Adds ‖the gradient of the whole table‖² of each example.
  func addSquaredNorms(to norms: UnsafeMutablePointer<Float>) throws {
    let count = lookup.exampleCount
    try lookup.addSquaredNorms(to: norms)
    try scores.addSquaredNorms(to: norms)
    let products = try innerProducts((0..<count).map { $0..<($0 + 1) })
    for example in 0..<count { norms[example] += Float(2 * products[example]) }
  }

  /// The same of the sums over ranges of examples.
  func squaredNorms(of ranges: [Range<Int>]) throws -> [Double] {
    let first = try lookup.squaredNorms(of: ranges) ?? []
    let second = scores.gramNorms(of: ranges)
    let products = try innerProducts(ranges)
    return ranges.indices.map { max(0, first[$0] + second[$0] + 2 * products[$0]) }
  }

  /// ⟨lookup, scores⟩ of the sums over each range.
  private func innerProducts(_ ranges: [Range<Int>]) throws -> [Double] {
    let (a, outputGradient) = scores.factors
    let (tokens, inputGradient) = lookup.factors
    let time = tokens.time
    let width = inputGradient.count / max(1, tokens.count)
    let rows = outputGradient.count / max(1, a.count / width)
    var result = [Double](repeating: 0, count: ranges.count)
    for (number, range) in ranges.enumerated() where !range.isEmpty {
      let (first, count) = (range.lowerBound * time, range.count * time)
      let products = try Tensor.uninitialized([count, count])
      let sums = try Tensor.uninitialized([count], .f64)
      withExtendedLifetime((a, outputGradient, inputGradient, tokens, products, sums)) {
        Matmul.gemm(
          transposeB: true, m: count, n: count, k: width, a.floats + first * width, width,
          inputGradient.floats + first * width, width, products.floats, count)
        let (dots, gradients) = (products.floats, outputGradient.floats)
        let indices = tokens.trained + first
        let partial = sums.pointer(Double.self)
        Parallel.blocks(count, size: 64) { block in
          for s in block {
            let line = gradients + (first + s) * rows
            var sum = 0.0
            for t in 0..<count where indices[t] >= 0 {
              sum += Double(line[Int(indices[t])] * dots[s * count + t])
            }
            partial[s] = sum
          }
        }
        for s in 0..<count { result[number] += partial[s] }
      }
    }
    return result
  }
}
