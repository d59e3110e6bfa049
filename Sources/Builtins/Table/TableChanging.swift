import Foundations
import Runtime
import Syntax
import Tables

// The methods of tables that make other columns and rows.

extension TableBuiltins {
  private static let rename = Native(
    "rename", "The table with columns under other names.",
    table, Param<Value>("names", "A map from old names to new ones, or one old name."),
    Param<String?>("new", "The new name, where one old name is given.", default: nil),
    returns: "table", search: ["columns"],
    examples: [("table({a: [1], b: [2]}).rename({a: \"x\"}).columns", "[\"x\", \"b\"]")],
    context: { (vm: VM, table: Table, names: Value, new: String?) in
      if let old = names.string {
        guard let new else {
          throw Fault(.type, "`rename` needs the new name as well").atArgument(1)
        }
        return try table.renamed([(old, new)])
      }
      guard new == nil, let map = try [Spelling: String].decode(names, vm) else {
        throw Fault(.type, "`rename` needs a map from old names to new ones").atArgument(1)
      }
      return try table.renamed(map.map { ($0.key.text, $0.value) })
    }
  ).knowing(TableColumns.renamed).hinting(
    argument: { name in
      ["columns", "mapper", "names"].contains(name)
        ? "write `t.rename({a: \"x\", b: \"y\"})`"
        : "write `t.rename(\"\(name)\", \"new\")`, or several as a map from old names to new ones: `t.rename({\(name): \"new\"})`"
    },
    excess:
      "several names stand in a map from old ones to new ones: `t.rename({a: \"x\", b: \"y\"})`")

  static let changing = [
    Native(
      "with", "The table with one column more, or with that column replaced; a map gives several.",
      table, Param<Value>("name", "The column's name, or a map from names to values."),
      Param<Value>(
        "values",
        "A column, list, range or tensor with a value for each row, one value for all, or a function of the row.",
        default: .nothing),
      returns: "table", search: ["add", "mutate", "assign", "column"],
      examples: [
        ("table([{a: 1}, {a: 2}]).with(\"b\", row => row.a * 10).b", "[10, 20]"),
        ("let t = table({a: [1, 2]})\nt.with({b: t.a * 2, c: 0}).columns", "[\"a\", \"b\", \"c\"]"),
      ],
      context: { (vm: VM, table: Table, name: Value, values: Value) in
        if let name = name.string {
          return try table.with(name, TableRows.series(values, for: table, vm))
        }
        guard let map = MapObject.decode(name, vm) else {
          throw Fault(
            .type,
            "a column has a name, or several stand in a map; found \(Representation.described(name))"
          ).atArgument(1)
        }
        var result = table
        for (key, value) in map {
          guard let name = key.string else {
            throw Fault(.type, "columns have strings as names").atArgument(1)
          }
          result = try result.with(name, TableRows.series(value, for: table, vm))
        }
        return result
      }
    ).knowing(TableColumns.with).hinting(
      argument: {
        "the column's name is a text, `t.with(\"\($0)\", …)`, or a key: `t.with({\($0): …})`"
      },
      excess: "several columns stand in a map: `t.with({a: 1, b: 2})`"),
    rename,
    Native(
      "append", "The rows of both; columns are matched by name, what one lacks is missing.",
      table, Param<Value>("other", "A table, a row (a map), or a list of rows."),
      returns: "table", search: ["concat", "concatenate", "union", "rbind", "bind_rows", "+"],
      examples: [("table({a: [1]}).append({a: 2}).a", "[1, 2]")],
      context: { (vm: VM, table: Table, other: Value) in
        try Cancellation.check()
        if let more = try Table.decode(other, vm) { return table.appending(more) }
        if let row = try Row.decode(other, vm) {
          return table.appending(
            try Table(
              columns: row.columns.map {
                Table.Column($0.name, $0.series.slice(row.index..<(row.index + 1)))
              }))
        }
        if case .map(let entries) = try Cell(other, vm) {
          return table.appending(Table(rows: [entries.map { ($0.key.text, $0.value) }]))
        }
        return table.appending(try TableMaking.make(other, vm))
      }
    ).knowing(TableColumns.appended).abandonable(),
  ]

