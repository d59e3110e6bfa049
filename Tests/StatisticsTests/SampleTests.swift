import Testing

@testable import Statistics

@Suite struct SampleTests {
  // Reference values: R 4.2, qt().
  @Test(arguments: [
    (0.975, 1.0, 12.706204736174706), (0.975, 2, 4.302652729749464), (0.975, 4, 2.776445105197793),
    (0.95, 9, 1.833112932656237), (0.995, 30, 2.749995653567231), (0.975, 1000, 1.9623390808264085),
  ])
  func studentQuantiles(probability: Double, degrees: Double, expected: Double) throws {
    let student = try StudentDistribution(degrees: degrees)
    #expect(abs(student.quantile(probability) / expected - 1) < 1e-12)
  }

  @Test func wilsonInterval() throws {
    let interval = try #require(Sample.wilson(successes: 12, trials: 100, level: 0.95))
    #expect(abs(interval.lowerBound - 0.0699940644) < 1e-9)
    #expect(abs(interval.upperBound - 0.1981209943) < 1e-9)
  }

  @Test func quantilesInterpolate() {
    #expect(Sample.quantile([4, 1, 3, 2], 0.5) == 2.5)
    #expect(Sample.quantile([1], 0.9) == 1)
    #expect(Sample.quantile([], 0.5).isNaN)
    #expect(Sample.standardDeviation([1]).isNaN)
  }
}
