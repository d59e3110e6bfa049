import Foundation
import Runtime
import Syntax
import Testing

@testable import Builtins
@testable import Sessions

/// What a check finds of values before the first line runs, and that it finds nothing in what is right.
@Suite struct ValueCheckTests {
  /// A script with something of everything, all of it right.
  static let script = """
    param epochs = 2 in 1..=100        ## Passes.
    param corpus = "demo" in ["demo", "snips"]  ## Which.
    let set = data.intents(corpus)
    let names = ["loss", "rate"]
    let config = {rate: 5e-3, width: 64}
    let total = 0.0
    fn build(width = 64) {
      nn.sequential(nn.embedding(set.vocabulary, width), nn.mean(axis: 1), nn.linear(width, 16))
    }
    let results = sweep epsilon in [1, 4], seed in 0..2 where epsilon > 0 or seed == 0 {
      let model = build()
      let optimizer = optim.adam(config.rate, weight_decay: 0.0)
      let fit = dp.train(model, set.train, epsilon: epsilon, delta: 1e-5, epochs: epochs, optimizer: optimizer)
      let attack = dp.attack(model, members: set.train, others: set.test)
      {accuracy: fair.accuracy(model, set.test), leak: attack.auc, sigma: fit.sigma}
    }
    let summary = results.group(["epsilon"]).mean(interval: 0.95)
    let best = results.sort("accuracy", descending: true).head(3)
    plot.line(summary, x: "epsilon", y: ["accuracy", "leak"], log: "x", title: "Trade")
    for row in results.rows {
      total += row.accuracy
      if row.leak > 0.6 { print(f"{row.epsilon:>8} {row.leak:.3f}") }
    }
    let intervals = stats.interval([1.0, 2.0, 4.0], level: 0.95)
    let texts = fair.prompts("professions", professions: ["nurse"])
    let disparity = fair.gender_disparity([{text: "He sat.", group: "a"}], resamples: 0)
    let word = "noise".upper()
    let x = tensor([1.0, 2.0])
    let y = x.sum()
    if y > 2 { print(word.split("I"), x.shape, best.columns) }
    let isReady = len(names) > 1 and not ("loss" in names)
    while isReady { break }
    try { print(1 // 0) } catch e { print(e.kind, e.message) }
    print(summary.accuracy, summary["accuracy_interval"], disparity.gap, texts[0].text, intervals, total)
    print(names.index("rate"), config.width * 2, f"{config.width:05d}")
    """

  @Test func theScriptIsRight() throws {
    #expect(try Self.errors(in: Self.script) == [])
  }

