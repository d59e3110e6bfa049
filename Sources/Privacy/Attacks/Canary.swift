import Foundation
import Foundations

/// A secret put into training texts to see whether a model gives it away: a pattern with a blank that random tokens
/// fill, as in "my pin code is 4 7 1 9" (Carlini et al. 2019; Parikh, Dupuy, Gupta 2022, arXiv 2203.13920).
public struct Canary: Sendable, Equatable {
  /// Where the secret stands in a pattern.
  public static let blank = "{}"

  public let pattern: String
  /// The tokens that a secret is made of.
  public let secrets: [String]
  public let separator: String
  /// The secret: which of `secrets` stands at each place.
  public let choice: [Int]

  /// A canary with a random secret.
  ///
  /// - Parameters:
  ///   - pattern: a text with one `{}`.
  ///   - secrets: at least two different ones.
  ///   - length: how many of them fill the blank.
  ///   - separator: what stands between them.
  /// - Throws: `value` where one of these is wrong.
  public init(
    pattern: String, secrets: [String], length: Int, separator: String = " ", key: RandomKey
  ) throws(DomainError) {
    guard pattern.components(separatedBy: Self.blank).count == 2 else {
      throw DomainError(
        .value, "a canary's pattern has one {} for the secret, got \(Quoting.literal(pattern))",
        hint: "`pattern: \"my pin code is {}\"`")
    }
    guard secrets.count > 1, Set(spelt: secrets).count == secrets.count,
      !secrets.contains(where: \.isEmpty)
    else {
      throw DomainError(
        .value, "a secret is drawn from two tokens at least, all different and none empty")
    }
    guard length > 0, length <= 1000 else {
      throw DomainError(.value, "a secret has 1 to 1000 tokens, got \(length)")
    }
    self.pattern = pattern
    self.secrets = secrets
    self.separator = separator
    var random = key.stream
    choice = (0..<length).map { _ in random.integer(below: secrets.count) }
  }

  public var length: Int { choice.count }

  /// The text with the secret.
  public var text: String { text(of: choice) }

  /// The secret alone.
  public var secret: String { secret(of: choice) }

  /// The text with another secret.
  public func text(of choice: [Int]) -> String {
    pattern.replacingOccurrences(of: Self.blank, with: secret(of: choice))
  }

  private func secret(of choice: [Int]) -> String {
    choice.map { secrets[$0] }.joined(separator: separator)
  }

  /// How many secrets there could have been; infinite where that is beyond all numbers.
  public var space: Double { pow(Double(secrets.count), Double(length)) }

  /// Other secrets: all there are where these are not more than `limit`, else as many at random, all different.
  ///
  /// - Throws: `interrupt` where it is stopped.
  public func references(limit: Int, key: RandomKey) throws(DomainError) -> (
    choices: [[Int]], isComplete: Bool
  ) {
    if space <= Double(limit) + 1 {
      let count = Int(space)
      var all: [[Int]] = []
      all.reserveCapacity(count)
      for number in 0..<count {
        try Cancellation.check(turn: number)
        var rest = number
        var other = choice
        for place in other.indices.reversed() {
          other[place] = rest % secrets.count
          rest /= secrets.count
        }
        if other != choice { all.append(other) }
      }
      return (all, true)
    }
    var random = key.stream
    var seen: Set<[Int]> = [choice]
    var drawn: [[Int]] = []
    while drawn.count < limit {
      try Cancellation.check(turn: drawn.count)
      let other = choice.map { _ in random.integer(below: secrets.count) }
      if seen.insert(other).inserted { drawn.append(other) }
    }
    return (drawn, false)
  }

  /// The share of places at which another secret differs: 0 for the right one, on average 1 - 1/tokens for a random
  /// one.
  public func hamming(_ other: [Int]) -> Double {
    Double(zip(choice, other).count { $0 != $1 }) / Double(length)
  }

  /// `texts` with the canary `times` times among them, at random places; nil stands for it.
  public func places(among count: Int, times: Int, key: RandomKey) throws(DomainError) -> [Int?] {
    guard times >= 0, times <= 10_000_000 else {
      throw DomainError(
        .value, "a canary is inserted 0 to 10,000,000 times, got \(times)")
    }
    var random = key.stream
    let chosen = Set(random.sample(times, of: count + times))
    var next = 0
    return (0..<count + times).map { place in
      if chosen.contains(place) { return nil }
      next += 1
      return next - 1
    }
  }
}
