import Runtime
import Tables

extension Plot: NativeValue {
  public static let typeName = "plot"
  public static let nativeType = NativeType<Plot>(
    "plot", "A drawing of columns of a table; printing it draws a chart of characters."
  ) { type in
    type.representation = { plot, vm in
      let display = vm?.hostServices.display ?? Display()
      return plot.terminalChart(width: display.width ?? 80, coloured: display.isColoured)
    }
    type.transfer = .share
    type.hasContent()
    type.field("svg", "The drawing as an SVG document.") { $0.svg() }
    type.methods([
      Native(
        "save", "Writes the drawing to an SVG file.", Param<Plot>("plot"),
        Param<String>("path", "The file.", TextFile.named(".svg")), search: ["export", "write"],
        context: { (vm: VM, plot: Plot, path: String) in try PlotBuiltins.save(plot, path, vm) })
    ])
  }
}

/// `plot.line`, `plot.scatter`: a native for every kind of plot.
enum PlotBuiltins {
  static let module = Module(
    "plot", "Plots of tables, as SVG files and as charts in the terminal.",
    natives: Plot.Kind.allCases.map(native))

  private static func summary(_ kind: Plot.Kind) -> String {
    switch kind {
    case .line:
      "Lines over one column of a table. Rows that share an x (runs with other seeds) are drawn as their mean with its confidence interval."
    case .scatter: "A mark for every row of a table."
    }
  }

  private static func native(_ kind: Plot.Kind) -> Native {
    Native(
      kind.rawValue, summary(kind),
      Param<Table>("table", "The table to draw."),
      Param<String>(
        "x", "The column along the horizontal axis; infinite values stand beyond its end.",
        named: true),
      Param<Names>("y", "The column or columns to draw.", named: true),
      Param<Names>(
        "by", "One series for each value of these columns.", default: Names([]), named: true),
      Param<String>(
        "log", "Logarithmic axes: \"x\", \"y\" or \"xy\".", default: "",
        .oneOf(["", "x", "y", "xy"]),
        named: true),
      Param<String>("title", "The heading.", default: "", named: true),
      Param<String?>(
        "x_label", "What stands below the horizontal axis.", default: nil, named: true),
      Param<String?>("y_label", "What stands beside the vertical axis.", default: nil, named: true),
      Param<Double>(
        "interval", "The confidence level of the intervals.", default: 0.95, .between(0, 1),
        named: true),
      Param<String?>(
        "save", "An SVG file to write.", default: nil, TextFile.named(".svg"), named: true),
      returns: "plot", seeAlso: ["table.group"], search: ["chart", "graph", "figure", "svg"],
      context: {
        (
          vm: VM, table: Table, x: String, y: Names, by: Names, log: String, title: String,
          xLabel: String?, yLabel: String?, interval: Double, path: String?
        ) in
        var options = Plot.Options()
        options.by = by.values
        options.log = log
        options.title = title
        options.xLabel = xLabel
        options.yLabel = yLabel
        options.level = interval
        let plot = try Plot(table, kind: kind, x: x, y: y.values, options: options)
        if let path { try save(plot, path, vm) }
        return plot
      }
    ).knowing(TableColumns.drawn)
  }

  static func save(_ plot: Plot, _ path: String, _ vm: VM) throws {
    try TextFile.write(plot.svg(), to: path, vm)
  }
}
