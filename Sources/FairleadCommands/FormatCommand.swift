import ArgumentParser
import Sessions

import struct ArgumentParser.Argument

/// `fairlead fmt`.
struct Format: FairleadCommand {
  static let configuration = CommandConfiguration(
    commandName: "fmt",
    abstract: "Rewrites scripts in the canonical layout.",
    discussion: "With `-` it reads a script from standard input and prints it formatted.")

  @Argument(help: "Scripts, or folders of scripts; `-` for standard input.") var paths: [String]

  @Flag(help: "Writes nothing; names the scripts whose layout is another and ends with status 1.")
  var check = false

  func status() -> Int32 {
    var worst = Status.success
    for path in paths { worst = max(worst, path == "-" ? standardInput() : status(of: path)) }
    return worst
  }

  private func status(of path: String) -> Int32 {
    let files = LanguageTest.files(below: path)
    if files.isEmpty {
      Console.complain("error: there is no script `\(path)`")
      return Status.misuse
    }
    var worst = Status.success
    for file in files {
      worst = max(
        worst,
        Console.guarded {
          guard try ScriptFormatting.format(path: file, writes: !check) else {
            return Status.success
          }
          if check { Console.print(file) } else { Console.complain("formatted \(file)") }
          return check ? Status.failure : Status.success
        })
    }
    return worst
  }

  private func standardInput() -> Int32 {
    Console.guarded {
      Console.print(try ScriptFormatting.standardInput())
      return Status.success
    }
  }
}
