import Foundation
import Tables
import Testing

@testable import Session

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
      try store.save(record, run: run)
    }
    let store = try RunStore(directory: directory.path)
    #expect(try store.results(of: [record.key]) == [record.key: record])
  }

  @Test func failedTrialsAreRecordedButRunAgain() throws {
    let directory = try TemporaryDirectory()
    let store = try RunStore(directory: directory.path)
    let run = try store.begin(identity(), seed: 7)
    let record = trial(3, .failure(kind: "value", message: "bad"))
    try store.save(record, run: run)
    #expect(try store.results(of: [record.key]).isEmpty)
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
    // Without a sweep there is nothing to go on with.
    #expect(try store.latestSeed(of: identity("print(2)")) == nil)
    try store.plan(run: other, trials: 1, data: [:], parameters: [])
    #expect(try store.latestSeed(of: identity("print(2)")) == 7)
    #expect(try store.latestSeed(of: identity("print(3)")) == nil)
  }

  @Test func anotherConnectionReadsWhileOneWrites() throws {
    let directory = try TemporaryDirectory()
    let writer = try RunStore(directory: directory.path)
    let reader = try RunStore(directory: directory.path)
    let run = try writer.begin(identity(), seed: 7)
    for ordinal in 0..<20 {
      try writer.save(trial(ordinal, .result([])), run: run)
      #expect(try reader.runs().first?.trialsDone == ordinal + 1)
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
