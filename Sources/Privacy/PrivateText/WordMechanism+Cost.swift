import Foundation
import Foundations

/// What mechanisms on words cost whole texts.
extension WordMechanism {
  /// The epsilon of a text of `words` words against any other of as many: composition of `words` ε·d-private mechanisms
  /// over words that are at most `diameter` apart (Dwork and Roth 2014, theorem 3.16), rounded up. Infinite for a
  /// mechanism that promises nothing.
  ///
  /// - Parameter diameter: of the vocabulary in the mechanism's metric, or more.
  /// - Throws: `value` where two words are farther apart than that, `interrupt`.
  public func epsilonOfText(words: Int, diameter: Double) throws -> Double {
    guard isPrivate else { return .infinity }
    guard diameter > 0, diameter < .infinity else {
      throw DomainError(.value, "a diameter must be above 0 and finite, got \(diameter)")
    }
    let space = try metricSpace()
    if try space.roughDiameter() > diameter {
      let farthest = WordSpace.roundedUp(try space.extremes().farthest.distance)
      guard diameter >= farthest else {
        throw DomainError(
          .value,
          "the diameter is given as \(diameter), but two words are \(NumberText.roundedUp(farthest)) apart",
          hint: "give `diameter: \(NumberText.roundedUp(farthest))` or more")
      }
    }
    return ((Double(words) * epsilon).nextUp * diameter).nextUp
  }

  /// The vocabulary as points whose Euclidean distances are those that the promise counts in.
  private func metricSpace() throws -> WordSpace {
    guard let covariance else { return space }
    var values: [Float] = []
    values.reserveCapacity(space.columns.count)
    let origin = space.vector(0)
    for word in 0..<space.count {
      try Cancellation.check(turn: word)
      // Seen from one of the words, and longer by more than rounding to 32 bits can take away.
      values += covariance.whitened(zip(space.vector(word), origin).map { $0 - $1 }).map {
        Float($0 * (1 + 1e-5))
      }
    }
    return try WordSpace(values, width: space.width)
  }

  /// What two words prove against what the paper claims for truncated Gumbel noise, in a sentence; nil for the other
  /// mechanisms, and where these two prove nothing.
  public func refutation(_ names: [String]) -> String? {
    guard let (mechanism, farthest) = gumbel else { return nil }
    let distances = space.distances(from: farthest.first)
    let rank = distances.count { $0 < farthest.distance } + 1
    guard let found = mechanism.claimIsRefuted(distance: farthest.distance, rank: rank) else {
      return nil
    }
    return
      "truncated Gumbel noise does not keep its paper's promise on these vectors: `\(names[farthest.second])` comes from itself at least e^\(NumberText.brief(found.least)) times as often as from `\(names[farthest.first])`, where epsilon times distance is \(NumberText.brief(found.claimed))"
  }
}
