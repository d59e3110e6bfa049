import Foundations

// The shapes of a panel as dots and marks.

extension TerminalChart {
  func draw(_ panel: Scene.Panel, on canvas: inout TerminalCanvas) {
    let projection = Projection(x: x, y: y)
    for reference in panel.references { draw(reference, projection, on: &canvas) }
    // Marks are drawn after all lines, so that none is hidden.
    for layer in panel.layers { drawDots(layer, projection, on: &canvas) }
    for layer in panel.layers { drawMarks(layer, projection, on: &canvas) }
    if scene.isEmpty {
      for (index, character) in "no data".enumerated() {
        canvas.setMark(character, column: columns / 2 - 3 + index, row: rows / 2, nil)
      }
    }
  }

  private func drawDots(
    _ layer: Scene.Layer, _ projection: Projection, on canvas: inout TerminalCanvas
  ) {
    let series = layer.series
    func line(_ from: Place, _ to: Place) { canvas.line(canvas.dot(from), canvas.dot(to), series) }
    switch layer.shape {
    case .path(let places, _):
      for run in projection.runs(places) {
        for (from, to) in zip(run, run.dropFirst()) { line(from, to) }
      }
    case .band(let x, let low, let high):
      // The line of a density is drawn anyway; the ends of intervals are thin columns.
      guard low.contains(where: { $0 != 0 && !$0.isNaN }) else { return }
      for index in stride(from: 0, to: x.count, by: max(1, x.count / max(1, columns / 2))) {
        if let (from, to) = projection.stroke(
          Place(x: x[index], y: low[index]), Place(x: x[index], y: high[index]))
        {
          canvas.line(canvas.dot(from), canvas.dot(to), series, every: 2)
        }
      }
    case .area(let corners):
      let outline = projection.area(corners)
      guard let last = outline.last else { return }
      var before = last
      for corner in outline {
        line(before, corner)
        before = corner
      }
    case .whiskers(let whiskers):
      guard whiskers.count <= columns / 3 || scene.y.categories != nil else { return }
      for whisker in whiskers {
        if let (from, to) = projection.stroke(whisker.from, whisker.to) { line(from, to) }
      }
    case .boxes(let boxes, let isStrong):
      for box in boxes {
        guard let (low, high) = projection.box(box) else { continue }
        draw(low, high, isStrong, series, on: &canvas)
      }
    case .strokes(let strokes):
      for stroke in strokes {
        if let (from, to) = projection.stroke(stroke.from, stroke.to) { line(from, to) }
      }
    case .cells(let cells): draw(cells, on: &canvas)
    case .points: break
    }
  }

  private func draw(
    _ low: Place, _ high: Place, _ isStrong: Bool, _ series: Int?,
    on canvas: inout TerminalCanvas
  ) {
    let (left, bottom) = canvas.dot(low)
    var (right, top) = canvas.dot(high)
    // Neighbouring bars do not touch, as long as each has a dot.
    if right > left, high.x < 1 { right -= 1 }
    top = min(top, bottom)
    if isStrong {
      canvas.fill((left, top), (right, bottom), series, pattern: isColoured ? 0 : series ?? 0)
      return
    }
    canvas.line((left, top), (right, top), series)
    canvas.line((left, bottom), (right, bottom), series)
    canvas.line((left, top), (left, bottom), series)
    canvas.line((right, top), (right, bottom), series)
  }

  private func drawMarks(
    _ layer: Scene.Layer, _ projection: Projection, on canvas: inout TerminalCanvas
  ) {
    func mark(_ place: Place) {
      canvas.setMark(
        self.mark(layer.series), column: canvas.column(place.x), row: canvas.row(place.y),
        layer.series)
    }
    switch layer.shape {
    case .points(let places): places.compactMap(projection.place).forEach(mark)
    case .path(let places, let isMarked):
      if isMarked, places.count <= columns / 2 {
        places.compactMap(projection.place).forEach(mark)
      } else if scene.legend.count > 1, let series = layer.series {
        // A few marks tell long lines apart.
        let step = max(4, columns / 6)
        var next = (series * 5) % step
        for place in projection.runs(places).joined() where canvas.column(place.x) >= next {
          mark(place)
          next = canvas.column(place.x) + step
        }
      }
    case .strokes(let strokes):
      // The median of a box says whose it is.
      for stroke in strokes {
        let middle = Place(
          x: (stroke.from.x + stroke.to.x) / 2, y: (stroke.from.y + stroke.to.y) / 2)
        if let place = projection.place(middle) { mark(place) }
      }
    default: break
    }
  }

