import Foundations

/// What events cost together, by the tightest accountant that knows all of them.
public struct ComposedCost: Sendable, Equatable {
  /// Below what was spent: no smaller epsilon holds.
  public var low: Double
  /// The best estimate.
  public var value: Double
  /// What holds: never below what was spent.
  public var high: Double
  public var delta: Double
  public var accountant: Accountant

  /// - Throws: `value` for bad numbers, `privacy` for events that no accountant knows or that do not add up.
  public init(of events: [Event], delta: Double) throws(DomainError) {
    let all = try Event.composed(events)
    do {
      var sum = PLDAccountant()
      try sum.spend(all)
      let epsilon = try sum.epsilon(delta: delta).epsilon
      self.init(low: epsilon, value: epsilon, high: epsilon, delta: delta, accountant: .pld)
    } catch {
      guard error.kind == .privacy else { throw error }
      var sum = RDPAccountant()
      try sum.spend(all)
      let epsilon = try sum.epsilon(delta: delta).epsilon
      self.init(low: 0, value: epsilon, high: epsilon, delta: delta, accountant: .rdp)
    }
  }

  init(low: Double, value: Double, high: Double, delta: Double, accountant: Accountant) {
    self.low = low
    self.value = value
    self.high = high
    self.delta = delta
    self.accountant = accountant
  }
}
