import Foundations

/// A mark for every row.
enum ScatterPlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try PointSeries.prepare(&scene, data)
    scene.keyStyle = .mark
  }

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    let x = try data.places(data.requireX(), axis: "x").values
    for part in parts {
      let points = try PointSeries.points(part, x: x, data, &scene)
      PointSeries.include(points, in: &scene)
      if points.contains(where: { $0.low != nil }) {
        panel.add(.whiskers(PointSeries.whiskers(points, &scene)), series: part.series)
      }
      panel.add(
        .points(points.filter { !$0.y.isNaN }.map { Place(x: $0.x, y: $0.y) }), series: part.series)
    }
  }
}

/// Points with intervals whose ends the table gives: `low` and `high`, or what stands beside the column.
enum ErrorBarPlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try PointSeries.prepare(&scene, data)
    scene.x.labelsValues = true
    scene.keyStyle = .mark
    for column in data.valueColumns where try data.intervals(of: column) == nil {
      throw DomainError(
        .value, "the intervals of `\(column.name)` are not known",
        hint:
          "low: and high: name the columns of their ends; `\(column.name)_low` and `\(column.name)_high` are found without"
      )
    }
  }

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    let x = try data.places(data.requireX(), axis: "x").values
    for part in parts {
      let points = try PointSeries.points(part, x: x, data, &scene)
      PointSeries.include(points, in: &scene)
      // Several series side by side, as far as there is room.
      let shift =
        parts.count <= 8 ? 7 * (Double(part.series) - Double(parts.count - 1) / 2) : 0
      panel.add(
        .whiskers(PointSeries.whiskers(points, &scene)), series: part.series, shift: shift)
      panel.add(
        .points(points.filter { !$0.y.isNaN }.map { Place(x: $0.x, y: $0.y) }), series: part.series,
        shift: shift)
    }
  }
}
