import Plots
import Runtime
import Tables

/// The parameters of plots, and what becomes of them: every kind takes `drawing`, and those of its columns and its own.
enum PlotParameters {
  static let table = Param<Table>("table", "The table to draw.")

  // MARK: Columns

  static let x = Param<String>(
    "x",
    "The column along the horizontal axis; infinite values stand beyond its end, dates are an axis of time.",
    named: true)
  static let y = Param<Names>("y", "The column or columns to draw.", named: true)
  static let category = Param<String?>(
    "x", "The column of the categories; nil makes each column of `y` one.", default: nil,
    named: true)
  static let values = Param<Names>("x", "The column or columns of values.", named: true)
  static let label = Param<String>(
    "y", "The column of the labels, a row for each; `x` and `y` may change places.", named: true)
  static let estimate = Param<String>(
    "x", "The column of estimates: numbers, or records {value, low, high}.", named: true)
  static let by = Param<Names>(
    "by", "One series for each value of these columns.", default: Names([]), named: true)
  static let panel = Param<String?>(
    "panel", "A column, for each value of which there is a panel, all with the same axes.",
    default: nil, named: true)
  static let low = Param<String?>(
    "low",
    "The column of the lower ends of intervals; nil looks for <name>_low, for <name>_interval and for records {value, low, high}.",
    default: nil, named: true)
  static let high = Param<String?>(
    "high", "The column of their upper ends.", default: nil, named: true)
  static let labels = Param<String>(
    "labels", "The column of the true classes, two of them; the greater one is positive.",
    named: true)
  static let scores = Param<Names>(
    "scores", "The column or columns of scores, greater where positive is more likely.",
    named: true)

  // MARK: Drawing

  private static let log = Param<String>(
    "log", "Logarithmic axes: \"x\", \"y\" or \"xy\".", default: "", .oneOf(["", "x", "y", "xy"]),
    named: true)
  private static let limits = Param<AxisLimits>(
    "limits", "Where axes end: {x: [0, 1], y: [0, nil]}; nil leaves an end to the values.",
    default: AxisLimits(), named: true)
  private static let reference = Param<ReferenceLines>(
    "reference",
    "Dashed lines: a number or numbers on the axis of values, or {x: 1, y: [0, 0.5]}.",
    default: ReferenceLines(), named: true)
  private static let title = Param<String>("title", "The heading.", default: "", named: true)
  private static let xLabel = Param<String?>(
    "x_label", "What stands below the horizontal axis.", default: nil, named: true)
  private static let yLabel = Param<String?>(
    "y_label", "What stands beside the vertical axis.", default: nil, named: true)
  private static let width = Param<Double>(
    "width", "The width of a picture in points; a PNG file has two pixels for each.", default: 720,
    .within(PlotOptions.widths.lowerBound, PlotOptions.widths.upperBound), named: true)
  private static let height = Param<Double?>(
    "height", "Its height; nil for what the kind and its legend need.", default: nil,
    .within(PlotOptions.heights.lowerBound, PlotOptions.heights.upperBound), named: true)
  private static let theme = Param<String>(
    "theme", "The background of a picture.", default: "light",
    .oneOf(PlotOptions.Theme.allCases.map(\.rawValue)), named: true)
  private static let save = Param<String?>(
    "save", "A file to write: a picture as `.svg` or `.png`.", default: nil,
    TextFile.named(".svg", ".png"), named: true)

  /// What every kind takes.
  static let drawing: [any AnyParam] = [
    limits, reference, title, xLabel, yLabel, width, height, theme, save,
  ]

  // MARK: Of some kinds

  static let scales: [any AnyParam] = [log]
  static let level = Param<Double>(
    "interval", "The confidence level of the intervals.", default: 0.95, .between(0, 1),
    named: true)
  static let stacked = Param<Bool>(
    "stacked", "Put the series on top of each other.", default: false, named: true)
  static let bins = Param<PlotOptions.Bins>(
    "bins",
    "How many bins, or their edges; \"auto\" as NumPy: the more of Sturges' and Freedman and Diaconis' (1981), at most 2√n.",
    default: .automatic, named: true)
  static let chanceBins = Param<Int>(
    "bins", "How many bins of chances, each (a, b].", default: 10, .within(1, 1000), named: true)
  static let binning = Param<String>(
    "binning", "Bins of one \"width\", or of one \"mass\": as many rows in each.", default: "width",
    .oneOf(PlotOptions.Binning.allCases.map(\.rawValue)), named: true)
  static let density = Param<Bool>(
    "density", "Shares divided by the width of their bins, instead of counts.", default: false,
    named: true)
  static let bandwidth = Param<PlotOptions.Bandwidth>(
    "bandwidth",
    "The standard deviation of the Gaussian kernel, or the rule for it: \"scott\" (s · n^(-1/5)) or \"silverman\" (s · (3n/4)^(-1/5)), as SciPy's `gaussian_kde`.",
    default: .scott,
    .custom("a number above 0, \"scott\" or \"silverman\"") { value in
      value.number.map { $0 > 0 && $0.isFinite } ?? true
    }, named: true)

  /// Takes the arguments of `drawing` and of the lists that the kind has.
  static func options(_ kind: Plot.Kind, _ arguments: inout Arguments) throws -> PlotOptions {
    var options = PlotOptions()
    let limits = try arguments(PlotParameters.limits)
    (options.xLimits, options.yLimits) = (limits.x, limits.y)
    let lines = try arguments(reference)
    (options.xReferences, options.yReferences) = (lines.x, lines.y)
    if kind.valuesLieAlongX {
      options.xReferences += lines.values
    } else {
      options.yReferences += lines.values
    }
    options.title = try arguments(title)
    options.xLabel = try arguments(xLabel)
    options.yLabel = try arguments(yLabel)
    options.width = try arguments(width)
    options.height = try arguments(height)
    options.theme = .init(rawValue: try arguments(theme)) ?? .light
    return options
  }

  /// Takes the arguments for series, panels and scales.
  static func series(_ options: inout PlotOptions, _ arguments: inout Arguments) throws {
    options.by = try arguments(by).values
    options.panel = try arguments(panel)
    options.log = try arguments(log)
  }

  /// The file that is asked for.
  static func path(_ arguments: inout Arguments) throws -> String? { try arguments(save) }
}
