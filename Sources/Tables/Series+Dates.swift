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
