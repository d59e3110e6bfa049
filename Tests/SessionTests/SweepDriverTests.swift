import Builtins
import Foundation
import Foundations
import Tables
import Testing

@testable import Sessions

private let plan = SweepPlan(
  names: ["epsilon", "seed"],
  combinations: [0.5, 1, .infinity].flatMap { e in (0..<4).map { [.float(e), .int($0)] } })

private let keys = plan.combinations.indices.map { Fingerprint(["trial", "\($0)"]) }

private func quiet() -> ProgressLine {
  ProgressLine(isTerminal: false, coloured: false, columns: { 80 }, now: { 0 }) { _ in }
}

private func result(_ trial: Int) -> TrialOutcome {
  .result([.init(key: .string("accuracy"), value: .float(1 / Double(trial + 1)))])
}

/// A store in memory that can be made to fail.
private final class MemoryStore: TrialStore, @unchecked Sendable {
  let lock = NSLock()
  var trials: [Fingerprint: TrialRecord] = [:]
  var failures = 0

  func results(of keys: [Fingerprint]) throws -> [Fingerprint: TrialRecord] {
    lock.withLock { trials.filter { keys.contains($0.key) } }
  }
  func save(_ trials: [TrialRecord]) throws {
    try lock.withLock {
      if failures > 0 {
        failures -= 1
        throw StoreError(message: "the disk is full")
      }
      for trial in trials { self.trials[trial.key] = trial }
    }
  }
}

private final class Counter: @unchecked Sendable {
  let lock = NSLock()
  var ran: [Int] = []
  func add(_ trial: Int) { lock.withLock { ran.append(trial) } }
}

private func driver(_ store: (any TrialStore)?) -> SweepDriver {
  SweepDriver(plan: plan, keys: keys, sweepIndex: 0, store: store, progress: quiet())
}

@Suite struct SweepDriverTests {
  @Test(arguments: [1, 2, 5, 50])
  func theTableDoesNotDependOnTheWorkers(workers: Int) throws {
    let outcome = try driver(nil).run(workers: workers) { _, trial in
      usleep(UInt32((trial * 7919) % 5) * 500)
      return result(trial)
    }
    let table = try SweepDriver.table(plan, outcome.trials)
    #expect(table.names == ["epsilon", "seed", "accuracy"])
    #expect(try table.column("accuracy").cells == (0..<12).map { .float(1 / Double($0 + 1)) })
    #expect(table.shown.map(\.role) == [.axis, .axis, .value])
  }

  @Test func onlyWhatIsMissingRuns() throws {
    let store = MemoryStore()
    let first = Counter()
    let stopped = try driver(store).run(workers: 1) { _, trial in
      first.add(trial)
      return trial < 5 ? result(trial) : .interrupted
    }
    #expect(stopped.wasInterrupted && stopped.trials.compactMap { $0 }.count == 5)
    let second = Counter()
    let rest = try driver(store).run(workers: 2) { _, trial in
      second.add(trial)
      return result(trial)
    }
    #expect(rest.found == 5 && Set(second.ran) == Set(5..<12))
    let whole = try driver(nil).run(workers: 1) { _, trial in result(trial) }
    #expect(try SweepDriver.table(plan, rest.trials) == SweepDriver.table(plan, whole.trials))
  }

  @Test func aFailingTrialDoesNotStopTheOthers() throws {
    let outcome = try driver(nil).run(workers: 2) { _, trial in
      trial == 3 ? .failure(kind: "value", message: "diverged") : result(trial)
    }
    let table = try SweepDriver.table(plan, outcome.trials)
    #expect(table.rowCount == 12)
    #expect(try table.column("error").cells[3] == .string("diverged"))
    #expect(try table.column("accuracy").cells[3] == .null)
  }

  @Test func aFullDiskLosesNothing() throws {
    let store = MemoryStore()
    store.failures = 4
    let outcome = try driver(store).run(workers: 1) { _, trial in result(trial) }
    #expect(outcome.trials.allSatisfy { $0 != nil })
    #expect(outcome.problem == nil && store.trials.count == 12)
    store.trials = [:]
    store.failures = .max
    let failed = try driver(store).run(workers: 1) { _, trial in result(trial) }
    #expect(failed.trials.allSatisfy { $0 != nil } && failed.problem?.count == 12)
  }

  @Test func equalCombinationsAreToldApart() throws {
    let twice = SweepPlan(names: ["x"], combinations: [[.int(1)], [.int(1)], [.float(1)]])
    #expect(try twice.occurrences() == [0, 1, 0])
  }

  @Test func anEmptySweepHasItsColumns() throws {
    let empty = SweepPlan(names: ["x", "y"], combinations: [])
    #expect(try SweepDriver.table(empty, []).names == ["x", "y"])
  }
}

@Suite struct ProgressTests {
  private final class Screen: @unchecked Sendable {
    var text = ""
  }

  @Test func aTerminalGetsOneLineRedrawn() {
    let screen = Screen()
    var time = 0.0
    let line = ProgressLine(
      isTerminal: true, coloured: false, columns: { 100 }, now: { time },
      write: { screen.text += $0 })
    time = 1
    line.report(ProgressReport(stage: "epoch 1/8", done: 0, total: 100))
    time = 11
    line.report(
      ProgressReport(
        stage: "epoch 5/8", done: 50, total: 100, figures: [("loss", 0.4123), ("epsilon", 1.31)],
        rate: (10_400, "examples/s")))
    #expect(
      screen.text.hasSuffix(
        "\repoch 5/8 ▕████████        ▏  50%  loss 0.412  epsilon 1.31  10.4k examples/s  0:10 left\u{1B}[K"
      ))
    #expect(!screen.text.contains("\n"))
    // Another run of as many steps, whose first reports nobody saw.
    time = 100
    line.report(ProgressReport(stage: "epoch 1/8", done: 10, total: 100))
    #expect(!screen.text.hasSuffix("left\u{1B}[K"))
    time = 110
    line.report(ProgressReport(stage: "epoch 5/8", done: 60, total: 100))
    #expect(screen.text.hasSuffix("  60%  0:08 left\u{1B}[K"))
    line.note("done")
    #expect(screen.text.hasSuffix("\r\u{1B}[Kdone\n"))
  }

  @Test func elsewhereALineComesNowAndThen() {
    let screen = Screen()
    var time = 0.0
    let line = ProgressLine(
      isTerminal: false, coloured: false, columns: { 0 }, now: { time },
      write: { screen.text += $0 })
    for second in 0..<60 {
      time = Double(second)
      line.report(ProgressReport(stage: "epoch", done: second, total: 60))
    }
    #expect(screen.text.split(separator: "\n").count == 4)
    #expect(!screen.text.contains("\r") && !screen.text.contains("\u{1B}"))
  }

  @Test func clocks() {
    #expect(
      [4, 754, 11_100, .infinity].map(ProgressLine.clock) == ["0:04", "12:34", "3:05:00", "long"])
  }
}
