import Foundation
import Testing

/// What of a sweep is run again: what a trial depends on, and nothing else. Each case runs a script, changes something,
/// runs it again with the seed that is taken up, and compares with a run of the changed script that knows no record.
@Suite struct ReuseTests {
  struct Case: Sendable, CustomTestStringConvertible {
    var name: String
    var before: String
    var after: String
    /// Of the trials of the second run, how many are found (in each of its sweeps).
    var found: [Int]
    var files: [String: String] = [:]
    var filesAfter: [String: String] = [:]
    var arguments: [String] = []
    var argumentsAfter: [String] = []
    var testDescription: String { name }
  }

  private static let draw = "tensor.randn([1]).sum().item()"

  static let kept: [Case] = [
    Case(
      name: "comments and layout",
      before: "let a = 2\nlet t = sweep x in 0..3 { {y: a * x + \(draw)} }\nprint(t.csv())",
      after:
        "# more\nlet a   =   2 # two\n\nlet t = sweep x in 0..3 {\n  # a body\n  {y: a * x + \(draw)}\n}\nprint(t.csv())",
      found: [3]),
    Case(
      name: "what comes after the sweep, and what it does not name",
      before:
        "let title = \"old\"\nlet t = sweep x in 0..3 { {y: \(draw)} }\nprint(title, t.csv())",
      after:
        "let unused = [1]\nlet title = \"new\"\nfn f(z) { z + 1 }\nlet t = sweep x in 0..3 { {y: \(draw)} }\nprint(f(1), title, t.csv())",
      found: [3]),
    Case(
      name: "one more seed",
      before: "param seeds = 2\nlet t = sweep s in 0..seeds { {y: \(draw)} }\nprint(t.csv())",
      after: "param seeds = 2\nlet t = sweep s in 0..seeds { {y: \(draw)} }\nprint(t.csv())",
      found: [2], argumentsAfter: ["-p", "seeds=3"]),
    Case(
      name: "tensors and tables in the results",
      before:
        "let t = sweep x in 1..4 { {w: tensor.randn([40]) / x, more: table({a: [tensor.randn([2])]})} }\nprint(t.csv(), t.w[1].dtype, t.more[2].a[0])",
      after:
        "let t = sweep x in 1..5 { {w: tensor.randn([40]) / x, more: table({a: [tensor.randn([2])]})} }\nprint(t.csv(), t.w[1].dtype, t.more[2].a[0])",
      found: [3]),
    Case(
      name: "another order of parameters",
      before:
        "param a = 1\nparam b = 2\nlet t = sweep x in 0..2 { {y: a + b * x} }\nprint(t.csv())",
      after: "param a = 1\nparam b = 2\nlet t = sweep x in 0..2 { {y: a + b * x} }\nprint(t.csv())",
      found: [2], arguments: ["-p", "a=3", "-p", "b=4"], argumentsAfter: ["-p", "b=4", "-p", "a=3"]),
    Case(
      name: "a default written out",
      before: "param a = 1 in 1..9\nlet t = sweep x in 0..2 { {y: a * x} }\nprint(t.csv())",
      after: "param a = 1 in 1..9\nlet t = sweep x in 0..2 { {y: a * x} }\nprint(t.csv())",
      found: [2], argumentsAfter: ["-p", "a=1"]),
    Case(
      name: "another parameter that the body does not use",
      before:
        "param a = 1\nparam epsilons = [1, 2]\nlet t = sweep e in epsilons + [inf], s in 0..2 { {y: a * s} }\nprint(t.group(\"e\").mean().csv())",
      after:
        "param a = 1\nparam epsilons = [1, 2]\nlet t = sweep e in epsilons + [inf], s in 0..2 { {y: a * s} }\nprint(t.group(\"e\").mean().csv())",
      found: [6], argumentsAfter: ["-p", "epsilons=[1, 2, 4]"]),
    Case(
      name: "a condition",
      before: "let t = sweep x in 0..4 where x != 1 { {y: \(draw)} }\nprint(t.csv())",
      after: "let t = sweep x in 0..4 where x != 2 { {y: \(draw)} }\nprint(t.csv())", found: [2]),
    Case(
      name: "an imported function that is not reached",
      before: "import \"h.fl\" as h\nlet t = sweep x in 0..2 { {y: h.f(x)} }\nprint(t.csv())",
      after: "import \"h.fl\" as h\nlet t = sweep x in 0..2 { {y: h.f(x)} }\nprint(t.csv())",
      found: [2], files: ["h.fl": "fn f(x) { x * 2 }\nfn other(x) { x }"],
      filesAfter: ["h.fl": "fn other(x) { x + 1 }\nfn f(x) { x * 2 }"]),
    Case(
      name: "a function that sweeps, called once more",
      before:
        "fn run(a) { sweep x in 0..2 { {y: a * x + \(draw)} } }\nprint(run(1).csv(), run(2).csv())",
      after:
        "fn run(a) { sweep x in 0..2 { {y: a * x + \(draw)} } }\nprint(run(1).csv(), run(3).csv(), run(2).csv())",
      found: [2, 0, 2]),
    Case(
      name: "the same body twice",
      before: "let t = sweep x in 0..2 { {y: x} }\nprint(t.csv())",
      after:
        "let t = sweep x in 0..2 { {y: x} }\nlet u = sweep x in 0..3 { {y: x} }\nprint(t.csv(), u.csv())",
      found: [2, 2]),
    Case(
      name: "data, tokenizers, models and settings that are captured",
      before: captures, after: "let unused = 1\n" + captures, found: [2]),
    Case(
      name: "a file of which nothing changes but its age",
      before: "let t = sweep x in 0..2 { {n: len(data.table(\"d.csv\"))} }\nprint(t.csv())",
      after: "let t = sweep x in 0..2 { {n: len(data.table(\"d.csv\"))} }\nprint(t.csv(), 1)",
      found: [2], files: ["d.csv": "a\n1\n"], filesAfter: ["d.csv": "a\n1\n"]),
    Case(
      name: "a file that the trial itself wrote",
      before:
        "let t = sweep x in 0..2 { table([{a: x}]).save(\"o.csv\"); {n: data.table(\"o.csv\").a[0]} }\nprint(t.csv())",
      after:
        "let t = sweep x in 0..2 { table([{a: x}]).save(\"o.csv\"); {n: data.table(\"o.csv\").a[0]} }\nprint(t.csv(), 1)",
      found: [2]),
    Case(
      name: "a value whose content cannot be told, after a change further down",
      before:
        "let it = enumerate([1])\nlet t = sweep x in 0..2 { {y: repr(it), z: \(draw)} }\nprint(t.csv())",
      after:
        "let it = enumerate([1]) # the same\nlet t = sweep x in 0..2 { {y: repr(it), z: \(draw)} }\nprint(t.csv(), \"new\")",
      found: [2]),
  ]

