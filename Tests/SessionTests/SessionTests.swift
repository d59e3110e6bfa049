import Files
import Foundation
import Syntax
import Testing

@testable import Sessions

/// A session in a folder of its own, with what it prints.
private final class Stage {
  let directory: TemporaryDirectory
  private(set) var options = SessionOptions()
  private final class Text: @unchecked Sendable {
    let lock = NSLock()
    var text = ""
    func append(_ more: String) { lock.withLock { text += more } }
  }
  private let output = Text()
  private let remarks = Text()

  init(_ change: (inout SessionOptions) -> Void = { _ in }) throws {
    directory = try TemporaryDirectory()
    options.workingDirectory = directory.path
    options.storeDirectory = directory.path + "/.fairlead"
    options.seed = 7
    options.isColoured = false
    let output = output
    let remarks = remarks
    options.print = { output.append($0) }
    options.remark = { remarks.append($0) }
    change(&options)
  }

  var printed: String { output.lock.withLock { output.text } }
  var remarked: String { remarks.lock.withLock { remarks.text } }

  func write(_ name: String, _ text: String) throws {
    let path = directory.path + "/" + name
    try FileManager.default.createDirectory(
      atPath: URL(fileURLWithPath: path).deletingLastPathComponent().path,
      withIntermediateDirectories: true)
    try text.write(toFile: path, atomically: true, encoding: .utf8)
  }

  func run(_ text: String, _ change: (inout SessionOptions) -> Void = { _ in }) throws
    -> Session.Reply
  {
    try write("s.fl", text)
    var options = options
    change(&options)
    return Session(options: options).run(path: directory.path + "/s.fl")
  }
}

@Suite struct SessionTests {
  @Test func cellsShareTheirNamesAndResults() {
    var options = SessionOptions()
    options.isInteractive = true
    options.recordsRuns = false
    let session = Session(options: options)
    #expect(session.execute("let x = 20").text == nil)
    #expect(session.execute("x + 1").text == "21")
    #expect(session.execute("_ * 2").text == "42")
    #expect(session.execute("_2 + _").text == "63")
    #expect(session.execute("x = \"now text\"\nx").text == "\"now text\"")
    #expect(session.execute("fn f(a) { a + 1 }\nf(1)").text == "2")
    #expect(session.execute("f(y)").status == .failure)
    #expect(session.execute("f(1)").text == "2")
    // A cell without a result, and one that failed, have the result nil.
    #expect(session.execute("let none = 1").text == nil)
    #expect(session.execute("[_9, _7, _8]").text == "[nil, nil, 2]")
    #expect(session.execute("_ == [nil, nil, 2]").text == "true")
    #expect(session.execute("_99").diagnostics.first?.kind == .name)
    #expect(session.defines("none") && session.defines("f()") && !session.defines("quit"))
    session.reset()
    #expect(session.execute("x").diagnostics.first?.kind == .name)
  }

  @Test func longListsAreCutWhereTheyAreShown() throws {
    let session = Session()
    let shown = try #require(session.execute("let xs = list(0..1000)\nxs").text)
    #expect(shown.hasSuffix("98, 99, … 900 more]"))
    #expect(session.execute("{k: xs, n: 1}").text?.hasSuffix("… 900 more], n: 1}") == true)
    #expect(session.execute("{i: i for i in 0..102}").text?.hasSuffix("99: 99, … 2 more}") == true)
    #expect(session.execute("list(0..100)").text?.hasSuffix("99]") == true)
    #expect(session.execute("[len(repr(xs)), len(_4)]").text == "[4890, 100]")
    #expect(session.run(text: "list(0..1000)", name: "-e").text?.utf8.count == 4890)
  }

  @Test func errorsAreDiagnosticsWithPlaces() throws {
    let session = Session()
    let reply = session.run(text: "let a = [1]\na[3]", name: "-e")
    #expect(reply.status == .failure)
    let diagnostic = try #require(reply.diagnostics.first)
    #expect(diagnostic.kind == .index)
    #expect(diagnostic.labels.first.map { $0.source.position(of: Int($0.span.start)).line } == 2)
  }

