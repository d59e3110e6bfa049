import Tensor
import Testing

@testable import Privacy

@Suite struct MembershipAttackTests {
  @Test func workedExample() throws {
    let result = try MembershipAttack.scores(
      members: [3, 2.5, 2, 0.5], others: [1, 0.8, 0.6, 0.4, 2.2])
    #expect(isClose(result.auc, 0.75, absolute: 1e-12))
    #expect(isClose(result.advantage, 0.55, absolute: 1e-12))
    #expect(result.tprAtLowFPR == 0.5)
    #expect(result.bestThreshold == 2)
    #expect(result.aucInterval.contains(0.75) && result.aucInterval.upperBound == 1)
    let losses = try MembershipAttack.lossThreshold(
      members: [-3, -2.5, -2, -0.5], others: [-1, -0.8, -0.6, -0.4, -2.2])
    #expect(losses.auc == result.auc && losses.bestThreshold == -2)
    #expect(result.description.hasPrefix("Membership attack: AUC 0.750 ("))
    #expect(result.description.hasSuffix("TPR 0.500 at 0.1% FPR, 4 members and 5 others"))
  }

  @Test func tiesCountHalf() throws {
    let equal = try MembershipAttack.lossThreshold(members: [1, 1], others: [1, 1, 1])
    #expect(equal.auc == 0.5 && equal.advantage == 0 && equal.tprAtLowFPR == 0)
    let some = try MembershipAttack.scores(members: [2, 1], others: [1, 0])
    #expect(some.auc == 0.875)
    let perfect = try MembershipAttack.lossThreshold(members: [0, 0.1], others: [1, .infinity])
    #expect(perfect.auc == 1 && perfect.advantage == 1 && perfect.tprAtLowFPR == 1)
    let reversed = try MembershipAttack.lossThreshold(members: [2], others: [1])
    #expect(reversed.auc == 0 && reversed.advantage == 0 && reversed.bestThreshold == -.infinity)
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
