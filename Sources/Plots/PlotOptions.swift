import Foundations

/// What may be said of a plot beside its columns.
public struct PlotOptions: Sendable {
  public enum Theme: String, Sendable, CaseIterable { case light, dark }

  /// How a histogram's bins are chosen.
  public enum Bins: Sendable, Equatable {
    /// As NumPy's "auto".
    case automatic
    case count(Int)
    /// Ascending.
    case edges([Double])
  }

  /// How wide the kernel of a density is.
  public enum Bandwidth: Sendable, Equatable {
    case scott, silverman
    /// The kernel's standard deviation.
    case width(Double)
  }

  /// How the bins of a calibration plot are cut: all as wide, or all with as many rows.
  public enum Binning: String, Sendable, CaseIterable { case width, mass }

  public var by: [String] = []
  /// A panel for each value of this column.
  public var panel: String?
  /// "x", "y", "xy", or nothing.
  public var log = ""
  public var xLimits: (low: Double?, high: Double?) = (nil, nil)
  public var yLimits: (low: Double?, high: Double?) = (nil, nil)
  /// Values of x and of y with a line across the plot.
  public var xReferences: [Double] = []
  public var yReferences: [Double] = []
  public var title = ""
  public var xLabel: String?
  public var yLabel: String?
  /// The confidence level of the intervals of means over rows that share an x.
  public var level = 0.95
  /// Columns with the ends of intervals.
  public var low: String?
  public var high: String?
  public var isStacked = false
  public var bins = Bins.automatic
  /// Divide the counts of a histogram by their sum and the widths of the bins.
  public var isDensity = false
  public var bandwidth = Bandwidth.scott
  public var binning = Binning.width
  public var showsNumbers = true
  /// The column with a heat map's values.
  public var value: String?
  /// The names of a matrix's rows and columns.
  public var rowNames: [String]?
  public var columnNames: [String]?
  /// The column with the true classes, and those with the scores.
  public var labels: String?
  public var scores: [String] = []
  /// The size of pictures, in points of CSS.
  public var width = 720.0
  /// Nil for what the kind and its legend need.
  public var height: Double?
  public var theme = Theme.light

  public init() {}

  /// The sizes that pictures may have.
  public static let widths = 160.0...4000.0
  public static let heights = 120.0...4000.0

  func check() throws {
    guard level > 0, level < 1 else {
      throw DomainError(
        .value,
        "`interval` is a confidence level between 0 and 1, found \(NumberText.shortest(level))")
    }
    guard log.allSatisfy({ $0 == "x" || $0 == "y" }) else {
      throw DomainError(
        .value, "`log` names the logarithmic axes: \"x\", \"y\" or \"xy\", found \"\(log)\"")
    }
    try PlotOptions.check(limits: xLimits, of: "x", isLogarithmic: log.contains("x"))
    try PlotOptions.check(limits: yLimits, of: "y", isLogarithmic: log.contains("y"))
    guard PlotOptions.widths.contains(width) else {
      throw DomainError(.value, "`width` is from 160 to 4000, found \(NumberText.shortest(width))")
    }
    if let height, !PlotOptions.heights.contains(height) {
      throw DomainError(
        .value, "`height` is from 120 to 4000, found \(NumberText.shortest(height))")
    }
    for (name, values) in [("x", xReferences), ("y", yReferences)] {
      guard values.count <= 100 else {
        throw DomainError(.limit, "`reference` has \(values.count) lines for \(name), at most 100")
      }
      guard values.allSatisfy(\.isFinite) else {
        throw DomainError(.value, "a line of `reference` stands at a finite value of \(name)")
      }
      if log.contains(name), let bad = values.first(where: { $0 <= 0 }) {
        throw DomainError(
          .value, "`reference` has \(NumberText.brief(bad)), which a logarithmic axis cannot show")
      }
    }
  }

  private static func check(
    limits: (low: Double?, high: Double?), of axis: String, isLogarithmic: Bool
  ) throws {
    let ends = [limits.low, limits.high].compactMap { $0 }
    guard ends.allSatisfy(\.isFinite) else {
      throw DomainError(
        .value, "`limits` of \(axis) must be finite",
        hint: "nil leaves an end to the values: {\(axis): [0, nil]}")
    }
    if isLogarithmic, let bad = ends.first(where: { $0 <= 0 }) {
      throw DomainError(
        .value,
        "`limits` of \(axis) holds \(NumberText.brief(bad)), which a logarithmic axis cannot show")
    }
    if let low = limits.low, let high = limits.high, low >= high {
      throw DomainError(
        .value,
        "`limits` of \(axis) run from the lower end to the upper one, found [\(NumberText.brief(low)), \(NumberText.brief(high))]",
        hint: low > high ? "[\(NumberText.brief(high)), \(NumberText.brief(low))]" : nil)
    }
    if let low = limits.low, let high = limits.high, !(high - low).isFinite {
      throw DomainError(.value, "`limits` of \(axis) are too far apart to be drawn")
    }
  }
}
