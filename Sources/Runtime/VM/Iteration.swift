/// `for`, comprehensions, taking apart, and sequences for natives.
extension VM {
  private func rangeBound(_ value: Value, _ what: String) throws(Fault) -> Int {
    if case .int(let int) = value { return int }
    if case .object(let reference) = value, reference.kind == .native,
      case .int(let int)? = reference.native.scalar
    {
      return int
    }
    var hint: String?
    if case .float = value {
      hint =
        "only a `param` takes a range of floats, `in 0.0..=1.0`; evenly spaced numbers are `tensor.linspace(…)`"
    }
    throw Fault(
      .type, "a range's \(what) must be an int, found \(Representation.described(value))",
      hint: hint)
  }

  @inline(never)
  func makeRange(_ place: UnsafeMutablePointer<Value>, _ flags: Int) throws(Fault) -> Value {
    let lower = try rangeBound(place[0], "start")
    let upper = try rangeBound(place[1], "end")
    let step = flags & 2 == 0 ? 1 : try rangeBound(place[2], "step")
    if step == 0 { throw Fault(.value, "a range's step must not be 0") }
    guard let range = RangeObject(from: lower, to: upper, closed: flags & 1 == 1, step: step) else {
      throw Fault(.value, "the range from \(lower) to \(upper) has too many elements to be counted")
    }
    return adopt(range)
  }

  /// Turns the bounds of a `for` over a range into its counters; false where it is empty.
  @inline(never)
  func startRange(_ place: UnsafeMutablePointer<Value>, _ flags: Int) throws(Fault) -> Bool {
    guard case .object(let reference) = try makeRange(place, flags) else { return false }
    let range = reference.range
    guard range.count > 0 else { return false }
    place[0] = .int(range.start)
    place[1] = .int(range.count)
    place[2] = .int(range.step)
    place[3] = .int(range.start)
    return true
  }

  @inline(never)
  func startIteration(_ place: UnsafeMutablePointer<Value>) throws(Fault) {
    place[1] = .int(0)
    place[2] = .nothing
    guard case .object(let reference) = place.pointee else { throw notIterable(place.pointee) }
    switch reference.kind {
    case .list, .string, .range: break
    case .iterator: try requireOwned(reference)
    case .map: place[2] = .int(reference.map.storage.pointee.version)
    case .native: place.pointee = adopt(try iterator(of: place.pointee))
    default: throw notIterable(place.pointee)
    }
  }

  private func notIterable(_ value: Value) -> Fault {
    var hint: String?
    if case .int = value { hint = "count with a range: `0..\(Representation.brief(value))`" }
    return Fault(.type, "\(Representation.described(value)) is not a sequence", hint: hint)
  }

  /// The iterator of a native value.
  func iterator(of value: Value) throws(Fault) -> IteratorObject {
    guard case .object(let reference) = value, reference.kind == .native else {
      throw notIterable(value)
    }
    do {
      if let iterator = try calling({ try reference.native.type.iterator(reference.native, self) })
      {
        return iterator
      }
    } catch {
      throw Fault(error)
    }
    throw notIterable(value)
  }

  /// Puts the next element at `place + 3`; false at the end.
  @inline(never)
  func next(_ place: UnsafeMutablePointer<Value>) throws(Fault) -> Bool {
    guard case .object(let reference) = place.pointee, case .int(let position) = place[1] else {
      return false
    }
    switch reference.kind {
    case .range:
      guard position < reference.range.count else { return false }
      place[3] = .int(reference.range.element(position))
      place[1] = .int(position + 1)
    case .string:
      // Counts bytes, so that each step costs the same in any script.
      let string = reference.string
      guard position < string.byteLength else { return false }
      try safePoint()
      place[3] = character(string, position)
      place[1] = .int(
        position + StringObject.sequenceLength(string.storage.pointee.bytes[position]))
    case .map:
      guard let entry = try nextEntry(reference, place) else { return false }
      place[3] = entry.pointee.key
    case .iterator:
      try safePoint()
      do {
        guard let value = try calling({ try reference.iterator.nextValue(self) }) else {
          return false
        }
        place[3] = value
      } catch {
        throw Fault(error)
      }
    default:
      guard reference.kind == .list, position < reference.list.count else { return false }
      place[3] = reference.list[position]
      place[1] = .int(position + 1)
    }
    return true
  }

  private func nextEntry(
    _ reference: Unmanaged<Object>, _ place: UnsafeMutablePointer<Value>
  ) throws(Fault) -> UnsafeMutablePointer<MapEntryStorage>? {
    let map = reference.mapStorage
    guard case .int(var position) = place[1], case .int(let version) = place[2] else { return nil }
    guard version == map.pointee.version else {
      throw Fault(
        .value, "the map's keys were changed while a loop went over them",
        hint: "loop over a copy of its keys: `list(m.keys())`")
    }
    while position < map.pointee.entryCount, let entries = map.pointee.entries {
      let entry = entries + position
      position += 1
      if !entry.pointee.key.isMissing {
        place[1] = .int(position)
        return entry
      }
    }
    return nil
  }

