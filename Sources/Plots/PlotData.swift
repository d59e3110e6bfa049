import Foundations
import Tables

/// A kind of plot: what its axes are, and what its series look like.
protocol SceneMaker {
  /// Checks what was asked for, and describes the axes before anything is drawn on them.
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws
  /// Draws the series of one panel and includes what they need in the extents of the axes.
  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData)
    throws
}

/// The rows of one series on one panel.
struct PlotPart {
  let series: Int
  let name: String
  /// The column with its values.
  let column: PlotColumn
  let rows: [Int]

  /// The numbers of its rows, missing ones left out.
  var values: [Double] { rows.compactMap { column.numbers[$0] } }
}

/// A table cut into panels and series, for the kinds of plots.
struct PlotData {
  let table: Table
  let kind: Plot.Kind
  let options: PlotOptions
  let xName: String?
  /// The columns with values, one series or more for each.
  let valueNames: [String]
  private(set) var panels: [(title: String, rows: [Int])] = []
  private(set) var seriesNames: [String] = []
  private var seriesRows: [(column: Int, rows: [Int])] = []
  private var columns: [PlotColumn] = []
  /// nil where a row stands on none.
  private var panelOfRow: [Int?] = []

  /// More than these nobody can tell apart.
  static let mostSeries = 2000
  static let mostPanels = 64
  static let mostCategories = 200

  init(_ table: Table, kind: Plot.Kind, x: String?, y: [String], options: PlotOptions) throws {
    self.table = table
    self.kind = kind
    self.options = options
    xName = x
    valueNames = y
    if kind == .heatmap {
      panels = [("", [])]
      return
    }
    columns = try y.map(column)
    try cutIntoSeries()
    try cutIntoPanels()
  }

  func column(_ name: String) throws -> PlotColumn {
    if let known = known.columns[name] { return known }
    let column = try PlotColumn(table.column(name))
    known.columns[name] = column
    return column
  }

  /// Columns that have been read.
  private final class Known {
    var columns: [Spelling: PlotColumn] = [:]
  }

  private let known = Known()

  private mutating func cutIntoSeries() throws {
    let grouping = try table.group(by: options.by)
    let groups = (0..<grouping.count).map(grouping.rows)
    guard groups.count * max(1, columns.count) <= PlotData.mostSeries else {
      throw DomainError(
        .value,
        "\(options.by.map { "`\($0)`" }.joined(separator: ", ")) makes \(groups.count * columns.count) series, too many to tell apart (\(PlotData.mostSeries) at most)"
      )
    }
    let byColumns = try options.by.map(column)
    for (index, column) in columns.enumerated() {
      for rows in groups {
        let label = byColumns.map { $0.text(rows[0]) }.joined(separator: ", ")
        let own = columns.count > 1 || options.by.isEmpty ? column.name : ""
        seriesNames.append([own, label].filter { !$0.isEmpty }.joined(separator: " · "))
        seriesRows.append((index, rows))
      }
    }
    // Grouping by nothing gives no group of no rows.
    if groups.isEmpty, options.by.isEmpty {
      seriesNames = columns.map(\.name)
      seriesRows = columns.indices.map { ($0, []) }
    }
  }

  private mutating func cutIntoPanels() throws {
    guard let name = options.panel else {
      panels = [("", Array(0..<table.rowCount))]
      return
    }
    let column = try column(name)
    let (names, places) = try column.categories(
      atMost: PlotData.mostPanels, for: "the panels of a plot")
    var rows = [[Int]](repeating: [], count: names.count)
    for (row, place) in places.enumerated() { if let place { rows[place].append(row) } }
    panelOfRow = places
    panels = zip(names, rows).map { (column.content == .texts ? $0 : "\(name) = \($0)", $1) }
    if panels.isEmpty { panels = [("", [])] }
  }

  /// The series of a panel, those without rows on it as well.
  private func parts(_ panel: Int) -> [PlotPart] {
    let isWhole = options.panel == nil || panelOfRow.isEmpty
    return seriesRows.enumerated().map { index, series in
      PlotPart(
        series: index, name: seriesNames[index], column: columns[series.column],
        rows: isWhole ? series.rows : series.rows.filter { panelOfRow[$0] == panel })
    }
  }

  /// Draws every panel.
  func scene() throws -> Scene {
    var scene = Scene()
    scene.title = options.title
    scene.x.limits = options.xLimits
    scene.y.limits = options.yLimits
    scene.legendTitle = options.by.joined(separator: ", ")
    try kind.maker.prepare(&scene, self)
    if seriesNames.count > 1, !scene.hidesLegend, !kind.measuresSeries {
      scene.legend = seriesNames.enumerated().map { Scene.Key(series: $0, name: $1) }
    }
    if let label = options.xLabel { scene.x.name = label }
    if let label = options.yLabel { scene.y.name = label }
    for (index, panel) in panels.enumerated() {
      try Cancellation.check()
      var drawn = Scene.Panel(title: panel.title)
      try kind.maker.draw(parts(index), on: &drawn, &scene, self)
      scene.panels.append(drawn)
      try PlotData.checkSize(scene)
    }
    scene.noteEmptyLimits()
    scene.addReferences(options)
    scene.noteCounts()
    scene.description = SceneWords.describe(scene, kind: kind)
    return scene
  }
}

