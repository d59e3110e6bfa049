import Foundations

/// How dates are written, in the letters of C's and Python's `strptime`.
public struct DateFormat: Sendable {
  private enum Part {
    case field(UInt8)
    case byte(UInt8)
  }

  private let parts: [Part]
  let hasTime: Bool
  private static let letters = "YymBbdHIpMSf"
  private static let months = [
    "january", "february", "march", "april", "may", "june", "july", "august", "september",
    "october", "november", "december",
  ]

  /// - Throws: `value` for letters that it does not know.
  public init(_ format: String) throws {
    var parts: [Part] = []
    var bytes = format.utf8.makeIterator()
    while let byte = bytes.next() {
      guard byte == UInt8(ascii: "%") else {
        parts.append(.byte(byte))
        continue
      }
      guard let letter = bytes.next() else {
        throw DomainError(.value, "the format \(Quoting.literal(format)) ends in a `%`")
      }
      if letter == byte {
        parts.append(.byte(letter))
      } else if DateFormat.letters.utf8.contains(letter) {
        parts.append(.field(letter))
      } else {
        throw DomainError(
          .value,
          "the format \(Quoting.literal(format)) has an unknown letter `%\(Character(Unicode.Scalar(letter)))`",
          hint: "the letters are %Y %y %m %B %b %d %H %I %p %M %S %f %%")
      }
    }
    self.parts = parts
    hasTime = parts.contains {
      if case .field(let letter) = $0 { "HIMSf".utf8.contains(letter) } else { false }
    }
  }

  /// The moment that a text writes; nil where it does not fit.
  public func moment(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    var reader = Reader(text: text)
    for part in parts {
      switch part {
      case .byte(let byte): guard reader.take(byte) else { return nil }
      case .field(let letter): guard reader.field(letter) else { return nil }
      }
    }
    return reader.moment
  }

  /// A text on its way through a format.
  private struct Reader {
    let text: UnsafeBufferPointer<UInt8>
    var place = 0
    var (year, month, day) = (1900, 1, 1)
    var (hour, minute, second, micros) = (0, 0, 0, 0)
    var isAfternoon: Bool?

    init(text: UnsafeBufferPointer<UInt8>) { self.text = text }

    mutating func take(_ byte: UInt8) -> Bool {
      guard place < text.count, text[place] == byte else { return false }
      place += 1
      return true
    }

    /// A number of at most so many digits, and at least so many, within a range.
    private mutating func number(
      _ most: Int, least: Int = 1, _ range: ClosedRange<Int> = 0...9999, to field: inout Int
    ) -> Bool {
      var value = 0
      let start = place
      while place < text.count, place - start < most, text[place] >= 48, text[place] <= 57 {
        value = value * 10 + Int(text[place] - 48)
        place += 1
      }
      field = value
      return place - start >= least && range.contains(value)
    }

    mutating func field(_ letter: UInt8) -> Bool {
      var value = 0
      switch Character(Unicode.Scalar(letter)) {
      case "Y":
        guard number(4, least: 4, to: &value) else { return false }
        year = value
      case "y":
        guard number(2, least: 2, to: &value) else { return false }
        year = value < 69 ? 2000 + value : 1900 + value
      case "m":
        guard number(2, 1...12, to: &value) else { return false }
        month = value
      case "d":
        guard number(2, 1...31, to: &value) else { return false }
        day = value
      case "H":
        guard number(2, 0...23, to: &value) else { return false }
        hour = value
      case "I":
        guard number(2, 1...12, to: &value) else { return false }
        hour = value % 12
      case "M":
        guard number(2, 0...59, to: &value) else { return false }
        minute = value
      case "S":
        guard number(2, 0...59, to: &value) else { return false }
        second = value
      case "f":
        let start = place
        guard number(6, 0...999_999, to: &value) else { return false }
        for _ in (place - start)..<6 { value *= 10 }
        micros = value
      case "p": return halfOfDay()
      case let name: return monthName(isShort: name == "b")
      }
      return true
    }

    private mutating func halfOfDay() -> Bool {
      guard place + 2 <= text.count, text[place + 1] | 0x20 == UInt8(ascii: "m") else {
        return false
      }
      let first = text[place] | 0x20
      guard first == UInt8(ascii: "a") || first == UInt8(ascii: "p") else { return false }
      isAfternoon = first == UInt8(ascii: "p")
      place += 2
      return true
    }

    /// The month whose English name stands here.
    private mutating func monthName(isShort: Bool) -> Bool {
      for (index, name) in DateFormat.months.enumerated() {
        let wanted = name.utf8.prefix(isShort ? 3 : name.utf8.count)
        guard place + wanted.count <= text.count,
          wanted.enumerated().allSatisfy({ text[place + $0.offset] | 0x20 == $0.element })
        else { continue }
        place += wanted.count
        month = index + 1
        return true
      }
      return false
    }

    var moment: Int? {
      guard place == text.count,
        let number = CalendarTime.day(year: year, month: month, day: day)
      else { return nil }
      let hours = isAfternoon == true ? hour + 12 : hour
      guard hours < 24 else { return nil }
      return number * CalendarTime.microsecondsPerDay
        + ((hours * 60 + minute) * 60 + second) * 1_000_000 + micros
    }
  }
}
