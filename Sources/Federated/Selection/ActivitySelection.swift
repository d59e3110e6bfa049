// Selection by activity: Dupuy et al., "Learnings from Federated Learning in the Real World", ICASSP 2022, arXiv
// 2202.03925. Draws one after the other without replacement, in proportion to weights, are the largest of the weights'
// logarithms with Gumbel noise (Yellott 1977; Kool, van Hoof, Welling 2019, "Stochastic beams and where to find them").

import Foundation
import Foundations

/// Devices in proportion to a function of how many examples they hold, without replacement.
public struct ActivitySelection: Selection {
  public enum Weight: Sendable, Equatable {
    /// n^a.
    case power(Double)
    /// log(1 + n).
    case log
  }
  public let weight: Weight

  public init(_ weight: Weight) throws {
    if case .power(let exponent) = weight, !(exponent.magnitude <= 100) {
      throw DomainError(
        .value, "the power of a device's size must be from -100 to 100, got \(exponent)")
    }
    self.weight = weight
  }

  /// In proportion to the examples.
  public static let samples = ActivitySelection(unchecked: .power(1))

  private init(unchecked weight: Weight) { self.weight = weight }

  public var fingerprint: String {
    switch weight {
    case .power(1): "samples"
    case .power(let exponent): "power(\(exponent))"
    case .log: "log()"
    }
  }

  /// The logarithm of a device's weight.
  func logWeight(_ size: Int) -> Double {
    switch weight {
    case .power(let exponent): exponent * Foundation.log(Double(size))
    case .log: Foundation.log(log1p(Double(size)))
    }
  }

  public func cohort(
    _ wanted: Int, of eligible: [Int], size: (Int) -> Int, stream: inout RandomStream
  ) throws -> [Int] {
    try drawn(wanted, of: eligible, size: size, stream: &stream).sorted()
  }

  /// In the order in which they are drawn.
  func drawn(
    _ wanted: Int, of eligible: [Int], size: (Int) -> Int, stream: inout RandomStream
  ) throws -> [Int] {
    var best = LargestKeys(wanted)
    for (turn, device) in eligible.enumerated() {
      try Cancellation.check(turn: turn)
      let count = size(device)
      guard count > 0 else { continue }
      // 1 - u lies in (0, 1].
      let gumbel = -Foundation.log(-Foundation.log(1 - stream.uniform()))
      best.add(device, logWeight(count) + gumbel)
    }
    return best.inOrder
  }
}

/// Devices at or above a quantile of the sizes, each with the same chance.
public struct ThresholdSelection: Selection {
  public let quantile: Double

  public init(quantile: Double) throws {
    guard quantile >= 0, quantile <= 1 else {
      throw DomainError(.value, "`quantile` must be from 0 to 1, got \(quantile)")
    }
    self.quantile = quantile
  }

  public var fingerprint: String { "threshold(\(quantile))" }

  public func cohort(
    _ wanted: Int, of eligible: [Int], size: (Int) -> Int, stream: inout RandomStream
  ) throws -> [Int] {
    guard !eligible.isEmpty else { return [] }
    let sizes = eligible.map(size)
    let sorted = sizes.sorted()
    // Linear between two sizes, as `stats.quantile` has it.
    let place = quantile * Double(sorted.count - 1)
    let low = min(Int(place), sorted.count - 1)
    let high = min(low + 1, sorted.count - 1)
    let least =
      Double(sorted[low]) + (place - Double(low)) * Double(sorted[high] - sorted[low])
    let active = eligible.indices.filter { Double(sizes[$0]) >= least }.map { eligible[$0] }
    return UniformSelection().cohort(wanted, of: active, size: size, stream: &stream)
  }
}

/// A share of the cohort in proportion to the examples, the rest uniformly from the others.
public struct MixtureSelection: Selection {
  /// The share that is drawn by activity.
  public let rho: Double

  public init(rho: Double) throws {
    guard rho >= 0, rho <= 1 else {
      throw DomainError(.value, "`rho` must be from 0 to 1, got \(rho)")
    }
    self.rho = rho
  }

  public var fingerprint: String { "mixture(\(rho))" }

  public func cohort(
    _ wanted: Int, of eligible: [Int], size: (Int) -> Int, stream: inout RandomStream
  ) throws -> [Int] {
    guard eligible.count > wanted else { return eligible }
    let heavy = Int((rho * Double(wanted)).rounded())
    let first = Set(
      try ActivitySelection.samples.drawn(heavy, of: eligible, size: size, stream: &stream))
    let others = first.isEmpty ? eligible : eligible.filter { !first.contains($0) }
    let second = UniformSelection().cohort(
      wanted - first.count, of: others, size: size, stream: &stream)
    return (first + second).sorted()
  }
}

/// The devices with the largest keys of all that are added, in a heap whose root is the smallest of them.
struct LargestKeys {
  private let limit: Int
  private var heap: [(key: Double, device: Int)] = []

  init(_ limit: Int) { self.limit = limit }

  private static func isLess(_ a: (key: Double, device: Int), _ b: (key: Double, device: Int))
    -> Bool
  {
    a.key != b.key ? a.key < b.key : a.device > b.device
  }

  mutating func add(_ device: Int, _ key: Double) {
    guard limit > 0 else { return }
    if heap.count < limit {
      heap.append((key, device))
      var place = heap.count - 1
      while place > 0, Self.isLess(heap[place], heap[(place - 1) / 2]) {
        heap.swapAt(place, (place - 1) / 2)
        place = (place - 1) / 2
      }
    } else if Self.isLess(heap[0], (key, device)) {
      heap[0] = (key, device)
      sink()
    }
  }

  private mutating func sink() {
    var place = 0
    while true {
      var least = place
      for child in [2 * place + 1, 2 * place + 2]
      where child < heap.count && Self.isLess(heap[child], heap[least]) {
        least = child
      }
      if least == place { return }
      heap.swapAt(place, least)
      place = least
    }
  }

  /// The largest key first.
  var inOrder: [Int] { heap.sorted { Self.isLess($1, $0) }.map(\.device) }
}
