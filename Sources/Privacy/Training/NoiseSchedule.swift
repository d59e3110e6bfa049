// Noise multipliers over a training run: constant (DP-SGD, Abadi et al. 2016), or falling from epoch to epoch (eDP-SGD, Dupuy et al. 2022),
// σ_e = σ₀·decay^e, with both readings of what it costs:
//   paper-style  each step as a Poisson-sampled Gaussian of multiplier σ_e: Σ_e T_e·RDP(α; q, σ_e);
//   honest       a clipped micro-batch mean can move from +C to -C when one example joins, twice the clipping bound, so that the multiplier
//                that counts is σ_e / 2.

import Foundation
import Foundations
import Tensor

public struct NoiseSchedule: Sendable, Equatable {
  /// What is taken for the sensitivity of a step.
  public enum Accounting: String, Sendable, CaseIterable {
    /// The clipping bound.
    case paper
    /// Twice the clipping bound, which a mean over a micro-batch can move.
    case honest
  }

  /// The multiplier of the first epoch.
  public var initial: Double
  /// Factor from one epoch to the next; 1 is constant noise.
  public var decay: Double
  public var epochs: Int
  public var stepsPerEpoch: Int

  /// - Throws: `value` where noise is negative, decay is not within 0 (excluded) and 1, or a count is negative.
  public init(initial: Double, decay: Double = 1, epochs: Int, stepsPerEpoch: Int)
    throws(DomainError)
  {
    guard initial >= 0 else {
      throw DomainError(.value, "a noise multiplier must be at least 0, got \(initial)")
    }
    guard decay > 0, decay <= 1 else {
      throw DomainError(.value, "a decay must be above 0 and at most 1, got \(decay)")
    }
    guard epochs >= 0, stepsPerEpoch >= 0 else {
      throw DomainError(
        .value, "epochs and steps must be at least 0, got \(epochs) and \(stepsPerEpoch)")
    }
    guard !epochs.multipliedReportingOverflow(by: stepsPerEpoch).overflow else {
      throw DomainError(.value, "\(epochs) epochs of \(stepsPerEpoch) steps are too many")
    }
    self.initial = initial
    self.decay = decay
    self.epochs = epochs
    self.stepsPerEpoch = stepsPerEpoch
  }

  public var steps: Int { epochs * stepsPerEpoch }

  /// The multiplier in `epoch`, counted from 0.
  public func noiseMultiplier(epoch: Int) -> Double { initial * pow(decay, Double(epoch)) }

  /// What the first `steps` steps (all where nil) cost at sampling rate `rate`.
  public func event(rate: Double, accounting: Accounting, steps: Int? = nil) -> Event {
    let divisor = accounting == .honest ? 2.0 : 1
    var left = min(steps ?? self.steps, self.steps)
    if decay == 1 {
      return .sampledGaussian(rate: rate, noiseMultiplier: initial / divisor, steps: max(0, left))
    }
    var parts: [Event] = []
    for epoch in 0..<epochs where left > 0 {
      let count = min(left, stepsPerEpoch)
      parts.append(
        .sampledGaussian(
          rate: rate, noiseMultiplier: noiseMultiplier(epoch: epoch) / divisor, steps: count))
      left -= count
    }
    return .composed(parts)
  }
}
