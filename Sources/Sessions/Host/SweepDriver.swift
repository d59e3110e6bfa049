import Foundation
import Foundations
import Tables
import Tensors

/// The combinations of one sweep: the cells that a table shows of each trial's own values.
public struct SweepPlan: Sendable {
  /// The swept names in order.
  public var names: [String]
  /// One list of cells a trial, in the order of the results.
  public var combinations: [[Cell]]

  public init(names: [String], combinations: [[Cell]]) {
    self.names = names
    self.combinations = combinations
  }

  func axes(_ trial: Int) -> [Cell.Entry] {
    zip(names, combinations[trial]).map { Cell.Entry(key: .string($0), value: $1) }
  }

  /// Which of the equal combinations before it a trial is: 0 but where a script sweeps the same values twice.
  func occurrences() throws -> [Int] {
    var seen: [[Cell]: Int] = [:]
    return try combinations.enumerated().map { index, combination in
      try Cancellation.check(turn: index)
      let count = seen[combination, default: 0]
      seen[combination] = count + 1
      return count
    }
  }
}

/// How one trial ended.
public enum TrialOutcome: Sendable {
  /// - Parameter reading: what the trial read, by name, with the fingerprint of the content.
  case result([Cell.Entry], reading: [String: String] = [:])
  case failure(kind: String, message: String)
  /// Stopped before its end: nothing is recorded of it.
  case interrupted
}

/// Runs the trials of a sweep that the run store does not have yet, some at a time, and records each as it finishes.
///
/// The order of the results is that of the combinations, whatever the order of running. Nothing finished is lost: what
/// cannot be written is kept in memory, tried again at the end and told of.
final class SweepDriver: @unchecked Sendable {
  /// Runs one trial on the worker of the given number; called on that worker's thread.
  typealias Run = @Sendable (_ worker: Int, _ trial: Int) -> TrialOutcome

  private let plan: SweepPlan
  private let keys: [Fingerprint]
  private let sweepIndex: Int
  private let store: (any TrialStore)?
  /// Whether recorded trials count.
  private let takesUp: Bool
  private let progress: ProgressLine
  // Guarded by `lock`.
  private let lock = NSLock()
  private var results: [TrialRecord?]
  private var pending: [Int]
  private var doneCount = 0
  private var unsaved: [Int] = []
  private var storeProblem: StoreError?
  private var wasInterrupted = false

  init(
    plan: SweepPlan, keys: [Fingerprint], sweepIndex: Int, store: (any TrialStore)?,
    takesUp: Bool = true, progress: ProgressLine
  ) {
    self.plan = plan
    self.keys = keys
    self.sweepIndex = sweepIndex
    self.store = store
    self.takesUp = takesUp
    self.progress = progress
    results = Array(repeating: nil, count: plan.combinations.count)
    pending = []
  }

  struct Outcome {
    var trials: [TrialRecord?]
    var found: Int
    var failed: [TrialRecord] {
      trials.compactMap { $0 }.filter { if case .failure = $0.outcome { true } else { false } }
    }
    var wasInterrupted: Bool
    /// Why some finished trials are not in the store, and how many.
    var problem: (error: StoreError, count: Int)?
  }

  /// - Parameter prepare: makes each worker what it needs, on its thread, before its first trial.
  func run(workers: Int, _ body: @escaping Run) throws -> Outcome {
    let recorded = takesUp ? try store?.results(of: keys) ?? [:] : [:]
    for (trial, key) in keys.enumerated() {
      try Cancellation.check(turn: trial)
      if var record = recorded[key] {
        record.sweep = sweepIndex
        record.ordinal = trial
        record.axes = plan.axes(trial)
        results[trial] = record
      } else {
        pending.append(trial)
      }
    }
    let found = plan.combinations.count - pending.count
    doneCount = found
    if found > 0 {
      progress.note(
        "sweep: \(found) of \(plan.combinations.count) trials found in the run store"
          + (pending.isEmpty ? "" : ", \(pending.count) to do"))
      save(results.compactMap { $0 })
    }
    if !pending.isEmpty {
      pending.reverse()
      progress.sweep(done: found, total: plan.combinations.count)
      execute(workers: max(1, min(workers, pending.count)), body)
      progress.endSweep()
    }
    retryUnsaved()
    return Outcome(
      trials: results, found: found, wasInterrupted: wasInterrupted,
      problem: storeProblem.map { ($0, unsaved.count) })
  }

  private func execute(workers: Int, _ body: @escaping Run) {
    if workers == 1 {
      work(0, body)
      return
    }
    let group = DispatchGroup()
    for worker in 0..<workers {
      group.enter()
      let thread = Thread { [self] in
        work(worker, body)
        group.leave()
      }
      // As deep a stack as the main thread has, so that recursion reaches the same limits.
      thread.stackSize = 64 << 20
      thread.name = "trial \(worker)"
      thread.start()
    }
    group.wait()
  }

  private func next() -> Int? {
    lock.lock()
    defer { lock.unlock() }
    return wasInterrupted ? nil : pending.popLast()
  }

  private func work(_ worker: Int, _ body: Run) {
    while let trial = next() {
      let started = ProcessInfo.processInfo.systemUptime
      let outcome = body(worker, trial)
      finish(trial, outcome, seconds: ProcessInfo.processInfo.systemUptime - started)
    }
  }

