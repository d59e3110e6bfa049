// The density-aware truncated Gumbel mechanism (Xu, Feyisetan, Aggarwal, Xu, Teissier: "Density-aware differentially
// private textual perturbations using truncated Gumbel noise", FLAIRS 34, 2021):
//
//   α = (ε - 2·(1 + ln|W|)/Dmin)/3,   b = 2·Dmax/min(W₀(2·α·Dmax), ln(α·Dmin)),
//
// with the smallest and the largest distance of two words, exactly. For a word, k is drawn from a Poisson distribution
// of mean ln|W|, truncated to 1...|W|; each of its k nearest words (itself the first) has its distance put up by Gumbel
// noise of scale b, truncated to ±Dmax, and the least is given out.
//
// The paper claims P[M(w) = x] ≤ exp(ε·d(w, w'))·P[M(w') = x]. This does not hold in general: the word of rank r comes
// out only where k ≥ r, and a Poisson variable is seldom far above its mean, while M(w') gives w' itself at least as
// often as k is 1. `claimIsRefuted` says so with numbers. So nothing is promised here, and no ledger takes it.

import Foundation
import Foundations

/// How the mechanism is set for a vocabulary and an epsilon.
public struct TruncatedGumbel: Sendable {
  public let epsilon: Double
  /// The paper's α.
  public let alpha: Double
  public let words: Int
  let noise: TruncatedNoise
  /// P[k ≤ i + 1].
  private let ranks: [Double]

  /// - Throws: `value` where ε is too small for the paper's formula, which takes α·Dmin above 1, or distances are not
  ///   above 0.
  public init(epsilon: Double, words: Int, closest: Double, farthest: Double) throws(DomainError) {
    guard words >= 2, closest > 0, farthest >= closest, farthest < .infinity else {
      throw DomainError(
        .value,
        "the truncated Gumbel mechanism needs two words at least and distances above 0, got \(words) words, \(closest) to \(farthest) apart"
      )
    }
    let least = Self.leastEpsilon(words: words, closest: closest)
    let alpha = (epsilon - 2 * (1 + log(Double(words))) / closest) / 3
    // Also where rounding brings α·Dmin to 1: ln of it divides.
    guard epsilon < .infinity, epsilon > least, alpha * closest > 1 else {
      throw DomainError(
        .value,
        "for \(NumberText.grouped(words)) words of which two are only \(NumberText.brief(closest)) apart, truncated Gumbel noise needs a finite epsilon above \(NumberText.roundedUp(least)), got \(epsilon)",
        hint:
          "its noise is set by the two closest words: leave such words out, or take \"truncated_exponential\""
      )
    }
    self.epsilon = epsilon
    self.alpha = alpha
    self.words = words
    let exponent = min(LambertW.principal(2 * alpha * farthest), log(alpha * closest))
    noise = TruncatedNoise(scale: 2 * farthest / exponent, bound: farthest)
    ranks = Self.truncatedPoisson(words)
  }

  /// The noise's scale, the paper's b.
  public var scale: Double { noise.scale }

  /// The epsilon at which α·Dmin is 1.
  public static func leastEpsilon(words: Int, closest: Double) -> Double {
    (3 + 2 * (1 + log(Double(words)))) / closest
  }

  /// P[k ≤ 1], P[k ≤ 2] … for a Poisson k of mean ln|W|, truncated to 1...|W|, as far as 64-bit numbers tell from 1.
  static func truncatedPoisson(_ words: Int) -> [Double] {
    let mean = log(Double(words))
    var terms: [Double] = []
    var term = 1.0
    var sum = 0.0
    for k in 1...words {
      term *= mean / Double(k)
      if Double(k) > mean, term < sum * 0x1p-60 { break }
      sum += term
      terms.append(sum)
    }
    return terms.map { $0 / sum }
  }

  /// log P[k = rank], up to a constant.
  private func logWeight(ofRank rank: Int) -> Double {
    Double(rank) * log(log(Double(words))) - SpecialFunctions.logGamma(Double(rank) + 1)
  }

  /// How many neighbours are considered: at least 1.
  func rank(_ draws: inout NoiseDraws) -> Int {
    let p = draws.uniform()
    var (low, high) = (0, ranks.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if p <= ranks[middle] { high = middle } else { low = middle + 1 }
    }
    return low + 1
  }

  /// What two words prove against the paper's claim; nil where they prove nothing.
  ///
  /// With M(w') = w' for k = 1, and M(w) = w' for k ≥ rank only, log P[M(w') = w'] - log P[M(w) = w'] is at least log
  /// P[k = 1] - log P[k ≥ rank]; the claim allows ε·distance.
  /// - Parameters:
  ///   - distance: between w and w'.
  ///   - rank: of w' among the neighbours of w, w itself the first.
  public func claimIsRefuted(distance: Double, rank: Int) -> (least: Double, claimed: Double)? {
    let mean = log(Double(words))
    guard rank > 1, Double(rank) > mean else { return nil }
    // P[k ≥ r] ≤ P[k = r]·(1 + λ/(r+1) + (λ/(r+1))² + …).
    let tail = logWeight(ofRank: rank) - log1p(-mean / Double(rank + 1))
    // Less than what rounding may add.
    let least = logWeight(ofRank: 1) - tail - 1e-6
    let claimed = epsilon * distance
    return least > claimed ? (least, claimed) : nil
  }
}

/// The Gumbel distribution exp(-exp(-x/scale)), truncated to ±bound.
struct TruncatedNoise: Sendable {
  let scale: Double
  let bound: Double
  /// The Gumbel distribution at both ends.
  private let tails: (low: Double, high: Double)

  init(scale: Double, bound: Double) {
    self.scale = scale
    self.bound = bound
    tails = (Self.gumbel(-bound / scale), Self.gumbel(bound / scale))
  }

  private static func gumbel(_ x: Double) -> Double { exp(-exp(-x)) }

  /// P[noise ≤ x].
  func cumulative(_ x: Double) -> Double {
    let p = (Self.gumbel(x / scale) - tails.low) / (tails.high - tails.low)
    return min(max(p, 0), 1)
  }

  /// The noise below which it is with probability `p`.
  func quantile(_ p: Double) -> Double {
    let x = -scale * log(-log(tails.low + p * (tails.high - tails.low)))
    return min(max(x, -bound), bound)
  }

  func draw(_ draws: inout NoiseDraws) -> Double { quantile(draws.uniform()) }
}

/// Lambert's W: the inverse of w·eʷ (Corless et al. 1996).
public enum LambertW {
  /// W₀, the branch at least -1, by Halley's method; nan below -1/e.
  public static func principal(_ x: Double) -> Double {
    let branch = -exp(-1.0)
    guard x >= branch else { return .nan }
    if x == 0 || x == .infinity { return x }
    if x == branch { return -1 }
    // Near the branch point its series, for large x two logarithms, else log(1 + x): each within Halley's reach.
    var w: Double
    if x < -0.25 {
      let p = (2 * (M_E * x + 1)).squareRoot()
      w = -1 + p - p * p / 3
    } else if x > M_E {
      w = log(x) - log(log(x))
    } else {
      w = log1p(x)
    }
    for _ in 0..<64 {
      // Of w - x·e⁻ʷ, which does not overflow.
      let residual = w - x * exp(-w)
      let next = w - residual / (1 + w - (w + 2) * residual / (2 * w + 2))
      guard next.isFinite, abs(next - w) > 2 * Double.ulpOfOne * abs(next) else { return w }
      w = next
    }
    return w
  }
}
