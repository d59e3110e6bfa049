import Builtins
import Foundation
import Foundations
import Tables

/// Keeps the record of what a session runs: opens the run store when there is something to record, notes what the run
/// read, printed and found, and starts a new store where somebody takes the old one away.
final class RunRecorder: @unchecked Sendable {
  /// What went into a run as far as it has got.
  struct Inputs {
    /// The files that were read, by name, with the fingerprints of their contents.
    var data: [String: String]
    /// The parameters that the script has reached, with their values.
    var parameters: [Cell.Entry]
  }

  /// A run that is recorded, or may be.
  private struct Current {
    var identity: RunIdentity
    var seed: Int
    let began = ProcessInfo.processInfo.systemUptime
    var number: Int?
    /// How many trials each sweep so far has.
    var sweeps: [Int] = []
    /// All trials so far, for a store that has to be written anew.
    var trials: [Place: TrialRecord] = [:]
    /// Why the run is not recorded.
    var problem: StoreError?
    var isProblemTold = false
    /// That the store was taken away and no new one could be made so far.
    var loss: StoreError?
    var events: [(event: RunEvent, trial: TrialPlace?)] = []
    var printed = PrintedText()
    var outputNoted = 0.0
  }

  private struct Place: Hashable {
    var sweep: Int
    var ordinal: Int
  }

  private let options: SessionOptions
  private let note: @Sendable (String) -> Void
  private let wait: StoreWait
  // Guarded by `lock`. Held while the store is written, so that its changes come one after the other.
  private let lock = NSRecursiveLock()
  private var inputs: @Sendable () -> Inputs = { Inputs(data: [:], parameters: []) }
  private var current: Current?
  private var openStore: RunStore?
  /// Why the store could not be asked for an earlier run of the script.
  private var unread: (any Error)?

  /// A run of a script that neither takes parameters nor reads data nor sweeps is recorded when it takes this long.
  private static let seconds = 1.0
  /// How often what a run prints is noted while it goes on.
  private static let outputInterval = 2.0

  /// - Parameter isStopped: whether the run is to end, which waits for no other process.
  init(
    options: SessionOptions, isStopped: @escaping @Sendable () -> Bool,
    note: @escaping @Sendable (String) -> Void
  ) {
    self.options = options
    self.note = note
    wait = StoreWait(isStopped: isStopped, note: note)
  }

  /// Says where to ask for what went into the run.
  func ask(_ inputs: @escaping @Sendable () -> Inputs) { lock.withLock { self.inputs = inputs } }

  // MARK: The store

  private func directory(making: Bool) -> String {
    options.storeDirectory
      ?? RunStore.defaultDirectory(
        workingDirectory: options.workingDirectory, environment: options.environment,
        making: making)
  }

  /// The run store, made where there is none.
  private func store() throws -> RunStore {
    if let openStore, openStore.isInPlace || current?.number != nil { return openStore }
    let store = try RunStore(directory: directory(making: true), wait: wait)
    openStore = store
    return store
  }

  /// The run store, if runs were recorded here before.
  func existingStore() throws -> RunStore? {
    try lock.withLock {
      if let openStore, openStore.isInPlace || current?.number != nil { return openStore }
      guard FileManager.default.fileExists(atPath: directory(making: false) + "/runs.sqlite") else {
        return nil
      }
      return try store()
    }
  }

  // MARK: A run

  /// Says what runs now; its record starts with its first parameter, data or sweep, or after a second.
  func begin(_ identity: RunIdentity, seed: Int) {
    guard options.recordsRuns else { return }
    lock.withLock { current = Current(identity: identity, seed: seed) }
    guard !options.isInteractive, identity.place != nil else { return }
    let began = lock.withLock { current?.began }
    DispatchQueue.global(qos: .utility).asyncAfter(deadline: .now() + RunRecorder.seconds) {
      [weak self] in
      guard let self else { return }
      lock.withLock { if current?.began == began { start() } }
    }
  }

