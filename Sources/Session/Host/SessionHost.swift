import Builtins
import CSystem
import Files
import Foundation
import Runtime
import Syntax
import Tables
import Tensor

/// The program around a script: its output, files, parameters, sweeps and record.
public final class SessionHost: HostServices, @unchecked Sendable {
  // Trials call from several threads: what changes is guarded by `lock`, `Output` and `ProgressLine` have their own.
  private let lock = NSLock()
  let options: SessionOptions
  let output: Output
  let progress: ProgressLine
  public let display: Display
  private var currentSeed: Int
  private let interrupt: InterruptFlag
  private var sandbox: Sandbox
  /// What the run has read so far, its trials included.
  let reads = ReadLog()
  private var given: [String: (value: Cell, text: String)] = [:]
  /// The parameters that the script has reached, with their values.
  private var reached: [Cell.Entry] = []
  private var context: RunContext?
  private var openStore: RunStore?
  private(set) var testResults: [TestResult] = []
  /// What trials of the present sweep have remarked.
  private var notesOfTrials: Set<String> = []
  /// Why recorded results are missing from the store, for the end of the run.
  private(set) var storeProblem: StoreError?

  /// A script that runs, as far as its record is concerned.
  private struct RunContext {
    var identity: RunIdentity
    var number: Int?
    var sweeps = 0
  }

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
      descriptor: STDOUT_FILENO, flushesLines: isTerminal, isInterrupted: { interrupt.isSet },
      onClosed: { interrupt.set() })
    if let remark = options.remark {
      progress = ProgressLine(
        isTerminal: false, coloured: false, columns: { 80 },
        now: { ProcessInfo.processInfo.systemUptime }, write: remark)
    } else {
      progress = ProgressLine(coloured: mayColour)
    }
    sandbox = SessionHost.sandbox(options, scriptDirectory: nil, log: reads)
  }

  /// What a script may touch. A path that the person at the command line gives to a parameter may be read (or found to be missing).
  private static func sandbox(_ options: SessionOptions, scriptDirectory: String?, log: ReadLog)
    -> Sandbox
  {
    let store =
      options.storeDirectory
      ?? RunStore.defaultDirectory(
        workingDirectory: options.workingDirectory, environment: options.environment, making: false)
    if options.isInteractive {
      return .unrestricted(
        workingDirectory: options.workingDirectory, store: store, log: log)
    }
    return Sandbox(
      workingDirectory: options.workingDirectory, scriptDirectory: scriptDirectory,
      allowRead: options.allowRead + options.parameters.map(\.value),
      allowWrite: options.allowWrite, allowEnvironment: options.allowEnvironment, store: store,
      log: log)
  }

  /// The rules of NO_COLOR and of terminals without colours.
  static func allowsColour(_ environment: [String: String]) -> Bool {
    (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
  }

  // MARK: Output

  public func print(_ text: String) {
    progress.clear()
    if let print = options.print { print(text) } else { output.write(text) }
  }

  public func note(_ text: String) { progress.note(text) }
  public func noteOfTrial(_ text: String) {
    if lock.withLock({ notesOfTrials.insert(text).inserted }) { progress.note(text) }
  }
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
    startRecord()
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
    let value = givenValue(of: request, vm)
    let recorded = Cell(value ?? request.defaultValue, vm)
    lock.withLock {
      reached.append(Cell.Entry(key: .string(request.name), value: recorded))
    }
    startRecord()
    return value
  }

  /// The value that a parameter was given on the command line; nil where it was given none.
  func givenValue(of request: ParameterRequest, _ vm: VM) -> Value? {
    guard let given = lock.withLock({ given[request.name] }) else { return nil }
    // What stands for a text is one, even where it looks like a number; a whole number does for a fraction.
    let cell =
      switch (Cell(request.defaultValue, vm), given.value) {
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

  private var storeDirectory: String {
    options.storeDirectory
      ?? RunStore.defaultDirectory(
        workingDirectory: options.workingDirectory, environment: options.environment, making: false)
  }

  /// The run store, made where there is none.
  private func store() throws -> RunStore {
    if let openStore { return openStore }
    let directory =
      options.storeDirectory
      ?? RunStore.defaultDirectory(
        workingDirectory: options.workingDirectory, environment: options.environment, making: true)
    let store = try RunStore(directory: directory)
    openStore = store
    return store
  }

  /// The run store, if runs were recorded here before.
  func existingStore() throws -> RunStore? {
    if let openStore { return openStore }
    guard FileManager.default.fileExists(atPath: storeDirectory + "/runs.sqlite") else {
      return nil
    }
    return try store()
  }

  /// Says what runs now; its record starts with its first parameter, data or sweep.
  func begin(_ identity: RunIdentity) {
    lock.withLock {
      context = RunContext(identity: identity)
      storeProblem = nil
    }
  }

  /// Takes over the seed of the latest run of this identity, so that its finished trials count. Gives it, where there
  /// was one.
  func adoptSeed(of identity: RunIdentity) -> Int? {
    guard options.recordsRuns, options.seed == nil, !options.startsFresh,
      let earlier = try? existingStore()?.latestSeed(of: identity)
    else { return nil }
    lock.withLock { currentSeed = earlier }
    return earlier
  }

  /// Starts the record of a run that has parameters or has read data: a run that is killed leaves a trace. What cannot be recorded
  /// now is told when it matters, by the first sweep.
  private func startRecord() {
    guard options.recordsRuns, !options.isInteractive else { return }
    let (identity, number) = lock.withLock { (context?.identity, context?.number) }
    guard let identity, number == nil, let store = try? store(),
      let run = try? store.begin(identity, seed: seed)
    else { return }
    lock.withLock { context?.number = run }
  }

  public func record(_ event: RunEvent, _ vm: VM) {
    startRecord()
    guard let run = lock.withLock({ context?.number }), let openStore else { return }
    do {
      try openStore.record(event, of: TrialPlace.of(vm), run: run)
    } catch {
      let reason = (error as? StoreError)?.message ?? "\(error)"
      note("warning: \(reason); a \(event.kind) is missing from the record")
    }
  }

  /// The run is over.
  func end(_ status: RunStatus, message: String?) {
    // What cannot be said now is no loss: the trials are recorded, and a run without an end counts as running.
    guard let context = lock.withLock({ context }), let run = context.number, let openStore else {
      return
    }
    // A sweep has noted this when it began.
    if context.sweeps == 0 { noteInputs() }
    try? openStore.finish(run: run, status: status, message: message)
  }

  public func recordedRuns(limit: Int) throws -> Table {
    try RunListing.table(try consult { try $0?.runs(limit: limit) } ?? [])
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
    return SweepDriver.table(SweepPlan(names: names, combinations: []), trials)
  }

  func detail(_ number: Int) throws -> RunDetail {
    guard let detail = try consult({ try $0?.run(number) }) else {
      throw Fault(.index, "there is no run \(number)", hint: "`runs.list()` shows them")
    }
    return detail
  }

  private func consult<Result>(_ body: (RunStore?) throws -> Result) throws -> Result {
    do {
      return try body(existingStore())
    } catch let error as StoreError {
      throw Fault(.io, error.message, hint: error.hint)
    }
  }

  // MARK: Sweeps

  public func sweep(_ request: SweepRequest, _ vm: VM) throws -> Value {
    let plan = SweepPlan(
      names: request.axes, combinations: request.combinations.map { $0.map { Cell($0, vm) } })
    output.flush()
    let (store, runNumber, index, keys) = try record(plan)
    let trials = store.map { RunTrials(store: $0, run: runNumber) }
    return try run(request, plan, sweep: index, store: trials, keys: keys, vm)
  }

  /// Starts or takes up the record of a sweep.
  private func record(_ plan: SweepPlan) throws -> (RunStore?, Int, Int, [Fingerprint]) {
    let index = lock.withLock {
      defer { context?.sweeps += 1 }
      return context?.sweeps ?? 0
    }
    guard options.recordsRuns, let identity = lock.withLock({ context?.identity }) else {
      return (nil, 0, index, plan.keys(of: []))
    }
    do {
      let store = try store()
      let number = try lock.withLock { context?.number } ?? store.begin(identity, seed: seed)
      lock.withLock { context?.number = number }
      let data = readContents
      let earlier = try store.run(number)?.data ?? []
      try store.plan(
        run: number, trials: plan.combinations.count, data: data,
        parameters: lock.withLock { reached })
      // Files that trials of an earlier attempt have read are not known yet, but must be the same for these to count.
      let changed = try earlier.first { name, content in
        try data[name] == nil && door.content(ofNamed: name) != content
      }
      var parts = [identity.fingerprint.description, "\(seed)", "sweep \(index)"]
      parts += data.sorted { $0.key < $1.key }.flatMap { [$0.key, $0.value] }
      if let changed { parts += [changed.path, try door.content(ofNamed: changed.path)] }
      return (store, number, index, plan.keys(of: parts))
    } catch let error as StoreError {
      throw Fault(.io, error.message, hint: error.hint)
    }
  }

  /// What the run has read so far, by name.
  private var readContents: [String: String] {
    Dictionary(reads.entries.map { ($0.name, $0.content) }) { _, _ in ReadLog.changed }
  }

  private func run(
    _ request: SweepRequest, _ plan: SweepPlan, sweep: Int, store: (any TrialStore)?,
    keys: [Fingerprint], _ vm: VM
  ) throws -> Value {
    let streams = plan.streams(seed: seed)
    lock.withLock { notesOfTrials = [] }
    let driver = SweepDriver(
      plan: plan, keys: keys, sweepIndex: sweep, store: store, progress: progress)
    let interrupt = interrupt
    let outcome: SweepDriver.Outcome
    do {
      outcome = try driver.run(workers: options.workers) { worker, trial in
        let random = RandomState(key: streams[trial])
        let place = TrialPlace(key: keys[trial], axes: plan.axes(trial))
        if self.options.workers == 1 { return self.runTrial(request, trial, random, place) }
        return Cancellation.when({ interrupt.isSet }) {
          Builtins.serially { self.runTrial(request, trial, random, place) }
        }
      }
    } catch let error as StoreError {
      throw Fault(.io, error.message, hint: error.hint)
    }
    noteInputs()
    if outcome.wasInterrupted {
      let done = outcome.trials.reduce(0) { $0 + ($1 == nil ? 0 : 1) }
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
    return vm.box(SweepDriver.table(plan, outcome.trials))
  }

  private func runTrial(
    _ request: SweepRequest, _ trial: Int, _ random: RandomState, _ place: TrialPlace
  ) -> TrialOutcome {
    if interrupt.isSet { return .interrupted }
    do {
      let value = try throughDoor {
        try request.runTrial(trial, random: random, configure: { place.mark($0) })
      }
      guard case .map(let entries) = Cell(value) else {
        return .failure(kind: "type", message: "the trial gave no map")
      }
      return .result(entries)
    } catch let fault as Fault {
      if fault.kind == .interrupt { return .interrupted }
      let place = fault.labels.first.map { label -> String in
        let position = label.source.position(of: Int(label.span.start))
        return " (\(label.source.name):\(position.line):\(position.column))"
      }
      return .failure(kind: fault.kind.rawValue, message: fault.message + (place ?? ""))
    } catch {
      return .failure(kind: "value", message: "\(error)")
    }
  }

  /// Notes the parameters that were reached and the files that were read so far, by trials too.
  private func noteInputs() {
    guard let run = lock.withLock({ context?.number }), let openStore else { return }
    try? openStore.plan(
      run: run, trials: 0, data: readContents, parameters: lock.withLock { reached })
  }
}

extension SweepPlan {
  /// What identifies each trial in the record: the run and the trial's own values.
  func keys(of run: [String]) -> [Fingerprint] {
    zip(combinations.indices, occurrences).map { trial, occurrence in
      Fingerprint(["trial"] + run + [CellCoding.encode(.map(axes(trial))), "\(occurrence)"])
    }
  }

  /// The random stream of each trial: of the seed and the trial's own values only, never of when or where it runs.
  func streams(seed: Int) -> [UInt64] {
    zip(combinations.indices, occurrences).map { trial, occurrence in
      Fingerprint(["stream", "\(seed)", CellCoding.encode(.map(axes(trial))), "\(occurrence)"]).word
    }
  }
}
