import Foundation
import Foundations
import Tables
import Testing

@testable import Privacy

/// Looks for a set of outputs that is more likely on one of two neighbouring data sets than a promise allows (as Ding
/// et al. 2018, arXiv 1805.10559): half of the runs choose the set, the other half test it.
struct Falsifier {
  var epsilon: Double
  var delta = 0.0
  var runs = 16_000

  /// By how many standard errors the promise is broken, the greater of both directions. Chance alone passes 5 less than
  /// once in a million tests.
  func excess(_ one: (inout CoinFlips) throws -> Int, _ other: (inout CoinFlips) throws -> Int)
    rethrows -> Double
  {
    var random = CoinFlips(seeded: RandomKey(seed: 11).derived("falsifier"))
    var outputs: [[Int]] = [[], []]
    for _ in 0..<runs {
      outputs[0].append(try one(&random))
      outputs[1].append(try other(&random))
    }
    return max(excess(outputs[0], outputs[1]), excess(outputs[1], outputs[0]))
  }

  private func excess(_ likely: [Int], _ unlikely: [Int]) -> Double {
    let half = runs / 2
    let (first, second) = (counts(likely.prefix(half)), counts(unlikely.prefix(half)))
    let bound = exp(epsilon)
    let chosen = Set(first.keys.filter { Double(first[$0] ?? 0) > bound * Double(second[$0] ?? 0) })
    let (a, b) = (share(likely.suffix(half), chosen), share(unlikely.suffix(half), chosen))
    // At the edge of the promise both are as far apart as they may be; a count of none is taken for one.
    let number = Double(half)
    let least = 1 / number
    let variance = (max(a, least) + bound * bound * max(b, least)) / number
    return (a - bound * b - delta) / variance.squareRoot()
  }

  private func counts(_ outputs: ArraySlice<Int>) -> [Int: Int] {
    var result: [Int: Int] = [:]
    for output in outputs { result[output, default: 0] += 1 }
    return result
  }

  private func share(_ outputs: ArraySlice<Int>, _ chosen: Set<Int>) -> Double {
    Double(outputs.count { chosen.contains($0) }) / Double(outputs.count)
  }
}

/// Right mechanisms keep their promise on neighbouring data; planted faults are found by the same test.
@Suite struct FalsifierTests {
  private let falsifier = Falsifier(epsilon: 1)

  private func bin(_ value: Double, _ width: Double) -> Int {
    Int(min(max((value / width).rounded(.down), -60), 60))
  }

  private func released(
    _ measure: PrivateStatistic.Measure, _ epsilon: Double, _ width: Double,
    _ neighbours: Neighbours = .addOrRemoveOne
  ) throws -> ([Double]) -> (inout CoinFlips) throws -> Int {
    let statistic = try PrivateStatistic(
      measure, epsilon: epsilon, contribution: UnitContribution(neighbours: neighbours))
    return { values in
      { random in bin(try statistic.release(values, &random).value, width) }
    }
  }

