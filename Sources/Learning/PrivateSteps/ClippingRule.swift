import Foundation
import Foundations
import Tensors

/// How the influence of one example, micro-batch or client is bounded before noise hides it: its vector is shortened as
/// a whole. This is the one place that says by how much; training, the updates of clients and `dp.clip` all ask here.
public enum ClippingRule: String, Sendable, CaseIterable {
  /// min(1, C/‖g‖) (Abadi et al. 2016, arXiv 1607.00133, algorithm 1).
  case flat
  /// C/(‖g‖ + γ), γ = 0.01: automatic clipping, AUTO-S (Bu et al. 2022, arXiv 2206.07136).
  case automatic = "auto-s"
  /// C/‖g‖: AUTO-V of the same paper.
  case normalize = "auto-v"

  /// AUTO-S's γ.
  public static let stability = 0.01

  /// What `weight` keeps clear of the bound, in parts of it: more than the rounding of a weight and of the numbers it
  /// is multiplied with, all of 32 bits, and as a rule more than that of a norm that was summed in 32 bits.
  static let margin = 0x1p-18

  /// The length that a vector of L2 norm `norm` is given; never above `bound`.
  private func length(ofNorm norm: Double, bound: Double) -> Double {
    switch self {
    case .flat: min(norm, bound)
    // bound · norm / (norm + γ), also where the norm overflows.
    case .automatic: bound / (1 + Self.stability / norm)
    case .normalize: norm > 0 ? bound : 0
    }
  }

  /// What a gradient of L2 norm `norm` is multiplied with where gradients are summed. The product, rounded to 32-bit
  /// numbers, is not longer than `bound`; a vector that is to have just that length gets a few millionths less.
  ///
  /// A vector whose norm is infinite or not a number is dropped (0), since nothing finite can be made of it.
  /// - Parameter size: the gradient is the sum of so many, whose mean is to be clipped: the weight then divides, too.
  public func weight(norm: Double, bound: Double, size: Double = 1) -> Float {
    guard norm.isFinite else { return 0 }
    guard norm > 0 else { return self == .flat ? Float(1 / size) : 0 }
    let length = length(ofNorm: norm / size, bound: bound)
    let weight = min(length, bound * (1 - Self.margin)) / norm
    return Float(min(weight, Double(Float.greatestFiniteMagnitude)))
  }

  /// `vector` bounded to an L2 norm of at most `bound`: the real numbers that come back are, whatever rounding did on
  /// the way.
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
    var target = self.length(ofNorm: largest * length, bound: bound)
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

  /// Whether a vector's L2 norm is at most `bound`. Sums of squares are kept as two numbers, so that nothing rounds but
  /// below 2⁻¹⁰⁰.
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
