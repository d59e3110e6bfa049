import Testing

@testable import Sessions

@Suite struct CursorContextTests {
  /// `|` marks the cursor.
  private func context(_ marked: String) -> CursorContext {
    let cursor = marked.utf8.firstIndex(of: UInt8(ascii: "|")).map {
      marked.utf8.distance(from: marked.utf8.startIndex, to: $0)
    }
    return CursorContext(
      marked.replacing("|", with: ""), cursor: cursor ?? marked.utf8.count)
  }

  @Test(arguments: [
    ("|", CursorContext.Place.name, "", 0), ("let x = pri|", .name, "pri", 8),
    ("dp.ep|", .member(["dp"]), "ep", 3), ("dp.|", .member(["dp"]), "", 3),
    ("a.b.c|d", .member(["a", "b"]), "c", 4), ("f(x).na|", .member(nil), "na", 5),
    ("xs[0].|", .member(nil), "", 6), ("print(\"data/sn|", .string("data/sn"), "sn", 12),
    ("x = 1 # pri|", .nothing, "", 11), ("1.5|", .nothing, "", 3), ("\"a\" + b|", .name, "b", 6),
    ("\"\"\"a\" b|", .string("a\" b"), "a\" b", 3), ("größe|", .name, "größe", 0),
    ("'it|", .string("it"), "it", 1), ("\"abc\".|", .method(.string), "", 6),
    ("x = f\"{y}\".up|", .method(.string), "up", 11), ("[1, \"a\"].|", .method(.list), "", 9),
    ("for x in [1].ma|", .method(.list), "ma", 13), ("f(x)[0].a|", .member(nil), "a", 8),
    ("let m = {a: [1]}.|", .method(.map), "", 17), ("if x { y }.|", .member(nil), "", 11),
    ("\"abc\".upper().|", .member(nil), "", 14), ("import std.|", .module(["std"]), "", 11),
    ("import st|", .module([]), "st", 7),
    ("import std.experiments.ep|", .module(["std", "experiments"]), "ep", 23),
    ("import std.recipes as r\nr.|", .member(["r"]), "", 26), ("m[\"|", .key(["m"]), "", 3),
    ("a.b['ke y|", .key(["a", "b"]), "ke y", 5), ("m[\"a\"] + [\"b|", .string("b"), "b", 11),
    ("f([\"a|", .string("a"), "a", 4), ("m[0, \"a|", .string("a"), "a", 6),
    ("\"\\\"|", .string("\\\""), "\\\"", 1), ("t[[\"a|", .key(["t"]), "a", 4),
    ("t[['a', 'b|", .key(["t"]), "b", 9), ("t.head(3)[\"a|", .key(nil), "a", 11),
    ("t\n  .he|", .member(["t"]), "he", 5), ("0..n.|", .member(["n"]), "", 5),
  ])
  func places(marked: String, place: CursorContext.Place, prefix: String, start: Int) {
    let context = context(marked)
    #expect(context.place == place)
    #expect(context.prefix == prefix)
    #expect(context.start == start)
  }

  @Test(arguments: [
    ("x + t.x.|", "t.x"), ("let y = t.group(\"k\").|", "t.group(\"k\")"), ("f(t[0].na|", "t[0]"),
    ("f\"a\".upper().|", "f\"a\".upper()"), ("a, (b + c).|", "(b + c)"),
    ("t.head(3)[\"a|", "t.head(3)"), ("t[[\"a\", \"b|", "t"), ("not t.x.|", "t.x"),
    ("t\n  .head(3)\n  .|", "t\n  .head(3)\n  "),
  ])
  func bases(marked: String, base: String) throws {
    let text = marked.replacing("|", with: "")
    let found = try #require(context(marked).base)
    #expect(String(decoding: Array(text.utf8)[found], as: UTF8.self) == base)
  }

  @Test func argumentsAtTheCursor() throws {
    let call = try #require(context("plot.line(t.head(3), x: \"a\", y: \"|").call)
    #expect(call.callee == ["plot", "line"] && call.name == "y" && call.names == ["x", "y"])
    #expect(call.first == 10..<19 && call.position == 1)
    let method = try #require(context("t.head(3).group(\"a\", [\"|").call)
    #expect(method.callee == nil && method.text == 0..<15 && method.position == 1)
  }

  @Test(arguments: [
    ("dp.train(model, ep|", ["dp", "train"], [String]()),
    ("dp.train(model, epsilon: 3, |", ["dp", "train"], ["epsilon"]),
    ("f(a, g(1), [1, |", ["f"], []), ("f (a|", ["f"], []), ("g(f(x), {a: 1}, |", ["g"], []),
  ])
  func calls(marked: String, callee: [String], names: [String]) {
    #expect(context(marked).call?.callee == callee)
    #expect(context(marked).call?.names == names)
  }

  @Test(arguments: ["f(a) + |", "(a + |", "if x { |", "fn f(x) { |", "f(x) { y|"])
  func noCall(marked: String) {
    #expect(context(marked).call == nil)
  }
}
