import Foundations
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

  /// Predictions that can never be right are refused, those that only are wrong are not.
  @Test func predictionsAreClassesOfTheLabels() throws {
    func confusion(_ labels: [ClassLabel], _ predictions: [ClassLabel]) throws -> Confusion {
      try Confusion(labels: labels, predictions: predictions)
    }
    let (no, yes) = (ClassLabel.text("no"), ClassLabel.text("yes"))
    let (zero, one) = (ClassLabel.number(0), ClassLabel.number(1))
    let refused: [([ClassLabel], [ClassLabel], String)] = [
      ([no, yes], [zero, one], "share no class"), ([zero, one], [no, yes], "share no class"),
      ([no, yes], [.text("No"), .text("Yes")], "share no class"),
      ([zero, one], [.number(0.2), .number(0.9)], "looks like a score"),
      ([no, yes], [.number(0.2), .number(0.9)], "looks like a score"),
    ]
    for (labels, predictions, message) in refused {
      let error = #expect(throws: DomainError.self) { try confusion(labels, predictions) }
      #expect(error?.kind == .value && error?.message.contains(message) == true)
    }
    #expect(try confusion([zero, zero], [one, one]).counts == [[0, 2], [0, 0]])
    #expect(try confusion([no, no], [yes, yes]).overall(.f1) == 0)
    #expect(try confusion([.number(3), .number(5)], [.number(2), .number(2)]).classes.count == 3)
    #expect(try confusion([.number(0.5), one], [.number(0.5), one]).overall(.f1) == 1)
  }
}
