import Foundation
import Foundations
import Runtime
import Syntax

/// A script that says in comments what it prints, and the `test "name" { … }` blocks of scripts.
///
/// - `# expect: text`: the next line that the script prints.
/// - `# expect error: text`: the script ends in an error; the rendered `kind: message` holds the text, and where the
///   comment stands beside code, the error is on its line. `# expect syntax error: text` is the same for an error that
///   the check finds.
/// - `test` blocks are run, in a run of their own where the script has such comments: what they print or change is no
///   part of what the script prints.
/// - `# seed: n`: the run's seed. `# skip: reason`: not run.
public struct LanguageTest {
  public let path: String
  private let text: String
  private var printed: [(line: Int, text: String)] = []
  private var error: (line: Int?, text: String)?
  private var seed = 0
  private(set) var skipReason: String?

  /// How one file, or one `test` block in it, ended.
  public struct Result: Sendable {
    public var name: String
    /// What is wrong; nil where it passed.
    public var failure: String?
    public var wasSkipped = false
  }

  /// The tests of a file.
  /// - Throws: a `Diagnostic` where it cannot be read.
  public init(path: String) throws {
    self.path = path
    text = try Imports.read(path, shownAs: path)
    for (index, line) in text.split(separator: "\n", omittingEmptySubsequences: false).enumerated()
    {
      // The last comment of a line counts, so that strings with a `#` do not get in the way.
      for (mark, kind) in LanguageTest.marks {
        guard let place = line.range(of: mark, options: .backwards) else { continue }
        let content = line[place.upperBound...].trimmingPrefix(" ")
        let isBesideCode = !line[..<place.lowerBound].allSatisfy(\.isWhitespace)
        take(kind, String(content), line: index + 1, isBesideCode: isBesideCode)
        break
      }
    }
  }

  private enum Mark { case printed, error, seed, skip }

  private static let marks: [(String, Mark)] = [
    ("# expect error:", .error), ("# expect syntax error:", .error), ("# expect:", .printed),
    ("# seed:", .seed), ("# skip:", .skip),
  ]

  private mutating func take(_ mark: Mark, _ content: String, line: Int, isBesideCode: Bool) {
    switch mark {
    case .printed: printed.append((line, content))
    case .error:
      error = (isBesideCode ? line : nil, content.trimmingCharacters(in: .whitespaces))
    case .seed: seed = Int(content.trimmingCharacters(in: .whitespaces)) ?? 0
    case .skip: skipReason = content
    }
  }

  private var hasExpectations: Bool { !printed.isEmpty || error != nil }

  /// Runs the file: its expectations, its `test` blocks, and where it has neither, its check alone.
  public func run() -> [Result] {
    if skipReason != nil { return [Result(name: path, failure: nil, wasSkipped: true)] }
    let output = Collected()
    guard hasExpectations || hasTests else {
      let reply = session(output).check(path: path)
      return [
        Result(
          name: path,
          failure: reply.status == .success
            ? nil : Rendering.render(reply.diagnostics.filter { $0.severity == .error }))
      ]
    }
    var results: [Result] = []
    if hasExpectations {
      let reply = session(output).run(path: path)
      results.append(Result(name: path, failure: failure(reply, output.lines)))
    }
    if hasTests {
      let session = session(Collected(), runsTests: true)
      let reply = session.run(path: path)
      if error == nil, reply.status != .success {
        results.append(Result(name: path, failure: Rendering.render(reply.diagnostics)))
      }
      results += session.host.testResults.map { test in
        Result(name: "\(path): \(test.name)", failure: test.failure.map { Rendering.render($0) })
      }
    }
    return results.isEmpty ? [Result(name: path, failure: nil)] : results
  }

  private var hasTests: Bool {
    let program = try? Parsing.parse(Source(name: path, text: text))
    return program?.statements.contains { if case .test = $0.kind { true } else { false } } ?? false
  }

  private func session(_ output: Collected, runsTests: Bool = false) -> Session {
    var options = SessionOptions()
    options.seed = seed
    options.recordsRuns = false
    options.runsTests = runsTests
    options.isColoured = false
    options.print = { output.append($0) }
    options.remark = { _ in }
    return Session(options: options)
  }

  private func failure(_ reply: Session.Reply, _ lines: [String]) -> String? {
    for (index, expected) in printed.enumerated() {
      guard index < lines.count else {
        let rest = reply.status == .success ? "" : "\n" + Rendering.render(reply.diagnostics)
        return
          "line \(expected.line): expected `\(expected.text)`, but nothing more was printed\(rest)"
      }
      let found = lines[index].trimmingSuffix(" ")
      guard found.isSpelt(expected.text.trimmingSuffix(" ")) else {
        return "line \(expected.line): expected `\(expected.text)`, printed `\(lines[index])`"
      }
    }
    if hasExpectations, lines.count > printed.count, error == nil || !printed.isEmpty {
      return "printed more than expected: `\(lines[printed.count])`"
    }
    guard let error else {
      return reply.status == .success ? nil : Rendering.render(reply.diagnostics)
    }
    guard reply.status != .success else {
      return "expected the error `\(error.text)`, but it ran through"
    }
    let errors = reply.diagnostics.filter { $0.severity == .error }
    let matching = errors.filter { diagnostic in
      "\(diagnostic.kind.rawValue): \(diagnostic.message)".contains(error.text)
        || Rendering.render(diagnostic).contains(error.text)
    }
    guard !matching.isEmpty else {
      return "expected the error `\(error.text)`, found\n" + Rendering.render(errors)
    }
    guard let line = error.line else { return nil }
    let places = matching.flatMap {
      $0.labels.map { ($0.source, $0.span) } + $0.trace.map { ($0.source, $0.span) }
    }
    let found = places.filter { $0.0.name == path }.map { $0.0.position(of: Int($0.1.start)).line }
    return found.contains(line)
      ? nil
      : "expected the error on line \(line), it is on \(found.map(String.init).joined(separator: ", "))"
  }

  /// Runs the tests of a file.
  public static func results(ofFile path: String) -> [Result] {
    do {
      return try LanguageTest(path: path).run()
    } catch {
      return [Result(name: path, failure: (error as? Diagnostic)?.message ?? "\(error)")]
    }
  }

  /// All scripts below a folder, or the file itself, in the order of their names.
  public static func files(below path: String) -> [String] {
    var isDirectory: ObjCBool = false
    guard FileManager.default.fileExists(atPath: path, isDirectory: &isDirectory) else { return [] }
    guard isDirectory.boolValue else { return [path] }
    let names = FileManager.default.enumerator(atPath: path)?.allObjects as? [String] ?? []
    let base = path.hasSuffix("/") ? String(path.dropLast()) : path
    return names.filter {
      $0.hasSuffix(".fl") && !$0.hasPrefix(".") && !$0.contains("/_") && !$0.hasPrefix("_")
    }
    .sorted().map { base + "/" + $0 }
  }
}

/// What a script has printed.
private final class Collected: @unchecked Sendable {
  private let lock = NSLock()
  private var text = ""
  func append(_ more: String) { lock.withLock { text += more } }
  var lines: [String] {
    var lines = lock.withLock { text }.split(separator: "\n", omittingEmptySubsequences: false).map(
      String.init)
    if lines.last == "" { lines.removeLast() }
    return lines
  }
}

extension String {
  fileprivate func trimmingSuffix(_ character: Character) -> String {
    var result = self[...]
    while result.last == character { result = result.dropLast() }
    return String(result)
  }
}
