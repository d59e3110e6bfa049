import Foundations
import Runtime
import Syntax
import Tables

// The methods of tables that join, reshape, summarise and draw rows.

extension TableBuiltins {
  static let joining = [
    Native(
      "join",
      "The rows of two tables whose keys are equal, side by side. A missing key meets nothing; names that both have end in `_right`.",
      table, Param<Table>("other", "The table on the right."),
      Param<Value>(
        "on", "The key: a name, a list of names, or a map from this table's names to the other's.",
        named: true),
      Param<String>(
        "how",
        "inner: rows with a partner; left, right, full: those without one too; semi, anti: this table's rows with and without one.",
        default: "inner", .oneOf(Join.How.allCases.map(\.rawValue)), named: true),
      Param<String?>(
        "expect",
        "How often a key may stand in each table: one_to_one, one_to_many, many_to_one; else an error.",
        default: nil, named: true),
      returns: "table", search: ["merge", "lookup", "combine", "left_join", "inner_join"],
      examples: [
        (
          "table({k: [1, 2], v: [5, 6]}).join(table({k: [2], w: [9]}), on: \"k\").rows",
          "[{k: 2, v: 6, w: 9}]"
        )
      ],
      context: {
        (vm: VM, table: Table, other: Table, on: Value, how: String, expect: String?) throws
          -> Table in
        let request = try join(on, how, expect, vm)
        return try Cancellation.abandonable { try table.joined(other, request) }
      }
    ).knowing(TableColumns.naming(["on"])).hinting(
      excess: "the key has a name: `t.join(u, on: \"key\")`"),
    Native(
      "pivot",
      "One row for each value of some columns, one column for each value of another.",
      table, Param<Names>("rows", "The columns whose values make the rows.", named: true),
      Param<String>("columns", "The column whose values make the columns.", named: true),
      Param<String>("values", "The column of the values.", named: true),
      Param<String?>(
        "with", "How several rows with the same place are summarised; nil: that is an error.",
        default: nil, .custom(oneOf) { isReduction($0.string) }, named: true),
      returns: "table", seeAlso: ["table.unpivot"],
      search: ["spread", "wide", "pivot_table", "pivot_wider", "cast"],
      examples: [
        (
          "table({k: [\"a\", \"a\"], m: [\"x\", \"y\"], v: [1, 2]}).pivot(rows: \"k\", columns: \"m\", values: \"v\").rows",
          "[{k: \"a\", x: 1, y: 2}]"
        )
      ]
    ) { table, rows, columns, values, name in
      try table.pivoted(
        rows: rows.values, columns: columns, values: values,
        reduction: try name.map(reduction))
    }.knowing(TableColumns.naming(["rows", "columns", "values"])).hinting(
      excess: "write `t.pivot(rows: \"a\", columns: \"b\", values: \"v\")`"
    ).abandonable(),
    Native(
      "unpivot", "A row for each row and each of the named columns: its name and its value.",
      table, Param<Names>("columns", "The columns to stack."),
      Param<String>("name", "The column of their names.", default: "name", named: true),
      Param<String>("value", "The column of their values.", default: "value", named: true),
      returns: "table", seeAlso: ["table.pivot"],
      search: ["melt", "gather", "long", "stack", "pivot_longer"],
      examples: [("table({k: [1], a: [2], b: [3]}).unpivot([\"a\", \"b\"]).value", "[2, 3]")]
    ) { table, names, name, value in
      try table.unpivoted(names.values, name: name, value: value)
    }.knowing(TableColumns.naming(["columns"])).abandonable(),
  ]

  private static let oneOf =
    "one of \(Series.Reduction.allCases.map(\.rawValue).joined(separator: ", "))"

  private static func isReduction(_ name: String?) -> Bool {
    name.map { Series.Reduction(rawValue: $0) != nil } ?? true
  }

