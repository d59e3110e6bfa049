import Foundations
import Testing

@testable import Statistics

/// Samples at which formulas break: there is an answer or an error, and never a trap.
@Suite struct UnusualSampleTests {
  static let samples: [[Double]] = [
    [], [1], [.nan], [.infinity], [1, 1], [1, 2], [.nan, 1, 2], [.infinity, -.infinity, 0],
    [1e308, -1e308, 1e308], [Double(bitPattern: 10_120), 0, -0.0], [3, 3, 3, 3, 3],
    [1, 2, 2, 3, 9, 9, 9],
  ]

  @Test func everyTestAnswersOrRefuses() throws {
    for a in Self.samples {
      for b in Self.samples {
        for alternative in Alternative.allCases {
          let ps: [() throws -> Double] = [
            { try TTest(a, b, equalVariances: true, alternative: alternative).p },
            { try TTest(a, b, equalVariances: false, alternative: alternative).p },
            { try TTest(pairs: a, b, alternative: alternative).p },
            { try MannWhitney(a, b, alternative: alternative).p },
            { try MannWhitney(a, b, alternative: alternative, method: .exact).p },
            { try MannWhitney(a, b, method: .asymptotic, correction: false).p },
            { try KolmogorovSmirnov(a, b, alternative: alternative).p },
            { try Correlation(a, b, method: .pearson, alternative: alternative).p },
            { try Correlation(a, b, method: .spearman, alternative: alternative).p },
            { try Correlation(a, b, method: .kendall, alternative: alternative).p },
            {
              var options = PermutationTest.Options(key: RandomKey(seed: 1))
              options.resamples = 50
              return try PermutationTest(a, b, .median, options).p
            },
            { try FisherTest(table: [a, b], alternative: alternative).p },
            { try ChiSquareTest(table: [a, b]).p }, { try ChiSquareTest(counts: a, expected: b).p },
          ]
          for (place, p) in ps.enumerated() {
            do {
              let p = try p()
              #expect(p.isNaN || (p >= 0 && p <= 1), "\(place) \(a) \(b): \(p)")
            } catch {
              #expect(error is DomainError)
            }
          }
        }
        _ = try? EffectSize.cohen(a, b)
        for family in [Regression.Family.normal, .logistic] where a.count == b.count {
          _ = try? Regression(a, on: [.init("x", b)], family: family)
        }
      }
    }
  }

  // By mpmath, from the integral over the normal part.
  @Test(arguments: [
    (
      [1, 1.001, 0.9995, 1.0002], [9, 9.001, 8.9992],
      [-10701.458074122542, -17144.0579569483751, -4363.28651984280037]
    ),
    ([1, 1.01], [2], [-140.71424945612281, -315.4092488834296, -4.40981983758836]),
    ([30, 30.1, 29.8], [1, 1.1, 0.9], [224.3748351902828, 78.07191008667805, 374.5063710707119]),
    (
      [5, 5.2, 5.1, 4.9, 5], [1, 1.2, 1.1, 0.9, 1],
      [35.08232077228118, 18.259831427345507, 51.97916804576467]
    ),
  ])
  func largeEffectsHaveTheirIntervals(_ a: [Double], _ b: [Double], _ expected: [Double]) throws {
    let found = try EffectSize.cohen(a, b)
    for (number, wanted) in zip([found.value, found.low, found.high], expected) {
      #expect(abs(number / wanted - 1) < 1e-9)
    }
  }

  /// Where all outcomes, or those of some rows, can be told apart, coefficients grow without end.
  @Test func separatedClassesAreRefused() {
    let x = (0..<12).map(Double.init)
    for outcome in [x.map { $0 > 5 ? 1.0 : 0 }, x.map { $0 > 5 || $0 == 3 ? 1.0 : 0 }] {
      let variables = [
        Regression.Variable("x", x), Regression.Variable("z", x.map { $0 == 3 ? 1 : 0 }),
      ]
      #expect(throws: DomainError.self) {
        try Regression(outcome, on: variables, family: .logistic)
      }
    }
  }

  @Test func certainTrialsAreCertain() throws {
    var random = RandomStream(seed: 2)
    for n in [0, 5, 1_000, 1 << 40] {
      #expect(try BinomialDistribution(n: n, p: 1).draw(&random) == Double(n))
      #expect(try BinomialDistribution(n: n, p: 0).draw(&random) == 0)
    }
    #expect(try PoissonDistribution(mean: 0).draw(&random) == 0)
  }

  @Test func bigSamplesAreAnswered() throws {
    let a = (0..<30_000).map { Double($0 * 7919 % 30_011) }
    let b = (0..<20_000).map { Double($0 * 104_729 % 20_011) * 1.5 }
    let test = try KolmogorovSmirnov(a, b)
    #expect(!test.isExact && test.p > 0.01)
    #expect(try MannWhitney(a, b).p > 0.01)
    #expect(try abs(Correlation(a.dropLast(10_000), b, method: .kendall).estimate.value) < 0.02)
    #expect(try FisherTest(table: [[1e12, 1e12], [1e12, 1e12 + 3e6]]).p > 0.1)
  }
}
