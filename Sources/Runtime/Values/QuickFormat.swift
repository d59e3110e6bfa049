import Foundations

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// The format specifications that are used most, as bytes without a detour over strings. `Formatting` has everything.
enum QuickFormat {
  /// The specifications that are used most: `[<^>][0][width][.precision][d f s]`.
  struct Specification {
    var alignment: UInt8 = 0
    var isZeroPadded = false
    var width = 0
    var precision: Int?
    var type: UInt8 = 0

    /// Nil where there is more to it.
    init?(_ text: UnsafeBufferPointer<UInt8>) {
      var index = 0
      if index < text.count,
        [UInt8(ascii: "<"), UInt8(ascii: "^"), UInt8(ascii: ">")].contains(text[index])
      {
        alignment = text[index]
        index += 1
      }
      if index < text.count, text[index] == 0x30 {
        isZeroPadded = true
        index += 1
      }
      if isZeroPadded, alignment != 0 { return nil }
      while index < text.count, text[index] &- 0x30 < 10 {
        width = width * 10 + Int(text[index] - 0x30)
        guard width < 1000 else { return nil }
        index += 1
      }
      if index < text.count, text[index] == UInt8(ascii: ".") {
        index += 1
        guard index < text.count, text[index] &- 0x30 < 10 else { return nil }
        precision = Int(text[index] - 0x30)
        index += 1
        if index < text.count, text[index] &- 0x30 < 10 {
          precision = (precision ?? 0) * 10 + Int(text[index] - 0x30)
          index += 1
        }
      }
      if index < text.count {
        type = text[index]
        index += 1
      }
      guard index == text.count else { return nil }
    }
  }

  /// A plain value as the most usual specifications show it; nil for others.
  static func formatted(_ value: Value, _ text: UnsafeBufferPointer<UInt8>) -> StringObject? {
    guard let specification = Specification(text) else { return nil }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 64) { body in
      guard let target = body.baseAddress else { return nil }
      var isNegative = false
      let length: Int
      switch value {
      case .int(let int):
        guard specification.precision == nil,
          specification.type == 0 || specification.type == UInt8(ascii: "d")
        else { return nil }
        // Without the sign.
        isNegative = int < 0
        let whole = NumberText.digitCount(int)
        NumberText.write(int, endingAt: target + whole)
        length = whole - (isNegative ? 1 : 0)
        if isNegative { memmove(target, target + 1, length) }
      case .float(let float):
        guard float.isFinite else { return nil }
        isNegative = float.sign == .minus
        if specification.type == UInt8(ascii: "f") {
          guard
            let fixed = NumberText.fixed(float.magnitude, specification.precision ?? 6, to: target)
          else {
            return nil
          }
          length = fixed
        } else if specification.type == 0, specification.precision == nil {
          length = NumberText.write(float.magnitude, to: target)
        } else {
          return nil
        }
      case .object(let reference):
        guard reference.kind == .string, specification.precision == nil,
          !specification.isZeroPadded,
          specification.type == 0 || specification.type == UInt8(ascii: "s")
        else { return nil }
        let storage = reference.stringStorage.pointee
        return padded(
          specification, storage.bytes, Int(storage.byteCount), Int(storage.characterCount),
          isNegative: false, alignsRight: false)
      default: return nil
      }
      return padded(
        specification, target, length, length, isNegative: isNegative, alignsRight: true)
    }
  }

  private static func padded(
    _ specification: Specification, _ body: UnsafePointer<UInt8>, _ byteCount: Int,
    _ characterCount: Int, isNegative: Bool, alignsRight: Bool
  ) -> StringObject {
    let sign = isNegative ? 1 : 0
    let missing = max(0, specification.width - characterCount - sign)
    let result = StringObject(
      uninitialized: byteCount + sign + missing, characterCount: characterCount + sign + missing)
    var target = result.storage.pointee.bytes
    func pad(_ count: Int, _ byte: UInt8) {
      target.update(repeating: byte, count: count)
      target += count
    }
    let left =
      switch specification.alignment {
      case UInt8(ascii: "<"): 0
      case UInt8(ascii: "^"): missing / 2
      case UInt8(ascii: ">"): missing
      default: alignsRight ? missing : 0
      }
    if !specification.isZeroPadded { pad(left, 0x20) }
    if isNegative { pad(1, UInt8(ascii: "-")) }
    if specification.isZeroPadded { pad(left, 0x30) }
    target.update(from: body, count: byteCount)
    target += byteCount
    pad(missing - left, 0x20)
    return result
  }
}
