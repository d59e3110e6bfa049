import Foundations
import Privacy
import Runtime
import Tables
import Tensors

/// `dp.count`, `dp.mean` and their like: statistics that are charged before the data are looked at.
enum PrivateStatisticsBuiltins {
  static let natives = [count, sum, mean, variance, quantile, histogram, covariance]

  private typealias Shared = PrivateStatisticsParameters

  private static let result =
    "It gives {value, low, high, epsilon}; low and high are the interval that the noise leaves open. Of a table, `by` gives a statistic a group, a table of them, and `unit` names the column that says whose a row is: then a user is protected, not a row. \(ofThoseThatComeOut)"
  private static let common =
    "Rows with a missing value (or key) count nowhere; nan is refused. \(result)"
  private static let ofThoseThatComeOut =
    "Without `keys` only those come out whose noisy count reaches a threshold. An interval then holds with its level over all keys, not given that its key came out: of rare keys those come out whose noise was high, so that the interval of a count near the threshold lies above the truth more often than its level says."

  private static let count = Native(
    "count",
    "A private count: of a table's rows, or of a list's values that are not nil. A nan is a value, and counts. One unit moves it by `max_contributions`. Rows with a missing key count nowhere. \(result)",
    parameters: [Shared.data] + Shared.epsilonAndGroups, returns: "estimate or table of them",
    seeAlso: ["dp.histogram", "dp.sum"], search: ["private", "number of rows"],
    examples: [
      ("dp.count([5, 6, nil], epsilon: 1000).value", "2"),
      (
        "dp.count(table({k: [\"a\", \"a\", \"b\"]}), epsilon: 1000, by: \"k\", keys: [\"a\", \"b\", \"c\"]).value",
        "[2, 1, 0]"
      ),
    ]
  ) { (arguments: inout Arguments) -> Value in
    let request = try PrivateRequest(&arguments, column: nil)
    return try request.released(.count, "dp.count", arguments.vm)
  }

  private static let sum = Native(
    "sum",
    "A private sum of values within bounds. A value beyond a bound counts as the bound. One unit moves it by max(|low|, |high|), where one is replaced by the width of the bounds with 0. Values are rounded to a 2³⁰th of the larger bound. \(common)",
    parameters: Shared.values + Shared.epsilonAndGroups, returns: "estimate or table of them",
    seeAlso: ["dp.mean", "dp.count"], search: ["private", "total"],
    examples: [
      ("round(dp.sum([1, 2, 30], bounds: [0, 10], epsilon: 1000000).value, 1)", "13.0")
    ]
  ) { (arguments: inout Arguments) -> Value in
    try bounded(&arguments, "dp.sum") { .sum($0) }
  }

  private static let mean = Native(
    "mean",
    "A private mean of values within bounds. Half of epsilon is for a noisy sum about the middle of the bounds, which one unit moves by half their width, half for a noisy count. A value beyond a bound counts as the bound. It lies within the bounds, whatever there is; of nothing it says nothing. The interval holds what would come out without noise at least as often as `level` says. \(common)",
    parameters: Shared.values + Shared.epsilonAndGroups, returns: "estimate or table of them",
    seeAlso: ["dp.sum", "dp.quantile", "dp.variance"], search: ["private", "average"],
    examples: [
      ("round(dp.mean([1, 2, 30], bounds: [0, 12], epsilon: 1000000).value, 1)", "5.0"),
      (
        "let t = table({sex: [\"F\", \"M\", \"F\"], age: [20, 30, 40]})\ndp.mean(t, \"age\", bounds: [0, 120], epsilon: 1000000, by: \"sex\", keys: [\"F\", \"M\"]).sex",
        "[\"F\", \"M\"]"
      ),
    ]
  ) { (arguments: inout Arguments) -> Value in
    try bounded(&arguments, "dp.mean") { .mean($0) }
  }

  private static let variance = Native(
    "variance",
    "A private variance of values within bounds, divided by their number. A third of epsilon each is for sums of squares and of values about the middle of the bounds, and for the count. Otherwise as `dp.mean`. \(common)",
    parameters: Shared.values + Shared.epsilonAndGroups, returns: "estimate or table of them",
    seeAlso: ["dp.mean", "dp.covariance"], search: ["private", "spread", "deviation"],
    examples: [
      ("round(dp.variance([1, 3], bounds: [0, 10], epsilon: 10000000).value, 1)", "1.0")
    ]
  ) { (arguments: inout Arguments) -> Value in
    try bounded(&arguments, "dp.variance") { .variance($0) }
  }