  private func finish(_ trial: Int, _ outcome: TrialOutcome, seconds: Double) {
    let recorded: TrialRecord.Outcome
    var data: [String: String] = [:]
    switch outcome {
    case .result(let entries, let reading):
      recorded = .result(entries)
      data = reading
    case .failure(let kind, let message): recorded = .failure(kind: kind, message: message)
    case .interrupted:
      lock.lock()
      wasInterrupted = true
      lock.unlock()
      return
    }
    let record = TrialRecord(
      key: keys[trial], sweep: sweepIndex, ordinal: trial, axes: plan.axes(trial),
      outcome: recorded, seconds: seconds, data: data)
    lock.lock()
    results[trial] = record
    doneCount += 1
    let done = doneCount
    save([record])
    lock.unlock()
    if plan.combinations.count <= 200 { progress.note(describe(record, done: done)) }
    progress.sweep(done: done, total: plan.combinations.count)
  }

  /// With the lock held, or before there are workers.
  private func save(_ records: [TrialRecord]) {
    do {
      try store?.save(records)
    } catch {
      unsaved += records.map(\.ordinal)
      if storeProblem == nil {
        let problem = (error as? StoreError) ?? StoreError(message: "\(error)")
        storeProblem = problem
        progress.note("warning: \(problem.message); finished trials are kept in memory")
      }
    }
  }

  private func retryUnsaved() {
    guard !unsaved.isEmpty else { return }
    unsaved = unsaved.filter { ordinal in
      guard let record = results[ordinal] else { return false }
      return (try? store?.save([record])) == nil
    }
    if unsaved.isEmpty { storeProblem = nil }
  }

  private func describe(_ record: TrialRecord, done: Int) -> String {
    let total = plan.combinations.count
    let place = String(done)
    let head =
      String(repeating: " ", count: max(0, String(total).count - place.count))
      + "\(place)/\(total)  "
      + record.axes.map { "\($0.key.text) \(SweepDriver.brief($0.value))" }.joined(separator: ", ")
    let seconds = String(format: "%.1f s", record.seconds)
    switch record.outcome {
    case .result(let entries):
      let figures = entries.prefix(6).map { "\($0.key.text) \(SweepDriver.brief($0.value))" }
      return head + ": " + figures.joined(separator: ", ") + "  (\(seconds))"
    case .failure(let kind, let message): return head + ": failed (\(kind)): \(message)"
    }
  }

  private static func brief(_ cell: Cell) -> String {
    if case .float(let value) = cell { return NumberText.brief(value) }
    return DisplayWidth.cut(DisplayWidth.printable(cell.text), to: 24)
  }

  /// The table of a sweep: a column for each swept name and for each key of the results, and a column `error` with the
  /// messages of the trials that failed (`trial_error` where the results have an `error` of their own), which is not
  /// shown where all went well.
  /// - Parameter number: tells the sweep's failures from those of others.
  /// - Throws: `interrupt`.
  static func table(_ plan: SweepPlan, _ trials: [TrialRecord?], number: Int = -1) throws -> Table {
    try Cancellation.abandonable { whole(plan, trials, number) }
  }

  private static func whole(_ plan: SweepPlan, _ trials: [TrialRecord?], _ number: Int) -> Table {
    let trials = trials.compactMap { $0 }
    func taken(_ name: String) -> Bool {
      plan.names.containsSpelling(name)
        || trials.contains { record in
          guard case .result(let entries) = record.outcome else { return false }
          return entries.contains { $0.key.text.isSpelt(name) }
        }
    }
    var failure = "error"
    while taken(failure) { failure = "trial_" + failure }
    var roles = Dictionary(
      plan.names.map { (Spelling($0), Table.Column.Role.axis) },
      uniquingKeysWith: { first, _ in first })
    roles[failure] = .failure(sweep: number)
    let rows = trials.map { record -> [(name: String, cell: Cell)] in
      if Parallel.isAbandoned { return [] }
      let axes = record.axes.map { (name: $0.key.text, cell: $0.value) }
      switch record.outcome {
      case .result(let entries):
        return axes + entries.map { (name: $0.key.text, cell: $0.value) }
      case .failure(_, let message): return axes + [(name: failure, cell: .string(message))]
      }
    }
    guard !rows.isEmpty else {
      let columns =
        plan.names.map { Table.Column($0, [], role: .axis) }
        + [Table.Column(failure, [], role: .failure(sweep: number))]
      return (try? Table(columns: columns)) ?? Table(rows: [])
    }
    let table = Table(rows: rows, roles: roles)
    guard !table.hasColumn(failure) else { return table }
    let silence = Series(repeating: .null, count: rows.count)
    return (try? table.with(failure, silence, role: .failure(sweep: number))) ?? table
  }
}

/// Where a sweep keeps its trials; the run store is one, tests have another.
protocol TrialStore: Sendable {
  func results(of keys: [Fingerprint]) throws -> [Fingerprint: TrialRecord]
  /// Keeps finished trials: they are on the disk when this returns.
  func save(_ trials: [TrialRecord]) throws
}
