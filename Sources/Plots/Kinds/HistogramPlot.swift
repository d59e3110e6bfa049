import Foundation
import Foundations

/// How many rows lie in each bin of a column; several series lie over each other with the same bins.
enum HistogramPlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try DistributionAxes.prepare(&scene, data)
    scene.y.name = data.options.isDensity ? "density" : "count"
    scene.keyStyle = data.seriesNames.count > 1 ? .range : .area
  }

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    let bins = try bins(data, scene)
    scene.x.extent.include(bins.edges)
    for part in parts {
      data.noteGaps(part.column, part.rows, &scene)
      let values = DistributionAxes.binned(part, &scene)
      let (counts, outside) = try bins.counts(values)
      scene.count(outside, "of `\(part.column.name)`", .outside)
      let total = Double(values.count - outside)
      let heights = counts.enumerated().map { index, count in
        data.options.isDensity && total > 0
          ? Double(count) / total / (bins.edges[index + 1] - bins.edges[index]) : Double(count)
      }
      scene.y.extent.include(heights)
      let base = scene.y.isLogarithmic ? -Double.infinity : 0
      let boxes = heights.enumerated().compactMap { index, height -> Scene.Box? in
        guard height > 0 else { return nil }
        return Scene.Box(
          from: Place(x: bins.edges[index], y: base), to: Place(x: bins.edges[index + 1], y: height)
        )
      }
      panel.add(.boxes(boxes, isStrong: parts.count == 1), series: part.series)
    }
  }

  /// The same bins for all panels and series; those of a logarithmic axis are as wide as each other on it.
  private static func bins(_ data: PlotData, _ scene: Scene) throws -> HistogramBins {
    let columns = data.valueColumns
    let values = columns.flatMap { column in
      column.numbers.compactMap { value -> Double? in
        guard let value, value.isFinite, !scene.x.isBeyond(value) else { return nil }
        return value
      }
    }
    if case .edges = data.options.bins { return try HistogramBins(values, data.options.bins) }
    guard scene.x.isLogarithmic else {
      let isWhole = columns.allSatisfy(\.isWhole)
      return try HistogramBins(values, data.options.bins, isWhole: isWhole)
    }
    let logarithms = try HistogramBins(values.map { log10($0) }, data.options.bins)
    var edges = logarithms.edges.map { pow(10, $0) }
    // The way there and back rounds: no value may fall out at the ends.
    if let low = values.min(), let high = values.max() {
      edges[0] = min(edges[0], low)
      edges[edges.count - 1] = max(edges[edges.count - 1], high)
    }
    return try HistogramBins(values, .edges(edges))
  }
}

/// The density of a column, estimated with a Gaussian kernel.
enum DensityPlot: SceneMaker {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    try DistributionAxes.prepare(&scene, data)
    scene.y.name = scene.x.isLogarithmic ? "density per decade" : "density"
    scene.keyStyle = .line
  }

  /// How many places a curve has.
  static let places = 256

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    for part in parts {
      data.noteGaps(part.column, part.rows, &scene)
      let isLogarithmic = scene.x.isLogarithmic
      let values = DistributionAxes.binned(part, &scene).map { isLogarithmic ? log10($0) : $0 }
      guard let density = KernelDensity(values, data.options.bandwidth) else {
        if !values.isEmpty {
          scene.note("\(part.name): the values do not differ, so they have no density")
        }
        continue
      }
      // Three bandwidths beyond the outermost values the curve is as good as 0.
      let low = density.range.lowerBound - 3 * density.bandwidth
      let high = density.range.upperBound + 3 * density.bandwidth
      let grid = (0..<places).map { low + (high - low) * Double($0) / Double(places - 1) }
      let heights = try density(grid)
      let across = isLogarithmic ? grid.map { pow(10, $0) } : grid
      scene.x.extent.include(across)
      scene.y.extent.include(heights)
      let floor = scene.y.isLogarithmic ? Double.nan : 0
      if parts.count <= 4 {
        panel.add(
          .band(x: across, low: across.map { _ in floor }, high: heights), series: part.series)
      }
      panel.add(
        .path(zip(across, heights).map { Place(x: $0, y: $1) }, isMarked: false),
        series: part.series)
    }
  }
}

/// The axes of what is drawn of one column's values alone.
enum DistributionAxes {
  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    guard !data.valueNames.isEmpty else {
      throw DomainError(.value, "a \(data.kind.name) needs a column for `x`", hint: "x: \"length\"")
    }
    try data.requireValues()
    scene.x.name = data.valueNames.count == 1 ? data.valueNames[0] : ""
    scene.x.scale = try data.valueScale(axis: "x")
    scene.x.isPadded = false
    scene.y.base = data.options.log.contains("y") ? nil : 0
    scene.y.scale = data.options.log.contains("y") ? .logarithmic : .linear
    scene.keyStyle = .area
  }

  /// The values that have a place on the scale; the others are counted.
  static func binned(_ part: PlotPart, _ scene: inout Scene) -> [Double] {
    let values = part.values.filter { !$0.isNaN }
    let finite = values.filter { $0.isFinite && !scene.x.isBeyond($0) }
    scene.count(values.count { $0.isInfinite }, "of `\(part.column.name)`", .infinite)
    scene.count(
      values.count { !$0.isInfinite } - finite.count, "of `\(part.column.name)`", .zero)
    return finite
  }
}
