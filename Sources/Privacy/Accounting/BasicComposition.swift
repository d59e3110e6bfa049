// Basic composition (Dwork, Kenthapadi, McSherry, Mironov, Naor 2006, theorem 1): epsilons add up, and deltas do. It
// holds whatever was chosen by earlier results (Rogers, Roth, Ullman, Vadhan 2016, section 3), and needs no delta of
// its own.

import Foundations

/// Sums of epsilons and deltas.
struct BasicComposition {
  /// Nil once something has no epsilon of its own.
  private var sum: UpwardSum? = UpwardSum()
  /// The sum of the deltas of approximate mechanisms.
  var delta: Double { failing.upperBound }
  private var failing = UpwardSum()
  /// Everything as what it is where no delta strikes: an approximate mechanism is then a pure one.
  private(set) var divergent: [Mechanism] = []

  mutating func add(_ mechanism: Mechanism, times: Int = 1) {
    guard times > 0 else { return }
    let count = Double(times)
    switch mechanism {
    case .none: break
    case .pure(let epsilon), .discreteLaplace(let epsilon, _):
      sum?.add(epsilon, times: count)
      divergent.append(.repeated(.pure(epsilon: epsilon), times: times))
    case .laplace(let noise):
      sum?.add((1 / noise).nextUp, times: count)
      divergent.append(.repeated(mechanism, times: times))
    case .approximate(let epsilon, let delta):
      failing.add(delta, times: count)
      sum?.add(epsilon, times: count)
      divergent.append(.repeated(.pure(epsilon: epsilon), times: times))
    case .composed(let parts): for part in parts { add(part, times: times) }
    case .repeated(let inner, let more):
      let (product, overflow) = times.multipliedReportingOverflow(by: more)
      add(inner, times: overflow ? Int.max : product)
    default:
      sum = nil
      divergent.append(.repeated(mechanism, times: times))
    }
  }

  /// The sum of epsilons, never below the exact one; nil where something has none of its own.
  var epsilon: Double? { sum?.upperBound }

  /// The epsilon that holds at `delta`, rounded up; infinite where the deltas are more.
  ///
  /// - Throws: `privacy` where something has no epsilon of its own.
  func cost(delta: Double) throws(DomainError) -> Double {
    guard let epsilon else {
      throw DomainError(
        .privacy, "basic composition knows only what has an epsilon of its own, not Gaussian noise")
    }
    guard self.delta <= delta else { return .infinity }
    return epsilon
  }
}
