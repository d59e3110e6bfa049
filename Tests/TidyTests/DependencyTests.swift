import Foundation
import Testing

/// Targets use only what the package and the diagram in the documentation allow.
@Suite struct DependencyTests {
  /// Each target with what Package.swift lets it import, products of other packages among them.
  static func allowed() throws -> [String: Set<String>] {
    let manifest = try Project.text("Package.swift").replacing(#/\s+/#, with: " ")
    var found: [String: Set<String>] = [:]
    for match in manifest.matches(
      of:
        #/\.(?:t|executableT|testT)arget\( ?name: "([^"]+)"(.*?)(?=\.(?:t|executableT|testT)arget\(|\.systemL|swiftLan)/#
    ) {
      let names = match.output.2.firstMatch(of: #/dependencies: \[(.*?)\](?:,|\))/#)?.output.1 ?? ""
      let products = names.matches(of: #/product\(name: "(\w+)"/#).map { String($0.output.1) }
      let own = names.replacing(#/\.product\([^)]*\)/#, with: "").matches(of: #/"([\w-]+)"/#)
        .map { String($0.output.1) }
      found[String(match.output.1)] = Set(products + own)
    }
    return found
  }

  static let system: Set = [
    "Foundation", "Glibc", "Musl", "Darwin", "Synchronization", "Testing", "PackageDescription",
  ]

  @Test func importsAreDeclared() throws {
    let allowed = try Self.allowed()
    #expect(allowed.count > 25)
    for file in try Project.files() {
      let own = try #require(allowed[file.target], "\(file.path) belongs to no target")
      for line in file.lines where line.contains("import ") {
        guard
          let match = line.firstMatch(
            of: #/^(?:@testable |@_exported |public )*import (?:struct |class |enum |func )?(\w+)/#)
        else { continue }
        let name = String(match.output.1)
        #expect(Self.system.contains(name) || own.contains(name), "\(file.path) imports \(name)")
      }
    }
  }

  @Test func declarationsAreUsed() throws {
    let files = try Project.files()
    for (target, names) in try Self.allowed()
    where !["fairlead", "FairleadCommandsTests"].contains(target) {
      let text =
        files.filter { $0.target == target }.flatMap(\.lines).filter { $0.contains("import ") }
        .joined(separator: "\n") + "\n"
      for name in names {
        #expect(
          text.contains(" \(name)\n") || text.contains(" \(name)."),
          "\(target) does not import \(name)")
      }
    }
  }

  /// The diagram lists targets row by row, each row above those that use it.
  @Test func theDiagramIsThatOfThePackage() throws {
    let page = try Project.text("Sources/fairlead/fairlead.docc/Design.md")
    let start = try #require(page.range(of: "```text\nground floor"))
    let end = try #require(page.range(of: "```", range: start.upperBound..<page.endIndex))
    let names = page[start.lowerBound..<end.lowerBound].matches(of: #/[A-Za-z][\w-]*/#)
      .map { String($0.output) }
    let allowed = try Self.allowed()
    let targets = Set(allowed.keys).filter { !$0.hasSuffix("Tests") }
    let places = Dictionary(
      names.enumerated().filter { targets.contains($0.element) }.map { ($0.element, $0.offset) },
      uniquingKeysWith: { first, _ in first })
    for target in targets where target.first?.isUppercase == true && target != "TestSupport" {
      guard !target.hasPrefix("C") || target == "CKernels" else { continue }
      let place = try #require(places[target], "the diagram has no \(target)")
      for name in allowed[target] ?? [] {
        guard let below = places[name] else { continue }
        #expect(below < place, "\(target) stands before \(name), which it uses")
      }
    }
    #expect(places["Foundations"] == places.values.min())
  }

  /// Whatever computes what a paper says names it: a year, an arXiv number, a standard or the peer whose definition it
  /// is.
  @Test func algorithmsNameTheirSources() throws {
    let source =
      #/\b(19|20)\d\d\b|arXiv|RFC \d|PyTorch|SciPy|Fairlearn|NumPy|Hugging Face|section \d/#
    let folders = [
      "Sources/Privacy", "Sources/Fairness", "Sources/Learning/Rules", "Sources/Distillation",
      "Sources/Text/Reversal",
    ]
    for file in try Project.files(in: folders) {
      let text = file.lines.joined(separator: "\n")
      #expect(
        text.contains(source) || Self.withoutSource.contains(file.name),
        "\(file.path) names no source")
    }
  }

  /// Files that hold plain data or plumbing, or rules of our own.
  static let withoutSource: Set = [
    "Composition.swift", "EventCoding.swift", "LedgerFile.swift", "LedgerMemory.swift",
    "TextPrivatizer.swift", "WordDistances.swift", "WordSpace.swift",
    "Event.swift",
    // Loops, layouts and sums that the rules share; a table's rows are its gradients.
    "ColumnSums.swift", "ExampleGradientRule.swift", "ExampleWeights.swift", "InParallel.swift",
    "PositionRule.swift", "RangedGradientRule.swift", "RowBlocks.swift", "RowLayout.swift",
    "SumOfSquares.swift",
    // Where a teacher's numbers come from, and how they are stored.
    "CachedTeacher.swift", "DistillationCorpus.swift", "DistillationTraining.swift",
    "LargestLogits.swift", "LogitCache.swift", "LogitRecord.swift", "LogitShard.swift",
    "Teacher.swift", "TokenReader.swift",
    // How English is written: the rules are ours, `Tests/TextTests` has what they were measured by.
    "Apostrophes.swift", "ContextWords.swift", "ExemptionReader.swift", "GenderLexicon.swift",
    "KeptPhrases.swift", "LexiconTable.swift", "NameCoverage.swift", "NeighbourReader.swift",
    "PronounContext.swift", "Reversal.swift", "Surroundings.swift",
  ]

  @Test func filesWithoutSourceAreThere() throws {
    let names = Set(try Project.files(in: ["Sources"]).map(\.name))
    #expect(Self.withoutSource.isSubset(of: names), "\(Self.withoutSource.subtracting(names))")
  }
}
