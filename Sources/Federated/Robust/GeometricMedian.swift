// Pillutla, Kakade, Harchaoui, "Robust Aggregation for Federated Learning", IEEE TSP 2022 (arXiv 1912.13445), algorithm
// 2: the smoothed Weiszfeld algorithm.

import Foundations
import Learning

/// The point whose weighted sum of distances to the updates is least (RFA). It stands against clients that have less
/// than half of all weight. An update that is not finite is left out.
public struct GeometricMedian: Combiner {
  /// Distances below this count as this (ν of the paper).
  private static let smoothing = 1e-6
  /// It ends where a turn moves the point by less, relative to its distance from the updates.
  private static let tolerance = 1e-9
  private static let mostTurns = 1000

  public init() {}
  public var fingerprint: String { "geometric_median" }

  public func combine(
    _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
    random: RandomKey
  ) throws -> RoundSum {
    try RobustInput.check(updates, least: 1)
    let used = updates.indices.filter { updates[$0].isFinite && weights[$0] > 0 }
    guard 2 * used.count > updates.count else {
      throw DomainError(
        .value, "only \(used.count) of \(updates.count) updates are finite numbers with a weight",
        hint: "lower the learning rate of clients")
    }
    let points = used.map { updates[$0] }
    let lengths = points[0].vectors.map(\.count)
    // From the median of each number, which lies among the honest updates.
    let start = try CoordinateMedian().combine(
      points, weights: [], devices: [], server: &server, random: random)
    var median = start.vectors.map { vector in
      ParameterVector.sum(of: [vector], [1], length: vector.count)
    }
    var shares: [Double] = []
    for _ in 0..<Self.mostTurns {
      try Cancellation.check()
      let distances = points.map { Self.distance(median, $0) }
      let pulls = zip(distances, used).map { weights[$1] / max(Self.smoothing, $0) }
      let total = pulls.reduce(0, +)
      shares = pulls.map { $0 / total }
      let next = lengths.indices.map { index in
        ParameterVector.sum(
          of: points.map { $0.vectors[index] }, shares, length: lengths[index])
      }
      let moved = Self.distance(next, median)
      median = next
      if moved <= Self.tolerance * (distances.max() ?? 0) { break }
    }
    return try RobustInput.mean(points, shares, of: updates)
  }

  /// The distance of a point of 64 bits from an update.
  private static func distance(_ point: [[Double]], _ update: ClientUpdate) -> Double {
    var sum = 0.0
    for (values, vector) in zip(point, update.vectors) {
      let tensor = vector.tensor
      let from = tensor.floats
      sum += blockSum(values.count) { index in values[index] - Double(from[index]) }
      withExtendedLifetime(tensor) {}
    }
    return sum.squareRoot()
  }

  private static func distance(_ a: [[Double]], _ b: [[Double]]) -> Double {
    zip(a, b).reduce(0) { sum, pair in
      sum + blockSum(pair.0.count) { index in pair.0[index] - pair.1[index] }
    }.squareRoot()
  }

  /// Σ difference², in blocks that are added in their order.
  private static func blockSum(_ count: Int, _ difference: (Int) -> Double) -> Double {
    let size = ParameterVector.block
    let blocks = (count + size - 1) / size
    return withUnsafeTemporaryAllocation(of: Double.self, capacity: max(1, blocks)) { parts in
      Parallel.blocks(count, size: size) { block in
        var sum = 0.0
        for index in block { sum += difference(index) * difference(index) }
        parts[block.lowerBound / size] = sum
      }
      return parts.prefix(blocks).reduce(0, +)
    }
  }
}
