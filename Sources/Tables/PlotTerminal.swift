import Foundations

extension Plot {
  /// The plot as text: braille dots for lines and error bars, a mark of its own for each series, axes and a legend.
  ///
  /// - Parameters:
  ///   - width: the columns of the whole chart, at least 40.
  ///   - height: the rows of the drawing itself.
  ///   - coloured: draw each series in its colour (marks tell them apart otherwise).
  public func terminalChart(width: Int = 80, height: Int = 16, coloured: Bool = false) -> String {
    Chart(
      plot: self, width: max(40, min(width, 200)), height: max(4, min(height, 100)),
      coloured: coloured
    )
    .text()
  }
}

private struct Chart {
  let plot: Plot
  let coloured: Bool
  let x: PlotAxis
  let y: PlotAxis
  let margin: Int
  let columns: Int
  let rows: Int

  static let marks: [Character] = ["●", "■", "▲", "◆", "○", "□", "△", "◇", "+", "×"]
  /// 256-colour codes near the palette of the pictures.
  static let colours = [32, 166, 36, 175, 74, 214, 250]

  init(plot: Plot, width: Int, height: Int, coloured: Bool) {
    self.plot = plot
    self.coloured = coloured
    let points = plot.series.flatMap(\.points)
    y = PlotAxis(
      values: points.flatMap { point -> [Double] in
        guard let interval = point.interval, point.y.isFinite, interval.isFinite else {
          return [point.y]
        }
        let low = point.y - interval
        return [point.y, point.y + interval, plot.yIsLogarithmic && low <= 0 ? point.y : low]
      }, isLogarithmic: plot.yIsLogarithmic, maximumTicks: max(2, height / 3), padded: true,
      labelsValues: false)
    margin = (y.ticks.map { DisplayWidth.of($0.label) }.max() ?? 0) + 1
    columns = max(16, width - margin - 2)
    rows = height
    x = PlotAxis(
      values: points.map(\.x), isLogarithmic: plot.xIsLogarithmic,
      maximumTicks: max(2, columns / 8), padded: true, labelsValues: plot.kind.joinsPoints,
      categories: plot.xCategories)
  }

  func text() -> String {
    var lines: [String] = []
    if !plot.title.isEmpty {
      lines.append(String(repeating: " ", count: margin + 1) + bold(plot.title))
    }
    if plot.yLabel.isEmpty == false {
      lines.append(dim(plot.yLabel + (plot.yIsLogarithmic ? " (log scale)" : "")))
    }
    lines += drawing()
    lines += xAxis()
    lines += legend()
    if let note = plot.intervalNote {
      lines.append(String(repeating: " ", count: margin + 1) + dim(note))
    }
    return lines.joined(separator: "\n")
  }

