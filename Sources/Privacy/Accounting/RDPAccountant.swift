// Rényi differential privacy (Mironov 2017, arXiv 1702.07476): what was spent is a curve over orders α, composition
// adds curves, and a curve converts to (ε, δ). The conversion is that of Canonne, Kamath, Steinke (arXiv 2004.00010,
// proposition 12):
//   ε = RDP(α) + log((α-1)/α) - (log δ + log α)/(α-1), the least over all orders;
// `classic` is Mironov's ε = RDP(α) + log(1/δ)/(α-1). Reported epsilons are rounded up, so never below what was spent.

import Foundation
import Foundations

/// An epsilon that holds, with where it comes from.
public struct PrivacyCost: Sendable, Equatable {
  public var epsilon: Double
  public var delta: Double
  /// The Rényi order that gave it; nil for other accountants, and where nothing was spent.
  public var order: Double?
}

/// Adds up Rényi divergences.
public struct RDPAccountant: Sendable {
  public enum Conversion: String, Sendable, CaseIterable { case improved, classic }

  /// 1.1, 1.2 … 10.9, 11, 12 … 63, 128, 256, 512, 1024.
  public static let standardOrders: [Double] = {
    var orders: [Double] = []
    for tenth in 11...109 { orders.append(Double(tenth) / 10) }
    for order in 11...63 { orders.append(Double(order)) }
    orders.append(contentsOf: [128, 256, 512, 1024])
    return orders
  }()

  public let orders: [Double]
  /// What was spent so far at each order.
  public private(set) var divergences: [Double]
  /// log of the probability that nothing approximate has failed.
  private var logKept = 0.0
  /// What was spent first: what comes later must add up with it.
  private var first: Event?
  /// The curves of sampled Gaussian steps, which cost a millisecond each: training asks for the same ones again and
  /// again.
  private var known: [Mechanism: [Double]] = [:]

  /// - Throws: `value` where an order is not above 1.
  public init(orders: [Double] = standardOrders) throws(DomainError) {
    guard !orders.isEmpty, orders.allSatisfy({ $0 > 1 }) else {
      throw DomainError(.value, "Rényi orders must be above 1")
    }
    self.orders = orders
    divergences = Array(repeating: 0, count: orders.count)
  }

  /// Nothing spent, the usual orders.
  public init() {
    orders = Self.standardOrders
    divergences = Array(repeating: 0, count: orders.count)
  }

  /// Adds what `event` spends.
  ///
  /// - Throws: `value` for bad numbers, `privacy` for an event that this accountant cannot bound or that does not add
  ///   up with those before.
  public mutating func spend(_ event: Event) throws(DomainError) {
    try event.validate()
    if let first { try event.checkComposes(with: first) }
    add(try curve(of: event.mechanism))
    logKept += Self.logKept(event.mechanism)
    first = first ?? event
  }

  /// Forgets what was spent, but not the curves that were computed for it.
  public mutating func reset() {
    first = nil
    logKept = 0
    for i in divergences.indices { divergences[i] = 0 }
  }

  mutating func add(_ curve: [Double]) {
    for i in divergences.indices { divergences[i] += curve[i] }
  }

  /// A mechanism's divergences.
  private mutating func curve(of mechanism: Mechanism) throws(DomainError) -> [Double] {
    switch mechanism {
    case .poissonSampled(let rate, let inner), .fixedSizeSampled(let rate, let inner):
      if rate == 0 { return Array(repeating: 0, count: orders.count) }
      if rate == 1 { return try curve(of: inner) }
      switch inner.simplified {
      case .none: return Array(repeating: 0, count: orders.count)
      case .nonPrivate: return Array(repeating: .infinity, count: orders.count)
      default: break
      }
      if let curve = known[mechanism] { return curve }
      guard let sampled = RenyiCurve.sampled(mechanism, orders) else {
        throw Self.unknown(mechanism)
      }
      // Something was spent, however little.
      let curve = sampled.map { max($0, .leastNormalMagnitude) }
      known[mechanism] = curve
      return curve
    case .repeated(let inner, let times):
      // Nothing done no times costs nothing, even where once would cost infinitely much.
      if times == 0 { return Array(repeating: 0, count: orders.count) }
      return try curve(of: inner).map { $0 * Double(times) }
    case .composed(let parts):
      var sum = [Double](repeating: 0, count: orders.count)
      for part in parts {
        let curve = try curve(of: part)
        for i in sum.indices { sum[i] += curve[i] }
      }
      return sum
    default:
      let simple = mechanism.simplified
      if case .none = simple { return Array(repeating: 0, count: orders.count) }
      if case .nonPrivate = simple { return Array(repeating: .infinity, count: orders.count) }
      guard let divergence = RenyiCurve.divergence(of: simple) else {
        throw Self.unknown(mechanism)
      }
      return orders.map { max(divergence($0), .leastNormalMagnitude) }
    }
  }

