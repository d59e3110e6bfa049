import Foundation
import Foundations
import Testing

@testable import Federated

/// The exact chance of each device to be among `wanted` that are drawn one after the other in proportion to weights.
private func inclusion(_ weights: [Double], _ wanted: Int) -> [Double] {
  var chances = [Double](repeating: 0, count: weights.count)
  func go(_ chosen: Set<Int>, _ chance: Double) {
    if chosen.count == wanted {
      for device in chosen { chances[device] += chance }
      return
    }
    let left = weights.indices.filter { !chosen.contains($0) }
    let total = left.reduce(0) { $0 + weights[$1] }
    for device in left { go(chosen.union([device]), chance * weights[device] / total) }
  }
  go([], 1)
  return chances
}

private let sizes = [1, 4, 16, 100]

@Suite struct SelectionTests {
  private static let draws = 20_000

  /// How often each device is chosen, as counts.
  private func counts(_ rule: some Selection, _ wanted: Int, of sizes: [Int] = sizes) throws
    -> [Int]
  {
    var counts = [Int](repeating: 0, count: sizes.count)
    for draw in 0..<Self.draws {
      var stream = RandomKey(seed: 17).derived(draw).stream
      let cohort = try rule.cohort(
        wanted, of: Array(sizes.indices), size: { sizes[$0] }, stream: &stream)
      #expect(cohort == cohort.sorted())
      #expect(Set(cohort).count == min(wanted, sizes.count))
      for device in cohort { counts[device] += 1 }
    }
    return counts
  }

  /// Each count within five standard deviations of its expectation.
  private func expect(_ counts: [Int], _ chances: [Double]) {
    for (count, chance) in zip(counts, chances) {
      let deviation = (Double(Self.draws) * chance * (1 - chance)).squareRoot()
      #expect(abs(Double(count) - Double(Self.draws) * chance) <= 5 * deviation + 1e-9)
    }
  }

  /// One draw: the chances of the four devices. The statistic of chi-square with 3 degrees of freedom exceeds 21.1 with
  /// chance 1e-4.
  @Test func oneDrawFollowsTheWeights() throws {
    let expected: [(ActivitySelection, [Double])] = [
      (.samples, [0.00826446, 0.03305785, 0.1322314, 0.82644628]),
      (try ActivitySelection(.power(0.5)), [0.05882353, 0.11764706, 0.23529412, 0.58823529]),
      (try ActivitySelection(.log), [0.07108532, 0.165055, 0.2905586, 0.47330108]),
      (try ActivitySelection(.power(0)), [0.25, 0.25, 0.25, 0.25]),
    ]
    for (rule, chances) in expected {
      let weights = sizes.map { exp(rule.logWeight($0)) }
      let total = weights.reduce(0, +)
      for (weight, chance) in zip(weights, chances) { #expect(abs(weight / total - chance) < 1e-7) }
      let statistic = zip(try counts(rule, 1), chances).reduce(0.0) {
        let mean = Double(Self.draws) * $1.1
        return $0 + pow(Double($1.0) - mean, 2) / mean
      }
      #expect(statistic < 21.1)
    }
  }

  @Test func drawsWithoutReplacementHaveTheirChances() throws {
    for wanted in [2, 3] {
      expect(
        try counts(ActivitySelection.samples, wanted), inclusion(sizes.map(Double.init), wanted))
      expect(
        try counts(ActivitySelection(.log), wanted),
        inclusion(sizes.map { log1p(Double($0)) }, wanted))
    }
    expect(try counts(UniformSelection(), 3), [0.75, 0.75, 0.75, 0.75])
  }

  @Test func thresholdTakesActiveDevicesAlike() throws {
    // The median of the sizes is 10: the two above it.
    expect(try counts(ThresholdSelection(quantile: 0.5), 1), [0, 0, 0.5, 0.5])
    expect(try counts(ThresholdSelection(quantile: 0), 2), [0.5, 0.5, 0.5, 0.5])
    var stream = RandomStream(seed: 1)
    let all = try ThresholdSelection(quantile: 1).cohort(
      3, of: [0, 1, 2, 3], size: { sizes[$0] }, stream: &stream)
    #expect(all == [3])
  }

  /// Of two, one by samples and one uniformly of the other three.
  @Test func mixtureDrawsBothWays() throws {
    let first = sizes.map { Double($0) / 121 }
    expect(try counts(MixtureSelection(rho: 0.5), 2), first.map { $0 + (1 - $0) / 3 })
    expect(try counts(MixtureSelection(rho: 1), 2), inclusion(sizes.map(Double.init), 2))
    expect(try counts(MixtureSelection(rho: 0), 2), [0.5, 0.5, 0.5, 0.5])
  }

  @Test func allComeWhereThereAreTooFew() throws {
    let rules: [any Selection] = [
      UniformSelection(), ActivitySelection.samples, try ActivitySelection(.log),
      try MixtureSelection(rho: 0.3), try ThresholdSelection(quantile: 0),
    ]
    for rule in rules {
      for wanted in [4, 9] {
        var stream = RandomStream(seed: 1)
        #expect(
          try rule.cohort(wanted, of: [0, 1, 2, 3], size: { sizes[$0] }, stream: &stream)
            == [0, 1, 2, 3])
      }
      var stream = RandomStream(seed: 1)
      #expect(try rule.cohort(2, of: [], size: { _ in 0 }, stream: &stream).isEmpty)
    }
  }

  @Test func rulesRefuseWhatHasNoMeaning() {
    for wrong in [-0.1, 1.1, Double.nan] {
      #expect(throws: DomainError.self) { try MixtureSelection(rho: wrong) }
      #expect(throws: DomainError.self) { try ThresholdSelection(quantile: wrong) }
    }
    for wrong in [Double.nan, .infinity, 1000] {
      #expect(throws: DomainError.self) { try ActivitySelection(.power(wrong)) }
    }
  }

  /// Against sorting everything.
  @Test func heapKeepsTheLargest() {
    var stream = RandomStream(seed: 3)
    for limit in [0, 1, 2, 7, 50] {
      let keys = (0..<50).map { _ in Double(stream.integer(below: 20)) }
      var heap = LargestKeys(limit)
      for (device, key) in keys.enumerated() { heap.add(device, key) }
      let sorted = keys.indices.sorted {
        keys[$0] != keys[$1] ? keys[$0] > keys[$1] : $0 < $1
      }
      #expect(heap.inOrder == Array(sorted.prefix(limit)))
    }
  }

  @Test func aMillionDevicesTakeLittleTime() throws {
    let all = Array(0..<1_000_000)
    for rule in [UniformSelection(), ActivitySelection.samples] as [any Selection] {
      var stream = RandomStream(seed: 3)
      let start = ContinuousClock.now
      let cohort = try rule.cohort(1000, of: all, size: { $0 % 100 + 1 }, stream: &stream)
      print(rule.fingerprint, "of 1,000,000:", ContinuousClock.now - start)
      #expect(cohort.count == 1000)
      #expect(ContinuousClock.now - start < .seconds(5))
    }
  }
}
