import Foundations
import Tables

/// The true class of each row and the scores it got: what ROC, DET and calibration plots are made of. Each column of
/// scores and each group of rows is a series.
struct ScoredRows {
  let isPositive: [Bool]
  let scores: [Double]

  static func prepare(_ data: PlotData) throws {
    guard data.options.labels != nil, !data.valueNames.isEmpty else {
      throw DomainError(
        .value, "a \(data.kind.name) needs the columns of the true classes and of the scores",
        hint: "labels: \"label\", scores: \"score\"")
    }
    try data.requireValues()
    _ = try classes(data)
  }

  /// Of the two classes the greater one is positive: 1 of 0 and 1, true, the last in the alphabet.
  private static func classes(_ data: PlotData) throws -> (places: [Int?], positive: Int) {
    let column = try data.column(data.options.labels ?? "")
    let (names, places) = try column.categories(
      atMost: 2, for: "the classes of a \(data.kind.name)")
    guard names.count == 2 else {
      // Of one class alone only 1 and true are known to be positive.
      let isPositive = ["1", "true"].contains(names.first ?? "")
      return (places, isPositive ? 0 : 1)
    }
    let lastIsGreater = column.content != .texts || Spelling(names[0]) < Spelling(names[1])
    return (places, lastIsGreater ? 1 : 0)
  }

  init(_ part: PlotPart, _ scene: inout Scene, _ data: PlotData) throws {
    let (places, positive) = try ScoredRows.classes(data)
    data.noteGaps(part.column, part.rows, &scene)
    var isPositive: [Bool] = []
    var scores: [Double] = []
    var lost = 0
    for row in part.rows {
      guard let place = places[row] else {
        lost += 1
        continue
      }
      guard let score = part.column.numbers[row], !score.isNaN else { continue }
      isPositive.append(place == positive)
      scores.append(score)
    }
    scene.count(lost, "of `\(data.options.labels ?? "")`", .missing)
    self.isPositive = isPositive
    self.scores = scores
  }
}

/// ROC and DET curves: the rates of right and of wrong at every threshold. ROC plots have the area below the curve in
/// the legend, DET plots (Martin et al. 1997) the rate at which both errors are equal, on axes of normal deviates
/// unless they are asked to be logarithmic.
enum ErrorTradeoffPlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try ScoredRows.prepare(data)
    let isDET = data.kind == .det
    scene.x.name = "false positive rate"
    scene.y.name = isDET ? "false negative rate" : "true positive rate"
    let scale = { (axis: String) -> AxisDescription.Scale in
      if data.options.log.contains(axis) { return .logarithmic }
      return isDET && data.options.log.isEmpty ? .normalDeviate : .linear
    }
    (scene.x.scale, scene.y.scale) = (scale("x"), scale("y"))
    (scene.x.isPadded, scene.y.isPadded) = (false, false)
    for end in [0.0, 1] {
      if scene.x.scale == .linear { scene.x.extent.include(end) }
      if scene.y.scale == .linear { scene.y.extent.include(end) }
    }
    if scene.x.isLogarithmic { scene.x.extent.include(1) }
    if scene.y.isLogarithmic { scene.y.extent.include(1) }
  }

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    if data.kind == .roc { panel.references.append(.diagonal) }
    for part in parts {
      let rows = try ScoredRows(part, &scene, data)
      let place = panel.title.isEmpty ? "" : " (\(panel.title))"
      guard
        let curve = try ErrorTradeoff(isPositive: rows.isPositive, scores: rows.scores)
      else {
        if !rows.scores.isEmpty {
          scene.note("\(part.name)\(place): one class only, so there is no curve")
        }
        continue
      }
      let path = places(curve, data.kind)
      for place in path {
        scene.x.extent.include(place.x)
        scene.y.extent.include(place.y)
      }
      let measure =
        data.kind == .roc
        ? "AUC \(NumberText.fixed(curve.area, decimals: 3))"
        : "EER \(NumberText.brief(curve.equalErrorRate * 100, digits: 3))%"
      if data.options.panel == nil {
        scene.legend.append(Scene.Key(series: part.series, name: "\(part.name) · \(measure)"))
      } else {
        panel.title += (parts.count == 1 ? " · " : " · \(part.name) ") + measure
      }
      panel.add(.path(path, isMarked: false), series: part.series)
    }
    if data.options.panel != nil, parts.count > 1 {
      scene.legend = parts.map { Scene.Key(series: $0.series, name: $0.name) }
    }
  }

  /// The curve without the points on a straight line between their neighbours.
  private static func places(_ curve: ErrorTradeoff, _ kind: Plot.Kind) -> [Place] {
    var result: [Place] = []
    for (x, y) in zip(curve.falsePositiveRates, curve.truePositiveRates) {
      if result.count > 1 {
        let (a, b) = (result[result.count - 2], result[result.count - 1])
        if a.x == b.x && b.x == x || a.y == b.y && b.y == y { result.removeLast() }
      }
      result.append(Place(x: x, y: y))
    }
    return kind == .roc ? result : result.map { Place(x: $0.x, y: 1 - $0.y) }
  }
}

