struct MapEntryStorage {
  /// `Value.missing` where the entry was removed.
  var key: Value
  var value: Value
  var hash: UInt32
}

struct MapStorage {
  /// In the order of insertion, removed ones included.
  var entries: UnsafeMutablePointer<MapEntryStorage>?
  var entryCount: Int
  var entryCapacity: Int
  /// Open addressing over `entries`: the entry's index, or -1. Absent while the map is small.
  var slots: UnsafeMutablePointer<Int32>?
  /// One less than the number of slots, which is a power of two.
  var slotMask: Int
  /// Entries that are not removed.
  var count: Int
  /// Counts changes of the set of keys, so that an iteration notices them.
  var version: Int
}

/// A map from keys (nil, bool, int, float, string) to values, in the order of insertion.
public final class MapObject: Object {
  private var stored: MapStorage

  /// Up to this many entries are searched one by one, without slots.
  static let smallCount = 8

  public init(capacity: Int = 0) {
    stored = MapStorage(
      entries: nil, entryCount: 0, entryCapacity: 0, slots: nil, slotMask: 0, count: 0, version: 0)
    super.init(.map)
    if capacity > 0 { MapObject.growEntries(storage, capacity) }
  }

  deinit {
    stored.entries?.deallocate()
    stored.slots?.deallocate()
  }

  @inline(__always)
  var storage: UnsafeMutablePointer<MapStorage> { reference.mapStorage }

  public override var typeName: String { "map" }

  override var byteCount: Int {
    let storage = self.storage.pointee
    return 96 + storage.entryCapacity * MemoryLayout<MapEntryStorage>.stride
      + (storage.slots == nil ? 0 : (storage.slotMask + 1) * 4)
  }

  override func visitChildren(_ visit: (Value) -> Void) {
    for (key, value) in self {
      visit(key)
      visit(value)
    }
  }

  public var count: Int { storage.pointee.count }

  /// Whether a value may be a key.
  public static func isKey(_ value: Value) -> Bool {
    switch value {
    case .nothing, .bool, .int, .float: return true
    case .object(let reference): return reference.kind == .string
    }
  }

  // MARK: Looking up

  @inline(__always)
  static func hash(_ key: Value, _ heap: UInt32) -> UInt32 {
    switch key {
    case .object(let reference):
      let hash = reference.stringStorage.pointee.hash
      return hash != 0 ? hash : reference.string.hash(cachingFor: heap)
    case .int(let int): return Hashing.int(int)
    case .bool(let bool): return bool ? 0x5bd1_e995 : 0x1b87_3593
    case .nothing: return 0x2745_937f
    case .float(let float):
      if let int = Int(exactly: float) { return Hashing.int(int) }
      return Hashing.int(Int(truncatingIfNeeded: float.isNaN ? 0x7ff8 : float.bitPattern))
    }
  }

  @inline(__always)
  private static func same(_ a: Value, _ b: Value) -> Bool {
    switch (a, b) {
    case (.object(let a), .object(let b)):
      if a.toOpaque() == b.toOpaque() { return true }
      guard a.kind == .string, b.kind == .string else { return false }
      return StringObject.equal(a.stringStorage, b.stringStorage)
    case (.int(let a), .int(let b)): return a == b
    case (.bool(let a), .bool(let b)): return a == b
    case (.nothing, .nothing): return true
    // All NaNs are one key, so that one can be found again.
    case (.float(let a), .float(let b)): return a == b || (a.isNaN && b.isNaN)
    case (.int(let a), .float(let b)): return Int(exactly: b) == a
    case (.float(let a), .int(let b)): return Int(exactly: a) == b
    default: return false
    }
  }

  /// The index of a key's entry, or -1.
  @inline(__always)
  static func find(_ storage: UnsafeMutablePointer<MapStorage>, _ key: Value, _ hash: UInt32) -> Int
  {
    guard let entries = storage.pointee.entries else { return -1 }
    guard let slots = storage.pointee.slots else {
      for index in 0..<storage.pointee.entryCount
      where entries[index].hash == hash && same(entries[index].key, key) {
        return index
      }
      return -1
    }
    let mask = storage.pointee.slotMask
    var slot = Int(hash) & mask
    while true {
      let index = Int(slots[slot])
      if index < 0 { return -1 }
      if entries[index].hash == hash, same(entries[index].key, key) { return index }
      slot = (slot + 1) & mask
    }
  }

  /// The value of a key (any value that `isKey`), nil where there is none.
  public subscript(key: Value) -> Value? {
    let index = MapObject.find(storage, key, MapObject.hash(key, 0))
    return index < 0 ? nil : storage.pointee.entries.unsafelyUnwrapped[index].value
  }

  public subscript(key: String) -> Value? {
    let object = StringObject(key)
    return withExtendedLifetime(object) { self[Value(object)] }
  }

  // MARK: Changing

  /// Sets a key's value. The key must be one (`isKey`), and belong to the map's own heap or to constants.
  public func set(_ key: Value, _ value: Value) {
    MapObject.set(storage, key, MapObject.hash(key, owner), value)
  }

