import Foundations

/// The weighted sum of updates in sums of 64 bits, where all of a round are held for another reason: attackers that
/// change theirs by those of others.
struct WeightedSum: Combiner {
  var fingerprint: String { "mean" }

  func combine(
    _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
    random: RandomKey
  ) throws -> RoundSum {
    try RobustInput.check(updates, least: 1)
    return try RobustInput.mean(updates, weights, of: updates)
  }
}
