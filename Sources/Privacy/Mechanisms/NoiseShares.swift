// Noise that many make together: each adds a share, and the sum of the shares hides all of them. A two-sided geometric
// number is the difference of two geometric ones, and a geometric one the sum of n negative binomial ones of 1/n
// failures each (Goryczka and Xiong 2017, "A comprehensive comparison of multiparty secure additions with differential
// privacy", section 4.3; Balle et al. 2020, arXiv 2002.04321). More shares than n only add independent noise.

import Foundation
import Foundations

extension NoiseSource {
  var flips: CoinFlips {
    switch self {
    case .secure: CoinFlips()
    case .seeded(let key): CoinFlips(seeded: key)
    }
  }
}

extension IntegerNoise {
  /// The numbers with noise of a source; what is beyond 64 bits becomes the last number within.
  /// - Throws: `interrupt`.
  public func added(to values: [Int], _ source: NoiseSource) throws -> [Int] {
    var random = source.flips
    return try values.enumerated().map { index, value in
      try Cancellation.check(turn: index)
      let noise = sample(&random)
      let (sum, overflows) = value.addingReportingOverflow(noise)
      return overflows ? (noise > 0 ? .max : .min) : sum
    }
  }
}

/// Shares of two-sided geometric noise: the sum of `count` of them has P[k] ∝ exp(-ε·|k|/sensitivity), exactly.
public struct GeometricNoiseShares: Sendable {
  public let epsilon: Double
  public let sensitivity: Int
  public let count: Int
  private let rate: ExactRate

  /// - Throws: `value` for a bad number, `limit` where epsilon is too small for the sensitivity.
  public init(epsilon: Double, sensitivity: Int, count: Int) throws(DomainError) {
    try LaplaceMechanism.checkEpsilon(epsilon)
    guard sensitivity > 0, sensitivity < 1 << 52, count > 0, count < 1 << 40 else {
      throw DomainError(
        .value,
        "shares of noise need a sensitivity and a number above 0, got \(sensitivity) and \(count)")
    }
    let rate = try ExactRate(epsilon: epsilon, over: sensitivity)
    // A share is what is kept of geometric numbers, about 1 in 1/rate.
    guard rate.value >= 1e-5 else {
      throw DomainError(
        .limit,
        "an epsilon of \(epsilon) is too small to be spread over \(sensitivity) steps of noise in shares",
        hint: "take a larger epsilon, or let a device contribute less")
    }
    (self.epsilon, self.sensitivity, self.count) = (epsilon, sensitivity, count)
    self.rate = rate
  }

  /// A share for each of several numbers.
  /// - Throws: `interrupt`.
  public func shares(_ numbers: Int, _ source: NoiseSource) throws -> [Int] {
    var random = source.flips
    return try (0..<numbers).map { index in
      try Cancellation.check(turn: index)
      return oneSided(&random) - oneSided(&random)
    }
  }

  /// P[k] ∝ p^k · (r)_k / k! with r = 1/count: a geometric number k, kept with chance (r)_k / k! = Π (j - 1 + r) / j
  /// over j from 1 to k, each factor a coin of a ratio of whole numbers.
  private func oneSided(_ random: inout CoinFlips) -> Int {
    if count == 1 { return random.geometric(rate) }
    let count = UInt128(count)
    drawing: while true {
      let drawn = random.geometric(rate)
      if drawn == 0 { return 0 }
      for j in 1...UInt128(drawn) {
        guard random.isBelow((j - 1) * count + 1, of: j * count) else { continue drawing }
      }
      return drawn
    }
  }

  /// The least h with P[|noise| > h] at most `chance`, where the noise is the sum of `present` shares, of which there
  /// are at least `count`.
  public func halfWidth(present: Int, chance: Double) -> Double {
    let decay = exp(-rate.value)
    let shape = Double(max(present, count)) / Double(count)
    // Beyond `most` lies less than a millionth of `chance`: by Chernoff's bound at half the rate, P[X > k] is at most
    // 2^shape · e^(-rate · k / 2).
    let most = 2 * (log(4e6 / chance) + shape * log(2)) / rate.value
    guard most < 1e7, shape <= 16 else { return boundOfSum(1, present: present, chance: chance) }
    // P[k] of one side, and P[≥ k].
    var masses = [exp(shape * log1p(-decay))]
    for k in 1...max(1, Int(most)) {
      masses.append(masses[k - 1] * decay * (shape + Double(k - 1)) / Double(k))
    }
    var tails = masses
    for k in stride(from: masses.count - 2, through: 0, by: -1) { tails[k] += tails[k + 1] }
    func above(_ h: Int) -> Double {
      var sum = 0.0
      for k in masses.indices where k + h + 1 < tails.count { sum += masses[k] * tails[k + h + 1] }
      // One side's tail and what was cut off.
      return 2 * sum + 1e-6 * chance
    }
    var (low, high) = (-1, masses.count)
    while high - low > 1 {
      let middle = low + (high - low) / 2
      if above(middle) <= chance { high = middle } else { low = middle }
    }
    return Double(high)
  }

  /// Some h with P[|sum of `terms` such noises| ≥ h] at most `chance`, each of `present` shares (Chernoff's bound).
  public func boundOfSum(_ terms: Int, present: Int, chance: Double) -> Double {
    let shape = Double(max(present, count)) / Double(count) * Double(terms)
    let rate = rate.value
    // log E e^{λX} = shape · log((1-p)² / ((1 - p e^λ)(1 - p e^-λ))), p = e^-rate.
    func bound(_ part: Double) -> Double {
      let lambda = part * rate
      let logs = 2 * log(-expm1(-rate)) - log(-expm1(lambda - rate)) - log(-expm1(-lambda - rate))
      return (shape * logs + log(2 / chance)) / lambda
    }
    return (1..<1000).reduce(Double.infinity) { min($0, bound(Double($1) / 1000)) }
  }
}
