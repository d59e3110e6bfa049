import Foundations
import Glibc
import Tensors

/// How the learning rate changes from step to step, as a factor of the optimizer's own rate: it rises in a line from 0
/// over the warm-up and then decays. The formulas are those of the transformers package's schedules, so that step 0 of
/// a warm-up has rate 0.
public struct LearningRateSchedule: Sendable, Hashable, CustomStringConvertible {
  public enum Decay: Sendable, Hashable {
    case constant
    /// In a line to the floor at the last step.
    case linear
    /// Along half a cosine to the floor, from the top again in each of `cycles` equal parts of the run (Loshchilov
    /// 2016).
    case cosine(cycles: Int)
    /// √(w / step) behind a warm-up of w steps; √(10000 / (step + 10000)) without one.
    case inverseSquareRoot
  }

  public let decay: Decay
  public let warmup: Int
  /// The steps of the whole run, warm-up included.
  public let steps: Int
  /// The factor that decay leads to; transformers' is 0.
  public let floor: Double

  /// Throws a value error where the warm-up is longer than the run or the floor is not in [0, 1].
  public init(_ decay: Decay, steps: Int, warmup: Int = 0, floor: Double = 0) throws {
    guard steps >= 0, warmup >= 0, warmup <= steps else {
      throw DomainError(
        .value, "a warm-up of \(warmup) steps does not fit a run of \(steps) steps")
    }
    guard floor >= 0, floor <= 1 else {
      throw DomainError(.value, "the floor of a learning rate must be in [0, 1], got \(floor)")
    }
    if case .cosine(let cycles) = decay { try Check.size(cycles, "the number of cycles") }
    self.decay = decay
    self.warmup = warmup
    self.steps = steps
    self.floor = floor
  }

  /// Over the steps of `plan`; nil where the rate stays as it is.
  public static func over(
    _ plan: SamplingPlan, _ decay: Decay, warmup: Int
  ) throws -> LearningRateSchedule? {
    guard decay != .constant || warmup != 0 else { return nil }
    return try LearningRateSchedule(decay, steps: plan.steps, warmup: warmup)
  }

  public var description: String {
    let name =
      switch decay {
      case .constant: "constant"
      case .linear: "linear"
      case .cosine(let cycles): cycles == 1 ? "cosine" : "cosine in \(cycles) cycles"
      case .inverseSquareRoot: "inverse_square_root"
      }
    let ending = floor > 0 ? " to \(floor)" : ""
    return "\(name)\(ending) over \(steps) steps, warm-up \(warmup)"
  }

  /// The factor for step `step`, which counts from 0.
  public func factor(step: Int) -> Double {
    guard step >= warmup else { return Double(max(0, step)) / Double(warmup) }
    let progress = min(1, Double(step - warmup) / Double(max(1, steps - warmup)))
    let share: Double
    switch decay {
    case .constant: share = 1
    case .linear: share = 1 - progress
    case .cosine(let cycles):
      let place = progress * Double(cycles)
      share = progress >= 1 ? 0 : 0.5 * (1 + cos(.pi * (place - place.rounded(.down))))
    case .inverseSquareRoot:
      let scale = warmup > 0 ? Double(warmup) : 10_000
      share = 1 / ((Double(step - warmup) + scale) / scale).squareRoot()
    }
    return floor + (1 - floor) * share
  }
}
