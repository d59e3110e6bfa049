import Foundations

extension Plot {
  /// The plot as text: braille dots for lines and areas, a mark of its own for each series, axes and a legend.
  ///
  /// - Parameters:
  ///   - width: the columns of the whole chart, at least 40.
  ///   - height: the rows of the drawing itself; nil for what the kind needs.
  ///   - coloured: draw each series in its colour (marks tell them apart otherwise).
  public func terminalChart(width: Int = 80, height: Int? = nil, coloured: Bool = false) -> String {
    TerminalChart(
      self, width: max(40, min(width, 200)), height: height.map { max(4, min($0, 100)) },
      isColoured: coloured
    )
    .text()
  }
}

/// The drawing of one plot as lines of characters.
struct TerminalChart {
  let plot: Plot
  let scene: Scene
  let isColoured: Bool
  let width: Int
  let rows: Int
  /// How many panels stand side by side.
  let panelColumns: Int
  /// The columns of a panel's own drawing, and those before it.
  let columns: Int
  let margin: Int
  let x: PlotAxis
  let y: PlotAxis

  private static let marks: [Character] = Array("●■▲◆○□△◇+×*") + letters
  private static let letters: [Character] =
    Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz")
  /// 256-colour codes near the palette of the pictures, readable on black and on white.
  private static let colours = [32, 166, 36, 175, 74, 214, 245]

  init(_ plot: Plot, width: Int, height: Int?, isColoured: Bool) {
    self.plot = plot
    scene = plot.scene
    self.isColoured = isColoured
    self.width = width
    let count = scene.panels.count
    panelColumns = count > 1 ? max(1, min(count, width / 38)) : 1
    let categories = scene.y.categories?.count
    let natural = count > 1 ? 9 : 16
    rows = height ?? categories.map { max(3, min($0, 60)) } ?? natural
    let panelWidth = (width - 2 * (panelColumns - 1)) / panelColumns
    let vertical = PlotAxis(scene.y, maximumTicks: categories == nil ? max(2, rows / 3) : rows)
    y = vertical
    let widest = vertical.ticks.map { DisplayWidth.of(DisplayWidth.printable($0.label)) }.max() ?? 0
    margin = min(widest, panelWidth / 3) + 1
    let texts = plot.scene.rowTexts.map { DisplayWidth.of($0) }.max() ?? 0
    let room = max(
      12, panelWidth - margin - 2 - (texts > 0 && texts < panelWidth / 3 ? texts + 1 : 0))
    let names = plot.scene.x.categories ?? []
    columns =
      scene.colours == nil
      ? room : TerminalChart.mapColumns(room, names: names)
    x = TerminalChart.horizontalAxis(scene.x, columns: columns, margin: margin)
  }

  /// Whole characters for each cell of a heat map.
  private static func mapColumns(_ room: Int, names: [String]) -> Int {
    let count = max(1, names.count)
    let each = room / count
    let widest = names.map { DisplayWidth.of(String($0.prefix(longestLabel))) }.max() ?? 0
    return each < 1 ? room : count * min(each, max(9, widest + 1))
  }

  private static let longestLabel = 18

  /// As many labels as have room beside each other.
  private static func horizontalAxis(
    _ description: AxisDescription, columns: Int, margin: Int
  ) -> PlotAxis {
    var maximum = description.categories?.count ?? max(2, columns / 7)
    while true {
      let axis = PlotAxis(description, maximumTicks: maximum)
      let ends = axis.ticks.map { tick -> (Int, Int) in
        let length = min(longestLabel, DisplayWidth.of(tick.label))
        let middle = margin + 1 + min(columns - 1, Int(tick.position * Double(columns)))
        let start = min(max(0, middle - length / 2), margin + 2 + columns - length)
        return (start, start + length)
      }
      let fits = zip(ends, ends.dropFirst()).allSatisfy { $0.1 < $1.0 }
      if fits || maximum <= 2 { return axis }
      // Names keep a stride; a smaller one gives it at once.
      maximum = description.categories == nil ? maximum - 1 : (maximum + 1) / 2
    }
  }

  func text() -> String {
    var lines: [String] = []
    let indent = String(repeating: " ", count: margin + 1)
    if !scene.title.isEmpty { lines.append(indent + bold(cut(scene.title, width - margin - 1))) }
    if !y.title.isEmpty { lines.append(dim(cut(y.title, width))) }
    lines += panels()
    lines += legend()
    for note in notes { lines += wrapped(note).map { indent + dim($0) } }
    return lines.joined(separator: "\n")
  }