  static let mapping = [
    Native(
      "map", "A list of what a function gives for each row.", table,
      Param<Callable>("function", "A function of the row."), returns: "list", search: ["apply"],
      examples: [("table({a: [1, 2]}).map(row => row.a + 1)", "[2, 3]")],
      context: { (vm: VM, table: Table, function: Callable) in
        let result = ListObject(capacity: table.rowCount)
        _ = vm.adopt(result)
        let columns = TableRows.noticeAll(of: table)
        for index in 0..<table.rowCount {
          try vm.checkInterrupt()
          try vm.scope {
            result.append(try function.call(vm.box(Row(columns: columns, index: index))))
          }
        }
        return result
      }
    ).knowing(TableColumns.handed),
    Native(
      "one_hot", "Instead of a column one of 0 and 1 for each of its values, `name=value`.", table,
      Param<String>("name", "The column."), returns: "table",
      search: ["dummies", "get_dummies", "indicator", "encode"],
      examples: [("table({k: [\"a\", \"b\"]}).one_hot(\"k\").columns", "[\"k=a\", \"k=b\"]")]
    ) { table, name in try table.oneHot(name) }
    .knowing(TableColumns.naming(["name"]))
    .hinting(excess: "of several columns: `t.one_hot(\"a\").one_hot(\"b\")`").abandonable(),
    Native(
      "convert", "The table with columns of other types.", table,
      Param<[Spelling: String]>(
        "types",
        "A map from names to bool, int, float, string, category, date or datetime."),
      returns: "table", search: ["cast", "astype", "type"],
      examples: [("table({a: [\"1\", \"2\"]}).convert({a: \"int\"}).a", "[1, 2]")]
    ) { table, types in
      try types.reduce(table) { result, entry in
        try result.with(
          entry.key.text, result.column(entry.key.text).series.converted(to: kind(entry.value)))
      }
    }.hinting(argument: { "write `t.convert({\($0): \"float\"})`" }).abandonable(),
  ]

  static func kind(_ name: String) throws -> Series.Kind {
    guard let kind = Series.Kind(rawValue: name), kind != .mixed else {
      throw DomainError(
        .value, "\(Quoting.literal(name)) is no type of column",
        hint:
          "the types are \(Series.Kind.allCases.filter { $0 != .mixed }.map(\.rawValue).joined(separator: ", "))"
      )
    }
    return kind
  }

  static let cleaning = [
    Native(
      "drop_missing", "The rows in which none of the named columns (of all) is missing.", table,
      columnNames("Names, or lists of them; all where none is named."), returns: "table",
      search: ["dropna", "na", "nil", "complete"],
      examples: [("len(table({a: [1, nil]}).drop_missing())", "1")]
    ) { table, names in try table.droppingMissing(names.flat) }.knowing(TableColumns.cleaned)
      .abandonable(),
    Native(
      "fill_missing",
      "The table with a value where one is missing. One value fills the columns whose type it has; a map names columns.",
      table, Param<Value>("values", "A value, or a map from names to values."), returns: "table",
      search: ["fillna", "impute", "replace", "nil"],
      examples: [
        ("table({a: [1, nil]}).fill_missing(0).a", "[1, 0]"),
        ("table({a: [1, nil], b: [nil, \"x\"]}).fill_missing({b: \"?\"}).b", "[\"?\", \"x\"]"),
      ],
      context: { (vm: VM, table: Table, values: Value) in try filled(table, values, vm) }
    ).knowing(TableColumns.same).hinting(
      argument: { "write `t.fill_missing({\($0): 0})`" },
      excess: "the value of one column stands in a map: `t.fill_missing({v: 0})`"),
    Native(
      "drop_duplicates", "The first of all rows that are equal in the named columns (in all).",
      table, columnNames("Names, or lists of them; all where none is named."), returns: "table",
      search: ["unique", "distinct"],
      examples: [("len(table({a: [1, 1, 2]}).drop_duplicates())", "2")]
    ) { table, names in try table.droppingDuplicates(names.flat) }.knowing(TableColumns.cleaned)
      .abandonable(),
  ]

  private static func filled(_ table: Table, _ values: Value, _ vm: VM) throws -> Table {
    if let map = MapObject.decode(values, vm) {
      var result = table
      for (key, value) in map {
        guard let name = key.string else { throw Fault(.type, "columns have strings as names") }
        guard let other = try ColumnOperators.operand(value, vm) else {
          throw Fault(.type, "missing values are filled with a value or a column").atArgument(1)
        }
        result = try result.with(name, result.column(name).series.filled(with: other))
      }
      return result
    }
    guard let other = try ColumnOperators.operand(values, vm), other.count == 1 else {
      throw Fault(.type, "missing values are filled with a value, or with a map of them")
        .atArgument(1)
    }
    return try table.columns.filter { $0.role != .failure(sweep: -1) }.reduce(table) {
      result, column in
      let series = column.series
      let isText = series.kind == .string || series.kind == .category
      let fits =
        series.isAllMissing || series.kind == other.kind || isText && other.kind == .string
        || series.kind.isNumeric && other.kind.isNumeric && series.kind != .bool
      guard fits, series.missing != nil, column.role == .value else { return result }
      return try result.with(column.name, series.filled(with: other))
    }
  }
}
