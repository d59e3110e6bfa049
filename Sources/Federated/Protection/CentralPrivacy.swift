import Foundation
import Foundations
import Privacy

/// Client-level differential privacy by a server that is trusted with the updates: DP-FedAvg (McMahan et al. 2018,
/// arXiv 1710.06963, algorithm 1), see `ClippedRelease`.
///
/// What is protected is whether a client is there at all, with all of its data, in everything that follows from the
/// server's model. The cohorts, the training losses and the evaluation of the history are not covered.
///
/// Cost: with add-or-remove neighbours rounds are Gaussian mechanisms of multiplier z on Poisson samples of rate
/// clients / devices, composed by loss distributions (Zhu, Dong, Wang 2022, theorem 10). Where one client's data are
/// replaced, the sum moves by 2S, and nothing is gained by sampling: rounds are Gaussian mechanisms of multiplier z/2.
public struct CentralPrivacy: ClientPrivacy {
  /// The budget of all rounds, or z: one of both.
  public let epsilon: Double?
  public let noiseMultiplier: Double?
  public let delta: Double
  let bound: ClippingBound
  private(set) var noise = UpdateNoise.secure

  /// - Parameter clip: S; nil lets it follow the median of the updates' norms, from 0.1 on.
  /// - Throws: `value` for a budget that is none.
  public init(
    epsilon: Double? = nil, noiseMultiplier: Double? = nil, delta: Double = 1e-5, clip: Double? = 1
  ) throws {
    guard (epsilon == nil) != (noiseMultiplier == nil) else {
      throw DomainError(
        .value,
        "give either epsilon or a noise multiplier, not \(epsilon == nil ? "none" : "both")")
    }
    if let epsilon {
      guard epsilon > 0 else {
        throw DomainError(.value, "epsilon must be above 0, got \(epsilon)")
      }
    }
    if let noiseMultiplier { try Self.check(noise: noiseMultiplier) }
    try Self.check(delta: delta)
    if let clip { try Self.check(clip: clip) }
    self.epsilon = epsilon
    self.noiseMultiplier = noiseMultiplier
    self.delta = delta
    bound = clip.map { .fixed($0) } ?? .usual
  }

  public var fingerprint: String {
    let budget = epsilon.map { "epsilon \($0)" } ?? "noise \(noiseMultiplier ?? 0)"
    return "central(\(budget), \(delta), \(bound.fingerprint), \(noise.fingerprint))"
  }

  public func seeded() -> any ClientPrivacy {
    var copy = self
    copy.noise = .seeded
    return copy
  }

  public func plan(
    devices: Int, clients: Int, rounds: Int, parameters: Int, neighbours: Neighbours
  ) throws -> PrivacyPlan {
    guard devices >= 1, clients >= 1, clients <= devices, rounds >= 1 else {
      throw DomainError(
        .value,
        "privacy of clients needs from 1 to \(devices) of \(devices) devices a round and a round, got \(clients) and \(rounds) rounds"
      )
    }
    guard clients <= ClippedRelease.mostClients / 2 else {
      throw DomainError(
        .limit,
        "privacy of clients is for up to \(ClippedRelease.mostClients / 2) clients a round, got \(clients)"
      )
    }
    let rate = Double(clients) / Double(devices)
    let delta = delta
    let multiplier = try multiplier { noise in
      Self.event(rate, noise, rounds, neighbours)
    }
    var plan = PrivacyPlan(sigma: multiplier) {
      Self.event(rate, multiplier, $0, neighbours)
    } epsilon: {
      guard $0 > 0 else { return 0 }
      return try TrainingAccountant.pld.epsilon(
        of: Self.event(rate, multiplier, $0, neighbours), delta: delta)
    }
    plan.selection = try PoissonSelection(rate: rate, isSecret: noise == .secure)
    plan.weighting = .equal
    let release = ClippedRelease(
      multiplier: multiplier, bound: bound, expected: Double(clients), noise: noise)
    plan.combiner = release
    plan.sumSteps = [ReleaseOfNobody(release: release)]
    return plan
  }

  /// z: as given, or the least that keeps the budget by loss distributions.
  private func multiplier(_ event: (Double) -> Event) throws -> Double {
    guard let epsilon else { return noiseMultiplier ?? 0 }
    let found = try TrainingAccountant.pld.noiseMultiplier(
      epsilon: epsilon, delta: delta, event: event
    ).noise
    guard epsilon == .infinity || found >= Self.leastNoise else {
      throw DomainError(
        .value,
        "an epsilon of \(epsilon) asks for so little noise (\(found) times the clipping bound) that it hides nothing",
        hint: "`epsilon: inf` clips without noise")
    }
    return found
  }

  static func event(_ rate: Double, _ noise: Double, _ rounds: Int, _ neighbours: Neighbours)
    -> Event
  {
    guard rounds > 0 else { return Event(.none, neighbours: neighbours, unit: .client) }
    guard noise > 0 else { return Event(.nonPrivate, neighbours: neighbours, unit: .client) }
    switch neighbours {
    case .addOrRemoveOne:
      return .sampledGaussian(rate: rate, noiseMultiplier: noise, steps: rounds, unit: .client)
    case .replaceOne:
      return Event(
        .repeated(.gaussian(noiseMultiplier: noise / 2), times: rounds), neighbours: neighbours,
        unit: .client)
    }
  }

  // MARK: Checks

  /// Less noise hides nothing.
  static let leastNoise = 1e-3

  static func check(noise: Double) throws {
    guard noise == 0 || noise >= leastNoise && noise <= 1e6 else {
      throw DomainError(
        .value, "a noise multiplier is 0 or from \(leastNoise) to 1e6, got \(noise)",
        hint: "usual is about 1; 0 clips without noise")
    }
  }

  static func check(delta: Double) throws {
    guard delta > 0, delta < 1 else {
      throw DomainError(
        .value, "delta must be above 0 and below 1, got \(delta)",
        hint: "choose it well below 1 / number of devices, such as 1e-5")
    }
  }

  static func check(clip: Double) throws {
    guard clip >= 1e-15, clip <= 1e15 else {
      throw DomainError(
        .value, "a clipping bound must be from 1e-15 to 1e15, got \(clip)")
    }
  }
}
