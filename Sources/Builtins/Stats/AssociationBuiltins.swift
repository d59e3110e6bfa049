import Foundations
import Runtime
import Statistics
import Syntax
import Tables

/// How things go together, and how sure one is of it: correlations, effect sizes, bootstraps, several tests,
/// regressions.
enum AssociationBuiltins {
  private typealias Shared = StatsParameters

  static let natives = (associations + adjustments).abandonable() + [bootstrap]

  private static let associations = [
    Native(
      "correlation",
      "How two lists go together: a coefficient with its interval and the p-value of independence. Intervals are Fisher's, for ranks with the errors of Bonett and Wright. A pair of which one is nil is left out.",
      Param<[Double?]>("a", "Numbers."), Param<[Double?]>("b", "As many."),
      Param<String>(
        "method",
        "\"pearson\" of the values, \"spearman\" of their ranks, \"kendall\" of pairs in the same order (τ-b).",
        default: "pearson", .oneOf(Correlation.Method.allCases.map(\.rawValue)), named: true),
      Shared.alternative, Shared.level, returns: "{value, low, high, p}",
      seeAlso: ["stats.regression"], search: ["pearson", "spearman", "kendall", "association"],
      examples: [
        ("stats.correlation([1, 2, 3, 4], [2, 4, 6, 9], method: \"spearman\").value", "1.0"),
        ("round(stats.correlation([1, 2, 3, 4, 5], [2, 1, 4, 3, 5]).value, 3)", "0.8"),
      ]
    ) { a, b, method, alternative, level in
      let pairs = try CompletePairs(a, b)
      let found = try Correlation(
        pairs.first, pairs.second, method: Correlation.Method(rawValue: method) ?? .pearson,
        alternative: Shared.alternative(alternative), level: level)
      return Record([
        ("value", found.estimate.value), ("low", found.estimate.low),
        ("high", found.estimate.high), ("p", found.p),
      ])
    },
    Native(
      "effect_size",
      "Cohen's d: how many standard deviations lie between two means, with its exact interval.",
      Shared.first, Shared.second,
      Param<Bool>(
        "paired", "Whether the values belong together one by one: of their differences.",
        default: false, named: true), Shared.level, returns: "{value, low, high}",
      seeAlso: ["stats.t_test"], search: ["cohen", "standardised", "noncentral"],
      examples: [("round(stats.effect_size([1, 2, 3], [3, 4, 5]).value, 3)", "-2.0")]
    ) { a, b, paired, level in
      guard paired else { return try EffectSize.cohen(a.present, b.present, level: level) }
      let pairs = try CompletePairs(a, b)
      return try EffectSize.cohen(pairs: pairs.first, pairs.second, level: level)
    },
  ]

