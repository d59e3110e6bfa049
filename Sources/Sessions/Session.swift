import Builtins
import CSystem
import Foundation
import Foundations
import Runtime
import Syntax
import Tables
import Tensors

/// One conversation with the language: what the command line, the REPL, notebooks and tests all call.
///
/// A session is used from one thread at a time. What it executes runs on a thread of its own with a big stack, so that
/// deep recursion ends in an error.
public final class Session {
  public let options: SessionOptions
  public let host: SessionHost
  public let interpreter: Interpreter
  let imports: Imports
  /// What earlier cells have declared, for the check of the next one.
  var declared: [String: Entity] = [:]
  /// The number of the next cell.
  public private(set) var cellNumber = 1
  /// The cells that ran without an error.
  public private(set) var transcript: [String] = []
  /// Imports that were checked already, and those being checked now, to notice circles.
  private var checkedImports: Set<Spelling> = []

  public enum Status: Sendable {
    case success
    /// An error in the script.
    case failure
    /// A wrong command: an unknown parameter, a missing script.
    case misuse
    case interrupted
  }

  /// What executing a text gave.
  public struct Reply {
    public var status: Status
    /// The value of the last expression as text; nil where there is none or it is nil.
    public var text: String?
    /// What went wrong, or is worth a warning.
    public var diagnostics: [Diagnostic]

    init(_ status: Status, text: String? = nil, diagnostics: [Diagnostic] = []) {
      self.status = status
      self.text = text
      self.diagnostics = diagnostics
    }
  }

  public init(options: SessionOptions = SessionOptions()) {
    self.options = options
    let interrupt = InterruptFlag()
    let seed = options.seed ?? Int.random(in: 0..<(1 << 32))
    host = SessionHost(options: options, interrupt: interrupt, seed: seed)
    interpreter = Interpreter(
      host: host, interrupt: interrupt, seed: Session.key(of: seed), limits: options.limits)
    Library.install(in: interpreter)
    let host = host
    imports = Imports(workingDirectory: options.workingDirectory) { host.door }
    interpreter.freesMemory = {
      Library.freeMemory()
      fairlead_trim_memory()
    }
    if let threads = options.threads { Library.setThreads(threads) }
    let imports = imports
    interpreter.loader = { path, importer in try imports.program(path, importer: importer) }
  }

  /// The root of all random streams of a run.
  private static func key(of seed: Int) -> UInt64 { Fingerprint(["seed", "\(seed)"]).word }

  func forgetTranscript() { transcript = [] }

  // MARK: Interrupts

  /// Makes Ctrl-C stop what this session runs. One session of a process has it at a time. A prompt waits longer for
  /// what does not listen: all that its session holds ends with the process.
  public func watchInterrupts() {
    Interrupts.flag = interpreter.interrupt
    fairlead_watch_interrupts(
      { Interrupts.flag?.set() == .interrupt ? 1 : 0 }, options.isInteractive ? 10_000 : 300)
    Interrupts.output = host.output
    fairlead_exit_without_memory { Interrupts.output?.rescue() }
    interpreter.lastResort = { [host] fault in Session.end(for: fault, host) }
  }

  /// Ends the process because something has passed a limit and does not listen.
  private static func end(for fault: Fault, _ host: SessionHost) {
    host.output.rescue()
    // Who does not listen may hold what the record needs: it is not waited for long.
    let isRecorded = DispatchSemaphore(value: 0)
    Thread.detachNewThread {
      host.end(.failed, message: fault.message)
      isRecorded.signal()
    }
    _ = isRecorded.wait(timeout: .now() + 0.5)
    let text = Array("error: \(fault.message)\n".utf8)
    _ = text.withUnsafeBytes { write(STDERR_FILENO, $0.baseAddress, $0.count) }
    _exit(1)
  }

  /// Asks what runs to stop; for other threads.
  public func interrupt() { interpreter.interrupt.set() }

  /// Whether Ctrl-C was pressed and not answered yet.
  public static var wasInterrupted: Bool { fairlead_was_interrupted() != 0 }

  /// Whether the process was asked to end (SIGTERM, SIGHUP).
  public static var wasTerminated: Bool { fairlead_was_terminated() != 0 }

  public func clearInterrupt() {
    interpreter.interrupt.clear()
    fairlead_clear_interrupt()
  }

