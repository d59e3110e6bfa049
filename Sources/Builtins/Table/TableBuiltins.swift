import Files
import Foundation
import Foundations
import Runtime
import Syntax
import Tables
import Tensors

extension Table: NativeValue {
  public static let typeName = "table"
  public static let nativeType = NativeType<Table>(
    "table", "Named columns of values: the result of a sweep, a summary, recorded results."
  ) { type in
    type.representation = { table, vm in
      let display = vm?.hostServices.display ?? Display()
      let style = TextStyle(
        width: display.width, maximumRows: display.width == nil ? 1000 : 60,
        coloured: display.isColoured)
      return try Cancellation.abandonable { table.text(style) }
    }
    type.byteCount = { $0.columns.count * ($0.rowCount * MemoryLayout<Cell>.stride + 64) }
    type.length = { $0.rowCount }
    type.member = { table, name, vm in
      TableBuiltins.notice([name], of: table)
      return table.hasColumn(name) ? try table.column(name).cells.encode(vm) : nil
    }
    type.dynamicMemberNames = { $0.names }
    type.index = TableBuiltins.index
    type.iterate = { table, vm in
      let columns = TableBuiltins.noticeRows(of: table)
      var row = 0
      return IteratorObject("rows") { vm in
        guard row < table.rowCount else { return nil }
        row += 1
        return TableBuiltins.row(columns, row - 1, vm)
      }
    }
    type.contains = { table, value, _ in
      guard let name = value.string else { return false }
      TableBuiltins.notice([name], of: table)
      return table.names.containsSpelling(name)
    }
    type.compare = TableBuiltins.compare
    type.transfer = .share
    type.hasContent()
    type.insight = TableColumns.insight
    type.field("columns", "The names of its columns.") { $0.names }
    type.field("rows", "Its rows, each a map.") { (vm: VM, table: Table) throws -> ListObject in
      let columns = TableBuiltins.noticeRows(of: table)
      return ListObject(
        try (0..<table.rowCount).map { row in
          try vm.checkInterrupt(turn: row)
          return TableBuiltins.row(columns, row, vm)
        })
    }
    type.field(
      "failures",
      "The trials of a sweep that failed, with their swept values and the error. No rows where all went well. Who reads them, or the column `error`, answers for them: a run whose failures nobody looks at ends as failed."
    ) { (vm: VM, table: Table) throws -> Value in
      // A measured column of this name comes first.
      if table.hasColumn("failures") { return try table.column("failures").cells.encode(vm) }
      TableBuiltins.notice(table.failureColumn.map { [$0.name] } ?? [], of: table)
      return table.failures.encode(vm)
    }
    type.methods(TableBuiltins.selecting)
    type.methods(TableBuiltins.changing)
  }
}

extension Grouping: NativeValue {
  public static let typeName = "groups"
  public static let nativeType = NativeType<Grouping>(
    "groups", "The rows of a table, gathered by equal values in some columns."
  ) { type in
    type.representation = { groups, _ in
      "\(groups.groups.count) groups of \(groups.table.rowCount) rows by \(groups.keys.joined(separator: ", "))"
    }
    type.length = { $0.groups.count }
    type.transfer = .share
    type.hasContent()
    type.insight = TableColumns.groupsInsight
    type.field("keys", "The columns that the rows are gathered by.") { $0.keys }
    type.field("tables", "The rows of each group as a table.") { $0.tables() }
    type.methods(TableBuiltins.summaries.abandonable())
  }
}

/// Tables in scripts: making, selecting, summarising, saving.
enum TableBuiltins {
  static let natives = [
    Native(
      "table", "A table of rows (a list of maps) or of columns (a map of lists).",
      Param<Value>("data", "A list with a map for each row, or a map with a list for each column."),
      returns: "table", seeAlso: ["stats", "plot"], search: ["dataframe", "rows", "columns"],
      examples: [
        ("len(table([{a: 1}, {a: 2, b: 3}]))", "2"),
        ("table({a: [1, 2], b: [\"x\", \"y\"]}).columns", "[\"a\", \"b\"]"),
      ],
      context: { (vm: VM, data: Value) in try make(data, vm) }
    ).knowing(TableColumns.made).evaluated().abandonable()
  ]

