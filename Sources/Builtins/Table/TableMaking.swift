import Foundations
import Runtime
import Syntax
import Tables
import Tensors

/// `table(…)`.
enum TableMaking {
  static let natives = [
    Native(
      "table", "A table of rows (a list of maps) or of columns (a map of lists).",
      Param<Value>(
        "data",
        "A list with a map for each row, or a map with a list, range, column or tensor for each column; a single value stands in all rows."
      ),
      returns: "table", seeAlso: ["data.table", "stats", "plot"],
      search: ["dataframe", "rows", "columns"],
      examples: [
        ("len(table([{a: 1}, {a: 2, b: 3}]))", "2"),
        ("table({a: [1, 2], b: [\"x\", \"y\"]}).columns", "[\"a\", \"b\"]"),
      ],
      context: { (vm: VM, data: Value) in try make(data, vm) }
    ).knowing(TableColumns.made).evaluated().abandonable()
  ]

  static func make(_ data: Value, _ vm: VM) throws -> Table {
    if let table = try Table.decode(data, vm) { return table }
    switch data.object?.kind {
    case .map?:
      guard let map = MapObject.decode(data, vm) else { break }
      return try columns(map, vm)
    case .list?: return try rows(data, vm)
    default: break
    }
    throw Fault(
      .type,
      "a table is made of a list of maps or a map of lists, found \(Representation.described(data))"
    ).atArgument(0)
  }

  private static func columns(_ map: MapObject, _ vm: VM) throws -> Table {
    var columns: [(name: String, series: Series?, cell: Cell)] = []
    for (key, value) in map {
      guard let name = key.string else {
        throw Fault(
          .type,
          "a table of columns needs a map from names to lists, found \(Representation.brief(key)): \(Representation.brief(value))"
        )
      }
      let series = try ColumnOperators.series(value, vm)
      columns.append((name, series, series == nil ? try Cell(value, vm) : .null))
    }
    let count = columns.lazy.compactMap { $0.series?.count }.first
    guard columns.isEmpty || count != nil else {
      throw Fault(
        .type,
        "a table of columns needs a map from names to lists, found \(columns[0].name): \(brief(columns[0].cell))",
        hint: "a table of one row is `table([{…}])`")
    }
    return try Table(
      columns: columns.map {
        Table.Column($0.name, $0.series ?? Series(repeating: $0.cell, count: count ?? 0))
      })
  }

  private static func rows(_ data: Value, _ vm: VM) throws -> Table {
    guard let rows = try vm.elements(of: data) else { return Table(rows: []) }
    return Table(
      rows: try rows.enumerated().map { index, row in
        try vm.checkInterrupt(turn: index)
        guard case .map(let entries) = try Cell(row, vm) else {
          throw Fault(
            .type, "a table of rows needs maps, but row \(index) is \(brief(try Cell(row, vm)))",
            hint: row.object?.kind == .list
              ? "give the columns names: `table({a: [1, 3], b: [2, 4]})`" : nil)
        }
        return entries.map { (name: $0.key.text, cell: $0.value) }
      })
  }

  /// A cell for a message.
  private static func brief(_ cell: Cell) -> String {
    switch cell {
    case .list(let cells): "a list of \(cells.count)"
    case .string(let text) where text.utf8.count > 60:
      Cell.string(String(text.prefix(57)) + "…").sourceText
    default: cell.sourceText
    }
  }
}