  // MARK: Executing

  /// Runs a cell of the REPL or a notebook.
  public func execute(_ text: String) -> Reply {
    let number = cellNumber
    cellNumber += 1
    clearInterrupt()
    let source = Source(name: "[\(number)]", text: text)
    let reply = onBigStack { self.run(source, isCell: true, number: number) }
    // A cell that failed has the result nil, as one without a value.
    if declared["_\(number)"] == nil { keep(.nothing, as: "_\(number)") }
    if reply.status == .success { transcript.append(text) }
    clearInterrupt()
    return reply
  }

  /// Runs a text that no file holds: `-e`, standard input.
  public func run(text: String, name: String) -> Reply {
    onBigStack { self.run(Source(name: name, text: text), isCell: false, number: 0) }
  }

  /// Runs the script that comes from standard input.
  public func runStandardInput() -> Reply {
    do {
      return run(text: try Imports.readStandardInput(), name: "standard input")
    } catch let diagnostic as Diagnostic {
      return unread(diagnostic)
    } catch {
      return Reply(.misuse, diagnostics: [Diagnostic(.io, "\(error)")])
    }
  }

  /// The reply where a script could not be read.
  private func unread(_ diagnostic: Diagnostic) -> Reply {
    Reply(diagnostic.kind == .interrupt ? .interrupted : .misuse, diagnostics: [diagnostic])
  }

  /// Runs a script file, or a module of the standard library by its name (`std.experiments.epsilon_sweep`).
  public func run(path: String) -> Reply {
    onBigStack {
      do {
        let source = try self.source(of: path)
        return self.run(source, isCell: false, number: 0)
      } catch let diagnostic as Diagnostic {
        return self.unread(diagnostic)
      } catch {
        return Reply(.misuse, diagnostics: [Diagnostic(.io, "\(error)")])
      }
    }
  }

  /// The source of a script, with leave to use its folder.
  func source(of path: String) throws -> Source {
    if path.hasPrefix("std."), !FileManager.default.fileExists(atPath: path) {
      let source = Source(name: "-", text: "")
      return try imports.program(.standard(String(path.dropFirst(4))), importer: source).source
    }
    let text = try Imports.read(
      Sandbox.absolute(path, below: options.workingDirectory), shownAs: path, acceptsPipes: true)
    host.openFolder(Imports.directory(of: path, below: options.workingDirectory))
    return Source(name: path, text: text)
  }

  private func onBigStack(_ body: @escaping () -> Reply) -> Reply {
    do {
      let interrupt = interpreter.interrupt
      return try BigStack.run {
        Cancellation.when({ interrupt.isSet }, abandons: { interrupt.endsRun }, body)
      }
    } catch {
      return Reply(.failure, diagnostics: [Diagnostic(.limit, "\(error)")])
    }
  }

  private func run(_ source: Source, isCell: Bool, number: Int) -> Reply {
    var warnings: [Diagnostic] = []
    do {
      let program = try Parsing.parse(source)
      let found = check(program, isMainScript: false)
      warnings = isCell ? found.filter { $0.severity == .warning } : []
      let errors = found.filter { $0.severity == .error }
      if !errors.isEmpty { return Reply(.failure, diagnostics: errors) }
      if !isCell, let misuse = try giveParameters(to: program) { return misuse }
      host.forgetNotes()
      let value = try interpreter.watching {
        begin(program, isCell: isCell)
        try interpreter.vm.checkInterrupt()
        let value = try host.throughDoor { try interpreter.run(program) }
        // Whoever reads what was printed is waited for as long as the run may take.
        if !host.output.flush() { try interpreter.vm.checkInterrupt() }
        return value
      }
      declared.merge(Checking.declarations(of: program)) { $1 }
      let text = try finish(value, isCell: isCell, number: number)
      host.output.flush()
      if let lost = lostOutput {
        host.end(.failed, message: lost.message)
        return Reply(.failure, text: text, diagnostics: [lost])
      }
      if let problem = host.storeProblem {
        host.end(.finished, message: problem.message)
        return Reply(
          .failure, text: text,
          diagnostics: [Diagnostic(.io, problem.message, hint: problem.hint)])
      }
      if let failures = host.unseenFailures, !isCell {
        host.end(.failed, message: failures.message)
        return Reply(.failure, text: text, diagnostics: [failures])
      }
      host.end(.finished, message: nil)
      return Reply(.success, text: text, diagnostics: warnings)
    } catch let fault as Fault {
      // Names that were declared before the error are there.
      if isCell, let program = try? Parsing.parse(source) { declareWhatExists(program) }
      var diagnostic = fault.diagnostic
      if isCell, let partial = fault.partialResult {
        keep(interpreter.vm.value(of: partial), as: "_", "_\(number)")
        diagnostic.hint = "`_` is what it had got so far"
      }
      return failed(diagnostic, isMisuse: fault.isMisuse, isStopped: !fault.isCatchable)
    } catch let diagnostics as Diagnostics {
      return Reply(.failure, diagnostics: diagnostics.all)
    } catch let diagnostic as Diagnostic {
      return failed(diagnostic)
    } catch {
      return failed(Diagnostic(.value, "\(error)"))
    }
  }

