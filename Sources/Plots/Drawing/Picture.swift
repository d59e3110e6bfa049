import Foundation
import Foundations

extension Plot {
  /// The plot as a picture: an SVG document that needs no fonts or styles from elsewhere. Its title and description say
  /// what is drawn.
  public func svg() throws -> String {
    try Cancellation.check()
    var picture = Picture(self)
    return try picture.draw()
  }
}

/// The drawing of one plot as SVG: how its room is shared out. Lengths are points of CSS.
struct Picture {
  let plot: Plot
  let scene: Scene
  let theme: PictureTheme
  let width: Double
  let height: Double
  /// Of texts.
  let size: Double
  let titleLines: [String]
  private(set) var legend = LegendRows()
  private(set) var notes: [String] = []
  private(set) var panelColumns = 1
  private(set) var panelRows = 1
  /// The room of all panels together.
  private(set) var left = 0.0
  private(set) var right = 0.0
  private(set) var top = 0.0
  private(set) var bottom = 0.0
  private(set) var x: PlotAxis
  private(set) var y: PlotAxis
  private(set) var xLabels = AxisLabels()
  private(set) var yLabels: [String] = []
  private(set) var rowTexts: [String] = []
  private(set) var hasCellNumbers = true
  var document = SVGDocument()

  /// Places beyond which a series is thinned out to what a picture shows.
  static let mostPlaces = 3000

  init(_ plot: Plot) {
    self.plot = plot
    scene = plot.scene
    theme = PictureTheme(plot.options.theme)
    width = plot.options.width
    let natural = plot.options.height ?? Picture.naturalHeight(plot)
    size = 13 * min(1, max(0.72, min(width / 520, natural / 340)))
    titleLines = TextMetrics.wrapped(
      scene.title, to: width - 40, size: size * 1.23, atMost: 3, isBold: true)
    x = PlotAxis(scene.x, maximumTicks: 2)
    y = PlotAxis(scene.y, maximumTicks: 2)
    let count = scene.panels.count
    if count > 1 {
      let most = max(1, Int(width / 220))
      panelRows = (count + min(count, most) - 1) / min(count, most)
      panelColumns = (count + panelRows - 1) / panelRows
    }
    legend = LegendRows(
      scene, width: width - 48, size: size,
      atMost: plot.options.height == nil ? 40 : max(1, Int(natural * 0.4 / (size * 1.55))))
    // A legend of many rows makes the picture taller where nobody said how tall it is.
    let extra =
      plot.options.height == nil ? Double(max(0, legend.rows.count - 2)) * size * 1.55 : 0
    height = natural + extra
    layOut()
  }

  /// What a kind needs where nobody asks for a height.
  private static func naturalHeight(_ plot: Plot) -> Double {
    let scene = plot.scene
    let standard = min(460, max(240, plot.options.width * 0.64))
    if scene.panels.count > 1 {
      let most = max(1, Int(plot.options.width / 220))
      let rows =
        (scene.panels.count + min(scene.panels.count, most) - 1) / min(scene.panels.count, most)
      return min(PlotOptions.heights.upperBound, max(standard, 130 + Double(rows) * 190))
    }
    guard let categories = scene.y.categories else { return standard }
    let row = scene.colours == nil ? 26.0 : 22
    let needed = 110 + Double(categories.count) * row
    // A forest of three rows needs no more room; a heat map is never flatter than others.
    return scene.colours == nil ? min(2400, max(180, needed)) : min(1000, max(standard, needed))
  }

