import Foundation
import Foundations

// The shapes of a panel as SVG.

extension Picture {
  mutating func draw(_ panel: Scene.Panel, in frame: Frame) throws {
    let projection = Projection(x: x, y: y)
    for reference in panel.references { draw(reference, projection, frame) }
    for layer in panel.layers {
      try Cancellation.check()
      let look = layer.series.map { SeriesStyle($0, theme) }
      let shift = layer.shift * min(1, size / 13)
      switch layer.shape {
      case .points(let places):
        let drawn = thinned(places.compactMap(projection.place).map(frame.place), shift)
        drawMarks(drawn, look)
      case .path(let places, let isMarked):
        drawPath(places, isMarked, layer, projection, frame, shift)
      case .band(let x, let low, let high):
        for corners in projection.band(x, low, high) {
          document.polygon(
            simplified(corners.map(frame.place)),
            "fill=\"\(look?.colour ?? theme.ink)\" fill-opacity=\"0.18\"")
        }
      case .area(let corners):
        let colour = look?.colour ?? theme.ink
        document.polygon(
          projection.area(corners).map(frame.place),
          "fill=\"\(colour)\" fill-opacity=\"0.3\" stroke=\"\(colour)\" stroke-width=\"1.2\"\(look.map(dashes) ?? "")"
        )
      case .whiskers(let whiskers):
        draw(whiskers, look, projection, frame, shift)
      case .boxes(let boxes, let isStrong):
        draw(boxes, isStrong, layer.series, projection, frame)
      case .strokes(let strokes):
        for stroke in strokes {
          guard let (from, to) = projection.stroke(stroke.from, stroke.to) else { continue }
          document.line(
            frame.x(from.x), frame.y(from.y), frame.x(to.x), frame.y(to.y),
            "stroke=\"\(look?.colour ?? theme.ink)\" stroke-width=\"2.6\"")
        }
      case .cells(let cells): draw(cells, projection, frame)
      }
    }
  }

  /// Places on the picture, those less than a pixel from another drawn once where there are many.
  private func thinned(_ places: [(x: Double, y: Double)], _ shift: Double) -> [(
    x: Double, y: Double
  )] {
    guard scene.placeCount > Picture.mostPlaces else {
      return places.map { ($0.x + shift, $0.y) }
    }
    // The fewer of its pixels a series may have, the more there are of them.
    let pixel = max(1, (Double(scene.legend.count) / 8).squareRoot())
    var seen: Set<SIMD2<Int32>> = []
    return places.filter { place in
      seen.insert(SIMD2(Int32(place.x / pixel), Int32(place.y / pixel))).inserted
    }.map { ($0.x + shift, $0.y) }
  }

  /// A line without what lies within one pixel's width of it: of each column of pixels the first, the lowest, the
  /// highest and the last place.
  private func simplified(_ places: [(x: Double, y: Double)]) -> [(x: Double, y: Double)] {
    guard places.count > Picture.mostPlaces / 2 || scene.placeCount > 20_000 else { return places }
    // Where hundreds of lines cross, nobody sees a single pixel of one.
    let pixel = max(1, min(6, Double(scene.legend.count) / 100))
    var result: [(x: Double, y: Double)] = []
    var start = 0
    while start < places.count {
      let column = (places[start].x / pixel).rounded(.down)
      var (end, low, high) = (start, start, start)
      while end < places.count, (places[end].x / pixel).rounded(.down) == column {
        if places[end].y < places[low].y { low = end }
        if places[end].y > places[high].y { high = end }
        end += 1
      }
      for index in Set([start, low, high, end - 1]).sorted() { result.append(places[index]) }
      start = end
    }
    return result
  }

  private mutating func drawPath(
    _ places: [Place], _ isMarked: Bool, _ layer: Scene.Layer, _ projection: Projection,
    _ frame: Frame, _ shift: Double
  ) {
    let look = SeriesStyle(layer.series ?? 0, theme)
    let runs = projection.runs(places).map { run in
      simplified(run.map(frame.place)).map { (x: $0.x + shift, y: $0.y) }
    }
    for run in runs {
      document.polyline(
        run,
        "stroke=\"\(look.colour)\" stroke-width=\"2\" stroke-linejoin=\"round\"\(dashes(look))")
    }
    if isMarked, places.count <= 60 {
      drawMarks(
        places.compactMap(projection.place).map(frame.place).map { ($0.x + shift, $0.y) }, look)
      return
    }
    // Values beyond the scales have no line, and each its mark.
    let beyond = places.filter { projection.x.description.isBeyond($0.x) || $0.y.isInfinite }
    drawMarks(
      thinned(beyond.compactMap(projection.place).map(frame.place), shift), look)
    guard scene.legend.count > 1 else { return }
    drawMarks(runs.flatMap { spaced($0, series: layer.series ?? 0) }, look)
  }

