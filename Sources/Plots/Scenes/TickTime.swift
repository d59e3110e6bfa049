import Foundations

/// A moment in UTC on the proleptic Gregorian calendar: what the ticks of a time axis are counted in.
struct TickTime: Equatable {
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
    let held = min(max(seconds, -TickTime.longest), TickTime.longest)
    let days = (held / 86400).rounded(.down)
    let rest = held - days * 86400
    self = TickTime(days: Int(days))
    hour = min(23, Int(rest / 3600))
    minute = min(59, Int((rest - Double(hour) * 3600) / 60))
    second = max(0, rest - Double(hour) * 3600 - Double(minute) * 60)
  }

  private init(days: Int) { (year, month, day) = CalendarTime.civil(days) }

  /// Seconds since 1970-01-01T00:00Z.
  var seconds: Double {
    Double(CalendarTime.number(year: year, month: month, day: day)) * 86400 + Double(hour) * 3600
      + Double(minute) * 60 + second
  }

  /// A date or moment as ISO 8601 writes it: `2026-11-29`, `2026-11-29T12:00`, `2026-11-29 12:00:30.5Z`; nil for
  /// anything else.
  static func parse(_ text: String) -> Double? {
    if let day = text.withBytes(CalendarTime.date) { return Double(day) * 86400 }
    return text.withBytes(CalendarTime.moment).map { Double($0) / 1e6 }
  }
}
