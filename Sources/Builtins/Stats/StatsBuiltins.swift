import Runtime
import Tables

/// `stats`: statistics of plain lists of numbers.
enum StatsBuiltins {
  static let module = Module(
    "stats", "Statistics of lists of numbers.",
    natives: [
      Native(
        "mean", "The arithmetic mean.", Param<[Double]>("values", "Numbers.", .nonEmpty),
        returns: "float", search: ["average"], examples: [("stats.mean([1, 2, 6])", "3.0")]
      ) { Statistics.mean($0) },
      Native(
        "std", "The sample standard deviation (division by n − 1); nan for fewer than two numbers.",
        Param<[Double]>("values", "Numbers."), returns: "float", search: ["deviation", "variance"],
        examples: [("stats.std([1, 3])", "1.4142135623730951")]
      ) { Statistics.standardDeviation($0) },
      Native(
        "median", "The median.", Param<[Double]>("values", "Numbers.", .nonEmpty), returns: "float",
        examples: [("stats.median([5, 1, 2])", "2.0")]
      ) { Statistics.quantile($0, 0.5) },
      Native(
        "quantile", "A quantile, interpolated linearly between neighbouring values as in NumPy.",
        Param<[Double]>("values", "Numbers.", .nonEmpty),
        Param<Double>("fraction", "0.5 is the median.", .within(0, 1)), returns: "float",
        examples: [("stats.quantile([1, 2, 3, 4], 0.25)", "1.75")]
      ) { Statistics.quantile($0, $1) },
      Native(
        "interval",
        "The half width of Student's confidence interval of the mean; nil for fewer than two numbers.",
        Param<[Double]>("values", "Numbers."),
        Param<Double>("level", "The confidence level.", default: 0.95, .between(0, 1)),
        returns: "float or nil", seeAlso: ["table.group"], search: ["confidence", "error bar"],
        examples: [("round(stats.interval([1, 2, 3]), 3)", "2.484")]
      ) { Statistics.meanInterval($0, level: $1) },
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
        guard let interval = Statistics.wilson(successes: successes, trials: trials, level: level)
        else {
          throw Fault(.value, "`successes` is at most `trials`, got \(successes) of \(trials)")
            .atArgument(0)
        }
        return Estimate(
          value: Double(successes) / Double(trials), low: interval.lowerBound,
          high: interval.upperBound, level: level)
      },
    ])
}
