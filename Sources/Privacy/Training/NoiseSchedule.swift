// Noise multipliers over a training run: constant (DP-SGD, Abadi et al. 2016, arXiv 1607.00133), or falling from epoch
// to epoch, σ_e = σ₀·decay^e (eDP-SGD, Dupuy et al. 2022, arXiv 2107.14586).

import Foundation
import Foundations

/// Which epsilon of eDP-SGD is meant: what its clipped means are taken to be moved by when one example joins or leaves.
public enum MicroBatchAccounting: String, Sendable, CaseIterable {
  /// As its paper counts: the clipping bound, Σ_e T_e·RDP(α; q, σ_e). It is half of what can happen.
  case asPublished = "paper"
  /// Twice the clipping bound: a mean can move from +C to -C, so that the multiplier that counts is σ_e / 2.
  case honest

  /// In units of the clipping bound.
  public var sensitivity: Double {
    switch self {
    case .asPublished: 1
    case .honest: 2
    }
  }
}

/// The noise multiplier of each epoch.
public struct NoiseSchedule: Sendable, Equatable {
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

  /// What the first `steps` steps (all where nil) cost on Poisson samples of rate `rate`.
  ///
  /// - Parameter sensitivity: how far one example moves the sum that the noise hides, in units of the clipping bound: 1
  ///   where each example is clipped by itself, that of a `MicroBatchAccounting` for micro-batches.
  public func event(rate: Double, sensitivity: Double = 1, steps: Int? = nil) -> Event {
    var left = max(0, min(steps ?? self.steps, self.steps))
    if decay == 1 {
      return .sampledGaussian(rate: rate, noiseMultiplier: initial / sensitivity, steps: left)
    }
    var parts: [Mechanism] = []
    for epoch in 0..<epochs where left > 0 {
      let count = min(left, stepsPerEpoch)
      parts.append(
        .sampledGaussian(
          rate: rate, noiseMultiplier: noiseMultiplier(epoch: epoch) / sensitivity, steps: count))
      left -= count
    }
    return Event(.composed(parts))
  }
}
