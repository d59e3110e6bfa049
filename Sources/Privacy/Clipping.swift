import Foundation
import Foundations
import Tensor

/// How an example's gradient is bounded before noise hides it. Each rule is a factor for the whole vector.
public enum Clipping: String, Sendable, CaseIterable {
  /// min(1, C/‖g‖) (Abadi et al. 2016).
  case flat
  /// C/(‖g‖ + γ), γ = 0.01: automatic clipping, AUTO-S (Bu et al. 2022, arXiv 2206.07136).
  case automatic = "auto-s"
  /// C/‖g‖: AUTO-V.
  case normalize = "auto-v"

  /// AUTO-S's γ.
  public static let stability = 0.01

  /// The factor for a vector of L2 norm `norm`; the product's norm is at most `bound`, whatever the norm.
  ///
  /// A vector with an infinite norm is dropped (0), since nothing finite can be made of it; so is one that is not a number.
  public func factor(norm: Double, bound: Double) -> Double {
    guard norm.isFinite else { return 0 }
    switch self {
    case .flat: return norm <= bound ? 1 : bound / norm
    case .automatic: return bound / (norm + Self.stability)
    case .normalize: return norm == 0 ? 0 : bound / norm
    }
  }

  /// `vector` bounded to an L2 norm of at most `bound`: the real numbers that come back are, whatever rounding did on the way.
  ///
  /// - Parameter asFloats: the result is to be kept as 32-bit floats, and so are its numbers.
  /// - Throws: `value` where the bound is not above 0, or the vector holds something that is not finite.
  public func apply(_ vector: [Double], bound: Double, asFloats: Bool = false) throws(DomainError)
    -> [Double]
  {
    guard bound > 0, bound < .infinity else {
      throw DomainError(.value, "a clipping bound must be above 0 and finite, got \(bound)")
    }
    // Scaled by the largest entry, so that squares neither overflow nor vanish.
    var largest = 0.0
    for (index, value) in vector.enumerated() {
      try Cancellation.check(turn: index)
      guard value.isFinite else { throw DomainError(.value, "a vector to clip must be finite") }
      largest = max(largest, abs(value))
    }
    guard largest > 0 else { return vector }
    if self == .flat, try Self.isWithin(vector, bound) { return vector }
    let direction = vector.map { $0 / largest }
    try Cancellation.check()
    let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
    var target =
      switch self {
      case .flat, .normalize: bound
      // norm / (norm + γ), also where the norm overflows.
      case .automatic: bound / (1 + Self.stability / (largest * length))
      }
    var step = Double.ulpOfOne
    while true {
      try Cancellation.check()
      let scaled = direction.map { $0 * (target / length) }
      try Cancellation.check()
      let rounded = asFloats ? scaled.map { Double(Float($0)) } : scaled
      if try Self.isWithin(rounded, bound) { return rounded }
      if asFloats {
        // Towards 0 no number grows.
        let cut = scaled.map { Double(Self.towardsZero($0)) }
        if try Self.isWithin(cut, bound) { return cut }
      }
      target *= 1 - step
      step *= 2
    }
  }

  /// The nearest 32-bit float that is no larger in size.
  private static func towardsZero(_ value: Double) -> Float {
    let nearest = Float(value)
    guard abs(Double(nearest)) > abs(value) else { return nearest }
    return nearest > 0 ? nearest.nextDown : nearest.nextUp
  }

  /// Whether a vector's L2 norm is at most `bound`. Sums of squares are kept as two numbers, so that nothing rounds but below 2⁻¹⁰⁰.
  static func isWithin(_ vector: [Double], _ bound: Double) throws(DomainError) -> Bool {
    try Cancellation.check()
    let largest = vector.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return true }
    guard largest <= bound else { return false }
    // By a power of two, which is exact.
    let scale = Double(sign: .plus, exponent: -max(-1000, bound.exponent), significand: 1)
    var high = 0.0
    var low = 0.0
    func add(_ a: Double, _ sign: Double) {
      let product = sign * a * a
      let rest = (-product).addingProduct(sign * a, a)
      let sum = high + product
      let part = sum - high
      low += (high - (sum - part)) + (product - part) + rest
      high = sum
    }
    add(bound * scale, -1)
    for (index, value) in vector.enumerated() {
      try Cancellation.check(turn: index)
      add(value * scale, 1)
    }
    return high + low <= 0
  }
}
