import Foundation
import Foundations
import Tensors
import Testing

@testable import Privacy

@Suite struct ComposedCostTests {
  /// Random settings of DP-SGD (Scripts/oracles/accounting.py): not above dp-accounting, between prv-accountant's
  /// bounds and between our own, in the order of the accountants.
  @Test func randomSettings() throws {
    for row in try Oracle("accounting").rows {
      let event = Event.sampledGaussian(
        rate: row[1], noiseMultiplier: row[0], steps: Int(row[2]))
      let cost = try ComposedCost(of: [event], delta: row[3])
      #expect(cost.high <= row[4] * 1.001, "\(row): \(cost)")
      #expect(cost.high >= row[5] && cost.high <= row[6], "\(row): \(cost)")
      #expect(cost.low <= row[6] && cost.low <= cost.value && cost.value <= cost.high)
      #expect(cost.low > cost.high - 0.03 * (1 + cost.high), "\(row): \(cost)")
      let orders = try Accountant.rdp.epsilon(of: event, delta: row[3])
      #expect(cost.high <= orders)
      #expect(try orders <= Accountant.rdpClassic.epsilon(of: event, delta: row[3]))
    }
  }

  /// Where the truth is known, it lies between low and high.
  @Test func boundsHoldTheTruth() throws {
    for row in try Oracle("pld").rows where row[3] > 1e-12 {
      let cost = try ComposedCost(
        of: [.sampledGaussian(rate: row[1], noiseMultiplier: row[0], steps: Int(row[2]))],
        delta: row[3])
      #expect(cost.low <= row[4] * (1 + 1e-6), "\(row): \(cost)")
      #expect(cost.high >= row[4] * (1 - 1e-6), "\(row): \(cost)")
    }
    let laplace = try ComposedCost(of: [Event(.laplace(noiseMultiplier: 1))], delta: 1e-5)
    #expect(laplace.low <= 1 + 2 * log1p(-1e-5) && laplace.low > 0.98)
    #expect(laplace.accountant == .pld && laplace.delta == 1e-5)
  }

  @Test func whichAccountant() throws {
    let rho = Event(.concentrated(rho: 0.1))
    let both = try ComposedCost(
      of: [rho, Event(.approximate(epsilon: 0.1, delta: 1e-7))], delta: 1e-5)
    #expect(both.accountant == .rdp && both.low == 0 && both.high.isFinite)
    #expect(try both.high > ComposedCost(of: [rho], delta: 1e-5).high)
    let limit = try ComposedCost(
      of: .sampledGaussian(rate: 0.01, noiseMultiplier: 1, steps: 100), delta: 1e-5, by: .gdp)
    #expect(limit.low == 0 && limit.high == .infinity && limit.value > 0)
    let none = try ComposedCost(of: [], delta: 1e-5)
    #expect(none.low == 0 && none.high == 0)
    #expect(
      failure { _ = try ComposedCost(of: [rho, Event(.none, unit: .user)], delta: 1e-5) }?.kind
        == .privacy)
    let nested = Event(.poissonSampled(rate: 0.5, .composed([.pure(epsilon: 1)])))
    #expect(failure { _ = try ComposedCost(of: [nested], delta: 1e-5) }?.kind == .privacy)
  }

  /// At a delta of 0 epsilons of what is pure add up, exactly.
  @Test func withoutDelta() throws {
    let events = [
      Event(.pure(epsilon: 0.25)), Event(.laplace(noiseMultiplier: 4)),
      Event(.discreteLaplace(epsilon: 0.5, sensitivity: 3)),
    ]
    let cost = try ComposedCost(of: events, delta: 0)
    #expect(isClose(cost.high, 1, relative: 1e-9) && cost.low == cost.high && cost.high >= 1)
    #expect(
      try ComposedCost(of: events + [Event(.gaussian(noiseMultiplier: 1e9))], delta: 0).high
        == .infinity)
    #expect(
      try ComposedCost(of: events + [Event(.approximate(epsilon: 0, delta: 1e-9))], delta: 0).high
        == .infinity)
  }

  /// A hundred small releases, all different, cost less together than added up.
  @Test func manySmallReleases() throws {
    let events = (1...100).map { Event(.laplace(noiseMultiplier: 100 + Double($0) / 10)) }
    let cost = try ComposedCost(of: events, delta: 1e-6)
    let sum = try ComposedCost(of: events, delta: 0)
    #expect(cost.high < 0.6 * sum.high && cost.low > 0.9 * cost.high, "\(cost), \(sum)")
    let few = try ComposedCost(of: Array(events.prefix(3)), delta: 1e-6)
    #expect(isClose(few.high, 3.0 / 100, relative: 0.01), "\(few)")
  }

  /// Far out all is right or refused: no trap, nothing below what was spent.
  @Test func extremes() throws {
    for noise in [1e-300, 0.01, 1] {
      for rate in [1e-9, 1] {
        for steps in [1, 10_000_000] {
          let event = Event.sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps)
          for delta in [1e-30, 1e-5] {
            let cost = try ComposedCost(of: [event], delta: delta)
            let orders = try Accountant.rdp.epsilon(of: event, delta: delta)
            #expect(cost.high >= cost.low && cost.low >= 0 && cost.high <= orders, "\(event)")
            // No test of one step beats the losses that a step surely has.
            if rate == 1 {
              let mu = Double(steps).squareRoot() / noise
              #expect(try cost.high >= GaussianDP.epsilon(mu: mu, delta: delta))
            }
          }
        }
      }
    }
    for mechanism: Mechanism in [
      .pure(epsilon: 1000), .pure(epsilon: 1e-300), .laplace(noiseMultiplier: 1e-3),
      .laplace(noiseMultiplier: 1e-300), .laplace(noiseMultiplier: 1e300),
      .discreteLaplace(epsilon: 1000, sensitivity: 1),
      .discreteLaplace(epsilon: 1, sensitivity: .max),
      .discreteGaussian(sigma: 0.01, sensitivity: 1), .discreteGaussian(sigma: 1e9, sensitivity: 1),
      .discreteGaussian(sigma: 3, sensitivity: .max), .approximate(epsilon: 1000, delta: 1e-31),
      .tree(noiseMultiplier: 0.01, steps: .max, passes: .max), .concentrated(rho: 1e300),
    ] {
      for delta in [0, 1e-30, 1e-5] {
        let once = try ComposedCost(of: [Event(mechanism)], delta: delta)
        let many = Event(.repeated(mechanism, times: 10_000_000))
        let often = try ComposedCost(of: [many], delta: delta)
        for cost in [once, often] {
          #expect(cost.high >= cost.low && cost.low >= 0, "\(mechanism), \(delta): \(cost)")
        }
        #expect(often.high >= once.low, "\(mechanism), \(delta): \(often)")
      }
    }
    let thousand = try ComposedCost(of: [Event(.pure(epsilon: 1000))], delta: 1e-5)
    #expect(isClose(thousand.high, 1000, relative: 1e-6))
    let overflowing = Event(.repeated(.repeated(.pure(epsilon: 1), times: .max), times: 2))
    #expect(failure { _ = try ComposedCost(of: [overflowing], delta: 1e-5) }?.kind == .value)
    let twice = [Int.max, 1].map { Event(.repeated(.pure(epsilon: 1), times: $0)) }
    #expect(failure { _ = try ComposedCost(of: twice, delta: 1e-5) }?.kind == .value)
  }
}
