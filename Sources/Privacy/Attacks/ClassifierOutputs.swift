import Foundation
import Foundations
import Tensors

/// What a classifier gives for labelled examples, and what attacks read in it.
public struct ClassifierOutputs: Sendable {
  public let classes: Int
  /// The class of each example.
  public let labels: [Int]
  /// Row by row, the greatest of each row 0; what is more than `range` below stands at its end.
  private let logits: [Float]
  /// Chances below e⁻¹⁰⁴ ≈ 1e-45, the least that an f32 holds, are all taken for that one.
  private static let range: Float = 104

  /// - Parameters:
  ///   - outputs: logits, [examples, classes].
  ///   - labels: the numbers of the classes, [examples].
  /// - Throws: `shape` or `type` where these are not a classifier's, `index` for a label that is no class, `value` for
  ///   outputs that are nan or infinitely great.
  public init(_ outputs: Tensor, labels: Tensor) throws {
    guard outputs.rank == 2, outputs.shape[1] > 1, labels.shape == [outputs.shape[0]] else {
      throw DomainError(
        .shape,
        "the attack reads a classifier's outputs [examples, classes] with a class an example, got outputs \(outputs.shape) and labels \(labels.shape)",
        hint: "`method: \"loss\"` attacks any model")
    }
    guard !labels.dtype.isFloating, labels.dtype != .bool else {
      throw DomainError(
        .type, "the attack needs labels that are classes, got a tensor of \(labels.dtype.name)",
        hint: "`method: \"loss\"` attacks any model")
    }
    classes = outputs.shape[1]
    self.labels = try labels.detached.cast(to: .i64).array(Int64.self).map(Int.init)
    if let bad = self.labels.first(where: { $0 < 0 || $0 >= outputs.shape[1] }) {
      throw DomainError(.index, "label \(bad) is not one of the \(classes) classes 0..<\(classes)")
    }
    var values = try outputs.detached.cast(to: .f32).array(Float.self)
    for row in self.labels.indices {
      let place = row * classes..<(row + 1) * classes
      let top = values[place].max() ?? 0
      guard top.isFinite, !values[place].contains(where: \.isNaN) else {
        throw DomainError(
          .value, "the model gives nan or inf, so the attack cannot rank its outputs",
          hint: "it has diverged: train with a smaller learning rate")
      }
      for i in place { values[i] = max(values[i] - top, -Self.range) }
    }
    logits = values
  }

  public var count: Int { labels.count }

  /// ln p of each class.
  func logProbabilities(_ example: Int) -> [Double] {
    let row = logits[example * classes..<(example + 1) * classes].map(Double.init)
    let total = log(row.reduce(0) { $0 + exp($1) })
    return row.map { $0 - total }
  }

  /// ln p of the example's own class.
  func logProbability(_ example: Int) -> Double {
    logProbabilities(example)[labels[example]]
  }

  /// ln(p / (1 - p)) of the example's own class (Carlini et al. 2022, equation 3), from the logits so that neither p
  /// nor 1 - p is rounded to 1.
  func logOdds(_ example: Int) -> Double {
    let row = logits[example * classes..<(example + 1) * classes].map(Double.init)
    let own = row[labels[example]]
    var others = row
    others.remove(at: labels[example])
    let top = others.max() ?? 0
    return own - top - log(others.reduce(0) { $0 + exp($1 - top) })
  }

  /// -(1 - p_y) ln p_y - Σ_{k ≠ y} p_k ln(1 - p_k): the entropy that knows the right class (Song and Mittal 2021, arXiv
  /// 2003.10595, equation 8). 0 for a sure and right prediction, great for a sure and wrong one.
  func modifiedEntropy(_ example: Int) -> Double {
    let logs = logProbabilities(example)
    let chances = logs.map { exp($0) }
    let top = chances.indices.max { chances[$0] < chances[$1] } ?? 0
    var result = 0.0
    for (k, p) in chances.enumerated() {
      // Of the likeliest class 1 - p is what the others have: a difference would lose it.
      let rest =
        k == top ? chances.enumerated().reduce(0) { $1.offset == k ? $0 : $0 + $1.element } : 1 - p
      result -= k == labels[example] ? rest * logs[k] : p * log(max(rest, 1e-45))
    }
    return result
  }
}
