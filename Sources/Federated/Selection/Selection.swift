import Foundations

/// Who takes part in a round.
public protocol Selection: Sendable {
  /// The rule with its numbers, in words.
  var fingerprint: String { get }
  /// - Parameters:
  ///   - wanted: how many devices the round asks for.
  ///   - eligible: devices that hold examples and are there, in ascending order.
  ///   - size: how many examples a device holds now.
  ///   - stream: of this round.
  /// - Returns: different devices in ascending order; all eligible ones where there are not more than wanted.
  func cohort(
    _ wanted: Int, of eligible: [Int], size: (Int) -> Int, stream: inout RandomStream
  ) throws -> [Int]
}

/// Every device with the same chance, without replacement.
public struct UniformSelection: Selection {
  public init() {}
  public var fingerprint: String { "uniform" }

  public func cohort(
    _ wanted: Int, of eligible: [Int], size: (Int) -> Int, stream: inout RandomStream
  ) -> [Int] {
    guard eligible.count > wanted else { return eligible }
    // Floyd's sampling: as many draws as devices are wanted, whatever the number of devices.
    var chosen: Set<Int> = []
    for last in (eligible.count - wanted)..<eligible.count {
      let draw = Int.random(in: 0...last, using: &stream)
      chosen.insert(chosen.contains(draw) ? last : draw)
    }
    return chosen.map { eligible[$0] }.sorted()
  }
}
