#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers as bytes: what printing and f-strings ask for most, without a detour over strings. `Formatting` has everything.
enum NumberText {
  typealias Target = UnsafeMutablePointer<UInt8>

  /// Room for the shortest text of any float.
  static let shortestCapacity = 40

  /// Writes the shortest text that reads back as the same float (`2.0`, `1e-05`, `nan`); gives its length.
  static func write(_ value: Double, to target: Target) -> Int {
    if value.isNaN { return write("nan", to: target) }
    var length = 0
    if value.sign == .minus {
      target[0] = UInt8(ascii: "-")
      length = 1
    }
    let magnitude = value.magnitude
    if magnitude.isInfinite { return length + write("inf", to: target + length) }
    // Whole numbers have all their digits before the point.
    if magnitude < 0x1p53, magnitude.rounded(.towardZero) == magnitude {
      let whole = Int(magnitude)
      let digits = StringOperations.digitCount(whole)
      if digits <= 16 {
        length += digits
        StringOperations.write(whole, endingAt: target + length)
        return length + write(".0", to: target + length)
      }
    }
    return withUnsafeTemporaryAllocation(of: UInt8.self, capacity: 32) { digits in
      var (count, exponent) = shortestDigits(magnitude, digits)
      func put(_ byte: UInt8) {
        target[length] = byte
        length += 1
      }
      func put(_ range: Range<Int>) { for index in range { put(digits[index]) } }
      if exponent < -4 || exponent >= 16 {
        put(0..<1)
        if count > 1 {
          put(UInt8(ascii: "."))
          put(1..<count)
        }
        put(UInt8(ascii: "e"))
        put(exponent < 0 ? UInt8(ascii: "-") : UInt8(ascii: "+"))
        exponent = abs(exponent)
        if exponent < 10 { put(0x30) }
        length += StringOperations.digitCount(exponent)
        StringOperations.write(exponent, endingAt: target + length)
      } else if exponent < 0 {
        put(0x30)
        put(UInt8(ascii: "."))
        for _ in 0..<(-exponent - 1) { put(0x30) }
        put(0..<count)
      } else if exponent + 1 >= count {
        put(0..<count)
        for _ in 0..<(exponent + 1 - count) { put(0x30) }
        put(UInt8(ascii: "."))
        put(0x30)
      } else {
        put(0..<exponent + 1)
        put(UInt8(ascii: "."))
        put(exponent + 1..<count)
      }
      return length
    }
  }

  private static func write(_ text: StaticString, to target: Target) -> Int {
    target.update(from: text.utf8Start, count: text.utf8CodeUnitCount)
    return text.utf8CodeUnitCount
  }

  /// The digits of the shortest decimal that reads back as a finite `value` above 0, and the exponent of the first one.
  static func shortestDigits(_ value: Double, _ digits: UnsafeMutableBufferPointer<UInt8>) -> (
    count: Int, exponent: Int
  ) {
    var text = value.description
    return text.withUTF8 { text in
      var count = 0
      var point: Int?
      var exponent = 0
      var isNegative = false
      var isInExponent = false
      for byte in text {
        switch byte {
        case UInt8(ascii: "."): point = count
        case UInt8(ascii: "e"): isInExponent = true
        case UInt8(ascii: "-"): isNegative = true
        case UInt8(ascii: "+"): break
        default:
          if isInExponent {
            exponent = exponent * 10 + Int(byte - 0x30)
          } else if count > 0 || byte != 0x30 || point != nil {
            digits[count] = byte
            count += 1
          }
        }
      }
      // `count` is that of the digits from the first that is not a leading zero before the point.
      var first = (point ?? count) - 1 + (isNegative ? -exponent : exponent)
      var leading = 0
      while leading < count - 1, digits[leading] == 0x30 { leading += 1 }
      if leading > 0 {
        for index in leading..<count { digits[index - leading] = digits[index] }
        count -= leading
        first -= leading
      }
      while count > 1, digits[count - 1] == 0x30 { count -= 1 }
      return (count, first)
    }
  }

  // MARK: Format specifications

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

  /// The most digits that `fixed` writes.
  private static let mostDecimals = 17
  private static let powers: [UInt64] = (0...mostDecimals).map { exponent in
    (0..<exponent).reduce(1) { power, _ in power * 10 }
  }

  /// Writes a float of 0 or more with so many decimals, correctly rounded (exact halves to the even digit); nil where that takes more than
  /// 63 bits.
  static func fixed(_ value: Double, _ decimals: Int, to target: Target) -> Int? {
    guard decimals <= mostDecimals, value < 0x1p63 else { return nil }
    let power = powers[decimals]
    let scaled: UInt64
    let exponent = Int(value.exponentBitPattern) - 1075
    if value == 0 {
      scaled = 0
    } else if exponent >= 0 {
      let (product, overflow) = UInt64(value).multipliedReportingOverflow(by: power)
      guard !overflow, product < 1 << 63 else { return nil }
      scaled = product
    } else {
      // The float is significand · 2^exponent.
      let significand =
        value.significandBitPattern | (value.exponentBitPattern == 0 ? 0 : 1 << 52)
      let shift = value.exponentBitPattern == 0 ? 1074 : -exponent
      let product = UInt128(significand) * UInt128(power)
      if shift > 120 {
        scaled = 0
      } else {
        let quotient = product >> UInt128(shift)
        guard quotient < 1 << 63 else { return nil }
        let rest = product & ((1 << UInt128(shift)) - 1)
        let half = UInt128(1) << UInt128(shift - 1)
        let isUp = rest > half || rest == half && quotient & 1 == 1
        scaled = UInt64(quotient) + (isUp ? 1 : 0)
      }
    }
    let whole = scaled / power
    var length = StringOperations.digitCount(Int(whole))
    StringOperations.write(Int(whole), endingAt: target + length)
    if decimals > 0 {
      target[length] = UInt8(ascii: ".")
      length += 1
      var rest = scaled % power
      for index in stride(from: length + decimals - 1, through: length, by: -1) {
        target[index] = UInt8(truncatingIfNeeded: rest % 10) + 0x30
        rest /= 10
      }
      length += decimals
    }
    return length
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
        let whole = StringOperations.digitCount(int)
        StringOperations.write(int, endingAt: target + whole)
        length = whole - (isNegative ? 1 : 0)
        if isNegative { memmove(target, target + 1, length) }
      case .float(let float):
        guard float.isFinite else { return nil }
        isNegative = float.sign == .minus
        if specification.type == UInt8(ascii: "f") {
          guard let fixed = fixed(float.magnitude, specification.precision ?? 6, to: target) else {
            return nil
          }
          length = fixed
        } else if specification.type == 0, specification.precision == nil {
          length = write(float.magnitude, to: target)
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

extension StringOperations {
  /// The shortest text of a float.
  static func string(of value: Double) -> StringObject {
    withUnsafeTemporaryAllocation(of: UInt8.self, capacity: NumberText.shortestCapacity) { buffer in
      guard let target = buffer.baseAddress else { return StringObject("") }
      let length = NumberText.write(value, to: target)
      return StringObject(bytes: target, count: length, characterCount: length)
    }
  }
}
