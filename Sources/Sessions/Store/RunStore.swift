import Files
import Foundation
import Foundations
import GRDB
import Synchronization
import Tables

/// The record of all runs: what they were, their trials, and big results as files.
///
/// A SQLite database in write-ahead mode: each trial is one transaction that is on the disk when `save` returns, so a
/// kill at any moment loses at most the trials that were still running, and other processes read while one writes. Big
/// results are files named by the hash of their content, written under a temporary name and renamed.
public final class RunStore: Sendable {
  /// The directory that holds `runs.sqlite` and `artefacts/`.
  public let directory: String
  private let database: DatabaseQueue
  /// Which file `runs.sqlite` was when it was opened.
  private let file: FileNumber
  /// The mark of this process, while it runs a script.
  private let owner = Mutex<RunOwner?>(nil)

  /// What tells a file from all others, whatever it is called.
  private struct FileNumber: Equatable {
    var device: dev_t
    var number: ino_t

    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      device = status.st_dev
      number = status.st_ino
    }
  }

  /// Where the record of a project lies: the `.fairlead` of the working directory or of the nearest directory above it
  /// within the same project (below a `.git`), a new one in the working directory, or where that cannot be made,
  /// `$XDG_DATA_HOME/fairlead`.
  /// - Parameter making: make `.fairlead` in the working directory where there is none.
  public static func defaultDirectory(
    workingDirectory: String, environment: [String: String], making: Bool
  ) -> String {
    let files = FileManager.default
    for place in project(of: workingDirectory) {
      let candidate = place.appendingPathComponent(".fairlead").path
      // Opening the record refuses it.
      if isLink(candidate) { return candidate }
      var isDirectory: ObjCBool = false
      if files.fileExists(atPath: candidate, isDirectory: &isDirectory), isDirectory.boolValue,
        access(candidate, W_OK) == 0
      {
        return candidate
      }
    }
    if making, mkdir(workingDirectory + "/.fairlead", 0o755) == 0 {
      return workingDirectory + "/.fairlead"
    }
    return sharedDirectory(environment: environment)
  }

  /// The record of all that runs where no `.fairlead` can be made.
  static func sharedDirectory(environment: [String: String]) -> String {
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    let data = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    return (data ?? home + "/.local/share") + "/fairlead"
  }

  /// A directory and those above it up to the root of its project, which holds a `.git`; the directory alone where it
  /// belongs to none, so that what lies in /tmp or at home is not taken for its record.
  static func project(of directory: String) -> [URL] {
    let start = URL(fileURLWithPath: directory).standardizedFileURL
    var places = [start]
    while let place = places.last {
      if FileManager.default.fileExists(atPath: place.appendingPathComponent(".git").path) {
        return places
      }
      if place.path == "/" { break }
      places.append(place.deletingLastPathComponent())
    }
    return [start]
  }

  /// Opens the record in `directory`, making both where they are missing, and removes what killed processes left in it.
  /// - Parameter wait: is asked how long to wait for another process that holds the record.
  /// - Throws: `StoreError` where the directory cannot be written, the disk is full or the file is no database of ours.
  public init(directory: String, wait: StoreWait = StoreWait()) throws {
    self.directory = directory
    try RunStore.refuseLinks(directory)
    let what = "the run store \(directory) cannot be opened"
    do {
      try FileManager.default.createDirectory(
        atPath: directory + "/artefacts", withIntermediateDirectories: true)
      // A project's own record does not belong into its version control.
      let ignore = directory + "/.gitignore"
      if !FileManager.default.fileExists(atPath: ignore) {
        try? "*\n".write(toFile: ignore, atomically: true, encoding: .utf8)
      }
      var configuration = Configuration()
      let path = directory + "/runs.sqlite"
      configuration.busyMode = .callback { tries in wait.goesOn(tries: tries, for: path) }
      configuration.prepareDatabase { database in
        try database.execute(sql: "PRAGMA journal_mode = WAL")
        try database.execute(sql: "PRAGMA synchronous = FULL")
      }
      database = try DatabaseQueue(path: path, configuration: configuration)
      guard try RunStore.migrate(database) else {
        throw StoreError(
          message: what + ": a newer version of Fairlead has written it",
          hint: "use that version, or give another directory with --store")
      }
      guard let file = FileNumber(path) else {
        throw StoreError(message: what + ": runs.sqlite is gone", isLost: true)
      }
      self.file = file
    } catch {
      throw RunStore.failure(error, what, in: directory)
    }
    RunOwner.removeDead(in: marks)
    // The record is not the script's: its door does not lead here.
    Door.with(.unrestricted) { Folder.removeAbandoned(in: directory + "/artefacts") }
  }

  /// Brings the schema up to date; false where it is newer than this version's. Of processes that begin together
  /// several may find it old: the slower ones fail at what another has made by then, and look again.
  private static func migrate(_ database: DatabaseQueue) throws -> Bool {
    let patience = ProcessInfo.processInfo.systemUptime + 15
    while true {
      do {
        if try database.read(RunSchema.migrator.hasBeenSuperseded) { return false }
        try RunSchema.migrator.migrate(database)
        return true
      } catch let error as DatabaseError
        where error.resultCode == .SQLITE_ERROR
        && ProcessInfo.processInfo.systemUptime < patience
      {
        usleep(20_000)
      }
    }
  }

  /// The folder of the marks of running processes.
  private var marks: String { directory + "/running" }

  // MARK: Runs

  /// The latest run of the script at the same place; where there was none, the latest of the same text and parameters.
  public func latestRun(of identity: RunIdentity) throws -> (number: Int, seed: Int)? {
    try consult { database in
      for (column, value) in [
        ("place", identity.place.map { $0 as any DatabaseValueConvertible }),
        ("identity", identity.fingerprint.bytes),
      ] {
        guard let value else { continue }
        let rows = try Row.fetchCursor(
          database,
          sql: """
            SELECT number, seed FROM runs WHERE \(column) = ? ORDER BY updated DESC, number DESC
            """,
          arguments: [value])
        while let row = try rows.next() {
          let stored = StoredRow(row: row, what: "the run")
          if let number = try? stored.int("number"), let seed = try? stored.int("seed") {
            return (number, seed)
          }
        }
      }
      return nil
    }
  }

  /// Takes up the run of this identity and seed, unless another process is at it, or starts its record. Gives its
  /// number.
  public func begin(_ identity: RunIdentity, seed: Int) throws -> Int {
    let mark = owner.withLock { owner in
      if owner == nil { owner = RunOwner(in: marks) }
      return owner?.name
    }
    return try change { database in
      let now = Date().timeIntervalSince1970
      var fingerprint = identity.fingerprint
      if let row = try Row.fetchOne(
        database, sql: "SELECT number, status, owner FROM runs WHERE identity = ? AND seed = ?",
        arguments: [fingerprint.bytes, seed])
      {
        let stored = StoredRow(row: row, what: "the run")
        let other = try? stored.optionalText("owner")
        let isOthers =
          (try? stored.text("status")) == RunStatus.running.rawValue && other != nil
          && other != mark && RunOwner.isAlive(other ?? "", in: marks) != false
        if !isOthers {
          let number = try stored.int("number")
          try database.execute(
            sql: """
              UPDATE runs SET status = 'running', message = NULL, planned = 0, updated = ?,
                script = ?, place = ?, owner = ?, output = NULL,
                started = CASE WHEN typeof(started) IN ('real', 'integer') THEN started ELSE ? END
              WHERE number = ?
              """,
            arguments: [now, identity.script, identity.place, mark, now, number])
          return number
        }
        // Both run on, each with a record of its own.
        fingerprint = Fingerprint([fingerprint.description, UUID().uuidString])
      }
      let imports = identity.imports.sorted { $0.key < $1.key }.map {
        Cell.Entry(key: .string($0.key), value: .string($0.value))
      }
      try database.execute(
        sql: """
          INSERT INTO runs
            (identity, seed, script, place, text, imports, parameters, version, status, owner,
              started, updated)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?)
          """,
        arguments: [
          fingerprint.bytes, seed, identity.script, identity.place, identity.text,
          CellCoding.encode(.map(imports)), CellCoding.encode(.map(identity.parameters)),
          identity.version, mark, now, now,
        ])
      return Int(database.lastInsertedRowID)
    }
  }

  /// Notes how many trials a sweep of the run has more, which files it has read, and its parameters' values.
  public func plan(run: Int, trials: Int, data: [String: String], parameters: [Cell.Entry]) throws {
    try change { database in
      try database.execute(
        sql: """
          UPDATE runs SET planned = planned + ?, data = ?, parameters = ?, updated = ?
          WHERE number = ?
          """,
        arguments: [
          trials, RunStore.encode(data), CellCoding.encode(.map(parameters)),
          Date().timeIntervalSince1970, run,
        ])
    }
  }

  /// Notes what the run has printed so far.
  public func note(output: String, run: Int) throws {
    try change { database in
      try database.execute(
        sql: "UPDATE runs SET output = ?, updated = ? WHERE number = ?",
        arguments: [output, Date().timeIntervalSince1970, run])
    }
  }

  public func finish(run: Int, status: RunStatus, message: String? = nil, output: String? = nil)
    throws
  {
    try change { database in
      try database.execute(
        sql: "UPDATE runs SET status = ?, message = ?, output = ?, updated = ? WHERE number = ?",
        arguments: [
          status.rawValue, message, output, Date().timeIntervalSince1970, run,
        ])
    }
    owner.withLock { $0 = nil }
  }

  // MARK: Trials

  /// Removes trials of a run beyond those that its sweeps have.
  public func trim(run: Int, sweeps: [Int]) throws {
    try change { database in
      try database.execute(
        sql: "DELETE FROM trials WHERE run = ? AND sweep >= ?", arguments: [run, sweeps.count])
      for (sweep, count) in sweeps.enumerated() {
        try database.execute(
          sql: "DELETE FROM trials WHERE run = ? AND sweep = ? AND ordinal >= ?",
          arguments: [run, sweep, count])
      }
    }
  }

  /// The recorded results of trials with these keys, whichever run they were computed in; where trials with one key
  /// read different data, one of each. Failed trials are not among them, so that they run again.
  public func results(of keys: [Fingerprint]) throws -> RecordedTrials {
    try consult { database in
      var found = RecordedTrials()
      let statement = try database.makeStatement(
        sql: """
          SELECT *, max(finished) FROM trials WHERE key = ? AND result IS NOT NULL
          GROUP BY data ORDER BY finished DESC
          """)
      for key in Set(keys) {
        for row in try Row.fetchAll(statement, arguments: [key.bytes]) {
          found.add(row)
        }
      }
      return found
    }
  }

  /// Writes finished trials of a run; they are on the disk when this returns.
  public func save(_ trials: [TrialRecord], run: Int) throws {
    try change { database in
      let now = Date().timeIntervalSince1970
      let statement = try database.makeStatement(
        sql: """
          INSERT OR REPLACE INTO trials
            (run, sweep, ordinal, key, axes, data, result, error_kind, error, seconds, finished)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """)
      for trial in trials {
        var result: String?
        var kind: String?
        var message: String?
        switch trial.outcome {
        case .result(let entries): result = CellCoding.encode(.map(entries))
        case .failure(let failureKind, let failureMessage):
          kind = failureKind
          message = failureMessage
        }
        try statement.execute(
          arguments: [
            run, trial.sweep, trial.ordinal, trial.key.bytes,
            CellCoding.encode(.map(trial.axes)), RunStore.encode(trial.data), result, kind, message,
            trial.seconds, now,
          ])
      }
      try database.execute(
        sql: "UPDATE runs SET updated = ? WHERE number = ?", arguments: [now, run])
    }
  }

  // MARK: Reading

  /// The latest runs, newest first, and what of them cannot be read, in sentences.
  public func runs(limit: Int = 50) throws -> (runs: [RunSummary], problems: [String]) {
    try consult { database in
      var runs: [RunSummary] = []
      var problems: [String] = []
      for row in try Row.fetchAll(
        database, sql: RunStore.summaryQuery + " ORDER BY runs.number DESC LIMIT ?",
        arguments: [limit])
      {
        do { runs.append(try summary(row)) } catch let error as StoredRow.Broken {
          problems.append(error.message)
        }
      }
      return (runs, problems)
    }
  }

  /// - Returns: nil where there is no run of that number.
  public func run(_ number: Int) throws -> RunDetail? {
    try consult { database in
      guard
        let row = try Row.fetchOne(
          database, sql: RunStore.summaryQuery + " WHERE runs.number = ?", arguments: [number])
      else { return nil }
      do {
        return try detail(row, database)
      } catch let error as StoredRow.Broken {
        throw StoreError(message: error.message)
      }
    }
  }

  private func detail(_ row: Row, _ database: Database) throws -> RunDetail {
    let summary = try summary(row)
    let stored = StoredRow(row: row, what: "run \(summary.number)")
    var trials = RecordedTrials()
    for row in try Row.fetchAll(
      database, sql: "SELECT * FROM trials WHERE run = ? ORDER BY sweep, ordinal",
      arguments: [summary.number])
    {
      trials.add(row)
    }
    var artefacts: [(name: String, hash: String, bytes: Int)] = []
    for row in try Row.fetchAll(
      database, sql: "SELECT name, hash, bytes FROM artefacts WHERE run = ? ORDER BY name",
      arguments: [summary.number])
    {
      let artefact = StoredRow(row: row, what: "an artefact of run \(summary.number)")
      do {
        artefacts.append(
          (try artefact.text("name"), try artefact.text("hash"), try artefact.int("bytes")))
      } catch let error as StoredRow.Broken {
        trials.problems.append(error.message)
      }
    }
    let events = try RunStore.events(of: summary.number, database, &trials.problems)
    return RunDetail(
      summary: summary, text: try stored.text("text"),
      fingerprint: Fingerprint(bytes: try stored.bytes("identity")).description,
      version: try stored.text("version"),
      data: try stored.entries("data").map { (path: $0.key.text, fingerprint: $0.value.text) },
      message: try stored.optionalText("message"), output: try stored.optionalText("output"),
      trials: trials.all, artefacts: artefacts, events: events, problems: trials.problems)
  }

  // What somebody has broken does not count.
  private static let summaryQuery = """
    SELECT runs.*,
      (SELECT count(*) FROM trials WHERE run = runs.number AND typeof(result) = 'text'
        AND typeof(ordinal) = 'integer') AS done,
      (SELECT count(*) FROM trials WHERE run = runs.number AND result IS NULL
        AND typeof(ordinal) = 'integer') AS failed
    FROM runs
    """

  private func summary(_ row: Row) throws -> RunSummary {
    let number = try StoredRow(row: row, what: "a run").int("number")
    let stored = StoredRow(row: row, what: "run \(number)")
    var status = RunStatus(rawValue: try stored.text("status")) ?? .running
    if status == .running, let mark = try stored.optionalText("owner"),
      RunOwner.isAlive(mark, in: marks) == false
    {
      status = .killed
    }
    return RunSummary(
      number: number, script: try stored.text("script"),
      parameters: try stored.entries("parameters"), seed: try stored.int("seed"), status: status,
      started: Date(timeIntervalSince1970: try stored.number("started")),
      updated: Date(timeIntervalSince1970: try stored.number("updated")),
      trialsDone: try stored.int("done"), trialsFailed: try stored.int("failed"),
      trialsPlanned: try stored.int("planned"))
  }

  private static func encode(_ data: [String: String]) -> String {
    CellCoding.encode(
      .map(
        data.sorted { $0.key < $1.key }.map {
          Cell.Entry(key: .string($0.key), value: .string($0.value))
        }))
  }

  // MARK: Artefacts

  /// Keeps a big result of a run as a file named by the hash of its content; gives its path.
  public func keep(_ content: Data, name: String, run: Int) throws -> String {
    let hash = Fingerprint([content]).description
    let path = directory + "/artefacts/" + hash
    if !FileManager.default.fileExists(atPath: path) {
      do {
        // No file of the script's.
        try Door.with(.unrestricted) { try AtomicFile.write(path, content) }
      } catch {
        throw StoreError(error, "`\(name)` cannot be written to the run store")
      }
    }
    try change { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO artefacts (run, name, hash, bytes) VALUES (?, ?, ?, ?)",
        arguments: [run, name, hash, content.count])
    }
    return path
  }

  // MARK: Access

  func consult<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do {
      try checkPlace()
      return try database.read(body)
    } catch {
      throw RunStore.failure(error, "the run store \(directory) cannot be read", in: directory)
    }
  }

  func change<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do {
      try checkPlace()
      return try database.write(body)
    } catch {
      throw RunStore.failure(error, "the run store \(directory) cannot be written", in: directory)
    }
  }

  private static func failure(_ error: any Error, _ what: String, in directory: String)
    -> StoreError
  {
    // SQLite takes a lock that the system does not grant at all for one that somebody else holds.
    if let error = error as? DatabaseError, error.resultCode == .SQLITE_BUSY, !locks(directory) {
      return .withoutLocks(what)
    }
    return StoreError(error, what)
  }

  /// Whether files in a directory can be locked; looked for with a file of which nothing else needs a lock.
  private static func locks(_ directory: String) -> Bool {
    let descriptor = open(directory + "/.gitignore", O_RDWR | O_NOFOLLOW | O_CLOEXEC)
    guard descriptor >= 0 else { return true }
    defer { close(descriptor) }
    var lock = flock()
    lock.l_type = Int16(F_WRLCK)
    lock.l_whence = Int16(SEEK_SET)
    return fcntl(descriptor, F_SETLK, &lock) == 0 || errno == EACCES || errno == EAGAIN
  }

  /// Whether the database is still the one that was opened.
  var isInPlace: Bool { FileNumber(directory + "/runs.sqlite") == file }

  /// What is written to a file that was deleted is lost without a word from the system.
  private func checkPlace() throws {
    guard !isInPlace else { return }
    throw StoreError(
      message: "the run store \(directory) was deleted or replaced while it was in use",
      isLost: true)
  }
}

