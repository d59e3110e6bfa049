import Foundations
import Tensor

/// What was done to private data, as a value that an accountant reads.
///
/// Neighbouring data sets differ by one example added or removed. Noise is given relative to the sensitivity of what it hides.
public indirect enum Event: Sendable, Equatable, CustomStringConvertible {
  /// Nothing.
  case none
  /// Something without any protection.
  case nonPrivate
  /// Gaussian noise of standard deviation `noiseMultiplier` times the L2 sensitivity.
  case gaussian(noiseMultiplier: Double)
  /// Laplace noise of scale `noiseMultiplier` times the L1 sensitivity.
  case laplace(noiseMultiplier: Double)
  /// `event` on a sample that each example is in with probability `rate`, independently.
  case poissonSampled(rate: Double, Event)
  /// The same event `times` over, each with fresh randomness.
  case repeated(Event, times: Int)
  case composed([Event])

  /// The event of `steps` steps of DP-SGD.
  public static func sampledGaussian(rate: Double, noiseMultiplier: Double, steps: Int) -> Event {
    .repeated(
      .poissonSampled(rate: rate, .gaussian(noiseMultiplier: noiseMultiplier)), times: steps)
  }

  /// Checks all numbers in it.
  ///
  /// - Throws: `value` where a rate is not within 0 and 1, noise is negative or not a number, or a count is negative.
  public func validate() throws(DomainError) {
    switch self {
    case .none, .nonPrivate: break
    case .gaussian(let noise), .laplace(let noise):
      guard noise >= 0 else {
        throw DomainError(.value, "a noise multiplier must be at least 0, got \(noise)")
      }
    case .poissonSampled(let rate, let event):
      guard rate >= 0, rate <= 1 else {
        throw DomainError(.value, "a sampling rate must be within 0 and 1, got \(rate)")
      }
      try event.validate()
    case .repeated(let event, let times):
      guard times >= 0 else {
        throw DomainError(.value, "a number of steps must be at least 0, got \(times)")
      }
      try event.validate()
    case .composed(let events): for event in events { try event.validate() }
    }
  }

  public var description: String {
    switch self {
    case .none: "nothing"
    case .nonPrivate: "a release without protection"
    case .gaussian(let noise): "Gaussian noise \(noise)"
    case .laplace(let noise): "Laplace noise \(noise)"
    case .poissonSampled(let rate, let event): "\(event) on a Poisson sample of rate \(rate)"
    case .repeated(let event, let times): "\(times) times \(event)"
    case .composed(let events): events.map(\.description).joined(separator: ", then ")
    }
  }
}
