import Foundations
import Runtime
import Statistics
import Syntax

/// A distribution in a script.
struct DistributionValue: NativeValue {
  let distribution: any Distribution

  init(_ distribution: any Distribution) { self.distribution = distribution }

  /// As a script would make it.
  var text: String {
    let arguments = distribution.parameters.map {
      isCount($0.name)
        ? NumberText.shortest($0.value).replacing(".0", with: "") : $0.value.defaultText
    }
    return "\(type(of: distribution).name)(\(arguments.joined(separator: ", ")))"
  }

  private func isCount(_ name: String) -> Bool { distribution.isDiscrete && name == "n" }

  static let nativeType = NativeType<DistributionValue>(
    "distribution", "A distribution of a number, as `stats.normal` and its like make it."
  ) { type in
    type.representation = { value, _ in value.text }
    type.equals = { $0.text == $1.text }
    type.compare = { vm, op, left, right in
      guard let a = try DistributionValue.decode(left, vm),
        let b = try DistributionValue.decode(right, vm)
      else { return op == .equal ? .bool(false) : op == .notEqual ? .bool(true) : nil }
      return op == .equal
        ? .bool(a.text == b.text) : op == .notEqual ? .bool(a.text != b.text) : nil
    }
    type.content = { $1.write($0.text) }
    type.transfer = .share
    type.field("family", "The name of the family, such as \"normal\".") {
      Swift.type(of: $0.distribution).name
    }
    type.field("parameters", "Its parameters by their names.", returns: "map") {
      Record($0.distribution.parameters.map { ($0.name, $0.value) })
    }
    type.field("mean", "Its mean; nan or infinite where it has none.") { $0.distribution.mean }
    type.field("std", "Its standard deviation; nan or infinite where it has none.") {
      $0.distribution.variance.squareRoot()
    }
    type.methods(DistributionBuiltins.methods)
  }
}

/// Distributions in scripts: making them, and what they tell.
enum DistributionBuiltins {
  private static let distribution = Param<DistributionValue>("distribution")
  private static let x = Param<NumberOrNumbers>("x", "A number, or many; nil stays nil.")

  static let methods = [
    Native(
      "pdf", "The probability density; of counts their probability.", distribution, x,
      returns: "float or list of float", search: ["density", "pmf", "likelihood"],
      examples: [
        ("stats.uniform(0, 4).pdf(1)", "0.25"),
        ("stats.exponential(1).pdf([0, -1, nil])", "[1.0, 0.0, nil]"),
      ]
    ) { value, x in try x.map(value.distribution.density) },
    Native(
      "cdf", "The probability of a number of at most x.", distribution, x,
      returns: "float or list of float", seeAlso: ["distribution.survival"],
      search: ["cumulative", "p-value"], examples: [("stats.normal(0, 1).cdf(0)", "0.5")]
    ) { value, x in try x.map(value.distribution.cumulative) },
    Native(
      "survival", "The probability of a number above x, with all digits where it is small.",
      distribution, x, returns: "float or list of float", seeAlso: ["distribution.cdf"],
      search: ["sf", "tail", "p-value"],
      examples: [("stats.exponential(1).survival(100) < 1e-43", "true")]
    ) { value, x in try x.map(value.distribution.survival) },
    Native(
      "quantile", "The least number that is not exceeded with a probability.", distribution,
      Param<NumberOrNumbers>("probability", "From 0 to 1, or many of them."),
      returns: "float or list of float", search: ["ppf", "inverse", "percentile"],
      examples: [
        ("round(stats.normal(0, 1).quantile(0.975), 3)", "1.96"),
        ("stats.poisson(3).quantile([0.1, 0.5])", "[1.0, 3.0]"),
      ]
    ) { value, probability in
      if let outside = probability.numbers.first(where: { $0 < 0 || $0 > 1 }) {
        throw Fault(
          .value, "a probability lies between 0 and 1, found \(NumberText.shortest(outside))"
        ).atArgument(1)
      }
      return try probability.map { value.distribution.quantile($0) }
    },
    Native(
      "sample",
      "Independent random numbers: one, or a list of `count`; whole where they are counts.",
      distribution,
      Param<Int?>(
        "count", "How many; nil gives a number instead of a list.", default: nil,
        .within(0, 1e8)), StatsParameters.seed, returns: "any", seeAlso: ["seed"],
      search: ["random", "draw", "rvs"],
      examples: [
        ("len(stats.normal(0, 1).sample(3))", "3"), ("stats.binomial(10, 1.0).sample()", "10"),
      ],
      context: { (vm: VM, value: DistributionValue, count: Int?, seed: Int?) in
        try vm.reserve((count ?? 0) * 3 * MemoryLayout<Value>.stride)
        var random = StatsParameters.key(seed, "sample", vm).stream
        let drawn = try value.distribution.sample(count ?? 1, &random)
        func encoded(_ number: Double) -> Value {
          // Counts stay below 2⁵³ but where a mean lies near it.
          value.distribution.isDiscrete
            ? Int(exactly: number).map(Value.int) ?? .float(number) : .float(number)
        }
        return count == nil ? encoded(drawn[0]) : try drawn.map(encoded).encode(vm)
      }),
  ]

