import Foundation

/// Statistics of plain numbers. Sums run in order, so results repeat bit for bit.
public enum Sample {
  public static func mean(_ values: [Double]) -> Double {
    values.isEmpty ? .nan : values.reduce(0, +) / Double(values.count)
  }

  /// The sum of squared differences from the mean.
  static func squares(_ values: [Double]) -> Double {
    // Equal values have none; their computed mean may differ from them in the last place.
    if values.allSatisfy({ $0 == values[0] }) { return 0 }
    let mean = mean(values)
    return values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) }
  }

  /// The sample variance (division by n − 1); `nan` for fewer than two values.
  public static func variance(_ values: [Double]) -> Double {
    values.count > 1 ? squares(values) / Double(values.count - 1) : .nan
  }

  /// The sample standard deviation (division by n − 1); `nan` for fewer than two values.
  public static func standardDeviation(_ values: [Double]) -> Double {
    variance(values).squareRoot()
  }

  /// The quantile at `fraction` in [0, 1], interpolated linearly between order statistics (type 7 of Hyndman and Fan
  /// 1996, as in NumPy and R); `nan` where there are no values or one is `nan`.
  public static func quantile(_ values: [Double], _ fraction: Double) -> Double {
    guard !values.contains(where: \.isNaN) else { return .nan }
    return quantile(sorted: values.sorted(), fraction)
  }

  /// The same of values in ascending order, none of them nan.
  static func quantile(sorted: [Double], _ fraction: Double) -> Double {
    guard !sorted.isEmpty, fraction >= 0, fraction <= 1 else { return .nan }
    let place = fraction * Double(sorted.count - 1)
    let lower = Int(place)
    let upper = min(lower + 1, sorted.count - 1)
    let weight = place - Double(lower)
    return weight == 0 ? sorted[lower] : sorted[lower] + (sorted[upper] - sorted[lower]) * weight
  }

  /// The half width of Student's confidence interval of a mean: t₁₋α⁄₂,ₙ₋₁ · s / √n. Nil for fewer than two values or
  /// where they are not all finite.
  public static func meanInterval(_ values: [Double], level: Double) -> Double? {
    guard values.count > 1, values.allSatisfy(\.isFinite),
      let student = try? StudentDistribution(degrees: Double(values.count - 1))
    else { return nil }
    return student.quantile((1 + level) / 2) * standardDeviation(values)
      / Double(values.count).squareRoot()
  }

  /// Wilson's score interval of a proportion (Wilson 1927): `successes` of `trials` at a confidence level.
  public static func wilson(successes: Int, trials: Int, level: Double) -> ClosedRange<Double>? {
    guard trials > 0, successes >= 0, successes <= trials, level > 0, level < 1 else { return nil }
    let z = NormalIntegral.quantile((1 + level) / 2)
    let n = Double(trials)
    let p = Double(successes) / n
    let centre = (p + z * z / (2 * n)) / (1 + z * z / n)
    let half = z * (p * (1 - p) / n + z * z / (4 * n * n)).squareRoot() / (1 + z * z / n)
    return max(0, centre - half)...min(1, centre + half)
  }
}
