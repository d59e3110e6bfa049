import Foundations

/// Which examples each shadow model is trained on: every example is in exactly half of them (Carlini et al. 2022, §V),
/// so that its score with and without it can be compared.
public struct ShadowPlan: Sendable {
  public let examples: Int
  public let shadows: Int
  /// Of each example in turn, shadow by shadow.
  private let membership: [Bool]

  /// - Throws: `value` where the number of shadows is odd or below 2, or there are fewer than two examples.
  public init(examples: Int, shadows: Int, key: RandomKey) throws(DomainError) {
    guard shadows >= 2, shadows.isMultiple(of: 2) else {
      throw DomainError(
        .value,
        "every example is in half of the shadow models, so their number is even, got \(shadows)")
    }
    guard examples >= 2, shadows <= Int.max / examples else {
      throw DomainError(
        .value, "\(shadows) shadow models cannot be made of \(examples) examples")
    }
    self.examples = examples
    self.shadows = shadows
    var random = key.stream
    var membership = [Bool](repeating: false, count: examples * shadows)
    for example in 0..<examples {
      try Cancellation.check(turn: example)
      for shadow in random.sample(shadows / 2, of: shadows) {
        membership[example * shadows + shadow] = true
      }
    }
    self.membership = membership
  }

  public func isMember(_ example: Int, of shadow: Int) -> Bool {
    membership[example * shadows + shadow]
  }

  /// The examples that a shadow model is trained on, in order; the others are what it never sees.
  public func members(of shadow: Int) -> [Int] {
    (0..<examples).filter { isMember($0, of: shadow) }
  }
}

/// The outputs of a model and of its shadows on the same examples.
public struct ShadowOutputs: Sendable {
  public let plan: ShadowPlan
  public let target: ClassifierOutputs
  public let shadows: [ClassifierOutputs]

  /// - Throws: `shape` where the models have different examples or classes.
  public init(_ plan: ShadowPlan, target: ClassifierOutputs, shadows: [ClassifierOutputs])
    throws(DomainError)
  {
    guard shadows.count == plan.shadows, target.count == plan.examples,
      shadows.allSatisfy({ $0.count == target.count && $0.labels == target.labels })
    else {
      throw DomainError(
        .shape,
        "the plan is for \(plan.shadows) shadow models of \(plan.examples) examples, got \(shadows.count) of \(target.count)"
      )
    }
    if let other = shadows.first(where: { $0.classes != target.classes }) {
      throw DomainError(
        .shape,
        "a shadow model has \(other.classes) classes, the attacked one \(target.classes)",
        hint: "`train` makes models of the same kind as the one that is attacked")
    }
    self.plan = plan
    self.target = target
    self.shadows = shadows
  }

  /// `value` of an example in the shadow models with it, and in those without.
  func split(_ example: Int, _ value: (ClassifierOutputs) -> Double) -> (
    inside: [Double], outside: [Double]
  ) {
    var (inside, outside) = ([Double](), [Double]())
    for (shadow, outputs) in shadows.enumerated() {
      if plan.isMember(example, of: shadow) {
        inside.append(value(outputs))
      } else {
        outside.append(value(outputs))
      }
    }
    return (inside, outside)
  }
}
