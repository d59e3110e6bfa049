import Foundations
import Testing

@testable import Plots

@Suite struct PlotAxisTests {
  private func axis(
    _ values: [Double], _ scale: AxisDescription.Scale = .linear, ticks: Int = 7,
    padded: Bool = true, labelsValues: Bool = false, limits: (Double?, Double?) = (nil, nil)
  ) -> PlotAxis {
    var description = AxisDescription(scale: scale)
    description.name = "x"
    description.extent.include(values)
    description.isPadded = padded
    description.labelsValues = labelsValues
    description.limits = limits
    return PlotAxis(description, maximumTicks: ticks)
  }

  @Test func infinityStandsBeyondTheScale() {
    let axis = axis([0.5, 8, .infinity], .logarithmic, ticks: 8, labelsValues: true)
    #expect(axis.ticks.map(\.label) == ["0.5", "8", "∞"])
    let infinite = axis.position(.infinity) ?? 0
    #expect((axis.position(8) ?? 1) < 0.9 && infinite > 0.9 && infinite < 1)
    #expect(axis.position(.nan) == nil)
  }

  @Test func zeroOnALogarithmicAxisStandsBeforeIt() {
    let axis = axis([0, 1, 10], .logarithmic, ticks: 8, labelsValues: true)
    #expect(axis.ticks.map(\.label) == ["0", "1", "10"])
  }

