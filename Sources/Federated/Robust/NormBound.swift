// Sun, Kairouz, Suresh, McMahan, "Can You Really Backdoor Federated Learning?", 2019 (arXiv 1911.07963), section 4.

import Foundations
import Learning

/// The weighted mean of updates that are shortened to the norm c, all vectors of an update together: no client moves
/// the model by more than its weight times c. An update that is not finite counts as zeros.
public struct NormBound: Combiner {
  public let bound: Double

  /// - Throws: `value` where the bound is not above 0 and finite.
  public init(_ bound: Double) throws {
    guard bound > 0, bound < .infinity else {
      throw DomainError(.value, "a bound of norms is above 0 and finite, got \(bound)")
    }
    self.bound = bound
  }

  public var fingerprint: String { "norm_bound(\(bound))" }

  public func combine(
    _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
    random: RandomKey
  ) throws -> RoundSum {
    try RobustInput.check(updates, least: 1)
    guard updates[0].numbers.isEmpty else {
      throw DomainError(
        .value,
        "the strategy sends \(updates[0].numbers.count) numbers beside its vectors, which a bound of norms does not hold back",
        hint: "take `\"median\"` or `fed.trimmed(…)`, or a strategy that sends vectors alone")
    }
    let norms = updates.map(\.norm)
    let used = updates.indices.filter { norms[$0].isFinite }
    let factors = used.map { weights[$0] * min(1, bound / max(norms[$0], 1e-300)) }
    return try RobustInput.mean(used.map { updates[$0] }, factors, of: updates)
  }
}
