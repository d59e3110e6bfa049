import Foundations
import Runtime
import Statistics
import Syntax
import Tensors

/// Tests of hypotheses in scripts.
enum SampleTestBuiltins {
  private typealias Shared = StatsParameters

  static let natives = (means + distributions).abandonable() + [permutation] + counts.abandonable()

  private static let means = [
    Native(
      "t_test",
      "Student's t test of a difference of means, of equal variances. `b` may be a number: the mean that `a` is compared with.",
      Shared.first,
      Param<NumberOrNumbers>("b", "The second sample, or a mean; nil is skipped."),
      Param<Bool>(
        "paired", "Whether the values belong together one by one.", default: false, named: true),
      Shared.alternative, Shared.level,
      returns: "{statistic, p, df, difference: {value, low, high}}",
      seeAlso: ["stats.welch", "stats.mann_whitney", "stats.effect_size"],
      search: ["student", "significance", "p-value"],
      examples: [
        ("round(stats.t_test([1, 2, 3, 4], [3, 4, 5, 7]).p, 4)", "0.0803"),
        ("stats.t_test([1, 2, 3], [2, 3, 5], paired: true).df", "2.0"),
      ]
    ) { a, b, paired, alternative, level in
      let alternative = Shared.alternative(alternative)
      switch b {
      case .one(let mean):
        guard !paired else {
          throw Fault(.value, "`paired` needs two samples, but `b` is a number").atArgument(2)
        }
        return Shared.record(
          try TTest(a.present, mean: mean, alternative: alternative, level: level))
      case .many(let b) where paired:
        let pairs = try CompletePairs(a, b)
        return Shared.record(
          try TTest(pairs: pairs.first, pairs.second, alternative: alternative, level: level))
      case .many(let b):
        return Shared.record(
          try TTest(
            a.present, b.present, equalVariances: true, alternative: alternative, level: level))
      }
    },
    Native(
      "welch", "Welch's t test of a difference of means, whatever the variances.",
      Shared.first, Shared.second, Shared.alternative, Shared.level,
      returns: "{statistic, p, df, difference: {value, low, high}}",
      seeAlso: ["stats.t_test"], search: ["unequal variances", "significance"],
      examples: [("round(stats.welch([1, 2, 3, 4], [3, 4, 5, 17]).p, 4)", "0.2437")]
    ) { a, b, alternative, level in
      Shared.record(
        try TTest(
          a.present, b.present, equalVariances: false,
          alternative: Shared.alternative(alternative), level: level))
    },
  ]

  private static let distributions = [
    Native(
      "mann_whitney",
      "The test of Mann and Whitney (Wilcoxon's rank sum) of which sample tends to be larger. `auc` is the chance that a value of `a` is the larger, ties counted half.",
      Shared.first, Shared.second, Shared.alternative,
      Param<String>(
        "method",
        "\"exact\" counts all orders, which knows no ties; \"auto\" does so where one sample has at most 8 values and none are tied.",
        default: "auto", .oneOf(MannWhitney.Method.allCases.map(\.rawValue)), named: true),
      Param<Bool>(
        "correction", "Whether the asymptotic p is corrected for continuity.", default: true,
        named: true),
      returns: "{statistic, p, auc, exact}", seeAlso: ["stats.t_test", "stats.ks_test"],
      search: ["wilcoxon", "rank sum", "nonparametric"],
      examples: [("stats.mann_whitney([1, 2, 3], [4, 5, 6]).p", "0.1")]
    ) { a, b, alternative, method, correction in
      let test = try MannWhitney(
        a.present, b.present, alternative: Shared.alternative(alternative),
        method: MannWhitney.Method(rawValue: method) ?? .auto, correction: correction)
      return Record([
        ("statistic", test.statistic), ("p", test.p), ("auc", test.share), ("exact", test.isExact),
      ])
    },
    Native(
      "ks_test",
      "The test of Kolmogorov and Smirnov of whether two samples come from the same distribution. `b` may be a distribution. `alternative` speaks of distribution functions: with \"greater\" that of `a` lies above, so that its values tend to be smaller.",
      Shared.first, Param<DistributionOrSample>("b", "The second sample, or a distribution."),
      Shared.alternative, returns: "{statistic, p, exact}",
      seeAlso: ["stats.mann_whitney", "stats.normal"], search: ["kolmogorov", "goodness of fit"],
      examples: [
        ("stats.ks_test([1, 2, 3], [4, 5, 6]).statistic", "1.0"),
        ("round(stats.ks_test([0.1, 0.4, 0.7], stats.uniform(0, 1)).p, 3)", "0.886"),
      ]
    ) { a, b, alternative in
      let alternative = Shared.alternative(alternative)
      let test =
        switch b {
        case .distribution(let made):
          try KolmogorovSmirnov(
            a.present, alternative: alternative, cumulative: made.distribution.cumulative)
        case .sample(let b):
          try KolmogorovSmirnov(a.present, b.present, alternative: alternative)
        }
      return Record([("statistic", test.statistic), ("p", test.p), ("exact", test.isExact)])
    },
  ]

