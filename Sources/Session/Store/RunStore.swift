import Files
import Foundation
import GRDB
import Tables
import Tensor

/// What went wrong with the record of runs: always of the language's kind `io`.
public struct StoreError: Error, Sendable {
  public var message: String
  public var hint: String?
}

/// The record of all sweeps: runs, their trials, and big results as files.
///
/// A SQLite database in write-ahead mode: each trial is one transaction that is on the disk when `save` returns, so a kill
/// at any moment loses at most the trials that were still running, and other processes read while one writes. Big
/// results are files named by the hash of their content, written under a temporary name and renamed.
public final class RunStore: Sendable {
  /// The directory that holds `runs.sqlite` and `artefacts/`.
  public let directory: String
  private let database: DatabaseQueue

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
    let home = environment["HOME"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    let data = environment["XDG_DATA_HOME"].flatMap { $0.hasPrefix("/") ? $0 : nil }
    return (data ?? home + "/.local/share") + "/fairlead"
  }

  /// A directory and those above it up to the root of its project, which holds a `.git`; the directory alone where it
  /// belongs to none, so that what lies in /tmp or at home is not taken for its record.
  private static func project(of directory: String) -> [URL] {
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

  /// Opens the record in `directory`, making both where they are missing.
  /// - Throws: `StoreError` where the directory cannot be written, the disk is full or the file is no database of ours.
  public init(directory: String) throws {
    self.directory = directory
    try RunStore.refuseLinks(directory)
    do {
      try FileManager.default.createDirectory(
        atPath: directory + "/artefacts", withIntermediateDirectories: true)
      // A project's own record does not belong into its version control.
      let ignore = directory + "/.gitignore"
      if !FileManager.default.fileExists(atPath: ignore) {
        try? "*\n".write(toFile: ignore, atomically: true, encoding: .utf8)
      }
      var configuration = Configuration()
      configuration.busyMode = .timeout(15)
      configuration.prepareDatabase { database in
        try database.execute(sql: "PRAGMA journal_mode = WAL")
        try database.execute(sql: "PRAGMA synchronous = FULL")
      }
      database = try DatabaseQueue(path: directory + "/runs.sqlite", configuration: configuration)
      try RunStore.migrator.migrate(database)
    } catch {
      throw RunStore.storeError(error, "the run store \(directory) cannot be opened")
    }
  }

  private static var migrator: DatabaseMigrator {
    var migrator = DatabaseMigrator()
    migrator.registerMigration("1") { database in
      try database.execute(
        sql: """
          CREATE TABLE runs (
            number INTEGER PRIMARY KEY AUTOINCREMENT,
            identity BLOB NOT NULL,
            seed INTEGER NOT NULL,
            script TEXT NOT NULL,
            text TEXT NOT NULL,
            imports TEXT NOT NULL,
            parameters TEXT NOT NULL,
            version TEXT NOT NULL,
            data TEXT NOT NULL DEFAULT '{}',
            status TEXT NOT NULL,
            message TEXT,
            planned INTEGER NOT NULL DEFAULT 0,
            started REAL NOT NULL,
            updated REAL NOT NULL,
            UNIQUE (identity, seed));
          CREATE TABLE trials (
            key BLOB PRIMARY KEY,
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            sweep INTEGER NOT NULL,
            ordinal INTEGER NOT NULL,
            axes TEXT NOT NULL,
            result TEXT,
            error_kind TEXT,
            error TEXT,
            seconds REAL NOT NULL,
            finished REAL NOT NULL) WITHOUT ROWID;
          CREATE INDEX trials_of_run ON trials (run, sweep, ordinal);
          CREATE TABLE artefacts (
            run INTEGER NOT NULL REFERENCES runs (number) ON DELETE CASCADE,
            name TEXT NOT NULL,
            hash TEXT NOT NULL,
            bytes INTEGER NOT NULL,
            PRIMARY KEY (run, name)) WITHOUT ROWID;
          """)
    }
    registerEvents(&migrator)
    return migrator
  }

  // MARK: Runs

  /// The seed of the latest run of this identity that had a sweep, if there was one.
  public func latestSeed(of identity: RunIdentity) throws -> Int? {
    try consult { database in
      try Int.fetchOne(
        database,
        sql: """
          SELECT seed FROM runs WHERE identity = ?
            AND (planned > 0 OR EXISTS (SELECT 1 FROM trials WHERE run = runs.number))
          ORDER BY updated DESC, number DESC LIMIT 1
          """,
        arguments: [identity.fingerprint.bytes])
    }
  }

  /// Takes up the run of this identity and seed, or starts its record. Gives its number.
  public func begin(_ identity: RunIdentity, seed: Int) throws -> Int {
    try change { database in
      let now = Date().timeIntervalSince1970
      let fingerprint = identity.fingerprint.bytes
      if let number = try Int.fetchOne(
        database, sql: "SELECT number FROM runs WHERE identity = ? AND seed = ?",
        arguments: [fingerprint, seed])
      {
        try database.execute(
          sql: """
            UPDATE runs SET status = 'running', message = NULL, planned = 0, updated = ?, script = ?
            WHERE number = ?
            """,
          arguments: [now, identity.script, number])
        return number
      }
      let imports = identity.imports.sorted { $0.key < $1.key }.map {
        Cell.Entry(key: .string($0.key), value: .string($0.value))
      }
      try database.execute(
        sql: """
          INSERT INTO runs
            (identity, seed, script, text, imports, parameters, version, status, started, updated)
          VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?)
          """,
        arguments: [
          fingerprint, seed, identity.script, identity.text, CellCoding.encode(.map(imports)),
          CellCoding.encode(.map(identity.parameters)), identity.version, now, now,
        ])
      return Int(database.lastInsertedRowID)
    }
  }

  /// Notes how many trials a sweep of the run has more, which files it has read, and its parameters' values.
  public func plan(run: Int, trials: Int, data: [String: String], parameters: [Cell.Entry]) throws {
    let entries = data.sorted { $0.key < $1.key }.map {
      Cell.Entry(key: .string($0.key), value: .string($0.value))
    }
    try change { database in
      try database.execute(
        sql: """
          UPDATE runs SET planned = planned + ?, data = ?, parameters = ?, updated = ?
          WHERE number = ?
          """,
        arguments: [
          trials, CellCoding.encode(.map(entries)), CellCoding.encode(.map(parameters)),
          Date().timeIntervalSince1970, run,
        ])
    }
  }

  public func finish(run: Int, status: RunStatus, message: String? = nil) throws {
    try change { database in
      try database.execute(
        sql: "UPDATE runs SET status = ?, message = ?, updated = ? WHERE number = ?",
        arguments: [status.rawValue, message, Date().timeIntervalSince1970, run])
    }
  }

  // MARK: Trials

  /// The recorded results among the trials with these keys; failed trials are not among them, so that they run again.
  public func results(of keys: [Fingerprint]) throws -> [Fingerprint: TrialRecord] {
    try consult { database in
      var found: [Fingerprint: TrialRecord] = [:]
      let statement = try database.makeStatement(
        sql: "SELECT * FROM trials WHERE key = ? AND result IS NOT NULL")
      for key in keys where found[key] == nil {
        if let row = try Row.fetchOne(statement, arguments: [key.bytes]) {
          found[key] = try RunStore.trial(row)
        }
      }
      return found
    }
  }

  /// Writes one finished trial; it is on the disk when this returns.
  public func save(_ trial: TrialRecord, run: Int) throws {
    var result: String?
    var kind: String?
    var message: String?
    switch trial.outcome {
    case .result(let entries): result = CellCoding.encode(.map(entries))
    case .failure(let failureKind, let failureMessage):
      kind = failureKind
      message = failureMessage
    }
    try change { database in
      try database.execute(
        sql: """
          INSERT OR REPLACE INTO trials
            (key, run, sweep, ordinal, axes, result, error_kind, error, seconds, finished)
          VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
          """,
        arguments: [
          trial.key.bytes, run, trial.sweep, trial.ordinal, CellCoding.encode(.map(trial.axes)),
          result, kind, message, trial.seconds, Date().timeIntervalSince1970,
        ])
      try database.execute(
        sql: "UPDATE runs SET updated = ? WHERE number = ?",
        arguments: [Date().timeIntervalSince1970, run])
    }
  }

  // MARK: Reading

  /// The latest runs, newest first.
  public func runs(limit: Int = 50) throws -> [RunSummary] {
    try consult { database in
      try Row.fetchAll(
        database, sql: RunStore.summaryQuery + " ORDER BY runs.number DESC LIMIT ?",
        arguments: [limit]
      ).map(RunStore.summary)
    }
  }

  /// - Returns: nil where there is no run of that number.
  public func run(_ number: Int) throws -> RunDetail? {
    try consult { database in
      guard
        let row = try Row.fetchOne(
          database, sql: RunStore.summaryQuery + " WHERE runs.number = ?", arguments: [number])
      else { return nil }
      let trials = try Row.fetchAll(
        database, sql: "SELECT * FROM trials WHERE run = ? ORDER BY sweep, ordinal",
        arguments: [number]
      ).map(RunStore.trial)
      let artefacts = try Row.fetchAll(
        database, sql: "SELECT name, hash, bytes FROM artefacts WHERE run = ? ORDER BY name",
        arguments: [number])
      let data = try RunStore.entries(row["data"]).map {
        (path: $0.key.text, fingerprint: $0.value.text)
      }
      let identity: Data = row["identity"]
      return RunDetail(
        summary: try RunStore.summary(row), text: row["text"],
        fingerprint: Fingerprint(bytes: identity).description, version: row["version"], data: data,
        message: row["message"], trials: trials,
        artefacts: artefacts.map { (name: $0["name"], hash: $0["hash"], bytes: $0["bytes"]) },
        events: try RunStore.events(of: number, database))
    }
  }

  private static let summaryQuery = """
    SELECT runs.*,
      (SELECT count(*) FROM trials WHERE run = runs.number AND result IS NOT NULL) AS done,
      (SELECT count(*) FROM trials WHERE run = runs.number AND result IS NULL) AS failed
    FROM runs
    """

  private static func summary(_ row: Row) throws -> RunSummary {
    RunSummary(
      number: row["number"], script: row["script"], parameters: try entries(row["parameters"]),
      seed: row["seed"], status: RunStatus(rawValue: row["status"]) ?? .running,
      started: Date(timeIntervalSince1970: row["started"]),
      updated: Date(timeIntervalSince1970: row["updated"]), trialsDone: row["done"],
      trialsFailed: row["failed"], trialsPlanned: row["planned"])
  }

  static func entries(_ text: String) throws -> [Cell.Entry] {
    guard case .map(let entries) = try CellCoding.decode(text) else { return [] }
    return entries
  }

  private static func trial(_ row: Row) throws -> TrialRecord {
    let result: String? = row["result"]
    let key: Data = row["key"]
    return TrialRecord(
      key: Fingerprint(bytes: key), sweep: row["sweep"], ordinal: row["ordinal"],
      axes: try entries(row["axes"]),
      outcome: try result.map { .result(try entries($0)) }
        ?? .failure(kind: row["error_kind"] ?? "value", message: row["error"] ?? ""),
      seconds: row["seconds"])
  }

  // MARK: Artefacts

  /// Keeps a big result of a run as a file named by the hash of its content; gives its path.
  public func keep(_ content: Data, name: String, run: Int) throws -> String {
    let hash = Fingerprint([content]).description
    let path = directory + "/artefacts/" + hash
    if !FileManager.default.fileExists(atPath: path) {
      do {
        try AtomicFile.write(path, content)
      } catch {
        throw RunStore.storeError(error, "`\(name)` cannot be written to the run store")
      }
    }
    try change { database in
      try database.execute(
        sql: "INSERT OR REPLACE INTO artefacts (run, name, hash, bytes) VALUES (?, ?, ?, ?)",
        arguments: [run, name, hash, content.count])
    }
    return path
  }

  // MARK: Errors

  func consult<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do {
      return try database.read(body)
    } catch {
      throw RunStore.storeError(error, "the run store \(directory) cannot be read")
    }
  }

