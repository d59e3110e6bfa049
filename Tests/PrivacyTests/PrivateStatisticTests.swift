import Foundation
import Foundations
import Tables
import Testing

@testable import Privacy

/// What private statistics say, how sure they are of it, what they spend, and what they refuse.
@Suite struct PrivateStatisticTests {
  private func statistic(
    _ measure: PrivateStatistic.Measure, _ epsilon: Double, level: Double = 0.95,
    rows: Int = 1, _ neighbours: Neighbours = .addOrRemoveOne
  ) throws -> PrivateStatistic {
    try PrivateStatistic(
      measure, epsilon: epsilon,
      contribution: UnitContribution(rows: rows, neighbours: neighbours), level: level)
  }

  /// Values from 0 to 20, some of them beyond the bounds 0 to 15.
  private let values: [Double] = {
    var random = RandomStream(seed: 9)
    return (0..<400).map { _ in random.uniform(0, 20) }
  }()

  /// With almost no noise the statistics are those of the clamped values.
  @Test func withoutNoiseTheyAreExact() throws {
    let bounds = try ValueBounds(0, 15)
    let clamped = values.map { min($0, 15) }
    let mean = clamped.reduce(0, +) / 400
    var variance = 0.0
    for value in clamped { variance += (value - mean) * (value - mean) / 400 }
    var random = CoinFlips(seeded: RandomKey(seed: 1))
    func value(_ measure: PrivateStatistic.Measure) throws -> Double {
      try statistic(measure, 1e9).release(values, &random).value
    }
    #expect(try value(.count) == 400)
    #expect(isClose(try value(.sum(bounds)), mean * 400, relative: 1e-6))
    #expect(isClose(try value(.mean(bounds)), mean, relative: 1e-6))
    #expect(isClose(try value(.variance(bounds)), variance, relative: 1e-5))
    let sorted = clamped.sorted()
    let median = try value(.quantile(0.5, bounds, step: nil))
    #expect(median >= sorted[198] - 1e-4 && median <= sorted[201] + 1e-4)
    #expect(isClose(try value(.quantile(1, bounds, step: nil)), 15, absolute: 1e-4))
    // Where many values are the answer it is found, on however fine a grid.
    let ages = [Double](repeating: 35, count: 500) + values
    #expect(
      isClose(
        try statistic(.quantile(0.7, ValueBounds(0, 120), step: nil), 1)
          .release(ages, &random).value, 35, absolute: 1e-3))
  }

  /// Where there may be no value at all, nothing is said of their mean, however little noise there is.
  @Test func ofNothingTheIntervalIsAll() throws {
    let bounds = try ValueBounds(0, 5)
    var random = CoinFlips(seeded: RandomKey(seed: 3))
    for epsilon in [1.0, 100, 1e9] {
      let mean = try statistic(.mean(bounds), epsilon).release([], &random)
      #expect(mean.low == 0 && mean.high == 5)
      let variance = try statistic(.variance(bounds), epsilon).release([], &random)
      #expect(variance.low == 0 && variance.high >= 6.25)
    }
    // With hardly any noise an interval still holds what rounding to the grid moves.
    let sure = try statistic(.mean(bounds), 1e12).release([1, 2, 3], &random)
    #expect(sure.low <= 2 && sure.high >= 2 && sure.high - sure.low < 1e-6)
  }

  /// The share of intervals that hold what comes out without noise: not below the level, by six standard errors.
  @Test func intervalsCover() throws {
    let bounds = try ValueBounds(0, 15)
    let clamped = values.map { min($0, 15) }
    let mean = clamped.reduce(0, +) / 400
    var variance = 0.0
    for value in clamped { variance += (value - mean) * (value - mean) / 400 }
    let truths: [(PrivateStatistic.Measure, ClosedRange<Double>, isExact: Bool)] = [
      (.count, 400...400, true), (.sum(bounds), mean * 400...mean * 400, true),
      (.mean(bounds), mean...mean, false), (.variance(bounds), variance...variance, false),
      (.quantile(0.25, bounds, step: nil), clamped.sorted()[99]...clamped.sorted()[100], false),
    ]
    var random = CoinFlips(seeded: RandomKey(seed: 2))
    for (measure, truth, isExact) in truths {
      for (level, epsilon) in [(0.8, 0.5), (0.95, 4)] {
        let statistic = try statistic(measure, epsilon, level: level)
        let runs = 300
        var held = 0
        for _ in 0..<runs {
          let found = try statistic.release(values, &random)
          #expect(found.low <= found.value && found.value <= found.high)
          if found.low <= truth.upperBound + 1e-4 && found.high >= truth.lowerBound - 1e-4 {
            held += 1
          }
        }
        let error = (level * (1 - level) / Double(runs)).squareRoot()
        let share = Double(held) / Double(runs)
        #expect(share > level - 6 * error, "\(measure) at \(level): \(share)")
        // An interval of a sum is no wider than it must be; that of a count has whole ends.
        if isExact, measure != .count { #expect(share < level + 6 * error) }
      }
    }
  }

  /// The table of PrivateStatistic.swift, written out for bounds [-2, 6]: steps are a 2³⁰th of 8, the power of two
  /// above.
  @Test func sensitivities() throws {
    let bounds = try ValueBounds(-2, 6)
    let step = 0x1p-27
    let cases: [(Neighbours, Bool, Int, count: Int, sum: Double)] = [
      (.addOrRemoveOne, false, 1, 1, 6), (.addOrRemoveOne, true, 3, 3, 18),
      (.replaceOne, false, 1, 1, 8), (.replaceOne, false, 2, 2, 16), (.replaceOne, true, 1, 2, 12),
    ]
    for (neighbours, isGrouped, rows, count, sum) in cases {
      let contribution = try UnitContribution(
        rows: rows, neighbours: neighbours, isGrouped: isGrouped)
      #expect(contribution.countSensitivity == count)
      let noisy = try NoisySum(bounds, epsilon: 0.5, contribution, chance: 0.1)
      #expect(
        noisy.total.mechanism == .discreteLaplace(epsilon: 0.5, sensitivity: Int(sum / step)))
    }
    // Bounds without 0: a row that comes and goes moves the sum by all of its value.
    let high = try ValueBounds(100, 120)
    let replaced = try NoisySum(
      high, epsilon: 1, UnitContribution(neighbours: .replaceOne), chance: 0.1)
    guard case .discreteLaplace(_, let steps) = replaced.total.mechanism else { return }
    #expect(Double(steps) * 0x1p-23 == 120)
  }

  /// What is charged is never more than epsilon, and parts of it add up to it.
  @Test func chargesAddUp() throws {
    let bounds = try ValueBounds(0, 1)
    func spent(_ mechanism: Mechanism) -> Double {
      switch mechanism {
      case .pure(let epsilon), .approximate(let epsilon, _), .discreteLaplace(let epsilon, _):
        epsilon
      case .composed(let parts): parts.reduce(0) { $0 + spent($1) }
      default: .infinity
      }
    }
    for epsilon in [0.1, 1.0 / 3, 0.7, 5] {
      let measures: [PrivateStatistic.Measure] = [
        .count, .sum(bounds), .mean(bounds), .variance(bounds),
        .quantile(0.5, bounds, step: nil),
      ]
      for measure in measures {
        let one = spent(try statistic(measure, epsilon).mechanism)
        #expect(one <= epsilon && one > epsilon * (1 - 1e-15), "\(measure)")
        let unnamed = try GroupedRelease(
          measure, keys: nil, epsilon: epsilon, delta: 1e-6,
          contribution: UnitContribution(isGrouped: true))
        let all = spent(unnamed.mechanism)
        #expect(all <= epsilon && all > epsilon * (1 - 1e-15))
        let several = try GroupedRelease(
          measure, keys: [.int(1)], epsilon: epsilon, delta: nil,
          contribution: UnitContribution(rows: 2, isGrouped: true))
        #expect(several.mechanism == .pure(epsilon: epsilon))
      }
    }
  }

  @Test func emptyHugeAndMissing() throws {
    let bounds = try ValueBounds(-5, 7)
    var random = CoinFlips(seeded: RandomKey(seed: 4))
    for _ in 0..<50 {
      let mean = try statistic(.mean(bounds), 0.1).release([], &random)
      #expect((-5...7).contains(mean.value) && mean.low >= -5 && mean.high <= 7)
      let variance = try statistic(.variance(bounds), 0.1).release([], &random)
      #expect((0...36).contains(variance.value))
      let median = try statistic(.quantile(0.5, bounds, step: nil), 0.1).release([], &random)
      #expect((-5...7).contains(median.value))
    }
    let counts = try (0..<200).map { _ in try statistic(.count, 1).release([], &random).value }
    #expect(abs(counts.reduce(0, +)) < 6 * (200 * 2).squareRoot())
    let huge = [.infinity, -.infinity, 1e300, -1e300, 9_007_199_254_740_993]
    #expect((-5...7).contains(try statistic(.mean(bounds), 1).release(huge, &random).value))
    let wide = try ValueBounds(-1e250, 1e250)
    #expect(try statistic(.sum(wide), 1).release(huge, &random).value.isFinite)
    for measure in [
      PrivateStatistic.Measure.sum(bounds), .mean(bounds), .variance(bounds),
      .quantile(0.5, bounds, step: nil),
    ] {
      #expect(failure { _ = try statistic(measure, 1).release([1, .nan]) }?.kind == .value)
    }
  }

  @Test func badArguments() throws {
    for epsilon: Double in [0, -1, .nan, .infinity] {
      #expect(failure { _ = try statistic(.count, epsilon) }?.kind == .value)
      #expect(
        failure { _ = try LaplaceMechanism.release([1], sensitivity: 1, epsilon: epsilon) }?.kind
          == .value)
      #expect(
        failure {
          _ = try PrivateSelection.noisyMax.index(of: [1], sensitivity: 1, epsilon: epsilon)
        }?
        .kind == .value)
    }
    let pairs: [(Double, Double)] = [
      (1, 0), (1, 1), (0, .infinity), (-.infinity, 0), (.nan, 1), (0, .nan), (0, 1e300),
      (0, 1e-300),
    ]
    for (low, high) in pairs {
      #expect(failure { _ = try ValueBounds(low, high) }?.kind == .value, "\(low) \(high)")
    }
    let bounds = try ValueBounds(0, 1)
    for share in [-0.1, 1.1, .nan] {
      #expect(failure { _ = try statistic(.quantile(share, bounds, step: nil), 1) }?.kind == .value)
    }
    for step in [0, -1, 2, .nan, 1e-30] {
      #expect(failure { _ = try statistic(.quantile(0.5, bounds, step: step), 1) }?.kind == .value)
    }
    for rows in [0, -1, 1 << 40] {
      #expect(failure { _ = try UnitContribution(rows: rows) }?.kind == .value)
    }
    #expect(failure { _ = try statistic(.sum(bounds), 1e-12) }?.kind == .limit)
    #expect(failure { _ = try statistic(.count, 1, level: 1) }?.kind == .value)
    for (values, sensitivity) in [([Double.nan], 1.0), ([1e30], 1), ([1], 0), ([1], .infinity)] {
      #expect(
        failure { _ = try LaplaceMechanism.release(values, sensitivity: sensitivity, epsilon: 1) }?
          .kind == .value)
    }
    let contribution = try UnitContribution(isGrouped: true)
    for keys in [[Cell.int(1), .float(1)], [.null]] {
      #expect(
        failure {
          _ = try GroupedRelease(
            .count, keys: keys, epsilon: 1, delta: nil, contribution: contribution)
        }?.kind == .value)
    }
    #expect(
      failure {
        _ = try GroupedRelease(
          .count, keys: nil, epsilon: 1, delta: nil, contribution: contribution)
      }?.message.hasPrefix("without `keys`") == true)
    #expect(failure { _ = try SparseVector(sensitivity: 1, epsilon: 1, limit: 0) }?.kind == .value)
    #expect(failure { _ = try RandomizedResponse(choices: 1, epsilon: 1) }?.kind == .value)
  }

  /// Rare groups stay unsaid, others come out in their own order; missing keys and values count nowhere; users keep at
  /// most so many rows.
  @Test func groups() throws {
    let keys = (0..<600).map { row -> Cell in
      row == 0 ? .string("rare") : row % 3 == 0 ? .null : .string(row % 3 == 1 ? "m" : "f")
    }
    let columns = PrivateColumns(
      values: Series(.float((0..<600).map { $0 % 3 == 1 ? 2 : 8 })), keys: Series(cells: keys),
      units: Series(.int((0..<600).map { $0 / 6 })), rowCount: 600)
    var random = CoinFlips(seeded: RandomKey(seed: 6))
    let bounds = try ValueBounds(0, 10)
    let release = try GroupedRelease(
      .mean(bounds), keys: nil, epsilon: 50, delta: 1e-6,
      contribution: UnitContribution(rows: 4, isGrouped: true))
    let found = try release.release(columns, &random)
    #expect(found.labels == [.string("f"), .string("m")])
    #expect(isClose(found.values[0].value, 8, absolute: 0.2))
    #expect(isClose(found.values[1].value, 2, absolute: 0.2))
    let counted = try GroupedRelease(
      .count, keys: [.string("m"), .string("x"), .string("f")], epsilon: 1000, delta: nil,
      contribution: UnitContribution(rows: 2, isGrouped: true)
    ).release(columns, &random)
    #expect(counted.labels == [.string("m"), .string("x"), .string("f")])
    let numbers = counted.values.map(\.value)
    // Two of the four rows of each of a hundred users.
    #expect(numbers[0] + numbers[2] == 200 && numbers[1] == 0 && numbers[0] > 50)
    // The threshold of the literature, 1 + log(1/(2δ))/ε for continuous noise, up to rounding to whole numbers.
    let threshold = try StabilityThreshold(
      epsilon: 0.1, delta: 1e-6, UnitContribution(isGrouped: true), chance: 0.05)
    let known = 1 + log(1 / 2e-6) / 0.1
    #expect(abs(Double(threshold.threshold) - known) < 2)
  }

  @Test func covariances() throws {
    var stream = RandomStream(seed: 3)
    let x = (0..<500).map { _ in stream.uniform(0, 10) }
    let y = x.map { 20 - $0 + stream.uniform(0, 2) }
    let bounds = [try ValueBounds(0, 10), try ValueBounds(0, 30)]
    var random = CoinFlips(seeded: RandomKey(seed: 8))
    let means = [x.reduce(0, +) / 500, y.reduce(0, +) / 500]
    var truth = [0.0, 0, 0, 0]
    for (a, b) in zip(x, y) {
      let (u, v) = (a - means[0], b - means[1])
      truth[0] += u * u / 500
      truth[1] += u * v / 500
      truth[3] += v * v / 500
    }
    truth[2] = truth[1]
    let exact = try PrivateCovariance(bounds, epsilon: 1e9, contribution: UnitContribution())
      .release([x, y], &random)
    for place in 0..<4 { #expect(isClose(exact.values[place], truth[place], relative: 1e-4)) }
    let noisy = try PrivateCovariance(
      bounds, epsilon: 2, contribution: UnitContribution(), level: 0.9)
    var held = 0
    for _ in 0..<100 {
      let found = try noisy.release([x, y], &random)
      for place in 0..<4
      where found.lows[place] <= truth[place] && truth[place] <= found.highs[place] {
        held += 1
      }
    }
    #expect(held > 320, "\(held)")
  }
}
