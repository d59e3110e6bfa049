import Foundations

/// Which departures from the null hypothesis count as evidence against it.
public enum Alternative: String, Sendable, CaseIterable {
  case twoSided = "two-sided"
  /// The first sample's location lies below.
  case less
  /// The first sample's location lies above.
  case greater

  /// The p-value from the probabilities of what is as small and of what is as large as the statistic.
  func p(lower: Double, upper: Double) -> Double {
    switch self {
    case .twoSided: (2 * min(lower, upper)).clippedProbability
    case .less: lower.clippedProbability
    case .greater: upper.clippedProbability
    }
  }

  /// The ends of the interval of a location that the test does not reject, from a symmetric distribution of its error.
  func interval(
    _ centre: Double, _ error: Double, level: Double, quantile: (Double) -> Double
  ) -> (low: Double, high: Double) {
    let probability = self == .twoSided ? (1 + level) / 2 : level
    let half = quantile(probability) * error
    return (
      self == .less ? -.infinity : centre - half, self == .greater ? .infinity : centre + half
    )
  }
}

/// What the functions of this target ask of their input.
enum Requirement {
  static func level(_ level: Double) throws(DomainError) {
    guard level > 0, level < 1 else {
      throw DomainError(
        .value, "the level of an interval lies between 0 and 1, got \(NumberText.shortest(level))")
    }
  }

  static func count(_ values: [Double], atLeast least: Int, of what: String) throws(DomainError) {
    guard values.count >= least else {
      throw DomainError(
        .value,
        "\(what) needs at least \(least) \(least == 1 ? "value" : "values"), got \(values.count)"
      )
    }
  }

  static func pairs(_ first: Int, _ second: Int) throws(DomainError) {
    guard first == second else {
      throw DomainError(
        .value,
        "values that belong together come in lists of one length, got \(first) and \(second)")
    }
  }
}

extension Double {
  /// At most 1 and at least 0, where rounding went beyond; nan stays nan.
  var clippedProbability: Double { isNaN ? self : Swift.min(1, Swift.max(0, self)) }
}