  func change<Result>(_ body: (Database) throws -> Result) throws -> Result {
    do {
      return try database.write(body)
    } catch {
      throw RunStore.storeError(error, "the run store \(directory) cannot be written")
    }
  }

  private static func storeError(_ error: any Error, _ what: String) -> StoreError {
    if let error = error as? StoreError { return error }
    if let error = error as? TableError { return StoreError(message: what + ": " + error.message) }
    if let error = error as? DatabaseError {
      switch error.resultCode {
      case .SQLITE_FULL:
        return StoreError(
          message: what + ": the disk is full",
          hint: "free some space and run the script again: finished trials are not repeated")
      case .SQLITE_BUSY, .SQLITE_LOCKED:
        return StoreError(message: what + ": another process has been writing to it for too long")
      case .SQLITE_NOTADB, .SQLITE_CORRUPT:
        return StoreError(
          message: what + ": runs.sqlite is damaged or no database",
          hint: "move it away; a new one is made")
      default:
        return StoreError(message: what + ": " + (error.message ?? error.resultCode.description))
      }
    }
    if let error = error as? DomainError {
      return StoreError(message: what + ": " + error.message, hint: error.hint)
    }
    let error = error as NSError
    let cause = (error.userInfo[NSUnderlyingErrorKey] as? NSError) ?? error
    let reason =
      cause.domain == NSPOSIXErrorDomain
      ? String(cString: strerror(Int32(cause.code))) : cause.localizedDescription
    return StoreError(
      message: what + ": " + reason,
      hint: "give a directory that can be written with --store, or record nothing with --no-store")
  }
}
