import Learning
import Privacy
import Runtime

/// Releases of numbers whose sensitivity the caller gives.
enum ReleaseBuiltins {
  static let natives = floats + wholeNumbers + [simulated]

  private static let floats = [
    Native(
      "clip",
      "Scales a vector so that its L2 norm is at most `bound`, rounding included. A tensor keeps its dtype; one of integers becomes f64.",
      Param<NumberVector>("vector", "A list of numbers or a tensor."),
      Param<Double>("bound", "The largest norm allowed.", default: 1, .positive, .finite),
      Param<String>(
        "rule",
        "\"flat\" leaves short vectors alone; \"auto-s\" and \"auto-v\" bring all to the bound.",
        default: "flat", .oneOf(ClippingRule.allCases.map(\.rawValue)), named: true),
      returns: "as given", seeAlso: ["dp.gaussian"], search: ["norm", "sensitivity"],
      examples: [("dp.clip([3, 4], bound: 2.5)", "[1.5, 2.0]")]
    ) { vector, bound, rule in
      try vector.with(
        (ClippingRule(rawValue: rule) ?? .flat).apply(
          vector.values, bound: bound, asFloats: vector.isSingle))
    },
    Native(
      "gaussian",
      "Adds Gaussian noise that hides one example. It is exact, on a grid of a millionth of its standard deviation, from the operating system's random bits, so that it cannot be repeated by any seed. For n values it is wider than asked by the factor 1 / (1 - noise_multiplier · √n / 2²⁰), which pays for rounding to the grid: a millionth more for one value at multiplier 1, a thousandth more for a million of them. A value may be 4 billion times the standard deviation; a larger one is refused. A tensor keeps its dtype; one of integers becomes f64.",
      Param<NumberVector>("values", "A number, a list of numbers or a tensor."),
      Param<Double>("noise_multiplier", "Noise relative to the sensitivity.", .positive, .finite),
      Param<Double>(
        "sensitivity", "How far the values can move in L2 when one example joins or leaves.",
        default: 1, .positive, .finite),
      returns: "as given", seeAlso: ["dp.gaussian_sigma", "dp.laplace", "dp.clip"],
      search: ["mechanism", "release", "noise"],
      context: { (vm: VM, vector: NumberVector, noise: Double, sensitivity: Double) in
        try charge(.gaussian(noiseMultiplier: noise), "dp.gaussian", vm)
        return try vector.with(
          GaussianMechanism.release(
            vector.values, noiseMultiplier: noise, sensitivity: sensitivity))
      }
    ),
    Native(
      "laplace",
      "Adds Laplace noise of scale sensitivity / epsilon: within epsilon. It is exact, whole steps of a grid (a power of two, finer than a millionth of the noise) from the operating system's random bits, so that neither the lowest bits nor any seed tell values apart. For n values rounding to the grid counts as n steps more of sensitivity, a thousandth at most. A value beyond two billion times the noise's scale may be refused. A tensor keeps its dtype; one of integers becomes f64.",
      Param<NumberVector>("values", "A number, a list of numbers or a tensor."),
      Param<Double>(
        "sensitivity",
        "How far the values can move in L1, all together, when one example joins or leaves.",
        default: 1, .positive, .finite, named: true),
      Param<Double>("epsilon", "All that this spends.", .positive, .finite, named: true),
      returns: "as given", seeAlso: ["dp.gaussian", "dp.geometric", "dp.noise"],
      search: ["mechanism", "release", "noise"],
      examples: [("round(dp.laplace(2.5, epsilon: 1000000), 1)", "2.5")],
      context: { (vm: VM, vector: NumberVector, sensitivity: Double, epsilon: Double) in
        let mechanism = try LaplaceMechanism.mechanism(
          count: vector.values.count, sensitivity: sensitivity, epsilon: epsilon)
        try charge(mechanism, "dp.laplace", vm)
        return try vector.with(
          LaplaceMechanism.release(vector.values, sensitivity: sensitivity, epsilon: epsilon))
      }
    ),
  ]

