import Crypto
import Foundations

/// What all of a round of secure aggregation know.
struct SecureRound: Sendable {
  /// The round's name, never used again: keys and masks of different rounds have nothing in common.
  let name: [UInt8]
  /// Shares of a secret that give it back, and clients that are needed in every phase.
  let threshold: Int
  /// Numbers of a vector.
  let length: Int
  /// Sums are modulo 2^bits; 32 at most.
  let bits: Int

  init(threshold: Int, length: Int, bits: Int, random: SecureRandom = SecureRandom()) {
    name = random.bytes(16)
    self.threshold = threshold
    self.length = length
    self.bits = bits
  }

  var residues: UInt32 { bits == 32 ? .max : (1 << UInt32(bits)) - 1 }

  /// Where a client's shares are taken from polynomials.
  static func point(_ client: Int) -> UInt64 { UInt64(client) + 1 }
}

extension SecureRandom {
  func bytes(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    bytes.withUnsafeMutableBytes { SecureRandom.fill($0) }
    return bytes
  }
}

/// A client's public keys (X25519, RFC 7748).
struct KeyAdvert: Sendable {
  let client: Int
  /// For the channel through which shares come.
  let channel: [UInt8]
  /// For masks; empty where the protocol has none between pairs.
  let mask: [UInt8]

  var byteCount: Int { channel.count + mask.count }
}

/// What one client lets another have, sealed (ChaCha20-Poly1305, RFC 8439): the server passes it on and cannot read it.
struct SealedShares: Sendable {
  let from: Int
  let to: Int
  let box: [UInt8]
}

/// Shares of secrets of others that a client gives to the server, by whose they are.
struct RevealedShares: Sendable {
  let client: Int
  /// Of the seeds of own masks: of those whose vectors are in the sum.
  var seeds: [Int: [UInt64]] = [:]
  /// Of the secret keys for masks between pairs: of those who were lost.
  var keys: [Int: [UInt64]] = [:]

  var byteCount: Int { (seeds.count + keys.count) * 8 * SecretSharing.chunks }
}

/// The channels of one client to others: X25519, HKDF-SHA256, ChaCha20-Poly1305.
struct SecureChannels: Sendable {
  private let client: Int
  private let round: [UInt8]
  private let key: Curve25519.KeyAgreement.PrivateKey
  private var agreed: [Int: SharedSecret] = [:]

  init(client: Int, round: [UInt8]) {
    self.client = client
    self.round = round
    key = Curve25519.KeyAgreement.PrivateKey()
  }

  var publicKey: [UInt8] { Array(key.publicKey.rawRepresentation) }

  mutating func open(to peer: Int, _ publicKey: [UInt8]) throws {
    agreed[peer] = try key.sharedSecretFromKeyAgreement(
      with: .init(rawRepresentation: publicKey))
  }

  private func key(from: Int, to: Int) throws -> SymmetricKey {
    guard let secret = agreed[from == client ? to : from] else {
      throw SecureFault.unexpected("shares", of: from == client ? to : from)
    }
    return secret.hkdfDerivedSymmetricKey(
      using: SHA256.self, salt: round, sharedInfo: Array("shares \(from) \(to)".utf8),
      outputByteCount: 32)
  }

  func seal(_ bytes: [UInt8], to peer: Int) throws -> SealedShares {
    let box = try ChaChaPoly.seal(bytes, using: try key(from: client, to: peer))
    return SealedShares(from: client, to: peer, box: Array(box.combined))
  }

  /// - Throws: `value` for what was not sealed by its sender for this client.
  func open(_ sealed: SealedShares) throws -> [UInt8] {
    let key = try key(from: sealed.from, to: client)
    guard let box = try? ChaChaPoly.SealedBox(combined: sealed.box),
      let bytes = try? ChaChaPoly.open(box, using: key)
    else {
      throw DomainError(
        .value, "the shares of client \(sealed.from) for client \(client) were changed on the way")
    }
    return Array(bytes)
  }
}

/// What goes wrong in a round of secure aggregation.
enum SecureFault {
  static func tooFew(_ count: Int, of threshold: Int, _ phase: String) -> DomainError {
    DomainError(
      .value,
      "\(count) clients came through the phase \"\(phase)\" of the secure sum, which needs \(threshold)",
      hint: "lower `threshold` where more clients may be lost")
  }

  static func unexpected(_ what: String, of client: Int) -> DomainError {
    DomainError(
      .value, "a client of the secure sum was sent \(what) of client \(client) out of turn")
  }

  static func turn(_ client: Int, _ wanted: String) -> DomainError {
    DomainError(
      .value, "client \(client) of the secure sum does not \(wanted) now",
      hint: "each phase comes once, in order: keys, shares, upload, unmask")
  }
}
