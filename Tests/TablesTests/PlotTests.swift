import Foundations
import Testing

@testable import Tables

private func sweep() -> Table {
  var rows: [[(name: String, cell: Cell)]] = []
  for method in ["plain", "dp-sgd", "edp-sgd"] {
    for epsilon in [0.5, 1, 2, 4, 8, .infinity] {
      for seed in 0..<3 {
        let wobble = Double((seed * 7 + Int(min(epsilon, 9) * 3)) % 5) * 0.012
        let base = method == "plain" ? 0.97 : (method == "dp-sgd" ? 0.90 : 0.93)
        rows.append([
          ("method", .string(method)), ("epsilon", .float(epsilon)), ("seed", .int(seed)),
          ("accuracy", .float(base - 0.12 / min(epsilon + 0.3, 20) - wobble)),
          ("leak", .float(0.5 + 0.01 * min(epsilon, 12))),
        ])
      }
    }
  }
  return Table(rows: rows, axes: ["method", "epsilon", "seed"])
}

@Suite struct PlotTests {
  @Test func repetitionsBecomeMeansWithIntervals() throws {
    var options = Plot.Options()
    options.by = ["method"]
    options.log = "x"
    let plot = try Plot(sweep(), kind: .line, x: "epsilon", y: ["accuracy"], options: options)
    #expect(plot.series.map(\.name) == ["plain", "dp-sgd", "edp-sgd"])
    #expect(plot.series[0].points.count == 6)
    #expect(plot.series[0].points.allSatisfy { $0.interval != nil })
    #expect(plot.series[0].points.last?.x == .infinity)
  }

  @Test func aSummaryGivesTheSamePointsAsItsRows() throws {
    let summary = try sweep().group(by: ["method", "epsilon"]).mean(interval: 0.95)
    var options = Plot.Options()
    options.by = ["method"]
    let fromRows = try Plot(sweep(), kind: .line, x: "epsilon", y: ["accuracy"], options: options)
    let fromSummary = try Plot(
      summary, kind: .line, x: "epsilon", y: ["accuracy"], options: options)
    #expect(fromRows.series.map(\.points) == fromSummary.series.map(\.points))
  }

  @Test func infinityStandsBeyondTheScale() {
    let axis = PlotAxis(
      values: [0.5, 8, .infinity], isLogarithmic: true, maximumTicks: 8, padded: true,
      labelsValues: true)
    #expect(axis.ticks.map(\.label) == ["0.5", "8", "∞"])
    let infinite = axis.position(.infinity) ?? 0
    #expect((axis.position(8) ?? 1) < 0.9 && infinite > 0.9 && infinite < 1)
    #expect(axis.position(.nan) == nil)
  }

  @Test func zeroOnALogarithmicAxisStandsBeforeIt() {
    let axis = PlotAxis(
      values: [0, 1, 10], isLogarithmic: true, maximumTicks: 8, padded: true, labelsValues: true)
    #expect(axis.ticks.map(\.label) == ["0", "1", "10"])
  }

  @Test(arguments: [
    ([0.0, 1], false, ["0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]),
    ([3, 97], false, ["20", "40", "60", "80"]),
    ([1e-5, 1], true, ["1e-5", "0.0001", "0.001", "0.01", "0.1", "1"]),
  ])
  func ticksAreRoundNumbers(values: [Double], logarithmic: Bool, expected: [String]) {
    let axis = PlotAxis(
      values: values, isLogarithmic: logarithmic, maximumTicks: 7, padded: false,
      labelsValues: false)
    #expect(axis.ticks.map(\.label) == expected)
  }

  @Test(arguments: [
    [Double](), [.nan], [.infinity], [-.infinity, .infinity], [0], [1e308, -1e308],
    [.leastNonzeroMagnitude],
    [1, 1 + 1e-16], [1e-300, 1e300], [3, 3, 3],
  ])
  func anyValuesCanBeDrawn(values: [Double]) throws {
    for log in ["", "x", "y", "xy"] where log.isEmpty || !values.contains(where: { $0 < 0 }) {
      let table = Table(
        rows: values.map { [("x", .float($0)), ("y", .float($0))] } + [
          [("x", .int(1)), ("y", .int(1))]
        ])
      var options = Plot.Options()
      options.log = log
      for kind in [Plot.Kind.line, .scatter] {
        let plot = try Plot(table, kind: kind, x: "x", y: ["y"], options: options)
        let svg = plot.svg()
        #expect(!svg.contains("nan") && !svg.contains("\"inf") && !svg.contains("\"-inf"))
        #expect(
          plot.terminalChart(width: 60, height: 10).split(separator: "\n").allSatisfy {
            DisplayWidth.of(String($0)) <= 60
          })
      }
    }
  }

  @Test func textAxesAreCategories() throws {
    let table = Table(
      rows: ["uniform", "activity"].map { [("s", .string($0)), ("y", .int($0.count))] })
    let plot = try Plot(table, kind: .line, x: "s", y: ["y"])
    #expect(plot.xCategories == ["uniform", "activity"])
    #expect(plot.svg().contains(">activity</text>"))
  }

  @Test func markupInNamesIsEscaped() throws {
    let table = Table(rows: [[("<x>&", .int(1)), ("y\u{1}", .int(1))]])
    let svg = try Plot(table, kind: .scatter, x: "<x>&", y: ["y\u{1}"]).svg()
    #expect(svg.contains("&lt;x&gt;&amp;") && !svg.contains("\u{1}"))
  }

  @Test func unusableRequestsAreClearErrors() {
    let table = Table(rows: [[("a", .int(-1)), ("t", .string("x"))]])
    var logarithmic = Plot.Options()
    logarithmic.log = "x"
    var wrong = Plot.Options()
    wrong.log = "z"
    #expect(throws: DomainError.self) {
      try Plot(table, kind: .line, x: "a", y: ["a"], options: logarithmic)
    }
    #expect(throws: DomainError.self) {
      try Plot(table, kind: .line, x: "a", y: ["a"], options: wrong)
    }
    #expect(throws: DomainError.self) { try Plot(table, kind: .line, x: "a", y: ["t"]) }
    #expect(throws: DomainError.self) { try Plot(table, kind: .line, x: "b", y: ["a"]) }
    #expect(throws: DomainError.self) { try Plot(table, kind: .line, x: "a", y: []) }
  }

  @Test func chartOfASweep() throws {
    var options = Plot.Options()
    options.by = ["method"]
    options.log = "x"
    options.title = "Accuracy against privacy"
    let plot = try Plot(sweep(), kind: .line, x: "epsilon", y: ["accuracy"], options: options)
    let chart = plot.terminalChart(width: 72, height: 12)
    #expect(chart.contains("∞") && chart.contains("● plain") && chart.contains("▲ edp-sgd"))
    #expect(!chart.contains("\u{1B}"))
    #expect(plot.terminalChart(coloured: true).contains("\u{1B}[38;5;32m"))
  }
}
