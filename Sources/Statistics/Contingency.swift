import Foundation
import Foundations

/// Pearson's χ² test (1900) that two classifications are independent, or that counts follow given proportions.
public struct ChiSquareTest: Sendable {
  public let statistic: Double
  public let p: Double
  public let degrees: Int
  /// What the null hypothesis expects, in the shape of the counts.
  public let expected: [[Double]]

  /// Of a table of counts, rows by columns.
  /// - Parameter correction: Yates's (1934) for continuity, which applies to one degree of freedom only.
  /// - Throws: `value` where the table is not rectangular, has a negative count or a row or column of zeros.
  public init(table: [[Double]], correction: Bool = true) throws(DomainError) {
    let columns = table.first?.count ?? 0
    guard columns > 0, table.allSatisfy({ $0.count == columns }) else {
      throw DomainError(.value, "a table of counts has rows of one length")
    }
    try ChiSquareTest.requireCounts(table.flatMap { $0 })
    let rows = table.map { $0.reduce(0, +) }
    let sums = (0..<columns).map { column in table.reduce(0) { $0 + $1[column] } }
    let total = rows.reduce(0, +)
    guard rows.allSatisfy({ $0 > 0 }), sums.allSatisfy({ $0 > 0 }) else {
      throw DomainError(
        .value, "a row or a column of the counts is all 0, so that nothing is expected there",
        hint: "leave it out")
    }
    expected = rows.map { row in sums.map { row / total * $0 } }
    degrees = (rows.count - 1) * (columns - 1)
    var statistic = 0.0
    for (row, wanted) in zip(table, expected) {
      for (count, mean) in zip(row, wanted) {
        var distance = abs(mean - count)
        if correction, degrees == 1 { distance -= min(0.5, distance) }
        statistic += distance * distance / mean
      }
    }
    self.statistic = degrees == 0 ? 0 : statistic
    p = degrees == 0 ? 1 : try ChiSquareTest.upperTail(statistic, degrees)
  }

  /// Of counts of categories against what is expected of each; nil expects the same of all.
  /// - Throws: `value` for fewer than two categories, or where the expected counts do not add up to the counts' sum.
  public init(counts: [Double], expected: [Double]?) throws(DomainError) {
    guard counts.count > 1 else {
      throw DomainError(.value, "a χ² test needs at least 2 counts, got \(counts.count)")
    }
    try ChiSquareTest.requireCounts(counts)
    let total = counts.reduce(0, +)
    let wanted =
      expected ?? [Double](repeating: total / Double(counts.count), count: counts.count)
    try Requirement.pairs(counts.count, wanted.count)
    guard wanted.allSatisfy({ $0 > 0 && $0.isFinite }) else {
      throw DomainError(.value, "what is expected of a category is a number above 0")
    }
    let sum = wanted.reduce(0, +)
    guard abs(sum - total) <= 1.5e-8 * max(sum, total) else {
      throw DomainError(
        .value,
        "the expected counts add up to \(NumberText.shortest(sum)), the counts to \(NumberText.shortest(total))"
      )
    }
    statistic = zip(counts, wanted).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) / $1.1 }
    degrees = counts.count - 1
    p = try ChiSquareTest.upperTail(statistic, degrees)
    self.expected = [wanted]
  }

  private static func upperTail(_ statistic: Double, _ degrees: Int) throws(DomainError) -> Double {
    try ChiSquareDistribution(degrees: Double(degrees)).survival(statistic)
  }

  private static func requireCounts(_ counts: [Double]) throws(DomainError) {
    for count in counts where !(count >= 0 && count.isFinite) {
      throw DomainError(
        .value, "a count is a finite number of at least 0, got \(NumberText.shortest(count))")
    }
  }
}

/// Fisher's exact test (1922) of a table of two by two counts: given its margins, the first count is hypergeometric.
public struct FisherTest: Sendable {
  /// The odds ratio of the counts; infinite or nan where it is.
  public let statistic: Double
  public let p: Double

