import Foundation
import Testing

@testable import FairleadCommands

@Suite struct ArgumentTests {
  @Test func scriptsAndExpressionsAreShortForRun() {
    #expect(Fairlead.expanded(["s.fl", "-p", "a=1"]) == ["run", "s.fl", "-p", "a=1"])
    #expect(Fairlead.expanded(["-e", "1"]) == ["run", "-e", "1"])
    #expect(Fairlead.expanded(["dir/script"]) == ["run", "dir/script"])
    #expect(Fairlead.expanded(["std.experiments.x"]) == ["run", "std.experiments.x"])
    #expect(Fairlead.expanded(["check", "s.fl"]) == ["check", "s.fl"])
    #expect(Fairlead.expanded(["--version"]) == ["--version"])
  }
}

/// The built binary as a user runs it.
@Suite struct BinaryTests {
  /// It lies beside the tests.
  private static let binary = URL(fileURLWithPath: CommandLine.arguments[0])
    .deletingLastPathComponent().appendingPathComponent("fairlead").path

  private struct Outcome {
    var output: String
    var errors: String
    var status: Int32
  }

  private static let directory: String = {
    let path = NSTemporaryDirectory() + "fairlead-commands-" + UUID().uuidString
    try? FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }()

  private func start(_ arguments: [String], input: String? = nil, in folder: String? = nil) throws
    -> (
      Process, Pipe, Pipe
    )
  {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: Self.binary)
    process.arguments = arguments
    process.currentDirectoryURL = URL(fileURLWithPath: folder ?? Self.directory)
    let output = Pipe()
    let errors = Pipe()
    let standardInput = Pipe()
    process.standardOutput = output
    process.standardError = errors
    process.standardInput = standardInput
    try process.run()
    if let input { try standardInput.fileHandleForWriting.write(contentsOf: Data(input.utf8)) }
    try standardInput.fileHandleForWriting.close()
    return (process, output, errors)
  }

  private func run(_ arguments: [String], input: String? = nil, in folder: String? = nil) throws
    -> Outcome
  {
    let (process, output, errors) = try start(arguments, input: input, in: folder)
    let printed = try output.fileHandleForReading.readToEnd() ?? Data()
    let complained = try errors.fileHandleForReading.readToEnd() ?? Data()
    process.waitUntilExit()
    return Outcome(
      output: String(decoding: printed, as: UTF8.self),
      errors: String(decoding: complained, as: UTF8.self), status: process.terminationStatus)
  }

  private func folder() throws -> String {
    let path = Self.directory + "/" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  @Test func expressionsPrintTheirValue() throws {
    let outcome = try run(["-e", "1 + 1"])
    #expect(outcome.output == "2\n" && outcome.errors.isEmpty && outcome.status == 0)
    #expect(try run(["-e", "let x = 1"]).output.isEmpty)
  }

  @Test func aScriptFromStandardInputRuns() throws {
    let outcome = try run([], input: "print(6 * 7)\n1 + 1\n")
    #expect(outcome.output == "42\n" && outcome.status == 0)
    #expect(try run(["run", "-"], input: "print(1)").output == "1\n")
  }

  @Test func aScriptWithAHashBangRunsItself() throws {
    let folder = try folder()
    try "#!\(Self.binary)\nparam n = 1\nprint(n)\n".write(
      toFile: folder + "/own", atomically: true, encoding: .utf8)
    chmod(folder + "/own", 0o755)
    let process = Process()
    process.executableURL = URL(fileURLWithPath: folder + "/own")
    process.arguments = ["-p", "n=5"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    #expect(try output.fileHandleForReading.readToEnd() == Data("5\n".utf8))
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
  }

  @Test func exitCodesTellWhatHappened() throws {
    #expect(try run(["-e", "1 / 0"]).status == 1)
    #expect(try run(["-e", "undefined"]).status == 1)
    #expect(try run(["-e", "("]).status == 1)
    #expect(try run(["run", "none.fl"]).status == 2)
    #expect(try run(["run"]).status == 2)
    #expect(try run(["run", "s.fl", "--workers", "0"]).status == 2)
    #expect(try run(["frobnicate"]).status == 2)
    #expect(try run(["--help"]).status == 0)
    #expect(try run(["--version"]).output == "0.1.0\n")
  }

  @Test func errorsGoToStandardErrorOnly() throws {
    let outcome = try run(["-e", "print(1)\n[1][7]"])
    #expect(outcome.output == "1\n")
    #expect(outcome.errors.hasPrefix("error: ") && outcome.errors.contains("-e:2:"))
    #expect(!outcome.errors.contains("\u{1B}"))
  }

  @Test func aClosedPipeIsQuiet() throws {
    let (process, output, errors) = try start([
      "-e", "let i = 0\nwhile true { print(\"line\", i)\ni += 1 }",
    ])
    _ = try output.fileHandleForReading.read(upToCount: 10)
    try output.fileHandleForReading.close()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(try errors.fileHandleForReading.readToEnd() ?? Data() == Data())
  }

  @Test func controlCEndsWith130() throws {
    let (process, output, _) = try start(["-e", "print(\"go\")\nsys.sleep(0.3)\nwhile true { }"])
    usleep(700_000)
    process.interrupt()
    process.waitUntilExit()
    #expect(process.terminationStatus == 130)
    #expect(try output.fileHandleForReading.readToEnd() == Data("go\n".utf8))
  }

  private static let slowSweep = """
    let t = sweep a in [0.5, inf], s in 0..6 {
      sys.sleep(0.15)
      {value: a * (s + 1) + 0.1, seen: [a, nil, f"{s}"]}
    }
    print(t.csv())
    """

  @Test(arguments: [1, 3])
  func aKilledSweepGoesOnWhereItWas(workers: Int) throws {
    let folder = try folder()
    let undisturbed = try self.folder()
    for place in [folder, undisturbed] {
      try Self.slowSweep.write(toFile: place + "/s.fl", atomically: true, encoding: .utf8)
    }
    let (process, _, _) = try start(["s.fl", "--workers", "\(workers)"], in: folder)
    usleep(900_000)
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    let again = try run(["s.fl"], in: folder)
    #expect(again.status == 0)
    #expect(again.errors.contains("of 12 trials found in the run store"))
    let whole = try run(["s.fl", "--workers", "2"], in: undisturbed)
    #expect(again.output == whole.output && whole.output.split(separator: "\n").count == 13)
    let listing = try run(["runs"], in: folder)
    #expect(listing.output.contains("finished") && listing.output.contains("12/12"))
    #expect(try run(["runs", "show", "1"], in: folder).output.contains("sweep a in [0.5, inf]"))
    #expect(try run(["runs", "show", "9"], in: folder).status == 1)
  }

  @Test func aFullDiskLosesNoResult() throws {
    let folder = try folder()
    try Self.slowSweep.replacing("0.15", with: "0.01").write(
      toFile: folder + "/s.fl", atomically: true, encoding: .utf8)
    // /dev/full cannot hold a database, but a limit on the size of files stops SQLite in the same way.
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/sh")
    process.arguments = ["-c", "ulimit -f 48; exec '\(Self.binary)' s.fl"]
    process.currentDirectoryURL = URL(fileURLWithPath: folder)
    let output = Pipe()
    let errors = Pipe()
    process.standardOutput = output
    process.standardError = errors
    try process.run()
    let printed = String(
      decoding: try output.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    let complained = String(
      decoding: try errors.fileHandleForReading.readToEnd() ?? Data(), as: UTF8.self)
    process.waitUntilExit()
    #expect(process.terminationStatus == 1)
    #expect(complained.contains("error:") && complained.contains("run store"), "\(complained)")
    // Either the store could not even be made, or everything that finished was printed.
    #expect(printed.isEmpty || printed.split(separator: "\n").count == 13, "\(printed)")
  }

  @Test func checksParametersAndDocumentation() throws {
    let folder = try folder()
    try "param n = 3 in 1..=9   ## How many.\nlet unused = 1\nprint(n, missing)\n".write(
      toFile: folder + "/s.fl", atomically: true, encoding: .utf8)
    let check = try run(["check", "s.fl"], in: folder)
    #expect(check.status == 1 && check.errors.contains("missing"))
    let parameters = try run(["params", "s.fl"], in: folder)
    #expect(parameters.output.contains("1..=9") && parameters.output.contains("How many."))
    #expect(try run(["doc", "stats.mean"]).output.hasPrefix("stats.mean(values) -> float"))
    #expect(try run(["doc", "stats.maen"]).errors.contains("`stats.mean`"))
  }

  @Test func languageTestsAreCounted() throws {
    let folder = try folder()
    try "print(1)  # expect: 1\n".write(
      toFile: folder + "/good.fl", atomically: true, encoding: .utf8)
    try "print(1)  # expect: 2\n".write(
      toFile: folder + "/bad.fl", atomically: true, encoding: .utf8)
    let outcome = try run(["test", folder])
    #expect(outcome.status == 1 && outcome.output.hasSuffix("1 passed, 1 failed\n"))
  }
}
