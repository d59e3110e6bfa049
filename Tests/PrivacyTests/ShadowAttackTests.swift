import Foundation
import Foundations
import Tables
import Tensors
import Testing

@testable import Privacy

@Suite struct ShadowAttackTests {
  func outputs(_ rows: [[Float]], _ labels: [Int]) throws -> ClassifierOutputs {
    try ClassifierOutputs(
      Tensor(rows.flatMap { $0 }, shape: [rows.count, rows[0].count]),
      labels: Tensor(ints: labels))
  }

  @Test func whatIsReadInOutputs() throws {
    // ln(p/(1 - p)) of p = 0.9 and 0.99 (METHODS, O5).
    let two = try outputs([[Float(log(9.0)), 0], [0, Float(log(99.0))]], [0, 1])
    #expect(isClose(two.logOdds(0), 2.1972245773, absolute: 1e-6))
    #expect(isClose(two.logOdds(1), 4.5951198501, absolute: 1e-6))
    #expect(isClose(two.logProbability(0), log(0.9), absolute: 1e-7))
    // p = (0.7, 0.2, 0.1), class 1: -(0.8 ln 0.2) - 0.7 ln 0.3 - 0.1 ln 0.9.
    let three = try outputs(
      [[Float(log(0.7)), Float(log(0.2)), Float(log(0.1))], [80, 0, 0], [0, 80, 0]], [1, 0, 0])
    let entropy = -(0.8 * log(0.2)) - 0.7 * log(0.3) - 0.1 * log(0.9)
    #expect(isClose(three.modifiedEntropy(0), entropy, relative: 1e-6))
    // Sure and right: the odds keep what 1 - p would lose.
    #expect(isClose(three.logOdds(1), 80 - log(2), absolute: 1e-5))
    #expect(three.modifiedEntropy(1) < 1e-30 && three.modifiedEntropy(1) >= 0)
    #expect(isClose(three.modifiedEntropy(2), 80 + 80, relative: 0.02))
    // A tree gives probabilities of 0.
    let never = try outputs([[0, -.infinity]], [1])
    #expect(never.logOdds(0) == -104)
  }

