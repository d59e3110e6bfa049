import Foundation
import Testing

/// The built binary as a user runs it: in a folder of its own, its outputs in files, ended after a minute whatever
/// happens.
struct Binary {
  /// `FAIRLEAD_BINARY`, else the one that was built beside the tests.
  static let path: String = {
    if let given = ProcessInfo.processInfo.environment["FAIRLEAD_BINARY"], !given.isEmpty {
      return URL(fileURLWithPath: given).standardizedFileURL.path
    }
    return URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("fairlead").path
  }()

  /// The folder it runs in, new and empty.
  let folder: String

  init() throws {
    folder = NSTemporaryDirectory() + "fairlead-commands-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  struct Outcome {
    var output: String
    var errors: String
    var status: Int32
  }

  /// A process that runs.
  struct Running {
    let process: Process
    let outputPath: String
    let errorsPath: String
    let watchdog: DispatchWorkItem

    var output: String { (try? String(contentsOfFile: outputPath, encoding: .utf8)) ?? "" }
    var errors: String { (try? String(contentsOfFile: errorsPath, encoding: .utf8)) ?? "" }

    func send(_ signal: Int32) { kill(process.processIdentifier, signal) }

    /// Waits until standard error holds `text`; false where the process ends before, or a minute passes.
    func waitForErrors(containing text: String) -> Bool {
      let deadline = Date() + 60
      while Date() < deadline {
        if errors.contains(text) { return true }
        if !process.isRunning { return errors.contains(text) }
        usleep(5_000)
      }
      return false
    }

    func finish() -> Outcome {
      process.waitUntilExit()
      watchdog.cancel()
      // A process that a signal has ended counts as shells do.
      let status =
        process.terminationReason == .uncaughtSignal
        ? 128 + process.terminationStatus : process.terminationStatus
      return Outcome(output: output, errors: errors, status: status)
    }
  }

  func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: URL(fileURLWithPath: folder + "/" + name))
  }

  func text(_ name: String) throws -> String {
    try String(contentsOfFile: folder + "/" + name, encoding: .utf8)
  }

  /// Starts the binary, or another program.
  /// - Parameter output: where standard output goes; nil for a file.
  func start(
    _ arguments: [String], program: String = Binary.path, input: String = "",
    environment: [String: String] = [:], directory: String? = nil, output: FileHandle? = nil,
    standardInput: FileHandle? = nil, endsAfter seconds: Double = 60
  ) throws -> Running {
    let outputs = NSTemporaryDirectory() + "fairlead-outputs-" + UUID().uuidString
    for stream in [".out", ".err", ".in"] {
      try Data((stream == ".in" ? input : "").utf8).write(
        to: URL(fileURLWithPath: outputs + stream))
    }
    let process = Process()
    process.executableURL = URL(fileURLWithPath: program)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: directory ?? folder)
    process.environment = ProcessInfo.processInfo.environment
      .merging(["XDG_DATA_HOME": folder + "/data", "XDG_STATE_HOME": folder + "/state"]) { $1 }
      .merging(environment) { $1 }
    process.standardOutput = output ?? FileHandle(forWritingAtPath: outputs + ".out")
    process.standardError = FileHandle(forWritingAtPath: outputs + ".err")
    process.standardInput = standardInput ?? FileHandle(forReadingAtPath: outputs + ".in")
    try process.run()
    let identifier = process.processIdentifier
    let watchdog = DispatchWorkItem { kill(identifier, SIGKILL) }
    DispatchQueue.global().asyncAfter(deadline: .now() + seconds, execute: watchdog)
    return Running(
      process: process, outputPath: outputs + ".out", errorsPath: outputs + ".err",
      watchdog: watchdog)
  }

  func run(
    _ arguments: [String], program: String = Binary.path, input: String = "",
    environment: [String: String] = [:], directory: String? = nil, endsAfter seconds: Double = 60
  ) throws -> Outcome {
    try start(
      arguments, program: program, input: input, environment: environment, directory: directory,
      endsAfter: seconds
    ).finish()
  }

  /// As `run`, in a shell that first executes `preparation`.
  func run(_ arguments: [String], after preparation: String) throws -> Outcome {
    let quoted = ([Binary.path] + arguments).map { "'\($0)'" }.joined(separator: " ")
    return try run(["-c", "\(preparation); exec \(quoted)"], program: "/bin/sh")
  }
}
