import Foundation
import Foundations
import Synchronization
import Testing

@testable import Privacy

/// A folder that is gone afterwards.
private final class Folder {
  let path = NSTemporaryDirectory() + "fairlead-ledger-" + UUID().uuidString
  init() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }
  deinit { try? FileManager.default.removeItem(atPath: path) }
  var file: String { path + "/test.ledger" }
  func bytes() throws -> [UInt8] { Array(try Data(contentsOf: URL(fileURLWithPath: file))) }
  /// Writes into the same file, so that its number stays.
  func put(_ bytes: [UInt8]) throws {
    let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: file))
    try handle.truncate(atOffset: 0)
    try handle.write(contentsOf: bytes)
    try handle.close()
  }
}

private func open(
  _ path: String, epsilon: Double = 1, moved: Bool = false, memory: LedgerMemory? = nil
) throws -> Ledger {
  try Ledger(
    try LedgerTerms(epsilon: epsilon, delta: 1e-6, isAdaptive: true), path: path, isMoved: moved,
    memory: memory)
}

private func charge(_ ledger: Ledger, _ epsilon: Double) throws {
  try ledger.charge(Event(.pure(epsilon: epsilon)), operation: "dp.count", place: "a.fl:1")
}

private func kind(_ body: () throws -> Void) -> DomainError.Kind? {
  do { try body() } catch { return (error as? DomainError)?.kind }
  return nil
}

@Suite struct LedgerFileTests {
  @Test func whatWasSpentIsSpentAfterARestart() throws {
    let folder = try Folder()
    let events: [Event] = [
      Event(.pure(epsilon: 0.1)), Event(.laplace(noiseMultiplier: 20)),
      Event(.gaussian(noiseMultiplier: 30)),
      .sampledGaussian(rate: 0.01, noiseMultiplier: 4, steps: 50),
      Event(
        .composed([.pure(epsilon: 0.01), .repeated(.laplace(noiseMultiplier: 100), times: 3)])),
    ]
    let first = try open(folder.file)
    for event in events { try first.charge(event, operation: "op", place: "s.fl:3") }
    let spent = try first.spent()
    let again = try open(folder.file)
    #expect(try again.entries().map(\.event) == events)
    #expect(try again.entries().map(\.place) == Array(repeating: "s.fl:3", count: events.count))
    #expect(try again.spent() == spent)
    #expect(try again.entries().last?.epsilon == spent.high)
    #expect(!(try again.allows(Event(.pure(epsilon: 0.9)))))
  }

  @Test func twoAtOnceShareOneBudget() throws {
    let folder = try Folder()
    let terms = try LedgerTerms(epsilon: 1, delta: 0)
    // The clock is read between looking and writing: the others get the time to come in between.
    let slowly = { @Sendable in
      usleep(2_000)
      return 0.0
    }
    let ledgers = try (0..<2).map { _ in try Ledger(terms, path: folder.file, now: slowly) }
    let granted = Atomic(0)
    inThreads(2) { index in
      for _ in 0..<30 where (try? charge(ledgers[index], 0.05)) != nil {
        granted.add(1, ordering: .relaxed)
      }
    }
    // Two that wrote the same record at once would be granted two charges for one.
    #expect(granted.load(ordering: .relaxed) == 20)
    #expect(try ledgers[0].entries().count == 20)
    #expect(try ledgers[0].spent() == ledgers[1].spent())
    #expect(try Ledger(terms, path: folder.file).spent().high <= 1 + 1e-8)
  }

