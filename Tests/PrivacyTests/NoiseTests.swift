import Foundation
import Tensors
import Testing

@testable import Privacy

@Suite struct NoiseTests {
  func calibrated(_ epsilon: Double, _ delta: Double, _ rate: Double, _ steps: Int) throws -> Double
  {
    try NoiseCalibration.noiseMultiplier(epsilon: epsilon, delta: delta) { noise in
      .sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps)
    }
  }

  @Test func calibrationMeetsTheTargetAndNeverExceedsIt() throws {
    for row in try Oracle("calibration").rows {
      let (target, rate, steps, delta) = (row[0], row[1], Int(row[2]), row[3])
      let sigma = try calibrated(target, delta, rate, steps)
      #expect(isClose(sigma, row[4], relative: 1e-4), "\(row): \(sigma)")
      var accountant = RDPAccountant()
      try accountant.spend(.sampledGaussian(rate: rate, noiseMultiplier: sigma, steps: steps))
      let spent = try accountant.epsilon(delta: delta).epsilon
      #expect(spent <= target && spent > target * 0.999)
    }
  }

  @Test func badBudgets() throws {
    for epsilon: Double in [0, -1, .nan, -.infinity] {
      let error = failure {
        _ = try calibrated(epsilon, 1e-5, 0.01, 10)
      }
      #expect(error?.kind == .value)
      #expect(error?.message == "epsilon must be above 0, got \(epsilon)")
    }
    for delta: Double in [0, 1, -1, .nan] {
      #expect(
        failure {
          _ = try calibrated(1, delta, 0.01, 10)
        }?.kind == .value)
    }
    #expect(
      try calibrated(.infinity, 1e-5, 0.1, 5) == 0)
    #expect(try calibrated(1, 1e-5, 0.1, 0) == 0)
    // Tiny budgets end in an error or in much noise, never in a loop without end.
    let sigma = try? calibrated(1e-4, 1e-5, 0.1, 100)
    #expect(sigma == nil || sigma! > 100)
  }

  @Test func decayingNoise() throws {
    let schedule = try NoiseSchedule(initial: 1.5, decay: 0.9, epochs: 5, stepsPerEpoch: 100)
    #expect(isClose(schedule.noiseMultiplier(epoch: 4), 1.5 * 0.6561, relative: 1e-12))
    let oracle = try Oracle("decay").rows
    for (accounting, row) in zip([MicroBatchAccounting.asPublished, .honest], oracle) {
      var accountant = RDPAccountant()
      try accountant.spend(schedule.event(rate: 0.01, sensitivity: accounting.sensitivity))
      #expect(isClose(try accountant.epsilon(delta: 1e-5).epsilon, row[1], relative: 1e-6))
    }
    // METHODS O4: RDP 1.4324841, honest 9.2856335, constant .7245399.
    #expect(
      isClose(oracle[0][1], 1.4324841, absolute: 5e-8)
        && isClose(oracle[1][1], 9.2856335, absolute: 5e-8))
    var constant = RDPAccountant()
    try constant.spend(
      NoiseSchedule(initial: 1.5, epochs: 5, stepsPerEpoch: 100).event(rate: 0.01))
    #expect(isClose(try constant.epsilon(delta: 1e-5).epsilon, 0.7245399, absolute: 5e-8))
    // Half-way: three steps of the second epoch.
    #expect(
      schedule.event(rate: 0.01, steps: 103).mechanism
        == .composed([
          .sampledGaussian(rate: 0.01, noiseMultiplier: 1.5, steps: 100),
          .sampledGaussian(rate: 0.01, noiseMultiplier: 1.5 * 0.9, steps: 3),
        ]))
    for accounting in MicroBatchAccounting.allCases {
      let initial = try NoiseCalibration.initialNoise(
        epsilon: 3, delta: 1e-5, rate: 0.01, decay: 0.9, epochs: 5, stepsPerEpoch: 100,
        sensitivity: accounting.sensitivity)
      var accountant = RDPAccountant()
      try accountant.spend(
        NoiseSchedule(initial: initial, decay: 0.9, epochs: 5, stepsPerEpoch: 100)
          .event(rate: 0.01, sensitivity: accounting.sensitivity))
      let spent = try accountant.epsilon(delta: 1e-5).epsilon
      #expect(spent <= 3 && spent > 2.999)
    }
    for (decay, initial) in [(0.0, 1.0), (1.1, 1), (.nan, 1), (0.5, -1), (0.5, .nan)] {
      #expect(
        failure {
          _ = try NoiseSchedule(initial: initial, decay: decay, epochs: 1, stepsPerEpoch: 1)
        }?.kind == .value)
    }
    #expect(
      failure { _ = try NoiseSchedule(initial: 1, epochs: Int.max, stepsPerEpoch: 2) }?.kind
        == .value)
  }

  @Test func analyticGaussian() throws {
    let deltas = [
      (1.0, 1.0, 0.126936737507), (1, 0.5, 0.238421708135), (2, 1, 0.00682959498311),
      (0.5, 3, 0.183813076544),
    ]
    for (sigma, epsilon, delta) in deltas {
      #expect(
        isClose(
          GaussianMechanism.exactDelta(epsilon, 1 / sigma), delta,
          relative: 1e-11))
    }
    let sigmas = [
      (1.0, 1e-5, 3.7306316348), (0.5, 1e-5, 7.0318266756), (2, 1e-5, 1.9938124456),
      (8, 1e-5, 0.6002290722), (1, 1e-6, 4.2246788893),
    ]
    for (epsilon, delta, sigma) in sigmas {
      let ours = try GaussianMechanism.noiseMultiplier(epsilon: epsilon, delta: delta)
      #expect(isClose(ours, sigma, absolute: 6e-11))
      #expect(GaussianMechanism.exactDelta(epsilon, 1 / ours) <= delta)
    }
    #expect(
      failure { _ = try GaussianMechanism.noiseMultiplier(epsilon: 0, delta: 0.1) }?.kind == .value)
    #expect(
      failure { _ = try GaussianMechanism.noiseMultiplier(epsilon: 1, delta: 1) }?.kind == .value)
  }

  @Test func closedForms() throws {
    // The square overflows: not 0.
    #expect(try GaussianDP.epsilon(mu: 1e160, delta: 1e-5) == .infinity)
    #expect(try GaussianDP.epsilon(mu: 1e150, delta: 1e-5) > 1e298)
    let gaussian = [
      (256.0 / 60000, 1.1, 14062, 0.57358108, 2.324269), (0.04, 1.5, 2250, 1.41938176, 6.601567),
      (0.01, 1, 10000, 1.31083249, 6.007077),
    ]
    for (rate, sigma, steps, mu, epsilon) in gaussian {
      let ours = GaussianDP.mu(rate: rate, noiseMultiplier: sigma, steps: steps)
      #expect(isClose(ours, mu, absolute: 5e-9))
      #expect(isClose(try GaussianDP.epsilon(mu: ours, delta: 1e-5), epsilon, absolute: 5e-7))
    }
    // On all data the limit is no limit: exact, so equal to the closed form and the tightest accountant.
    let whole = GaussianDP.mu(rate: 1, noiseMultiplier: 5, steps: 100)
    #expect(whole == 2)
    var tightest = PLDAccountant()
    try tightest.spend(.sampledGaussian(rate: 1, noiseMultiplier: 5, steps: 100))
    #expect(
      try isClose(
        GaussianDP.epsilon(mu: whole, delta: 1e-6), tightest.epsilon(delta: 1e-6).epsilon,
        relative: 1e-9))
    #expect(try GaussianDP.epsilon(mu: 0, delta: 1e-5) == 0)
    #expect(try GaussianDP.epsilon(mu: 1, delta: 0) == .infinity)
  }

  /// Within six standard deviations, which chance alone passes once in millions of runs.
  @Test func bitsDecideAsOftenAsTheyShould() {
    var bits = CoinFlips()
    let count = 20_000
    func expect(_ found: Int, _ probability: Double, _ what: String) {
      let deviation = (Double(count) * probability * (1 - probability)).squareRoot()
      #expect(
        abs(Double(found) - Double(count) * probability) <= 6 * deviation, "\(what): \(found)")
    }
    let large = UInt128(1) << 82 + 5
    for (threshold, bound) in [(1, 3), (2, 3), (256, 257), (3, 1000), (large / 3, large)] {
      let found = (0..<count).count { _ in bits.isBelow(threshold, of: bound) }
      expect(found, Double(threshold) / Double(bound), "below \(threshold) of \(bound)")
    }
    #expect(bits.isBelow(7, of: 7) && !bits.isBelow(0, of: 7))
    var found = [Int](repeating: 0, count: 5)
    for _ in 0..<count { found[Int(bits.uniform(below: 5))] += 1 }
    for (value, times) in found.enumerated() { expect(times, 0.2, "\(value) of 5") }
    // Whatever is left of a word, each bit is used once.
    var ones = [Int](repeating: 0, count: 64)
    for _ in 0..<count {
      var word = bits.take(37) | bits.take(27) << 37
      for place in 0..<64 {
        ones[place] += Int(word & 1)
        word >>= 1
      }
    }
    for (place, times) in ones.enumerated() { expect(times, 0.5, "bit \(place)") }
  }

  /// Mean, spread and shape of released noise. At 20,000 samples the Kolmogorov–Smirnov bound for a chance of 1e-6 is
  /// 0.0190.
  @Test func releasedNoiseIsGaussian() throws {
    let count = 20_000
    let values = [Double](repeating: 7, count: count)
    let noisy = try GaussianMechanism.release(values, noiseMultiplier: 2, sensitivity: 1.5)
    let noise = noisy.map { ($0 - 7) / 3 }.sorted()
    var worst = 0.0
    for (i, z) in noise.enumerated() {
      let cdf = SpecialFunctions.normalCDF(z)
      worst = max(
        worst, abs(cdf - Double(i) / Double(count)), abs(Double(i + 1) / Double(count) - cdf))
    }
    #expect(worst < 0.0190)
    #expect(Set(noisy).count > count - 100)
    #expect(
      failure { _ = try GaussianMechanism.release([.nan], noiseMultiplier: 1, sensitivity: 1) }?
        .kind == .value)
    #expect(
      failure { _ = try GaussianMechanism.release([1], noiseMultiplier: 0, sensitivity: 1) }?.kind
        == .value)
    #expect(
      failure { _ = try GaussianMechanism.release([1], noiseMultiplier: 1, sensitivity: -1) }?.kind
        == .value)
    // What the grid cannot carry exactly is refused: places of neighbours would be further apart than the sensitivity.
    let far = failure {
      _ = try GaussianMechanism.release([1e10], noiseMultiplier: 1.3, sensitivity: 1)
    }
    #expect(
      far?.kind == .value
        && far?.message.hasPrefix("a value of 10000000000.0 is beyond what the noise's grid")
          == true
    )
    let near = try GaussianMechanism.release([4e9, -4e9], noiseMultiplier: 1.3, sensitivity: 1)
    #expect(abs(near[0] - 4e9) < 20 && abs(near[1] + 4e9) < 20)
    #expect(
      failure {
        _ = try GaussianMechanism.release(
          [Double](repeating: 0, count: 300_000), noiseMultiplier: 1000, sensitivity: 1)
      }?.kind == .limit)
  }

  /// Tests the test: neighbouring data sets through a mechanism with far too little noise must be told apart, with
  /// enough noise not.
  @Test func brokenMechanismsAreFound() throws {
    func attack(_ noise: Double) throws -> Double {
      let count = 4_000
      let with = try GaussianMechanism.release(
        [Double](repeating: 1, count: count), noiseMultiplier: noise, sensitivity: 1)
      let without = try GaussianMechanism.release(
        [Double](repeating: 0, count: count), noiseMultiplier: noise, sensitivity: 1)
      return try #require(
        try MembershipAttack.scores(members: with, others: without).advantage)
    }
    let sigma = try GaussianMechanism.noiseMultiplier(epsilon: 1, delta: 1e-3)
    // Sampling error of an advantage over 4,000: below 0.08 but for one in a million.
    let allowed = MembershipAttack.advantageBound(epsilon: 1, delta: 1e-3) + 0.08
    #expect(try attack(sigma) < allowed)
    #expect(try attack(sigma / 5) > allowed)
  }
}
