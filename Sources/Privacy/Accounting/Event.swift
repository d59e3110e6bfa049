import Foundations

/// Whose data differ between two neighbouring data sets: what is one for the promise of privacy.
public enum PrivacyUnit: String, Sendable, CaseIterable { case example, user, client }

/// How two neighbouring data sets differ (Dwork and Roth 2014, section 2.3; the two promises are "unbounded" and
/// "bounded" in Kifer and Machanavajjhala 2011).
public enum Neighbours: String, Sendable, CaseIterable {
  /// One unit more or less.
  case addOrRemoveOne = "add_remove"
  /// One unit's data exchanged for others; the number of units is public.
  case replaceOne = "replace_one"
}

/// What was done to private data, as a value that an accountant reads: a mechanism, and for whom it promises something.
public struct Event: Sendable, Hashable, CustomStringConvertible {
  public var mechanism: Mechanism
  public var neighbours: Neighbours
  public var unit: PrivacyUnit

  public init(
    _ mechanism: Mechanism, neighbours: Neighbours = .addOrRemoveOne, unit: PrivacyUnit = .example
  ) {
    self.mechanism = mechanism
    self.neighbours = neighbours
    self.unit = unit
  }

  /// The event of `steps` steps of DP-SGD.
  public static func sampledGaussian(
    rate: Double, noiseMultiplier: Double, steps: Int, unit: PrivacyUnit = .example
  ) -> Event {
    Event(
      .sampledGaussian(rate: rate, noiseMultiplier: noiseMultiplier, steps: steps), unit: unit)
  }

  /// All of `events`, one after the other.
  ///
  /// - Throws: `privacy` where they protect different units, or from different neighbours.
  public static func composed(_ events: [Event]) throws(DomainError) -> Event {
    guard let first = events.first else { return Event(.none) }
    for event in events { try event.checkComposes(with: first) }
    return Event(
      .composed(events.map(\.mechanism)), neighbours: first.neighbours, unit: first.unit)
  }

  /// The same on a sample that each unit is in with probability `rate`, independently.
  public func poissonSampled(rate: Double) -> Event {
    Event(.poissonSampled(rate: rate, mechanism), neighbours: neighbours, unit: unit)
  }

  /// - Throws: `privacy` where what this spends does not add up with what `other` spends.
  func checkComposes(with other: Event) throws(DomainError) {
    guard unit == other.unit else {
      throw DomainError(
        .privacy,
        "what protects one \(other.unit.rawValue) does not add up with what protects one \(unit.rawValue)",
        hint: "account for both by the same unit, or keep two accounts")
    }
    guard neighbours == other.neighbours else {
      throw DomainError(
        .privacy,
        """
        a promise for "\(other.neighbours.rawValue)" neighbours does not add up with one for \
        "\(neighbours.rawValue)"
        """,
        hint: "account for both by the same neighbours, or keep two accounts")
    }
  }

  /// Checks all numbers in it, and that its neighbours are those of its mechanism.
  ///
  /// - Throws: `value` where a rate is not within 0 and 1, noise is negative or not a number, or a count is negative;
  ///   `privacy` for a Poisson sample where one unit is replaced, and for one of fixed size where none is.
  public func validate() throws(DomainError) {
    try mechanism.validate()
    guard neighbours == .addOrRemoveOne || !mechanism.samplesByPoisson else {
      throw DomainError(
        .privacy,
        "what a Poisson sample costs is known where one \(unit.rawValue) is added or removed, not where one is replaced"
      )
    }
    guard neighbours == .replaceOne || !mechanism.samplesOfFixedSize else {
      throw DomainError(
        .privacy,
        "what a sample of fixed size costs is known where one \(unit.rawValue) is replaced, not where one is added or removed"
      )
    }
  }

  public var description: String { mechanism.description }
}
