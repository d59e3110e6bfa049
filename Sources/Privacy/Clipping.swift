import Foundation
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

  /// `vector` bounded to an L2 norm of at most `bound`.
  ///
  /// - Throws: `value` where the bound is not above 0, or the vector holds something that is not finite.
  public func apply(_ vector: [Double], bound: Double) throws(DomainError) -> [Double] {
    guard bound > 0, bound < .infinity else {
      throw DomainError(.value, "a clipping bound must be above 0 and finite, got \(bound)")
    }
    guard vector.allSatisfy(\.isFinite) else {
      throw DomainError(.value, "a vector to clip must be finite")
    }
    // Scaled by the largest entry, so that squares neither overflow nor vanish.
    let largest = vector.reduce(0) { max($0, abs($1)) }
    guard largest > 0 else { return vector }
    let direction = vector.map { $0 / largest }
    let length = direction.reduce(0) { $0 + $1 * $1 }.squareRoot()
    let norm = largest * length
    if self == .flat, norm <= bound { return vector }
    let target =
      switch self {
      case .flat, .normalize: bound
      // norm / (norm + γ), also where the norm overflows.
      case .automatic: bound / (1 + Self.stability / norm)
      }
    return direction.map { $0 * (target / length) }
  }
}
