import Foundation
import Foundations
import GRDB
import Synchronization
import Tables
import Testing

@testable import Sessions

/// A directory of its own for each test, gone afterwards.
final class TemporaryDirectory {
  let path: String
  init() throws {
    path = NSTemporaryDirectory() + "fairlead-test-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
}

private func identity(_ text: String = "print(1)", epochs: Int = 2) -> RunIdentity {
  RunIdentity(
    script: "s.fl", text: text, imports: ["a.fl": "let x = 1"],
    parameters: [.init(key: .string("epochs"), value: .int(epochs))], version: "0.1")
}

private func trial(_ ordinal: Int, _ outcome: TrialRecord.Outcome) -> TrialRecord {
  TrialRecord(
    key: Fingerprint(["trial \(ordinal)"]), sweep: 0, ordinal: ordinal,
    axes: [.init(key: .string("epsilon"), value: .float(.infinity))], outcome: outcome,
    seconds: 1.5)
}

@Suite struct RunStoreTests {
  /// Processes that begin together in an empty folder: each has a connection of its own.
  @Test func manyMakeTheStoreAtOnce() throws {
    for _ in 0..<5 {
      let directory = try TemporaryDirectory()
      let path = directory.path + "/store"
      let failures = Mutex<[String]>([])
      DispatchQueue.concurrentPerform(iterations: 8) { _ in
        do {
          _ = try RunStore(directory: path).runs()
        } catch {
          failures.withLock { $0.append("\(error)") }
        }
      }
      #expect(failures.withLock { $0 } == [])
      withExtendedLifetime(directory) {}
    }
  }

  @Test func resultsReadBackExactly() throws {
    let directory = try TemporaryDirectory()
    let entries: [Cell.Entry] = [
      .init(key: .string("a"), value: .float(-0.0)), .init(key: .string("b"), value: .float(.nan)),
      .init(key: .string("c"), value: .float(0.1 + 0.2)),
      .init(key: .string("d"), value: .int(.min)),
      .init(key: .string("e"), value: .list([.null, .string("ü\u{0}")])),
    ]
    let record = trial(0, .result(entries))
    do {
      let store = try RunStore(directory: directory.path)
      let run = try store.begin(identity(), seed: 7)
      try store.save([record], run: run)
    }
    let store = try RunStore(directory: directory.path)
    #expect(try store.results(of: [record.key]).all == [record])
  }

  @Test func failedTrialsAreRecordedButRunAgain() throws {
    let directory = try TemporaryDirectory()
    let store = try RunStore(directory: directory.path)
    let run = try store.begin(identity(), seed: 7)
    let record = trial(3, .failure(kind: "value", message: "bad"))
    try store.save([record], run: run)
    #expect(try store.results(of: [record.key]).all.isEmpty)
    #expect(try store.run(run)?.trials == [record])
    #expect(try store.run(run)?.summary.trialsFailed == 1)
  }

  @Test func aRunIsTakenUpByItsIdentityAndSeed() throws {
    let directory = try TemporaryDirectory()
    let store = try RunStore(directory: directory.path)
    let first = try store.begin(identity(), seed: 7)
    #expect(try store.begin(identity(), seed: 7) == first)
    #expect(try store.begin(identity(), seed: 8) != first)
    #expect(try store.begin(identity(epochs: 3), seed: 7) != first)
    let other = try store.begin(identity("print(2)"), seed: 7)
    #expect(other != first)
    #expect(try store.latestRun(of: identity("print(2)"))?.seed == 7)
    #expect(try store.latestRun(of: identity("print(3)")) == nil)
  }

  @Test func anotherConnectionReadsWhileOneWrites() throws {
    let directory = try TemporaryDirectory()
    let writer = try RunStore(directory: directory.path)
    let reader = try RunStore(directory: directory.path)
    let run = try writer.begin(identity(), seed: 7)
    for ordinal in 0..<20 {
      try writer.save([trial(ordinal, .result([]))], run: run)
      #expect(try reader.runs().runs.first?.trialsDone == ordinal + 1)
    }
  }