  private static func make(_ data: Value, _ vm: VM) throws -> Table {
    if let table = try Table.decode(data, vm) { return table }
    switch try Cell(data, vm) {
    case .map(let entries):
      return try Table(
        columns: entries.map { entry in
          guard case .string(let name) = entry.key, case .list(let cells) = entry.value else {
            throw Fault(
              .type,
              "a table of columns needs a map from names to lists, found \(entry.key.text.prefix(60)): \(brief(entry.value))"
            )
          }
          return Table.Column(name, cells)
        })
    case .list(let rows):
      return Table(
        rows: try rows.enumerated().map { index, row in
          try vm.checkInterrupt(turn: index)
          guard case .map(let entries) = row else {
            throw Fault(.type, "a table of rows needs maps, but row \(index) is \(brief(row))")
          }
          return entries.map { (name: $0.key.text, cell: $0.value) }
        })
    default:
      throw Fault(
        .type,
        "a table is made of a list of maps or a map of lists, found \(Representation.described(data))"
      ).atArgument(0)
    }
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

  /// Tells the host where the script names the column of what went wrong.
  static func notice(_ names: [String], of table: Table) {
    guard let column = table.failureColumn, names.contains(column.name),
      case .failure(let sweep) = column.role
    else { return }
    VM.current?.hostServices.sawFailures(ofSweep: sweep)
  }

  /// The same where the script gets whole rows: it has to name the column somewhere to look at it, and then finds it in
  /// the rows of a sweep in which nothing failed, too.
  /// - Returns: what the rows have.
  static func noticeRows(of table: Table) -> [Table.Column] {
    guard let column = table.failureColumn, let vm = VM.current,
      vm.interpreter.hasCode(naming: column.name)
    else { return table.shown }
    notice([column.name], of: table)
    return table.columns
  }

  static func row(_ columns: [Table.Column], _ index: Int, _ vm: VM) -> Value {
    vm.value(of: .map(columns.map { (.string($0.name), $0.cells[index].snapshot) }))
  }

  /// `t[0]` is a row, `t["accuracy"]` a column's list, `t[["a", "b"]]` and `t[2:5]` are tables.
  static func index(_ table: Table, _ subscripts: [SubscriptValue], _ vm: VM) throws -> Value {
    guard subscripts.count == 1 else {
      throw Fault(
        .index, "a table takes one subscript, found \(subscripts.count)",
        hint: "`t[0]` is a row, `t[\"name\"]` a column, `t[0].name` a single value")
    }
    switch subscripts[0] {
    case .index(.int(let place)):
      let row = place < 0 ? place + table.rowCount : place
      guard row >= 0, row < table.rowCount else {
        throw Fault(.index, "row \(place) is outside of a table of \(table.rowCount) rows")
      }
      return self.row(noticeRows(of: table), row, vm)
    case .index(let value):
      if let name = value.string {
        notice([name], of: table)
        return try table.column(name).cells.encode(vm)
      }
      if let names = try [String].decode(value, vm) { return try table.select(names).encode(vm) }
      throw Fault(
        .type,
        "a table is indexed by a row number, a column's name or a slice, found \(Representation.described(value))"
      )
    case .slice(let start, let stop, let step):
      return table.rows(at: try places(start, stop, step ?? 1, count: table.rowCount)).encode(vm)
    case .ellipsis: return table.encode(vm)
    }
  }

  private static func places(_ start: Int?, _ stop: Int?, _ step: Int, count: Int) throws -> [Int] {
    guard step != 0 else { throw Fault(.value, "a slice's step cannot be 0") }
    func clamp(_ value: Int, _ low: Int, _ high: Int) -> Int {
      let place = value < 0 ? value + count : value
      return min(max(place, low), high)
    }
    if step > 0 {
      return Array(
        stride(from: clamp(start ?? 0, 0, count), to: clamp(stop ?? count, 0, count), by: step))
    }
    let first = start.map { clamp($0, -1, count - 1) } ?? count - 1
    let end = stop.map { clamp($0, -1, count - 1) } ?? -1
    return Array(stride(from: first, to: end, by: max(step, -count - 1)))
  }

  /// Two tables are equal when their names and cells are, bit for bit.
  static func compare(_ vm: VM, _ op: ComparisonOperator, _ left: Value, _ right: Value) throws
    -> Value?
  {
    guard let a = try Table.decode(left, vm), let b = try Table.decode(right, vm) else {
      return op == .equal ? .bool(false) : (op == .notEqual ? .bool(true) : nil)
    }
    let equal = a.names == b.names && zip(a.shown, b.shown).allSatisfy { $0.cells == $1.cells }
    switch op {
    case .equal: return .bool(equal)
    case .notEqual: return .bool(!equal)
    default: return nil
    }
  }

  static let selecting = [
    Native(
      "select", "The named columns, in the order asked for; a column brings its interval along.",
      Param<Table>("table"), Param<Names>("columns", "A name or a list of names."),
      returns: "table",
      examples: [("table([{a: 1, b: 2}]).select(\"b\").columns", "[\"b\"]")]
    ) { table, names in
      notice(names.values, of: table)
      return try table.select(names.values)
    }.knowing(TableColumns.select),
    Native(
      "without", "All columns but the named ones.",
      Param<Table>("table"), Param<Names>("columns", "A name or a list of names."),
      returns: "table", search: ["drop", "remove"]
    ) { table, names in
      notice(names.values, of: table)
      return try table.without(names.values)
    }.knowing(TableColumns.without),
    Native(
      "filter", "The rows for which the function gives true; it gets each row as a map.",
      Param<Table>("table"),
      Param<Callable>("keep", "A function that gives true for the rows to keep."),
      returns: "table", search: ["where", "rows"],
      examples: [("len(table([{a: 1}, {a: 5}]).filter(row => row.a > 2))", "1")],
      context: { (vm: VM, table: Table, keep: Callable) in
        let columns = noticeRows(of: table)
        var kept: [Int] = []
        for index in 0..<table.rowCount {
          try vm.checkInterrupt()
          let isKept = try vm.scope { try keep.call(row(columns, index, vm), as: Bool.self) }
          if isKept { kept.append(index) }
        }
        return table.rows(at: kept)
      }
    ).knowing(TableColumns.filtered),
    Native(
      "sort",
      "The rows in the order of the named columns; missing values and nan come last, whichever way.",
      Param<Table>("table"), Param<Names>("by", "A name or a list of names."),
      Param<Bool>("descending", "Greatest first.", default: false), returns: "table",
      examples: [
        ("table([{a: 2}, {a: 1}]).sort(\"a\").a", "[1, 2]"),
        ("table([{a: nan}, {a: 1}, {a: 2}]).sort(\"a\", descending: true).a", "[2, 1, nan]"),
      ]
    ) { table, names, descending in try table.sorted(by: names.values, descending: descending) }
    .knowing(TableColumns.sorted).abandonable(),
    Native(
      "head", "The first rows.", Param<Table>("table"),
      Param<Int>("count", "How many.", default: 5, .nonNegative), returns: "table"
    ) { table, count in table.head(count) }.knowing(TableColumns.same),
    Native(
      "tail", "The last rows.", Param<Table>("table"),
      Param<Int>("count", "How many.", default: 5, .nonNegative), returns: "table"
    ) { table, count in table.tail(count) }.knowing(TableColumns.same),
    Native(
      "group",
      "Gathers rows with equal values in the named columns. What follows summarises them: `results.group([\"epsilon\"]).mean(interval: 0.95)`.",
      Param<Table>("table"), Param<Names>("by", "A name or a list of names."), returns: "groups",
      seeAlso: ["stats.interval"], search: ["aggregate", "summarise", "pivot"]
    ) { table, names in
      notice(names.values, of: table)
      return try table.group(by: names.values)
    }.knowing(TableColumns.grouped).abandonable(),
  ]

  static let changing = [
    Native(
      "with", "The table with one column more, or with that column replaced.",
      Param<Table>("table"), Param<String>("name", "The column's name."),
      Param<Value>("values", "A list with a value for each row, or a function of the row."),
      returns: "table", search: ["add", "mutate", "assign"],
      examples: [("table([{a: 1}, {a: 2}]).with(\"b\", row => row.a * 10).b", "[10, 20]")],
      context: { (vm: VM, table: Table, name: String, values: Value) in
        if let function = Callable.decode(values, vm) {
          let columns = noticeRows(of: table)
          var cells: [Cell] = []
          for index in 0..<table.rowCount {
            try vm.checkInterrupt()
            cells.append(try vm.scope { try Cell(function.call(row(columns, index, vm)), vm) })
          }
          return try table.with(name, cells)
        }
        guard case .list(let cells) = try Cell(values, vm) else {
          throw Fault(
            .type,
            "a column is a list or a function of the row, found \(Representation.described(values))"
          ).atArgument(2)
        }
        return try table.with(name, cells)
      }
    ).knowing(TableColumns.with),
    Native(
      "rename", "The table with one column under another name.",
      Param<Table>("table"), Param<String>("old", "The name it has."),
      Param<String>("new", "The name it gets."), returns: "table"
    ) { table, old, new in try table.renamed(old, to: new) }.knowing(TableColumns.renamed),
    Native(
      "append", "The rows of both tables; columns are matched by name.",
      Param<Table>("table"), Param<Table>("other", "The table whose rows follow."),
      returns: "table",
      search: ["concatenate", "union"]
    ) { table, other in table.appending(other) }.knowing(TableColumns.appended).abandonable(),
    Native(
      "csv", "The table as comma-separated values.", Param<Table>("table"), returns: "string"
    ) { table in table.csv() }.abandonable(),
    Native(
      "json", "The table as JSON: a list with an object for each row.", Param<Table>("table"),
      returns: "string"
    ) { table in table.json() }.abandonable(),
    Native(
      "save",
      "Writes the table to a file, as its name's ending says: `.csv`, `.tsv`, `.json` or `.txt`.",
      Param<Table>("table"),
      Param<String>("path", "The file.", TextFile.named(".csv", ".tsv", ".json", ".txt")),
      search: ["export", "write"],
      context: { (vm: VM, table: Table, path: String) in
        let text = try Cancellation.abandonable {
          switch path.split(separator: ".").last?.lowercased() {
          case "tsv": table.csv(separator: "\t")
          case "json": table.json()
          case "txt": table.text(TextStyle(maximumRows: nil)) + "\n"
          default: table.csv()
          }
        }
        try TextFile.write(text, to: path, vm)
      }),
  ]

  static let summaries = [
    Native(
      "mean",
      "The mean of every measured column in each group. With `interval: 0.95` a column `<name>_interval` gives the half width of Student's 95% confidence interval; tables and plots show it beside the mean.",
      Param<Grouping>("groups"),
      Param<Double?>("interval", "A confidence level.", default: nil, .between(0, 1)),
      returns: "table", seeAlso: ["stats.interval"], search: ["average", "confidence"],
      examples: [("table([{k: 1, v: 2}, {k: 1, v: 4}]).group(\"k\").mean().v", "[3.0]")]
    ) { groups, interval in try groups.mean(interval: interval) }.knowing(TableColumns.mean),
    Native(
      "std", "The sample standard deviation of every measured column in each group.",
      Param<Grouping>("groups"), returns: "table", search: ["deviation", "spread"]
    ) { groups in try groups.std() }.knowing(TableColumns.summary),
    Native(
      "min", "The smallest value of every measured column in each group.",
      Param<Grouping>("groups"), returns: "table"
    ) { groups in try groups.min() }.knowing(TableColumns.summary),
    Native(
      "max", "The greatest value of every measured column in each group.",
      Param<Grouping>("groups"), returns: "table"
    ) { groups in try groups.max() }.knowing(TableColumns.summary),
    Native(
      "sum", "The sum of every measured column in each group.",
      Param<Grouping>("groups"), returns: "table"
    ) { groups in try groups.sum() }.knowing(TableColumns.summary),
    Native(
      "median", "The median of every measured column in each group.",
      Param<Grouping>("groups"), returns: "table"
    ) { groups in try groups.median() }.knowing(TableColumns.summary),
    Native(
      "quantile", "A quantile of every measured column in each group.",
      Param<Grouping>("groups"), Param<Double>("fraction", "0.5 is the median.", .within(0, 1)),
      returns: "table"
    ) { groups, fraction in try groups.quantile(fraction) }.knowing(TableColumns.summary),
    Native(
      "count", "How many rows each group has.", Param<Grouping>("groups"), returns: "table"
    ) { groups in try groups.count() }.knowing(TableColumns.count),
  ]
}

/// Texts that natives write for a script.
enum TextFile {
  /// What the name of a file has to end in.
  static func named(_ endings: String...) -> Rule {
    .custom("the name of a file that ends in \(endings.joined(separator: ", "))") { value in
      guard let name = value.string?.lowercased() else { return true }
      return endings.contains(where: name.hasSuffix)
    }
  }

  /// Writes text under a temporary name beside its place and renames it, so that no reader sees half of it.
  static func write(_ text: String, to path: String, _ vm: VM) throws {
    try AtomicFile.write(try vm.writablePath(path), text.utf8)
  }
}
