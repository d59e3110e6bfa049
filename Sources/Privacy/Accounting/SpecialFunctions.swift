import Foundation

/// The functions of statistics that the accountants need, good in the far tails (Abramowitz and Stegun 1964, 7.1.23 for
/// the series of erfc).
enum SpecialFunctions {
  /// log(eᵃ + eᵇ).
  static func logAdd(_ a: Double, _ b: Double) -> Double {
    let high = max(a, b)
    guard high > -.infinity, high < .infinity else { return high }
    return high + log1p(exp(min(a, b) - high))
  }

  /// log(erfc(x)) for every x: by the library below 20, by the asymptotic series above, where erfc itself soon
  /// underflows.
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

  /// P[Z ≤ x] of a standard normal Z.
  static func normalCDF(_ x: Double) -> Double { 0.5 * erfc(-x / 2.0.squareRoot()) }

  /// log P[Z ≤ x].
  static func logNormalCDF(_ x: Double) -> Double { logErfc(-x / 2.0.squareRoot()) - log(2) }
}
