import Foundations

/// A sum of clients' vectors of which the server learns nothing else, by a protocol that bears clients that are lost on
/// the way. All messages between the clients and the server are made and read here, on one machine.
public struct SecureSum: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    /// Bonawitz et al. 2017: masks between all pairs.
    case secagg
    /// Bell et al. 2020: masks between neighbours in a random graph.
    case secaggPlus = "secagg+"
    /// So et al. 2022: one mask a client, coded for all others.
    case lightsecagg
  }

  /// Clients that are lost in a phase: they do not come through it, nor through any later one.
  public struct Dropouts: Sendable, Equatable {
    public var keys: Set<Int> = []
    public var shares: Set<Int> = []
    public var upload: Set<Int> = []
    public var unmask: Set<Int> = []

    public init() {}

    var all: Set<Int> { keys.union(shares).union(upload).union(unmask) }
  }

  public let kind: Kind
  public let clients: Int
  /// Clients that must answer in every phase.
  public let threshold: Int
  /// Sums are modulo 2^bits; LightSecAgg's modulo the prime 2³¹ - 1, whatever the bits.
  public let bits: Int
  let degree: SecureDegree

  /// - Parameters:
  ///   - threshold: from 2 to the number of clients: fewer who collude with the server learn nothing but the sum; of
  ///     LightSecAgg half as many.
  ///   - neighbours: of SecAgg+; nil: as `SecureDegree` finds them.
  /// - Throws: `value` for numbers that no protocol has.
  public init(
    _ kind: Kind = .secagg, clients: Int, threshold: Int, bits: Int = 32, neighbours: Int? = nil
  ) throws {
    guard clients >= 2, clients <= 1 << 20 else {
      throw DomainError(
        .value, "a secure sum needs at least 2 clients, and at most 2²⁰, got \(clients)",
        hint: "the sum of one client is its vector")
    }
    guard threshold >= 2, threshold <= clients else {
      throw DomainError(
        .value,
        "the threshold of a secure sum of \(clients) clients is from 2 to \(clients), got \(threshold)"
      )
    }
    guard bits >= 2, bits <= 32 else {
      throw DomainError(.value, "a secure sum has from 2 to 32 bits a number, got \(bits)")
    }
    guard neighbours.map({ $0 >= 2 }) ?? true else {
      throw DomainError(.value, "a client needs at least 2 neighbours, got \(neighbours ?? 0)")
    }
    self.kind = kind
    self.clients = clients
    self.threshold = threshold
    self.bits = bits
    degree =
      try kind == .secaggPlus
      ? neighbours.map { try SecureDegree(clients: clients, minimum: threshold, degree: $0) }
        ?? SecureDegree(clients: clients, minimum: threshold)
      : SecureDegree(clients: clients, minimum: threshold, degree: clients)
  }

  /// What sums are modulo of.
  public var modulus: UInt64 {
    kind == .lightsecagg ? PrimeField.mersenne31.modulus : 1 << UInt64(bits)
  }

  public struct Outcome: Sendable {
    /// Modulo `modulus`.
    public var sum: [UInt32]
    /// Whose vectors are in it, in ascending order.
    public var survivors: [Int]
    public var cost = Cost()
  }

  public struct Cost: Sendable {
    /// Sent by all clients together, numbers of a vector packed by their bits.
    public var bytesUp = 0
    public var bytesDown = 0
    /// Of all clients together, on one thread each.
    public var clientSeconds = 0.0
    public var serverSeconds = 0.0
  }

  /// Runs the protocol.
  /// - Parameters:
  ///   - length: how many numbers a vector has.
  ///   - vector: of a client, each number below `modulus`; asked for once, on any thread.
  /// - Throws: `value` where fewer than the threshold come through a phase, `index` for a client that is none; what
  ///   `vector` throws; `interrupt`.
  public func run(
    length: Int, dropouts: Dropouts = Dropouts(), vector: @Sendable (Int) throws -> [UInt32]
  ) throws -> Outcome {
    if let wrong = dropouts.all.first(where: { $0 < 0 || $0 >= clients }) {
      throw DomainError(
        .index, "there is no client \(wrong) to be lost: they are 0 to \(clients - 1)")
    }
    switch kind {
    case .secagg, .secaggPlus: return try PairwiseRun(self, length, dropouts).run(vector)
    case .lightsecagg: return try LightRun(self, length, dropouts).run(vector)
    }
  }

  /// Those who come through a phase, of whom the threshold must.
  func through(_ clients: [Int], without lost: Set<Int>, _ phase: String) throws -> [Int] {
    let left = clients.filter { !lost.contains($0) }
    guard left.count >= threshold else {
      throw SecureFault.tooFew(left.count, of: threshold, phase)
    }
    return left
  }

  func vectorBytes(_ length: Int) -> Int {
    (length * (kind == .lightsecagg ? 31 : bits) + 7) / 8
  }
}

/// Work of clients side by side, with what it takes.
struct ClientPhases {
  private(set) var seconds = 0.0

  mutating func each<Item>(_ count: Int, _ body: (Int) throws -> Item) throws -> [Item] {
    let results = try ParallelWork.map(count) { index in
      let start = ContinuousClock.now
      return (try body(index), (ContinuousClock.now - start).asSeconds)
    }
    seconds += results.reduce(0) { $0 + $1.1 }
    return results.map(\.0)
  }
}

extension Duration {
  var asSeconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
