import Crypto
import Foundations

/// The server of a round of SecAgg or SecAgg+: it adds masked vectors and takes off what is left of the masks.
struct SecureServer: Sendable {
  let round: SecureRound
  let adverts: [Int: KeyAdvert]
  /// With whom each client shares its secrets, itself left out.
  let neighbours: [Int: [Int]]

  /// Takes the masks off the sum of the survivors' vectors.
  /// - Parameters:
  ///   - sum: of what the survivors sent, modulo 2³² or less.
  ///   - shared: who had shared secrets, so that masks were made with them.
  ///   - survivors: whose vectors are in the sum.
  /// - Throws: `value` where a secret has fewer shares than the threshold, `interrupt`.
  func unmask(
    _ sum: [UInt32], shared: [Int], survivors: [Int], _ revealed: [RevealedShares]
  ) throws -> [UInt32] {
    let present = Set(survivors)
    let lost = shared.filter { !present.contains($0) }
    let masks: [(MaskStream, subtracting: Bool)] =
      try ParallelWork.map(survivors.count + lost.count) {
        place -> [(MaskStream, subtracting: Bool)] in
        if place < survivors.count {
          let seed = try secret(of: survivors[place], revealed.map { ($0.client, $0.seeds) })
          return [
            (
              MaskStream(seed, round: round.name, purpose: "own mask"),
              subtracting: true
            )
          ]
        }
        return try pairMasks(of: lost[place - survivors.count], present, revealed)
      }.flatMap { $0 }
    return try added(masks, to: sum)
  }

  /// What is left in the sum of the masks between one who was lost and the survivors.
  private func pairMasks(
    of client: Int, _ survivors: Set<Int>, _ revealed: [RevealedShares]
  ) throws -> [(MaskStream, subtracting: Bool)] {
    let touched = (neighbours[client] ?? []).filter(survivors.contains)
    guard !touched.isEmpty else { return [] }
    let key = try Curve25519.KeyAgreement.PrivateKey(
      rawRepresentation: secret(of: client, revealed.map { ($0.client, $0.keys) }))
    return try touched.compactMap { peer in
      guard let advert = adverts[peer] else { return nil }
      let stream = try PairMask.stream(key, .init(rawRepresentation: advert.mask), round.name)
      // The survivor with the smaller number has added it.
      return (stream, subtracting: peer < client)
    }
  }

  private func secret(of client: Int, _ revealed: [(Int, [Int: [UInt64]])]) throws -> [UInt8] {
    let shares = revealed.compactMap { holder, shares in
      shares[client].map { (SecureRound.point(holder), $0) }
    }
    guard shares.count >= round.threshold else {
      throw DomainError(
        .value,
        "\(shares.count) shares of a secret of client \(client) came through the phase \"unmask\" of the secure sum, which needs \(round.threshold)",
        hint: "lower `threshold` where more clients may be lost")
    }
    let used = shares.prefix(round.threshold)
    let sharing = SecretSharing(threshold: round.threshold)
    return try sharing.secret(used.map(\.1), weights: sharing.weights(used.map(\.0)))
  }

  /// Masks are added up in parts on their own; their sum modulo 2³² is the same in any order.
  private func added(
    _ masks: [(MaskStream, subtracting: Bool)], to sum: [UInt32]
  ) throws -> [UInt32] {
    let size = 16
    let parts = try ParallelWork.map((masks.count + size - 1) / size) { part in
      var own = [UInt32](repeating: 0, count: sum.count)
      for (stream, subtracting) in masks[(part * size)..<min((part + 1) * size, masks.count)] {
        try stream.apply(to: &own, subtracting: subtracting)
      }
      return own
    }
    var result = sum
    for part in parts { for i in result.indices { result[i] &+= part[i] } }
    let residues = round.residues
    for i in result.indices { result[i] &= residues }
    return result
  }
}
