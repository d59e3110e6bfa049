import Foundation
import Session
import Terminal

/// `fairlead` without arguments: the prompt where a person types, else a script from standard input.
enum Prompt {
  static func run() -> Int32 {
    if isatty(STDIN_FILENO) != 0 {
      var options = SessionOptions()
      options.isInteractive = true
      ReadEvalPrint(session: Session(options: options)).run()
      return Status.success
    }
    return runStandardInput(SessionOptions())
  }

  static func runStandardInput(_ options: SessionOptions) -> Int32 {
    let bytes = (try? FileHandle.standardInput.readToEnd()) ?? Data()
    guard let text = String(validating: bytes, as: UTF8.self) else {
      Console.complain("error: the script on standard input is not UTF-8 text")
      return Status.misuse
    }
    let session = Session(options: options)
    session.watchInterrupts()
    return Console.show(session.run(text: text, name: "standard input"), printsValue: false)
  }
}
