import Foundation
import Foundations

extension Plot {
  /// Okabe and Ito's palette (2008), which people with any kind of colour vision can tell apart, without its yellow,
  /// which is too pale for lines on white.
  static let palette = [
    "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#56B4E9", "#E69F00", "#000000",
  ]

  /// The plot as a picture: an SVG document on a white background that needs no fonts or styles from elsewhere.
  public func svg(width: Double = 720, height: Double = 460) -> String {
    var picture = Picture(plot: self, width: width, height: height)
    return picture.draw()
  }
}

/// The drawing of one plot as SVG.
private struct Picture {
  let plot: Plot
  let width: Double
  let height: Double
  let x: PlotAxis
  let y: PlotAxis
  let legend: [[Int]]
  let left: Double
  let right: Double
  let top: Double
  let bottom: Double
  var out: [String] = []

  static let fontSize = 13.0
  static let legendRow = 20.0

  init(plot: Plot, width: Double, height: Double) {
    self.plot = plot
    self.width = width
    self.height = height
    let points = plot.series.flatMap(\.points)
    let yValues = points.flatMap { point -> [Double] in
      guard let interval = point.interval, point.y.isFinite, interval.isFinite else {
        return [point.y]
      }
      let low = point.y - interval
      return [point.y, point.y + interval, plot.yIsLogarithmic && low <= 0 ? point.y : low]
    }
    y = PlotAxis(
      values: yValues, isLogarithmic: plot.yIsLogarithmic, maximumTicks: 7, padded: true,
      labelsValues: false)
    x = PlotAxis(
      values: points.map(\.x), isLogarithmic: plot.xIsLogarithmic, maximumTicks: 9,
      padded: true, labelsValues: plot.kind.joinsPoints, categories: plot.xCategories)
    let widestLabel = y.ticks.map { Picture.textWidth($0.label) }.max() ?? 0
    left = 24 + widestLabel + (plot.yLabel.isEmpty ? 0 : 22)
    right = width - 24
    bottom = height - 58 - (plot.intervalNote == nil ? 0 : 16)
    legend = Picture.legendRows(plot, width: right - left)
    top =
      20 + (plot.title.isEmpty ? 0 : 28) + Double(legend.count) * Picture.legendRow
      + (legend.isEmpty ? 0 : 8)
  }

  /// A close estimate of a sans-serif text's width.
  static func textWidth(_ text: String, size: Double = fontSize) -> Double {
    Double(DisplayWidth.of(text)) * size * 0.56
  }

