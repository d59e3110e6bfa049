import Foundations
import Privacy
import Runtime

/// What mechanisms cost: `dp.epsilon`, `dp.noise_multiplier` and their like.
enum AccountingBuiltins {
  private static let accountants = Accountant.allCases.map(\.rawValue)

  static let natives = [
    Native(
      "epsilon",
      "The epsilon of DP-SGD: Poisson samples, Gaussian noise, one example added or removed. Rounded up. \"rdp\" is the accountant that `dp.train` uses, \"rdp-classic\" the older conversion, \"pld\" the tightest bound, never above the first, \"gdp\" an approximation that can be too low unless the sample rate is 1.",
      Param<Double>("noise_multiplier", "Noise relative to the clipping bound.", .nonNegative),
      Param<Double>("sample_rate", "The chance of an example to be in a step.", .within(0, 1)),
      Param<Int>("steps", "How many steps.", .nonNegative),
      Param<Double>("delta", "The chance that the promise fails.", default: 1e-5, .between(0, 1)),
      Param<String>("accountant", "Who computes it.", default: "rdp", .oneOf(accountants)),
      returns: "float", seeAlso: ["dp.noise_multiplier", "dp.train"],
      search: ["accountant", "budget", "privacy loss", "renyi"],
      examples: [("round(dp.epsilon(1.1, 256 / 60000, 14062), 4)", "2.5966")]
    ) { noise, rate, steps, delta, accountant in
      try spent(noise, rate, steps, delta, accountant)
    },
    Native(
      "noise_multiplier",
      "The least noise multiplier with which DP-SGD stays within a budget. `dp.epsilon` of it, by the same accountant, is never above. \"rdp\" is that of `dp.train`; \"pld\" needs less noise, for an epsilon below 0.01 very much less.",
      Param<Double>("epsilon", "The budget.", .positive),
      Param<Double>("sample_rate", "The chance of an example to be in a step.", .within(0, 1)),
      Param<Int>("steps", "How many steps.", .nonNegative),
      Param<Double>("delta", "The chance that the promise fails.", default: 1e-5, .between(0, 1)),
      Param<String>("accountant", "Who computes it.", default: "rdp", .oneOf(accountants)),
      returns: "float", seeAlso: ["dp.epsilon"], search: ["calibrate", "sigma", "accountant"],
      examples: [("round(dp.noise_multiplier(3, 256 / 60000, 14063), 3)", "1.014")]
    ) { epsilon, rate, steps, delta, accountant in
      try NoiseCalibration.noiseMultiplier(epsilon: epsilon, delta: delta) {
        (noise) throws(DomainError) in
        try spent(noise, rate, steps, delta, accountant)
      }
    },
    Native(
      "gaussian_sigma",
      "The least noise multiplier of one Gaussian release, exactly (Balle, Wang 2018).",
      Param<Double>("epsilon", "The budget.", .positive),
      Param<Double>("delta", "The chance that the promise fails.", default: 1e-5, .between(0, 1)),
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

  /// The epsilon of `steps` steps of DP-SGD by the accountant of this name, which the parameter's rule has checked.
  private static func spent(
    _ noise: Double, _ rate: Double, _ steps: Int, _ delta: Double, _ name: String
  ) throws(DomainError) -> Double {
    guard let accountant = Accountant(rawValue: name) else {
      throw DomainError(.value, "there is no accountant \(Quoting.literal(name))")
    }
    return try accountant.epsilon(noiseMultiplier: noise, rate: rate, steps: steps, delta: delta)
  }
}