  static let roundTicks: [([Double], Bool, [String])] = [
    ([0.0, 1], false, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ([3, 97], false, ["20", "40", "60", "80"]),
    ([1e-5, 1], true, ["1e-5", "0.0001", "0.001", "0.01", "0.1", "1"]),
    ([0.25, 0.62], false, ["0.3", "0.4", "0.5", "0.6"]),
    ([-0.3, 0.3], false, ["-0.3", "-0.2", "-0.1", "0.0", "0.1", "0.2", "0.3"]),
    ([0, 6e6], false, ["0", "1e6", "2e6", "3e6", "4e6", "5e6", "6e6"]),
    ([2_600_000, 2_600_040], false, ["2600000", "2600010", "2600020", "2600030", "2600040"]),
    (
      [1_764_430_000, 1_764_458_800], false,
      [
        "1764430000", "1764435000", "1764440000", "1764445000", "1764450000", "1764455000",
      ]
    ),
    (
      [0.95, 0.9500005], false,
      [
        "0.9500000", "0.9500001", "0.9500002", "0.9500003", "0.9500004", "0.9500005",
      ]
    ),
    ([1e-9, 4e-9], false, ["1e-9", "1.5e-9", "2e-9", "2.5e-9", "3e-9", "3.5e-9", "4e-9"]),
  ]

  @Test(arguments: roundTicks)
  func ticksAreRoundNumbers(values: [Double], logarithmic: Bool, expected: [String]) {
    let axis = axis(values, logarithmic ? .logarithmic : .linear, padded: false)
    #expect(axis.ticks.map(\.label) == expected)
  }

  /// However far from 0 and however close to each other values lie, their ticks differ.
  static let closeValues: [(Double, Double)] = [
    (1e15, 1e15 + 8), (1e9, 1e9 + 1e-5), (1, 1 + 1e-12), (1, 1 + 3e-16), (-1e12 - 1e-2, -1e12),
    (1e300, 1.0000001e300), (1e-300, 1.0000001e-300), (0, .leastNonzeroMagnitude), (-1e308, 1e308),
  ]

  @Test(arguments: closeValues)
  func ticksAreDistinguishable(low: Double, high: Double) {
    for count in 2...9 {
      let labels = axis([low, high], ticks: count).ticks.map(\.label)
      #expect(Set(labels).count == labels.count && labels.count >= 2, "\(labels)")
      #expect(labels.allSatisfy { $0.count <= 24 }, "\(labels)")
    }
  }

  @Test func farValuesAreWrittenByTheirDistance() {
    let axis = axis([1e9, 1e9 + 4e-5], padded: false)
    #expect(axis.title == "x − 1000000000")
    #expect(axis.ticks.first?.label == "0")
  }

  @Test func limitsAreTheEnds() {
    let limited = axis([0, 100], limits: (10, 20))
    #expect(limited.position(10) == 0 && limited.position(20) == 1)
    #expect(limited.shows(15) && !limited.shows(21) && !limited.shows(.nan))
    // All values lie on the other side of the only limit.
    let apart = axis([0, 1], limits: (50, nil))
    #expect(apart.low == 50 && apart.high > 50)
    let above = axis([5, 6], .logarithmic, limits: (nil, 2))
    #expect(above.high == 2 && above.low > 0 && above.low < 2)
  }

  @Test func sharesOfErrorsStandAtTheirNormalDeviates() {
    let axis = axis([0, 0.01, 0.5, 0.99, 1], .normalDeviate, ticks: 20)
    #expect(axis.ticks.first?.label == "0%" && axis.ticks.last?.label == "100%")
    let middle = axis.position(0.5) ?? 0
    let (low, high) = (axis.position(0.1) ?? 0, axis.position(0.9) ?? 0)
    #expect(abs((middle - low) - (high - middle)) < 1e-9)
  }

  static let timeTicks: [(String, String, [String], String)] = [
    ("2026-01-01", "2026-12-31", ["Jan", "Mar", "May", "Jul", "Sep", "Nov"], "x (2026, UTC)"),
    (
      "1990-01-01", "2026-01-01", ["1990", "2000", "2010", "2020"],
      "x (UTC)"
    ),
    ("2025-11-01", "2026-02-28", ["Nov 2025", "Dec", "Jan 2026", "Feb"], "x (UTC)"),
    (
      "2026-02-26", "2026-03-02", ["26 Feb", "27 Feb", "28 Feb", "1 Mar", "2 Mar"], "x (2026, UTC)"
    ),
    (
      "2026-11-29T09:00", "2026-11-29T11:00",
      [
        "09:00", "09:30", "10:00", "10:30", "11:00",
      ], "x (2026-11-29, UTC)"
    ),
    (
      "2026-11-29T23:00", "2026-11-30T01:00",
      [
        "29 Nov 23:00", "23:30", "30 Nov 00:00", "00:30", "01:00",
      ], "x (2026, UTC)"
    ),
    (
      "2026-11-29T09:00:00", "2026-11-29T09:00:04",
      [
        "09:00:00", "09:00:01", "09:00:02", "09:00:03", "09:00:04",
      ], "x (2026-11-29, UTC)"
    ),
  ]

  @Test(arguments: timeTicks)
  func timesStandAtWholeUnits(low: String, high: String, labels: [String], title: String) throws {
    let ends = try [low, high].map { try #require(Plot.time($0)) }
    let axis = axis(ends, .time, ticks: 6, padded: false)
    #expect(axis.ticks.map(\.label) == labels)
    #expect(axis.title == title)
  }

  @Test func datesAreThoseOfTheCalendar() {
    #expect(Plot.time("1970-01-01") == 0)
    #expect(Plot.time("2000-02-29") == 951_782_400)
    #expect(Plot.time("1969-12-31T23:59:59") == -1)
    #expect(Plot.time("2026-11-29 12:00:30.5Z") == 1_795_953_630.5)
    for wrong in [
      "2026-02-29", "2026-13-01", "2026-1-1", "26-01-01", "2026-01-01T25:00", "",
      "2026-01-01T10", "2026-01-01T10:00:", "2026-01-01T10:00:0x", "２０２６-01-01",
    ] {
      #expect(Plot.time(wrong) == nil, "\(wrong)")
    }
    for day in stride(from: -800_000.0, through: 800_000, by: 977) {
      #expect(TickTime(seconds: day * 86400).seconds == day * 86400)
    }
  }

  @Test(arguments: [1e13, -1e13, 1e18, -1e300, .infinity, 0.5])
  func anyTimesCanBeShown(time: Double) {
    for other in [0, time.nextUp, -time] {
      let axis = axis([time, other], .time)
      #expect(axis.ticks.count >= 1 && axis.ticks.count < 30)
    }
  }
}
