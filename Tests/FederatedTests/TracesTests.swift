import Foundation
import Foundations
import Testing

@testable import Federated

@Suite struct TracesTests {
  private func traces(_ change: (inout Traces.Options) -> Void) throws -> Traces {
    var options = Traces.Options()
    change(&options)
    return try Traces(options, devices: 2000, key: RandomKey(seed: 5))
  }

  /// The mean of a device's presence over rounds, and the correlation of neighbouring rounds.
  private func presence(_ traces: Traces) -> (mean: Double, correlation: Double) {
    let there = (0..<2000).map { device in
      (0..<40).map { traces.isThere(device, round: $0) ? 1.0 : 0 }
    }
    let mean = there.joined().reduce(0, +) / 80_000
    let products = there.reduce(0) { sum, days in
      sum + zip(days, days.dropFirst()).reduce(0) { $0 + ($1.0 - mean) * ($1.1 - mean) }
    }
    return (mean, products / (2000 * 39) / (mean * (1 - mean)))
  }

  @Test func presenceHasItsShareAndCorrelation() throws {
    for persistence in [0, 0.5, 0.9] {
      let (mean, correlation) = presence(
        try traces {
          $0.availability = [0.3]
          $0.persistence = persistence
        })
      #expect(abs(mean - 0.3) < 0.02)
      #expect(abs(correlation - persistence) < 0.04)
    }
    #expect(presence(try traces { $0.availability = [1] }).mean == 1)
  }

  @Test func daysSwing() throws {
    let daily = try traces {
      $0.availability = [0.4]
      $0.period = 24
      $0.swing = 1
      $0.spread = 0
    }
    func share(_ round: Int) -> Double {
      Double((0..<2000).filter { daily.isThere($0, round: round) }.count) / 2000
    }
    #expect(abs(share(0) - 0.8) < 0.04)
    #expect(share(12) == 0)
    #expect(abs(share(6) - 0.4) < 0.05)
    #expect(abs(share(24) - 0.8) < 0.04)
  }

  @Test func speedIsLogNormal() throws {
    let traces = try traces {
      $0.speed = [0.02]
      $0.variation = 0.7
      $0.jitter = 0
    }
    let logs = (0..<2000).map { log(traces.seconds($0, round: 3, examples: 10, steps: 1) / 0.2) }
    let mean = logs.reduce(0, +) / 2000
    let deviation = (logs.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 1999).squareRoot()
    #expect(abs(mean) < 0.06)
    #expect(abs(deviation - 0.7) < 0.05)
    #expect(
      traces.seconds(4, round: 1, examples: 5, steps: 1)
        == traces.seconds(4, round: 2, examples: 5, steps: 1))
    #expect(traces.seconds(4, round: 1, examples: 0, steps: 0) == 0)
  }

  @Test func ownSpeedsAndAvailabilityAreTaken() throws {
    var options = Traces.Options()
    options.speed = [0.1, 3]
    options.availability = [0, 1]
    options.jitter = 0
    let traces = try Traces(options, devices: 2, key: RandomKey(seed: 1))
    #expect(traces.seconds(1, round: 0, examples: 2, steps: 1) == 6)
    #expect((0..<9).allSatisfy { !traces.isThere(0, round: $0) && traces.isThere(1, round: $0) })
  }

  @Test func dropsHaveTheirChance() throws {
    let traces = try traces { $0.drop = 0.25 }
    let lost = (0..<2000).reduce(0) { sum, device in
      sum + (0..<5).filter { traces.drops(device, round: $0) }.count
    }
    #expect(abs(Double(lost) / 10_000 - 0.25) < 0.025)
  }

  @Test func tracesFollowTheSeed() throws {
    let options = Traces.Options()
    let a = try Traces(options, devices: 9, key: RandomKey(seed: 1))
    let b = try Traces(options, devices: 9, key: RandomKey(seed: 1))
    let c = try Traces(options, devices: 9, key: RandomKey(seed: 2))
    #expect(a.fingerprint == b.fingerprint)
    #expect(a.fingerprint != c.fingerprint)
    let seen = [a, b, c].map { one in
      (0..<9).flatMap { device in (0..<20).map { one.isThere(device, round: $0) } }
    }
    #expect(seen[0] == seen[1])
    #expect(seen[0] != seen[2])
  }

  @Test func optionsRefuseWhatHasNoMeaning() {
    let wrong: [(inout Traces.Options) -> Void] = [
      { $0.availability = [1.1] }, { $0.availability = [.nan] }, { $0.availability = [0.5, 0.5] },
      { $0.persistence = 1 }, { $0.period = 1 }, { $0.swing = -1 }, { $0.spread = 2 },
      { $0.speed = [0] }, { $0.speed = [] }, { $0.variation = .infinity }, { $0.jitter = -1 },
      { $0.drop = .nan }, { $0.deadline = 0 }, { $0.deadline = .nan },
    ]
    for change in wrong { #expect(throws: DomainError.self) { try traces(change) } }
  }
}
