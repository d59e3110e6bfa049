// Privacy loss distributions (Sommer, Meiser, Mohammadi 2019; Koskela, Jälkö, Honkela 2020, arXiv 1906.03049): what an
// observer's log-likelihood ratio looks like, composed over all steps; tighter than Rényi orders. Each mechanism is
// dominated by a pair of distributions (LossAtoms, SampledGaussianLoss, StepLoss name the theorems), and the
// composition of such pairs dominates that of the mechanisms (Zhu, Dong, Wang 2022, arXiv 2106.08567, theorem 10). The
// mathematics of composing is in TiltedComposition; both directions, a unit added or removed, are composed and the
// larger epsilon counts. Gaussian noise on all data has a closed form. Rényi orders and adding up epsilons bound the
// same thing: the smallest of the bounds holds.

import Foundation
import Foundations

public struct PLDAccountant: Sendable {
  /// Less noise than this is left to the Rényi orders.
  static let leastNoise = 1e-3

  private var steps = StepParts()
  /// Nil where it does not know an event.
  private var rdp: RDPAccountant? = RDPAccountant()
  /// What was spent first: what comes later must add up with it.
  private var first: Event?

  public init() {}

  /// Adds what `event` spends.
  ///
  /// - Throws: `value` for bad numbers, `privacy` for an event that this accountant does not know or that does not add
  ///   up with those before.
  public mutating func spend(_ event: Event) throws(DomainError) {
    try event.validate()
    if let first { try event.checkComposes(with: first) }
    var sum = self
    try sum.steps.add(event.mechanism)
    do {
      try sum.rdp?.spend(event)
    } catch {
      guard error.kind == .privacy else { throw error }
      sum.rdp = nil
    }
    sum.first = first ?? event
    self = sum
  }

  /// The least epsilon that holds at `delta`, rounded up; infinite where none does.
  ///
  /// - Throws: `value` where delta is not within 0 and 1.
  public func epsilon(delta: Double) throws(DomainError) -> PrivacyCost {
    try PrivacyCost(epsilon: bounds(delta: delta, withLow: false).high, delta: delta, order: nil)
  }

  /// An epsilon that holds, as `epsilon(delta:)`, and one that does not hold for some mechanisms of the kinds that were
  /// spent (0 where none is known).
  ///
  /// - Throws: `value` where delta is not within 0 and 1.
  public func interval(delta: Double) throws(DomainError) -> (low: Double, high: Double) {
    try bounds(delta: delta, withLow: true)
  }

  private func bounds(delta: Double, withLow: Bool) throws(DomainError) -> (
    low: Double, high: Double
  ) {
    try RDPAccountant.check(delta: delta)
    if steps.isUnbounded { return (.infinity, .infinity) }
    let parts = steps.gathered
    if parts.isEmpty { return (0, 0) }
    let sum = Self.sum(of: parts, delta: delta)
    if delta == 0 { return (withLow ? sum : 0, sum) }
    if let gap = Self.gap(of: parts, delta: delta), gap <= 1e-4 * sum {
      return (withLow ? (sum - gap) * (1 - 1e-9) : 0, sum)
    }
    var bound = sum
    if let rdp { bound = min(bound, try rdp.epsilon(delta: delta).epsilon) }
    if let exact = try Self.closedForm(parts, delta) {
      let high = min(RDPAccountant.roundedUp(exact), bound)
      return (min(high, exact * (1 - 1e-10)), high)
    }
    // Epsilons of half a million: the other bounds will do.
    guard parts.allSatisfy(\.hasEnoughNoise),
      let removing = TiltedComposition(parts, removes: true, delta: delta)
    else { return (0, bound) }
    var high = removing.epsilon()
    var low = withLow ? removing.lowerBound(near: min(high, bound)) : 0
    if !parts.allSatisfy(\.isSymmetric),
      let adding = TiltedComposition(parts, removes: false, delta: delta),
      !adding.keeps(epsilon: high)
    {
      let other = adding.epsilon()
      high = max(high, other)
      if withLow { low = max(low, adding.lowerBound(near: min(other, bound))) }
    }
    high = min(RDPAccountant.roundedUp(high), bound)
    return (min(low, high), high)
  }

  /// What noise on all data costs, all of it Gaussian.
  private static func closedForm(_ parts: [StepPart], _ delta: Double) throws(DomainError)
    -> Double?
  {
    guard parts.count == 1, parts[0].sampling == .none,
      case .gaussian(let noise) = parts[0].mechanism
    else { return nil }
    return try GaussianDP.epsilon(mu: 1 / noise, delta: delta)
  }

  /// How much less than the sum of epsilons a few pure releases may cost at most: all of them have their largest losses
  /// with some probability p, so that δ(ε) ≥ p·(1 - e^(ε - sum)). Nil where not all are pure, or p is no more than δ.
  private static func gap(of parts: [StepPart], delta: Double) -> Double? {
    var logTop = 0.0
    for part in parts {
      guard part.sampling == .none else { return nil }
      switch part.mechanism {
      case .pure(let epsilon): logTop -= Double(part.times) * log1p(exp(-epsilon))
      case .discreteLaplace(let epsilon, let sensitivity):
        logTop -= Double(part.times) * log1p(exp(-epsilon / Double(sensitivity)))
      case .laplace: logTop -= Double(part.times) * log(2)
      default: return nil
      }
    }
    let share = delta / exp(logTop)
    return share < 0.5 ? -log1p(-share) : nil
  }

  /// Basic composition: epsilons add up, and so do the deltas of what is approximate. Exact where delta is 0.
  private static func sum(of parts: [StepPart], delta: Double) -> Double {
    var epsilon = UpwardSum()
    var failing = UpwardSum()
    for part in parts {
      let (largest, failed) = part.simpleCost
      epsilon.add(largest, times: Double(part.times))
      failing.add(failed, times: Double(part.times))
    }
    return failing.upperBound <= delta ? epsilon.upperBound : .infinity
  }
}

extension StepPart {
  /// Whether a loss distribution is worth the while.
  fileprivate var hasEnoughNoise: Bool {
    switch mechanism {
    case .gaussian(let noise): noise >= PLDAccountant.leastNoise
    case .laplace(let noise): noise >= 1e-5
    case .discreteGaussian(let sigma, let sensitivity):
      sigma >= PLDAccountant.leastNoise * Double(sensitivity)
    case .pure(let epsilon), .approximate(let epsilon, _), .discreteLaplace(let epsilon, _):
      epsilon <= 1e5
    default: true
    }
  }

  /// (ε, δ) of one step by itself, on a sample too (Balle, Barthe, Gaboardi 2018, arXiv 1807.01647: ε' = log(1 +
  /// q·(e^ε - 1)), δ' = q·δ); infinite where no epsilon holds at a delta of 0.
  var simpleCost: (epsilon: Double, delta: Double) {
    let whole: (epsilon: Double, delta: Double) =
      switch mechanism {
      case .laplace(let noise): (1 / noise, 0)
      case .pure(let epsilon), .discreteLaplace(let epsilon, _): (epsilon, 0)
      case .approximate(let epsilon, let delta): (epsilon, delta)
      default: (.infinity, 0)
      }
    if sampling == .none || whole.epsilon == .infinity { return whole }
    let epsilon =
      whole.epsilon < 700 ? log1p(rate * expm1(whole.epsilon)) : whole.epsilon
    return (epsilon, rate * whole.delta)
  }
}