  @Test func parametersAreTypedByTheirText() throws {
    let stage = try Stage { options in
      options.parameters = [
        ("a", "[1, 2.5]"), ("b", "plain text"), ("c", "-3"), ("d", "inf"), ("e", "{k: 1}"),
      ]
    }
    let script =
      "param a = nil\nparam b = nil\nparam c = 0\nparam d = 0\nparam e = nil\nprint(a, b, c, d, e)"
    #expect(try stage.run(script).status == .success)
    #expect(stage.printed == "[1, 2.5] plain text -3 inf {k: 1}\n")
  }

  @Test func parametersFollowTheTypeOfTheirDefault() throws {
    let stage = try Stage { $0.parameters = [("name", "2024"), ("rate", "1"), ("count", "2")] }
    let script =
      "param name = \"x\"\nparam rate = 0.5\nparam count = 1\nprint(repr(name), rate, count)"
    #expect(try stage.run(script).status == .success)
    #expect(stage.printed == "\"2024\" 1.0 2\n")
  }

  @Test func aPathGivenToAParameterMayBeRead() throws {
    let other = try TemporaryDirectory()
    try "let x = 1".write(toFile: other.path + "/x.fl", atomically: true, encoding: .utf8)
    let script =
      "param corpus = \"\"\nimport \"\(other.path)/x.fl\" as x\nprint(corpus != \"\", x.x)"
    let stage = try Stage()
    #expect(try stage.run(script).status == .failure)
    #expect(try stage.run(script) { $0.parameters = [("corpus", other.path)] }.status == .success)
  }

  @Test func limitsEndInAnError() throws {
    let stage = try Stage { $0.limits.seconds = 0.2 }
    #expect(try stage.run("while true { }").diagnostics.first?.kind == .limit)
  }

  @Test func wrongParametersAreTold() throws {
    let stage = try Stage { $0.parameters = [("epoch", "3")] }
    let reply = try stage.run("param epochs = 1 in 1..=5\nprint(epochs)")
    #expect(reply.status == .misuse)
    #expect(reply.diagnostics.first?.hint == "did you mean `epochs`?")
    let outside = try stage.run("param epochs = 1 in 1..=5\nprint(epochs)") {
      $0.parameters = [("epochs", "9")]
    }
    #expect(outside.status == .misuse && outside.diagnostics.first?.kind == .value)
    #expect(stage.printed.isEmpty)
  }

  @Test func importsAreFoundBesideTheScript() throws {
    let stage = try Stage()
    try stage.write("lib/helpers.fl", "import \"more.fl\" as more\nfn twice(x) { more.add(x, x) }")
    try stage.write("lib/more.fl", "fn add(a, b) { a + b }")
    #expect(try stage.run("import \"lib/helpers.fl\" as h\nprint(h.twice(4))").status == .success)
    #expect(stage.printed == "8\n")
    let missing = try stage.run("import \"lib/helper.fl\" as h\nprint(h.twice(4))")
    #expect(missing.status == .failure)
    #expect(missing.diagnostics.first?.hint == "did you mean `helpers.fl`?")
    try stage.write("lib/wrong.fl", "fn f() { undefined_name }")
    let wrong = try stage.run("import \"lib/wrong.fl\" as w\nprint(w.f)")
    #expect(wrong.diagnostics.first?.message.contains("undefined_name") == true)
  }

  @Test func importsInACircleEnd() throws {
    let stage = try Stage()
    try stage.write("a.fl", "import \"b.fl\" as b\nlet x = 1")
    try stage.write("b.fl", "import \"a.fl\" as a\nlet y = 2")
    let reply = try stage.run("import \"a.fl\" as a\nprint(a.x)")
    #expect(reply.status == .failure)
  }

