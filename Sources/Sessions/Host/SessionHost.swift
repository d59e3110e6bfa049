import Builtins
import CSystem
import Files
import Foundation
import Foundations
import Runtime
import Syntax
import Tables
import Tensors

/// The program around a script: its output, files, parameters, sweeps and record.
public final class SessionHost: HostServices, @unchecked Sendable {
  // Trials call from several threads: what changes is guarded by `lock`, `Output` and `ProgressLine` have their own.
  private let lock = NSLock()
  let options: SessionOptions
  let output: Output
  let progress: ProgressLine
  public let display: Display
  public var stateFolder: String? { SessionOptions.stateFolder(options.environment) }
  private var currentSeed: Int
  private let interrupt: InterruptFlag
  private var sandbox: Sandbox
  /// What the run has read so far, its trials included.
  let reads = ReadLog()
  private var given: [String: (value: Cell, text: String)] = [:]
  /// The parameters that the script has reached, with their values.
  private var reached: [Cell.Entry] = []
  /// The program that runs, and what it runs with.
  private var running: (program: Program, identity: RunIdentity)?
  private var failures = SweepFailures()
  private var sweepCount = 0
  /// Trials that have begun, in all sweeps.
  private var trialCount = 0
  private(set) var testResults: [TestResult] = []
  /// What has been remarked since the run, cell or sweep began: once each, however many trainings say it.
  private var heard: Set<String> = []
  /// Why recorded results are missing from the store, for the end of the run.
  private(set) var storeProblem: StoreError?
  private let recorder: RunRecorder

  /// How one `test "name" { … }` ended.
  public struct TestResult: Sendable {
    public var name: String
    public var failure: Diagnostic?
  }

  init(options: SessionOptions, interrupt: InterruptFlag, seed: Int) {
    self.options = options
    self.interrupt = interrupt
    currentSeed = seed
    let isTerminal = options.print == nil && isatty(STDOUT_FILENO) != 0
    let mayColour = SessionHost.allowsColour(options.environment)
    let columns =
      options.environment["COLUMNS"].flatMap(Int.init)
      ?? Int(fairlead_terminal_columns(STDOUT_FILENO))
    display = Display(
      width: isTerminal ? max(columns, 20) : nil,
      isColoured: options.isColoured ?? (isTerminal && mayColour))
    output = Output(
      descriptor: STDOUT_FILENO, flushesLines: isTerminal, isInterrupted: { interrupt.endsRun },
      onClosed: { interrupt.set() })
    if let remark = options.remark {
      progress = ProgressLine(
        isTerminal: false, coloured: false, columns: { 80 },
        now: { ProcessInfo.processInfo.systemUptime }, write: remark)
    } else {
      progress = ProgressLine(coloured: mayColour)
    }
    let progress = progress
    recorder = RunRecorder(options: options, isStopped: { interrupt.endsRun }) { progress.note($0) }
    sandbox = SessionHost.sandbox(options, scriptDirectory: nil, log: reads)
    recorder.ask { [weak self] in
      self?.inputs ?? RunRecorder.Inputs(data: [:], parameters: [])
    }
  }

  /// What a script may touch. A path that the person at the command line gives to a parameter may be read (or found to
  /// be missing).
  private static func sandbox(_ options: SessionOptions, scriptDirectory: String?, log: ReadLog)
    -> Sandbox
  {
    // A `.fairlead` is known by its name.
    let stores = [
      options.storeDirectory, RunStore.sharedDirectory(environment: options.environment),
    ].compactMap { $0 }
    if options.isInteractive {
      return .unrestricted(
        workingDirectory: options.workingDirectory, stores: stores, log: log)
    }
    return Sandbox(
      workingDirectory: options.workingDirectory, scriptDirectory: scriptDirectory,
      allowRead: options.allowRead + options.parameters.map(\.value),
      allowWrite: options.allowWrite, allowEnvironment: options.allowEnvironment,
      stores: stores, log: log)
  }