  private var notes: [String] {
    var notes = scene.notes
    if x.labelStride > 1 {
      notes.append("only every \(Picture.ordinal(x.labelStride)) name along x is written")
    }
    for layer in scene.panels.flatMap(\.layers) {
      guard case .cells(let cells) = layer.shape, cells.showsNumbers,
        !hasRoom(for: HeatText.texts(cells.values), cells)
      else { continue }
      notes.append("the cells are too small for their numbers")
    }
    if y.labelStride > 1 {
      notes.append("only every \(Picture.ordinal(y.labelStride)) name along y is written")
    }
    return notes
  }

  private func cut(_ text: String, _ width: Int) -> String {
    DisplayWidth.cut(DisplayWidth.printable(String(text.prefix(500))), to: width)
  }

  /// Texts that differ still do when they are cut, as far as that can be.
  private func cut(all texts: [String], _ width: Int) -> [String] {
    let heads = texts.map { cut($0, width) }
    guard Set(spelt: heads).count < Set(spelt: texts).count, width > 4 else { return heads }
    return texts.map { text in
      let text = DisplayWidth.printable(text.utf8.count > 1000 ? String(text.suffix(500)) : text)
      guard DisplayWidth.of(text) > width else { return text }
      let head = DisplayWidth.cut(text, to: width / 2)
      let room = width - DisplayWidth.of(head)
      return head
        + String(DisplayWidth.cut(String(text.reversed()), to: room + 1).dropLast().reversed())
    }
  }

  private func wrapped(_ text: String) -> [String] {
    var (lines, line) = ([String](), "")
    let room = width - margin - 1
    for word in cut(text, 400).split(separator: " ") {
      if !line.isEmpty, DisplayWidth.of(line) + 1 + DisplayWidth.of(String(word)) > room {
        lines.append(line)
        line = String(word)
      } else {
        line += (line.isEmpty ? "" : " ") + word
      }
    }
    return (lines + [line]).map { DisplayWidth.cut($0, to: room) }
  }

