import Foundations
import Runtime
import Statistics
import Syntax
import Tables

// Rows gathered by equal values, and what is said of each group.

extension Grouping: NativeValue {
  public static let typeName = "groups"
  public static let nativeType = NativeType<Grouping>(
    "groups", "The rows of a table, gathered by equal values in some columns."
  ) { type in
    type.representation = { groups, _ in
      "\(groups.count) groups of \(groups.table.rowCount) rows by \(groups.keys.joined(separator: ", "))"
    }
    type.length = { $0.count }
    type.iterate = { groups, _ in
      let keys = groups.keyColumns
      var group = 0
      return IteratorObject("groups") { vm in
        guard group < groups.count else { return nil }
        group += 1
        let values = keys.map { $0.series[group - 1] }
        let pair = ListObject(capacity: 2)
        let value = vm.adopt(pair)
        pair.append(values.count == 1 ? values[0].encode(vm) : Cell.list(values).encode(vm))
        pair.append(vm.box(groups.table(group - 1)))
        return value
      }
    }
    type.transfer = .share
    type.hasContent()
    type.insight = TableColumns.groupsInsight
    type.foreignNames = ForeignNames.groups
    type.field("keys", "The columns that the rows are gathered by.") { $0.keys }
    type.field("tables", "The rows of each group as a table.") { groups in
      (0..<groups.count).map(groups.table)
    }
    type.methods(GroupBuiltins.summaries.abandonable())
    type.methods(GroupBuiltins.aggregates)
  }
}

enum GroupBuiltins {
  private static let groups = Param<Grouping>("groups", "The groups of a table's rows.")

  private static func summary(
    _ name: String, _ text: String, returns result: @escaping @Sendable (Grouping) throws -> Table,
    _ value: String
  ) -> Native {
    Native(
      name, text, groups, returns: "table",
      examples: [("table({k: [1, 1], v: [2, 4]}).group(\"k\").\(name)().v", value)]
    ) { groups in try result(groups) }.knowing(TableColumns.summary).hinting(
      excess: "of one column write `g.agg({v: \"\(name)\"})`")
  }

  static let summaries = [
    Native(
      "mean",
      "The mean of every measured column in each group. With `interval: 0.95` a column `<name>_interval` gives the half width of Student's 95% confidence interval; tables and plots show it beside the mean.",
      groups, Param<Double?>("interval", "A confidence level.", default: nil, .between(0, 1)),
      returns: "table", seeAlso: ["stats.interval", "groups.estimate"],
      search: ["average", "confidence"],
      examples: [("table([{k: 1, v: 2}, {k: 1, v: 4}]).group(\"k\").mean().v", "[3.0]")]
    ) { groups, interval in try groups.mean(interval: interval) }.knowing(TableColumns.mean),
    summary(
      "std", "The sample standard deviation of every measured column in each group.",
      returns: { try $0.std() }, "[1.4142135623730951]"),
    summary(
      "min", "The smallest value of every measured column in each group.",
      returns: { try $0.min() }, "[2]"),
    summary(
      "max", "The greatest value of every measured column in each group.",
      returns: { try $0.max() }, "[4]"),
    summary(
      "sum", "The sum of every measured column in each group; ints stay ints.",
      returns: { try $0.sum() }, "[6]"),
    summary(
      "median", "The median of every measured column in each group.",
      returns: { try $0.median() }, "[3.0]"),
    summary(
      "first", "The first value of every column in each group that is there.",
      returns: { try $0.first() }, "[2]"),
    summary(
      "last", "The last value of every column in each group that is there.",
      returns: { try $0.last() }, "[4]"),
    Native(
      "quantile", "A quantile of every measured column in each group.",
      groups, Param<Double>("fraction", "0.5 is the median.", .within(0, 1)),
      returns: "table",
      examples: [("table({k: [1, 1], v: [2, 4]}).group(\"k\").quantile(0.5).v", "[3.0]")]
    ) { groups, fraction in try groups.quantile(fraction) }.knowing(TableColumns.summary),
    Native(
      "count", "How many rows each group has.", groups, returns: "table", search: ["size"],
      examples: [("table({k: [1, 1, 2]}).group(\"k\").count().count", "[2, 1]")]
    ) { groups in try groups.counts() }.knowing(TableColumns.count).hinting(
      excess: "what is there of one column counts `g.agg({v: \"count\"})`"),
  ]

