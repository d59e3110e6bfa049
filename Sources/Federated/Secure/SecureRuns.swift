import Foundations
import Synchronization

/// A vector that clients' vectors are added to as they come. Sums modulo 2³² or a prime are the same in any order.
private final class VectorSum: Sendable {
  private let sum: Mutex<[UInt32]>
  private let modulus: UInt64

  init(_ length: Int, modulo modulus: UInt64) {
    sum = Mutex([UInt32](repeating: 0, count: length))
    self.modulus = modulus
  }

  func add(_ vector: [UInt32]) {
    sum.withLock { sum in
      // A power of two divides 2³²: what is above it is taken off in the end.
      guard modulus.nonzeroBitCount > 1 else {
        for i in sum.indices { sum[i] &+= vector[i] }
        return
      }
      for i in sum.indices { sum[i] = UInt32((UInt64(sum[i]) + UInt64(vector[i])) % modulus) }
    }
  }

  var value: [UInt32] { sum.withLock { $0 } }
}

/// SecAgg and SecAgg+ with all their messages.
struct PairwiseRun {
  private let settings: SecureSum
  private let round: SecureRound
  private let length: Int
  private let dropouts: SecureSum.Dropouts

  init(_ settings: SecureSum, _ length: Int, _ dropouts: SecureSum.Dropouts) {
    self.settings = settings
    self.length = length
    self.dropouts = dropouts
    round = SecureRound(
      threshold: settings.degree.threshold, length: length, bits: settings.bits)
  }

  func run(_ vector: @Sendable (Int) throws -> [UInt32]) throws -> SecureSum.Outcome {
    var phases = ClientPhases()
    var cost = SecureSum.Cost()
    // Keys.
    let advertising = try settings.through(
      Array(0..<settings.clients), without: dropouts.keys, "keys")
    let started = try phases.each(advertising.count) { place in
      var client = SecureClient(advertising[place], round)
      return (try client.advertise(), client)
    }
    let adverts = started.map(\.0)
    var clients = started.map(\.1)
    let graph = SecureGraph.ring(
      advertising.count, degree: settings.degree.degree, SecureRandom())
    cost.bytesUp += adverts.reduce(0) { $0 + $1.byteCount }
    cost.bytesDown += graph.neighbours.reduce(0) { $0 + $1.count * 64 }
    // Shares.
    let sharing = try settings.through(advertising, without: dropouts.shares, "shares")
    let place = Dictionary(uniqueKeysWithValues: advertising.enumerated().map { ($1, $0) })
    let shares = try phases.each(sharing.count) { index in
      let own = place[sharing[index]] ?? 0
      var client = clients[own]
      let messages = try client.shareSecrets(
        (graph.neighbours[own] + [own]).sorted().map { adverts[$0] })
      return (client, messages)
    }
    var inbox = [[SealedShares]](repeating: [], count: advertising.count)
    let present = Set(sharing)
    for (client, messages) in shares {
      clients[place[client.id] ?? 0] = client
      for message in messages {
        cost.bytesUp += message.box.count
        guard present.contains(message.to), let to = place[message.to] else { continue }
        inbox[to].append(message)
        cost.bytesDown += message.box.count
      }
    }
    // Upload. Those who are lost have made their masks, but nothing of it arrives.
    let survivors = try settings.through(sharing, without: dropouts.upload, "upload")
    let sum = VectorSum(length, modulo: settings.modulus)
    let masked = try phases.each(survivors.count) { index in
      let own = place[survivors[index]] ?? 0
      var client = clients[own]
      sum.add(try client.masked(vector(survivors[index]), inbox[own]))
      return client
    }
    for client in masked { clients[place[client.id] ?? 0] = client }
    cost.bytesUp += survivors.count * settings.vectorBytes(length)
    let answering = try settings.through(survivors, without: dropouts.unmask, "unmask")
    let asked = answering.map { clients[place[$0] ?? 0] }
    let revealed = try phases.each(asked.count) { index in
      var client = asked[index]
      return try client.reveal(Set(survivors))
    }
    cost.bytesUp += revealed.reduce(0) { $0 + $1.byteCount }
    cost.bytesDown += survivors.count * survivors.count * 4
    let start = ContinuousClock.now
    let result = try server(adverts, graph).unmask(
      sum.value, shared: sharing, survivors: survivors, revealed)
    cost.serverSeconds = (ContinuousClock.now - start).asSeconds
    cost.clientSeconds = phases.seconds
    return SecureSum.Outcome(sum: result, survivors: survivors, cost: cost)
  }