  @Test func termsCannotBeChanged() throws {
    let folder = try Folder()
    try charge(try open(folder.file), 0.5)
    #expect(kind { _ = try open(folder.file, epsilon: 2) } == .privacy)
    #expect(
      kind {
        _ = try Ledger(
          try LedgerTerms(epsilon: 1, delta: 1e-5, isAdaptive: true), path: folder.file)
      } == .privacy)
    #expect(
      kind { _ = try Ledger(try LedgerTerms(epsilon: 1, delta: 1e-6), path: folder.file) }
        == .privacy)
    #expect(
      kind {
        _ = try Ledger(
          try LedgerTerms(epsilon: 1, delta: 1e-6, unit: .user, isAdaptive: true),
          path: folder.file)
      } == .privacy)
  }

  @Test func aCopyIsNoLedger() throws {
    let folder = try Folder()
    try charge(try open(folder.file), 0.5)
    let copy = folder.path + "/copy.ledger"
    try FileManager.default.copyItem(atPath: folder.file, toPath: copy)
    #expect(kind { _ = try open(copy) } == .privacy)
    // Renamed it is still the same.
    let renamed = folder.path + "/renamed.ledger"
    try FileManager.default.moveItem(atPath: folder.file, toPath: renamed)
    #expect(try open(renamed).entries().count == 1)
    // Somebody says so.
    #expect(try open(copy, moved: true).entries().count == 1)
    #expect(try open(copy).entries().count == 1)
  }

  @Test func anEarlierStateIsFoundOnTheSameMachine() throws {
    let folder = try Folder()
    let memory = LedgerMemory(folder: folder.path + "/state")
    let ledger = try open(folder.file, memory: memory)
    try charge(ledger, 0.25)
    let early = try folder.bytes()
    try charge(ledger, 0.25)
    let late = try folder.bytes()
    try folder.put(early)
    #expect(kind { try charge(ledger, 0.25) } == .privacy)
    #expect(kind { _ = try open(folder.file, memory: memory) } == .privacy)
    try folder.put(late)
    #expect(try open(folder.file, memory: memory).entries().count == 2)
    // Elsewhere nobody knows, but another history is found again here.
    try folder.put(early)
    let elsewhere = try open(folder.file)
    #expect(try elsewhere.entries().count == 1)
    try charge(elsewhere, 0.125)
    #expect(kind { _ = try open(folder.file, memory: memory) } == .privacy)
  }

  @Test func aReplacedFileIsNoticed() throws {
    let folder = try Folder()
    let ledger = try open(folder.file)
    try charge(ledger, 0.5)
    try FileManager.default.removeItem(atPath: folder.file)
    #expect(kind { try charge(ledger, 0.1) } == .io)
    _ = try open(folder.file)
    #expect(kind { try charge(ledger, 0.1) } == .io)
  }

  @Test func everyCutIsFoundOrCharged() throws {
    let folder = try Folder()
    let ledger = try open(folder.file)
    for _ in 0..<3 { try charge(ledger, 0.2) }
    let whole = try folder.bytes()
    let lines = whole.enumerated().filter { $0.element == 10 }.map(\.offset)
    for length in 0..<whole.count {
      try folder.put(Array(whole.prefix(length)))
      do {
        let opened = try open(folder.file)
        // The last record's line end, or a part of it, is missing: it is charged in full, or all that is left.
        #expect(length > lines[lines.count - 2], "cut at \(length)")
        #expect(try opened.spent().high >= 0.6 - 1e-9, "cut at \(length)")
        #expect(!opened.takeNotes().isEmpty)
      } catch let error as DomainError {
        #expect(error.kind == .privacy || error.kind == .parse, "cut at \(length): \(error)")
      }
    }
  }

  @Test func aTornRecordIsChargedForWhatItNames() throws {
    let folder = try Folder()
    let ledger = try open(folder.file)
    for _ in 0..<2 { try charge(ledger, 0.2) }
    let whole = try folder.bytes()
    // Its seal is missing, its event is there.
    try folder.put(Array(whole.dropLast(40)))
    let opened = try open(folder.file)
    #expect(abs(try opened.spent().high - 0.4) < 1e-6)
    #expect(opened.takeNotes().first?.contains("epsilon 0.2") == true)
    try charge(opened, 0.2)
    #expect(try open(folder.file).entries().count == 3)
    // Only its beginning is there.
    let longer = try folder.bytes()
    let last = longer.dropLast().lastIndex(of: 10) ?? 0
    try folder.put(Array(longer.prefix(last + 12)))
    let exhausted = try open(folder.file)
    #expect(try exhausted.spent().high == .infinity)
    #expect(kind { try charge(exhausted, 1e-9) } == .privacy)
    #expect(try open(folder.file).spent().high == .infinity)
  }

  @Test func everyChangedByteIsFound() throws {
    let folder = try Folder()
    let ledger = try open(folder.file)
    for _ in 0..<2 { try charge(ledger, 0.25) }
    let whole = try folder.bytes()
    for place in whole.indices {
      var changed = whole
      changed[place] ^= 1
      try folder.put(changed)
      do {
        let opened = try open(folder.file)
        #expect(try opened.spent().high >= 0.5 - 1e-9, "byte \(place)")
      } catch let error as DomainError {
        #expect(error.kind == .privacy || error.kind == .parse, "byte \(place): \(error)")
      }
    }
  }

  @Test func otherFilesAreRefused() throws {
    let folder = try Folder()
    for text in ["", "hello\n", "fairlead ledger 2 · records", "{\"a\": 1}", "\u{0}\u{0}"] {
      try Data(text.utf8).write(to: URL(fileURLWithPath: folder.file))
      #expect(kind { _ = try open(folder.file) } == .parse, "\(text)")
      #expect(try folder.bytes() == Array(text.utf8))
    }
    #expect(kind { _ = try open(folder.path + "/none/test.ledger") } == .io)
    #expect(kind { _ = try open(folder.path) } == .io)
  }

  @Test func aClockThatIsSetBackChangesNothing() throws {
    let folder = try Folder()
    let terms = try LedgerTerms(epsilon: 1, delta: 1e-6, isAdaptive: true)
    for time in [2e9, 1e9, 0, -5] {
      let ledger = try Ledger(terms, path: folder.file, now: { time })
      try charge(ledger, 0.25)
    }
    let ledger = try Ledger(terms, path: folder.file, now: { 0 })
    #expect(kind { try charge(ledger, 0.01) } == .privacy)
    #expect(try ledger.entries().map(\.time) == [2e9, 1e9, 0, -5])
  }
}
