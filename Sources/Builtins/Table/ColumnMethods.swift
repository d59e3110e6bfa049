import Foundations
import Runtime
import Syntax
import Tables
import Tensors

/// The methods of columns.
enum ColumnMethods {
  private static let column = Param<Series>("column", "The column of a table.")

  private static func reduction(
    _ reduction: Series.Reduction, _ summary: String, returns: String, search: [String] = [],
    _ example: (String, String)
  ) -> Native {
    Native(
      reduction.rawValue, summary, column, returns: returns, search: search, examples: [example]
    ) { series in try series.reduced(reduction) }.abandonable()
  }

  static let reductions = [
    reduction(
      .sum, "The sum; missing values are left out, of nothing it is 0. Ints stay ints.",
      returns: "int or float", search: ["total"], ("table({v: [1, nil, 2]}).v.sum()", "3")),
    reduction(
      .mean, "The arithmetic mean of what is there; nil of nothing.", returns: "float or nil",
      search: ["average"], ("table({v: [1, nil, 2]}).v.mean()", "1.5")),
    reduction(
      .min, "The smallest value; nil of nothing, nan where one is nan.", returns: "any",
      ("table({v: [3, nil, 2]}).v.min()", "2")),
    reduction(
      .max, "The greatest value; nil of nothing, nan where one is nan.", returns: "any",
      ("table({v: [\"b\", \"c\"]}).v.max()", "c")),
    reduction(
      .std, "The sample standard deviation (division by n − 1); nan of one value, nil of nothing.",
      returns: "float or nil", search: ["deviation", "variance"],
      ("table({v: [1, 3]}).v.std()", "1.4142135623730951")),
    reduction(
      .median, "The median of what is there; nil of nothing.", returns: "float or nil",
      ("table({v: [1, 5, 2]}).v.median()", "2.0")),
    reduction(
      .count, "How many values are there, not counting missing ones.", returns: "int",
      ("table({v: [1, nil, 2]}).v.count()", "2")),
    reduction(
      .first, "The first value that is there; nil of nothing.", returns: "any",
      ("table({v: [nil, 4]}).v.first()", "4")),
    reduction(
      .last, "The last value that is there; nil of nothing.", returns: "any",
      ("table({v: [3, nil]}).v.last()", "3")),
    Native(
      "quantile", "A quantile of what is there, interpolated linearly as in NumPy; nil of nothing.",
      column, Param<Double>("fraction", "0.5 is the median.", .within(0, 1)),
      returns: "float or nil", search: ["percentile"],
      examples: [("table({v: [1, 2, 3, 4]}).v.quantile(0.25)", "1.75")]
    ) { series, fraction in try series.quantile(fraction) }.abandonable(),
    Native(
      "any", "Whether a value of a column of bools is true; missing ones are not.", column,
      returns: "bool", examples: [("(table({v: [1, 5]}).v > 3).any()", "true")]
    ) { series in try !series.chosen().isEmpty },
    Native(
      "all", "Whether every value of a column of bools is true; missing ones are left out.",
      column, returns: "bool", examples: [("(table({v: [1, 5]}).v > 3).all()", "false")]
    ) { series in try series.chosen().count == series.count - series.missingCount },
  ]

  private static let isIn = Native(
    "is_in",
    "For each value whether it is one of several, a mask for rows; a missing one stays missing.",
    column,
    Param<Value>(
      "values", "A list, a column, a range or a tensor; its missing values count for nothing."),
    returns: "column", seeAlso: ["table.filter"],
    search: ["isin", "in", "contains", "membership"],
    examples: [
      ("table({v: [1, 2, nil, 3]}).v.is_in([1, 3])", "[true, false, nil, true]"),
      (
        "let t = table({k: [\"a\", \"b\", \"c\"]})\nt[t.k.is_in([\"a\", \"c\"])].k",
        #"["a", "c"]"#
      ),
    ],
    context: { (vm: VM, series: Series, values: Value) throws -> Series in
      guard let others = try ColumnOperators.series(values, vm) else {
        throw Fault(
          .type, "`is_in` takes a list or a column, found \(Representation.described(values))",
          hint: "one value is compared with `==`: `t.v == 1`"
        ).atArgument(1)
      }
      return try Cancellation.abandonable { try series.isIn(others) }
    })

  private static let map = Native(
    "map", "A column of what a function gives for each value; nil for a missing one.", column,
    Param<Callable>("function", "A function of one value."), returns: "column",
    search: ["apply", "transform"],
    examples: [("table({v: [1, 2]}).v.map(x => x * 10)", "[10, 20]")],
    context: { (vm: VM, series: Series, function: Callable) in
      var cells: [Cell] = []
      cells.reserveCapacity(series.count)
      for row in 0..<series.count {
        try vm.checkInterrupt()
        if series.isMissing(row) {
          cells.append(.null)
          continue
        }
        cells.append(try vm.scope { try Cell(function.call(series[row].encode(vm)), vm) })
      }
      return Series(cells: cells)
    })

