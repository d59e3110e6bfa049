import Foundation
import Foundations
import Statistics
import Testing

@testable import Privacy

/// Whether counts of whole numbers fit their chances: the chi-square test's p, cells of fewer than five expected taken
/// together. What is beyond the range is one more cell.
func fit(_ samples: [Int], _ range: ClosedRange<Int>, chance: (Int) -> Double) throws -> Double {
  var found: [Int: Int] = [:]
  for sample in samples { found[sample, default: 0] += 1 }
  let total = Double(samples.count)
  var cells: [(found: Double, expected: Double)] = []
  var rest = (found: total, expected: total)
  var open = (found: 0.0, expected: 0.0)
  for value in range {
    open.found += Double(found[value] ?? 0)
    open.expected += total * chance(value)
    guard open.expected >= 5 else { continue }
    cells.append(open)
    rest = (rest.found - open.found, rest.expected - open.expected)
    open = (0, 0)
  }
  if rest.expected < 5, let last = cells.popLast() {
    rest = (rest.found + last.found, rest.expected + last.expected)
  }
  cells.append(rest)
  let statistic = cells.reduce(0) { sum, cell in
    sum + (cell.found - cell.expected) * (cell.found - cell.expected) / cell.expected
  }
  guard cells.count > 1 else { return abs(rest.found - rest.expected) < 1e-6 ? 1 : 0 }
  return try ChiSquareDistribution(degrees: Double(cells.count - 1)).survival(statistic)
}

/// The exact samplers against the distributions they claim, with seeded bits and with the operating system's. Tests
/// fail by chance once in a million.
@Suite struct ExactSamplerTests {
  static let count = 20_000

  func samples(_ name: String, _ draw: (inout CoinFlips) -> Int) -> [Int] {
    var random = CoinFlips(seeded: RandomKey(seed: 7).derived(name))
    return (0..<Self.count).map { _ in draw(&random) }
  }

  @Test func coinsOfExponentialChances() throws {
    for (numerator, denominator) in [(0, 1), (1, 3), (1, 1), (5, 2), (7, 1000)] {
      let (a, b) = (UInt128(numerator), UInt128(denominator))
      let natural = samples("e \(a)/\(b)") { $0.bernoulliExponential(a, over: b) ? 1 : 0 }
      let chance = exp(-Double(a) / Double(b))
      let p = try fit(natural, 0...1) { $0 == 1 ? chance : 1 - chance }
      #expect(p > 1e-6, "\(a)/\(b)")
      guard a <= b else { continue }
      let binary = samples("2 \(a)/\(b)") { $0.bernoulliPowerOfTwo(a, over: b) ? 1 : 0 }
      let half = exp2(-Double(a) / Double(b))
      let q = try fit(binary, 0...1) { $0 == 1 ? half : 1 - half }
      #expect(q > 1e-6, "\(a)/\(b)")
    }
  }

  @Test(arguments: [0.02, 0.3, 1, 2.5, 40])
  func geometricAndLaplace(_ rate: Double) throws {
    let exact = try #require(ExactRate(atMost: rate))
    let nearly = rate * (1 - 0x1p-28)
    #expect(exact.value <= rate && exact.value > nearly)
    let oneSided = samples("geometric \(rate)") { $0.geometric(exact) }
    let fall = exp(-rate)
    let p = try fit(oneSided, 0...1000) { (k: Int) -> Double in (1 - fall) * pow(fall, Double(k)) }
    #expect(p > 1e-6)
    let noise = try DiscreteLaplaceNoise(epsilon: rate, sensitivity: 1)
    #expect(noise.rate == exact)
    let twoSided = samples("laplace \(rate)") { noise.sample(&$0) }
    func chance(_ k: Int) -> Double { tanh(rate / 2) * exp(-rate * Double(abs(k))) }
    #expect(try fit(twoSided, -1000...1000, chance: chance) > 1e-6)
    // The reach is the least that holds, as sums of the exact chances say.
    for level in [0.5, 0.95, 0.999] {
      let reach = noise.reach(chance: 1 - level)
      func beyond(_ k: Int) -> Double {
        var within = 0.0
        for value in -k...k { within += chance(value) }
        return 1 - within
      }
      let chance = 1 - level
      #expect(beyond(reach) <= chance * (1 + 1e-6) + 1e-12)
      let before = reach == 0 ? 1 : beyond(reach - 1)
      #expect(before > chance * (1 - 1e-6))
    }
    var tail = 0.0
    for k in 3...2000 { tail += chance(k) }
    #expect(isClose(noise.chance(atLeast: 3), tail, relative: 1e-9))
  }

