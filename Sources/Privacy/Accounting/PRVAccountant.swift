// Privacy random variables (Gopi, Lee, Wutschitz 2021, "Numerical composition of differential privacy", arXiv
// 2106.02848): the loss of each step is rounded to a grid of width h = ε_err / √(n/2·log(12/δ_err)) whose shift keeps
// the mean, n steps are composed by Fourier transforms on [-L, L], and by their theorem 5.5
//   δ'(ε + ε_err) - δ_err ≤ δ(ε) ≤ δ'(ε - ε_err) + δ_err.
// Beside the PLD accountant it gives an estimate between two bounds. Plain transforms have an error that hides deltas
// below about 1e-10: it is bounded and added to δ_err, and where it takes too much of delta there is no answer.

import Foundation
import Foundations

public struct PRVAccountant: Sendable {
  /// The error of epsilon that is asked for; larger where the grid would be too large.
  public static let epsilonError = 0.01
  /// The error of delta, as a share of it.
  public static let deltaShare = 1e-3
  static let largestGrid = 1 << 21

  /// Between which bounds epsilon lies.
  public struct Interval: Sendable, Equatable {
    public var low: Double
    public var estimate: Double
    public var high: Double
  }

  private var steps = StepParts()
  private var first: Event?

  public init() {}

  /// Adds what `event` spends.
  ///
  /// - Throws: `value` for bad numbers, `privacy` for an event that this accountant does not know or that does not add
  ///   up with those before.
  public mutating func spend(_ event: Event) throws(DomainError) {
    try event.validate()
    if let first { try event.checkComposes(with: first) }
    try steps.add(event.mechanism)
    first = first ?? event
  }

  /// - Parameter epsilonError: how far the bounds may be from the estimate.
  /// - Throws: `value` where delta is not within 0 and 1, `privacy` where the transforms' errors hide it.
  public func epsilon(delta: Double, epsilonError: Double = epsilonError) throws(DomainError)
    -> Interval
  {
    try RDPAccountant.check(delta: delta)
    if steps.isUnbounded {
      return Interval(low: .infinity, estimate: .infinity, high: .infinity)
    }
    let parts = steps.gathered
    if parts.isEmpty { return Interval(low: 0, estimate: 0, high: 0) }
    guard delta > 0 else { throw Self.hidden(delta) }
    let grid = try grid(parts, delta, epsilonError)
    var result = try composed(parts, removes: true, delta, grid)
    if !parts.allSatisfy(\.isSymmetric) {
      let other = try composed(parts, removes: false, delta, grid)
      result.low = max(result.low, other.low)
      result.estimate = max(result.estimate, other.estimate)
      result.high = max(result.high, other.high)
    }
    return result
  }

  private static func hidden(_ delta: Double) -> DomainError {
    DomainError(
      .privacy, "the PRV accountant has no answer at a delta of \(delta): rounding errors hide it",
      hint: "the accountant \"pld\" has one at every delta")
  }

  private struct Grid {
    var interval: Double
    var size: Int
    var epsilonError: Double
    var deltaError: Double
  }

  /// [-L, L] by remark 5.6: what Rényi orders say is above has little probability, of all steps and of each.
  private func grid(_ parts: [StepPart], _ delta: Double, _ epsilonError: Double)
    throws(DomainError) -> Grid
  {
    let count = parts.reduce(0) { $0 + Double($1.times) }
    let deltaError = delta * Self.deltaShare
    var all = RDPAccountant()
    var reach = 0.0
    for part in parts {
      var one = RDPAccountant()
      try one.spend(part.event)
      reach = max(reach, try one.epsilon(delta: deltaError / 8 / count).epsilon)
      all.add(one.divergences.map { $0 * Double(part.times) })
    }
    reach = max(reach, try all.epsilon(delta: deltaError / 4).epsilon)
    reach = max(reach, epsilonError) + 3
    let perError = 1 / (count / 2 * log(12 / deltaError)).squareRoot()
    var error = epsilonError
    if 2 * reach / (error * perError) > Double(Self.largestGrid - 2) {
      error = 2 * reach / (perError * Double(Self.largestGrid - 2))
    }
    guard reach.isFinite, error <= max(0.1, 0.1 * reach), error >= epsilonError else {
      throw DomainError(
        .privacy, "the PRV accountant has no grid for \(count) steps with losses up to \(reach)",
        hint: "the accountant \"pld\" needs a smaller one")
    }
    var size = 1 << 10
    while Double(size - 2) * error * perError < 2 * reach { size *= 2 }
    return Grid(
      interval: error * perError, size: size, epsilonError: error, deltaError: deltaError)
  }

