#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Darwin)
  import Darwin
#endif

/// Numbers as text, as Python writes them: the shortest float that reads back the same. See FormatSpecification.swift
/// for f-strings.
public enum Formatting {
  /// `2.0`, `1e-05`, `inf`, `nan`: the shortest text that reads back the same float.
  public static func float(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    if value == 0 { return value.sign == .minus ? "-0.0" : "0.0" }
    let (digits, exponent) = shortestDigits(value.magnitude)
    let sign = value < 0 ? "-" : ""
    if exponent < -4 || exponent >= 16 { return sign + scientific(digits, exponent) }
    return sign + positional(digits, exponent)
  }

  /// `value` with a fixed number of decimals.
  public static func fixed(_ value: Double, _ decimals: Int) -> String { c("f", value, decimals) }

  /// The digits of the shortest decimal that reads back as `value`, and the exponent of the first one.
  private static func shortestDigits(_ value: Double) -> (digits: [UInt8], exponent: Int) {
    var digits: [UInt8] = []
    var exponent = 0
    var point: Int?
    var isInExponent = false
    var exponentText = ""
    for byte in value.description.utf8 {
      switch byte {
      case UInt8(ascii: "."): point = digits.count
      case UInt8(ascii: "e"), UInt8(ascii: "E"): isInExponent = true
      default:
        if isInExponent {
          exponentText.unicodeScalars.append(Unicode.Scalar(byte))
        } else {
          digits.append(byte)
        }
      }
    }
    exponent = (point ?? digits.count) - 1 + (Int(exponentText) ?? 0)
    while digits.count > 1, digits.first == UInt8(ascii: "0") {
      digits.removeFirst()
      exponent -= 1
    }
    while digits.count > 1, digits.last == UInt8(ascii: "0") { digits.removeLast() }
    return (digits, exponent)
  }

  private static func scientific(_ digits: [UInt8], _ exponent: Int) -> String {
    var text = String(decoding: digits.prefix(1), as: UTF8.self)
    if digits.count > 1 { text += "." + String(decoding: digits.dropFirst(), as: UTF8.self) }
    let size = abs(exponent)
    return text + (exponent < 0 ? "e-" : "e+") + (size < 10 ? "0\(size)" : "\(size)")
  }

  private static func positional(_ digits: [UInt8], _ exponent: Int) -> String {
    let text = String(decoding: digits, as: UTF8.self)
    if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + text }
    if exponent + 1 >= digits.count {
      return text + String(repeating: "0", count: exponent + 1 - digits.count) + ".0"
    }
    return String(text.prefix(exponent + 1)) + "." + String(text.dropFirst(exponent + 1))
  }

  /// C's formatting of a float, which is exact to any number of digits.
  static func c(_ type: String, _ value: Double, _ precision: Int, alternate: Bool = false)
    -> String
  {
    let format = alternate ? "%#.*\(type)" : "%.*\(type)"
    return withVaList([Int32(clamping: precision), value]) { arguments in
      // 309 digits before the point at most, then the precision.
      let capacity = precision + 330
      return withUnsafeTemporaryAllocation(of: CChar.self, capacity: capacity) { buffer in
        guard let address = buffer.baseAddress else { return "" }
        vsnprintf(address, capacity, format, arguments)
        return String(cString: address)
      }
    }
  }
}
