import Foundation
import Foundations

/// How two lists of numbers go together, with an interval by Fisher's z transformation (1921), whose standard error is
/// 1/√(n − 3) for Pearson's coefficient, √((1 + r²/2)/(n − 3)) for Spearman's and √(0.437/(n − 4)) for Kendall's
/// (Bonett and Wright 2000).
public struct Correlation: Sendable {
  public enum Method: String, Sendable, CaseIterable {
    /// Of the values.
    case pearson
    /// Of the values' ranks.
    case spearman
    /// Kendall's τ-b: pairs in the same order less pairs in opposite orders.
    case kendall
  }

  /// Nan where one list is constant.
  public let estimate: Estimate
  /// Of the hypothesis that the two are independent: of a beta, a t and a normal distribution; Kendall's is exact
  /// without ties up to 33 pairs, or where at most one pair is out of order, as in SciPy.
  public let p: Double

  /// - Throws: `value` where the lists differ in length or have fewer than two pairs.
  public init(
    _ a: [Double], _ b: [Double], method: Method = .pearson,
    alternative: Alternative = .twoSided, level: Double = 0.95
  ) throws(DomainError) {
    try Requirement.pairs(a.count, b.count)
    try Requirement.count(a, atLeast: 2, of: "a correlation")
    try Requirement.level(level)
    let n = Double(a.count)
    let isDefined = !(a + b).contains(where: \.isNaN)
    let value: Double
    let error: Double
    switch method {
    case .pearson:
      value = Correlation.pearson(a, b)
      p =
        a.count == 2 ? (value.isNaN ? .nan : 1) : try Correlation.betaChance(value, n, alternative)
      error = 1 / (n - 3).squareRoot()
    case .spearman:
      let (first, second) = (Ranks(a).ranks, Ranks(b).ranks)
      // Equal ranks correlate perfectly, whatever rounding says.
      value = isDefined ? first == second ? 1 : Correlation.pearson(first, second) : .nan
      p = try Correlation.studentChance(value, n, alternative)
      error = ((1 + value * value / 2) / (n - 3)).squareRoot()
    case .kendall:
      let concordance = isDefined ? try Concordance(a, b) : nil
      value = concordance?.tau ?? .nan
      p = value.isNaN ? .nan : concordance?.p(alternative) ?? .nan
      error = (0.437 / (n - 4)).squareRoot()
    }
    guard !value.isNaN, error.isFinite else {
      // Too few pairs say nothing.
      let end = value.isNaN ? Double.nan : 1
      estimate = Estimate(value: value, low: -end, high: end, level: level)
      return
    }
    let (low, high) = alternative.interval(atanh(value), error, level: level) {
      NormalIntegral.quantile($0)
    }
    estimate = Estimate(value: value, low: tanh(low), high: tanh(high), level: level)
  }

  /// Pearson's coefficient; nan where one list is constant.
  static func pearson(_ a: [Double], _ b: [Double]) -> Double {
    guard !a.allSatisfy({ $0 == a[0] }), !b.allSatisfy({ $0 == b[0] }) else { return .nan }
    func direction(_ values: [Double]) -> [Double] {
      let mean = Sample.mean(values)
      let distances = values.map { $0 - mean }
      // By the largest first, so that no square overflows.
      let largest = distances.reduce(0) { max($0, abs($1)) }
      let scaled = distances.map { $0 / largest }
      let norm = scaled.reduce(0) { $0 + $1 * $1 }.squareRoot()
      return scaled.map { $0 / norm }
    }
    let product = zip(direction(a), direction(b)).reduce(0) { $0 + $1.0 * $1.1 }
    if product.isNaN { return product }
    let value = min(1, max(-1, product))
    return a.count == 2 ? value.rounded() : value
  }

  /// (r + 1)/2 has a beta distribution with both parameters n/2 − 1 where the two are independent and normal.
  private static func betaChance(_ value: Double, _ n: Double, _ alternative: Alternative)
    throws(DomainError) -> Double
  {
    guard !value.isNaN else { return .nan }
    let half = n / 2 - 1
    let chances = IncompleteBeta((1 + value) / 2, half, half, complement: (1 - value) / 2)
    return alternative.p(lower: chances.lower, upper: chances.upper)
  }

  private static func studentChance(_ value: Double, _ n: Double, _ alternative: Alternative)
    throws(DomainError) -> Double
  {
    guard !value.isNaN, n > 2 else { return .nan }
    let student = try StudentDistribution(degrees: n - 2)
    let t = value * ((n - 2) / ((1 + value) * (1 - value))).squareRoot()
    return alternative.p(lower: student.cumulative(t), upper: student.survival(t))
  }
}
