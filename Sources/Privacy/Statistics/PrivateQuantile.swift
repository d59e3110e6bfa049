// A quantile by the exponential mechanism over the answers (Smith 2011, "Privacy-preserving statistical estimation with
// optimal convergence rates", algorithm 2). Answers lie on a grid between the bounds. The penalty of an answer z is how
// far the rank that is asked for, q·n, is from those that z has, #(x < z) to #(x ≤ z): so z is right where many values
// are z itself. One row more moves it by at most max(q, 1 - q). Drawn exactly: see BaseTwoDraw.
//
// Half of the budget draws the value, a quarter each end of the interval. Of N answers one is drawn whose penalty is
// above (log N + log(1/β)) / (η·log 2) with a chance of at most β, whatever the data; the ends ask for ranks so much
// lower and higher. So many rows at each bound are added for them that those ranks exist.

import Foundation
import Foundations

struct PrivateQuantile: Sendable {
  /// Ranks are counted in parts of a row, so that q·n is a whole number.
  private static let parts = 1 << 30

  private let bounds: ValueBounds
  private let share: Int
  private let step: Double
  private let answers: Int
  private let valueRate: ExactRate
  private let endRate: ExactRate
  /// How far beside its rank an end may be, in parts of a row.
  private let margin: Int

  init(
    _ share: Double, _ bounds: ValueBounds, step: Double?, epsilon: Double,
    _ contribution: UnitContribution, chance: Double
  ) throws(DomainError) {
    guard share >= 0, share <= 1 else {
      throw DomainError(.value, "a quantile is a share from 0 to 1, got \(share)")
    }
    let width = bounds.high - bounds.low
    if let step {
      guard step > 0, step <= width, width / step <= 0x1p40 else {
        throw DomainError(
          .value,
          "a step must be above 0, at most the width of the bounds, and not a 2⁴⁰th of it, got \(step)"
        )
      }
    }
    self.bounds = bounds
    self.step = step ?? width * 0x1p-20
    // What rounding took from the quotient must not take the last answer.
    answers = Int((width / self.step * (1 + 1e-12)).rounded(.down)) + 1
    self.share = Int((share * Double(Self.parts)).rounded())
    let one = max(self.share, Self.parts - self.share)
    let sensitivity =
      switch contribution.neighbours {
      case .addOrRemoveOne: contribution.rows * one
      // One row's value is exchanged, or rows leave one group and enter another.
      case .replaceOne: contribution.rows * (contribution.isGrouped ? 2 * one : Self.parts)
      }
    valueRate = try BaseTwoDraw.rate(epsilon: epsilon / 2, sensitivity: sensitivity)
    endRate = try BaseTwoDraw.rate(epsilon: epsilon / 4, sensitivity: sensitivity)
    let most = (log(Double(answers)) + log(2 / chance)) / (endRate.value * log(2))
    margin = Int((most * (1 + 1e-12)).rounded(.up)) + Self.parts
  }

  /// Answers that have the same ranks, one after the other.
  private struct Segment {
    var first: Int
    var length: Int
    /// How many values are below all of them, and how many are not above.
    var below: Int
    var upTo: Int
  }

  func release(_ values: [Double], _ random: inout CoinFlips) throws -> PrivateValue {
    guard values.count < 1 << 31 else {
      throw DomainError(.limit, "\(values.count) values are too many for a private quantile")
    }
    var places = try values.enumerated().map { index, value in
      try Cancellation.check(turn: index)
      guard !value.isNaN else {
        throw DomainError(
          .value, "a value is not a number, so no bounds hold it",
          hint: "say what it means first, such as `nil` for missing")
      }
      return min(Int(((bounds.clamp(value) - bounds.low) / step).rounded()), answers - 1)
    }
    places.sort()
    try Cancellation.check()
    let segments = segments(of: places)
    let rank = share * values.count
    let value = try draw(segments, rank, padding: 0, valueRate, &random)
    let rows = margin / Self.parts + 1
    let low = try draw(segments, rank - margin, padding: rows, endRate, &random)
    let high = try draw(segments, rank + margin, padding: rows, endRate, &random)
    return PrivateValue(value: value, low: min(low, value), high: max(high, value))
  }

  private func segments(of places: [Int]) -> [Segment] {
    var segments: [Segment] = []
    segments.reserveCapacity(2 * min(places.count, answers) + 3)
    var next = 0
    var index = 0
    func addGap(to end: Int, _ rank: Int) {
      if end > next {
        segments.append(Segment(first: next, length: end - next, below: rank, upTo: rank))
      }
    }
    // The bounds are answers of their own: rows can be added there.
    var ends = [0, answers - 1][...]
    while true {
      let value = index < places.count ? places[index] : Int.max
      let place = min(value, ends.first ?? Int.max)
      guard place < Int.max else { return segments }
      addGap(to: place, index)
      let below = index
      while index < places.count, places[index] == place { index += 1 }
      segments.append(Segment(first: place, length: 1, below: below, upTo: index))
      next = place + 1
      while ends.first == place { ends.removeFirst() }
    }
  }

  /// - Parameters:
  ///   - rank: in parts of a row.
  ///   - padding: how many rows to add at each bound.
  private func draw(
    _ segments: [Segment], _ rank: Int, padding: Int, _ rate: ExactRate, _ random: inout CoinFlips
  ) throws -> Double {
    let parts = Self.parts
    let rank = rank + padding * parts
    let candidates = segments.map { segment in
      let below = segment.below + (segment.first > 0 ? padding : 0)
      let upTo = segment.upTo + padding + (segment.first == answers - 1 ? padding : 0)
      return BaseTwoDraw.Candidate(
        length: UInt64(segment.length),
        penalty: UInt64(max(0, below * parts - rank, rank - upTo * parts)))
    }
    let drawn = try BaseTwoDraw(candidates, rate: rate).draw(&random)
    let place = segments[drawn.index].first + Int(drawn.offset)
    return bounds.clamp(bounds.low + Double(place) * step)
  }
}
