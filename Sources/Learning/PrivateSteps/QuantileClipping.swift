import CKernels
import Foundation
import Foundations

/// A clipping bound that follows a quantile of the gradients' norms (Andrew et al. 2019, arXiv 1905.03871, algorithm 1,
/// with the geometric update): each step also counts, with noise, how many norms were within the bound.
///
/// The noise multiplier z of a step pays for both: the noised sum of gradients and the noised count are together one
/// Gaussian mechanism of multiplier z (the paper's theorem 1), since the sum gets z_Δ = (z⁻² - (2σ_b)⁻²)^(-1/2), and
/// the count, of which one half is taken off for each example, moves by 1/2 when an example joins or leaves.
public struct QuantileClipping: Sendable {
  /// γ: the share of gradients that are to be left unclipped.
  public var target: Double
  /// η_C.
  public var rate: Double
  /// σ_b: the standard deviation of the noise on the count.
  public var countNoise: Double
  /// Of the count's noise: another than that of the gradients.
  public var noise: NoiseKey

  /// How far from its first value the bound may go, either way.
  public static let range = 1e4

  /// - Throws: `value` where the target is not within 0 and 1 or another number is not above 0.
  public init(
    target: Double = 0.5, rate: Double = 0.2, countNoise: Double, noise: NoiseKey
  ) throws {
    guard target >= 0, target <= 1 else {
      throw DomainError(.value, "a quantile is within 0 and 1, got \(target)")
    }
    for (name, value) in [("rate", rate), ("count's noise", countNoise)] {
      guard value > 0, value < .infinity else {
        throw DomainError(
          .value, "the \(name) of quantile clipping must be above 0 and finite, got \(value)")
      }
    }
    self.target = target
    self.rate = rate
    self.countNoise = countNoise
    self.noise = noise
  }

  /// z_Δ: the multiplier of the gradients' noise with which gradients and count together have the multiplier `total`.
  ///
  /// - Throws: `value` where the count's noise alone is too little for that: it must be above total / 2.
  public func gradientNoise(total: Double) throws -> Double {
    guard total > 0 else { return 0 }
    guard total < 2 * countNoise else {
      throw DomainError(
        .value,
        "a count with noise of \(countNoise) tells more than a noise multiplier of \(total) allows",
        hint: "the noise of the count must be above half the multiplier")
    }
    let share = total / (2 * countNoise)
    return total / (1 - share * share).squareRoot()
  }

  /// C·exp(-η_C·(b - γ)), where the share b of gradients was within C.
  func next(_ bound: Double, share: Double, first: Double) -> Double {
    let next = bound * exp(-rate * (share - target))
    return min(max(next, first / Self.range), first * Self.range)
  }

  /// The noised share of `within` out of `examples`, relative to the number that is expected.
  func share(within: Int, of examples: Int, expected: Double, step: Int) -> Double {
    // Counted from one half an example, so that one more or less moves it by one half.
    let centred = Double(within) - Double(examples) / 2
    var stream = noise.stream(step)
    var draw: Float = 0
    fl_random_normal_f32(1, 0, Float(countNoise), &stream, 0, &draw)
    return 0.5 + (centred + Double(draw)) / expected
  }
}
