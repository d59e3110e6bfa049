import Foundations
import Learning
import Tensors

/// Labels by what people say to the model's predictions: the device shows its prediction, and its owner says whether it
/// is right, which is the wrong answer with the probability `noise`. What was called right is learnt from with the
/// predicted class, what was called wrong is not: nobody says what would have been right.
///
/// Whether a person errs about an example in a round depends on the example and the prediction alone, so that asking
/// again gets the same answer.
public struct UserFeedback: Labelling {
  public let noise: Double
  /// Names the random numbers of the answers.
  private let key: RandomKey

  /// - Throws: `value` where the noise is no probability.
  public init(noise: Double, key: RandomKey) throws {
    guard noise >= 0, noise <= 1 else {
      throw DomainError(.value, "the noise must be within 0 and 1, got \(noise)")
    }
    self.noise = noise
    self.key = key
  }

  public var fingerprint: String { "feedback(\(noise), \(key.high):\(key.low))" }

  public func labels(_ source: any BatchSource, examples: [Int], model: Layer) throws -> (
    examples: [Int], labels: [Int]
  ) {
    guard !examples.isEmpty else { return ([], []) }
    let truth = try source.batch(examples).labels
    guard truth.rank == 1, !truth.dtype.isFloating else {
      throw DomainError(
        .shape,
        "feedback is for classes, one integer an example, got \(truth.dtype.name) \(truth.shape)")
    }
    let right = try truth.cast(to: .i64).array(Int64.self)
    let found = try ModelPredictions(model, source, examples)
    var result: (examples: [Int], labels: [Int]) = ([], [])
    for (index, example) in examples.enumerated() {
      let guess = found.classes[index]
      var stream = key.derived("feedback", example).derived("to", guess).stream
      let errs = Double.random(in: 0..<1, using: &stream) < noise
      guard (Int64(guess) == right[index]) != errs else { continue }
      result.examples.append(example)
      result.labels.append(guess)
    }
    return result
  }
}
