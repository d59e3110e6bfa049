// J. So et al., "LightSecAgg: a Lightweight and Versatile Design for Secure Aggregation in Federated Learning", MLSys
// 2022 (arXiv 2109.14236), section 3.

import Foundations

/// How LightSecAgg spreads a mask: its pieces and random ones are the values of polynomials at some points, and each
/// client gets the values at another.
struct LagrangeCoding: Sendable {
  let field: PrimeField
  let clients: Int
  /// How many clients' shares give the mask back, U.
  let threshold: Int
  /// How many clients' shares together say nothing, T.
  let privacy: Int
  /// `[client][piece]`.
  private let coefficients: [[UInt64]]

  init(field: PrimeField, clients: Int, threshold: Int, privacy: Int) {
    precondition(privacy >= 0 && privacy < threshold && threshold <= clients)
    precondition(UInt64(clients + threshold) < field.modulus && field.modulus < 1 << 31)
    self.field = field
    self.clients = clients
    self.threshold = threshold
    self.privacy = privacy
    // α = N + 1, …, N + U for the pieces, β = 1, …, N for the clients.
    let pieces = (0..<threshold).map { UInt64(clients + 1 + $0) }
    coefficients = (0..<clients).map { field.interpolation(pieces, at: UInt64($0 + 1)) }
  }

  /// Pieces of the mask itself.
  var pieceCount: Int { threshold - privacy }

  func pieceLength(_ length: Int) -> Int { (length + pieceCount - 1) / pieceCount }

  /// The share of each client.
  /// - Parameter pieces: `threshold` vectors of one length, the random ones last.
  func encode(_ pieces: [[UInt32]]) -> [[UInt32]] { coefficients.map { combine(pieces, $0) } }

  /// The pieces of the mask, one after the other.
  /// - Parameter shares: `threshold` of them, by client.
  func decode(_ shares: [(client: Int, values: [UInt32])]) -> [UInt32] {
    let points = shares.map { UInt64($0.client + 1) }
    return (0..<pieceCount).flatMap { piece in
      combine(
        shares.map(\.values), field.interpolation(points, at: UInt64(clients + 1 + piece)))
    }
  }

  /// Σ coefficient · vector.
  private func combine(_ vectors: [[UInt32]], _ coefficients: [UInt64]) -> [UInt32] {
    var sum = [UInt64](repeating: 0, count: vectors[0].count)
    let modulus = field.modulus
    let isMersenne = modulus == (1 << 31) - 1
    sum.withUnsafeMutableBufferPointer { sum in
      for (vector, coefficient) in zip(vectors, coefficients) {
        vector.withUnsafeBufferPointer { vector in
          if isMersenne {
            // 2³¹ is 1; what is folded once stays below 2³³, so that the next product has room.
            for i in 0..<sum.count {
              let next = sum[i] &+ UInt64(vector[i]) &* coefficient
              sum[i] = (next & 0x7FFF_FFFF) &+ (next >> 31)
            }
          } else {
            for i in 0..<sum.count { sum[i] = (sum[i] + UInt64(vector[i]) * coefficient) % modulus }
          }
        }
      }
    }
    return sum.map { UInt32($0 % modulus) }
  }
}