  @Test func artefactsAreNamedByTheirContent() throws {
    let directory = try TemporaryDirectory()
    let store = try RunStore(directory: directory.path)
    let run = try store.begin(identity(), seed: 7)
    let path = try store.keep(Data("<svg/>".utf8), name: "plot.svg", run: run)
    #expect(try store.keep(Data("<svg/>".utf8), name: "again.svg", run: run) == path)
    #expect(try String(contentsOfFile: path, encoding: .utf8) == "<svg/>")
    #expect(try store.run(run)?.artefacts.map(\.name) == ["again.svg", "plot.svg"])
    let files = try FileManager.default.contentsOfDirectory(atPath: directory.path + "/artefacts")
    #expect(files.count == 1)
  }

  @Test func aDamagedStoreIsAClearError() throws {
    let directory = try TemporaryDirectory()
    try "this is no database, but long enough to look at; ".write(
      toFile: directory.path + "/runs.sqlite", atomically: true, encoding: .utf8)
    let error = #expect(throws: StoreError.self) { try RunStore(directory: directory.path) }
    #expect(error?.message.contains("damaged") == true)
  }

  @Test func aPlaceThatCannotBeWrittenIsAClearError() throws {
    let error = #expect(throws: StoreError.self) { try RunStore(directory: "/proc/fairlead") }
    #expect(error?.hint?.contains("--store") == true)
  }

  @Test func theStoreOfAProjectIsFoundFromItsFolders() throws {
    let directory = try TemporaryDirectory()
    let inner = directory.path + "/a/b"
    try FileManager.default.createDirectory(atPath: inner, withIntermediateDirectories: true)
    try FileManager.default.createDirectory(
      atPath: directory.path + "/.git", withIntermediateDirectories: true)
    func place(_ directory: String, making: Bool = false) -> String {
      RunStore.defaultDirectory(
        workingDirectory: directory, environment: ["XDG_DATA_HOME": "/data"], making: making)
    }
    #expect(place(inner) == "/data/fairlead")
    #expect(place(inner, making: true) == inner + "/.fairlead")
    #expect(place(inner) == inner + "/.fairlead")
    try FileManager.default.removeItem(atPath: inner + "/.fairlead")
    try FileManager.default.createDirectory(
      atPath: directory.path + "/.fairlead", withIntermediateDirectories: true)
    #expect(place(inner).hasSuffix("/.fairlead") && !place(inner).hasPrefix(inner))
    #expect(place("/proc", making: true) == "/data/fairlead")
    // Without a project, a record further up is somebody else's.
    try FileManager.default.removeItem(atPath: directory.path + "/.git")
    #expect(place(inner, making: true) == inner + "/.fairlead")
  }

  /// A `.fairlead` that came with a project may point anywhere.
  @Test func aRecordThatIsALinkIsRefused() throws {
    let directory = try TemporaryDirectory()
    let other = try TemporaryDirectory()
    let store = directory.path + "/.fairlead"
    try FileManager.default.createSymbolicLink(
      atPath: store, withDestinationPath: other.path)
    func problem() throws -> String {
      let place = RunStore.defaultDirectory(
        workingDirectory: directory.path, environment: ["XDG_DATA_HOME": "/data"], making: true)
      let error = #expect(throws: StoreError.self) { try RunStore(directory: place) }
      return error?.message ?? ""
    }
    #expect(try problem().hasSuffix("is not used: `.fairlead` is a link to \(other.path)"))
    try FileManager.default.removeItem(atPath: store)
    try FileManager.default.createSymbolicLink(
      atPath: store, withDestinationPath: other.path + "/none")
    #expect(try problem().contains("is a link"))
    #expect(try FileManager.default.contentsOfDirectory(atPath: other.path).isEmpty)
    // A person may name a folder that is a link.
    try FileManager.default.createSymbolicLink(
      atPath: directory.path + "/named", withDestinationPath: other.path)
    _ = try RunStore(directory: directory.path + "/named")
    try FileManager.default.removeItem(atPath: store)
    try FileManager.default.createDirectory(atPath: store, withIntermediateDirectories: true)
    for name in ["runs.sqlite", "runs.sqlite-wal", "runs.sqlite-shm", "artefacts"] {
      let path = store + "/" + name
      try FileManager.default.createSymbolicLink(
        atPath: path, withDestinationPath: other.path + "/none-\(name)")
      #expect(try problem().hasSuffix("its `\(name)` is a link"))
      try FileManager.default.removeItem(atPath: path)
      #expect(!FileManager.default.fileExists(atPath: other.path + "/none-\(name)"))
    }
    // A pipe would be waited for.
    #expect(mkfifo(store + "/runs.sqlite", 0o600) == 0)
    #expect(try problem().hasSuffix("its `runs.sqlite` is no file"))
  }
}

/// Stores that others have written or changed.
@Suite struct ForeignStoreTests {
  private func store(_ directory: TemporaryDirectory) throws -> (RunStore, Int) {
    let store = try RunStore(directory: directory.path)
    let run = try store.begin(identity(), seed: 7)
    try store.save((0..<3).map { trial($0, .result([])) }, run: run)
    try store.finish(run: run, status: .finished)
    return (store, run)
  }

