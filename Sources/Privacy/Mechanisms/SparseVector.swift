// AboveThreshold in the version that is private: algorithm 1 of Lyu, Su, Li 2017 ("Understanding the sparse vector
// technique for differential privacy", arXiv 1603.01699). The threshold gets noise once, every query its own, of scale
// 2·c·Δ/ε₂ for c answers above, and nothing but yes and no is said. ε is split by ε₁ : ε₂ = 1 : (2c)^(2/3), their
// section 4.2. The proof moves the threshold's noise by Δ and the noise of each of the c queries above by 2Δ, whole
// steps here, over which discrete Laplace tails change by no more than continuous ones.

import Foundation
import Foundations

public struct SparseVector: Sendable {
  private let grid: PrivateSelection.Grid
  private let limit: Int
  private let thresholdRate: ExactRate
  private let queryRate: ExactRate

  /// - Parameter limit: how many queries may be found above the threshold.
  /// - Throws: `value` for a bad number, `limit` for too small an epsilon.
  public init(sensitivity: Double, epsilon: Double, limit: Int) throws(DomainError) {
    try LaplaceMechanism.checkEpsilon(epsilon)
    guard limit > 0, limit <= 1 << 30 else {
      throw DomainError(.value, "a limit of answers must be from 1 to 2³⁰, got \(limit)")
    }
    let grid = try PrivateSelection.Grid(sensitivity: sensitivity)
    let share = (epsilon / (1 + pow(2 * Double(limit), 2.0 / 3))).nextDown
    (self.grid, self.limit) = (grid, limit)
    thresholdRate = try ExactRate(epsilon: share, over: grid.sensitivity)
    queryRate = try ExactRate(
      epsilon: (epsilon - share).nextDown, over: 2 * limit * grid.sensitivity)
  }

  /// - Throws: `value` where the threshold is not finite or too large.
  public func check(threshold: Double) throws {
    _ = try LaplaceMechanism.places(of: [threshold], on: grid.step)
  }

  /// Whether each query is above the threshold; ends with the last that may be found so.
  ///
  /// - Throws: `value` where a number is not finite or too large, `interrupt`.
  public func answers(_ queries: [Double], threshold: Double) throws -> [Bool] {
    var random = CoinFlips()
    return try answers(queries, threshold: threshold, &random)
  }

  func answers(_ queries: [Double], threshold: Double, _ random: inout CoinFlips) throws -> [Bool] {
    let places = try LaplaceMechanism.places(of: queries, on: grid.step)
    let bar =
      try LaplaceMechanism.places(of: [threshold], on: grid.step)[0]
      + random.discreteLaplace(thresholdRate)
    var answers: [Bool] = []
    var found = 0
    for (index, place) in places.enumerated() where found < limit {
      try Cancellation.check(turn: index)
      let isAbove = place + random.discreteLaplace(queryRate) >= bar
      answers.append(isAbove)
      if isAbove { found += 1 }
    }
    return answers
  }
}
