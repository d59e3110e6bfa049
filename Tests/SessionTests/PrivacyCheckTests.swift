import Syntax
import Testing

@testable import Sessions

/// What `fairlead check --privacy` finds in scripts.
@Suite struct PrivacyCheckTests {
  func warnings(_ text: String) throws -> [String] {
    let program = try Parsing.parse(Source(name: "a.fl", text: text))
    return PrivacyCheck.warnings(program).map(\.message)
  }

  static func together(_ count: Int, _ name: String) -> String {
    "\(count) private operations on `\(name)` that no ledger adds up"
  }
  static func repeatedly(_ name: String) -> String {
    "a private operation on `\(name)` that runs repeatedly, and no ledger adds it up"
  }
  static func anew(_ name: String) -> String {
    "a ledger for `\(name)` that is made anew each time: every one has the whole budget"
  }
  static func several(_ count: Int, _ name: String) -> String {
    "\(count) ledgers for `\(name)`: each of them has its own budget"
  }

  @Test(arguments: [
    // A function that is called twice.
    (
      "fn f() { dp.count(a, epsilon: 1) }\nlet a = [1]\nf()\nf()", [together(2, "a")]
    ),
    (
      "let f = d => dp.count(d, epsilon: 1)\nlet a = [1]\nlet b = [2]\nf(a)\nf(b)\nf(a)",
      [together(2, "a")]
    ),
    (
      """
      fn inner(x) { dp.count(x, epsilon: 1) }
      fn outer(d, n: 1) { inner(d) }
      let a = [1]
      outer(a)
      outer(n: 2, d: a)
      """, [together(2, "a")]
    ),
    ("fn f(d) { dp.count(d, epsilon: 1) }\nlet a = [1]\nf(a)", []),
    ("fn f(d) { dp.count(d, epsilon: 1) }\nlet a = [1]\nfor i in 0..3 { f(a) }", [repeatedly("a")]),
    (
      "fn f(d) { for i in 0..3 { dp.count(d, epsilon: 1) } }\nlet a = [1]\nf(a)",
      [repeatedly("a")]
    ),
    // Inside of a ledger both count.
    (
      "fn f(d) { dp.count(d, epsilon: 1) }\nlet a = [1]\nwith dp.ledger(epsilon: 2) { f(a)\nf(a) }",
      []
    ),
    (
      """
      fn f(d) { dp.count(d, epsilon: 1) }
      let a = [1]
      with dp.ledger(epsilon: 2) { f(a) }
      f(a)
      f(a)
      """, [together(2, "a")]
    ),
    // What calls itself is read once.
    ("fn f(d) { dp.count(d, epsilon: 1)\nf(d) }\nlet a = [1]\nf(a)\nf(a)", [together(2, "a")]),
    (
      "fn f(d) { dp.count(d, epsilon: 1)\ndp.sum(d, bounds: [0, 1], epsilon: 1) }",
      [together(2, "d")]
    ),
  ])
  func functions(_ text: String, _ expected: [String]) throws {
    #expect(try warnings(text) == expected)
  }

  @Test(arguments: [
    (
      "let a = [1]\nlet b = a\ndp.count(a, epsilon: 1)\ndp.count(b, epsilon: 1)", [together(2, "a")]
    ),
    (
      "let t = table({x: [1]})\nlet old = t.filter(r => r.x > 0)\nlet x = old.x\ndp.count(t, epsilon: 1)\ndp.mean(x, bounds: [0, 1], epsilon: 1)",
      [together(2, "t")]
    ),
    (
      "let a = [1]\nlet b = [x + 1 for x in a if x > 0]\nlet c = 2 * tensor(b)[1:]\ndp.count(a, epsilon: 1)\ndp.count(c, epsilon: 1)",
      [together(2, "a")]
    ),
    (
      "let data = [1]\ndp.count(data.filter(x => x > 0), epsilon: 1)\ndp.count(data |> list(), epsilon: 1)",
      [together(2, "data")]
    ),
    (
      "let a = [1]\ndp.count(tensor.abs(a), epsilon: 1)\ndp.count({inputs: a}, epsilon: 1)",
      [together(2, "a")]
    ),
    // Other data: from files, from makers, of a private result; names that are bound twice.
    (
      "let a = data.load(\"a.csv\")\nlet b = data.load(\"b.csv\")\ndp.count(a, epsilon: 1)\ndp.count(b, epsilon: 1)",
      []
    ),
    (
      "let n = 3\nlet a = tensor.zeros(n)\nlet b = tensor.ones(n)\ndp.count(a, epsilon: 1)\ndp.count(b, epsilon: 1)",
      []
    ),
    (
      "let a = [1]\nlet m = dp.mean(a, bounds: [0, 1], epsilon: 1)\ndp.laplace([m.value], sensitivity: 1, epsilon: 1)",
      []
    ),
    (
      "let a = [1]\nlet c = [2]\nlet b = a\nb = c\ndp.count(a, epsilon: 1)\ndp.count(b, epsilon: 1)",
      []
    ),
    ("let a = b\nlet b = a\ndp.count(a, epsilon: 1)", []),
  ])
  func derivedData(_ text: String, _ expected: [String]) throws {
    #expect(try warnings(text) == expected)
  }

