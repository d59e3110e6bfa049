import Foundation
import Foundations
import Synchronization
import Testing

@testable import Privacy

/// Runs that end early and go on from checkpoints spend what they spend, once.
@Suite struct LedgerRunTests {
  static let pass = Event.sampledGaussian(rate: 0.1, noiseMultiplier: 1, steps: 10)

  func ledger(_ epsilon: Double = 100, file: String? = nil, isAdaptive: Bool = false) throws
    -> Ledger
  {
    try Ledger(
      try LedgerTerms(epsilon: epsilon, delta: 1e-6, isAdaptive: isAdaptive), path: file)
  }

  func run(_ passes: Int, done: Int = 0, id: String = "a", _ pass: Event = pass) -> PlannedRun {
    PlannedRun(id: id, pass: pass, passes: passes, done: done)
  }

  func charge(_ ledger: Ledger, _ run: PlannedRun, part: [Int] = []) throws -> Ledger.RunCharge {
    try ledger.charge(run, operation: "dp.train", part: part)
  }

  func begin(_ ledger: Ledger, _ run: PlannedRun) throws -> Bool {
    try ledger.begin(passOf: run, operation: "dp.train")
  }

  /// What so many passes cost, by the same way of counting.
  func cost(passes: Int) throws -> Double {
    let other = try ledger()
    try other.charge(
      .sampledGaussian(rate: 0.1, noiseMultiplier: 1, steps: 10 * passes), operation: "dp.train")
    return try other.spent().high
  }

