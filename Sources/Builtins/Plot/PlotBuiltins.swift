import Files
import Foundations
import Plots
import Runtime
import Tables
import Tensors

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
    type.field("svg", "The drawing as an SVG document.") { try $0.svg() }
    type.field("description", "What is drawn, in words: the alternative text of its pictures.") {
      $0.summary
    }
    type.field("notes", "What a reader has to know, such as what was left out.") { $0.scene.notes }
    type.methods([
      Native(
        "save", "Writes the drawing to a file, as its name's ending says: `.svg` or `.png`.",
        Param<Plot>("plot"),
        Param<String>("path", "The file.", TextFile.named(".svg", ".png")),
        search: ["export", "write", "png"],
        context: { (vm: VM, plot: Plot, path: String) in try PlotBuiltins.save(plot, path, vm) })
    ])
  }
}

/// `plot.line`, `plot.bar`, …: a native for every kind of plot.
enum PlotBuiltins {
  static let module = Module(
    "plot", "Plots of tables, as pictures (SVG, PNG) and as charts in the terminal.",
    natives: Plot.Kind.allCases.map(native))

  /// What help says of a kind.
  private static func summary(_ kind: Plot.Kind) -> String {
    switch kind {
    case .line:
      "Lines over one column of a table. Rows that share an x (runs with other seeds) are drawn as their mean with its confidence interval."
    case .scatter: "A mark for every row of a table."
    case .bar:
      "Bars over the categories of a column. Rows that share a category are drawn as their mean with its confidence interval."
    case .histogram:
      "How many rows lie in each bin of a column; several series share their bins."
    case .density:
      "The density of a column's values, by a Gaussian kernel as SciPy's `gaussian_kde`. On a logarithmic axis it is the density of the logarithms, per decade."
    case .heatmap:
      "Numbers as colours: a tensor, or a table with the columns x, y and value. Cells of several rows are their means; values on both sides of 0 get two hues."
    case .box:
      "Quartiles, whiskers and outliers by category (Tukey 1977). Quartiles are NumPy's, whiskers end at the outermost values within 1.5 interquartile ranges of the box."
    case .violin:
      "Densities of values by category, between the least and the greatest of each. The density is that of `plot.density`; all violins are equally wide."
    case .strip: "Every value by category, beside each other where they would hide each other."
    case .errorbar: "Marks with intervals whose ends the table gives."
    case .roc:
      "ROC curves with the areas below them. A point for each different score, a curve for each column of scores and each group."
    case .det:
      "Detection error tradeoff: the rates of both errors on normal deviate axes (Martin et al. 1997). The legend has the rate at which both are equal; `log: \"xy\"` takes logarithmic axes instead."
    case .calibration:
      "How often what was predicted with a chance came true. The observed share over the mean chance of each bin with Wilson's intervals, and the expected calibration error."
    case .forest: "Estimates with their intervals below each other, a row for each label."
    }
  }

  /// The parameters of a kind, in the order of help.
  private static func parameters(_ kind: Plot.Kind) -> [any AnyParam] {
    typealias P = PlotParameters
    let cut: [any AnyParam] = [P.by, P.panel] + P.scales
    let own: [any AnyParam] =
      switch kind {
      case .line: [P.table, P.x, P.y] + cut + [P.low, P.high, P.level]
      case .scatter: [P.table, P.x, P.y] + cut + [P.level]
      case .bar: [P.table, P.x, P.y] + cut + [P.stacked, P.low, P.high, P.level]
      case .histogram: [P.table, P.values] + cut + [P.bins, P.density]
      case .density: [P.table, P.values] + cut + [P.bandwidth]
      case .heatmap: HeatmapArguments.parameters
      case .box, .strip: [P.table, P.y, P.category] + cut
      case .violin: [P.table, P.y, P.category] + cut + [P.bandwidth]
      case .errorbar: [P.table, P.x, P.y] + cut + [P.low, P.high]
      case .roc, .det: [P.table, P.labels, P.scores] + cut
      case .calibration:
        [P.table, P.labels, P.scores] + cut + [P.chanceBins, P.binning, P.level]
      case .forest: [P.table, P.estimate, P.label] + cut + [P.low, P.high]
      }
    return own + P.drawing
  }