  private mutating func layOut() {
    notes = scene.notes
    if scene.placeCount > Picture.mostPlaces, scene.colours == nil {
      notes.append("places too close to be told apart are drawn once")
    }
    var heading = 14.0
    if !titleLines.isEmpty { heading += Double(titleLines.count) * size * 1.55 + 2 }
    heading += Double(legend.rows.count) * size * 1.55 + (legend.rows.isEmpty ? 0 : 9)
    if scene.panels.count > 1 { heading += size * 1.5 }
    top = heading
    let nameRoom = scene.y.name.isEmpty ? 0 : size * 1.7
    // The labels of y tell the left edge, and need an estimate of the height first.
    bottom = height - size * 4.4
    chooseVerticalTicks()
    yLabels = TextMetrics.cut(
      all: y.ticks.map(\.label), to: width * (scene.y.categories == nil ? 0.3 : 0.36), size: size)
    let widest = yLabels.map { TextMetrics.width($0, size: size) }.max() ?? 0
    left = 10 + nameRoom + widest + 8
    rowTexts = TextMetrics.cut(all: scene.rowTexts, to: width * 0.3, size: size)
    let texts = rowTexts.map { TextMetrics.width($0, size: size) }.max() ?? 0
    right = width - 18 - (scene.colours == nil ? 0 : 58) - (texts > 0 ? texts + 8 : 0)
    right = max(right, left + 40)
    layOutHorizontalLabels()
    noteNumbersLeftOut()
    let noteLines = TextMetrics.wrapped(
      notes.joined(separator: "; "), to: width - 28, size: size * 0.85, atMost: 3)
    notes = noteLines
    bottom =
      height - 6 - Double(noteLines.count) * size * 1.15 - (noteLines.isEmpty ? 0 : 3)
      - (x.title.isEmpty ? 0 : size * 1.6) - xLabels.height - 8
    bottom = max(bottom, top + 30)
    chooseVerticalTicks()
    yLabels = TextMetrics.cut(
      all: y.ticks.map(\.label), to: max(20, left - nameRoom - 16), size: size)
  }

  /// Numbers that would be too small to be read are not written into a heat map.
  private mutating func noteNumbersLeftOut() {
    for layer in scene.panels.flatMap(\.layers) {
      guard case .cells(let cells) = layer.shape, cells.showsNumbers else { continue }
      let tall = (bottom - top - xLabels.height) / Double(cells.rows)
      let wide = (right - left) / Double(cells.columns)
      let texts = HeatText.texts(cells.values)
      let widest = texts.map { TextMetrics.width($0, size: 1) }.max() ?? 0
      let fitting = min(size, (wide - 4) / max(widest, 0.1), tall * 0.8)
      hasCellNumbers = fitting >= 6.5
      if !hasCellNumbers { notes.append("the cells are too small for their numbers") }
    }
  }

  private mutating func layOutHorizontalLabels() {
    var panel = panelWidth
    if let names = scene.x.categories {
      // Slanted names reach to the left of their place.
      let pitch = panel / Double(max(1, names.count))
      let widest = names.map { TextMetrics.width(String($0.prefix(60)), size: size) }.max() ?? 0
      if widest + size * 0.4 > pitch, names.count > 1 {
        let reach = min(widest, 190, height * 0.36 * 1.41) / 2.0.squareRoot() - pitch / 2 + 8
        left = max(left, min(reach, width * 0.2))
        panel = panelWidth
      }
      xLabels = AxisLabels(
        categories: scene.x, panelWidth: panel, left: left, size: size, height: height)
      x = PlotAxis(scene.x, maximumTicks: xLabels.maximum, slot: slot(panel))
      if x.labelStride > 1 {
        notes.append("only every \(Picture.ordinal(x.labelStride)) name along the axis is written")
      }
      return
    }
    // As many as there is room for.
    var maximum = max(2, min(9, Int(panel / 34)))
    while true {
      x = PlotAxis(scene.x, maximumTicks: maximum, slot: slot(panel))
      let ends = x.ticks.map { tick -> (Double, Double) in
        // As far as they go, labels stay within the picture.
        let half = TextMetrics.width(tick.label, size: size) / 2
        let last = panelColumns == 1 ? width - left - half - 2 : .infinity
        let middle = min(tick.position * panel, last)
        return (middle - half, middle + half)
      }
      let fits = zip(ends, ends.dropFirst()).allSatisfy { $0.1 + size * 0.5 <= $1.0 }
      if fits || maximum <= 2 { break }
      maximum -= 1
    }
    xLabels = AxisLabels(labels: x.ticks.map(\.label), size: size)
  }

  private mutating func chooseVerticalTicks() {
    let panel = panelHeight
    let perLabel = size * (scene.y.categories == nil ? 2.4 : 1.15)
    let most = scene.y.categories == nil ? 8 : 500
    y = PlotAxis(
      scene.y, maximumTicks: max(2, min(most, Int(panel / perLabel))), slot: slot(panel))
  }

  /// A place beyond the scale takes a tenth of the axis, but room for its label in any case.
  private func slot(_ length: Double) -> Double { min(0.25, max(0.1, size * 2 / max(1, length))) }

