/// A number that is known up to chance, with its interval.
public struct Estimate: Sendable, Equatable {
  public var value: Double
  /// The ends of the interval; nan where there is none.
  public var low: Double
  public var high: Double
  /// The interval's level, such as 0.95.
  public var level: Double

  public init(value: Double, low: Double, high: Double, level: Double) {
    self.value = value
    self.low = low
    self.high = high
    self.level = level
  }
}