  @Test func statisticsKeepTheirPromise() throws {
    let bounds = try ValueBounds(0, 10)
    let (small, large) = ([3.0, 4], [3.0, 4, 99])
    let cases: [(PrivateStatistic.Measure, Double, runs: Int)] = [
      (.count, 1, 16_000), (.sum(bounds), 5, 16_000), (.mean(bounds), 1, 16_000),
      (.variance(bounds), 2, 16_000), (.quantile(0.5, bounds, step: 1), 1, 2000),
      (.quantile(0.9, bounds, step: nil), 1, 2000),
    ]
    for (measure, width, runs) in cases {
      let falsifier = Falsifier(epsilon: 1, runs: runs)
      let run = try released(measure, 1, width)
      #expect(try falsifier.excess(run(small), run(large)) < 5, "\(measure)")
      let replaced = try released(measure, 1, width, .replaceOne)
      #expect(
        try falsifier.excess(replaced([3, 4, 0]), replaced([3, 4, 99])) < 5, "\(measure)")
    }
  }

  @Test func halvedNoiseIsFound() throws {
    let bounds = try ValueBounds(0, 10)
    for (measure, width) in [(PrivateStatistic.Measure.count, 1.0), (.sum(bounds), 5)] {
      let run = try released(measure, 2, width)
      #expect(try falsifier.excess(run([3, 4]), run([3, 4, 99])) > 5, "\(measure)")
    }
    // A median by penalties that count twice.
    let run = try released(.quantile(0.5, bounds, step: 1), 8, 1)
    let few = Falsifier(epsilon: 1, runs: 4000)
    #expect(try few.excess(run([0, 10]), run([0, 10, 10])) > 5)
  }

  @Test func aForgottenClampIsFound() throws {
    let bounds = try ValueBounds(0, 10)
    let noise = try NoisySum(bounds, epsilon: 1, UnitContribution(), chance: 0.05)
    func unclamped(_ values: [Double]) -> (inout CoinFlips) -> Int {
      { random in
        let sum = Int128(values.reduce(0, +) * 0x1p26)
        return bin(noise.total.release(sum, &random).value.value * 0x1p-26, 5)
      }
    }
    #expect(falsifier.excess(unclamped([3, 4]), unclamped([3, 4, 30])) > 5)
    #expect(falsifier.excess(unclamped([3, 4]), unclamped([3, 4, 8])) < 5)
  }

  @Test func selectionsKeepTheirPromise() throws {
    for method in PrivateSelection.allCases {
      func run(_ scores: [Double], _ epsilon: Double) -> (inout CoinFlips) throws -> Int {
        { try method.index(of: scores, sensitivity: 1, epsilon: epsilon, &$0) }
      }
      let (one, other) = ([3.0, 2, 2], [2.0, 3, 3])
      #expect(try falsifier.excess(run(one, 1), run(other, 1)) < 5, "\(method)")
      #expect(try falsifier.excess(run(one, 2.5), run(other, 2.5)) > 5, "\(method)")
    }
  }

  @Test func sparseVectorsKeepTheirPromise() throws {
    func code(_ answers: [Bool]) -> Int { answers.reduce(1) { 2 * $0 + ($1 ? 1 : 0) } }
    let (low, high) = ([0.0, 0, 0, 1], [1.0, 1, 1, 0])
    let vector = try SparseVector(sensitivity: 1, epsilon: 1, limit: 2)
    func run(_ queries: [Double]) -> (inout CoinFlips) throws -> Int {
      { code(try vector.answers(queries, threshold: 0.5, &$0)) }
    }
    #expect(try falsifier.excess(run(low), run(high)) < 5)
    // The same noise for every query tells which is greater: variants 5 and 6 of Lyu, Su, Li have such faults.
    let rate = try #require(ExactRate(atMost: 0.125))
    func sameNoise(_ queries: [Double]) -> (inout CoinFlips) -> Int {
      { random in
        let noise = random.discreteLaplace(rate) + random.discreteLaplace(rate)
        return code(queries.map { Int($0) + noise >= 0 })
      }
    }
    #expect(falsifier.excess(sameNoise(low), sameNoise(high)) > 5)
    // No noise on the threshold, none that grows with the limit, and no end at the limit.
    let one = ExactRate(numerator: 1, denominator: 1)
    func noThreshold(_ queries: [Double]) -> (inout CoinFlips) -> Int {
      { random in code(queries.map { Int($0) + random.discreteLaplace(one) >= 1 }) }
    }
    #expect(falsifier.excess(noThreshold(low), noThreshold(high)) > 5)
  }

  @Test func responsesAndWholeNumbersKeepTheirPromise() throws {
    let response = try RandomizedResponse(choices: 10, epsilon: 1)
    #expect(
      falsifier.excess({ response.answer(2, &$0) }, { response.answer(3, &$0) }) < 5)
    let loose = try RandomizedResponse(choices: 10, epsilon: 1.5)
    #expect(falsifier.excess({ loose.answer(2, &$0) }, { loose.answer(3, &$0) }) > 5)
    // METHODS O3.
    var random = CoinFlips(seeded: RandomKey(seed: 5))
    let kept = (0..<40_000).count { _ in response.answer(2, &random) == 2 }
    #expect(abs(Double(kept) / 40_000 - 0.23196931668) < 6 * 0.0022)
    let noise = try IntegerNoise.laplace(epsilon: 1, sensitivity: 3)
    #expect(
      falsifier.excess({ 5 + noise.sample(&$0) }, { 8 + noise.sample(&$0) }) < 5)
    #expect(
      falsifier.excess({ 5 + noise.sample(&$0) }, { 11 + noise.sample(&$0) }) > 5)
  }

  /// A group of one row: (1, 0.02)-private with the threshold; without its noise, or lower, it is not.
  @Test func thresholdsKeepTheirPromise() throws {
    let contribution = try UnitContribution(isGrouped: true)
    let threshold = try StabilityThreshold(
      epsilon: 1, delta: 0.02, contribution, chance: 0.05)
    func run(_ count: Int, lower: Int = 0) -> (inout CoinFlips) -> Int {
      { random in
        guard count > 0 else { return 0 }
        let noisy = count + threshold.noise.sample(&random)
        #expect(
          threshold.release(count, &random).map { Int($0.value) >= threshold.threshold } ?? true)
        return noisy >= threshold.threshold - lower ? 1 : 0
      }
    }
    let promise = Falsifier(epsilon: 1, delta: 0.02)
    #expect(promise.excess(run(0), run(1)) < 5)
    #expect(promise.excess(run(1), run(2)) < 5)
    #expect(promise.excess(run(0), run(1, lower: 2)) > 5)
    #expect(promise.excess({ _ in 0 }, { _ in 1 }) > 5)
  }

  /// Two rows of one user in two groups, and all of a user's rows beyond the bound.
  @Test func usersAreHiddenOverGroups() throws {
    func table(_ users: [Int], _ keys: [String]) -> PrivateColumns {
      PrivateColumns(
        values: nil, keys: Series(cells: keys.map(Cell.string)), units: Series(.int(users)),
        rowCount: users.count)
    }
    let one = table([1, 1], ["a", "b"])
    let other = table([1, 1, 2, 2, 2, 2, 2], ["a", "b", "a", "b", "a", "b", "a"])
    func run(_ columns: PrivateColumns, rows: Int, noisy: Int) throws -> (inout CoinFlips) throws ->
      Int
    {
      let right = try GroupedRelease(
        .count, keys: [.string("a"), .string("b")], epsilon: Double(rows) / Double(noisy),
        delta: nil, contribution: UnitContribution(rows: rows, isGrouped: true))
      return { random in
        let values = try right.release(columns, &random).values
        return bin(values[0].value, 1) * 1000 + bin(values[1].value, 1)
      }
    }
    #expect(
      try falsifier.excess(run(one, rows: 2, noisy: 2), run(other, rows: 2, noisy: 2)) < 5)
    // Noise for one row where two count.
    #expect(
      try falsifier.excess(run(one, rows: 2, noisy: 1), run(other, rows: 2, noisy: 1)) > 5)
  }
}
