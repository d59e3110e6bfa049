import Foundation
import Foundations

/// The test of Kolmogorov (1933) and Smirnov (1948) of whether values come from a distribution, or two samples from the
/// same one. The alternative speaks of distribution functions: with `greater`, that of the first sample lies above that
/// of the second somewhere, so that its values tend to be smaller.
public struct KolmogorovSmirnov: Sendable {
  /// The largest distance of the distribution functions in the alternative's direction.
  public let statistic: Double
  public let p: Double
  /// Whether the p-value counts all orders; for large samples it is asymptotic.
  public let isExact: Bool

  /// The largest of both samples up to which orders are counted, SciPy's.
  private static let exactLimit = 10_000

  /// Of one sample.
  /// - Parameter cumulative: P(X ≤ x) of the continuous distribution in question.
  /// - Throws: `value` where the sample is empty.
  public init(
    _ values: [Double], alternative: Alternative = .twoSided, cumulative: (Double) -> Double
  ) throws(DomainError) {
    try Requirement.count(values, atLeast: 1, of: "the sample of a Kolmogorov–Smirnov test")
    isExact = true
    guard !values.contains(where: \.isNaN) else {
      (statistic, p) = (.nan, .nan)
      return
    }
    let n = Double(values.count)
    var (above, below) = (-Double.infinity, -Double.infinity)
    for (index, value) in values.sorted().enumerated() {
      let expected = cumulative(value)
      above = max(above, Double(index + 1) / n - expected)
      below = max(below, expected - Double(index) / n)
    }
    switch alternative {
    case .greater:
      statistic = above
      p = try KolmogorovDistribution.oneSided(values.count, above)
    case .less:
      statistic = below
      p = try KolmogorovDistribution.oneSided(values.count, below)
    case .twoSided:
      statistic = max(above, below)
      p = try KolmogorovDistribution.twoSided(values.count, statistic)
    }
  }

  /// Of two samples.
  /// - Throws: `value` where a sample is empty.
  public init(_ a: [Double], _ b: [Double], alternative: Alternative = .twoSided)
    throws(DomainError)
  {
    try Requirement.count(a, atLeast: 1, of: "the first sample of a Kolmogorov–Smirnov test")
    try Requirement.count(b, atLeast: 1, of: "the second sample of a Kolmogorov–Smirnov test")
    isExact = max(a.count, b.count) <= Self.exactLimit
    guard !a.contains(where: \.isNaN), !b.contains(where: \.isNaN) else {
      (statistic, p) = (.nan, .nan)
      return
    }
    let steps = Steps(a.count, b.count)
    let (above, below) = steps.distances(a.sorted(), b.sorted())
    let distance =
      alternative == .greater ? above : alternative == .less ? below : max(above, below)
    statistic = Double(distance) / steps.scale
    p =
      isExact
      ? try steps.chance(ofReaching: distance, alternative)
      : try steps.asymptoticChance(statistic, alternative)
  }
}

/// Two samples of n and m values in one order, as a path of n steps to the right and m up: i/n − j/m is a whole number
/// of units of 1 / lcm(n, m).
private struct Steps {
  let n: Int
  let m: Int
  private let right: Int
  private let up: Int
  /// lcm(n, m), exact up to 2⁵³ where orders are counted.
  let scale: Double

  init(_ n: Int, _ m: Int) {
    (self.n, self.m) = (n, m)
    var (a, b) = (n, m)
    while b != 0 { (a, b) = (b, a % b) }
    (right, up) = (m / a, n / a)
    scale = Double(n) * Double(m / a)
  }

  /// How far the first distribution function lies above and below the second, in units, 0 at least.
  func distances(_ a: [Double], _ b: [Double]) -> (above: Int, below: Int) {
    var (i, j, above, below) = (0, 0, 0, 0)
    while i < a.count || j < b.count {
      let value = i == a.count ? b[j] : j == b.count ? a[i] : min(a[i], b[j])
      while i < a.count, a[i] <= value { i += 1 }
      while j < b.count, b[j] <= value { j += 1 }
      let distance = i &* right &- j &* up
      above = max(above, distance)
      below = max(below, 0 &- distance)
    }
    return (above, below)
  }

  /// The share of all orders whose path gets that far from the diagonal (Hodges 1958): a path to (i, j) comes from the
  /// left with a chance of i / (i + j). All terms are positive, so that small chances keep their digits.
  func chance(ofReaching distance: Int, _ alternative: Alternative) throws(DomainError) -> Double {
    guard distance > 0 else { return 1 }
    var column = [Double](repeating: 0, count: m + 1)
    for i in 0...n {
      try Cancellation.check()
      for j in 0...m {
        let place = alternative == .less ? j * up - i * right : i * right - j * up
        if place >= distance || (alternative == .twoSided && -place >= distance) {
          column[j] = 1
        } else if i + j > 0 {
          let left = i > 0 ? column[j] * Double(i) : 0
          let below = j > 0 ? column[j - 1] * Double(j) : 0
          column[j] = (left + below) / Double(i + j)
        }
      }
    }
    return min(1, column[m])
  }

  func asymptoticChance(_ distance: Double, _ alternative: Alternative) throws(DomainError)
    -> Double
  {
    let (large, small) = (Double(max(n, m)), Double(min(n, m)))
    let effective = large * small / (large + small)
    if alternative == .twoSided {
      return try KolmogorovDistribution.twoSided(
        Int(effective.rounded(.toNearestOrEven)), distance)
    }
    let z = effective.squareRoot() * distance
    let correction =
      2 * z * (large + 2 * small) / (large * small * (large + small)).squareRoot() / 3
    return min(1, exp(-2 * z * z - correction))
  }
}
