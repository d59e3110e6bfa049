import Foundations
import Tensors
import Testing

@testable import Fairness

@Suite struct GenerationDiversityTests {
  private let texts = [
    "the nurse said that she was tired",
    "the nurse said that she was tired and went home early today",
    "the judge said that he was late",
    "a dog",
    "one day the judge lost his coat and the nurse found it",
    "the the the nurse",
  ].map { $0.split(separator: " ").map(String.init) }

  // Scores of NLTK's sentence_bleu (Scripts/oracles/fairness.py).
  @Test(arguments: [
    (2, GenerationDiversity.Smoothing.none, 0.47770227781856395),
    (2, .epsilon(0.1), 0.47770227781856395), (2, .addOne, 0.5186689912524263),
    (4, .none, 0.2555279227234295), (4, .epsilon(0.1), 0.3132527636650699),
    (4, .addOne, 0.42732092215570877),
  ])
  func selfBLEUIsThatOfNLTK(
    _ order: Int, _ smoothing: GenerationDiversity.Smoothing, _ expected: Double
  ) throws {
    let found = try GenerationDiversity.selfBLEU(texts, order: order, smoothing: smoothing)
    #expect(abs(found - expected) < 1e-12)
  }

  @Test func extremes() throws {
    let same = Array(repeating: texts[1], count: 3)
    #expect(abs(try GenerationDiversity.selfBLEU(same) - 1) < 1e-12)
    let apart = [["a", "b"], ["c", "d"]]
    #expect(try GenerationDiversity.selfBLEU(apart) == 0)
    #expect(try GenerationDiversity.selfBLEU([[], ["a"]]) == 0)
    #expect(throws: DomainError.self) { try GenerationDiversity.selfBLEU([["a"]]) }
  }

  @Test func distinct() throws {
    let texts = [["a", "b", "a"], ["a", "b"], []]
    #expect(abs(try GenerationDiversity.distinct(1, texts) - 2.0 / 5) < 1e-12)
    #expect(abs(try GenerationDiversity.distinct(2, texts) - 2.0 / 3) < 1e-12)
    #expect(try GenerationDiversity.distinct(4, texts).isNaN)
    #expect(throws: DomainError.self) { try GenerationDiversity.distinct(0, texts) }
  }
}
