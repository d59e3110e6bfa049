// DP-FedAvg (McMahan, Ramage, Talwar, Zhang 2018, arXiv 1710.06963, algorithm 1, with a fixed divisor, equal weights
// and flat clipping over all that a client sends) with adaptive clipping (Andrew, Thakkar, McMahan, Ramaswamy 2021,
// arXiv 1905.03871, algorithm 1, geometric update).

import Foundation
import Foundations
import Learning

/// The noised mean of clipped updates.
///
/// All vectors of an update are clipped together to the norm S, summed, noised by z·S a number, and divided by the
/// number of clients that is expected: the number of those that came would tell who did. One client more or less moves
/// the sum by S at most, so that a round is a Gaussian mechanism of multiplier z.
///
/// Sums are of 64 bits, and S is kept by 2⁻²⁰ more than asked for: that covers what rounding adds for up to
/// `mostClients` updates. An update that is not finite counts as zeros.
struct ClippedRelease: Combiner {
  /// z: what a round costs, that of a count for adaptive clipping included.
  let multiplier: Double
  let bound: ClippingBound
  /// m, which sums are divided by.
  let expected: Double
  let noise: UpdateNoise

  static let mostClients = 1 << 15
  /// What `bound` is in force is kept under this name, where it moves.
  static let boundName = "clipping bound"

  var fingerprint: String {
    "central(\(multiplier), \(bound.fingerprint), \(expected), \(noise.fingerprint))"
  }

  func combine(
    _ updates: [ClientUpdate], weights: [Double], devices: [Int], server: inout ServerState,
    random: RandomKey
  ) throws -> RoundSum {
    try check(updates)
    return try release(updates, like: updates[0].vectors, &server, random)
  }

  /// - Parameter shapes: a vector like each that a client sends.
  func release(
    _ updates: [ClientUpdate], like shapes: [ParameterVector], _ server: inout ServerState,
    _ random: RandomKey
  ) throws -> RoundSum {
    let current = server.numbers[Self.boundName] ?? bound.first
    let norms = updates.map(\.norm)
    // The slack is what rounding may add.
    let kept = current * (1 - 0x1p-20)
    let factors = norms.map { $0.isFinite ? min(1, kept / max($0, 1e-300)) : 0 }
    var sum: [Double] = []
    for index in shapes.indices {
      // 0 · nan would be nan: those that are not finite are left out.
      let used = updates.indices.filter { factors[$0] > 0 }
      sum += ParameterVector.sum(
        of: used.map { updates[$0].vectors[index] }, used.map { factors[$0] },
        length: shapes[index].count)
    }
    let noised = try noise.added(
      to: sum, multiplier: try bound.sumNoise(total: multiplier, expected: expected),
      sensitivity: current, key: random.derived("sum"))
    let mean = noised.map { $0 / expected }
    var start = 0
    let released = try shapes.map { shape in
      defer { start += shape.count }
      return try ParameterVector(like: shape, rounding: mean[start..<start + shape.count])
    }
    let within = norms.count { $0 <= current }
    server.numbers[Self.boundName] = try bound.next(
      after: current, within: within, of: updates.count, expected: expected, multiplier: multiplier,
      noise, random.derived("count"))
    return RoundSum(
      vectors: released, numbers: [], clients: max(1, Int(expected.rounded())), examples: 0)
  }

  /// - Throws: `limit` for too many updates, `privacy` for what no clipping bound covers.
  private func check(_ updates: [ClientUpdate]) throws {
    guard updates.count <= Self.mostClients else {
      throw DomainError(
        .limit,
        "the arithmetic of private sums is right for up to \(Self.mostClients) clients a round, got \(updates.count)"
      )
    }
    try ClientUpdate.requireAlike(updates)
    guard updates[0].numbers.isEmpty else {
      throw DomainError(
        .privacy,
        "the strategy sends \(updates[0].numbers.count) numbers beside its vectors, which no clipping bound covers",
        hint: "take a strategy that sends vectors alone, such as `fed.avg()` or `fed.adam(…)`")
    }
  }
}

/// The same for a round in which nobody came through, whose sum is made of zeros: that it was one must not be told by a
/// sum without noise.
struct ReleaseOfNobody: SumStep {
  let release: ClippedRelease

  var fingerprint: String { release.fingerprint }

  func apply(_ sum: inout RoundSum, _ server: inout ServerState, random: RandomKey) throws {
    // What was released says that clients are there.
    guard sum.clients == 0 else { return }
    sum = try release.release([], like: sum.vectors, &server, random)
  }
}

/// The clipping bound of a round.
enum ClippingBound: Sendable, Equatable {
  case fixed(Double)
  /// It follows the quantile `target` of the updates' norms, from `first` on: after each round it is multiplied by
  /// exp(-rate·(b - target)), where b is the noised share of updates within the bound.
  case adaptive(first: Double, target: Double, rate: Double)

  /// The authors' numbers.
  static let usual = ClippingBound.adaptive(first: 0.1, target: 0.5, rate: 0.2)

  /// How far from its first value it may go, either way.
  private static let range = 1e4

  var first: Double {
    switch self {
    case .fixed(let bound), .adaptive(let bound, _, _): bound
    }
  }

  var fingerprint: String {
    switch self {
    case .fixed(let bound): "\(bound)"
    case .adaptive(let first, let target, let rate): "adaptive \(first) \(target) \(rate)"
    }
  }

  /// σ_b, the standard deviation of the noise on the count: the authors' m/20, and at least 2z, with which the count
  /// takes no more than a sixteenth of the budget.
  private func countNoise(_ total: Double, _ expected: Double) -> Double {
    max(0.05 * expected, 2 * total)
  }

  /// z_Δ, the noise of the sum with which sum and count together have the multiplier `total` (the paper's theorem 1):
  /// (z⁻² - (2σ_b)⁻²)^(-1/2), rounded up. The count is of ±1/2, so that one client moves it by 1/2.
  func sumNoise(total: Double, expected: Double) throws -> Double {
    guard case .adaptive = self, total > 0 else { return total }
    let share = total / (2 * countNoise(total, expected))
    return total / (1 - share * share).squareRoot() * (1 + 1e-12)
  }

  /// The bound of the round after one whose bound left `within` of `count` updates as they were.
  func next(
    after bound: Double, within: Int, of count: Int, expected: Double, multiplier: Double,
    _ noise: UpdateNoise, _ key: RandomKey
  ) throws -> Double {
    guard case .adaptive(let first, let target, let rate) = self else { return bound }
    let centred = Double(within) - Double(count) / 2
    let noised =
      multiplier > 0
      ? try noise.added(
        to: [centred], multiplier: 2 * countNoise(multiplier, expected), sensitivity: 0.5, key: key)[
          0]
      : centred
    let next = bound * exp(-rate * (0.5 + noised / expected - target))
    return min(max(next, first / Self.range), first * Self.range)
  }
}
