import Foundations
import Tensors
import Testing

@testable import Privacy

@Suite struct MembershipAttackTests {
  @Test func workedExample() throws {
    let result = try MembershipAttack.scores(
      members: [3, 2.5, 2, 0.5], others: [1, 0.8, 0.6, 0.4, 2.2])
    #expect(isClose(result.auc, 0.75, absolute: 1e-12))
    // Halves [3, 2], [1, 0.6, 2.2] and [2.5, 0.5], [0.8, 0.4]: thresholds 2 and 2.5, each 0.5 on the other half. On all
    // it is 0.55.
    #expect(result.advantage == 0.5)
    #expect(result.advantageInterval == 0...1)
    #expect(result.tprAtLowFPR == nil)
    #expect(result.bestThreshold == 2)
    let interval = try #require(result.aucInterval)
    #expect(interval.contains(0.75) && interval.upperBound < 1 && interval.lowerBound > 0)
    let losses = try MembershipAttack.lossThreshold(
      members: [-3, -2.5, -2, -0.5], others: [-1, -0.8, -0.6, -0.4, -2.2])
    #expect(losses.auc == result.auc && losses.bestThreshold == -2)
    #expect(result.description.hasPrefix("Membership attack: AUC 0.750 ("))
    #expect(
      result.description.hasSuffix("advantage 0.500 (at most 1.000), 4 members and 5 others"))
  }

  @Test func tiesCountHalf() throws {
    let equal = try MembershipAttack.lossThreshold(members: [1, 1], others: [1, 1, 1])
    #expect(equal.auc == 0.5 && equal.advantage == 0 && equal.aucInterval == nil)
    #expect(equal.description.contains("AUC 0.500 (no interval)"))
    let some = try MembershipAttack.scores(members: [2, 1], others: [1, 0])
    #expect(some.auc == 0.875)
    let perfect = try MembershipAttack.lossThreshold(members: [0, 0.1], others: [1, .infinity])
    // Perfectly apart is not certainty: two and two say little.
    let certain = try #require(perfect.aucInterval)
    #expect(perfect.auc == 1 && certain.upperBound == 1 && certain.lowerBound < 0.5)
    let reversed = try MembershipAttack.lossThreshold(members: [2], others: [1])
    #expect(reversed.auc == 0 && reversed.advantage == nil && reversed.bestThreshold == -.infinity)
    #expect(reversed.aucInterval == nil && reversed.description.contains("advantage unknown"))
  }

  /// The x below which a standard normal number lies with probability `area`.
  func quantile(_ area: Double) -> Double {
    var range = -10.0...10
    for _ in 0..<60 {
      let middle = (range.lowerBound + range.upperBound) / 2
      range =
        SpecialFunctions.normalCDF(middle) < area
        ? middle...range.upperBound : range.lowerBound...middle
    }
    return range.lowerBound
  }

  /// Of 400 simulated attacks each the interval must hold the true area in 92% at least: 95% less three spreads of such
  /// a count. Where it held all the time it would be too wide to say anything: its mean width is looked at too.
  @Test(arguments: [
    (0.5, 10, 200, 1.0), (0.5, 400, 400, 1), (0.8, 10, 10, 1), (0.95, 300, 20, 1),
    (0.995, 400, 400, 1), (0.5, 300, 20, 8), (0.6, 5, 5, 1),
  ])
  func intervalsCover(_ area: Double, _ count: Int, _ others: Int, _ spread: Double) throws {
    var random = RandomStream(seed: 11)
    let gap = quantile(area) * (1 + spread * spread).squareRoot()
    var covered = 0
    var width = 0.0
    for _ in 0..<400 {
      let result = try MembershipAttack.scores(
        members: (0..<count).map { _ in gap + random.normal() },
        others: (0..<others).map { _ in spread * random.normal() })
      let interval = try #require(result.aucInterval)
      if interval.contains(area) { covered += 1 }
      width += (interval.upperBound - interval.lowerBound) / 400
    }
    #expect(covered >= 367, "\(covered) of 400")
    #expect(width < 4 / Double(min(count, others)).squareRoot() * max(0.3, 1 - area) + 0.05)
  }

  /// Where there is nothing to find the largest of many differences is far above 0; what is reported is not.
  @Test func theAdvantageIsHeldOut() throws {
    var random = RandomStream(seed: 5)
    var sum = 0.0
    var exceeded = 0
    for _ in 0..<400 {
      let result = try MembershipAttack.scores(
        members: (0..<100).map { _ in random.normal() },
        others: (0..<100).map { _ in random.normal() })
      sum += try #require(result.advantage) / 400
      if !result.advantageInterval.contains(0) { exceeded += 1 }
    }
    // The spread of the mean of 400 is below 0.005.
    #expect(abs(sum) < 0.02, "\(sum)")
    #expect(exceeded <= 20)
    // A gap of 1 has an advantage of 2Φ(1/2) - 1.
    let best = 2 * SpecialFunctions.normalCDF(0.5) - 1
    var found = 0.0
    var covered = 0
    for _ in 0..<200 {
      let result = try MembershipAttack.scores(
        members: (0..<300).map { _ in 1 + random.normal() },
        others: (0..<300).map { _ in random.normal() })
      found += try #require(result.advantage) / 200
      if result.advantageInterval.contains(best) { covered += 1 }
    }
    #expect(found <= best + 0.005 && found > best - 0.05, "\(found) \(best)")
    #expect(covered >= 190)
  }

  @Test func lowRatesNeedManyOthers() throws {
    let members = (0..<100).map { Double($0) }
    func rate(_ others: Int) throws -> Double? {
      try MembershipAttack.scores(members: members, others: (0..<others).map { _ in 50.5 })
        .tprAtLowFPR
    }
    #expect(try rate(1000) == nil && rate(1001) == 0.49)
  }

  /// The area equals the definition, pair by pair.
  @Test func areaByPairs() throws {
    var random = RandomStream(seed: 4)
    let members = (0..<150).map { _ in (random.normal() * 4).rounded() }
    let others = (0..<90).map { _ in (random.normal() * 4 + 2).rounded() }
    var pairs = 0.0
    for m in members { for o in others { pairs += m > o ? 1 : m == o ? 0.5 : 0 } }
    let result = try MembershipAttack.scores(members: members, others: others)
    #expect(isClose(result.auc, pairs / 13_500, absolute: 1e-12))
  }

  @Test func badInput() {
    #expect(failure { _ = try MembershipAttack.scores(members: [], others: [1]) }?.kind == .value)
    #expect(
      failure { _ = try MembershipAttack.scores(members: [.nan], others: [1]) }?.kind == .value)
  }

  @Test func bound() {
    #expect(
      isClose(MembershipAttack.advantageBound(epsilon: 1, delta: 0), 0.46211715726, absolute: 5e-12)
    )
    #expect(MembershipAttack.advantageBound(epsilon: .infinity, delta: 0) == 1)
    #expect(MembershipAttack.advantageBound(epsilon: 0, delta: 0.1) == 0.1)
  }
}
