import Foundation

/// Numbers as text.
public enum NumberText {
  public typealias Target = UnsafeMutablePointer<UInt8>

  /// `1 row`, `13,084 rows`.
  public static func counted(_ number: Int, _ one: String, _ many: String) -> String {
    "\(grouped(number)) \(number == 1 ? one : many)"
  }

  /// `13084` as `13,084`.
  public static func grouped(_ number: Int) -> String {
    var digits = Array(String(number.magnitude))
    var place = digits.count - 3
    while place > 0 {
      digits.insert(",", at: place)
      place -= 3
    }
    return (number < 0 ? "-" : "") + String(digits)
  }

  /// Room for the shortest text of any float.
  public static let shortestCapacity = 40

  /// Writes the shortest text that reads back as the same float (`2.0`, `1e-05`, `nan`); gives its length.
  public static func write(_ value: Double, to target: Target) -> Int {
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
      let digits = digitCount(whole)
      if digits <= 16 {
        length += digits
        write(whole, endingAt: target + length)
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
        length += digitCount(exponent)
        write(exponent, endingAt: target + length)
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
  public static func shortestDigits(_ value: Double, _ digits: UnsafeMutableBufferPointer<UInt8>)
    -> (
      count: Int, exponent: Int
    )
  {
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

  /// The most digits that `fixed` writes.
  private static let mostDecimals = 17
  private static let powers: [UInt64] = (0...mostDecimals).map { exponent in
    (0..<exponent).reduce(1) { power, _ in power * 10 }
  }

  /// Writes a float of 0 or more with so many decimals, correctly rounded (exact halves to the even digit); nil where
  /// that takes more than 63 bits.
  public static func fixed(_ value: Double, _ decimals: Int, to target: Target) -> Int? {
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
    var length = digitCount(Int(whole))
    write(Int(whole), endingAt: target + length)
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

  // MARK: Whole numbers

  /// The length of an int's decimal digits, sign included.
  @inlinable
  public static func digitCount(_ value: Int) -> Int {
    var count = value < 0 ? 2 : 1
    var rest = value.magnitude
    while rest >= 10_000 {
      rest /= 10_000
      count += 4
    }
    return count + (rest >= 1_000 ? 3 : rest >= 100 ? 2 : rest >= 10 ? 1 : 0)
  }

  /// Writes the digits so that they end before `end`.
  @inlinable
  public static func write(_ value: Int, endingAt end: UnsafeMutablePointer<UInt8>) {
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
}

// MARK: For people

extension NumberText {
  /// The shortest form that reads back the same: `2.0`, `1e-05`, `inf`, `nan`.
  public static func shortest(_ value: Double) -> String {
    String(unsafeUninitializedCapacity: shortestCapacity) { buffer in
      buffer.baseAddress.map { write(value, to: $0) } ?? 0
    }
  }

  /// `value` with `digits` significant digits and no zeros at the end: what a tick or a sentence shows.
  public static func brief(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite else { return shortest(value) }
    if value == 0 { return "0" }
    let exponent = decimalExponent(value)
    if exponent >= 6 || exponent < -4 {
      let parts = String(format: "%.\(digits - 1)e", value).split(separator: "e")
      guard parts.count == 2, let power = Int(parts[1]) else { return shortest(value) }
      return trimmed(String(parts[0])) + "e\(power)"
    }
    return trimmed(fixed(value, decimals: max(0, digits - 1 - exponent)))
  }

  /// `value` with `digits` significant digits, never below it: what is said of something that is a bound, such as an
  /// epsilon.
  public static func roundedUp(_ value: Double, digits: Int = 4) -> String {
    guard value.isFinite, value != 0 else { return value == 0 ? "0" : shortest(value) }
    let nearest = String(format: "%.\(digits)g", value)
    guard let shown = Double(nearest), shown < value else { return nearest }
    // One more in the last place; where that carries over, the format shortens it again.
    let place = pow(10, Double(decimalExponent(shown) - digits + 1))
    let next = String(format: "%.\(digits)g", shown + place)
    return (Double(next) ?? 0) >= value ? next : shortest(value)
  }

  public static func fixed(_ value: Double, decimals: Int) -> String {
    String(format: "%.\(max(0, decimals))f", value)
  }

  private static func trimmed(_ text: String) -> String {
    guard text.contains(".") else { return text }
    var result = Substring(text)
    while result.last == "0" { result = result.dropLast() }
    if result.last == "." { result = result.dropLast() }
    return String(result)
  }

  /// ⌊log₁₀|value|⌋ of a finite value other than 0.
  public static func decimalExponent(_ value: Double) -> Int {
    let exponent = Int(floor(log10(abs(value))))
    // log10 of a number just below a power of ten may round up to it.
    return abs(value) < pow(10, Double(exponent)) ? exponent - 1 : exponent
  }
}
