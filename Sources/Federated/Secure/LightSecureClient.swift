import Foundations

/// One client of a round of LightSecAgg: it masks its vector once, by random numbers of which every client has a coded
/// share. Semi-honest, as `SecureClient`.
struct LightSecureClient: Sendable {
  private enum Phase { case keys, shares, upload, unmask, over }

  let id: Int
  private let round: SecureRound
  private let coding: LagrangeCoding
  private var phase = Phase.keys
  private var channels: SecureChannels
  private var mask: [UInt32] = []
  private var own: [UInt32] = []
  private var sealed: [Int: SealedShares] = [:]

  init(_ id: Int, _ round: SecureRound, _ coding: LagrangeCoding) {
    self.id = id
    self.round = round
    self.coding = coding
    channels = SecureChannels(client: id, round: round.name)
  }

  mutating func advertise() throws -> KeyAdvert {
    guard phase == .keys else { throw SecureFault.turn(id, "advertise keys") }
    phase = .shares
    return KeyAdvert(client: id, channel: channels.publicKey, mask: [])
  }

  /// Draws the mask and codes it for the clients of `adverts`.
  mutating func shareMask(_ adverts: [KeyAdvert]) throws -> [SealedShares] {
    guard phase == .shares else { throw SecureFault.turn(id, "share its mask") }
    guard adverts.count >= round.threshold, adverts.contains(where: { $0.client == id }) else {
      throw SecureFault.tooFew(adverts.count, of: round.threshold, "keys")
    }
    guard Set(adverts.map(\.channel)).count == adverts.count else {
      throw DomainError(.value, "client \(id) of the secure sum was sent a key twice")
    }
    let random = SecureRandom()
    let length = coding.pieceLength(round.length)
    let pieces = (0..<coding.threshold).map { _ in
      (0..<length).map { _ in UInt32(coding.field.random(random)) }
    }
    mask = Array(pieces[..<coding.pieceCount].joined().prefix(round.length))
    let shares = coding.encode(pieces)
    own = shares[id]
    var messages: [SealedShares] = []
    for advert in adverts where advert.client != id {
      try channels.open(to: advert.client, advert.channel)
      let bytes = shares[advert.client].withUnsafeBytes { Array($0) }
      messages.append(try channels.seal(bytes, to: advert.client))
    }
    phase = .upload
    return messages
  }

  /// The vector with the mask.
  mutating func masked(_ vector: [UInt32], _ received: [SealedShares]) throws -> [UInt32] {
    guard phase == .upload else { throw SecureFault.turn(id, "send a vector") }
    guard vector.count == round.length else {
      throw DomainError(
        .shape, "client \(id) has \(vector.count) numbers where the sum has \(round.length)")
    }
    guard received.count + 1 >= round.threshold else {
      throw SecureFault.tooFew(received.count + 1, of: round.threshold, "shares")
    }
    for message in received {
      guard message.to == id, sealed[message.from] == nil else {
        throw SecureFault.unexpected("shares", of: message.from)
      }
      sealed[message.from] = message
    }
    phase = .unmask
    let modulus = UInt32(coding.field.modulus)
    var sum = vector
    for i in sum.indices {
      let next = vector[i] + mask[i]
      sum[i] = next >= modulus ? next - modulus : next
    }
    mask = []
    return sum
  }

  /// The sum of the shares of the survivors' masks. Once: from the sums of two sets a single mask would follow.
  mutating func reveal(_ survivors: Set<Int>) throws -> [UInt32] {
    guard phase == .unmask else { throw SecureFault.turn(id, "reveal shares") }
    guard survivors.contains(id), survivors.count >= round.threshold else {
      throw SecureFault.tooFew(survivors.count, of: round.threshold, "upload")
    }
    phase = .over
    var sum = own
    for peer in survivors.sorted() where peer != id {
      guard let message = sealed[peer] else { throw SecureFault.unexpected("shares", of: peer) }
      try LightSecureSum.add(channels.open(message), to: &sum, modulo: coding.field.modulus)
    }
    return sum
  }
}

enum LightSecureSum {
  /// Adds numbers of four bytes each.
  static func add(_ bytes: [UInt8], to sum: inout [UInt32], modulo modulus: UInt64) throws {
    guard bytes.count == 4 * sum.count else {
      throw DomainError(.value, "a client's share has \(bytes.count) bytes, not \(4 * sum.count)")
    }
    let modulus = UInt32(modulus)
    bytes.withUnsafeBytes { bytes in
      for i in sum.indices {
        let next = sum[i] + bytes.loadUnaligned(fromByteOffset: 4 * i, as: UInt32.self) % modulus
        sum[i] = next >= modulus ? next - modulus : next
      }
    }
  }
}
