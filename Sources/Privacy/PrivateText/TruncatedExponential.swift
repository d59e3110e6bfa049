// TEM, the truncated exponential mechanism (Carvalho, Vasiloglou, Fakoor, Tann 2021, arXiv 2107.07923):
//
//   γ = (2/ε)·ln((1 - β)·(|W| - 1)/β),   P[M(w) = x] ∝ exp(-ε·min(d(w, x), γ)/2).
//
// The paper draws it by adding Gumbel noise to -d for the words within γ and to -γ + (2/ε)·ln of the number of all
// others for one that stands for these; the largest of -s + Gumbel(0, 2/ε) has just this distribution, and here it is
// drawn from it. With probability at least 1 - β a word within γ comes out, for any γ the promise holds: min(d, γ)
// moves by at most d(w, w') with w, so numerator and sum by a factor of exp(ε·d(w, w')/2) each (McSherry and Talwar
// 2007): ε·d-private.

import Foundation
import Foundations

/// How the mechanism is set for a number of words and an epsilon.
public struct TruncatedExponential: Sendable {
  public let epsilon: Double
  /// Beyond this distance all words are alike.
  public let radius: Double

  /// - Parameter beta: how often a word beyond the radius may come out.
  /// - Throws: `value` where epsilon is not above 0 and finite, or beta not between 0 and 1.
  public init(epsilon: Double, words: Int, beta: Double) throws(DomainError) {
    guard epsilon > 0, epsilon < .infinity else {
      throw DomainError(.value, "epsilon must be above 0 and finite, got \(epsilon)")
    }
    guard beta > 0, beta < 1 else {
      throw DomainError(.value, "beta must be above 0 and below 1, got \(beta)")
    }
    self.epsilon = epsilon
    radius = max(0, 2 / epsilon * log((1 - beta) * Double(max(1, words - 1)) / beta))
  }

  /// Sums of the words' weights, from the first on, for the word that has these distances.
  func cumulativeWeights(_ distances: [Double]) -> [Double] {
    var sum = 0.0
    return distances.map { distance in
      sum += exp(-epsilon * min(distance, radius) / 2)
      return sum
    }
  }

  /// A word, given the sums of weights.
  static func draw(_ sums: [Double], _ draws: inout NoiseDraws) -> Int {
    let place = draws.uniform() * (sums.last ?? 0)
    var (low, high) = (0, sums.count - 1)
    while low < high {
      let middle = (low + high) / 2
      if place < sums[middle] { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