  /// The logarithm of the probability that none of what is approximate tells all: (ε, δ)-private is what is ε-private
  /// but for a probability of δ (Kairouz, Oh, Viswanath 2015, arXiv 1311.0776).
  private static func logKept(_ mechanism: Mechanism) -> Double {
    switch mechanism {
    case .approximate(_, let delta): return log1p(-delta)
    case .repeated(let inner, let times): return times == 0 ? 0 : logKept(inner) * Double(times)
    case .composed(let parts): return parts.reduce(0) { $0 + logKept($1) }
    case .poissonSampled(let rate, let inner), .fixedSizeSampled(let rate, let inner):
      return rate == 1 ? logKept(inner) : 0
    default: return 0
    }
  }

  private static func unknown(_ mechanism: Mechanism) -> DomainError {
    DomainError(.privacy, "the RDP accountant has no bound for \(mechanism)")
  }

  /// The least epsilon that holds at `delta`, rounded up; infinite where none does.
  ///
  /// - Throws: `value` where delta is not within 0 and 1.
  public func epsilon(delta: Double, conversion: Conversion = .improved) throws(DomainError)
    -> PrivacyCost
  {
    try Self.check(delta: delta)
    let failed = -expm1(logKept)
    if failed > 0, failed >= delta {
      return PrivacyCost(epsilon: .infinity, delta: delta, order: nil)
    }
    guard divergences.contains(where: { $0 > 0 }) else {
      return PrivacyCost(epsilon: 0, delta: delta, order: nil)
    }
    let whole = delta
    // δ = 1 - p + p·δ' with p the probability that nothing has failed.
    let delta = failed > 0 ? (delta - failed) / (1 - failed) * (1 - 1e-12) : delta
    guard delta > 0 else { return PrivacyCost(epsilon: .infinity, delta: whole, order: nil) }
    var best = PrivacyCost(epsilon: .infinity, delta: whole, order: nil)
    for (order, spent) in zip(orders, divergences) {
      let epsilon = Self.convert(spent, order, delta, conversion)
      if epsilon < best.epsilon {
        best.epsilon = epsilon
        best.order = order
      }
    }
    best.epsilon = Self.roundedUp(max(0, best.epsilon))
    return best
  }

  private static func convert(
    _ spent: Double, _ order: Double, _ delta: Double, _ conversion: Conversion
  ) -> Double {
    switch conversion {
    case .classic: return spent - log(delta) / (order - 1)
    case .improved:
      if delta * delta + expm1(-spent) > 0 { return 0 }
      guard order > 1.01 else { return .infinity }
      return spent + log1p(-1 / order) - log(delta * order) / (order - 1)
    }
  }

  /// Up by more than the rounding errors of what went before (sums of a thousand terms in double precision).
  static func roundedUp(_ value: Double) -> Double {
    value == 0 || value == .infinity ? value : (value * (1 + 1e-10)).nextUp
  }

  static func check(delta: Double) throws(DomainError) {
    guard delta >= 0, delta < 1 else {
      throw DomainError(
        .value, "delta must be within 0 and 1, got \(delta)",
        hint: "choose it well below 1 / number of examples, such as 1e-5")
    }
  }
}
