import Foundation
import Syntax
import Testing

/// Runs those of Tests/language/<feature>/<case>.fl that need the language alone (`fairlead test` runs all). Comments say what is expected: `# expect: text` for each printed line in order,
/// `# expect error: what` for the error that ends the script, by its kind or a part of its message; on a line of code the
/// error must be at that line.
@Suite struct LanguageScriptTests {
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

  @Test(arguments: files) func script(_ file: String) throws {
    let text = try String(
      contentsOf: Self.folder.appendingPathComponent(file), encoding: .utf8)
    var expected: [String] = []
    var error: (line: Int?, text: String)?
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      if let place = line.range(of: "# expect:") {
        expected.append(String(line[place.upperBound...].drop { $0 == " " }))
      } else if let place = line.range(of: "# expect error:") {
        let isAlone = line[..<place.lowerBound].allSatisfy { $0 == " " }
        let what = line[place.upperBound...].trimmingCharacters(in: .whitespaces)
        error = (isAlone ? nil : index + 1, what)
      }
    }
    let result = run(text, name: file)
    var lines = result.output.split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    if lines.last == "" { lines.removeLast() }
    #expect(lines == expected, "\(Rendering.render(result.errors))")
    guard let error else {
      #expect(result.errors.isEmpty, "\(Rendering.render(result.errors))")
      return
    }
    guard let found = result.errors.first else {
      Issue.record("no error")
      return
    }
    let shown = Rendering.render(found)
    #expect(found.kind.rawValue == error.text || shown.contains(error.text), "\(shown)")
    if let line = error.line, let label = found.labels.first {
      #expect(label.source.position(of: Int(label.span.start)).line == line, "\(shown)")
    }
  }
}