  private func execute(_ sql: String, _ directory: TemporaryDirectory) throws {
    let queue = try DatabaseQueue(path: directory.path + "/runs.sqlite")
    try queue.write { try $0.execute(sql: sql) }
    try queue.close()
  }

  @Test(arguments: [
    "result = x'00ff'", "result = '{'", "result = 3", "seconds = 'x'", "ordinal = 'x'",
    "sweep = x'01'",
    "axes = 7", "key = 'x'", "data = 'x'",
  ])
  func aTrialThatSomebodyHasBrokenIsToldAndLeftOut(change: String) throws {
    let directory = try TemporaryDirectory()
    let (store, run) = try store(directory)
    try execute("UPDATE trials SET \(change) WHERE ordinal = 0", directory)
    let detail = try #require(try store.run(run))
    #expect(detail.trials.map(\.ordinal) == [1, 2])
    #expect(
      detail.problems.count == 1 && detail.problems[0].contains("run \(run)"), "\(detail.problems)")
    let found = try store.results(of: (0..<3).map { trial($0, .result([])).key })
    // Its place says nothing about its result, so where only that is broken the row is told of, too.
    #expect(found.all.allSatisfy { $0.ordinal > 0 } && found.all.count == 2)
    #expect(try store.runs().runs.count == 1)
  }

