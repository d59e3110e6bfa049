import Foundation
import Foundations

/// Zero-concentrated differential privacy (Bun and Steinke 2016, arXiv 1605.02065): one number ρ that adds up, with
/// RDP(α) ≤ ρ·α at all orders. Samples gain nothing from it, so that it knows none.
public struct ConcentratedAccountant: Sendable {
  /// What was spent.
  public private(set) var rho = 0.0
  /// log of the probability that nothing approximate has failed.
  private var logKept = 0.0
  private var first: Event?

  public init() {}

  /// - Throws: `value` for bad numbers, `privacy` for an event that this accountant does not know or that does not add
  ///   up with those before.
  public mutating func spend(_ event: Event) throws(DomainError) {
    try event.validate()
    if let first { try event.checkComposes(with: first) }
    var sum = self
    try sum.add(event.mechanism, times: 1)
    sum.first = first ?? event
    self = sum
  }

  private mutating func add(_ mechanism: Mechanism, times: Double) throws(DomainError) {
    guard times > 0 else { return }
    switch mechanism {
    case .poissonSampled(let rate, let inner), .fixedSizeSampled(let rate, let inner):
      if rate == 0 { return }
      guard rate == 1 else {
        throw DomainError(
          .privacy, "zCDP knows no samples: it has no bound for a sample rate of \(rate)",
          hint: "the accountants \"pld\" and \"rdp\" know what samples cost")
      }
      try add(inner, times: times)
    case .repeated(let inner, let count): try add(inner, times: times * Double(count))
    case .composed(let parts): for part in parts { try add(part, times: times) }
    default: rho += times * cost(mechanism.simplified, times)
    }
  }

  /// The ρ of an unsampled, simplified mechanism; the pure ones by proposition 3.3 there.
  private mutating func cost(_ mechanism: Mechanism, _ times: Double) -> Double {
    switch mechanism {
    case .gaussian(let noise): return 1 / noise / noise / 2
    case .discreteGaussian(let sigma, let sensitivity):
      return pow(Double(sensitivity) / sigma, 2) / 2
    case .laplace(let noise): return 1 / noise / noise / 2
    case .discreteLaplace(let epsilon, _), .pure(let epsilon): return epsilon * epsilon / 2
    case .approximate(let epsilon, let delta):
      logKept += times * log1p(-delta)
      return epsilon * epsilon / 2
    case .concentrated(let rho): return rho
    case .nonPrivate: return .infinity
    case .none, .tree, .poissonSampled, .fixedSizeSampled, .repeated, .composed: return 0
    }
  }

  /// The least epsilon that holds at `delta`, rounded up: the best order of the conversion of Canonne, Kamath, Steinke
  /// 2020 (arXiv 2004.00010, proposition 12).
  ///
  /// - Throws: `value` where delta is not within 0 and 1.
  public func epsilon(delta: Double) throws(DomainError) -> PrivacyCost {
    try RDPAccountant.check(delta: delta)
    let failed = -expm1(logKept)
    let left = failed > 0 ? (delta - failed) / (1 - failed) * (1 - 1e-12) : delta
    let epsilon = rho == 0 && left >= 0 ? 0 : left > 0 ? Self.tight(rho, left) : .infinity
    return PrivacyCost(epsilon: RDPAccountant.roundedUp(epsilon), delta: delta, order: nil)
  }

  /// ρ + 2·√(ρ·log(1/δ)) (Bun and Steinke 2016, proposition 1.3).
  static func simple(_ rho: Double, _ delta: Double) -> Double {
    rho + 2 * (rho * log(1 / delta)).squareRoot()
  }

  /// The least over all orders; every order holds, so that no more than looking closely is needed.
  static func tight(_ rho: Double, _ delta: Double) -> Double {
    func at(_ logPower: Double) -> Double {
      let power = exp(logPower)
      let alpha = 1 + power
      return max(0, rho * alpha - log1p(1 / power) - (log(delta) + log(alpha)) / power)
    }
    guard rho < .infinity else { return .infinity }
    let middle = 0.5 * log(log(1 / delta) / rho)
    var low = middle - 8
    var high = middle + 8
    var best = min(simple(rho, delta), at(middle))
    for _ in 0..<80 {
      let third = (high - low) / 3
      let (a, b) = (at(low + third), at(high - third))
      best = min(best, a, b)
      if a <= b { high -= third } else { low += third }
    }
    return best
  }
}
