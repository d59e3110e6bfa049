import ArgumentParser
import Builtins
import CSystem
import Foundation
import Sessions
import Syntax

/// The command line of Fairlead.
///
/// Exit codes: 0 for success, 1 for an error in a script, 2 for wrong usage, 130 after an interrupt.
public struct Fairlead: ParsableCommand {
  public static let configuration = CommandConfiguration(
    commandName: "fairlead",
    abstract: "A scripting host for trustworthy machine learning.",
    usage: """
      fairlead                       the prompt; or a script from standard input
      fairlead [run] script.fl       runs a script
      fairlead -e "expression"       prints the value of an expression
      """,
    discussion:
      "Without a command, a script's path runs it. Results go to standard output, all else to standard error.",
    version: Library.version,
    subcommands: [
      Run.self, Check.self, Format.self, Parameters.self, Documentation.self, Test.self, Runs.self,
    ])

  public init() {}

  /// Parses the arguments, runs the command and ends the process.
  public static func run() -> Never {
    fairlead_ignore_write_signals()
    Foundation.exit(Console.checked(status(of: Array(CommandLine.arguments.dropFirst()))))
  }

  /// Runs a command; gives its exit code.
  static func status(of arguments: [String]) -> Int32 {
    if arguments.isEmpty { return Prompt.run() }
    if let word = unknownCommand(arguments) {
      let near = Suggest.nearest(to: word, in: commandNames)
      Console.complain(
        "Error: there is no command or script `\(word)`"
          + (near.map { "; did you mean `fairlead \($0)`?" } ?? "")
          + "\n  See 'fairlead --help' for more information.")
      return Status.misuse
    }
    let arguments = expanded(arguments)
    if let work = Work(plain: arguments) { return work.status(.alone) }
    do {
      var parsed = try parse(arguments)
      if let command = parsed as? any FairleadCommand { return try command.status() }
      try parsed.run()
      return Status.success
    } catch {
      return report(error)
    }
  }

  private static func parse(_ arguments: [String]) throws -> any ParsableCommand {
    try Fairlead.parseAsRoot(arguments)
  }

  /// Tells of help, version and mistakes as the argument parser words them.
  private static func report(_ error: any Error) -> Int32 {
    if let code = error as? ExitCode { return code.rawValue }
    let text = fullMessage(for: error)
    if exitCode(for: error) == .success {
      Console.print(text)
      return Status.success
    }
    Console.complain(text)
    return Status.misuse
  }

  private static var commandNames: [String] {
    configuration.subcommands.map { $0._commandName } + ["help"]
  }

  /// The first word, where it is neither a command nor a script nor an option.
  static func unknownCommand(_ arguments: [String]) -> String? {
    guard let first = expanded(arguments).first, !first.hasPrefix("-"),
      !commandNames.contains(first)
    else { return nil }
    return first
  }

  /// `fairlead script.fl …` and `fairlead -e …` are short for `fairlead run …`.
  static func expanded(_ arguments: [String]) -> [String] {
    guard let first = arguments.first else { return arguments }
    if commandNames.contains(first) || ["-h", "--help", "--version"].contains(first) {
      return arguments
    }
    if first.hasPrefix("-") || first.hasSuffix(".fl") || first.contains("/")
      || first.hasPrefix("std.")
      || FileManager.default.fileExists(atPath: first)
    {
      return ["run"] + arguments
    }
    return arguments
  }
}

/// The exit codes.
enum Status {
  static let success: Int32 = 0
  static let failure: Int32 = 1
  static let misuse: Int32 = 2
  static let interrupted: Int32 = 130
}

/// A command that says how it ended.
protocol FairleadCommand: ParsableCommand {
  func status() throws -> Int32
}