  @Test func scriptsStayInTheirFolders() throws {
    let stage = try Stage()
    let reply = try stage.run("table([{a: 1}]).save(\"/etc/fairlead.csv\")")
    #expect(reply.diagnostics.first?.kind == .io)
    #expect(reply.diagnostics.first?.hint?.contains("--allow-write=/etc/fairlead.csv") == true)
    #expect(try stage.run("table([{a: 1}]).save(\"here.csv\")").status == .success)
    #expect(
      try String(contentsOfFile: stage.directory.path + "/here.csv", encoding: .utf8) == "a\n1\n")
    #expect(try stage.run("import \"/etc/hostname\" as h").status == .failure)
  }

  @Test func anInterruptStopsWhatRuns() throws {
    let session = Session()
    nonisolated(unsafe) let other = session
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.2) { other.interrupt() }
    let reply = session.run(text: "while true { }", name: "-e")
    #expect(reply.status == .interrupted)
    session.clearInterrupt()
    #expect(session.run(text: "1 + 1", name: "-e").text == "2")
  }

  @Test(arguments: [
    "fn f(n) { f(n + 1) }\nf(0)", "9223372036854775807 + 1", "[1][4]", "let x = [1]\nx[\"a\"]",
    String(repeating: "(", count: 100_000), String(repeating: "[", count: 100_000) + "1",
    "\u{0}", "\"\\u{110000}\"", "x = ", "tensor",
  ])
  func badInputIsAnErrorNotACrash(text: String) {
    let reply = Session().run(text: text, name: "-e")
    #expect(reply.status == .failure || reply.text != nil)
  }

  @Test func scriptsThatCannotBeReadAreTold() throws {
    let stage = try Stage()
    #expect(
      Session(options: stage.options).run(path: stage.directory.path + "/none.fl").status == .misuse
    )
    #expect(Session(options: stage.options).run(path: stage.directory.path).status == .misuse)
    try Data([0xFF, 0xFE, 0x41]).write(
      to: URL(fileURLWithPath: stage.directory.path + "/binary.fl"))
    let binary = Session(options: stage.options).run(path: stage.directory.path + "/binary.fl")
    #expect(binary.diagnostics.first?.kind == .data)
    #expect(Session(options: stage.options).run(path: "std.no_such").status == .misuse)
  }
}

@Suite struct SessionSweepTests {
  private let script = """
    param n = 3
    let t = sweep e in [0.5, 1, inf], s in 0..n {
      {value: e * s + 0.1, inf_too: e, text: f"{e}/{s}", list: [e, {a: s}]}
    }
    print(t.csv())
    """

  @Test func aSecondRunFindsEverything() throws {
    let stage = try Stage { $0.seed = nil }
    #expect(try stage.run(script).status == .success)
    let first = stage.printed
    #expect(!stage.remarked.contains("found"))
    #expect(try stage.run(script).status == .success)
    #expect(stage.printed == first + first)
    #expect(stage.remarked.contains("9 of 9 trials found in the run store"))
    #expect(try stage.run(script) { $0.startsFresh = true }.status == .success)
    let store = try RunStore(directory: stage.directory.path + "/.fairlead")
    #expect(try store.runs().runs.count == 2)
  }

  @Test func workersDoNotChangeTheTable() throws {
    let one = try Stage { $0.recordsRuns = false }
    let four = try Stage {
      $0.recordsRuns = false
      $0.workers = 4
    }
    #expect(try one.run(script).status == .success)
    #expect(try four.run(script).status == .success)
    #expect(one.printed == four.printed && !one.printed.isEmpty)
  }

  @Test func otherParametersAndTextsAreOtherRuns() throws {
    let stage = try Stage()
    #expect(try stage.run(script).status == .success)
    #expect(try stage.run(script) { $0.parameters = [("n", "2")] }.status == .success)
    #expect(try stage.run(script + "\n# changed").status == .success)
    // Each has its own record, with trials that were found.
    #expect(stage.remarked.contains("6 of 6 trials found"))
    #expect(stage.remarked.contains("9 of 9 trials found"))
    let store = try RunStore(directory: stage.directory.path + "/.fairlead")
    let runs = try store.runs().runs
    #expect(runs.map(\.trialsDone) == [9, 6, 9] && runs.allSatisfy { $0.status == .finished })
    #expect(runs[1].parameters == [.init(key: .string("n"), value: .int(2))])
  }

