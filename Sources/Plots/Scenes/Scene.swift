import Foundations

/// A place in the values of the two axes, or, once drawn, in parts of a panel from its lower left corner.
struct Place: Sendable, Equatable {
  var x: Double
  var y: Double
}

/// What is drawn, in the values of the axes and without any medium: pictures and terminals draw the same scene.
public struct Scene: Sendable {
  /// What a layer consists of. A kind of plot is made of these; each medium knows how to draw each of them.
  enum Shape: Sendable {
    /// A mark at each place; many are thinned out to what can be told apart.
    case points([Place])
    /// Places joined in their order, parted at those without a number; with marks, as far as there is room for them.
    case path([Place], isMarked: Bool)
    /// The area between two lines over the same x.
    case band(x: [Double], low: [Double], high: [Double])
    /// A closed area with its outline.
    case area([Place])
    /// Whiskers with caps: from one place to the other, along one axis. An end without a cap goes on beyond the scale.
    case whiskers([Whisker])
    /// Filled rectangles by two opposite corners; strong ones stand for amounts, the others for ranges.
    case boxes([Box], isStrong: Bool)
    /// Single thick strokes.
    case strokes([Stroke])
    /// The cells of a heat map.
    case cells(HeatCells)
  }

  struct Whisker: Sendable, Equatable {
    var from: Place
    var to: Place
    var hasLowCap = true
    var hasHighCap = true
  }

  struct Box: Sendable, Equatable {
    var from: Place
    var to: Place
  }

  struct Stroke: Sendable, Equatable {
    var from: Place
    var to: Place
  }

  struct Layer: Sendable {
    /// Whose colour and mark it has; nil for what belongs to no series.
    var series: Int?
    var shape: Shape
    /// By how many points it is moved to the side, so that whiskers of several series do not hide each other.
    var shift = 0.0
  }

  /// A line across the whole panel.
  enum Reference: Sendable, Equatable {
    case vertical(Double)
    case horizontal(Double)
    /// From the lower left corner of the scales to the upper right one: where y is x.
    case diagonal
  }

  struct Panel: Sendable {
    var title = ""
    var layers: [Layer] = []
    var references: [Reference] = []

    mutating func add(_ shape: Shape, series: Int? = nil, shift: Double = 0) {
      layers.append(Layer(series: series, shape: shape, shift: shift))
    }
  }

  /// How a series shows in the legend.
  enum KeyStyle: Sendable {
    case line, mark
    /// Amounts.
    case area
    /// What lies over other areas, or has more within it.
    case range
  }

  struct Key: Sendable {
    var series: Int
    var name: String
  }

  var title = ""
  /// What is drawn, in words, for those who do not see it.
  var description = ""
  var x = AxisDescription()
  var y = AxisDescription()
  /// At least one; all share the axes.
  var panels: [Panel] = []
  /// The columns whose values the legend's names are.
  var legendTitle = ""
  var legend: [Key] = []
  var keyStyle = KeyStyle.line
  /// Something else names the series.
  var hidesLegend = false
  /// Of a heat map.
  var colours: ColourScale?
  /// Texts on the right, one for each category of y: the numbers of a forest plot.
  var rowTexts: [String] = []
  /// What a reader has to know: what intervals are, what was left out.
  public var notes: [String] = []

  /// How many places its shapes have.
  var placeCount: Int { panels.reduce(0) { $0 + $1.layers.reduce(0) { $0 + $1.shape.placeCount } } }

  var isEmpty: Bool { placeCount == 0 }

  mutating func note(_ text: String) {
    if !notes.contains(text) { notes.append(text) }
  }

  /// What is counted over all panels and series, and then said in a note.
  enum Gap: Sendable {
    case undefined, missing, endless, infinite, infiniteStack, outside, zero

    func sentence(_ count: Int, _ what: String) -> String {
      let values = count == 1 ? "value" : "values"
      let (are, lie) = count == 1 ? ("is", "lies") : ("are", "lie")
      return switch self {
      case .undefined: "\(count) \(values) \(what) \(are) nan"
      case .missing: "\(count) \(values) \(what) \(are) missing"
      case .endless:
        "\(count) \(values) \(what) \(count == 1 ? "has" : "have") no interval: an end is missing"
      case .infinite: "\(count) \(values) \(what) \(are) infinite, in no bin"
      case .infiniteStack: "\(count) \(values) \(what) \(are) infinite, in no stack"
      case .zero: "\(count) \(values) \(what) \(are) 0, where a logarithmic axis has no bins"
      case .outside: "\(count) \(values) \(what) \(lie) outside of the bins"
      }
    }
  }

  private struct GapKey: Hashable {
    var what: String
    var gap: Gap
  }

  private var gaps: [GapKey: Int] = [:]
  private var gapOrder: [GapKey] = []

  mutating func count(_ number: Int, _ what: String, _ gap: Gap) {
    guard number > 0 else { return }
    let key = GapKey(what: what, gap: gap)
    if gaps[key] == nil { gapOrder.append(key) }
    gaps[key, default: 0] += number
  }

  /// Turns what was counted into notes.
  mutating func noteCounts() {
    for key in gapOrder { note(key.gap.sentence(gaps[key] ?? 0, key.what)) }
  }

  /// Says where the limits that were asked for leave nothing to see.
  mutating func noteEmptyLimits() {
    for (axis, description) in [("x", x), ("y", y)] where description.categories == nil {
      let (extent, limits) = (description.extent, description.limits)
      guard extent.low <= extent.high else { continue }
      if limits.low.map({ $0 > extent.high }) ?? false
        || limits.high.map({ $0 < extent.low }) ?? false
      {
        note("the limits of \(axis) leave nothing to see")
        return
      }
    }
    let shapes = panels.flatMap(\.layers).map(\.shape)
    let areAllPoints = shapes.allSatisfy { if case .points = $0 { true } else { false } }
    guard areAllPoints, placeCount > 0 else { return }
    let isSeen = shapes.contains { shape in
      guard case .points(let places) = shape else { return false }
      return places.contains { x.admits($0.x) && y.admits($0.y) }
    }
    if !isSeen { note("the limits leave no point to see") }
  }

  /// Lines across all panels.
  mutating func addReferences(_ options: PlotOptions) {
    x.extent.include(options.xReferences)
    y.extent.include(options.yReferences)
    for index in panels.indices {
      panels[index].references +=
        options.xReferences.map(Reference.vertical) + options.yReferences.map(Reference.horizontal)
    }
  }
}

extension Scene.Shape {
  var placeCount: Int {
    switch self {
    case .points(let places), .path(let places, _), .area(let places): places.count
    case .band(let x, _, _): x.count
    case .whiskers(let whiskers): whiskers.count
    case .boxes(let boxes, _): boxes.count
    case .strokes(let strokes): strokes.count
    case .cells(let cells): cells.values.count
    }
  }
}

/// The values of a heat map, row by row from the top.
struct HeatCells: Sendable {
  var rows: Int
  var columns: Int
  /// nan where there is none.
  var values: [Double]
  var showsNumbers: Bool

  func value(_ row: Int, _ column: Int) -> Double { values[row * columns + column] }
}