  private static func made(_ distribution: some Distribution) -> DistributionValue {
    DistributionValue(distribution)
  }

  static let makers: [Native] = symmetric + positive + counts

  private static let symmetric = [
    Native(
      "normal", "A normal distribution.", Param<Double>("mean", "Its mean.", default: 0),
      Param<Double>("std", "Its standard deviation.", default: 1), returns: "distribution",
      seeAlso: ["distribution.cdf", "distribution.sample"], search: ["gaussian"],
      examples: [("stats.normal(0, 2).std", "2.0"), ("stats.normal()", "normal(0, 1)")]
    ) { made(try NormalDistribution(mean: $0, deviation: $1)) }.evaluated(),
    Native(
      "student", "Student's t distribution.", Param<Double>("df", "Degrees of freedom."),
      returns: "distribution", seeAlso: ["stats.t_test"], search: ["t distribution"],
      examples: [("round(stats.student(4).quantile(0.975), 3)", "2.776")]
    ) { made(try StudentDistribution(degrees: $0)) }.evaluated(),
    Native(
      "uniform", "A uniform distribution between two bounds.",
      Param<Double>("low", "The least number.", default: 0),
      Param<Double>("high", "The greatest.", default: 1), returns: "distribution",
      seeAlso: ["stats.loguniform"], examples: [("stats.uniform(2, 4).mean", "3.0")]
    ) { made(try UniformDistribution(low: $0, high: $1)) }.evaluated(),
    Native(
      "beta", "A beta distribution, on [0, 1].", Param<Double>("a", "The first shape."),
      Param<Double>("b", "The second shape."), returns: "distribution",
      examples: [("stats.beta(1, 3).mean", "0.25")]
    ) { made(try BetaDistribution($0, $1)) }.evaluated(),
  ]

  private static let positive = [
    Native(
      "loguniform",
      "A distribution whose logarithm is uniform: for searching a learning rate.",
      Param<Double>("low", "The least number, above 0."), Param<Double>("high", "The greatest."),
      returns: "distribution", seeAlso: ["stats.uniform"],
      search: ["reciprocal", "log-uniform", "hyperparameter"],
      examples: [("round(stats.loguniform(1e-4, 1).quantile(0.5), 6)", "0.01")]
    ) { made(try LogUniformDistribution(low: $0, high: $1)) }.evaluated(),
    Native(
      "exponential", "An exponential distribution.",
      Param<Double>("rate", "Events in a unit of time; the mean is 1 / rate.", default: 1),
      returns: "distribution", examples: [("stats.exponential(4).mean", "0.25")]
    ) { made(try ExponentialDistribution(rate: $0)) }.evaluated(),
    Native(
      "gamma", "A gamma distribution.", Param<Double>("shape", "Its shape."),
      Param<Double>("scale", "Its scale; the mean is shape × scale.", default: 1),
      returns: "distribution", examples: [("stats.gamma(2, 3).mean", "6.0")]
    ) { made(try GammaDistribution(shape: $0, scale: $1)) }.evaluated(),
    Native(
      "f", "An F distribution.", Param<Double>("a", "Degrees of freedom of the numerator."),
      Param<Double>("b", "Degrees of freedom of the denominator."), returns: "distribution",
      search: ["variance ratio", "anova"],
      examples: [("round(stats.f(2, 10).survival(4.1), 3)", "0.05")]
    ) { made(try FDistribution($0, $1)) }.evaluated(),
  ]

  private static let counts = [
    Native(
      "binomial", "How many of some independent trials succeed.", Param<Int>("n", "Trials."),
      Param<Double>("p", "The chance of each."), returns: "distribution",
      seeAlso: ["stats.wilson"], examples: [("stats.binomial(10, 0.5).mean", "5.0")]
    ) { made(try BinomialDistribution(n: $0, p: $1)) }.evaluated(),
    Native(
      "poisson", "How many events come where some are expected.",
      Param<Double>("mean", "How many are expected."), returns: "distribution",
      examples: [("round(stats.poisson(2).pdf(0), 3)", "0.135")]
    ) { made(try PoissonDistribution(mean: $0)) }.evaluated(),
  ]
}
