// Noise on the code of an utterance: ADePT (Krishna, Gupta, Dupuy, EACL 2021, arXiv 2102.01502) and its correction
// (Habernal, EMNLP 2021, arXiv 2109.03175).
//
//   r' = r·min(1, C/‖r‖₂),   z = r' + η,   η ~ Lap(0, 2C/ε) for each of n coordinates
//
// as published is not ε-DP: the Laplace mechanism counts in L1 (Dwork and Roth 2014, theorem 3.6), in which two vectors
// of L2 length C may be 2C·√n apart. So it is ε·√n-DP, and a mechanism that is ε-DP either clips in L1, or has noise
// Lap(0, 2C·√n/ε), or is Gaussian (Balle and Wang 2018). All are local: neighbours are any two utterances, one in place
// of the other. What is decoded from z is post-processing.

import Foundation
import Foundations
import Learning

public struct LatentMechanism: Sendable {
  public enum Noise: String, Sendable, CaseIterable {
    /// As published: L2 clipping, Lap(0, 2C/ε).
    case laplace
    /// L1 clipping, Lap(0, 2C/ε).
    case laplaceL1 = "laplace_l1"
    /// L2 clipping, Lap(0, 2C·√n/ε).
    case laplaceL2 = "laplace_l2"
    /// L2 clipping, Gaussian noise of L2 sensitivity 2C by the analytic mechanism, (ε, δ).
    case gaussian
  }

  public let noise: Noise
  /// The epsilon asked for, and for `laplace` claimed by the paper.
  public let epsilonClaimed: Double
  /// 0 for Laplace noise.
  public let delta: Double
  /// C.
  public let clip: Double
  /// n: coordinates.
  public let width: Int
  /// Of one coordinate's noise: Laplace's scale, or the standard deviation.
  public let scale: Double

  /// - Throws: `value` where epsilon or the bound is not above 0 and finite, there is no coordinate, delta is not
  ///   between 0 and 1, or the noise is none or beyond 64-bit numbers.
  public init(_ noise: Noise, epsilon: Double, delta: Double, clip: Double, width: Int)
    throws(DomainError)
  {
    for (value, name) in [(epsilon, "epsilon"), (clip, "the clipping bound")]
    where !(value > 0 && value < .infinity) {
      throw DomainError(.value, "\(name) must be above 0 and finite, got \(value)")
    }
    guard width > 0 else { throw DomainError(.value, "the width must be above 0, got \(width)") }
    self.noise = noise
    self.clip = clip
    self.width = width
    epsilonClaimed = epsilon
    switch noise {
    case .laplace, .laplaceL1:
      self.delta = 0
      scale = (2 * clip / epsilon).nextUp
    case .laplaceL2:
      self.delta = 0
      scale = (Self.l1Sensitivity(clip: clip, width: width) / epsilon).nextUp
    case .gaussian:
      self.delta = delta
      scale =
        (try GaussianMechanism.noiseMultiplier(epsilon: epsilon, delta: delta) * 2 * clip).nextUp
    }
    // Room for any draw: neither a Laplace nor a normal one of 52 bits is 40 times the scale.
    guard scale > clip * 1e-12, scale < 1e30, clip > 1e-30 else {
      throw DomainError(
        .value,
        "noise of scale \(NumberText.brief(scale)) on vectors of length \(NumberText.brief(clip)) is none, or too much for numbers",
        hint: "epsilon is \(epsilon): take one between 1e-9 and 1e9 or so, and a bound around 1")
    }
  }

  /// How far apart in L1 two vectors of `width` numbers may be whose L2 length is at most `clip`, rounded up: 2C·√n.
  public static func l1Sensitivity(clip: Double, width: Int) -> Double {
    (2 * clip * Double(width).squareRoot().nextUp).nextUp
  }

  /// Whether codes are clipped in L1 rather than in L2.
  var clipsInL1: Bool { noise == .laplaceL1 }

  /// What holds: ε·√n for what was published, the epsilon asked for otherwise. Rounded up.
  public var epsilon: Double {
    guard noise == .laplace else { return epsilonClaimed }
    return width == 1 ? epsilonClaimed : (epsilonClaimed * Double(width).squareRoot().nextUp).nextUp
  }

  /// What one rewritten utterance costs, its utterance exchanged for any other.
  public var event: Event {
    Event(
      noise == .gaussian
        ? .approximate(epsilon: epsilon, delta: delta) : .pure(epsilon: epsilon),
      neighbours: .replaceOne)
  }

  /// `code` shortened to the bound: in L1 for `laplace_l1`, else in L2; never longer, whatever rounding does.
  ///
  /// - Throws: `value` where a number is not finite.
  public func clipped(_ code: [Double]) throws(DomainError) -> [Double] {
    guard clipsInL1 else {
      return try ClippingRule.flat.apply(code, bound: clip)
    }
    guard code.allSatisfy(\.isFinite) else {
      throw DomainError(.value, "a vector to clip must be finite")
    }
    let length = code.reduce(0) { $0 + abs($1) }
    // By as much as the sum and the products may be wrong.
    let bound = clip * (1 - Double(code.count + 4) * 0x1p-51)
    guard length > bound else { return code }
    guard length < .infinity else {
      throw DomainError(.value, "a vector to clip has an infinite length")
    }
    return code.map { $0 * (bound / length) }
  }

  /// The largest difference of log densities between the noisy codes of two utterances, for Laplace noise: what its
  /// epsilon must not be below.
  public func loss(between first: [Double], _ second: [Double]) throws(DomainError) -> Double {
    guard noise != .gaussian else {
      throw DomainError(.value, "the loss of Gaussian noise has no bound: it is for Laplace noise")
    }
    let (a, b) = (try clipped(first), try clipped(second))
    return zip(a, b).reduce(0) { $0 + abs($1.0 - $1.1) } / scale
  }

  /// The clipped code with noise. Laplace noise is of 64-bit floats, and so is a seeded Gaussian's; a secure Gaussian's
  /// is exact, on a grid (`GaussianMechanism.release`).
  func released(_ code: [Double], _ source: NoiseSource, _ draws: inout NoiseDraws) throws
    -> [Double]
  {
    let code = try clipped(code)
    switch noise {
    case .laplace, .laplaceL1, .laplaceL2: return code.map { $0 + scale * draws.laplace() }
    case .gaussian:
      guard source.isSecure else { return code.map { $0 + scale * draws.normal() } }
      return try GaussianMechanism.release(
        code, noiseMultiplier: scale / (2 * clip), sensitivity: 2 * clip)
    }
  }
}
