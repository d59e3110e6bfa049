// Samples of exponential tails by whole numbers and coin flips alone (Canonne, Kamath, Steinke 2020, arXiv 2004.00010,
// algorithms 1 to 3). No float is drawn or computed on the way, so that
//  - every whole number has exactly its chance, whatever the data: there are no gaps between reachable floats that
//    tell two data sets apart (Mironov 2012, "On significance of the least significant bits"),
//  - nothing is rounded after noise was added, in a way that depends on the value (Haney et al. 2022, arXiv 2207.13793:
//    precision-based attacks).
// Values are brought to whole numbers first; what that does to their sensitivity is accounted for where it is done.

import Foundation
import Foundations

/// A ratio of whole numbers that stands for a float: at most as large, and less than 2⁻²⁹ of it smaller.
struct ExactRate: Sendable, Hashable {
  let numerator: UInt64
  let denominator: UInt128

  /// Below this, samples with such a rate would not fit into 64 bits.
  static let least = 0x1p-52

  init(numerator: UInt64, denominator: UInt128) {
    self.numerator = numerator
    self.denominator = denominator
  }

  /// - Returns: nil for what is below `least`, or not a number.
  init?(atMost value: Double) {
    guard value >= Self.least else { return nil }
    if value >= 0x1p30 {
      // Tails this steep are zero anyway.
      self.init(numerator: UInt64(min(value, 0x1p40)), denominator: 1)
    } else {
      let shift = 29 - Int(value.exponent)
      self.init(
        numerator: UInt64(scalbn(value, shift)), denominator: UInt128(1) << UInt128(shift))
    }
  }

  /// `epsilon` spread over whole steps: never more than the quotient.
  /// - Throws: `limit` where there is too little of it.
  init(epsilon: Double, over steps: Int) throws(DomainError) {
    var quotient = epsilon / Double(steps)
    // The sign of what division left over is exact.
    if (-epsilon).addingProduct(quotient, Double(steps)) > 0 { quotient = quotient.nextDown }
    guard steps > 0, steps < 1 << 53, let rate = ExactRate(atMost: quotient) else {
      throw DomainError(
        .limit, "an epsilon of \(epsilon) is too small to be spread over \(steps) steps of noise")
    }
    self = rate
  }

  var value: Double { Double(numerator) / Double(denominator) }
}

extension CoinFlips {
  /// True with probability exp(-numerator/denominator), any ratio.
  mutating func bernoulliExponential(_ numerator: UInt128, over denominator: UInt128) -> Bool {
    var rest = numerator
    while rest > denominator {
      guard bernoulliExponentialBelowOne(1, over: 1) else { return false }
      rest -= denominator
    }
    return bernoulliExponentialBelowOne(rest, over: denominator)
  }

  /// Algorithm 1 for a ratio of at most 1: von Neumann's series, no arithmetic that rounds.
  mutating func bernoulliExponentialBelowOne(_ numerator: UInt128, over denominator: UInt128)
    -> Bool
  {
    var k: UInt64 = 1
    while true {
      // Bernoulli(numerator / (denominator·k)) as two independent draws, so that nothing overflows.
      guard isBelow(numerator, of: denominator), uniform(below: k) == 0 else { return k % 2 == 1 }
      k += 1
    }
  }

  /// True with probability log 2 = Σ 2⁻ᵏ/k: the number of flips until heads is k with chance 2⁻ᵏ.
  private mutating func bernoulliLogTwo() -> Bool {
    var k: UInt64 = 1
    while flip() { k += 1 }
    return uniform(below: k) == 0
  }

  /// True with probability 2^(-numerator/denominator) for a ratio of at most 1: algorithm 1 for exp(-ratio · log 2).
  mutating func bernoulliPowerOfTwo(_ numerator: UInt128, over denominator: UInt128) -> Bool {
    var k: UInt64 = 1
    while true {
      guard isBelow(numerator, of: denominator), bernoulliLogTwo(), uniform(below: k) == 0 else {
        return k % 2 == 1
      }
      k += 1
    }
  }

  /// P[k] = (1 - e^(-rate)) · e^(-rate·k) for k ≥ 0. The first half of algorithm 2.
  mutating func geometric(_ rate: ExactRate) -> Int {
    while true {
      let rest = uniform(belowWide: rate.denominator)
      guard bernoulliExponentialBelowOne(rest, over: rate.denominator) else { continue }
      var whole: UInt128 = 0
      while bernoulliExponentialBelowOne(1, over: 1) { whole += 1 }
      // Passed with probability e^(-2¹⁰): never.
      guard whole < 1 << 10 else { continue }
      return Int((rest + rate.denominator * whole) / UInt128(rate.numerator))
    }
  }

  /// P[k] ∝ e^(-rate·|k|) for all whole numbers. Algorithm 2.
  mutating func discreteLaplace(_ rate: ExactRate) -> Int {
    while true {
      let magnitude = geometric(rate)
      let isNegative = flip()
      // Otherwise zero would be drawn by two ways.
      if isNegative && magnitude == 0 { continue }
      return isNegative ? -magnitude : magnitude
    }
  }
}

/// P[k] ∝ exp(-k²/(2σ²)) for all whole numbers, for any σ² that is a ratio of whole numbers.
public struct DiscreteGaussian: Sendable {
  private let numerator: UInt128
  private let denominator: UInt128
  /// ⌊σ⌋ + 1.
  private let t: UInt128
  private let proposal: ExactRate

  /// The largest numerator and denominator.
  static let largest: UInt64 = 1 << 48

  /// - Throws: `value` where the variance is not above 0, `limit` where a number is above 2⁴⁸.
  init(variance numerator: UInt64, over denominator: UInt64) throws(DomainError) {
    guard numerator > 0, denominator > 0 else {
      throw DomainError(
        .value, "a variance must be above 0, got \(numerator) over \(denominator)")
    }
    guard numerator <= Self.largest, denominator <= Self.largest else {
      throw DomainError(
        .limit, "a variance of \(numerator) over \(denominator) is beyond exact arithmetic")
    }
    self.init(UInt128(numerator), UInt128(denominator))
  }

  /// - Precondition: the standard deviation is at least 1 and at most 2²⁴.
  init(standardDeviation: UInt64) {
    precondition(standardDeviation >= 1 && standardDeviation <= 1 << 24)
    self.init(UInt128(standardDeviation * standardDeviation), 1)
  }

  private init(_ numerator: UInt128, _ denominator: UInt128) {
    (self.numerator, self.denominator) = (numerator, denominator)
    // The root of at most 2⁴⁸ by floats, then corrected.
    var root = UInt128(Double(numerator / denominator).squareRoot())
    while root * root * denominator > numerator { root -= 1 }
    while (root + 1) * (root + 1) * denominator <= numerator { root += 1 }
    t = root + 1
    proposal = ExactRate(numerator: 1, denominator: t)
  }

  /// Algorithm 3: a discrete Laplace sample, kept with probability exp(-(|y| - σ²/t)²/(2σ²)).
  func sample(_ random: inout CoinFlips) -> Int {
    // With σ² = a/b the exponent is (|y|·b·t - a)² / (2·a·b·t²). |y| is below 2¹⁰·t and b·t² at most 4·max(a, b): the
    // square is below 2¹²⁰, and the divisor below 2¹⁰⁰.
    let divisor = 2 * numerator * denominator * t * t
    while true {
      let y = random.discreteLaplace(proposal)
      let scaled = UInt128(y.magnitude) * denominator * t
      let distance = scaled > numerator ? scaled - numerator : numerator - scaled
      if random.bernoulliExponential(distance * distance, over: divisor) { return y }
    }
  }
}