  private static let adjustments = [
    Native(
      "adjust",
      "P-values of several hypotheses, made larger so that each may be compared with one level. \"holm\" and \"bonferroni\" bound the chance of any false rejection, \"bh\" (Benjamini and Hochberg) the share of false ones. nil stays nil and counts for nothing.",
      Param<[Double?]>("ps", "The p-values.", .within(0, 1)),
      Param<String>(
        "method", "Which.", default: "holm", .oneOf(Adjustment.allCases.map(\.rawValue)),
        named: true), returns: "list",
      search: ["multiple comparisons", "false discovery rate", "fdr"],
      examples: [
        ("stats.adjust([0.01, 0.04, 0.03])", "[0.03, 0.06, 0.06]"),
        ("stats.adjust([0.01, nil, 0.5], method: \"bonferroni\")", "[0.02, nil, 1.0]"),
      ]
    ) { ps, method in
      var adjusted = try (Adjustment(rawValue: method) ?? .holm).adjusted(ps.present).makeIterator()
      return ps.map { $0 == nil ? nil : adjusted.next() }
    },
    Native(
      "regression",
      "A regression of one column of a table on others. Coefficients come with errors, intervals and p-values. A column of texts has a coefficient for each value but the first, against which they count; a row with a missing value is left out.",
      Param<Table>("table", "The data."),
      Param<String>(
        "y", "The column to explain; for \"logistic\" two values, such as 0 and 1.", named: true),
      Param<Names>("x", "The columns that explain it.", named: true),
      Param<String>(
        "family", "\"normal\" is least squares, \"logistic\" of chances.", default: "normal",
        .oneOf(Regression.Family.allCases.map(\.rawValue)), named: true), Shared.level,
      returns: "table", seeAlso: ["stats.correlation"],
      search: ["linear model", "least squares", "ols", "logit", "coefficients"],
      examples: [
        (
          "stats.regression(table({x: [1, 2, 3, 4], y: [3, 5, 7, 10]}), y: \"y\", x: \"x\").name",
          "[\"intercept\", \"x\"]"
        )
      ]
    ) { table, y, x, family, level in
      let family = Regression.Family(rawValue: family) ?? .normal
      return try RegressionData(table, y: y, x: x.values, family).fitted(family, level)
    }.knowing(
      TableColumns.naming(["y", "x"]) { _, _ in
        .object(Table.nativeType.name, parts: Set(RegressionData.columns))
      }),
  ]

  private static let bootstrap = Native(
    "bootstrap",
    "A statistic with its bootstrap interval, from resamples of the values. A function gets the list of a resample, whatever its values are: numbers, rows, pairs. nil is left out.",
    Param<Value>("values", "The values."),
    Param<StatisticChoice>(
      "statistic", "\"mean\", \"median\" or \"std\", or a function of a list of values."),
    Param<Int>(
      "resamples", "How many.", default: 2000, .within(2, 1_000_000), named: true),
    Param<String>(
      "method",
      "\"percentile\" takes the resamples' quantiles, \"bca\" moves them for bias and skewness.",
      default: "bca", .oneOf(Bootstrap.Method.allCases.map(\.rawValue)), named: true),
    Param<ClassLabels?>(
      "cluster",
      "For each value what it belongs to (a user, a school): whole clusters are drawn. nil draws single values.",
      default: nil, named: true), Shared.level, Shared.seed, returns: "{value, low, high}",
    seeAlso: ["stats.interval", "stats.permutation_test"],
    search: ["resampling", "confidence interval", "bca", "standard error"],
    examples: [
      ("stats.bootstrap([1, 2, 3, 4], \"mean\").value", "2.5"),
      ("stats.bootstrap([1, 2, 3, 4], xs => max(xs), method: \"percentile\").high", "4.0"),
    ],
    context: {
      (
        vm: VM, values: Value, statistic: StatisticChoice, resamples: Int, method: String,
        cluster: ClassLabels?, level: Double, seed: Int?
      ) in
      let bootstrap = try Bootstrap(
        method: Bootstrap.Method(rawValue: method) ?? .bca, resamples: resamples, level: level,
        key: Shared.key(seed, "bootstrap", vm))
      switch statistic {
      case .named(let statistic):
        guard let numbers = try [Double?].decode(values, vm) else {
          throw Fault(
            .type,
            "`values` must be a list of float, found \(Representation.described(values))"
          ).atArgument(0)
        }
        let (kept, units) = try resampled(numbers, cluster)
        return try Cancellation.abandonable {
          try bootstrap.estimate(kept, statistic, units: units)
        }
      case .function(let function):
        guard let items = try vm.elements(of: values) else {
          throw Fault(.type, "`values` must be a list, found \(Representation.described(values))")
            .atArgument(0)
        }
        let present = items.map { item -> Value? in
          if case .nothing = item { nil } else { item }
        }
        let (kept, groups) = try resampled(present, cluster)
        let units = groups ?? kept.indices.map { [$0] }
        guard units.count > 1 else {
          throw Fault(
            .value, "a bootstrap draws from at least 2 values or clusters, got \(units.count)")
        }
        return try bootstrap.estimate(strata: [units.count]) { drawn in
          try function.call(drawn[0].flatMap { units[$0].map { kept[$0] } }, as: Double.self)
        }
      }
    })