  static func ordinal(_ number: Int) -> String {
    let ending =
      switch (number % 10, number % 100) {
      case (1, let last) where last != 11: "st"
      case (2, let last) where last != 12: "nd"
      case (3, let last) where last != 13: "rd"
      default: "th"
      }
    return "\(number)\(ending)"
  }

  private var horizontalGap: Double { 14 }
  private var verticalGap: Double { size * 1.5 + 8 }

  var panelWidth: Double {
    (right - left - Double(panelColumns - 1) * horizontalGap) / Double(panelColumns)
  }

  var panelHeight: Double {
    max(10, (bottom - top - Double(panelRows - 1) * verticalGap) / Double(panelRows))
  }

  /// The room of one panel.
  func frame(_ index: Int) -> Frame {
    let (row, column) = (index / panelColumns, index % panelColumns)
    let left = self.left + Double(column) * (panelWidth + horizontalGap)
    let top = self.top + Double(row) * (panelHeight + verticalGap)
    return Frame(
      left: left, right: left + panelWidth, top: top, bottom: top + panelHeight,
      hasVerticalLabels: column == 0,
      hasHorizontalLabels: index + panelColumns >= scene.panels.count)
  }

  /// Where a panel lies on the picture.
  struct Frame {
    let left: Double
    let right: Double
    let top: Double
    let bottom: Double
    let hasVerticalLabels: Bool
    let hasHorizontalLabels: Bool

    func x(_ position: Double) -> Double { left + position * (right - left) }
    func y(_ position: Double) -> Double { bottom - position * (bottom - top) }
    func place(_ place: Place) -> (x: Double, y: Double) { (x(place.x), y(place.y)) }
  }
}

/// How the labels below the horizontal axis lie, and how much room they take.
struct AxisLabels {
  var isSlanted = false
  var height = 0.0
  /// As many labels as there is room for.
  var maximum = 9
  /// Longer ones are cut.
  var longest = Double.infinity

  init() {}

  init(labels: [String], size: Double) { height = labels.isEmpty ? 0 : size * 1.4 }

  /// Names lie flat where all of them fit, slanted where not.
  init(
    categories axis: AxisDescription, panelWidth: Double, left: Double, size: Double, height: Double
  ) {
    let names = axis.categories ?? []
    let pitch = panelWidth / Double(max(1, names.count))
    let widest = names.map { TextMetrics.width(String($0.prefix(60)), size: size) }.max() ?? 0
    self.height = widest > 0 ? size * 1.4 : 0
    maximum = max(1, names.count)
    if widest + size * 0.4 <= pitch || names.count <= 1 {
      longest = names.count <= 1 ? panelWidth : .infinity
      return
    }
    isSlanted = true
    // A slanted line of text is as wide as it is tall, times the root of 2.
    maximum = max(1, min(names.count, Int(panelWidth / (size * 1.45))))
    longest = min(height * 0.36, 190, (left + pitch / 2 - 6) * 2.0.squareRoot())
    longest = max(longest, size * 3)
    self.height = min(widest, longest) / 2.0.squareRoot() + size * 0.9
  }
}

/// The legend's rows: which series stand in which, and how many have no room.
struct LegendRows {
  private(set) var rows: [[Scene.Key]] = []
  private(set) var left = 0
  /// What stands before the first one.
  private(set) var heading = ""

  init() {}

  init(_ scene: Scene, width: Double, size: Double, atMost most: Int) {
    guard !scene.legend.isEmpty else { return }
    if !scene.legendTitle.isEmpty { heading = scene.legendTitle + ":" }
    var used = heading.isEmpty ? 0 : TextMetrics.width(heading, size: size) + 10
    rows = [[]]
    for (index, key) in scene.legend.enumerated() {
      var key = key
      key.name = TextMetrics.cut(key.name, to: width - 60, size: size)
      let needed = LegendRows.width(key, size)
      if used + needed > width, !rows[rows.count - 1].isEmpty {
        if rows.count == most {
          left = scene.legend.count - index
          return
        }
        rows.append([])
        used = 0
      }
      rows[rows.count - 1].append(key)
      used += needed
    }
  }

  static func width(_ key: Scene.Key, _ size: Double) -> Double {
    46 + TextMetrics.width(key.name, size: size)
  }
}