  /// The rules of NO_COLOR and of terminals without colours.
  static func allowsColour(_ environment: [String: String]) -> Bool {
    (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  // MARK: Output

  public func print(_ text: String) {
    progress.clear()
    if let take = options.print { take(text) } else { output.write(text) }
    recorder.print(text)
  }

  public func note(_ text: String) {
    if lock.withLock({ heard.insert(text).inserted }) { progress.note(text) }
  }
  /// A new run or cell may remark everything again.
  func forgetNotes() { lock.withLock { heard = [] } }
  public var isReportDue: Bool { progress.isDue }
  public func report(_ report: ProgressReport) { progress.report(report) }

  // MARK: Files

  /// Lets a script read and write in its own folder too.
  func openFolder(_ directory: String) {
    guard !options.isInteractive else { return }
    lock.withLock {
      sandbox = SessionHost.sandbox(options, scriptDirectory: directory, log: reads)
    }
  }

  /// The door that the script's files are opened through.
  var door: Door { lock.withLock { sandbox.door } }

  /// Runs a part of the script: whatever it reads or writes goes through its door.
  /// - Parameter log: is told what is read; it lies within `reads`.
  func throughDoor<Result>(log: ReadLog? = nil, _ body: () throws -> Result) rethrows -> Result {
    try Door.with(log.map { door.logging(to: $0) } ?? door, body)
  }

  public func readablePath(_ path: String) throws -> String {
    let absolute = try lock.withLock { sandbox }.check(path, .read)
    recorder.start()
    return absolute
  }

  public func writablePath(_ path: String) throws -> String {
    try lock.withLock { sandbox }.check(path, .write)
  }

  public func environmentVariable(_ name: String) throws -> String? {
    try lock.withLock { sandbox }.checkVariable(name)
    return options.environment[name]
  }

  // MARK: Parameters

  func give(_ parameters: [(name: String, value: String)]) {
    lock.withLock {
      given = [:]
      for (name, text) in parameters { given[name] = (LiteralReader.value(text), text) }
      reached = []
    }
  }

  public func parameter(_ request: ParameterRequest, _ vm: VM) throws -> Value? {
    let value = try givenValue(of: request, vm)
    let recorded = try Cell(value ?? request.defaultValue, vm)
    lock.withLock {
      reached.append(Cell.Entry(key: .string(request.name), value: recorded))
    }
    recorder.start()
    // It may have waited for the store.
    try vm.checkInterrupt()
    return value
  }

  /// The value that a parameter was given on the command line; nil where it was given none.
  func givenValue(of request: ParameterRequest, _ vm: VM) throws -> Value? {
    guard let given = lock.withLock({ given[request.name] }) else { return nil }
    // What stands for a text is one, even where it looks like a number; a whole number does for a fraction.
    let cell =
      switch (try Cell(request.defaultValue, vm), given.value) {
      case (.string, .string): given.value
      case (.string, _): Cell.string(given.text)
      case (.float, .int(let whole)): Cell.float(Double(whole))
      default: given.value
      }
    return request.fitted(cell.encode(vm))
  }

  // MARK: Tests

  public func test(_ name: String, _ body: Callable, _ vm: VM) throws {
    guard options.runsTests else { return }
    do {
      _ = try body.call()
      lock.withLock { testResults.append(TestResult(name: name, failure: nil)) }
    } catch let fault as Fault where fault.isCatchable {
      lock.withLock { testResults.append(TestResult(name: name, failure: fault.diagnostic)) }
    }
  }

  /// The seed of the run: given, drawn, or taken over from the run that is being continued.
  public var seed: Int { lock.withLock { currentSeed } }

  // MARK: The record of runs

  public var workers: Int { options.workers }

  /// Says what runs now; its record starts with its first parameter, data or sweep.
  func begin(_ program: Program, _ identity: RunIdentity) {
    lock.withLock {
      running = (program, identity)
      failures = SweepFailures()
      storeProblem = nil
    }
    recorder.begin(identity, seed: seed)
  }

  /// Takes over the seed of the latest run of the same script, so that its finished trials count, and says so. Gives
  /// it, where there was one.
  func adoptSeed(of identity: RunIdentity) -> Int? {
    guard options.seed == nil, !options.startsFresh, !options.drawsSeed,
      let earlier = recorder.earlierRun(of: identity)
    else { return nil }
    lock.withLock { currentSeed = earlier.seed }
    progress.note(
      "seed \(earlier.seed), as in run \(earlier.number) of this script (`--seed new` draws another)"
    )
    return earlier.seed
  }

  public func record(_ event: RunEvent, _ vm: VM) { recorder.record(event, TrialPlace.of(vm)) }

  /// The run is over.
  func end(_ status: RunStatus, message: String?, isStopped: Bool = false) {
    recorder.end(status, message: message, isStopped: isStopped)
  }

  /// What is wrong with the failures of the run's sweeps; nil where nothing is, or the script has seen to it.
  var unseenFailures: Diagnostic? { lock.withLock { failures.problem } }

  public func sawFailures(ofSweep sweep: Int) { lock.withLock { failures.see(sweep) } }

  public func recordedRuns(limit: Int) throws -> Table {
    guard let found = try consult({ try $0?.runs(limit: limit) }) else {
      return try RunListing.table([])
    }
    for problem in found.problems { progress.note("warning: \(problem)") }
    return try RunListing.table(found.runs)
  }

  public func recordedRun(_ number: Int) throws -> [Cell.Entry] {
    RunListing.entries(try detail(number))
  }

  public func recordedTable(_ number: Int, sweep: Int) throws -> Table {
    let trials = try detail(number).trials.filter { $0.sweep == sweep }
    guard !trials.isEmpty else {
      throw Fault(.index, "run \(number) has no recorded trials of a sweep \(sweep)")
    }
    let names = trials[0].axes.map(\.key.text)
    return try SweepDriver.table(SweepPlan(names: names, combinations: []), trials)
  }

  func detail(_ number: Int) throws -> RunDetail {
    guard let detail = try consult({ try $0?.run(number) }) else {
      throw Fault(.index, "there is no run \(number)", hint: "`runs.list()` shows them")
    }
    for problem in detail.problems { progress.note("warning: \(problem)") }
    return detail
  }

  private func consult<Result>(_ body: (RunStore?) throws -> Result) throws -> Result {
    do {
      return try body(recorder.existingStore())
    } catch let error as StoreError {
      throw fault(of: error)
    }
  }

  /// What a script sees of a store that cannot be used; a wait for it that was stopped is no error.
  private func fault(of error: StoreError) -> Fault {
    interrupt.endsRun ? .interrupted() : Fault(.io, error.message, hint: error.hint)
  }

  // MARK: Sweeps

  public func sweep(_ request: SweepRequest, _ vm: VM) throws -> Value {
    let plan = SweepPlan(
      names: request.axes,
      combinations: try request.combinations.enumerated().map { index, values in
        try vm.checkInterrupt(turn: index)
        return try values.map { try Cell($0, vm) }
      })
    output.flush()
    let number = lock.withLock {
      sweepCount += 1
      return sweepCount
    }
    let (index, trials): (Int, RunTrials?)
    do {
      let door = door
      (index, trials) = try recorder.beginSweep(trials: plan.combinations.count) {
        try door.content(ofNamed: $0)
      }
    } catch let error as StoreError {
      throw fault(of: error)
    }
    // What ran outside of a ledger may have had seeded noise, and was never charged.
    let stream =
      (vm.fixedSeed.map { "fixed \($0)" } ?? "\(seed)") + (vm.ledgerTerms.map { ", " + $0 } ?? "")
    let keys: [Fingerprint]
    if trials == nil {
      keys = try plan.combinations.indices.map { trial in
        try Cancellation.check(turn: trial)
        return Fingerprint(["trial", "\(index)", "\(trial)"])
      }
    } else {
      keys = try TrialNames(request, plan, surroundings(request, sweep: index, stream: stream)).keys
    }
    let spending = SweepSpending(vm)
    defer { spending.notes().forEach(progress.note) }
    let outcome = try run(request, plan, sweep: index, store: trials, keys: keys, stream: stream)
    spending.found = outcome.found
    report(outcome.failed, of: plan.combinations.count, number: number, request)
    return vm.box(try SweepDriver.table(plan, outcome.trials, number: number))
  }

  private func surroundings(_ request: SweepRequest, sweep: Int, stream: String)
    -> TrialNames.Surroundings
  {
    let (running, reached) = lock.withLock { (self.running, self.reached) }
    return TrialNames.Surroundings(
      stream: stream, version: running?.identity.version ?? Fingerprint.build,
      origin: { [self] in
        guard let running else { return [UUID().uuidString] }
        let isMain = request.source === running.program.source
        var parts = [running.program.code(until: isMain ? request.span : nil), "\(sweep)"]
        // Cells that ran before.
        if running.identity.place == nil { parts.append(running.identity.text) }
        parts += running.identity.imports.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        parts.append(CellCoding.encode(.map(reached)))
        parts.append("\(seed)")
        parts += inputs.data.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
        return parts
      },
      environment: { [options] in
        options.environment.filter { options.allowEnvironment.contains($0.key) }
          .map { "\($0.key)=\($0.value)" }.sorted()
      })
  }

  /// What went into the run so far.
  private var inputs: RunRecorder.Inputs {
    RunRecorder.Inputs(data: reads.contents, parameters: lock.withLock { reached })
  }

  private func run(
    _ request: SweepRequest, _ plan: SweepPlan, sweep: Int, store: (any TrialStore)?,
    keys: [Fingerprint], stream: String
  ) throws -> SweepDriver.Outcome {
    let streams = try plan.streams(stream)
    forgetNotes()
    let driver = SweepDriver(
      plan: plan, keys: keys, sweepIndex: sweep, store: store, takesUp: !options.startsFresh,
      progress: progress)
    let interrupt = interrupt
    let outcome: SweepDriver.Outcome
    do {
      outcome = try driver.run(workers: options.workers) { worker, trial in
        let random = RandomState(key: streams[trial])
        let place = TrialPlace(key: keys[trial], axes: plan.axes(trial))
        if self.options.workers == 1 { return self.runTrial(request, trial, random, place) }
        return Cancellation.when({ interrupt.isSet }, abandons: { interrupt.endsRun }) {
          Library.serially { self.runTrial(request, trial, random, place) }
        }
      }
    } catch let error as StoreError {
      throw fault(of: error)
    }
    recorder.noteInputs()
    if outcome.wasInterrupted {
      let unrecorded = outcome.problem?.count ?? 0
      let done = outcome.trials.reduce(0) { $0 + ($1 == nil ? 0 : 1) } - unrecorded
      let count = plan.combinations.count
      throw Fault.interrupted(
        store == nil
          ? "interrupted after \(done) of \(count) trials"
          : "interrupted; \(done) of \(count) trials are finished and recorded, run it again to do the rest"
      )
    }
    if let problem = outcome.problem {
      lock.withLock {
        storeProblem = StoreError(
          message: problem.error.message
            + "; \(problem.count) finished trials are not recorded",
          hint: problem.error.hint)
      }
    }
    return outcome
  }

  /// Says how many trials failed.
  private func report(
    _ failed: [TrialRecord], of trials: Int, number: Int, _ request: SweepRequest
  ) {
    guard case .failure(_, let message)? = failed.first?.outcome else { return }
    progress.note(
      "sweep: " + SweepFailures.text(failed: failed.count, of: trials) + "; the first: \(message)")
    lock.withLock {
      failures.add(
        sweep: number, trials: trials, failed: failed.count, first: message,
        place: Diagnostic.Label(request.source, request.span))
    }
  }

  private func runTrial(
    _ request: SweepRequest, _ trial: Int, _ random: RandomState, _ place: TrialPlace
  ) -> TrialOutcome {
    if interrupt.isSet { return .interrupted }
    let log = ReadLog(within: reads)
    do {
      let maker = lock.withLock {
        trialCount += 1
        return trialCount
      }
      let value = try throughDoor(log: log) {
        try Parameter.$currentMaker.withValue(maker) {
          try request.runTrial(trial, random: random, configure: { place.mark($0) })
        }
      }
      guard case .map(let entries) = Cell(value) else {
        return .failure(kind: "type", message: "the trial gave no map")
      }
      if let lost = Cell.map(entries).lost {
        throw SweepRequest.unrecorded(lost.path, "only the text \(lost.text) would be kept")
      }
      return .result(entries, reading: log.contents)
    } catch let fault as Fault {
      // Limits of the run end the sweep as an interrupt does: the trial has not failed.
      if !fault.isCatchable { return .interrupted }
      let place = fault.labels.first.map { label -> String in
        let position = label.source.position(of: Int(label.span.start))
        return " (\(label.source.name):\(position.line):\(position.column))"
      }
      return .failure(kind: fault.kind.rawValue, message: fault.message + (place ?? ""))
    } catch {
      if let fault = (error as? any FaultConvertible)?.fault, !fault.isCatchable {
        return .interrupted
      }
      return .failure(kind: "value", message: "\(error)")
    }
  }
}

extension ReadLog {
  /// What was read, by name, with the fingerprints of the contents.
  fileprivate var contents: [String: String] {
    Dictionary(entries.map { ($0.name, $0.content) }) { _, _ in ReadLog.changed }
  }
}

extension SweepPlan {
  /// The random stream of each trial: of the seed and the trial's own values only, never of when or where it runs.
  /// - Throws: `interrupt`.
  func streams(_ seed: String) throws -> [UInt64] {
    try zip(combinations.indices, occurrences()).map { trial, occurrence in
      try Cancellation.check(turn: trial)
      return Fingerprint(["stream", seed, CellCoding.encode(.map(axes(trial))), "\(occurrence)"])
        .word
    }
  }
}
