import Foundation
import Foundations

/// The test of Mann and Whitney (1947; Wilcoxon's rank sum) of whether values of one sample tend to be larger than
/// those of another.
public struct MannWhitney: Sendable {
  public enum Method: String, Sendable, CaseIterable {
    /// Exact where one sample has at most 8 values and none are tied, as SciPy chooses.
    case auto
    /// The distribution of U over all orders, which takes no account of ties.
    case exact
    /// A normal distribution with the variance that ties leave.
    case asymptotic
  }

  /// U of the first sample: of how many pairs its value is the larger, ties counted half.
  public let statistic: Double
  public let p: Double
  /// U over the number of pairs: the chance that a value of the first sample is the larger.
  public let share: Double
  public let isExact: Bool

  /// - Parameter correction: for continuity, of the asymptotic p-value.
  /// - Throws: `value` where a sample is empty, `limit` where the exact distribution is too long to count.
  public init(
    _ a: [Double], _ b: [Double], alternative: Alternative = .twoSided, method: Method = .auto,
    correction: Bool = true
  ) throws(DomainError) {
    try Requirement.count(a, atLeast: 1, of: "the first sample of a rank test")
    try Requirement.count(b, atLeast: 1, of: "the second sample of a rank test")
    guard !a.contains(where: \.isNaN), !b.contains(where: \.isNaN) else {
      (statistic, p, share, isExact) = (.nan, .nan, .nan, false)
      return
    }
    let ranks = Ranks(a + b)
    let (n, m) = (Double(a.count), Double(b.count))
    let sum = ranks.ranks.prefix(a.count).reduce(0, +)
    let u = sum - n * (n + 1) / 2
    let other = n * m - u
    statistic = u
    share = u / n / m
    switch method {
    case .auto: isExact = min(a.count, b.count) <= 8 && !ranks.hasTies
    case .exact: isExact = true
    case .asymptotic: isExact = false
    }
    let extreme = alternative == .greater ? u : alternative == .less ? other : max(u, other)
    let tail =
      isExact
      ? try MannWhitney.upperTail(extreme, a.count, b.count)
      : MannWhitney.normalTail(extreme, n, m, ranks, correction)
    p = (alternative == .twoSided ? 2 * tail : tail).clippedProbability
  }

  private static func normalTail(
    _ u: Double, _ n: Double, _ m: Double, _ ranks: Ranks, _ correction: Bool
  ) -> Double {
    let total = n + m
    let ties = ranks.groups.reduce(0.0) {
      let size = Double($1)
      return $0 + (size * size * size - size)
    }
    let variance = n * m / 12 * ((total + 1) - ties / (total * (total - 1)))
    let distance = u - n * m / 2 - (correction ? 0.5 : 0)
    return NormalIntegral.upper(distance / variance.squareRoot())
  }

  /// P(U ≥ u) without ties.
  private static func upperTail(_ u: Double, _ n: Int, _ m: Int) throws(DomainError) -> Double {
    let (pairs, overflow) = n.multipliedReportingOverflow(by: m)
    guard !overflow, Double(pairs) * Double(min(n, m)) <= 2e10 else {
      throw DomainError(
        .limit, "the exact distribution for samples of \(n) and \(m) values is too long to count",
        hint: "take `method: \"asymptotic\"`")
    }
    // The distribution is symmetric: P(U ≥ u) = P(U ≤ nm − u).
    let below = Double(pairs) - u.rounded(.up)
    guard below >= 0 else { return 0 }
    if below <= Double(pairs) / 2 { return try lowerTail(Int(below), n, m) }
    let above = Double(pairs) - below - 1
    return above < 0 ? 1 : 1 - (try lowerTail(Int(above), n, m))
  }

  /// P(U ≤ k), from the coefficients of the Gaussian binomial ∏ (1 − qⁿ⁺ⁱ) / (1 − qⁱ) over i = 1…m, each factor scaled
  /// so that the coefficients are probabilities.
  private static func lowerTail(_ k: Int, _ n: Int, _ m: Int) throws(DomainError) -> Double {
    try MemoryRoom.require(16 * (k + 1), for: "the exact distribution of a rank test")
    let (small, large) = (min(n, m), max(n, m))
    var chances = [Double](repeating: 0, count: k + 1)
    chances[0] = 1
    for i in 1...small {
      try Cancellation.check()
      for place in stride(from: i, through: k, by: 1) { chances[place] += chances[place - i] }
      let shift = large + i
      for place in stride(from: k, through: shift, by: -1) {
        chances[place] -= chances[place - shift]
      }
      let scale = Double(i) / Double(shift)
      for place in 0...k { chances[place] *= scale }
    }
    return chances.reduce(0, +)
  }
}
