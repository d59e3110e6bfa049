import Foundations
import Testing

@testable import Statistics

@Suite struct DistributionTests {
  static func continuous() throws -> [any Distribution] {
    [
      try NormalDistribution(mean: 3, deviation: 2), try UniformDistribution(low: -1, high: 4),
      try LogUniformDistribution(low: 1e-5, high: 10), try ExponentialDistribution(rate: 3),
      try GammaDistribution(shape: 0.2, scale: 5), try GammaDistribution(shape: 7.5, scale: 0.1),
      try ChiSquareDistribution(degrees: 3), try BetaDistribution(0.3, 0.4),
      try BetaDistribution(20, 3), try StudentDistribution(degrees: 2.5),
      try FDistribution(3, 8),
    ]
  }

  static func discrete() throws -> [any Distribution] {
    [
      try BinomialDistribution(n: 9, p: 0.3), try BinomialDistribution(n: 40, p: 0.9),
      try BinomialDistribution(n: 100_000, p: 2e-4), try BinomialDistribution(n: 500, p: 0.5),
      try PoissonDistribution(mean: 0.6), try PoissonDistribution(mean: 14.5),
      try PoissonDistribution(mean: 250),
    ]
  }

  @Test func samplesFollowTheirDistribution() throws {
    for (number, distribution) in try Self.continuous().enumerated() {
      var random = RandomStream(seed: UInt64(number) + 1)
      let drawn = try distribution.sample(20_000, &random)
      let test = try KolmogorovSmirnov(drawn, cumulative: distribution.cumulative)
      #expect(test.p > 1e-3, "\(distribution): \(test)")
    }
  }

  @Test func countsFollowTheirDistribution() throws {
    for (number, distribution) in try Self.discrete().enumerated() {
      var random = RandomStream(seed: UInt64(number) + 1)
      let total = 20_000
      let drawn = try distribution.sample(total, &random)
      // Between quantiles, so that every class is expected often.
      let edges = stride(from: 0.1, to: 0.95, by: 0.1).map { distribution.quantile($0) }
      let classes = Set(edges).sorted()
      var counts = [Double](repeating: 0, count: classes.count + 1)
      for value in drawn { counts[classes.firstIndex { value <= $0 } ?? classes.count] += 1 }
      let cumulative = classes.map { distribution.cumulative($0) } + [1]
      let expected = cumulative.indices.map {
        Double(total) * (cumulative[$0] - ($0 > 0 ? cumulative[$0 - 1] : 0))
      }
      let test = try ChiSquareTest(counts: counts, expected: expected)
      #expect(test.p > 1e-3, "\(distribution): \(test)")
    }
  }

  @Test func hugeCountsHaveTheirMoments() throws {
    var random = RandomStream(seed: 5)
    let binomial = try BinomialDistribution(n: 1 << 52, p: 0.25)
    let poisson = try PoissonDistribution(mean: 1e15)
    for distribution in [binomial, poisson] as [any Distribution] {
      let drawn = try distribution.sample(4_000, &random).map {
        ($0 - distribution.mean) / distribution.variance.squareRoot()
      }
      #expect(abs(Sample.mean(drawn)) < 0.06)
      #expect(abs(Sample.standardDeviation(drawn) - 1) < 0.05)
    }
  }

  @Test func quantilesInvertProbabilities() throws {
    for distribution in try Self.continuous() {
      for probability in [1e-12, 1e-3, 0.1, 0.49, 0.5, 0.77, 0.999] {
        let x = distribution.quantile(probability)
        // Numbers next to each other may differ more than probabilities do.
        let grain = 16 * distribution.density(x) * x.ulp
        let error = abs(distribution.cumulative(x) - probability)
        #expect(error <= 1e-9 * probability + grain, "\(distribution)")
      }
      #expect(distribution.quantile(0) == distribution.support.lowerBound)
      #expect(distribution.quantile(1) == distribution.support.upperBound)
    }
    for distribution in try Self.discrete() {
      for k in [0.0, 1, 2, 5, 9] where distribution.density(k) > 1e-12 {
        #expect(distribution.quantile(distribution.cumulative(k)) == k, "\(distribution) \(k)")
      }
      #expect(distribution.quantile(1) == distribution.support.upperBound)
    }
  }

  @Test func whatIsNoNumberStaysSo() throws {
    for distribution in try Self.continuous() + Self.discrete() {
      #expect(distribution.density(.nan).isNaN && distribution.cumulative(.nan).isNaN)
      #expect(distribution.survival(.nan).isNaN && distribution.quantile(.nan).isNaN)
      #expect(distribution.quantile(-0.1).isNaN && distribution.quantile(1.1).isNaN)
      #expect(distribution.cumulative(.infinity) == 1 && distribution.survival(.infinity) == 0)
      #expect(distribution.cumulative(-.infinity) == 0 && distribution.survival(-.infinity) == 1)
      let ends = [Double.infinity, -.infinity, 1e308, -1e308, .leastNonzeroMagnitude].map(
        distribution.density)
      #expect(ends.allSatisfy { $0 >= 0 }, "\(distribution) \(ends)")
    }
  }

  @Test func impossibleParametersAreRefused() {
    let makers: [() throws -> any Distribution] = [
      { try NormalDistribution(mean: 0, deviation: 0) },
      { try NormalDistribution(mean: .nan, deviation: 1) },
      { try UniformDistribution(low: 1, high: 1) },
      { try UniformDistribution(low: -1e308, high: 1e308) },
      { try LogUniformDistribution(low: 0, high: 1) },
      { try GammaDistribution(shape: -1, scale: 1) },
      { try StudentDistribution(degrees: .infinity) },
      { try BetaDistribution(1, 0) }, { try BinomialDistribution(n: -1, p: 0.5) },
      { try BinomialDistribution(n: 5, p: 1.5) }, { try BinomialDistribution(n: .max, p: 0.5) },
      { try PoissonDistribution(mean: -1) }, { try PoissonDistribution(mean: .nan) },
    ]
    for make in makers { #expect(throws: DomainError.self) { try make() } }
  }

  @Test func extremeParametersAreAnswered() throws {
    let extreme: [Double] = [
      .leastNonzeroMagnitude, 1e-300, 1e-10, 1e15, 1e300, .greatestFiniteMagnitude,
    ]
    for a in extreme {
      let made: [any Distribution] = [
        try GammaDistribution(shape: a, scale: 1), try StudentDistribution(degrees: a),
        try BetaDistribution(a, 2), try FDistribution(a, 3), try FDistribution(3, a),
        try ChiSquareDistribution(degrees: a), try ExponentialDistribution(rate: a),
      ]
      for distribution in made {
        for x in [1e-300, 0.3, 2, 1e15, 1e300] {
          let (lower, upper) = (distribution.cumulative(x), distribution.survival(x))
          #expect(lower >= 0 && lower <= 1 && upper >= 0 && upper <= 1, "\(distribution) \(x)")
          #expect(abs(lower + upper - 1) < 1e-9, "\(distribution) \(x) \(lower) \(upper)")
        }
      }
    }
  }
}
