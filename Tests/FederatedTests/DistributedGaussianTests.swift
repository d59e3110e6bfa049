import Foundation
import Foundations
import Learning
import Privacy
import Tensors
import Testing

@testable import Federated

@Suite struct DistributedGaussianTests {
  private func mechanism(
    clients: Int = 10, minimum: Int = 7, noise: Double = 1, parameters: Int = 100, bits: Int = 20
  ) throws -> DistributedGaussian {
    try DistributedGaussian(
      clients: clients, minimum: minimum, clip: 2, noiseMultiplier: noise, parameters: parameters,
      bits: bits)
  }

  @Test func tauOfAWorkedExample() {
    let tau = DistributedGaussian.tau(clients: 10, sigma: 1)
    #expect(abs(tau - 5.435242581620e-4) < 1e-15)
    #expect(DistributedGaussian.tau(clients: 1, sigma: 1) == 0)
  }

  @Test func costIsNearlyThatOfTheGaussian() throws {
    // With many bits rounding and τ vanish: ρ is 1 / (2 z²).
    let fine = try mechanism(bits: 30)
    #expect(fine.width == 128)
    #expect(fine.rho(.addOrRemoveOne) >= 0.5 && fine.rho(.addOrRemoveOne) < 0.5001)
    #expect(fine.rho(.replaceOne) >= 2 && fine.rho(.replaceOne) < 2.001)
    // With few bits rounding costs.
    let coarse = try mechanism(bits: 10)
    #expect(coarse.rho(.addOrRemoveOne) > 0.505)
    #expect(try mechanism(noise: 0.001, bits: 8).rho(.addOrRemoveOne) == .infinity)
    // As written in proposition 14, by its parts.
    let ratio = coarse.bound / (Double(7).squareRoot() * coarse.localSigma)
    let tau = DistributedGaussian.tau(clients: 10, sigma: coarse.localSigma)
    let both = [ratio * ratio / 2 + tau * 128, pow(ratio + tau * 128.0.squareRoot(), 2) / 2]
    #expect(abs(coarse.rho(.addOrRemoveOne) / min(both[0], both[1]) - 1) < 1e-9)
  }

  @Test func budgetsAreKept() throws {
    for bits in [12, 16, 24] {
      let found = try DistributedGaussian.calibrated(
        epsilon: 3, delta: 1e-5, rounds: 20, neighbours: .addOrRemoveOne, clients: 50,
        minimum: 35, clip: 1, parameters: 1000, bits: bits)
      let spent = try Accountant.zcdp.epsilon(
        of: found.event(rounds: 20, .addOrRemoveOne), delta: 1e-5)
      #expect(spent <= 3 && spent > 2.99)
    }
    #expect(throws: DomainError.self) {
      try DistributedGaussian.calibrated(
        epsilon: 3, delta: 1e-5, rounds: 20, neighbours: .addOrRemoveOne, clients: 50,
        minimum: 35, clip: 1, parameters: 1000, bits: 4)
    }
    #expect(throws: DomainError.self) { try mechanism(clients: 1000, bits: 4) }
    #expect(throws: DomainError.self) { try mechanism(noise: .nan) }
  }

  @Test func rotationIsItsOwnInverseAndKeepsLengths() throws {
    var stream = RandomStream(seed: 2)
    let numbers = (0..<64).map { _ in stream.normal() }
    var turned = numbers
    try DistributedGaussianCoding.rotate(&turned)
    let before = numbers.reduce(0) { $0 + $1 * $1 }
    let after = turned.reduce(0) { $0 + $1 * $1 }
    #expect(abs(before - after) < 1e-9)
    try DistributedGaussianCoding.rotate(&turned)
    #expect(zip(numbers, turned).allSatisfy { abs($0 - $1) < 1e-12 })
    var one = [1.0, 0, 0, 0]
    try DistributedGaussianCoding.rotate(&one)
    #expect(one == [0.5, 0.5, 0.5, 0.5])
  }

  @Test func noiseOfTheSumHasItsVariance() throws {
    // Ten clients with nothing to say: noise of 10 shares of σ²/7 comes out, since rounding of nothing is nothing.
    let mechanism = try mechanism(parameters: 4096)
    let coding = try DistributedGaussianCoding(mechanism, rotation: RandomKey(seed: 1))
    var sum = [UInt32](repeating: 0, count: 4096)
    for client in 0..<10 {
      let sent = try coding.encode(
        [Double](repeating: 0, count: 4096), rounding: RandomKey(seed: 2),
        .seeded(RandomKey(seed: 100 + UInt64(client))))
      for i in sum.indices { sum[i] = (sum[i] &+ sent[i]) & 0xFFFFF }
    }
    let noise = try coding.decode(sum)
    let variance = noise.reduce(0) { $0 + $1 * $1 } / 4096
    // Four standard errors of a variance of 4096 normal numbers.
    #expect(abs(variance / (4.0 * 10 / 7) - 1) < 4 * (2.0 / 4096).squareRoot())
  }

  @Test func sumIsRightInTheMean() throws {
    let mechanism = try mechanism(noise: 0.01, parameters: 5, bits: 24)
    let coding = try DistributedGaussianCoding(mechanism, rotation: RandomKey(seed: 1))
    let updates = [[0.5, -0.25, 0, 1, 0.125], [30, 0, -40, 0, 0]]
    var sum = [UInt32](repeating: 0, count: 8)
    for (place, update) in updates.enumerated() {
      let key = RandomKey(seed: UInt64(place))
      let sent = try coding.encode(update, rounding: key, .seeded(key))
      for i in sum.indices { sum[i] = (sum[i] &+ sent[i]) & 0xFFFFFF }
    }
    // The second is clipped to length 2.
    let expected = [0.5 + 1.2, -0.25, -1.6, 1, 0.125]
    #expect(zip(try coding.decode(sum), expected).allSatisfy { abs($0 - $1) < 0.1 })
    #expect(throws: DomainError.self) {
      try coding.encode([.infinity, 0, 0, 0, 0], rounding: RandomKey(seed: 1), .secure)
    }
    let large = try coding.encode(
      [1e300, 1e300, 0, 0, 0], rounding: RandomKey(seed: 1), .seeded(RandomKey(seed: 1)))
    #expect(large.contains { $0 != 0 })
  }

  @Test func planChargesBeforeAndSeededOnesAreNoPromise() throws {
    let settings = try SecureSettings(threshold: 0.7, bits: 20)
    let privacy = try DistributedPrivacy(.epsilon(4), delta: 1e-5, clip: 1, settings: settings)
    let plan = try privacy.plan(
      devices: 100, clients: 20, rounds: 10, parameters: 6, neighbours: .addOrRemoveOne)
    #expect(try plan.epsilon(10) <= 4)
    #expect(try plan.epsilon(5) < plan.epsilon(10))
    #expect(plan.weighting == .equal && plan.combiner?.seesUpdates == false)
    #expect(try plan.event(10).unit == .client)
    let seeded = try DistributedPrivacy(
      .epsilon(4), delta: 1e-5, clip: 1, settings: settings, isSeeded: true)
    let studied = try seeded.plan(
      devices: 100, clients: 20, rounds: 10, parameters: 6, neighbours: .addOrRemoveOne)
    #expect(try studied.event(10).mechanism == .nonPrivate)
    #expect(throws: DomainError.self) {
      try DistributedPrivacy(
        .epsilon(4), delta: 1e-5, clip: 1, settings: SecureSettings(.lightsecagg))
    }
  }
}
