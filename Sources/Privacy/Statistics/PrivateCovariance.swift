// Covariances of several columns by noisy sums (Dwork, McSherry, Nissim, Smith 2006): of all products about the middles
// of the bounds, of the values themselves, and of how many rows there are, a third of the budget each. Columns are
// scaled to -1 … 1 first, so that a row moves each sum by at most 1 and all k·(k + 1)/2 products in L1 by as many. The
// matrix need not be positive semi-definite, because its entries have noise of their own; it can be made so afterwards,
// which looks at nothing but what is released (post-processing, Dwork and Roth 2014, proposition 2.1).

import Foundation
import Foundations
import Tables

public struct PrivateCovariance: Sendable {
  /// Row by row, k·k numbers each.
  public struct Result: Sendable {
    public var values: [Double]
    public var lows: [Double]
    public var highs: [Double]
  }

  /// How many columns there may be.
  public static let mostColumns = 256

  private let bounds: [ValueBounds]
  private let products: NoisyTotal
  private let sums: NoisyTotal
  private let count: NoisyTotal
  /// Whether the matrix is made positive semi-definite.
  private let isSemidefinite: Bool
  /// How many steps the largest product has.
  private static let steps = 0x1p24
  public let mechanism: Mechanism

  /// - Parameter isSemidefinite: whether the values are those of the nearest positive semi-definite matrix, of columns
  ///   that are scaled to their bounds; the intervals stay those of the entries.
  /// - Throws: `value` for a bad number, `limit` for an epsilon too small.
  public init(
    _ bounds: [ValueBounds], epsilon: Double, contribution: UnitContribution, level: Double = 0.95,
    isSemidefinite: Bool = false
  ) throws(DomainError) {
    try LaplaceMechanism.checkEpsilon(epsilon)
    guard !bounds.isEmpty, bounds.count <= Self.mostColumns else {
      throw DomainError(
        .value, "covariances are of 1 to \(Self.mostColumns) columns, got \(bounds.count)")
    }
    guard level > 0, level < 1 else {
      throw DomainError(.value, "a level must be above 0 and below 1, got \(level)")
    }
    for pair in bounds { try pair.requireSquares() }
    self.bounds = bounds
    self.isSemidefinite = isSemidefinite
    let share = (epsilon / 3).nextDown
    let chance = (1 - level) / 4
    let steps = Int(Self.steps)
    let one = contribution.sumSensitivity(-steps, steps)
    let pairs = bounds.count * (bounds.count + 1) / 2
    products = try NoisyTotal(epsilon: share, sensitivity: pairs * one, chance: chance)
    sums = try NoisyTotal(epsilon: share, sensitivity: bounds.count * one, chance: chance)
    count = try NoisyTotal(
      epsilon: share, sensitivity: contribution.countSensitivity, chance: chance)
    // Many numbers move at once: epsilon alone bounds them.
    mechanism = .composed([
      .pure(epsilon: share), .pure(epsilon: share), count.mechanism,
    ])
  }

  /// Of the rows in which no value is missing, and of each unit at most so many of them.
  ///
  /// - Parameter columns: as many as bounds, each with a value a row.
  /// - Throws: `type` where a column holds no numbers, `value` where a number is nan, `interrupt`.
  public func release(_ columns: [Series], units: Series?, rowCount: Int, most: Int) throws
    -> Result
  {
    var random = CoinFlips()
    let numbers = try columns.map { try PrivateColumns.numbers($0) }
    var rows = (0..<rowCount).filter { row in !columns.contains { $0.isMissing(row) } }
    if let units {
      rows = try PrivateColumns.bounded(rows, by: units, most: most, &random)
    }
    return try release(numbers.map { column in rows.map { column[$0] } }, &random)
  }

  /// - Parameter columns: as many as bounds, of equal lengths.
  /// - Throws: `value` where a number is nan, `interrupt`.
  func release(_ columns: [[Double]], _ random: inout CoinFlips) throws -> Result {
    precondition(columns.count == bounds.count, "a column for each pair of bounds")
    let steps = Self.steps
    let (number, numbers) = noisyCount(columns.first?.count ?? 0, &random)
    let centred = try zip(columns, bounds).map { column, bounds in
      _ = try WholeValues.sum(column) { _ in 0 }
      return column.map { bounds.centred($0) }
    }
    var means: [(value: Double, span: Span)] = []
    for column in centred {
      let whole = try WholeValues.sum(column) { ($0 * steps).rounded() }
      let (sum, span) = sums.release(whole, &random)
      means.append(
        (
          min(max(sum.value / steps / number, -1), 1),
          (span.scaled(by: 1 / steps) / numbers).clamped(-1, 1)
        ))
    }
    let k = bounds.count
    var result = Result(
      values: [Double](repeating: 0, count: k * k), lows: [Double](repeating: 0, count: k * k),
      highs: [Double](repeating: 0, count: k * k))
    for i in 0..<k {
      for j in i..<k {
        var whole: Int128 = 0
        for row in centred[i].indices {
          try Cancellation.check(turn: row)
          whole += Int128(Int((centred[i][row] * centred[j][row] * steps).rounded()))
        }
        let (sum, span) = products.release(whole, &random)
        let least = i == j ? 0.0 : -1.0
        let product = min(max(sum.value / steps / number, least), 1)
        let productSpan = (span.scaled(by: 1 / steps) / numbers).clamped(least, 1)
        let square = i == j ? means[i].span.squared : means[i].span * means[j].span
        let spread = (productSpan - square).clamped(least, 1)
        let value = min(max(product - means[i].value * means[j].value, least), 1)
        let area = bounds[i].halfWidth * bounds[j].halfWidth
        for place in [i * k + j, j * k + i] {
          result.values[place] = value
          result.lows[place] = spread.low * area
          result.highs[place] = spread.high * area
        }
      }
    }
    if isSemidefinite { result.values = try SymmetricEigen.semidefinite(result.values, k) }
    for place in 0..<k * k {
      result.values[place] *= bounds[place / k].halfWidth * bounds[place % k].halfWidth
    }
    return result
  }

  private func noisyCount(_ rows: Int, _ random: inout CoinFlips) -> (Double, Span) {
    let (value, span) = count.release(Int128(rows), &random)
    return (max(1, value.value), span.clamped(1, .infinity))
  }
}
