import Foundation
import Sessions
import Terminal

/// `fairlead` without arguments: the prompt where a person types, else a script from standard input.
enum Prompt {
  static func run() -> Int32 {
    if isatty(STDIN_FILENO) != 0 {
      var options = SessionOptions.alone
      options.isInteractive = true
      ReadEvalPrint(session: Session(options: options)).run()
      return Status.success
    }
    return runStandardInput(.alone)
  }

  static func runStandardInput(_ options: SessionOptions) -> Int32 {
    let session = Session(options: options)
    session.watchInterrupts()
    return Console.show(session.runStandardInput(), printsValue: false)
  }
}