  /// - Throws: `value` where the table is not two by two whole counts up to 2⁵² in all.
  public init(table: [[Double]], alternative: Alternative = .twoSided) throws(DomainError) {
    guard table.count == 2, table.allSatisfy({ $0.count == 2 }) else {
      throw DomainError(
        .value, "Fisher's test takes two rows of two counts", hint: "`[[8, 2], [1, 5]]`")
    }
    let (a, b, c, d) = (table[0][0], table[0][1], table[1][0], table[1][1])
    for count in [a, b, c, d] where !(count >= 0 && count == count.rounded()) {
      throw DomainError(
        .value, "a count is a whole number of at least 0, got \(NumberText.shortest(count))")
    }
    guard a + b + c + d <= 0x1p52 else {
      throw DomainError(.value, "the counts of Fisher's test add up to at most 2⁵²")
    }
    guard a + b > 0, c + d > 0, a + c > 0, b + d > 0 else {
      (statistic, p) = (.nan, 1)
      return
    }
    statistic = b > 0 && c > 0 ? a / b * (d / c) : .infinity
    let chances = Hypergeometric(successes: a + b, failures: c + d, draws: a + c)
    switch alternative {
    case .less: p = min(1, try chances.lowerTail(a))
    case .greater: p = min(1, try chances.upperTail(a))
    case .twoSided: p = min(1, try chances.bothTails(a))
    }
  }
}

/// How many of some draws without replacement succeed.
private struct Hypergeometric {
  let successes: Double
  let failures: Double
  let draws: Double

  private var least: Double { max(0, draws - failures) }
  private var most: Double { min(draws, successes) }

  func chance(_ x: Double) -> Double {
    guard x >= least, x <= most else { return 0 }
    let total = successes + failures
    let (p, q) = (draws / total, (total - draws) / total)
    return Saddlepoint.binomial(x, successes - x, p, q)
      * Saddlepoint.binomial(draws - x, failures - (draws - x), p, q)
      / Saddlepoint.binomial(draws, total - draws, p, q)
  }

  /// P(X ≤ x); terms fall quickly below the mode, and above it the other tail is the shorter sum.
  func lowerTail(_ x: Double) throws(DomainError) -> Double {
    x <= mode ? try downwards(from: x) : 1 - (try upwards(from: x + 1))
  }

  /// P(X ≥ x).
  func upperTail(_ x: Double) throws(DomainError) -> Double {
    x >= mode ? try upwards(from: x) : 1 - (try downwards(from: x - 1))
  }

  /// The probability of all that is no more likely than x. What differs by rounding alone counts as equally likely.
  func bothTails(_ x: Double) throws(DomainError) -> Double {
    let limit = chance(x) * (1 + 1e-9)
    guard chance(mode) > limit else { return 1 }
    if x < mode {
      let other = Inversion.leastInteger(from: mode, to: most + 1) { chance($0) <= limit }
      return try downwards(from: x) + upwards(from: other)
    }
    let first = Inversion.leastInteger(from: least, to: mode) { chance($0) > limit }
    return try upwards(from: x) + downwards(from: first - 1)
  }

  private var mode: Double {
    let estimate = ((draws + 1) / (successes + failures + 2) * (successes + 1)).rounded(.down)
    return min(most, max(least, estimate))
  }

  private func downwards(from x: Double) throws(DomainError) -> Double {
    var (place, term, sum, turn) = (x, chance(x), 0.0, 0)
    while place >= least, term > sum * 1e-18 {
      try Cancellation.check(turn: turn)
      sum += term
      term *= place / (successes - place + 1) * (failures - draws + place) / (draws - place + 1)
      place -= 1
      turn += 1
    }
    return sum
  }

  private func upwards(from x: Double) throws(DomainError) -> Double {
    var (place, term, sum, turn) = (x, chance(x), 0.0, 0)
    while place <= most, term > sum * 1e-18 {
      try Cancellation.check(turn: turn)
      sum += term
      term *= (successes - place) / (place + 1) * (draws - place) / (failures - draws + place + 1)
      place += 1
      turn += 1
    }
    return sum
  }
}