  /// Places of a long line that get a mark: some 90 points apart, those of other series elsewhere.
  private func spaced(_ run: [(x: Double, y: Double)], series: Int) -> [(x: Double, y: Double)] {
    var found: [(x: Double, y: Double)] = []
    func length(_ from: (x: Double, y: Double), _ to: (x: Double, y: Double)) -> Double {
      ((to.x - from.x) * (to.x - from.x) + (to.y - from.y) * (to.y - from.y)).squareRoot()
    }
    // A line that goes up and down is long, and gets no more than others.
    let total = zip(run, run.dropFirst()).reduce(0) { $0 + length($1.0, $1.1) }
    let gap = max(90, total / 12)
    var (way, next) = (0.0, gap * (1 + Double(series % 4)) / 4)
    for (from, to) in zip(run, run.dropFirst()) {
      way += length(from, to)
      if way >= next {
        found.append(to)
        next = way + gap
      }
    }
    return found
  }

  private mutating func draw(
    _ whiskers: [Scene.Whisker], _ look: SeriesStyle?, _ projection: Projection, _ frame: Frame,
    _ shift: Double
  ) {
    let style = "stroke=\"\(look?.colour ?? theme.ink)\" stroke-width=\"1.4\""
    if whiskers.count > Picture.mostPlaces {
      return drawMany(whiskers, style, projection, frame)
    }
    for whisker in whiskers {
      guard let (low, high) = projection.stroke(whisker.from, whisker.to) else { continue }
      let isUpright = abs(high.x - low.x) < abs(high.y - low.y) || whisker.from.x == whisker.to.x
      let (x1, y1) = frame.place(low)
      let (x2, y2) = frame.place(high)
      let (dx, dy) = isUpright ? (4.0, 0.0) : (0.0, 4.0)
      // Series side by side move across the whiskers.
      let (sx, sy) = isUpright ? (shift, 0) : (0, -shift)
      document.line(x1 + sx, y1 + sy, x2 + sx, y2 + sy, style)
      if whisker.hasLowCap, isSame(low, whisker.from, projection) {
        document.line(x1 + sx - dx, y1 + sy - dy, x1 + sx + dx, y1 + sy + dy, style)
      }
      if whisker.hasHighCap, isSame(high, whisker.to, projection) {
        document.line(x2 + sx - dx, y2 + sy - dy, x2 + sx + dx, y2 + sy + dy, style)
      }
    }
  }

  /// Thousands of whiskers as one element, without caps, those that cover each other once.
  private mutating func drawMany(
    _ whiskers: [Scene.Whisker], _ style: String, _ projection: Projection, _ frame: Frame
  ) {
    var seen: Set<SIMD4<Int32>> = []
    var path = ""
    for whisker in whiskers {
      guard let (low, high) = projection.stroke(whisker.from, whisker.to) else { continue }
      let (from, to) = (frame.place(low), frame.place(high))
      let lines = SIMD4(from.x, from.y, to.x, to.y) / 2
      let places =
        SIMD4<Int32>(
          Int32(lines.x), Int32(lines.y), Int32(lines.z), Int32(lines.w)) &* 2
      guard seen.insert(places).inserted else { continue }
      path += "M\(places.x) \(places.y)L\(places.z) \(places.w)"
    }
    document.add("<path d=\"\(path)\" fill=\"none\" \(style)/>")
  }

  /// Whether an end was not cut at the panel's edge.
  private func isSame(_ drawn: Place, _ value: Place, _ projection: Projection) -> Bool {
    guard let across = projection.x.position(value.x), let up = projection.y.position(value.y)
    else { return false }
    return abs(drawn.x - across) < 1e-9 && abs(drawn.y - up) < 1e-9
  }

  private mutating func draw(
    _ boxes: [Scene.Box], _ isStrong: Bool, _ series: Int?, _ projection: Projection, _ frame: Frame
  ) {
    let look = SeriesStyle(series ?? 0, theme)
    let style =
      isStrong
      ? fill(series ?? 0, look) + " stroke=\"\(theme.background)\" stroke-width=\"0.6\""
      : Picture.rangeStyle(look)
    for box in boxes {
      guard let (low, high) = projection.box(box) else { continue }
      let (x1, y1) = frame.place(Place(x: low.x, y: high.y))
      let (x2, y2) = frame.place(Place(x: high.x, y: low.y))
      // No hatch can be seen on a narrow box.
      let isNarrow = isStrong && x2 - x1 < 12
      document.rectangle(
        x1, y1, max(0.5, x2 - x1), max(0.5, y2 - y1),
        isNarrow ? "fill=\"\(look.colour)\"" : style)
    }
  }