  @Test func runsWithoutSweepsAreRecordedToo() throws {
    let stage = try Stage()
    let text = "param n = 2\nprint(n)\n"
    #expect(try stage.run(text) { $0.parameters = [("n", "5")] }.status == .success)
    #expect(try stage.run("param n = 2\nprint(n + nothing())").status == .failure)
    #expect(try stage.run("param n = 2\nthrow \"late\"").status == .failure)
    // Nothing was asked for, nothing is kept.
    #expect(try stage.run("print(1)").status == .success)
    let store = try RunStore(directory: stage.directory.path + "/.fairlead")
    let runs = try store.runs().runs
    #expect(Set(runs.map(\.status)) == [.failed, .finished] && runs.count == 2)
    #expect(runs.last?.parameters == [.init(key: .string("n"), value: .int(5))])
    // Another seed is another run: there is no sweep to go on with.
    #expect(
      try stage.run(text) {
        $0.parameters = [("n", "5")]
        $0.seed = 123
      }.status == .success)
    #expect(try store.runs().runs.count == 3)
  }

  @Test func recordedResultsCanBeReadBack() throws {
    let stage = try Stage()
    #expect(try stage.run(script).status == .success)
    let first = stage.printed
    #expect(try stage.run("print(runs.results(1).csv())").status == .success)
    #expect(stage.printed == first + first)
    #expect(try stage.run("print(runs.show(1).seed, len(runs.list()))").status == .success)
    #expect(stage.printed.hasSuffix("7 1\n"))
    #expect(try stage.run("runs.show(99)").diagnostics.first?.kind == .index)
  }

  /// Recorded trials count for the data that they have seen only.
  @Test func changedDataIsAnotherRun() throws {
    let stage = try Stage()
    let first = "text,label\nplay a,Play\nstop b,Stop\n"
    try stage.write("set.csv", first)
    try stage.write("folder/train.csv", first)
    let script = """
      let file = data.load("set.csv")
      let folder = data.intents("folder")
      print((sweep a in [1, 2] { {file: len(file.train) + len(file.test), folder: len(folder.train)} }).file)
      """
    #expect(try stage.run(script).status == .success)
    #expect(try stage.run(script).status == .success)
    #expect(stage.remarked.contains("2 of 2 trials found"))
    var before = stage.remarked
    for name in ["set.csv", "folder/train.csv"] {
      try stage.write(name, first + "play c,Play\n")
      #expect(try stage.run(script).status == .success)
      #expect(!stage.remarked.dropFirst(before.count).contains("found in the run store"), "\(name)")
      before = stage.remarked
    }
    // What trials themselves read counts too.
    let inside =
      "let f = () => { let s = data.load(\"set.csv\"); len(s.train) + len(s.test) }\nprint((sweep a in [1, 2] { {n: f()} }).n)"
    #expect(try stage.run(inside).status == .success)
    #expect(stage.printed.hasSuffix("[3, 3]\n"))
    try stage.write("set.csv", first)
    #expect(try stage.run(inside).status == .success)
    #expect(stage.printed.hasSuffix("[2, 2]\n"))
  }

  @Test func aStoreThatCannotBeMadeIsAClearError() throws {
    let stage = try Stage { $0.storeDirectory = "/proc/fairlead" }
    let reply = try stage.run(script)
    #expect(reply.status == .failure && reply.diagnostics.first?.kind == .io)
    #expect(try stage.run(script) { $0.recordsRuns = false }.status == .success)
  }

  @Test func anInterruptedSweepKeepsItsTrials() throws {
    let stage = try Stage()
    let slow = "let t = sweep s in 0..100 { sys.sleep(0.05)\n {s2: s} }\nprint(t.s2)"
    try stage.write("s.fl", slow)
    let session = Session(options: stage.options)
    nonisolated(unsafe) let other = session
    DispatchQueue.global().asyncAfter(deadline: .now() + 0.4) { other.interrupt() }
    let reply = session.run(path: stage.directory.path + "/s.fl")
    #expect(reply.status == .interrupted)
    #expect(reply.diagnostics.first?.message.contains("are finished and recorded") == true)
    #expect(try stage.run(slow).status == .success)
    #expect(stage.remarked.contains("trials found in the run store"))
    #expect(stage.printed == "\(Array(0..<100))\n")
  }
}

@Suite struct CompletionTests {
  private func session() -> Session {
    var options = SessionOptions()
    options.isInteractive = true
    options.recordsRuns = false
    let session = Session(options: options)
    _ = session.execute("let record = {accuracy: 1, loss: 2}\nfn fit(model, epochs = 3) { model }")
    _ = session.execute("let results = table([{epsilon: 1}])")
    return session
  }

  private func complete(_ text: String) -> [String] {
    session().complete(text, cursor: text.utf8.count).candidates.map(\.text)
  }

