import Foundation

/// Terms of the gamma, beta, binomial and Poisson densities without the cancellation of large logarithms (Loader 2000,
/// "Fast and accurate computation of binomial probabilities"; R computes them the same way).
enum Saddlepoint {
  /// log(n!) − log(√(2πn) (n/e)ⁿ), the error of Stirling's formula, for real n > 0.
  static func stirlingError(_ n: Double) -> Double {
    if n <= 16 {
      return logGamma(n + 1) - (n + 0.5) * log(n) + n - 0.5 * log(2 * Double.pi)
    }
    // The series with Bernoulli numbers; the first term left out is below 1e-19.
    let coefficients: [Double] = [
      0.083333333333333333, -0.0027777777777777778, 7.9365079365079365e-4, -5.9523809523809524e-4,
      8.4175084175084175e-4, -0.0019175269175269175, 0.0064102564102564103,
    ]
    let square = 1 / (n * n)
    return coefficients.reversed().reduce(0) { $0 * square + $1 } / n
  }

  /// x log(x / m) + m − x, accurate where the two are close: half the deviance of a Poisson count x with mean m.
  static func deviance(_ x: Double, _ m: Double) -> Double {
    guard abs(x - m) < 0.1 * (x + m) else { return x * log(x / m) + m - x }
    let ratio = (x - m) / (x + m)
    var sum = (x - m) * ratio
    var term = 2 * x * ratio
    for j in 1..<1000 {
      term *= ratio * ratio
      let next = sum + term / Double(2 * j + 1)
      if next == sum { break }
      sum = next
    }
    return sum
  }

  /// mˣ e⁻ᵐ / Γ(x + 1) for real x ≥ 0 and m ≥ 0.
  static func poisson(_ x: Double, _ m: Double) -> Double {
    if m == 0 { return x == 0 ? 1 : 0 }
    if m == .infinity || x == .infinity { return 0 }
    if x <= m * .leastNormalMagnitude { return exp(-m) }
    if m < x * .leastNormalMagnitude { return exp(x * log(m) - m - logGamma(x + 1)) }
    return exp(-stirlingError(x) - deviance(x, m)) / (2 * Double.pi * x).squareRoot()
  }

  /// Γ(x + y + 1) / (Γ(x + 1) Γ(y + 1)) pˣ qʸ for real x ≥ 0 and y ≥ 0 and p + q = 1: the chance of x successes and y
  /// failures.
  static func binomial(_ x: Double, _ y: Double, _ p: Double, _ q: Double) -> Double {
    if p == 0 { return x == 0 ? 1 : 0 }
    if q == 0 { return y == 0 ? 1 : 0 }
    if x == 0 { return exp(y * (p < 0.5 ? log1p(-p) : log(q))) }
    if y == 0 { return exp(x * (q < 0.5 ? log1p(-q) : log(p))) }
    let n = x + y
    let exponent =
      stirlingError(n) - stirlingError(x) - stirlingError(y) - deviance(x, n * p)
      - deviance(y, n * q)
    return exp(exponent - 0.5 * (log(2 * Double.pi) + log(x) + log(y / n)))
  }

  /// log Γ(x) for x > 0.
  static func logGamma(_ x: Double) -> Double {
    var sign: Int32 = 0
    return lgamma_r(x, &sign)
  }

  /// log C(n, k).
  static func logBinomial(_ n: Double, _ k: Double) -> Double {
    logGamma(n + 1) - logGamma(k + 1) - logGamma(n - k + 1)
  }
}
