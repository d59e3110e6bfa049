// Exact draws of the exponential mechanism (McSherry and Talwar 2007): a candidate with penalty u, a whole number, is
// drawn with a chance in proportion to 2^(-η·u). With powers of two in place of e (Ilvento 2020, "Implementing the
// exponential mechanism with base-2 differential privacy") all weights are sums of whole numbers and halves. What is
// ε-private for penalties that move by at most S is η = ε/(2·S·log 2): weights and their sum each change by a factor of
// at most 2^(η·S).

import Foundation
import Foundations

/// Candidates that are drawn with a chance in proportion to `length · 2^(-rate · penalty)`.
struct BaseTwoDraw {
  struct Candidate {
    /// How many equally likely answers it stands for, at least 1; all together below 2⁶².
    var length: UInt64
    var penalty: UInt64
  }

  /// From here on candidates wait for coin flips: they share the last level.
  private static let levels = 128

  private let candidates: [Candidate]
  private let rate: ExactRate
  /// What all penalties have in common.
  private let least: UInt64
  private var levelOf: [UInt8] = []
  /// The lengths of each level's candidates, level k being those of weight 2⁻ᵏ to 2⁻ᵏ⁻¹.
  private var lengths = [UInt128](repeating: 0, count: levels + 1)
  /// What level k and all after it weigh in units of 2⁻ᵏ, rounded up.
  private var sums = [UInt128](repeating: 0, count: levels + 2)

  /// The rate that is ε-private for penalties that move by at most `sensitivity`.
  static func rate(epsilon: Double, sensitivity: Int) throws(DomainError) -> ExactRate {
    // Rounding of the quotient must not make it larger.
    try ExactRate(epsilon: epsilon / log(2) * (1 - 0x1p-50), over: 2 * sensitivity)
  }

  /// - Precondition: there is a candidate.
  init(_ candidates: [Candidate], rate: ExactRate) throws(DomainError) {
    self.candidates = candidates
    self.rate = rate
    least = candidates.reduce(.max) { min($0, $1.penalty) }
    levelOf.reserveCapacity(candidates.count)
    for (index, candidate) in candidates.enumerated() {
      try Cancellation.check(turn: index)
      let level = min(UInt128(Self.levels), exponent(candidate).whole)
      levelOf.append(UInt8(level))
      lengths[Int(level)] += UInt128(candidate.length)
    }
    for level in stride(from: Self.levels, through: 0, by: -1) {
      sums[level] = lengths[level] + (sums[level + 1] + 1) / 2
    }
  }

  private func exponent(_ candidate: Candidate) -> (whole: UInt128, rest: UInt128) {
    let product = UInt128(rate.numerator) * UInt128(candidate.penalty - least)
    let (whole, rest) = product.quotientAndRemainder(dividingBy: rate.denominator)
    return (whole, rest)
  }

  /// A candidate, and which of its answers.
  func draw(_ random: inout CoinFlips) throws(DomainError) -> (index: Int, offset: UInt64) {
    while true {
      try Cancellation.check()
      guard let (level, place) = drawnPlace(&random) else { continue }
      let (index, offset) = candidate(at: place, of: level)
      let (whole, rest) = exponent(candidates[index])
      var isKept = true
      var left = whole - UInt128(level)
      while isKept, left > 0 {
        isKept = random.flip()
        left -= 1
      }
      if isKept, random.bernoulliPowerOfTwo(rest, over: rate.denominator) {
        return (index, offset)
      }
    }
  }

  /// A level and a place among its lengths with a chance in proportion to 2^(-level); nil where what was rounded up was
  /// hit, at most every second time.
  private func drawnPlace(_ random: inout CoinFlips) -> (level: Int, place: UInt128)? {
    var place = random.uniform(belowWide: sums[0])
    for level in 0...Self.levels {
      if place < lengths[level] { return (level, place) }
      // Uniform among the halves of what is left; the next level's sum may be one half less.
      place = 2 * (place - lengths[level]) + (random.flip() ? 1 : 0)
      if place >= sums[level + 1] { return nil }
    }
    return nil
  }

  private func candidate(at place: UInt128, of level: Int) -> (index: Int, offset: UInt64) {
    var left = place
    for (index, itsLevel) in levelOf.enumerated() where itsLevel == UInt8(level) {
      let length = UInt128(candidates[index].length)
      if left < length { return (index, UInt64(left)) }
      left -= length
    }
    preconditionFailure("a level's lengths are those of its candidates")
  }
}
