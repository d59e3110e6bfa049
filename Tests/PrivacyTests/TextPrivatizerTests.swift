import Foundations
import Testing
import Text

@testable import Privacy

@Suite struct TextPrivatizerTests {
  static func vectors() throws -> WordVectors {
    try WordVectors([
      (word: "a", vector: [0, 0]), (word: "b", vector: [1, 0]), (word: "c", vector: [0, 2]),
    ])
  }

  /// So much epsilon that every word comes out as itself.
  func privatized(
    _ texts: [String], unknown: TextPrivatizer.UnknownWords = .drop, length: Int? = nil
  ) throws -> [String] {
    let vectors = try Self.vectors()
    let mechanism = try WordMechanism(.laplace, epsilon: 1e6, vectors: vectors)
    return try TextPrivatizer(mechanism, vectors: vectors, unknown: unknown, length: length)
      .privatize(texts, .seeded(RandomKey(seed: 1)))
  }

  @Test func unknownWords() throws {
    #expect(try privatized(["A b, Zoe c!", "", "zoe"]) == ["a b c", "", ""])
    #expect(try privatized(["A b, Zoe c!", "zoe"], unknown: .keep) == ["a b , zoe c !", "zoe"])
    let error = failure { _ = try privatized(["a b", "b Zoe"], unknown: .error) }
    #expect(error?.message == "word 1 of text 1 has no vector")
    #expect(try privatized([]).isEmpty)
  }

  @Test func oneLengthForAll() throws {
    #expect(try privatized(["a b c", "b", "", "x"], length: 2) == ["a b", "b b", "a a", "a a"])
    #expect(failure { _ = try privatized(["a"], length: 0) }?.kind == .limit)
    #expect(failure { _ = try privatized(["a", "b"], length: .max) }?.kind == .limit)
  }

  @Test func whatATextCosts() throws {
    let vectors = try Self.vectors()
    let mechanism = try WordMechanism(.laplace, epsilon: 0.5, vectors: vectors)
    // √5 between b and c.
    let cost = try mechanism.epsilonOfText(words: 4, diameter: 2.3)
    #expect(cost > 4 * 0.5 * 2.3 && isClose(cost, 4.6, relative: 1e-14))
    let error = failure { _ = try mechanism.epsilonOfText(words: 4, diameter: 2.2) }
    #expect(error?.message.contains("two words are 2.23") == true, "\(error?.message ?? "")")
    for diameter: Double in [0, -1, .nan, .infinity] {
      #expect(failure { _ = try mechanism.epsilonOfText(words: 4, diameter: diameter) } != nil)
    }
    // Along the vectors' long axis noise is longer, so that distances count for less there.
    var settings = WordMechanism.Settings()
    settings.lambda = 0.9
    let shaped = try WordMechanism(
      .mahalanobis, epsilon: 0.5, vectors: vectors, settings: settings)
    #expect(failure { _ = try shaped.epsilonOfText(words: 1, diameter: 1.5) } != nil)
    _ = try shaped.epsilonOfText(words: 1, diameter: 2.2)
  }

  @Test func plausibleDeniability() throws {
    let vectors = try Self.vectors()
    let certain = try WordMechanism(.laplace, epsilon: 1e6, vectors: vectors)
    let source = NoiseSource.seeded(RandomKey(seed: 2))
    let found = try PlausibleDeniability.measure([2, 0], certain, trials: 50, source)
    #expect(found.allSatisfy { $0.unchanged == 1 && $0.distinct == 1 } && found.count == 2)
    let vague = try WordMechanism(.truncatedExponential, epsilon: 1e-6, vectors: vectors)
    let open = try PlausibleDeniability.measure([1], vague, trials: 300_000, source)
    #expect(open[0].distinct == 3 && abs(open[0].unchanged - 1 / 3.0) < 0.005)
    #expect(
      failure { _ = try PlausibleDeniability.measure([1], vague, trials: 0, source) }?.kind
        == .value)
  }
}