  /// - Parameter isStopped: an interrupt or a limit has ended what ran.
  private func failed(
    _ diagnostic: Diagnostic, isMisuse: Bool = false, isStopped: Bool = false
  ) -> Reply {
    host.progress.clear()
    let hurries =
      diagnostic.kind == .interrupt || isStopped && options.limits.seconds != nil
    host.output.flush(isOver: hurries)
    if diagnostic.kind == .interrupt {
      host.end(.interrupted, message: nil, isStopped: true)
      if let lost = lostOutput { return Reply(.failure, diagnostics: [lost]) }
      // Nobody reads what this prints any more: that is no error of the script.
      if host.output.isClosed { return Reply(.success) }
      return Reply(.interrupted, diagnostics: [diagnostic])
    }
    host.end(.failed, message: diagnostic.message, isStopped: hurries)
    return Reply(isMisuse ? .misuse : .failure, diagnostics: [diagnostic])
  }

  /// What is wrong where printed results could not be written.
  private var lostOutput: Diagnostic? {
    host.output.problem.map { Diagnostic(.io, "standard output cannot be written: \($0)") }
  }

  private func declareWhatExists(_ program: Program) {
    for (name, entity) in Checking.declarations(of: program)
    where interpreter.lookup(name) != nil && interpreter.entities[name] == nil {
      declared[name] = entity
    }
  }

  /// The items of a list or map that a cell's result shows.
  static let echoedItems = 100

  /// Keeps a cell's value as `_` and `_<number>`, and gives its text.
  private func finish(_ value: Value, isCell: Bool, number: Int) throws -> String? {
    if isCell { keep(value, as: "_\(number)") }
    if value.isNothing { return nil }
    guard isCell else { return try Representation.text(of: value, quoted: false, interpreter.vm) }
    keep(value, as: "_")
    return try Representation.echo(value, items: Session.echoedItems, interpreter.vm)
  }

  private func keep(_ value: Value, as names: String...) {
    for name in names {
      // Fails where there are too many variables; the cell's text is shown all the same.
      guard (try? interpreter.setVariable(name, value)) != nil else { continue }
      declared[name] = .value
    }
  }

  // MARK: What goes before a run

  /// Everything that is wrong with a program and its imports.
  func check(
    _ program: Program, isMainScript: Bool, warnings: Bool = true, isImported: Bool = false
  ) -> [Diagnostic] {
    let source = program.source
    var ofImports: [Diagnostic] = []
    // The checker's closure has to be Sendable; it is called on this thread, before `check` returns.
    nonisolated(unsafe) let session = self
    nonisolated(unsafe) let collected = Box<[Diagnostic]>([])
    let environment = CheckEnvironment(
      globals: interpreter.entities(for: source).merging(declared) { $1 },
      assignable: Set(declared.keys),
      judge: interpreter.judge(
        sweepType: Library.sweepType, recordedTypes: Library.recordedTypes)
    ) { path in
      let imported = try session.imports.program(path, importer: source)
      if session.checkedImports.add(imported.source.name) {
        collected.value += session.check(
          imported, isMainScript: false, warnings: false, isImported: true)
      }
      return .module(Checking.exports(of: imported), callable: nil)
    }
    let own = interpreter.whileChecking {
      Checking.check(
        program, in: environment,
        options: Checking.Options(
          isMainScript: isMainScript, warnings: warnings, isImported: isImported))
    }
    ofImports = collected.value
    return ofImports + own
  }

