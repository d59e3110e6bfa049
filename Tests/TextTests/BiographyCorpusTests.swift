import Foundations
import Tensors
import Testing

@testable import Text

@Suite struct BiographyCorpusTests {
  @Test func sameSeedSameCorpus() throws {
    let one = try BiographyCorpus.generate(seed: 3)
    #expect(try BiographyCorpus.generate(seed: 3) == one)
    #expect(try BiographyCorpus.generate(seed: 4) != one)
    #expect(one.train.count == 4_000 && one.heldOut.count == 500)
    #expect(one.biosTrain.count == 3_000 && one.biosTest.count == 2_000)
    #expect(BiographyCorpus.professions.count >= 16)
    #expect(Set(BiographyCorpus.professions).count == one.planted.count)
  }

  @Test func partsAreDisjointAndManySentencesDiffer() throws {
    let corpus = try BiographyCorpus.generate()
    let train = Set(corpus.train.flatMap { [$0.text, $0.counterpart] })
    #expect(corpus.heldOut.allSatisfy { !train.contains($0.text) })
    #expect(Set(corpus.train.map(\.text)).count == corpus.train.count)
    let sentences = Set(corpus.train.flatMap { $0.text.split(separator: ".") })
    #expect(sentences.count > 4_000, "\(sentences.count)")
    let bios = Set(corpus.biosTrain.flatMap { [$0.text, $0.counterpart] })
    #expect(corpus.biosTest.allSatisfy { !bios.contains($0.text) })
  }

  /// The shares that come out are those that were planted, within what chance allows.
  @Test func skewIsThePlantedOne() throws {
    var options = BiographyCorpus.Options()
    options.train = 30_000
    options.female = ["judge": 0.35]
    let corpus = try BiographyCorpus.generate(options, seed: 7)
    #expect(corpus.planted["judge"] == 0.35)
    for (profession, planted) in corpus.planted {
      let people = corpus.train.filter { $0.profession == profession && $0.isFemale != nil }
      let share = Double(people.count { $0.isFemale == true }) / Double(people.count)
      let deviation = (planted * (1 - planted) / Double(people.count)).squareRoot()
      // Texts are distinct: many that are alike make a rare gender a little less rare, hence the second term.
      #expect(abs(share - planted) < 4.5 * deviation + 0.01, "\(profession) \(share) \(planted)")
    }
    options.strength = 0
    options.female = [:]
    #expect(try BiographyCorpus.generate(options).planted.values.allSatisfy { $0 == 0.5 })
  }

  @Test func neutralTextsHaveNoCounterpart() throws {
    let corpus = try BiographyCorpus.generate()
    let neutral = corpus.train.filter { $0.isFemale == nil }
    #expect(!neutral.isEmpty && Double(neutral.count) / 4_000 < 0.12)
    #expect(neutral.allSatisfy { $0.text == $0.counterpart })
    #expect(corpus.train.allSatisfy { $0.isFemale == nil || $0.text != $0.counterpart })
    for text in corpus.biosTrain.prefix(500) {
      #expect(!text.text.contains(" \(text.profession) "))
    }
  }

  /// The grammar has no gendered words but those that it knows of: reversing a text by the lexicon gives its
  /// counterpart.
  @Test func counterpartIsTheReversal() throws {
    let corpus = try BiographyCorpus.generate()
    let texts = corpus.train + corpus.biosTrain
    let wrong = texts.filter { RoleReversal.standard.reverse($0.text) != $0.counterpart }
    #expect(Double(wrong.count) <= 0.02 * Double(texts.count), "\(wrong.count) \(wrong.prefix(5))")
  }

  @Test func refusesWhatCannotBe() {
    var options = BiographyCorpus.Options()
    options.train = 0
    #expect(throws: DomainError.self) { try BiographyCorpus.generate(options) }
    options.train = 10
    options.strength = 1.5
    #expect(throws: DomainError.self) { try BiographyCorpus.generate(options) }
    options.strength = 1
    options.female = ["astronaut": 0.5]
    #expect(throws: DomainError.self) { try BiographyCorpus.generate(options) }
    options.female = ["nurse": .nan]
    #expect(throws: DomainError.self) { try BiographyCorpus.generate(options) }
  }
}
