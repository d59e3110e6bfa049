import Foundations
import JSONValues

/// What one private operation has been charged.
public struct LedgerEntry: Sendable, Equatable {
  public var event: Event
  /// The operation's name in scripts: `dp.mean`.
  public var operation: String
  /// Where in a script: `clinic.fl:12`.
  public var place: String
  /// Seconds since 1970 by the system's clock. Nothing depends on it.
  public var time: Double
  /// The disjoint part of the data that it looked at, as pairs of a split's number and a part's; empty for all data.
  public var part: [Int]
  /// The whole ledger's epsilon after it.
  public var epsilon: Double
  /// What it has to do with a training that may go on from a checkpoint; nil for all else.
  public var run: RunShare?

  public init(
    event: Event, operation: String, place: String, time: Double, part: [Int] = [],
    epsilon: Double = 0, run: RunShare? = nil
  ) {
    self.event = event
    self.operation = operation
    self.place = place
    self.time = time
    self.part = part
    self.epsilon = epsilon
    self.run = run
  }
}

/// The budget of a ledger, and what it counts.
public struct LedgerTerms: Sendable, Equatable {
  public var epsilon: Double
  public var delta: Double
  public var unit: PrivacyUnit
  public var neighbours: Neighbours
  /// Whether what is done next may depend on what was released before; see `AdaptiveFilter`.
  public var isAdaptive: Bool

  /// - Throws: `value` where epsilon is not above 0 and finite, or delta not within 0 and 1.
  public init(
    epsilon: Double, delta: Double, unit: PrivacyUnit = .example,
    neighbours: Neighbours = .addOrRemoveOne, isAdaptive: Bool = false
  ) throws(DomainError) {
    guard epsilon > 0, epsilon.isFinite else {
      throw DomainError(
        .value, "a ledger's epsilon must be above 0 and finite, got \(NumberText.brief(epsilon))",
        hint: "usual values are between 0.5 and 10")
    }
    guard delta >= 0, delta < 1 else {
      throw DomainError(
        .value, "a ledger's delta must be at least 0 and below 1, got \(NumberText.brief(delta))",
        hint: "choose it well below 1 / number of people, such as 1e-6")
    }
    self.epsilon = epsilon
    self.delta = delta
    self.unit = unit
    self.neighbours = neighbours
    self.isAdaptive = isAdaptive
  }

  /// The event as this ledger counts it. What spends nothing is recorded for whomever.
  ///
  /// - Throws: `privacy` where it protects others than this ledger promises to.
  func checked(_ event: Event, _ operation: String) throws(DomainError) -> Event {
    try event.validate()
    if event.mechanism == .none { return Event(.none, neighbours: neighbours, unit: unit) }
    guard event.mechanism != .nonPrivate else {
      throw DomainError(
        .privacy, "`\(operation)` promises nothing, so no budget covers it",
        hint: "leave it out of the ledger's block where it does not look at private data")
    }
    guard event.unit == unit else {
      throw DomainError(
        .privacy,
        "`\(operation)` protects one \(event.unit.rawValue), and the ledger counts what protects one \(unit.rawValue)",
        hint: unit == .user
          ? "give `unit:` the column that says whose each row is, and `max_contributions:`"
          : "open a ledger with `unit: \"\(event.unit.rawValue)\"`")
    }
    guard event.neighbours == neighbours else {
      throw DomainError(
        .privacy,
        """
        `\(operation)` makes a promise for "\(event.neighbours.rawValue)" neighbours, and the ledger one for \
        "\(neighbours.rawValue)"
        """,
        hint: "open a ledger with `adjacency: \"\(event.neighbours.rawValue)\"`")
    }
    return event
  }
}
