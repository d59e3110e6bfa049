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
  /// Places of devices that are gone. Others keep theirs, by which a simulation knows them.
  public private(set) var forgotten: Set<Int> = []
  /// The places of the devices that are left, where some are gone.
  private var left: [Int]?

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

  /// The same devices, which another trial may change.
  public init(copying other: DeviceSet) {
    source = other.source
    classes = other.classes
    keys = other.keys
    offsets = other.offsets
    members = other.members
    forgotten = other.forgotten
    left = other.left
  }

  /// Devices as they were stored.
  /// - Throws: `data` where the parts do not fit each other.
  init(
    source: any BatchSource, classes: [Int32]?, keys: [DeviceKey]?, offsets: [Int],
    members: [Int32], forgotten: [Int]
  ) throws {
    guard offsets.count > 1, offsets.first == 0, offsets.last == members.count,
      zip(offsets, offsets.dropFirst()).allSatisfy({ $0 <= $1 }),
      members.allSatisfy({ $0 >= 0 && Int($0) < source.count }),
      classes.map({ $0.count == source.count && $0.allSatisfy { $0 >= 0 } }) ?? true,
      keys.map({ $0.count == offsets.count - 1 && zip($0, $0.dropFirst()).allSatisfy { $0 < $1 } })
        ?? true, forgotten.allSatisfy({ $0 >= 0 && $0 < offsets.count - 1 })
    else { throw DomainError(.data, "the devices do not fit their examples") }
    self.source = source
    self.classes = classes
    self.keys = keys
    self.offsets = offsets
    self.members = members
    self.forgotten = Set(forgotten)
    left = forgotten.isEmpty ? nil : (0..<count).filter { !self.forgotten.contains($0) }
  }

  /// How many devices were registered, those that are gone included.
  public var count: Int { offsets.count - 1 }

  /// How many devices are left.
  public var leftCount: Int { left?.count ?? count }

  /// The place of the device that is `index`th among those that are left.
  public func place(ofLeft index: Int) -> Int { left?[index] ?? index }

  /// The places of all that are left, in the order of their keys.
  public var places: [Int] { left ?? Array(0..<count) }

  public func key(_ device: Int) -> DeviceKey { keys?[device] ?? .number(device) }

  /// The place of the device with a key; nil where there is none, or it is gone.
  public func place(of key: DeviceKey) -> Int? {
    let found: Int?
    if let keys {
      var (low, high) = (0, keys.count)
      while low < high {
        let middle = (low + high) / 2
        if keys[middle] < key { low = middle + 1 } else { high = middle }
      }
      found = low < keys.count && keys[low] == key ? low : nil
    } else if case .number(let number) = key {
      found = number >= 0 && number < count ? number : nil
    } else {
      found = nil
    }
    return found.flatMap { forgotten.contains($0) ? nil : $0 }
  }

  /// Takes a device away: it has no examples from now on, and is in no round that begins later.
  /// - Throws: `key` where there is no such device.
  public func forget(_ key: DeviceKey) throws {
    guard let place = place(of: key) else {
      throw DomainError(.key, "there is no device with the key \(key.quoted)")
    }
    let range = offsets[place]..<offsets[place + 1]
    members.removeSubrange(range)
    for index in (place + 1)..<offsets.count { offsets[index] -= range.count }
    forgotten.insert(place)
    left = (0..<count).filter { !forgotten.contains($0) }
  }

  /// How many examples the device holds; 0 for one that is gone.
  public func size(_ device: Int) -> Int { offsets[device + 1] - offsets[device] }

  /// Of all registered devices.
  public var sizes: [Int] { (0..<count).map(size) }

  /// The numbers of the device's examples in `source`.
  public func examples(_ device: Int) -> ArraySlice<Int32> {
    members[offsets[device]..<offsets[device + 1]]
  }
}
