import Foundation

/// The standard normal's probabilities.
public enum NormalIntegral {
  /// Φ(z) = P(Z ≤ z).
  public static func cumulative(_ z: Double) -> Double { 0.5 * erfc(-z / 2.0.squareRoot()) }

  /// P(Z > z).
  public static func upper(_ z: Double) -> Double { 0.5 * erfc(z / 2.0.squareRoot()) }

  /// Φ⁻¹ to the last bit, by halving; infinite at 0 and 1, nan outside.
  public static func quantile(_ probability: Double) -> Double {
    guard probability >= 0, probability <= 1 else { return .nan }
    if probability == 0 || probability == 1 { return probability == 0 ? -.infinity : .infinity }
    // Of the smaller tail, whose probability is exact.
    return probability < 0.5 ? -upperQuantile(probability) : upperQuantile(1 - probability)
  }

  /// The z that is exceeded with a probability of at most one half.
  private static func upperQuantile(_ probability: Double) -> Double {
    Inversion.least(from: 0, to: 40) { upper($0) <= probability }
  }
}
