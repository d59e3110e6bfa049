import Foundations

/// Numbers as whole numbers modulo R, negative ones as R - |x|, so that their sum over all clients stays within -R/2
/// and R/2: what secure sums are made of.
public struct FixedPoint: Sendable {
  /// R.
  public let modulus: UInt64
  /// Whole steps in 1; exactly 1 for whole numbers.
  public let scale: Double
  /// The largest magnitude that a client's number has.
  public let clip: Double

  /// For numbers within ±clip, each multiplied by its client's weight. Rounding moves a number by half a step, so that
  /// `(R/2 - 1 - n/2) / (clip · Σ weights)` steps in 1 leave room for the sum of n.
  /// - Parameter weight: the sum of the clients' weights; their number where they have none.
  /// - Throws: `value` for a clip that is not above 0 and finite, `limit` where R has no room for so many clients.
  public init(modulus: UInt64, clients: Int, clip: Double, weight: Double) throws {
    guard clip > 0, clip.isFinite, weight > 0, weight.isFinite else {
      throw DomainError(
        .value,
        "a clip and the sum of weights must be above 0 and finite, got \(clip) and \(weight)")
    }
    // Rounded down by more than the rounding of what follows.
    let room = (Double(modulus) / 2 - 1 - Double(clients) / 2) * (1 - 0x1p-40)
    let scale = room / weight / clip
    guard room >= Double(clients), scale > 0, scale.isFinite else { throw Self.noRoom(clients) }
    self.modulus = modulus
    self.scale = scale
    self.clip = clip
  }

  /// For whole numbers, which stay as they are.
  /// - Throws: `limit` where R has no room for so many clients.
  public init(wholeNumbersModulo modulus: UInt64, clients: Int) throws {
    let most = clients > 0 ? (modulus / 2 - 1) / UInt64(clients) : 0
    guard most >= 1 else { throw Self.noRoom(clients) }
    self.modulus = modulus
    scale = 1
    clip = Double(most)
  }

  private static func noRoom(_ clients: Int) -> DomainError {
    DomainError(
      .limit, "there is no room for the sum of \(clients) clients in so few bits",
      hint: "take more `bits`, 32 at most")
  }

  /// The number as its client sends it.
  /// - Parameter saturated: grows by 1 where the number was beyond the clip.
  /// - Throws: `value` for what is not finite.
  public func encode(_ number: Double, weight: Double = 1, saturated: inout Int) throws -> UInt32 {
    guard number.isFinite else {
      throw DomainError(.value, "a client's vector holds \(number), which has no place in a sum")
    }
    if abs(number) > clip { saturated += 1 }
    return residue(Int64((min(max(number, -clip), clip) * weight * scale).rounded()))
  }

  /// - Throws: `value` where so large a number could make the sum overflow.
  public func encode(whole number: Int) throws -> UInt32 {
    guard number.magnitude <= UInt(clip) else {
      throw DomainError(
        .value, "\(number) is too large: the sum has room for \(UInt(clip)) of each client",
        hint: "take more `bits`, 32 at most, or divide the numbers first")
    }
    return residue(Int64(number))
  }

  func residue(_ number: Int64) -> UInt32 {
    let modulus = Int64(modulus)
    let rest = number % modulus
    return UInt32(rest < 0 ? rest + modulus : rest)
  }

  /// The whole number of least magnitude that has this residue.
  public func whole(_ residue: UInt32) -> Int {
    let residue = UInt64(residue)
    return residue > (modulus - 1) / 2 ? Int(residue) - Int(modulus) : Int(residue)
  }

  public func decode(_ residue: UInt32) -> Double { Double(whole(residue)) / scale }
}