  static let columns = [
    Native(
      "unique", "The distinct values in the order of their first row.", column, returns: "column",
      search: ["distinct"], examples: [("table({v: [2, 1, 2]}).v.unique()", "[2, 1]")]
    ) { series in try series.unique() }.abandonable(),
    Native(
      "value_counts", "How often each value stands in the column, the most frequent first.",
      column, returns: "table", seeAlso: ["table.value_counts"],
      search: ["frequency", "histogram"],
      examples: [("table({v: [\"a\", \"b\", \"b\"]}).v.value_counts().count", "[2, 1]")]
    ) { series in
      try Table(columns: [Table.Column("value", series)]).valueCounts(["value"])
    }.abandonable(),
    Native(
      "is_missing", "For each value whether it is missing.", column, returns: "column",
      search: ["isna", "isnull", "nil"],
      examples: [("table({v: [1, nil]}).v.is_missing()", "[false, true]")]
    ) { series in
      Series(.bool(series.missing ?? [Bool](repeating: false, count: series.count)))
    },
    isIn,
    Native(
      "fill_missing", "The column with a value where one is missing.", column,
      Param<Value>("value", "A value, or a column with a value for each row."), returns: "column",
      search: ["fillna", "replace", "impute"],
      examples: [("table({v: [1, nil]}).v.fill_missing(0)", "[1, 0]")],
      context: { (vm: VM, series: Series, value: Value) in
        guard let other = try ColumnOperators.operand(value, vm) else {
          throw Fault(.type, "missing values are filled with a value or a column").atArgument(1)
        }
        return try series.filled(with: other)
      }),
    map,
    Native(
      "rank",
      "The place of each value in their order, from 1; equal ones share the mean of theirs.",
      column, Param<Bool>("descending", "Greatest first.", default: false), returns: "column",
      examples: [("table({v: [30, 10, 30]}).v.rank()", "[2.5, 1.0, 2.5]")]
    ) { series, descending in try series.ranks(descending: descending) }.abandonable(),
    Native(
      "cumsum", "The sum up to each row; a missing value stays missing and adds nothing.", column,
      returns: "column", search: ["cumulative", "running"],
      examples: [("table({v: [1, 2, 3]}).v.cumsum()", "[1, 3, 6]")]
    ) { series in try series.cumulativeSum() }.abandonable(),
    Native(
      "sort", "The values in ascending order; nan and missing ones last, whichever way.", column,
      Param<Bool>("descending", "Greatest first.", default: false), returns: "column",
      examples: [("table({v: [3, 1, 2]}).v.sort()", "[1, 2, 3]")]
    ) { series, descending in series.gathered(try series.ordered(descending: descending)) }
    .abandonable(),
  ]

  static let conversions = [
    Native(
      "bins", "For each number the interval it lies in, as a category such as \"[0, 10)\".", column,
      Param<Value>("edges", "How many bins of equal width, or a list of ascending edges."),
      returns: "column", search: ["cut", "bucket", "histogram"],
      examples: [
        ("table({v: [1, 7, 30]}).v.bins([0, 10, 50])", #"["[0, 10)", "[0, 10)", "[10, 50]"]"#)
      ],
      context: { (vm: VM, series: Series, edges: Value) in
        if let count = Int.decode(edges, vm) { return try series.binned(count: count) }
        guard let list = try [Double].decode(edges, vm) else {
          throw Fault(.type, "bins are a number of them or a list of edges").atArgument(1)
        }
        return try series.binned(edges: list)
      }),
    Native(
      "head", "The first values.", column,
      Param<Int>("count", "How many.", default: 5, .nonNegative), returns: "column",
      examples: [("table({v: [1, 2, 3]}).v.head(2)", "[1, 2]")]
    ) { series, count in series.slice(0..<min(count, series.count)) },
    Native(
      "tail", "The last values.", column,
      Param<Int>("count", "How many.", default: 5, .nonNegative), returns: "column",
      examples: [("table({v: [1, 2, 3]}).v.tail(1)", "[3]")]
    ) { series, count in series.slice(series.count - min(count, series.count)..<series.count) },
    Native(
      "list", "The values as a list, missing ones as nil.", column, returns: "list",
      search: ["to_list", "array"], examples: [("table({v: [1, nil]}).v.list()", "[1, nil]")],
      context: { (vm: VM, series: Series) in try vm.list(series) }),
    Native(
      "tensor", "The values as a tensor: floats as f32, ints as i64, bools as bool.", column,
      Param<DType?>(
        "dtype", "f32, f64, i64, i32 or bool; in floats a missing value is nan.", default: nil),
      returns: "tensor", search: ["to_numpy", "array"],
      examples: [("table({v: [1, 2]}).v.tensor().shape", "[2]")]
    ) { series, dtype in try series.tensor(dtype) }.abandonable(),
    Native(
      "date", "The texts of a column read as dates, or as moments where they have a time of day.",
      column,
      Param<String?>(
        "format", "How they are written, as in Python's strptime; nil for ISO 8601.", default: nil),
      returns: "column", seeAlso: ["date", "datetime"],
      search: ["parse", "to_datetime", "strptime"],
      examples: [
        ("table({d: [\"2026-11-29\"]}).d.date().year", "[2026]"),
        ("table({d: [\"29/11/2026\"]}).d.date(format: \"%d/%m/%Y\").month", "[11]"),
      ]
    ) { series, format in try series.dates(format: format) }.abandonable(),
    Native(
      "floor", "Dates and moments at the start of their year, month, week, day, hour or so.",
      column,
      Param<String>(
        "unit", "The unit of time.",
        .oneOf(["year", "quarter", "month", "week", "day", "hour", "minute", "second"])),
      returns: "column", search: ["truncate", "resample"],
      examples: [
        (
          "table({d: [\"2026-11-29\"]}).d.date().floor(\"month\")", "[date(\"2026-11-01\")]"
        )
      ]
    ) { series, unit in try series.floored(to: unit) },
  ]
}

extension VM {
  /// A list of a column's values.
  func list(_ series: Series) throws -> ListObject {
    try reserve(series.count * 16)
    let list = ListObject(capacity: series.count)
    _ = adopt(list)
    for row in 0..<series.count {
      try checkInterrupt(turn: row)
      scope { list.append(series[row].encode(self)) }
    }
    return list
  }
}
