import Foundations
import Learning

/// How examples come onto devices.
public protocol Partitioner: Sendable {
  /// The rule with its numbers, in words.
  var fingerprint: String { get }
  /// - Parameters:
  ///   - examples: how many there are.
  ///   - clients: how many devices to fill.
  ///   - classes: the class of each example, where they have one.
  /// - Returns: for each example the number of its device.
  func assign(
    _ examples: Int, clients: Int, classes: [Int32]?, random: RandomKey
  ) throws -> [Int32]
}

/// Examples in random order, cut into parts whose sizes differ by one at most.
public struct UniformPartition: Partitioner {
  public init() {}
  public var fingerprint: String { "uniform" }

  public func assign(
    _ examples: Int, clients: Int, classes: [Int32]?, random: RandomKey
  ) throws -> [Int32] {
    var stream = random.stream
    var result = [Int32](repeating: 0, count: examples)
    for (place, example) in stream.permutation(examples).enumerated() {
      result[example] = Int32(place % clients)
    }
    return result
  }
}
