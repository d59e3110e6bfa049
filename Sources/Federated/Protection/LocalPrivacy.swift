// Local differential privacy of updates: each device clips and noises what it sends (the Gaussian mechanism, exact by
// Balle and Wang 2018, arXiv 1805.06530), so that nobody need be trusted with it.

import Foundations
import Learning
import Privacy
import Tensors

/// Gaussian noise on each update, on the client.
///
/// One round promises (epsilon, delta) for one client: whatever its data are exchanged for, what it sends moves by 2C
/// at most, and the noise is for that. A client may be drawn in every round, so rounds are composed as if it were, or
/// up to `maxParticipations`: a device that has sent so often sends zeros from then on. Whether a device takes part is
/// known anyway, and not covered.
///
/// Where neighbours differ by one client more or less, its update is exchanged for nothing (zeros with noise): that
/// moves it by C only, and the event says more than is spent.
public struct LocalPrivacy: ClientPrivacy {
  /// Of one round and client.
  public let epsilon: Double
  public let delta: Double
  public let clip: Double
  public let maxParticipations: Int?
  private(set) var noise = UpdateNoise.secure

  /// - Throws: `value` for a budget that is none.
  public init(
    epsilon: Double, delta: Double = 1e-6, clip: Double, maxParticipations: Int? = nil
  ) throws {
    guard epsilon > 0, epsilon < .infinity else {
      throw DomainError(.value, "epsilon must be above 0 and finite, got \(epsilon)")
    }
    try CentralPrivacy.check(delta: delta)
    try CentralPrivacy.check(clip: clip)
    if let maxParticipations {
      // Counts are kept as f32.
      guard maxParticipations >= 1, maxParticipations <= 1 << 24 else {
        throw DomainError(
          .value, "a device takes part from 1 to 16777216 times, got \(maxParticipations)")
      }
    }
    self.epsilon = epsilon
    self.delta = delta
    self.clip = clip
    self.maxParticipations = maxParticipations
  }

  public var fingerprint: String {
    let most = maxParticipations.map { ", at most \($0) times" } ?? ""
    return "local(\(epsilon), \(delta), \(clip)\(most), \(noise.fingerprint))"
  }

  public func seeded() -> any ClientPrivacy {
    var copy = self
    copy.noise = .seeded
    return copy
  }

  public func plan(
    devices: Int, clients: Int, rounds: Int, parameters: Int, neighbours: Neighbours
  ) throws -> PrivacyPlan {
    let multiplier = try GaussianMechanism.noiseMultiplier(epsilon: epsilon, delta: delta)
    guard multiplier >= CentralPrivacy.leastNoise else {
      throw DomainError(
        .value, "an epsilon of \(epsilon) asks for so little noise that it hides nothing")
    }
    let (most, delta) = (maxParticipations ?? .max, delta)
    let event = { @Sendable (rounds: Int) in
      let times = min(rounds, most)
      return Event(
        times > 0 ? .repeated(.gaussian(noiseMultiplier: multiplier), times: times) : .none,
        neighbours: neighbours, unit: .client)
    }
    var plan = PrivacyPlan(sigma: multiplier, event: event) {
      $0 > 0 ? try TrainingAccountant.pld.epsilon(of: event($0), delta: delta) : 0
    }
    plan.weighting = .equal
    plan.updateSteps = [
      LocalRelease(
        multiplier: multiplier, clip: clip, maxParticipations: maxParticipations, noise: noise)
    ]
    plan.sumSteps = [UnsaidExamples()]
    return plan
  }
}

/// What a device does to its update under `LocalPrivacy`.
struct LocalRelease: UpdateStep {
  /// Of the noise, relative to 2C.
  let multiplier: Double
  let clip: Double
  let maxParticipations: Int?
  let noise: UpdateNoise

  /// How often a device has sent, in its state.
  static let countName = "private updates"

  var fingerprint: String {
    "local(\(multiplier), \(clip), \(maxParticipations ?? 0), \(noise.fingerprint))"
  }

  func apply(_ update: inout ClientUpdate, _ sender: inout Sender) throws {
    guard update.numbers.isEmpty else {
      throw DomainError(
        .privacy,
        "the strategy sends \(update.numbers.count) numbers beside its vectors, which no noise covers",
        hint: "take a strategy that sends vectors alone, such as `fed.avg()` or `fed.adam(…)`")
    }
    update.bytes = nil
    if try isSpent(&sender) {
      update.vectors = try update.vectors.map { try ParameterVector(zerosLike: $0) }
      return
    }
    let norm = update.norm
    // The slack is what rounding may add.
    let factor = norm.isFinite ? min(1, clip * (1 - 0x1p-20) / max(norm, 1e-300)) : 0
    var values: [Double] = []
    for vector in update.vectors {
      values +=
        factor > 0
        ? ParameterVector.sum(of: [vector], [factor], length: vector.count)
        : [Double](repeating: 0, count: vector.count)
    }
    let noised = try noise.added(
      to: values, multiplier: multiplier, sensitivity: 2 * clip,
      key: sender.random.derived("local noise"))
    var start = 0
    update.vectors = try update.vectors.map { vector in
      defer { start += vector.count }
      return try ParameterVector(
        like: vector, rounding: noised[start..<start + vector.count])
    }
  }

  /// Whether the device has sent as often as it may; otherwise counts this time.
  private func isSpent(_ sender: inout Sender) throws -> Bool {
    guard let maxParticipations else { return false }
    let before = try sender.state[Self.countName]?.tensor.array(Float.self).first ?? 0
    guard Int(before) < maxParticipations else { return true }
    sender.state[Self.countName] = try ParameterVector(Tensor([before + 1]), shapes: [[1]])
    return false
  }
}

/// How many examples devices trained on is theirs to know: no strategy is told.
struct UnsaidExamples: SumStep {
  var fingerprint: String { "unsaid examples" }

  func apply(_ sum: inout RoundSum, _ server: inout ServerState, random: RandomKey) {
    sum.examples = 0
  }
}
