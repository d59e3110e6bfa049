import Syntax
import Testing

@testable import Builtins

/// Calls of tables' methods that people make from habit are answered with what to write, by the check and by the run.
@Suite struct MisuseHintTests {
  @Test(arguments: [
    ("t.with(double: 2)", "`t.with({double: …})`"), ("t.sum(\"v\")", "`t.v.sum()`"),
    ("t.with(\"a\", 1, 2)", "`t.with({a: 1, b: 2})`"),
    ("t.mean(\"v\")", "`t.v.mean()`"), ("t.describe(\"v\")", "`t.select(\"v\").describe()`"),
    ("t.group(by: \"k\")", "`t.group(\"a\", \"b\")`"),
    ("t.sort(\"v\", ascending: false)", "`t.sort(\"-v\")`"),
    ("t.sort(by: \"v\")", "`t.sort(\"a\", \"-b\")`"), ("t.select(columns: \"v\")", "`t.select("),
    ("t.filter(v: 1)", "`t.filter(t.v == 1)`"), ("t.rename(v: \"w\")", "`t.rename({v: \"new\"})`"),
    ("t.join(t, \"k\")", "`t.join(u, on: \"key\")`"),
    ("t.fill_missing(v: 0)", "`t.fill_missing({v: 0})`"),
    ("t.convert(v: \"float\")", "`t.convert({v: \"float\"})`"),
    ("t.sort(\"v\", descendin: true)", "`descending`"),
    ("t.pivot(\"k\", \"v\", \"v\")", "`t.pivot(rows:"),
    ("t.group(\"k\").sum(\"v\")", "`g.agg({v: \"sum\"})`"),
    ("t.group(\"k\").agg(v: \"mean\")", "`g.agg({v: \"mean\"})`"),
  ])
  func theCheckAndTheRunSayTheSame(call: String, expected: String) {
    let host = RecordingHost()
    let interpreter = DeclarationTests.interpreter(host)
    let table = "table({k: [\"a\", \"b\"], v: [1, 2]})"
    for code in ["let t = \(table)\n\(call)", "(t => \(call))(\(table))"] {
      let error = run(code, name: "misuse", interpreter, host).errors.first
      #expect(
        error?.hint?.contains(expected) == true,
        "\(code): \(error?.message ?? "no error"), \(error?.hint ?? "no hint")")
    }
  }
}