  /// Five passes of which two are whole and one was cut off: one is charged again, and in all six.
  @Test func onlyThePassThatWasCutOffIsChargedAgain() throws {
    let ledger = try ledger()
    #expect(try charge(ledger, run(5)) == .init(passes: 5, isKnown: false))
    for _ in 0..<3 { #expect(try !begin(ledger, run(5))) }
    #expect(try ledger.spent().high == cost(passes: 5))
    #expect(try charge(ledger, run(3, done: 2)) == .init(passes: 1, isKnown: true))
    for _ in 0..<3 { #expect(try !begin(ledger, run(3, done: 2))) }
    #expect(isClose(try ledger.spent().high, try cost(passes: 6), relative: 1e-9))
    // Between two passes nothing is lost.
    let other = try self.ledger()
    _ = try charge(other, run(5))
    for _ in 0..<2 { _ = try begin(other, run(5)) }
    #expect(try charge(other, run(3, done: 2)) == .init(passes: 0, isKnown: true))
    #expect(try other.spent().high == cost(passes: 5))
  }

  /// The checkpoint's copy makes passes again, whether the first run has ended or is under way.
  @Test func aCopyPaysForWhatItMakesAgain() throws {
    let ledger = try ledger()
    _ = try charge(ledger, run(4))
    for _ in 0..<4 { _ = try begin(ledger, run(4)) }
    #expect(try charge(ledger, run(3, done: 1)) == .init(passes: 3, isKnown: true))
    for _ in 0..<3 { #expect(try !begin(ledger, run(3, done: 1))) }
    #expect(isClose(try ledger.spent().high, try cost(passes: 7), relative: 1e-9))
    // Two go on at once after one pass of four: both have room for three, and seven passes are made.
    let other = try self.ledger()
    _ = try charge(other, run(4))
    _ = try begin(other, run(4))
    #expect(try charge(other, run(3, done: 1)).passes == 0)
    #expect(try charge(other, run(3, done: 1)).passes == 0)
    let late = try (0..<6).map { _ in try begin(other, run(3, done: 1)) }
    #expect(late == [false, false, false, true, true, true])
    #expect(isClose(try other.spent().high, try cost(passes: 7), relative: 1e-9))
  }

  @Test func moreAndFewerPasses() throws {
    let ledger = try ledger()
    _ = try charge(ledger, run(2))
    for _ in 0..<2 { _ = try begin(ledger, run(2)) }
    #expect(try charge(ledger, run(3, done: 2)).passes == 3)
    #expect(isClose(try ledger.spent().high, try cost(passes: 5), relative: 1e-9))
    // Nothing is given back, and what is left pays for passes later.
    #expect(try charge(ledger, run(1, done: 2)).passes == 0)
    #expect(try charge(ledger, run(3, done: 2)).passes == 0)
    #expect(try charge(ledger, run(0, done: 2)).passes == 0)
  }

  /// What a ledger does not know was spent elsewhere: all passes count.
  @Test func aRunThatTheLedgerDoesNotKnow() throws {
    let ledger = try ledger()
    #expect(try charge(ledger, run(3, done: 2)) == .init(passes: 5, isKnown: false))
    for _ in 0..<3 { #expect(try !begin(ledger, run(3, done: 2))) }
    #expect(try ledger.spent().high == cost(passes: 5))
    // Another run's passes are others, and so are those of another part.
    #expect(try charge(ledger, run(3, done: 2, id: "b")) == .init(passes: 5, isKnown: false))
    let split = try ledger.split()
    #expect(
      try charge(ledger, run(3, done: 2), part: [split, 0]) == .init(passes: 5, isKnown: false))
  }

  @Test func otherNoiseIsRefused() throws {
    let ledger = try ledger()
    _ = try charge(ledger, run(5))
    let weaker = run(
      3, done: 2, .sampledGaussian(rate: 0.1, noiseMultiplier: 0.5, steps: 10))
    #expect(failure { _ = try charge(ledger, weaker) }?.kind == .privacy)
    #expect(failure { _ = try begin(ledger, weaker) }?.kind == .privacy)
    #expect(failure { _ = try charge(ledger, run(.max)) }?.kind == .limit)
    #expect(try ledger.entries().count == 1)
  }

  /// What would overrun is refused before the pass, also where it comes from a copy.
  @Test func theBudgetHolds() throws {
    let ledger = try ledger(try cost(passes: 4) * 1.0001)
    _ = try charge(ledger, run(4))
    for _ in 0..<4 { _ = try begin(ledger, run(4)) }
    #expect(failure { try ledger.check(run(3, done: 1), operation: "dp.train") }?.kind == .privacy)
    #expect(failure { _ = try charge(ledger, run(3, done: 1)) }?.kind == .privacy)
    #expect(failure { _ = try begin(ledger, run(3, done: 1)) }?.kind == .privacy)
    #expect(try ledger.entries().count == 5)
  }

  /// Another process reads the same, after a restart too; a record of a pass that was cut off is no pass.
  @Test(arguments: [false, true]) func overRestarts(isAdaptive: Bool) throws {
    let folder = NSTemporaryDirectory() + "fairlead-runs-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let file = folder + "/a.ledger"
    let first = try ledger(20, file: file, isAdaptive: isAdaptive)
    _ = try charge(first, run(5))
    for _ in 0..<3 { _ = try begin(first, run(5)) }
    let spent = try first.spent()
    let second = try ledger(20, file: file, isAdaptive: isAdaptive)
    #expect(try second.spent() == spent)
    #expect(try second.entries() == first.entries())
    #expect(try second.entries().map { $0.run?.begun } == [0, 1, 1, 1])
    #expect(try charge(second, run(3, done: 2)) == .init(passes: 1, isKnown: true))
    // The first one sees that, too.
    #expect(try first.entries().count == 5)
    // Cut off within the record of a pass: its event stands first, and costs nothing.
    _ = try begin(second, run(3, done: 2))
    let before = try second.spent().high
    let handle = try FileHandle(forUpdating: URL(fileURLWithPath: file))
    let length = try handle.seekToEnd()
    try handle.truncate(atOffset: length - 20)
    try handle.close()
    let third = try ledger(20, file: file, isAdaptive: isAdaptive)
    #expect(try third.spent().high == before)
    #expect(try third.entries().compactMap { $0.run?.begun }.reduce(0, +) == 3)
  }

  /// No order of kills and copies makes more passes than are charged for.
  @Test func passesBegunAreNeverMoreThanCharged() throws {
    var random = RandomStream(seed: 11)
    for _ in 0..<20 {
      let ledger = try ledger(1000)
      let epochs = 1 + random.integer(below: 5)
      // Of each process: where it is, and the checkpoints that there are.
      var checkpoints = [0]
      var running: [(at: Int, run: PlannedRun)] = []
      var made = 0
      for _ in 0..<30 {
        if running.isEmpty || random.integer(below: 3) == 0 {
          let done = checkpoints[random.integer(below: checkpoints.count)]
          let planned = run(epochs - done, done: done)
          _ = try charge(ledger, planned)
          running.append((done, planned))
        }
        let which = random.integer(below: running.count)
        if running[which].at < epochs {
          _ = try begin(ledger, running[which].run)
          made += 1
        }
        switch random.integer(below: 3) {
        case 0: running.remove(at: which)
        case 1 where running[which].at < epochs:
          running[which].at += 1
          checkpoints.append(running[which].at)
        default: break
        }
        let shares = try ledger.entries().compactMap(\.run)
        let charged = shares.reduce(0) { $0 + $1.charged }
        #expect(shares.reduce(0) { $0 + $1.begun } == made && made <= charged)
        var steps = 0
        for entry in try ledger.entries() {
          if case .repeated(_, let times) = entry.event.mechanism { steps += times }
        }
        #expect(steps == 10 * charged)
      }
    }
  }
}
