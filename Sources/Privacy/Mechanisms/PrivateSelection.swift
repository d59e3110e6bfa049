// The best of several by scores that depend on private data, all ε-private where each score moves by at most Δ:
//  - the exponential mechanism (McSherry and Talwar 2007), by whole numbers: see BaseTwoDraw;
//  - report noisy max with one-sided noise of rate ε/(2Δ), here geometric: the winner's noise must be above a threshold
//    that moves by at most 2Δ, and geometric tails fall by e^(-ε) over 2Δ, whatever the others' noise (Dwork and Roth
//    2014, claim 3.9, whose argument this is; ties go to the first);
//  - permute and flip (McKenna and Sheldon 2020, arXiv 2010.12603): never worse than the exponential mechanism.
// Scores are rounded to a grid of a millionth of Δ, which makes the sensitivity one step more.

import Foundation
import Foundations

public enum PrivateSelection: String, Sendable, CaseIterable {
  case exponential
  case noisyMax = "noisy_max"
  case permuteAndFlip = "permute_and_flip"

  /// Scores in whole steps.
  struct Grid {
    /// A power of two.
    let step: Double
    /// How many steps a score can move, rounding included.
    let sensitivity: Int

    /// - Throws: `value` for a sensitivity that is not above 0, not finite, or beyond floats.
    init(sensitivity: Double) throws(DomainError) {
      guard sensitivity >= 0x1p-900, sensitivity <= 0x1p900 else {
        throw DomainError(
          .value, "a sensitivity must be above 0 and of a usual size, got \(sensitivity)")
      }
      step = scalbn(1, Int(sensitivity.exponent) - 20)
      self.sensitivity = Int((sensitivity / step).rounded(.up)) + 1
    }
  }

  /// Checks all that does not depend on the scores.
  public static func check(sensitivity: Double, epsilon: Double) throws(DomainError) {
    try LaplaceMechanism.checkEpsilon(epsilon)
    _ = try BaseTwoDraw.rate(
      epsilon: epsilon, sensitivity: Grid(sensitivity: sensitivity).sensitivity)
  }

  /// The place of one of the greatest scores.
  ///
  /// - Throws: `value` where there is no score, or one is not finite or too large; `interrupt`.
  public func index(of scores: [Double], sensitivity: Double, epsilon: Double) throws -> Int {
    var random = CoinFlips()
    return try index(of: scores, sensitivity: sensitivity, epsilon: epsilon, &random)
  }

  func index(
    of scores: [Double], sensitivity: Double, epsilon: Double, _ random: inout CoinFlips
  ) throws -> Int {
    try LaplaceMechanism.checkEpsilon(epsilon)
    let grid = try Grid(sensitivity: sensitivity)
    let places = try LaplaceMechanism.places(of: scores, on: grid.step)
    guard let greatest = places.max() else {
      throw DomainError(.value, "nothing can be selected where there are no scores")
    }
    switch self {
    case .exponential:
      let candidates = places.map {
        BaseTwoDraw.Candidate(length: 1, penalty: UInt64(greatest - $0))
      }
      let rate = try BaseTwoDraw.rate(epsilon: epsilon, sensitivity: grid.sensitivity)
      return try BaseTwoDraw(candidates, rate: rate).draw(&random).index
    case .noisyMax:
      let rate = try ExactRate(epsilon: epsilon, over: 2 * grid.sensitivity)
      var best = (place: Int.min, index: 0)
      for (index, place) in places.enumerated() {
        try Cancellation.check(turn: index)
        let noisy = place + random.geometric(rate)
        if noisy > best.place { best = (noisy, index) }
      }
      return best.index
    case .permuteAndFlip:
      let rate = try ExactRate(epsilon: epsilon, over: 2 * grid.sensitivity)
      var order = Array(places.indices)
      for turn in order.indices {
        try Cancellation.check(turn: turn)
        // The next of a random order; a greatest one is always taken.
        order.swapAt(turn, turn + Int(random.uniform(below: UInt64(order.count - turn))))
        let distance = UInt128(greatest - places[order[turn]])
        if random.bernoulliExponential(
          UInt128(rate.numerator) * distance, over: rate.denominator)
        {
          return order[turn]
        }
      }
      preconditionFailure("the greatest score is taken when it comes")
    }
  }
}
