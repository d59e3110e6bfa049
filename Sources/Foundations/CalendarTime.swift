/// Days and moments of the proleptic Gregorian calendar as plain numbers: days since 1970-01-01, and microseconds since
/// its midnight, UTC. Leap seconds do not exist in it, as in Python's `datetime`.
///
/// The conversions are those of Howard Hinnant, "chrono-compatible low-level date algorithms".
public enum CalendarTime {
  public static let microsecondsPerDay = 86_400_000_000

  /// Years from 1 to 9999, as in Python and in ISO 8601 with four digits.
  public static let days = (-719_162)...2_932_896
  public static let moments =
    (-719_162 * microsecondsPerDay)...(2_932_897 * microsecondsPerDay - 1)

  public static func daysOfMonth(_ month: Int, year: Int) -> Int {
    switch month {
    case 4, 6, 9, 11: 30
    case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
    default: 31
    }
  }

  /// The day's number; nil where the calendar has no such day.
  public static func day(year: Int, month: Int, day: Int) -> Int? {
    guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
      day <= daysOfMonth(month, year: year)
    else { return nil }
    return number(year: year, month: month, day: day)
  }

  /// The number of a day that the calendar has, in any year.
  public static func number(year: Int, month: Int, day: Int) -> Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  public static func civil(_ day: Int) -> (year: Int, month: Int, day: Int) {
    let z = day + 719_468
    let era = (z >= 0 ? z : z - 146_096) / 146_097
    let dayOfEra = z - era * 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * dayOfYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (
      yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, dayOfYear - (153 * shifted + 2) / 5 + 1
    )
  }

  /// 1 for Monday to 7 for Sunday (ISO 8601).
  public static func weekday(_ day: Int) -> Int { (((day + 3) % 7) + 7) % 7 + 1 }

  /// A moment's day and the microseconds since that day's midnight.
  public static func split(_ moment: Int) -> (day: Int, rest: Int) {
    let day = moment >= 0 ? moment / microsecondsPerDay : (moment + 1) / microsecondsPerDay - 1
    return (day, moment - day * microsecondsPerDay)
  }

  private static func padded(_ value: Int, _ width: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }

  /// `2026-11-29`.
  public static func dateText(_ day: Int) -> String {
    let (year, month, day) = civil(day)
    return padded(year, 4) + "-" + padded(month, 2) + "-" + padded(day, 2)
  }

  /// `2026-11-29T12:00:00`, with the fraction of a second where there is one.
  public static func momentText(_ moment: Int) -> String {
    let (day, rest) = split(moment)
    let seconds = rest / 1_000_000
    var text =
      dateText(day) + "T" + padded(seconds / 3600, 2) + ":" + padded(seconds / 60 % 60, 2) + ":"
      + padded(seconds % 60, 2)
    let fraction = rest % 1_000_000
    if fraction != 0 {
      text +=
        "."
        + (fraction % 1000 == 0 ? padded(fraction / 1000, 3) : padded(fraction, 6))
    }
    return text
  }

  /// The number that `count` digits at `place` write; nil where they are not digits.
  private static func digits(_ bytes: UnsafeBufferPointer<UInt8>, _ place: Int, _ count: Int)
    -> Int?
  {
    guard place + count <= bytes.count else { return nil }
    var value = 0
    for byte in bytes[place..<(place + count)] {
      guard byte >= 48, byte <= 57 else { return nil }
      value = value * 10 + Int(byte - 48)
    }
    return value
  }

  /// The day that `2026-11-29` names; nil for all other texts.
  public static func date(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard bytes.count == 10, bytes[4] == 45, bytes[7] == 45, let year = digits(bytes, 0, 4),
      let month = digits(bytes, 5, 2), let number = digits(bytes, 8, 2)
    else { return nil }
    return day(year: year, month: month, day: number)
  }

  /// Whether the text of a moment says more than microseconds, which `moment` cuts.
  public static func isCut(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard bytes.count > 26, bytes[16] == 58, bytes[19] == 46 || bytes[19] == 44 else {
      return false
    }
    return bytes[26...].prefix { $0 >= 48 && $0 <= 57 }.contains { $0 != 48 }
  }

  /// The moment that ISO 8601 text names: a date, `T` or a space, hours, minutes and perhaps seconds with at most nine
  /// decimals (finer than a microsecond is cut), perhaps `Z` or an offset such as `+01:00`. Nil for all other texts.
  public static func moment(_ bytes: UnsafeBufferPointer<UInt8>) -> Int? {
    guard bytes.count >= 16, bytes[10] == 84 || bytes[10] == 32 || bytes[10] == 116,
      let day = date(UnsafeBufferPointer(rebasing: bytes[0..<10])), bytes[13] == 58,
      let hour = digits(bytes, 11, 2), let minute = digits(bytes, 14, 2), hour < 24, minute < 60
    else { return nil }
    var moment = day * microsecondsPerDay + (hour * 60 + minute) * 60_000_000
    var place = 16
    if place < bytes.count, bytes[place] == 58 {
      guard let second = digits(bytes, place + 1, 2), second < 60 else { return nil }
      moment += second * 1_000_000
      place += 3
      if place < bytes.count, bytes[place] == 46 || bytes[place] == 44 {
        place += 1
        var unit = 100_000
        let start = place
        while place < bytes.count, bytes[place] >= 48, bytes[place] <= 57 {
          moment += Int(bytes[place] - 48) * unit
          unit /= 10
          place += 1
        }
        guard place > start, place - start <= 9 else { return nil }
      }
    }
    guard place < bytes.count else { return moment }
    let sign = bytes[place]
    if sign == 90 || sign == 122 { return place + 1 == bytes.count ? moment : nil }
    guard sign == 43 || sign == 45, let hours = digits(bytes, place + 1, 2), hours < 24 else {
      return nil
    }
    place += 3
    if place < bytes.count, bytes[place] == 58 { place += 1 }
    let minutes = place == bytes.count ? 0 : digits(bytes, place, 2)
    guard let minutes, minutes < 60, place == bytes.count || place + 2 == bytes.count else {
      return nil
    }
    let offset = (hours * 60 + minutes) * 60_000_000
    let shifted = sign == 43 ? moment - offset : moment + offset
    return moments.contains(shifted) ? shifted : nil
  }
}
