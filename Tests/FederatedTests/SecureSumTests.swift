import Foundation
import Foundations
import Testing

@testable import Federated

/// Whole rounds of the protocols.
@Suite struct SecureSumTests {
  private static func vectors(_ clients: Int, _ length: Int, below modulus: UInt64) -> [[UInt32]] {
    var stream = RandomStream(seed: 5)
    return (0..<clients).map { _ in
      (0..<length).map { _ in UInt32(stream.next() % modulus) }
    }
  }

  private static func plain(
    _ vectors: [[UInt32]], _ survivors: [Int], modulo modulus: UInt64
  ) -> [UInt32] {
    (0..<vectors[0].count).map { place in
      UInt32(survivors.reduce(UInt64(0)) { ($0 + UInt64(vectors[$1][place])) % modulus })
    }
  }

  @Test(arguments: SecureSum.Kind.allCases, [16, 32])
  func sumIsExactWithLossesInEveryPhase(_ kind: SecureSum.Kind, _ bits: Int) throws {
    let sum = try SecureSum(kind, clients: 12, threshold: 6, bits: bits)
    let vectors = Self.vectors(12, 301, below: sum.modulus)
    var dropouts = SecureSum.Dropouts()
    let all = try sum.run(length: 301, dropouts: dropouts) { vectors[$0] }
    #expect(all.survivors == Array(0..<12))
    #expect(all.sum == Self.plain(vectors, all.survivors, modulo: sum.modulus))
    dropouts.keys = [0, 7]
    dropouts.shares = [3]
    dropouts.upload = [4, 11]
    dropouts.unmask = [1]
    let some = try sum.run(length: 301, dropouts: dropouts) { vectors[$0] }
    #expect(some.survivors == [1, 2, 5, 6, 8, 9, 10])
    #expect(some.sum == Self.plain(vectors, some.survivors, modulo: sum.modulus))
    #expect(some.cost.bytesUp > 7 * 301 * bits / 8 && some.cost.bytesDown > 0)
    #expect(some.cost.clientSeconds > 0 && some.cost.serverSeconds > 0)
    #expect(all.cost.bytesUp > some.cost.bytesUp)
  }

  @Test(arguments: SecureSum.Kind.allCases)
  func oneBelowTheThresholdAborts(_ kind: SecureSum.Kind) throws {
    let sum = try SecureSum(kind, clients: 8, threshold: 6)
    let paths: [(WritableKeyPath<SecureSum.Dropouts, Set<Int>>, String)] = [
      (\.keys, "keys"), (\.shares, "shares"), (\.upload, "upload"), (\.unmask, "unmask"),
    ]
    for (path, name) in paths {
      var dropouts = SecureSum.Dropouts()
      dropouts[keyPath: path] = [2, 5]
      #expect(throws: Never.self) {
        try sum.run(length: 3, dropouts: dropouts) { _ in [1, 2, 3] }
      }
      dropouts[keyPath: path] = [2, 5, 6]
      let error = #expect(throws: DomainError.self) {
        try sum.run(length: 3, dropouts: dropouts) { _ in [1, 2, 3] }
      }
      #expect(error?.message.contains("\"\(name)\"") == true)
    }
  }

  @Test func sparseGraphSumsExactly() throws {
    let sum = try SecureSum(.secaggPlus, clients: 60, threshold: 50, neighbours: 24)
    #expect(sum.degree.degree == 24)
    let vectors = Self.vectors(60, 50, below: 1 << 32)
    var dropouts = SecureSum.Dropouts()
    dropouts.upload = [1, 2, 3]
    dropouts.unmask = [10, 20]
    let outcome = try sum.run(length: 50, dropouts: dropouts) { vectors[$0] }
    #expect(outcome.sum == Self.plain(vectors, outcome.survivors, modulo: 1 << 32))
    let complete = try SecureSum(.secagg, clients: 60, threshold: 50)
    let other = try complete.run(length: 50, dropouts: dropouts) { vectors[$0] }
    #expect(other.sum == outcome.sum)
    #expect(outcome.cost.bytesUp < other.cost.bytesUp)
  }

  /// The size that the costs on the Performance page are of; its seconds are printed.
  @Test(.enabled(if: ProcessInfo.processInfo.environment["FAIRLEAD_LARGE"] != nil))
  func hundredClientsOfHundredThousandNumbers() throws {
    for kind in SecureSum.Kind.allCases {
      let sum = try SecureSum(kind, clients: 100, threshold: 70)
      var dropouts = SecureSum.Dropouts()
      dropouts.upload = Set(0..<10)
      let start = ContinuousClock.now
      let outcome = try sum.run(length: 100_000, dropouts: dropouts) { client in
        (0..<100_000).map { UInt32(($0 * 31 + client) & 0xFFFF) }
      }
      let seconds = (ContinuousClock.now - start).asSeconds
      let expected = (10..<100).reduce(0) { $0 + ((99_999 * 31 + $1) & 0xFFFF) }
      #expect(outcome.sum[99_999] == UInt32(expected))
      print(
        kind.rawValue, seconds, outcome.cost.clientSeconds / 100, outcome.cost.serverSeconds,
        outcome.cost.bytesUp, outcome.cost.bytesDown)
    }
  }

  @Test func noClientIsLostThatIsNone() throws {
    let sum = try SecureSum(clients: 3, threshold: 2)
    var dropouts = SecureSum.Dropouts()
    dropouts.upload = [3]
    #expect(throws: DomainError.self) { try sum.run(length: 1, dropouts: dropouts) { _ in [1] } }
    #expect(throws: DomainError.self) { try sum.run(length: 2) { _ in [1] } }
    #expect(throws: DomainError.self) { try SecureSum(clients: 3, threshold: 4) }
    #expect(throws: DomainError.self) { try SecureSum(clients: 1, threshold: 1) }
    #expect(throws: DomainError.self) { try SecureSum(clients: 3, threshold: 2, bits: 33) }
  }
}