  static func reduction(_ name: String) throws -> Series.Reduction {
    guard let reduction = Series.Reduction(rawValue: name) else {
      let names = Series.Reduction.allCases.map(\.rawValue)
      throw DomainError(
        .value, "\(Quoting.literal(name)) is no statistic of a column",
        hint: Suggest.hint(for: name, in: names) ?? "they are \(names.joined(separator: ", "))")
    }
    return reduction
  }

  private static func join(_ on: Value, _ how: String, _ expect: String?, _ vm: VM) throws -> Join {
    let expectation = try expect.map { name in
      guard let expectation = Join.Expectation(rawValue: name) else {
        throw Fault(
          .value,
          "`expect` is one of \(Join.Expectation.allCases.map(\.rawValue).joined(separator: ", ")), found \(Quoting.literal(name))"
        )
      }
      return expectation
    }
    let keys: [(left: String, right: String)]
    // A map first: as a sequence it is its keys.
    if let map = MapObject.decode(on, vm) {
      keys = try map.map { key, value in
        guard let left = key.string, let right = value.string else {
          throw Fault(.type, "`on` is a map from this table's names to the other's").atArgument(2)
        }
        return (left, right)
      }
    } else if let names = try Names.attempt(on, vm) {
      keys = names.values.map { ($0, $0) }
    } else {
      throw Fault(.type, "`on` is a name, a list of names or a map of names").atArgument(2)
    }
    guard !keys.isEmpty else { throw Fault(.value, "a join needs a key").atArgument(2) }
    return Join(keys: keys, how: Join.How(rawValue: how) ?? .inner, expectation: expectation)
  }

  private static func measure(_ reduction: Series.Reduction, _ summary: String) -> Native {
    Native(
      reduction.rawValue, "\(summary) of every numeric column, a table of one row.", table,
      returns: "table", seeAlso: ["table.describe", "column.\(reduction.rawValue)"],
      examples: [("table({v: [2.0, 2.0]}).\(reduction.rawValue)().columns", "[\"v\"]")]
    ) { table in try table.reduced(reduction) }
    .hinting(excess: "of one column write `t.v.\(reduction.rawValue)()`").abandonable()
  }

  static let summarising = [
    Native(
      "describe",
      "A row for each column: its type, what is there, missing and distinct, and what numbers are like.",
      table, returns: "table", search: ["summary", "info", "overview", "dtypes", "str", "glimpse"],
      examples: [("table({v: [1, 2, nil]}).describe().missing", "[1]")]
    ) { table in try table.described() }
    .hinting(excess: "of some columns write `t.select(\"v\").describe()`").abandonable(),
    Native(
      "value_counts", "How often each value stands in a column, the most frequent first.", table,
      columnNames("Names, or lists of them: combinations of values are counted."),
      returns: "table", search: ["frequency", "count", "tabulate"],
      examples: [("table({k: [\"a\", \"b\", \"b\"]}).value_counts(\"k\").k", "[\"b\", \"a\"]")]
    ) { table, names in
      guard !names.flat.isEmpty else { throw Fault(.value, "`value_counts` needs a column's name") }
      return try table.valueCounts(names.flat)
    }.knowing(TableColumns.naming(["columns"])).abandonable(),
    Native(
      "unique", "The distinct values of a column in the order of their first row.", table,
      Param<String>("name", "The column."), returns: "column", seeAlso: ["table.drop_duplicates"],
      search: ["distinct"], examples: [("table({k: [2, 1, 2]}).unique(\"k\")", "[2, 1]")]
    ) { table, name in try table.column(name).series.unique() }
    .knowing(TableColumns.naming(["name"])).hinting(
      excess: "of several columns write `t.select(\"a\", \"b\").drop_duplicates()`"
    ).abandonable(),
    Native(
      "correlation", "Pearson's correlation of each two numeric columns.", table,
      returns: "table", search: ["corr"],
      examples: [
        ("table({a: [1, 2], b: [4, 2]}).correlation().columns", "[\"column\", \"a\", \"b\"]")
      ]
    ) { table in try table.correlations() }.abandonable(),
    measure(.mean, "The mean"), measure(.std, "The sample standard deviation"),
    measure(.min, "The smallest value"), measure(.max, "The greatest value"),
    measure(.sum, "The sum"), measure(.median, "The median"),
    Native(
      "quantile", "A quantile of every numeric column, a table of one row.", table,
      Param<Double>("fraction", "0.5 is the median.", .within(0, 1)), returns: "table",
      search: ["percentile"], examples: [("table({v: [1, 2, 3]}).quantile(0.5).v", "[2.0]")]
    ) { table, fraction in try table.quantile(fraction) }.abandonable(),
  ]

