import Foundation
import Runtime

/// How a session runs: what the command line, a notebook or a test decides.
public struct SessionOptions: Sendable {
  /// The seed of all randomness; drawn and recorded where it is nil.
  public var seed: Int?
  /// Draw a seed even where an earlier run of the script has one.
  public var drawsSeed = false
  /// Start anew: take up neither the seed of an earlier run nor trials that the run store has.
  public var startsFresh = false
  /// Threads of numerical work; nil for all cores.
  public var threads: Int?
  /// Trials of a sweep that run at once.
  public var workers = 1
  /// `-p name=value` in the order given.
  public var parameters: [(name: String, value: String)] = []
  /// Bounds of memory, time and recursion.
  public var limits = Limits()
  public var allowRead: [String] = []
  public var allowWrite: [String] = []
  /// Variables of the environment that the script may see.
  public var allowEnvironment: [String] = []
  /// Where runs are recorded; nil for the usual place.
  public var storeDirectory: String?
  public var recordsRuns = true
  public var workingDirectory = FileManager.default.currentDirectoryPath
  public var environment = ProcessInfo.processInfo.environment
  /// Run `test "name" { … }` blocks.
  public var runsTests = false
  /// A person sits at the prompt: earlier results are kept as `_` and `_1`, files need no leave.
  public var isInteractive = false
  /// What gets printed text instead of standard output: tests and notebooks.
  public var print: (@Sendable (String) -> Void)?
  /// What gets remarks and progress instead of standard error.
  public var remark: (@Sendable (String) -> Void)?
  /// Whether results may be coloured; by default where standard output is a terminal and NO_COLOR is not set.
  public var isColoured: Bool?

  public init() {}
}

extension SessionOptions {
  /// Where the program keeps what it remembers between runs: in `XDG_STATE_HOME`, as its specification says.
  public static func stateFolder(_ environment: [String: String]) -> String? {
    if let state = environment["XDG_STATE_HOME"], state.hasPrefix("/") {
      return state + "/fairlead"
    }
    guard let home = environment["HOME"], home.hasPrefix("/") else { return nil }
    return home + "/.local/state/fairlead"
  }
}
