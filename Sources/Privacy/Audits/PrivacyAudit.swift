// Audits of training by what its results give away. The bounds are in `OneRunBound` and `ClassicalBound`; here is how
// an attacker comes to guesses without spoiling them (Steinke et al. 2023): whatever is chosen by looking at the
// scores is paid for.

import Foundation
import Foundations

/// What an audit found: a privacy that training certainly does not have, beside the one that it claims.
public struct AuditResult: Sendable, Equatable, CustomStringConvertible {
  public enum Method: String, Sendable, CaseIterable {
    /// One run with many canaries.
    case oneRun = "one_run"
    /// Many runs with and without one canary.
    case classical
  }

  /// What the bound takes for granted.
  public enum Family: String, Sendable, CaseIterable {
    /// (ε, δ) and nothing else.
    case any
    /// A trade-off function of the Gaussian kind, as noise on clipped sums has it (exactly with full batches, in the
    /// limit of many steps with samples). Refutes more; for other training it refutes only that it is of this kind.
    case gaussian
  }

  public var method: Method
  public var family: Family
  /// The ε that training claims, at `delta`; infinite where it claims none.
  public var claimed: Double
  public var delta: Double
  /// ε is above this with the chance `level`; 0 where nothing was found.
  public var lower: Double
  public var level: Double
  /// Canaries of the one run, or runs of the one canary.
  public var trials: Int
  /// Of how many the attacker said something, in the choice that gave `lower`.
  public var guesses: Int
  /// Of how many that was right.
  public var correct: Int

  /// Whether the claim is refuted.
  public var isViolated: Bool { lower > claimed }

  public var description: String {
    func digits(_ value: Double) -> String {
      value.isFinite ? String(format: "%.3f", value) : "inf"
    }
    let percent = String(format: "%g%%", level * 100)
    let verdict = isViolated ? "the claim is refuted" : "the claim stands"
    return
      "Audit: epsilon above \(digits(lower)) (\(percent)), claimed \(digits(claimed)); \(verdict); \(correct) of \(guesses) guesses right, \(trials) \(method == .oneRun ? "canaries" : "runs")"
  }
}

public enum PrivacyAudit {
  /// Of what share of the canaries something is guessed, the surest first. Several are tried, and the significance is
  /// shared among them (Bonferroni), so that choosing the best is no cheating.
  static let guessedShares = [1.0, 0.5, 0.2, 0.1, 0.04]
  /// More than about this many thresholds, evenly spread among the scores, find nothing better.
  static let mostThresholds = 100

  /// One run: the canaries with the greatest scores are taken for members, as many with the least for others.
  ///
  /// - Parameters:
  ///   - scores: of each canary, after training; high ones speak for membership.
  ///   - included: whether it was in the training set, by a fair coin of its own each.
  ///   - guesses: of how many canaries to say something, chosen beforehand; nil tries several.
  /// - Throws: `value` where counts differ, scores are nan, or the level is none.
  public static func oneRun(
    scores: [Double], included: [Bool], claimed: Double, delta: Double, level: Double,
    guesses: Int? = nil, family: AuditResult.Family = .any
  ) throws(DomainError) -> AuditResult {
    try check(scores, included, claimed, delta, level)
    let m = scores.count
    if let guesses {
      guard guesses >= 2, guesses <= m else {
        throw DomainError(
          .value,
          "the attacker guesses of 2 canaries at least and of \(m) at most, not of \(guesses)")
      }
    }
    let counts =
      guesses.map { [$0] } ?? Set(guessedShares.map { max(2, Int(Double(m) * $0)) }).sorted(by: >)
    // Where scores are equal the canary's place decides, which knows nothing of the coins.
    let order = scores.indices.sorted { (scores[$1], $0) < (scores[$0], $1) }
    let significance = (1 - level) / Double(counts.count)
    var result = AuditResult(
      method: .oneRun, family: family, claimed: claimed, delta: delta, lower: -1, level: level,
      trials: m, guesses: 0, correct: 0)
    for count in counts {
      let top = count / 2
      let bottom = count - top
      let correct =
        order.prefix(top).count { included[$0] } + order.suffix(bottom).count { !included[$0] }
      let lower: Double
      switch family {
      case .any:
        lower = try OneRunBound.epsilon(
          canaries: m, guesses: count, correct: correct, delta: delta, significance: significance)
      case .gaussian:
        lower = try epsilon(
          ofGaussian: OneRunBound.gaussian(
            canaries: m, guesses: count, correct: correct, significance: significance), delta)
      }
      if lower > result.lower {
        (result.lower, result.guesses, result.correct) = (lower, count, correct)
      }
    }
    return result
  }

