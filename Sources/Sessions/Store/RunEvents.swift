// Events of a run: what it did beside its results, such as the private trainings and what each spent. They are only
// ever added: a training that is done again has spent again.

import Builtins
import Foundation
import Foundations
import GRDB
import Runtime
import Tables

/// An event as the store keeps it.
public struct RecordedEvent: Sendable, Equatable {
  public var event: RunEvent
  /// The swept values of the trial that it happened in; nil outside of sweeps.
  public var axes: [Cell.Entry]?
  public var date: Date

  /// All of it as the entries of a map.
  var entries: [Cell.Entry] {
    let own = [
      Cell.Entry(key: .string("kind"), value: .string(event.kind)),
      Cell.Entry(key: .string("date"), value: .float(date.timeIntervalSince1970)),
      Cell.Entry(key: .string("trial"), value: axes.map(Cell.map) ?? .null),
    ]
    return own + event.facts
  }

  func fact(_ name: String) -> Cell? {
    event.facts.first { $0.key == .string(name) }?.value
  }
}

/// Which trial a thread runs (a service of its `VM`).
final class TrialPlace: Sendable {
  let key: Fingerprint
  let axes: [Cell.Entry]

  init(key: Fingerprint, axes: [Cell.Entry]) {
    self.key = key
    self.axes = axes
  }

  func mark(_ vm: VM) { vm.services[ObjectIdentifier(TrialPlace.self)] = self }

  static func of(_ vm: VM) -> TrialPlace? {
    vm.isTrial ? vm.services[ObjectIdentifier(TrialPlace.self)] as? TrialPlace : nil
  }
}

extension RunStore {
  static func registerEvents(_ migrator: inout DatabaseMigrator) {
    migrator.registerMigration("events") { database in
      try database.execute(
        sql: """
          CREATE TABLE events (
            number INTEGER PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            trial BLOB,
            axes TEXT,
            kind TEXT NOT NULL,
            facts TEXT NOT NULL,
            happened REAL NOT NULL);
          CREATE INDEX events_of_run ON events (run);
          CREATE INDEX events_of_trial ON events (trial);
          """)
    }
  }

  /// Writes an event of a run, or of one of its trials; it is on the disk when this returns.
  func record(_ event: RunEvent, of trial: TrialPlace?, run: Int) throws {
    try change { database in
      try database.execute(
        sql: """
          INSERT INTO events (run, trial, axes, kind, facts, happened) VALUES (?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          run, trial?.key.bytes, trial.map { CellCoding.encode(.map($0.axes)) }, event.kind,
          CellCoding.encode(.map(event.facts)), Date().timeIntervalSince1970,
        ])
    }
  }

  /// The events of a run and of the trials whose results it has; what cannot be read is added to `problems`.
  static func events(of run: Int, _ database: Database, _ problems: inout [String]) throws
    -> [RecordedEvent]
  {
    var events: [RecordedEvent] = []
    for row in try Row.fetchAll(
      database,
      sql: """
        SELECT axes, kind, facts, happened FROM events
        WHERE run = ?1 OR trial IN (SELECT key FROM trials WHERE run = ?1) ORDER BY number
        """,
      arguments: [run])
    {
      let stored = StoredRow(row: row, what: "an event of run \(run)")
      do {
        let hasAxes = try stored.optionalText("axes") != nil
        events.append(
          RecordedEvent(
            event: RunEvent(kind: try stored.text("kind"), facts: try stored.entries("facts")),
            axes: hasAxes ? try stored.entries("axes") : nil,
            date: Date(timeIntervalSince1970: try stored.number("happened"))))
      } catch let error as StoredRow.Broken {
        problems.append(error.message)
      }
    }
    return events
  }
}

extension RunListing {
  /// The private trainings among a run's events as lines: a table, and what their epsilons mean together.
  static func privateTrainings(_ events: [RecordedEvent], _ style: TextStyle) -> [String] {
    let trainings = events.filter { $0.event.kind == "private training" }
    guard !trainings.isEmpty else { return [] }
    // Rounded to nearest an epsilon could be below what was spent.
    func bound(_ cell: Cell?) -> Cell {
      .string(cell?.number.map { NumberText.roundedUp($0) } ?? "")
    }
    let table = Table(
      rows: trainings.map { training in
        let trial = (training.axes ?? []).map { "\($0.key.text) \($0.value.text)" }
        var row: [(name: String, cell: Cell)] = [
          (
            "training", .string(trial.isEmpty ? "outside of sweeps" : trial.joined(separator: ", "))
          ),
          ("method", training.fact("method") ?? .null),
          ("epsilon", bound(training.fact("epsilon"))),
        ]
        if trainings.contains(where: { $0.fact("epsilon_paper") != nil }) {
          row.append(("paper's", bound(training.fact("epsilon_paper"))))
        }
        for name in ["delta", "accountant", "noise"] {
          row.append((name, .string(training.fact(name)?.text ?? "")))
        }
        row.append(("steps", training.fact("steps") ?? .null))
        row.append(("status", training.fact("status") ?? .null))
        return row
      })
    var lines = ["", "private trainings", table.text(style)]
    if trainings.count > 1 {
      lines.append(
        "each epsilon is that of one training alone: those of the same data compose, and together they spent more"
      )
    }
    return lines
  }
}
