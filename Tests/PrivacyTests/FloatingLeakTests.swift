import Foundation
import Foundations
import Testing

@testable import Privacy

/// The known leaks of noise by floats, and that ours has none of them.
@Suite struct FloatingLeakTests {
  /// Mironov 2012: value + Laplace noise from the logarithm of a uniform float reaches some floats and not their
  /// neighbours, and which ones depends on the value. With few bits of randomness all that can be reached is listed.
  @Test func naiveNoiseReachesOtherFloatsFromNeighbours() {
    let bits = 12
    func reached(from value: Double) -> Set<Double> {
      var result: Set<Double> = []
      for draw in 1...(1 << bits) {
        let size = -log(Double(draw) / Double(1 << bits))
        result.insert(value + size)
        result.insert(value - size)
      }
      return result
    }
    let (none, one) = (reached(from: 0), reached(from: 1))
    let shared = none.intersection(one).count
    // Most results say at once which data set they came from.
    #expect(10 * shared < none.count, "\(shared) of \(none.count)")
  }

  /// Ours reaches multiples of one grid only, whatever the value: the same ones from neighbours.
  @Test func laplaceReachesTheSameGridFromNeighbours() throws {
    for (sensitivity, epsilon) in [(1.0, 1.0), (0.1, 3), (37.5, 0.01)] {
      let plan = try LaplaceMechanism.plan(count: 1, sensitivity: sensitivity, epsilon: epsilon)
      #expect(plan.grid.significand == 1)
      for value in [0, sensitivity, 1.0 / 3, -1e5 / 7] {
        for _ in 0..<50 {
          let noisy = try LaplaceMechanism.release(
            [value], sensitivity: sensitivity, epsilon: epsilon)[0]
          let place = noisy / plan.grid
          let isWhole = place == place.rounded()
          #expect(isWhole && abs(place) < 0x1p53, "\(noisy)")
        }
      }
      // A step to either side is at most e^(ε/sensitivity in steps) as likely, so that all places can be reached.
      let spent = plan.noise.rate.value * Double(plan.sensitivity)
      #expect(spent <= epsilon * (1 + 1e-15))
      let finest = sensitivity / epsilon * 0x1p-20
      #expect(plan.grid <= finest)
    }
  }

  /// Haney et al. 2022: adding noise to a value that is not on the noise's own grid leaves the value's lowest bits.
  /// Here they are gone before noise is added: values that round alike give the same results bit by bit.
  @Test func lowestBitsOfTheValueAreGone() throws {
    let plan = try LaplaceMechanism.plan(count: 1, sensitivity: 1, epsilon: 1)
    let places = try LaplaceMechanism.places(
      of: [1, 1 + plan.grid / 4, 1 - plan.grid / 3], on: plan.grid)
    #expect(Set(places).count == 1)
    func naive(_ value: Double) -> Double { value + plan.grid * 12345 }
    let beside = 1 + plan.grid / 4
    #expect(naive(1) != naive(beside))
  }

  /// Casacuberta et al. 2022: one row more can move a sum of floats by more than its value, because all later additions
  /// round otherwise. Ours adds whole numbers, so that no order matters and no row moves more than its own.
  @Test func sumsMoveByNoMoreThanOneRow() throws {
    let one = [0x1p53] + [Double](repeating: 1, count: 1000)
    let more = [0x1p53, 2] + [Double](repeating: 1, count: 1000)
    let moved: Double = more.reduce(0, +) - one.reduce(0, +)
    #expect(moved == 4)
    for (low, high) in [(0.0, 1.0), (-3, 100), (7e-200, 9e-200), (-1e250, 1e200)] {
      let bounds = try ValueBounds(low, high)
      let sum = try NoisySum(bounds, epsilon: 1, UnitContribution(), chance: 0.05)
      guard case .discreteLaplace(_, let sensitivity) = sum.total.mechanism else {
        Issue.record("a sum has discrete Laplace noise")
        return
      }
      let rows = [low, high, low / 3 + high / 2, -.infinity, .infinity, 0, 1e300]
      let whole = try sum.whole(rows)
      for skipped in rows.indices {
        var others = rows
        others.remove(at: skipped)
        let without = try sum.whole(others.reversed())
        let moved = (whole - without).magnitude
        #expect(moved <= UInt128(sensitivity))
      }
      let larger = abs(low) > abs(high) ? low : high
      let most = try sum.whole([larger]).magnitude
      #expect(most == UInt128(sensitivity))
    }
  }
}
