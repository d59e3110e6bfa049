import Foundations

/// Numbers in text files, read strictly and exactly: what only looks like a number (leading zeros, a plus sign, spaces
/// within, more than 64 bits) is none.
enum NumberField {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  /// The int that the whole text writes; nil for ids such as `007` and `+49`, and past 64 bits.
  @inline(__always)
  static func int(_ text: Bytes) -> Int? {
    var place = 0
    let count = text.count
    let isNegative = count > 0 && text[0] == UInt8(ascii: "-")
    if isNegative { place = 1 }
    guard place < count, count - place <= 19 else { return nil }
    if text[place] == 0x30, count - place > 1 { return nil }
    var value: UInt64 = 0
    while place < count {
      let digit = text[place] &- 0x30
      guard digit < 10 else { return nil }
      // 19 digits fit.
      value = value &* 10 &+ UInt64(digit)
      place += 1
    }
    if isNegative {
      return value <= 1 << 63 ? Int(truncatingIfNeeded: 0 &- value) : nil
    }
    return Int(exactly: value)
  }

  /// The float that the whole text writes, correctly rounded; `nan`, `inf` and `infinity` with any case of letters too.
  /// - Parameter isLenient: whether a whole number may be one that no float is exactly.
  @inline(__always)
  static func float(_ text: Bytes, isLenient: Bool = false) -> Double? {
    var place = 0
    let count = text.count
    let isNegative = count > 0 && text[0] == UInt8(ascii: "-")
    if isNegative { place = 1 }
    let start = place
    var mantissa: UInt64 = 0
    var digits = 0
    var exponent = 0
    while place < count, text[place] &- 0x30 < 10 {
      mantissa = mantissa &* 10 &+ UInt64(text[place] &- 0x30)
      if mantissa != 0 { digits += 1 }
      place += 1
    }
    let whole = place - start
    if whole > 1, text[start] == 0x30 { return nil }
    if place == count {
      guard whole > 0 else { return nil }
      if !isLenient, whole > 16 || mantissa > 1 << 53 { return nil }
    } else if text[place] == UInt8(ascii: ".") {
      place += 1
      let point = place
      while place < count, text[place] &- 0x30 < 10 {
        mantissa = mantissa &* 10 &+ UInt64(text[place] &- 0x30)
        if mantissa != 0 { digits += 1 }
        place += 1
      }
      exponent = point - place
      if whole + place - point == 0 { return nil }
    } else if whole == 0 {
      return word(text, from: start, isNegative)
    }
    if place < count {
      guard let written = power(text, &place), place == count else { return nil }
      exponent += written
    }
    // More than 19 digits may have run over.
    if digits <= 19, let value = ExactDecimal.double(mantissa, exponent) {
      return isNegative ? -value : value
    }
    return Double(String(decoding: text, as: UTF8.self))
  }

  private static func power(_ text: Bytes, _ place: inout Int) -> Int? {
    guard text[place] | 0x20 == UInt8(ascii: "e") else { return nil }
    place += 1
    var isNegative = false
    if place < text.count, text[place] == UInt8(ascii: "-") || text[place] == UInt8(ascii: "+") {
      isNegative = text[place] == UInt8(ascii: "-")
      place += 1
    }
    let start = place
    var value = 0
    while place < text.count, text[place] &- 0x30 < 10 {
      value = min(value * 10 + Int(text[place] &- 0x30), 100_000)
      place += 1
    }
    return place > start ? (isNegative ? -value : value) : nil
  }

  private static func word(_ text: Bytes, from start: Int, _ isNegative: Bool) -> Double? {
    func isWord(_ word: StaticString) -> Bool {
      guard text.count - start == word.utf8CodeUnitCount else { return false }
      for index in 0..<word.utf8CodeUnitCount
      where text[start + index] | 0x20 != word.utf8Start[index] {
        return false
      }
      return true
    }
    if isWord("inf") || isWord("infinity") { return isNegative ? -.infinity : .infinity }
    return isWord("nan") && !isNegative ? .nan : nil
  }
}

/// Decimals to floats without rounding twice, for all that people and programs usually write; the rest is left to the
/// slower way of the standard library.
enum ExactDecimal {
  private static let tens: [Double] = [
    1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17,
    1e18, 1e19, 1e20, 1e21, 1e22,
  ]
  /// Up to 5²⁷, the last below 2⁶⁴.
  private static let fives: [UInt64] = (0...27).map { power in
    (0..<power).reduce(1) { value, _ in value * 5 }
  }

  /// `mantissa` · 10^`exponent`, correctly rounded (halves to even); nil where that is not decided here.
  @inline(__always)
  static func double(_ mantissa: UInt64, _ exponent: Int) -> Double? {
    if mantissa == 0 { return 0 }
    if mantissa <= 1 << 53, exponent >= -22, exponent <= 22 {
      // Both are floats exactly, so that one operation rounds once.
      return exponent >= 0
        ? Double(mantissa) * tens[exponent] : Double(mantissa) / tens[-exponent]
    }
    if exponent == 0 { return Double(mantissa) }
    guard exponent < 0, exponent >= -27 else { return nil }
    return quotient(mantissa, -exponent)
  }

  /// `mantissa` / 10^`power` by one division of 128 bits: 64 bits of the quotient, the last of which also says whether
  /// a rest is left, round to the float as the quotient itself does.
  private static func quotient(_ mantissa: UInt64, _ power: Int) -> Double {
    let five = fives[power]
    let shift = mantissa.leadingZeroBitCount
    let divisorShift = five.leadingZeroBitCount
    let dividend = mantissa << UInt64(shift)
    let divisor = five << UInt64(divisorShift)
    var exponent = divisorShift - shift - power - 64
    let (quotient, rest): (UInt64, UInt64)
    if dividend < divisor {
      (quotient, rest) = divisor.dividingFullWidth((dividend, 0))
    } else {
      (quotient, rest) = divisor.dividingFullWidth((dividend >> 1, dividend << 63))
      exponent += 1
    }
    let rounded = Double(quotient | (rest == 0 ? 0 : 1))
    return rounded * Double(bitPattern: UInt64(exponent + 1023) << 52)
  }
}
