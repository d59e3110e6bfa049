// K. Bonawitz et al., "Practical Secure Aggregation for Privacy-Preserving Machine Learning", CCS 2017 (IACR ePrint
// 2017/281), figure 4 without the parts for a malicious server; J. Bell et al., "Secure Single-Server Aggregation with
// (Poly)Logarithmic Overhead", CCS 2020 (ePrint 2020/704), algorithm 2, where peers are a client's neighbours.

import Crypto
import Foundations

/// One client of a round of SecAgg or SecAgg+. It goes through the phases once, in order, so that the server never gets
/// from it shares of both secrets of one client: with both it could take all masks off that client's vector.
///
/// The server is semi-honest: it follows the protocol and looks at all it gets. (A malicious one could tell clients
/// different stories about who was lost; the paper's round of signatures against that is left out.)
struct SecureClient: Sendable {
  private enum Phase { case keys, shares, upload, unmask, over }

  let id: Int
  private let round: SecureRound
  private var phase = Phase.keys
  private var channels: SecureChannels
  private let maskKey = Curve25519.KeyAgreement.PrivateKey()
  /// Of the mask that is this client's own, b.
  private let seed: [UInt8]
  /// Keys for masks of those with whom secrets are shared, this client left out.
  private var peers: [Int: Curve25519.KeyAgreement.PublicKey] = [:]
  /// Whose shares are held, with this client's own.
  private var sealed: [Int: SealedShares] = [:]
  private var own: (seed: [UInt64], key: [UInt64]) = ([], [])

  init(_ id: Int, _ round: SecureRound) {
    self.id = id
    self.round = round
    seed = SecureRandom().bytes(SecretSharing.byteCount)
    channels = SecureChannels(client: id, round: round.name)
  }

  mutating func advertise() throws -> KeyAdvert {
    guard phase == .keys else { throw SecureFault.turn(id, "advertise keys") }
    phase = .shares
    return KeyAdvert(
      client: id, channel: channels.publicKey, mask: Array(maskKey.publicKey.rawRepresentation))
  }

  /// Shares both secrets among the clients of `adverts`, itself among them.
  /// - Throws: `value` where they are too few, or a key comes twice.
  mutating func shareSecrets(_ adverts: [KeyAdvert]) throws -> [SealedShares] {
    guard phase == .shares else { throw SecureFault.turn(id, "share secrets") }
    guard adverts.count >= round.threshold, adverts.contains(where: { $0.client == id }) else {
      throw SecureFault.tooFew(adverts.count, of: round.threshold, "keys")
    }
    guard Set(adverts.map(\.client)).count == adverts.count,
      Set(adverts.flatMap { [$0.channel, $0.mask] }).count == 2 * adverts.count
    else {
      throw DomainError(.value, "client \(id) of the secure sum was sent a key twice")
    }
    let random = SecureRandom()
    let sharing = SecretSharing(threshold: round.threshold)
    let points = adverts.map { SecureRound.point($0.client) }
    let keyShares = sharing.share(Array(maskKey.rawRepresentation), at: points, random)
    let seedShares = sharing.share(seed, at: points, random)
    var messages: [SealedShares] = []
    messages.reserveCapacity(adverts.count - 1)
    for (place, advert) in adverts.enumerated() {
      guard advert.client != id else {
        own = (seedShares[place], keyShares[place])
        continue
      }
      peers[advert.client] = try .init(rawRepresentation: advert.mask)
      try channels.open(to: advert.client, advert.channel)
      messages.append(
        try channels.seal(
          SecureClient.packed(seedShares[place] + keyShares[place]), to: advert.client))
    }
    phase = .upload
    return messages
  }

  /// The vector with this client's own mask and those of all pairs that it is in.
  /// - Parameter received: the shares of all who came through the last phase.
  /// - Throws: `value` where they are too few or not those of peers; `shape` for another length; `interrupt`.
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
      guard message.to == id, peers[message.from] != nil, sealed[message.from] == nil else {
        throw SecureFault.unexpected("shares", of: message.from)
      }
      sealed[message.from] = message
    }
    phase = .unmask
    var sum = vector
    try MaskStream(seed, round: round.name, purpose: "own mask")
      .apply(to: &sum, subtracting: false)
    for peer in sealed.keys.sorted() {
      guard let key = peers[peer] else { continue }
      try PairMask.stream(maskKey, key, round.name).apply(to: &sum, subtracting: peer < id)
    }
    let residues = round.residues
    if residues != .max { for i in sum.indices { sum[i] &= residues } }
    return sum
  }

  /// The shares that take masks off the sum: of the seeds of those whose vectors are in it, of the keys of those who
  /// were lost. Once.
  /// - Parameter survivors: all clients whose vectors are in the sum.
  /// - Throws: `value` where they are too few of those whose shares are held, or this client is none of them.
  mutating func reveal(_ survivors: Set<Int>) throws -> RevealedShares {
    guard phase == .unmask else { throw SecureFault.turn(id, "reveal shares") }
    let present = sealed.keys.count { survivors.contains($0) } + 1
    guard survivors.contains(id), present >= round.threshold else {
      throw SecureFault.tooFew(present, of: round.threshold, "upload")
    }
    // Even where opening fails there is no second answer.
    phase = .over
    var revealed = RevealedShares(client: id, seeds: [id: own.seed])
    for (peer, message) in sealed {
      let shares = try SecureClient.unpacked(channels.open(message))
      if survivors.contains(peer) {
        revealed.seeds[peer] = Array(shares[..<SecretSharing.chunks])
      } else {
        revealed.keys[peer] = Array(shares[SecretSharing.chunks...])
      }
    }
    return revealed
  }

  private static func packed(_ numbers: [UInt64]) -> [UInt8] {
    numbers.flatMap { number in (0..<8).map { UInt8(truncatingIfNeeded: number >> (8 * $0)) } }
  }

  private static func unpacked(_ bytes: [UInt8]) throws -> [UInt64] {
    guard bytes.count == 16 * SecretSharing.chunks else {
      throw DomainError(.value, "a client's shares have \(bytes.count) bytes, not 80")
    }
    return stride(from: 0, to: bytes.count, by: 8).map { start in
      bytes[start..<start + 8].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }
  }
}

/// The mask that two clients agree on: the one with the smaller number adds it, the other takes it away.
enum PairMask {
  static func stream(
    _ secret: Curve25519.KeyAgreement.PrivateKey, _ other: Curve25519.KeyAgreement.PublicKey,
    _ round: [UInt8]
  ) throws -> MaskStream {
    let agreed = try secret.sharedSecretFromKeyAgreement(with: other)
    let key = agreed.withUnsafeBytes { Array($0) }
    return MaskStream(key, round: round, purpose: "mask of a pair")
  }
}
