import Foundations
import Tables

/// Numbers as colours, over two columns of categories or over the rows and columns of a matrix.
enum HeatmapPlot: SceneMaker {
  /// Larger maps are drawn as means of neighbouring cells.
  static let mostCells = 200

  static func prepare(_ scene: inout Scene, _ data: PlotData) throws {
    guard let x = data.xName, let y = data.valueNames.first, data.valueNames.count == 1,
      let value = data.options.value
    else {
      throw DomainError(
        .value, "a heat map of a table needs the columns `x`, `y` and `value`",
        hint:
          "x: \"predicted\", y: \"true\", value: \"count\"; columns beside each other come below each other by `t.unpivot([\"a\", \"b\"])`: x: \"name\", value: \"value\""
      )
    }
    guard data.options.log.isEmpty else {
      throw DomainError(.value, "a heat map has categories along x and y: not logarithmic")
    }
    guard data.options.panel == nil, data.options.by.isEmpty else {
      throw DomainError(
        .value, "a heat map has neither `by` nor `panel`", hint: "draw one of each group's rows")
    }
    let column = try data.column(value)
    guard column.content == .numbers, column.hasNumbers || data.table.rowCount == 0 else {
      throw DomainError(.type, "the column `\(value)` holds no numbers to plot")
    }
    scene.x.name = x
    scene.y.name = y
    scene.x.scale = .categories(try data.column(x).categories(atMost: mostCells).names)
    scene.y.scale = .categories(try data.column(y).categories(atMost: mostCells).names)
    scene.y.isReversed = true
  }

  static func draw(
    _ parts: [PlotPart], on panel: inout Scene.Panel, _ scene: inout Scene, _ data: PlotData
  ) throws {
    let across = try data.column(data.requireX()).categories(atMost: mostCells)
    let up = try data.column(data.valueNames[0]).categories(atMost: mostCells)
    let column = try data.column(data.options.value ?? "")
    let (rows, columns) = (up.names.count, across.names.count)
    var sums = [Double](repeating: 0, count: rows * columns)
    var counts = [Int](repeating: 0, count: rows * columns)
    var (lost, repeated) = (0, 0)
    for row in 0..<data.table.rowCount {
      try Cancellation.check(turn: row)
      guard let value = column.numbers[row] else { continue }
      guard let x = across.places[row], let y = up.places[row] else {
        lost += 1
        continue
      }
      let place = y * columns + x
      if counts[place] == 1 { repeated += 1 }
      sums[place] += value
      counts[place] += 1
    }
    if repeated > 0 {
      scene.note(
        "\(repeated) \(repeated == 1 ? "cell is the mean" : "cells are means") of several rows")
    }
    scene.count(lost, "of `\(scene.x.name)` or `\(scene.y.name)`", .missing)
    data.noteGaps(column, Array(0..<data.table.rowCount), &scene)
    let values = zip(sums, counts).map { $1 == 0 ? .nan : $0 / Double($1) }
    add(
      HeatCells(
        rows: rows, columns: columns, values: values, showsNumbers: data.options.showsNumbers),
      to: &panel, &scene)
  }

  private static func add(_ cells: HeatCells, to panel: inout Scene.Panel, _ scene: inout Scene) {
    scene.colours = ColourScale(cells.values)
    guard !cells.values.isEmpty else { return }
    panel.add(.cells(cells))
  }

  /// A heat map of a matrix, the first row on top.
  static func scene(_ cells: HeatCells, options: PlotOptions) throws -> Scene {
    precondition(cells.values.count == cells.rows * cells.columns)
    for (names, count, what) in [
      (options.rowNames, cells.rows, "row"), (options.columnNames, cells.columns, "column"),
    ] {
      guard let names, names.count != count else { continue }
      throw DomainError(
        .value, "`\(what)s` names \(names.count) of \(count) \(what)s of the matrix")
    }
    var scene = Scene()
    scene.title = options.title
    scene.x.name = options.xLabel ?? ""
    scene.y.name = options.yLabel ?? ""
    scene.y.isReversed = true
    let drawn = try thinned(cells, &scene)
    func categories(_ names: [String]?, _ count: Int, _ drawn: Int) -> AxisDescription.Scale {
      let block = drawn == 0 ? 1 : (count + drawn - 1) / drawn
      return .categories((0..<drawn).map { names?[$0 * block] ?? String($0 * block) })
    }
    scene.x.scale = categories(options.columnNames, cells.columns, drawn.columns)
    scene.y.scale = categories(options.rowNames, cells.rows, drawn.rows)
    var panel = Scene.Panel()
    add(drawn, to: &panel, &scene)
    scene.panels = [panel]
    scene.count(cells.values.count(where: \.isNaN), "of the matrix", .undefined)
    scene.noteCounts()
    scene.description = SceneWords.describe(scene, kind: .heatmap)
    return scene
  }

  /// No more cells than a picture can show: blocks of larger matrices become their means.
  private static func thinned(_ cells: HeatCells, _ scene: inout Scene) throws -> HeatCells {
    guard cells.rows > mostCells || cells.columns > mostCells else { return cells }
    let tall = (cells.rows + mostCells - 1) / mostCells
    let wide = (cells.columns + mostCells - 1) / mostCells
    let rows = (cells.rows + tall - 1) / tall
    let columns = (cells.columns + wide - 1) / wide
    var values = [Double](repeating: .nan, count: rows * columns)
    for row in 0..<rows {
      try Cancellation.check()
      for column in 0..<columns {
        var (sum, count) = (0.0, 0)
        for y in row * tall..<min((row + 1) * tall, cells.rows) {
          for x in column * wide..<min((column + 1) * wide, cells.columns) {
            let value = cells.value(y, x)
            if !value.isNaN {
              sum += value
              count += 1
            }
          }
        }
        if count > 0 { values[row * columns + column] = sum / Double(count) }
      }
    }
    scene.note("\(cells.rows) × \(cells.columns) values, drawn as means of \(tall) × \(wide)")
    return HeatCells(rows: rows, columns: columns, values: values, showsNumbers: false)
  }
}
