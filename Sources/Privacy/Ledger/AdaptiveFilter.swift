// A privacy filter: a budget that holds although each operation, and how much it spends, is chosen by what was released
// before. Composing loss distributions presupposes that the mechanisms' parameters are fixed beforehand; Rényi
// divergences of one order add up in any case (Feldman and Zrnic 2021, "Individual privacy accounting via a Rényi
// filter", theorem 4.3; with a delta on top Whitehouse, Ramdas, Rogers, Wu 2023, "Fully-adaptive composition in
// differential privacy", theorem 1). The order is chosen once, by the budget, so that no release can choose it.

import Foundation
import Foundations

struct AdaptiveFilter {
  private let delta: Double
  /// The order that leaves the largest divergence to be spent.
  private let order: Double

  init(_ terms: LedgerTerms) {
    delta = terms.delta
    let orders = RDPAccountant.standardOrders.filter { $0 > 1.01 }
    let half = terms.delta / 2
    // For Gaussian noise, whose divergence grows in proportion to the order.
    order =
      half > 0
      ? orders.max {
        (terms.epsilon - Self.conversion($0, half)) / $0
          < (terms.epsilon - Self.conversion($1, half)) / $1
      } ?? 2 : 2
  }

  /// What is added to a divergence of order α for it to be an epsilon at delta (Canonne, Kamath, Steinke 2020,
  /// proposition 12).
  private static func conversion(_ order: Double, _ delta: Double) -> Double {
    log1p(-1 / order) - log(delta * order) / (order - 1)
  }

  /// What events have spent together.
  ///
  /// Half of delta belongs to the operations that have one of their own, half to the conversion of divergences. Where
  /// nothing but pure mechanisms ran, their epsilons add up, which needs no delta at all.
  /// - Throws: `privacy` for events without a Rényi bound.
  func cost(of events: [Event]) throws(DomainError) -> ComposedCost {
    var sum = BasicComposition()
    for event in events { sum.add(event.mechanism) }
    guard sum.delta <= delta / 2 * (1 + 1e-12) else {
      return cost(epsilon: .infinity, .rdp)
    }
    let basic = sum.epsilon ?? .infinity
    guard delta > 0 else { return cost(epsilon: basic, .basic) }
    var accountant = try RDPAccountant(orders: [order])
    try accountant.spend(
      Event(
        .composed(sum.divergent), neighbours: events.first?.neighbours ?? .addOrRemoveOne,
        unit: events.first?.unit ?? .example))
    let divergence = accountant.divergences[0]
    let byOrder =
      divergence == 0
      ? 0 : RDPAccountant.roundedUp(max(0, divergence + Self.conversion(order, delta / 2)))
    return basic <= byOrder ? cost(epsilon: basic, .basic) : cost(epsilon: byOrder, .rdp)
  }

  private func cost(epsilon: Double, _ accountant: Accountant) -> ComposedCost {
    ComposedCost(low: 0, value: epsilon, high: epsilon, delta: delta, accountant: accountant)
  }
}
