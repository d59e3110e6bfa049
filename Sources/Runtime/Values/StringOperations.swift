#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Operations on strings that work on their bytes.
public enum StringOperations {
  /// The byte offset of the first occurrence at or behind `start`; nil where there is none.
  public static func find(_ part: StringObject, in whole: StringObject, from start: Int) -> Int? {
    let wanted = part.byteLength
    guard start <= whole.byteLength else { return nil }
    if wanted == 0 { return start }
    guard wanted <= whole.byteLength - start else { return nil }
    let bytes = whole.storage.pointee.bytes
    let pattern = part.storage.pointee.bytes
    let last = whole.byteLength - wanted
    var place = start
    while place <= last {
      guard let hit = memchr(bytes + place, Int32(pattern[0]), last - place + 1) else { return nil }
      place = UnsafeRawPointer(hit) - UnsafeRawPointer(bytes)
      if memcmp(bytes + place, pattern, wanted) == 0 { return place }
      place += 1
    }
    return nil
  }

  /// The code points from `start` to `end`, which are ordered and lie in `0...count`.
  static func substring(_ string: StringObject, _ start: Int, _ end: Int) -> StringObject {
    let from = string.byteOffset(of: start)
    let to =
      string.isASCII ? end : end == string.count ? string.byteLength : string.byteOffset(of: end)
    return StringObject(
      bytes: string.storage.pointee.bytes + from, count: to - from, characterCount: end - start)
  }

  /// The length of an int's decimal digits, sign included.
  static func digitCount(_ value: Int) -> Int {
    var count = value < 0 ? 2 : 1
    var rest = value.magnitude
    while rest >= 10_000 {
      rest /= 10_000
      count += 4
    }
    return count + (rest >= 1_000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
  }

  /// Writes the digits so that they end before `end`.
  static func write(_ value: Int, endingAt end: UnsafeMutablePointer<UInt8>) {
    var place = end
    var rest = value.magnitude
    repeat {
      place -= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      place.pointee = UInt8(truncatingIfNeeded: digit) + 0x30
      rest = quotient
    } while rest > 0
    if value < 0 { (place - 1).pointee = UInt8(ascii: "-") }
  }

  /// The decimal digits of an int.
  static func string(of value: Int) -> StringObject {
    let count = digitCount(value)
    let object = StringObject(uninitialized: count, characterCount: count)
    write(value, endingAt: object.storage.pointee.bytes + count)
    return object
  }
}

extension VM {
  /// `print(value)`'s text as a script's string; ints and strings take no detour.
  public func string(of value: Value) throws -> Value {
    switch value {
    case .int(let int): return adopt(StringOperations.string(of: int))
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
    let result = StringObject(
      uninitialized: first + second,
      characterCount: Int(left.pointee.characterCount) + Int(right.pointee.characterCount))
    let bytes = result.storage.pointee.bytes
    bytes.update(from: left.pointee.bytes, count: first)
    (bytes + first).update(from: right.pointee.bytes, count: second)
    return adopt(result)
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
      let target = result.storage.pointee.bytes
      for index in 0..<(bytes > 0 ? count : 0) {
        (target + index * string.byteLength).update(
          from: string.storage.pointee.bytes, count: string.byteLength)
      }
      return adopt(result)
    }
    let list = reference.list
    let (items, overflow) = list.count.multipliedReportingOverflow(by: count)
    let (bytes, tooMany) = items.multipliedReportingOverflow(by: MemoryLayout<Value>.stride)
    if overflow || tooMany { throw Fault(.limit, "this list would be too long") }
    try reserve(bytes)
    let result = ListObject(capacity: items)
    for _ in 0..<(items > 0 ? count : 0) { result.append(contentsOf: list) }
    return adopt(result)
  }

  /// The texts of values one after the other, for f-strings. Ints are written where they belong, everything else is made
  /// a string first.
  func join(_ values: UnsafeMutablePointer<Value>, _ count: Int) throws(Fault) -> Value {
    var bytes = 0
    var characters = 0
    do {
      for index in 0..<count {
        if case .int(let int) = values[index] {
          let digits = StringOperations.digitCount(int)
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
        let digits = StringOperations.digitCount(int)
        StringOperations.write(int, endingAt: target + digits)
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
