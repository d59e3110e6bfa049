import Foundation
import Runtime
import Syntax
import Testing

@testable import Builtins

/// What a script prints; an error is the last line, as `kind: message`.
private func printed(_ text: String) -> String {
  let host = RecordingHost()
  let interpreter = Interpreter(host: host, seed: 1)
  Library.install(in: interpreter)
  let result = run(text, name: "test.fl", interpreter, host)
  let problem = result.errors.first.map { "\($0.kind.rawValue): \($0.message)" } ?? ""
  return (result.output + problem).trimmingCharacters(in: .newlines)
}

/// `devices.save` and `fed.load`.
@Suite struct DeviceFileTests {
  private let path =
    FileManager.default.temporaryDirectory.path + "/devices-\(UUID().uuidString)"

  /// Every kind of examples comes back with its devices.
  @Test(arguments: [
    (
      "{inputs: tensor([[1.0], [2.0], [3.0]]), labels: [0, 1, 0], who: [\"b\", \"a\", \"b\"]}",
      "who",
      "d.keys, d[1].examples[\"inputs\"].tolist(), d[1].examples[\"who\"], d[0].examples[\"labels\"].tolist()",
      "[\"a\", \"b\"] [[1.0], [3.0]] [\"b\", \"b\"] [1]"
    ),
    (
      "table({who: [2.5, 1.0, 2.5], day: [date(\"2026-01-02\"), nil, nil]})", "who",
      "d.keys, d[1].examples.day", "[1, 2.5] [date(\"2026-01-02\"), nil]"
    ),
    (
      "data.tabular(table({who: [\"x\", \"y\"], age: [1.0, 3.0], ok: [0, 1]}), label: \"ok\", groups: \"who\")",
      "who", "d.keys, d[1].examples[\"inputs\"].shape, d[1].examples[\"age\"]",
      "[\"x\", \"y\"] [1, 1] [3.0]"
    ),
    (
      "data.demo(train: 30, test: 5).train", "label",
      "d == d, d.sizes == e.sizes, d[3].examples == e[3].examples", "true true true"
    ),
  ])
  func examplesComeBack(_ examples: String, _ column: String, _ shown: String, _ expected: String) {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let text = """
      let e = fed.partition(\(examples), by: fed.natural("\(column)"))
      e.save("\(path)")
      let d = fed.load("\(path)")
      print(\(shown))
      """
    #expect(printed(text) == expected)
  }

  @Test func damagedFilesAreRefused() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let made = printed(
      "fed.partition(data.demo(train: 30, test: 5).train, clients: 3).save(\"\(path)\")")
    #expect(made == "")
    let whole = try Data(contentsOf: URL(fileURLWithPath: path))
    try whole.dropLast(9).write(to: URL(fileURLWithPath: path))
    #expect(
      printed("fed.load(\"\(path)\")").hasPrefix("data: \(path) is damaged or cut off"))
    try Data("{}".utf8).write(to: URL(fileURLWithPath: path))
    #expect(printed("fed.load(\"\(path)\")") == "data: \(path) is no file of devices")
    #expect(printed("fed.load(\"\(path)-none\")").hasPrefix("io: "))
  }
}