  private func composed(
    _ parts: [StepPart], removes: Bool, _ delta: Double, _ grid: Grid
  ) throws(DomainError) -> Interval {
    let times = parts.map { Double($0.times) }
    let count = times.reduce(0, +)
    var masses: [[Double]] = []
    var shift = 0.0
    var logFinite = 0.0
    var squares = 0.0
    var raised = 0.0
    let unit = Double.ulpOfOne / 2
    let ofTransform = (12 * log2(Double(grid.size)) + 8) * unit
    var rounding = ofTransform
    for (part, times) in zip(parts, times) {
      try Cancellation.check()
      let negligible = max(grid.deltaError * 1e-6 / count, 1e-290)
      guard let loss = StepLoss(part, removes: removes, negligible: negligible) else {
        throw DomainError(.privacy, "the PRV accountant has no distribution for \(part.mechanism)")
      }
      let step = RoundedLoss(loss, interval: grid.interval, size: grid.size)
      shift += times * step.shift
      logFinite += times * log1p(-loss.infinite)
      // |X|ⁿ of transforms of at most 1: what is wrong with X counts n times.
      let norm = step.masses.reduce(0) { $0 + $1 * $1 }.squareRoot()
      rounding += times * ofTransform * norm
      let width = loss.resolution
      raised += times * (1 + width) * width * width / 8
      squares += times * width * width
      masses.append(step.masses)
    }
    let (sum, _) = TiltedComposition.composed(masses, times)
    let ofDelta = rounding * Double(grid.size).squareRoot()
    let finite = (delta + expm1(logFinite)) / exp(logFinite)
    guard finite > 0 else {
      return Interval(low: .infinity, estimate: .infinity, high: .infinity)
    }
    let error = grid.deltaError + ofDelta
    guard ofDelta < 0.1 * finite, error < finite else { throw Self.hidden(delta) }
    let ladder = raised + (squares / 2 * log(1 / grid.deltaError)).squareRoot()
    func epsilon(_ target: Double) -> Double {
      Self.crossing(sum, shift: shift, interval: grid.interval, target: target)
    }
    return Interval(
      low: max(
        0,
        epsilon(finite + error + (squares > 0 ? grid.deltaError : 0)) - grid.epsilonError - ladder),
      estimate: max(0, epsilon(finite)),
      high: max(0, RDPAccountant.roundedUp(epsilon(finite - error) + grid.epsilonError)))
  }

  /// The ε at which Σ mass·(1 - e^(ε-ℓ))⁺ is `target`.
  private static func crossing(
    _ masses: [Double], shift: Double, interval h: Double, target: Double
  ) -> Double {
    let size = masses.count
    let shrink = exp(-h)
    // At a loss of the grid: Σ m and Σ m·e^(ε-ℓ) over the losses above.
    var mass = 0.0
    var weighted = 0.0
    for place in stride(from: size / 2 - 1, through: -size / 2, by: -1) {
      let loss = Double(place) * h + shift
      weighted *= shrink
      if mass - weighted > target {
        // δ(ε) = mass - weighted·e^(ε - ℓ) down from the loss above.
        return loss + min(h, log((mass - target) / weighted))
      }
      let here = max(0, masses[place & (size - 1)])
      mass += here
      weighted += here
    }
    return -Double.infinity
  }
}

extension StepPart {
  /// One such step, but for its infinite losses.
  fileprivate var event: Event {
    var mechanism = mechanism
    if case .approximate(let epsilon, _) = mechanism { mechanism = .pure(epsilon: epsilon) }
    return switch sampling {
    case .none: Event(mechanism)
    case .poisson: Event(.poissonSampled(rate: rate, mechanism))
    case .fixedSize: Event(.fixedSizeSampled(rate: rate, mechanism), neighbours: .replaceOne)
    }
  }
}
