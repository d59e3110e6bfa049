import Foundation

/// The regularised incomplete gamma functions P(a, x) and Q(a, x) = 1 − P(a, x), each with its own relative accuracy:
/// the series below a + 1 and the continued fraction above it (DLMF 8.7.1, 8.9.2), and for large a the uniform
/// expansion of Temme (1979; DLMF 8.12), whose first two terms are exact to 1e-14 there.
struct IncompleteGamma {
  let lower: Double
  let upper: Double

  /// - Precondition: `a > 0`, and `x` is not nan.
  init(_ a: Double, _ x: Double) {
    if x <= 0 {
      (lower, upper) = (0, 1)
    } else if x == .infinity {
      (lower, upper) = (1, 0)
    } else if a > 1e7 {
      (lower, upper) = Self.uniform(a, x)
    } else if x < a + 1 {
      lower = min(1, Self.series(a, x))
      upper = 1 - lower
    } else {
      upper = min(1, Self.fraction(a, x))
      lower = 1 - upper
    }
  }

  /// P(a, x) = xᵃ e⁻ˣ / Γ(a + 1) · Σ xⁿ / ((a + 1) … (a + n)).
  private static func series(_ a: Double, _ x: Double) -> Double {
    var (term, sum, n) = (1.0, 1.0, 0.0)
    repeat {
      n += 1
      term *= x / (a + n)
      sum += term
    } while term > sum * 1e-17
    return Saddlepoint.poisson(a, x) * sum
  }

  /// Q(a, x) by its continued fraction, evaluated by Lentz's method.
  private static func fraction(_ a: Double, _ x: Double) -> Double {
    let tiny = 1e-300
    var b = x + 1 - a
    var c = 1 / tiny
    var d = 1 / b
    var result = d
    var n = 0.0
    while n < 1e7 {
      n += 1
      let factor = -n * (n - a)
      b += 2
      d = factor * d + b
      d = 1 / (abs(d) < tiny ? tiny : d)
      c = b + factor / c
      if abs(c) < tiny { c = tiny }
      let step = d * c
      result *= step
      if abs(step - 1) < 3e-16 { break }
    }
    return Saddlepoint.poisson(a, x) * a * result
  }

  private static func uniform(_ a: Double, _ x: Double) -> (Double, Double) {
    let half = Saddlepoint.deviance(a, x)
    // Beyond, one of the two is less than any number.
    guard half < 800 else { return x < a ? (0, 1) : (1, 0) }
    // ½η² = λ − 1 − log λ with λ = x / a.
    let eta = (2 * half / a).squareRoot() * (x < a ? -1 : 1)
    let first =
      abs(eta) < 0.01
      ? -1.0 / 3 + eta * (1.0 / 12 + eta * (-2.0 / 135 + eta * (1.0 / 864 + eta / 2835)))
      : a / (x - a) - 1 / eta
    let second = -1.0 / 540 - eta / 288
    let rest = exp(-half) / (2 * Double.pi * a).squareRoot() * (first + second / a)
    let z = half.squareRoot() * (x < a ? -1 : 1)
    return (
      min(1, max(0, 0.5 * erfc(-z) - rest)), min(1, max(0, 0.5 * erfc(z) + rest))
    )
  }
}
