import ArgumentParser
import Foundation
import Sessions

/// What commands that run scripts have in common.
struct RunOptions: ParsableArguments {
  @Option(
    name: .customShort("p"), parsing: .singleValue,
    help: ArgumentHelp("Sets a parameter of the script; may be repeated.", valueName: "name=value"))
  var parameters: [String] = []

  // Unconditional, so that a negative number is answered by its range and not taken for an option.
  @Option(parsing: .unconditional, help: "Trials of a sweep that run at once.")
  var workers = 1

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "The seed of all randomness, or `new` for one that is drawn; by default that of the script's latest run.",
      valueName: "number"))
  var seed: String?

  @Option(parsing: .unconditional, help: "Threads of numerical work; all cores by default.")
  var threads: Int?

  @Option(
    name: .customLong("time-limit"), parsing: .unconditional,
    help: ArgumentHelp("Ends the script with an error after this time.", valueName: "seconds"))
  var timeLimit: Double?

  @Option(
    name: .customLong("memory-limit"), parsing: .unconditional,
    help: ArgumentHelp("Ends the script with an error when it needs more.", valueName: "megabytes"))
  var memoryLimit: Int?

  @Option(
    name: .customLong("allow-read"), parsing: .singleValue,
    help: ArgumentHelp("Lets the script read below this path too.", valueName: "path"))
  var allowRead: [String] = []

  @Option(
    name: .customLong("allow-write"), parsing: .singleValue,
    help: ArgumentHelp("Lets the script write below this path too.", valueName: "path"))
  var allowWrite: [String] = []

  @Option(
    name: .customLong("allow-env"), parsing: .singleValue,
    help: ArgumentHelp(
      "Lets the script see these variables of the environment.", valueName: "names"))
  var allowEnvironment: [String] = []

  @Option(help: ArgumentHelp("The folder where runs are recorded.", valueName: "folder"))
  var store: String?

  @Flag(name: .customLong("no-store"), help: "Records nothing.")
  var recordsNothing = false

  @Flag(
    help:
      "Takes up nothing of earlier runs: all trials run, with a seed that is drawn where --seed gives none."
  )
  var fresh = false

  mutating func validate() throws {
    guard (1...1024).contains(workers) else {
      throw ValidationError("--workers must be from 1 to 1024, found \(workers)")
    }
    if let seed, seed != "new", Int(seed) == nil {
      throw ValidationError("--seed takes a whole number or `new`, found `\(seed)`")
    }
    if let threads, !(1...1024).contains(threads) {
      throw ValidationError("--threads must be from 1 to 1024, found \(threads)")
    }
    if let timeLimit, !(timeLimit > 0) {
      throw ValidationError("--time-limit must be more than 0 seconds, found \(timeLimit)")
    }
    if let memoryLimit, !(1...1 << 30).contains(memoryLimit) {
      throw ValidationError("--memory-limit must be from 1 megabyte on, found \(memoryLimit)")
    }
    for parameter in parameters where !(parameter.dropFirst().contains("=")) {
      throw ValidationError("-p takes name=value, found `\(parameter)`")
    }
    var given: Set<String> = []
    for parameter in parameters {
      let name = parameter.prefix { $0 != "=" }.trimmingCharacters(in: .whitespaces)
      guard given.insert(name).inserted else {
        throw ValidationError("-p gives the parameter `\(name)` twice")
      }
    }
  }

  var session: SessionOptions {
    var options = SessionOptions.alone
    options.workers = workers
    options.seed = seed.flatMap { Int($0) }
    options.drawsSeed = seed == "new"
    options.threads = threads
    options.limits.seconds = timeLimit
    if let memoryLimit { options.limits.memoryBytes = memoryLimit << 20 }
    options.allowRead = allowRead
    options.allowWrite = allowWrite
    options.allowEnvironment = allowEnvironment.flatMap { names in
      names.split(separator: ",").map { $0.trimmingCharacters(in: .whitespaces) }
    }
    options.storeDirectory = store
    options.recordsRuns = !recordsNothing
    options.startsFresh = fresh
    options.parameters = parameters.compactMap { parameter in
      guard let place = parameter.firstIndex(of: "=") else { return nil }
      let name = parameter[..<place].trimmingCharacters(in: .whitespaces)
      return (name, String(parameter[parameter.index(after: place)...]))
    }
    return options
  }
}

struct Run: FairleadCommand {
  static let configuration = CommandConfiguration(
    commandName: "run", abstract: "Runs a script, or with -e an expression.")

  @Argument(
    help: "The script; `-` for standard input, `std.name` for a module of the standard library.")
  var script: String?

  @Option(
    name: .customShort("e"), parsing: .unconditional,
    help: ArgumentHelp("Runs this text and prints its value.", valueName: "text"))
  var expression: String?

  @OptionGroup var options: RunOptions

  func validate() throws {
    if script == nil, expression == nil {
      throw ValidationError("name a script to run, or give an expression with -e")
    }
    if script != nil, expression != nil {
      throw ValidationError("a script and -e cannot be given together")
    }
  }

  func status() -> Int32 {
    if let expression { return Work.expression(expression).status(options.session) }
    return Work.script(script ?? "").status(options.session)
  }
}

extension SessionOptions {
  /// For a session that has the process for itself.
  static var alone: SessionOptions {
    var options = SessionOptions()
    options.limits.bindsProcess = true
    return options
  }
}

/// What `fairlead run` runs.
enum Work: Equatable {
  /// A path, `-` for standard input or `std.name`.
  case script(String)
  case expression(String)

  /// What a command line without options asks for: `run script.fl` and `run -e text`. Told without the argument parser,
  /// which takes as long as all else that happens before a script runs.
  init?(plain arguments: [String]) {
    guard arguments.first == "run" else { return nil }
    switch arguments.count {
    case 2 where !arguments[1].hasPrefix("-") || arguments[1] == "-": self = .script(arguments[1])
    case 3 where arguments[1] == "-e": self = .expression(arguments[2])
    default: return nil
    }
  }

  /// Does it; gives the exit code.
  func status(_ options: SessionOptions) -> Int32 {
    if self == .script("-") { return Prompt.runStandardInput(options) }
    let session = Session(options: options)
    session.watchInterrupts()
    switch self {
    case .script(let path): return Console.show(session.run(path: path), printsValue: false)
    case .expression(let text):
      return Console.show(session.run(text: text, name: "-e"), printsValue: true)
    }
  }
}