  static let aggregates = [
    Native(
      "agg",
      "Several statistics of each group at once. A list of statistics of a column `v` makes columns `v_mean`, `v_std`; \"count\" counts rows.",
      groups,
      Param<MapObject>(
        "statistics",
        "A map from columns to a statistic or a list of them, or from new names to functions of the group's table."
      ),
      returns: "table", seeAlso: ["groups.estimate"],
      search: ["aggregate", "summarise", "summarize", "apply"],
      examples: [
        (
          "table({k: [1, 1], v: [2, 4]}).group(\"k\").agg({v: [\"mean\", \"max\"], n: \"count\"}).rows",
          "[{k: 1, v_mean: 3.0, v_max: 4, n: 2}]"
        ),
        (
          "table({k: [1, 1], v: [2, 4]}).group(\"k\").agg({range: g => g.v.max() - g.v.min()}).range",
          "[2]"
        ),
      ],
      context: { (vm: VM, groups: Grouping, statistics: MapObject) in
        try aggregate(groups, statistics, vm)
      }
    ).hinting(
      argument: { "write a map: `g.agg({\($0): \"mean\"})`" },
      excess: "the statistics stand in a map: `g.agg({v: \"mean\"})`"),
    Native(
      "estimate",
      "The mean of a column in each group with the ends of its interval. They stand in columns `name`, `name_low`, `name_high`.",
      groups, Param<String>("name", "The column."),
      Param<String>(
        "method",
        "student: of a mean; wilson: of a share of bools; bootstrap: by resampling the group's rows.",
        default: "student", .oneOf(Grouping.IntervalMethod.allCases.map(\.rawValue)), named: true),
      Param<Double>(
        "interval", "The confidence level.", default: 0.95, .between(0, 1), named: true),
      returns: "table", seeAlso: ["groups.mean", "stats.interval"],
      search: ["confidence", "interval", "error bar"],
      examples: [
        (
          "table({k: [1, 1], v: [2, 4]}).group(\"k\").estimate(\"v\").columns",
          "[\"k\", \"v\", \"v_low\", \"v_high\"]"
        )
      ],
      context: { (vm: VM, groups: Grouping, name: String, method: String, level: Double) in
        try groups.estimates(
          name, method: Grouping.IntervalMethod(rawValue: method) ?? .student, level: level
        ) { numbers in try resampled(numbers, level, vm) }
      }
    ).knowing(TableColumns.estimated),
  ]

  private static func aggregate(_ groups: Grouping, _ statistics: MapObject, _ vm: VM) throws
    -> Table
  {
    var columns = groups.keyColumns
    for (key, value) in statistics {
      guard let name = key.string else {
        throw Fault(.type, "`agg` needs a map from the names of columns").atArgument(1)
      }
      if let function = Callable.decode(value, vm) {
        columns.append(
          Table.Column(
            name,
            Series(
              cells: try (0..<groups.count).map { group in
                try vm.checkInterrupt()
                return try vm.scope { try Cell(function.call([groups.table(group)]), vm) }
              })))
        continue
      }
      guard let names = try Names.decode(value, vm) else {
        throw Fault(
          .type,
          "`\(name)` needs a statistic, a list of them or a function, found \(Representation.described(value))"
        ).atArgument(1)
      }
      let isList = value.string == nil
      columns += try groups.aggregated(
        names.values.map { statistic in
          Grouping.Aggregate(
            name: isList ? "\(name)_\(statistic)" : name,
            column: statistic == "count" ? nil : name,
            reduction: try TableBuiltins.reduction(statistic))
        })
    }
    return try Table(columns: columns, madeBy: "agg")
  }
}

extension GroupBuiltins {
  /// The ends of the bootstrap interval (BCa) of a group's mean; nil for fewer than two numbers.
  fileprivate static func resampled(_ numbers: [Double], _ level: Double, _ vm: VM) throws -> (
    low: Double, high: Double
  )? {
    guard numbers.count > 1 else { return nil }
    let bootstrap = try Bootstrap(level: level, key: vm.randomKey("bootstrap"))
    let estimate = try Cancellation.abandonable { try bootstrap.estimate(numbers, .mean) }
    return (estimate.low, estimate.high)
  }
}
