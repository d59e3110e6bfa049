// Which keys there are, where nobody knows them beforehand: keys whose noisy count reaches a threshold (Korolova,
// Kenthapadi, Mishra, Ntoulas 2009; the stability-based histogram of Bun, Nissim, Stemmer 2016, with
// discrete noise as in Balcer and Vadhan 2018). Counts of keys that both of two neighbours have are ε-private by the
// Laplace mechanism. A key that only one of them has is all of one unit's, with c of its at most m rows; it comes out
// with chance P[noise ≥ τ - c]. Over all such keys, c summing to m, that is at most δ: the tail is e^(-rate·(τ - c)),
// convex in c, so that the worst are m rows of one key or one row of each of m keys.

import Foundation
import Foundations

struct StabilityThreshold: Sendable {
  let noise: DiscreteLaplaceNoise
  /// The least noisy count that comes out.
  let threshold: Int
  let mechanism: Mechanism
  private let reach: Double

  init(epsilon: Double, delta: Double, _ contribution: UnitContribution, chance: Double)
    throws(DomainError)
  {
    guard delta > 0, delta < 1 else {
      throw DomainError(
        .value, "delta must be above 0 and below 1, got \(delta)",
        hint: "choose it well below 1 / number of units, such as 1e-6")
    }
    noise = try DiscreteLaplaceNoise(
      epsilon: epsilon, sensitivity: contribution.countSensitivity)
    reach = Double(noise.reach(chance: chance))
    mechanism = .approximate(epsilon: epsilon, delta: delta)
    guard
      let threshold = Self.threshold(noise, rows: contribution.rows, delta: delta)
    else {
      throw DomainError(
        .limit, "an epsilon of \(epsilon) is too small to tell keys by at delta \(delta)")
    }
    self.threshold = threshold
  }

  /// The least threshold that keeps the promise; nil where there is none that whole numbers of a float reach.
  private static func threshold(_ noise: DiscreteLaplaceNoise, rows: Int, delta: Double) -> Int? {
    func leak(_ threshold: Double) -> Double {
      // Tails are known from 1 on, so the threshold is above what one unit can have.
      max(
        noise.chance(atLeast: threshold - Double(rows)),
        Double(rows) * noise.chance(atLeast: threshold - 1))
    }
    var enough = Double(rows) + 1
    while leak(enough) > delta {
      enough *= 2
      guard enough < 0x1p53 else { return nil }
    }
    var little = Double(rows)
    while enough - little > 1 {
      let middle = ((enough + little) / 2).rounded(.down)
      if leak(middle) <= delta { enough = middle } else { little = middle }
    }
    return Int(enough)
  }

  /// The noisy count of a key that somebody has; nil where it stays unsaid.
  func release(_ count: Int, _ random: inout CoinFlips) -> PrivateValue? {
    let noisy = count + noise.sample(&random)
    guard noisy >= threshold else { return nil }
    return PrivateValue(
      value: Double(noisy), low: Double(noisy) - reach, high: Double(noisy) + reach)
  }
}
