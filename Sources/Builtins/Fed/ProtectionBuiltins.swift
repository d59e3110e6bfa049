import Federated
import Foundations
import Runtime

/// `fed.central` and `fed.local`: privacy of devices; `fed.attack`: devices that mean harm.
enum ProtectionBuiltins {
  static let natives = [central, local, attack]

  private static let unset = Param<Double?>(
    "epsilon", "The budget of all rounds; give this or `noise_multiplier`. `inf` clips alone.",
    default: nil, .positive, named: true)
  private static let noise = Param<Double?>(
    "noise_multiplier",
    "The noise on the sum of updates, relative to the clipping bound; give this or `epsilon`.",
    default: nil, .nonNegative, .finite, named: true)
  private static let clip = Param<ClipBound>(
    "clip",
    "The largest norm of an update; \"adaptive\" follows the median of the updates' norms, from 0.1 on, at a cost that epsilon counts.",
    default: .fixed(1), text: "1.0", named: true)
  private static let delta = Param<Double>(
    "delta",
    "The chance that the promise fails; well below 1 / number of devices. Inside a ledger the ledger's, unless given.",
    default: 1e-5, .between(0, 1), named: true)

  private static let central = Native(
    "central",
    "Privacy of whole devices by a trusted server (DP-FedAvg, McMahan et al. 2018). The server is trusted with their updates; it is for `fed.simulate(…, privacy: …)`. In each round every device takes part with the chance clients / devices, on its own, so that the number that comes varies; updates are clipped together over all that a device sends, summed with equal weights, noised, and divided by `clients`. Epsilon is for one device more or less with all of its data, by privacy loss distributions of Poisson samples; `history.sigma` is the noise multiplier. In a ledger of replaced devices the sum moves by twice the bound, and the epsilon counts no gain by sampling. Outside of a ledger, inside `with seed(n)` or a sweep, the noise is seeded, and protects nobody who knows the seed. Losses, accuracies and cohorts of the history are not covered. Strategies that send numbers beside their vectors, weights by samples, other selections and robust aggregation are refused.",
    parameters: [unset, noise, delta, clip],
    returns: "federated rule", seeAlso: ["fed.local", "fed.simulate", "dp.train", "dp.ledger"],
    search: ["privacy", "dp-fedavg", "differential privacy", "client-level", "clipping", "noise"],
    examples: [
      ("fed.central(epsilon: 4)", "fed.central(epsilon: 4.0, delta: 1e-05, clip: 1.0)"),
      (
        "fed.central(noise_multiplier: 1, clip: \"adaptive\")",
        "fed.central(noise_multiplier: 1.0, delta: 1e-05, clip: \"adaptive\")"
      ),
    ],
    arguments: { (arguments: inout Arguments) -> FedRule in
      let (epsilon, noise) = (try arguments(unset), try arguments(noise))
      let delta = try delta(&arguments, delta)
      let bound: Double? =
        switch try arguments(clip) {
        case .fixed(let bound): bound
        case .adaptive: nil
        }
      let privacy = try CentralPrivacy(
        epsilon: epsilon, noiseMultiplier: noise, delta: delta, clip: bound)
      let budget = epsilon.map { "epsilon: \($0)" } ?? "noise_multiplier: \(noise ?? 0)"
      let clip = bound.map { "\($0)" } ?? "\"adaptive\""
      return FedRule(
        text: "fed.central(\(budget), delta: \(delta), clip: \(clip))", role: .privacy(privacy))
    })

  private static let localEpsilon = Param<Double>(
    "epsilon", "Of one round and device.", .positive, .finite, named: true)
  private static let localClip = Param<Double>(
    "clip", "The largest norm of an update, C.", .positive, .finite, named: true)
  private static let localDelta = Param<Double>(
    "delta",
    "Of one round and device, and of all rounds together. Inside a ledger the ledger's, unless given.",
    default: 1e-6, .between(0, 1), named: true)
  private static let most = Param<Int?>(
    "max_participations",
    "How often a device may send; later it sends zeros, in known rounds. nil: in every round.",
    default: nil, .within(1, 16_777_216), named: true)

  private static let local = Native(
    "local",
    "Privacy of devices that trust nobody, for `fed.simulate(…, privacy: …)`. Each clips its update to the norm C and adds Gaussian noise before it sends it. Epsilon and delta are of one round and device, whatever its data are exchanged for: then what it sends moves by 2C at most, and the noise is for that. The history's epsilon is composed over all rounds so far, or `max_participations`, as if one device had been in each. All devices count alike. Who takes part is not covered. Of n devices a round the mean has noise smaller by √n; it takes many devices or a large epsilon to learn something.",
    parameters: [localEpsilon, localClip, localDelta, most],
    returns: "federated rule", seeAlso: ["fed.central", "fed.simulate", "dp.ledger"],
    search: ["privacy", "local differential privacy", "ldp", "noise"],
    examples: [
      (
        "fed.local(epsilon: 8, clip: 0.5)", "fed.local(epsilon: 8.0, clip: 0.5, delta: 1e-06)"
      )
    ],
    arguments: { (arguments: inout Arguments) -> FedRule in
      let (epsilon, clip) = (try arguments(localEpsilon), try arguments(localClip))
      let delta = try delta(&arguments, localDelta)
      let most = try arguments(most)
      let privacy = try LocalPrivacy(
        epsilon: epsilon, delta: delta, clip: clip, maxParticipations: most)
      let cap = most.map { ", max_participations: \($0)" } ?? ""
      return FedRule(
        text: "fed.local(epsilon: \(epsilon), clip: \(clip), delta: \(delta)\(cap))",
        role: .privacy(privacy))
    })

  private static func delta(_ arguments: inout Arguments, _ delta: Param<Double>) throws -> Double {
    let given = try arguments(delta)
    return arguments.isGiven("delta") ? given : arguments.vm.ledgerDelta ?? given
  }

  private static let attack = Native(
    "attack",
    "Devices that mean harm, for `fed.simulate(…, attack: …)`. They are a share of all devices, drawn once from the run's seed. \"sign_flip\": they send their update times -factor (1). \"scale\": times factor (10). \"label_flip\": they train on turned labels, class k of n as n - 1 - k. \"inner_product\": they send -factor (0.5) times the mean of the round's honest updates (Xie et al. 2020). \"alie\": that mean minus factor standard deviations, number by number; without a factor as many as hide among honest devices (Baruch et al. 2019). The last two know what honest devices send, and cannot be simulated under `secure`.",
    Param<String>("kind", "What they do.", .oneOf(Attack.allCases.map(\.rawValue))),
    Param<Double>(
      "share", "Of devices that attack; at least one.", default: 0.2, .between(0, 1), named: true),
    Param<Double?>(
      "factor", "How strongly; nil: the attack's own. A flip of labels has none.", default: nil,
      .finite, named: true),
    returns: "federated rule", seeAlso: ["fed.krum", "fed.trimmed", "fed.simulate"],
    search: ["byzantine", "poisoning", "malicious", "robustness", "backdoor"],
    examples: [
      (
        "fed.attack(\"sign_flip\", share: 0.1)", "fed.attack(\"sign_flip\", share: 0.1)"
      )
    ]
  ) { kind, share, factor in
    let step = try (Attack(rawValue: kind) ?? .signFlip).step(share: share, factor: factor)
    let strength = factor.map { ", factor: \($0)" } ?? ""
    return FedRule(
      text: "fed.attack(\(Quoting.literal(kind)), share: \(share)\(strength))", role: .step(step))
  }
}