  /// The values that are there, and the places of those of each cluster.
  private static func resampled<Element>(_ values: [Element?], _ cluster: ClassLabels?) throws -> (
    [Element], [[Int]]?
  ) {
    guard let cluster else { return (values.compactMap { $0 }, nil) }
    let pairs = try CompletePairs(values, cluster.values, names: ("values", "cluster"))
    return (pairs.first, Bootstrap.groups(of: pairs.second))
  }
}

/// The rows of a table that a regression reads.
private struct RegressionData {
  private var outcome: [Double] = []
  private var variables: [Regression.Variable] = []

  static let columns = ["name", "value", "std_error", "low", "high", "p"]

  init(_ table: Table, y: String, x: [String], _ family: Regression.Family) throws {
    TableRows.notice([y] + x, of: table)
    let wanted = try ([y] + x).map { try table.column($0).cells }
    let rows = (0..<table.rowCount).filter { row in wanted.allSatisfy { !$0[row].isNull } }
    let columns = zip([y] + x, wanted).map { name, cells in
      NamedColumn(name: name, cells: rows.map { cells[$0] })
    }
    outcome = try family == .logistic ? columns[0].twoClasses() : columns[0].numbers()
    variables = try columns.dropFirst().flatMap { try $0.variables() }
  }

  func fitted(_ family: Regression.Family, _ level: Double) throws -> Table {
    let found = try Regression(outcome, on: variables, family: family, level: level).coefficients
    let cells: [[Cell]] = [
      found.map { .string($0.name) }, found.map { .float($0.value) },
      found.map { .float($0.standardError) }, found.map { .float($0.low) },
      found.map { .float($0.high) }, found.map { .float($0.p) },
    ]
    return try Table(columns: zip(Self.columns, cells).map { Table.Column($0, $1) })
  }
}

/// A column without missing values, as numbers.
private struct NamedColumn {
  let name: String
  let cells: [Cell]

  func numbers() throws -> [Double] {
    try cells.map { cell in
      guard let number = cell.number else {
        throw Fault(
          .type,
          "a regression explains a column of numbers, but `\(name)` holds \(cell.sourceText)",
          hint: "`family: \"logistic\"` takes two classes")
      }
      return number
    }
  }

  private var texts: [Spelling] {
    cells.map { cell in
      if case .string(let text) = cell { Spelling(text) } else { Spelling(cell.text) }
    }
  }

  /// 1 for the greater of two values.
  func twoClasses() throws -> [Double] {
    if cells.allSatisfy({ $0.number != nil }) {
      let numbers = try numbers()
      let classes = Set(numbers).sorted()
      guard classes.count == 2, classes != [0, 1] else { return numbers }
      return numbers.map { $0 == classes[1] ? 1 : 0 }
    }
    let texts = texts
    let classes = Set(texts).sorted()
    guard classes.count == 2 else {
      throw Fault(
        .value,
        "a logistic regression explains two classes, but `\(name)` has \(classes.count)")
    }
    return texts.map { $0 == classes[1] ? 1 : 0 }
  }

  /// The numbers, or a column of 0 and 1 for each text but the first.
  func variables() throws -> [Regression.Variable] {
    if cells.allSatisfy({ $0.number != nil }) { return [Regression.Variable(name, try numbers())] }
    let texts = texts
    let values = Set(texts).sorted()
    guard values.count <= 1_000 else {
      throw Fault(
        .limit, "`\(name)` has \(values.count) different texts, too many for a coefficient each")
    }
    return values.dropFirst().map { value in
      Regression.Variable("\(name)=\(value.text)", texts.map { $0 == value ? 1 : 0 })
    }
  }
}
