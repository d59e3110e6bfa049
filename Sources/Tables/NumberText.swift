import Foundation

/// Numbers as people read them.
public enum NumberText {
  /// The shortest form that reads back the same: `2.0`, `1e-05`, `inf`, `nan`.
  public static func shortest(_ value: Double) -> String {
    if value.isNaN { return "nan" }
    if value.isInfinite { return value < 0 ? "-inf" : "inf" }
    let magnitude = abs(value)
    if magnitude >= 1e15, magnitude < 1e16 {  // Swift turns to exponents earlier than Python does
      return String(format: "%.1f", value)
    }
    return value.description
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

  /// `value` with `digits` significant digits, never below it: what is said of something that is a bound, such as an epsilon.
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
  static func decimalExponent(_ value: Double) -> Int {
    let exponent = Int(floor(log10(abs(value))))
    // log10 of a number just below a power of ten may round up to it.
    return abs(value) < pow(10, Double(exponent)) ? exponent - 1 : exponent
  }

  /// The digits after the point in the shortest form of a number.
  static func decimals(_ value: Double) -> Int {
    let text = value.description
    if let e = text.firstIndex(where: { $0 == "e" }) {
      let power = Int(text[text.index(after: e)...]) ?? 0
      let mantissa = text[..<e]
      let places =
        mantissa.split(separator: ".").dropFirst().first.map { $0 == "0" ? 0 : $0.count } ?? 0
      return max(0, places - power)
    }
    let fraction = text.split(separator: ".").dropFirst().first ?? ""
    return fraction == "0" ? 0 : fraction.count
  }

  /// A column of numbers, all with the same significance: at most `digits` significant digits a number, as many decimals
  /// as the column needs, padded so that the points stand below each other. Null is an empty text.
  static func column(_ values: [Double?], digits: Int = 4) -> [String] {
    let finite = values.compactMap { $0 }.filter { $0.isFinite && $0 != 0 }
    let largest = finite.map(decimalExponent).max() ?? 0
    let smallest = finite.map(decimalExponent).min() ?? 0
    if largest >= 9 || smallest < -5 {
      return values.map { value in
        guard let value else { return "" }
        return value.isFinite ? scientificOrBrief(value, digits: digits) : shortest(value)
      }
    }
    func wanted(_ value: Double) -> Int {
      value == 0 ? 0 : max(0, min(decimals(value), digits - 1 - decimalExponent(value)))
    }
    let decimalsOfColumn = finite.map(wanted).max() ?? 0
    return values.map { value in
      guard let value else { return "" }
      guard value.isFinite else {
        return shortest(value)
      }
      let own =
        value == 0
        ? decimalsOfColumn
        : min(decimalsOfColumn, max(0, digits - 1 - decimalExponent(value)))
      // Blanks instead of the digits that would only pretend to be known.
      let blanks = decimalsOfColumn - own + (own == 0 && decimalsOfColumn > 0 ? 1 : 0)
      return fixed(value, decimals: own) + String(repeating: " ", count: blanks)
    }
  }

  private static func scientificOrBrief(_ value: Double, digits: Int) -> String {
    brief(value, digits: digits)
  }

  /// A value with the half width of its interval: the interval with two significant digits, the value to the same place.
  static func withInterval(_ value: Double, _ interval: Double) -> String {
    guard value.isFinite, interval.isFinite, interval > 0 else {
      let text = value.isFinite ? brief(value) : shortest(value)
      return interval == 0 ? text + " ± 0" : text
    }
    let exponent = decimalExponent(interval)
    if exponent >= 6 || exponent < -6 {
      return brief(value) + " ± " + brief(interval, digits: 2)
    }
    let decimals = max(0, 1 - exponent)
    return fixed(value, decimals: decimals) + " ± " + fixed(interval, decimals: decimals)
  }
}
