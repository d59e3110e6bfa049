// Every error message with its rendering: a file of Snapshots holds a script and, after a line of `=====`, everything
// that parsing and checking say of it. `UPDATE_SNAPSHOTS=1 swift test` writes the second parts anew.

import Foundation
import Testing

@testable import Syntax

@Suite struct SnapshotTests {
  static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .appendingPathComponent("Snapshots")
  static let separator = "=====\n"

  static let files: [String] = {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.filter { $0.hasSuffix(".txt") }.sorted()
  }()

  @Test(arguments: files) func rendered(_ file: String) throws {
    let url = Self.folder.appendingPathComponent(file)
    let text = try String(contentsOf: url, encoding: .utf8)
    let parts = text.components(separatedBy: Self.separator)
    let script = parts[0]
    let result = Self.diagnose(script, name: file.replacing(".txt", with: ".fl"))
    if ProcessInfo.processInfo.environment["UPDATE_SNAPSHOTS"] != nil {
      try (script + Self.separator + result).write(to: url, atomically: true, encoding: .utf8)
    } else {
      #expect(result == (parts.count > 1 ? parts[1] : ""))
    }
  }

  static func diagnose(_ script: String, name: String) -> String {
    let source = Source(name: name, text: script)
    var all: [Diagnostic]
    do {
      let program = try Parsing.parse(source)
      all = Checking.check(program, in: testEnvironment, options: .init(isMainScript: true))
    } catch {
      all = error.all
    }
    return Rendering.render(all) + "\n"
  }
}

/// A few natives and modules, enough to check scripts against.
let testEnvironment: CheckEnvironment = {
  @Sendable func function(_ name: String, _ parameters: [Signature.Parameter]) -> Entity {
    .function(Signature(name: name, parameters: parameters))
  }
  let train: [Signature.Parameter] = [
    .init("model"), .init("set"), .init("epsilon", namedOnly: true),
    .init("delta", defaultText: "1e-5", namedOnly: true),
    .init("epochs", defaultText: "1", namedOnly: true),
  ]
  return CheckEnvironment(
    globals: [
      "print": function("print", [.init("values", variadic: true)]),
      "len": function("len", [.init("value")]), "sum": function("sum", [.init("values")]),
      "enumerate": function("enumerate", [.init("values"), .init("start", defaultText: "0")]),
      "seed": function("seed", [.init("value")]), "error": .value, "inf": .value,
      "string": function("string", [.init("value")]),
      "tensor": .module(
        ["randn": function("tensor.randn", [.init("shape")])],
        callable: Signature(name: "tensor", parameters: [.init("values")])),
      "dp": .module(
        ["train": function("dp.train", train), "attack": .value, "ledger": .value], callable: nil),
      "nn": .module(
        ["train": function("nn.train", train), "linear": .value, "relu": .value], callable: nil),
      "earlier": .value,
    ],
    assignable: ["earlier"],
    resolveImport: { path in
      switch path {
      case .file("helpers.fl"):
        .module(
          ["mean": function("mean", [.init("values")])], callable: nil)
      case .standard: .value
      case .file(let name): throw Diagnostic(.io, "there is no file `\(name)`")
      }
    })
}()