/// Trials that were read from the store, and what could not be read, in sentences.
public struct RecordedTrials: Sendable {
  public var all: [TrialRecord] = []
  public var problems: [String] = []

  mutating func add(_ row: Row) {
    let run = (try? StoredRow(row: row, what: "a trial").int("run")).map { " of run \($0)" } ?? ""
    let stored = StoredRow(row: row, what: "a trial" + run)
    do {
      let result = try stored.optionalText("result")
      let outcome: TrialRecord.Outcome =
        if result != nil {
          .result(try stored.entries("result"))
        } else {
          .failure(
            kind: try stored.optionalText("error_kind") ?? "value",
            message: try stored.optionalText("error") ?? "")
        }
      all.append(
        TrialRecord(
          key: Fingerprint(bytes: try stored.bytes("key")), sweep: try stored.int("sweep"),
          ordinal: try stored.int("ordinal"), axes: try stored.entries("axes"), outcome: outcome,
          seconds: try stored.number("seconds"),
          data: Dictionary(
            try stored.entries("data").map { ($0.key.text, $0.value.text) },
            uniquingKeysWith: { $1 })))
    } catch let error as StoredRow.Broken {
      problems.append(error.message)
    } catch {
      problems.append("a trial\(run) cannot be read: \(error)")
    }
  }
}
