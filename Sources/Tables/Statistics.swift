import Foundation

/// Small-sample statistics of plain numbers. Sums run in order, so results repeat bit for bit.
public enum Statistics {
  public static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }

  /// The sample standard deviation (division by n − 1); `nan` for fewer than two values.
  public static func standardDeviation(_ values: [Double]) -> Double {
    guard values.count > 1 else { return .nan }
    // Equal values have none; their computed mean may differ from them in the last place.
    if values.allSatisfy({ $0 == values[0] }) { return 0 }
    let mean = mean(values)
    let squares = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
    return (squares / Double(values.count - 1)).squareRoot()
  }

  /// The quantile at `fraction` in [0, 1], interpolated linearly between order statistics (type 7 of Hyndman and Fan,
  /// as in NumPy and R); `nan` where there are no values or one is `nan`.
  public static func quantile(_ values: [Double], _ fraction: Double) -> Double {
    guard !values.isEmpty, !values.contains(where: \.isNaN), fraction >= 0, fraction <= 1 else {
      return .nan
    }
    let sorted = values.sorted()
    let place = fraction * Double(sorted.count - 1)
    let lower = Int(place)
    let upper = min(lower + 1, sorted.count - 1)
    let weight = place - Double(lower)
    return weight == 0 ? sorted[lower] : sorted[lower] + (sorted[upper] - sorted[lower]) * weight
  }

  /// The half width of Student's confidence interval of a mean: t₁₋α⁄₂,ₙ₋₁ · s / √n. Nil for fewer than two values or
  /// where they are not all finite.
  public static func meanInterval(_ values: [Double], level: Double) -> Double? {
    guard values.count > 1, values.allSatisfy(\.isFinite) else { return nil }
    let quantile = studentQuantile((1 + level) / 2, degrees: Double(values.count - 1))
    return quantile * standardDeviation(values) / Double(values.count).squareRoot()
  }

  /// Wilson's score interval of a proportion (Wilson 1927): `successes` of `trials` at a confidence level.
  public static func wilson(successes: Int, trials: Int, level: Double) -> ClosedRange<Double>? {
    guard trials > 0, successes >= 0, successes <= trials, level > 0, level < 1 else { return nil }
    let z = normalQuantile((1 + level) / 2)
    let n = Double(trials)
    let p = Double(successes) / n
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
    return max(0, centre - half)...min(1, centre + half)
  }

  /// Φ⁻¹, by bisection on `erfc` to the last bit; `probability` in (0, 1).
  public static func normalQuantile(_ probability: Double) -> Double {
    guard probability > 0, probability < 1 else { return probability <= 0 ? -.infinity : .infinity }
    if probability < 0.5 { return -normalQuantile(1 - probability) }
    return root(of: { 0.5 * erfc($0 / 2.0.squareRoot()) - (1 - probability) }, from: 0, to: 40)
  }

  /// The quantile of Student's t with `degrees` of freedom at `probability` in (0, 1).
  public static func studentQuantile(_ probability: Double, degrees: Double) -> Double {
    guard degrees > 0, probability > 0, probability < 1 else { return .nan }
    if probability < 0.5 { return -studentQuantile(1 - probability, degrees: degrees) }
    let upperTail = 1 - probability
    var high = 2.0
    while studentUpperTail(high, degrees: degrees) > upperTail, high < 1e150 { high *= 2 }
    return root(of: { studentUpperTail($0, degrees: degrees) - upperTail }, from: 0, to: high)
  }

  /// P(T > t) of Student's t for t ≥ 0.
  public static func studentUpperTail(_ t: Double, degrees: Double) -> Double {
    0.5 * incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5)
  }

  /// The regularised incomplete beta function Iₓ(a, b), by the continued fraction of Lentz's method (Press et al.,
  /// Numerical Recipes §6.4), accurate to about 1e-14.
  public static func incompleteBeta(_ x: Double, _ a: Double, _ b: Double) -> Double {
    if x <= 0 { return 0 }
    if x >= 1 { return 1 }
    let logFront =
      lgamma(a + b) - lgamma(a) - lgamma(b) + a * log(x) + b * log1p(-x)
    if x < (a + 1) / (a + b + 2) { return exp(logFront) * betaFraction(x, a, b) / a }
    return 1 - exp(logFront) * betaFraction(1 - x, b, a) / b
  }

  private static func betaFraction(_ x: Double, _ a: Double, _ b: Double) -> Double {
    let tiny = 1e-300
    func safe(_ value: Double) -> Double { abs(value) < tiny ? tiny : value }
    var c = 1.0
    var d = 1 / safe(1 - (a + b) * x / (a + 1))
    var result = d
    for m in 1...500 {
      let m = Double(m)
      let even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
      d = 1 / safe(1 + even * d)
      c = safe(1 + even / c)
      result *= d * c
      let odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
      d = 1 / safe(1 + odd * d)
      c = safe(1 + odd / c)
      let step = d * c
      result *= step
      if abs(step - 1) < 1e-16 { break }
    }
    return result
  }

  /// The root of a falling function between `low` and `high`, halved until the two meet.
  private static func root(
    of function: (Double) -> Double, from low: Double, to high: Double
  ) -> Double {
    var low = low
    var high = high
    for _ in 0..<200 {
      let middle = low + (high - low) / 2
      if middle <= low || middle >= high { break }
      if function(middle) > 0 { low = middle } else { high = middle }
    }
    return low + (high - low) / 2
  }
}
