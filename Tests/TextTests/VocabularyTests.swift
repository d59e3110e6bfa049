import Foundations
import Tensors
import Testing

@testable import Text

@Suite struct VocabularyTests {
  @Test func tokenizers() {
    #expect(WordSplitter.whitespace.tokens(" a  B\tc! ") == ["a", "B", "c!"])
    #expect(
      WordSplitter.words.tokens("Don't STOP, it's 5 o'clock -- T-shirt's 'quoted' é!?")
        == [
          "don't", "stop", ",", "it's", "5", "o'clock", "-", "-", "t-shirt's", "'", "quoted", "'",
          "é", "!", "?",
        ])
    #expect(WordSplitter.characters.tokens("aé👍🏽 ") == ["a", "é", "👍🏽", " "])
    for tokenizer in WordSplitter.allCases { #expect(tokenizer.tokens("").isEmpty) }
  }

  /// A text of ASCII alone goes another way than one that has a letter of another alphabet somewhere.
  @Test func wordsDoNotDependOnOtherLetters() {
    var random = RandomStream(seed: 4)
    let characters = (0..<128).map { String(UnicodeScalar(UInt8($0))) } + ["a", "B", "'", "-", " "]
    for length in 0..<400 {
      let text = (0..<length % 60).map { _ in
        // The last five, which make words with marks inside, half of the time.
        characters[
          random.integer(below: 2) == 0
            ? random.integer(below: 128) : 128 + random.integer(below: 5)]
      }.joined()
      #expect(
        WordSplitter.words.tokens(text) + ["é"] == WordSplitter.words.tokens(text + " é"),
        "\(text.debugDescription)")
    }
  }

  @Test func countsThenOrders() throws {
    let words = try Vocabulary(counting: ["b a", "b c", "a b"])
    #expect(words.words == ["<pad>", "<unk>", "b", "a", "c"])
    #expect(words.count == 5 && words.wordCount == 3)
    #expect(words.number(of: "b") == 2)
    #expect(words.number(of: "zzz") == Vocabulary.unknown)
    #expect(words.encode("A zzz b", tokenizer: .words) == [3, 1, 2])
    #expect(words.encode("", tokenizer: .words) == [1])
    #expect(try Vocabulary(counting: ["b a", "b c", "a b"], minimumFrequency: 2).wordCount == 2)
    #expect(try Vocabulary(counting: ["b a", "b c", "a b"], limit: 1).words.last == "b")
    let same = try Vocabulary(words: ["b", "a", "c"])
    #expect(same.fingerprint == words.fingerprint)
    #expect(
      try Vocabulary(words: ["ba", "c"]).fingerprint != Vocabulary(words: ["b", "ac"]).fingerprint)
    #expect(failure { _ = try Vocabulary(words: ["a", "a"]) }?.kind == .value)
  }

  @Test func sha256IsTheStandardOne() {
    // SHA-256 of the eight length bytes of "" alone.
    #expect(
      FingerprintWriter("").fingerprint.description
        == "af5570f5a1810b7af78caf4bc70a660f0df51e42baf91d4de5b2328de0e83dfc")
  }

  @Test func fromTrainingOnly() throws {
    let corpus = Corpus(
      name: "x", train: [Utterance(text: "one two", intent: "a")],
      test: [Utterance(text: "three", intent: "a")])
    let set = try IntentDataset(corpus)
    #expect(!set.vocabulary.contains("three"))
    #expect(Array(set.test.tokens(of: 0)) == [1])
    #expect(set.description == "Dataset x: 1 train, 1 test, 1 classes, 2 words")
    #expect(failure { _ = try set.encode(["a"], labels: [1]) }?.kind == .value)
    #expect(failure { _ = try IntentDataset(Corpus(name: "e", train: [])) }?.kind == .data)
  }
}