  @Test(arguments: [
    ("let a = [1]\nfor i in 0..3 { dp.count(a, epsilon: 1) }", [repeatedly("a")]),
    ("let a = [[1], [2]]\nfor part in a { dp.count(part, epsilon: 1) }", []),
    ("let a = [1]\nlet c = [dp.count(a, epsilon: e) for e in [1, 2]]", [repeatedly("a")]),
    (
      "let a = [1]\nlet r = sweep e in [1, 2] { {n: dp.count(a, epsilon: e).value} }",
      [repeatedly("a")]
    ),
    // Ledgers.
    (
      "let a = [1]\nfor i in 0..3 { with dp.ledger(epsilon: 1) { dp.count(a, epsilon: 1) } }",
      [anew("a")]
    ),
    (
      "let a = [1]\nfor i in 0..3 { let l = dp.ledger(epsilon: 1)\nwith l { dp.count(a, epsilon: 1) } }",
      [anew("a")]
    ),
    (
      "let a = [1]\nlet l = dp.ledger(epsilon: 1)\nfor i in 0..3 { with l { dp.count(a, epsilon: 0.1) } }",
      []
    ),
    (
      "let a = [1]\nfor i in 0..3 { with dp.ledger(epsilon: 1, file: \"a.ledger\") { dp.count(a, epsilon: 0.1) } }",
      []
    ),
    (
      "let a = [1]\nfn f(d) { with dp.ledger(epsilon: 1) { dp.count(d, epsilon: 1) } }\nf(a)\nf(a)",
      [several(2, "a")]
    ),
    (
      "let a = [1]\nlet b = [2]\nfn f(d) { with dp.ledger(epsilon: 1) { dp.count(d, epsilon: 1)\ndp.count(d, epsilon: 1) } }\nf(a)\nf(b)",
      []
    ),
    (
      "let a = [1]\nfn f(d) { with dp.ledger(epsilon: 1) { dp.count(d, epsilon: 1) } }\nfor i in 0..3 { f(a) }",
      [anew("a")]
    ),
    (
      "let a = [1]\nwith dp.ledger(epsilon: 1) { dp.count(a, epsilon: 1) }\nwith dp.ledger(epsilon: 1) { dp.count(a[1:], epsilon: 1) }",
      [several(2, "a")]
    ),
    // An outer ledger counts what inner ones begin anew.
    (
      "let a = [1]\nwith dp.ledger(epsilon: 9) { for i in 0..3 { with dp.ledger(epsilon: 1) { dp.count(a, epsilon: 1) } } }",
      []
    ),
    // A seed is no ledger.
    (
      "let a = [1]\nwith seed(1) { dp.count(a, epsilon: 1)\ndp.count(a, epsilon: 1) }",
      [together(2, "a")]
    ),
  ])
  func loopsAndLedgers(_ text: String, _ expected: [String]) throws {
    #expect(try warnings(text) == expected)
  }

  /// Functions that are handed to others as values count where they stand, unless a ledger's block names them.
  @Test func functionsAsValues() throws {
    let made = "let a = [1]\nfn f() { dp.count(a, epsilon: 1)\ndp.count(a, epsilon: 1) }\n"
    #expect(try warnings(made + "apply(f)") == [Self.together(2, "a")])
    #expect(try warnings(made + "with dp.ledger(epsilon: 2) { apply(f) }") == [])
  }

  /// Chains of calls that double at every link end in time.
  @Test func manyCalls() throws {
    var text = "let a = [1]\nfn f0(d) { dp.count(d, epsilon: 1) }\n"
    for i in 1..<40 { text += "fn f\(i)(d) { f\(i - 1)(d)\nf\(i - 1)(d) }\n" }
    #expect(try warnings(text + "f39(a)") == [Self.together(200, "a")])
  }
}
