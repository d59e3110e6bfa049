// Counts, sums, means and variances by discrete Laplace noise (Ghosh, Roughgarden, Sundararajan 2009). A mean is a
// noisy sum about the middle of the bounds over a noisy count, a variance the mean of squares about the middle less the
// square of the mean; the budget is shared evenly among what they are made of. Intervals are those of the parts by the
// noise's exact distribution, each of them wrong with an even share of the chance, and what can be made of parts within
// them: what comes out without noise lies in there at least as often as the level says.

import Foundation
import Foundations

/// All numbers from `low` to `high`.
struct Span: Equatable {
  var low: Double
  var high: Double

  init(_ low: Double, _ high: Double) { (self.low, self.high) = (low, high) }

  func clamped(_ least: Double, _ most: Double) -> Span {
    Span(min(max(low, least), most), min(max(high, least), most))
  }

  static func * (a: Span, b: Span) -> Span {
    let products = [a.low * b.low, a.low * b.high, a.high * b.low, a.high * b.high]
    return Span(products.min() ?? 0, products.max() ?? 0)
  }

  static func - (a: Span, b: Span) -> Span { Span(a.low - b.high, a.high - b.low) }

  /// Divided by numbers that are above 0.
  static func / (a: Span, b: Span) -> Span {
    Span(a.low / (a.low < 0 ? b.low : b.high), a.high / (a.high < 0 ? b.high : b.low))
  }

  func widened(by margin: Double) -> Span { Span(low - margin, high + margin) }

  var squared: Span {
    let ends = (low * low, high * high)
    return Span(low <= 0 && high >= 0 ? 0 : min(ends.0, ends.1), max(ends.0, ends.1))
  }

  /// - Parameter scale: above 0.
  func scaled(by scale: Double, adding offset: Double = 0) -> Span {
    Span(low * scale + offset, high * scale + offset)
  }
}

/// A whole number that is released with noise.
struct NoisyTotal: Sendable {
  let noise: DiscreteLaplaceNoise
  let mechanism: Mechanism
  /// The noise is beyond this with no more than the chance given.
  let reach: Double

  init(epsilon: Double, sensitivity: Int, chance: Double) throws(DomainError) {
    noise = try DiscreteLaplaceNoise(epsilon: epsilon, sensitivity: sensitivity)
    mechanism = .discreteLaplace(epsilon: epsilon, sensitivity: sensitivity)
    reach = Double(noise.reach(chance: chance))
  }

  func release(_ total: Int128, _ random: inout CoinFlips) -> (value: PrivateValue, span: Span) {
    let noisy = Double(total + Int128(noise.sample(&random)))
    let span = Span(noisy - reach, noisy + reach)
    return (PrivateValue(value: noisy, low: span.low, high: span.high), span)
  }
}

/// Checks numbers and makes whole numbers of them.
enum WholeValues {
  /// How many steps the largest value has.
  static let steps = 0x1p30

  static func sum(_ values: [Double], _ whole: (Double) -> Double) throws -> Int128 {
    var sum: Int128 = 0
    for (index, value) in values.enumerated() {
      try Cancellation.check(turn: index)
      guard !value.isNaN else {
        throw DomainError(
          .value, "a value is not a number, so no bounds hold it",
          hint: "say what it means first, such as `nil` for missing")
      }
      sum += Int128(Int(whole(value)))
    }
    return sum
  }
}

struct NoisySum: Sendable {
  let total: NoisyTotal
  private let bounds: ValueBounds
  /// A power of two, a 2³⁰th of the larger bound.
  private let grid: Double

  init(
    _ bounds: ValueBounds, epsilon: Double, _ contribution: UnitContribution, chance: Double
  ) throws(DomainError) {
    self.bounds = bounds
    grid = scalbn(1, Int(max(abs(bounds.low), abs(bounds.high)).exponent) - 29)
    total = try NoisyTotal(
      epsilon: epsilon,
      sensitivity: contribution.sumSensitivity(
        Int((bounds.low / grid).rounded()), Int((bounds.high / grid).rounded())), chance: chance)
  }

  func release(_ values: [Double], _ random: inout CoinFlips) throws -> PrivateValue {
    let noisy = total.release(try whole(values), &random).value
    return PrivateValue(
      value: noisy.value * grid, low: noisy.low * grid, high: noisy.high * grid)
  }

