import Foundation
import Foundations
import Privacy
import Testing

@testable import Federated

@Suite struct NoiseShareTests {
  @Test(arguments: [1, 3, 10])
  func sumIsTwoSidedGeometric(_ count: Int) throws {
    let shares = try GeometricNoiseShares(epsilon: 1, sensitivity: 2, count: count)
    var sums = [Int](repeating: 0, count: 20_000)
    for member in 0..<count {
      let own = try shares.shares(20_000, .seeded(RandomKey(seed: UInt64(member + 7))))
      for i in sums.indices { sums[i] += own[i] }
    }
    // P[k] = (1 - p) / (1 + p) · p^|k| with p = e^(-1/2).
    let p = exp(-0.5)
    for k in -4...4 {
      let chance = (1 - p) / (1 + p) * pow(p, abs(Double(k)))
      let found = Double(sums.count { $0 == k }) / 20_000
      #expect(abs(found - chance) < 5 * (chance * (1 - chance) / 20_000).squareRoot())
    }
  }

  @Test func intervalsHoldTheNoise() throws {
    let shares = try GeometricNoiseShares(epsilon: 1, sensitivity: 1, count: 1)
    // By hand: P[|k| > h] = 2 p^(h+1) / (1 + p) is 0.074 for h = 2 and 0.027 for h = 3.
    #expect(shares.halfWidth(present: 1, chance: 0.05) == 3)
    #expect(shares.halfWidth(present: 1, chance: 0.08) == 2)
    #expect(shares.boundOfSum(1, present: 1, chance: 0.05) >= 4)
    #expect(shares.halfWidth(present: 3, chance: 0.05) > 3)
    #expect(shares.halfWidth(present: 1, chance: 0.6) == 0)
    #expect(throws: DomainError.self) {
      try GeometricNoiseShares(epsilon: 1e-9, sensitivity: 1, count: 1)
    }
    #expect(throws: DomainError.self) {
      try GeometricNoiseShares(epsilon: 1, sensitivity: 0, count: 1)
    }
  }
}

@Suite struct FederatedAnalyticsTests {
  private func counters(
    secure: Bool = true, contributions: Int = 1, drop: Double = 0, seed: UInt64 = 1
  ) throws -> PrivateCounters {
    try PrivateCounters(
      settings: secure ? try SecureSettings(.secaggPlus, threshold: 0.5, drop: drop) : nil,
      contributions: contributions, neighbours: .addOrRemoveOne,
      noise: .seeded(RandomKey(seed: seed)), key: RandomKey(seed: seed))
  }

  @Test(arguments: [true, false])
  func countsAreRightWithLittleNoise(_ secure: Bool) throws {
    let statistic = try FederatedStatistic(
      counters(secure: secure, contributions: 3), devices: 12, epsilon: 1000)
    let found = try statistic.counts(3) { device in
      [device % 3, device % 2, 2, 2, 2].prefix(device == 0 ? 5 : 3).map(\.self)
    }
    let sum = found.values.reduce(0) { $0 + $1.value }
    #expect(sum == 36 && found.devices == 12)
    #expect(found.values.allSatisfy { $0.low <= $0.value && $0.value <= $0.high })
    #expect(statistic.event == Event(.pure(epsilon: 1000), unit: .client))
  }

  @Test func intervalsHoldWhatTheySay() throws {
    var held = 0
    for seed in 0..<20 {
      let statistic = try FederatedStatistic(
        counters(drop: 0.1, seed: UInt64(seed)), devices: 10, epsilon: 0.5, level: 0.9)
      let found = try statistic.counts(5) { _ in [2] }
      for (bin, value) in found.values.enumerated() {
        let truth = bin == 2 ? Double(found.devices) : 0
        if value.low <= truth && truth <= value.high { held += 1 }
      }
    }
    // 100 intervals, at least 90 in 100 each; five standard errors below.
    #expect(held >= 75)
  }

  @Test func treeOfCountsFindsQuantiles() throws {
    let statistic = try FederatedStatistic(
      counters(contributions: 1), devices: 40, epsilon: 5000)
    let bounds = try ValueBounds(0, 64)
    for (q, wanted) in [(0.5, 19.0), (0.25, 9), (0.9, 35)] {
      let found = try statistic.quantile(q, bounds, levels: 6) { [Double($0)] }
      let value = found.values[0]
      #expect(abs(value.value - wanted) <= 1.5)
      #expect(value.low <= wanted && wanted <= value.high)
      #expect(value.high - value.low <= 4)
    }
    let noisy = try FederatedStatistic(counters(), devices: 40, epsilon: 0.5)
    let wide = try noisy.quantile(0.5, bounds, levels: 6) { [Double($0)] }.values[0]
    #expect(wide.low <= 19 && 19 <= wide.high)
    #expect(throws: DomainError.self) { try noisy.quantile(0.5, bounds, levels: 6) { _ in [.nan] } }
    #expect(throws: DomainError.self) { try noisy.quantile(1.5, bounds, levels: 6) { _ in [1] } }
  }

  @Test func treeSumsAreExactWithoutNoise() {
    // Leaves 0 … 7 with 1 … 8 values.
    let leaves = Array(1...8)
    var counts: [Int] = []
    for level in 1...3 {
      let size = 8 >> level
      for node in 0..<(1 << level) {
        counts.append(leaves[(node * size)..<((node + 1) * size)].reduce(0, +))
      }
    }
    let tree = CountTree(counts: counts, levels: 3)
    for leaf in 0...8 { #expect(tree.below(leaf) == Double(leaves[..<leaf].reduce(0, +))) }
    #expect(tree.leaf(0.5) == 5 && tree.leaf(0) == 0 && tree.leaf(1) == 7)
    let (low, high) = tree.boundaries(0.5, within: 0)
    #expect(low == 5 && high == 6)
  }

  @Test func frequentWordsComeOut() throws {
    let words = ["hello", "help", "hello", "hi", "hello", "help", "hello", "x", "help", "hello"]
    let counters = try counters(contributions: 2)
    let statistic = try FederatedStatistic(counters, devices: 30, epsilon: 2000)
    let (found, devices) = try statistic.heavyHitters(length: 6, most: 8, threshold: 5) {
      [words[$0 % 10], words[$0 % 10]]
    }
    #expect(devices == 30)
    #expect(found.map(\.text) == ["hello", "help"])
    #expect(found.map(\.count.value) == [15, 9])
    let cut = try statistic.heavyHitters(length: 3, most: 8, threshold: 5) { [words[$0 % 10]] }
    #expect(cut.found.map(\.text) == ["hel"])
    // With much noise nothing that nobody has comes out.
    let noisy = try FederatedStatistic(counters, devices: 30, epsilon: 1, level: 0.999)
    #expect(try noisy.heavyHitters(length: 2, most: 4, threshold: 0) { _ in [] }.found.isEmpty)
  }
}
