import Learning
import Privacy
import Runtime

/// Releases of numbers whose sensitivity the caller gives.
enum ReleaseBuiltins {
  static let natives = [
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
      returns: "as given", seeAlso: ["dp.gaussian_sigma", "dp.clip"],
      search: ["mechanism", "release", "noise"]
    ) { vector, noise, sensitivity in
      try vector.with(
        GaussianMechanism.release(
          vector.values, noiseMultiplier: noise, sensitivity: sensitivity))
    },
  ]
}
