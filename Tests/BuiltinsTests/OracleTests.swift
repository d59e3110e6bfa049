import Foundation
import Runtime
import Testing

@testable import Builtins

/// Strings, numbers and formats against Python's own results (Scripts/oracles/strings.py).
@Suite struct OracleTests {
  @Test func expressionsGiveWhatPythonGives() throws {
    let file = testsFolder.appendingPathComponent("BuiltinsTests/Oracles/strings.txt")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let host = RecordingHost()
    let interpreter = Interpreter(host: host, seed: 1)
    CoreBuiltins.install(into: interpreter)
    var count = 0
    var failures: [String] = []
    for line in lines where !line.hasPrefix("# ") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      count += 1
      let result = run(String(parts[0]), name: "oracle", interpreter, host)
      let found = result.errors.isEmpty ? result.value : "error"
      if found != parts[1] {
        failures.append(
          "\(parts[0]) gives \(found), Python \(parts[1]) \(result.errors.first?.message ?? "")")
      }
    }
    #expect(count > 6_000)
    #expect(
      failures.isEmpty, "\(failures.count) differ:\n\(failures.prefix(200).joined(separator: "\n"))"
    )
  }
}
