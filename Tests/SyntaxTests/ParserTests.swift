import Testing

@testable import Syntax

@Suite struct ParserTests {
  static let expressions: [(String, String)] = [
    ("1 + 2 * 3", "(+ 1 (* 2 3))"), ("(1 + 2) * 3", "(* (+ 1 2) 3)"),
    ("a - b - c", "(- (- a b) c)"),
    ("-x ** 2", "(- (** x 2))"), ("2 ** -1", "(** 2 (- 1))"), ("2 ** 3 ** 2", "(** 2 (** 3 2))"),
    ("-a * b", "(* (- a) b)"), ("a @ b // c % d", "(% (// (@ a b) c) d)"),
    ("not a == b", "(not (a == b))"), ("not a and b or c", "(or (and (not a) b) c)"),
    ("a > 1 & b == c", "(& (a > 1) (b == c))"), ("a | b & c", "(| a (& b c))"),
    ("a & b | c & d", "(| (& a b) (& c d))"), ("not a & b", "(not (& a b))"),
    ("not a | b and c", "(and (not (| a b)) c)"), ("(not a) & b", "(& (not a) b)"),
    ("a |\n b", "(| a b)"), ("a & b |> f", "(|>f (& a b))"), ("x => a | b", "(fn (x) {(| a b)})"),
    ("a + 1 & b in c", "(& (+ a 1) (b in c))"), ("a ?? b & c", "(?? a (& b c))"),
    ("t[t.a > 30 & t.b]", "(index t (& (t.a > 30) t.b))"),
    ("a < b <= c", "(a < b <= c)"), ("a in b", "(a in b)"), ("a not in b", "(a not in b)"),
    ("0..n + 1", "(.. 0 (+ n 1))"), ("0..10 by 2", "(.. 0 10 2)"), ("1..=5", "(..= 1 5)"),
    ("x in 0..3", "(x in (.. 0 3))"), ("a ?? b ?? c", "(?? (?? a b) c)"),
    ("a ?? b or c", "(?? a (or b c))"), ("x |> f", "(|>f x)"), ("x |> f(a)", "(|>f x a)"),
    ("x |> m.f(a, k: 1)", "(|>m.f x a k:1)"), ("x |> f |> g(1)", "(|>g (|>f x) 1)"),
    ("x |> (y => y + 1)", "(|>(fn (y) {(+ y 1)}) x)"), ("x |> y => y", "(|>(fn (y) {y}) x)"),
    ("x |> (f(a))", "(|>(f a) x)"), ("x |> f(a).g()", "(|>(f a).g x)"),
    ("1 + 2 |> f", "(|>f (+ 1 2))"),
    ("x => x * x", "(fn (x) {(* x x)})"), ("() => {1}", "(fn () {1})"),
    ("(a, b = 1, c: 2, d:) => a", "(fn (a b=1 c:=2 d:) {a})"),
    ("x => y => x", "(fn (x) {(fn (y) {x})})"),
    ("x => ({a: x})", #"(fn (x) {{"a": x}})"#), ("f(x => x, 1)", "(f (fn (x) {x}) 1)"),
    ("f(a, name: b)", "(f a name:b)"), ("f(by: 1, in: 2)", "(f by:1 in:2)"),
    ("f(\n a,\n b,\n)", "(f a b)"),
    ("x[1:3, :, -1]", "(index x 1:3:, ::, (- 1))"), ("x[..., 0]", "(index x ..., 0)"),
    ("x[::2]", "(index x ::2)"), ("x[a:b:c]", "(index x a:b:c)"), ("x[mask]", "(index x mask)"),
    ("[1, 2,]", "[1 2]"), ("[]", "[]"), ("{}", "{}"),
    (
      #"{a: 1, "b c": 2, [k]: 3, for: 4}"#,
      #"{"a": 1 "b c": 2 k: 3 "for": 4}"#
    ), ("{1: 2}", "{1: 2}"), ("{\n a: 1\n ,\n}", #"{"a": 1}"#),
    (#"[f"{w}!" for w in words if len(w) > 3]"#, #"[(f <w> "!") for w words if ((len w) > 3)]"#),
    ("[a for x in y for a, b in x]", "[a for x y for [a b] x]"),
    ("{k: v for k, v in m.items()}", "{k: v for [k v] (m.items)}"),
    (#"{"k": v for v in m}"#, #"{"k": v for v m}"#),
    (#"if p > 0.5 { "yes" } else { "no" }"#, #"(if (p > 0.5) {"yes"} else {"no"})"#),
    ("if a { 1 } else if b { 2 }\nelse { 3 }", "(if a {1} b {2} else {3})"),
    (
      "let x = try { f() } catch e { nil } finally { g() }",
      "(let x (try {(f)} catch e {nil} finally {(g)}))"
    ), ("try { a } catch { b }", "(try {a} catch _ {b})"),
    (
      "let r = sweep e in [1, 2], s in 0..3 where e > 1 or s < 2 { {a: e} }",
      #"(let r (sweep e [1 2] s (.. 0 3) where (or (e > 1) (s < 2)) {{"a": e}}))"#
    ),
    ("x.for.in", "x.for.in"), ("-9223372036854775808", "-9223372036854775808"), ("+1", "1"),
    ("if ({a: 1}) == x { 2 }", #"(if ({"a": 1} == x) {2})"#),
    ("if x == [{a: 1}] { 2 }", #"(if (x == [{"a": 1}]) {2})"#),
    ("test", "test"), ("is_ok", "is_ok"), ("a.b(1)[2].c", "(index (a.b 1) 2).c"),
  ]

  @Test(arguments: expressions) func expression(_ text: String, _ expected: String) {
    #expect(parsed(text) == expected)
  }

  static let statements: [(String, String)] = [
    ("let x = 3", "(let x 3)"), ("let [a, [b, _]] = x", "(let [a [b _]] x)"),
    (
      #"let {accuracy, auc: leak, "k v": [c]} = r"#,
      "(let {accuracy: accuracy auc: leak k v: [c]} r)"
    ),
    ("x += 1", "(+= x 1)"), ("x **= 2; y //= 3", "(**= x 2)\n(//= y 3)"),
    ("x[0] = 1", "(= (index x 0) 1)"),
    ("m.key = 1", "(= m.key 1)"), ("[a, b] = [b, a]", "(= [a b] [b a])"), ("w @= m", "(@= w m)"),
    ("fn mean(xs) { sum(xs) / len(xs) }", "(fn mean(xs) {(/ (sum xs) (len xs))})"),
    (
      "fn fit(model, set, epochs = 3, batch: 64) { return }",
      "(fn fit(model set epochs=3 batch:=64) {(return)})"
    ),
    (
      "for i, row in enumerate(rows) { if i > 3 { break } }",
      "(for [i row] (enumerate rows) {(if (i > 3) {(break)})})"
    ),
    ("while a {\n continue\n}", "(while a {(continue)})"),
    ("throw error(\"value\", \"m\")", #"(throw (error "value" "m"))"#),
    ("assert auc <= 0.6, f\"leaks: {auc}\"", #"(assert (auc <= 0.6) (f "leaks: " <auc>))"#),
    ("with seed(7) { a }", "(with (seed 7) _ {a})"),
    ("with ledger as l { a }", "(with ledger l {a})"),
    (#"import "helpers.fl" as h"#, #"(import file("helpers.fl") as h [])"#),
    (#"import "a/helpers.fl""#, #"(import file("a/helpers.fl") as helpers [])"#),
    ("import std.recipes", #"(import standard("recipes") as recipes [])"#),
    (#"import "s.fl" with {epochs: 2} as s"#, #"(import file("s.fl") as s ["\"epochs\": 2"])"#),
    ("param epochs = 5 in 1..=100  ## Passes.", #"(param epochs 5 in (..= 1 100) ##"Passes.")"#),
    (
      "## Doc of x.\n## More.\nparam x = [1 in a] in y",
      #"(param x [(1 in a)] in y ##"Doc of x.\nMore.")"#
    ),
    (#"test "adds" { assert true }"#, #"(test "adds" {(assert true)})"#),
    ("#%% Data\n1", "(cell Data)\n1"),
    ("let x =\n 3", "(let x 3)"), ("a +\nb", "(+ a b)"), ("a\n.b()\n|> c", "(|>c (a.b))"),
    ("a\n-b", "a\n(- b)"),
    ("a\n(b)", "a\nb"), ("a\n[b]", "a\n[b]"), ("f(() => {\n a\n b\n})", "(f (fn () {a; b}))"),
    ("let f = x =>\n x", "(let f (fn (x) {x}))"), ("if a\n{ b }", "(if a {b})"),
    ("sweep a in b,\n c in d\n where e { f }", "(sweep a b c d where e {f})"),
    ("a; b;; c", "a\nb\nc"),
    ("for x in xs { }\nreturn 1", "(for x xs {})\n(return 1)"), ("{a: 1}", #"{"a": 1}"#),
    ("let r = f(a) |> g(b)\n  |> h()", "(let r (|>h (|>g (f a) b)))"),
  ]

  @Test(arguments: statements) func statement(_ text: String, _ expected: String) {
    #expect(parsed(text) == expected)
  }

  @Test func docCommentsBelongToTheirDeclarations() throws {
    func program(_ text: String) throws -> Program {
      try Parsing.parse(Source(name: "t.fl", text: text))
    }
    let alone = try program("## About the file.\n\n## About f.\nfn f() {}")
    #expect(alone.doc == "About the file.")
    #expect(TreeDump.program(alone) == #"(fn f() {} ##"About f.")"#)
    let param = try program("#!/x\n## About the file.\nparam a = [1,\n 2] ## About a.\n")
    #expect(param.doc == "About the file.")
    #expect(TreeDump.program(param) == #"(param a [1 2] ##"About a.")"#)
    let direct = try program("## About f.\nfn f() {}")
    #expect(direct.doc == nil)
    let imports = try program("## About the file.\nimport std.a\n")
    #expect(imports.doc == "About the file.")
    let lets = try program("let a = 1 ## A.\n## B.\nlet b = 2\n")
    #expect(TreeDump.program(lets) == "(let a 1 ##\"A.\")\n(let b 2 ##\"B.\")")
  }

  static let completeness: [(String, Completeness)] = [
    ("", .complete), ("1 + 1", .complete), ("fn f() {", .incomplete), ("[1,", .incomplete),
    ("1 +", .incomplete), ("let x =", .incomplete), ("x =>", .incomplete),
    ("\"\"\"abc", .incomplete),
    ("if a { 1 }", .complete), ("if a", .incomplete), ("try { a }", .incomplete),
    ("x |>", .incomplete),
    ("\"abc", .invalid), ("1 2", .invalid), (")", .invalid), ("[1)", .invalid),
    ("let = 3", .invalid),
    ("fn f(a)", .incomplete), ("for x in xs", .incomplete), ("let x = @", .invalid),
    ("a and", .incomplete),
    ("not", .incomplete), ("# comment", .complete), ("{a: 1", .incomplete),
    ("f(a,\n b", .incomplete), ("## About f.", .incomplete), ("## About f.\nfn f() {}", .complete),
    ("## About all.\n", .complete), ("let a = 1 ## A.", .complete),
  ]

  @Test(arguments: completeness) func complete(_ text: String, _ expected: Completeness) {
    #expect(Parsing.completeness(of: text) == expected)
  }

  @Test func severalErrorsAreReportedAtOnce() {
    let text = "let = 1\nfn f() {\n  let x = @\n  print x\n}\nif a: b\nlet y = 2 +* 3\n"
    guard case let errors? = failures(text) else {
      Issue.record("no error")
      return
    }
    #expect(
      errors.map { $0.labels[0].source.position(of: Int($0.labels[0].span.start)).line } == [
        1, 3, 4, 6, 7,
      ])
  }

  @Test func errorsAreCappedAtTwenty() {
    #expect(failures(String(repeating: "let = 1\n", count: 100))?.count == 20)
  }
}

func failures(_ text: String) -> [Diagnostic]? {
  do {
    _ = try Parsing.parse(Source(name: "t.fl", text: text))
    return nil
  } catch {
    return error.all
  }
}
