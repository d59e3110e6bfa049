import Foundation
import Testing

@testable import Builtins
@testable import Runtime

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

  /// What a function of the script gets is alive, whenever garbage is collected.
  @Test func resamplesOutliveCollections() {
    let host = RecordingHost()
    let interpreter = DeclarationTests.interpreter(host)
    interpreter.vm.collectAlways()
    let script = """
      let texts = [f"{i}" for i in 0..8]
      let found = stats.bootstrap(texts, xs => sum([int(x) for x in xs]), resamples: 30, cluster: texts)
      let test = stats.permutation_test(0..9, 3..12, statistic: xs => max(xs), resamples: 30)
      [found.value, found.low <= found.high, test.statistic]
      """
    let result = run(script, name: "torture", interpreter, host)
    #expect(result.value == "[28.0, true, -3.0]", "\(result)")
  }

  private static func numbers(_ text: String) -> [Double] {
    text.split { "[], ".contains($0) }.map { Double($0) ?? .nan }
  }

  private static func isClose(_ found: Double, _ expected: Double) -> Bool {
    if found.isNaN || expected.isNaN { return found.isNaN && expected.isNaN }
    return found == expected || abs(found - expected) <= max(tolerance * abs(expected), 1e-290)
  }
}
