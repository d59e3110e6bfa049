import Foundation
import Runtime
import Syntax
import Tables
import Testing

@testable import Builtins

/// Keeps the remarks that a script's natives make.
private final class NotingHost: HostServices, @unchecked Sendable {
  private let lock = NSLock()
  private var heard: [String] = []

  var notes: [String] { lock.withLock { heard } }
  let display = Display()
  let isReportDue = false
  let workers = 1
  let seed = 0
  func print(_ text: String) {}
  func note(_ text: String) { lock.withLock { heard.append(text) } }
  func readablePath(_ path: String) -> String { path }
  func writablePath(_ path: String) -> String { path }
  func environmentVariable(_ name: String) -> String? { nil }
  func report(_ progress: ProgressReport) {}
  func record(_ event: RunEvent, _ vm: VM) {}
  func recordedRuns(limit: Int) throws -> Table { try Table(columns: []) }
  func recordedRun(_ number: Int) -> [Cell.Entry] { [] }
  func recordedTable(_ number: Int, sweep: Int) throws -> Table { try Table(columns: []) }
}

/// What would otherwise go wrong in silence is told, and what is right is not.
@Suite struct NoteTests {
  private static func notes(_ text: String) throws -> [String] {
    let host = NotingHost()
    let interpreter = Interpreter(host: host, seed: 1)
    Library.install(in: interpreter)
    _ = try interpreter.run(try Parsing.parse(Source(name: "notes.fl", text: text)))
    return host.notes
  }

  @Test(arguments: [
    (
      "json.parse(\"[12345678901234567891]\")",
      "12345678901234567891 is past 64 bits and was rounded to a float"
    ),
    (
      "table({u: [1, 1, 1, 1, 2], v: 0..5}).split(0.5, by: \"u\", seed: 1)",
      "of 5 rows, a share of"
    ),
    ("tensor(table({a: [16777217, 1], b: [0.5, 1]}))", "the ints of `a` are rounded to f32"),
    ("table({v: [1, 2]}).v == \"1\"", "these are never equal"),
    ("[true, false] != table({v: [1, 2]}).v", "these are never equal"),
    (
      "data.tabular(table({id: [f\"n{i}\" for i in 0..60], y: [i % 2 for i in 0..60]}), label: \"y\")",
      "the column `id` has 60 categories in 60 rows"
    ),
  ])
  func told(code: String, expected: String) throws {
    let notes = try Self.notes(code)
    #expect(notes.count == 1 && notes[0].contains(expected), "\(code): \(notes)")
  }

  @Test(arguments: [
    "json.parse(\"[9007199254740993, 1000000000000000019884624838656, 0.5]\")",
    "table({u: [1, 1, 2, 2], v: 0..4}).split(0.5, by: \"u\", seed: 1)",
    "tensor(table({a: [16777217, 1], b: [0.5, 1]}), \"f64\")",
    "tensor(table({a: [16777216, 1], b: [0.5, 1]}))",
    "table({v: [1, 2]}).v == 1.0", "table({v: [1, nil]}).v == [nil, nil]",
    "table({d: [\"2026-11-29\"]}).d.date() == \"2026-11-29\"",
    "data.tabular(table({k: [f\"n{i % 55}\" for i in 0..120], y: [i % 2 for i in 0..120]}), label: \"y\")",
  ])
  func notTold(code: String) throws {
    #expect(try Self.notes(code).isEmpty)
  }
}