  /// The latest run of the same script, whose seed is taken up: that of the same place, else that of the same text.
  func earlierRun(of identity: RunIdentity) -> (number: Int, seed: Int)? {
    guard options.recordsRuns else { return nil }
    do {
      return try existingStore()?.latestRun(of: identity)
    } catch {
      lock.withLock { unread = error }
      return nil
    }
  }

  /// Starts the record of the run: one that is killed leaves a trace. Where that fails the run goes on without one, and
  /// says so once.
  func start() {
    guard options.recordsRuns, !options.isInteractive else { return }
    lock.withLock {
      guard let current, current.number == nil, current.problem == nil else { return }
      do {
        // What could not be opened a moment ago is not tried, and perhaps waited for, again.
        if let unread { throw unread }
        try open(current)
      } catch {
        self.current?.problem = RunRecorder.problem(error)
        // A run that ends has nothing to record.
        if !wait.isStopped() { tellProblem() }
      }
    }
  }

  private static func problem(_ error: any Error) -> StoreError {
    (error as? StoreError) ?? StoreError(message: "\(error)")
  }

  /// Says once why the run is not recorded. With the lock held.
  private func tellProblem() {
    guard let run = current, let problem = run.problem, !run.isProblemTold else { return }
    current?.isProblemTold = true
    note("warning: this run is not recorded: \(problem.message)")
    if let hint = problem.hint { note("  hint: \(hint)") }
  }

  /// Makes the record of the run. With the lock held.
  private func open(_ run: Current) throws {
    let store = try store()
    current?.number = try store.begin(run.identity, seed: run.seed)
    if options.storeDirectory == nil,
      let file = RunStore.file(inPlaceOfRecord: options.workingDirectory)
    {
      note("warning: `\(file)` is no folder; this run is recorded in \(store.directory)")
    }
  }

  /// Keeps what the script prints.
  func print(_ text: String) {
    lock.withLock {
      guard current != nil else { return }
      current?.printed.append(text)
      let now = ProcessInfo.processInfo.systemUptime
      guard let current, let run = current.number,
        now - current.outputNoted > RunRecorder.outputInterval
      else { return }
      self.current?.outputNoted = now
      try? change { store, _ in try store.note(output: current.printed.text, run: run) }
    }
  }

  /// Keeps something that the run, or one of its trials, has done.
  func record(_ event: RunEvent, _ trial: TrialPlace?) {
    start()
    lock.withLock {
      current?.events.append((event, trial))
      do {
        try change { store, run in try store.record(event, of: trial, run: run) }
      } catch {
        let reason = (error as? StoreError)?.message ?? "\(error)"
        note("warning: \(reason); a \(event.kind) is missing from the record")
      }
    }
  }

  /// The run is over.
  /// - Parameter isStopped: an interrupt or a limit has ended it, so that its record waits for nobody for long.
  func end(_ status: RunStatus, message: String?, isStopped: Bool) {
    if isStopped { wait.hurry() }
    lock.withLock {
      // A run that was stopped, perhaps while it waited for the store, has said enough.
      if isStopped { current?.isProblemTold = true }
      if let current, current.number == nil, current.identity.place != nil,
        ProcessInfo.processInfo.systemUptime - current.began > RunRecorder.seconds
      {
        start()
      }
      // A sweep's error may have ended the run, which says the same.
      if let problem = current?.problem, problem.message != message { tellProblem() }
      // What cannot be said now is no loss: the trials are recorded, and a run without an end counts as killed.
      if let current, current.number != nil {
        noteInputs()
        try? change { store, run in
          // A run that was taken up may have had more: other data, other sweeps.
          if status == .finished { try store.trim(run: run, sweeps: current.sweeps) }
          try store.finish(
            run: run, status: status, message: message, output: current.printed.text)
        }
      }
      current = nil
      // Closed, the database is one file without a log beside it; who asks for it next opens it again.
      openStore = nil
      unread = nil
      wait.reset()
    }
  }

