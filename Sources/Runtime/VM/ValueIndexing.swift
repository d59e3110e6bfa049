import Syntax

/// `x[i]`, slices, and storing into them.
extension VM {
  @inline(never)
  func getIndex(_ object: Value, _ index: Value) throws(Fault) -> Value {
    guard case .object(let reference) = object else { throw notIndexable(object) }
    switch reference.kind {
    case .list:
      let list = reference.list
      return list[try position(index, list.count, object)]
    case .map:
      guard MapObject.isKey(index) else { throw notAKey(index) }
      let entry = MapObject.find(reference.mapStorage, index, MapObject.hash(index, heap.id))
      guard entry >= 0, let entries = reference.mapStorage.pointee.entries else {
        throw missingKey(reference, index)
      }
      return entries[entry].value
    case .string:
      let string = reference.string
      return character(string, string.byteOffset(of: try position(index, string.count, object)))
    case .range:
      let range = reference.range
      return .int(range.element(try position(index, range.count, object)))
    case .native:
      do {
        if let result = try calling({
          try reference.native.type.index(reference.native, [.index(index)], self)
        }) {
          return result
        }
      } catch {
        throw Fault(error)
      }
      throw notIndexable(object)
    default: throw notIndexable(object)
    }
  }

  private func notIndexable(_ object: Value) -> Fault {
    Fault(.type, "\(Representation.described(object)) has no elements to index")
  }

  func notAKey(_ key: Value) -> Fault {
    Fault(
      .type, "\(Representation.described(key)) cannot be a map's key",
      hint: "keys are strings, numbers, bools and nil")
  }

  private func missingKey(_ reference: Unmanaged<Object>, _ key: Value) -> Fault {
    var hint: String?
    if let name = key.string {
      hint = Suggest.hint(for: name, in: reference.map.compactMap { $0.key.string })
    }
    return Fault(.key, "the map has no key \(Representation.brief(key))", hint: hint)
  }

  /// The place in a sequence that an index names, negative ones counting from the end.
  private func position(_ index: Value, _ count: Int, _ object: Value) throws(Fault) -> Int {
    var place: Int
    switch index {
    case .int(let int): place = int
    case .object(let reference) where reference.kind == .native:
      guard case .int(let int)? = reference.native.scalar else { fallthrough }
      place = int
    default:
      let isRange =
        if case .object(let reference) = index { reference.kind == .range } else { false }
      throw Fault(
        .type, "an index must be an int, found \(Representation.described(index))",
        hint: isRange ? "a slice is `x[a:b]`" : nil)
    }
    if place < 0 { place &+= count }
    guard place >= 0, place < count else {
      throw Fault(
        .index,
        "index \(Representation.brief(index)) is out of range for \(object.typeWithArticle) of length \(count)"
      )
    }
    return place
  }

  /// The one-character string at a byte offset.
  func character(_ string: StringObject, _ offset: Int) -> Value {
    let bytes = string.storage.pointee.bytes
    let first = bytes[offset]
    if first < 0x80 { return Value(AsciiCharacters.strings[Int(first)]) }
    let length = min(StringObject.sequenceLength(first), string.byteLength - offset)
    if length == 2, first < 0xC4 {
      return Value(LatinCharacters.strings[Int(first & 0x3) << 6 | Int(bytes[offset + 1] & 0x3F)])
    }
    return adopt(StringObject(bytes: bytes + offset, count: length, characterCount: 1))
  }

  @inline(never)
  func setIndex(_ object: Value, _ index: Value, _ value: Value) throws(Fault) {
    guard case .object(let reference) = object else {
      throw Fault(.type, "\(Representation.described(object)) has no elements to set")
    }
    switch reference.kind {
    case .map:
      try requireOwned(reference)
      guard MapObject.isKey(index) else { throw notAKey(index) }
      try set(index, value, in: reference)
    case .list:
      try requireOwned(reference)
      let list = reference.list
      list[try position(index, list.count, object)] = value
    case .native: try setNative(reference, [.index(index)], value)
    case .string:
      throw Fault(
        .type, "a string cannot be changed", hint: "build a new one, for example with `replace`")
    default:
      throw Fault(.type, "the elements of \(object.typeWithArticle) cannot be set")
    }
  }

  private func setNative(
    _ reference: Unmanaged<Object>, _ subscripts: [SubscriptValue], _ value: Value
  ) throws(Fault) {
    do {
      try requireOwned(reference)
      if try calling({
        try reference.native.type.setIndex(reference.native, subscripts, value, self)
      }) {
        return
      }
    } catch {
      throw Fault(error)
    }
    throw Fault(.type, "the elements of \(Value.object(reference).typeWithArticle) cannot be set")
  }

