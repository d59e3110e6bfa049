// What one training run proves about its privacy (Steinke, Nasr, Jagielski 2023, arXiv 2305.08846). Each of m canaries
// is in the training set with a chance of 1/2, on its own. An attacker guesses of r of them whether they were, and
// abstains from the rest. If training is (ε, δ)-private (Theorem 5.2 there), the number V of right guesses fulfils
//   P[V ≥ v] ≤ β + 2mδα,  β = P[B ≥ v],  α = max_{1≤i≤v} 1/i · P[v - i ≤ B < v],  B ~ Bin(r, e^ε/(1 + e^ε)).
// Where that is too small to be chance, training is not (ε, δ)-private.

import Foundation
import Foundations
import Statistics

/// The privacy that right guesses in one run refute.
public enum OneRunBound {
  /// Above it a claim is as good as none, and e^ε leaves the numbers that can be calculated with.
  static let largestEpsilon = 30.0

  /// The chance, at most, that (ε, δ)-private training lets an attacker guess right so often.
  ///
  /// - Parameters:
  ///   - canaries: m, included at random.
  ///   - guesses: r, of how many of them something was said.
  ///   - correct: v, of how many it was right.
  /// - Throws: `value` for counts that do not fit together, a negative ε, or a δ outside of 0..<1.
  public static func pValue(
    canaries: Int, guesses: Int, correct: Int, epsilon: Double, delta: Double
  ) throws(DomainError) -> Double {
    try check(canaries, guesses, correct, delta)
    guard epsilon >= 0 else {
      throw DomainError(.value, "epsilon must be >= 0, got \(NumberText.shortest(epsilon))")
    }
    // Wrong guesses in place of right ones: their chance is known to the last digit where it is small.
    let wrong = try BinomialDistribution(n: guesses, p: 1 / (1 + exp(epsilon)))
    let fewest = Double(guesses - correct)
    let beta = wrong.cumulative(fewest)
    guard delta > 0 else { return min(1, beta) }
    var alpha = 0.0
    var sum = 0.0
    for i in 0..<correct {
      try Cancellation.check(turn: i)
      sum += wrong.density(fewest + Double(i + 1))
      alpha = max(alpha, sum / Double(i + 1))
    }
    return min(1, beta + 2 * Double(canaries) * delta * alpha)
  }

  /// The largest ε such that (ε, δ)-privacy is refuted at this significance; 0 where none is.
  ///
  /// - Throws: as `pValue`.
  public static func epsilon(
    canaries: Int, guesses: Int, correct: Int, delta: Double, significance: Double
  ) throws(DomainError) -> Double {
    func isRefuted(_ epsilon: Double) throws(DomainError) -> Bool {
      try pValue(
        canaries: canaries, guesses: guesses, correct: correct, epsilon: epsilon, delta: delta)
        <= significance
    }
    return try largest(below: largestEpsilon, isRefuted)
  }

  /// The largest μ such that μ-Gaussian privacy (Dong, Roth, Su 2022) is refuted at this significance; 0 where none is.
  ///
  /// Mahloujifar, Melis, Chaudhuri 2024 (arXiv 2410.22235, algorithm `audit_rh_with_cap`), whose bound is tighter
  /// because it knows the whole trade-off function f: r and h are followed from the number of right guesses down, with
  /// the inverse blow-up function x ↦ Φ(Φ⁻¹(x) - μ) of the Gaussian.
  /// - Throws: as `pValue`.
  public static func gaussian(canaries: Int, guesses: Int, correct: Int, significance: Double)
    throws(DomainError) -> Double
  {
    try check(canaries, guesses, correct, 0)
    guard guesses > 0 else { return 0 }
    func isRefuted(_ mu: Double) throws(DomainError) -> Bool {
      let m = Double(canaries)
      var r = significance * Double(correct) / m
      var h = significance * Double(guesses - correct) / m
      for i in stride(from: correct - 1, through: 0, by: -1) {
        try Cancellation.check(turn: i)
        let next = max(h, NormalIntegral.cumulative(NormalIntegral.quantile(r) - mu))
        // From here on neither changes any more.
        guard next > h else { break }
        r = min(1, r + Double(i) / Double(guesses - i) * (next - h))
        h = next
      }
      return r + h > Double(guesses) / m
    }
    return try largest(below: 40, isRefuted)
  }

  /// The largest number that is refuted, from below; smaller ones are refuted too.
  private static func largest(
    below bound: Double, _ isRefuted: (Double) throws(DomainError) -> Bool
  ) throws(DomainError) -> Double {
    guard try isRefuted(0) else { return 0 }
    var low = 0.0
    var high = bound
    for _ in 0..<60 {
      let middle = (low + high) / 2
      if try isRefuted(middle) { low = middle } else { high = middle }
    }
    return low
  }

  private static func check(_ canaries: Int, _ guesses: Int, _ correct: Int, _ delta: Double)
    throws(DomainError)
  {
    guard canaries > 0, guesses >= 0, guesses <= canaries, correct >= 0, correct <= guesses else {
      throw DomainError(
        .value,
        "\(correct) right ones of \(guesses) guesses at \(canaries) canaries do not fit together")
    }
    guard delta >= 0, delta < 1 else {
      throw DomainError(
        .value, "delta must be at least 0 and below 1, got \(NumberText.shortest(delta))")
    }
  }
}
