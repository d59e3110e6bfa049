import Foundations
import Testing

@testable import Privacy

/// Values of METHODS, O5, and of Scripts/oracles/audits.py.
@Suite struct AuditBoundTests {
  @Test(arguments: [
    (1000, 100, 100, 0.0, 2.484378556e-14, 3.49296543),
    (1000, 100, 90, 0, 2.735812801e-5, 1.63082319),
    (1000, 100, 90, 1e-5, 8.412885614e-4, 1.62614348),
    (1000, 500, 400, 1e-5, 5.98418657e-4, 1.19796865),
    (100, 100, 60, 0, 0.9984431419, 0.05191494),
  ])
  func oneRun(
    _ m: Int, _ r: Int, _ v: Int, _ delta: Double, _ p: Double, _ epsilon: Double
  ) throws {
    let chance = try OneRunBound.pValue(
      canaries: m, guesses: r, correct: v, epsilon: 1, delta: delta)
    #expect(isClose(chance, p, relative: 1e-8), "\(chance)")
    let bound = try OneRunBound.epsilon(
      canaries: m, guesses: r, correct: v, delta: delta, significance: 0.05)
    #expect(isClose(bound, epsilon, absolute: 1e-8), "\(bound)")
  }

  @Test func oneRunWithoutMistakes() throws {
    // The most that m guesses can show: logit(0.05^(1/m)).
    let bound = try OneRunBound.epsilon(
      canaries: 1000, guesses: 1000, correct: 1000, delta: 0, significance: 0.05)
    #expect(isClose(bound, 5.80906834, absolute: 1e-8))
    #expect(
      try OneRunBound.epsilon(
        canaries: 10, guesses: 4, correct: 1, delta: 0, significance: 0.05) == 0)
    #expect(
      try OneRunBound.pValue(canaries: 10, guesses: 0, correct: 0, epsilon: 1, delta: 0.1) == 1)
  }

  @Test func classical() throws {
    let bound = try ClassicalBound(
      falsePositives: 5, without: 500, falseNegatives: 50, with: 500, significance: 0.05)
    #expect(isClose(bound.falsePositiveRate, 0.02318138807, absolute: 1e-11))
    #expect(isClose(bound.falseNegativeRate, 0.12970908567, absolute: 1e-11))
    #expect(isClose(bound.epsilon(delta: 1e-5), 3.6254663312, absolute: 1e-9))
    // Swapped mistakes count as much.
    let swapped = try ClassicalBound(
      falsePositives: 50, without: 500, falseNegatives: 5, with: 500, significance: 0.05)
    #expect(isClose(swapped.epsilon(delta: 1e-5), 3.6254663312, absolute: 1e-9))
    let blind = try ClassicalBound(
      falsePositives: 10, without: 10, falseNegatives: 0, with: 10, significance: 0.05)
    #expect(blind.epsilon(delta: 0) == 0 && blind.gaussian == 0)
  }

  /// What many simulated runs with a known trade-off show is below it in all but 5%, and not far below on average.
  @Test func gaussianFamilies() throws {
    let oracle = try Oracle("audits")
    for row in oracle.rows {
      let mu = try OneRunBound.gaussian(
        canaries: Int(row[0]), guesses: Int(row[1]), correct: Int(row[2]), significance: row[3])
      #expect(isClose(mu, row[4], absolute: 1e-7), "\(row) \(mu)")
    }
    var random = RandomStream(seed: 3)
    var above = 0
    var sum = 0.0
    for _ in 0..<200 {
      let scores = (0..<400).map { Double($0 % 2) * 1.5 + random.normal() }
      let result = try PrivacyAudit.classical(
        with: stride(from: 1, to: 400, by: 2).map { scores[$0] },
        without: stride(from: 0, to: 400, by: 2).map { scores[$0] }, claimed: 0, delta: 1e-5,
        level: 0.95, family: .gaussian)
      let truth = try GaussianDP.epsilon(mu: 1.5, delta: 1e-5)
      if result.lower > truth { above += 1 }
      sum += result.lower / truth / 200
    }
    #expect(above <= 18)
    #expect(sum > 0.5, "\(sum)")
  }

  @Test func badInput() {
    func kinds(_ body: () throws -> Void) -> DomainError.Kind? { failure(body)?.kind }
    #expect(
      kinds {
        _ = try OneRunBound.pValue(canaries: 3, guesses: 4, correct: 1, epsilon: 1, delta: 0)
      } == .value)
    #expect(
      kinds {
        _ = try OneRunBound.pValue(canaries: 3, guesses: 3, correct: 1, epsilon: .nan, delta: 0)
      } == .value)
    #expect(
      kinds {
        _ = try ClassicalBound(
          falsePositives: 0, without: 0, falseNegatives: 0, with: 3, significance: 0.1)
      } == .value)
    func audit(
      _ scores: [Double], _ included: [Bool], claimed: Double = 1, delta: Double = 0,
      level: Double = 0.9, guesses: Int? = nil, family: AuditResult.Family = .any
    ) -> DomainError.Kind? {
      kinds {
        _ = try PrivacyAudit.oneRun(
          scores: scores, included: included, claimed: claimed, delta: delta, level: level,
          guesses: guesses, family: family)
      }
    }
    #expect(audit([1, 2], [true]) == .value)
    #expect(audit([.nan, 2], [true, false]) == .value)
    #expect(audit([1, 2], [true, false], claimed: -1) == .value)
    #expect(audit([1, 2], [true, false], delta: 1) == .value)
    #expect(audit([1, 2], [true, false], level: 1) == .value)
    #expect(audit([1, 2], [true, false], guesses: 3) == .value)
    #expect(audit([1, 2], [true, false], family: .gaussian) == .value)
    #expect(audit([.infinity, 2], [true, false]) == nil)
    #expect(
      kinds {
        _ = try PrivacyAudit.classical(
          with: [1], without: [1, 2], claimed: 1, delta: 0, level: 0.9)
      } == .value)
  }
}