  /// Gives the bytes by which the storage grew.
  @inline(__always)
  @discardableResult
  static func set(
    _ storage: UnsafeMutablePointer<MapStorage>, _ key: Value, _ hash: UInt32, _ value: Value
  ) -> Int {
    let index = find(storage, key, hash)
    if index >= 0 {
      storage.pointee.entries.unsafelyUnwrapped[index].value = value
      return 0
    }
    return insert(storage, key, hash, value)
  }

  private static func insert(
    _ storage: UnsafeMutablePointer<MapStorage>, _ key: Value, _ hash: UInt32, _ value: Value
  ) -> Int {
    var grown = 0
    if storage.pointee.entryCount == storage.pointee.entryCapacity {
      let before = storage.pointee.entryCapacity
      if storage.pointee.count < storage.pointee.entryCount / 2 {
        compact(storage)
      } else {
        growEntries(storage, before == 0 ? 4 : before * 2)
        grown = (storage.pointee.entryCapacity - before) * 40
      }
    }
    let index = storage.pointee.entryCount
    storage.pointee.entries.unsafelyUnwrapped[index] = MapEntryStorage(
      key: key, value: value, hash: hash)
    storage.pointee.entryCount = index + 1
    storage.pointee.count += 1
    storage.pointee.version &+= 1
    if let slots = storage.pointee.slots, (index + 1) * 3 < (storage.pointee.slotMask + 1) * 2 {
      place(slots, storage.pointee.slotMask, hash, index)
    } else if index + 1 > smallCount {
      rebuildSlots(storage)
    }
    return grown
  }

  @inline(__always)
  private static func place(
    _ slots: UnsafeMutablePointer<Int32>, _ mask: Int, _ hash: UInt32, _ index: Int
  ) {
    var slot = Int(hash) & mask
    while slots[slot] >= 0 { slot = (slot + 1) & mask }
    slots[slot] = Int32(truncatingIfNeeded: index)
  }

  private static func growEntries(_ storage: UnsafeMutablePointer<MapStorage>, _ capacity: Int) {
    let entries = UnsafeMutablePointer<MapEntryStorage>.allocate(capacity: capacity)
    if let old = storage.pointee.entries {
      entries.update(from: old, count: storage.pointee.entryCount)
      old.deallocate()
    }
    storage.pointee.entries = entries
    storage.pointee.entryCapacity = capacity
  }

  private static func rebuildSlots(_ storage: UnsafeMutablePointer<MapStorage>) {
    var size = 16
    while size < storage.pointee.entryCount * 2 + 2 { size *= 2 }
    storage.pointee.slots?.deallocate()
    let slots = UnsafeMutablePointer<Int32>.allocate(capacity: size)
    slots.update(repeating: -1, count: size)
    storage.pointee.slots = slots
    storage.pointee.slotMask = size - 1
    guard let entries = storage.pointee.entries else { return }
    // Removed entries keep their slot: a search goes on behind them.
    for index in 0..<storage.pointee.entryCount {
      place(slots, size - 1, entries[index].hash, index)
    }
  }

  /// Drops removed entries.
  private static func compact(_ storage: UnsafeMutablePointer<MapStorage>) {
    guard let entries = storage.pointee.entries else { return }
    var kept = 0
    for index in 0..<storage.pointee.entryCount where !entries[index].key.isMissing {
      entries[kept] = entries[index]
      kept += 1
    }
    storage.pointee.entryCount = kept
    if storage.pointee.slots != nil { rebuildSlots(storage) }
  }

  /// Takes a key out; nil where it was not there.
  @discardableResult
  public func remove(_ key: Value) -> Value? {
    let storage = self.storage
    let index = MapObject.find(storage, key, MapObject.hash(key, 0))
    guard index >= 0, let entries = storage.pointee.entries else { return nil }
    let value = entries[index].value
    entries[index].key = .missing
    entries[index].value = .nothing
    storage.pointee.count -= 1
    storage.pointee.version &+= 1
    if storage.pointee.count == 0 { removeAll() }
    return value
  }

  public func removeAll() {
    let storage = self.storage
    storage.pointee.entries?.deallocate()
    storage.pointee.slots?.deallocate()
    let version = storage.pointee.version &+ 1
    storage.pointee = MapStorage(
      entries: nil, entryCount: 0, entryCapacity: 0, slots: nil, slotMask: 0, count: 0,
      version: version)
  }
}

extension MapObject: Sequence {
  /// Keys and values in order. The map must not change meanwhile.
  public struct Iterator: IteratorProtocol {
    let map: MapObject
    var index = 0

    public mutating func next() -> (key: Value, value: Value)? {
      let storage = map.storage
      while index < storage.pointee.entryCount, let entries = storage.pointee.entries {
        let entry = entries[index]
        index += 1
        if !entry.key.isMissing { return (entry.key, entry.value) }
      }
      return nil
    }
  }

  public func makeIterator() -> Iterator { Iterator(map: self) }
}
