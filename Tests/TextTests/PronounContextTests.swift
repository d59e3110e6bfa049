import Foundation
import Tensors
import Testing

@testable import Text

/// How often the rule and the tagger are right about `her` on real text.
///
/// The treebank's universal tags do not tell `her` the determiner from `her` the object, but English does elsewhere:
/// `his` is (nearly always) the determiner and `him` the object, so that putting `her` in their place gives labelled
/// examples. For `her` and `hers` themselves, the tokens of the test and development parts were labelled by hand for
/// this test (`labelled`). CoNLL-2003 tags `her` itself (PRP$, PRP), but wrongly in about one case of ten
/// (`She made her/PRP political debut`), which bounds the agreement that can be reached there.
@Suite struct PronounContextTests {
  struct Score: CustomStringConvertible {
    var determiners = 0
    var determinersRight = 0
    var objects = 0
    var objectsRight = 0
    var wrong: [String] = []

    var count: Int { determiners + objects }
    var accuracy: Double { Double(determinersRight + objectsRight) / Double(max(1, count)) }
    var description: String {
      "\(determinersRight) of \(determiners) determiners, \(objectsRight) of \(objects) objects: \(accuracy)"
    }

    mutating func add(_ context: PronounContext, isDeterminer: Bool, _ place: String) {
      let isRight = (context == .determiner) == isDeterminer
      if isDeterminer {
        determiners += 1
        if isRight { determinersRight += 1 }
      } else {
        objects += 1
        if isRight { objectsRight += 1 }
      }
      if !isRight { wrong.append((isDeterminer ? "D " : "O ") + place) }
    }
  }

  static let table = RoleReversal.standard.table

  /// The reading of `her` in the place of a token, the tokens joined by spaces.
  static func context(_ tokens: [String], _ index: Int, tagger: PronounTagger? = nil)
    -> PronounContext
  {
    var tokens = tokens
    tokens[index] = "her"
    let start = tokens[..<index].reduce(0) { $0 + $1.utf8.count + 1 }
    let bytes = Array(tokens.joined(separator: " ").utf8)
    return bytes.withUnsafeBufferPointer { buffer in
      let reader = NeighbourReader(base: buffer.baseAddress!, count: buffer.count, table: table)
      return tagger?.context(start: start, end: start + 3, neighbours: reader)
        ?? ContextReader(neighbours: reader).context(start: start, end: start + 3)
    }
  }

  static func treebank(_ part: String) throws -> [TaggedSentence] {
    try TaggedSentence.readTable(TestData.path("ud_english_ewt/\(part).tsv.gz"))
  }

  /// `her` in the place of each `his` and `him`.
  static func score(_ sentences: [TaggedSentence], tagger: PronounTagger? = nil) -> Score {
    var score = Score()
    for sentence in sentences {
      for (i, word) in sentence.words.enumerated() {
        guard let pronoun = Pronoun(rawValue: word.lowercased()),
          pronoun == .his || pronoun == .him,
          let label = PronounTagger.label(pronoun, i, sentence)
        else { continue }
        score.add(
          context(sentence.words, i, tagger: tagger),
          isDeterminer: label == PronounTagger.determinerTag,
          sentence.words[max(0, i - 4)..<min(sentence.words.count, i + 5)].joined(separator: " "))
      }
    }
    return score
  }

  /// Each `her` of the treebank in its order: D where it is a determiner, O where it is an object.
  static let labelled = [
    "test": "ODDDOOOOOOODDDOODDDDDOD",
    "dev": "DDOOOODODDODDDODOODDDDDD",
  ]

  static func scoreOfHer(_ part: String, tagger: PronounTagger? = nil) throws -> Score {
    var score = Score()
    var labels = Array(labelled[part] ?? "")[...]
    for sentence in try treebank(part) {
      for (i, word) in sentence.words.enumerated() where word.lowercased() == "her" {
        let next = labels.popFirst()
        let label = try #require(next)
        score.add(
          context(sentence.words, i, tagger: tagger), isDeterminer: label == "D",
          sentence.words[max(0, i - 4)..<min(sentence.words.count, i + 5)].joined(separator: " "))
      }
    }
    #expect(labels.isEmpty)
    return score
  }

  @Test(.enabled(if: TestData.has("ud_english_ewt"), "the English Web Treebank is not here"))
  func rulesOnTheWebTreebank() throws {
    for part in ["train", "dev", "test"] {
      let score = Self.score(try Self.treebank(part))
      print(
        "rules, her for his and him, \(part): \(score)\n  \(score.wrong.joined(separator: "\n  "))")
      #expect(score.accuracy >= 0.97)
      #expect(score.count > 40)
    }
    var own = Score()
    for part in ["dev", "test"] {
      let score = try Self.scoreOfHer(part)
      print("rules, her itself, \(part): \(score)\n  \(score.wrong.joined(separator: "\n  "))")
      own.determiners += score.determiners
      own.determinersRight += score.determinersRight
      own.objects += score.objects
      own.objectsRight += score.objectsRight
    }
    #expect(own.accuracy >= 0.97, "\(own)")
  }

  @Test(.enabled(if: TestData.has("conll2003"), "CoNLL-2003 is not here"))
  func rulesOnNewswire() throws {
    var score = Score()
    for part in ["train", "valid", "test"] {
      let path = TestData.path("conll2003/\(part).txt.gz")
      for sentence in try TaggedSentence.readCoNLL(path, wordColumn: 0, tagColumn: 1) {
        for (i, word) in sentence.words.enumerated() where word.lowercased() == "her" {
          score.add(
            Self.context(sentence.words, i), isDeterminer: sentence.tags[i] == "PRP$",
            sentence.words[max(0, i - 4)..<min(sentence.words.count, i + 5)].joined(separator: " "))
        }
      }
    }
    print("rules, CoNLL-2003: \(score)\n  \(score.wrong.joined(separator: "\n  "))")
    #expect(score.accuracy > 0.85)
  }
}