/// A reliability diagram: how often what was predicted with a chance came true.
enum CalibrationPlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try ScoredRows.prepare(data)
    if !data.options.log.isEmpty {
      throw DomainError(.value, "a calibration plot compares shares, on linear axes")
    }
    for column in data.valueColumns {
      if let bad = column.numbers.lazy.compactMap({ $0 }).first(where: { $0 < 0 || $0 > 1 }) {
        throw DomainError(
          .value,
          "`\(column.name)` holds \(NumberText.brief(bad)): a calibration plot needs chances between 0 and 1"
        )
      }
    }
    scene.x.name = "predicted chance"
    scene.y.name = "observed share"
    for end in [0.0, 1] {
      scene.x.extent.include(end)
      scene.y.extent.include(end)
    }
    (scene.x.isPadded, scene.y.isPadded) = (false, false)
    let percent = NumberText.brief(data.options.level * 100)
    scene.note("intervals: Wilson, \(percent)%; ECE: expected calibration error over the bins")
  }

  /// Bins where nobody says how many.
  static let bins = 10

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    panel.references.append(.diagonal)
    var count = bins
    if case .count(let wanted) = data.options.bins { count = wanted }
    guard count >= 1, count <= 1000 else {
      throw DomainError(.value, "a calibration plot has 1 to 1000 bins, found \(count)")
    }
    for part in parts {
      let rows = try ScoredRows(part, &scene, data)
      guard !rows.scores.isEmpty else { continue }
      let found = Reliability(
        isPositive: rows.isPositive, scores: rows.scores, binCount: count,
        binning: data.options.binning, level: data.options.level)
      let shift =
        parts.count <= 6 ? 4 * (Double(part.series) - Double(parts.count - 1) / 2) : 0
      panel.add(
        .whiskers(
          found.bins.map {
            Scene.Whisker(from: Place(x: $0.score, y: $0.low), to: Place(x: $0.score, y: $0.high))
          }), series: part.series, shift: shift)
      panel.add(
        .path(found.bins.map { Place(x: $0.score, y: $0.share) }, isMarked: true),
        series: part.series, shift: shift)
      let measure = "ECE \(NumberText.fixed(found.expectedError, decimals: 3))"
      if data.options.panel == nil {
        scene.legend.append(Scene.Key(series: part.series, name: "\(part.name) · \(measure)"))
      } else {
        panel.title += (parts.count == 1 ? " · " : " · \(part.name) ") + measure
      }
    }
    if data.options.panel != nil, parts.count > 1 {
      scene.legend = parts.map { Scene.Key(series: $0.series, name: $0.name) }
    }
  }
}