  /// METHODS O6: the variance and the chances of 0 and 1 where they are given.
  @Test func discreteGaussianOfAnyVariance() throws {
    let cases: [(UInt64, UInt64, variance: Double, zero: Double, one: Double?)] = [
      (1, 4, 0.215012675088, 0.786570707042, 0.106450769423),
      (1, 1, 0.999999788768, 0.398942278267, 0.241970723224), (4, 1, 4, 0.199471140201, nil),
      (22, 7, 22.0 / 7, 0.225034, nil),
    ]
    for (numerator, denominator, variance, zero, one) in cases {
      let noise = try DiscreteGaussian(variance: numerator, over: denominator)
      let found = samples("gaussian \(variance)") { noise.sample(&$0) }
      let sigma2 = Double(numerator) / Double(denominator)
      func weight(_ k: Int) -> Double { exp(-Double(k * k) / (2 * sigma2)) }
      var sum = 0.0
      for k in -200...200 { sum += weight(k) }
      #expect(isClose(weight(0) / sum, zero, absolute: 1e-6))
      if let one { #expect(isClose(weight(1) / sum, one, absolute: 1e-12)) }
      let p = try fit(found, -200...200) { weight($0) / sum }
      #expect(p > 1e-6, "\(sigma2)")
      let square = found.reduce(0.0) { $0 + Double($1 * $1) } / Double(found.count)
      // Six standard errors; the fourth moment is at most three times the variance's square and the variance.
      let error = ((3 * variance * variance + variance) / Double(found.count)).squareRoot()
      #expect(abs(square - variance) < 6 * error, "\(sigma2): \(square)")
    }
    for (a, b) in [(UInt64(0), UInt64(1)), (1, 0)] {
      #expect(failure { _ = try DiscreteGaussian(variance: a, over: b) }?.kind == .value)
    }
    #expect(failure { _ = try DiscreteGaussian(variance: .max, over: 1) }?.kind == .limit)
    // The extremes that are allowed neither trap nor stand still.
    var random = CoinFlips()
    for (a, b) in [(DiscreteGaussian.largest, UInt64(1)), (1, DiscreteGaussian.largest)] {
      let noise = try DiscreteGaussian(variance: a, over: b)
      for _ in 0..<200 { #expect(abs(noise.sample(&random)) < 1 << 28) }
    }
  }

  @Test func theSystemsBitsGiveTheSameDistributions() throws {
    var random = CoinFlips()
    let rate = try #require(ExactRate(atMost: 0.5))
    let found = (0..<Self.count).map { _ in random.discreteLaplace(rate) }
    func laplace(_ k: Int) -> Double { tanh(0.25) * exp(-0.5 * Double(abs(k))) }
    #expect(try fit(found, -200...200, chance: laplace) > 1e-6)
    let noise = DiscreteGaussian(standardDeviation: 3)
    let normal = (0..<Self.count).map { _ in noise.sample(&random) }
    func weight(_ k: Int) -> Double { exp(-Double(k * k) / 18) }
    var sum = 0.0
    for k in -100...100 { sum += weight(k) }
    let p = try fit(normal, -100...100) { weight($0) / sum }
    #expect(p > 1e-6)
  }

  @Test func ratesAreNeverTooLarge() throws {
    for value in [0x1p-52, 1e-9, 0.1, 1.0 / 3, 1, 7, 1e9, 0x1p40] {
      let rate = try #require(ExactRate(atMost: value))
      #expect(rate.value <= value)
      let least = value * (1 - 0x1p-28)
      #expect(rate.value >= least)
    }
    for value in [0, -1, .nan, 0x1p-53] { #expect(ExactRate(atMost: value) == nil) }
    #expect(ExactRate(atMost: .infinity)?.denominator == 1)
    for steps in [1, 3, 7, 1_000_003] {
      let rate = try ExactRate(epsilon: 0.1, over: steps)
      // 0.1 is this fraction, a little above a tenth; numerator · steps ≤ 0.1 · denominator by whole numbers.
      let (tenth, unit) = (UInt128(3_602_879_701_896_397), UInt128(1) << 55)
      let left = UInt128(rate.numerator) * UInt128(steps)
      var most: UInt128 = rate.denominator / unit * tenth
      most += rate.denominator % unit * tenth / unit
      #expect(left <= most)
    }
    #expect(failure { _ = try ExactRate(epsilon: 1e-12, over: 1 << 30) }?.kind == .limit)
    #expect(failure { _ = try ExactRate(epsilon: 1, over: 0) }?.kind == .limit)
    // The least rate's samples fit.
    var random = CoinFlips()
    let least = try #require(ExactRate(atMost: ExactRate.least))
    for _ in 0..<200 { #expect(random.geometric(least) >= 0) }
  }

  /// Chances 2^(-rate · penalty) times lengths, near and far below the levels' end.
  @Test func baseTwoDraws() throws {
    let rate = ExactRate(numerator: 3, denominator: 7)
    let candidates = [(4, 1000), (1, 1005), (9, 1001), (100_000, 1040), (1, 9000)].map {
      BaseTwoDraw.Candidate(length: UInt64($0.0), penalty: UInt64($0.1))
    }
    let weights = candidates.map {
      Double($0.length) * exp2(-Double($0.penalty - 1000) * 3 / 7)
    }
    let sum = weights.reduce(0, +)
    let draw = try BaseTwoDraw(candidates, rate: rate)
    var random = CoinFlips(seeded: RandomKey(seed: 3))
    let found = try (0..<Self.count).map { _ in try draw.draw(&random) }
    let p = try fit(found.map(\.index), 0...4) { weights[$0] / sum }
    #expect(p > 1e-6)
    let offsets = found.filter { $0.index == 2 }.map { Int($0.offset) }
    let even = try fit(offsets, 0...8) { _ in 1.0 / 9 }
    #expect(even > 1e-6)
    #expect(found.allSatisfy { $0.offset < candidates[$0.index].length })
    // Very many unlikely answers beside one likely one: half of the weight is at level 40 and beyond.
    let long = [(1, 0), (1 << 40, 40), (1 << 50, 200)].map {
      BaseTwoDraw.Candidate(length: UInt64($0.0), penalty: UInt64($0.1))
    }
    let second = try BaseTwoDraw(long, rate: ExactRate(numerator: 1, denominator: 1))
    let halves = try (0..<Self.count).map { _ in try second.draw(&random).index }
    let half = try fit(halves, 0...1) { _ in 0.5 }
    #expect(half > 1e-6)
  }
}