  private mutating func draw(
    _ reference: Scene.Reference, _ projection: Projection, _ frame: Frame
  ) {
    let style = "stroke=\"\(theme.axis)\" stroke-width=\"1.3\" stroke-dasharray=\"5 4\""
    switch reference {
    case .vertical(let value):
      guard projection.x.shows(value), let place = projection.x.position(value) else { return }
      document.line(frame.x(place), frame.top, frame.x(place), frame.bottom, style)
    case .horizontal(let value):
      guard projection.y.shows(value), let place = projection.y.position(value) else { return }
      document.line(frame.left, frame.y(place), frame.right, frame.y(place), style)
    case .diagonal:
      for run in projection.runs(projection.diagonal) {
        document.polyline(run.map(frame.place), style)
      }
    }
  }

  private mutating func draw(_ cells: HeatCells, _ projection: Projection, _ frame: Frame) {
    guard let colours = scene.colours else {
      document.rectangle(
        frame.left, frame.top, frame.right - frame.left, frame.bottom - frame.top,
        "fill=\"\(theme.grid)\"")
      return
    }
    let wide = (frame.right - frame.left) / Double(cells.columns)
    let tall = (frame.bottom - frame.top) / Double(cells.rows)
    let texts = cells.showsNumbers && hasCellNumbers ? HeatText.texts(cells.values) : []
    let widest = texts.map { TextMetrics.width($0, size: 1) }.max() ?? 0
    let fitting = min(size, (wide - 4) / max(widest, 0.1), tall * 0.8)
    // A hair wider, so that no line of the background is seen between them.
    let seam = cells.values.count > 400 ? 0.4 : 0
    for row in 0..<cells.rows {
      for column in 0..<cells.columns {
        let value = cells.value(row, column)
        let (x, y) = (frame.left + Double(column) * wide, frame.top + Double(row) * tall)
        let colour = value.isNaN ? nil : colours.colour(value)
        document.rectangle(
          x, y, wide + seam, tall + seam, "fill=\"\(colour?.hex ?? theme.grid)\"")
        guard let colour, !texts.isEmpty else { continue }
        document.write(
          texts[row * cells.columns + column], x + wide / 2, y + tall / 2 + fitting * 0.35,
          "text-anchor=\"middle\" font-size=\"\(SVGDocument.number(fitting))\" fill=\"\(ColourScale.ink(on: colour).hex)\""
        )
      }
    }
  }

  // MARK: How series look

  static func rangeStyle(_ look: SeriesStyle) -> String {
    let dashes = look.dashes.isEmpty ? "" : " stroke-dasharray=\"\(look.dashes)\""
    return
      "fill=\"\(look.colour)\" fill-opacity=\"0.28\" stroke=\"\(look.colour)\" stroke-width=\"1.2\"\(dashes)"
  }

  func dashes(_ look: SeriesStyle) -> String {
    look.dashes.isEmpty ? "" : " stroke-dasharray=\"\(look.dashes)\""
  }

  /// Areas of several series differ in their hatches, too.
  func fill(_ series: Int, _ look: SeriesStyle) -> String {
    look.hatch == 0 || scene.legend.count < 2
      ? "fill=\"\(look.colour)\"" : "fill=\"url(#area\(series))\""
  }

  mutating func drawHatches() {
    guard scene.keyStyle == .area, scene.legend.count > 1 else { return }
    let background = theme.background
    document.add("<defs>")
    for key in scene.legend.prefix(400) {
      let look = SeriesStyle(key.series, theme)
      let stroke = "stroke=\"\(background)\" stroke-width=\"1.2\""
      let lines: String
      switch look.hatch {
      case 0: continue
      case 1: lines = "<path d=\"M-2,2 L2,-2 M0,8 L8,0 M6,10 L10,6\" \(stroke)/>"
      case 2: lines = "<path d=\"M-2,6 L2,10 M0,0 L8,8 M6,-2 L10,2\" \(stroke)/>"
      case 3: lines = "<path d=\"M0,4 L8,4\" \(stroke)/>"
      default: lines = "<circle cx=\"4\" cy=\"4\" r=\"1.3\" fill=\"\(background)\"/>"
      }
      document.add(
        "<pattern id=\"area\(key.series)\" width=\"8\" height=\"8\" patternUnits=\"userSpaceOnUse\">"
          + "<rect width=\"8\" height=\"8\" fill=\"\(look.colour)\"/>\(lines)</pattern>")
    }
    document.add("</defs>")
  }

