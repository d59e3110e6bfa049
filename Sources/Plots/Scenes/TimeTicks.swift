import Foundations

/// The ticks of an axis of time, at whole years, months, days, hours, minutes or seconds. What all of them share is
/// said once, beside the axis's name.
struct TimeTicks {
  private(set) var values: [Double] = []
  private(set) var labels: [String] = []
  /// What the labels leave out: the year of days, the day of hours.
  private(set) var context = "UTC"

  private enum Unit {
    case seconds, minutes, hours, days, weeks, months, years

    /// In seconds, of months and years on average.
    var length: Double {
      switch self {
      case .seconds: 1
      case .minutes: 60
      case .hours: 3600
      case .days: 86400
      case .weeks: 7 * 86400
      case .months: 30.44 * 86400
      case .years: 365.2425 * 86400
      }
    }
  }

  private static let steps: [(unit: Unit, count: Int)] =
    [1, 2, 5, 10, 15, 30].map { (.seconds, $0) } + [1, 2, 5, 10, 15, 30].map { (.minutes, $0) }
    + [1, 2, 3, 6, 12].map { (.hours, $0) } + [1, 2].map { (.days, $0) }
    + [1, 2].map { (.weeks, $0) } + [1, 2, 3, 6].map { (.months, $0) }
    + (0..<6).flatMap { power in [1, 2, 5].map { (.years, $0 * power10(power)) } }

  private static func power10(_ exponent: Int) -> Int {
    (0..<exponent).reduce(1) { product, _ in product * 10 }
  }

  private static let months = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
  ]

  /// Nil where a step of a second is too long, or the years are beyond all calendars: such an axis is one of numbers.
  /// - Parameters:
  ///   - low, high: seconds since 1970, `low < high`.
  ///   - maximum: how many ticks there is room for.
  init?(from low: Double, to high: Double, maximum: Int) {
    guard low >= -TickTime.longest, high <= TickTime.longest, high - low >= 2 else {
      return nil
    }
    let step = TimeTicks.steps.first {
      (high - low) / ($0.unit.length * Double($0.count)) <= Double(max(1, maximum))
    }
    guard let step else { return nil }
    values = TimeTicks.places(step.unit, step.count, low, high)
    guard !values.isEmpty else { return nil }
    label(step.unit)
  }

  private static func places(_ unit: Unit, _ count: Int, _ low: Double, _ high: Double) -> [Double]
  {
    var found: [Double] = []
    switch unit {
    case .months, .years:
      var time = TickTime(year: TickTime(seconds: low).year)
      if unit == .years {
        time.year = Int((Double(time.year) / Double(count)).rounded(.down)) * count
      }
      while time.seconds <= high, found.count < 1000 {
        if time.seconds >= low { found.append(time.seconds) }
        if unit == .years {
          time.year += count
        } else {
          time.month += count
          if time.month > 12 {
            time.month -= 12
            time.year += 1
          }
        }
      }
    default:
      let step = unit.length * Double(count)
      // 1970-01-05 was a Monday.
      let origin = unit == .weeks ? 4 * 86400.0 : 0
      var turn = ((low - origin) / step).rounded(.up)
      while origin + turn * step <= high, found.count < 1000 {
        found.append(origin + turn * step)
        turn += 1
      }
    }
    return found
  }

  private mutating func label(_ unit: Unit) {
    let times = values.map { TickTime(seconds: $0) }
    guard let first = times.first, let last = times.last else { return }
    let isOneYear = first.year == last.year
    let isOneDay = isOneYear && first.month == last.month && first.day == last.day
    func date(_ time: TickTime) -> String {
      "\(TimeTicks.twoDigits(time.year, 4))-\(TimeTicks.twoDigits(time.month))-\(TimeTicks.twoDigits(time.day))"
    }
    labels = times.enumerated().map { index, time in
      let isNewYear = index == 0 || times[index - 1].year != time.year
      let isNewDay = index == 0 || times[index - 1].day != time.day
      let month = TimeTicks.months[time.month - 1]
      switch unit {
      case .years: return "\(time.year)"
      case .months: return !isOneYear && isNewYear ? "\(month) \(time.year)" : month
      case .days, .weeks:
        return !isOneYear && isNewYear
          ? "\(time.day) \(month) \(time.year)" : "\(time.day) \(month)"
      case .hours, .minutes, .seconds:
        let clock = "\(TimeTicks.twoDigits(time.hour)):\(TimeTicks.twoDigits(time.minute))"
        if unit == .seconds { return clock + ":" + TimeTicks.twoDigits(Int(time.second)) }
        return !isOneDay && isNewDay ? "\(time.day) \(month) \(clock)" : clock
      }
    }
    switch unit {
    case .years: context = "UTC"
    case .months, .days, .weeks: context = isOneYear ? "\(first.year), UTC" : "UTC"
    case .hours, .minutes, .seconds:
      context = isOneDay ? "\(date(first)), UTC" : (isOneYear ? "\(first.year), UTC" : "UTC")
      if unit == .seconds, !isOneDay { context = "from \(date(first)), UTC" }
    }
  }

  private static func twoDigits(_ value: Int, _ width: Int = 2) -> String {
    let text = String(value.magnitude)
    return (value < 0 ? "-" : "")
      + String(repeating: "0", count: max(0, width - text.count)) + text
  }
}