  /// Everything that is wrong with a script, warnings included.
  public func check(path: String, privacy: Bool = false) -> Reply {
    onBigStack {
      do {
        let program = try Parsing.parse(self.source(of: path))
        var found = self.check(program, isMainScript: true)
        if privacy { found += PrivacyCheck.warnings(program) }
        let failed = found.contains { $0.severity == .error }
        return Reply(failed ? .failure : .success, diagnostics: found)
      } catch let diagnostics as Diagnostics {
        return Reply(.failure, diagnostics: diagnostics.all)
      } catch let diagnostic as Diagnostic {
        return Reply(.misuse, diagnostics: [diagnostic])
      } catch {
        return Reply(.misuse, diagnostics: [Diagnostic(.io, "\(error)")])
      }
    }
  }

  /// The parameters of a script, with their documentation.
  public struct ParameterInfo: Sendable {
    public var name: String
    public var defaultText: String
    public var domainText: String?
    public var doc: String?
  }

  public func parameters(path: String) throws -> [ParameterInfo] {
    try BigStack.run {
      let source = try self.source(of: path)
      func text(_ span: Span) -> String {
        String(decoding: source.bytes[Int(span.start)..<Int(span.end)], as: UTF8.self)
      }
      return Session.parameters(of: try Parsing.parse(source)).map { parameter in
        ParameterInfo(
          name: parameter.name, defaultText: text(parameter.defaultValue.span),
          domainText: parameter.domain.map { text($0.span) }, doc: parameter.doc)
      }
    }
  }

  static func parameters(of program: Program) -> [Syntax.Param] {
    program.statements.compactMap {
      if case .param(let parameter) = $0.kind { parameter } else { nil }
    }
  }

  /// Gives the values of `-p` to the host; a reply where one names no parameter of the script.
  private func giveParameters(to program: Program) throws -> Reply? {
    let known = Session.parameters(of: program).map(\.name)
    for (name, _) in options.parameters where !known.contains(name) {
      let hint =
        Suggest.nearest(to: name, in: known).map { "did you mean `\($0)`?" }
        ?? (known.isEmpty
          ? "it has no parameters" : "its parameters are " + known.joined(separator: ", "))
      return Reply(
        .misuse,
        diagnostics: [
          Diagnostic(.name, "`\(program.source.name)` has no parameter `\(name)`", hint: hint)
        ])
    }
    host.give(options.parameters)
    guard !options.parameters.isEmpty else { return nil }
    // What can be told of them is told before anything runs.
    try interpreter.checkParameters(of: program) { request in
      try host.givenValue(of: request, interpreter.vm)
    }
    return nil
  }

  /// Tells the host what runs, and takes over the seed of the latest run of the same script.
  private func begin(_ program: Program, isCell: Bool) {
    let name = program.source.name
    let identity = RunIdentity(
      script: name, place: isCell ? nil : place(of: name),
      text: isCell
        ? (transcript + [program.source.text]).joined(separator: "\n") : program.source.text,
      imports: imports.texts,
      parameters: Dictionary(
        options.parameters.map { ($0.name, LiteralReader.value($0.value)) },
        uniquingKeysWith: { $1 }
      ).map { Cell.Entry(key: .string($0.key), value: $0.value) },
      version: Library.version + " " + Fingerprint.build)
    if !isCell, let seed = host.adoptSeed(of: identity) {
      interpreter.vm.random = RandomState(key: Session.key(of: seed))
    }
    host.begin(program, identity)
  }

  /// Where a script lies, however it was named; nil for a text that no file holds.
  private func place(of name: String) -> String? {
    if name.hasPrefix("std."), !FileManager.default.fileExists(atPath: name) { return name }
    guard let real = realpath(Sandbox.absolute(name, below: options.workingDirectory), nil) else {
      return nil
    }
    defer { free(real) }
    return String(cString: real)
  }
}

/// A place for a value that closures share.
private final class Box<T> {
  var value: T
  init(_ value: T) { self.value = value }
}

/// What the signal handler reaches.
enum Interrupts {
  // Written before the handler is installed and never read elsewhere.
  nonisolated(unsafe) static var flag: InterruptFlag?
  nonisolated(unsafe) static var output: Output?
}
