import Foundation
import Tensors
import Testing

@testable import Privacy

@Suite struct RDPAccountantTests {
  func cost(
    _ mechanism: Mechanism, _ delta: Double, _ conversion: RDPAccountant.Conversion = .improved
  )
    throws -> PrivacyCost
  {
    var accountant = RDPAccountant()
    try accountant.spend(Event(mechanism))
    return try accountant.epsilon(delta: delta, conversion: conversion)
  }

  @Test func equalsTheReferenceLibrary() throws {
    for row in try Oracle("epsilon").rows {
      let event = Mechanism.sampledGaussian(
        rate: row[1], noiseMultiplier: row[0], steps: Int(row[2]))
      let improved = try cost(event, row[3])
      let classic = try cost(event, row[3], .classic)
      #expect(isClose(improved.epsilon, row[4], relative: 1e-6), "\(row): \(improved)")
      #expect(improved.order == row[5], "\(row): \(improved)")
      #expect(isClose(classic.epsilon, row[6], relative: 1e-6), "\(row): \(classic)")
      #expect(improved.epsilon >= row[4] * (1 - 1e-9), "rounded down: \(row)")
      // The exact accountant is a lower bound (up to its grid), the classic conversion an upper one.
      #expect(improved.epsilon >= row[7] - 1e-3 && improved.epsilon <= classic.epsilon)
    }
  }

