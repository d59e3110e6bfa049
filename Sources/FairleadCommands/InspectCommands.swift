import ArgumentParser
import Builtins
import Files
import Foundation
import Foundations
import Sessions
import Syntax
import Tables

import struct ArgumentParser.Argument

struct Check: FairleadCommand {
  static let configuration = CommandConfiguration(
    commandName: "check",
    abstract:
      "Finds undefined names, wrong arguments, unused and unreachable code without running anything."
  )

  @Argument(help: "The scripts.") var scripts: [String]

  func status() -> Int32 {
    var worst = Status.success
    for script in scripts {
      let reply = Session(options: SessionOptions()).check(path: script)
      worst = max(worst, Console.show(reply, printsValue: false))
    }
    return worst
  }
}

struct Parameters: FairleadCommand {
  static let configuration = CommandConfiguration(
    commandName: "params",
    abstract: "Lists the parameters of a script with their defaults and documentation.")

  @Argument(help: "The script.") var script: String

  func status() -> Int32 {
    do {
      let parameters = try Session().parameters(path: script)
      if parameters.isEmpty { return Status.success }
      let table = Table(
        rows: parameters.map { parameter in
          [
            ("parameter", .string(parameter.name)), ("default", .string(parameter.defaultText)),
            ("values", .string(parameter.domainText ?? "")), ("", .string(parameter.doc ?? "")),
          ]
        })
      Console.print(
        table.text(
          TextStyle(
            width: Console.columns(STDOUT_FILENO), maximumRows: nil,
            coloured: Console.isColoured(STDOUT_FILENO))))
      return Status.success
    } catch let diagnostics as Diagnostics {
      Console.show(diagnostics.all)
      return Status.failure
    } catch let diagnostic as Diagnostic {
      Console.show([diagnostic])
      return Status.misuse
    } catch {
      Console.complain("error: \(error)")
      return Status.misuse
    }
  }
}

struct Documentation: FairleadCommand {
  static let configuration = CommandConfiguration(
    commandName: "doc", abstract: "Shows what a function or module is and how to use it.")

  @Argument(
    help: "A name, as in `fairlead doc plot.line` or `doc table.group`; none for the list of all.")
  var name: String?

  @Option(
    help: ArgumentHelp(
      "Writes the reference of all modules and types into this folder.", valueName: "folder"))
  var markdown: String?

  func status() -> Int32 {
    let session = Session()
    if let markdown { return write(session.referencePages, into: markdown) }
    let width = Console.columns(STDOUT_FILENO) ?? 100
    let isColoured = Console.isColoured(STDOUT_FILENO)
    guard var name else {
      Console.print(session.overview(width: width, isColoured: isColoured))
      return Status.success
    }
    // A module of the standard library is known once it is imported. Experiments would run.
    let path = name.split(separator: ".", omittingEmptySubsequences: false)
    if path.count > 1, path[0] == "std", path[1] != "experiments",
      StandardLibrary.moduleNames.contains(String(path[1]))
    {
      _ = session.execute("import std.\(path[1])")
      name = path[1...].joined(separator: ".")
    }
    if let help = session.help(for: name, width: width, isColoured: isColoured) {
      Console.print(help)
      return Status.success
    }
    let near = session.suggestions(for: name)
    Console.complain(
      "error: there is no `\(name)`"
        + (near.isEmpty ? "" : "; perhaps " + near.map { "`\($0)`" }.joined(separator: ", ")))
    return Status.failure
  }

  /// Writes pages that have changed; others that stand there stay.
  private func write(_ pages: [(name: String, text: String)], into folder: String) -> Int32 {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      for page in pages { try AtomicFile.write("\(folder)/\(page.name)", page.text.utf8) }
    } catch {
      let reason = (error as? DomainError)?.message ?? error.localizedDescription
      Console.complain("error: the reference cannot be written: \(reason)")
      return Status.failure
    }
    Console.print("\(pages.count) pages written")
    return Status.success
  }
}

struct Test: FairleadCommand {
  static let configuration = CommandConfiguration(
    commandName: "test",
    abstract: "Runs `test` blocks and compares what scripts print with their `# expect:` comments.")

  @Argument(help: "Scripts, or folders of scripts.") var paths: [String]

  @Flag(name: .shortAndLong, help: "Names every test.") var verbose = false

  func status() -> Int32 {
    var passed = 0
    var failed = 0
    var skipped = 0
    for path in paths {
      let files = LanguageTest.files(below: path)
      if files.isEmpty {
        Console.complain("error: there is no script `\(path)`")
        return Status.misuse
      }
      for file in files {
        let results = LanguageTest.results(ofFile: file)
        for result in results {
          if let failure = result.failure {
            failed += 1
            Console.print(
              "FAILED \(result.name)\n"
                + failure.split(separator: "\n", omittingEmptySubsequences: false).map { "  " + $0 }
                .joined(separator: "\n"))
          } else if result.wasSkipped {
            skipped += 1
          } else {
            passed += 1
            if verbose { Console.print("passed \(result.name)") }
          }
        }
      }
    }
    Console.print(
      "\(passed) passed, \(failed) failed" + (skipped > 0 ? ", \(skipped) skipped" : ""))
    return failed == 0 ? Status.success : Status.failure
  }
}

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
      do {
        Console.print(
          try text(
            Session(options: options), Console.columns(STDOUT_FILENO),
            Console.isColoured(STDOUT_FILENO)))
        return Status.success
      } catch let error as Diagnostic {
        Console.show([error])
        return Status.failure
      } catch {
        Console.complain("error: \(error)")
        return Status.failure
      }
    }
  }
}