  /// Notes the parameters that were reached and the files that were read so far, by trials too.
  func noteInputs() {
    lock.withLock {
      guard current?.number != nil else { return }
      let inputs = inputs()
      try? change { store, run in
        try store.plan(run: run, trials: 0, data: inputs.data, parameters: inputs.parameters)
      }
    }
  }

  // MARK: Sweeps

  /// Starts the record of a sweep.
  /// - Returns: its number in the run, and where its trials are kept; nil where nothing is recorded.
  func beginSweep(
    trials: Int, content: @escaping @Sendable (String) throws -> String
  ) throws -> (sweep: Int, trials: RunTrials?) {
    try lock.withLock {
      let sweep = current?.sweeps.count ?? 0
      current?.sweeps.append(trials)
      guard options.recordsRuns, let started = current else { return (sweep, nil) }
      if started.number == nil {
        do { try open(started) } catch {
          current?.problem = RunRecorder.problem(error)
          throw error
        }
      }
      let inputs = inputs()
      try change { store, run in
        try store.plan(
          run: run, trials: trials, data: inputs.data, parameters: inputs.parameters)
      }
      return (sweep, RunTrials(recorder: self, content: content))
    }
  }

  fileprivate func results(of keys: [Fingerprint]) throws -> RecordedTrials {
    try lock.withLock {
      var found = RecordedTrials()
      try change { store, _ in found = try store.results(of: keys) }
      for problem in found.problems { note("warning: \(problem); it is run again") }
      return found
    }
  }

  fileprivate func save(_ trials: [TrialRecord]) throws {
    try lock.withLock {
      for trial in trials {
        current?.trials[Place(sweep: trial.sweep, ordinal: trial.ordinal)] = trial
      }
      try change { store, run in try store.save(trials, run: run) }
    }
  }

  // MARK: Writing

  /// Changes the run's record; where the store was taken away, in a new one. With the lock held.
  private func change(_ body: (RunStore, _ run: Int) throws -> Void) throws {
    if let loss = current?.loss {
      let (store, run) = try renew(after: loss)
      return try body(store, run)
    }
    guard let run = current?.number else { return }
    do {
      try body(try store(), run)
    } catch let error as StoreError where error.isLost {
      let (store, run) = try renew(after: error)
      try body(store, run)
    }
  }

  /// A new store in the place of one that was deleted or replaced, with all that the run has so far.
  private func renew(after loss: StoreError) throws -> (RunStore, Int) {
    guard let run = current else { throw loss }
    current?.loss = loss
    let store: RunStore
    let number: Int
    do {
      store = try RunStore(directory: directory(making: true), wait: wait)
      number = try store.begin(run.identity, seed: run.seed)
      let inputs = inputs()
      try store.plan(
        run: number, trials: run.sweeps.reduce(0, +), data: inputs.data,
        parameters: inputs.parameters)
      try store.save(Array(run.trials.values), run: number)
      for (event, trial) in run.events { try store.record(event, of: trial, run: number) }
    } catch let error as StoreError {
      throw StoreError(message: loss.message + "; \(error.message)", hint: error.hint)
    }
    openStore = store
    current?.loss = nil
    current?.number = number
    note("warning: \(loss.message); the run goes on in a new one, with all that it has so far")
    return (store, number)
  }
}

/// The trials of the run that goes on, as a sweep keeps them.
struct RunTrials: TrialStore {
  fileprivate let recorder: RunRecorder
  /// The fingerprint of what a name of `TrialRecord.data` stands for now.
  fileprivate let content: @Sendable (String) throws -> String

  func results(of keys: [Fingerprint]) throws -> [Fingerprint: TrialRecord] {
    var known: [String: String] = [:]
    func isUnchanged(_ name: String, _ content: String) throws -> Bool {
      if known[name] == nil { known[name] = try self.content(name) }
      return known[name] == content
    }
    var found: [Fingerprint: TrialRecord] = [:]
    for trial in try recorder.results(of: keys).all where found[trial.key] == nil {
      if try trial.data.allSatisfy(isUnchanged) { found[trial.key] = trial }
    }
    return found
  }

  func save(_ trials: [TrialRecord]) throws { try recorder.save(trials) }
}
