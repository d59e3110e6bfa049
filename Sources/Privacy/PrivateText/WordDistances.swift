import Foundations
import Text

/// The distances of a vocabulary that mechanisms on words are set by.
public struct WordDistances: Sendable {
  /// Dmin and Dmax, between the two words each.
  public let least: Double
  public let largest: Double
  public let closest: (String, String)
  public let farthest: (String, String)
  /// Above it truncated Gumbel noise can be set; infinite where two words have one vector.
  public let gumbelEpsilon: Double

  /// - Throws: `value` where there are fewer than two words, or a number is not finite; `interrupt`.
  public init(_ vectors: WordVectors) throws {
    let space = try WordSpace(vectors.values, width: vectors.width)
    let found = try space.extremes()
    least = found.closest.distance
    largest = found.farthest.distance
    closest = (vectors.words[found.closest.first], vectors.words[found.closest.second])
    farthest = (vectors.words[found.farthest.first], vectors.words[found.farthest.second])
    gumbelEpsilon = TruncatedGumbel.leastEpsilon(words: space.count, closest: least)
  }
}
