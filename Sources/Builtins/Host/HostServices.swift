import Foundation
import Runtime
import Tables

/// What natives need of the program that runs the script, beyond the language's own `ScriptHost`. A session implements
/// it; where a script runs without one (tests of natives), `VM.hostServices` is a plain stand-in.
public protocol HostServices: ScriptHost {
  /// The absolute path of a file or folder that the script may read. What is read so counts among the run's data: its
  /// content is part of what a recorded result depends on.
  /// - Throws: a `Fault` of kind `io` where the script may not read it.
  func readablePath(_ path: String) throws -> String
  /// The absolute path of a file that the script may write.
  func writablePath(_ path: String) throws -> String
  /// A variable of the environment; nil where it is not set.
  /// - Throws: an error of kind `io` where the script may not see it.
  func environmentVariable(_ name: String) throws -> String?
  /// The user's folder for what the program itself remembers; nil where there is none.
  var stateFolder: String? { get }
  /// How results look where they are printed.
  var display: Display { get }
  /// Whether a progress report would be shown now: figures for it need not be computed otherwise.
  var isReportDue: Bool { get }
  /// Shows how far something has got, on standard error.
  func report(_ progress: ProgressReport)
  /// A remark for the person who watches, on standard error: shown once a run, cell or sweep, however often it is made.
  func note(_ text: String)
  /// Keeps something that the run, or the trial that `vm` runs, has done.
  func record(_ event: RunEvent, _ vm: VM)
  /// How many trials a sweep runs at once, and the seed of the run.
  var workers: Int { get }
  var seed: Int { get }
  /// What was recorded of earlier runs, newest first.
  func recordedRuns(limit: Int) throws -> Table
  /// All that was recorded of one run.
  func recordedRun(_ number: Int) throws -> [Cell.Entry]
  /// The table of a recorded run's sweep (0 for its first).
  func recordedTable(_ number: Int, sweep: Int) throws -> Table
  /// The script has looked at the trials that failed, of the sweep with this number.
  func sawFailures(ofSweep sweep: Int)
}

extension HostServices {
  public var stateFolder: String? { nil }
  public func sawFailures(ofSweep sweep: Int) {}
}

/// How results look where they are printed.
public struct Display: Sendable {
  /// The columns of the terminal; nil where the output is no terminal.
  public var width: Int?
  public var isColoured: Bool
  public init(width: Int? = nil, isColoured: Bool = false) {
    self.width = width
    self.isColoured = isColoured
  }
}

/// Something that a run did and that its record tells beside its results: a private training and what it spent.
public struct RunEvent: Sendable, Equatable {
  /// What kind of thing it is: `private training`.
  public var kind: String
  public var facts: [Cell.Entry]

  public init(kind: String, facts: [Cell.Entry]) {
    self.kind = kind
    self.facts = facts
  }
}

/// How far a training run, or anything else that takes long, has got.
public struct ProgressReport: Sendable {
  /// What is going on: `epoch 3/8`.
  public var stage: String
  /// Steps of the whole run (not of the stage), done and in all.
  public var done: Int
  public var total: Int
  /// Figures to show beside the bar: loss, epsilon so far.
  public var figures: [(name: String, value: Double)]
  /// Figures that are bounds, shown after the others and never rounded down: an epsilon.
  public var bounds: [(name: String, value: Double)] = []
  /// How fast it goes, with its unit: 10400, `examples/s`.
  public var rate: (value: Double, unit: String)?

  public init(
    stage: String, done: Int, total: Int, figures: [(name: String, value: Double)] = [],
    rate: (value: Double, unit: String)? = nil
  ) {
    self.stage = stage
    self.done = done
    self.total = total
    self.figures = figures
    self.rate = rate
  }
}

extension VM {
  /// The program around the script.
  public var hostServices: any HostServices { host as? any HostServices ?? StandInHost.shared }

  /// The absolute path of a file that the script may write. Throws also where the running code may leave nothing
  /// behind.
  func writablePath(_ path: String) throws -> String {
    try requireUnsealed("no file can be written")
    return try hostServices.writablePath(path)
  }

  /// The absolute path of a file that the script may read. Throws also where the running code may depend on nothing
  /// that changes: what it prints may stand in a file, too.
  func readablePath(_ path: String) throws -> String {
    try requireUnsealed("no file can be read")
    return try hostServices.readablePath(path)
  }

  /// A remark for the person who watches; however often it is made, it is heard once.
  func note(_ text: String) {
    hostServices.note(text)
  }
}

/// For scripts that run without a session: files are read and written as they are named, nothing is shown or recorded.
final class StandInHost: HostServices {
  static let shared = StandInHost()
  let display = Display()
  let isReportDue = false
  let workers = 1
  let seed = 0
  func readablePath(_ path: String) -> String { path }
  func writablePath(_ path: String) -> String { path }
  func environmentVariable(_ name: String) -> String? {
    ProcessInfo.processInfo.environment[name]
  }
  func report(_ progress: ProgressReport) {}
  func note(_ text: String) {}
  func record(_ event: RunEvent, _ vm: VM) {}
  func recordedRuns(limit: Int) throws -> Table { throw noRecord() }
  func recordedRun(_ number: Int) throws -> [Cell.Entry] { throw noRecord() }
  func recordedTable(_ number: Int, sweep: Int) throws -> Table { throw noRecord() }
  private func noRecord() -> Fault { Fault(.io, "there is no record of runs here") }
}