  @Test(arguments: [
    "started = 'x'", "seed = 'x'", "text = x'ff'", "script = x'ff'", "parameters = '['",
    "planned = 'x'",
    "status = x'01'", "updated = x'00'",
  ])
  func aRunThatSomebodyHasBrokenIsToldAndLeftOut(change: String) throws {
    let directory = try TemporaryDirectory()
    let (store, run) = try store(directory)
    _ = try store.begin(identity("print(2)"), seed: 8)
    try execute("UPDATE runs SET \(change) WHERE number = \(run)", directory)
    let listed = try store.runs()
    if change.hasPrefix("text") {
      #expect(listed.runs.count == 2)
    } else {
      #expect(listed.runs.map(\.number) == [run + 1])
      #expect(
        listed.problems.count == 1 && listed.problems[0].contains("run \(run) cannot be read"))
    }
    let error = #expect(throws: StoreError.self) { try store.run(run) }
    #expect(
      error?.message.contains("run \(run) cannot be read: its `") == true, "\(error?.message ?? "")"
    )
    // It does not get in the way of another run of the script.
    _ = try store.begin(identity(), seed: 7)
    _ = try store.latestRun(of: identity())
  }

  @Test func brokenArtefactsAreToldAndLeftOut() throws {
    let directory = try TemporaryDirectory()
    let (store, run) = try store(directory)
    try execute("INSERT INTO artefacts VALUES (\(run), 'a', 'b', 'c')", directory)
    let detail = try #require(try store.run(run))
    #expect(detail.artefacts.isEmpty && detail.problems.count == 1)
  }

  @Test func aNewerStoreIsAClearError() throws {
    let directory = try TemporaryDirectory()
    _ = try store(directory)
    try execute("INSERT INTO grdb_migrations VALUES ('of next year')", directory)
    let error = #expect(throws: StoreError.self) { try RunStore(directory: directory.path) }
    #expect(error?.message.contains("a newer version of Fairlead") == true)
    #expect(error?.hint?.contains("--store") == true)
  }

  /// A store as the first version made it.
  @Test func anOlderStoreIsCarriedOn() throws {
    let directory = try TemporaryDirectory()
    let queue = try DatabaseQueue(path: directory.path + "/runs.sqlite")
    try RunSchema.migrator.migrate(queue, upTo: "1")
    try queue.write { database in
      try database.execute(
        sql: """
          INSERT INTO runs VALUES
            (4, x'01', 7, 's.fl', 'print(1)', '{}', '{"n":2}', '0.1', '{"a.csv":"ff"}', 'finished',
              NULL, 2, 1000.5, 1001.5);
          INSERT INTO trials VALUES
            (x'aa', 4, 0, 0, '{"x":0}', '{"y":1.5}', NULL, NULL, 0.5, 1001);
          INSERT INTO trials VALUES (x'ab', 4, 0, 1, '{"x":1}', NULL, 'value', 'bad', 0.5, 1001);
          INSERT INTO artefacts VALUES (4, 'p.svg', 'abc', 10);
          """)
    }
    try queue.close()
    let store = try RunStore(directory: directory.path)
    let run = try #require(try store.runs().runs.first)
    #expect(
      run.number == 4 && run.trialsDone == 1 && run.trialsFailed == 1 && run.status == .finished)
    let detail = try #require(try store.run(4))
    #expect(
      detail.trials.map(\.ordinal) == [0, 1] && detail.problems.isEmpty && detail.output == nil)
    #expect(detail.artefacts.map(\.name) == ["p.svg"] && detail.data.map(\.path) == ["a.csv"])
    #expect(try store.begin(identity(), seed: 1) == 5)
  }

  @Test func aFileSystemWithoutLocksIsAClearError() {
    for code in [ResultCode.SQLITE_IOERR_LOCK, .SQLITE_PROTOCOL, .SQLITE_IOERR_SHMOPEN] {
      let error = StoreError(DatabaseError(resultCode: code), "the run store cannot be written")
      #expect(error.message.contains("does not let it lock files"))
      #expect(error.hint?.contains("local disk") == true && error.hint?.contains("--store") == true)
    }
    let readOnly = StoreError(
      DatabaseError(resultCode: .SQLITE_READONLY), "the run store cannot be written")
    #expect(readOnly.message.contains("may not be written"))
  }

  @Test func aRunWhoseProcessIsGoneWasKilled() throws {
    let directory = try TemporaryDirectory()
    do {
      let store = try RunStore(directory: directory.path)
      _ = try store.begin(identity(), seed: 7)
      #expect(try store.runs().runs.first?.status == .running)
      let other = try RunStore(directory: directory.path)
      #expect(try other.runs().runs.first?.status == .running)
      // While it runs, the same run of another process has a record of its own.
      #expect(try other.begin(identity(), seed: 7) == 2)
    }
    let store = try RunStore(directory: directory.path)
    #expect(try store.runs().runs.map(\.status) == [.killed, .killed])
    #expect(try store.begin(identity(), seed: 7) == 1)
    #expect(try store.runs().runs.map(\.status) == [.killed, .running])
  }

  @Test func aStoreThatIsTakenAwayIsNoticed() throws {
    let directory = try TemporaryDirectory()
    let (store, run) = try store(directory)
    try FileManager.default.removeItem(atPath: directory.path + "/runs.sqlite")
    let error = #expect(throws: StoreError.self) {
      try store.save([trial(3, .result([]))], run: run)
    }
    #expect(error?.isLost == true)
  }

  @Test func muchThatIsPrintedIsCut() {
    var text = PrintedText()
    for line in 0..<100_000 { text.append("line \(line)\n") }
    #expect(text.text.hasPrefix("line 0\n") && text.text.hasSuffix("line 99999\n"))
    #expect(text.text.utf8.count < 2 * PrintedText.limit + 100)
    let left = text.text.firstMatch(of: #/… ([0-9]+) bytes/#).flatMap { Int($0.1) }
    #expect(left == text.count - 2 * PrintedText.limit)
    var short = PrintedText()
    short.append("a")
    short.append("ü\n")
    #expect(short.text == "aü\n")
  }
}