  private static let quantile = Native(
    "quantile",
    "A private quantile of values within bounds, by the exponential mechanism (Smith 2011). Half of epsilon draws the value, a quarter each end of the interval, which holds the true quantile at least as often as `level` says. Of a table the column's name comes first: `dp.quantile(t, \"age\", 0.5, …)`. \(common)",
    parameters: [Shared.data, Shared.shareOrColumn, Shared.share, Shared.bounds, Shared.step]
      + Shared.epsilonAndGroups, returns: "estimate or table of them",
    seeAlso: ["dp.mean"], search: ["private", "median", "percentile", "exponential mechanism"],
    examples: [
      ("dp.quantile([1, 2, 3, 4, 90], 0.5, bounds: [0, 100], epsilon: 1000, step: 1).value", "3.0")
    ]
  ) { (arguments: inout Arguments) -> Value in
    let (column, share) = try Shared.columnAndShare(&arguments)
    let step = try arguments(Shared.step)
    let request = try PrivateRequest(&arguments, column: .some(column))
    let bounds = try Shared.bounds(&arguments, of: "a quantile")
    return try request.released(
      .quantile(share, bounds, step: step), "dp.quantile", arguments.vm)
  }

  private static let histogram = Native(
    "histogram",
    "How many values are equal to each key, privately. With `keys` each of them gets noise of its own, and other values count nowhere. Without, the keys come from the data: those whose noisy count reaches a threshold come out, at the cost of `delta` (Korolova et al. 2009; Bun, Nissim, Stemmer 2016); rare ones stay unsaid. nil counts nowhere; nan is a key like others. \(ofThoseThatComeOut)",
    parameters: [
      Shared.data, Shared.column, Shared.keys, Shared.epsilon, Shared.delta, Shared.unit,
      Shared.most, Shared.level,
    ], returns: "table {key, value, low, high, epsilon}", seeAlso: ["dp.count"],
    search: ["private", "value counts", "frequencies"],
    examples: [
      (
        "dp.histogram([\"a\", \"b\", \"a\"], keys: [\"a\", \"b\", \"c\"], epsilon: 1000).value",
        "[2, 1, 0]"
      )
    ]
  ) { (arguments: inout Arguments) -> Value in
    let request = try PrivateRequest(histogram: &arguments)
    return try request.released(.count, "dp.histogram", arguments.vm)
  }

  private static let covariance = Native(
    "covariance",
    "Private variances and covariances of columns within bounds, divided by the number of rows. A third of epsilon each is for sums of all products and of all values about the middles of the bounds, and for the count. `value`, `low` and `high` are tensors [k, k]; each entry has its own interval. The noise may make the matrix one that is not positive semi-definite, unless `semidefinite` is true. Rows in which a value is missing count nowhere; nan is refused.",
    parameters: [
      Shared.table, Shared.columns, Shared.manyBounds, Shared.epsilon, Shared.unit, Shared.most,
      Shared.level, Shared.isSemidefinite,
    ], returns: "{value, low, high, epsilon}", seeAlso: ["dp.variance"],
    search: ["private", "correlation matrix"],
    examples: [
      (
        "dp.covariance(table({a: [1, 2], b: [3, 5]}), [\"a\", \"b\"], bounds: [[0, 9], [0, 9]], epsilon: 1).value.shape",
        "[2, 2]"
      )
    ]
  ) { (arguments: inout Arguments) -> Record in
    try CovarianceRequest(&arguments).released(arguments.vm)
  }

  private static func bounded(
    _ arguments: inout Arguments, _ operation: String,
    _ measure: (ValueBounds) -> PrivateStatistic.Measure
  ) throws -> Value {
    let request = try PrivateRequest(&arguments, column: .some(try arguments(Shared.column)))
    let bounds = try Shared.bounds(&arguments, of: "`\(operation)`")
    return try request.released(measure(bounds), operation, arguments.vm)
  }
}
