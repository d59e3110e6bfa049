import Foundations
import Learning
import Tensors

/// Labels by the model itself: the class that it predicts, where it gives that class at least a probability (Lee,
/// "Pseudo-Label", 2013; the threshold is FixMatch's, Sohn et al., NeurIPS 2020). Other examples are not learnt from.
public struct SelfTraining: Labelling {
  /// The least probability.
  public let confidence: Double

  /// - Throws: `value` where it is no probability.
  public init(confidence: Double = 0.9) throws {
    guard confidence >= 0, confidence <= 1 else {
      throw DomainError(.value, "the confidence must be within 0 and 1, got \(confidence)")
    }
    self.confidence = confidence
  }

  public var fingerprint: String { "self_training(\(confidence))" }

  public func labels(_ source: any BatchSource, examples: [Int], model: Layer) throws -> (
    examples: [Int], labels: [Int]
  ) {
    let found = try ModelPredictions(model, source, examples)
    let kept = examples.indices.filter { found.confidences[$0] >= confidence }
    return (kept.map { examples[$0] }, kept.map { found.classes[$0] })
  }
}

/// The classes that a model predicts for examples, and the probabilities that it gives them.
struct ModelPredictions {
  var classes: [Int] = []
  var confidences: [Double] = []

  /// - Throws: `shape` for a model that gives no logits [examples, classes], `value` where one is nan.
  init(_ model: Layer, _ source: any BatchSource, _ examples: [Int]) throws {
    guard !examples.isEmpty else { return }
    let outputs = try Evaluation(model).outputs(SubsetSource(source, examples))
    guard outputs.rank == 2, outputs.shape[0] == examples.count, outputs.shape[1] > 0 else {
      throw DomainError(
        .shape,
        "labels by the model's predictions need logits [examples, classes], got \(outputs.shape)",
        hint: "they are for classifiers: one class an example")
    }
    let width = outputs.shape[1]
    let chances = try outputs.cast(to: .f64).softmax().array(Double.self)
    for row in examples.indices {
      let own = chances[row * width..<(row + 1) * width]
      guard !own.contains(where: \.isNaN) else {
        throw DomainError(.value, "the model gives nan: it predicts no class")
      }
      let best = own.indices.max { (own[$0], $1) < (own[$1], $0) } ?? own.startIndex
      classes.append(best - own.startIndex)
      confidences.append(own[best])
    }
  }
}
