import Foundations
import Statistics

/// Exact bounds of a share that was counted (Clopper and Pearson 1934): they hold with the chance that they claim, or a
/// greater one, for every true share and every number of trials.
enum ClopperPearson {
  /// The greatest share under which `count` successes or fewer of `trials` still have a chance of `significance`.
  ///
  /// - Throws: `value` where the counts are none or the significance is no chance.
  static func upper(_ count: Int, of trials: Int, significance: Double) throws(DomainError)
    -> Double
  {
    try check(count, trials, significance)
    guard count < trials else { return 1 }
    return try BetaDistribution(Double(count) + 1, Double(trials - count))
      .quantile(1 - significance)
  }

  private static func check(_ count: Int, _ trials: Int, _ significance: Double)
    throws(DomainError)
  {
    guard trials > 0, count >= 0, count <= trials else {
      throw DomainError(.value, "\(count) of \(trials) trials is no share")
    }
    guard significance > 0, significance < 1 else {
      throw DomainError(
        .value, "a significance lies between 0 and 1, got \(NumberText.shortest(significance))")
    }
  }
}
