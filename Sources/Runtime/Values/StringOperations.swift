import Foundations

/// Operations on strings that work on their bytes.
public enum StringOperations {
  /// The code points from `start` to `end`, which are ordered and lie in `0...count`.
  static func substring(_ string: StringObject, _ start: Int, _ end: Int) -> StringObject {
    let from = string.byteOffset(of: start)
    let to =
      string.isASCII ? end : end == string.count ? string.byteLength : string.byteOffset(of: end)
    return StringObject(
      bytes: string.storage.pointee.bytes + from, count: to - from, characterCount: end - start)
  }

  /// Every so-manieth code point.
  static func picked(_ string: StringObject, _ slice: Slice, _ vm: VM) throws(Fault)
    -> StringObject
  {
    let bytes = string.storage.pointee.bytes
    if string.isASCII {
      return try StringObject(byteCount: slice.count, characterCount: slice.count) {
        target throws(Fault) in
        for index in 0..<slice.count {
          target[index] = bytes[slice.start + index * slice.step]
          try vm.checkInterrupt(turn: index)
        }
      }
    }
    var result: [UInt8] = []
    if slice.count > 1 << 20 { try vm.reserve(slice.count) }
    result.reserveCapacity(slice.count)
    var place = slice.count > 0 ? string.byteOffset(of: slice.start) : 0
    for index in 0..<slice.count {
      if index > 0 {
        // Over the code points in between, in either direction.
        for _ in 0..<abs(slice.step) {
          if slice.step > 0 {
            place += StringObject.sequenceLength(bytes[place])
          } else {
            repeat { place -= 1 } while bytes[place] & 0xC0 == 0x80
          }
        }
      }
      for offset in 0..<StringObject.sequenceLength(bytes[place]) {
        result.append(bytes[place + offset])
      }
      try vm.checkInterrupt(turn: index)
    }
    return result.withUnsafeBufferPointer { StringObject(utf8: $0) }
  }

  /// The decimal digits of an int.
  static func string(of value: Int) -> StringObject {
    let count = NumberText.digitCount(value)
    let object = StringObject(uninitialized: count, characterCount: count)
    NumberText.write(value, endingAt: object.storage.pointee.bytes + count)
    return object
  }

  /// The shortest text of a float.
  static func string(of value: Double) -> StringObject {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: NumberText.shortestCapacity) { buffer in
      guard let target = buffer.baseAddress else { return StringObject("") }
      let length = NumberText.write(value, to: target)
      return StringObject(bytes: target, count: length, characterCount: length)
    }
  }
}

extension VM {
  /// `print(value)`'s text as a script's string; ints and strings take no detour.
  public func string(of value: Value) throws -> Value {
    switch value {
    case .int(let int): return adopt(StringOperations.string(of: int))
    case .float(let float): return adopt(StringOperations.string(of: float))
    case .object(let reference) where reference.kind == .string: return value
    default: return makeString(try Representation.text(of: value, quoted: false, self))
    }
  }

  /// A string of bytes that are valid UTF-8.
  public func makeString(utf8 bytes: UnsafeBufferPointer<UInt8>) -> Value {
    guard let address = bytes.baseAddress else { return makeString("") }
    return adopt(StringObject(bytes: address, count: bytes.count))
  }

  /// The code points `start..<end` of a string; both lie in `0...count` and are ordered.
  public func substring(_ string: StringObject, _ start: Int, _ end: Int) -> Value {
    adopt(StringOperations.substring(string, start, end))
  }

  @inline(never)
  func concatenate(_ a: Unmanaged<Object>, _ b: Unmanaged<Object>) throws(Fault) -> Value {
    let left = a.stringStorage
    let right = b.stringStorage
    let first = Int(left.pointee.byteCount)
    let second = Int(right.pointee.byteCount)
    if first + second > StringObject.maximumByteCount { throw VM.stringTooLong() }
    if let grown = try grown(a, b) { return grown }
    if first + second > 1 << 20 { try reserve(first + second) }
    let result = StringObject(
      uninitialized: first + second,
      characterCount: Int(left.pointee.characterCount) + Int(right.pointee.characterCount))
    let bytes = result.storage.pointee.bytes
    try copy(left.pointee.bytes, first, to: bytes)
    try copy(right.pointee.bytes, second, to: bytes + first)
    result.reference.header.pointee.flags |= StringFlags.isSum
    return adopt(result)
  }

