import Foundations

extension Bootstrap {
  /// The interval of a statistic of numbers (Efron 1979), drawn one by one, or by whole groups that belong together
  /// (Davison and Hinkley 1997, section 3.8): a user's answers, a school's pupils. Resamples are drawn in blocks with
  /// random numbers of their own, so that they are the same for any number of threads.
  /// - Parameter units: the places of the values of each group, as `groups(of:)` gives them; nil draws single values.
  /// - Throws: `value` where there are fewer than two things to draw from.
  public func estimate(
    _ values: [Double], _ statistic: SampleStatistic, units: [[Int]]? = nil
  ) throws(DomainError) -> Estimate {
    let units = units ?? values.indices.map { [$0] }
    guard units.count > 1 else {
      throw DomainError(
        .value, "a bootstrap draws from at least 2 values or clusters, got \(units.count)")
    }
    let value = statistic(values)
    var replicates = [Double](repeating: .nan, count: resamples)
    replicates.withUnsafeMutableBufferPointer { replicates in
      nonisolated(unsafe) let replicates = replicates
      Parallel.blocks(resamples, size: Self.block) { block in
        var random = key.derived(block.lowerBound / Self.block).stream
        var drawn: [Double] = []
        drawn.reserveCapacity(values.count)
        for place in block where !Parallel.isAbandoned {
          drawn.removeAll(keepingCapacity: true)
          for _ in units.indices {
            for index in units[random.integer(below: units.count)] { drawn.append(values[index]) }
          }
          replicates[place] = statistic(drawn)
        }
      }
    }
    let jackknife = method == .bca ? statistic.withoutEach(units, of: values) : []
    return interval(value, replicates, jackknife: jackknife)
  }

  private static let block = 16

  /// The places of equal keys, in the order of their first appearance.
  public static func groups<Key: Hashable>(of keys: [Key]) -> [[Int]] {
    var places: [Key: Int] = [:]
    var groups: [[Int]] = []
    for (index, key) in keys.enumerated() {
      if let place = places[key] {
        groups[place].append(index)
      } else {
        places[key] = groups.count
        groups.append([index])
      }
    }
    return groups
  }
}
