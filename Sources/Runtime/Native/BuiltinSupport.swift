import Syntax

// What the methods of the language's own types need of their objects beyond what other natives do.

extension StringObject {
  /// A string of bytes that are valid UTF-8.
  public convenience init(utf8 bytes: UnsafeBufferPointer<UInt8>) {
    if let address = bytes.baseAddress {
      self.init(bytes: address, count: bytes.count, characterCount: nil)
    } else {
      self.init(uninitialized: 0, characterCount: 0)
    }
  }
}

extension StringObject {
  /// A string of `byteCount` bytes of valid UTF-8 that `write` puts there.
  public convenience init(
    byteCount: Int, characterCount: Int,
    _ write: (UnsafeMutablePointer<UInt8>) throws(Fault) -> Void
  ) throws(Fault) {
    self.init(uninitialized: byteCount, characterCount: characterCount)
    try write(storage.pointee.bytes)
  }
}

extension Value {
  /// The UTF-8 of a string, valid as long as the string lives; nil for other values.
  public var stringBytes: UnsafeBufferPointer<UInt8>? {
    guard case .object(let reference) = self, reference.kind == .string else { return nil }
    let storage = reference.stringStorage
    return UnsafeBufferPointer(
      start: storage.pointee.bytes, count: Int(storage.pointee.byteCount))
  }
}

extension VM {
  /// A part of a string, cut between characters.
  public func part(_ range: Range<Int>, of string: StringObject) -> Value {
    Value(partObject(range, of: string, adopting: { adopt($0) }))
  }

  /// Puts a part of a string at the end of a list that the running native has adopted, and which keeps the part alive.
  public func append(_ range: Range<Int>, of string: StringObject, to list: ListObject)
    throws(Fault)
  {
    let part = partObject(range, of: string) { _ = heap.adopt($0, $0.byteCount) }
    try append(Value(part), to: list)
  }

  @inline(__always)
  private func partObject(
    _ range: Range<Int>, of string: StringObject, adopting: (StringObject) -> Void
  ) -> StringObject {
    let count = range.count
    if count == string.byteLength { return string }
    let bytes = string.storage.pointee.bytes + range.lowerBound
    if count == 1 { return AsciiCharacters.strings[Int(bytes[0] & 0x7F)] }
    let part = StringObject(
      bytes: bytes, count: count, characterCount: string.isASCII ? count : nil)
    adopting(part)
    return part
  }

  /// Puts a new string at the end of a list that the running native has adopted.
  public func append(_ string: StringObject, to list: ListObject) throws(Fault) {
    _ = heap.adopt(string, string.byteCount)
    try append(Value(string), to: list)
  }

  /// Puts a new list of values, which may all be reached otherwise, at the end of a list that the running native has
  /// adopted.
  public func append(list values: some Collection<Value>, to list: ListObject) throws(Fault) {
    let inner = ListObject(values)
    _ = heap.adopt(inner, inner.byteCount)
    try append(Value(inner), to: list)
  }

  /// The same for a list of two.
  public func append(pair first: Value, _ second: Value, to list: ListObject) throws(Fault) {
    let inner = ListObject(capacity: 2)
    let items = inner.storage.pointee.items.unsafelyUnwrapped
    items[0] = first
    items[1] = second
    inner.storage.pointee.count = 2
    _ = heap.adopt(inner, inner.byteCount)
    try append(Value(inner), to: list)
  }

  /// A list of many values: checked against the memory limit, and it can be stopped.
  public func makeCheckedList(_ values: [Value]) throws(Fault) -> Value {
    let count = values.count
    if count > 1 << 16 { try reserve(count * MemoryLayout<Value>.stride) }
    let list = ListObject(capacity: count)
    if count > 0, let target = list.storage.pointee.items {
      let copied: Result<Void, Fault> = values.withUnsafeBufferPointer { source in
        do throws(Fault) {
          return .success(try copy(source.baseAddress.unsafelyUnwrapped, count, to: target))
        } catch {
          return .failure(error)
        }
      }
      try copied.get()
      list.storage.pointee.count = count
    }
    return adopt(list)
  }

  /// The values of a list, as they are now.
  public func values(of list: ListObject) throws -> [Value] {
    let count = list.count
    let (bytes, _) = count.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
    if bytes > 1 << 20 { try reserve(bytes) }
    guard count > 0, let items = list.storage.pointee.items else { return [] }
    return try Array(unsafeUninitializedCapacity: count) { buffer, initialized in
      try copy(items, count, to: buffer.baseAddress.unsafelyUnwrapped)
      initialized = count
    }
  }

  /// Counts what an object has grown by towards the next collection, and checks it against the memory limit.
  public func grew(by bytes: Int) throws(Fault) {
    if bytes > 1 << 16 { try reserve(bytes) }
    heap.count(bytes)
  }

  /// The length of a native value (a tensor, a table); nil where the type has none.
  public func length(ofNative value: Value) throws -> Int? {
    guard case .object(let reference) = value, reference.kind == .native else { return nil }
    return try reference.native.type.length(reference.native)
  }

  /// `left op right` where one of the two is a native value; nil where the operands do not fit.
  public func nativeBinary(_ op: BinaryOperator, _ left: Value, _ right: Value) throws -> Value? {
    for operand in [left, right] {
      guard case .object(let reference) = operand, reference.kind == .native else { continue }
      if let result = try reference.native.type.binary(self, op, left, right) { return result }
    }
    return nil
  }
}
