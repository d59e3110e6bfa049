import Foundations
import Testing

@testable import Statistics

@Suite struct ResamplingTests {
  private static let values = (0..<60).map { Double($0 * $0 % 37) + Double($0) / 10 }

  @Test func theNumberOfThreadsDoesNotMatter() throws {
    let bootstrap = try Bootstrap(resamples: 500, seed: 4)
    let options = PermutationTest.Options(key: RandomKey(seed: 3))
    let (a, b) = (Array(Self.values.prefix(25)), Array(Self.values.dropFirst(25)))
    for statistic in SampleStatistic.allCases {
      let estimate = try bootstrap.estimate(Self.values, statistic)
      let test = try PermutationTest(a, b, statistic, options)
      let (alone, aloneTest) = try Parallel.serially {
        (
          try bootstrap.estimate(Self.values, statistic),
          try PermutationTest(a, b, statistic, options)
        )
      }
      #expect(alone == estimate && aloneTest.p == test.p)
    }
  }

  @Test func theJackknifeLeavesOut() {
    let values = Array(Self.values.prefix(9))
    for units in [values.indices.map { [$0] }, [[0, 4], [1], [2, 3, 8], [5, 6, 7]]] {
      for statistic in SampleStatistic.allCases {
        let found = statistic.withoutEach(units, of: values)
        for (unit, one) in zip(units, found) {
          let rest = values.indices.filter { !unit.contains($0) }.map { values[$0] }
          #expect(abs(statistic(rest) - one) < 1e-12)
        }
      }
    }
  }

  /// The mean of values that come in groups has the error of the groups' means, not of the values.
  @Test func clustersAreDrawnWhole() throws {
    var random = RandomStream(seed: 8)
    var covered = (clusters: 0, single: 0)
    for trial in 0..<100 {
      var (values, keys) = ([Double](), [Int]())
      for group in 0..<25 {
        let level = random.normal()
        for _ in 0..<8 {
          values.append(level + 0.3 * random.normal())
          keys.append(group)
        }
      }
      let bootstrap = try Bootstrap(method: .percentile, resamples: 300, seed: UInt64(trial))
      let whole = try bootstrap.estimate(values, .mean, units: Bootstrap.groups(of: keys))
      let single = try bootstrap.estimate(values, .mean)
      if whole.low <= 0, whole.high >= 0 { covered.clusters += 1 }
      if single.low <= 0, single.high >= 0 { covered.single += 1 }
    }
    #expect(covered.clusters >= 86)
    #expect(covered.single < 70)
  }

  @Test func intervalsCoverAsOftenAsTheySay() throws {
    var random = RandomStream(seed: 9)
    let exponential = try ExponentialDistribution(rate: 1)
    var covered = 0
    for trial in 0..<200 {
      let sample = try exponential.sample(40, &random)
      let found = try Bootstrap(resamples: 400, level: 0.9, seed: UInt64(trial))
        .estimate(sample, .mean)
      if found.low <= 1, found.high >= 1 { covered += 1 }
    }
    #expect((165...193).contains(covered), "\(covered)")
  }

  /// Under the null hypothesis p-values are uniform.
  @Test func randomExchangesKeepTheLevel() throws {
    var random = RandomStream(seed: 10)
    var ps: [Double] = []
    for trial in 0..<200 {
      let a = (0..<12).map { _ in random.normal() }
      let b = (0..<12).map { _ in random.normal() }
      var options = PermutationTest.Options(key: RandomKey(seed: UInt64(trial)))
      options.resamples = 199
      let test = try PermutationTest(a, b, .mean, options)
      #expect(!test.isExact && test.resamples == 199)
      ps.append(test.p)
    }
    let uniform = try UniformDistribution(low: 0, high: 1)
    let fit = try KolmogorovSmirnov(ps, cumulative: uniform.cumulative)
    #expect(fit.p > 1e-3)
  }

  @Test func aFunctionGivesWhatItsNameGives() throws {
    let (a, b) = ([1.0, 4, 2, 8], [3.0, 9, 9, 5, 7])
    var options = PermutationTest.Options(key: RandomKey(seed: 3))
    for isPaired in [false, true] {
      options.isPaired = isPaired
      let second = isPaired ? Array(b.prefix(4)) : b
      for resamples in [5, 10_000] {
        options.resamples = resamples
        let named = try PermutationTest(a, second, .mean, options)
        let function = try PermutationTest(a, second, options) { Sample.mean($0) - Sample.mean($1) }
        #expect(named.p == function.p && named.isExact == (resamples > 5))
      }
    }
  }

  @Test func whatCannotBeDrawnIsRefused() throws {
    let bootstrap = try Bootstrap(resamples: 10)
    #expect(throws: DomainError.self) { try bootstrap.estimate([1], .mean) }
    #expect(throws: DomainError.self) { try bootstrap.estimate([], .mean) }
    #expect(throws: DomainError.self) { try bootstrap.estimate([1, 2], .mean, units: [[0, 1]]) }
    #expect(try bootstrap.estimate([1, .nan], .median).value.isNaN)
    var options = PermutationTest.Options(key: RandomKey(seed: 1))
    #expect(throws: DomainError.self) { try PermutationTest([], [1], .mean, options) }
    options.isPaired = true
    #expect(throws: DomainError.self) { try PermutationTest([1, 2], [1], .mean, options) }
    #expect(try PermutationTest([1, .nan], [1, 2], .mean, options).p.isNaN)
  }

  @Test func longWorkStops() throws {
    let bootstrap = try Bootstrap(resamples: 1_000_000)
    let values = (0..<10_000).map(Double.init)
    #expect(throws: DomainError.self) {
      try Cancellation.when({ true }) {
        try Cancellation.abandonable { try bootstrap.estimate(values, .median) }
      }
    }
  }
}
