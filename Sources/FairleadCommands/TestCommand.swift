import ArgumentParser
import Sessions

import struct ArgumentParser.Argument

/// `fairlead test`.
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