  /// Copies values; a long copy can be stopped between its pieces.
  public func copy<Element: BitwiseCopyable>(
    _ source: UnsafePointer<Element>, _ count: Int, to target: UnsafeMutablePointer<Element>
  ) throws(Fault) {
    let piece = (4 << 20) / MemoryLayout<Element>.stride
    var done = 0
    while done < count {
      let length = min(piece, count - done)
      (target + done).update(from: source + done, count: length)
      done += length
      // A loop that does no more than this comes to its own look after thousands of turns.
      if length > piece / 64 { try lookAround() }
    }
  }

  /// Writes `count` values `times` times one after the other.
  public func fill<Element: BitwiseCopyable>(
    _ target: UnsafeMutablePointer<Element>, with source: UnsafePointer<Element>, _ count: Int,
    times: Int
  ) throws(Fault) {
    let (total, overflow) = count.multipliedReportingOverflow(by: times)
    precondition(!overflow, "the target cannot be that long")
    guard total > 0 else { return }
    try copy(source, count, to: target)
    // What is there is doubled, and from a megabyte on written again and again.
    var pattern = count
    while pattern < total, pattern * MemoryLayout<Element>.stride < 1 << 20 {
      let length = min(pattern, total - pattern)
      (target + pattern).update(from: target, count: length)
      pattern += length
    }
    var done = pattern
    while done < total {
      let length = min(pattern, total - done)
      try copy(target, length, to: target + done)
      done += length
      try lookAround()
    }
  }

  static func stringTooLong() -> Fault {
    Fault(.limit, "a string cannot be longer than \(megabytes(StringObject.maximumByteCount))")
  }

  /// A string or list `count` times one after the other.
  func repeated(_ reference: Unmanaged<Object>, _ count: Int) throws(Fault) -> Value {
    let count = max(0, count)
    if reference.kind == .string {
      let string = reference.string
      let (bytes, overflow) = string.byteLength.multipliedReportingOverflow(by: count)
      if overflow || bytes > StringObject.maximumByteCount { throw VM.stringTooLong() }
      try reserve(bytes)
      let result = StringObject(uninitialized: bytes, characterCount: string.count * count)
      try fill(
        result.storage.pointee.bytes, with: string.storage.pointee.bytes, string.byteLength,
        times: count)
      return adopt(result)
    }
    let list = reference.list
    let (items, overflow) = list.count.multipliedReportingOverflow(by: count)
    let (bytes, tooMany) = items.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
    if overflow || tooMany { throw Fault(.limit, "this list would be too long") }
    try reserve(bytes)
    let result = ListObject(capacity: items)
    if items > 0, let source = list.storage.pointee.items,
      let target = result.storage.pointee.items
    {
      try fill(target, with: source, list.count, times: count)
      result.storage.pointee.count = items
    }
    return adopt(result)
  }

  /// The texts of values one after the other, for f-strings. Ints are written where they belong, everything else is
  /// made a string first.
  func join(_ values: UnsafeMutablePointer<Value>, _ count: Int) throws(Fault) -> Value {
    var bytes = 0
    var characters = 0
    do {
      for index in 0..<count {
        if case .int(let int) = values[index] {
          let digits = NumberText.digitCount(int)
          bytes += digits
          characters += digits
          continue
        }
        // Converted in place: the registers are the f-string's own, and keep the pieces alive.
        let piece = try string(of: values[index])
        values[index] = piece
        guard case .object(let reference) = piece else { continue }
        bytes += Int(reference.stringStorage.pointee.byteCount)
        characters += Int(reference.stringStorage.pointee.characterCount)
      }
    } catch {
      throw Fault(error)
    }
    if count == 1, case .object = values[0] { return values[0] }
    if bytes > StringObject.maximumByteCount { throw VM.stringTooLong() }
    let result = StringObject(uninitialized: bytes, characterCount: characters)
    var target = result.storage.pointee.bytes
    for index in 0..<count {
      switch values[index] {
      case .int(let int):
        let digits = NumberText.digitCount(int)
        NumberText.write(int, endingAt: target + digits)
        target += digits
      case .object(let reference):
        let length = Int(reference.stringStorage.pointee.byteCount)
        target.update(from: reference.stringStorage.pointee.bytes, count: length)
        target += length
      default: break
      }
    }
    return adopt(result)
  }
}