  private static let permutation = Native(
    "permutation_test",
    "How often a random exchange of values makes a difference as large as the one between two samples. All exchanges are tried where there are no more than `resamples`; otherwise random ones, which count the observed one in.",
    Shared.first, Shared.second,
    Param<StatisticChoice>(
      "statistic",
      "\"mean\", \"median\" or \"std\", or a function of a sample, whose difference counts; or a function of both samples.",
      default: .named(.mean), named: true),
    Param<Int>(
      "resamples", "How many exchanges at most.", default: 10_000, .within(1, 1_000_000),
      named: true),
    Param<Bool>("paired", "Exchanges within pairs only.", default: false, named: true),
    Shared.alternative, Shared.seed, returns: "{statistic, p, resamples, exact}",
    seeAlso: ["stats.t_test", "stats.bootstrap"], search: ["randomization", "exact test"],
    examples: [
      ("stats.permutation_test([1, 2, 3], [4, 5, 6]).p", "0.1"),
      ("stats.permutation_test([1, 2, 3], [4, 5, 6], statistic: s => max(s)).statistic", "-3.0"),
    ],
    context: {
      (
        vm: VM, a: [Double?], b: [Double?], statistic: StatisticChoice, resamples: Int,
        paired: Bool, alternative: String, seed: Int?
      ) in
      var options = PermutationTest.Options(
        key: Shared.key(seed, "permutation", vm))
      options.resamples = resamples
      options.isPaired = paired
      options.alternative = Shared.alternative(alternative)
      let pairs = paired ? try CompletePairs(a, b) : nil
      let (x, y) = (pairs?.first ?? a.present, pairs?.second ?? b.present)
      let test =
        switch statistic {
        case .named(let statistic):
          try Cancellation.abandonable { try PermutationTest(x, y, statistic, options) }
        case .function(let function) where (function.arity?.lowerBound ?? 1) > 1:
          try PermutationTest(x, y, options) { try function.call($0, $1, as: Double.self) }
        case .function(let function):
          try PermutationTest(x, y, options) {
            try function.call($0, as: Double.self) - function.call($1, as: Double.self)
          }
        }
      return Record([
        ("statistic", test.statistic), ("p", test.p), ("resamples", test.resamples),
        ("exact", test.isExact),
      ])
    })

  private static let counts = [
    Native(
      "chi_square",
      "Pearson's χ² test of counts, or the χ² distribution. Rows of counts are tested for independence of rows and columns, a list of counts for being as expected. Of a number it is the χ² distribution with so many degrees of freedom.",
      Param<CountsOrDegrees>("counts", "Rows of counts, or counts; or degrees of freedom."),
      Param<Bool>(
        "correction", "Whether Yates's correction is made in a table of two by two.",
        default: true, named: true),
      Param<[Double]?>(
        "expected", "What is expected of each of a list's counts; nil expects the same of all.",
        default: nil, named: true),
      returns: "any", seeAlso: ["stats.fisher", "distribution.survival"],
      search: ["independence", "contingency", "goodness of fit", "chi-squared"],
      examples: [
        ("round(stats.chi_square([[10, 20], [30, 5]]).p, 6)", "4.7e-05"),
        ("stats.chi_square([16, 18, 16, 14, 12, 12]).statistic", "2.0"),
        ("round(stats.chi_square(1).quantile(0.95), 3)", "3.841"),
      ],
      context: { (vm: VM, counts: CountsOrDegrees, correction: Bool, expected: [Double]?) in
        switch counts {
        case .degrees(let degrees):
          return DistributionValue(try ChiSquareDistribution(degrees: degrees)).encode(vm)
        case .counts(.table(let rows)):
          guard expected == nil else {
            throw Fault(.value, "what is expected of a table's counts follows from its margins")
              .atArgument(2)
          }
          let test = try ChiSquareTest(table: rows, correction: correction)
          return try Shared.record(test, expected: test.expected).encode(vm)
        case .counts(.list(let counts)):
          let test = try ChiSquareTest(counts: counts, expected: expected)
          return try Shared.record(test, expected: test.expected[0]).encode(vm)
        }
      }),
    Native(
      "fisher",
      "Fisher's exact test of a table of two by two counts. Its statistic is the odds ratio.",
      Param<[[Double]]>("counts", "Two rows of two counts."), Shared.alternative,
      returns: "{statistic, p}", seeAlso: ["stats.chi_square"],
      search: ["odds ratio", "contingency", "independence"],
      examples: [("round(stats.fisher([[8, 2], [1, 5]]).p, 4)", "0.035")]
    ) { counts, alternative in
      let test = try FisherTest(table: counts, alternative: Shared.alternative(alternative))
      return Record([("statistic", test.statistic), ("p", test.p)])
    },
  ]
}

extension StatsParameters {
  static func record(_ test: TTest) -> Record {
    Record([
      ("statistic", test.statistic), ("p", test.p), ("df", test.degrees),
      ("difference", test.difference),
    ])
  }

  static func record(_ test: ChiSquareTest, expected: any ValueEncodable) -> Record {
    Record([
      ("statistic", test.statistic), ("p", test.p), ("df", test.degrees), ("expected", expected),
    ])
  }
}

/// A distribution, or the numbers of a sample.
enum DistributionOrSample: Bindable {
  case distribution(DistributionValue)
  case sample([Double?])

  static let typeName = "list of float or distribution"

  static func decode(_ value: Value, _ vm: VM) throws -> DistributionOrSample? {
    if let made = try DistributionValue.decode(value, vm) { return .distribution(made) }
    return try [Double?].decode(value, vm).map(DistributionOrSample.sample)
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .distribution(let made): made.encode(vm)
    case .sample(let numbers): try numbers.encode(vm)
    }
  }
}

/// Counts, or degrees of freedom.
enum CountsOrDegrees: Bindable {
  case counts(Counts)
  case degrees(Double)

  static let typeName = "list of counts, of rows of counts, or float"

  static func decode(_ value: Value, _ vm: VM) throws -> CountsOrDegrees? {
    if let degrees = Double.decode(value, vm) { return .degrees(degrees) }
    return try Counts.decode(value, vm).map(CountsOrDegrees.counts)
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .counts(let counts): try counts.encode(vm)
    case .degrees(let degrees): degrees.encode(vm)
    }
  }
}
