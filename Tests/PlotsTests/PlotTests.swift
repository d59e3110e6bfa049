import Foundations
import Tables
import Testing

@testable import Plots

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

extension Scene {
  /// The points of its lines, one list for each.
  fileprivate var paths: [[Place]] {
    panels.flatMap(\.layers).compactMap { layer in
      if case .path(let places, _) = layer.shape { places } else { nil }
    }
  }

  fileprivate var whiskers: [[Whisker]] {
    panels.flatMap(\.layers).compactMap { layer in
      if case .whiskers(let whiskers) = layer.shape { whiskers } else { nil }
    }
  }

  fileprivate var boxes: [[Box]] {
    panels.flatMap(\.layers).compactMap { layer in
      if case .boxes(let boxes, _) = layer.shape { boxes } else { nil }
    }
  }
}

@Suite struct PlotTests {
  private func options(_ change: (inout PlotOptions) -> Void) -> PlotOptions {
    var options = PlotOptions()
    change(&options)
    return options
  }

  @Test func notesTellWhatIsNotSeen() throws {
    let table = try table([
      ("x", [.int(1), .int(2), .int(3)]), ("y", [.float(1), .null, .float(3)]),
      ("low", [.float(0), .null, .null]), ("high", [.float(2), .null, .float(4)]),
    ])
    func notes(_ kind: Plot.Kind, _ change: (inout PlotOptions) -> Void = { _ in }) throws
      -> [String]
    {
      var options = PlotOptions()
      change(&options)
      return try Plot(table, kind: kind, x: "x", y: ["y"], options: options).scene.notes
    }
    #expect(try notes(.line).contains("lines pass over missing values; nan breaks them"))
    #expect(try !notes(.scatter).contains { $0.contains("pass over") })
    let ends = try notes(.errorbar) { ($0.low, $0.high) = ("low", "high") }
    #expect(ends.contains("1 value of `y` has no interval: an end is missing"), "\(ends)")
    #expect(
      try notes(.line) { $0.xLimits = (10, 20) }.contains("the limits of x leave nothing to see"))
    #expect(
      try notes(.scatter) { ($0.xLimits, $0.yLimits) = ((0, 2), (2, 4)) }
        .contains("the limits leave no point to see"))
    #expect(
      try !notes(.scatter) { $0.xLimits = (0, 2) }.contains { $0.contains("limits") })
  }

  private func table(_ columns: [(String, [Cell])]) throws -> Table {
    try Table(columns: columns.map { Table.Column($0.0, $0.1) })
  }

  @Test func repetitionsBecomeMeansWithIntervals() throws {
    let plot = try Plot(
      sweep(), kind: .line, x: "epsilon", y: ["accuracy"],
      options: options {
        $0.by = ["method"]
        $0.log = "x"
      })
    #expect(plot.scene.legend.map(\.name) == ["plain", "dp-sgd", "edp-sgd"])
    #expect(plot.scene.legendTitle == "method")
    #expect(plot.scene.paths[0].count == 6 && plot.scene.whiskers[0].count == 6)
    #expect(plot.scene.paths[0].last?.x == .infinity)
    #expect(plot.scene.notes == ["intervals: 95% confidence of the mean"])
  }

  @Test func aSummaryGivesTheSamePointsAsItsRows() throws {
    let summary = try sweep().group(by: ["method", "epsilon"]).mean(interval: 0.95)
    let chosen = options { $0.by = ["method"] }
    let fromRows = try Plot(sweep(), kind: .line, x: "epsilon", y: ["accuracy"], options: chosen)
    let fromSummary = try Plot(
      summary, kind: .line, x: "epsilon", y: ["accuracy"], options: chosen)
    #expect(fromRows.scene.paths == fromSummary.scene.paths)
    #expect(fromRows.scene.whiskers == fromSummary.scene.whiskers)
  }

  @Test func estimatesBringTheirIntervals() throws {
    func estimate(_ value: Double) -> Cell {
      .map([
        Cell.Entry(key: .string("value"), value: .float(value)),
        Cell.Entry(key: .string("low"), value: .float(value - 0.25)),
        Cell.Entry(key: .string("high"), value: .float(value + 0.5)),
      ])
    }
    let given = try table([("x", [.int(1), .int(2)]), ("y", [estimate(1), estimate(2)])])
    let beside = try table([
      ("x", [.int(1), .int(2)]), ("y", [.float(1), .float(2)]),
      ("y_low", [.float(0.75), .float(1.75)]), ("y_high", [.float(1.5), .float(2.5)]),
    ])
    for kind in [Plot.Kind.line, .bar, .errorbar] {
      let scenes = try [given, beside].map { try Plot($0, kind: kind, x: "x", y: ["y"]).scene }
      #expect(scenes[0].whiskers == scenes[1].whiskers && scenes[0].whiskers[0].count == 2)
    }
    let forest = try Plot(given, kind: .forest, x: "y", y: ["x"]).scene
    #expect(forest.rowTexts == ["1.00 [0.75, 1.50]", "2.00 [1.75, 2.50]"])
  }

  @Test func intervalsThatReachBelowZeroEndAtALogarithmicAxis() throws {
    let given = try table([
      ("x", [.int(1)]), ("y", [.float(1)]), ("y_low", [.float(-1)]), ("y_high", [.float(3)]),
    ])
    let scene = try Plot(
      given, kind: .errorbar, x: "x", y: ["y"], options: options { $0.log = "y" }
    ).scene
    #expect(scene.whiskers[0][0].hasLowCap == false && scene.whiskers[0][0].hasHighCap)
    #expect(scene.notes.contains("intervals without a lower end reach 0 or below"))
  }

  @Test func aBandIsPartedWhereAPointHasNoInterval() throws {
    let count = 30
    let given = try table([
      ("x", (0..<count).map(Cell.int)), ("y", (0..<count).map { .float(Double($0)) }),
      ("y_interval", (0..<count).map { $0 == 10 || $0 == 12 ? .null : .float(1) }),
    ])
    let scene = try Plot(given, kind: .line, x: "x", y: ["y"]).scene
    let axes = (PlotAxis(scene.x, maximumTicks: 5), PlotAxis(scene.y, maximumTicks: 5))
    var bands = 0
    for layer in scene.panels[0].layers {
      guard case .band(let x, let low, let high) = layer.shape else { continue }
      bands = Projection(x: axes.0, y: axes.1).band(x, low, high).count
    }
    #expect(bands == 2)
    // Between the two without one stands a point with an interval of its own.
    #expect(scene.whiskers.map(\.count) == [1])
  }

  @Test func gapsAreSaid() throws {
    let given = try table([
      ("x", [.int(1), .int(2), .int(3), .null]),
      ("y", [.float(1), .float(.nan), .null, .float(2)]),
    ])
    let scene = try Plot(given, kind: .line, x: "x", y: ["y"]).scene
    #expect(
      scene.notes == [
        "lines pass over missing values; nan breaks them",
        "1 value of `y` is nan", "1 value of `y` is missing", "1 value of `x` is missing",
      ])
    #expect(scene.paths[0].count == 2)
  }

  @Test func barsStandBesideOrOnEachOther() throws {
    let given = try table([
      ("k", [.string("b"), .string("a")]), ("u", [.int(1), .int(2)]), ("v", [.int(3), .int(-4)]),
    ])
    let beside = try Plot(given, kind: .bar, x: "k", y: ["u", "v"]).scene
    #expect(beside.x.categories == ["b", "a"])
    #expect(beside.boxes.map { $0.map(\.to.y) } == [[1, 2], [3, -4]])
    #expect(beside.boxes[0][0].to.x <= beside.boxes[1][0].from.x)
    let stacked = try Plot(
      given, kind: .bar, x: "k", y: ["u", "v"], options: options { $0.isStacked = true }
    ).scene
    #expect(stacked.boxes[1].map(\.from.y) == [1, 0] && stacked.boxes[1].map(\.to.y) == [4, -4])
  }

  @Test func panelsShareTheirAxes() throws {
    let plot = try Plot(
      sweep(), kind: .line, x: "epsilon", y: ["accuracy"],
      options: options {
        $0.panel = "method"
        $0.yReferences = [0.5]
      })
    #expect(plot.scene.panels.map(\.title) == ["plain", "dp-sgd", "edp-sgd"])
    #expect(plot.scene.panels.allSatisfy { $0.references == [.horizontal(0.5)] })
    #expect(plot.scene.y.extent.low == 0.5)
    #expect(plot.terminalChart(width: 120).contains("dp-sgd"))
  }

  @Test func curvesSayTheirAreas() throws {
    let given = try table([
      ("label", [.int(0), .int(1), .int(0), .int(1)]),
      ("score", [.float(0.1), .float(0.4), .float(0.35), .float(0.8)]),
      ("other", [.float(0.8), .float(0.4), .float(0.35), .null]),
    ])
    let scene = try Plot(
      given, kind: .roc, y: ["score", "other"], options: options { $0.labels = "label" }
    ).scene
    #expect(scene.legend.map(\.name) == ["score · AUC 1.000", "other · AUC 0.500"])
    #expect(scene.notes == ["1 value of `other` is missing"])
    #expect(scene.paths[0] == [Place(x: 0, y: 0), Place(x: 0, y: 1), Place(x: 1, y: 1)])
    let onlyOne = try table([("label", [.int(1), .int(1)]), ("score", [.float(1), .float(2)])])
    let empty = try Plot(
      onlyOne, kind: .roc, y: ["score"], options: options { $0.labels = "label" })
    #expect(empty.scene.notes == ["score: one class only, so there is no curve"])
  }

  @Test func heatMapsTakeTheMeanOfACell() throws {
    let given = try table([
      ("a", [.int(2), .int(1), .int(1)]), ("b", ["u", "u", "u"].map(Cell.string)),
      ("v", [.float(5), .float(1), .float(2)]),
    ])
    let scene = try Plot(
      given, kind: .heatmap, x: "a", y: ["b"], options: options { $0.value = "v" }
    ).scene
    guard case .cells(let cells) = scene.panels[0].layers[0].shape else {
      Issue.record("no cells")
      return
    }
    #expect(cells.values == [1.5, 5] && scene.x.categories == ["1", "2"])
    #expect(scene.notes == ["1 cell is the mean of several rows"])
  }

  @Test func largeMatricesAreDrawnAsMeans() throws {
    let plot = try Plot(matrix: (0..<90_000).map { Double($0 % 300) }, rows: 300, columns: 300)
    #expect(plot.scene.notes == ["300 × 300 values, drawn as means of 2 × 2"])
    #expect(plot.scene.placeCount == 150 * 150)
    #expect(try plot.svg().utf8.count < 4_000_000)
  }

  @Test func unusableRequestsAreClearErrors() throws {
    let given = try table([("a", [.int(-1)]), ("t", [.string("x")]), ("b", [.int(2)])])
    func fails(
      _ kind: Plot.Kind, _ x: String?, _ y: [String],
      _ change: (inout PlotOptions) -> Void = { _ in }
    ) {
      #expect(throws: DomainError.self) {
        try Plot(given, kind: kind, x: x, y: y, options: options(change))
      }
    }
    fails(.line, "a", ["a"]) { $0.log = "x" }
    fails(.line, "a", ["a"]) { $0.log = "z" }
    fails(.line, "a", ["t"])
    fails(.line, "c", ["a"])
    fails(.line, "a", [])
    fails(.line, nil, ["a"])
    fails(.line, "a", ["b"]) { $0.xLimits = (1, 0) }
    fails(.line, "a", ["b"]) { $0.xLimits = (0, .infinity) }
    fails(.line, "a", ["b"]) { $0.yLimits = (-.greatestFiniteMagnitude, .greatestFiniteMagnitude) }
    fails(.line, "b", ["b"]) {
      $0.log = "x"
      $0.xLimits = (0, 1)
    }
    fails(.line, "b", ["b"]) { $0.yReferences = [.nan] }
    fails(.line, "b", ["b"]) { $0.low = "a" }
    fails(.errorbar, "a", ["b"])
    fails(.errorbar, "a", ["b"]) { ($0.low, $0.high) = ("b", "a") }
    fails(.forest, "t", ["t"])
    fails(.bar, "t", ["b"]) { $0.log = "x" }
    fails(.roc, nil, ["b"])
    fails(.roc, nil, ["t"]) { $0.labels = "a" }
    fails(.calibration, nil, ["b"]) { $0.labels = "a" }
    fails(.heatmap, "a", ["b"])
    #expect(throws: DomainError.self) {
      try Plot(matrix: [1], rows: 1, columns: 1, options: options { $0.rowNames = ["a", "b"] })
    }
    let many = try table([
      ("x", (0..<5000).map(Cell.int)), ("k", (0..<5000).map { .string("k\($0)") }),
    ])
    #expect(throws: DomainError.self) { try Plot(many, kind: .bar, x: "k", y: ["x"]) }
    #expect(throws: DomainError.self) {
      try Plot(many, kind: .line, x: "x", y: ["x"], options: options { $0.by = ["k"] })
    }
    #expect(throws: DomainError.self) {
      try Plot(many, kind: .line, x: "x", y: ["x"], options: options { $0.panel = "k" })
    }
  }
}
