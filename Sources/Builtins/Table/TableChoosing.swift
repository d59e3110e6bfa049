import Foundations
import Runtime
import Syntax
import Tables

// The methods of tables; this file: which columns and rows.

enum TableBuiltins {
  static let table = Param<Table>("table", "The table.")

  static func columnNames(_ summary: String) -> Runtime.Param<Rest<Names>> {
    Param<Rest<Names>>("columns", summary)
  }

  private static let sort = Native(
    "sort",
    "The rows in the order of the named columns; missing values and nan come last, whichever way. The first name counts most.",
    table,
    Param<Rest<Value>>(
      "by", "Names, those with a `-` in front greatest first, or a function of the row."),
    Param<Bool>("descending", "Greatest first.", default: false, named: true), returns: "table",
    search: ["arrange", "order"],
    examples: [
      ("table([{a: 2}, {a: 1}]).sort(\"a\").a", "[1, 2]"),
      ("table({a: [1, 1, 2], b: [5, 6, 7]}).sort(\"a\", \"-b\").b", "[6, 5, 7]"),
      ("table([{a: nan}, {a: 1}]).sort(\"a\", descending: true).a", "[1.0, nan]"),
    ],
    context: { (vm: VM, table: Table, by: Rest<Value>, descending: Bool) in
      try sorted(table, by.values, descending, vm)
    }
  ).knowing(TableColumns.sorted).hinting { name in
    switch name {
    case "ascending", "reverse": "greatest first is `t.sort(\"-v\")`"
    case "by", "key", "columns": "names stand without `name:`: `t.sort(\"a\", \"-b\")`"
    default: nil
    }
  }

  static let choosing = [
    Native(
      "select", "The named columns, in the order asked for; a column brings its interval along.",
      table, columnNames("Names, or lists of them."),
      returns: "table", search: ["columns", "pick"],
      examples: [("table([{a: 1, b: 2}]).select(\"b\").columns", "[\"b\"]")]
    ) { table, names in
      TableRows.notice(names.flat, of: table)
      return try table.select(names.flat)
    }.knowing(TableColumns.select).hinting { _ in
      "names stand without `name:`: `t.select(\"a\", \"b\")`"
    },
    Native(
      "without", "All columns but the named ones.",
      table, columnNames("Names, or lists of them."),
      returns: "table", search: ["drop", "remove"],
      examples: [("table([{a: 1, b: 2}]).without(\"b\").columns", "[\"a\"]")]
    ) { table, names in
      TableRows.notice(names.flat, of: table)
      return try table.without(names.flat)
    }.knowing(TableColumns.without),
    Native(
      "filter", "The rows for which a function of the row gives true, or for which a mask is true.",
      table,
      Param<Value>(
        "keep", "A function of the row that gives a bool, or a column or list of bools."),
      returns: "table", search: ["where", "rows", "query"],
      examples: [
        ("len(table([{a: 1}, {a: 5}]).filter(row => row.a > 2))", "1"),
        ("let t = table({a: [1, 5]})\nt.filter(t.a > 2).a", "[5]"),
      ],
      context: { (vm: VM, table: Table, keep: Value) in try filtered(table, keep, vm) }
    ).knowing(TableColumns.filtered).hinting { name in
      "write a mask, `t.filter(t.\(name) == 1)`, or a function: `t.filter(row => row.\(name) == 1)`"
    },
    sort,
    Native(
      "head", "The first rows.", table,
      Param<Int>("count", "How many.", default: 5, .nonNegative), returns: "table",
      search: ["first", "slice"], examples: [("table({a: 0..9}).head(2).a", "[0, 1]")]
    ) { table, count in table.head(count) }.knowing(TableColumns.same),
    Native(
      "tail", "The last rows.", table,
      Param<Int>("count", "How many.", default: 5, .nonNegative), returns: "table",
      search: ["last", "slice"], examples: [("table({a: 0..9}).tail(2).a", "[7, 8]")]
    ) { table, count in table.tail(count) }.knowing(TableColumns.same),
    Native(
      "group",
      "Gathers rows with equal values in the named columns. What follows summarises them: `results.group(\"epsilon\").mean(interval: 0.95)`.",
      table, Param<Rest<Names>>("by", "Names, or lists of them."), returns: "groups",
      seeAlso: ["groups.agg", "stats.interval"], search: ["aggregate", "summarise", "by"],
      examples: [("table({k: [\"a\", \"b\", \"a\"], v: [1, 2, 3]}).group(\"k\").sum().v", "[4, 2]")]
    ) { table, names in
      TableRows.notice(names.flat, of: table)
      return try table.group(by: names.flat)
    }.knowing(TableColumns.grouped).hinting { _ in
      "names stand without `name:`: `t.group(\"a\", \"b\")`"
    }.abandonable(),
  ]

  private static func filtered(_ table: Table, _ keep: Value, _ vm: VM) throws -> Table {
    if let function = Callable.decode(keep, vm) {
      let kept = try TableRows.each(table, vm) { try function.call($0, as: Bool.self) }
      return table.rows(at: kept.indices.filter { kept[$0] })
    }
    guard let mask = try ColumnOperators.series(keep, vm) else {
      throw Fault(
        .type,
        "rows are chosen by a function of the row or a mask, found \(Representation.described(keep))",
        hint: keep.string != nil ? "write a function: `t.filter(row => row.age > 30)`" : nil
      ).atArgument(1)
    }
    return try table.rows(where: mask)
  }

  private static func sorted(
    _ table: Table, _ by: [Value], _ descending: Bool, _ vm: VM
  ) throws -> Table {
    if by.count == 1, let function = Callable.decode(by[0], vm) {
      let keys = Series(cells: try TableRows.each(table, vm) { try Cell(function.call($0), vm) })
      return table.rows(at: try keys.ordered(descending: descending))
    }
    guard !by.isEmpty else { throw Fault(.value, "`sort` needs the name of a column") }
    let names = try by.flatMap { value in
      guard let names = try Names.attempt(value, vm) else {
        throw Fault(
          .type,
          "rows are sorted by the names of columns or one function, found \(Representation.described(value))",
          hint: "write `t.sort(\"v\")`, greatest first `t.sort(\"-v\")`")
      }
      return names.values
    }
    let keys = names.map { name in
      name.hasPrefix("-") && !table.hasColumn(name)
        ? SortKey(String(name.dropFirst()), descending: !descending)
        : SortKey(name, descending: descending)
    }
    return try Cancellation.abandonable { try table.sorted(by: keys) }
  }
}

extension Rest where Element == Names {
  /// All names, in order.
  var flat: [String] { values.flatMap(\.values) }
}
