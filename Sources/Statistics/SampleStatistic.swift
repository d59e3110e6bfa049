/// A number of a sample that tests and intervals may be about.
public enum SampleStatistic: String, Sendable, CaseIterable {
  case mean
  case median
  /// The sample standard deviation (division by n − 1).
  case standardDeviation = "std"

  public func callAsFunction(_ values: [Double]) -> Double {
    switch self {
    case .mean: Sample.mean(values)
    case .median: Sample.quantile(values, 0.5)
    case .standardDeviation: Sample.standardDeviation(values)
    }
  }

  /// Of the values without each of some groups of them in turn: the jackknife.
  /// - Parameter units: places of values, each in one group.
  func withoutEach(_ units: [[Int]], of values: [Double]) -> [Double] {
    if self == .median { return medians(units, values) }
    // Sums of distances from the mean, which do not cancel.
    let mean = Sample.mean(values)
    let distances = values.map { $0 - mean }
    let sum = distances.reduce(0, +)
    let squares = distances.reduce(0) { $0 + $1 * $1 }
    return units.map { unit in
      let count = Double(values.count - unit.count)
      let rest = unit.reduce(sum) { $0 - distances[$1] }
      if self == .mean { return mean + rest / count }
      let restSquares = unit.reduce(squares) { $0 - distances[$1] * distances[$1] }
      return (max(0, restSquares - rest * rest / count) / (count - 1)).squareRoot()
    }
  }

  private func medians(_ units: [[Int]], _ values: [Double]) -> [Double] {
    guard !values.contains(where: \.isNaN) else { return units.map { _ in .nan } }
    let order = values.indices.sorted { values[$0] < values[$1] }
    var places = [Int](repeating: 0, count: values.count)
    for (place, index) in order.enumerated() { places[index] = place }
    return units.map { unit in
      let gone = unit.map { places[$0] }.sorted()
      let count = values.count - gone.count
      guard count > 0 else { return .nan }
      /// The value of a rank among those that are left.
      func value(_ rank: Int) -> Double {
        let place = gone.reduce(rank) { $0 >= $1 ? $0 + 1 : $0 }
        return values[order[place]]
      }
      let (low, high) = (value((count - 1) / 2), value(count / 2))
      return low == high ? low : low + (high - low) * 0.5
    }
  }
}