  private func server(_ adverts: [KeyAdvert], _ graph: SecureGraph) -> SecureServer {
    SecureServer(
      round: round,
      adverts: Dictionary(uniqueKeysWithValues: adverts.map { ($0.client, $0) }),
      neighbours: Dictionary(
        uniqueKeysWithValues: zip(adverts, graph.neighbours).map { advert, others in
          (advert.client, others.map { adverts[$0].client })
        }))
  }
}

/// LightSecAgg with all its messages.
struct LightRun {
  private let settings: SecureSum
  private let round: SecureRound
  private let coding: LagrangeCoding
  private let length: Int
  private let dropouts: SecureSum.Dropouts

  init(_ settings: SecureSum, _ length: Int, _ dropouts: SecureSum.Dropouts) {
    self.settings = settings
    self.length = length
    self.dropouts = dropouts
    round = SecureRound(threshold: settings.threshold, length: length, bits: 32)
    coding = LagrangeCoding(
      field: .mersenne31, clients: settings.clients, threshold: settings.threshold,
      privacy: settings.threshold / 2)
  }

  func run(_ vector: @Sendable (Int) throws -> [UInt32]) throws -> SecureSum.Outcome {
    var phases = ClientPhases()
    var cost = SecureSum.Cost()
    let advertising = try settings.through(
      Array(0..<settings.clients), without: dropouts.keys, "keys")
    let started = try phases.each(advertising.count) { place in
      var client = LightSecureClient(advertising[place], round, coding)
      return (try client.advertise(), client)
    }
    let adverts = started.map(\.0)
    var clients = Dictionary(uniqueKeysWithValues: started.map { ($1.id, $1) })
    cost.bytesUp += 32 * adverts.count
    cost.bytesDown += 32 * adverts.count * (adverts.count - 1)
    let sharing = try settings.through(advertising, without: dropouts.shares, "shares")
    let ready = sharing.compactMap { clients[$0] }
    let shares = try phases.each(ready.count) { index in
      var client = ready[index]
      return (try client.shareMask(adverts), client)
    }
    var inbox: [Int: [SealedShares]] = [:]
    let present = Set(sharing)
    for (messages, client) in shares {
      clients[client.id] = client
      for message in messages {
        cost.bytesUp += message.box.count
        guard present.contains(message.to) else { continue }
        inbox[message.to, default: []].append(message)
        cost.bytesDown += message.box.count
      }
    }
    let survivors = try settings.through(sharing, without: dropouts.upload, "upload")
    let sum = VectorSum(length, modulo: settings.modulus)
    let sending = survivors.compactMap { clients[$0] }
    let masked = try phases.each(sending.count) { index in
      var client = sending[index]
      sum.add(try client.masked(vector(client.id), inbox[client.id] ?? []))
      return client
    }
    cost.bytesUp += survivors.count * settings.vectorBytes(length)
    let answering = Set(try settings.through(survivors, without: dropouts.unmask, "unmask"))
    // The first that answer are enough.
    let asked = masked.filter { answering.contains($0.id) }.prefix(settings.threshold)
    let revealed = try phases.each(asked.count) { index in
      var client = asked[asked.startIndex + index]
      return (client: client.id, values: try client.reveal(Set(survivors)))
    }
    cost.bytesUp += revealed.reduce(0) { $0 + 4 * $1.values.count }
    cost.bytesDown += survivors.count * survivors.count * 4
    let start = ContinuousClock.now
    let mask = coding.decode(revealed)
    let field = coding.field
    let result = zip(sum.value, mask).map { UInt32(field.subtract(UInt64($0), UInt64($1))) }
    cost.serverSeconds = (ContinuousClock.now - start).asSeconds
    cost.clientSeconds = phases.seconds
    return SecureSum.Outcome(sum: result, survivors: survivors, cost: cost)
  }
}