  static let sampling = [
    Native(
      "sample", "Some of the rows, drawn at random, each at most once.", table,
      Param<Int>("count", "How many.", .nonNegative),
      Param<Int?>(
        "seed", "Fixes the draw; nil: the run's seed and the call's place.", default: nil,
        named: true),
      returns: "table", seeAlso: ["table.shuffle"], search: ["random", "subset"],
      examples: [("len(table({a: 0..9}).sample(3))", "3")],
      context: { (vm: VM, table: Table, count: Int, seed: Int?) in
        try table.sampled(count, seed: vm.seed("sample", seed))
      }
    ).knowing(TableColumns.same).hinting { name in
      ["frac", "fraction"].contains(name)
        ? "a share of the rows is the first part of `t.split(0.5)`" : nil
    },
    Native(
      "shuffle", "All rows in random order.", table,
      Param<Int?>(
        "seed", "Fixes the order; nil: the run's seed and the call's place.", default: nil,
        named: true),
      returns: "table", seeAlso: ["table.sample"], search: ["random", "permute"],
      examples: [("table({a: 0..9}).shuffle().a.sum()", "36")],
      context: { (vm: VM, table: Table, seed: Int?) in
        try table.sampled(table.rowCount, seed: vm.seed("shuffle", seed))
      }
    ).knowing(TableColumns.same),
    Native(
      "split", "Two parts of the rows, drawn at random, each in the table's order.", table,
      Param<Double>("fraction", "The share of the first part.", .within(0, 1)),
      Param<Names>(
        "stratify", "Columns whose values keep their shares in both parts.", default: Names([]),
        named: true),
      Param<Names>(
        "by", "Columns whose values never stand in both parts: users, documents.",
        default: Names([]), named: true),
      Param<Int?>(
        "seed", "Fixes the draw; nil: the run's seed and the call's place.", default: nil,
        named: true),
      returns: "list of two tables", seeAlso: ["data.split"],
      search: ["train_test_split", "holdout", "validation"],
      examples: [("let [a, b] = table({x: 0..10}).split(0.8)\n[len(a), len(b)]", "[8, 2]")],
      context: { (vm: VM, table: Table, fraction: Double, stratify: Names, by: Names, seed: Int?) in
        let (first, second) = try table.split(
          fraction, stratify: stratify.values, by: by.values, seed: vm.seed("split", seed))
        let share = Double(first.rowCount) / Double(max(1, table.rowCount))
        if !by.values.isEmpty, table.rowCount > 0, abs(share - fraction) > 0.1 {
          vm.note(
            "split: the first part has \(first.rowCount) of \(table.rowCount) rows, a share of \(NumberText.brief(share)) instead of \(NumberText.brief(fraction)): all rows of one value of `by` stay together"
          )
        }
        return [first, second]
      }
    ).knowing(TableColumns.naming(["stratify", "by"])).hinting { name in
      switch name {
      case "test_size": "write the share of the first part: `t.split(0.8)`"
      case "train_size": "write `t.split(0.8)`"
      case "random_state": "write `seed:`"
      default: nil
      }
    },
  ]
}

extension VM {
  /// The seed of one call: the script's, or one drawn from the run's.
  func seed(_ purpose: String, _ fixed: Int?) -> UInt64 {
    fixed.map { UInt64(bitPattern: Int64($0)) } ?? randomStream(purpose).key.low
  }
}
