import Foundation
import Foundations
import Testing

@testable import Privacy

/// Planted faults of private training, each of which an audit must find, and right training, which it must not accuse.
@Suite struct AuditFaultTests {
  /// DP-SGD of a logistic regression without intercept, on canaries that have one feature each: example i is `scale` at
  /// feature i with the label 1, so that its gradient is -scale·σ(-scale·wᵢ) there.
  struct Training {
    var steps = 40
    var rate = 0.25
    var noise = 8.0
    var clip = 1.0
    var scale = 4.0
    // Faults.
    var isNoisy = true
    var isClipped = true
    var noiseFactor = 1.0
    var actualRate: Double?

    /// The weights after training, and the sum of the noise on each.
    func weights(_ included: [Bool], _ random: inout RandomStream) -> (
      weights: [Double], noise: [Double]
    ) {
      var weights = [Double](repeating: 0, count: included.count)
      var noises = weights
      let rateOfLearning = 0.05
      for _ in 0..<steps {
        for i in weights.indices {
          let isIn = random.uniform() < actualRate ?? rate
          var gradient = included[i] && isIn ? scale / (1 + exp(scale * weights[i])) : 0
          if isClipped { gradient = min(gradient, clip) }
          let drawn = isNoisy ? noise * noiseFactor * clip * random.normal() : 0
          weights[i] += rateOfLearning * (gradient + drawn)
          noises[i] += rateOfLearning * drawn
        }
      }
      return (weights, noises)
    }

    /// What right training of this kind costs, an upper bound.
    func epsilon(_ delta: Double) throws -> Double {
      var accountant = RDPAccountant()
      try accountant.spend(
        Event(.sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps)))
      return try accountant.epsilon(delta: delta).epsilon
    }
  }

  static let delta = 1e-5

  /// One run with many canaries; the attacker's score is the canary's weight, less the noise where it is known.
  func oneRun(_ training: Training, seed: UInt64, knowsNoise: Bool = false, canaries: Int = 1000)
    throws -> AuditResult
  {
    var random = RandomStream(seed: seed)
    let included = (0..<canaries).map { _ in random.next() & 1 == 0 }
    let (weights, noise) = training.weights(included, &random)
    return try PrivacyAudit.oneRun(
      scores: knowsNoise ? zip(weights, noise).map { $0 - $1 } : weights, included: included,
      claimed: training.epsilon(Self.delta), delta: Self.delta, level: 0.95)
  }

  /// Runs of one canary, as many with as without it.
  func classical(_ training: Training, seed: UInt64, runs: Int, family: AuditResult.Family) throws
    -> AuditResult
  {
    var random = RandomStream(seed: seed)
    func scores(_ isIn: Bool) -> [Double] {
      (0..<runs / 2).map { _ in training.weights([isIn], &random).weights[0] }
    }
    return try PrivacyAudit.classical(
      with: scores(true), without: scores(false), claimed: training.epsilon(Self.delta),
      delta: Self.delta, level: 0.95, family: family)
  }

  @Test func noiseForgotten() throws {
    var training = Training()
    training.isNoisy = false
    let result = try oneRun(training, seed: 1)
    #expect(result.isViolated && result.lower > 4, "\(result)")
  }

  @Test func clippingForgotten() throws {
    var training = Training()
    training.scale = 200
    #expect(try !oneRun(training, seed: 2).isViolated)
    training.isClipped = false
    let result = try oneRun(training, seed: 2)
    #expect(result.isViolated, "\(result)")
  }

  @Test func noiseHalved() throws {
    // All examples in each step, where the noise is Gaussian to the last digit.
    var training = Training()
    training.rate = 1
    training.noise = 12
    training.noiseFactor = 0.5
    let result = try classical(training, seed: 3, runs: 4000, family: .gaussian)
    #expect(result.isViolated, "\(result)")
    training.noiseFactor = 1
    #expect(try !classical(training, seed: 3, runs: 4000, family: .gaussian).isViolated)
  }

  @Test func wrongSamplingRate() throws {
    var training = Training()
    training.rate = 0.02
    training.noise = 1
    training.actualRate = 1
    let result = try oneRun(training, seed: 4)
    #expect(result.isViolated, "\(result)")
  }

  @Test func knownNoise() throws {
    #expect(try !oneRun(Training(), seed: 5).isViolated)
    let result = try oneRun(Training(), seed: 5, knowsNoise: true)
    #expect(result.isViolated && result.lower > 4, "\(result)")
  }

  /// A claim that holds is refuted in 5% of audits at most; here of 30 by one run and of 60 by many, 3 at most.
  @Test func rightTrainingIsNotAccused() throws {
    var accused = 0
    for seed in 0..<30 {
      if try oneRun(Training(), seed: UInt64(100 + seed), canaries: 300).isViolated { accused += 1 }
      for family in AuditResult.Family.allCases {
        var training = Training()
        training.rate = 1
        training.noise = 20
        training.steps = 10
        let result = try classical(
          training, seed: UInt64(200 + seed), runs: 400, family: family)
        if result.isViolated { accused += 1 }
      }
    }
    #expect(accused <= 3, "\(accused)")
  }
}
