import Synchronization

/// In raw memory, because the interpreter's loop looks at it before every allocation.
struct HeapCounters {
  var bytes: Int
  /// A collection is due when `bytes` passes this.
  var threshold: Int
}

/// Owns the objects of one interpreter and frees those that nothing reaches (mark and sweep). An object belongs to the
/// heap that adopted it; heaps of trials see objects of their parent's heap, and leave them alone.
///
/// A collection happens only where the interpreter asks for it (`VM.collect`): never while a native runs, unless that
/// native calls a script back.
public final class Heap {
  let id: UInt32
  private var first: Unmanaged<Object>?
  let counters: UnsafeMutablePointer<HeapCounters>
  private(set) var objectCount = 0
  let handles = HandleTable()
  /// The memory behind native values that the count holds already, by what owns it: views of one tensor share it.
  private var counted: Set<ObjectIdentifier> = []
  /// Objects that are marked, but not yet what they hold. Explicit, because lists may nest a million deep.
  private var gray: [Unmanaged<Object>] = []

  static let initialThreshold = 32 << 20

  /// Ids are never used again, so that a closure that outlived its trial is never taken for one of another trial.
  private static let lastID = Atomic<UInt32>(0)

  init() {
    id = Heap.lastID.wrappingAdd(1, ordering: .relaxed).newValue
    counters = .allocate(capacity: 1)
    counters.initialize(to: HeapCounters(bytes: 0, threshold: Heap.initialThreshold))
  }

  /// Bytes of all objects; growth of lists and maps between collections is counted roughly.
  var byteCount: Int { counters.pointee.bytes }

  deinit {
    defer { counters.deallocate() }
    var next = first
    while let reference = next {
      next = reference.header.pointee.next
      reference.release()
    }
  }

  /// Takes over an object that was just made. The heap holds it until a collection finds it unreachable.
  @inline(__always)
  func adopt(_ object: Object, _ size: Int) -> Unmanaged<Object> {
    let reference = Unmanaged.passRetained(object)
    reference.header.pointee.owner = id
    reference.header.pointee.next = first
    first = reference
    counters.pointee.bytes &+= size
    objectCount += 1
    return reference
  }

  /// Counts bytes that an object of this heap has grown by.
  @inline(__always)
  func count(_ bytes: Int) { counters.pointee.bytes &+= bytes }

  // MARK: Collecting

  @inline(__always)
  func mark(_ value: Value) {
    if case .object(let reference) = value { mark(reference) }
  }

  @inline(__always)
  func mark(_ reference: Unmanaged<Object>) {
    let header = reference.header
    if header.pointee.owner != id || header.pointee.marked { return }
    header.pointee.marked = true
    switch header.pointee.kind {
    case .string, .range, .nativeFunction, .missing: break
    default: gray.append(reference)
    }
  }

  /// Marks all that the marked objects reach, then frees the rest.
  func collect() {
    handles.visit(mark)
    while let reference = gray.popLast() {
      switch reference.kind {
      case .list:
        let storage = reference.listStorage.pointee
        if let items = storage.items {
          for index in 0..<storage.count { mark(items[index]) }
        }
      case .map:
        let storage = reference.mapStorage.pointee
        if let entries = storage.entries {
          for index in 0..<storage.entryCount {
            mark(entries[index].key)
            mark(entries[index].value)
          }
        }
      default: reference.takeUnretainedValue().visitChildren(mark)
      }
    }
    sweep()
  }

  private func sweep() {
    var kept: Unmanaged<Object>?
    var bytes = 0
    var count = 0
    var next = first
    var last: UnsafeMutablePointer<ObjectHeader>?
    first = nil
    counted.removeAll(keepingCapacity: true)
    while let reference = next {
      let header = reference.header
      next = header.pointee.next
      if header.pointee.marked {
        header.pointee.marked = false
        bytes += size(of: reference)
        count += 1
        if let last { last.pointee.next = reference } else { kept = reference }
        last = header
      } else {
        reference.release()
      }
    }
    last?.pointee.next = nil
    first = kept
    objectCount = count
    counters.pointee = HeapCounters(bytes: bytes, threshold: max(Heap.initialThreshold, bytes * 2))
  }

  /// The bytes of an object that was just made, without what others hold too and is counted.
  func size(of object: Object) -> Int {
    guard object.kind == .native else { return object.byteCount }
    let native = unsafeDowncast(object, to: NativeObject.self)
    guard let shared = native.type.shared(native) else { return native.byteCount }
    return counted.insert(ObjectIdentifier(shared)).inserted
      ? native.byteCount : NativeObject.ownByteCount
  }

  @inline(__always)
  private func size(of reference: Unmanaged<Object>) -> Int {
    switch reference.kind {
    case .string: return StringObject.size(reference.stringStorage)
    case .list: return 64 + reference.listStorage.pointee.capacity * MemoryLayout<Value>.stride
    default: return size(of: reference.takeUnretainedValue())
    }
  }
}

/// Values that Swift code keeps (`Handle`), as roots of the collection. Handles may be released on any thread.
final class HandleTable: Sendable {
  private struct Slots: Sendable {
    var values: [Value] = []
    var free: [Int] = []
  }
  private let slots = Mutex(Slots())

  func insert(_ value: Value) -> Int {
    slots.withLock { slots in
      if let index = slots.free.popLast() {
        slots.values[index] = value
        return index
      }
      slots.values.append(value)
      return slots.values.count - 1
    }
  }

  func remove(_ index: Int) {
    slots.withLock { slots in
      slots.values[index] = .nothing
      slots.free.append(index)
    }
  }

  func visit(_ visit: (Value) -> Void) {
    // Copied out, so that no lock is held while objects are visited.
    let values = slots.withLock { $0.values }
    for value in values { visit(value) }
  }
}

/// Keeps a value alive as long as this object lives.
public final class Handle: Sendable {
  public let value: Value
  private let table: HandleTable
  private let index: Int

  init(_ value: Value, _ table: HandleTable) {
    self.value = value
    self.table = table
    index = table.insert(value)
  }

  deinit { table.remove(index) }
}
