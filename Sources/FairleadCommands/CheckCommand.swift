import ArgumentParser
import Sessions

import struct ArgumentParser.Argument

/// `fairlead check`.
struct Check: FairleadCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Finds undefined names, wrong arguments, unused and unreachable code without running anything."
  )

  @Flag(
    help: "Warns also of private operations on the same data that no ledger adds up.")
  var privacy = false

  @Argument(help: "The scripts.") var scripts: [String]

  func status() -> Int32 {
    var worst = Status.success
    for script in scripts {
      let reply = Session(options: SessionOptions()).check(path: script, privacy: privacy)
      worst = max(worst, Console.show(reply, printsValue: false))
    }
    return worst
  }
}