  @Test func refusals() throws {
    func kind(_ body: () throws -> Void) -> DomainError.Kind? { failure(body)?.kind }
    #expect(kind { _ = try outputs([[1], [2]], [0, 0]) } == .shape)
    #expect(kind { _ = try outputs([[1, 2]], [2]) } == .index)
    #expect(kind { _ = try outputs([[1, .nan]], [0]) } == .value)
    #expect(kind { _ = try outputs([[1, .infinity]], [0]) } == .value)
    #expect(kind { _ = try outputs([[-.infinity, -.infinity]], [0]) } == .value)
    #expect(
      kind {
        _ = try ClassifierOutputs(Tensor([1, 2] as [Float], shape: [1, 2]), labels: .zeros([1]))
      } == .type)
    let key = RandomKey(seed: 1)
    #expect(kind { _ = try ShadowPlan(examples: 9, shadows: 3, key: key) } == .value)
    #expect(kind { _ = try ShadowPlan(examples: 1, shadows: 2, key: key) } == .value)
    #expect(kind { _ = try ShadowPlan(examples: .max, shadows: 2, key: key) } == .value)
    let plan = try ShadowPlan(examples: 2, shadows: 2, key: key)
    let some = try outputs([[0, 1], [1, 0]], [0, 1])
    let wider = try outputs([[0, 1, 2], [1, 0, 2]], [0, 1])
    #expect(kind { _ = try ShadowOutputs(plan, target: some, shadows: [some]) } == .shape)
    #expect(kind { _ = try ShadowOutputs(plan, target: some, shadows: [some, wider]) } == .shape)
    let all = try ShadowOutputs(plan, target: some, shadows: [some, some])
    #expect(kind { _ = try LikelihoodRatioAttack.scores(all) } == .value)
    #expect(kind { _ = try RelativeAttack.scores(all, population: 1..<2) } == .value)
    #expect(kind { _ = try RelativeAttack.scores(all, population: 0..<2, gamma: 0.5) } == .value)
    #expect(kind { _ = try RelativeAttack.scores(all, population: 0..<2, offset: 2) } == .value)
  }

  @Test func planPutsEachExampleIntoHalf() throws {
    let plan = try ShadowPlan(examples: 300, shadows: 8, key: RandomKey(seed: 2))
    for example in 0..<300 {
      #expect((0..<8).count { plan.isMember(example, of: $0) } == 4)
    }
    let sizes = (0..<8).map { plan.members(of: $0).count }
    #expect(sizes.reduce(0, +) == 1200 && sizes.allSatisfy { $0 > 110 && $0 < 190 })
    let other = try ShadowPlan(examples: 300, shadows: 8, key: RandomKey(seed: 3))
    #expect(plan.members(of: 0) != other.members(of: 0))
  }

  @Test func likelihoodRatio() {
    // METHODS, O5: N(2.5, 0.5) against N(1, 0.8) at 2.
    let ratio = LikelihoodRatioAttack.score(
      2, [2.5], [1], isOnline: true, deviations: (0.5, 0.8))
    #expect(isClose(ratio, 0.7512536292, absolute: 1e-10))
    let offline = LikelihoodRatioAttack.score(
      2, [2.5], [1], isOnline: false, deviations: (0.5, 0.8))
    #expect(isClose(SpecialFunctions.normalCDF(offline), 0.8943502263, absolute: 1e-10))
    // Medians, of even numbers too.
    let median = LikelihoodRatioAttack.score(
      3, [], [0, 1, 2, 100], isOnline: false, deviations: (1, 1))
    #expect(median == 1.5)
  }

  @Test func relativeScores() throws {
    // Two reference models, of which each example is in one; all give both classes 1/2.
    let plan = try ShadowPlan(examples: 4, shadows: 2, key: RandomKey(seed: 1))
    let even = try outputs([[0, 0], [0, 0], [0, 0], [0, 0]], [0, 0, 0, 0])
    let p: [Double] = [0.9, 0.2, 0.4, 0.1]
    let target = try outputs(p.map { [Float(log($0 / (1 - $0))), 0] }, [0, 0, 0, 0])
    let all = try ShadowOutputs(plan, target: target, shadows: [even, even])
    let scores = try RelativeAttack.scores(all, population: 1..<4)
    // Twice as likely, relative to 1/2, as: all three; one of two others; both; none.
    #expect(scores == [1, 0.5, 1, 0])
    let plain = try RelativeAttack.scores(all, population: 1..<4, gamma: 1)
    #expect(plain == [1, 0.5, 1, 0])
  }

  /// Examples differ in difficulty more than membership shifts them: a global threshold sees little of what shadow
  /// models show.
  @Test func shadowsSeeMoreThanAThreshold() throws {
    let count = 400
    let shadows = 16
    var random = RandomStream(seed: 7)
    let plan = try ShadowPlan(examples: count, shadows: shadows, key: RandomKey(seed: 8))
    let difficulty = (0..<count).map { _ in 3 * random.normal() }
    let labels = (0..<count).map { $0 % 3 }
    func simulated(_ isMember: (Int) -> Bool) throws -> ClassifierOutputs {
      try outputs(
        (0..<count).map { i in
          var row = [Float](repeating: 0, count: 3)
          row[labels[i]] = Float(difficulty[i] + (isMember(i) ? 1.5 : 0) + 0.5 * random.normal())
          return row
        }, labels)
    }
    let target = try simulated { $0 < count / 2 }
    let all = try ShadowOutputs(
      plan, target: target,
      shadows: try (0..<shadows).map { s in try simulated { plan.isMember($0, of: s) } })
    func area(_ scores: [Double]) throws -> AttackResult {
      try MembershipAttack.scores(
        members: Array(scores[..<(count / 2)]), others: Array(scores[(count / 2)...]))
    }
    let loss = try area((0..<count).map { target.logProbability($0) })
    let online = try area(LikelihoodRatioAttack.scores(all))
    let own = try area(LikelihoodRatioAttack.scores(all, hasFixedVariance: false))
    let offline = try area(LikelihoodRatioAttack.scores(all, isOnline: false))
    let relative = try area(RelativeAttack.scores(all, population: count / 2..<count))
    let lone = try area(
      RelativeAttack.scores(all, population: count / 2..<count, isOnline: false))
    // Twice what a shift of 1.5 at a spread of √2·0.5 has: Φ(1.5/(0.5√2)) = 0.983.
    #expect(loss.auc < 0.7, "\(loss)")
    for found in [online, own, offline] { #expect(found.auc > 0.93, "\(found)") }
    for found in [relative, lone] { #expect(found.auc > max(0.7, loss.auc + 0.05), "\(found)") }
    #expect(online.truePositiveRate(atMost: 0.01) > 5 * loss.truePositiveRate(atMost: 0.01) + 0.1)
    #expect(online.curve.first?.truePositiveRate == 0 && online.curve.last?.truePositiveRate == 1)
  }

  /// Attack models learn what the shadow models show: here, that members of class 0 are sure, those of class 1 unsure.
  @Test func attackModelsAreOfEachClass() throws {
    let count = 240
    let plan = try ShadowPlan(examples: count, shadows: 4, key: RandomKey(seed: 8))
    var random = RandomStream(seed: 9)
    let labels = (0..<count).map { $0 % 2 }
    func simulated(_ isMember: (Int) -> Bool) throws -> ClassifierOutputs {
      try outputs(
        (0..<count).map { i in
          let isSure = isMember(i) == (labels[i] == 0)
          let logit = Float((isSure ? 3 : 0.5) + 0.3 * random.normal())
          return labels[i] == 0 ? [logit, 0] : [0, logit]
        }, labels)
    }
    let target = try simulated { $0 < count / 2 }
    let all = try ShadowOutputs(
      plan, target: target,
      shadows: try (0..<4).map { s in try simulated { plan.isMember($0, of: s) } })
    let scores = try ShadowAttack.scores(all, key: RandomKey(seed: 1))
    let again = try ShadowAttack.scores(all, key: RandomKey(seed: 1))
    #expect(scores == again)
    // One thread gives the same.
    #expect(
      try Parallel.serially { try ShadowAttack.scores(all, key: RandomKey(seed: 1)) } == scores)
    let result = try MembershipAttack.scores(
      members: Array(scores[..<(count / 2)]), others: Array(scores[(count / 2)...]))
    #expect(result.auc > 0.98, "\(result)")
    // One threshold for all cannot.
    let plain = try MembershipAttack.scores(
      members: (0..<count / 2).map { target.logOdds($0) },
      others: (count / 2..<count).map { target.logOdds($0) })
    #expect(abs(plain.auc - 0.5) < 0.1)
  }

  @Test func entropyAndGroups() throws {
    let sure = try outputs([[4, 0], [3, 0]], [0, 0])
    let unsure = try outputs([[0.5, 0], [0, 1]], [0, 0])
    let entropies = (MembershipAttack.entropies(sure), MembershipAttack.entropies(unsure))
    #expect(try MembershipAttack.scores(members: entropies.0, others: entropies.1).auc == 1)
    let groups = try MembershipAttack.grouped(
      members: [3, 2, 1], [.string("a"), .string("b"), .string("a")], others: [0, 2.5],
      [.string("a"), .string("c")])
    #expect(groups.map(\.key) == [.string("a"), .string("b"), .string("c")])
    #expect(groups.map(\.auc) == [1, nil, nil] && groups.map(\.members) == [2, 1, 0])
    #expect(
      failure { _ = try MembershipAttack.grouped(members: [1], [], others: [1], [.null]) }?.kind
        == .shape)
    let losses = try MembershipAttack.lossThreshold(members: [1, 2], others: [3, 1.5])
    #expect(losses.curve.map(\.threshold) == [-.infinity, 1, 1.5, 2, 3])
    #expect(
      losses.truePositiveRate(atMost: 0.4) == 0.5 && losses.truePositiveRate(atMost: 0.5) == 1)
  }
}
