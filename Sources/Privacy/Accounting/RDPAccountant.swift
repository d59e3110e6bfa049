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
    first = first ?? event
  }

  /// Forgets what was spent, but not the curves that were computed for it.
  public mutating func reset() {
    first = nil
    for i in divergences.indices { divergences[i] = 0 }
  }

  mutating func add(_ curve: [Double]) {
    for i in divergences.indices { divergences[i] += curve[i] }
  }

  /// A mechanism's divergences.
  private mutating func curve(of mechanism: Mechanism) throws(DomainError) -> [Double] {
    switch mechanism {
    case .none: return Array(repeating: 0, count: orders.count)
    case .nonPrivate: return Array(repeating: .infinity, count: orders.count)
    case .gaussian(let noise):
      return orders.map {
        SampledGaussianRDP.divergence(rate: 1, noiseMultiplier: noise, order: $0)
      }
    case .laplace(let noise): return orders.map { Self.laplace(noise, $0) }
    case .poissonSampled(let rate, let inner):
      if rate == 0 { return Array(repeating: 0, count: orders.count) }
      if rate == 1 { return try curve(of: inner) }
      switch inner {
      case .none: return Array(repeating: 0, count: orders.count)
      case .nonPrivate: return Array(repeating: .infinity, count: orders.count)
      case .gaussian(let noise):
        if let curve = known[mechanism] { return curve }
        let curve = orders.map {
          SampledGaussianRDP.divergence(rate: rate, noiseMultiplier: noise, order: $0)
        }
        known[mechanism] = curve
        return curve
      default: throw Self.unknown(mechanism)
      }
    case .discreteGaussian, .discreteLaplace, .pure, .approximate, .concentrated, .tree,
      .fixedSizeSampled:
      throw Self.unknown(mechanism)
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
    }
  }

  private static func unknown(_ mechanism: Mechanism) -> DomainError {
    DomainError(.privacy, "the RDP accountant has no bound for \(mechanism)")
  }

  /// The Laplace mechanism's divergence (Mironov 2017, table II), `b` being scale over sensitivity.
  private static func laplace(_ b: Double, _ alpha: Double) -> Double {
    if b == 0 { return .infinity }
    if b == .infinity { return 0 }
    let first = log(alpha / (2 * alpha - 1)) + (alpha - 1) / b
    let second = log((alpha - 1) / (2 * alpha - 1)) - alpha / b
    return max(0, SpecialFunctions.logAdd(first, second) / (alpha - 1))
  }

  /// The least epsilon that holds at `delta`, rounded up; infinite where none does.
  ///
  /// - Throws: `value` where delta is not within 0 and 1.
  public func epsilon(delta: Double, conversion: Conversion = .improved) throws(DomainError)
    -> PrivacyCost
  {
    try Self.check(delta: delta)
    guard divergences.contains(where: { $0 > 0 }) else {
      return PrivacyCost(epsilon: 0, delta: delta, order: nil)
    }
    guard delta > 0 else { return PrivacyCost(epsilon: .infinity, delta: delta, order: nil) }
    var best = PrivacyCost(epsilon: .infinity, delta: delta, order: nil)
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
