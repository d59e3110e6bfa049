import Runtime
import Syntax
import Tables
import Testing

@testable import Builtins

/// What other tools call members of tables, columns and groups gets one hint, from the check and from the run.
@Suite struct ForeignNamesTests {
  private static let table = "table({k: [\"a\", \"b\"], v: [1, 2]})"

  static let values: [(String, AnyNativeType, [String: String])] = [
    (table, Table.nativeType, ForeignNames.table),
    (table + ".v", Series.nativeType, ForeignNames.column),
    (table + ".group(\"k\")", Grouping.nativeType, ForeignNames.groups),
  ]

  @Test func theCheckAndTheRunSayTheSame() {
    let host = RecordingHost()
    let interpreter = DeclarationTests.interpreter(host)
    for (value, type, hints) in Self.values {
      let members = Set(type.fields.map(\.name) + type.methods.map(\.name))
      for (name, hint) in hints where !members.contains(name) {
        let known = ["\(value).\(name)", "\(value).\(name)()"]
        let unknown = ["(x => x.\(name))(\(value))", "(x => x.\(name)())(\(value))"]
        for code in known + unknown {
          let errors = run(code, name: "foreign", interpreter, host).errors
          #expect(errors.first?.hint == hint, "\(code): \(errors.first?.message ?? "no error")")
        }
      }
    }
  }

  /// A table whose columns only the run knows may have any of these as a field, but none that can be called.
  @Test func aCallIsJudgedWhateverTheColumns() {
    let host = RecordingHost()
    let interpreter = DeclarationTests.interpreter(host)
    let made = "let t = table([m for m in [{groupby: 1}]])\n"
    let called = run(made + "print(1)\nt.groupby(\"k\")", name: "called", interpreter, host)
    #expect(called.output.isEmpty)
    #expect(called.errors.first?.hint == ForeignNames.table["groupby"])
    #expect(run(made + "t.groupby", name: "read", interpreter, host).value == "[1]")
  }
}
