import Foundations
import Learning

/// What all robust rules ask of the updates of a round, and give.
enum RobustInput {
  /// - Throws: `value` where there are fewer than `least` updates, `shape` where they differ in it.
  static func check(_ updates: [ClientUpdate], least: Int) throws {
    guard updates.count >= least else {
      throw DomainError(
        .value, "\(updates.count) updates are too few: this rule needs \(least)",
        hint: "ask for more clients a round")
    }
    try ClientUpdate.requireAlike(updates)
  }

  /// - Throws: `value` where the result is not finite: then more updates were not than the rule can leave out.
  static func sum(_ vectors: [ParameterVector], _ numbers: [Double], of updates: [ClientUpdate])
    throws -> RoundSum
  {
    guard vectors.allSatisfy({ $0.squaredNorm.isFinite }), numbers.allSatisfy(\.isFinite) else {
      let bad = updates.count { !$0.isFinite }
      throw DomainError(
        .value,
        "\(bad) of \(updates.count) updates are not finite, more than this rule can leave out",
        hint: "lower the learning rate of clients, or cut off more")
    }
    return RoundSum(
      vectors: vectors, numbers: numbers, clients: updates.count,
      examples: updates.reduce(0) { $0 + $1.examples })
  }

  /// The weighted sum of updates.
  static func mean(_ updates: [ClientUpdate], _ weights: [Double], of all: [ClientUpdate]) throws
    -> RoundSum
  {
    let vectors = try all[0].vectors.indices.map { index in
      let like = all[0].vectors[index]
      let sum = ParameterVector.sum(
        of: updates.map { $0.vectors[index] }, weights, length: like.count)
      return try ParameterVector(like: like, rounding: sum[...])
    }
    let numbers = all[0].numbers.indices.map { index in
      zip(updates, weights).reduce(0) { $0 + $1.1 * $1.0.numbers[index] }
    }
    return try sum(vectors, numbers, of: all)
  }
}
