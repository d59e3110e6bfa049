import Foundations
import Learning

/// Devices with their examples: views on one store, so that a device costs the numbers of its examples and no copy.
///
/// Devices lie in the order of their keys. `members[offsets[i]..<offsets[i + 1]]` are the numbers of device i's
/// examples in `source`, in the order in which they arrived.
public final class DeviceSet {
  /// The store of all examples.
  public let source: any BatchSource
  /// The class of each example of `source`, where examples have one: what divergence and label skew are measured by.
  public let classes: [Int32]?
  /// The keys in order; nil where devices are called 0, 1, …
  public private(set) var keys: [DeviceKey]?
  public private(set) var offsets: [Int]
  public private(set) var members: [Int32]

  /// - Parameters:
  ///   - assignments: for each example of `source` the number of its device, from 0; below 0: it is on none.
  ///   - keys: what the devices are called; nil: by their numbers.
  /// - Throws: `value` where an assignment is out of range, keys are fewer than devices or repeat.
  public init(
    source: any BatchSource, assignments: [Int32], count: Int, keys: [DeviceKey]? = nil,
    classes: [Int32]? = nil
  ) throws {
    guard assignments.count == source.count else {
      throw DomainError(
        .value, "there are \(source.count) examples and \(assignments.count) devices for them")
    }
    guard source.count <= Int(Int32.max) else {
      throw DomainError(.limit, "devices hold at most \(Int32.max) examples together")
    }
    guard count >= 1, assignments.allSatisfy({ $0 < count }) else {
      throw DomainError(.value, "examples are on devices from 0 to \(count - 1)")
    }
    if let keys {
      guard keys.count == count, Set(keys).count == count else {
        throw DomainError(.value, "each of \(count) devices needs a key of its own")
      }
    }
    self.source = source
    self.classes = classes
    // Where in the order of keys each device comes.
    let order = keys.map { keys in keys.indices.sorted { keys[$0] < keys[$1] } }
    var place = Array(0..<count)
    if let order { for (index, device) in order.enumerated() { place[device] = index } }
    self.keys = order.flatMap { order in keys.map { keys in order.map { keys[$0] } } }
    offsets = [Int](repeating: 0, count: count + 1)
    for device in assignments where device >= 0 { offsets[place[Int(device)] + 1] += 1 }
    for index in 0..<count { offsets[index + 1] += offsets[index] }
    members = [Int32](repeating: 0, count: offsets[count])
    var next = offsets
    for (example, device) in assignments.enumerated() where device >= 0 {
      let index = place[Int(device)]
      members[next[index]] = Int32(example)
      next[index] += 1
    }
  }

  public var count: Int { offsets.count - 1 }

  public func key(_ device: Int) -> DeviceKey { keys?[device] ?? .number(device) }

  /// How many examples the device holds.
  public func size(_ device: Int) -> Int { offsets[device + 1] - offsets[device] }

  public var sizes: [Int] { (0..<count).map(size) }

  /// The numbers of the device's examples in `source`.
  public func examples(_ device: Int) -> ArraySlice<Int32> {
    members[offsets[device]..<offsets[device + 1]]
  }
}
