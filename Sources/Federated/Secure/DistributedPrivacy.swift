import Foundations
import Privacy

/// Privacy of devices without trust in the server: each client adds a share of discrete Gaussian noise, and the server
/// sees nothing but the secure sum (see `DistributedGaussian`).
public struct DistributedPrivacy: ClientPrivacy {
  public enum Budget: Sendable, Equatable {
    case epsilon(Double)
    case noiseMultiplier(Double)
  }
  public let budget: Budget
  public let delta: Double
  public let clip: Double
  public let settings: SecureSettings
  /// Noise of the simulation's seed, which protects nobody: a ledger counts it as a release without protection.
  public let isSeeded: Bool

  /// - Throws: `value` for numbers that are no budget, and for a protocol whose sums are not modulo 2^bits.
  public init(
    _ budget: Budget, delta: Double, clip: Double, settings: SecureSettings, isSeeded: Bool = false
  ) throws {
    guard delta > 0, delta < 1 else {
      throw DomainError(.value, "delta must be above 0 and below 1, got \(delta)")
    }
    guard settings.kind != .lightsecagg else {
      throw DomainError(
        .value, "distributed noise needs sums modulo a power of two, which LightSecAgg has not",
        hint: "take `protocol: \"secagg\"` or `\"secagg+\"`")
    }
    let number =
      switch budget {
      case .epsilon(let value), .noiseMultiplier(let value): value
      }
    guard number > 0, number.isFinite, clip > 0, clip.isFinite else {
      throw DomainError(
        .value,
        "a budget or noise and a clip must be above 0 and finite, got \(number) and \(clip)")
    }
    self.budget = budget
    self.delta = delta
    self.clip = clip
    self.settings = settings
    self.isSeeded = isSeeded
  }

  public var fingerprint: String {
    "distributed(\(budget), \(delta), \(clip), \(settings.fingerprint)\(isSeeded ? ", seeded" : ""))"
  }

  public func plan(
    devices: Int, clients: Int, rounds: Int, parameters: Int, neighbours: Neighbours
  ) throws -> PrivacyPlan {
    let clients = min(clients, devices)
    // Says at once where the clients are too few.
    let minimum = try settings.sum(of: clients).threshold
    let mechanism =
      switch budget {
      case .epsilon(let epsilon):
        try DistributedGaussian.calibrated(
          epsilon: epsilon, delta: delta, rounds: rounds, neighbours: neighbours,
          clients: clients, minimum: minimum, clip: clip, parameters: parameters,
          bits: settings.bits)
      case .noiseMultiplier(let noise):
        try DistributedGaussian(
          clients: clients, minimum: minimum, clip: clip, noiseMultiplier: noise,
          parameters: parameters, bits: settings.bits)
      }
    guard mechanism.rho(neighbours).isFinite else {
      throw DomainError(
        .value,
        "the noise of a client is \(mechanism.localSigma) steps, too little for any promise",
        hint: "take more noise or more `bits`")
    }
    let (delta, isSeeded) = (delta, isSeeded)
    var plan = PrivacyPlan(
      sigma: mechanism.noiseMultiplier,
      event: { rounds in
        isSeeded
          ? Event(.nonPrivate, neighbours: neighbours, unit: .client)
          : mechanism.event(rounds: rounds, neighbours)
      },
      epsilon: { rounds in
        try Accountant.zcdp.epsilon(
          of: mechanism.event(rounds: rounds, neighbours), delta: delta)
      })
    plan.weighting = .equal
    plan.combiner = DistributedCombiner(
      mechanism: mechanism, settings: settings, isSeeded: isSeeded)
    return plan
  }
}

/// The secure sum of updates with shares of noise.
struct DistributedCombiner: Combiner {
  let mechanism: DistributedGaussian
  let settings: SecureSettings
  let isSeeded: Bool

  var fingerprint: String { "distributed(\(mechanism), \(settings.fingerprint))" }
  var seesUpdates: Bool { false }

  /// - Throws: `value` where clients send numbers beside the model's, or where they are more than the noise was meant
  ///   for, or fewer than the least number.
  func combine(
    _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
    random: RandomKey
  ) throws -> RoundSum {
    guard updates.allSatisfy({ UpdateNumbers.count($0) == mechanism.parameters }) else {
      throw DomainError(
        .value,
        "the noise is for \(mechanism.parameters) numbers of a client, but \(UpdateNumbers.count(updates[0])) are sent"
      )
    }
    guard updates.count <= mechanism.clients, updates.count >= mechanism.minimum else {
      throw DomainError(
        .value,
        "\(updates.count) clients are in a round whose noise is made by \(mechanism.minimum) to \(mechanism.clients)",
        hint: "lower `threshold`, or ask for fewer clients a round")
    }
    let protocolSum = try SecureSum(
      settings.kind, clients: updates.count, threshold: mechanism.minimum, bits: settings.bits,
      neighbours: settings.neighbours)
    let coding = try DistributedGaussianCoding(mechanism, rotation: random.derived("rotation"))
    let isSeeded = isSeeded
    let outcome = try protocolSum.run(
      length: mechanism.width, dropouts: settings.dropouts(updates.count, random)
    ) { client in
      let key = random.derived("client", devices[client])
      return try coding.encode(
        UpdateNumbers.flattened(updates[client]), rounding: key.derived("rounding"),
        isSeeded ? .seeded(key.derived("noise")) : .secure)
    }
    let isSum = weights.count > 1 && weights.allSatisfy { $0 == 1 }
    let factor = isSum ? 1 : 1 / Double(outcome.survivors.count)
    var sum = try UpdateNumbers.sum(
      coding.decode(outcome.sum).map { $0 * factor }, like: updates[0])
    sum.clients = outcome.survivors.count
    sum.examples = outcome.survivors.reduce(0) { $0 + updates[$1].examples }
    SecureReport.add(outcome, saturated: 0, to: &server)
    return sum
  }
}
