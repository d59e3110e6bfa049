/// How often something is done during a run.
public enum TrainingInterval: Sendable, Hashable {
  case steps(Int)
  case epochs(Int)

  /// Throws a value error for less than every step or epoch.
  func check(_ what: String) throws {
    switch self {
    case .steps(let count), .epochs(let count): try Check.size(count, "the interval of \(what)")
    }
  }

  func isDue(afterStep step: Int) -> Bool {
    if case .steps(let count) = self { return step % count == 0 }
    return false
  }

  func isDue(afterEpoch epoch: Int) -> Bool {
    if case .epochs(let count) = self { return (epoch + 1) % count == 0 }
    return false
  }
}
