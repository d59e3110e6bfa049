import Foundations

// Dates and moments in columns: read from texts, taken apart, cut down.

extension Series {
  public enum DatePart: String, Sendable, CaseIterable {
    case year, month, day, weekday, hour, minute, second
  }

  /// - Throws: `type` where the column holds no dates, `value` for the hours of days.
  public func part(_ part: DatePart) throws -> Series {
    guard let moments else {
      throw DomainError(
        .type, "`\(part.rawValue)` needs dates, found a column of type \(kind.rawValue)",
        hint: kind == .string ? "read them first: `t.day.date()`" : nil)
    }
    return Series(.int(moments.map { CalendarTime.part(part.rawValue, of: $0) }), missing: missing)
  }

  /// Each date or moment at the start of its unit: "year", "quarter", "month", "week" (Monday), "day", "hour", "minute"
  /// or "second".
  public func floored(to unit: String) throws -> Series {
    guard let moments else {
      throw DomainError(.type, "`floor` needs dates, found a column of type \(kind.rawValue)")
    }
    let floors = try moments.map { try CalendarTime.floored($0, to: unit) }
    if case .date = values {
      return Series(
        .date(floors.map { Int32(CalendarTime.split($0).day) }), missing: missing)
    }
    return Series(.datetime(floors), missing: missing)
  }

  /// Texts as dates, or as moments where one of them has a time of day.
  /// - Parameter format: as in Python's `strptime`: `%Y-%m-%d`; nil for ISO 8601.
  public func dates(format: String?) throws -> Series {
    if moments != nil { return self }
    guard let texts else {
      if isAllMissing {
        return Series(.date([Int32](repeating: 0, count: count)), missing: missing)
      }
      throw DomainError(.type, "`date` reads texts, found a column of type \(kind.rawValue)")
    }
    let pattern = try format.map(DateFormat.init)
    var days: [Int32] = []
    var moments: [Int] = []
    var hasTime = pattern?.hasTime ?? false
    try texts.withView { view in
      for row in 0..<view.count {
        try Cancellation.check(turn: row)
        if isMissing(row) {
          days.append(0)
          moments.append(0)
          continue
        }
        let found: Int?
        if let pattern {
          found = pattern.moment(view[row])
        } else if let day = CalendarTime.date(view[row]) {
          found = day * CalendarTime.microsecondsPerDay
        } else {
          found = CalendarTime.moment(view[row])
          hasTime = true
        }
        guard let found else {
          throw DomainError(
            .value,
            "row \(row): \(Quoting.literal(String(texts[row].prefix(60)))) is no date"
              + (format.map { " of the form \(Quoting.literal($0))" } ?? ""),
            hint: format == nil
              ? "say how it is written, as in Python: `.date(format: \"%d/%m/%Y\")`" : nil)
        }
        moments.append(found)
        days.append(Int32(CalendarTime.split(found).day))
      }
    }
    return Series(hasTime ? .datetime(moments) : .date(days), missing: missing)
  }
}

extension CalendarTime {
  static func part(_ name: String, of moment: Int) -> Int {
    let (number, rest) = split(moment)
    switch name {
    case "weekday": return weekday(number)
    case "hour": return rest / 3_600_000_000
    case "minute": return rest / 60_000_000 % 60
    case "second": return rest / 1_000_000 % 60
    default:
      let (year, month, day) = civil(number)
      return name == "year" ? year : name == "month" ? month : day
    }
  }

  static func floored(_ moment: Int, to unit: String) throws -> Int {
    let (number, rest) = split(moment)
    let start = number * microsecondsPerDay
    let (year, month, _) = civil(number)
    func first(_ month: Int) -> Int {
      (day(year: year, month: month, day: 1) ?? number) * microsecondsPerDay
    }
    switch unit {
    case "year": return first(1)
    case "quarter": return first((month - 1) / 3 * 3 + 1)
    case "month": return first(month)
    case "week": return max(days.lowerBound, number - weekday(number) + 1) * microsecondsPerDay
    case "day": return start
    case "hour": return start + rest / 3_600_000_000 * 3_600_000_000
    case "minute": return start + rest / 60_000_000 * 60_000_000
    case "second": return start + rest / 1_000_000 * 1_000_000
    default:
      throw DomainError(
        .value, "\(Quoting.literal(unit)) is no unit of time",
        hint: "the units are year, quarter, month, week, day, hour, minute, second")
    }
  }
}

