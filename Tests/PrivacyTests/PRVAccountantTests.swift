import Foundation
import Foundations
import Tensors
import Testing

@testable import Privacy

@Suite struct PRVAccountantTests {
  func interval(_ mechanism: Mechanism, _ delta: Double) throws -> PRVAccountant.Interval {
    var sum = PRVAccountant()
    try sum.spend(Event(mechanism))
    return try sum.epsilon(delta: delta)
  }

  /// prv-accountant's estimates.
  @Test func equalsTheReferenceLibrary() throws {
    for (noise, rate, steps, delta, estimate) in [
      (1.1, 256.0 / 60000, 14062, 1e-5, 2.381600), (1, 0.01, 1000, 1e-5, 1.828240),
      (0.8, 0.005, 1000, 1e-6, 2.004108), (1.5, 0.04, 2250, 1e-5, 6.768781),
    ] {
      let found = try interval(
        .sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps), delta)
      #expect(isClose(found.estimate, estimate, relative: 1e-4), "\(found)")
      #expect(found.low < found.estimate && found.estimate < found.high)
      #expect(found.high - found.low < 0.025)
    }
  }

  /// Different mechanisms together (the example of its description).
  @Test func differentMechanisms() throws {
    let found = try interval(
      .composed([
        .sampledGaussian(rate: 0.005, noiseMultiplier: 0.8, steps: 100),
        .repeated(.gaussian(noiseMultiplier: 8), times: 200),
        .repeated(.laplace(noiseMultiplier: 10), times: 100),
      ]), 1e-6)
    // Its own estimate, on a coarser grid, is 11.1534; dp-accounting's bound is 11.14920.
    #expect(isClose(found.estimate, 11.1492, absolute: 1e-3), "\(found)")
    #expect(found.low >= 11.0533 && found.high <= 11.2534)
  }

  /// The bounds hold what has a closed form, or is bounded by the other accountant.
  @Test func holdsTheTruth() throws {
    for (mechanism, exact) in [
      (Mechanism.gaussian(noiseMultiplier: 1), 4.377178), (.pure(epsilon: 1), 1),
      (.laplace(noiseMultiplier: 0.5), 2 + 2 * log1p(-1e-5)),
      (.approximate(epsilon: 0.5, delta: 1e-6), 0.5),
      (.tree(noiseMultiplier: 3, steps: 500, passes: 1), 4.377178),
    ] {
      let found = try interval(mechanism, 1e-5)
      #expect(found.low <= exact && exact <= found.high + 1e-4, "\(mechanism): \(found)")
    }
    for mechanism in [
      Mechanism.repeated(.discreteGaussian(sigma: 3, sensitivity: 1), times: 20),
      .repeated(.poissonSampled(rate: 0.1, .laplace(noiseMultiplier: 1)), times: 100),
    ] {
      let bound = try Accountant.pld.epsilon(of: Event(mechanism), delta: 1e-6)
      let found = try? interval(mechanism, 1e-6)
      #expect(found.map { $0.low < bound && bound < $0.high } ?? true, "\(mechanism)")
    }
    var fixed = PRVAccountant()
    let event = Event(
      .repeated(.fixedSizeSampled(rate: 0.1, .gaussian(noiseMultiplier: 1.5)), times: 50),
      neighbours: .replaceOne)
    try fixed.spend(event)
    let found = try fixed.epsilon(delta: 1e-5)
    let bound = try Accountant.pld.epsilon(of: event, delta: 1e-5)
    #expect(
      found.low < bound && bound < found.high && isClose(found.estimate, bound, relative: 1e-3))
  }

  @Test func saysWhereItHasNoAnswer() throws {
    let steps = Mechanism.sampledGaussian(rate: 0.01, noiseMultiplier: 1, steps: 1000)
    for delta in [0, 1e-30, 1e-14] {
      #expect(failure { _ = try interval(steps, delta) }?.kind == .privacy, "\(delta)")
    }
    #expect(failure { _ = try interval(.concentrated(rho: 1), 1e-5) }?.kind == .privacy)
    #expect(failure { _ = try interval(steps, 1) }?.kind == .value)
    #expect(try interval(.none, 1e-5) == .init(low: 0, estimate: 0, high: 0))
    #expect(try interval(.nonPrivate, 1e-5).low == .infinity)
    #expect(try interval(.approximate(epsilon: 1, delta: 1e-3), 1e-5).high == .infinity)
  }

  /// ρ + 2√(ρ·log(1/δ)), and the tighter conversion: above what the loss distribution says, below the simple one.
  @Test func concentrated() throws {
    for (rho, delta, simple) in [
      (0.1, 1e-5, 2.24596603), (0.5, 1e-5, 5.29852591), (1, 1e-6, 8.43384438),
    ] {
      #expect(isClose(ConcentratedAccountant.simple(rho, delta), simple, relative: 1e-8))
      let tight = try Accountant.zcdp.epsilon(of: Event(.concentrated(rho: rho)), delta: delta)
      #expect(tight < simple)
      // The best of all orders is not above the best of a few.
      #expect(
        try tight
          <= Accountant.rdp.epsilon(of: Event(.concentrated(rho: rho)), delta: delta) * (1 + 1e-9))
      let noise = 1 / (2 * rho).squareRoot()
      let gaussian = Event(.gaussian(noiseMultiplier: noise))
      #expect(try Accountant.pld.epsilon(of: gaussian, delta: delta) < tight)
      #expect(
        isClose(
          try Accountant.zcdp.epsilon(of: gaussian, delta: delta), tight, relative: 1e-9))
    }
    let sampled = Event.sampledGaussian(rate: 0.5, noiseMultiplier: 1, steps: 1)
    #expect(failure { _ = try Accountant.zcdp.epsilon(of: sampled, delta: 1e-5) }?.kind == .privacy)
    let all = Event.sampledGaussian(rate: 1, noiseMultiplier: 10, steps: 100)
    #expect(isClose(try Accountant.zcdp.epsilon(of: all, delta: 1e-5), 4.728507, relative: 1e-4))
    #expect(try Accountant.zcdp.epsilon(of: Event(.concentrated(rho: 1)), delta: 0) == .infinity)
  }
}
