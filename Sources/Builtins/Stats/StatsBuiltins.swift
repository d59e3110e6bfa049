import Runtime
import Statistics

/// `stats`: what numbers say, and how sure one may be of it.
enum StatsBuiltins {
  static let module = Module(
    "stats", "Statistics: summaries, tests, intervals, distributions, measures of classification.",
    natives: summaries + AssociationBuiltins.natives + SampleTestBuiltins.natives
      + ClassificationBuiltins.natives + TextMetricBuiltins.spanMeasures
      + DistributionBuiltins.makers)

  private static let values = Param<[Double?]>("values", "Numbers; nil is skipped.")

  private static let summaries = [
    Native(
      "mean", "The arithmetic mean.", values, returns: "float", search: ["average"],
      examples: [("stats.mean([1, 2, 6])", "3.0"), ("stats.mean([1, nil, 3])", "2.0")]
    ) { Sample.mean(try $0.present(atLeast: 1, of: "values")) },
    Native(
      "std", "The sample standard deviation (division by n − 1); nan of one number.",
      values, returns: "float", search: ["deviation", "variance"],
      examples: [("stats.std([1, 3])", "1.4142135623730951")]
    ) { Sample.standardDeviation(try $0.present(atLeast: 1, of: "values")) },
    Native(
      "median", "The median.", values, returns: "float",
      examples: [("stats.median([5, 1, 2])", "2.0")]
    ) { Sample.quantile(try $0.present(atLeast: 1, of: "values"), 0.5) },
    Native(
      "quantile", "A quantile, interpolated linearly between neighbouring values as in NumPy.",
      values, Param<Double>("fraction", "0.5 is the median.", .within(0, 1)), returns: "float",
      examples: [("stats.quantile([1, 2, 3, 4], 0.25)", "1.75")]
    ) { Sample.quantile(try $0.present(atLeast: 1, of: "values"), $1) },
    Native(
      "interval",
      "The half width of Student's confidence interval of the mean; nil for fewer than two numbers.",
      values, Param<Double>("level", "The confidence level.", default: 0.95, .between(0, 1)),
      returns: "float or nil", seeAlso: ["table.group", "stats.bootstrap"],
      search: ["confidence", "error bar"],
      examples: [("round(stats.interval([1, 2, 3]), 3)", "2.484")]
    ) { Sample.meanInterval($0.present, level: $1) },
    Native(
      "wilson", "A proportion with Wilson's score interval.",
      Param<Int>("successes", "How many of the trials succeeded.", .nonNegative),
      Param<Int>("trials", "How many there were.", .positive),
      Param<Double>("level", "The confidence level.", default: 0.95, .between(0, 1)),
      returns: "{value, low, high}", search: ["binomial", "proportion", "confidence"],
      examples: [
        ("stats.wilson(12, 100).value", "0.12"), ("round(stats.wilson(12, 100).low, 3)", "0.07"),
      ]
    ) { successes, trials, level in
      guard let interval = Sample.wilson(successes: successes, trials: trials, level: level)
      else {
        throw Fault(.value, "`successes` is at most `trials`, got \(successes) of \(trials)")
          .atArgument(0)
      }
      return Estimate(
        value: Double(successes) / Double(trials), low: interval.lowerBound,
        high: interval.upperBound, level: level)
    },
  ]
}