  /// Many runs: the threshold is chosen on every other run of either kind, and judged on the rest.
  ///
  /// - Parameters:
  ///   - with, without: the canary's score in each run with it, and in each without.
  /// - Throws: `value` where there are fewer than two runs of a kind, or scores are nan.
  public static func classical(
    with: [Double], without: [Double], claimed: Double, delta: Double, level: Double,
    family: AuditResult.Family = .any
  ) throws(DomainError) -> AuditResult {
    guard with.count > 1, without.count > 1 else {
      throw DomainError(
        .value,
        "a classical audit needs two runs with the canary and two without, got \(with.count) and \(without.count)"
      )
    }
    try check(
      with + without, with.map { _ in true } + without.map { _ in false }, claimed, delta, level)
    func half(_ values: [Double], _ start: Int) -> [Double] {
      stride(from: start, to: values.count, by: 2).map { values[$0] }
    }
    func bound(_ part: Int, _ threshold: Double) throws(DomainError) -> (
      lower: Double, correct: Int
    ) {
      let (inside, outside) = (half(with, part), half(without, part))
      let misses = inside.count { $0 < threshold }
      let alarms = outside.count { $0 >= threshold }
      let bound = try ClassicalBound(
        falsePositives: alarms, without: outside.count, falseNegatives: misses, with: inside.count,
        significance: 1 - level)
      let lower =
        family == .any
        ? bound.epsilon(delta: delta) : try epsilon(ofGaussian: bound.gaussian, delta)
      return (lower, inside.count + outside.count - misses - alarms)
    }
    var best = (threshold: 0.0, lower: -1.0)
    let candidates = Set(half(with, 0) + half(without, 0)).sorted()
    let step = max(1, candidates.count / mostThresholds)
    for threshold in stride(from: 0, to: candidates.count, by: step).map({ candidates[$0] }) {
      try Cancellation.check()
      let found = try bound(0, threshold).lower
      if found > best.lower { best = (threshold, found) }
    }
    let found = try bound(1, best.threshold)
    return AuditResult(
      method: .classical, family: family, claimed: claimed, delta: delta, lower: found.lower,
      level: level, trials: with.count + without.count,
      guesses: half(with, 1).count + half(without, 1).count, correct: found.correct)
  }

  /// The ε of μ-Gaussian privacy at δ, not more than it is.
  private static func epsilon(ofGaussian mu: Double, _ delta: Double) throws(DomainError) -> Double
  {
    guard delta > 0 else {
      throw DomainError(
        .value, "a Gaussian trade-off function has no epsilon at delta 0",
        hint: "give the delta of the claim, or `family: \"any\"`")
    }
    // What is reported lies below by more than the calculation's own last digits.
    return try GaussianDP.epsilon(mu: mu, delta: delta) * (1 - 1e-12)
  }

  private static func check(
    _ scores: [Double], _ included: [Bool], _ claimed: Double, _ delta: Double, _ level: Double
  ) throws(DomainError) {
    guard scores.count == included.count, scores.count > 1 else {
      throw DomainError(
        .value,
        "an audit needs two canaries at least and a score for each, got \(scores.count) scores and \(included.count) canaries"
      )
    }
    guard !scores.contains(where: \.isNaN) else {
      throw DomainError(
        .value, "some scores of canaries are not a number, so the audit cannot rank them",
        hint: "the model has diverged: train with a smaller learning rate")
    }
    guard claimed >= 0 else {
      throw DomainError(
        .value, "a claimed epsilon must be >= 0, got \(NumberText.shortest(claimed))")
    }
    guard delta >= 0, delta < 1 else {
      throw DomainError(
        .value, "delta must be at least 0 and below 1, got \(NumberText.shortest(delta))")
    }
    guard level > 0, level < 1 else {
      throw DomainError(
        .value, "the level lies between 0 and 1, got \(NumberText.shortest(level))")
    }
  }
}
