// A. Shamir, "How to share a secret", Communications of the ACM 22 (1979).

import Foundations

/// A secret in shares: any `threshold` of them give it back, and fewer say nothing about it.
struct ShamirSharing: Sendable {
  let field: PrimeField
  let threshold: Int

  /// The values at `points`, which differ and are not 0, of a polynomial.
  /// - Parameter coefficients: from the constant, the secret, upwards; `threshold` of them.
  func shares(_ coefficients: [UInt64], at points: [UInt64]) -> [UInt64] {
    points.map { point in
      coefficients.reversed().reduce(0) { field.add(field.multiply($0, point), $1) }
    }
  }

  func share(_ secret: UInt64, at points: [UInt64], _ random: SecureRandom) -> [UInt64] {
    shares([secret] + (1..<max(threshold, 1)).map { _ in field.random(random) }, at: points)
  }

  /// - Parameter weights: `field.interpolation(points, at: 0)` of at least `threshold` points.
  func secret(_ shares: [UInt64], weights: [UInt64]) -> UInt64 {
    zip(shares, weights).reduce(0) { field.add($0, field.multiply($1.0, $1.1)) }
  }
}

/// 32 bytes in shares: in chunks of seven bytes, each a number of the field.
struct SecretSharing: Sendable {
  static let byteCount = 32
  static let chunks = 5
  private let sharing: ShamirSharing

  init(threshold: Int) {
    sharing = ShamirSharing(field: .mersenne61, threshold: threshold)
  }

  /// - Returns: for each point its share of each chunk.
  func share(_ secret: [UInt8], at points: [UInt64], _ random: SecureRandom) -> [[UInt64]] {
    var result = [[UInt64]](repeating: [], count: points.count)
    for start in stride(from: 0, to: Self.byteCount, by: 7) {
      let chunk = secret[start..<min(start + 7, Self.byteCount)]
        .reversed().reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
      for (place, share) in sharing.share(chunk, at: points, random).enumerated() {
        result[place].append(share)
      }
    }
    return result
  }

  func weights(_ points: [UInt64]) -> [UInt64] { sharing.field.interpolation(points, at: 0) }

  /// - Throws: `value` where the shares are not those of 32 bytes.
  func secret(_ shares: [[UInt64]], weights: [UInt64]) throws -> [UInt8] {
    var bytes: [UInt8] = []
    for chunk in 0..<Self.chunks {
      var number = sharing.secret(shares.map { $0[chunk] }, weights: weights)
      for _ in 0..<min(7, Self.byteCount - bytes.count) {
        bytes.append(UInt8(truncatingIfNeeded: number))
        number >>= 8
      }
      guard number == 0 else {
        throw DomainError(.value, "the shares of a secret do not belong together")
      }
    }
    return bytes
  }
}
