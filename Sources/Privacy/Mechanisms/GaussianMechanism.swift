// The Gaussian mechanism: exact (ε, δ) by Balle and Wang (2018, arXiv 1805.06530), and noise that can be released.
//
//   δ(ε) = Φ(Δ/(2s) - εs/Δ) - e^ε·Φ(-Δ/(2s) - εs/Δ)
//
// Noise added to floating-point numbers leaks through their lowest bits (Mironov 2012), so released values lie on a
// grid, and the noise is an exact discrete Gaussian on it (Canonne, Kamath, Steinke 2020, arXiv 2004.00010), drawn from
// the operating system's random bits.

import Foundation
import Foundations

public enum GaussianMechanism {
  /// δ(ε) of a Gaussian with ratio `mu` of sensitivity to standard deviation, rounded up by as much as the arithmetic
  /// may be wrong.
  static func exactDelta(_ epsilon: Double, _ mu: Double) -> Double {
    let a = mu / 2 - epsilon / mu
    let b = -mu / 2 - epsilon / mu
    let first = SpecialFunctions.normalCDF(a)
    let second = exp(epsilon + SpecialFunctions.logNormalCDF(b))
    // Relative errors of the arguments of Φ and exp count as often as these fall by them.
    let unit = Double.ulpOfOne
    let error = first * (4 + 2 * a * a) * unit + second * (4 + 2 * epsilon + 2 * b * b) * unit
    return max(0, first - second + error)
  }

  /// The least noise multiplier at (epsilon, delta), rounded up.
  ///
  /// - Throws: `value` where epsilon is not above 0 or delta is not between 0 and 1.
  public static func noiseMultiplier(epsilon: Double, delta: Double) throws(DomainError) -> Double {
    guard epsilon > 0 else { throw DomainError(.value, "epsilon must be above 0, got \(epsilon)") }
    guard delta > 0, delta < 1 else {
      throw DomainError(.value, "delta must be above 0 and below 1, got \(delta)")
    }
    if epsilon == .infinity { return 0 }
    var enough = 1.0
    while exactDelta(epsilon, 1 / enough) > delta { enough *= 2 }
    var little = enough / 2
    while little > 1e-300, exactDelta(epsilon, 1 / little) <= delta {
      enough = little
      little /= 2
    }
    for _ in 0..<200 where enough / little > 1 + 1e-13 {
      let middle = (enough * little).squareRoot()
      if exactDelta(epsilon, 1 / middle) <= delta { enough = middle } else { little = middle }
    }
    return enough
  }

  /// How many grid steps the noise's standard deviation has.
  static let standardDeviation: UInt64 = 1 << 20

  /// The largest place on the grid: below it every whole number is a float, and so is its sum with noise.
  static let largestPlace = Double(Int64(1) << 52)

  /// `values` with Gaussian noise of standard deviation `noiseMultiplier · sensitivity` (or a little more, see below).
  ///
  /// Values are rounded to a grid of a millionth (2⁻²⁰) of the standard deviation. Rounding can move two neighbouring
  /// results apart by √n grid steps; the noise is widened by as much, by a factor of 1/(1 - noiseMultiplier·√n·2⁻²⁰),
  /// so that the promise is that of exact arithmetic.
  /// - Parameters:
  ///   - sensitivity: how far the values can move in L2 when one example joins or leaves.
  /// - Throws: `value` where a number is not finite or beyond the grid, `limit` for so many values that the noise would
  ///   have to double, `interrupt`.
  public static func release(_ values: [Double], noiseMultiplier: Double, sensitivity: Double)
    throws -> [Double]
  {
    guard noiseMultiplier > 0, noiseMultiplier < .infinity else {
      throw DomainError(
        .value, "a noise multiplier must be above 0 and finite, got \(noiseMultiplier)")
    }
    guard sensitivity > 0, sensitivity < .infinity else {
      throw DomainError(.value, "a sensitivity must be above 0 and finite, got \(sensitivity)")
    }
    for (index, value) in values.enumerated() {
      try Cancellation.check(turn: index)
      guard value.isFinite else {
        throw DomainError(.value, "noise cannot hide a value that is not finite")
      }
    }
    let gridSteps = Double(standardDeviation)
    // With standard deviation s = grid · gridSteps, the widened sensitivity Δ + grid·√n must be s / multiplier.
    let root = Double(values.count).squareRoot()
    guard gridSteps > noiseMultiplier * root * 2 else {
      throw DomainError(
        .limit,
        "\(values.count) values with a noise multiplier of \(noiseMultiplier) are more than the noise's grid can serve"
      )
    }
    let grid = noiseMultiplier * sensitivity / (gridSteps - noiseMultiplier * root)
    guard grid > 0, grid.isFinite else {
      throw DomainError(
        .value, "a sensitivity of \(sensitivity) is too small or too large for noise")
    }
    let largest = largestPlace * grid
    for (index, value) in values.enumerated() {
      try Cancellation.check(turn: index)
      guard abs(value) < largest else {
        throw DomainError(
          .value,
          "a value of \(value) is beyond what the noise's grid can carry exactly: \(Int(largestPlace / gridSteps)) times the noise's standard deviation, here \(String(format: "%.4g", largest))",
          hint: "subtract a number that everybody knows first, or release a mean in place of a sum")
      }
    }
    return try Cancellation.abandonable { noised(values, grid: grid) }
  }

  /// Rounded values and noise, each block with random bits of its own.
  private static func noised(_ values: [Double], grid: Double) -> [Double] {
    let noise = DiscreteGaussian(standardDeviation: standardDeviation)
    return [Double](unsafeUninitializedCapacity: values.count) { result, count in
      nonisolated(unsafe) let result = result
      Parallel.blocks(values.count, size: 1 << 10) { block in
        var random = CoinFlips()
        for index in block {
          let value = values[index]
          var place = (value / grid).rounded()
          // The division has rounded; what is left over is exact.
          let rest = value.addingProduct(-place, grid)
          if abs(rest) > grid / 2 { place += rest > 0 ? 1 : -1 }
          result[index] = (place + Double(noise.sample(&random))) * grid
        }
      }
      count = values.count
    }
  }
}