  private static let captures = """
    let set = data.intents("demo")
    let made = nn.module({a: nn.linear(2, 2)}, (m, x) => m.a(x) * 2)
    let model = nn.sequential(nn.linear(2, 3), nn.dropout(0.1), nn.relu(), made.a)
    let tokens = text.train_tokenizer(["low lower lowest"], size: 262)
    let w = tensor.randn([3])
    let rows = table([{a: 1, b: "x"}])
    let rate = optim.adam(0.01)
    let fit = nn.train(nn.sequential(nn.embedding(set.vocabulary, 2), nn.mean(axis: 1), nn.linear(2, 16)), set.train, epochs: 1, batch: 1024)
    let swap = text.reverser(names: "swap")
    let t = sweep x in 0..2 {
      {n: len(set.train), p: made(tensor([[1.0, 2.0]])).sum().item(), q: model.parameter_count,
       k: len(tokens), w: (w * x).sum().item(), r: rows.b[0], o: rate.learning_rate,
       s: swap("Mary met her aunt."), f: fit.steps}
    }
    print(t.csv())
    """

  private static func helper(_ first: String, _ second: String, _ name: String) -> Case {
    let rest = "\nlet t = sweep x in 1..3 { {y: f(x)} }\nprint(t.csv())"
    return Case(name: name, before: first + rest, after: second + rest, found: [0])
  }