  private static func search(_ kind: Plot.Kind) -> [String] {
    let own: [String] =
      switch kind {
      case .line: ["curve"]
      case .scatter: ["points"]
      case .bar: ["column", "stacked"]
      case .histogram: ["distribution", "bins"]
      case .density: ["kde", "distribution"]
      case .heatmap: ["confusion", "matrix", "imshow"]
      case .box: ["quartiles", "outliers"]
      case .violin: ["distribution", "kde"]
      case .strip: ["jitter", "swarm"]
      case .errorbar: ["interval", "confidence"]
      case .roc: ["auc", "false positive rate"]
      case .det: ["eer", "equal error rate"]
      case .calibration: ["reliability", "ece"]
      case .forest: ["interval", "effect", "meta-analysis"]
      }
    return own + ["chart", "graph", "figure", "svg", "png"]
  }

  private static func native(_ kind: Plot.Kind) -> Native {
    Native(
      kind.rawValue, summary(kind), parameters: parameters(kind), returns: "plot",
      seeAlso: ["table.group"], search: search(kind), examples: examples(kind),
      arguments: { (arguments: inout Arguments) in
        let plot = try Cancellation.abandonable { try draw(kind, &arguments) }
        if let path = try PlotParameters.path(&arguments) { try save(plot, path, arguments.vm) }
        return plot
      }
    ).knowing(TableColumns.drawn).hinting { name in
      switch name {
      case "hue", "color", "colour", "group", "fill": "the column of the series is named by `by:`"
      case "col", "row", "facet": "the column of the panels is named by `panel:`"
      case "xlabel": "write `x_label:`"
      case "ylabel": "write `y_label:`"
      case "xlim", "ylim": "write `limits: {x: [0, 1], y: [0, nil]}`"
      default: nil
      }
    }
  }

  private static func examples(_ kind: Plot.Kind) -> [(String, String)] {
    switch kind {
    case .bar:
      [
        (
          "plot.bar(table({m: [\"a\", \"b\"], y: [1, 2]}), x: \"m\", y: \"y\").description",
          "Bar plot of y over m. Horizontal: a, b. Vertical: 1 to 2."
        )
      ]
    case .heatmap:
      [
        (
          "plot.heatmap(tensor([[5, 1], [0, 4]]), y_label: \"true\", x_label: \"predicted\").description",
          "Heat map of true over predicted. Horizontal: 0, 1. Vertical: 0, 1. Values from 0 to 5."
        )
      ]
    case .roc:
      [
        (
          "plot.roc(table({label: [0, 1, 0, 1], score: [0.1, 0.4, 0.35, 0.8]}), labels: \"label\", scores: \"score\").description",
          "ROC curve of true positive rate over false positive rate. Horizontal: 0 to 1. Vertical: 0 to 1. score · AUC 1.000."
        )
      ]
    default: []
    }
  }

  private static func draw(_ kind: Plot.Kind, _ arguments: inout Arguments) throws -> Plot {
    typealias P = PlotParameters
    var options = try P.options(kind, &arguments)
    if kind == .heatmap { return try HeatmapArguments.draw(&options, &arguments) }
    try P.series(&options, &arguments)
    let table = try arguments(P.table)
    var x: String?
    var y: [String] = []
    switch kind {
    case .line, .scatter, .bar, .errorbar:
      x = try arguments(P.x)
      y = try arguments(P.y).values
    case .box, .violin, .strip:
      x = try arguments(P.category)
      y = try arguments(P.y).values
    case .histogram, .density: y = try arguments(P.values).values
    case .roc, .det, .calibration:
      options.labels = try arguments(P.labels)
      y = try arguments(P.scores).values
    case .forest:
      x = try arguments(P.estimate)
      y = [try arguments(P.label)]
    case .heatmap: break
    }
    switch kind {
    case .line, .bar, .errorbar, .forest:
      options.low = try arguments(P.low)
      options.high = try arguments(P.high)
    case .histogram:
      options.bins = try arguments(P.bins)
      options.isDensity = try arguments(P.density)
    case .calibration:
      options.bins = .count(try arguments(P.chanceBins))
      options.binning = .init(rawValue: try arguments(P.binning)) ?? .width
    case .density, .violin: options.bandwidth = try arguments(P.bandwidth)
    default: break
    }
    if [.line, .scatter, .bar, .calibration].contains(kind) {
      options.level = try arguments(P.level)
    }
    if kind == .bar { options.isStacked = try arguments(P.stacked) }
    return try Plot(table, kind: kind, x: x, y: y, options: options)
  }

