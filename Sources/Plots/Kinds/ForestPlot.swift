import Foundations
import Tables

/// Estimates with their intervals below each other, a row for each label (Lewis and Clarke 2001, "Forest plots").
/// Either column may hold the labels: the other one holds the estimates.
enum ForestPlot: SceneMaker {
  /// Which column is which.
  private static func columns(_ data: PlotData) throws -> (
    estimates: PlotColumn, labels: PlotColumn
  ) {
    let x = try data.column(data.requireX())
    guard let name = data.valueNames.first, data.valueNames.count == 1 else {
      throw DomainError(
        .value, "a forest plot needs a column of estimates and one of labels",
        hint: "x: \"effect\", y: \"study\"")
    }
    let y = try data.column(name)
    let (estimates, labels) = x.content == .texts ? (y, x) : (x, y)
    guard estimates.content == .numbers, estimates.hasNumbers || data.table.rowCount == 0 else {
      throw DomainError(.type, "the column `\(estimates.name)` holds no numbers to plot")
    }
    return (estimates, labels)
  }

  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    let (estimates, labels) = try columns(data)
    guard try data.table.rowCount == 0 || data.intervals(of: estimates) != nil else {
      throw DomainError(
        .value, "the intervals of `\(estimates.name)` are not known",
        hint:
          "low: and high: name the columns of their ends; `\(estimates.name)_low` and `\(estimates.name)_high` are found without"
      )
    }
    scene.x.name = estimates.name
    scene.x.scale = try data.scale(of: [estimates], axis: "x")
    scene.y.name = labels.name
    guard !data.options.log.contains("y") else {
      throw DomainError(.value, "a forest plot has labels along y: not logarithmic")
    }
    scene.y.scale = .categories(try labels.categories(atMost: PlotData.mostCategories).names)
    scene.y.isReversed = true
    scene.keyStyle = .mark
  }

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    let (estimates, labels) = try columns(data)
    let (names, places) = try labels.categories(atMost: PlotData.mostCategories)
    let isAlone = parts.count == 1 && data.options.panel == nil
    var texts = [String](repeating: "", count: names.count)
    for part in parts {
      let rows = part.rows.filter { places[$0] != nil }
      let own = PlotPart(series: part.series, name: part.name, column: estimates, rows: rows)
      let points = try PointSeries.points(
        own, x: places.map { $0.map(Double.init) ?? .nan }, data, &scene)
      let shift = 0.7 / Double(max(1, parts.count))
      var whiskers: [Scene.Whisker] = []
      var marks: [Place] = []
      for point in points where !point.y.isNaN {
        let row =
          point.x
          + (parts.count > 1 ? shift * (Double(part.series) - Double(parts.count - 1) / 2) : 0)
        scene.x.extent.include(point.y)
        marks.append(Place(x: point.y, y: row))
        guard let low = point.low, let high = point.high else { continue }
        for end in [low, high] where end.isFinite && !scene.x.isBeyond(end) {
          scene.x.extent.include(end)
        }
        let isCut = scene.x.isLogarithmic && low <= 0
        if isCut { scene.note("intervals without a lower end reach 0 or below") }
        whiskers.append(
          Scene.Whisker(
            from: Place(x: isCut ? -.infinity : low, y: row), to: Place(x: high, y: row),
            hasLowCap: !isCut && low.isFinite, hasHighCap: high.isFinite))
        texts[Int(point.x)] = text(point.y, low, high)
      }
      panel.add(.whiskers(whiskers), series: part.series)
      panel.add(.points(marks), series: part.series)
    }
    // A second row of a label would have no place for its text.
    if isAlone, names.count == estimates.count { scene.rowTexts = texts }
  }

  private static func text(_ value: Double, _ low: Double, _ high: Double) -> String {
    // Three digits of the interval's length, the same decimals for all three.
    let length = high - low
    guard length.isFinite, length > 0, length < 1e6, length > 1e-6 else {
      return
        "\(NumberText.brief(value)) [\(NumberText.brief(low)), \(NumberText.brief(high))]"
    }
    let decimals = max(0, 1 - NumberText.decimalExponent(length))
    let parts = [value, low, high].map { NumberText.fixed($0, decimals: decimals) }
    return "\(parts[0]) [\(parts[1]), \(parts[2])]"
  }
}
