import Foundation
import Foundations
import Tables

/// What determines a run's results, known before its first line runs, except for the seed.
public struct RunIdentity: Sendable, Equatable {
  /// The script's path as it was given, for the listing; no part of the fingerprint.
  public var script: String
  /// Where the script lies, however it was named: a later run of it takes up the seed. Nil where no file holds it.
  public var place: String?
  /// The text of the script.
  public var text: String
  /// The texts of its imports, directly and indirectly, by name.
  public var imports: [String: String]
  /// The parameters that were given, in any order; all others have the values that the text says.
  public var parameters: [Cell.Entry]
  /// The version and build of Fairlead.
  public var version: String

  public init(
    script: String, place: String? = nil, text: String, imports: [String: String],
    parameters: [Cell.Entry], version: String
  ) {
    self.script = script
    self.place = place
    self.text = text
    self.imports = imports
    self.parameters = parameters
    self.version = version
  }

  public var fingerprint: Fingerprint {
    var parts = ["run", version, text]
    parts += parameters.map { CellCoding.encode(.map([$0])) }.sorted()
    for (name, text) in imports.sorted(by: { $0.key < $1.key }) { parts += [name, text] }
    return Fingerprint(parts)
  }
}

/// How far a run has got.
public enum RunStatus: String, Sendable, CaseIterable {
  case running
  /// It ended without a chance to say so.
  case killed
  case finished
  case interrupted
  case failed
}

/// One line of the list of runs.
public struct RunSummary: Sendable {
  public var number: Int
  public var script: String
  public var parameters: [Cell.Entry]
  public var seed: Int
  public var status: RunStatus
  public var started: Date
  public var updated: Date
  public var trialsDone: Int
  public var trialsFailed: Int
  public var trialsPlanned: Int
}

/// Everything recorded of a run.
public struct RunDetail: Sendable {
  public var summary: RunSummary
  public var text: String
  public var fingerprint: String
  public var version: String
  /// The files that were read, with the fingerprints of their contents.
  public var data: [(path: String, fingerprint: String)]
  public var message: String?
  /// What it printed; the middle of much is left out.
  public var output: String?
  public var trials: [TrialRecord]
  public var artefacts: [(name: String, hash: String, bytes: Int)]
  /// What the run and its trials did beside their results, in the order of doing.
  public var events: [RecordedEvent]
  /// What of the record cannot be read, in sentences.
  public var problems: [String] = []
}

/// One trial of a sweep as the store keeps it.
public struct TrialRecord: Sendable, Equatable {
  public enum Outcome: Sendable, Equatable {
    /// The map that the trial gave.
    case result([Cell.Entry])
    /// The error that it ended in.
    case failure(kind: String, message: String)
  }

  public var key: Fingerprint
  /// Which sweep of the script, in the order in which they began.
  public var sweep: Int
  /// The trial's place among the sweep's combinations.
  public var ordinal: Int
  /// The swept names with this trial's values.
  public var axes: [Cell.Entry]
  public var outcome: Outcome
  public var seconds: Double
  /// What the trial itself read, by name, with the fingerprint of the content: its result holds as long as that is the
  /// same.
  public var data: [String: String]

  public init(
    key: Fingerprint, sweep: Int, ordinal: Int, axes: [Cell.Entry], outcome: Outcome,
    seconds: Double, data: [String: String] = [:]
  ) {
    self.key = key
    self.sweep = sweep
    self.ordinal = ordinal
    self.axes = axes
    self.outcome = outcome
    self.seconds = seconds
    self.data = data
  }
}
