import Foundation
import Syntax
import Testing

/// Runs those of Tests/language/<feature>/<case>.fl that need the language alone with a collection of garbage at every
/// opportunity: they print the same. (`fairlead test` compares all of them with what they expect.)
@Suite struct GarbageTests {
  static let folder = testsFolder.appendingPathComponent("language")

  static let features: Set<String> = [
    "checks", "control", "errors", "experiments", "format", "functions", "lexical", "limits",
    "lists", "maps", "numbers", "printing", "ranges", "strings", "variables",
  ]

  static let files: [String] = {
    guard let walk = FileManager.default.enumerator(atPath: folder.path) else { return [] }
    return walk.compactMap { $0 as? String }.filter { file in
      file.hasSuffix(".fl") && features.contains(String(file.prefix { $0 != "/" }))
    }.sorted()
  }()

  @Test func thereAreScripts() { #expect(Self.files.count > 100) }

  @Test(arguments: files.filter { !$0.hasPrefix("limits/") })
  func nothingThatIsNeededIsCollected(_ file: String) throws {
    let text = try String(
      contentsOf: Self.folder.appendingPathComponent(file), encoding: .utf8)
    let usual = run(text, name: file)
    let tortured = run(text, name: file, torture: true)
    #expect(tortured.output == usual.output)
    #expect(tortured.errors.first?.message == usual.errors.first?.message)
  }
}