  static let repeated: [Case] = [
    helper("fn f(x) { x * 2 }", "fn f(x) { x * 3 }", "a helper"),
    helper(
      "fn g(x) { x }\nfn f(x) { g(x) }", "fn g(x) { -x }\nfn f(x) { g(x) }", "a helper's helper"),
    helper(
      "let a = [1, {k: 2}]\nfn f(x) { a[1].k * x }", "let a = [1, {k: 3}]\nfn f(x) { a[1].k * x }",
      "a value deep inside"),
    helper("fn f(x, k = 2) { x * k }", "fn f(x, k = 3) { x * k }", "a default"),
    helper(
      "fn f(x) { if x < 1 { 0 } else { x + f(x - 1) } }",
      "fn f(x) { if x < 1 { 1 } else { x + f(x - 1) } }", "a recursive function"),
    helper(
      "fn make(k) { let h = x => x * k\n h }\nlet f = make(2)",
      "fn make(k) { let h = x => x * k\n h }\nlet f = make(3)", "a captured variable"),
    helper(
      "fn f(x) { let [g] = [y => y + 1]\n g(x) }", "fn f(x) { let [g] = [y => y + 2]\n g(x) }",
      "a function within"),
    helper("fn f(x) { f\"{x:.2f}\" }", "fn f(x) { f\"{x:.3f}\" }", "a format"),
    helper(
      "let m = {a: 1, b: 2}\nfn f(x) { m.keys()[0] }",
      "let m = {b: 2, a: 1}\nfn f(x) { m.keys()[0] }", "the order of a map"),
    helper(
      "let w = tensor.randn([2])\nfn f(x) { w.sum().item() }",
      "let v = tensor.randn([2])\nlet w = tensor.randn([2])\nfn f(x) { w.sum().item() }",
      "a value drawn later"),
    helper(
      "let m = nn.linear(2, 1)\nfn f(x) { m(tensor([[1.0, 1.0]])).sum().item() }",
      "let m = nn.linear(2, 1)\nm.load({weight: tensor([[1.0, 2.0]]), bias: tensor([0.0])})\nfn f(x) { m(tensor([[1.0, 1.0]])).sum().item() }",
      "a model's parameters"),
    helper(
      "let m = nn.sequential(nn.linear(2, 1), nn.relu())\nfn f(x) { m(tensor([[1.0, 1.0]])).sum().item() }",
      "let m = nn.sequential(nn.linear(2, 1), nn.tanh())\nfn f(x) { m(tensor([[1.0, 1.0]])).sum().item() }",
      "a model's layers"),
    helper(
      "let m = nn.module({a: nn.linear(2, 1)}, (m, x) => m.a(x))\nfn f(x) { m(tensor([[1.0, 1.0]])).sum().item() }",
      "let m = nn.module({a: nn.linear(2, 1)}, (m, x) => m.a(x) * 2)\nfn f(x) { m(tensor([[1.0, 1.0]])).sum().item() }",
      "the function of a layer in a script"),
    helper(
      "let it = enumerate([1])\nfn f(x) { repr(it) }",
      "let it = enumerate([2])\nfn f(x) { repr(it) }", "a value whose content cannot be told"),
    helper(
      "fn f(x) { try { throw error(\"value\", \"a\") } catch e { e.trace[0] } }",
      "\nfn f(x) { try { throw error(\"value\", \"a\") } catch e { e.trace[0] } }",
      "a line, where the body looks at lines"),
    helper(
      "fn f(x) { runs.list().columns }", "fn f(x) { runs.list().columns } # the same",
      "what looks at the record"),
    helper(
      "let t0 = table([{a: 1}])\nfn f(x) { t0.a[0] }",
      "let t0 = table([{a: 2}])\nfn f(x) { t0.a[0] }",
      "a table"),
    Case(
      name: "an imported function",
      before: "import \"h.fl\" as h\nlet t = sweep x in 0..2 { {y: h.f(x)} }\nprint(t.csv())",
      after: "import \"h.fl\" as h\nlet t = sweep x in 0..2 { {y: h.f(x)} }\nprint(t.csv())",
      found: [0], files: ["h.fl": "let k = 2\nfn f(x) { x * k }"],
      filesAfter: ["h.fl": "let k = 3\nfn f(x) { x * k }"]),
    Case(
      name: "a module in a variable",
      before:
        "import \"h.fl\" as h\nlet m = [h]\nlet t = sweep x in 0..2 { {y: m[0].f(x)} }\nprint(t.csv())",
      after:
        "import \"h.fl\" as h\nlet m = [h]\nlet t = sweep x in 0..2 { {y: m[0].f(x)} }\nprint(t.csv())",
      found: [0], files: ["h.fl": "fn f(x) { x * 2 }"], filesAfter: ["h.fl": "fn f(x) { x * 3 }"]),
    Case(
      name: "functions as values of an axis",
      before: "let t = sweep f in [x => x + 1, x => x + 2] { {y: f(1)} }\nprint(t.y)",
      after: "let t = sweep f in [x => x + 1, x => x + 3] { {y: f(1)} }\nprint(t.y)", found: [1]),
    Case(
      name: "a file that the trial reads",
      before:
        "let t = sweep p in [\"a.csv\", \"b.csv\"] { {n: len(data.table(p))} }\nprint(t.csv())",
      after:
        "let t = sweep p in [\"a.csv\", \"b.csv\"] { {n: len(data.table(p))} }\nprint(t.csv())",
      found: [1], files: ["a.csv": "x\n1\n", "b.csv": "x\n1\n"],
      filesAfter: ["b.csv": "x\n1\n2\n"]),
    Case(
      name: "a file that was read before",
      before:
        "let d = data.table(\"a.csv\")\nlet t = sweep x in 0..2 { {n: len(d) * x} }\nprint(t.csv())",
      after:
        "let d = data.table(\"a.csv\")\nlet t = sweep x in 0..2 { {n: len(d) * x} }\nprint(t.csv())",
      found: [0], files: ["a.csv": "x\n1\n"], filesAfter: ["a.csv": "x\n1\n2\n"]),
    Case(
      name: "a parameter that the body uses",
      before: "param a = 1\nlet t = sweep x in 0..2 { {y: a + x} }\nprint(t.csv())",
      after: "param a = 1\nlet t = sweep x in 0..2 { {y: a + x} }\nprint(t.csv())", found: [0],
      argumentsAfter: ["-p", "a=2"]),
    Case(
      name: "the axes' names",
      before: "let t = sweep x in 0..2 { {y: 1} }\nprint(t.csv())",
      after: "let t = sweep z in 0..2 { {y: 1} }\nprint(t.csv())", found: [0]),
    Case(
      name: "an int that becomes a float",
      before: "let t = sweep x in [1, 2] { {y: x} }\nprint(t.csv())",
      after: "let t = sweep x in [1, 2.0] { {y: x} }\nprint(t.csv())", found: [1]),
    Case(
      name: "the seed of a block",
      before: "with seed(1) { let t = sweep x in 0..2 { {y: \(draw)} }\n print(t.csv()) }",
      after: "with seed(2) { let t = sweep x in 0..2 { {y: \(draw)} }\n print(t.csv()) }",
      found: [0]),
  ]

