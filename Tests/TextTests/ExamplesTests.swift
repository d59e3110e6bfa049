import Tensor
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
    #expect(set.joined(chosen).count == 5)
    #expect(failure { _ = try set.selecting([3]) }?.kind == .index)
    #expect(set.fingerprint != chosen.fingerprint)
    #expect(set.fingerprint == (try examples().fingerprint))
  }

  @Test func mappingEncodesAnew() throws {
    let corpus = Corpus(
      name: "x",
      train: [Utterance(text: "he left", intent: "a"), Utterance(text: "she stayed", intent: "b")])
    let set = try IntentDataset(corpus)
    let swapped = set.mapping(set.train) { GenderSwap.standard.swap($0) }
    #expect(swapped.texts == ["she left", "he stayed"])
    #expect(swapped.labels == set.train.labels)
    #expect(set.mapping(swapped) { GenderSwap.standard.swap($0) } == set.train)
  }
}
