import Foundation
import Tensor
import Testing

@testable import Privacy

@Suite struct PLDAccountantTests {
  func epsilon(_ event: Event, _ delta: Double) throws -> Double {
    var accountant = PLDAccountant()
    try accountant.spend(event)
    return try accountant.epsilon(delta: delta).epsilon
  }

  /// The slow ones (small noise or huge epsilons) are left out of the unoptimised run.
  @Test func equalsTheReferenceLibrary() throws {
    let rows = try Oracle("epsilon").rows.filter { $0[7] < 1 }.prefix(4)
    for row in rows {
      let ours = try epsilon(
        .sampledGaussian(rate: row[1], noiseMultiplier: row[0], steps: Int(row[2])), row[3])
      #expect(isClose(ours, row[7], relative: 1e-4), "\(row): \(ours)")
      #expect(ours <= row[4])
    }
  }

  @Test func composition() throws {
    let row = try Oracle("decay").rows[0]
    let event = try NoiseSchedule(initial: 1.5, decay: 0.9, epochs: 5, stepsPerEpoch: 100)
      .event(rate: 0.01, accounting: .paper)
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
    #expect(failure { _ = try epsilon(.laplace(noiseMultiplier: 1), 1e-5) }?.kind == .privacy)
    #expect(failure { _ = try epsilon(.gaussian(noiseMultiplier: 1), 1) }?.kind == .value)
    #expect(failure { _ = try epsilon(.gaussian(noiseMultiplier: 1e-3), 1e-5) }?.kind == .limit)
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
}
