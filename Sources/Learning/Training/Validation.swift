/// A measure that is taken during a run, and early stopping by it (Prechelt 1998): the run ends when the measure has
/// not become better for `patience` times, and the best parameters are put back.
///
/// In private training the measure is a look at the model, which is private already; examples that it is taken on have
/// no protection.
public struct Validation {
  public enum Better: Sendable { case lower, higher }

  public var every: TrainingInterval
  public var better: Better
  /// Nil: the run never ends early.
  public var patience: Int?
  /// What counts as better: more than this beyond the best so far.
  public var minimumChange: Double
  /// Whether the run ends with the best parameters instead of the last.
  public var restoresBest: Bool
  public var measure: (Layer) throws -> Double

  public init(
    every: TrainingInterval = .epochs(1), better: Better = .lower, patience: Int? = nil,
    minimumChange: Double = 0, restoresBest: Bool = true,
    measure: @escaping (Layer) throws -> Double
  ) throws {
    try every.check("a validation")
    if let patience { try Check.size(patience, "patience") }
    try Check.finite(minimumChange, "the minimum change", atLeast: 0)
    self.every = every
    self.better = better
    self.patience = patience
    self.minimumChange = minimumChange
    self.restoresBest = restoresBest
    self.measure = measure
  }

  /// NaN is never better.
  func isBetter(_ value: Double, than best: Double?) -> Bool {
    guard let best else { return !value.isNaN }
    return better == .lower ? value < best - minimumChange : value > best + minimumChange
  }
}

/// One validation of a run.
public struct ValidationSummary: Sendable {
  /// Steps done.
  public let step: Int
  /// From 0.
  public let epoch: Int
  public let value: Double
  /// Whether it was the best so far.
  public let isBest: Bool
}