// MARK: What kinds need

extension PlotData {
  /// Boxes and areas are not thinned out as points and lines are.
  private static let mostAreas = 50_000

  private static func checkSize(_ scene: Scene) throws {
    var count = 0
    for layer in scene.panels.flatMap(\.layers) {
      switch layer.shape {
      case .boxes(let boxes, _): count += boxes.count
      case .area, .strokes: count += 1
      case .points, .path, .band, .whiskers, .cells: break
      }
    }
    guard count <= mostAreas else {
      throw DomainError(
        .limit, "the plot has \(count) bars or boxes, too many to tell apart (\(mostAreas) at most)"
      )
    }
  }
}

extension PlotData {
  /// The column along x as numbers or as the places of categories.
  struct Places {
    /// nan where a row has none.
    var values: [Double]
    var scale: AxisDescription.Scale
  }

  func requireX() throws -> String {
    guard let xName else {
      throw DomainError(.value, "a \(kind.name) needs a column for `x`", hint: "x: \"epsilon\"")
    }
    return xName
  }

  func requireValues() throws {
    guard !valueNames.isEmpty else {
      throw DomainError(.value, "a \(kind.name) needs a column for `y`", hint: "y: \"accuracy\"")
    }
    for column in columns where table.rowCount > 0 {
      guard column.content != .texts, column.hasNumbers else {
        throw DomainError(.type, "the column `\(column.name)` holds no numbers to plot")
      }
    }
  }

  /// - Parameter asCategories: numbers, too, are the names of places.
  func places(_ name: String, axis: String, asCategories: Bool = false) throws -> Places {
    let column = try column(name)
    let isLogarithmic = options.log.contains(axis)
    if column.content == .texts || asCategories {
      if isLogarithmic {
        throw DomainError(
          .value,
          column.content == .texts
            ? "`\(name)` is text: its axis cannot be logarithmic"
            : "the values of `\(name)` name the places of a \(kind.name): its axis cannot be logarithmic"
        )
      }
      let (names, places) = try column.categories(atMost: PlotData.mostCategories)
      return Places(values: places.map { $0.map(Double.init) ?? .nan }, scale: .categories(names))
    }
    try PlotData.check(isLogarithmic, column.numbers.lazy.compactMap { $0 }, name: name)
    return Places(
      values: column.numbers.map { $0 ?? .nan },
      scale: column.content == .time ? .time : (isLogarithmic ? .logarithmic : .linear))
  }

  /// The scale of a column's values.
  func scale(of columns: [PlotColumn], axis: String) throws -> AxisDescription.Scale {
    let isLogarithmic = options.log.contains(axis)
    for column in columns {
      try PlotData.check(isLogarithmic, column.numbers.lazy.compactMap { $0 }, name: column.name)
    }
    if isLogarithmic { return .logarithmic }
    return !columns.isEmpty && columns.allSatisfy { $0.content == .time } ? .time : .linear
  }

  func valueScale(axis: String = "y") throws -> AxisDescription.Scale {
    try scale(of: columns, axis: axis)
  }

  static func check(_ logarithmic: Bool, _ values: some Sequence<Double>, name: String) throws {
    guard logarithmic, let bad = values.first(where: { $0 < 0 }) else { return }
    throw DomainError(
      .value, "`\(name)` holds \(NumberText.brief(bad)), which a logarithmic axis cannot show",
      hint: "leave out `log`, or plot the positive values only")
  }

  /// The ends of the intervals around a column's values: of its estimates, or of columns beside it.
  func intervals(of column: PlotColumn) throws -> (low: [Double?], high: [Double?])? {
    if let low = options.low, let high = options.high {
      return (try self.column(low).numbers, try self.column(high).numbers)
    }
    if let lows = column.lows, let highs = column.highs { return (lows, highs) }
    let (low, high) = (column.name + "_low", column.name + "_high")
    if table.hasColumn(low), table.hasColumn(high) {
      return (try self.column(low).numbers, try self.column(high).numbers)
    }
    guard table.hasColumn(column.name + Table.intervalSuffix) else { return nil }
    let halves = try self.column(column.name + Table.intervalSuffix).numbers
    func moved(_ sign: Double) -> [Double?] {
      zip(column.numbers, halves).map { value, half in
        guard let value, let half else { return nil }
        return value + sign * half
      }
    }
    return (moved(-1), moved(1))
  }

  /// Says how many of these rows have no number in a column.
  func noteGaps(_ column: PlotColumn, _ rows: [Int], _ scene: inout Scene) {
    var (missing, undefined) = (0, 0)
    for row in rows {
      guard let number = column.numbers[row] else {
        missing += 1
        continue
      }
      if number.isNaN { undefined += 1 }
    }
    scene.count(undefined, "of `\(column.name)`", .undefined)
    scene.count(missing, "of `\(column.name)`", .missing)
  }

  /// The columns of `valueNames`.
  var valueColumns: [PlotColumn] { columns }
}
