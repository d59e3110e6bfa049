import Foundation
import Foundations
import Privacy

/// What a client makes of its update (algorithm 1 of Kairouz et al. 2021), and the server of the sum (algorithm 2).
struct DistributedGaussianCoding: Sendable {
  let mechanism: DistributedGaussian
  private let noise: IntegerNoise
  /// Of the rotation, the same for all clients and no secret.
  private let signs: [Bool]

  /// - Throws: `value` for a mechanism without noise, `limit` for noise beyond what can be drawn exactly.
  init(_ mechanism: DistributedGaussian, rotation: RandomKey) throws {
    self.mechanism = mechanism
    noise = try .gaussian(sigma: mechanism.localSigma, sensitivity: 1)
    var stream = rotation.stream
    signs = (0..<mechanism.width).map { _ in stream.nextUInt32() & 1 == 0 }
  }

  /// Clipped, rotated, rounded, with noise, modulo 2^bits.
  /// - Parameter rounding: need not be secret: the norm after rounding is bounded whatever comes out.
  func encode(_ update: [Double], rounding: RandomKey, _ source: NoiseSource) throws -> [UInt32] {
    guard update.allSatisfy(\.isFinite) else {
      throw DomainError(.value, "a client's update holds numbers that are not finite")
    }
    // By the largest magnitude first, so that no square overflows.
    let largest = update.reduce(0) { max($0, abs($1)) }
    let norm =
      largest == 0
      ? 0
      : largest * update.reduce(0) { $0 + ($1 / largest) * ($1 / largest) }.squareRoot()
    let factor = (norm > mechanism.clip ? mechanism.clip / norm : 1) / mechanism.step
    var numbers = [Double](repeating: 0, count: mechanism.width)
    for (place, number) in update.enumerated() {
      numbers[place] = signs[place] ? number * factor : -number * factor
    }
    try Self.rotate(&numbers)
    let whole = try rounded(numbers, rounding)
    return try noise.added(to: whole, source).map {
      UInt32(truncatingIfNeeded: $0) & residues
    }
  }

  /// The sum of the updates, up to noise and rounding.
  func decode(_ sum: [UInt32]) throws -> [Double] {
    let half = Int(1) << (mechanism.bits - 1)
    var numbers = sum.map { residue in
      let residue = Int(residue)
      return Double(residue >= half ? residue - 2 * half : residue) * mechanism.step
    }
    try Self.rotate(&numbers)
    return (0..<mechanism.parameters).map { signs[$0] ? numbers[$0] : -numbers[$0] }
  }

  private var residues: UInt32 {
    mechanism.bits == 32 ? .max : (1 << UInt32(mechanism.bits)) - 1
  }

  /// Each number up or down by chance, right in the mean, again until the norm is within its bound. Nothing is sent
  /// where it never is.
  private func rounded(_ numbers: [Double], _ key: RandomKey) throws -> [Int] {
    var stream = key.stream
    // Squares are summed in floats, which are right to far more than this.
    let most = mechanism.bound * mechanism.bound * (1 - 1e-9)
    for _ in 0..<200 {
      try Cancellation.check()
      var squares = 0.0
      let whole = numbers.map { number in
        let below = number.rounded(.down)
        let chosen = stream.uniform() < number - below ? below + 1 : below
        squares += chosen * chosen
        return Int(chosen)
      }
      if squares <= most { return whole }
    }
    return [Int](repeating: 0, count: numbers.count)
  }

  /// The Walsh–Hadamard transform divided by √d, which is its own inverse.
  /// - Precondition: a power of two of numbers.
  static func rotate(_ numbers: inout [Double]) throws {
    let count = numbers.count
    var span = 1
    while span < count {
      try Cancellation.check()
      for start in stride(from: 0, to: count, by: 2 * span) {
        for i in start..<start + span {
          let (a, b) = (numbers[i], numbers[i + span])
          numbers[i] = a + b
          numbers[i + span] = a - b
        }
      }
      span *= 2
    }
    let scale = 1 / Double(count).squareRoot()
    for i in numbers.indices { numbers[i] *= scale }
  }
}
