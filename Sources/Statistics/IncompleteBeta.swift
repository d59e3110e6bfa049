import Foundation

/// The regularised incomplete beta function Iₓ(a, b) and its complement, each with its own relative accuracy: the
/// continued fraction (DLMF 8.17.22) on the side where it converges quickly, and where both parameters are huge the
/// uniform expansion of Temme (1992; DLMF 8.18.9), whose first term is exact there.
struct IncompleteBeta {
  let lower: Double
  let upper: Double

  /// - Parameters:
  ///   - x: in [0, 1].
  ///   - y: 1 − x, where that is known more accurately than by subtraction.
  /// - Precondition: `a > 0` and `b > 0`; none of the numbers is nan.
  init(_ x: Double, _ a: Double, _ b: Double, complement y: Double) {
    if x <= 0 {
      (lower, upper) = (0, 1)
    } else if y <= 0 {
      (lower, upper) = (1, 0)
    } else if min(a, b) > 1e9 {
      (lower, upper) = Self.uniform(x, y, a, b)
    } else if x <= (a + 1) / (a + b + 2) {
      lower = min(1, Self.fraction(x, y, a, b))
      upper = 1 - lower
    } else {
      upper = min(1, Self.fraction(y, x, b, a))
      lower = 1 - upper
    }
  }

  init(_ x: Double, _ a: Double, _ b: Double) { self.init(x, a, b, complement: 1 - x) }

  /// Iₓ(a, b) = xᵃ yᵇ / B(a, b) · K, the even part of the continued fraction K in the form of Didonato and Morris
  /// (1992, their BFRAC), whose terms depend on a − (a + b) x and lose no digits where that is small.
  private static func fraction(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> Double {
    let distance = y < 0.5 ? (a + b) * y - b : a - (a + b) * x
    let (start, first) = (1 + distance, 1 + 1 / a)
    var (numerator, denominator) = ((0.0, 1.0), (1.0, start / first))
    var ratio = first / start
    var (p, s, n) = (1.0, a + 1, 0.0)
    while n < 1e7 {
      n += 1
      let t = n / a
      let w = n * (b - n) * x
      let alpha = p * (p + b / a) * (a / s) * (a / s) * w * x
      let beta = n + w / s + (1 + t) / (first + 2 * t) * (start + n * (y + 1))
      p = 1 + t
      s += 2
      numerator = (numerator.1, alpha * numerator.0 + beta * numerator.1)
      denominator = (denominator.1, alpha * denominator.0 + beta * denominator.1)
      let next = numerator.1 / denominator.1
      // Parameters beyond all others overflow; what there is by then is the value.
      guard next.isFinite, abs(next - ratio) > 1e-16 * ratio else { break }
      ratio = next
      numerator = (numerator.0 / denominator.1, ratio)
      denominator = (denominator.0 / denominator.1, 1)
    }
    // a b / (a + b) without an overflow.
    return Saddlepoint.binomial(a, b, x, y) * (min(a, b) / (1 + min(a, b) / max(a, b))) * ratio
  }

  private static func uniform(_ x: Double, _ y: Double, _ a: Double, _ b: Double) -> (
    Double, Double
  ) {
    let total = a + b
    let half = Saddlepoint.deviance(a, total * x) + Saddlepoint.deviance(b, total * y)
    guard half < 800 else { return x < a / total ? (0, 1) : (1, 0) }
    let (centre, rest) = (a / total, b / total)
    let sign: Double = x < centre ? -1 : 1
    let eta = (2 * half / total).squareRoot() * sign
    let spread = (centre * rest).squareRoot()
    let first =
      abs(eta) < 1e-6
      ? (1 - 2 * centre) / (3 * spread) : 1 / eta - spread / (x - centre)
    let correction = exp(-half) / (2 * Double.pi * total).squareRoot() * first
    let z = half.squareRoot() * sign
    return (
      min(1, max(0, 0.5 * erfc(-z) + correction)), min(1, max(0, 0.5 * erfc(z) - correction))
    )
  }
}
