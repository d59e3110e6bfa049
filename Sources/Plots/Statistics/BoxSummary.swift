/// What a box plot shows of a group (Tukey 1977): quartiles as NumPy computes them, whiskers to the outermost values
/// within 1.5 times the distance of the quartiles from them, and every value beyond.
struct BoxSummary: Equatable {
  let lower: Double
  let median: Double
  let upper: Double
  let whiskers: ClosedRange<Double>
  let outliers: [Double]

  /// - Parameter values: may be infinite.
  /// - Returns: nil where there is none.
  init?(_ values: [Double]) {
    let sorted = values.filter { !$0.isNaN }.sorted()
    guard !sorted.isEmpty else { return nil }
    lower = BoxSummary.quantile(sorted, 0.25)
    median = BoxSummary.quantile(sorted, 0.5)
    upper = BoxSummary.quantile(sorted, 0.75)
    let reach = (upper - lower) * 1.5
    // Between infinite quartiles there is no distance.
    let fences = reach.isFinite ? (lower - reach, upper + reach) : (lower, upper)
    let within = sorted.filter { $0 >= fences.0 && $0 <= fences.1 }
    // Interpolated quartiles may lie beyond all values within the fences.
    whiskers = min(lower, within.first ?? lower)...max(upper, within.last ?? upper)
    outliers = sorted.filter { $0 < fences.0 || $0 > fences.1 }
  }

  /// Type 7 of Hyndman and Fan (1996), of ascending values that may be infinite.
  private static func quantile(_ sorted: [Double], _ fraction: Double) -> Double {
    let place = fraction * Double(sorted.count - 1)
    let below = Int(place)
    let above = min(below + 1, sorted.count - 1)
    let weight = place - Double(below)
    let (low, high) = (sorted[below], sorted[above])
    if weight == 0 || low == high { return low }
    let value = low + (high - low) * weight
    // Half way from −∞ to ∞ there is nothing.
    return value.isNaN ? 0 : value
  }
}
