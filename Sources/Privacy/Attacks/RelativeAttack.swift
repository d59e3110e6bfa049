// The robust membership inference attack, RMIA (Zarifzadeh, Liu, Shokri 2024, "Low-cost high-power membership inference
// attacks", arXiv 2312.03262). An example x is a member where the model likes it better, relative to what reference
// models think of it, than it likes others z of the population:
//   ratio(x) = P(x | θ) / P(x),   score(x) = share of all z with ratio(x) ≥ γ ratio(z).
// P(x | θ) is the softmax probability of the own class. P(x) online is the mean over reference models half of which
// were trained with x; offline, from those without it alone, ½((1 + a) P_out(x) + 1 - a) (equation 10), the line by
// which training with an example lifts its probability.

import Foundation
import Foundations

public enum RelativeAttack {
  /// The score of each example, within 0 and 1; high ones are members.
  ///
  /// - Parameters:
  ///   - population: which examples stand for the population; an example is never compared with itself.
  ///   - gamma: γ, at least 1.
  ///   - offset: a, from 0 to 1, of the offline attack; 0.3 in the paper for CIFAR-10 and -100.
  /// - Throws: `value` where there are fewer than two examples of the population, or a parameter is none.
  public static func scores(
    _ outputs: ShadowOutputs, population: Range<Int>, isOnline: Bool = true, gamma: Double = 2,
    offset: Double = 0.3
  ) throws(DomainError) -> [Double] {
    guard population.count > 1, population.lowerBound >= 0,
      population.upperBound <= outputs.plan.examples
    else {
      throw DomainError(
        .value, "the attack compares with two other examples at least, got \(population.count)")
    }
    guard gamma >= 1, gamma.isFinite else {
      throw DomainError(
        .value, "gamma must be at least 1 and finite, got \(NumberText.shortest(gamma))")
    }
    guard offset >= 0, offset <= 1 else {
      throw DomainError(
        .value, "the offset must be within 0 and 1, got \(NumberText.shortest(offset))")
    }
    var ratios: [Double] = []
    ratios.reserveCapacity(outputs.plan.examples)
    for example in 0..<outputs.plan.examples {
      try Cancellation.check(turn: example)
      let (inside, outside) = outputs.split(example) { exp($0.logProbability(example)) }
      let out = mean(outside)
      let marginal =
        isOnline ? (mean(inside) + out) / 2 : ((1 + offset) * out + 1 - offset) / 2
      // The least probability that `ClassifierOutputs` knows stands where all reference models give none.
      ratios.append(outputs.target.logProbability(example) - log(max(marginal, 1e-45)))
    }
    let sorted = ratios[population].sorted()
    return ratios.enumerated().map { example, ratio in
      var below = count(of: sorted, atMost: ratio - log(gamma))
      var all = sorted.count
      if population.contains(example) {
        all -= 1
        if gamma == 1 { below -= 1 }
      }
      return Double(below) / Double(all)
    }
  }

  private static func mean(_ values: [Double]) -> Double {
    values.reduce(0, +) / Double(values.count)
  }

  /// How many of the sorted values are at most `limit`.
  private static func count(of sorted: [Double], atMost limit: Double) -> Int {
    var (low, high) = (0, sorted.count)
    while low < high {
      let middle = (low + high) / 2
      if sorted[middle] <= limit { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
