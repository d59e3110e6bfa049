import Foundations
import Statistics

/// A plot of columns of a table: what is drawn, without how. `svg()` and `terminalChart()` draw it.
public struct Plot: Sendable {
  /// What is drawn. Whatever differs between kinds is a property here, so that a new one is decided everywhere.
  public enum Kind: String, Sendable, CaseIterable {
    case line, scatter

    /// Whether points are joined along the horizontal axis.
    var joinsPoints: Bool {
      switch self {
      case .line: true
      case .scatter: false
      }
    }

    /// Whether rows with the same x are drawn as their mean with its interval.
    var drawsMeans: Bool {
      switch self {
      case .line: true
      case .scatter: false
      }
    }
  }

  public struct Point: Sendable, Equatable {
    public var x: Double
    public var y: Double
    /// The half width of an interval around `y`.
    public var interval: Double?

    public init(x: Double, y: Double, interval: Double? = nil) {
      self.x = x
      self.y = y
      self.interval = interval
    }
  }

  public struct Series: Sendable {
    public var name: String
    /// For a line in ascending order of x; a `nan` for y breaks the line.
    public var points: [Point]

    public init(name: String, points: [Point]) {
      self.name = name
      self.points = points
    }
  }

  public var kind: Kind
  public var title: String
  public var xLabel: String
  public var yLabel: String
  public var xIsLogarithmic: Bool
  public var yIsLogarithmic: Bool
  /// Where x is text: the texts, at the places 0, 1, 2…
  public var xCategories: [String]?
  public var series: [Series]
  /// What the error bars are, for the caption: nil where there are none.
  public var intervalNote: String?

  /// What to draw of a table.
  public struct Options: Sendable {
    public var by: [String] = []
    public var log = ""
    public var title = ""
    public var xLabel: String?
    public var yLabel: String?
    /// The confidence level of the intervals of means over rows that share an x.
    public var level = 0.95
    public init() {}
  }

  /// Series from columns of `table`: one for each name in `y` and each combination of the cells in `by`.
  ///
  /// Rows that share an x (repetitions with other seeds) are drawn by a line plot as their mean with Student's
  /// confidence interval; a column `<y>_interval` gives the interval of a mean that was taken already. A scatter plot
  /// draws every row.
  /// - Throws: `DomainError`: kind `key` for an unknown column, `type` for one without numbers, `value` for what a
  ///   logarithmic axis cannot show.
  public init(_ table: Table, kind: Kind, x: String, y: [String], options: Options = Options())
    throws
  {
    guard !y.isEmpty else {
      throw DomainError(.value, "a plot needs a column for `y`", hint: "y: \"accuracy\"")
    }
    guard options.level > 0, options.level < 1 else {
      throw DomainError(
        .value,
        "`interval` is a confidence level between 0 and 1, found \(NumberText.shortest(options.level))"
      )
    }
    guard options.log.allSatisfy({ $0 == "x" || $0 == "y" }) else {
      throw DomainError(
        .value, "`log` names the logarithmic axes: \"x\", \"y\" or \"xy\", found \"\(options.log)\""
      )
    }
    self.kind = kind
    title = options.title
    xLabel = options.xLabel ?? x
    yLabel = options.yLabel ?? (y.count == 1 ? y[0] : "")
    xIsLogarithmic = options.log.contains("x")
    yIsLogarithmic = options.log.contains("y")
    let xColumn = try table.column(x)
    let (xValues, categories) = try Plot.places(xColumn)
    xCategories = categories
    if xIsLogarithmic, categories != nil {
      throw DomainError(.value, "`\(x)` is text: its axis cannot be logarithmic")
    }
    try Plot.checkLogarithmic(xIsLogarithmic, xValues, name: x)
    let groups = try table.group(by: options.by)
    let byColumns = try options.by.map { try table.column($0).cells }
    var series: [Series] = []
    var hasIntervals = false
    for name in y {
      let column = try table.column(name)
      let cells = column.cells
      guard cells.contains(where: { $0.number != nil }) else {
        throw DomainError(.type, "the column `\(name)` holds no numbers to plot")
      }
      try Plot.checkLogarithmic(yIsLogarithmic, cells.map { $0.number ?? .nan }, name: name)
      let given = try? table.column(name + Table.intervalSuffix)
      for group in (0..<groups.count).map(groups.rows) {
        let label = byColumns.map { $0[group[0]].text }.joined(separator: ", ")
        let parts = [y.count > 1 || options.by.isEmpty ? name : "", label].filter { !$0.isEmpty }
        let raw = group.compactMap { row -> Point? in
          guard let value = cells[row].number, !xValues[row].isNaN else { return nil }
          return Point(x: xValues[row], y: value, interval: given?.series[row].number)
        }
        let points = kind.drawsMeans ? Plot.means(raw, level: options.level) : raw
        hasIntervals = hasIntervals || points.contains { $0.interval != nil }
        series.append(Series(name: parts.joined(separator: " · "), points: points))
      }
    }
    self.series = series
    let percent = NumberText.brief(options.level * 100)
    intervalNote = hasIntervals ? "intervals: \(percent)% confidence of the mean" : nil
  }

  private static func places(_ column: Table.Column) throws -> ([Double], [String]?) {
    if let numbers = column.series.numbers {
      return (numbers, nil)
    }
    var texts: [String] = []
    var known: [Spelling: Int] = [:]
    let values = column.cells.map { cell -> Double in
      if cell.isNull { return .nan }
      let text = cell.text
      if let place = known[text] { return Double(place) }
      known[text] = texts.count
      texts.append(text)
      return Double(texts.count - 1)
    }
    guard texts.count <= 200 else {
      throw DomainError(
        .value,
        "the column `\(column.name)` holds \(texts.count) different texts, too many for an axis")
    }
    return (values, texts)
  }

  private static func checkLogarithmic(_ logarithmic: Bool, _ values: [Double], name: String) throws
  {
    guard logarithmic, let bad = values.first(where: { $0 < 0 }) else { return }
    throw DomainError(
      .value, "`\(name)` holds \(NumberText.brief(bad)), which a logarithmic axis cannot show",
      hint: "leave out `log`, or plot the positive values only")
  }

  /// Points in order of x, those that share an x as their mean with its interval.
  private static func means(_ points: [Point], level: Double) -> [Point] {
    let ordered = points.enumerated().sorted {
      ($0.element.x, $0.offset) < ($1.element.x, $1.offset)
    }.map(\.element)
    var result: [Point] = []
    var start = 0
    while start < ordered.count {
      var end = start + 1
      while end < ordered.count, ordered[end].x == ordered[start].x { end += 1 }
      if end == start + 1 {
        result.append(ordered[start])
      } else {
        let values = ordered[start..<end].map(\.y)
        result.append(
          Point(
            x: ordered[start].x, y: Sample.mean(values),
            interval: Sample.meanInterval(values, level: level)))
      }
      start = end
    }
    return result
  }

  /// One sentence on what the plot shows, where no chart can be drawn.
  public var summary: String {
    let points = series.reduce(0) { $0 + $1.points.count }
    return "plot of \(series.map(\.name).joined(separator: ", ")) over \(xLabel), \(points) points"
  }
}
