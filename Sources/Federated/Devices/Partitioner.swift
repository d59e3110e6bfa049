import Foundations
import Learning

/// How examples come onto devices.
public protocol Partitioner: Sendable {
  /// The rule with its numbers, in words.
  var fingerprint: String { get }
  /// What the rule has to know of the examples.
  var grouping: ExampleGrouping { get }
  /// - Parameters:
  ///   - examples: how many there are.
  ///   - clients: how many devices to fill.
  ///   - classes: the class of each example from 0, as `grouping` asks for; nil where they have none.
  /// - Returns: for each example the number of its device.
  func assign(
    _ examples: Int, clients: Int, classes: [Int32]?, random: RandomKey
  ) throws -> [Int32]
}

extension Partitioner {
  public var grouping: ExampleGrouping { .none }
}

/// What the classes are that a partitioner works by.
public enum ExampleGrouping: Sendable, Equatable {
  case none
  /// Their labels, where each has one.
  case labels
  /// The values of a column, or of any further entry of theirs.
  case column(String)
  /// So many clusters of examples that are alike.
  case clusters(Int)
}

/// Examples in random order, cut into parts whose sizes differ by one at most.
public struct UniformPartition: Partitioner {
  public init() {}
  public var fingerprint: String { "uniform()" }

  public func assign(
    _ examples: Int, clients: Int, classes: [Int32]?, random: RandomKey
  ) throws -> [Int32] {
    try PartitionSizes.requireEnough(examples, clients)
    var stream = random.stream
    var result = [Int32](repeating: 0, count: examples)
    for (place, example) in stream.permutation(examples).enumerated() {
      result[example] = Int32(truncatingIfNeeded: place % clients)
    }
    return result
  }
}

/// A device for each value of a column, as data of people, documents or sources come.
public struct NaturalPartition: Partitioner {
  public let column: String

  public init(_ column: String) { self.column = column }

  public var fingerprint: String { "natural(\(Quoting.literal(column)))" }
  public var grouping: ExampleGrouping { .column(column) }

  public func assign(
    _ examples: Int, clients: Int, classes: [Int32]?, random: RandomKey
  ) throws -> [Int32] {
    guard let classes, classes.count == examples else {
      throw DomainError(.value, "examples have no values of `\(column)` to be put together by")
    }
    return classes
  }
}
