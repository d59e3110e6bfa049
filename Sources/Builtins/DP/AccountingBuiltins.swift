import Foundations
import Privacy
import Runtime

/// What mechanisms cost: `dp.epsilon`, `dp.noise_multiplier` and their like.
enum AccountingBuiltins {
  private static let steps = Param<Int>(
    "steps", "How many steps; of a tree its leaves in one pass.", .nonNegative)
  private static let rate = Param<Double>(
    "sample_rate", "The chance of an example to be in a step; of a fixed size its share.",
    .within(0, 1))
  private static let delta = Param<Double>(
    "delta", "The chance that the promise fails.", default: 1e-5, .between(0, 1))
  private static let accountant = Param<String>(
    "accountant", "Who computes it.", default: Accountant.pld.rawValue,
    .oneOf(Accountant.allCases.filter { $0 != .basic }.map(\.rawValue)))
  private static let sampling = Param<String>(
    "sampling",
    "\"poisson\" (one example added or removed), \"fixed\" (batches of one size, one example replaced) or \"tree\" (prefix sums by a binary tree, each example once a pass).",
    default: DPSampling.Kind.poisson.rawValue,
    .oneOf(DPSampling.Kind.allCases.map(\.rawValue)))
  private static let passes = Param<Int>(
    "passes", "Of a tree: passes over the data, each with a new tree.", default: 1, .nonNegative)

  static let natives = [
    Native(
      "epsilon",
      "The epsilon of Gaussian noise in training, rounded up. Accountants: \"pld\" (the default) composes privacy loss distributions and is the tightest bound; \"rdp\" composes Rényi divergences, \"rdp-classic\" with the older conversion; \"prv\" gives the upper end of the interval of privacy random variables, which `dp.compose` shows whole; \"zcdp\" knows no samples, so that it takes a sample rate of 1 (or a tree) only; \"gdp\" is an approximation by a limit theorem that can be too low unless the sample rate is 1.",
      Param<Double>("noise_multiplier", "Noise relative to the clipping bound.", .nonNegative),
      rate, steps, delta, accountant, sampling, passes,
      returns: "float", seeAlso: ["dp.noise_multiplier", "dp.compose", "dp.train"],
      search: ["accountant", "budget", "privacy loss", "renyi", "prv", "zcdp"],
      examples: [
        ("round(dp.epsilon(1.1, 256 / 60000, 14062), 4)", "2.3816"),
        ("round(dp.epsilon(1.1, 256 / 60000, 14062, accountant: \"rdp\"), 4)", "2.5966"),
        ("round(dp.epsilon(8, 1, 1600, sampling: \"tree\"), 2)", "1.62"),
      ]
    ) { noise, rate, steps, delta, accountant, sampling, passes in
      try DPSampling.named(sampling, rate: rate, steps: steps, passes: passes)
        .epsilon(noise, delta, accountant)
    },
    Native(
      "noise_multiplier",
      "The least noise multiplier with which training stays within a budget. `dp.epsilon` of it, by the same accountant, is never above. Accountants are those of `dp.epsilon`; \"zcdp\" takes a sample rate of 1 (or a tree) only.",
      Param<Double>("epsilon", "The budget.", .positive), rate, steps, delta, accountant, sampling,
      passes,
      returns: "float", seeAlso: ["dp.epsilon"], search: ["calibrate", "sigma", "accountant"],
      examples: [
        ("round(dp.noise_multiplier(3, 256 / 60000, 14063), 2)", "0.97"),
        ("round(dp.noise_multiplier(3, 256 / 60000, 14063, accountant: \"rdp\"), 3)", "1.014"),
      ]
    ) { epsilon, rate, steps, delta, accountant, sampling, passes in
      let sampling = try DPSampling.named(sampling, rate: rate, steps: steps, passes: passes)
      return try NoiseCalibration.noiseMultiplier(epsilon: epsilon, delta: delta) {
        (noise) throws(DomainError) in try sampling.epsilon(noise, delta, accountant)
      }
    },
    Native(
      "gaussian_sigma",
      "The least noise multiplier of one Gaussian release, exactly (Balle, Wang 2018).",
      Param<Double>("epsilon", "The budget.", .positive), delta,
      returns: "float", seeAlso: ["dp.gaussian"], search: ["analytic", "calibrate"],
      examples: [("round(dp.gaussian_sigma(1), 4)", "3.7306")]
    ) { epsilon, delta in try GaussianMechanism.noiseMultiplier(epsilon: epsilon, delta: delta) },
    Native(
      "advantage_bound",
      "The advantage that no membership attack on an (epsilon, delta)-private result can exceed.",
      Param<Double>("epsilon", "What was spent.", .nonNegative),
      Param<Double>("delta", "The chance that the promise fails.", default: 1e-5, .within(0, 1)),
      returns: "float", seeAlso: ["dp.attack"], search: ["membership"],
      examples: [("round(dp.advantage_bound(1), 4)", "0.4621")]
    ) { epsilon, delta in MembershipAttack.advantageBound(epsilon: epsilon, delta: delta) },
  ]
}

/// How training draws its data, with everything but the noise.
struct DPSampling {
  enum Kind: String, CaseIterable { case poisson, fixed, tree }

  var kind: Kind
  var rate: Double
  var steps: Int
  var passes: Int

  /// - Throws: `value` for numbers that the kind does not have.
  static func named(_ name: String, rate: Double, steps: Int, passes: Int) throws -> DPSampling {
    guard let kind = Kind(rawValue: name) else {
      throw Fault(.value, "there is no sampling \(Quoting.literal(name))")
    }
    guard kind == .tree || passes == 1 else {
      throw Fault(.value, "`passes` is for trees: \(name) samples have none, found \(passes)")
    }
    guard kind != .tree || rate == 1 else {
      throw Fault(
        .value, "a tree takes all data in each pass: `sample_rate` must be 1, got \(rate)")
    }
    return DPSampling(kind: kind, rate: rate, steps: steps, passes: passes)
  }

  /// The event of noise relative to the clipping bound.
  ///
  /// One that is replaced moves a sum by up to twice the bound.
  func event(_ noise: Double, unit: PrivacyUnit = .example) -> Event {
    switch kind {
    case .poisson:
      .sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps, unit: unit)
    case .fixed:
      Event(
        .repeated(
          .fixedSizeSampled(rate: rate, .gaussian(noiseMultiplier: noise / 2)), times: steps),
        neighbours: .replaceOne, unit: unit)
    case .tree:
      Event(.tree(noiseMultiplier: noise, steps: steps, passes: passes), unit: unit)
    }
  }

  /// The epsilon by the accountant of this name, which the parameter's rule has checked.
  func epsilon(_ noise: Double, _ delta: Double, _ name: String) throws(DomainError) -> Double {
    guard let accountant = Accountant(rawValue: name) else {
      throw DomainError(.value, "there is no accountant \(Quoting.literal(name))")
    }
    return try accountant.epsilon(of: event(noise), delta: delta)
  }
}
