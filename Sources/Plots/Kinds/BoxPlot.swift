import Foundations

/// Quartiles, whiskers and outliers of a column's values, for each category of another.
enum BoxPlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try CategoryGroups.prepare(&scene, data)
    scene.note("boxes: quartiles and median; whiskers: within 1.5 interquartile ranges of the box")
  }

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    for group in try CategoryGroups(parts, &scene, data).groups {
      guard let summary = BoxSummary(group.values) else { continue }
      let half = group.width * 0.4
      func across(_ part: Double, _ y: Double) -> Place {
        Place(x: group.centre + part * half, y: y)
      }
      let (low, high) = (summary.whiskers.lowerBound, summary.whiskers.upperBound)
      panel.add(
        .whiskers(
          [(low, summary.lower, true, false), (summary.upper, high, false, true)].filter {
            $0.0 < $0.1
          }.map {
            Scene.Whisker(from: across(0, $0), to: across(0, $1), hasLowCap: $2, hasHighCap: $3)
          }), series: group.series)
      panel.add(
        .boxes(
          [Scene.Box(from: across(-1, summary.lower), to: across(1, summary.upper))],
          isStrong: false), series: group.series)
      panel.add(
        .strokes([
          Scene.Stroke(from: across(-1, summary.median), to: across(1, summary.median))
        ]), series: group.series)
      if !summary.outliers.isEmpty {
        panel.add(.points(summary.outliers.map { across(0, $0) }), series: group.series)
      }
    }
  }
}

/// Densities of a column's values on both sides of a line, within their outermost values, with quartiles and median.
/// All violins of a plot are as wide as each other.
enum ViolinPlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try CategoryGroups.prepare(&scene, data)
    scene.note("violins: Gaussian kernel density; inside: quartiles and median")
  }

  private static let places = 96

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    for group in try CategoryGroups(parts, &scene, data).groups {
      guard let summary = BoxSummary(group.values) else { continue }
      let half = group.width * 0.45
      let centre = group.centre
      if let outline = try outline(group, half, isLogarithmic: scene.y.isLogarithmic, data) {
        panel.add(.area(outline), series: group.series)
      } else if group.values.count > 1 {
        scene.note("a group whose values do not differ has no density")
      }
      panel.add(
        .boxes(
          [
            Scene.Box(
              from: Place(x: centre - half * 0.08, y: summary.lower),
              to: Place(x: centre + half * 0.08, y: summary.upper))
          ], isStrong: true), series: group.series)
      panel.add(
        .strokes([
          Scene.Stroke(
            from: Place(x: centre - half * 0.25, y: summary.median),
            to: Place(x: centre + half * 0.25, y: summary.median))
        ]), series: group.series)
      let infinite = group.values.filter(\.isInfinite)
      if !infinite.isEmpty {
        panel.add(.points(infinite.map { Place(x: centre, y: $0) }), series: group.series)
      }
    }
  }

  private static func outline(
    _ group: CategoryGroups.Group, _ half: Double, isLogarithmic: Bool, _ data: PlotData
  ) throws -> [Place]? {
    let scale = AxisDescription(scale: isLogarithmic ? .logarithmic : .linear)
    let values = group.values.filter { !scale.isBeyond($0) }
    let density = KernelDensity(
      isLogarithmic ? values.map { CategoryGroups.log($0) } : values, data.options.bandwidth)
    guard let density else { return nil }
    let (low, high) = (density.range.lowerBound, density.range.upperBound)
    let grid = (0..<places).map { low + (high - low) * Double($0) / Double(places - 1) }
    let heights = try density(grid)
    guard let most = heights.max(), most > 0 else { return nil }
    let up = isLogarithmic ? grid.map { CategoryGroups.power($0) } : grid
    let right = zip(up, heights).map { Place(x: group.centre + $1 / most * half, y: $0) }
    let left = zip(up, heights).map { Place(x: group.centre - $1 / most * half, y: $0) }
    return right + left.reversed()
  }
}

/// Every value of a column, beside each other where they would hide each other.
enum StripPlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try CategoryGroups.prepare(&scene, data)
    scene.keyStyle = .mark
  }

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    for group in try CategoryGroups(parts, &scene, data).groups {
      let places = group.values.enumerated().map { index, value in
        Place(
          x: group.centre + (scatter(index) - 0.5) * group.width * 0.7, y: value)
      }
      panel.add(.points(places), series: group.series)
    }
  }

  /// Van der Corput's sequence (1935), which spreads evenly however many of it are taken, and never changes.
  private static func scatter(_ index: Int) -> Double {
    var (rest, share, sum) = (index + 1, 0.5, 0.0)
    while rest > 0 {
      if rest & 1 == 1 { sum += share }
      rest >>= 1
      share /= 2
    }
    return sum
  }
}
