import Foundation
import Testing

/// What the documentation's scripts do when they run.
@Suite struct DocumentedScriptTests {
  static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  /// The blocks of a page with what stands behind "```", in order.
  static func blocks(_ page: String) throws -> [(kind: String, text: String)] {
    let parts = try String(contentsOfFile: project + "/" + page, encoding: .utf8)
      .components(separatedBy: "\n```")
    return stride(from: 1, to: parts.count, by: 2).map { index in
      let end = parts[index].firstIndex(of: "\n") ?? parts[index].endIndex
      return (String(parts[index][..<end]), String(parts[index][end...].dropFirst()) + "\n")
    }
  }

  @Test func theReadmeShowsWhatItsScriptPrints() throws {
    let blocks = try Self.blocks("README.md")
    let script = try #require(blocks.first { $0.kind == "fairlead" })
    let shown = try #require(blocks.first { $0.kind == "text" })
    let binary = try Binary()
    try binary.write(script.text, to: "readme.fl")
    let outcome = try binary.run(["run", "readme.fl", "--seed", "1"], endsAfter: 300)
    #expect(outcome.status == 0, "\(outcome.errors)")
    let found = outcome.output.split(separator: "\n").map { $0.split(separator: " ") }
    let expected = shown.text.split(separator: "\n").map { $0.split(separator: " ") }
    #expect(found.count == expected.count)
    for (row, line) in zip(found, expected) {
      #expect(row.count == line.count)
      for (value, wanted) in zip(row, line) where value != wanted {
        // Processors with other instructions round elsewhere.
        let numbers = (try #require(Double(value)), try #require(Double(wanted)))
        #expect(abs(numbers.0 - numbers.1) < 0.03, "\(line.joined(separator: " "))")
      }
    }
    #expect(try binary.text("accuracy.svg").contains("</svg>"))
  }

  @Test func whatIsShownToUsersOfOtherLanguagesRuns() throws {
    let scripts = try Self.blocks("Sources/fairlead/fairlead.docc/ComingFrom.md")
      .filter { $0.kind == "fairlead" }.map(\.text)
    #expect(scripts.count >= 5)
    let binary = try Binary()
    try binary.write(scripts.joined(separator: "\n"), to: "page.fl")
    let outcome = try binary.run(["run", "page.fl"])
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  /// Every block runs, and prints what its comments say.
  @Test(arguments: ["Tables", "ComingFromPandas"])
  func thePagesOfTablesSayWhatTheyPrint(page: String) throws {
    let scripts = try Self.blocks("Sources/fairlead/fairlead.docc/\(page).md")
      .filter { $0.kind == "fairlead" }.map(\.text)
    #expect(!scripts.isEmpty)
    let binary = try Binary()
    for (index, script) in scripts.enumerated() {
      try binary.write(script, to: "block\(index).fl")
      let outcome = try binary.run(["run", "block\(index).fl"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      // What is printed without saying what is to be looked at.
      let checked = script.split(separator: "\n", omittingEmptySubsequences: false)
        .filter { !$0.contains("print(") || $0.contains("# expect:") }.joined(separator: "\n")
      guard checked.contains("# expect:") else { continue }
      try binary.write(checked, to: "checked\(index).fl")
      let test = try binary.run(["test", "checked\(index).fl"])
      #expect(test.status == 0, "\(test.output)\(test.errors)")
    }
  }

  @Test func thePageOfStatisticsRuns() throws {
    let scripts = try Self.blocks("Sources/fairlead/fairlead.docc/Statistics.md")
      .filter { $0.kind == "fairlead" }.map(\.text)
    #expect(scripts.count >= 4)
    let binary = try Binary()
    try binary.write(scripts.joined(separator: "\n"), to: "statistics.fl")
    let outcome = try binary.run(["run", "statistics.fl"])
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func thePageOfPlotsDraws() throws {
    let scripts = try Self.blocks("Sources/fairlead/fairlead.docc/Plots.md")
      .filter { $0.kind == "fairlead" }.map(\.text)
    let binary = try Binary()
    let script = scripts.joined(separator: "\n")
    try binary.write(script, to: "plots.fl")
    let outcome = try binary.run(["run", "plots.fl"])
    #expect(outcome.status == 0, "\(outcome.errors.suffix(2000))")
    let files = script.matches(of: #/"(\w+\.svg)"/#).map { String($0.output.1) }
    #expect(files.count >= 18)
    for file in files { #expect(try binary.text(file).contains("</svg>"), "\(file)") }
  }

  @Test func whatIsSaidOfFilesRuns() throws {
    let scripts = try Self.blocks("Sources/fairlead/fairlead.docc/Files.md")
      .filter { $0.kind == "fairlead" }.map(\.text)
    #expect(scripts.count >= 5)
    let binary = try Binary()
    try binary.write(scripts.joined(separator: "\n"), to: "files.fl")
    let outcome = try binary.run(["run", "files.fl"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    #expect(!outcome.output.contains("false"), "\(outcome.output)")
  }

  @Test func theFederatedTutorialRuns() throws {
    let scripts = try Self.blocks("Sources/fairlead/fairlead.docc/FederatedTutorial.md")
      .filter { $0.kind == "fairlead" }.map(\.text)
    #expect(scripts.count >= 5)
    let binary = try Binary()
    try binary.write(scripts.joined(separator: "\n"), to: "federated.fl")
    let outcome = try binary.run(["run", "federated.fl", "--seed", "1"], endsAfter: 300)
    #expect(outcome.status == 0, "\(outcome.errors.suffix(2000))")
    #expect(outcome.output.contains("\n5\n"), "a round of the script's own strategy")
    #expect(outcome.output.contains("true\ntensor f64 [2]\n[ 9.0, 12.0]"), "\(outcome.output)")
  }

  @Test func theTutorialRuns() throws {
    let scripts = try Self.blocks("Sources/fairlead/fairlead.docc/Tutorial.md")
      .filter { $0.kind == "fairlead" }.map(\.text)
    #expect(scripts.count >= 5)
    let binary = try Binary()
    try binary.write(scripts.joined(separator: "\n"), to: "tutorial.fl")
    let outcome = try binary.run(["run", "tutorial.fl", "--seed", "1"], endsAfter: 600)
    #expect(outcome.status == 0, "\(outcome.errors.suffix(2000))")
    #expect(try binary.text("accuracy.svg").contains("</svg>"))
    #expect(outcome.output.contains("Membership attack: AUC"))
  }
}
