// A training that ends before its last pass and goes on from a checkpoint is to spend what it spends, once. A ledger
// keeps for every such run two numbers: how many passes it has been charged for, and how many have begun. Both only
// grow; a pass is written down as begun before its first step looks at any data. A run that goes on is charged only
// for what its passes to come exceed what was charged and not begun, so that at any time
//   passes begun ≤ passes charged,
// whatever was killed, and however many copies of a checkpoint go on, one after the other or at once. Each pass draws
// its samples and its noise anew. All passes of a run have the same event, so that what was charged for one pays for
// any other: what is released is a composition of at most as many of these events as were charged, and of how they
// depend on each other nothing is presupposed but what the ledger's way of counting presupposes anyhow (Zhu, Dong, Wang
// 2022, theorem 10; with `isAdaptive`, Feldman and Zrnic 2021).

import Foundations
import JSONValues

/// What a record has to do with a run of several passes.
public struct RunShare: Sendable, Equatable {
  /// Which run: the same in its checkpoints.
  public var id: String
  /// What one of its passes spends.
  public var pass: Event
  /// Passes that the record charges.
  public var charged: Int
  /// Passes that it says have begun.
  public var begun: Int

  static let mostPasses = 1 << 40

  public init(id: String, pass: Event, charged: Int = 0, begun: Int = 0) {
    (self.id, self.pass, self.charged, self.begun) = (id, pass, charged, begun)
  }

  var json: JSON {
    .object([
      "id": .string(id), "pass": pass.json, "charged": .integer(charged), "begun": .integer(begun),
    ])
  }

  /// - Throws: `parse` where it is none.
  init(_ json: JSON) throws(DomainError) {
    let counts = 0...Self.mostPasses
    guard let id = json["id"]?.string, let pass = json["pass"],
      let charged = json["charged"]?.integer, let begun = json["begun"]?.integer,
      counts.contains(charged), counts.contains(begun)
    else { throw DomainError(.parse, "the ledger's record of a training run is none") }
    self.init(id: id, pass: try Event(pass), charged: charged, begun: begun)
  }

  /// The event of so many passes.
  func event(passes: Int) -> Event {
    var event = pass
    if case .repeated(let step, let steps) = pass.mechanism {
      let (times, overflow) = steps.multipliedReportingOverflow(by: passes)
      if !overflow {
        event.mechanism = .repeated(step, times: times)
        return event
      }
    }
    event.mechanism = .repeated(pass.mechanism, times: passes)
    return event
  }
}

/// A run that is about to begin or to go on.
public struct PlannedRun: Sendable {
  public var id: String
  /// What one of its passes spends.
  public var pass: Event
  /// Passes to come.
  public var passes: Int
  /// Passes that its checkpoint holds; 0 for a new run.
  public var done: Int

  public init(id: String, pass: Event, passes: Int, done: Int) {
    (self.id, self.pass, self.passes, self.done) = (id, pass, passes, done)
  }

  /// Whether so many of its passes together are `event`: then it can be charged pass by pass.
  public func makes(_ event: Event, by passes: Int) -> Bool {
    RunShare(id: id, pass: pass).event(passes: passes) == event
  }
}

extension Ledger {
  /// What charging a run has led to.
  public struct RunCharge: Sendable, Equatable {
    /// Passes that were charged now.
    public var passes: Int
    /// Whether this ledger had charged the run before.
    public var isKnown: Bool
  }

  /// Charges what the passes to come need beyond what the run was charged for before. The passes of a checkpoint that
  /// this ledger knows nothing of are charged, too.
  ///
  /// - Throws: as `charge`; `privacy` where the run was charged with another event.
  @discardableResult
  public func charge(
    _ run: PlannedRun, operation: String, place: String = "", part: [Int] = []
  ) throws -> RunCharge {
    try exclusively { books in
      guard let (record, found) = try missing(run, operation, place, part, books) else {
        return RunCharge(passes: 0, isKnown: true)
      }
      try write(record, &books)
      return found
    }
  }

  /// - Throws: what `charge` would throw for this run.
  public func check(_ run: PlannedRun, operation: String, part: [Int] = []) throws {
    try exclusively { books in
      guard let (record, _) = try missing(run, operation, "", part, books) else { return }
      _ = try fittingCost(record, &books)
    }
  }

  /// Writes down that a pass begins. To be called before it looks at any data.
  ///
  /// - Returns: whether the pass had to be charged now, because another process goes on from the same checkpoint.
  /// - Throws: as `charge`.
  @discardableResult
  public func begin(
    passOf run: PlannedRun, operation: String, place: String = "", part: [Int] = []
  ) throws -> Bool {
    let pass = try terms.checked(run.pass, operation)
    return try exclusively { books in
      let (charged, begun) = try counts(run.id, pass, part, books)
      let isPaid = begun < charged
      try write(
        LedgerEntry(
          event: isPaid ? Event(.none, neighbours: terms.neighbours, unit: terms.unit) : pass,
          operation: operation, place: place, time: time, part: part,
          run: RunShare(id: run.id, pass: pass, charged: isPaid ? 0 : 1, begun: 1)), &books)
      return !isPaid
    }
  }

  /// The record that charges for a run; nil where nothing is to be charged.
  private func missing(
    _ run: PlannedRun, _ operation: String, _ place: String, _ part: [Int], _ books: Books
  ) throws -> (LedgerEntry, RunCharge)? {
    let pass = try terms.checked(run.pass, operation)
    let (charged, begun) = try counts(run.id, pass, part, books)
    let isKnown = charged > 0
    guard run.passes <= RunShare.mostPasses, run.done <= RunShare.mostPasses else {
      throw DomainError(
        .limit, "a run has \(RunShare.mostPasses) passes at most, got \(run.passes)")
    }
    let missing = isKnown ? begun + run.passes - charged : run.done + run.passes
    guard missing > 0 else { return nil }
    let share = RunShare(
      id: run.id, pass: pass, charged: missing, begun: isKnown ? 0 : run.done)
    return (
      LedgerEntry(
        event: share.event(passes: missing), operation: operation, place: place, time: time,
        part: part, run: share), RunCharge(passes: missing, isKnown: isKnown)
    )
  }

  /// How many passes of a run were charged, and how many have begun.
  private func counts(_ id: String, _ pass: Event, _ part: [Int], _ books: Books) throws -> (
    charged: Int, begun: Int
  ) {
    var counts = (charged: 0, begun: 0)
    for entry in books.entries {
      guard let run = entry.run, run.id == id, entry.part == part else { continue }
      guard run.pass == pass else {
        throw DomainError(
          .privacy,
          "the checkpoint's run was charged for passes of \(run.pass), not of \(pass)",
          hint: "go on with the options that it began with, or begin another run")
      }
      counts.charged += run.charged
      counts.begun += run.begun
    }
    return counts
  }
}
