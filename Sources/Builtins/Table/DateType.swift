import Foundations
import Runtime
import Syntax
import Tables

// Single dates and moments in scripts. They calculate and compare as columns of one value do.

/// A day of the calendar.
public struct CalendarDate: Sendable {
  /// Since 1970-01-01.
  let number: Int
}

/// A moment, UTC.
public struct CalendarMoment: Sendable {
  /// Microseconds since 1970-01-01T00:00:00.
  let number: Int
}

/// What a date and a moment have in common.
protocol CalendarValue: NativeValue, Sendable {
  var cell: Cell { get }
}

extension CalendarDate: CalendarValue {
  var cell: Cell { .date(number) }
  public static let typeName = "date"
  public static let nativeType = NativeType<CalendarDate>(
    "date", "A day of the calendar. Days subtract to a number of days."
  ) { type in
    DateBuiltins.configure(type)
    type.samples = [{ CalendarDate(number: 20_000) }]
    type.methods([
      DateBuiltins.floor(CalendarDate.self, "date(\"2026-11-29\").floor(\"month\")", "2026-11-01")
    ])
  }
}

extension CalendarMoment: CalendarValue {
  var cell: Cell { .datetime(number) }
  public static let typeName = "datetime"
  public static let nativeType = NativeType<CalendarMoment>(
    "datetime", "A moment, UTC. Moments subtract to a number of seconds."
  ) { type in
    DateBuiltins.configure(type)
    type.samples = [{ CalendarMoment(number: 1_700_000_000_000_000) }]
    type.field("hour", "The hour, 0 to 23.") { try $0.cell.part(.hour) }
    type.field("minute", "The minute, 0 to 59.") { try $0.cell.part(.minute) }
    type.field("second", "The second, 0 to 59.") { try $0.cell.part(.second) }
    type.methods([
      DateBuiltins.floor(
        CalendarMoment.self, "datetime(\"2026-11-29T12:30:00\").floor(\"hour\")",
        "2026-11-29T12:00:00")
    ])
  }
}

extension Cell {
  func part(_ part: Series.DatePart) throws -> Cell { try Series(cells: [self]).part(part)[0] }
}

enum DateBuiltins {
  static func configure<T: CalendarValue>(_ type: NativeType<T>) {
    type.representation = { value, _ in value.cell.text }
    type.binary = calculated
    type.compare = compared
    type.equals = { $0.cell == $1.cell }
    type.transfer = .share
    type.content = { value, writer in value.cell.describe(to: writer) }
    type.field("year", "The year.") { try $0.cell.part(.year) }
    type.field("month", "The month, 1 to 12.") { try $0.cell.part(.month) }
    type.field("day", "The day of the month.") { try $0.cell.part(.day) }
    type.field("weekday", "The day of the week, 1 for Monday to 7 for Sunday.") {
      try $0.cell.part(.weekday)
    }
  }

  /// The operand as a column of one value; nil where it is a column itself or nothing that goes with dates.
  private static func operand(_ value: Value, _ vm: VM) throws -> Series? {
    if try Series.decode(value, vm) != nil || value.isNothing { return nil }
    let cell = try Cell(value, vm)
    switch cell {
    case .date, .datetime, .int, .float, .string: return Series(cells: [cell])
    default: return nil
    }
  }

  private static func calculated(
    _ vm: VM, _ op: BinaryOperator, _ left: Value, _ right: Value
  ) throws -> Value? {
    guard let operation = Series.Operation(rawValue: op.rawValue), left.string == nil,
      right.string == nil, let a = try operand(left, vm), let b = try operand(right, vm)
    else { return nil }
    return try Series.calculated(operation, a, b)[0].encode(vm)
  }

  private static func compared(
    _ vm: VM, _ op: ComparisonOperator, _ left: Value, _ right: Value
  ) throws -> Value? {
    guard let comparison = Series.Comparison(rawValue: op.rawValue),
      let a = try operand(left, vm), let b = try operand(right, vm)
    else { return nil }
    return try Series.compared(comparison, a, b)[0].encode(vm)
  }

  static func floor<T: CalendarValue>(_ type: T.Type, _ example: String, _ result: String) -> Native
  {
    Native(
      "floor", "The start of its year, quarter, month, week, day, hour, minute or second.",
      Param<T>("value", "A date or moment."),
      Param<String>(
        "unit", "The unit of time.",
        .oneOf(["year", "quarter", "month", "week", "day", "hour", "minute", "second"])),
      returns: T.typeName, examples: [(example, result)]
    ) { value, unit in try Series(cells: [value.cell]).floored(to: unit)[0] }
  }

  static let natives = [
    Native(
      "date", "A day of the calendar, from text such as \"2026-11-29\" or the day of a moment.",
      Param<Value>("value", "A text, a date or a moment."),
      Param<String?>(
        "format", "How the text is written, as in Python's strptime; nil for ISO 8601.",
        default: nil),
      returns: "date", seeAlso: ["datetime", "column.date"], search: ["day", "calendar", "time"],
      examples: [
        ("date(\"2026-11-29\")", "2026-11-29"),
        ("date(\"2026-11-29\") - date(\"2026-11-01\")", "28"),
        ("date(\"29/11/2026\", format: \"%d/%m/%Y\").weekday", "7"),
      ],
      context: { (vm: VM, value: Value, format: String?) in
        guard case .datetime(let moment) = try read(value, format, vm) else {
          throw Fault(.type, "a date is made of a text, found \(Representation.described(value))")
            .atArgument(0)
        }
        return Cell.date(CalendarTime.split(moment).day)
      }),
    Native(
      "datetime", "A moment (UTC), from text such as \"2026-11-29T12:00:00\" or a date's midnight.",
      Param<Value>("value", "A text, a date or a moment."),
      Param<String?>(
        "format", "How the text is written, as in Python's strptime; nil for ISO 8601.",
        default: nil),
      returns: "datetime", seeAlso: ["date", "column.date"],
      search: ["moment", "timestamp", "time"],
      examples: [
        ("datetime(\"2026-11-29T12:00:00\")", "2026-11-29T12:00:00"),
        ("datetime(\"2026-11-29T12:00:00\") - datetime(\"2026-11-29\")", "43200.0"),
      ],
      context: { (vm: VM, value: Value, format: String?) in
        guard let cell = try read(value, format, vm) else {
          throw Fault(
            .type, "a datetime is made of a text, found \(Representation.described(value))"
          ).atArgument(0)
        }
        return cell
      }),
  ]

  /// The moment of a text, date or moment; nil for anything else.
  private static func read(_ value: Value, _ format: String?, _ vm: VM) throws -> Cell? {
    switch try Cell(value, vm) {
    case .date(let day): return .datetime(day * CalendarTime.microsecondsPerDay)
    case .datetime(let moment): return .datetime(moment)
    case .string(let text):
      if format == nil, text.withBytes({ CalendarTime.isCut($0) }) {
        throw Fault(
          .value, "a moment holds microseconds, found the finer \(Quoting.literal(text))",
          hint: "write at most six decimals of a second"
        ).atArgument(0)
      }
      let series = try Series(cells: [.string(text)]).dates(format: format)
      if case .date(let day) = series[0] { return .datetime(day * CalendarTime.microsecondsPerDay) }
      return series[0]
    default: return nil
    }
  }
}