/// How dates are written, in the letters of C's and Python's `strptime`.
public struct DateFormat: Sendable {
  private enum Part {
    case field(UInt8)
    case byte(UInt8)
  }

  private let parts: [Part]
  let hasTime: Bool
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
      switch letter {
      case UInt8(ascii: "%"): parts.append(.byte(letter))
      case let letter where "YmdHMSfyBbp I".utf8.contains(letter) && letter != 32:
        parts.append(.field(letter))
      default:
        throw DomainError(
          .value,
          "the format \(Quoting.literal(format)) has an unknown letter `%\(Character(Unicode.Scalar(letter)))`",
          hint: "the letters are %Y %y %m %B %b %d %H %I %p %M %S %f %%")
      }
    }
    self.parts = parts
    hasTime = parts.contains {
      if case .field(let f) = $0 { "HIMSf".utf8.contains(f) } else { false }
    }
  }

  /// The moment that a text writes; nil where it does not fit.
  public func moment(_ text: UnsafeBufferPointer<UInt8>) -> Int? {
    var (year, month, day) = (1900, 1, 1)
    var (hour, minute, second, micros) = (0, 0, 0, 0)
    var isAfternoon: Bool?
    var place = 0
    func number(_ most: Int, _ least: Int = 1) -> Int? {
      var value = 0
      let start = place
      while place < text.count, place - start < most, text[place] >= 48, text[place] <= 57 {
        value = value * 10 + Int(text[place] - 48)
        place += 1
      }
      return place - start >= least ? value : nil
    }
    for part in parts {
      switch part {
      case .byte(let byte):
        guard place < text.count, text[place] == byte else { return nil }
        place += 1
      case .field(let letter):
        switch letter {
        case UInt8(ascii: "Y"):
          guard let value = number(4, 4) else { return nil }
          year = value
        case UInt8(ascii: "y"):
          guard let value = number(2, 2) else { return nil }
          year = value < 69 ? 2000 + value : 1900 + value
        case UInt8(ascii: "m"):
          guard let value = number(2) else { return nil }
          month = value
        case UInt8(ascii: "d"):
          guard let value = number(2) else { return nil }
          day = value
        case UInt8(ascii: "H"):
          guard let value = number(2), value < 24 else { return nil }
          hour = value
        case UInt8(ascii: "I"):
          guard let value = number(2), (1...12).contains(value) else { return nil }
          hour = value % 12
        case UInt8(ascii: "M"):
          guard let value = number(2), value < 60 else { return nil }
          minute = value
        case UInt8(ascii: "S"):
          guard let value = number(2), value < 60 else { return nil }
          second = value
        case UInt8(ascii: "f"):
          let start = place
          guard var value = number(6) else { return nil }
          for _ in (place - start)..<6 { value *= 10 }
          micros = value
        case UInt8(ascii: "p"):
          guard place + 2 <= text.count, text[place + 1] | 0x20 == UInt8(ascii: "m") else {
            return nil
          }
          let first = text[place] | 0x20
          guard first == UInt8(ascii: "a") || first == UInt8(ascii: "p") else { return nil }
          isAfternoon = first == UInt8(ascii: "p")
          place += 2
        default:
          guard let value = DateFormat.month(text, &place, isShort: letter == UInt8(ascii: "b"))
          else { return nil }
          month = value
        }
      }
    }
    guard place == text.count,
      let number = CalendarTime.day(year: year, month: month, day: day)
    else { return nil }
    if isAfternoon == true { hour += 12 }
    guard hour < 24 else { return nil }
    return number * CalendarTime.microsecondsPerDay
      + ((hour * 60 + minute) * 60 + second) * 1_000_000 + micros
  }

  /// The month whose English name stands at a place.
  private static func month(
    _ text: UnsafeBufferPointer<UInt8>, _ place: inout Int, isShort: Bool
  ) -> Int? {
    for (index, name) in months.enumerated() {
      let wanted = isShort ? name.utf8.prefix(3) : name.utf8.prefix(name.utf8.count)
      guard place + wanted.count <= text.count else { continue }
      let start = place
      if wanted.enumerated().allSatisfy({ text[start + $0.offset] | 0x20 == $0.element }) {
        place += wanted.count
        return index + 1
      }
    }
    return nil
  }
}
