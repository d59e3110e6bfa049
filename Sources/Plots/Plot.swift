import Foundations
import Tables

/// A plot of columns of a table: what was asked for, and the scene that it gives. `svg()`, `png()` and
/// `terminalChart()` draw the scene.
public struct Plot: Sendable {
  /// What is drawn. A kind is a file in `Kinds` that turns columns into shapes, and its case here.
  public enum Kind: String, Sendable, CaseIterable {
    case line, scatter, bar, histogram, density, heatmap, box, violin, strip, errorbar, roc, det
    case calibration, forest

    var maker: any SceneMaker.Type {
      switch self {
      case .line: LinePlot.self
      case .scatter: ScatterPlot.self
      case .bar: BarPlot.self
      case .histogram: HistogramPlot.self
      case .density: DensityPlot.self
      case .heatmap: HeatmapPlot.self
      case .box: BoxPlot.self
      case .violin: ViolinPlot.self
      case .strip: StripPlot.self
      case .errorbar: ErrorBarPlot.self
      case .roc, .det: ErrorTradeoffPlot.self
      case .calibration: CalibrationPlot.self
      case .forest: ForestPlot.self
      }
    }

    /// Whether the values that are compared lie along the horizontal axis.
    public var valuesLieAlongX: Bool {
      switch self {
      case .histogram, .density, .forest: true
      case .line, .scatter, .bar, .heatmap, .box, .violin, .strip, .errorbar, .roc, .det,
        .calibration:
        false
      }
    }

    /// Whether it writes the legend itself, with what it measured of each series.
    var measuresSeries: Bool {
      switch self {
      case .roc, .det, .calibration: true
      case .line, .scatter, .bar, .histogram, .density, .heatmap, .box, .violin, .strip, .errorbar,
        .forest:
        false
      }
    }

    /// How a sentence names it.
    public var name: String {
      switch self {
      case .heatmap: "heat map"
      case .errorbar: "error bars"
      case .roc: "ROC curve"
      case .det: "DET curve"
      case .calibration: "calibration plot"
      case .line, .scatter, .bar, .histogram, .density, .box, .violin, .strip, .forest:
        rawValue + " plot"
      }
    }
  }

  public let kind: Kind
  public let options: PlotOptions
  public let scene: Scene

  /// Series from columns of `table`: one for each name in `y` (or in `options.scores`) and each combination of the
  /// cells in `options.by`, on a panel for each value of `options.panel`.
  ///
  /// - Parameters:
  ///   - x: the column along the horizontal axis; nil for kinds that need none.
  ///   - y: the columns of the vertical axis.
  /// - Throws: `DomainError`: kind `key` for an unknown column, `type` for one without numbers, `value` for what the
  ///   axes cannot show, `limit` for more series, panels or categories than anybody could tell apart.
  public init(
    _ table: Table, kind: Kind, x: String? = nil, y: [String] = [],
    options: PlotOptions = PlotOptions()
  ) throws {
    try options.check()
    self.kind = kind
    self.options = options
    var scene = try PlotData(table, kind: kind, x: x, y: y, options: options).scene()
    if let name = options.panel {
      let count = try table.column(name).series.missingCount
      if count > 0 {
        scene.note(
          NumberText.counted(count, "row has", "rows have") + " no `\(name)`, and no panel")
      }
    }
    self.scene = scene
  }

  /// A heat map of a matrix.
  /// - Parameters:
  ///   - values: row by row, as many as rows × columns.
  /// - Throws: `DomainError` of kind `value` for names that are not as many as there are rows or columns.
  public init(
    matrix values: [Double], rows: Int, columns: Int, options: PlotOptions = PlotOptions()
  ) throws {
    try options.check()
    kind = .heatmap
    self.options = options
    scene = try HeatmapPlot.scene(
      HeatCells(
        rows: rows, columns: columns, values: values, showsNumbers: options.showsNumbers),
      options: options)
  }

  /// A date or moment as ISO 8601 writes it, in seconds since 1970, as axes of time count; nil for any other text.
  public static func time(_ text: String) -> Double? { TickTime.parse(text) }

  /// What is drawn, in words.
  public var summary: String { scene.description }
}
