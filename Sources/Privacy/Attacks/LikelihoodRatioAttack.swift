// The likelihood ratio attack, LiRA (Carlini et al. 2022, "Membership inference attacks from first principles", arXiv
// 2112.03570). Shadow models say how an example's log odds φ = ln(p/(1 - p)) of its own class are distributed where the
// example was in the training set and where it was not, each taken for normal:
//   online:   ln N(φ; μ_in, σ_in) - ln N(φ; μ_out, σ_out)
//   offline:  (φ - μ_out)/σ_out, of which Φ is the paper's 1 - P[Z > φ]; Φ itself would be rounded to 1.
// Centres are medians, as in the authors' code; a fixed variance is the mean over all examples of the variance within
// one, which is better known than that of a few models (§VI-B: up to about 64).

import Foundation
import Foundations

public enum LikelihoodRatioAttack {
  /// Up to this many shadow models the variance is better taken of all examples together.
  public static let shadowsOfOwnVariance = 64

  /// The score of each example; high ones are members.
  ///
  /// - Parameters:
  ///   - isOnline: whether shadow models with the example are looked at too.
  ///   - hasFixedVariance: nil fixes it below `shadowsOfOwnVariance` shadow models.
  /// - Throws: `value` where the variance of each example is wanted from fewer than 4 shadow models.
  public static func scores(
    _ outputs: ShadowOutputs, isOnline: Bool = true, hasFixedVariance: Bool? = nil
  ) throws(DomainError) -> [Double] {
    let isFixed = hasFixedVariance ?? (outputs.plan.shadows < shadowsOfOwnVariance)
    guard outputs.plan.shadows >= 4 else {
      throw DomainError(
        .value,
        "a likelihood ratio needs 4 shadow models at least, two with each example and two without, got \(outputs.plan.shadows)"
      )
    }
    var samples: [(inside: [Double], outside: [Double])] = []
    samples.reserveCapacity(outputs.plan.examples)
    for example in 0..<outputs.plan.examples {
      try Cancellation.check(turn: example)
      samples.append(outputs.split(example) { $0.logOdds(example) })
    }
    let fixed =
      isFixed ? (spread(of: samples.map(\.inside)), spread(of: samples.map(\.outside))) : nil
    return samples.enumerated().map { example, sample in
      score(
        outputs.target.logOdds(example), sample.inside, sample.outside, isOnline: isOnline,
        deviations: fixed ?? (deviation(sample.inside), deviation(sample.outside)))
    }
  }

  static func score(
    _ value: Double, _ inside: [Double], _ outside: [Double], isOnline: Bool,
    deviations: (inside: Double, outside: Double)
  ) -> Double {
    // As in the authors' code: an example on which all shadow models agree has some spread all the same.
    let out = (value - median(outside)) / (deviations.outside + 1e-30)
    guard isOnline else { return out }
    let into = (value - median(inside)) / (deviations.inside + 1e-30)
    return 0.5 * (out * out - into * into)
      + log((deviations.outside + 1e-30) / (deviations.inside + 1e-30))
  }

  private static func median(_ values: [Double]) -> Double {
    let sorted = values.sorted()
    let middle = sorted.count / 2
    return sorted.count.isMultiple(of: 2)
      ? (sorted[middle - 1] + sorted[middle]) / 2 : sorted[middle]
  }

  private static func deviation(_ values: [Double]) -> Double { spread(of: [values]) }

  /// The square root of the mean variance within the groups.
  private static func spread(of groups: [[Double]]) -> Double {
    var squares = 0.0
    var freedom = 0
    for group in groups {
      let mean = group.reduce(0, +) / Double(group.count)
      squares += group.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
      freedom += group.count - 1
    }
    return (squares / Double(max(1, freedom))).squareRoot()
  }
}