  /// One mistake each: what is replaced, by what, and a part of what is said of it.
  static let mistakes: [(String, String, String)] = [
    // Arguments: types, choices, ranges.
    ("delta: 1e-5", "delta: \"1e-5\"", "`delta` must be a float, found the string \"1e-5\""),
    ("delta: 1e-5", "delta: [1e-5]", "`delta` must be a float"),
    ("log: \"x\"", "log: \"xx\"", "`log` must be one of"),
    (
      "title: \"Trade\"", "save: \"trade.jpg\"",
      "`save` must be the name of a file that ends in .svg, .png, got \"trade.jpg\""
    ),
    ("title: \"Trade\"", "title: 3", "`title` must be a string"),
    ("interval: 0.95", "interval: 95", "`interval` must be between 0 and 1"),
    ("interval: 0.95", "interval: -0.5", "`interval` must be between 0 and 1"),
    ("interval: 0.95", "interval: 1 + 0.5", "`interval` must be between 0 and 1"),
    ("level: 0.95", "level: 2 ** 3", "`level` must be"),
    (
      "\"professions\", professions", "\"profession\", professions", "did you mean \"professions\"?"
    ),
    ("resamples: 0", "resamples: -1", "`resamples` must be from 0 to 1000000, got -1"),
    ("nn.linear(width, 16)", "nn.linear(width, \"16\")", "must be an int"),
    ("nn.linear(width, 16)", "nn.linear(width, 1.5)", "must be an int"),
    (
      "dp.train(model, set.train", "dp.train(set.train, model",
      "`model` must be a model, found an examples"
    ),
    (
      "fair.accuracy(model, set.test)", "fair.accuracy(model, set)",
      "`examples` must be an examples"
    ),
    ("optimizer: optimizer", "optimizer: \"adam\"", "`optimizer` must be"),
    ("optim.adam(config.rate", "optim.adam(names", "must be a float, found a list"),
    ("descending: true", "descending: 1", "`descending` must be a bool"),
    (".head(3)", ".head(-3)", "`count` must be >= 0, got -3"),
    (".head(3)", ".head(3, 4)", "takes at most 1 argument"),
    ("word.split(\"I\")", "word.split(1)", "must be"),
    (
      "professions: [\"nurse\"]", "professions: \"nurse\"", "`professions` must be a list of string"
    ),
    // Params.
    ("epochs = 2 in", "epochs = 200 in", "`epochs` must be in 1..=100, got 200"),
    ("corpus = \"demo\" in", "corpus = \"dmeo\" in", "`corpus` must be in"),
    // Formats.
    (":.3f}", ":.3q}", "the format `.3q` does not fit"),
    (":>8}", ":>8x8}", "is not a format"),
    ("{config.width:05d}", "{config.rate:05d}", "does not fit a float"),
    ("{config.width:05d}", "{word:d}", "does not fit a string"),
    // Fields and methods.
    ("attack.auc", "attack.aucc", "an attack has no field `aucc`"),
    ("fit.sigma", "fit.sigm", "did you mean `sigma`?"),
    ("set.vocabulary", "set.vocab", "a dataset has no field `vocab`"),
    ("set.train, epsilon", "set.training, epsilon", "a dataset has no field `training`"),
    ("names.index", "names.push", "did you mean `append`?"),
    ("\"noise\".upper()", "\"noise\".uper()", "a string has no method `uper`"),
    ("word.split", "word.splitt", "did you mean `split`?"),
    ("x.sum()", "x.summ()", "a tensor has no method `summ`"),
    ("x.shape", "x.shap", "a tensor has no field `shap`"),
    ("config.rate", "config.rat", "the map has no key `rat`"),
    ("disparity.gap", "disparity.gapp", "the map has no key `gapp`"),
    ("texts[0].text", "texts[0].txt", "the map has no key `txt`"),
    ("e.message", "e.mesage", "an error has no field `mesage`"),
    ("best.columns", "best.colums", "a table has no field `colums`"),
    ("results.group", "results.groupby", "a table has no method `groupby`"),
    (".mean(interval", ".average(interval", "did you mean `mean`?"),
    // Columns.
    ("[\"epsilon\"]", "[\"epsilom\"]", "did you mean `epsilon`?"),
    ("sort(\"accuracy\"", "sort(\"acuracy\"", "the table has no column `acuracy`"),
    ("x: \"epsilon\"", "x: \"eps\"", "the table has no column `eps`"),
    ("[\"accuracy\", \"leak\"]", "[\"accuracy\", \"leaks\"]", "did you mean `leak`?"),
    ("row.accuracy", "row.acc", "a row has no field `acc`"),
    ("row.leak >", "row.leek >", "a row has no field `leek`"),
    ("summary.accuracy", "summary.acuracy", "a table has no field `acuracy`"),
    ("accuracy_interval", "accuracy_intervals", "the table has no column `accuracy_intervals`"),
    // Conditions, operators, calls.
    ("while isReady", "while names", "`while` needs a bool"),
    ("if y > 2", "if config", "`if` needs a bool"),
    ("not (\"loss\" in names)", "not names", "`not` needs a bool"),
    ("len(names) > 1 and", "len(names) and", "`and` joins conditions"),
    ("if y > 2", "if summary", "`if` needs a bool"),
    ("config.width * 2", "config.width + \"2\"", "`+` does not take"),
    ("config.width * 2", "word - 2", "`-` does not take"),
    ("config.width * 2", "64 / (2 - 2)", "division by zero"),
    ("config.width * 2", "word(2)", "a string cannot be called"),
    ("in results.rows", "in len(names)", "an int cannot be gone through"),
    ("in results.rows", "in optim.adam()", "an optimizer cannot be gone through"),
    ("config.width * 2", "names[\"a\"]", "an index must be an int, found the string \"a\""),
    ("config.width * 2", "names[2]", "index 2 is out of range"),
    ("config.width * 2", "config[\"with\"]", "did you mean `width`?"),
    ("config.width * 2", "word < 2", "a string and the int 2 have no order"),
    ("config.width * 2", "3 in word", "a string holds only strings"),
    ("config.width * 2", "1 in 2", "`in` needs a sequence or a map on its right"),
    ("config.width * 2", "sqrt(\"4\")", "\"4\""),
    ("config.width * 2", "len(4)", "an int has no length"),
    ("config.width * 2", "int(\"four\")", "four"),
    ("config.width * 2", "\", \".join([1, 2])", "1"),
    ("config.width * 2", "word.startswith(1)", "1"),
    ("config.width * 2", "tensor([\"a\"])", "a tensor holds numbers"),
    ("config.width * 2", "table([1])", "a table of rows needs maps"),
    ("nn.mean(axis: 1), nn", "nn.mean(axis: 1), 3, nn", "expected a model, found the int 3"),
    ("let isReady", "let [a, b] = [1]\nlet isReady", "1 value cannot be taken apart into 2"),
    ("let isReady", "let {gapp} = disparity\nlet isReady", "did you mean `gap`?"),
    ("let isReady", "if len(names) > 5 { throw 3 }\nlet isReady", "only an error or a string"),
    ("disparity.gap", "text.role_reversal(\"He sat.\").txt", "did you mean `text`?"),
    ("disparity.gap", "text.role_reversal(\"He sat.\").kept[0].wrd", "did you mean `word`?"),
    ("disparity.gap", "data.biographies(train: 50).bios.trian", "did you mean `train`?"),
    ("disparity.gap", "disparity.groups.mal", "did you mean `male`?"),
    ("disparity.gap", "results.group(\"seed\").tables[0].leek", "did you mean `leak`?"),
  ]

