struct ListStorage {
  var items: UnsafeMutablePointer<Value>?
  var count: Int
  var capacity: Int
}

/// A growable list of values. Natives that change one declare their parameter with `mutates: true`, so that a trial of
/// a sweep cannot change what was made outside it.
public final class ListObject: Object {
  private var stored: ListStorage

  public init(capacity: Int = 0) {
    stored = ListStorage(items: nil, count: 0, capacity: 0)
    super.init(.list)
    if capacity > 0 { reserve(capacity) }
  }

  public convenience init(_ values: some Collection<Value>) {
    self.init(capacity: values.count)
    let storage = self.storage
    var index = 0
    for value in values {
      storage.pointee.items.unsafelyUnwrapped[index] = value
      index += 1
    }
    storage.pointee.count = index
  }

  deinit { stored.items?.deallocate() }

  @inline(__always)
  var storage: UnsafeMutablePointer<ListStorage> { reference.listStorage }

  public override var typeName: String { "list" }
  override var byteCount: Int { 64 + storage.pointee.capacity * MemoryLayout<Value>.stride }
  override func visitChildren(_ visit: (Value) -> Void) { for item in values { visit(item) } }

  public var count: Int { storage.pointee.count }

  /// The items; valid until the list changes.
  public var values: UnsafeMutableBufferPointer<Value> {
    UnsafeMutableBufferPointer(start: storage.pointee.items, count: storage.pointee.count)
  }

  /// The item at an index that lies in `0..<count`.
  public subscript(index: Int) -> Value {
    get {
      precondition(index >= 0 && index < count, "list index out of range")
      return values[index]
    }
    set {
      precondition(index >= 0 && index < count, "list index out of range")
      values[index] = newValue
    }
  }

  public func reserve(_ capacity: Int) { ListObject.reserve(storage, capacity) }

  static func reserve(_ storage: UnsafeMutablePointer<ListStorage>, _ wanted: Int) {
    guard wanted > storage.pointee.capacity else { return }
    let capacity = max(wanted, storage.pointee.capacity + storage.pointee.capacity / 2, 4)
    let items = UnsafeMutablePointer<Value>.allocate(capacity: capacity)
    if let old = storage.pointee.items {
      items.update(from: old, count: storage.pointee.count)
      old.deallocate()
    }
    storage.pointee.items = items
    storage.pointee.capacity = capacity
  }

  @inline(__always)
  public func append(_ value: Value) {
    let storage = self.storage
    let count = storage.pointee.count
    if count == storage.pointee.capacity { ListObject.reserve(storage, count + 1) }
    storage.pointee.items.unsafelyUnwrapped[count] = value
    storage.pointee.count = count + 1
  }

  public func append(contentsOf other: ListObject) {
    let added = other.count
    guard added > 0 else { return }
    reserve(count + added)
    let storage = self.storage
    // `other` may be this list itself: its items pointer is read after the reservation.
    storage.pointee.items.unsafelyUnwrapped.advanced(by: storage.pointee.count)
      .update(from: other.storage.pointee.items.unsafelyUnwrapped, count: added)
    storage.pointee.count += added
  }

  /// Inserts before the item at `index`, which lies in `0...count`.
  public func insert(_ value: Value, at index: Int) {
    precondition(index >= 0 && index <= count, "list index out of range")
    reserve(count + 1)
    let storage = self.storage
    let items = storage.pointee.items.unsafelyUnwrapped
    (items + index + 1).update(from: items + index, count: storage.pointee.count - index)
    items[index] = value
    storage.pointee.count += 1
  }

  /// Takes the item at `index`, which lies in `0..<count`, out.
  @discardableResult
  public func remove(at index: Int) -> Value {
    precondition(index >= 0 && index < count, "list index out of range")
    let storage = self.storage
    let items = storage.pointee.items.unsafelyUnwrapped
    let value = items[index]
    (items + index).update(from: items + index + 1, count: storage.pointee.count - index - 1)
    storage.pointee.count -= 1
    return value
  }

  public func removeAll() {
    let storage = self.storage
    storage.pointee.items?.deallocate()
    storage.pointee = ListStorage(items: nil, count: 0, capacity: 0)
  }

  /// Puts `values` in place of all items.
  public func replaceAll(with values: some Collection<Value>) {
    removeAll()
    reserve(values.count)
    for value in values { append(value) }
  }
}
