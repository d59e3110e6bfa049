import Foundation
import Foundations

/// Cohen's d (1988): the difference of two means in units of the pooled standard deviation, with the exact interval for
/// normal values with equal variances: those d for which the t statistic, which is then noncentral, lies in neither
/// tail (Steiger and Fouladi 1997).
public enum EffectSize {
  /// Infinite or nan, without an interval, where no value differs from another.
  /// - Throws: `value` where a sample is empty, or both have fewer than three values.
  public static func cohen(_ a: [Double], _ b: [Double], level: Double = 0.95) throws(DomainError)
    -> Estimate
  {
    let test = try TTest(a, b, equalVariances: true, level: level)
    let (n, m) = (Double(a.count), Double(b.count))
    return try estimate(test, scale: (1 / n + 1 / m).squareRoot(), level)
  }

  /// Of pairs: the mean of the differences in units of their standard deviation.
  /// - Throws: `value` where the lists differ in length, or have fewer than two pairs.
  public static func cohen(pairs a: [Double], _ b: [Double], level: Double = 0.95)
    throws(DomainError) -> Estimate
  {
    let test = try TTest(pairs: a, b, level: level)
    return try estimate(test, scale: 1 / Double(a.count).squareRoot(), level)
  }

  private static func estimate(_ test: TTest, scale: Double, _ level: Double) throws(DomainError)
    -> Estimate
  {
    let value = test.statistic * scale
    guard value.isFinite else {
      return Estimate(value: value, low: .nan, high: .nan, level: level)
    }
    let tail = (1 - level) / 2
    let chances = NoncentralStudent(degrees: test.degrees, statistic: test.statistic)
    return Estimate(
      value: value, low: scale * chances.noncentrality(upperTail: tail),
      high: scale * chances.noncentrality(lowerTail: tail), level: level)
  }
}

/// The noncentral t distribution at one statistic, for any noncentrality δ: P(T ≤ t) = ∫ Φ(t u − δ) f(u) du, where u²
/// is χ² over its degrees of freedom. In w = log u the integrand is smooth and falls off at both ends, so that the
/// trapezoidal rule is exact to rounding (Trefethen and Weideman 2014).
private struct NoncentralStudent {
  let degrees: Double
  let statistic: Double

  /// P(T ≤ t) and P(T > t).
  func tails(_ noncentrality: Double) -> (lower: Double, upper: Double) {
    if abs(statistic) > 30 * degrees.squareRoot() { return tailsOfLargeStatistic(noncentrality) }
    let scale = abs(statistic) + abs(noncentrality)
    let step = min(0.1, 0.5 / (2 * degrees + scale * scale).squareRoot())
    // Beyond, the density is below e⁻⁵⁰ of its peak.
    let reach = 100 / degrees
    let end = 0.5 * log1p(reach + 2 * reach.squareRoot())
    let start = max(-reach / 2 - 0.5, -reach / 2 - reach.squareRoot())
    let front =
      log(2.0) + 0.5 * log(degrees / 2) - 0.5 * log(2 * Double.pi)
      - Saddlepoint.stirlingError(degrees / 2)
    var (lower, upper) = (0.0, 0.0)
    for index in Int((start / step).rounded(.down))...Int((end / step).rounded(.up)) {
      let w = Double(index) * step
      let weight = exp(front + degrees * (w - expm1(2 * w) / 2))
      let z = statistic * exp(w) - noncentrality
      lower += weight * NormalIntegral.cumulative(z)
      upper += weight * NormalIntegral.upper(z)
    }
    return (lower * step, upper * step)
  }

  /// The same with the two integrals in the other order: P(T ≤ t) = ∫ P(u ≥ (z + δ) / t) φ(z) dz for t > 0. There Φ is
  /// all but a step, and the inner probability changes slowly, but for where z + δ is 0: near to that in v = log(z +
  /// δ).
  private func tailsOfLargeStatistic(_ noncentrality: Double) -> (lower: Double, upper: Double) {
    let shift = statistic < 0 ? -noncentrality : noncentrality
    var (near, far) = (0.0, 0.0)
    func add(_ distance: Double, _ weight: Double) {
      let z = distance - shift
      let u = distance / abs(statistic)
      let density = weight * exp(-0.5 * z * z) / (2 * Double.pi).squareRoot()
      let chances = IncompleteGamma(degrees / 2, degrees / 2 * u * u)
      near += density * chances.upper
      far += density * chances.lower
    }
    if shift > 12 {
      for index in -96...96 { add(shift + Double(index) / 8, 1.0 / 8) }
    } else {
      // Below −δ the statistic has the other sign.
      near = NormalIntegral.upper(shift)
      let step = 0.25 / (2 + max(0, shift))
      for index in Int(-42 / step)...Int(3.5 / step) {
        let distance = exp(Double(index) * step)
        add(distance, step * distance)
      }
    }
    return statistic < 0 ? (far, near) : (near, far)
  }

  /// The noncentrality for which P(T ≥ t) is `upperTail`.
  func noncentrality(upperTail: Double) -> Double {
    solve { tails($0).upper >= upperTail }
  }

  /// The noncentrality for which P(T ≤ t) is `lowerTail`.
  func noncentrality(lowerTail: Double) -> Double {
    solve { tails($0).lower <= lowerTail }
  }

  /// Where a condition that holds for large noncentralities begins to.
  private func solve(_ holds: (Double) -> Bool) -> Double {
    var (low, high, width) = (statistic, statistic, 1.0)
    while holds(low), width < 1e300 {
      low -= width
      width *= 2
    }
    width = 1
    while !holds(high), width < 1e300 {
      high += width
      width *= 2
    }
    return Inversion.least(from: low, to: high, where: holds)
  }
}
