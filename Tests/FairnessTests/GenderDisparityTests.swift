import Foundation
import Foundations
import Tensors
import Testing
import Text

@testable import Fairness

@Suite struct GenderDisparityTests {
  @Test(arguments: [
    ("The nurse said that she was tired.", Gender.female),
    ("HIS wife's brother left him.", .male), ("Her father called.", .neutral),
    ("The theme of the sheet", .neutral), ("", .neutral),
    ("She\u{2019}s a woman; he isn't.", .female),
  ])
  func classifiesByWords(_ text: String, _ expected: Gender) {
    #expect(GenderPolarity.standard.classify(text) == expected)
  }

  @Test func polarityOfProjections() {
    let b = [0.4, -0.1, -0.3, 0.05]
    #expect(abs(GenderPolarity.combined(b, .weighted) - 0.0735294118) < 1e-9)
    #expect(GenderPolarity.combined(b, .largest) == 0.4)
    #expect(GenderPolarity.combined([], .weighted) == 0)
  }

  @Test func classifiesByEmbeddings() throws {
    let vectors = try WordVectors([
      ("he", [1, 0, 1]), ("she", [-1, 0, 1]), ("queen", [-3, 1, 0]), ("king", [3, 1, 0]),
      ("stone", [0, 1, 0]), ("zero", [0, 0, 0]),
    ])
    let direction = try GenderDirection(vectors)
    #expect(abs(try #require(direction.projection(of: "king")) + 3 / 10.0.squareRoot()) < 1e-12)
    #expect(direction.projection(of: "stone") == 0)
    #expect(direction.projection(of: "zero") == nil)
    for average in GenderPolarity.Average.allCases {
      let polarity = GenderPolarity.embeddings(direction, average: average, threshold: 0.25)
      #expect(polarity.classify("A queen saw a stone") == .female)
      #expect(polarity.classify("the king") == .male)
      #expect(polarity.classify("stone and unknown") == .neutral)
    }
    #expect(throws: DomainError.self) { try GenderDirection(WordVectors([("he", [1])])) }
    #expect(throws: DomainError.self) {
      try GenderDirection(WordVectors([("he", [1]), ("she", [1])]))
    }
    #expect(throws: DomainError.self) { try WordVectors([("he", [1]), ("she", [1, 2])]) }
  }

  @Test func workedExample() throws {
    // nurse: 1 man, 3 women, 1 neutral; judge: 4 men, none, none.
    let classes: [Gender] = [
      .male, .female, .female, .female, .neutral, .male, .male, .male, .male,
    ]
    let groups = Array(repeating: "nurse", count: 5) + Array(repeating: "judge", count: 4)
    let found = try GenderDisparity(classes: classes, groups: groups, smoothing: 0.5)
    #expect(found.groups.map(\.name) == ["judge", "nurse"])
    #expect(found.groups[0].ratio == 9 && abs(found.groups[1].ratio - 1.5 / 3.5) < 1e-12)
    #expect(found.groups[1].femaleShare == 0.75)
    #expect(abs(found.countedLogRatio - (log(9) + log(3.5 / 1.5)) / 2) < 1e-12)
    #expect(abs(found.ratioDistance - (8 + 1 - 1.5 / 3.5) / 2) < 1e-12)
    #expect(abs(found.neutralShare - 1.0 / 9) < 1e-12)
    #expect(found.meanAbsoluteLogRatio.low.isNaN)
    let unsmoothed = try GenderDisparity(classes: classes, groups: groups, smoothing: 0)
    #expect(unsmoothed.countedLogRatio == .infinity)
    #expect(unsmoothed.meanAbsoluteLogRatio.value == found.meanAbsoluteLogRatio.value)
  }

  @Test func exchangedGendersHaveTheSameDisparity() throws {
    var random = RandomStream(seed: 2)
    let classes = (0..<300).map { _ in Gender.allCases[random.integer(below: 3)] }
    let groups = (0..<300).map { "group \($0 % 7)" }
    let exchanged = classes.map { $0 == .male ? Gender.female : $0 == .female ? .male : .neutral }
    let one = try GenderDisparity(classes: classes, groups: groups, level: 0.95)
    let other = try GenderDisparity(classes: exchanged, groups: groups, level: 0.95)
    let (a, b) = (one.meanAbsoluteLogRatio, other.meanAbsoluteLogRatio)
    #expect(abs(a.value - b.value) < 1e-12 && abs(a.low - b.low) < 1e-9)
    #expect(a.low <= a.value && a.value <= a.high && a.low < a.high)
  }

  @Test func theCorpusShowsWhatWasPlanted() throws {
    let corpus = try BiographyCorpus.generate(seed: 5)
    let found = try GenderDisparity(
      texts: corpus.train.map(\.text), groups: corpus.train.map(\.profession))
    for group in found.groups {
      let planted = try #require(corpus.planted[group.name])
      // Relatives of the other gender blur it, so the count is compared loosely.
      #expect(abs(group.femaleShare - planted) < 0.2, "\(group.name) \(group.femaleShare)")
    }
    var fair = BiographyCorpus.Options()
    fair.strength = 0
    let balanced = try BiographyCorpus.generate(fair, seed: 5)
    let other = try GenderDisparity(
      texts: balanced.train.map(\.text), groups: balanced.train.map(\.profession))
    #expect(other.meanAbsoluteLogRatio.value < 0.35)
    #expect(found.meanAbsoluteLogRatio.value > 1)
  }

  @Test func refusesWhatCannotBe() {
    #expect(throws: DomainError.self) { try GenderDisparity(classes: [], groups: []) }
    #expect(throws: DomainError.self) { try GenderDisparity(classes: [.male], groups: []) }
    #expect(throws: DomainError.self) {
      try GenderDisparity(classes: [.male], groups: ["a"], smoothing: -1)
    }
    #expect(throws: DomainError.self) {
      try GenderWords(masculine: ["he"], feminine: ["she", "HE"])
    }
  }
}
