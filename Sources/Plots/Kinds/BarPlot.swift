import Foundations
import Tables

/// Amounts over categories: a bar for each series beside the others, or all of them on top of each other. Rows that
/// share a place become their mean with its interval.
enum BarPlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try PointSeries.prepare(&scene, data, asCategories: true)
    scene.keyStyle = .area
    guard data.options.isStacked else {
      if !scene.y.isLogarithmic { scene.y.base = 0 }
      return
    }
    scene.y.base = 0
    if scene.y.isLogarithmic {
      throw DomainError(
        .value, "stacked bars add up, which a logarithmic axis cannot show",
        hint: "leave out `log` or `stacked`")
    }
  }

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    let x = try data.places(data.requireX(), axis: "x", asCategories: true).values
    let all = try parts.map { part in
      PointSeries.means(
        try PointSeries.points(part, x: x, data, &scene), level: data.options.level
      ).filter { !$0.y.isNaN }
    }
    if data.options.isStacked { return drawStacks(parts, all, on: &panel, &scene) }
    // All bars of a category take four fifths of its room.
    let width = 0.8 / Double(max(1, parts.count))
    for (part, points) in zip(parts, all) {
      let left = -0.4 + width * Double(part.series)
      let placed = points.map { point in
        var moved = point
        moved.x += left + width / 2
        return moved
      }
      PointSeries.include(placed, in: &scene)
      // A logarithmic axis has no 0 to begin at; −∞ is its lower edge.
      let base = scene.y.isLogarithmic ? -Double.infinity : 0
      let gap = parts.count > 1 ? width * 0.06 : 0
      panel.add(
        .boxes(
          placed.map { point in
            Scene.Box(
              from: Place(x: point.x - width / 2 + gap, y: base),
              to: Place(x: point.x + width / 2 - gap, y: point.y))
          }, isStrong: true), series: part.series)
      let whiskers = PointSeries.whiskers(placed, &scene)
      if !whiskers.isEmpty {
        panel.add(.whiskers(whiskers))
        let percent = NumberText.brief(data.options.level * 100)
        let isGiven = try data.intervals(of: part.column) != nil
        scene.note(
          isGiven
            ? "intervals as the table gives them" : "intervals: \(percent)% confidence of the mean")
      }
    }
  }

  /// What is above 0 grows upwards, what is below downwards.
  private static func drawStacks(
    _ parts: [PlotPart], _ all: [[PointSeries.Point]], on panel: inout Scene.Panel,
    _ scene: inout Scene
  ) {
    var heights: [Double: (up: Double, down: Double)] = [:]
    for (part, points) in zip(parts, all) {
      var boxes: [Scene.Box] = []
      for point in points where point.y.isFinite {
        var height = heights[point.x] ?? (0, 0)
        let from = point.y >= 0 ? height.up : height.down
        let to = from + point.y
        if point.y >= 0 { height.up = to } else { height.down = to }
        heights[point.x] = height
        scene.y.extent.include(to)
        boxes.append(
          Scene.Box(from: Place(x: point.x - 0.4, y: from), to: Place(x: point.x + 0.4, y: to)))
      }
      scene.count(
        points.count { $0.y.isInfinite }, "of `\(part.column.name)`", .infiniteStack)
      panel.add(.boxes(boxes, isStrong: true), series: part.series)
    }
  }
}
