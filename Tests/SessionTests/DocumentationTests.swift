import Foundation
import Syntax
import Testing

@testable import Sessions

/// The code in the documentation and the README: every block says what it is, scripts pass the check, transcripts of
/// the prompt show what it shows. (The scripts run in the tests of the command.)
@Suite struct DocumentationTests {
  struct Block {
    let kind: String
    let text: String
    /// The page, and the line that the block begins on.
    let place: String
  }

  static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().path

  static func blocks() throws -> [Block] {
    let pages = project + "/Sources/fairlead/fairlead.docc"
    let names = try FileManager.default.contentsOfDirectory(atPath: pages).sorted()
    return try
      (names.filter { $0.hasSuffix(".md") }.map { pages + "/" + $0 }
      + [project + "/README.md"]).flatMap { page in
        var found: [Block] = []
        var kind: String?
        var lines: [Substring] = []
        let text = try String(contentsOfFile: page, encoding: .utf8)
        for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false)
          .enumerated()
        {
          guard line.hasPrefix("```") else {
            lines.append(line)
            continue
          }
          if let open = kind {
            found.append(
              Block(
                kind: open, text: lines.map { $0 + "\n" }.joined(),
                place: "\(URL(fileURLWithPath: page).lastPathComponent):\(index - lines.count)"))
            kind = nil
          } else {
            kind = String(line.dropFirst(3))
          }
          lines = []
        }
        #expect(kind == nil, "\(page): a block has no end")
        return found
      }
  }

  @Test func everyBlockSaysWhatItIs() throws {
    let blocks = try Self.blocks()
    for block in blocks {
      #expect(["fairlead", "session", "sh", "text"].contains(block.kind), "\(block.place)")
    }
    for kind in ["fairlead", "session", "sh", "text"] {
      #expect(blocks.contains { $0.kind == kind }, "\(kind)")
    }
  }

  /// Scripts follow each other on a page; where `…` leaves something out, names may be missing.
  @Test func scriptsPassTheCheck() throws {
    var before: [String: String] = [:]
    for block in try Self.blocks() where block.kind == "fairlead" {
      let page = String(block.place.split(separator: ":")[0])
      let isWhole = !block.text.contains("…")
      if isWhole { before[page, default: ""] += block.text }
      let text = isWhole ? before[page, default: ""] : block.text.replacing("…", with: "nil")
      let program = try Parsing.parse(Source(name: block.place, text: text))
      let found = Session(options: SessionOptions()).check(program, isMainScript: true).filter {
        $0.severity == .error && (isWhole || ![.name, .io].contains($0.kind))
      }
      #expect(found.isEmpty, "\(block.place): \(found.map(\.message))")
    }
  }

  /// What stands behind the prompt `[3] `; nil where the line is no prompt.
  private static func input(ofCell line: String) -> String? {
    guard line.hasPrefix("["), let end = line.firstRange(of: "] ") else { return nil }
    let number = line[..<end.lowerBound].dropFirst()
    return Int(number) == nil ? nil : String(line[end.upperBound...])
  }

  @Test func transcriptsShowWhatThePromptShows() throws {
    var cells = 0
    for block in try Self.blocks() where block.kind == "session" {
      var options = SessionOptions()
      options.seed = 1
      options.recordsRuns = false
      let session = Session(options: options)
      var lines = block.text.split(separator: "\n", omittingEmptySubsequences: false).map(
        String.init)
      lines.removeAll { $0.hasPrefix("$ fairlead") || $0.hasPrefix("Fairlead ") }
      while !lines.isEmpty {
        let line = lines.removeFirst()
        guard let input = Self.input(ofCell: line) else { continue }
        let end = lines.firstIndex { Self.input(ofCell: $0) != nil } ?? lines.endIndex
        let shown = lines[..<end].filter { !$0.isEmpty }
        lines.removeFirst(end)
        // A press of Tab is no cell.
        if input.contains("⇥") { continue }
        cells += 1
        let reply = session.execute(input)
        let errors = reply.diagnostics.map { Rendering.render($0) }
        let found = ((reply.text.map { [$0] } ?? []) + errors).joined(separator: "\n")
          .split(separator: "\n").map(String.init)
        #expect(found == shown, "\(block.place): \(input)")
      }
    }
    #expect(cells >= 5)
  }

  /// Commands name scripts of the project and subcommands that there are.
  @Test func commandsAreThere() throws {
    let commands = ["run", "check", "fmt", "params", "doc", "test", "runs", "-e", "script.fl"]
    var count = 0
    for block in try Self.blocks() where block.kind == "sh" {
      for line in block.text.split(separator: "\n") {
        let words = line.split(separator: " ")
        if words[0].hasPrefix("Scripts/") {
          count += 1
          #expect(
            FileManager.default.isExecutableFile(atPath: "\(Self.project)/\(words[0])"), "\(line)")
          for word in words where word.hasPrefix("Stdlib/") {
            #expect(FileManager.default.fileExists(atPath: "\(Self.project)/\(word)"), "\(line)")
          }
        } else if words[0] == "fairlead", words.count > 1 {
          count += 1
          #expect(commands.contains(String(words[1])), "\(line)")
        }
      }
    }
    #expect(count > 10)
  }

  /// What "Where do I add …" names is there: files, folders, types and tests, and what is declared in them.
  @Test func theTableOfPlacesNamesWhatThereIs() throws {
    let readme = try String(contentsOfFile: Self.project + "/README.md", encoding: .utf8)
    let rows = readme.split(separator: "\n").filter { $0.hasPrefix("| ") && $0.contains("`") }
    #expect(rows.count >= 15)
    let declared = try Self.declaredNames()
    for row in rows {
      for name in row.split(separator: "`", omittingEmptySubsequences: false).enumerated()
      where name.offset % 2 == 1 {
        var path = String(name.element)
        guard path.hasPrefix("Sources/") || path.hasPrefix("Tests/") || path.hasPrefix("Stdlib/")
        else {
          for name in path.matches(of: #/(?:^|\.)([A-Za-z]\w+)(?=$|[.(])/#).map(\.output.1)
          where path.contains(#/^[A-Z]\w*[\w.(…)]*$/#) {
            #expect(declared.contains(String(name)), "\(name): \(row)")
          }
          continue
        }
        // Up to the part that stands for many.
        if let many = path.firstIndex(where: { "<*…".contains($0) }) {
          path = String(path[..<many])
          path = String(path[...(path.lastIndex(of: "/") ?? path.startIndex)])
        }
        #expect(
          FileManager.default.fileExists(atPath: "\(Self.project)/\(path)"),
          "\(name.element): \(row)")
      }
    }
  }

  /// What sources and tests declare: types, functions, properties, cases; and the names of files.
  private static func declaredNames() throws -> Set<String> {
    var found: Set<String> = ["swift"]
    for folder in ["Sources", "Tests"] {
      let walk = FileManager.default.enumerator(atPath: "\(project)/\(folder)")
      for case let path as String in walk ?? FileManager.DirectoryEnumerator()
      where path.hasSuffix(".swift") {
        let text = try String(contentsOfFile: "\(project)/\(folder)/\(path)", encoding: .utf8)
        let declarations = text.matches(
          of: #/\b(?:struct|class|enum|protocol|typealias|func|var|let|case) (\w+)/#)
        found.formUnion(declarations.map { String($0.output.1) })
        found.insert(String(URL(fileURLWithPath: path).lastPathComponent.dropLast(".swift".count)))
      }
    }
    return found
  }
}