  /// `object[index] op= operand`, with the operator's code.
  @inline(never)
  func updateIndex(_ object: Value, _ index: Value, _ op: UInt32, _ operand: Value) throws(Fault) {
    try safePoint()
    let current = try getIndex(object, index)
    // In the register of nobody else: kept while the operator may run a native's hook.
    let keptBefore = kept.count
    keep(current)
    defer { kept.removeLast(kept.count - keptBefore) }
    try setIndex(object, index, binary(BinaryOperator.inOrder[Int(op)], current, operand))
  }

  @inline(__always)
  func append(_ value: Value, to list: ListObject) throws(Fault) {
    let storage = list.storage
    let count = storage.pointee.count
    if count == storage.pointee.capacity { try grow(storage) }
    storage.pointee.items.unsafelyUnwrapped[count] = value
    storage.pointee.count = count + 1
  }

  /// Sets a map's entry.
  @inline(__always)
  func set(_ key: Value, _ value: Value, in map: Unmanaged<Object>) throws(Fault) {
    let storage = map.mapStorage
    let capacity = storage.pointee.entryCapacity
    // The old entries stay while they are copied to twice the room.
    if capacity >= 1 << 14, capacity == storage.pointee.entryCount {
      try reserve(capacity * 2 * (MemoryLayout<MapEntryStorage>.stride + 8))
    }
    heap.count(MapObject.set(storage, key, MapObject.hash(key, heap.id), value))
  }

  @inline(never)
  private func grow(_ storage: UnsafeMutablePointer<ListStorage>) throws(Fault) {
    let before = storage.pointee.capacity
    // The old items stay while they are copied, half as many again is the new room.
    if before >= 1 << 16 { try reserve(before * 24) }
    ListObject.reserve(storage, before + 1)
    heap.count((storage.pointee.capacity - before) * MemoryLayout<Value>.stride)
  }

  // MARK: Slices

  private func subscripts(_ values: UnsafeMutablePointer<Value>, _ pattern: [SubscriptPattern])
    throws(Fault)
    -> [SubscriptValue]
  {
    var next = 0
    func take(_ isGiven: Bool) throws(Fault) -> Int? {
      guard isGiven else { return nil }
      defer { next += 1 }
      switch values[next] {
      case .nothing: return nil
      case .int(let int): return int
      case .object(let reference) where reference.kind == .native:
        if case .int(let int)? = reference.native.scalar { return int }
      default: break
      }
      throw Fault(
        .type, "a slice's bounds must be ints, found \(Representation.described(values[next]))")
    }
    var result: [SubscriptValue] = []
    for part in pattern {
      switch part {
      case .index:
        result.append(.index(values[next]))
        next += 1
      case .ellipsis: result.append(.ellipsis)
      case .slice(let start, let stop, let step):
        result.append(.slice(start: try take(start), stop: try take(stop), step: try take(step)))
      }
    }
    return result
  }

  private func pattern(_ index: Int) -> [SubscriptPattern] {
    machine.pointee.frame.pointee.closure.closure.prototype.subscripts[index]
  }

  @inline(never)
  func getSubscripts(_ place: UnsafeMutablePointer<Value>, _ index: Int) throws(Fault) -> Value {
    let parts = try subscripts(place + 1, pattern(index))
    guard case .object(let reference) = place.pointee else { throw notIndexable(place.pointee) }
    if reference.kind == .native {
      do {
        if let result = try calling({
          try reference.native.type.index(reference.native, parts, self)
        }) {
          return result
        }
      } catch {
        throw Fault(error)
      }
      throw notIndexable(place.pointee)
    }
    guard parts.count == 1, case .slice(let start, let stop, let step) = parts[0] else {
      throw Fault(.type, "\(Representation.described(place.pointee)) has only one dimension")
    }
    switch reference.kind {
    case .list:
      let list = reference.list
      let slice = try Slice(start, stop, step, list.count)
      if slice.count > 1 << 16 { try reserve(slice.count * MemoryLayout<Value>.stride) }
      let result = ListObject(capacity: slice.count)
      guard slice.count > 0, let items = list.storage.pointee.items,
        let target = result.storage.pointee.items
      else { return adopt(result) }
      if slice.step == 1 {
        try copy(items + slice.start, slice.count, to: target)
      } else {
        for index in 0..<slice.count {
          target[index] = items[slice.start + index * slice.step]
          try checkInterrupt(turn: index)
        }
      }
      result.storage.pointee.count = slice.count
      return adopt(result)
    case .string:
      let string = reference.string
      let slice = try Slice(start, stop, step, string.count)
      if slice.step == 1 { return substring(string, slice.start, slice.start + slice.count) }
      return try adopt(StringOperations.picked(string, slice, self))
    case .range:
      let range = reference.range
      let slice = try Slice(start, stop, step, range.count)
      let (newStep, overflow) = range.step.multipliedReportingOverflow(by: slice.step)
      if slice.count == 0 { return adopt(RangeObject.empty) }
      let first = range.element(slice.start)
      let last = range.element(slice.start + (slice.count - 1) * slice.step)
      guard
        let result = RangeObject(from: first, to: last, closed: true, step: overflow ? 1 : newStep)
      else {
        throw Fault(.value, "this slice of a range cannot be counted")
      }
      return adopt(result)
    default: throw notIndexable(place.pointee)
    }
  }

