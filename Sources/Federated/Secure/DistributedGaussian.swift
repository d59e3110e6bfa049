// P. Kairouz, Z. Liu, T. Steinke, "The Distributed Discrete Gaussian Mechanism for Federated Learning with Secure
// Aggregation", ICML 2021 (arXiv 2102.06387): algorithms 1 and 2, theorem 1, proposition 14.

import Foundation
import Foundations
import Privacy

/// The numbers of the distributed discrete Gaussian mechanism, and what a round of it costs.
public struct DistributedGaussian: Sendable, Equatable {
  /// Clients of a round, of whom at least `minimum` are in the sum.
  public let clients: Int
  public let minimum: Int
  /// The largest L2 norm of an update.
  public let clip: Double
  /// The standard deviation of all noise together, at `minimum` clients, over the clip.
  public let noiseMultiplier: Double
  /// Numbers of an update, and of its rotation: the next power of two.
  public let parameters: Int
  public let width: Int
  /// Sums are modulo 2^bits.
  public let bits: Int
  /// γ: one whole step.
  public let step: Double
  /// The standard deviation of a client's noise, in whole steps.
  public let localSigma: Double
  /// How far one update is from nothing in L2, in whole steps, after rounding.
  public let bound: Double

  /// Rounding is repeated where the norm is beyond what it is with chance 1 - β.
  static let beta = exp(-0.5)
  /// Standard deviations of a coordinate of the sum that stay within the modulus.
  static let deviations = 4.0

  /// - Throws: `value` for numbers that make no mechanism, `limit` where the bits have no room for the sum.
  public init(
    clients: Int, minimum: Int, clip: Double, noiseMultiplier: Double, parameters: Int, bits: Int
  ) throws(DomainError) {
    guard clip > 0, clip.isFinite, noiseMultiplier >= 0, noiseMultiplier.isFinite else {
      throw DomainError(
        .value,
        "a clip must be above 0 and noise at least 0, both finite, got \(clip) and \(noiseMultiplier)"
      )
    }
    guard minimum >= 1, minimum <= clients, parameters >= 1, parameters <= 1 << 30, bits >= 2,
      bits <= 32
    else {
      throw DomainError(
        .value,
        "distributed noise is for some of \(clients) clients, from 1 to 2³⁰ numbers and 2 to 32 bits, got \(minimum), \(parameters) and \(bits)"
      )
    }
    self.clients = clients
    self.minimum = minimum
    self.clip = clip
    self.noiseMultiplier = noiseMultiplier
    self.parameters = parameters
    self.bits = bits
    width = parameters == 1 ? 1 : 1 << (Int.bitWidth - (parameters - 1).leadingZeroBitCount)
    let (count, width) = (Double(clients), Double(width))
    // Section 4.4, equation 61: 2^b · γ = 2k · √((c·n)²/d + (γ²/4 + σ²)·n), solved for γ.
    let k = Self.deviations
    let room = exp2(2 * Double(bits)) - count * k * k
    guard room > 0 else {
      throw DomainError(
        .limit, "\(bits) bits have no room for the sum of \(clients) clients",
        hint: "take more `bits`, 32 at most")
    }
    let local = noiseMultiplier * clip / Double(minimum).squareRoot()
    let needed =
      2 * k * (clip * clip * count * count / width + count * local * local).squareRoot()
      / room.squareRoot()
    // Noise is drawn exactly up to 2²⁴ steps.
    step = max(needed, local * 0x1p-23)
    localSigma = local / step
    let norm = clip / step
    let often =
      norm * norm + width / 4
      + (2 * log(1 / Self.beta)).squareRoot() * (norm + width.squareRoot() / 2)
    bound = min(norm + width.squareRoot(), often.squareRoot())
  }

  /// τ of theorem 1: how far the sum of so many discrete Gaussian numbers is from one, as the logarithm of a ratio.
  /// - Parameter sigma: of each, in whole steps.
  public static func tau(clients: Int, sigma: Double) -> Double {
    var sum = 0.0
    for k in stride(from: 1, to: clients, by: 1) {
      sum += exp(-2 * Double.pi * Double.pi * sigma * sigma * Double(k) / Double(k + 1))
    }
    return 10 * sum
  }

  /// ρ of zero-concentrated privacy of one round (proposition 14, with the additive term of its first bound at most α
  /// times itself): min(Δ²/(2nσ²) + τd, (Δ/(√n·σ) + τ√d)²/2), rounded up. n counts the clients whose noise is in the
  /// sum: the least number for the noise, the largest for τ. Infinite where σ is below half a step, of which the
  /// theorem says nothing.
  ///
  /// It holds for whether a client of the round sends its update or nothing but noise, or another update where one is
  /// replaced. Who takes part is public, and being drawn for a round by chance is not counted in favour.
  public func rho(_ neighbours: Neighbours) -> Double {
    guard localSigma >= 0.5 else { return .infinity }
    let moved = neighbours == .replaceOne ? 2 * bound : bound
    // The sampler's σ is this one or larger.
    let tau = Self.tau(clients: clients, sigma: localSigma)
    let width = Double(width)
    let ratio = moved / (Double(minimum).squareRoot() * localSigma)
    let joint = ratio + tau * width.squareRoot()
    return min(ratio * ratio / 2 + tau * width, joint * joint / 2) * (1 + 1e-12)
  }

  /// What so many rounds cost.
  public func event(rounds: Int, _ neighbours: Neighbours) -> Event {
    Event(
      .repeated(.concentrated(rho: rho(neighbours)), times: rounds), neighbours: neighbours,
      unit: .client)
  }

  /// The same for the least noise that keeps a promise over so many rounds.
  /// - Throws: `value` for a budget that is none, or that no noise keeps with so few bits; `limit`.
  public static func calibrated(
    epsilon: Double, delta: Double, rounds: Int, neighbours: Neighbours, clients: Int,
    minimum: Int, clip: Double, parameters: Int, bits: Int
  ) throws(DomainError) -> DistributedGaussian {
    func mechanism(_ noise: Double) throws(DomainError) -> DistributedGaussian {
      try DistributedGaussian(
        clients: clients, minimum: minimum, clip: clip, noiseMultiplier: noise,
        parameters: parameters, bits: bits)
    }
    guard epsilon < .infinity else {
      throw DomainError(.value, "distributed noise needs a finite epsilon")
    }
    let noise = try NoiseCalibration.noiseMultiplier(epsilon: epsilon, delta: delta) {
      (noise) throws(DomainError) in
      let event = try mechanism(noise).event(rounds: rounds, neighbours)
      return try Accountant.zcdp.epsilon(of: event, delta: delta)
    }
    return try mechanism(noise)
  }
}
