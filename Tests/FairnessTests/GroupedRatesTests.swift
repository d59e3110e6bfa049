import Foundation
import Foundations
import Statistics
import Tensors
import Testing

@testable import Fairness

@Suite struct GroupedRatesTests {
  private func accuracy(_ labels: [Bool], _ predictions: [Bool]) -> GroupMetric {
    GroupMetric("accuracy", of: { _ in true }) { labels[$0] == predictions[$0] }
  }
  private func truePositives(_ labels: [Bool], _ predictions: [Bool]) -> GroupMetric {
    GroupMetric("tpr", of: { labels[$0] }) { predictions[$0] }
  }

  // Values of Fairlearn's MetricFrame on these lists: by_group, difference(), ratio() (Scripts/oracles/fairness.py).
  @Test func ratesAreFairlearns() throws {
    let labels = [1, 1, 0, 0, 1, 0, 1, 1, 0, 1].map { $0 == 1 }
    let predictions = [1, 0, 0, 1, 1, 0, 1, 1, 1, 0].map { $0 == 1 }
    let sex = ["f", "f", "f", "f", "m", "m", "m", "m", "m", "x"]
    let rates = try GroupedRates(
      by: [("sex", sex)],
      [accuracy(labels, predictions), truePositives(labels, predictions)],
      bootstrap: Bootstrap(resamples: 200))
    #expect(rates.groups.map(\.values) == [["f"], ["m"], ["x"]])
    #expect(rates.groups.map { $0.estimates[0].value } == [0.5, 0.8, 0])
    #expect(rates.groups.map { $0.estimates[1].value } == [0.5, 1, 0])
    #expect(abs(try rates.difference(0).value - 0.8) < 1e-12)
    #expect(try rates.ratio(0).value == 0)
    #expect(rates.worst(0)?.values == ["x"])
    let wilson = try #require(Sample.wilson(successes: 4, trials: 5, level: 0.95))
    #expect(rates.groups[1].estimates[0].low == wilson.lowerBound)
  }

  @Test func attributesCross() throws {
    let rates = try GroupedRates(
      by: [("sex", ["f", "m", "f", "m"]), ("race", ["a", "a", "b", "b"])],
      [GroupMetric("mean", isLoss: true) { Sample.mean($0.map(Double.init)) }],
      bootstrap: Bootstrap(resamples: 50))
    #expect(rates.groups.map(\.values) == [["f", "a"], ["f", "b"], ["m", "a"], ["m", "b"]])
    #expect(rates.groups.map(\.examples) == [[0], [2], [1], [3]])
    #expect(rates.worst(0)?.values == ["m", "b"])
  }

  @Test func whatIsUndefinedIsLeftOut() throws {
    let rates = try GroupedRates(
      by: [("g", ["a", "a", "b"])],
      [truePositives([true, false, false], [true, true, true])],
      bootstrap: Bootstrap(resamples: 50))
    #expect(rates.groups[1].estimates[0].value.isNaN)
    #expect(try rates.difference(0).value.isNaN)
    #expect(rates.worst(0)?.values == ["a"])
  }

  @Test func refusesWhatCannotBe() {
    #expect(throws: DomainError.self) {
      try GroupedRates(by: [], [accuracy([], [])], bootstrap: Bootstrap())
    }
    #expect(throws: DomainError.self) {
      try GroupedRates(
        by: [("a", ["x"]), ("b", ["x", "y"])], [accuracy([true], [true])], bootstrap: Bootstrap())
    }
  }

  /// Of intervals at 90% at least about 90% hold the true largest difference, where groups are equal and where they are
  /// not.
  @Test(arguments: [[0.6, 0.6, 0.6], [0.5, 0.6, 0.8], [0.95, 0.98, 1.0]])
  func differencesAreCovered(_ chances: [Double]) throws {
    var random = RandomStream(seed: 5)
    let trials = 120
    let truth = (chances.max() ?? 0) - (chances.min() ?? 0)
    var held = 0
    for trial in 0..<trials {
      let groups = (0..<150).map { $0 % 3 }
      let hits = groups.map { random.uniform() < chances[$0] }
      let rates = try GroupedRates(
        by: [("g", groups.map(String.init))],
        [GroupMetric("rate", of: { _ in true }) { hits[$0] }],
        bootstrap: Bootstrap(resamples: 200, level: 0.9, seed: UInt64(trial)))
      let found = try rates.difference(0)
      #expect(found.low <= found.value && found.value <= found.high)
      if found.low <= truth + 1e-12, truth <= found.high { held += 1 }
    }
    #expect(Double(held) / Double(trials) > 0.86, "\(held) of \(trials)")
  }
}
