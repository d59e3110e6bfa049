// Label and feature shift as FedNLP makes it: `label_skew_process` and `dynamic_batch_fill` of
// data/advanced_partition/niid_label.py (Lin et al., "FedNLP: Benchmarking Federated Learning Methods for Natural
// Language Processing Tasks", Findings of NAACL 2022, arXiv 2104.08815).

import Foundation
import Foundations

/// Devices whose classes differ: each draws the shares of its classes from a Dirichlet distribution with the parameter
/// alpha times the classes' shares of all examples. All devices have ⌊examples / devices⌋ examples, the last one
/// what is left.
public struct DirichletPartition: Partitioner {
  /// The smaller, the fewer classes a device has.
  public let alpha: Double
  public let grouping: ExampleGrouping

  public init(alpha: Double, by grouping: ExampleGrouping = .labels) throws {
    guard alpha > 0, alpha.isFinite else {
      throw DomainError(.value, "`alpha` must be > 0 and finite, got \(alpha)")
    }
    if case .clusters(let count) = grouping, count < 1 {
      throw DomainError(.value, "there must be at least 1 cluster, got \(count)")
    }
    self.alpha = alpha
    self.grouping = grouping
  }

  public var fingerprint: String {
    switch grouping {
    case .clusters(let count): "clusters(k: \(count), alpha: \(alpha))"
    case .column(let name): "dirichlet(alpha: \(alpha), label: \(Quoting.literal(name)))"
    default: "dirichlet(alpha: \(alpha))"
    }
  }

  public func assign(
    _ examples: Int, clients: Int, classes: [Int32]?, random: RandomKey
  ) throws -> [Int32] {
    try PartitionSizes.requireEnough(examples, clients)
    guard let classes, classes.count == examples, classes.allSatisfy({ $0 >= 0 }) else {
      throw DomainError(
        .value, "these examples have no classes to be spread by",
        hint: "`label:` names a column or a further entry that holds one for each example")
    }
    var pools = LabelPools(classes, random.derived("order"))
    var draws = DirichletDraws(random.derived("shares"))
    let parameters = pools.sizes.map { alpha * Double($0) / Double(examples) }
    var result = [Int32](repeating: 0, count: examples)
    var left = examples
    for device in 0..<clients {
      try Cancellation.check()
      var size = min(examples / clients, left)
      if left < 2 * size { size = left }
      left -= size
      let shares = draws.next(parameters)
      pools.fill(size, shares) { result[$0] = Int32(truncatingIfNeeded: device) }
    }
    // The last device takes the rest.
    pools.takeRest { result[$0] = Int32(truncatingIfNeeded: clients - 1) }
    return result
  }
}

/// The examples of each class in random order, and how many of them were given away.
struct LabelPools {
  private let members: [[Int32]]
  private(set) var taken: [Int]

  init(_ classes: [Int32], _ random: RandomKey) {
    var members = [[Int32]](repeating: [], count: Int(classes.max() ?? -1) + 1)
    for (example, label) in classes.enumerated() { members[Int(label)].append(Int32(example)) }
    for label in members.indices {
      var stream = random.derived(label).stream
      stream.shuffle(&members[label])
    }
    self.members = members
    taken = [Int](repeating: 0, count: members.count)
  }

  /// For sizes alone.
  init(sizes: [Int]) {
    members = sizes.map { [Int32](repeating: 0, count: $0) }
    taken = [Int](repeating: 0, count: sizes.count)
  }

  var sizes: [Int] { members.map(\.count) }

  /// Gives one device `size` examples, of each class in proportion to `shares`; where a class runs out, others fill in.
  mutating func fill(_ size: Int, _ shares: [Double], _ give: (Int) -> Void) {
    var room = size
    for label in members.indices {
      var wanted = Int((shares[label] * Double(size)).rounded(.toNearestOrEven))
      if wanted >= room || label == members.count - 1 { wanted = room }
      room -= wanted
      let missing = wanted - (members[label].count - taken[label])
      take(label, min(wanted, members[label].count - taken[label]), give)
      guard missing > 0 else { continue }
      for (other, count) in substitutes(for: label, missing) { take(other, count, give) }
    }
  }

  mutating func takeRest(_ give: (Int) -> Void) {
    for label in members.indices { take(label, members[label].count - taken[label], give) }
  }

  private mutating func take(_ label: Int, _ count: Int, _ give: (Int) -> Void) {
    for place in taken[label]..<(taken[label] + count) { give(Int(members[label][place])) }
    taken[label] += count
  }

  /// How many examples of other classes take the place of `missing` ones of a class that has run out: in proportion to
  /// what is left of each, rounded up, the class with the fewest first, until there are enough.
  func substitutes(for label: Int, _ missing: Int) -> [(label: Int, count: Int)] {
    let left = members.indices.map { $0 == label ? 0 : members[$0].count - taken[$0] }
    let total = left.reduce(0, +)
    guard total > 0 else { return [] }
    let order = left.indices.sorted { (left[$0], $0) < (left[$1], $1) }
    var room = missing
    var result: [(label: Int, count: Int)] = []
    for other in order {
      let share = (Double(left[other]) / Double(total) * Double(missing)).rounded(.up)
      let count = min(Int(share), left[other], room)
      if count > 0 { result.append((other, count)) }
      room -= count
      if room == 0 { break }
    }
    return result
  }
}
