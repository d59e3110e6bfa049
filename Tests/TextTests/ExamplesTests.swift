import Tensors
import Testing

@testable import Text

@Suite struct ExamplesTests {
  func examples() throws -> Examples {
    let vocabulary = try Vocabulary(words: ["a", "b", "c"])
    return try Examples(
      texts: ["a b c", "b", "c c"], labels: [0, 1, 2], vocabulary: vocabulary, tokenizer: .words)
  }

  @Test func flatStorage() throws {
    let set = try examples()
    #expect(set.tokens == [2, 3, 4, 3, 4, 4])
    #expect(set.offsets == [0, 3, 4, 6])
    #expect(set.length(of: 2) == 2)
    let chosen = try set.selecting([2, 0])
    #expect(chosen.texts == ["c c", "a b c"] && chosen.labels == [2, 0])
    #expect(try set.joined(chosen).count == 5)
    #expect(failure { _ = try set.selecting([3]) }?.kind == .index)
    #expect(set.fingerprint != chosen.fingerprint)
    #expect(set.fingerprint == (try examples().fingerprint))
  }

  @Test func mappingEncodesAnew() throws {
    let corpus = Corpus(
      name: "x",
      train: [Utterance(text: "he left", intent: "a"), Utterance(text: "she stayed", intent: "b")])
    let set = try IntentDataset(corpus)
    let swapped = set.train.mapping { RoleReversal.standard.reverse($0) }
    #expect(swapped.texts == ["she left", "he stayed"])
    #expect(swapped.labels == set.train.labels)
    #expect(swapped.mapping { RoleReversal.standard.reverse($0) } == set.train)
  }

  @Test func augmentationAddsChangedCopies() throws {
    let corpus = Corpus(
      name: "x",
      train: [Utterance(text: "he left", intent: "a"), Utterance(text: "go", intent: "b")],
      test: [Utterance(text: "she left", intent: "a")])
    let set = try IntentDataset(corpus)
    #expect(Array(set.test.tokens(of: 0))[0] == Vocabulary.unknown)
    let more = try set.augmented { RoleReversal.standard.reverse($0) }
    #expect(more.train.texts == ["he left", "go", "she left"] && more.train.labels == [0, 1, 0])
    #expect(
      more.vocabulary.contains("she") && !more.test.tokens(of: 0).contains(Vocabulary.unknown))
    #expect(failure { _ = try set.train.joined(more.train) }?.kind == .value)
    #expect(set.fingerprint != more.fingerprint)
  }

  @Test func aTestPartIsHeldOutWhereThereIsNone() throws {
    let corpus = Corpus(
      name: "x", train: (0..<20).map { Utterance(text: "u\($0)", intent: $0 % 2 == 0 ? "a" : "b") })
    let held = try corpus.holdingOutTest(share: 0.2, seed: 1)
    #expect(
      held.train.count == 16 && held.test.count == 4 && held.test.count { $0.intent == "a" } == 2)
    #expect(held.notes == ["the corpus has no test part: 4 of its 20 utterances were held out"])
    #expect(try held.holdingOutTest(share: 0.5, seed: 1) == held)
    #expect(failure { _ = try corpus.holdingOutTest(share: 1, seed: 1) }?.kind == .data)
    #expect(failure { _ = try corpus.holdingOutTest(share: 1.5, seed: 1) }?.kind == .value)
  }
}
