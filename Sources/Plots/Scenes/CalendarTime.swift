/// A moment in UTC on the proleptic Gregorian calendar: what the ticks of a time axis are counted in.
struct CalendarTime: Equatable {
  var year: Int
  var month: Int
  var day: Int
  var hour = 0
  var minute = 0
  var second = 0.0

  /// What an axis of time can show: some 300,000 years either side of 1970.
  static let longest = 1e13

  init(year: Int, month: Int = 1, day: Int = 1) {
    self.year = year
    self.month = month
    self.day = day
  }

  /// - Parameter seconds: since 1970-01-01T00:00Z, held within `longest`.
  init(seconds: Double) {
    let held = min(max(seconds, -CalendarTime.longest), CalendarTime.longest)
    let days = (held / 86400).rounded(.down)
    let rest = held - days * 86400
    self = CalendarTime(days: Int(days))
    hour = min(23, Int(rest / 3600))
    minute = min(59, Int((rest - Double(hour) * 3600) / 60))
    second = max(0, rest - Double(hour) * 3600 - Double(minute) * 60)
  }

  /// The date so many days after 1970-01-01: years begin in March, so that the leap day is their last (Hinnant 2013,
  /// "chrono-compatible low-level date algorithms").
  private init(days: Int) {
    let shifted = days + 719_468
    let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
    let dayOfEra = shifted - era * 146_097
    let yearOfEra =
      (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
  }

  /// Days since 1970-01-01.
  private var days: Int {
    let shifted = month <= 2 ? year - 1 : year
    let era = (shifted >= 0 ? shifted : shifted - 399) / 400
    let yearOfEra = shifted - era * 400
    let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
    return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
  }

  /// Seconds since 1970-01-01T00:00Z.
  var seconds: Double {
    Double(days) * 86400 + Double(hour) * 3600 + Double(minute) * 60 + second
  }

  /// A date or moment as ISO 8601 writes it: `2026-11-29`, `2026-11-29T12:00`, `2026-11-29 12:00:30.5Z`; nil for
  /// anything else.
  static func parse(_ text: String) -> Double? {
    let bytes = Array(text.utf8)
    guard bytes.count >= 10, bytes.count <= 40, bytes[4] == 0x2D, bytes[7] == 0x2D,
      let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
      let day = number(bytes[8..<10]), (1...12).contains(month), day >= 1
    else { return nil }
    var time = CalendarTime(year: year, month: month, day: day)
    // A day that the month does not have would come back as another one.
    guard CalendarTime(seconds: time.seconds).day == day else { return nil }
    if bytes.count == 10 { return time.seconds }
    guard bytes[10] == 0x54 || bytes[10] == 0x20 else { return nil }
    var clock = bytes[11...]
    if clock.last == 0x5A { clock.removeLast() }
    let parts = clock.split(separator: 0x3A, omittingEmptySubsequences: false)
    guard parts.count == 2 || parts.count == 3, parts[0].count == 2, parts[1].count == 2,
      let hour = number(parts[0]), let minute = number(parts[1]), hour < 24, minute < 60
    else { return nil }
    time.hour = hour
    time.minute = minute
    if parts.count == 3 {
      guard let first = parts[2].first, (0x30...0x39).contains(first), parts[2].last != 0x2E,
        parts[2].allSatisfy({ (0x30...0x39).contains($0) || $0 == 0x2E }),
        let second = Double(String(decoding: parts[2], as: UTF8.self)), second < 60
      else { return nil }
      time.second = second
    }
    return time.seconds
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int? {
    guard digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return digits.reduce(0) { $0 * 10 + Int($1) - 0x30 }
  }
}
