import Foundations

/// What events cost together, by the tightest accountant that knows all of them: loss distributions, or Rényi orders
/// where one of them is known by its ρ only.
public struct ComposedCost: Sendable, Equatable {
  /// Mechanisms of these kinds spend at least this; 0 where nothing is known.
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
      try self.init(of: all, delta: delta, by: .pld)
    } catch {
      guard error.kind == .privacy else { throw error }
      do {
        try self.init(of: all, delta: delta, by: .rdp)
      } catch {
        try self.init(of: all, delta: delta, by: .basic)
      }
    }
  }

  /// The same by a given accountant. An approximate one has an estimate only: the bounds are then 0 and infinite.
  public init(of event: Event, delta: Double, by accountant: Accountant) throws(DomainError) {
    self.delta = delta
    self.accountant = accountant
    switch accountant {
    case .pld:
      var sum = PLDAccountant()
      try sum.spend(event)
      (low, high) = try sum.interval(delta: delta)
      // Connecting the dots adds less than it may: the truth is next to the upper bound.
      value = high
    case .prv:
      var sum = PRVAccountant()
      try sum.spend(event)
      let interval = try sum.epsilon(delta: delta)
      (low, value, high) = (interval.low, interval.estimate, interval.high)
    case .rdp, .rdpClassic, .zcdp, .basic:
      low = 0
      value = try accountant.epsilon(of: event, delta: delta)
      high = value
    case .gdp:
      low = 0
      value = try accountant.epsilon(of: event, delta: delta)
      high = .infinity
    }
  }
}

extension ComposedCost {
  /// What was counted elsewhere.
  init(low: Double, value: Double, high: Double, delta: Double, accountant: Accountant) {
    (self.low, self.value, self.high) = (low, value, high)
    (self.delta, self.accountant) = (delta, accountant)
  }
}