  static func save(_ plot: Plot, _ path: String, _ vm: VM) throws {
    if path.lowercased().hasSuffix(".png") {
      let target = try vm.writablePath(path)
      try AtomicFile.write(target, try plot.png())
    } else {
      try TextFile.write(plot.svg(), to: path, vm)
    }
  }
}

/// A heat map's own arguments: a tensor, or a table with three columns.
private enum HeatmapArguments {
  static let data = Param<Value>(
    "table", "A table, or a tensor [rows, columns] whose first row is drawn on top.")
  static let x = Param<String?>(
    "x", "Of a table: the column along the horizontal axis.", default: nil, named: true)
  static let y = Param<String?>(
    "y", "Of a table: the column from the top down.", default: nil, named: true)
  static let value = Param<String?>(
    "value", "Of a table: the column of numbers.", default: nil, named: true)
  static let numbers = Param<Bool>(
    "numbers", "Write the numbers into the cells, where they fit.", default: true, named: true)
  static let rowNames = Param<[String]?>(
    "row_names", "Of a tensor: what stands beside its rows; nil counts them.", default: nil,
    named: true)
  static let columnNames = Param<[String]?>(
    "column_names", "Of a tensor: what stands below its columns; nil counts them.", default: nil,
    named: true)

  static let parameters: [any AnyParam] = [data, x, y, value, numbers, rowNames, columnNames]

  static func draw(_ options: inout PlotOptions, _ arguments: inout Arguments) throws -> Plot {
    options.showsNumbers = try arguments(numbers)
    options.value = try arguments(value)
    options.rowNames = try arguments(rowNames)
    options.columnNames = try arguments(columnNames)
    let value = try arguments(data)
    let x = try arguments(x)
    let y = try arguments(y)
    if let table = try Table.decode(value, arguments.vm) {
      return try Plot(
        table, kind: .heatmap, x: x, y: y.map { [$0] } ?? [], options: options)
    }
    guard let tensor = try Tensor.decode(value, arguments.vm) else {
      throw Fault(
        .type,
        "`table` is a table or a tensor of two dimensions, found \(Representation.described(value))"
      ).atArgument(0)
    }
    guard tensor.rank == 2 else {
      throw Fault(
        .shape, "`table` must have shape [rows, columns], got \(tensor.shape.array)"
      ).atArgument(0)
    }
    if x != nil || y != nil || options.value != nil {
      throw Fault(
        .value, "`x`, `y` and `value` name columns of a table; a tensor has none",
        hint: "x_label: and y_label: name its axes")
    }
    return try Plot(
      matrix: try HeatmapArguments.numbers(of: tensor), rows: tensor.shape[0],
      columns: tensor.shape[1], options: options)
  }

  private static func numbers(of tensor: Tensor) throws -> [Double] {
    let dense = try tensor.detached.cast(to: .f64).contiguous()
    return withExtendedLifetime(dense) {
      let start = (dense.storage.pointer + dense.offset * dense.dtype.size)
        .assumingMemoryBound(to: Double.self)
      return Array(UnsafeBufferPointer(start: start, count: dense.count))
    }
  }
}
