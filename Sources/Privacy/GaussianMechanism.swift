// The Gaussian mechanism: exact (ε, δ) by Balle and Wang (2018, arXiv 1805.06530), and noise that can be released.
//
//   δ(ε) = Φ(Δ/(2s) - εs/Δ) - e^ε·Φ(-Δ/(2s) - εs/Δ)
//
// Noise added to floating-point numbers leaks through their lowest bits (Mironov 2012), so released values lie on a grid, and the noise is an exact
// discrete Gaussian on it (Canonne, Kamath, Steinke 2020, arXiv 2004.00010), drawn from the operating system's random bits.

import Foundation
import Foundations
import Tensor

public enum GaussianMechanism {
  /// The least delta at `epsilon` for noise of `noiseMultiplier` times the sensitivity.
  public static func delta(epsilon: Double, noiseMultiplier sigma: Double) throws(DomainError)
    -> Double
  {
    guard epsilon >= 0 else {
      throw DomainError(.value, "epsilon must be at least 0, got \(epsilon)")
    }
    guard sigma >= 0 else {
      throw DomainError(.value, "a noise multiplier must be at least 0, got \(sigma)")
    }
    if sigma == 0 { return 1 }
    if sigma == .infinity || epsilon == .infinity { return 0 }
    return exactDelta(epsilon, 1 / sigma)
  }

  /// δ(ε) of a Gaussian with ratio `mu` of sensitivity to standard deviation, rounded up by as much as the arithmetic may be wrong.
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

  /// The multiplier of the classic theorem (Dwork and Roth 2014), √(2·ln(1.25/δ))/ε, proved for ε < 1 only.
  public static func classicNoiseMultiplier(epsilon: Double, delta: Double) -> Double {
    (2 * log(1.25 / delta)).squareRoot() / epsilon
  }

  /// The largest place on the grid: below it every whole number is a float, and so is its sum with noise.
  static let largestPlace = Double(Int64(1) << 52)

  /// `values` with Gaussian noise of standard deviation `noiseMultiplier · sensitivity` (or a little more, see below).
  ///
  /// Values are rounded to a grid of a millionth (2⁻²⁰) of the standard deviation. Rounding can move two neighbouring results apart
  /// by √n grid steps; the noise is widened by as much, by a factor of 1/(1 - noiseMultiplier·√n·2⁻²⁰), so that the promise is that of
  /// exact arithmetic.
  /// - Parameters:
  ///   - sensitivity: how far the values can move in L2 when one example joins or leaves.
  /// - Throws: `value` where a number is not finite or beyond the grid, `limit` for so many values that the noise would have to double.
  public static func release(_ values: [Double], noiseMultiplier: Double, sensitivity: Double)
    throws(DomainError) -> [Double]
  {
    guard noiseMultiplier > 0, noiseMultiplier < .infinity else {
      throw DomainError(
        .value, "a noise multiplier must be above 0 and finite, got \(noiseMultiplier)")
    }
    guard sensitivity > 0, sensitivity < .infinity else {
      throw DomainError(.value, "a sensitivity must be above 0 and finite, got \(sensitivity)")
    }
    guard values.allSatisfy(\.isFinite) else {
      throw DomainError(.value, "noise cannot hide a value that is not finite")
    }
    let gridSteps = Double(DiscreteGaussian.standardDeviation)
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
    var random = SecureRandom()
    var result: [Double] = []
    result.reserveCapacity(values.count)
    let largest = largestPlace * grid
    for value in values {
      guard abs(value) < largest else {
        throw DomainError(
          .value,
          "a value of \(value) is beyond what the noise's grid can carry exactly: \(Int(largestPlace / gridSteps)) times the noise's standard deviation, here \(String(format: "%.4g", largest))",
          hint: "subtract a number that everybody knows first, or release a mean in place of a sum")
      }
      var place = (value / grid).rounded()
      // The division has rounded; what is left over is exact.
      let rest = value.addingProduct(-place, grid)
      if abs(rest) > grid / 2 { place += rest > 0 ? 1 : -1 }
      result.append((place + Double(DiscreteGaussian.sample(&random))) * grid)
    }
    return result
  }
}

/// Exact samples of the discrete Gaussian with standard deviation 2²⁰: only whole numbers and coin flips.
enum DiscreteGaussian {
  static let standardDeviation: Int64 = 1 << 20

  /// Algorithm 3 of Canonne, Kamath, Steinke: a discrete Laplace sample, kept with probability exp(-(|y| - σ²/t)²/(2σ²)).
  static func sample(_ random: inout SecureRandom) -> Int64 {
    let sigma = UInt128(standardDeviation)
    let variance = sigma * sigma
    let t = sigma + 1
    while true {
      let y = discreteLaplace(t, &random)
      let magnitude = UInt128(y.magnitude)
      // ((|y|·t - σ²) / t)² / (2σ²): the numerator is below 2¹²⁰, since |y| is below 2³⁹.
      let scaled = magnitude * t
      let distance = scaled > variance ? scaled - variance : variance - scaled
      guard distance < 1 << 63 else { continue }
      if bernoulliExponential(distance * distance, over: 2 * variance * t * t, &random) { return y }
    }
  }

  /// Algorithm 2: P[y] ∝ exp(-|y|/t).
  private static func discreteLaplace(_ t: UInt128, _ random: inout SecureRandom) -> Int64 {
    while true {
      let rest = uniform(below: t, &random)
      guard bernoulliExponentialBelowOne(rest, over: t, &random) else { continue }
      var whole: UInt128 = 0
      while bernoulliExponentialBelowOne(1, over: 1, &random) { whole += 1 }
      let magnitude = rest + t * whole
      let negative = random.next() & 1 == 1
      if negative && magnitude == 0 { continue }
      // Passed with probability e^(-2¹⁹): never.
      guard magnitude < 1 << 39 else { continue }
      return negative ? -Int64(magnitude) : Int64(magnitude)
    }
  }

  /// True with probability exp(-numerator/denominator), any ratio.
  private static func bernoulliExponential(
    _ numerator: UInt128, over denominator: UInt128, _ random: inout SecureRandom
  ) -> Bool {
    var rest = numerator
    while rest > denominator {
      guard bernoulliExponentialBelowOne(1, over: 1, &random) else { return false }
      rest -= denominator
    }
    return bernoulliExponentialBelowOne(rest, over: denominator, &random)
  }

  /// Algorithm 1 for a ratio of at most 1: von Neumann's series, no arithmetic that rounds.
  private static func bernoulliExponentialBelowOne(
    _ numerator: UInt128, over denominator: UInt128, _ random: inout SecureRandom
  ) -> Bool {
    var k: UInt128 = 1
    while true {
      // Bernoulli(numerator / (denominator·k)) as two independent draws, so that nothing overflows.
      guard uniform(below: denominator, &random) < numerator, uniform(below: k, &random) == 0 else {
        return k % 2 == 1
      }
      k += 1
    }
  }

  /// Uniform in 0..<bound by rejection.
  private static func uniform(below bound: UInt128, _ random: inout SecureRandom) -> UInt128 {
    if bound <= 1 { return 0 }
    let bits = 128 - (bound - 1).leadingZeroBitCount
    let mask: UInt128 = bits == 128 ? .max : (1 << UInt128(bits)) - 1
    while true {
      var draw = UInt128(random.next())
      if bits > 64 { draw = draw << 64 | UInt128(random.next()) }
      draw &= mask
      if draw < bound { return draw }
    }
  }
}
