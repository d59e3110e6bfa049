// Statistics over devices that nobody's values leave: counts, histograms and quantiles from private counters.

import Foundation
import Foundations
import Privacy

/// A private statistic over devices, known before their values are looked at.
public struct FederatedStatistic: Sendable {
  let counters: PrivateCounters
  let devices: Int
  /// All that it spends.
  public let epsilon: Double
  let level: Double

  /// - Throws: `value` where the level is not between 0 and 1 or the epsilon is none.
  public init(_ counters: PrivateCounters, devices: Int, epsilon: Double, level: Double = 0.95)
    throws
  {
    guard level > 0, level < 1, epsilon > 0, epsilon.isFinite, devices >= 1 else {
      throw DomainError(
        .value,
        "a level must be between 0 and 1, epsilon above 0 and finite, and there must be devices, got \(level), \(epsilon) and \(devices)"
      )
    }
    self.counters = counters
    self.devices = devices
    self.epsilon = epsilon
    self.level = level
  }

  /// What it spends.
  public var event: Event {
    Event(.pure(epsilon: epsilon), neighbours: counters.neighbours, unit: .client)
  }

  /// Refuses noise that cannot be made, before anything is charged.
  /// - Parameters:
  ///   - places: how many counters one value raises.
  ///   - parts: how many sums share epsilon.
  /// - Throws: `value` for a threshold beyond the devices, `limit` where epsilon is too small.
  public func checkNoise(places: Int, parts: Int = 1) throws {
    _ = try counters.shares(devices, epsilon: epsilon / Double(parts), places: places)
  }

  public struct Counts: Sendable {
    public var values: [PrivateValue]
    /// Devices in the sum.
    public var devices: Int
  }

  /// How many values there are in each of `bins`, at most `contributions` of a device in all. Adding up, all bins
  /// together move by no more than that, so that they spend what one does.
  /// - Parameter values: of a device the bins of its values.
  /// - Throws: `value` where too few devices answer, `limit` where noise has no room, `interrupt`.
  public func counts(_ bins: Int, _ values: @Sendable (Int) throws -> [Int]) throws -> Counts {
    let counters = counters
    let totals = try counters.totals(
      devices, counters: bins,
      shares: try counters.shares(devices, epsilon: epsilon, places: 1)
    ) { device in counters.bounded(try values(device), device: device) }
    let half = totals.halfWidth(chance: 1 - level)
    return Counts(
      values: totals.counts.map {
        PrivateValue(value: Double($0), low: Double($0) - half, high: Double($0) + half)
      }, devices: totals.devices)
  }

  /// The value that a share `q` of all values is at most, from noisy counts of a binary tree over the bounds (Hay et
  /// al. 2010, arXiv 0904.0942, without their smoothing): each value raises one counter on each level, so that one sum
  /// tells all. A value beyond a bound counts as the bound; the result is the middle of a leaf.
  /// - Parameter levels: of the tree, from 2 to 16; it has 2^levels leaves.
  /// - Throws: `value` for a bad share or nan, and where too few devices answer; `limit`, `interrupt`.
  public func quantile(
    _ q: Double, _ bounds: ValueBounds, levels: Int, _ values: @Sendable (Int) throws -> [Double]
  ) throws -> Counts {
    guard q >= 0, q <= 1, levels >= 2, levels <= 16 else {
      throw DomainError(
        .value, "a share is from 0 to 1 and a tree has from 2 to 16 levels, got \(q) and \(levels)")
    }
    let counters = counters
    let leaves = 1 << levels
    let totals = try counters.totals(
      devices, counters: 2 * leaves - 2,
      shares: try counters.shares(devices, epsilon: epsilon, places: levels)
    ) { device in
      try counters.bounded(try values(device), device: device).flatMap { value in
        guard !value.isNaN else {
          throw DomainError(.value, "a value is not a number, so no bounds hold it")
        }
        let part =
          (min(max(value, bounds.low), bounds.high) - bounds.low) / (bounds.high - bounds.low)
        let leaf = min(leaves - 1, Int(part * Double(leaves)))
        return (1...levels).map { (1 << $0) - 2 + leaf >> (levels - $0) }
      }
    }
    let tree = CountTree(counts: totals.counts, levels: levels)
    let chance = (1 - level) / Double(leaves + 1)
    let half = totals.boundOfSum(levels, chance: chance)
    let (low, high) = tree.boundaries(q, within: half)
    func value(_ place: Double) -> Double {
      bounds.low + (bounds.high - bounds.low) * (place / Double(leaves))
    }
    return Counts(
      values: [
        PrivateValue(
          value: value(Double(tree.leaf(q)) + 0.5), low: value(Double(low)),
          high: value(Double(high)))
      ], devices: totals.devices)
  }
}

/// Noisy counts of the nodes of a binary tree below its root, level by level.
struct CountTree {
  let counts: [Int]
  let levels: Int

  private func node(_ level: Int, _ place: Int) -> Double {
    Double(counts[(1 << level) - 2 + place])
  }

  private var total: Double { node(1, 0) + node(1, 1) }

  /// The leaf in which the share `q` of the total is reached, found from the root downwards.
  func leaf(_ q: Double) -> Int {
    var rank = q * total
    var place = 0
    for level in 1...levels {
      place *= 2
      let left = node(level, place)
      if rank > left {
        rank -= left
        place += 1
      }
    }
    return place
  }

  /// How many values are below a leaf: a sum of one node a level at most.
  func below(_ leaf: Int) -> Double {
    guard leaf < 1 << levels else { return total }
    return (1...levels).reduce(0) { sum, level in
      let place = leaf >> (levels - level)
      return place & 1 == 1 ? sum + node(level, place - 1) : sum
    }
  }

  /// The boundaries of leaves between which the quantile lies where all sums are right up to `half`.
  func boundaries(_ q: Double, within half: Double) -> (low: Int, high: Int) {
    let leaves = 1 << levels
    let (least, most) = (q * max(0, total - half), q * (total + half))
    var (low, high) = (0, leaves)
    for boundary in 0...leaves where below(boundary) + half < least { low = boundary }
    for boundary in stride(from: leaves, through: 0, by: -1)
    where below(boundary) - half >= most { high = boundary }
    return (low, max(low, high))
  }
}
