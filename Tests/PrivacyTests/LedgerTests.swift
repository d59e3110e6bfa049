import Foundation
import Foundations
import Synchronization
import Testing

@testable import Privacy

/// Runs `body` on so many threads at once: a queue might run it on one after the other.
func inThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  let group = DispatchGroup()
  for index in 0..<count {
    group.enter()
    Thread.detachNewThread {
      body(index)
      group.leave()
    }
  }
  group.wait()
}

private func pure(_ epsilon: Double) -> Event { Event(.pure(epsilon: epsilon)) }

private func terms(
  _ epsilon: Double, delta: Double = 1e-6, neighbours: Neighbours = .addOrRemoveOne,
  isAdaptive: Bool = false
) throws -> LedgerTerms {
  try LedgerTerms(
    epsilon: epsilon, delta: delta, neighbours: neighbours, isAdaptive: isAdaptive)
}

private func isPrivacyError(_ body: () throws -> Void) -> Bool {
  do {
    try body()
    return false
  } catch {
    return (error as? DomainError)?.kind == .privacy
  }
}

@Suite struct LedgerTests {
  @Test func chargesUntilTheBudgetIsSpent() throws {
    let ledger = try Ledger(try terms(1))
    for _ in 0..<10 {
      try ledger.charge(.init(.gaussian(noiseMultiplier: 40)), operation: "dp.gaussian")
    }
    let spent = try ledger.spent()
    // Ten Gaussians of multiplier 40 are one of 40 / √10.
    let exact = try GaussianDP.epsilon(mu: 10.0.squareRoot() / 40, delta: 1e-6)
    #expect(spent.high >= exact)
    #expect(spent.high < exact * 1.001)
    #expect(
      isPrivacyError {
        try ledger.charge(.init(.gaussian(noiseMultiplier: 4)), operation: "dp.gaussian")
      })
    // What was refused is not charged.
    #expect(try ledger.spent() == spent)
    #expect(try ledger.entries().count == 10)
  }

  @Test func refusalsSayWhatIsSpentAndNeeded() throws {
    let ledger = try Ledger(try terms(2, isAdaptive: true))
    try ledger.charge(pure(1.8), operation: "dp.mean")
    do {
      try ledger.charge(pure(0.5), operation: "dp.quantile")
      Issue.record("nothing was refused")
    } catch let error as DomainError {
      #expect(error.kind == .privacy)
      #expect(
        error.message == "this would exceed the budget: spent 1.80 of 2.00, this needs 0.50")
      #expect(error.hint?.hasPrefix("0.20 is left for `dp.quantile`") == true)
    }
  }

  @Test func tenTimesATenthIsOne() throws {
    let ledger = try Ledger(try terms(1, delta: 0, isAdaptive: true))
    for _ in 0..<10 { try ledger.charge(pure(0.1), operation: "dp.count") }
    #expect(try !ledger.allows(pure(1e-6)))
    #expect(try ledger.spent().high >= 1)
  }

  @Test func eventsMustKeepTheLedgersPromise() throws {
    let ledger = try Ledger(try terms(1))
    #expect(isPrivacyError { try ledger.charge(.init(.nonPrivate), operation: "x") })
    #expect(
      isPrivacyError {
        try ledger.charge(.init(.pure(epsilon: 0.1), unit: .user), operation: "x")
      })
    #expect(
      isPrivacyError {
        try ledger.charge(.init(.pure(epsilon: 0.1), neighbours: .replaceOne), operation: "x")
      })
    #expect(throws: DomainError.self) {
      try ledger.charge(.init(.pure(epsilon: .nan)), operation: "x")
    }
    #expect(try ledger.entries().isEmpty)
  }

  @Test(arguments: [0, -1, .nan, .infinity])
  func budgetsAreNumbers(epsilon: Double) {
    #expect(throws: DomainError.self) { try LedgerTerms(epsilon: epsilon, delta: 1e-6) }
  }

  @Test(arguments: [-1e-9, 1, 2, .nan])
  func deltasAreChances(delta: Double) {
    #expect(throws: DomainError.self) { try LedgerTerms(epsilon: 1, delta: delta) }
  }

  @Test func disjointPartsSpendTheirLargest() throws {
    let ledger = try Ledger(try terms(1, isAdaptive: true))
    let split = try ledger.split()
    try ledger.charge(pure(0.2), operation: "dp.count")
    for part in 0..<5 {
      try ledger.charge(pure(0.3), operation: "dp.mean", part: [split, part])
    }
    try ledger.charge(pure(0.4), operation: "dp.mean", part: [split, 3])
    #expect(abs(try ledger.spent().high - 0.9) < 1e-6)
    #expect(abs(try ledger.spent(part: [split, 0]).high - 0.5) < 1e-6)
    #expect(try ledger.allows(pure(0.4), part: [split, 0]))
    #expect(try !ledger.allows(pure(0.2), part: [split, 3]))
    #expect(try !ledger.allows(pure(0.2)))
    // Parts of a part, and another split of all data.
    let inner = try ledger.split()
    try ledger.charge(pure(0.1), operation: "dp.mean", part: [split, 0, inner, 0])
    #expect(abs(try ledger.spent().high - 0.9) < 1e-6)
    let other = try ledger.split()
    try ledger.charge(pure(0.05), operation: "dp.mean", part: [other, 0])
    #expect(abs(try ledger.spent().high - 0.95) < 1e-6)
  }

  @Test func whatIsLeftOfAPartCountsOtherSplits() throws {
    let ledger = try Ledger(try terms(1, delta: 0))
    let (a, b) = (try ledger.split(), try ledger.split())
    try ledger.charge(pure(0.6), operation: "dp.mean", part: [a, 0])
    // Nobody knows which units of the first split's part are in the second one's.
    #expect(try ledger.spent(part: [b, 1]).high == 0.6)
    #expect(try ledger.spent(part: [a, 1]).high == 0)
    #expect(try !ledger.allows(pure(0.5), part: [b, 1]))
    #expect(try ledger.allows(pure(1), part: [a, 1]))
  }

  @Test func deltasAddUpToTheLastOne() throws {
    let ledger = try Ledger(try terms(0.3))
    for _ in 0..<2 {
      try ledger.charge(
        Event(.approximate(epsilon: 0.1, delta: 5e-7)), operation: "dp.histogram")
    }
    try ledger.charge(pure(0.1), operation: "dp.mean")
    #expect(try ledger.spent().high <= 0.3 + 1e-9)
    do {
      try ledger.charge(
        Event(.approximate(epsilon: 1e-3, delta: 1e-9)), operation: "dp.histogram")
      Issue.record("nothing was refused")
    } catch let error as DomainError {
      #expect(error.message.hasPrefix("this would exceed the budget's delta"))
    }
  }

  @Test func manySplitsAreBoundedFromAbove() throws {
    // Each split's parts hold different events: 2^10 ways, more than are gone through.
    let ledger = try Ledger(try terms(10, isAdaptive: true))
    for _ in 0..<10 {
      let split = try ledger.split()
      try ledger.charge(pure(0.1), operation: "a", part: [split, 0])
      try ledger.charge(pure(0.2), operation: "b", part: [split, 1])
    }
    #expect(try ledger.spent().high >= 2 - 1e-9)
  }

  @Test func replacedUnitsAreInTwoParts() throws {
    let ledger = try Ledger(try terms(1, neighbours: .replaceOne))
    #expect(isPrivacyError { _ = try ledger.split() })
  }

  @Test func theAdaptiveFilterBoundsTheComposition() throws {
    // An upper bound of what the tightest accountant gives for events fixed beforehand, and not far above.
    let events = [
      Event(.gaussian(noiseMultiplier: 8)), Event(.laplace(noiseMultiplier: 20)),
      Event.sampledGaussian(rate: 0.01, noiseMultiplier: 1.2, steps: 300),
    ]
    let delta = 1e-6
    let filter = AdaptiveFilter(try terms(2, delta: delta, isAdaptive: true))
    let filtered = try filter.cost(of: events).high
    var rdp = RDPAccountant()
    for event in events { try rdp.spend(event) }
    let fixed = try rdp.epsilon(delta: delta).epsilon
    #expect(filtered >= fixed)
    #expect(filtered < fixed * 1.4)
    // Half of delta is for operations with one of their own.
    let own = Event(.approximate(epsilon: 0.1, delta: 4e-7))
    #expect(try filter.cost(of: [own]).high < .infinity)
    #expect(try filter.cost(of: [own, own]).high == .infinity)
  }

  @Test func threadsShareABudget() throws {
    let ledger = try Ledger(try terms(1, delta: 0))
    let granted = Atomic(0)
    inThreads(8) { _ in
      for _ in 0..<20
      where (try? ledger.charge(pure(0.02), operation: "dp.count")) != nil {
        granted.add(1, ordering: .relaxed)
      }
    }
    #expect(granted.load(ordering: .relaxed) == 50)
    #expect(try ledger.spent().high <= 1 + 1e-8)
    #expect(try ledger.entries().count == 50)
  }
}
