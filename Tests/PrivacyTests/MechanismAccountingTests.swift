import Foundation
import Foundations
import Tensors
import Testing

@testable import Privacy

/// Mechanisms other than Gaussian DP-SGD against closed forms, sums over all outcomes and dp-accounting 0.6.0.
@Suite struct MechanismAccountingTests {
  func pld(_ mechanism: Mechanism, _ delta: Double) throws -> Double {
    try Accountant.pld.epsilon(of: event(mechanism), delta: delta)
  }

  func rdp(_ mechanism: Mechanism, _ delta: Double) throws -> Double {
    try Accountant.rdp.epsilon(of: event(mechanism), delta: delta)
  }

  func event(_ mechanism: Mechanism) -> Event {
    Event(
      mechanism, neighbours: mechanism.samplesOfFixedSize ? .replaceOne : .addOrRemoveOne)
  }

  /// Never below the truth and next to it.
  func expectTight(
    _ found: Double, _ exact: Double, _ note: String, tolerance: Double = 2e-4
  ) {
    #expect(found >= exact * (1 - 1e-12), "\(note): \(found) below \(exact)")
    #expect(found <= exact * (1 + tolerance) + 1e-9, "\(note): \(found) above \(exact)")
  }

  // MARK: One release, closed forms

  /// δ(ε) = 1 - e^((ε - 1/b)/2) (METHODS O3: 0.2212 at ε = ½, b = 1).
  @Test func laplace() throws {
    for b in [0.05, 0.5, 1, 20] {
      for delta in [1e-9, 1e-5, 0.01] where delta < -expm1(-0.5 / b) {
        expectTight(
          try pld(.laplace(noiseMultiplier: b), delta), 1 / b + 2 * log1p(-delta), "\(b), \(delta)")
      }
    }
    expectTight(try pld(.laplace(noiseMultiplier: 1), 0.22119921692859512), 0.5, "oracle")
  }

  /// δ(ε) = (e^ε₀ - e^ε) / (1 + e^ε₀), and with a chance to tell all.
  @Test func pureAndApproximate() throws {
    for epsilon in [1e-3, 0.5, 1, 8] {
      for delta in [1e-8, 1e-4, 0.2] where delta < tanh(epsilon / 2) {
        let rest = exp(epsilon) - delta * (1 + exp(epsilon))
        expectTight(try pld(.pure(epsilon: epsilon), delta), log(rest), "\(epsilon), \(delta)")
      }
    }
    let half = Mechanism.approximate(epsilon: 1, delta: 1e-3)
    #expect(try pld(half, 1e-3) <= 1 + 1e-9 && pld(half, 1e-3) >= 1 - 1e-9)
    #expect(try pld(half, 0.999e-3) == .infinity && rdp(half, 0.999e-3) == .infinity)
    #expect(try pld(half, 0.01) < 1 && rdp(half, 0.01) <= 1)
  }

  /// On a Poisson sample: δ(ε) = q·δ₀(log(1 + (e^ε - 1)/q)) where a unit is removed, which costs more.
  @Test func poissonSampledLaplace() throws {
    for (b, rate, delta) in [(1.0, 0.1, 1e-4), (0.5, 0.3, 0.05), (0.1, 1e-3, 1e-6)] {
      let inner = 1 / b + 2 * log1p(-delta / rate)
      expectTight(
        try pld(.poissonSampled(rate: rate, .laplace(noiseMultiplier: b)), delta),
        log1p(rate * expm1(inner)), "\(b), \(rate), \(delta)")
    }
  }

  /// Samples of fixed size, one step: the same formula (Balle, Barthe, Gaboardi 2018), here of Gaussian noise.
  @Test func fixedSizeGaussian() throws {
    for (noise, rate, epsilon) in [(1.0, 0.1, 0.4), (0.7, 0.01, 1), (3, 0.5, 0.05)] {
      let inner = log1p(expm1(epsilon) / rate)
      let delta = rate * GaussianMechanism.exactDelta(inner, 1 / noise)
      expectTight(
        try pld(.fixedSizeSampled(rate: rate, .gaussian(noiseMultiplier: noise)), delta), epsilon,
        "\(noise), \(rate)")
    }
  }

  // MARK: Sums over all outcomes

  /// The least ε of finitely many pairs of probabilities.
  func least(_ pairs: [(p: Double, q: Double)], _ delta: Double) -> Double {
    func spent(_ epsilon: Double) -> Double {
      pairs.reduce(0) { $0 + max(0, $1.p - exp(epsilon) * $1.q) }
    }
    if spent(0) <= delta { return 0 }
    var (low, high) = (0.0, 200.0)
    for _ in 0..<100 {
      let middle = (low + high) / 2
      if spent(middle) <= delta { high = middle } else { low = middle }
    }
    return high
  }