  @Test func divergencesOfOneStep() throws {
    for row in try Oracle("divergence").rows {
      let ours = SampledGaussianRDP.divergence(rate: row[2], noiseMultiplier: row[1], order: row[0])
      guard row[3] < .infinity else {
        // Its series does not converge: the next whole order is a bound.
        let next = SampledGaussianRDP.divergence(
          rate: row[2], noiseMultiplier: row[1], order: row[0].rounded(.up))
        #expect(ours == next && next < .infinity, "\(row): \(ours)")
        continue
      }
      // Rounded up by what the series' rounding may hide, 1e-12 of log A.
      let hidden = 1.1e-12 / (row[0] - 1)
      #expect(isClose(ours, row[3], relative: 1e-6, absolute: hidden), "\(row): \(ours)")
      #expect(ours >= row[3] * (1 - 1e-9), "\(row): \(ours)")
    }
    // METHODS O2: 6.7057974e-4 and so on over 50 steps.
    let expected = [
      (1.5, 6.70579741e-4), (2.5, 1.08548710e-3), (5, 2.18075656e-3), (50, 2.38460375e-2),
      (100, 167.416308),
    ]
    for (order, value) in expected {
      let ours = 50 * SampledGaussianRDP.divergence(rate: 0.01, noiseMultiplier: 2.5, order: order)
      #expect(isClose(ours, value, relative: 1e-4))
    }
    #expect(
      SampledGaussianRDP.divergence(rate: 0.01, noiseMultiplier: 2.5, order: .infinity) == .infinity
    )
  }

  /// Steps that spend next to nothing spend something: one Gaussian's closed form is below the bound.
  @Test func littleIsNotNothing() throws {
    for (noise, rate, steps) in [(1e8, 0.5, 5), (100, 1e-5, 2), (1e6, 1e-3, 1_000_000)] {
      let spent = try cost(
        .sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps), 1e-15
      ).epsilon
      let all = (Double(steps).squareRoot() / noise) * rate
      #expect(try spent > GaussianDP.epsilon(mu: all, delta: 1e-15) * 0.5, "\(noise)")
      for order in [1.5, 2, 10.5, 64] {
        #expect(
          SampledGaussianRDP.divergence(rate: rate, noiseMultiplier: noise, order: order) > 0)
      }
    }
  }

  /// log A against numerical integration of E[((1-q) + q·e^((2z-1)/2σ²))^α], the definition.
  @Test(arguments: [
    (1e-7, 0.1, 1.01), (1e-6, 0.1, 256.0), (1e-5, 0.1, 256.1), (1e-6, 1, 27), (1e-4, 1, 1.5),
    (1e-3, 1, 2), (0.01, 10, 20), (0.1, 100, 20.5),
    (0.99, 0.1, 256), (0.999, 100, 256.1), (0.04, 1.5, 3.9), (0.01, 0.7, 2.4),
  ])
  func logAEqualsQuadrature(_ q: Double, _ sigma: Double, _ alpha: Double) {
    let ours =
      SampledGaussianRDP.divergence(rate: q, noiseMultiplier: sigma, order: alpha) * (alpha - 1)
    var logSum = -Double.infinity
    let low = -40 * sigma
    let high = alpha + 40 * sigma
    let count = 400_000
    let step = (high - low) / Double(count)
    for i in 0...count {
      let z = low + Double(i) * step
      let ratio = SpecialFunctions.logAdd(log1p(-q), log(q) + (2 * z - 1) / (2 * sigma * sigma))
      let density = -z * z / (2 * sigma * sigma) - log(sigma) - 0.5 * log(2 * Double.pi)
      logSum = SpecialFunctions.logAdd(logSum, alpha * ratio + density)
    }
    let integral = logSum + log(step)
    // Differences of numbers near 1 cannot be seen below 1e-11 in the integral.
    #expect(isClose(ours, integral, relative: 1e-2, absolute: 1e-10), "\(ours) \(integral)")
    #expect(ours >= integral - 1e-10 - 1e-9 * abs(integral))
  }

  @Test func librariesAgree() throws {
    // Opacus, its tests: sigma 1.5, q .04, 2250 steps gives 7.32911117143 (exact at order 3.9).
    let opacus = try cost(.sampledGaussian(rate: 0.04, noiseMultiplier: 1.5, steps: 2250), 1e-5)
    #expect(isClose(opacus.epsilon, 7.32911117143, relative: 1e-4))
    // Gaussian sigma 4.530877117 is epsilon 1 at delta 1e-6 with dense orders.
    var dense = try RDPAccountant(orders: (1...20_000).map { 1 + Double($0) * 0.01 })
    try dense.spend(Event(.gaussian(noiseMultiplier: 4.530877117)))
    #expect(isClose(try dense.epsilon(delta: 1e-6).epsilon, 1, relative: 1e-6))
    // A constant curve of 1.1 (pure differential privacy) over orders 2…32.
    var constant = try RDPAccountant(orders: (2...32).map(Double.init))
    constant.add([Double](repeating: 1.1, count: 31))
    let cost = try constant.epsilon(delta: 1e-5)
    #expect(isClose(cost.epsilon, 1.32783806176, relative: 1e-9) && cost.order == 32)
    // The docstring of Opacus: (1e-5, 1.0, 10), (1e-4, 3.0, 4) gives .336 at order 23.
    var two = try RDPAccountant(orders: (2...32).map(Double.init))
    try two.spend(.sampledGaussian(rate: 1e-5, noiseMultiplier: 1, steps: 10))
    try two.spend(.sampledGaussian(rate: 1e-4, noiseMultiplier: 3, steps: 4))
    let small = try two.epsilon(delta: 1e-5)
    #expect(isClose(small.epsilon, 0.336, absolute: 5e-4) && small.order == 23)
  }

  @Test func edges() throws {
    #expect(try cost(.none, 1e-5).epsilon == 0)
    #expect(try cost(.nonPrivate, 1e-5).epsilon == .infinity)
    #expect(try cost(.sampledGaussian(rate: 0, noiseMultiplier: 1, steps: 10), 1e-5).epsilon == 0)
    #expect(try cost(.sampledGaussian(rate: 0, noiseMultiplier: 0, steps: 10), 1e-5).epsilon == 0)
    #expect(
      try cost(.sampledGaussian(rate: 0.1, noiseMultiplier: 0, steps: 1), 1e-5).epsilon == .infinity
    )
    #expect(try cost(.sampledGaussian(rate: 0.1, noiseMultiplier: 0, steps: 0), 1e-5).epsilon == 0)
    #expect(
      try cost(.sampledGaussian(rate: 0.1, noiseMultiplier: .infinity, steps: 5), 1e-5).epsilon == 0
    )
    #expect(try cost(.gaussian(noiseMultiplier: 1), 0).epsilon == .infinity)
    #expect(
      try cost(.sampledGaussian(rate: 1, noiseMultiplier: 3, steps: 9), 1e-5).epsilon
        == (try cost(.gaussian(noiseMultiplier: 1), 1e-5).epsilon))
    for delta in [-1e-9, 1, 2, .nan] {
      #expect(failure { _ = try cost(.none, delta) }?.kind == .value)
    }
    for bad: Mechanism in [
      .gaussian(noiseMultiplier: -1), .gaussian(noiseMultiplier: .nan),
      .poissonSampled(rate: 1.5, .none),
      .poissonSampled(rate: .nan, .none), .repeated(.none, times: -1),
      .composed([.none, .laplace(noiseMultiplier: -1)]),
    ] {
      #expect(failure { _ = try cost(bad, 1e-5) }?.kind == .value, "\(bad)")
    }
    let unsupported = failure {
      _ = try cost(.poissonSampled(rate: 0.1, .concentrated(rho: 1)), 1e-5)
    }
    #expect(unsupported?.kind == .privacy)
    #expect(failure { _ = try RDPAccountant(orders: [1]) }?.kind == .value)
    for sigma in [1e-3, 0.05, 1e6] {
      let value = try cost(.sampledGaussian(rate: 1e-8, noiseMultiplier: sigma, steps: 1), 1e-9)
        .epsilon
      #expect(value >= 0 && !value.isNaN)
    }
    // Laplace with scale 10: at most its pure epsilon.
    let laplace = try cost(.laplace(noiseMultiplier: 10), 1e-6).epsilon
    #expect(laplace <= 0.11 && laplace > 0.05)
  }

  @Test func monotoneInEveryArgument() throws {
    func epsilon(_ q: Double, _ sigma: Double, _ steps: Int, _ delta: Double) throws -> Double {
      try cost(.sampledGaussian(rate: q, noiseMultiplier: sigma, steps: steps), delta).epsilon
    }
    var last = 0.0
    for q in [0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1] {
      let value = try epsilon(q, 1.2, 200, 1e-5)
      #expect(value > last)
      last = value
    }
    last = .infinity
    for sigma in stride(from: 0.3, through: 12, by: 0.35) {
      let value = try epsilon(0.02, sigma, 200, 1e-5)
      #expect(value < last)
      last = value
    }
    last = 0
    for steps in [1, 2, 5, 10, 100, 1_000, 10_000, 100_000] {
      let value = try epsilon(0.01, 1, steps, 1e-5)
      #expect(value > last)
      last = value
    }
    last = 0
    for delta in [1e-2, 1e-3, 1e-5, 1e-8, 1e-12] {
      let value = try epsilon(0.01, 1, 500, delta)
      #expect(value > last)
      last = value
    }
  }
}