  private static func legendRows(_ plot: Plot, width: Double) -> [[Int]] {
    guard plot.series.count > 1 else { return [] }
    var rows: [[Int]] = [[]]
    var used = 0.0
    for (index, series) in plot.series.enumerated() {
      let needed = 46 + textWidth(series.name)
      if used + needed > width, !rows[rows.count - 1].isEmpty {
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append(index)
      used += needed
    }
    return rows
  }

  func px(_ position: Double) -> Double { left + position * (right - left) }
  func py(_ position: Double) -> Double { bottom - position * (bottom - top) }

  static func number(_ value: Double) -> String {
    let rounded = (value * 100).rounded() / 100
    return rounded == rounded.rounded()
      ? String(format: "%.0f", rounded) : String(format: "%.2f", rounded)
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default:
        // XML 1.0 has no other control characters.
        if scalar.value >= 0x20 || scalar == "\t" { result.unicodeScalars.append(scalar) }
      }
    }
    return result
  }

  mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String) {
    let n = Picture.number
    out.append("<line x1=\"\(n(x1))\" y1=\"\(n(y1))\" x2=\"\(n(x2))\" y2=\"\(n(y2))\" \(style)/>")
  }

  mutating func text(_ content: String, _ x: Double, _ y: Double, _ style: String = "") {
    let n = Picture.number
    out.append("<text x=\"\(n(x))\" y=\"\(n(y))\" \(style)>\(Picture.escaped(content))</text>")
  }

  mutating func draw() -> String {
    let n = Picture.number
    out.append(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"\(n(width))\" height=\"\(n(height))\" "
        + "viewBox=\"0 0 \(n(width)) \(n(height))\" "
        + "font-family=\"Helvetica, Arial, 'DejaVu Sans', sans-serif\" font-size=\"\(n(Picture.fontSize))\" fill=\"#222\">"
    )
    out.append("<title>\(Picture.escaped(plot.title.isEmpty ? plot.summary : plot.title))</title>")
    out.append("<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>")
    drawFrame()
    drawLegend()
    for index in plot.series.indices { drawSeries(index) }
    if plot.series.allSatisfy({ $0.points.isEmpty }) {
      text(
        "no data", (left + right) / 2, (top + bottom) / 2, "text-anchor=\"middle\" fill=\"#888\"")
    }
    out.append("</svg>")
    return out.joined(separator: "\n") + "\n"
  }

  private mutating func drawFrame() {
    let grid = "stroke=\"#e4e4e4\" stroke-width=\"1\""
    let axis = "stroke=\"#666\" stroke-width=\"1\""
    for tick in y.ticks {
      line(left, py(tick.position), right, py(tick.position), grid)
      text(
        tick.label, left - 8, py(tick.position) + 4.5, "text-anchor=\"end\" fill=\"#444\"")
    }
    for tick in x.ticks {
      line(px(tick.position), top, px(tick.position), bottom, grid)
      line(px(tick.position), bottom, px(tick.position), bottom + 4, axis)
      text(
        DisplayWidth.cut(tick.label, to: 24), px(tick.position), bottom + 19,
        "text-anchor=\"middle\" fill=\"#444\"" + (tick.isBeyond ? " font-size=\"16\"" : ""))
    }
    line(left, bottom, right, bottom, axis)
    line(left, top, left, bottom, axis)
    for position in x.breaks {
      let place = px(position)
      out.append(
        "<rect x=\"\(Picture.number(place - 3))\" y=\"\(Picture.number(bottom - 4))\" width=\"6\" height=\"8\" fill=\"#fff\"/>"
      )
      for shift in [-3.0, 3] {
        line(place + shift - 2, bottom + 5, place + shift + 2, bottom - 5, axis)
      }
    }
    for position in y.breaks {
      let place = py(position)
      out.append(
        "<rect x=\"\(Picture.number(left - 4))\" y=\"\(Picture.number(place - 3))\" width=\"8\" height=\"6\" fill=\"#fff\"/>"
      )
      for shift in [-3.0, 3] {
        line(left - 5, place + shift + 2, left + 5, place + shift - 2, axis)
      }
    }
    if !plot.title.isEmpty {
      text(plot.title, left, 30, "font-size=\"16\" font-weight=\"bold\"")
    }
    let scale = plot.xIsLogarithmic ? " (log scale)" : ""
    text(plot.xLabel + scale, (left + right) / 2, bottom + 42, "text-anchor=\"middle\"")
    if !plot.yLabel.isEmpty {
      let middle = (top + bottom) / 2
      let n = Picture.number
      text(
        plot.yLabel + (plot.yIsLogarithmic ? " (log scale)" : ""), 20, middle,
        "text-anchor=\"middle\" transform=\"rotate(-90 20 \(n(middle)))\"")
    }
    if let note = plot.intervalNote {
      text(note, right, height - 8, "text-anchor=\"end\" font-size=\"11\" fill=\"#777\"")
    }
  }

  private mutating func drawLegend() {
    for (row, indices) in legend.enumerated() {
      let place = 18 + (plot.title.isEmpty ? 0 : 28) + Double(row) * Picture.legendRow
      var across = left
      for index in indices {
        let colour = self.colour(index)
        if plot.kind.joinsPoints {
          line(
            across, place, across + 24, place,
            "stroke=\"\(colour)\" stroke-width=\"2\"\(dash(index))")
        }
        marker(index, across + 12, place)
        text(plot.series[index].name, across + 30, place + 4.5)
        across += 46 + Picture.textWidth(plot.series[index].name)
      }
    }
  }

  /// Error bars of several series at one x stand side by side.
  private func dodge(_ index: Int) -> Double {
    guard plot.intervalNote != nil, plot.kind.drawsMeans, plot.series.count <= 6,
      plot.series.allSatisfy({ $0.points.count <= 12 })
    else { return 0 }
    return 6 * (Double(index) - Double(plot.series.count - 1) / 2)
  }

  private func colour(_ index: Int) -> String { Plot.palette[index % Plot.palette.count] }

  /// Past the palette's end the colours come again with broken lines.
  private func dash(_ index: Int) -> String {
    switch index / Plot.palette.count % 3 {
    case 0: ""
    case 1: " stroke-dasharray=\"6 4\""
    default: " stroke-dasharray=\"2 3\""
    }
  }

  private mutating func drawSeries(_ index: Int) {
    let series = plot.series[index]
    let colour = self.colour(index)
    let placed = series.points.map { point -> (x: Double, y: Double)? in
      guard let across = x.position(point.x), let up = y.position(point.y) else { return nil }
      return (px(across) + dodge(index), py(up))
    }
    let asBand = plot.kind.drawsMeans && series.points.count > 24
    if asBand { drawBand(series.points, colour) }
    if plot.kind.joinsPoints {
      for run in runs(placed, series.points) where run.count > 1 {
        let path = run.map { "\(Picture.number($0.x)),\(Picture.number($0.y))" }.joined(
          separator: " ")
        out.append(
          "<polyline points=\"\(path)\" fill=\"none\" stroke=\"\(colour)\" stroke-width=\"2\" "
            + "stroke-linejoin=\"round\"\(dash(index))/>")
      }
    }
    for (point, place) in zip(series.points, placed) {
      guard let place else { continue }
      if !asBand, let interval = point.interval, interval > 0, point.y.isFinite {
        drawBar(point, interval, place.x, colour)
      }
      if point.y.isInfinite || series.points.count <= 60 || !plot.kind.joinsPoints {
        marker(index, place.x, place.y)
      }
    }
  }

  /// The stretches of a line: parted where y is not a number, and before what lies beyond the scale of x.
  private func runs(_ placed: [(x: Double, y: Double)?], _ points: [Plot.Point]) -> [[(
    x: Double, y: Double
  )]] {
    var result: [[(x: Double, y: Double)]] = [[]]
    for (place, point) in zip(placed, points) {
      guard let place else {
        result.append([])
        continue
      }
      if point.x.isInfinite || (plot.xIsLogarithmic && point.x == 0) {
        // A value beyond the scale has no distance from the others that a line could show.
        result.append([place])
        result.append([])
      } else {
        result[result.count - 1].append(place)
      }
    }
    return result
  }

  private mutating func drawBar(
    _ point: Plot.Point, _ interval: Double, _ across: Double, _ colour: String
  ) {
    let low = point.y - interval
    guard let upper = y.position(point.y + interval),
      let lower = y.position(plot.yIsLogarithmic && low <= 0 ? y.low : low)
    else { return }
    let style = "stroke=\"\(colour)\" stroke-width=\"1.4\""
    line(across, py(upper), across, py(lower), style)
    line(across - 4, py(upper), across + 4, py(upper), style)
    line(across - 4, py(lower), across + 4, py(lower), style)
  }

  private mutating func drawBand(_ points: [Plot.Point], _ colour: String) {
    var upper: [String] = []
    var lower: [String] = []
    for point in points where point.x.isFinite && point.y.isFinite {
      let interval = point.interval ?? 0
      let low = point.y - interval
      guard let across = x.position(point.x), let high = y.position(point.y + interval),
        let bottom = y.position(plot.yIsLogarithmic && low <= 0 ? y.low : low)
      else { continue }
      upper.append("\(Picture.number(px(across))),\(Picture.number(py(high)))")
      lower.append("\(Picture.number(px(across))),\(Picture.number(py(bottom)))")
    }
    guard upper.count > 1 else { return }
    let path = (upper + lower.reversed()).joined(separator: " ")
    out.append("<polygon points=\"\(path)\" fill=\"\(colour)\" fill-opacity=\"0.18\"/>")
  }

  /// A mark with a shape of its own for each series, so that the plot also reads in black and white.
  private mutating func marker(_ index: Int, _ x: Double, _ y: Double) {
    let n = Picture.number
    let fill = "fill=\"\(colour(index))\" stroke=\"#fff\" stroke-width=\"0.8\""
    let r = !plot.kind.joinsPoints ? 3.6 : 4.2
    func polygon(_ corners: [(Double, Double)]) -> String {
      let path = corners.map { "\(n(x + $0.0 * r)),\(n(y + $0.1 * r))" }.joined(separator: " ")
      return "<polygon points=\"\(path)\" \(fill)/>"
    }
    switch index % 5 {
    case 0: out.append("<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(r))\" \(fill)/>")
    case 1: out.append(polygon([(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)]))
    case 2: out.append(polygon([(0, -1.2), (1.1, 0.8), (-1.1, 0.8)]))
    case 3: out.append(polygon([(0, -1.3), (1.2, 0), (0, 1.3), (-1.2, 0)]))
    default: out.append(polygon([(0, 1.2), (1.1, -0.8), (-1.1, -0.8)]))
    }
  }
}