  func product(_ a: [(p: Double, q: Double)], _ b: [(p: Double, q: Double)]) -> [(
    p: Double, q: Double
  )] {
    a.flatMap { x in b.map { (x.p * $0.p, x.q * $0.q) } }
  }

  func moved(_ noise: [Double], by move: Int) -> [(p: Double, q: Double)] {
    (0..<(noise.count + move)).map {
      ($0 < noise.count ? noise[$0] : 0, $0 >= move ? noise[$0 - move] : 0)
    }
  }

  @Test func pureMechanismsComposeOptimally() throws {
    for (epsilon, count) in [(0.1, 10), (0.5, 20), (1.0, 3)] {
      let truth = 1 / (1 + exp(-epsilon))
      let pairs = (0...count).map { k in
        let ways = exp(
          SpecialFunctions.logGamma(Double(count) + 1) - SpecialFunctions.logGamma(Double(k) + 1)
            - SpecialFunctions.logGamma(Double(count - k) + 1))
        let (right, wrong) = (Double(k), Double(count - k))
        return (
          p: ways * pow(truth, right) * pow(1 - truth, wrong),
          q: ways * pow(truth, wrong) * pow(1 - truth, right)
        )
      }
      for delta in [1e-8, 1e-4, 0.01] {
        expectTight(
          try pld(.repeated(.pure(epsilon: epsilon), times: count), delta), least(pairs, delta),
          "\(epsilon), \(count), \(delta)", tolerance: 1e-3)
      }
      #expect(
        isClose(
          try pld(.repeated(.pure(epsilon: epsilon), times: count), 0), epsilon * Double(count),
          relative: 1e-9))
    }
    // Kairouz, Oh, Viswanath's optimal composition as in dp-accounting's tests, on a grid of 2.
    let thirty = Mechanism.repeated(.approximate(epsilon: 1, delta: 0.001), times: 30)
    let (first, second) = (try pld(thirty, 0.06), try pld(thirty, 0.1))
    #expect(first > 20 && first <= 22 && second > 18 && second <= 20)
  }

  @Test func discreteNoise() throws {
    let laplace = (-150...150).map { exp(-0.3 * Double(abs($0))) * tanh(0.15) }
    let normal = (-30...30).map { exp(-Double($0 * $0) / (2 * 1.5 * 1.5)) }
    let whole = normal.reduce(0, +)
    for (name, mechanism, noise, move) in [
      ("Laplace", Mechanism.discreteLaplace(epsilon: 0.6, sensitivity: 2), laplace, 2),
      (
        "Gaussian", .discreteGaussian(sigma: 1.5, sensitivity: 2), normal.map { $0 / whole }, 2
      ),
    ] {
      let one = moved(noise, by: move)
      for delta in [1e-6, 1e-3] {
        expectTight(
          try pld(mechanism, delta), least(one, delta), "\(name), \(delta)", tolerance: 1e-3)
        expectTight(
          try pld(.repeated(mechanism, times: 2), delta), least(product(one, one), delta),
          "2 × \(name), \(delta)", tolerance: 1e-3)
      }
      // On a Poisson sample: twice the mixture of both.
      let sampled = one.map { (p: 0.8 * $0.q + 0.2 * $0.p, q: $0.q) }
      let two = product(sampled, sampled)
      let found = try pld(.repeated(.poissonSampled(rate: 0.2, mechanism), times: 2), 1e-3)
      expectTight(
        found, max(least(two, 1e-3), least(two.map { ($0.q, $0.p) }, 1e-3)), "samples, \(name)",
        tolerance: 1e-3)
      // A smaller move costs less.
      let smaller = moved(noise, by: 1)
      #expect(try pld(mechanism, 1e-3) > least(smaller, 1e-3))
    }
  }

  /// So little noise that the outcomes of both hardly overlap: a sample tells nearly for certain that a unit is in it.
  @Test func littleDiscreteNoise() throws {
    let normal = (-12...12).map { exp(-Double($0 * $0) / (2 * 0.5 * 0.5)) }
    let whole = normal.reduce(0, +)
    let one = moved(normal.map { $0 / whole }, by: 9)
    let sampled = one.map { (p: 0.99 * $0.q + 0.01 * $0.p, q: $0.q) }
    let two = product(sampled, sampled)
    let mechanism = Mechanism.discreteGaussian(sigma: 0.5, sensitivity: 9)
    for delta in [0.012, 0.019] {
      let found = try pld(
        .repeated(.poissonSampled(rate: 0.01, mechanism), times: 2), delta)
      let exact = max(least(two, delta), least(two.map { ($0.q, $0.p) }, delta))
      #expect(found >= exact && found <= exact * 1.001 + 1e-6, "\(delta): \(found), \(exact)")
    }
  }

  /// Randomised response about one of two people, drawn anew in each of three rounds: all outcomes of one data set
  /// whose first person changes.
  @Test func fixedSizeByEnumeration() throws {
    let truth = 1 / (1 + exp(-1.5))
    for (a, b) in [(1 - truth, 0.5), (0.5, truth)] {
      let one = [(p: b, q: a), (p: 1 - b, q: 1 - a)]
      let three = product(product(one, one), one)
      for delta in [1e-4, 0.02, 0.1] {
        let exact = max(least(three, delta), least(three.map { ($0.q, $0.p) }, delta))
        let found = try pld(
          .repeated(.fixedSizeSampled(rate: 0.5, .pure(epsilon: 1.5)), times: 3), delta)
        #expect(found >= exact, "\(delta): \(found) below \(exact)")
      }
    }
  }

  // MARK: The reference library

  /// Its grid of 1e-4 is pessimistic too: both are next to the truth.
  @Test func equalsTheReferenceLibrary() throws {
    let mixed = Mechanism.composed([
      .repeated(.laplace(noiseMultiplier: 3), times: 5), .gaussian(noiseMultiplier: 4),
      .sampledGaussian(rate: 0.02, noiseMultiplier: 1, steps: 50), .pure(epsilon: 0.5),
    ])
    let rows: [(Mechanism, Double, Double)] = [
      (.repeated(.laplace(noiseMultiplier: 2), times: 30), 9.828748829050145, 13.06566264016562),
      (
        .repeated(.poissonSampled(rate: 0.1, .laplace(noiseMultiplier: 1)), times: 100),
        2.9226348951064276, 4.662197903271148
      ),
      (
        .repeated(.discreteGaussian(sigma: 2, sensitivity: 1), times: 10), 5.591860823981422,
        8.303280558012364
      ),
      (
        .repeated(.discreteGaussian(sigma: 5, sensitivity: 3), times: 4), 3.938193871198921,
        6.019884216121983
      ),
      (
        .repeated(
          .poissonSampled(rate: 0.2, .discreteGaussian(sigma: 2, sensitivity: 1)), times: 20),
        1.4162310582916948, 2.5722358173215714
      ),
      (
        .repeated(.discreteLaplace(epsilon: 0.6, sensitivity: 2), times: 12), 6.479706285644863,
        7.199225164828194
      ),
      (mixed, 2.4571964886929676, 3.4138819796276456),
    ]
    for (mechanism, loose, strict) in rows {
      for (delta, reference) in [(1e-3, loose), (1e-6, strict)] {
        let ours = try pld(mechanism, delta)
        #expect(
          ours <= reference * (1 + 1e-4) && ours >= reference * (1 - 1e-3),
          "\(mechanism): \(ours) and \(reference)")
        let orders = try? rdp(mechanism, delta)
        #expect(orders == nil || ours <= (orders ?? 0), "\(mechanism): \(ours) above orders")
      }
    }
    let twenty = Mechanism.repeated(.approximate(epsilon: 0.2, delta: 1e-7), times: 20)
    #expect(isClose(try pld(twenty, 1e-3), 2.642397836781813, relative: 5e-4))
    #expect(isClose(try pld(twenty, 1e-5), 3.544216836956163, relative: 5e-4))
    #expect(try pld(twenty, 1e-5) <= rdp(twenty, 1e-5))
    #expect(try pld(twenty, 1.9e-6) == .infinity)
  }

  /// Scales that keep a budget (dp-accounting's own tests).
  @Test func calibratesLaplaceNoise() throws {
    for (count, scale) in [(20, 13.6), (500, 71.0)] {
      let found = try NoiseCalibration.noiseMultiplier(epsilon: 1, delta: 1e-4) {
        (noise) throws(DomainError) in
        try Accountant.pld.epsilon(
          of: Event(.repeated(.laplace(noiseMultiplier: noise), times: count)), delta: 1e-4)
      }
      #expect(isClose(found, scale, absolute: 0.1), "\(count): \(found)")
    }
    let ten = Mechanism.repeated(.laplace(noiseMultiplier: 70.0 / 21), times: 10)
    #expect(isClose(try pld(ten, 0), 3, relative: 1e-9))
  }

  // MARK: Rényi orders

  @Test func renyiCurves() throws {
    let pure = LossAtoms.randomisedResponse(epsilon: 0.7)
    let steps = LossAtoms.discreteLaplace(epsilon: 0.7, sensitivity: 4096)
    for alpha in [1.1, 2, 7.5, 64, 1024] {
      #expect(
        isClose(RenyiCurve.response(0.7, alpha), pure.divergence(order: alpha), relative: 1e-9))
      // As fine a ladder is next to Laplace noise, and above it.
      let laplace = RenyiCurve.laplace(1 / 0.7, alpha)
      let ladder = steps.divergence(order: alpha)
      #expect(ladder >= laplace && isClose(ladder, laplace, relative: 1e-4), "\(alpha)")
      #expect(laplace < RenyiCurve.response(0.7, alpha))
    }
    // Small ones are not rounded away: α·ε²/2.
    #expect(isClose(RenyiCurve.response(1e-9, 8), 4e-18, relative: 1e-6))
    #expect(RenyiCurve.laplace(1e9, 8) > 1e-18)
    #expect(RenyiCurve.response(1e4, 1024) == 1e4 || RenyiCurve.response(1e4, 1024) > 9.9e3)
  }

  /// Both accountants on trees and samples of fixed size; values of dp-accounting, which bounds the latter otherwise.
  @Test func treesAndFixedSizes() throws {
    for (noise, library) in [(1.13, 18.709609893772754), (8.83, 1.7731924496178202)] {
      let tree = Mechanism.tree(noiseMultiplier: noise, steps: 1600, passes: 1)
      let orders = try rdp(tree, 1e-6)
      #expect(isClose(orders, library, relative: 2e-3), "\(orders)")
      #expect(try pld(tree, 1e-6) < orders)
      // A tree's nodes are as many Gaussian releases.
      let releases = Mechanism.repeated(.gaussian(noiseMultiplier: noise), times: 11)
      #expect(isClose(try pld(tree, 1e-6), try pld(releases, 1e-6), relative: 1e-9))
    }
    for (noise, rate, steps, library) in [
      (2.0, 0.01, 1000, 1.445298242121019), (1, 0.05, 50, 4.777223254787517),
      (4, 0.2, 100, 4.959777050181902),
    ] {
      let sampled = Mechanism.repeated(
        .fixedSizeSampled(rate: rate, .gaussian(noiseMultiplier: noise)), times: steps)
      let orders = try rdp(sampled, 1e-5)
      let tight = try pld(sampled, 1e-5)
      #expect(tight < library && library <= orders * (1 + 1e-3), "\(tight), \(orders)")
      // More than on a Poisson sample of the same rate, where one direction alone counts at a time.
      let poisson = Mechanism.sampledGaussian(rate: rate, noiseMultiplier: noise, steps: steps)
      #expect(try tight >= pld(poisson, 1e-5) * (1 - 1e-4))
    }
    #expect(Mechanism.depth(ofTree: 0) == 0 && Mechanism.depth(ofTree: 1) == 1)
    #expect(Mechanism.depth(ofTree: 3) == 2 && Mechanism.depth(ofTree: 4) == 3)
    // The whole of the data as a sample.
    let all = Mechanism.repeated(
      .fixedSizeSampled(rate: 1, .gaussian(noiseMultiplier: 3)), times: 9)
    #expect(isClose(try pld(all, 1e-5), 4.377178, relative: 1e-6))
  }

  /// METHODS O2 and O3: connected dots, one step on a sample, calibrated noise of dp-accounting's tests.
  @Test func listedValues() throws {
    let loss = SampledGaussianLoss(rate: 1, noiseMultiplier: 1, removes: true)
    let dots = loss.onGrid(within: -10...11, floor: -.infinity, interval: 0.5)
    for (place, mass) in [
      (2, 0.175063076), (1, 0.195400642), (0, 0.171573378), (-1, 0.118516480), (-2, 0.064402107),
    ] {
      #expect(isClose(dots.values[place - dots.first], mass, absolute: 2e-9), "\(place)")
    }
    for (rate, noise, epsilon, delta) in [
      (0.01, 1.0, 0.1, 7.29003769576e-5), (0.01, 1, 0.005, 0.0026351508459),
      (0.1, 1, 0.05, 0.0261436629589), (0.5, 2, 0.2, 0.0398268833149),
    ] {
      let step = Mechanism.poissonSampled(rate: rate, .gaussian(noiseMultiplier: noise))
      #expect(isClose(try pld(step, delta), epsilon, relative: 1e-4), "\(rate), \(noise)")
    }
    for (rate, count, noise) in [(0.01, 1, 0.67379294682), (0.001, 25, 3.20956502598 / 6)] {
      let found = try NoiseCalibration.noiseMultiplier(epsilon: 1, delta: 1e-5) {
        (noise) throws(DomainError) in
        try Accountant.pld.epsilon(
          noiseMultiplier: noise, rate: rate, steps: count, delta: 1e-5)
      }
      #expect(isClose(found, noise, relative: 1e-3), "\(found)")
    }
  }

  @Test func fixedSizesNeedReplacement() {
    let event = Event(.fixedSizeSampled(rate: 0.1, .gaussian(noiseMultiplier: 1)))
    for accountant in Accountant.allCases {
      let error = failure { _ = try accountant.epsilon(of: event, delta: 1e-5) }
      #expect(error?.kind == .privacy, "\(accountant)")
    }
  }
}
