import Foundation
import Foundations
import Testing

@testable import Statistics

@Suite struct BootstrapTests {
  private let x = [0.3, 1.1, 0.2, 2.9, 0.7, 0.4, 5.2, 1.6]

  // Replicates and ends from SciPy's own BCa (Scripts/oracles/fairness.py).
  private let replicates = [
    2.325, 2.2375, 2.25, 2.15, 1.5125, 1.7125, 0.675, 0.925, 2.425, 1.6125, 2.6125, 1.8375, 2.3,
    2.0875, 2.725, 1.125, 1.8375, 2.4375, 1.65, 2.3875, 1.2875, 3.1625, 1.45, 1.1, 1.3, 1.5625,
    1.8125, 1.25, 2.05, 1.7625, 1.45, 0.85, 0.9125, 2.675, 0.725, 0.9125, 2.0375, 2.0375, 1.7125,
    1.775,
  ]

  @Test func biasCorrectedIntervalIsSciPys() throws {
    let jackknife = x.indices.map { i in
      (x.reduce(0, +) - x[i]) / Double(x.count - 1)
    }
    let found = try Bootstrap().interval(
      Sample.mean(x), replicates, jackknife: jackknife)
    #expect(abs(found.low - 0.69247899) < 1e-6)
    #expect(abs(found.high - 2.59695069) < 1e-6)
  }

  @Test func manyResamplesComeCloseToSciPys() throws {
    let found = try Bootstrap(resamples: 20_000, seed: 3).estimate(strata: [x.count]) { drawn in
      Sample.mean(drawn[0].map { x[$0] })
    }
    #expect(found.value == Sample.mean(x))
    #expect(abs(found.low - 0.725) < 0.05 && abs(found.high - 3.175) < 0.1, "\(found)")
  }

  @Test func percentileIsThatOfTheReplicates() throws {
    let found = try Bootstrap(method: .percentile, level: 0.9).interval(
      1, replicates, jackknife: [])
    #expect(abs(found.low - Sample.quantile(replicates, 0.05)) < 1e-12)
    #expect(abs(found.high - Sample.quantile(replicates, 0.95)) < 1e-12)
  }

  @Test func sameSeedSameInterval() throws {
    func interval(_ seed: UInt64) throws -> Estimate {
      try Bootstrap(resamples: 200, seed: seed).estimate(strata: [8, 3]) { drawn in
        Sample.mean(drawn[0].map { x[$0] }) - Sample.mean(drawn[1].map { x[$0] })
      }
    }
    #expect(try interval(1) == interval(1))
    #expect(try interval(1) != interval(2))
  }

  /// Of intervals at 90% about 90% hold the true mean.
  @Test func coverage() throws {
    var random = RandomStream(seed: 9)
    var held = 0
    for trial in 0..<200 {
      let sample = (0..<40).map { _ in random.normal() }
      let found = try Bootstrap(resamples: 300, level: 0.9, seed: UInt64(trial))
        .estimate(strata: [40]) { drawn in Sample.mean(drawn[0].map { sample[$0] }) }
      if found.low <= 0, found.high >= 0 { held += 1 }
    }
    #expect((165...194).contains(held), "\(held)")
  }

  @Test func constantStatisticHasNoWidth() throws {
    let found = try Bootstrap(resamples: 50).estimate(strata: [5]) { _ in 2 }
    #expect(found == Estimate(value: 2, low: 2, high: 2, level: 0.95))
    #expect(throws: DomainError.self) { try Bootstrap(resamples: 1) }
    #expect(throws: DomainError.self) { try Bootstrap(level: 1) }
  }
}
