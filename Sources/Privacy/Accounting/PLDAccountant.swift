// Privacy loss distributions (Sommer, Meiser, Mohammadi 2019; Koskela, Jälkö, Honkela 2020, arXiv 1906.03049): what an
// observer's log-likelihood ratio looks like, composed over all steps; tighter than Rényi orders. The mathematics of
// composing is in TiltedComposition; both directions, an example added or removed, are composed and the larger epsilon
// counts. Gaussian noise on all data has a closed form. Rényi orders bound the same thing: the smaller of the two
// bounds holds.

import Foundation
import Foundations

public struct PLDAccountant: Sendable {
  /// Less noise than this is left to the Rényi orders.
  static let leastNoise = 1e-3

  private var parts: [StepPart] = []
  private var rdp = RDPAccountant()
  private var isUnbounded = false

  public init() {}

  /// Adds what `event` spends: Gaussian noise, on the whole data or on Poisson samples.
  ///
  /// - Throws: `value` for bad numbers, `privacy` for an event that this accountant does not know or that does not add
  ///   up with those before.
  public mutating func spend(_ event: Event) throws(DomainError) {
    var sum = self
    try sum.rdp.spend(event)
    try sum.add(event.mechanism, times: 1)
    self = sum
  }

  private mutating func add(_ mechanism: Mechanism, times: Int) throws(DomainError) {
    guard times > 0 else { return }
    switch mechanism {
    case .none: break
    case .nonPrivate: isUnbounded = true
    case .gaussian(let noise): addPart(rate: 1, noise: noise, times: times)
    case .laplace, .discreteGaussian, .discreteLaplace, .pure, .approximate, .concentrated, .tree,
      .fixedSizeSampled:
      throw Self.unknown(mechanism)
    case .poissonSampled(let rate, let inner):
      if rate == 0 { return }
      if rate == 1 { return try add(inner, times: times) }
      switch inner {
      case .none: break
      case .nonPrivate: isUnbounded = true
      case .gaussian(let noise): addPart(rate: rate, noise: noise, times: times)
      default: throw Self.unknown(mechanism)
      }
    case .repeated(let inner, let count):
      let (product, overflow) = times.multipliedReportingOverflow(by: count)
      guard !overflow else {
        throw DomainError(.value, "\(times) times \(count) steps are too many")
      }
      try add(inner, times: product)
    case .composed(let parts): for part in parts { try add(part, times: times) }
    }
  }

  private static func unknown(_ mechanism: Mechanism) -> DomainError {
    DomainError(.privacy, "the PLD accountant has no distribution for \(mechanism)")
  }

  private mutating func addPart(rate: Double, noise: Double, times: Int) {
    if noise == .infinity { return }
    if noise == 0 {
      isUnbounded = true
      return
    }
    if let same = parts.firstIndex(where: { $0.rate == rate && $0.noise == noise }) {
      parts[same].times += times
    } else {
      parts.append(StepPart(rate: rate, noise: noise, times: times))
    }
  }

  /// The least epsilon that holds at `delta`, rounded up; infinite where none does.
  ///
  /// - Throws: `value` where delta is not within 0 and 1.
  public func epsilon(delta: Double) throws(DomainError) -> PrivacyCost {
    try RDPAccountant.check(delta: delta)
    var cost = PrivacyCost(epsilon: 0, delta: delta, order: nil)
    if isUnbounded || delta == 0 && !parts.isEmpty { cost.epsilon = .infinity }
    if parts.isEmpty || cost.epsilon == .infinity { return cost }
    let byOrders = try rdp.epsilon(delta: delta).epsilon
    cost.epsilon = min(RDPAccountant.roundedUp(composed(delta: delta)), byOrders)
    return cost
  }

  private func composed(delta: Double) -> Double {
    if parts.allSatisfy({ $0.rate == 1 }) {
      let squares = parts.reduce(0) { $0 + Double($1.times) / ($1.noise * $1.noise) }
      return (try? GaussianDP.epsilon(mu: squares.squareRoot(), delta: delta)) ?? .infinity
    }
    // Steps' total variations add up at most: where delta covers them, nothing is spent.
    let variation = parts.reduce(0) {
      $0 + Double($1.times) * $1.rate * erf(1 / ($1.noise * 8.0.squareRoot()))
    }
    if variation * (1 + 1e-12) <= delta { return 0 }
    // Epsilons of half a million: the bound by orders will do.
    guard parts.allSatisfy({ $0.noise >= Self.leastNoise }) else { return .infinity }
    let removing = TiltedComposition(parts, removes: true, delta: delta).epsilon()
    let adding = TiltedComposition(parts, removes: false, delta: delta)
    return adding.keeps(epsilon: removing) ? removing : max(removing, adding.epsilon())
  }
}
