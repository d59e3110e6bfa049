// Robust means number by number (Yin, Chen, Kannan, Bartlett 2018, "Byzantine-Robust Distributed Learning: Towards
// Optimal Statistical Rates", arXiv 1803.01498).

import Foundations
import Learning
import Tensors

/// For each number of the model the median of what the clients say; of an even number of clients the mean of the middle
/// two. All clients count alike.
public struct CoordinateMedian: Combiner {
  public init() {}
  public var fingerprint: String { "median" }

  public func combine(
    _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
    random: RandomKey
  ) throws -> RoundSum {
    try CoordinateRule(rows: (updates.count - 1) / 2...updates.count / 2).combine(updates)
  }
}

/// For each number of the model the mean of what the clients say without the largest and the smallest ⌊share·n⌋ of n,
/// of each at least one. All clients count alike.
public struct TrimmedMean: Combiner {
  /// Of clients, cut off at each side.
  public let share: Double

  /// - Throws: `value` where the share is not above 0 and below 1/2.
  public init(share: Double) throws {
    guard share > 0, share < 0.5 else {
      throw DomainError(
        .value, "a share above 0 and below 0.5 is cut off at each side, got \(share)",
        hint: "`aggregate: \"mean\"` cuts off nothing, `\"median\"` all but the middle")
    }
    self.share = share
  }

  public var fingerprint: String { "trimmed(\(share))" }

  /// How many of `count` are cut off at each side.
  public func cut(of count: Int) -> Int {
    // 0.29 · 100 is 28.999… in floats.
    max(1, Int((share * Double(count) + 1e-9).rounded(.down)))
  }

  public func combine(
    _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
    random: RandomKey
  ) throws -> RoundSum {
    let cut = cut(of: updates.count)
    guard updates.count > 2 * cut else {
      throw DomainError(
        .value, "nothing is left of \(updates.count) updates where \(cut) are cut off at each side",
        hint: "ask for more clients a round")
    }
    return try CoordinateRule(rows: cut...updates.count - cut - 1).combine(updates)
  }
}

/// The mean of some places in the order of what clients say, number by number.
struct CoordinateRule {
  /// Places in ascending order.
  let rows: ClosedRange<Int>

  /// Columns that are sorted together.
  private static let width = 512

  func combine(_ updates: [ClientUpdate]) throws -> RoundSum {
    try RobustInput.check(updates, least: 1)
    let network = SortingNetwork(rows: updates.count)
    let first = updates[0]
    let vectors = try first.vectors.indices.map { index in
      try combine(updates.map { $0.vectors[index] }, network)
    }
    let numbers = first.numbers.indices.map { index in
      let sorted = updates.map { $0.numbers[index].isNaN ? .infinity : $0.numbers[index] }.sorted()
      return sorted[rows].reduce(0, +) / Double(rows.count)
    }
    return try RobustInput.sum(vectors, numbers, of: updates)
  }

  private func combine(_ vectors: [ParameterVector], _ network: SortingNetwork) throws
    -> ParameterVector
  {
    let tensors = vectors.map(\.tensor)
    let pointers = tensors.map { UnsafePointer($0.floats) }
    let count = vectors[0].count
    let result = try Tensor.uninitialized([count])
    let to = result.floats
    try Cancellation.abandonable {
      Parallel.blocks(count, size: Self.width) { block in
        let width = block.count
        withUnsafeTemporaryAllocation(of: Float.self, capacity: width * vectors.count) { columns in
          guard let values = columns.baseAddress else { return }
          for (row, pointer) in pointers.enumerated() {
            let (from, target) = (pointer + block.lowerBound, values + row * width)
            // An update that is not a number is as bad as one too large.
            for column in 0..<width {
              target[column] = from[column].isNaN ? .infinity : from[column]
            }
          }
          network.sort(values, width: width)
          for column in 0..<width {
            var sum = 0.0
            for row in rows { sum += Double(values[row * width + column]) }
            to[block.lowerBound + column] = Float(sum / Double(rows.count))
          }
        }
      }
    }
    withExtendedLifetime(tensors) {}
    return try ParameterVector(result, shapes: vectors[0].shapes)
  }
}