  func whole(_ values: [Double]) throws -> Int128 {
    try WholeValues.sum(values) { (bounds.clamp($0) / grid).rounded() }
  }
}

struct NoisyMean: Sendable {
  let sum: NoisyTotal
  let count: NoisyTotal
  private let bounds: ValueBounds

  init(
    _ bounds: ValueBounds, epsilon: Double, _ contribution: UnitContribution, chance: Double
  ) throws(DomainError) {
    self.bounds = bounds
    let steps = Int(WholeValues.steps)
    sum = try NoisyTotal(
      epsilon: epsilon / 2, sensitivity: contribution.sumSensitivity(-steps, steps),
      chance: chance / 2)
    count = try NoisyTotal(
      epsilon: epsilon / 2, sensitivity: contribution.countSensitivity, chance: chance / 2)
  }

  func release(_ values: [Double], _ random: inout CoinFlips) throws -> PrivateValue {
    let steps = WholeValues.steps
    let whole = try WholeValues.sum(values) { (bounds.centred($0) * steps).rounded() }
    let (sum, sums) = sum.release(whole, &random)
    let (count, counts) = count.release(Int128(values.count), &random)
    let number = max(1, count.value)
    // Each value was rounded by half a step at most. Where there may be none at all, nothing is known.
    let span =
      counts.low < 1
      ? Span(-1, 1)
      : (sums.scaled(by: 1 / steps) / counts).widened(by: 1 / steps).clamped(-1, 1)
    let value = min(max(sum.value / steps / number, -1), 1)
    return PrivateValue(
      value: bounds.clamp(bounds.middle + value * bounds.halfWidth),
      low: bounds.clamp(bounds.middle + span.low * bounds.halfWidth),
      high: bounds.clamp(bounds.middle + span.high * bounds.halfWidth))
  }
}

struct NoisyVariance: Sendable {
  let squares: NoisyTotal
  let sum: NoisyTotal
  let count: NoisyTotal
  private let bounds: ValueBounds

  init(
    _ bounds: ValueBounds, epsilon: Double, _ contribution: UnitContribution, chance: Double
  ) throws(DomainError) {
    try bounds.requireSquares()
    self.bounds = bounds
    let steps = Int(WholeValues.steps)
    let share = (epsilon / 3).nextDown
    // Squares are from 0 to 1; about their middle they move half as much.
    squares = try NoisyTotal(
      epsilon: share, sensitivity: contribution.sumSensitivity(-steps / 2, steps / 2),
      chance: chance / 3)
    sum = try NoisyTotal(
      epsilon: share, sensitivity: contribution.sumSensitivity(-steps, steps), chance: chance / 3)
    count = try NoisyTotal(
      epsilon: share, sensitivity: contribution.countSensitivity, chance: chance / 3)
  }

  func release(_ values: [Double], _ random: inout CoinFlips) throws -> PrivateValue {
    let steps = WholeValues.steps
    let wholeSquares = try WholeValues.sum(values) { value in
      let centred = bounds.centred(value)
      return ((centred * centred - 0.5) * steps).rounded()
    }
    let whole = try WholeValues.sum(values) { (bounds.centred($0) * steps).rounded() }
    let (square, squareSpan) = squares.release(wholeSquares, &random)
    let (sum, sumSpan) = sum.release(whole, &random)
    let (count, countSpan) = count.release(Int128(values.count), &random)
    let number = max(1, count.value)
    let numbers = countSpan.clamped(1, .infinity)
    let mean = min(max(sum.value / steps / number, -1), 1)
    let means = (sumSpan.scaled(by: 1 / steps) / numbers).clamped(-1, 1)
    let meanSquare = min(max(square.value / steps / number + 0.5, 0), 1)
    let meanSquares = (squareSpan.scaled(by: 1 / steps) / numbers).scaled(by: 1, adding: 0.5)
      .clamped(0, 1)
    // Each value was rounded by half a step at most. Where there may be none at all, nothing is known.
    let span =
      countSpan.low < 1
      ? Span(0, 1) : (meanSquares - means.squared).widened(by: 4 / steps).clamped(0, 1)
    let area = bounds.halfWidth * bounds.halfWidth
    return PrivateValue(
      value: max(0, meanSquare - mean * mean) * area, low: span.low * area,
      high: span.high * area)
  }
}
