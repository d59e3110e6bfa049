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