/// What clients let out, and what they do not.
@Suite struct SecureClientTests {
  private struct Round {
    let round = SecureRound(threshold: 3, length: 2000, bits: 16)
    var clients: [SecureClient] = []
    var adverts: [KeyAdvert] = []
    var messages: [SealedShares] = []

    init() throws {
      for id in 0..<4 {
        var client = SecureClient(id, round)
        adverts.append(try client.advertise())
        clients.append(client)
      }
      for id in 0..<4 { messages += try clients[id].shareSecrets(adverts) }
    }

    func inbox(_ id: Int) -> [SealedShares] { messages.filter { $0.to == id } }
  }

  @Test func nobodyGetsBothSharesOfAClient() throws {
    var round = try Round()
    for id in 0..<4 {
      _ = try round.clients[id].masked([UInt32](repeating: 0, count: 2000), round.inbox(id))
    }
    let first = try round.clients[0].reveal([0, 1, 2])
    #expect(Set(first.seeds.keys) == [0, 1, 2] && Set(first.keys.keys) == [3])
    // Now as if client 1 had been lost and 3 not: that would give the other halves.
    #expect(throws: DomainError.self) { try round.clients[0].reveal([0, 2, 3]) }
    #expect(throws: DomainError.self) { try round.clients[0].reveal([0, 1, 2]) }
    // A client that is itself called lost says nothing, nor one told of too few survivors.
    #expect(throws: DomainError.self) { try round.clients[1].reveal([0, 2, 3]) }
    #expect(throws: DomainError.self) { try round.clients[2].reveal([2, 3]) }
    for revealed in [first, try round.clients[3].reveal([0, 1, 2, 3])] {
      #expect(Set(revealed.seeds.keys).isDisjoint(with: revealed.keys.keys))
    }
  }

  @Test func phasesComeOnceAndInOrder() throws {
    var round = try Round()
    #expect(throws: DomainError.self) { try round.clients[0].reveal([0, 1, 2]) }
    #expect(throws: DomainError.self) { try round.clients[0].advertise() }
    #expect(throws: DomainError.self) { try round.clients[0].shareSecrets(round.adverts) }
    let zeros = [UInt32](repeating: 0, count: 2000)
    #expect(throws: DomainError.self) {
      try round.clients[0].masked(zeros, Array(round.inbox(0)[..<1]))
    }
    let inbox = round.inbox(1)
    #expect(throws: DomainError.self) { try round.clients[1].masked(zeros, [inbox[0], inbox[0]]) }
    let others = round.inbox(3)
    #expect(throws: DomainError.self) { try round.clients[2].masked(zeros, others) }
  }

  @Test func sharesThatWereChangedAreNotedAndKeysMustDiffer() throws {
    var round = try Round()
    let zeros = [UInt32](repeating: 0, count: 2000)
    var inbox = round.inbox(0)
    var box = inbox[0].box
    box[20] ^= 1
    inbox[0] = SealedShares(from: inbox[0].from, to: 0, box: box)
    _ = try round.clients[0].masked(zeros, inbox)
    #expect(throws: DomainError.self) { try round.clients[0].reveal([0, 1, 2, 3]) }
    var client = SecureClient(0, round.round)
    var adverts = round.adverts
    adverts[0] = try client.advertise()
    adverts[2] = KeyAdvert(client: 2, channel: adverts[1].channel, mask: adverts[1].mask)
    #expect(throws: DomainError.self) { try client.shareSecrets(adverts) }
  }

  @Test func maskedNumbersAreUniform() throws {
    // Pearson's test of the upper four of 16 bits of 4 · 2000 masked zeros: 15 degrees of freedom.
    var round = try Round()
    var counts = [Double](repeating: 0, count: 16)
    for id in 0..<4 {
      let sent = try round.clients[id].masked(
        [UInt32](repeating: 0, count: 2000), round.inbox(id))
      for word in sent {
        #expect(word < 1 << 16)
        counts[Int(word >> 12)] += 1
      }
    }
    let expected = 8000.0 / 16
    let statistic = counts.reduce(0) { $0 + ($1 - expected) * ($1 - expected) / expected }
    // Beyond with chance 1e-9.
    #expect(statistic < 75)
  }

  @Test func lightClientsAnswerOnce() throws {
    let round = SecureRound(threshold: 2, length: 5, bits: 32)
    let coding = LagrangeCoding(field: .mersenne31, clients: 3, threshold: 2, privacy: 1)
    var clients = (0..<3).map { LightSecureClient($0, round, coding) }
    var adverts: [KeyAdvert] = []
    for id in 0..<3 { adverts.append(try clients[id].advertise()) }
    var messages: [SealedShares] = []
    for id in 0..<3 { messages += try clients[id].shareMask(adverts) }
    _ = try clients[0].masked([0, 1, 2, 3, 4], messages.filter { $0.to == 0 })
    _ = try clients[0].reveal([0, 1, 2])
    #expect(throws: DomainError.self) { try clients[0].reveal([0, 1]) }
    #expect(throws: DomainError.self) { try clients[1].reveal([0, 1, 2]) }
  }
}
