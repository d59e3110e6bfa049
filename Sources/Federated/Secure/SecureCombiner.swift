import Foundations
import Learning

/// How a simulation's rounds are summed securely: the protocol, who may be lost, and who is.
public struct SecureSettings: Sendable {
  public var kind: SecureSum.Kind
  /// Clients that must answer: below 1 a share of those asked, rounded up; else their number.
  public var threshold: Double
  /// The chance of a client to be lost, each phase as likely.
  public var drop: Double
  public var bits: Int
  public var neighbours: Int?

  /// - Throws: `value` for numbers that no protocol has.
  public init(
    _ kind: SecureSum.Kind = .secagg, threshold: Double = 0.7, drop: Double = 0, bits: Int = 32,
    neighbours: Int? = nil
  ) throws {
    guard threshold > 0, threshold < 1 || (threshold >= 2 && threshold <= 0x1p20),
      threshold < 1 || threshold == threshold.rounded()
    else {
      throw DomainError(
        .value,
        "the threshold of secure sums is a share between 0 and 1, or a number of clients from 2 on, got \(threshold)"
      )
    }
    guard drop >= 0, drop < 1 else {
      throw DomainError(.value, "the chance to be lost is at least 0 and below 1, got \(drop)")
    }
    self.kind = kind
    self.threshold = threshold
    self.drop = drop
    self.bits = bits
    self.neighbours = neighbours
    // Two clients say whether the other numbers can be.
    _ = try SecureSum(kind, clients: 2, threshold: 2, bits: bits, neighbours: neighbours)
  }

  public var fingerprint: String {
    "\(kind.rawValue), \(threshold), \(drop), \(bits), \(neighbours.map(String.init) ?? "-")"
  }

  /// How many of so many must answer.
  public func minimum(of clients: Int) -> Int {
    threshold < 1
      ? max(2, Int((threshold * Double(clients)).rounded(.up)))
      : Int(min(threshold, 0x1p20))
  }

  public func sum(of clients: Int) throws -> SecureSum {
    try SecureSum(
      kind, clients: clients, threshold: minimum(of: clients), bits: bits, neighbours: neighbours)
  }

  /// Who is lost in a round.
  public func dropouts(_ clients: Int, _ random: RandomKey) -> SecureSum.Dropouts {
    var stream = random.stream
    var lost = SecureSum.Dropouts()
    for client in 0..<clients where stream.uniform() < drop {
      switch stream.integer(below: 4) {
      case 0: lost.keys.insert(client)
      case 1: lost.shares.insert(client)
      case 2: lost.upload.insert(client)
      default: lost.unmask.insert(client)
      }
    }
    return lost
  }
}

/// Sums a round's updates by a protocol of secure aggregation. Each client clips its numbers, multiplies them by its
/// weight and rounds them to fixed point; of those who are lost nothing is in the sum, and where it is a mean the
/// weights of the others are raised to sum to 1 again. Masks come from the operating system and leave the sum as it is,
/// so that rounds repeat with their seed.
///
/// A round in which fewer than the threshold answer is an error.
public struct SecureCombiner: Combiner {
  public let settings: SecureSettings
  /// The largest magnitude of a number of an update; larger ones are cut off and counted.
  public let clip: Double

  /// - Throws: `value` for a clip that is not above 0 and finite.
  public init(_ settings: SecureSettings, clip: Double = 8) throws {
    guard clip > 0, clip.isFinite else {
      throw DomainError(.value, "a clip must be above 0 and finite, got \(clip)")
    }
    self.settings = settings
    self.clip = clip
  }

  public var fingerprint: String { "secure(\(settings.fingerprint), \(clip))" }
  public var seesUpdates: Bool { false }

  public func combine(
    _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
    random: RandomKey
  ) throws -> RoundSum {
    let protocolSum = try settings.sum(of: updates.count)
    let total = weights.reduce(0, +)
    let point = try FixedPoint(
      modulus: protocolSum.modulus, clients: updates.count, clip: clip, weight: total)
    let saturated = SaturationCount()
    let length = UpdateNumbers.count(updates[0])
    let outcome = try protocolSum.run(
      length: length, dropouts: settings.dropouts(updates.count, random)
    ) { client in
      let numbers = UpdateNumbers.flattened(updates[client])
      var beyond = 0
      let encoded = try numbers.map {
        try point.encode($0, weight: weights[client], saturated: &beyond)
      }
      saturated.add(beyond)
      return encoded
    }
    // Plain sums stay what they are.
    let isSum = weights.allSatisfy { $0 == 1 }
    let kept = outcome.survivors.reduce(0) { $0 + weights[$1] }
    let factor = isSum ? 1 : total / kept
    var sum = try UpdateNumbers.sum(
      outcome.sum.map { point.decode($0) * factor }, like: updates[0])
    sum.clients = outcome.survivors.count
    sum.examples = outcome.survivors.reduce(0) { $0 + updates[$1].examples }
    SecureReport.add(outcome, saturated: saturated.value, to: &server)
    return sum
  }
}

/// What secure rounds took so far, among the server's numbers.
enum SecureReport {
  static func add(_ outcome: SecureSum.Outcome, saturated: Int, to server: inout ServerState) {
    let found: [(String, Double)] = [
      ("secure.saturated", Double(saturated)),
      ("secure.bytes", Double(outcome.cost.bytesUp + outcome.cost.bytesDown)),
      ("secure.client_seconds", outcome.cost.clientSeconds),
      ("secure.server_seconds", outcome.cost.serverSeconds),
    ]
    for (name, value) in found { server.numbers[name, default: 0] += value }
  }
}
