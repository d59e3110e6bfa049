import Foundation
import Runtime
import Testing

@testable import Builtins

/// `stats` against SciPy, statsmodels and scikit-learn (Scripts/oracles/statistics.py).
@Suite struct StatsOracleTests {
  /// Relative; p-values below 1e-290 keep fewer digits.
  static let tolerance = 1e-9

  @Test func callsGiveWhatThePeersGive() throws {
    let file = testsFolder.appendingPathComponent("BuiltinsTests/Oracles/statistics.txt")
    let lines = try String(contentsOf: file, encoding: .utf8).split(separator: "\n")
    let host = RecordingHost()
    let interpreter = DeclarationTests.interpreter(host)
    var count = 0
    var failures: [String] = []
    for line in lines where !line.hasPrefix("# ") {
      let parts = line.split(separator: "\t", omittingEmptySubsequences: false)
      guard parts.count == 2 else { continue }
      count += 1
      let expected = parts[1].split(separator: " ").map { Double($0) ?? .nan }
      let result = run(String(parts[0]), name: "oracle", interpreter, host)
      let found = Self.numbers(result.value)
      let differs = found.count != expected.count || !zip(found, expected).allSatisfy(Self.isClose)
      if differs {
        let error = result.errors.first?.message ?? ""
        failures.append("\(parts[0].prefix(300))\n  \(found)\n  \(expected) \(error)")
      }
    }
    #expect(count > 1_200)
    #expect(
      failures.isEmpty, "\(failures.count) differ:\n\(failures.prefix(60).joined(separator: "\n"))")
  }

  private static func numbers(_ text: String) -> [Double] {
    text.split { "[], ".contains($0) }.map { Double($0) ?? .nan }
  }

  private static func isClose(_ found: Double, _ expected: Double) -> Bool {
    if found.isNaN || expected.isNaN { return found.isNaN && expected.isNaN }
    return found == expected || abs(found - expected) <= max(tolerance * abs(expected), 1e-290)
  }
}
