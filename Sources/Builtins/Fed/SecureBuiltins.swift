import Federated
import Foundations
import Runtime
import Tensors

/// `fed.secure_sum`, `fed.secure` and `fed.distributed`: sums of which the server learns nothing else.
enum SecureBuiltins {
  static let natives = [secureSum, secure, distributed]

  private static let vectors = Param<[Value]>(
    "vectors",
    "A vector of each client: lists of numbers or tensors, of one shape. Whole numbers stay whole.",
    .nonEmpty)
  static let threshold = Param<Double>(
    "threshold",
    "How many clients must answer in every phase: below 1 a share of them, rounded up. Fewer who collude with the server learn nothing but the sum (of LightSecAgg half as many).",
    default: 0.7, .positive, named: true)
  private static let lost = Param<[Spelling: [Int]]>(
    "drop",
    "Clients lost in a phase and all later ones, by their places: {keys: [], shares: [], upload: [3], unmask: [5]}. One lost at `unmask` is in the sum.",
    default: [:], named: true)
  static let drop = Param<Double>(
    "drop", "The chance of a client to be lost, in each of the four phases alike.", default: 0,
    .within(0, 1), named: true)
  static let kind = Param<String>(
    "protocol",
    "\"secagg\" (Bonawitz et al. 2017), \"secagg+\" (Bell et al. 2020: with neighbours only, of which a few clients have all), \"lightsecagg\" (So et al. 2022).",
    default: "secagg", .oneOf(SecureSum.Kind.allCases.map(\.rawValue)), named: true)
  static let bits = Param<Int>(
    "bits", "Of a number: sums are modulo 2^bits; LightSecAgg's modulo 2³¹ - 1 anyway.",
    default: 32, .within(2, 32), named: true)
  private static let sumClip = Param<Double?>(
    "clip",
    "The largest magnitude of a number that is not whole, known to all; larger ones are cut off. nil takes the largest that there is, which clients would have to agree on.",
    default: nil, .positive, .finite, named: true)

  private static let secureSum = Native(
    "secure_sum",
    "The sum of clients' vectors by secure aggregation. The server learns the sum and nothing else, even where clients are lost on the way. All of the protocol runs here, with its cryptography: X25519 keys, HKDF-SHA256, masks from AES-128, Shamir's shares, sealed by ChaCha20-Poly1305. The server is taken to follow the protocol (semi-honest). Whole numbers are summed exactly; others are rounded to fixed point with room for the sum of all. An error where fewer than `threshold` answer. `bytes` are those that all clients together send and receive, `client_seconds` the mean of a client, `saturated` numbers beyond the clip.",
    parameters: [vectors, threshold, lost, kind, bits, sumClip],
    returns:
      "{sum, survivors, bytes, seconds, bytes_up, bytes_down, client_seconds, server_seconds, saturated}",
    seeAlso: ["fed.secure", "fed.simulate", "fed.count"],
    search: ["secure aggregation", "secagg", "mpc", "multi-party computation", "bonawitz", "mask"],
    examples: [
      ("fed.secure_sum([[1, 2], [3, 4], [5, 6]], threshold: 2).sum.tolist()", "[9, 12]"),
      (
        "let r = fed.secure_sum([[1], [2], [4], [8]], threshold: 2, drop: {upload: [3], unmask: [0]})\n[r.sum.tolist(), r.survivors]",
        "[[7], [0, 1, 2]]"
      ),
    ],
    arguments: { (arguments: inout Arguments) -> Record in
      let vm = arguments.vm
      let vectors = try SecureVectors(try arguments(vectors), vm)
      let count = vectors.count
      let share = try arguments(threshold)
      let settings = try SecureSettings(
        kind(of: &arguments), threshold: share, bits: try arguments(bits))
      let sum = try settings.sum(of: count)
      return try vectors.summed(
        by: sum, clip: try arguments(sumClip), dropouts(try arguments(lost)))
    })

  static func kind(of arguments: inout Arguments) throws -> SecureSum.Kind {
    SecureSum.Kind(rawValue: try arguments(kind)) ?? .secagg
  }

  private static func dropouts(_ phases: [Spelling: [Int]]) throws -> SecureSum.Dropouts {
    var result = SecureSum.Dropouts()
    for (name, clients) in phases {
      switch name.text {
      case "keys": result.keys = Set(clients)
      case "shares": result.shares = Set(clients)
      case "upload": result.upload = Set(clients)
      case "unmask": result.unmask = Set(clients)
      default:
        throw Fault(
          .value, "there is no phase \(Quoting.literal(name.text)) of a secure sum",
          hint: "the phases are `keys`, `shares`, `upload` and `unmask`")
      }
    }
    return result
  }

  // MARK: Rules for simulations

  private static let clip = Param<Double>(
    "clip", "The largest magnitude of a number of an update; larger ones are cut off.",
    default: 8, .positive, .finite, named: true)

  private static func settings(_ arguments: inout Arguments, bits: Int) throws -> SecureSettings {
    try SecureSettings(
      kind(of: &arguments), threshold: try arguments(threshold), drop: try arguments(drop),
      bits: bits)
  }