  @Test(arguments: [
    ("stats.me", ["mean", "median"]), ("record.", ["accuracy", "loss"]),
    ("fit(", ["model: ", "epochs: "]),
    ("fit(m, ep", ["epochs: "]), ("resu", ["results"]), ("contin", ["continue"]),
    ("let number = 3\nnumb", ["number"]), ("# stats.me", []), ("fi", ["fit", "filter", "finally"]),
  ])
  func candidates(text: String, expected: [String]) {
    let found = complete(text)
    #expect(expected.allSatisfy(found.contains), "\(found)")
    if expected.isEmpty { #expect(found.isEmpty) }
  }

  @Test func keysModulesAndMethodsOfLiteralsAreCandidates() {
    #expect(complete("record[\"") == ["accuracy", "loss"])
    #expect(complete("record['lo") == ["loss"])
    #expect(complete("results[\"eps") == ["epsilon"])
    #expect(complete("nothing[\"").isEmpty)
    #expect(complete("import s") == ["std."])
    #expect(complete("import std.").contains("recipes"))
    #expect(complete("import std.experiments.").allSatisfy { !$0.contains(".") })
    #expect(complete("import std.experiments.nothing").isEmpty)
    #expect(complete("\"abc\".up") == ["upper"])
    #expect(complete("[1].ap") == ["append"])
    #expect(complete("let m = {a: 1}.it") == ["items"])
  }

  @Test func aKeyThatHidesAMethodIsMarked() {
    let session = session()
    _ = session.execute("let m = {items: 2, keys: () => 3}")
    let found = session.complete("m.", cursor: 2).candidates
    #expect(found.first { $0.text == "items" }?.kind == .field)
    #expect(found.first { $0.text == "items" }?.detail?.contains("items() is the method") == true)
    #expect(found.first { $0.text == "keys" }?.kind == .function)
    #expect(found.filter { $0.text == "items" }.count == 1)
  }

  @Test(arguments: [
    ("results.epsilon.me", ["mean", "median"]), ("results[0].", ["epsilon", "map"]),
    ("results.group(\"epsilon\").", ["mean", "agg", "keys"]),
    ("results.group(\"epsilon\").mean().", ["epsilon", "columns", "sort"]),
    ("results.head(3).eps", ["epsilon"]), ("let x = results.select(\"epsilon\").", ["epsilon"]),
    ("[1, 2].", ["append"]), ("\"a\".upper().", ["lower", "split"]),
    ("\"a b\".split(\" \")[0].", ["upper"]), ("[{deep: 1}][0].", ["deep", "items"]),
    ("results.rows[0].", ["epsilon"]), ("results.columns[0].up", ["upper"]),
    ("results\n  .head(3)\n  .so", ["sort"]),
    ("results.head(3).sort(des", ["descending: "]), ("nobody.knows().", []),
  ])
  func membersOfExpressionsAreCandidates(text: String, expected: [String]) {
    let found = complete(text)
    #expect(expected.allSatisfy(found.contains), "\(text): \(found)")
    if expected.isEmpty { #expect(found.isEmpty) }
  }

  @Test func completionCallsNothing() {
    let session = session()
    _ = session.execute("let calls = []\nfn note() { calls.append(1)\n \"text\" }")
    _ = session.complete("note().", cursor: 7)
    _ = session.complete("[note()][0].", cursor: 12)
    #expect(session.execute("calls").text == "[]")
  }

  @Test(arguments: [
    ("results.group(\"", ["epsilon"]), ("results.select(\"ep", ["epsilon"]),
    ("results.sort(\"-", ["-epsilon"]), ("results.group([\"", ["epsilon"]),
    ("results.head(1)[\"", ["epsilon"]), ("results[[\"", ["epsilon"]),
    ("plot.line(results, x: \"", ["epsilon"]), ("results.pivot(rows: \"", ["epsilon"]),
    ("results.head(2).unique(\"e", ["epsilon"]), ("results.select(\"nothing", []),
  ])
  func columnsAreCandidatesInStrings(text: String, expected: [String]) {
    #expect(complete(text) == expected)
  }

  @Test func fieldsOfNativesAreCandidates() {
    let found = complete("results.")
    #expect(found.contains("epsilon") && found.contains("columns") && found.contains("group"))
  }

  @Test func pathsAreCandidatesInStrings() throws {
    let directory = try TemporaryDirectory()
    try FileManager.default.createDirectory(
      atPath: directory.path + "/data", withIntermediateDirectories: true)
    try "".write(toFile: directory.path + "/data/set one.csv", atomically: true, encoding: .utf8)
    var options = SessionOptions()
    options.workingDirectory = directory.path
    let session = Session(options: options)
    #expect(session.complete("f(\"da", cursor: 5).candidates.map(\.text) == ["data/"])
    let inner = session.complete("f(\"data/se", cursor: 10)
    #expect(inner.candidates.map(\.text) == ["set one.csv"] && inner.range == 8..<10)
  }

  @Test func helpComesFromDeclarations() {
    let session = session()
    #expect(
      session.help(for: "stats.mean", width: 80, isColoured: false)?.hasPrefix(
        "stats.mean(values) -> float") == true)
    #expect(
      session.help(for: "fit", width: 80, isColoured: false)?.hasPrefix("fit(model, epochs = 3)")
        == true)
    #expect(
      session.help(for: "results.group", width: 80, isColoured: false)?.contains("by") == true)
    #expect(session.help(for: "nothing", width: 80, isColoured: false) == nil)
    #expect(session.suggestions(for: "stats.maen") == ["stats.mean"])
    let text = "let y = stats.quantile(xs, 0."
    #expect(
      session.inspect(text, cursor: text.utf8.count, width: 80, isColoured: false)?.hasPrefix(
        "stats.quantile") == true)
  }
}