  private func bold(_ text: String) -> String { isColoured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  private func dim(_ text: String) -> String { isColoured ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  private func paint(_ text: String, _ series: Int?) -> String {
    guard isColoured, let series else { return text }
    let colour = TerminalChart.colours[series % TerminalChart.colours.count]
    return "\u{1B}[38;5;\(colour)m\(text)\u{1B}[0m"
  }

  func mark(_ series: Int?) -> Character {
    TerminalChart.marks[(series ?? 0) % TerminalChart.marks.count]
  }

  // MARK: Panels

  private struct Line {
    var text: String
    var width: Int
  }

  private func panels() -> [String] {
    var lines: [String] = []
    for start in stride(from: 0, to: scene.panels.count, by: panelColumns) {
      let blocks = scene.panels[start..<min(start + panelColumns, scene.panels.count)].map(panel)
      let room = margin + 2 + columns + 2
      for row in 0..<(blocks.map(\.count).max() ?? 0) {
        var line = ""
        var (written, column) = (0, 0)
        for block in blocks {
          if row < block.count, block[row].width > 0 {
            line += String(repeating: " ", count: max(0, column - written)) + block[row].text
            written = column + block[row].width
          }
          column += room
        }
        lines.append(line)
      }
    }
    return lines
  }

  private func panel(_ panel: Scene.Panel) -> [Line] {
    var canvas = TerminalCanvas(columns: columns, rows: rows)
    draw(panel, on: &canvas)
    var lines: [Line] = []
    if !panel.title.isEmpty {
      let title = cut(panel.title, columns)
      lines.append(
        Line(
          text: String(repeating: " ", count: margin + 1) + bold(title),
          width: margin + 1 + DisplayWidth.of(title)))
    }
    var labels = [String](repeating: "", count: rows)
    for (tick, label) in zip(y.ticks, cut(all: y.ticks.map(\.label), margin - 1)).reversed() {
      labels[canvas.row(tick.position)] = label
    }
    let texts = texts(canvas)
    for row in 0..<rows {
      let label = DisplayWidth.padded(labels[row], to: margin - 1, right: true)
      let (drawn, count) = characters(canvas, row, isWhole: !texts[row].isEmpty)
      let end = texts[row].isEmpty ? "" : " " + texts[row]
      lines.append(
        Line(
          text: label + (labels[row].isEmpty ? " │" : " ┤") + drawn + end,
          width: margin + 1 + count + DisplayWidth.of(end)))
    }
    return lines + axis(canvas)
  }

  /// What stands right of the rows.
  private func texts(_ canvas: TerminalCanvas) -> [String] {
    var texts = [String](repeating: "", count: rows)
    guard !scene.rowTexts.isEmpty, y.labelStride == 1,
      (scene.rowTexts.map { DisplayWidth.of($0) }.max() ?? 0) < width / 3
    else { return texts }
    for (index, text) in scene.rowTexts.enumerated() {
      if let place = y.position(Double(index)) { texts[canvas.row(place)] = text }
    }
    return texts
  }

  /// The characters of one row, those of a colour together.
  /// - Parameter isWhole: keep blanks at the end.
  private func characters(_ canvas: TerminalCanvas, _ row: Int, isWhole: Bool) -> (String, Int) {
    var cells = (0..<columns).map { canvas.cell($0, row) }
    while !isWhole, let last = cells.last, last.character == " ", last.background == nil {
      cells.removeLast()
    }
    var (line, run) = ("", "")
    var (owner, background): (Int?, Int?) = (nil, nil)
    func flush() {
      if let background, isColoured {
        let ink = TerminalChart.isLight(background) ? 16 : 231
        line += "\u{1B}[38;5;\(ink);48;5;\(background)m\(run)\u{1B}[0m"
      } else {
        line += paint(run, owner)
      }
      run = ""
    }
    for cell in cells {
      let own = cell.character == " " ? nil : cell.owner
      if own != owner || cell.background != background {
        flush()
        (owner, background) = (own, cell.background)
      }
      run.append(cell.character)
    }
    flush()
    return (line, cells.count)
  }

  private func axis(_ canvas: TerminalCanvas) -> [Line] {
    var axis = [Character](repeating: "─", count: columns)
    for tick in x.ticks { axis[canvas.column(tick.position)] = "┬" }
    for place in x.breaks { axis[canvas.column(place)] = "╱" }
    var (line, used) = ("", 0)
    let room = margin + 2 + columns
    let labels = cut(
      all: x.ticks.map(\.label), x.ticks.count < 2 ? columns : TerminalChart.longestLabel)
    for (tick, label) in zip(x.ticks, labels) {
      let length = DisplayWidth.of(label)
      let middle = margin + 1 + canvas.column(tick.position)
      let start = min(max(0, middle - length / 2), room - length)
      guard length > 0, start >= used, start >= 0 else { continue }
      line += String(repeating: " ", count: start - used) + label
      used = start + length
      // A blank at least between two labels.
      line += " "
      used += 1
    }
    while line.last == " " {
      line.removeLast()
      used -= 1
    }
    var lines = [
      Line(
        text: String(repeating: " ", count: margin) + "└" + String(axis),
        width: margin + 1 + columns), Line(text: line, width: used),
    ]
    if !x.title.isEmpty {
      let name = cut(x.title, room)
      let indent = min(
        margin + 1 + max(0, (columns - DisplayWidth.of(name)) / 2), room - DisplayWidth.of(name))
      lines.append(
        Line(
          text: String(repeating: " ", count: max(0, indent)) + dim(name),
          width: max(0, indent) + DisplayWidth.of(name)))
    }
    return lines
  }

  // MARK: Legend

  private static let mostLegendLines = 12

  private func legend() -> [String] {
    guard !scene.legend.isEmpty else { return colourLegend() }
    let room = width - margin - 1
    var lines: [String] = []
    var (line, used) = ("", 0)
    if !scene.legendTitle.isEmpty {
      let heading = cut(scene.legendTitle, room / 2) + ":"
      (line, used) = (dim(heading), DisplayWidth.of(heading))
    }
    for (index, key) in scene.legend.enumerated() {
      let name = cut(key.name, room - 2)
      let needed = DisplayWidth.of(name) + 2
      if used > 0, used + 3 + needed > room {
        lines.append(line)
        (line, used) = ("", 0)
        if lines.count == TerminalChart.mostLegendLines {
          lines.append(dim("… and \(scene.legend.count - index) more"))
          break
        }
      }
      if used > 0 {
        line += "   "
        used += 3
      }
      let sample =
        scene.keyStyle == .area && !isColoured
        ? areaSample(key.series) : String(mark(key.series))
      line += paint(sample, key.series) + " " + name
      used += needed
    }
    if used > 0 { lines.append(line) }
    return lines.map { String(repeating: " ", count: margin + 1) + $0 }
  }

  /// One character of an area's dots.
  private func areaSample(_ series: Int) -> String {
    var canvas = TerminalCanvas(columns: 1, rows: 1)
    canvas.fill((0, 0), (1, 3), series, pattern: series)
    return String(canvas.cell(0, 0).character)
  }
}