  /// `for a, b in x.items()`: without a list for each pair where `x` is a map.
  @inline(never)
  func startItems(_ place: UnsafeMutablePointer<Value>) throws(Fault) {
    if case .object(let reference) = place.pointee, reference.kind == .map {
      let key = StringObject("items")
      // As everywhere, a value that can be called goes before the method of its name; any other is no obstacle.
      guard let own = reference.map[Value(key)], isCallable(own) else {
        try startIteration(place)
        return
      }
    }
    let items = adopt(StringObject("items"))
    do {
      let method = try getMember(place.pointee, items)
      place.pointee = method
      place.pointee = try call(method, [])
    } catch {
      throw Fault(error)
    }
    try startIteration(place)
    // A map of its own that `items` gave is not taken apart as one.
    if case .object(let reference) = place.pointee, reference.kind == .map { place[2] = .nothing }
  }

  @inline(never)
  func nextPair(_ place: UnsafeMutablePointer<Value>) throws(Fault) -> Bool {
    if case .object(let reference) = place.pointee, reference.kind == .map {
      guard let entry = try nextEntry(reference, place) else { return false }
      place[3] = entry.pointee.key
      place[4] = entry.pointee.value
      return true
    }
    guard try next(place) else { return false }
    try unpack(place[3], place + 3, 2)
    return true
  }

  /// `for a, b in enumerate(x)` and `zip(x, y)` over lists and ranges: without a list for each pair. The lists are
  /// copied, as the native would do. False where the native has to be called.
  func startPairs(
    _ native: Native, _ arguments: UnsafeMutablePointer<Value>, _ count: Int,
    _ place: UnsafeMutablePointer<Value>
  ) throws(Fault) -> Bool {
    if native.name == "enumerate" {
      var start = 0
      if count == 2, !arguments[1].isMissing {
        guard case .int(let int) = arguments[1] else { return false }
        start = int
      }
      guard count <= 2, let length = plainLength(of: arguments[0]),
        !start.addingReportingOverflow(length).overflow,
        let sequence = try frozen(arguments[0])
      else { return false }
      place[0] = sequence
      place[2] = .int(start)
    } else {
      // Before the sequences, of which there may be any number, stands `strict`.
      guard count == 3, arguments[0].isMissing, let first = try frozen(arguments[1]) else {
        return false
      }
      place[0] = first
      guard let second = try frozen(arguments[2]) else { return false }
      place[2] = second
    }
    place[1] = .int(0)
    return true
  }

  /// A copy of a list, or a range, which does not change; nil for other values.
  private func frozen(_ value: Value) throws(Fault) -> Value? {
    guard case .object(let reference) = value else { return nil }
    switch reference.kind {
    case .range: return value
    case .list:
      let source = reference.listStorage.pointee
      if source.count > 1 << 16 { try reserve(source.count * MemoryLayout<Value>.stride) }
      let copied = ListObject(capacity: source.count)
      if let from = source.items, let target = copied.storage.pointee.items {
        try copy(from, source.count, to: target)
        copied.storage.pointee.count = source.count
      }
      return adopt(copied)
    default: return nil
    }
  }

  /// Puts the next pair at `place + 3`; false at the end.
  @inline(never)
  func nextSideBySide(_ place: UnsafeMutablePointer<Value>) throws(Fault) -> Bool {
    guard case .int(let position) = place[1] else { return false }
    switch place[2] {
    case .int(let start):
      guard let value = plainElement(place[0], position) else { return false }
      place[3] = .int(start + position)
      place[4] = value
    case .object:
      guard let first = plainElement(place[0], position),
        let second = plainElement(place[2], position)
      else { return false }
      place[3] = first
      place[4] = second
    default: return try nextPair(place)
    }
    place[1] = .int(position + 1)
    return true
  }

  @inline(__always)
  private func plainElement(_ sequence: Value, _ position: Int) -> Value? {
    guard case .object(let reference) = sequence else { return nil }
    if reference.kind == .list {
      let list = reference.listStorage
      return position < list.pointee.count
        ? list.pointee.items.unsafelyUnwrapped[position] : nil
    }
    return position < reference.range.count ? .int(reference.range.element(position)) : nil
  }

  /// The numbers of a range, for natives that need them all: refused where there are more than memory holds, and
  /// interruptible.
  public func integers(of range: RangeObject) throws -> [Int] {
    // They are copied more than once on the way: as values, and as what the native makes of them.
    let (bytes, overflow) = range.count.multipliedReportingOverflow(by: 48)
    try reserve(overflow ? Int.max : bytes)
    var result: [Int] = []
    result.reserveCapacity(range.count)
    for index in 0..<range.count {
      try checkInterrupt(turn: index)
      result.append(range.element(index))
    }
    return result
  }