  private static let secure = Native(
    "secure",
    "Secure aggregation of the rounds of `fed.simulate(…, secure: …)`, as `fed.secure_sum` runs it. Each client clips its update, multiplies it by its weight and rounds it to fixed point; the server gets the sum. Of clients who are lost before their upload nothing is in the sum, and a mean is one of the others. A round in which fewer than `threshold` answer is an error. What the sum is does not depend on the masks, so that runs repeat. Robust aggregation needs single updates, which nobody sees then.",
    parameters: [threshold, drop, kind, bits, clip], returns: "federated rule",
    seeAlso: ["fed.secure_sum", "fed.distributed", "fed.simulate"],
    search: ["secure aggregation", "secagg", "drop-outs", "mask"],
    examples: [
      (
        "fed.secure(drop: 0.1)",
        "fed.secure(threshold: 0.7, drop: 0.1, protocol: \"secagg\", bits: 32, clip: 8.0)"
      )
    ],
    arguments: { (arguments: inout Arguments) -> FedRule in
      let settings = try settings(&arguments, bits: try arguments(bits))
      let combiner = try SecureCombiner(settings, clip: try arguments(clip))
      return FedRule(
        text: "fed.secure(\(text(settings)), clip: \(combiner.clip))", role: .combiner(combiner))
    })

  private static let epsilon = Param<Double?>(
    "epsilon", "The budget of all rounds; give this or `noise_multiplier`.", default: nil,
    .positive, .finite, named: true)
  private static let noise = Param<Double?>(
    "noise_multiplier",
    "The noise on the sum of updates, relative to the clipping bound; give this or `epsilon`.",
    default: nil, .positive, .finite, named: true)
  private static let delta = Param<Double?>(
    "delta",
    "The chance that the promise fails; nil is the ledger's inside of one, else 1e-5.",
    default: nil, .between(0, 1), named: true)
  private static let norm = Param<Double>(
    "clip", "The largest L2 norm of an update.", default: 1, .positive, .finite, named: true)
  private static let noiseBits = Param<Int>(
    "bits", "Of a number of the sum; fewer cost more noise.", default: 20, .within(2, 32),
    named: true)

  private static let distributed = Native(
    "distributed",
    "Privacy of devices whose server is not trusted, for `fed.simulate(…, privacy: …)`. It is the distributed discrete Gaussian mechanism (Kairouz, Liu, Steinke 2021). Each client clips its update, turns it by a random rotation, rounds it by chance and adds a share of discrete Gaussian noise; the server sees the secure sum modulo 2^bits and nothing else. Zero-concentrated privacy by theorem 1 there, for whether a client's update is in the round (others in its place where a ledger says so); that it takes part is public, and that it was drawn by chance is not counted in its favour. The noise is enough where `threshold` honest clients answer. Clients weigh alike. Noise is exact, from the operating system's random bits; of a seed in seeded runs outside of ledgers, which protects nobody.",
    parameters: [
      epsilon, noise, delta, norm, noiseBits, threshold, drop, kind, PrivateTextBuiltins.noise,
    ], returns: "federated rule", seeAlso: ["fed.central", "fed.local", "fed.secure"],
    search: ["distributed privacy", "discrete gaussian", "ddg", "secure aggregation", "dp"],
    examples: [
      (
        "fed.distributed(epsilon: 4, delta: 1e-5)",
        "fed.distributed(epsilon: 4.0, delta: 1e-05, clip: 1.0, threshold: 0.7, drop: 0.0, protocol: \"secagg\", bits: 20)"
      )
    ],
    arguments: { (arguments: inout Arguments) -> FedRule in
      let vm = arguments.vm
      let (epsilon, noise) = (try arguments(epsilon), try arguments(noise))
      let budget: DistributedPrivacy.Budget
      switch (epsilon, noise) {
      case (let epsilon?, nil): budget = .epsilon(epsilon)
      case (nil, let noise?): budget = .noiseMultiplier(noise)
      default:
        throw Fault(.value, "`fed.distributed` needs `epsilon` or `noise_multiplier`, one of them")
      }
      let delta = try arguments(delta) ?? vm.ledgerDelta ?? 1e-5
      let settings = try settings(&arguments, bits: try arguments(noiseBits))
      let source = try vm.noiseSource(
        try arguments(PrivateTextBuiltins.noise), "fed.distributed")
      let privacy = try DistributedPrivacy(
        budget, delta: delta, clip: try arguments(norm), settings: settings,
        isSeeded: !source.isSecure)
      let first = epsilon.map { "epsilon: \($0)" } ?? "noise_multiplier: \(noise ?? 0)"
      return FedRule(
        text:
          "fed.distributed(\(first), delta: \(delta), clip: \(privacy.clip), \(text(settings)))",
        role: .privacy(privacy))
    })

  private static func text(_ settings: SecureSettings) -> String {
    "threshold: \(settings.threshold), drop: \(settings.drop), protocol: \(Quoting.literal(settings.kind.rawValue)), bits: \(settings.bits)"
  }
}