  @Test(arguments: kept + repeated)
  func aTrialIsFoundByWhatItDependsOn(_ item: Case) throws {
    let place = try Binary()
    func write(_ files: [String: String]) throws {
      for (name, text) in files { try place.write(text, to: name) }
    }
    try write(item.files)
    try place.write(item.before, to: "s.fl")
    let first = try place.run(["s.fl", "--seed", "5"] + item.arguments)
    #expect(first.status == 0, "\(first.errors)")
    try write(item.filesAfter)
    try place.write(item.after, to: "s.fl")
    let second = try place.run(["s.fl"] + item.argumentsAfter)
    #expect(second.status == 0, "\(second.errors)")
    #expect(second.errors.contains("seed 5, as in run 1"), "\(second.errors)")
    let found = second.errors.matches(of: #/sweep: ([0-9]+) of [0-9]+ trials found/#).map {
      Int($0.1) ?? 0
    }
    #expect(found == item.found.filter { $0 > 0 }, "\(second.errors)")
    let fresh = try place.run(["s.fl", "--no-store", "--seed", "5"] + item.argumentsAfter)
    #expect(second.output == fresh.output)
  }

  @Test func aSeedIsTakenUpByEveryNameOfAScriptAndDrawnWhenAsked() throws {
    let place = try Binary()
    try place.write("let t = sweep x in 0..2 { {y: sys.seed()} }\nprint(t.y)", to: "s.fl")
    let first = try place.run(["s.fl"])
    #expect(!first.errors.contains("as in run"))
    let named = try place.run([place.folder + "/s.fl"])
    #expect(named.output == first.output && named.errors.contains("as in run 1"))
    #expect(named.errors.contains("2 of 2 trials found"))
    let drawn = try place.run(["s.fl", "--seed", "new"])
    #expect(drawn.output != first.output && !drawn.errors.contains("found"), "\(drawn.errors)")
    let fresh = try place.run(["s.fl", "--fresh"])
    #expect(fresh.output != drawn.output && !fresh.errors.contains("found"))
    let again = try place.run(["s.fl", "--fresh", "--seed", "3"])
    #expect(try place.run(["s.fl", "--fresh"]).output != again.output)
    #expect(!(try place.run(["s.fl", "--fresh", "--seed", "3"]).errors.contains("found")))
    #expect(try place.run(["s.fl", "--seed", "many"]).status == 2)
  }

  @Test func eachRunHasAllItsTrialsWhoeverComputedThem() throws {
    let place = try Binary()
    try place.write("param n = 2\nlet t = sweep x in 0..n { {y: x} }\nprint(len(t))", to: "s.fl")
    #expect(try place.run(["s.fl"]).status == 0)
    #expect(try place.run(["s.fl", "-p", "n=4"]).errors.contains("2 of 4 trials found"))
    let listing = try place.run(["runs"]).output
    #expect(listing.contains("2/2") && listing.contains("4/4"), "\(listing)")
    #expect(try place.run(["s.fl", "-p", "n=3"]).errors.contains("3 of 3 trials found"))
  }
}
