import Foundation
import Foundations
import Tensors
import Testing

@testable import Privacy

@Suite struct PLDAccountantTests {
  func epsilon(_ mechanism: Mechanism, _ delta: Double) throws -> Double {
    var accountant = PLDAccountant()
    try accountant.spend(Event(mechanism))
    return try accountant.epsilon(delta: delta).epsilon
  }

  /// The library's grid of 1e-4 is too coarse for small epsilons; elsewhere the two agree.
  @Test func equalsTheReferenceLibrary() throws {
    for row in try Oracle("epsilon").rows {
      let ours = try epsilon(
        .sampledGaussian(rate: row[1], noiseMultiplier: row[0], steps: Int(row[2])), row[3])
      #expect(ours <= row[7] * (1 + 2e-4), "\(row): \(ours)")
      #expect(row[7] < 1 || ours >= row[7] * (1 - 1e-4), "\(row): \(ours)")
      #expect(ours <= row[4])
    }
  }

  /// Closed forms, and compositions in longer floats: never below the truth, and next to it, down to deltas of 1e-15.
  @Test func boundsTheTruthClosely() throws {
    for row in try Oracle("pld").rows {
      let ours = try epsilon(
        .sampledGaussian(rate: row[1], noiseMultiplier: row[0], steps: Int(row[2])), row[3])
      #expect(ours >= row[4] * (1 - 1e-6) && ours <= row[4] * (1 + row[5]), "\(row): \(ours)")
      // What has a closed form is not even rounded down.
      if row[1] == 1 || row[2] == 1 { #expect(ours >= row[4], "\(row): \(ours)") }
    }
  }

  @Test func neverAboveTheRenyiBound() throws {
    for (noise, rate, steps, delta) in [
      (0.3, 1e-5, 100, 8e-4), (0.5, 1e-5, 10, 2e-5), (20, 0.99, 100, 1e-15), (0.05, 0.5, 3, 1e-5),
      (1, 1e-5, 2, 1e-15), (1e-3, 0.01, 2, 1e-9), (1000, 0.5, 1000, 1e-12), (0.7, 0.999, 20, 1e-3),
      (1e-8, 0.5, 5, 1e-5), (1e8, 0.5, 5, 1e-15), (1, 1e-300, 5, 1e-15), (2, 0.1, 50, 0.999),
      (2, 0.1, 50, .leastNonzeroMagnitude),
    ] {
      let event = Mechanism.sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps)
      var orders = RDPAccountant()
      try orders.spend(Event(event))
      let ours = try epsilon(event, delta)
      #expect(ours >= 0, "\(event)")
      #expect(try ours <= orders.epsilon(delta: delta).epsilon, "\(event)")
    }
  }

  @Test func moreStepsAndLessDeltaCostMore() throws {
    var last = 0.0
    for steps in [1, 2, 5, 20, 100] {
      let now = try epsilon(.sampledGaussian(rate: 0.1, noiseMultiplier: 1, steps: steps), 1e-6)
      #expect(now > last)
      last = now
    }
    for delta in [1e-3, 1e-6, 1e-9, 1e-12, 1e-15, 1e-100, 1e-290] {
      let now = try epsilon(.sampledGaussian(rate: 0.1, noiseMultiplier: 1, steps: 20), delta)
      #expect(delta == 1e-3 || now > last, "\(delta)")
      last = now
    }
  }

  /// Noise on all data beside sampled steps: the closed form does not apply, the sum of both is no more than what each
  /// costs.
  @Test func mixedEvents() throws {
    let sampled = Mechanism.sampledGaussian(rate: 0.05, noiseMultiplier: 1, steps: 20)
    let whole = Mechanism.gaussian(noiseMultiplier: 4)
    let both = try epsilon(.composed([sampled, whole]), 1e-6)
    #expect(try both > epsilon(sampled, 1e-6) && both > epsilon(whole, 1e-6))
    #expect(try both < epsilon(sampled, 5e-7) + epsilon(whole, 5e-7))
    // A rate just below 1 costs just less than 1.
    let almost = try epsilon(.sampledGaussian(rate: 1 - 1e-12, noiseMultiplier: 3, steps: 10), 1e-6)
    let all = try epsilon(.sampledGaussian(rate: 1, noiseMultiplier: 3, steps: 10), 1e-6)
    #expect(isClose(almost, all, relative: 1e-4))
  }

  @Test func composition() throws {
    let row = try Oracle("decay").rows[0]
    let event = try NoiseSchedule(initial: 1.5, decay: 0.9, epochs: 5, stepsPerEpoch: 100)
      .event(rate: 0.01).mechanism
    #expect(isClose(try epsilon(event, 1e-5), row[2], relative: 1e-3))
  }

  /// One Gaussian release has a closed form.
  @Test func equalsTheExactGaussian() throws {
    for (sigma, delta) in [(1.0, 0.126936737507), (2, 0.00682959498311)] {
      #expect(isClose(try epsilon(.gaussian(noiseMultiplier: sigma), delta), 1, absolute: 2e-4))
    }
  }

  @Test func edges() throws {
    #expect(try epsilon(.none, 1e-5) == 0)
    #expect(try epsilon(.nonPrivate, 1e-5) == .infinity)
    #expect(try epsilon(.gaussian(noiseMultiplier: 0), 1e-5) == .infinity)
    #expect(try epsilon(.sampledGaussian(rate: 0, noiseMultiplier: 1, steps: 5), 1e-5) == 0)
    #expect(try epsilon(.gaussian(noiseMultiplier: 1), 0) == .infinity)
    #expect(failure { _ = try epsilon(.concentrated(rho: 1), 1e-5) }?.kind == .privacy)
    #expect(failure { _ = try epsilon(.gaussian(noiseMultiplier: 1), 1) }?.kind == .value)
    // Huge ones too: 1/(2σ²) and a few spreads more.
    #expect(isClose(try epsilon(.gaussian(noiseMultiplier: 1e-3), 1e-5), 504_264, relative: 1e-4))
  }

  @Test func transformInvertsItself() {
    let transform = FourierTransform(count: 64)
    var random = RandomStream(seed: 1)
    let original = (0..<64).map { _ in random.normal() }
    var real = original
    var imaginary = [Double](repeating: 0, count: 64)
    transform.forward(&real, &imaginary)
    #expect(isClose(real[0], original.reduce(0, +), absolute: 1e-12))
    transform.inverse(&real, &imaginary)
    #expect(zip(real, original).allSatisfy { isClose($0, $1, absolute: 1e-13) })
    #expect(imaginary.allSatisfy { abs($0) < 1e-13 })
  }

  /// Half the size for real numbers: as the complex transform, and back.
  @Test func realTransform() throws {
    var random = RandomStream(seed: 2)
    let original = (0..<128).map { _ in random.normal() }
    let half = FourierTransform(count: 64)
    let (real, imaginary) = half.forward(real: original)
    var a = original
    var b = [Double](repeating: 0, count: 128)
    FourierTransform(count: 128).forward(&a, &b)
    for k in 0...64 {
      #expect(
        isClose(real[k], a[k], absolute: 1e-12) && isClose(imaginary[k], b[k], absolute: 1e-12))
    }
    let back = half.inverse(real: real, imaginary: imaginary)
    #expect(zip(back, original).allSatisfy { isClose($0, $1, absolute: 1e-13) })
  }
}