@Suite struct StandardLibraryTests {
  /// Every file below Stdlib is in the table of `CStdlib`, with its present text.
  @Test func everyFileIsEmbedded() throws {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent().appendingPathComponent("Stdlib").path
    let names = (FileManager.default.enumerator(atPath: root)?.allObjects as? [String] ?? [])
      .filter { $0.hasSuffix(".fl") || $0.hasSuffix(".tsv") }
    #expect(Set(names) == Set(StandardLibrary.paths))
    for name in names {
      #expect(
        StandardLibrary.text(name)
          == (try String(contentsOfFile: root + "/" + name, encoding: .utf8)))
    }
  }
}

@Suite struct LanguageTestTests {
  private func results(_ text: String) throws -> [LanguageTest.Result] {
    let directory = try TemporaryDirectory()
    try text.write(toFile: directory.path + "/t.fl", atomically: true, encoding: .utf8)
    return LanguageTest.results(ofFile: directory.path + "/t.fl")
  }

  @Test(arguments: [
    "print(1)  # expect: 1", "print(1)\nprint(2)\n# expect: 1\n# expect: 2",
    "let a = [1]\na[4]  # expect error: index", "undefined  # expect syntax error: name",
    "test \"adds\" { assert 1 + 1 == 2 }", "# skip: not here\nprint(undefined)", "let x = 1",
    // What a test prints or changes is no part of what the script prints.
    "let xs = []\ntest \"t\" { xs.append(1)\nprint(\"inside\") }\nprint(len(xs))  # expect: 0",
    "test \"t\" { assert true }\nlet a = [1]\na[4]  # expect error: index",
  ])
  func passes(text: String) throws {
    #expect(try results(text).allSatisfy { $0.failure == nil })
  }

  @Test(arguments: [
    "print(1)  # expect: 2", "print(1)", "print(1)  # expect: 1\nprint(2)",
    "let a = 1  # expect error: index", "let a = [1]\n\na[4]\n# expect error: value",
    "let a = [1]\nlet b = 2  # expect error: index\na[4]", "test \"adds\" { assert 1 + 1 == 3 }",
    "undefined",
  ])
  func fails(text: String) throws {
    let found = try results(text)
    #expect(found.contains { $0.failure != nil } || text == "print(1)")
  }

  @Test func testBlocksCountBesideExpectations() throws {
    let found = try results(
      "fn f(x) { x + 1 }\ntest \"bad\" { assert f(1) == 3, \"sum\" }\ntest 'good' { assert f(1) == 2 }\nprint(\"x\")  # expect: x"
    )
    #expect(found.map { $0.failure == nil } == [true, false, true])
    #expect(found[1].name.hasSuffix(": bad") && found[1].failure?.contains("sum") == true)
    let both = try results("test \"t\" { assert 1 == 1 }\nprint(1)  # expect: 2")
    #expect(both.map { $0.failure == nil } == [false, true])
  }
}