  private func bold(_ text: String) -> String { coloured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  private func dim(_ text: String) -> String { coloured ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  private func paint(_ text: String, _ series: Int) -> String {
    coloured ? "\u{1B}[38;5;\(Chart.colours[series % Chart.colours.count])m\(text)\u{1B}[0m" : text
  }

  private func mark(_ series: Int) -> Character { Chart.marks[series % Chart.marks.count] }

  /// The rows of the drawing with the labels of the y axis before them.
  private func drawing() -> [String] {
    var canvas = Canvas(columns: columns, rows: rows)
    for index in plot.series.indices { draw(index, on: &canvas) }
    var labels = [String](repeating: "", count: rows)
    for tick in y.ticks.reversed() { labels[row(tick.position)] = tick.label }
    return (0..<rows).map { row in
      let label = DisplayWidth.padded(labels[row], to: margin - 1, right: true)
      var line = label + (labels[row].isEmpty ? " │" : " ┤")
      var run = ""
      var owner: Int?
      func flush() {
        line += owner.map { paint(run, $0) } ?? run
        run = ""
      }
      for column in 0..<columns {
        let cell = canvas.cell(column, row)
        let character = cell.mark ?? cell.braille
        let cellOwner = character == " " ? nil : cell.owner
        if cellOwner != owner {
          flush()
          owner = cellOwner
        }
        run.append(character)
      }
      flush()
      while line.last == " " { line.removeLast() }
      return line
    }
  }

  private func row(_ position: Double) -> Int {
    min(rows - 1, max(0, Int(((1 - position) * Double(rows)))))
  }

  private func column(_ position: Double) -> Int {
    min(columns - 1, max(0, Int(position * Double(columns))))
  }

  private func draw(_ index: Int, on canvas: inout Canvas) {
    let points = plot.series[index].points
    var last: (Int, Int)?
    for point in points {
      guard let across = x.position(point.x), let up = y.position(point.y) else {
        last = nil
        continue
      }
      let place = canvas.dot(across, up)
      let beyond = point.x.isInfinite || (plot.xIsLogarithmic && point.x == 0)
      if plot.kind.joinsPoints, let last, !beyond { canvas.line(last, place, index) }
      last = beyond ? nil : place
      if points.count <= columns / 4, let interval = point.interval, interval > 0, point.y.isFinite
      {
        let low = point.y - interval
        if let high = y.position(point.y + interval),
          let bottom = y.position(plot.yIsLogarithmic && low <= 0 ? y.low : low)
        {
          canvas.line(canvas.dot(across, high), canvas.dot(across, bottom), index)
        }
      }
    }
    guard !plot.kind.joinsPoints || points.count <= columns / 2 else { return }
    for point in points {
      guard let across = x.position(point.x), let up = y.position(point.y) else { continue }
      canvas.setMark(mark(index), column: column(across), row: row(up), index)
    }
  }

  private func xAxis() -> [String] {
    var axis = [Character](repeating: "─", count: columns)
    for tick in x.ticks { axis[column(tick.position)] = "┬" }
    for place in x.breaks { axis[column(place)] = "╱" }
    var labels = [Character](repeating: " ", count: columns + margin + 2)
    var free = 0
    for tick in x.ticks {
      let label = Array(DisplayWidth.cut(tick.label, to: 18))
      var start = margin + 1 + column(tick.position) - label.count / 2
      start = min(max(0, start), labels.count - label.count)
      guard start >= free, start >= 0 else { continue }
      labels.replaceSubrange(start..<(start + label.count), with: label)
      free = start + label.count + 1
    }
    var line = String(labels)
    while line.last == " " { line.removeLast() }
    let name = plot.xLabel + (plot.xIsLogarithmic ? " (log scale)" : "")
    let indent = margin + 1 + max(0, (columns - DisplayWidth.of(name)) / 2)
    return [
      String(repeating: " ", count: margin) + "└" + String(axis), line,
      String(repeating: " ", count: indent) + dim(name),
    ]
  }

  private func legend() -> [String] {
    guard plot.series.count > 1 else { return [] }
    var lines: [String] = []
    var line = ""
    var used = 0
    for (index, series) in plot.series.enumerated() {
      let name = DisplayWidth.cut(DisplayWidth.printable(series.name), to: columns - 2)
      let needed = DisplayWidth.of(name) + 2
      if used > 0, used + 3 + needed > columns {
        lines.append(line)
        line = ""
        used = 0
      }
      if used > 0 {
        line += "   "
        used += 3
      }
      line += paint(String(mark(index)), index) + " " + name
      used += needed
    }
    lines.append(line)
    return lines.map { String(repeating: " ", count: margin + 1) + $0 }
  }
}

/// A grid of braille characters, each two dots wide and four high.
private struct Canvas {
  struct Cell {
    var dots: UInt8 = 0
    var mark: Character?
    var owner = 0

    var braille: Character {
      guard dots != 0, let scalar = Unicode.Scalar(0x2800 + UInt32(dots)) else { return " " }
      return Character(scalar)
    }
  }

  let columns: Int
  let rows: Int
  private var cells: [Cell]

  init(columns: Int, rows: Int) {
    self.columns = columns
    self.rows = rows
    cells = Array(repeating: Cell(), count: columns * rows)
  }

  func cell(_ column: Int, _ row: Int) -> Cell { cells[row * columns + column] }

  /// The dot at a position in 0...1 both ways, y upwards.
  func dot(_ across: Double, _ up: Double) -> (Int, Int) {
    (
      min(columns * 2 - 1, max(0, Int(across * Double(columns * 2)))),
      min(rows * 4 - 1, max(0, Int((1 - up) * Double(rows * 4))))
    )
  }

  private mutating func set(_ x: Int, _ y: Int, _ owner: Int) {
    let bits: [UInt8] = [0x01, 0x02, 0x04, 0x40, 0x08, 0x10, 0x20, 0x80]
    let place = y / 4 * columns + x / 2
    cells[place].dots |= bits[x % 2 * 4 + y % 4]
    cells[place].owner = owner
  }

  mutating func setMark(_ mark: Character, column: Int, row: Int, _ owner: Int) {
    cells[row * columns + column].mark = mark
    cells[row * columns + column].owner = owner
  }

  /// Bresenham's line between two dots.
  mutating func line(_ from: (Int, Int), _ to: (Int, Int), _ owner: Int) {
    var (x, y) = from
    let dx = abs(to.0 - x)
    let dy = -abs(to.1 - y)
    let stepX = x < to.0 ? 1 : -1
    let stepY = y < to.1 ? 1 : -1
    var error = dx + dy
    while true {
      set(x, y, owner)
      if (x, y) == to { return }
      let doubled = 2 * error
      if doubled >= dy {
        error += dy
        x += stepX
      }
      if doubled <= dx {
        error += dx
        y += stepY
      }
    }
  }
}
