import Foundations
import Statistics

/// Lines over one column. Rows that share an x (repetitions with other seeds) become their mean with Student's
/// confidence interval, unless the table says the interval of a mean that was taken already.
enum LinePlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try PointSeries.prepare(&scene, data)
    scene.x.labelsValues = true
  }

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    let x = try data.places(data.requireX(), axis: "x").values
    let all = try parts.map { part in
      PointSeries.means(
        try PointSeries.points(part, x: x, data, &scene), level: data.options.level)
    }
    let isDodged = dodges(all)
    for (part, points) in zip(parts, all) {
      if part.rows.contains(where: { part.column.numbers[$0] == nil && !x[$0].isNaN }) {
        scene.note("lines pass over missing values; nan breaks them")
      }
      PointSeries.include(points, in: &scene)
      let hasIntervals = points.contains { $0.low != nil }
      let asBand = hasIntervals && points.count > 24
      if hasIntervals { noteIntervals(part, &scene, data) }
      let shift =
        isDodged && !asBand ? 6 * (Double(part.series) - Double(all.count - 1) / 2) : 0
      if asBand {
        PointSeries.drawBand(points, series: part.series, on: &panel)
      } else if hasIntervals {
        let whiskers = PointSeries.whiskers(points, &scene)
        panel.add(.whiskers(whiskers), series: part.series, shift: shift)
      }
      panel.add(
        .path(points.map { Place(x: $0.x, y: $0.y) }, isMarked: true), series: part.series,
        shift: shift)
    }
  }

  private static func noteIntervals(_ part: PlotPart, _ scene: inout Scene, _ data: PlotData) {
    let percent = NumberText.brief(data.options.level * 100)
    let hasOwnEnds =
      data.options.low != nil || part.column.lows != nil
      || data.table.hasColumn(part.column.name + "_low")
    scene.note(
      hasOwnEnds
        ? "intervals as the table gives them" : "intervals: \(percent)% confidence of the mean")
  }

  /// Error bars of several series at one x stand side by side.
  private static func dodges(_ all: [[PointSeries.Point]]) -> Bool {
    all.count <= 6 && all.allSatisfy { $0.count <= 12 }
      && all.contains { $0.contains { $0.low != nil } }
  }
}

/// Points with intervals, as lines, bars and error bars have them.
enum PointSeries {
  struct Point: Equatable {
    var x: Double
    var y: Double
    var low: Double?
    var high: Double?
  }

  static func prepare(_ scene: inout Scene, _ data: PlotData, asCategories: Bool = false) throws {
    let x = try data.requireX()
    try data.requireValues()
    guard (data.options.low == nil) == (data.options.high == nil) else {
      throw DomainError(.value, "an interval has two ends: give both `low` and `high`")
    }
    if data.options.low != nil, data.valueNames.count > 1 {
      throw DomainError(
        .value,
        "`low` and `high` are the ends of one column's intervals, but `y` names \(data.valueNames.count)"
      )
    }
    scene.x.name = x
    scene.x.scale = try data.places(x, axis: "x", asCategories: asCategories).scale
    scene.y.name = data.valueNames.count == 1 ? data.valueNames[0] : ""
    scene.y.scale = try data.valueScale()
  }

