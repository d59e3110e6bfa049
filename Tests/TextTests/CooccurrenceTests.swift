import Foundations
import Testing

@testable import Text

@Suite struct CooccurrenceTests {
  /// PPMI of two texts by hand, and its decomposition: as wide as there are words, products of vectors give back
  /// |M| = (M²)^½, whose traces and squares are known.
  @Test func vectorsOfCounts() throws {
    let vectors = try CooccurrenceVectors.train(["a b", "b c", "a b"], width: 3)
    #expect(vectors.words == ["b", "a", "c"] && vectors.width == 3)
    // n(a,b) = 2, n(b,c) = 1 (each way), n(a) = 2, n(b) = 3, n(c) = 1, N = 6: both PMI are ln 2. M has eigenvalues 0
    // and ±√2·ln 2; |M| is √2·ln 2 times the projection onto b and (a + c)/√2.
    func dot(_ first: String, _ second: String) -> Double {
      zip(vectors[first] ?? [], vectors[second] ?? []).reduce(0) {
        $0 + Double($1.0) * Double($1.1)
      }
    }
    let size = 2.0.squareRoot() * 0.6931471805599453
    for (pair, wanted) in [
      (("b", "b"), size), (("a", "a"), size / 2), (("a", "c"), size / 2), (("a", "b"), 0),
    ] { #expect(abs(dot(pair.0, pair.1) - wanted) < 1e-6, "\(pair)") }
  }

  @Test func sameTextsSameVectors() throws {
    let texts = (0..<200).map { "w\($0 % 17) w\($0 % 13) w\($0 % 7) x\($0 % 5)" }
    let first = try CooccurrenceVectors.train(texts, width: 6, window: 2, minimumCount: 2)
    let second = try CooccurrenceVectors.train(texts, width: 6, window: 2, minimumCount: 2)
    #expect(first.values == second.values && first.values.allSatisfy(\.isFinite))
    #expect(throws: DomainError.self) { try CooccurrenceVectors.train(["a b"], width: 3) }
    #expect(throws: DomainError.self) { try CooccurrenceVectors.train(["a b"], width: 0) }
    #expect(throws: DomainError.self) { try CooccurrenceVectors.train([], width: 1) }
  }
}
