import Foundation
import Foundations
import Tensors
import Testing

@testable import Fairness

@Suite struct TruePositiveRateGapTests {
  @Test func workedExample() throws {
    // nurses: women 2 of 3 right, men 0 of 1; judges: women 1 of 2, men 2 of 2; pilots: men only.
    let labels = ["n", "n", "n", "n", "j", "j", "j", "j", "p", "p"]
    let predictions = ["n", "n", "j", "j", "j", "n", "j", "j", "p", "n"]
    let female: [Bool?] = [true, true, true, false, true, true, false, false, false, nil]
    let found = try TruePositiveRateGap(
      labels: labels, predictions: predictions, isFemale: female)
    #expect(found.rows.map(\.label) == ["j", "n", "p"])
    #expect(found.rows[0].gap == -0.5 && abs(found.rows[1].gap - 2.0 / 3) < 1e-12)
    #expect(found.rows[2].gap.isNaN && found.rows[2].men == 1)
    #expect(abs(found.countedRootMeanSquare - ((0.25 + 4.0 / 9) / 2).squareRoot()) < 1e-12)
    #expect(abs(found.countedMeanAbsolute - (0.5 + 2.0 / 3) / 2) < 1e-12)
    #expect(found.rootMeanSquare.low.isNaN)
    let interval = try TruePositiveRateGap(
      labels: labels, predictions: predictions, isFemale: female, level: 0.95)
    // Eight texts show little that chance would not.
    #expect(interval.rootMeanSquare.low < 0.2 && interval.meanAbsolute.low < 0.2)
    #expect(interval.rootMeanSquare.low <= interval.rootMeanSquare.high)
    #expect(interval.rootMeanSquare.high <= 1)
  }

  @Test func refusesWhatCannotBe() {
    #expect(throws: DomainError.self) {
      try TruePositiveRateGap(labels: ["a"], predictions: ["a"], isFemale: [true])
    }
    #expect(throws: DomainError.self) {
      try TruePositiveRateGap(labels: ["a"], predictions: [], isFemale: [true])
    }
  }
}