  private func draw(
    _ reference: Scene.Reference, _ projection: Projection, on canvas: inout TerminalCanvas
  ) {
    switch reference {
    case .vertical(let value):
      guard projection.x.shows(value), let place = projection.x.position(value) else { return }
      canvas.line(
        canvas.dot(Place(x: place, y: 0)), canvas.dot(Place(x: place, y: 1)), nil, every: 3)
    case .horizontal(let value):
      guard projection.y.shows(value), let place = projection.y.position(value) else { return }
      canvas.line(
        canvas.dot(Place(x: 0, y: place)), canvas.dot(Place(x: 1, y: place)), nil, every: 3)
    case .diagonal:
      for run in projection.runs(projection.diagonal) {
        for place in run {
          let (x, y) = canvas.dot(place)
          if x % 3 == 0 { canvas.set(x, y, nil) }
        }
      }
    }
  }

  // MARK: Heat maps

  private static let shades: [Character] = ["·", "░", "▒", "▓", "█"]

  /// Whether the numbers of a heat map fit into its cells.
  func hasRoom(for texts: [String], _ cells: HeatCells) -> Bool {
    let widest = texts.map { DisplayWidth.of($0) }.max() ?? 0
    return !texts.isEmpty && widest < columns / max(1, cells.columns) && rows >= cells.rows
  }

  private func draw(_ cells: HeatCells, on canvas: inout TerminalCanvas) {
    guard let colours = scene.colours else { return }
    let texts = cells.showsNumbers ? HeatText.texts(cells.values) : []
    let each = columns / max(1, cells.columns)
    let hasNumbers = hasRoom(for: texts, cells)
    for row in 0..<rows {
      let cellRow = min(cells.rows - 1, row * cells.rows / rows)
      // A number stands once in a cell of several rows.
      let isFirst = row == 0 || (row - 1) * cells.rows / rows != cellRow
      for column in 0..<columns {
        let cellColumn = min(cells.columns - 1, column * cells.columns / columns)
        let value = cells.value(cellRow, cellColumn)
        guard !value.isNaN else { continue }
        if isColoured {
          canvas.setBackground(
            TerminalChart.code(colours.colour(value)), column: column, row: row)
        } else if !hasNumbers {
          let level = Int((colours.fraction(value) * 4).rounded())
          canvas.setMark(TerminalChart.shades[level], column: column, row: row, nil)
        }
        guard hasNumbers, isFirst else { continue }
        let text = Array(texts[cellRow * cells.columns + cellColumn])
        let start = cellColumn * each + (each - text.count) / 2
        if column >= start, column < start + text.count {
          canvas.setMark(text[column - start], column: column, row: row, nil)
        }
      }
    }
  }

  /// The nearest colour of the 6 × 6 × 6 that terminals have.
  private static func code(_ colour: ColourScale.Colour) -> Int {
    func level(_ part: Double) -> Int {
      let value = part * 255
      return value < 48 ? 0 : (value < 115 ? 1 : min(5, Int((value - 35) / 40)))
    }
    return 16 + 36 * level(colour.red) + 6 * level(colour.green) + level(colour.blue)
  }

  static func isLight(_ code: Int) -> Bool {
    let index = code - 16
    let (red, green, blue) = (index / 36, index / 6 % 6, index % 6)
    return 3 * red + 6 * green + blue > 25
  }

  func colourLegend() -> [String] {
    guard let colours = scene.colours else { return [] }
    let indent = String(repeating: " ", count: margin + 1)
    let (low, high) = (NumberText.brief(colours.low), NumberText.brief(colours.high))
    if isColoured {
      let bar = (0..<10).map { step in
        let value = colours.low + (colours.high - colours.low) * Double(step) / 9
        return "\u{1B}[48;5;\(TerminalChart.code(colours.colour(value)))m \u{1B}[0m"
      }.joined()
      return [indent + "\(low) \(bar) \(high)"]
    }
    return [indent + "\(low) \(String(TerminalChart.shades)) \(high)"]
  }
}