  private static let wholeNumbers = [
    Native(
      "geometric",
      "Adds two-sided geometric noise to whole numbers, which stay whole. P[k] ∝ exp(-epsilon · |k| / sensitivity) spends epsilon; it is exact, from the operating system's random bits. This is discrete Laplace noise (Ghosh, Roughgarden, Sundararajan 2009).",
      Param<IntegerVector>("values", "An int or a list of ints."),
      Param<Int>(
        "sensitivity",
        "How far the values can move, all together, when one example joins or leaves.", default: 1,
        .positive, named: true),
      Param<Double>("epsilon", "All that this spends.", .positive, .finite, named: true),
      returns: "as given", seeAlso: ["dp.laplace", "dp.count"],
      search: ["mechanism", "discrete laplace", "integers"],
      examples: [("dp.geometric([3, 4], epsilon: 1000)", "[3, 4]")],
      context: { (vm: VM, vector: IntegerVector, sensitivity: Int, epsilon: Double) in
        let noise = try IntegerNoise.laplace(epsilon: epsilon, sensitivity: sensitivity)
        try charge(noise.mechanism(count: vector.values.count), "dp.geometric", vm)
        return vector.with(try noise.added(to: vector.values))
      }
    ),
    Native(
      "discrete_gaussian",
      "Adds discrete Gaussian noise to whole numbers, which stay whole. P[k] ∝ exp(-k² / (2 · sigma²)) is exact, from the operating system's random bits. It spends rho = sensitivity² / (2 · sigma²) of concentrated differential privacy (Canonne, Kamath, Steinke 2020, theorem 14). sigma² is rounded up to a fraction of whole numbers below 2⁴⁸.",
      Param<IntegerVector>("values", "An int or a list of ints."),
      Param<Double>("sigma", "The noise's standard deviation.", .positive, .finite, named: true),
      Param<Int>(
        "sensitivity", "How far the values can move in L2 when one example joins or leaves.",
        default: 1, .positive, named: true),
      returns: "as given", seeAlso: ["dp.gaussian", "dp.geometric"],
      search: ["mechanism", "zcdp", "integers"],
      examples: [("dp.discrete_gaussian(7, sigma: 0.01)", "7")],
      context: { (vm: VM, vector: IntegerVector, sigma: Double, sensitivity: Int) in
        let noise = try IntegerNoise.gaussian(sigma: sigma, sensitivity: sensitivity)
        try charge(noise.mechanism(count: vector.values.count), "dp.discrete_gaussian", vm)
        return vector.with(try noise.added(to: vector.values))
      }
    ),
  ]

  private static let simulated = Native(
    "noise",
    "Adds continuous noise by floats and a seed, to study what noise does. It protects nobody: the lowest bits of the results tell values apart (Mironov 2012), and the seed is known. Refused inside a ledger.",
    Param<NumberVector>("values", "A number, a list of numbers or a tensor."),
    Param<String>(
      "kind", "Which.", default: "laplace", .oneOf(SimulatedNoise.allCases.map(\.rawValue)),
      named: true),
    Param<Double>(
      "scale", "b of a density ∝ exp(-|x| / b), or the standard deviation.", default: 1,
      .nonNegative, .finite, named: true),
    StatsParameters.seed, returns: "as given", seeAlso: ["dp.laplace", "dp.gaussian"],
    search: ["simulate", "random"],
    examples: [("dp.noise(1.5, scale: 0)", "1.5")],
    context: { (vm: VM, vector: NumberVector, kind: String, scale: Double, seed: Int?) in
      guard !vm.isInLedger else {
        throw Fault(
          .privacy, "noise for simulations protects nobody, so a ledger does not let it out",
          hint: "use `dp.laplace` or `dp.gaussian`")
      }
      let key = StatsParameters.key(seed, "dp.noise", vm)
      return try vector.with(
        (SimulatedNoise(rawValue: kind) ?? .laplace)
          .added(to: vector.values, scale: scale, key: key))
    }
  )

  /// Charges a release for examples, between the neighbours of the ledger in force.
  static func charge(_ mechanism: Mechanism, _ operation: String, _ vm: VM) throws {
    try vm.charge(Event(mechanism, neighbours: vm.neighbours), operation)
  }
}

/// Whole numbers, one or many, given back in the same form.
struct IntegerVector: Bindable {
  static let typeName = "int or list of int"

  var values: [Int]
  private var isOne: Bool

  static func decode(_ value: Value, _ vm: VM) throws -> IntegerVector? {
    if let number = Int.decode(value, vm) { return IntegerVector(values: [number], isOne: true) }
    return try [Int].decode(value, vm).map { IntegerVector(values: $0, isOne: false) }
  }

  func with(_ values: [Int]) -> IntegerVector { IntegerVector(values: values, isOne: isOne) }

  func encode(_ vm: VM) throws -> Value {
    isOne ? values[0].encode(vm) : try values.encode(vm)
  }
}
