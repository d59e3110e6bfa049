import ArgumentParser
import Foundation
import Sessions

import struct ArgumentParser.Argument

/// `fairlead runs`.
struct Runs: FairleadCommand {
  static let configuration = CommandConfiguration(
    commandName: "runs",
    abstract: "Lists the recorded runs; `runs show N` shows one with its results.",
    subcommands: [Show.self, List.self], defaultSubcommand: List.self)

  func status() throws -> Int32 { Status.success }

  struct List: FairleadCommand {
    static let configuration = CommandConfiguration(
      abstract: "Lists the recorded runs, newest first.")

    @Option(help: "How many at most.") var limit = 30
    @Option(help: ArgumentHelp("The folder where runs are recorded.", valueName: "folder"))
    var store: String?

    func status() -> Int32 {
      Runs.show { try $0.runListing(limit: max(1, limit), width: $1, isColoured: $2) }(store)
    }
  }

  struct Show: FairleadCommand {
    static let configuration = CommandConfiguration(
      abstract: "Shows one run: its settings, results and script.")

    @Argument(help: "The run's number in the list.") var number: Int
    @Option(help: ArgumentHelp("The folder where runs are recorded.", valueName: "folder"))
    var store: String?

    func status() -> Int32 {
      Runs.show { try $0.runPage(number, width: $1, isColoured: $2) }(store)
    }
  }

  /// Prints what `text` gives of a session with this store.
  private static func show(
    _ text: @escaping (Session, _ width: Int?, _ isColoured: Bool) throws -> String
  ) -> (_ store: String?) -> Int32 {
    return { store in
      var options = SessionOptions.alone
      options.storeDirectory = store
      return Console.guarded(otherwise: Status.failure) {
        Console.print(
          try text(
            Session(options: options), Console.columns(STDOUT_FILENO),
            Console.isColoured(STDOUT_FILENO)))
        return Status.success
      }
    }
  }
}