  func setSubscripts(_ place: UnsafeMutablePointer<Value>, _ index: Int, _ value: Value)
    throws(Fault)
  {
    let parts = try subscripts(place + 1, pattern(index))
    guard case .object(let reference) = place.pointee else { throw notIndexable(place.pointee) }
    if reference.kind == .native { return try setNative(reference, parts, value) }
    guard reference.kind == .list, parts.count == 1,
      case .slice(let start, let stop, let step) = parts[0]
    else {
      throw Fault(.type, "a slice of \(place.pointee.typeWithArticle) cannot be set")
    }
    try requireOwned(reference)
    let list = reference.list
    let slice = try Slice(start, stop, step, list.count)
    let items: [Value]
    do {
      guard let elements = try elements(of: value) else {
        throw Fault(.type, "a slice is set to a sequence, found \(Representation.described(value))")
      }
      items = elements
    } catch {
      throw Fault(error)
    }
    if slice.step == 1 {
      try reserve(items.count * MemoryLayout<Value>.stride)
      let old = Array(list.values)
      // The sequence may have been an iterator that changed the list.
      let low = min(slice.start, old.count)
      let high = min(slice.start + slice.count, old.count)
      list.replaceAll(with: old[..<low] + items + old[high...])
    } else {
      guard items.count == slice.count, slice.start < list.count || slice.count == 0 else {
        throw Fault(
          .value, "this slice has \(slice.count) elements, but \(items.count) values are given")
      }
      for (index, item) in items.enumerated() {
        list[slice.start + index * slice.step] = item
        try checkInterrupt(turn: index)
      }
    }
  }
}

/// A slice's bounds as Python resolves them for a sequence of `length` elements.
public struct Slice {
  public let start: Int
  public let count: Int
  public let step: Int

  /// - Throws: a `value` fault for a step of 0.
  public init(_ start: Int?, _ stop: Int?, _ step: Int?, _ length: Int) throws(Fault) {
    // A step beyond the length takes one element, whatever its size.
    let step = max(-Int.max, step ?? 1)
    if step == 0 { throw Fault(.value, "a slice's step must not be 0") }
    let lower = step < 0 ? -1 : 0
    let upper = step < 0 ? length - 1 : length
    func clamp(_ bound: Int?, _ missing: Int) -> Int {
      guard let bound else { return missing }
      if bound < 0 { return max(lower, bound + length) }
      return min(bound, upper)
    }
    let from = clamp(start, step < 0 ? upper : lower)
    let to = clamp(stop, step < 0 ? lower : upper)
    if step < 0 {
      count = to < from ? (from - to - 1) / -step + 1 : 0
    } else {
      count = from < to ? (to - from - 1) / step + 1 : 0
    }
    self.start = count == 0 ? max(0, min(from, length)) : from
    self.step = step
  }
}

/// The 128 one-character ASCII strings, which belong to no heap.
enum AsciiCharacters {
  nonisolated(unsafe) static let strings: [StringObject] = (0..<128).map { code in
    let object = StringObject(String(UnicodeScalar(UInt8(code))))
    object.storage.pointee.hash = object.hash(cachingFor: 0)
    return object
  }
}

/// The one-character strings of the first 256 code points, by these.
enum LatinCharacters {
  nonisolated(unsafe) static let strings: [StringObject] =
    AsciiCharacters.strings
    + (128..<256).map { code in
      let object = StringObject(String(UnicodeScalar(UInt8(code))))
      object.storage.pointee.hash = object.hash(cachingFor: 0)
      return object
    }
}

extension RangeObject {
  static var empty: RangeObject {
    // A step of 1 and equal bounds are always a range.
    RangeObject(from: 0, to: 0, closed: false).unsafelyUnwrapped
  }
}
