// The Laplace mechanism (Dwork, McSherry, Nissim, Smith 2006) on whole numbers: counts and sums on a grid, with exact
// discrete Laplace noise (the two-sided geometric mechanism of Ghosh, Roughgarden, Sundararajan 2009). For whole
// numbers of which one unit moves all together by at most S, noise with P[k] ∝ exp(-ε·|k|/S) on each is ε-private.

import Foundation
import Foundations

/// Discrete Laplace noise that hides what moves by `sensitivity` whole steps.
public struct DiscreteLaplaceNoise: Sendable {
  let rate: ExactRate

  /// - Throws: `limit` where epsilon is too small for the sensitivity.
  init(epsilon: Double, sensitivity: Int) throws(DomainError) {
    rate = try ExactRate(epsilon: epsilon, over: sensitivity)
  }

  func sample(_ random: inout CoinFlips) -> Int { random.discreteLaplace(rate) }

  /// The least k with P[|noise| > k] = 2·e^(-rate·(k+1)) / (1 + e^(-rate)) of at most `chance`.
  func reach(chance: Double) -> Int {
    let rate = rate.value
    let steps = log(2 / (chance * (1 + exp(-rate)))) / rate
    // Rounding of the logarithm must not shorten it.
    return max(0, Int((steps * (1 + 1e-12)).rounded(.up)) - 1)
  }

  /// P[noise ≥ k] for k ≥ 1, rounded up.
  func chance(atLeast k: Double) -> Double {
    exp(-rate.value * k) / (1 + exp(-rate.value)) * (1 + 1e-12 * (1 + rate.value * k))
  }
}

public enum LaplaceMechanism {
  /// The largest place on the grid.
  static let largestPlace = 0x1p61

  /// What a release of values on a grid is to do; the data are not needed for it, but how many they are.
  struct Plan {
    /// A power of two: dividing by it and multiplying with it is exact.
    let grid: Double
    let noise: DiscreteLaplaceNoise
    /// How many grid steps all values together can move, rounding included.
    let sensitivity: Int
  }

  /// The grid is finer than a millionth (2⁻²⁰) of the noise, and so fine that rounding of all values adds at most a
  /// thousandth to the sensitivity: rounding moves each of n values by up to a step more, n steps in L1.
  static func plan(count: Int, sensitivity: Double, epsilon: Double) throws(DomainError) -> Plan {
    try checkEpsilon(epsilon)
    guard sensitivity > 0, sensitivity < .infinity else {
      throw DomainError(.value, "a sensitivity must be above 0 and finite, got \(sensitivity)")
    }
    let coarse = min(sensitivity / epsilon * 0x1p-20, sensitivity / (1024 * Double(max(1, count))))
    guard coarse >= 0x1p-960, sensitivity <= 0x1p960 else {
      throw DomainError(
        .value,
        "a sensitivity of \(sensitivity) is too small or too large for noise at epsilon \(epsilon)")
    }
    let grid = scalbn(1, Int(coarse.exponent))
    let steps = (sensitivity / grid).rounded(.up) + Double(count)
    guard steps < 0x1p53 else {
      throw DomainError(
        .limit, "\(count) values at epsilon \(epsilon) are more than the noise's grid can serve")
    }
    return Plan(
      grid: grid, noise: try DiscreteLaplaceNoise(epsilon: epsilon, sensitivity: Int(steps)),
      sensitivity: Int(steps))
  }

  /// What it spends: known by one value's noise, or by epsilon alone for several.
  ///
  /// - Throws: as `release`, but for what depends on the values.
  public static func mechanism(count: Int, sensitivity: Double, epsilon: Double)
    throws(DomainError) -> Mechanism
  {
    let plan = try plan(count: count, sensitivity: sensitivity, epsilon: epsilon)
    return count == 1
      ? .discreteLaplace(epsilon: epsilon, sensitivity: plan.sensitivity) : .pure(epsilon: epsilon)
  }

  /// `values` with noise of scale `sensitivity / epsilon` (up to a thousandth more, see `plan`): ε-private.
  ///
  /// - Parameter sensitivity: how far the values can move in L1, all together, between neighbours.
  /// - Throws: `value` where a number is not finite or beyond the grid, `limit` for an epsilon too small for so many
  ///   values, `interrupt`.
  public static func release(_ values: [Double], sensitivity: Double, epsilon: Double) throws
    -> [Double]
  {
    let plan = try plan(count: values.count, sensitivity: sensitivity, epsilon: epsilon)
    let places = try places(of: values, on: plan.grid)
    return try Cancellation.abandonable {
      [Double](unsafeUninitializedCapacity: places.count) { result, count in
        nonisolated(unsafe) let result = result
        Parallel.blocks(places.count, size: 1 << 10) { block in
          var random = CoinFlips()
          for index in block {
            result[index] = Double(places[index] + plan.noise.sample(&random)) * plan.grid
          }
        }
        count = places.count
      }
    }
  }

  /// The values in steps of the grid, a power of two.
  /// - Throws: `value` for a value that is not finite or too large.
  static func places(of values: [Double], on grid: Double) throws -> [Int] {
    try values.enumerated().map { index, value in
      try Cancellation.check(turn: index)
      guard value.isFinite else {
        throw DomainError(.value, "noise cannot hide a value that is not finite")
      }
      guard abs(value) < largestPlace * grid else {
        throw DomainError(
          .value,
          "a value of \(value) is beyond what the noise's grid can carry exactly, here \(String(format: "%.4g", largestPlace * grid))",
          hint: "subtract a number that everybody knows first, or release a mean in place of a sum")
      }
      return Int((value / grid).rounded())
    }
  }

  /// - Throws: `value` where epsilon is not above 0 and finite.
  static func checkEpsilon(_ epsilon: Double) throws(DomainError) {
    guard epsilon > 0, epsilon < .infinity else {
      throw DomainError(.value, "epsilon must be above 0 and finite, got \(epsilon)")
    }
  }
}