  /// The elements of a list, range, map (its keys), string or native sequence; nil where the value is none. They are
  /// kept alive until the running native returns.
  public func elements(of value: Value) throws -> [Value]? {
    guard case .object(let reference) = value else { return nil }
    var result: [Value]
    switch reference.kind {
    case .list: result = try values(of: reference.list)
    case .range:
      let range = reference.range
      try reserve(
        range.count.multipliedReportingOverflow(by: 48).overflow ? Int.max : range.count * 48)
      result = []
      result.reserveCapacity(range.count)
      for index in 0..<range.count {
        result.append(.int(range.element(index)))
        try checkInterrupt(turn: index)
      }
      return result
    case .map:
      result = []
      result.reserveCapacity(reference.map.count)
      for (key, _) in reference.map {
        result.append(key)
        try checkInterrupt(turn: result.count)
      }
    case .string:
      let string = reference.string
      result = []
      if string.count > 1 << 16 { try reserve(string.count * 2 * MemoryLayout<Value>.stride) }
      result.reserveCapacity(string.count)
      var offset = 0
      while offset < string.byteLength {
        result.append(character(string, offset))
        try checkInterrupt(turn: result.count)
        offset += StringObject.sequenceLength(string.storage.pointee.bytes[offset])
      }
      return result
    case .iterator, .native:
      let iterator: IteratorObject
      if reference.kind == .native {
        guard let made = try reference.native.type.iterator(reference.native, self) else {
          return nil
        }
        iterator = made
      } else {
        try requireOwned(reference)
        iterator = reference.iterator
      }
      result = []
      while let item = try iterator.nextValue(self) {
        result.append(item)
        if result.count & 0xFFF == 0 {
          try checkInterrupt()
          try reserve(result.count * 16)
        }
      }
    default: return nil
    }
    if isInNative {
      for (index, item) in result.enumerated() {
        keep(item)
        try checkInterrupt(turn: index)
      }
    }
    return result
  }

  /// Puts exactly `count` elements into the registers from `target`.
  @inline(never)
  func unpack(_ value: Value, _ target: UnsafeMutablePointer<Value>, _ count: Int) throws(Fault) {
    let values: [Value]
    do {
      // Looked at before all is taken out of an endless sequence.
      if let length = plainLength(of: value), length != count {
        throw wrongCount(
          length, count,
          hint: value.string == nil ? nil : "a map's keys and values together are `map.items()`")
      }
      guard let elements = try calling({ try elements(of: value) }) else {
        throw Fault(
          .type, "\(Representation.described(value)) cannot be taken apart into \(count) values")
      }
      values = elements
    } catch {
      throw Fault(error)
    }
    guard values.count == count else {
      throw wrongCount(
        values.count, count,
        hint: value.string == nil ? nil : "a map's keys and values together are `map.items()`")
    }
    for (index, item) in values.enumerated() { target[index] = item }
  }

  private func plainLength(of value: Value) -> Int? {
    guard case .object(let reference) = value else { return nil }
    switch reference.kind {
    case .list: return reference.list.count
    case .string: return reference.string.count
    case .range: return reference.range.count
    case .map: return reference.map.count
    default: return nil
    }
  }

  /// The same check of what is not taken apart.
  func requireCount(of value: Value, _ count: Int) throws {
    guard let elements = try elements(of: value) else {
      throw Fault(
        .type, "\(Representation.described(value)) cannot be taken apart into \(count) values")
    }
    if elements.count != count { throw wrongCount(elements.count, count) }
  }

  private func wrongCount(_ found: Int, _ wanted: Int, hint: String? = nil) -> Fault {
    Fault(
      .value, "\(found) value\(found == 1 ? "" : "s") cannot be taken apart into \(wanted)",
      hint: hint)
  }

  // MARK: Text

  func format(_ value: Value, _ specification: Value) throws(Fault) -> Value {
    if let bytes = specification.stringBytes, let text = QuickFormat.formatted(value, bytes) {
      return adopt(text)
    }
    do {
      return try calling {
        makeString(try Formatting.format(value, specification.string ?? "", self))
      }
    } catch {
      throw Fault(error)
    }
  }

  func represent(_ value: Value) throws(Fault) -> Value {
    do {
      return try calling { makeString(try Representation.text(of: value, quoted: true, self)) }
    } catch {
      throw Fault(error)
    }
  }

  // MARK: Contexts

  func enterContext(_ context: Value) throws(Fault) -> Value {
    guard case .object(let reference) = context, reference.kind == .native,
      reference.native.type.isContext
    else {
      throw Fault(
        .type,
        "`with` needs a context such as a seed or a ledger, found \(Representation.described(context))"
      )
    }
    do {
      return try calling { try reference.native.type.enter(reference.native, self) } ?? context
    } catch {
      throw Fault(error)
    }
  }

  func exitContext(_ context: Value, _ value: Value, _ action: Value) throws(Fault) {
    guard case .object(let reference) = context, reference.kind == .native else { return }
    var fault: Fault?
    if case .int(-1) = action, case .object(let error) = value, error.kind == .error {
      fault = error.error.fault
    }
    do {
      try calling { try reference.native.type.exit(reference.native, fault, self) }
    } catch {
      throw Fault(error)
    }
  }
}
