import Foundations

// Numbers as tables show them.

extension NumberText {
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

  /// A column of numbers, all with the same significance: at most `digits` significant digits a number, as many
  /// decimals as the column needs, padded so that the points stand below each other. Whole parts are never rounded, and
  /// what is not whole shows a decimal. Null is an empty text.
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
      value == 0 ? 0 : min(decimals(value), max(1, digits - 1 - decimalExponent(value)))
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
        : min(
          decimalsOfColumn,
          max(value == value.rounded() ? 0 : 1, digits - 1 - decimalExponent(value)))
      // Blanks instead of the digits that would only pretend to be known.
      let blanks = decimalsOfColumn - own + (own == 0 && decimalsOfColumn > 0 ? 1 : 0)
      return fixed(value, decimals: own) + String(repeating: " ", count: blanks)
    }
  }

  private static func scientificOrBrief(_ value: Double, digits: Int) -> String {
    brief(value, digits: digits)
  }

  /// A value with the half width of its interval: the interval with two significant digits, the value to the same
  /// place.
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
