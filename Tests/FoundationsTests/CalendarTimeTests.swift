import Foundations
import Testing

@Suite struct CalendarTimeTests {
  /// Values of Python's `datetime.date(...).toordinal() - 719163` and `isoweekday()`.
  @Test(arguments: [
    ("0001-01-01", -719_162, 1), ("1899-12-31", -25_568, 7), ("1900-02-28", -25_509, 3),
    ("1970-01-01", 0, 4), ("2000-02-29", 11_016, 2), ("2024-12-31", 20_088, 2),
    ("2026-11-29", 20_786, 7), ("9999-12-31", 2_932_896, 5),
  ])
  func daysAreThoseOfPython(text: String, number: Int, weekday: Int) {
    #expect(text.withBytes(CalendarTime.date) == number)
    #expect(CalendarTime.dateText(number) == text)
    #expect(CalendarTime.weekday(number) == weekday)
  }

  @Test func everyDayReadsBack() {
    for day in stride(from: CalendarTime.days.lowerBound, to: CalendarTime.days.upperBound, by: 97)
    {
      let (year, month, number) = CalendarTime.civil(day)
      #expect(CalendarTime.day(year: year, month: month, day: number) == day)
    }
  }

  @Test(arguments: [
    "2025-02-29", "2026-13-01", "2026-00-10", "2026-1-01", "0000-01-01", "26-01-01", "2026-01-01 ",
  ])
  func otherTextsAreNoDates(text: String) { #expect(text.withBytes(CalendarTime.date) == nil) }

  @Test(arguments: [
    ("2026-11-29T12:00:00", 1_795_953_600_000_000), ("2026-11-29 12:00", 1_795_953_600_000_000),
    ("2026-11-29T12:00:00Z", 1_795_953_600_000_000),
    ("2026-11-29T13:30:00+01:30", 1_795_953_600_000_000),
    ("1969-12-31T23:59:59.5", -500_000), ("1970-01-01T00:00:00.123456789", 123_456),
  ])
  func momentsAreIsos(text: String, moment: Int) {
    #expect(text.withBytes(CalendarTime.moment) == moment)
    #expect(CalendarTime.momentText(moment).withBytes(CalendarTime.moment) == moment)
  }

  @Test(arguments: [
    "2026-11-29T24:00:00", "2026-11-29T12:60", "2026-11-29T12:00:61", "2026-11-29T12:00:00.",
    "2026-11-29T12:00:00+1", "2026-11-29", "2026-11-29T12:00:00x", "9999-12-31T23:59:59-01:00",
  ])
  func otherTextsAreNoMoments(text: String) { #expect(text.withBytes(CalendarTime.moment) == nil) }
}
