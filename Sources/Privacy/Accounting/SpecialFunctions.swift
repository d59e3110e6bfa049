import Foundation

/// The functions of statistics that the accountants need, good in the far tails.
enum SpecialFunctions {
  /// log(eᵃ + eᵇ).
  static func logAdd(_ a: Double, _ b: Double) -> Double {
    let high = max(a, b)
    guard high > -.infinity, high < .infinity else { return high }
    return high + log1p(exp(min(a, b) - high))
  }

  /// log(erfc(x)) for every x: by the library below 20, by the asymptotic series above, where erfc itself soon underflows.
  static func logErfc(_ x: Double) -> Double {
    guard x > 20 else { return log(erfc(x)) }
    let y = 1 / (2 * x * x)
    let series = 1 - y * (1 - 3 * y * (1 - 5 * y * (1 - 7 * y * (1 - 9 * y))))
    return -x * x - log(x) - 0.5 * log(Double.pi) + log(series)
  }

  /// log of the absolute value of the gamma function.
  static func logGamma(_ x: Double) -> Double {
    var sign: Int32 = 0
    return lgamma_r(x, &sign)
  }

  /// log|binomial(n, k)| for real n.
  static func logBinomial(_ n: Double, _ k: Double) -> Double {
    logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
  }

  /// P[Z ≤ x] of a standard normal Z.
  static func normalCDF(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// log P[Z ≤ x].
  static func logNormalCDF(_ x: Double) -> Double { logErfc(-x / 2.0.squareRoot()) - log(2) }

  /// The x with P[Z ≤ x] = p: Acklam's rational start, then two steps of Halley's method (full double precision).
  static func normalQuantile(_ p: Double) -> Double {
    guard p > 0 else { return p == 0 ? -.infinity : .nan }
    guard p < 1 else { return p == 1 ? .infinity : .nan }
    var x = quantileStart(p)
    for _ in 0..<2 {
      let error = normalCDF(x) - p
      let step = error * (2 * Double.pi).squareRoot() * exp(x * x / 2)
      x -= step / (1 + x * step / 2)
    }
    return x
  }

  private static func quantileStart(_ p: Double) -> Double {
    if p > 0.5 { return -quantileStart(1 - p) }
    if p < 0.02425 {
      let q = (-2 * log(p)).squareRoot()
      let top =
        ((((-7.784894002430293e-03 * q - 3.223964580411365e-01) * q - 2.400758277161838) * q
          - 2.549732539343734)
          * q + 4.374664141464968) * q + 2.938163982698783
      let bottom =
        (((7.784695709041462e-03 * q + 3.224671290700398e-01) * q + 2.445134137142996) * q
          + 3.754408661907416) * q
        + 1
      return top / bottom
    }
    let q = p - 0.5
    let r = q * q
    let top =
      (((((-3.969683028665376e+01 * r + 2.209460984245205e+02) * r - 2.759285104469687e+02) * r
        + 1.383577518672690e+02) * r - 3.066479806614716e+01) * r + 2.506628277459239) * q
    let bottom =
      ((((-5.447609879822406e+01 * r + 1.615858368580409e+02) * r - 1.556989798598866e+02) * r
        + 6.680131188771972e+01) * r - 1.328068155288572e+01) * r + 1
    return top / bottom
  }
}
