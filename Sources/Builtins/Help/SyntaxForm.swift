/// What help says of the words of the language: a form of syntax with an example.
public struct SyntaxForm: Sendable {
  /// The words that lead here, the main one first.
  public let names: [String]
  /// How it is written.
  public let form: String
  public let summary: String
  /// A script, and what it prints or gives.
  public let example: (code: String, result: String)

  private init(
    _ names: String..., form: String, _ summary: String, example: (code: String, result: String)
  ) {
    self.names = names
    self.form = form
    self.summary = summary
    self.example = example
  }

  public static let all = declarations + blocks + words + experiments

  private static let declarations = [
    SyntaxForm(
      "let", form: "let name = value",
      """
      Declares a variable. Lists and maps are taken apart: `let [a, b] = pair`, \
      `let {accuracy} = result`. An assignment to a name that was never declared is an error.
      """,
      example: ("let [a, b] = [1, 2]\na + b", "3")),
    SyntaxForm(
      "fn", "return", form: "fn name(first, second = default, named:) { … }",
      """
      Declares a function. The value of its block is that of the last expression; `return` leaves \
      early. Parameters with a colon are given by name only. `x => x * x` is a function without a \
      name.
      """,
      example: ("fn half(x, digits: 1) { round(x / 2, digits) }\nhalf(3)", "1.5")),
    SyntaxForm(
      "import", "as", form: "import \"file.fl\" as name",
      """
      Makes the names of another script, those without a leading `_`, members of a module. \
      `import std.recipes` takes one of the standard library, `with {epochs: 2}` sets the \
      parameters of the script.
      """,
      example: ("import std.recipes as r\ntype(r)", "\"module\"")),
  ]

  private static let blocks = [
    SyntaxForm(
      "if", "else", form: "if condition { … } else if condition { … } else { … }",
      "Chooses by a bool. As an expression it gives the value of the block that ran.",
      example: ("let p = 0.7\nif p > 0.5 { \"yes\" } else { \"no\" }", "\"yes\"")),
    SyntaxForm(
      "for", "break", "continue", form: "for item in values { … }",
      """
      Goes through a range, a list, the keys of a map or what else has elements. `break` leaves the \
      loop, `continue` goes on with the next element. `[f(x) for x in xs if x > 0]` makes a list.
      """,
      example: (
        "let kept = []\nfor i in 0..3 { if i == 1 { continue }; kept.append(i) }\nkept", "[0, 2]"
      )),
    SyntaxForm(
      "while", form: "while condition { … }", "Repeats its block as long as a bool is true.",
      example: ("let n = 1\nwhile n < 100 { n *= 2 }\nn", "128")),
    SyntaxForm(
      "try", "catch", "finally", form: "try { … } catch e { … } finally { … }",
      """
      Goes on after an error. `e.kind`, `e.message`, `e.hint` and `e.trace` say what went wrong; \
      what stands in `finally` runs in any case.
      """,
      example: ("try { [1][5] } catch e { e.kind }", "\"index\"")),
    SyntaxForm(
      "throw", form: "throw value",
      "Ends what runs with an error, made with `error(kind, message, data)` or of any value.",
      example: (
        "try { throw error(\"value\", \"too small\") } catch e { e.message }", "\"too small\""
      )),
    SyntaxForm(
      "assert", form: "assert condition, message",
      "Ends what runs with an error where a bool is false. The message may be left out.",
      example: (
        "try { assert 0.7 <= 0.6, f\"leaks: {0.7}\" } catch e { e.message }", "\"leaks: 0.7\""
      )),
    SyntaxForm(
      "with", form: "with context as name { … }",
      """
      Enters a context, such as `seed(7)` or a file of runs, and leaves it on every way out. \
      `as name` may be left out.
      """,
      example: ("let x = nil\nwith seed(7) { x = tensor.randn([2]) }\nx.shape", "[2]")),
  ]

  private static let words = [
    SyntaxForm(
      "and", "or", "not", form: "a and b, a or b, not a",
      "Combine bools. The right side runs only where it matters.",
      example: ("not (true and false)", "true")),
    SyntaxForm(
      "in", form: "item in values",
      "Whether a list, a range, a string or the keys of a map hold something.",
      example: ("\"dp\" in {dp: 1} and 3 in 0..5", "true")),
    SyntaxForm(
      "by", form: "first..last by step",
      "The step of a range. `0..10` leaves out its end, `1..=5` does not.",
      example: ("list(0..10 by 4)", "[0, 4, 8]")),
    SyntaxForm(
      "nil", form: "nil", "No value. `x ?? y` is `y` where `x` is nil.",
      example: ("nil ?? 3", "3")),
    SyntaxForm(
      "true", "false", form: "true, false",
      "The two bools. Conditions take nothing else.", example: ("3 > 2", "true")),
  ]

  private static let experiments = [
    SyntaxForm(
      "param", form: "param name = default in values   ## What it is.",
      """
      A parameter of the script, which a run sets with `-p name=value`. What stands behind `in`, a \
      range or a list, is checked before anything runs; `fairlead params` lists them.
      """,
      example: ("param epochs = 5 in 1..=100\nepochs", "5")),
    SyntaxForm(
      "sweep", "where", form: "sweep name in values, other in values where condition { … }",
      """
      Runs its block once for each combination of values and gives a table with a column for each \
      name and each key of the map that the block gives. Trials may run in parallel, are recorded, \
      and are not repeated where they were recorded before.
      """,
      example: (
        "let t = sweep a in [1, 2], b in 0..2 where a > b { {sum: a + b} }\n[r.sum for r in t.rows]",
        "[1, 2, 3]"
      )),
    SyntaxForm(
      "test", form: "test \"what holds\" { … }",
      "A check that `fairlead test` runs, and nothing else does.",
      example: ("test \"sums\" { assert 1 + 1 == 2 }", "")),
  ]
}