  /// The points of a part, in the order of its rows. A row without a number for x or y gives none, `nan` for y one that
  /// breaks a line.
  static func points(_ part: PlotPart, x: [Double], _ data: PlotData, _ scene: inout Scene) throws
    -> [Point]
  {
    let intervals = try data.intervals(of: part.column)
    data.noteGaps(part.column, part.rows, &scene)
    let lost = part.rows.count { x[$0].isNaN }
    scene.count(lost, "of `\(data.xName ?? "x")`", .missing)
    var points: [Point] = []
    var endless = 0
    for (turn, row) in part.rows.enumerated() {
      try Cancellation.check(turn: turn)
      guard let value = part.column.numbers[row], !x[row].isNaN else { continue }
      var point = Point(x: x[row], y: value)
      if let intervals,
        [intervals.low[row], intervals.high[row]].contains(where: { $0?.isNaN ?? true })
      {
        endless += value.isNaN ? 0 : 1
      } else if let intervals, let low = intervals.low[row], let high = intervals.high[row] {
        guard low <= high else {
          throw DomainError(
            .value,
            "row \(row): the interval of `\(part.column.name)` ends at \(NumberText.brief(high)), before it begins at \(NumberText.brief(low))"
          )
        }
        (point.low, point.high) = (low, high)
      }
      points.append(point)
    }
    // Elsewhere intervals are something more, and a mean of one value has none.
    if data.kind == .errorbar || data.kind == .forest {
      scene.count(endless, "of `\(part.column.name)`", .endless)
    }
    return points
  }

  /// Points in order of x, those that share an x as their mean with its interval.
  static func means(_ points: [Point], level: Double) -> [Point] {
    let ordered = points.enumerated().sorted {
      ($0.element.x, $0.offset) < ($1.element.x, $1.offset)
    }.map(\.element)
    var result: [Point] = []
    var start = 0
    while start < ordered.count {
      var end = start + 1
      while end < ordered.count, ordered[end].x == ordered[start].x { end += 1 }
      if end == start + 1 {
        result.append(ordered[start])
      } else {
        let values = ordered[start..<end].map(\.y)
        let mean = Sample.mean(values)
        let half = Sample.meanInterval(values, level: level)
        result.append(
          Point(
            x: ordered[start].x, y: mean, low: half.map { mean - $0 }, high: half.map { mean + $0 })
        )
      }
      start = end
    }
    return result
  }

  static func include(_ points: [Point], in scene: inout Scene) {
    for point in points {
      scene.x.extent.include(point.x)
      scene.y.extent.include(point.y)
      for end in [point.low, point.high] {
        guard let end, end.isFinite, !scene.y.isBeyond(end) else { continue }
        scene.y.extent.include(end)
      }
    }
  }

  /// The intervals as whiskers: those that reach where a logarithmic axis has no place end at its edge, without a cap.
  static func whiskers(_ points: [Point], _ scene: inout Scene) -> [Scene.Whisker] {
    var cut = 0
    let found = points.compactMap { point -> Scene.Whisker? in
      guard let low = point.low, let high = point.high, low < high, !point.y.isInfinite else {
        return nil
      }
      guard !scene.y.isLogarithmic || high > 0 else { return nil }
      let isCut = scene.y.isLogarithmic && low <= 0
      cut += isCut ? 1 : 0
      return Scene.Whisker(
        from: Place(x: point.x, y: isCut ? -.infinity : low),
        to: Place(x: point.x, y: high), hasLowCap: !isCut && low > -.infinity,
        hasHighCap: high < .infinity)
    }
    if cut > 0 { scene.note("intervals without a lower end reach 0 or below") }
    return found
  }

  /// The intervals as a band, and as whiskers where neighbours have none.
  static func drawBand(_ points: [Point], series: Int, on panel: inout Scene.Panel) {
    panel.add(
      .band(
        x: points.map(\.x), low: points.map { $0.low ?? .nan }, high: points.map { $0.high ?? .nan }
      ), series: series)
    var alone: [Scene.Whisker] = []
    for (index, point) in points.enumerated() {
      guard let low = point.low, let high = point.high, low < high else { continue }
      let hasNeighbour =
        index > 0 && points[index - 1].low != nil
        || index + 1 < points.count && points[index + 1].low != nil
      if !hasNeighbour {
        alone.append(
          Scene.Whisker(from: Place(x: point.x, y: low), to: Place(x: point.x, y: high)))
      }
    }
    if !alone.isEmpty { panel.add(.whiskers(alone), series: series) }
  }
}