  @Test(arguments: mistakes.indices) func isFound(_ index: Int) throws {
    let (old, new, message) = Self.mistakes[index]
    try #require(Self.script.contains(old), "\(old)")
    let found = try Self.errors(in: Self.script.replacing(old, with: new, maxReplacements: 1))
    #expect(
      found.contains { "\($0)".contains(message) }, "\(new): \(found.joined(separator: "\n"))")
  }

  /// Short scripts with one mistake each, and a part of what is said of it.
  static let found: [(String, String)] = [
    ("print(tensor([1.0]) + \"a\")", "`+` does not take a tensor and the string \"a\""),
    ("print(\"a\" * tensor([1.0, 2.0]))", "`*` does not take"),
    ("print(tensor([1.0]) @ \"a\")", "`@` does not take"),
    ("let t = tensor([1.0])\nprint(t[\"a\"])", "a tensor is indexed by ints"),
    ("print(tensor([1.0]) < \"a\")", "have no order"),
    ("print(0..\"a\")", "a range's end must be an int, found the string \"a\""),
    ("fn f(n) { n..2.5 }\nprint(f(1))", "a range's end must be an int, found the float 2.5"),
    ("fn f(n) { 0..n by 0 }\nprint(f(1))", "a range's step must not be 0"),
    ("for a, b in [1, 2] { print(a, b) }", "an int cannot be taken apart into 2 values"),
    ("print([a for a, b in 0..3])", "an int cannot be taken apart into 2 values"),
    ("let {a} = 3\nprint(a)", "an int has no field `a`"),
    ("let {shap} = tensor([1])\nprint(shap)", "did you mean `shape`?"),
    ("let t = table([{acc: 1}])\nprint(t.filter(r => r.ac > 0))", "did you mean `acc`?"),
    (
      "let t = sweep k in [1] { {acc: k} }\nprint(t.with(\"b\", r => r.epsilon))",
      "a row has no field `epsilon`"
    ),
    ("for i, w in enumerate([\"x\"]) { print(i, w.uper()) }", "did you mean `upper`?"),
    ("for i, w in enumerate(\"ab\") { print(i + w) }", "`+` does not take an int and a string"),
    ("for n, w in zip([1], [\"x\"]) { print(w, n.size) }", "an int has no field `size`"),
    ("let [n, w] = [1, 2]\nprint(n, w.upper())", "an int has no method `upper`"),
    ("print(map([1], 3))", "`function` must be a function, found an int"),
    ("print(filter([1], \"x\"))", "`function` must be a function, found a string"),
    ("print(max([]))", "`max` of an empty list"), ("print(min(3))", "expected a list"),
    ("print(nn.attention(8, heads: 3))", "a width of 8 cannot be divided among 3 heads"),
    ("print(nn.gpt2(100, width: 8))", "a width of 8 cannot be divided among 12 heads"),
    ("print(nn.encoder_decoder(100, width: 4))", "a width of 4 cannot be divided among 8 heads"),
    ("print(text.reverser(exempt: [\"lnks\"]))", "`exempt` must be one of"),
    ("let m = nn.linear(2, 2)\nprint(m.paramters)", "did you mean `parameters`?"),
    ("print(nn.sequential(nn.relu()).paramters)", "did you mean `parameters`?"),
    ("print(nn.lstm(2, 2).weight_ih_l1)", "a model has no field `weight_ih_l1`"),
    ("print(nn.gpt2(9, width: 8, heads: 2).transformers)", "did you mean `transformer`?"),
    ("param p = 2.0 in 0.0..=1.0", "the parameter `p` must be in 0.0..=1.0, got 2.0"),
    ("param p = -1 in 0.0..=inf", "must be in 0.0..=inf, got"),
    ("with 3 { print(1) }", "`with` needs a context such as a seed or a ledger, found the int 3"),
    ("with \"a\" { print(1) }", "`with` needs a context"),
    (
      "let t = sweep k in [1] { {f: x => x} }",
      "`f` of the result cannot be recorded, because a function cannot"
    ),
    (
      "let t = sweep k in [1] { {m: nn.relu()} }",
      "`m` of the result cannot be recorded, because a model cannot"
    ),
    ("let t = sweep k in [1] { {failures: k} }", "has `failures` already"),
    ("print([1].map(x => g(x)))\nfn g(x) { x }", "`g` is used before its declaration"),
    ("print(sorted([1], key: x => g(x)))\nfn g(x) { x }", "`g` is used before its declaration"),
    ("print(int(inf))", "has no whole number"),
  ]

  @Test(arguments: found.indices) func isFoundInShort(_ index: Int) throws {
    let (script, message) = Self.found[index]
    let found = try Self.errors(in: script)
    #expect(
      found.count == 1 && found[0].contains(message), "\(script): \(found.joined(separator: "\n"))")
  }

  /// The errors are those of the run, at the place that is wrong.
  @Test func errorsPointAtWhatIsWrong() throws {
    let text = """
      let xs = [1, 2]
      print(stats.interval(xs, level: 95))
      let results = sweep epsilon in [1, 4] { {accuracy: 0.5} }
      print(results.group("epsilom").mean(), f"{len(xs):.3q}")
      xs.push(3)

      """
    let session = Session(options: SessionOptions())
    let program = try Parsing.parse(Source(name: "s.fl", text: text))
    let rendered = Rendering.render(session.check(program, isMainScript: false))
    #expect(
      rendered == """
        error: `level` must be between 0 and 1, exclusive, got 95
          ┌─ s.fl:2:33
        2 │ print(stats.interval(xs, level: 95))
          │                                 ^^

        error: the table has no column `epsilom`
          ┌─ s.fl:4:21
        4 │ print(results.group("epsilom").mean(), f"{len(xs):.3q}")
          │                     ^^^^^^^^^
          = hint: did you mean `epsilon`?

        error: the format `.3q` does not fit an int
          ┌─ s.fl:4:43
        4 │ print(results.group("epsilom").mean(), f"{len(xs):.3q}")
          │                                           ^^^^^^^

        error: a list has no method `push`
          ┌─ s.fl:5:4
        5 │ xs.push(3)
          │    ^^^^
          = hint: did you mean `append`?
        """)
  }

  /// What a check cannot be certain of, or what the script itself waits for.
  @Test(arguments: [
    "let xs = []\nxs.append(1)\nprint(xs[0] + 1)",
    "let m = {a: 1}\nm.b = 2\nprint(m.b)",
    "let m = {a: 1}\nfn f(x) { x.b = 2 }\nf(m)\nprint(m.b)",
    "let m = {a: 1}\nlet n = m\nn.b = 2\nprint(m.b)",
    "let m = {a: {b: 1}}\nm.a.c = 2\nprint(m.a.c)",
    "let m = {keys: 1}\nprint(m.keys(), m.keys)",
    "let x = nil\nif true { x = [1] }\nprint(x.append(2))",
    "let x = 1\nx = \"a\"\nprint(x.upper())",
    "let x = tensor(1.0)\nif x > 0 { print(1) }\nlet c = x > 0\nif c { print(2) }",
    "let x = tensor([1.0])\nif x[0] > 0 and not (x[0] == 2) { print(x + 1, 2 * x, [1, 2] + x) }",
    "try { dp.clip([1.0], -1.0) } catch e { print(e.kind) }",
    "let xs = [{a: 1}]\nfor x in xs { x.b = 2 }\nprint(xs[0].b)",
    "let xs = [{a: 1}]\nlet x = xs[0]\nx.b = 2\nprint(xs[0].b)",
    "let xs = [{a: 1}]\nxs[0].update({b: 2})\nprint(xs[0].b)",
    "let xs = [{a: 1}]\nfor x in sorted(xs, key: x => x.a) { x.b = 2 }\nprint(xs[0].b)",
    "fn kind(f) { try { f() } catch e { e.kind } }\nprint(kind(() => 1 / 0), kind(() => [1].push(2)))",
    "let t = table([{a: 1}]).with(\"b\", row => row.a)\nprint(t.b, t.rename(\"b\", \"c\").c, t.select(\"a\").a)",
    "let t = table([{a: 1}])\nlet name = \"b\"\nprint(t.with(name, [1]).b)",
    "let t = sweep a in [1] { if a > 0 { {x: 1} } else { {y: 2} } }\nprint(t.x, t.error)",
    "let t = sweep a in [1] { {x: 1} }\nfor r in t.rows { let row = r.map()\nrow.z = row.x\nprint(row.z) }",
    "param n = nil\nparam k = 3\nprint(n ?? 2, k + 0.5)",
    "let f = x => x\nprint(f(1).foo)",
    "let [a, b] = [1, \"x\"]\nprint(a + 1, b.upper())",
    "fn f(n) { if n > 0 { return [n] }\nnil }\nprint(f(1).append(2))",
    "let w = 8\nprint(f\"{1.5:{w}.2f} {w:x} {nil} {[1]:>10}\")",
    "let xs = [1]\nxs.append(2)\nprint(xs[1], xs[tensor([0])])\nlet [p, q] = xs\nprint(p < q)",
    "fn f(s) { int(s) + len(s) }\nlet s = \"12\"\nprint(f(s), int(s), float(\"1e-3\"), abs(-2), \"a\" in \"abc\")",
    "let m = {a: [1]}\nlet {a} = m\na.append(2)\nprint(m.a[1])",
    "let s = \"\"\nfor i in 0..3 { s += \"x\" }\nprint(s.upper(), s * 2)",
    "let t = tensor([1.0, 2.0])\nprint(t[0], t[t > 1.0], t[-1:], 3 ** t, t @ t, -t, t % 2, true + t)",
    "let t = tensor(2.0)\nprint([1] * tensor(2), t < 3, t in [2.0], int(t), f\"{t:.2f}\")",
    "print(int(tensor([3]).sum()), len(tensor([1])), max(tensor([1, 2])), sum(tensor([1])), abs(tensor([-1])))",
    "for k, v in ({a: 1}) { print(k.upper(), v + 1) }\nfor a, b in [\"ab\"] { print(a, b) }",
    "for a, b in [[1, \"x\"]] { print(a + 1, b.upper()) }\nfor i, [a, b] in enumerate([[1, 2]]) { print(i + a + b) }",
    "for i, x in enumerate([1, \"a\"]) { print(i + 1, x.foo) }",
    "let xs = [[1]]\nfor i, x in enumerate(xs) { x.append(\"a\")\nprint(x[1].upper()) }",
    "let {shape, size: n} = tensor([1])\nlet {a} = {a: 1}\nprint(shape[0], n + a)",
    "print(map(x => x, [1]), map([1], len), filter(x => true, [1]), max([], default: 0), max(1, 2), min(0..3), max(\"ab\"))",
    "fn f(xs) { max(xs) }\nprint(f([1]), max([1, 2], key: x => -x), max([\"a\"]))",
    "print(nn.attention(8, heads: 2), nn.gpt2(9, width: 12), text.reverser(exempt: [\"code\"]), text.reverser(exempt: []))",
    "let m = nn.module({gate: nn.linear(2, 2)}, (m, x) => m.gate(x))\nprint(m.gate.weight, m.gat)",
    "let m = nn.sequential(nn.linear(2, 2))\nprint(m[0].weight, m.parameters, m.kind)\nm.freeze()",
    "let m = if true { nn.linear(2, 2) } else { nn.relu() }\nprint(m.bias)",
    "param p = 0.5 in 0.0..=1.0\nparam q = 3 in 0.5..=inf\nparam r = 1 in 0..5\nprint(p, q, r)",
    "fn f(x) { with x { 1 } }\nwith seed(3) { print(f(seed(2))) }",
    "let t = sweep k in [1] { {w: tensor([k]), t: table({a: [k]}), x: nil, y: [k], n: nn.linear(2, 2)(tensor.zeros([1, 2])).sum()} }\nprint(t)",
    "let f = x => g(x)\nfn g(x) { x }\nprint(f(1), [2].map(x => g(x)))",
    "fn h() { [1].map(x => g(x)) }\nfn g(x) { x }\nprint(h())",
    "let m = nn.module({}, (m, x) => g(x))\nfn g(x) { x }\nprint(m)",
    "let t = sweep k in [1] { {error: k} }\nprint(t.trial_error, t.filter(r => r.error == 1 and r.trial_error == nil))",
    "fn f(inf) { inf.x }\nprint(f, pi * 2, inf > 1, f\"{nan:.1f}\")",
    "let r = table([{a: 1}]).filter(r => { let m = r.map()\nm.b = 1\nm.b == 1 })\nprint(r)",
  ]) func isNotDoubted(_ script: String) throws {
    #expect(try Self.errors(in: script) == [])
  }

  /// A source that imports another may change what that exports.
  @Test func whatIsExportedMayBeChanged() throws {
    let directory = try TemporaryDirectory()
    let helper = "let shared = {a: 1}\nfn total() { shared.a + shared.b }\n"
    try helper.write(toFile: directory.path + "/helper.fl", atomically: true, encoding: .utf8)
    let path = directory.path + "/s.fl"
    try "import \"helper.fl\" as h\nh.shared.b = 2\nprint(h.total())\n".write(
      toFile: path, atomically: true, encoding: .utf8)
    #expect(Self.errors(of: path) == [])
  }

  /// All that a check says of a text as an error, with its hint.
  static func errors(in text: String) throws -> [String] {
    let directory = try TemporaryDirectory()
    let path = directory.path + "/s.fl"
    try text.write(toFile: path, atomically: true, encoding: .utf8)
    return Self.errors(of: path)
  }

  static func errors(of path: String) -> [String] {
    var options = SessionOptions()
    options.recordsRuns = false
    return Session(options: options).check(path: path).diagnostics.filter { $0.severity == .error }
      .map { "\($0.message) \($0.hint ?? "")" }
  }

  static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent()

  /// No script of the project that is meant to run is doubted.
  @Test func noScriptOfTheProjectIsDoubted() throws {
    var count = 0
    for folder in ["Stdlib", "Tests/language"] {
      for path in LanguageTest.files(below: Self.project.path + "/" + folder) {
        let text = try String(contentsOfFile: path, encoding: .utf8)
        guard !text.contains("# expect error:"), !text.contains("# expect syntax error:") else {
          continue
        }
        count += 1
        let found = Self.errors(of: path)
        #expect(found == [], "\(path): \(found.joined(separator: "\n"))")
      }
    }
    #expect(count > 100)
  }

  /// The types that declarations name are there, and what they promise holds wherever examples run: a debug build
  /// throws where a native or field gives something else.
  @Test func declarationsKeepTheirWord() throws {
    let session = Session(options: SessionOptions())
    let known = Set(Library.types.keys)
    for (name, type) in Library.types { #expect(type().name == name) }
    var examples = 0
    func visit(_ signature: Signature) {
      func names(_ type: StaticType) -> [String] {
        switch type {
        case .object(let name, _): [name]
        case .list(let element, _): names(element)
        case .map(let keys?): keys.values.flatMap(names)
        default: []
        }
      }
      for name in names(signature.result) {
        #expect(known.contains(name), "`\(signature.name)` is declared to give \(name)")
      }
      for example in signature.examples {
        examples += 1
        let program = try? Parsing.parse(Source(name: "example.fl", text: example.code))
        let doubted = program.map { session.check($0, isMainScript: false) } ?? []
        #expect(
          doubted.allSatisfy { $0.severity != .error }, "\(example.code): \(doubted.map(\.message))"
        )
        let reply = session.execute("let example = \(example.code)")
        let broken = reply.diagnostics.filter { $0.message.contains("is declared to give") }
        #expect(broken.isEmpty, "\(example.code): \(broken.map(\.message))")
      }
    }
    func visit(_ entity: Entity) {
      switch entity {
      case .function(let signature): visit(signature)
      case .module(let members, let call):
        members.values.forEach(visit)
        if let call { visit(call) }
      case .value: break
      }
    }
    session.interpreter.entities.values.forEach(visit)
    for type in Library.types.values { type().methods.forEach { visit($0.signature) } }
    for kind in [ObjectKind.string, .list, .map] {
      session.interpreter.methods(of: kind).forEach { visit($0.signature) }
    }
    #expect(examples > 100)
  }

  @Test func aLongScriptIsCheckedQuickly() throws {
    let piece = Self.script.split(separator: "\n").dropFirst(2).joined(separator: "\n")
    let text = (0..<60).map { "fn part\($0)(epochs, corpus) {\n\(piece)\n}" }
      .joined(separator: "\n")
    let program = try Parsing.parse(Source(name: "long.fl", text: text))
    let session = Session(options: SessionOptions())
    _ = session.check(program, isMainScript: false)
    let time = ContinuousClock().measure {
      _ = session.check(program, isMainScript: false)
    }
    // 50 ms in a release build; a debug build is many times slower.
    #expect(time < .seconds(2), "\(time)")
  }
}