  private mutating func drawMarks(_ places: [(x: Double, y: Double)], _ look: SeriesStyle?) {
    let look = look ?? SeriesStyle(0, theme)
    guard places.count > (scene.placeCount > 20_000 ? 60 : 500) else {
      for place in places { mark(look, place.x, place.y) }
      return
    }
    // Many in one element, round and small.
    var path = ""
    for place in places {
      let (x, y) = ((place.x * 10).rounded() / 10, (place.y * 10).rounded() / 10)
      path += "M\(SVGDocument.number(x)) \(SVGDocument.number(y))h0"
    }
    document.add(
      "<path d=\"\(path)\" stroke=\"\(look.colour)\" stroke-width=\"\(places.count > 5000 ? 2 : 3.5)\" stroke-linecap=\"round\" stroke-opacity=\"0.75\"/>"
    )
  }

  /// A mark with a shape of its own for each series, with a rim so that it stands out from lines and other marks.
  mutating func mark(_ look: SeriesStyle, _ x: Double, _ y: Double) {
    let radius = (scene.keyStyle == .line ? 4.2 : 3.6) * min(1, max(0.8, size / 13))
    let n = SVGDocument.number
    let filled = "fill=\"\(look.colour)\" stroke=\"\(theme.background)\" stroke-width=\"0.8\""
    let open = "fill=\"\(theme.background)\" stroke=\"\(look.colour)\" stroke-width=\"1.6\""
    func polygon(_ corners: [(Double, Double)], _ style: String) {
      document.polygon(corners.map { (x + $0.0 * radius, y + $0.1 * radius) }, style)
    }
    let cross: [(Double, Double)] = [
      (-0.35, -1.1), (0.35, -1.1), (0.35, -0.35), (1.1, -0.35), (1.1, 0.35), (0.35, 0.35),
      (0.35, 1.1), (-0.35, 1.1), (-0.35, 0.35), (-1.1, 0.35), (-1.1, -0.35), (-0.35, -0.35),
    ]
    switch look.mark {
    case .circle, .ring:
      document.add(
        "<circle cx=\"\(n(x))\" cy=\"\(n(y))\" r=\"\(n(radius))\" \(look.mark == .ring ? open : filled)/>"
      )
    case .square, .openSquare:
      polygon(
        [(-0.9, -0.9), (0.9, -0.9), (0.9, 0.9), (-0.9, 0.9)],
        look.mark == .square ? filled : open)
    case .triangle: polygon([(0, -1.2), (1.1, 0.8), (-1.1, 0.8)], filled)
    case .diamond: polygon([(0, -1.3), (1.2, 0), (0, 1.3), (-1.2, 0)], filled)
    case .invertedTriangle: polygon([(0, 1.2), (1.1, -0.8), (-1.1, -0.8)], filled)
    case .plus: polygon(cross, filled)
    case .cross:
      polygon(cross.map { (($0.0 - $0.1) * 0.7071, ($0.0 + $0.1) * 0.7071) }, filled)
    }
  }
}

extension Projection {
  /// Places where y is x, close enough for a curve on axes of different scales.
  var diagonal: [Place] {
    let low = max(x.low, y.low)
    let high = min(x.high, y.high)
    guard low < high else { return [] }
    let isLogarithmic = x.description.isLogarithmic && low > 0
    return (0...128).map { step in
      let part = Double(step) / 128
      let value =
        isLogarithmic ? low * pow(high / low, part) : low * (1 - part) + high * part
      return Place(x: value, y: value)
    }
  }
}

/// The numbers in the cells of a heat map.
enum HeatText {
  static func texts(_ values: [Double]) -> [String] {
    let finite = values.filter(\.isFinite)
    let isWhole = finite.allSatisfy { $0 == $0.rounded() && abs($0) < 1e6 }
    let isShare = finite.allSatisfy { abs($0) <= 1 }
    return values.map { value in
      if value.isNaN { return "" }
      if value.isInfinite { return value > 0 ? "∞" : "−∞" }
      if isWhole { return String(Int(value)) }
      return isShare && (abs(value) >= 0.005 || value == 0)
        ? NumberText.fixed(value, decimals: 2) : NumberText.brief(value, digits: 3)
    }
  }
}
