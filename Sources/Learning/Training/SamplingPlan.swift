import Foundations

/// Which examples a step sees.
public enum Sampling: Sendable, Equatable {
  /// Every example once an epoch, in random order.
  case shuffled
  /// Each example on its own with the same probability in every step, as accountants assume it (Abadi et al. 2016).
  case poisson
  /// Every example once an epoch, in a step of its own draw: whom a step sees does not depend on who else there is.
  case assigned
}

/// How a run walks through `examples` examples: what an accountant and the training loop have to agree on.
public struct SamplingPlan: Sendable, Equatable {
  public let examples: Int
  /// The (expected) number of examples of a step.
  public let batch: Int
  public let epochs: Int
  public let sampling: Sampling
  /// The number of steps after which a run ends within an epoch; nil where it ends with one.
  public let stepLimit: Int?

  public init(examples: Int, batch: Int, epochs: Int, sampling: Sampling) throws {
    guard examples > 0 else { throw DomainError(.value, "there are no examples to train on") }
    try Check.size(batch, "batch")
    guard epochs >= 0 else { throw DomainError(.value, "epochs must be >= 0, got \(epochs)") }
    self.examples = examples
    self.batch = min(batch, examples)
    self.epochs = epochs
    self.sampling = sampling
    stepLimit = nil
    let perEpoch = (examples - 1) / self.batch + 1
    guard epochs <= SamplingPlan.mostSteps / perEpoch else {
      throw SamplingPlan.tooMany("\(epochs) epochs of \(perEpoch) steps")
    }
  }

  /// Steps of a run at most: no machine makes more, and their number stays exact as a float.
  public static let mostSteps = 1_000_000_000_000

  private static func tooMany(_ what: String) -> DomainError {
    DomainError(
      .value, "\(what) are more than a run can have: at most \(mostSteps) steps")
  }

  /// As many steps as asked for (at most `mostSteps`), over as many epochs as that takes; the last one may end early.
  public init(examples: Int, batch: Int, steps: Int, sampling: Sampling) throws {
    guard examples > 0 else { throw DomainError(.value, "there are no examples to train on") }
    try Check.size(batch, "batch")
    guard steps >= 0 else { throw DomainError(.value, "steps must be >= 0, got \(steps)") }
    guard steps <= SamplingPlan.mostSteps else { throw SamplingPlan.tooMany("\(steps) steps") }
    self.examples = examples
    self.batch = min(batch, examples)
    let stepsPerEpoch = (examples + self.batch - 1) / self.batch
    epochs = (steps + stepsPerEpoch - 1) / stepsPerEpoch
    self.sampling = sampling
    stepLimit = steps
  }

  /// The probability with which a step takes an example.
  public var rate: Double { Double(batch) / Double(examples) }
  public var stepsPerEpoch: Int { (examples + batch - 1) / batch }
  public var steps: Int { stepLimit ?? stepsPerEpoch * epochs }
}
