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
    ("t.rename(columns: {v: \"w\"})", "`t.rename({a: \"x\", b: \"y\"})`"),
    ("t.split(test_size: 0.2)", "`t.split(0.8)`"), ("t.sample(frac: 0.5)", "`t.split(0.5)`"),
    ("t.one_hot(\"k\", \"v\")", "`t.one_hot(\"a\").one_hot(\"b\")`"),
    ("data.table(\"x.csv\", sep: \";\")", "`separator:"),
    ("plot.scatter(t, x: \"v\", y: \"v\", hue: \"k\")", "`by:`"),
    ("stats.wilcoxon(t.v, t.v)", "`stats.permutation_test(a, b, paired: true)`"),
    ("stats.norm(0, 1)", "`stats.normal(0, 1)`"), ("plot.hist(t, x: \"v\")", "`plot.histogram("),
    ("if_else(t.v > 1, 1, 0)", "`t.map(row => "), ("xor(t.v > 1, t.v > 0)", "`a != b`"),
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

  /// What only the run can know.
  @Test(arguments: [
    ("int(t.v)", "`t.convert({v: \"int\"})`"), ("max(t.v, 3)", "`t.v.max()`"),
    ("sorted([1, nil])", "`t.v.sort()`"), ("t.filter(row => row.d > 1)", "`x != nil`"),
    ("t.sort(t.v)", "`t.sort(\"v\")`"), ("ml.kmeans(t[[\"v\"]], 2)", "`tensor(t)`"),
    ("plot.heatmap(t[[\"v\", \"d\"]].correlation())", "`t.unpivot("),
    ("t.join(table({k: [1], w: [2]}), on: \"k\")", "`u.convert({k: \"string\"})`"),
    (
      "t.with(\"k\", [\"2026-11-29\", \"x\"]).join(table({k: [date(\"2026-11-29\")]}), on: \"k\")",
      "t.k.date()"
    ),
    ("data.tabular(table({a: [1, inf], y: [0, 1]}), label: \"y\")", "isfinite(x)"),
    ("datetime(\"2026-11-29T12:00:00.1234567\")", "six decimals"),
    ("t.k > 3", "`t.convert({v: \"float\"})`"),
  ])
  func theRunSays(call: String, expected: String) {
    let host = RecordingHost()
    let interpreter = DeclarationTests.interpreter(host)
    let table = "table({k: [\"a\", \"b\"], v: [1, 2], d: [2, nil]})"
    let error = run("let t = \(table)\n\(call)", name: "run", interpreter, host).errors.first
    #expect(
      error?.hint?.contains(expected) == true,
      "\(call): \(error?.message ?? "no error"), \(error?.hint ?? "no hint")")
    // `a > b` may come to be asked as `b < a`: no sign is named.
    #expect(error?.message.contains("`<` does not fit") == false)
  }
}
