/// What an axis has to show, without its length: how much room there is decides on its ticks (`PlotAxis`).
struct AxisDescription: Sendable {
  enum Scale: Sendable, Equatable {
    case linear, logarithmic
    /// Shares between 0 and 1, at the quantiles of the standard normal distribution (Martin et al. 1997, "The DET
    /// curve").
    case normalDeviate
    /// Seconds since 1970.
    case time
    /// Texts at the places 0, 1, 2…
    case categories([String])
  }

  var name = ""
  var scale = Scale.linear
  var extent = AxisExtent()
  /// Ends that were asked for.
  var limits: (low: Double?, high: Double?) = (nil, nil)
  /// Leave some room between the outermost values and the ends.
  var isPadded = true
  /// Where amounts begin: no room is left before it.
  var base: Double?
  /// Label the values themselves where they are few (the axis of an experiment).
  var labelsValues = false
  /// From the top down, or from the right.
  var isReversed = false

  var categories: [String]? {
    if case .categories(let names) = scale { names } else { nil }
  }

  var isLogarithmic: Bool { scale == .logarithmic }

  /// Whether a value lies within the ends that were asked for.
  func admits(_ value: Double) -> Bool {
    value >= limits.low ?? -.infinity && value <= limits.high ?? .infinity
  }

  /// Whether a value has no place on the scale itself, only one beyond it.
  func isBeyond(_ value: Double) -> Bool {
    switch scale {
    case .logarithmic: value.isInfinite || value <= 0
    case .normalDeviate: value <= 0 || value >= 1
    default: value.isInfinite
    }
  }
}

/// What values an axis has to hold, taken down one by one.
struct AxisExtent: Sendable {
  /// Of the finite values; the first is greater than the second where there are none.
  private(set) var low = Double.infinity
  private(set) var high = -Double.infinity
  private(set) var lowestPositive = Double.infinity
  private(set) var highestBelowOne = -Double.infinity
  private(set) var hasInfinity = false
  private(set) var hasNegativeInfinity = false
  private(set) var hasZero = false
  private(set) var hasOne = false
  /// The different finite values, as long as they are few.
  private(set) var few: Set<Double>? = []

  mutating func include(_ value: Double) {
    if value.isNaN { return }
    guard value.isFinite else {
      if value > 0 { hasInfinity = true } else { hasNegativeInfinity = true }
      return
    }
    low = min(low, value)
    high = max(high, value)
    if value > 0 { lowestPositive = min(lowestPositive, value) }
    if value < 1 { highestBelowOne = max(highestBelowOne, value) }
    if value == 0 { hasZero = true }
    if value == 1 { hasOne = true }
    if few != nil {
      few?.insert(value)
      if let count = few?.count, count > 24 { few = nil }
    }
  }

  mutating func include(_ values: some Sequence<Double>) { for value in values { include(value) } }
}
