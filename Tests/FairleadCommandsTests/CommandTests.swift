import Foundation
import Testing

@testable import FairleadCommands

@Suite struct ArgumentTests {
  @Test func scriptsAndExpressionsAreShortForRun() {
    #expect(Fairlead.expanded(["s.fl", "-p", "a=1"]) == ["run", "s.fl", "-p", "a=1"])
    #expect(Fairlead.expanded(["-e", "1"]) == ["run", "-e", "1"])
    #expect(Fairlead.expanded(["dir/script"]) == ["run", "dir/script"])
    #expect(Fairlead.expanded(["std.experiments.x"]) == ["run", "std.experiments.x"])
    #expect(Fairlead.expanded(["check", "s.fl"]) == ["check", "s.fl"])
    #expect(Fairlead.expanded(["fmt", "s.fl"]) == ["fmt", "s.fl"])
    #expect(Fairlead.expanded(["--version"]) == ["--version"])
  }
}

@Suite struct CommandTests {
  @Test func expressionsPrintTheirValue() throws {
    let fairlead = try Binary()
    let outcome = try fairlead.run(["-e", "1 + 1"])
    #expect(outcome.output == "2\n" && outcome.errors.isEmpty && outcome.status == 0)
    #expect(try fairlead.run(["-e", "let x = 1"]).output.isEmpty)
    #expect(try fairlead.run(["-e", "-1"]).output == "-1\n")
  }

  @Test func aScriptFromStandardInputRuns() throws {
    let fairlead = try Binary()
    let outcome = try fairlead.run([], input: "print(6 * 7)\n1 + 1\n")
    #expect(outcome.output == "42\n" && outcome.status == 0)
    #expect(try fairlead.run(["run", "-"], input: "print(1)").output == "1\n")
    let wrong = try fairlead.run([], input: "print(1)\nprint(nothing_here)\n")
    #expect(wrong.status == 1 && wrong.errors.contains("standard input:2:7"))
  }

  @Test func aScriptFromAPipeRuns() throws {
    let outcome = try Binary().run(
      ["-c", "echo 'print(6 * 7)' | '\(Binary.path)' run /dev/stdin"], program: "/bin/sh")
    #expect(outcome.output == "42\n" && outcome.status == 0, "\(outcome)")
  }

  @Test func aScriptWithAHashBangRunsItself() throws {
    let fairlead = try Binary()
    try fairlead.write("#!\(Binary.path)\nparam n = 1\nprint(n)\n", to: "own")
    chmod(fairlead.folder + "/own", 0o755)
    let outcome = try fairlead.run(["-p", "n=5"], program: fairlead.folder + "/own")
    #expect(outcome.output == "5\n" && outcome.status == 0)
  }

  private static let endings: [(arguments: [String], status: Int32)] = [
    (["-e", "1 / 0"], 1), (["-e", "undefined"], 1), (["-e", "("], 1),
    (["-e", "throw error(\"value\", \"no\")"], 1), (["run", "none.fl"], 2), (["run"], 2),
    (["run", "s.fl", "--workers", "0"], 2), (["run", "."], 2), (["frobnicate"], 2),
    (["--help"], 0), (["run", "--help"], 0), (["-e", "1", "--time-limit", "0"], 2),
    (["-e", "while true { }", "--time-limit", "0.1"], 1),
    (
      [
        "-e", "let xs = range(100000)\nwhile true { sorted(xs, key: x => -x) }", "--time-limit",
        "0.2",
      ], 1
    ),
    (["-e", "fn f(n) { f(n + 1) + 1 }\nf(0)"], 1),
  ]

  @Test func exitCodesTellWhatHappened() throws {
    let fairlead = try Binary()
    for (arguments, status) in Self.endings {
      #expect(try fairlead.run(arguments).status == status, "\(arguments)")
    }
  }

  @Test func theVersionIsPrinted() throws {
    #expect(try Binary().run(["--version"]).output == "0.1.0\n")
  }

  @Test func errorsGoToStandardErrorOnly() throws {
    let outcome = try Binary().run(["-e", "print(1)\nlist(0..1)[7]"])
    #expect(outcome.output == "1\n")
    #expect(outcome.errors.hasPrefix("error: ") && outcome.errors.contains("-e:2:"))
    #expect(!outcome.errors.contains("\u{1B}"))
  }

  @Test func hostileTextsEndInErrors() throws {
    let fairlead = try Binary()
    try fairlead.write(String(repeating: "[", count: 100_000), to: "open.fl")
    try fairlead.write(
      String(repeating: "[", count: 100_000) + String(repeating: "]", count: 100_000),
      to: "deep.fl")
    try fairlead.write("print(" + String(repeating: "1 + ", count: 900) + "1)", to: "long.fl")
    try fairlead.write("print(\"a\0b\")\n\u{1}", to: "control.fl")
    try Data([0x70, 0xFF, 0xFE]).write(to: URL(fileURLWithPath: fairlead.folder + "/latin.fl"))
    for (script, message) in [
      ("open.fl", "is not closed"), ("deep.fl", "nested too deeply"), ("latin.fl", "UTF-8"),
      ("control.fl", "error:"),
    ] {
      let outcome = try fairlead.run([script])
      #expect(outcome.status == 1 || outcome.status == 2, "\(script)")
      #expect(outcome.errors.contains(message) && outcome.errors.utf8.count < 2_000, "\(script)")
    }
    #expect(try fairlead.run(["long.fl"]).output == "901\n")
    let brackets = String(repeating: "(", count: 100_000)
    #expect(try fairlead.run(["-e", brackets]).errors.contains("is not closed"))
    #expect(try fairlead.run([], input: brackets).errors.contains("is not closed"))
  }

  @Test func checksAndParameters() throws {
    let fairlead = try Binary()
    try fairlead.write(
      "param n = 3 in 1..=9   ## How many.\nfn f() { let unused = 1\n2 }\nprint(n, f(), missing)\n",
      to: "s.fl")
    let check = try fairlead.run(["check", "s.fl"])
    #expect(check.status == 1 && check.output.isEmpty)
    #expect(check.errors.contains("missing") && check.errors.contains("never used"))
    let parameters = try fairlead.run(["params", "s.fl"])
    #expect(parameters.status == 0)
    #expect(parameters.output.contains("1..=9") && parameters.output.contains("How many."))
    try fairlead.write("param n = 3 in 1..=9\nprint(n)\n", to: "good.fl")
    #expect(try fairlead.run(["check", "good.fl"]).status == 0)
    #expect(try fairlead.run(["good.fl", "-p", "n=4"]).output == "4\n")
    #expect(try fairlead.run(["good.fl", "-p", "n=10"]).status == 2)
    try fairlead.write(
      "param rate = 1e-3\nparam on = false\nparam any = nil\nparam sizes = [1]\nprint(rate, on, any, sizes)\n",
      to: "typed.fl")
    #expect(
      try fairlead.run(["typed.fl", "-p", "rate=1", "-p", "any=x", "-p", "sizes=[2, 3]"]).output
        == "1.0 false x [2, 3]\n")
    for wrong in ["rate=abc", "on=maybe", "on=1", "sizes=2", "sizes=x"] {
      let refused = try fairlead.run(["typed.fl", "-p", wrong])
      #expect(refused.status == 2 && refused.output.isEmpty, "\(wrong)")
      #expect(refused.errors.contains("the parameter `\(wrong.prefix { $0 != "=" })` takes"))
    }
    // What the range allows is looked at before anything runs, and numbers take its type.
    try fairlead.write(
      "print(\"runs\")\nparam rate = 0.5 in 0.0..=1.0\nparam epochs = 3 in 1..=50\nparam late = len(\"abc\") in [3, 4]\nprint(rate, [i for i in 0..epochs], late)\n",
      to: "ranges.fl")
    #expect(
      try fairlead.run(["ranges.fl", "-p", "rate=1", "-p", "epochs=2.0"]).output
        == "runs\n1.0 [0, 1] 3\n")
    for (wrong, said) in [
      ("rate=1.5", "`rate` must be in 0.0..=1.0, got 1.5"), ("rate=nan", "got nan"),
      ("rate=x", "got \"x\""), ("rate=true", "got true"), ("epochs=2.5", "in 1..=50, got 2.5"),
      ("epochs=0", "in 1..=50, got 0"),
    ] {
      let refused = try fairlead.run(["ranges.fl", "-p", wrong])
      #expect(refused.status == 2 && refused.output.isEmpty, "\(wrong)")
      #expect(refused.errors.contains(said) && refused.errors.contains("ranges.fl:"), "\(wrong)")
    }
    // What only the run can tell is a wrong call too.
    let late = try fairlead.run(["ranges.fl", "-p", "late=9"])
    #expect(late.status == 2 && late.errors.contains("`late` must be in [3, 4], got 9"))
    #expect(try fairlead.run(["ranges.fl", "-p", "rate=1", "-p", "rate=0"]).status == 2)
    try fairlead.write("param n = 10 in 1..=9\nprint(n)\n", to: "outside.fl")
    #expect(try fairlead.run(["outside.fl"]).status == 1)
    try fairlead.write(
      "import \"ranges.fl\" with {epochs: 4.0, rate: 1} as s\nprint(s.epochs, s.rate)\n",
      to: "imports.fl")
    #expect(try fairlead.run(["imports.fl"]).output.hasSuffix("4 1.0\n"))
    let unknown = try fairlead.run(["good.fl", "-p", "m=1"])
    #expect(unknown.status == 2 && unknown.errors.contains("no parameter `m`"))
    #expect(try fairlead.run(["good.fl", "-p", "n"]).status == 2)
    #expect(try fairlead.run(["check", "none.fl"]).status == 2)
    let misspelt = try fairlead.run(["chekc", "good.fl"])
    #expect(
      misspelt.status == 2 && misspelt.errors.contains("no command or script `chekc`")
        && misspelt.errors.contains("`fairlead check`"))
    let workers = try fairlead.run(["run", "--workers", "-1", "good.fl"])
    #expect(workers.status == 2 && workers.errors.contains("--workers must be from 1 to 1024"))
  }

  @Test func documentation() throws {
    let fairlead = try Binary()
    #expect(
      try fairlead.run(["doc", "stats.mean"]).output.hasPrefix("stats.mean(values) -> float"))
    let unknown = try fairlead.run(["doc", "stats.maen"])
    #expect(unknown.status == 1 && unknown.errors.contains("`stats.mean`"))
    let recipe = try fairlead.run(["doc", "std.recipes.bag_classifier"])
    #expect(recipe.status == 0 && recipe.output.contains("averages word embeddings"))
    // Lines of a doc comment are one paragraph, broken anew.
    let module = try fairlead.run(["doc", "std.recipes"])
    #expect(module.output.contains("read\n  them, copy them, change them."))
    #expect(module.output.contains("intent_classifier(set"))
    #expect(try fairlead.run(["doc", "std.nothing"]).status == 1)
    let all = try fairlead.run(["doc"])
    #expect(all.status == 0 && all.output.contains("dp.") && all.output.contains("nn."))
  }

  @Test func languageTestsAreCounted() throws {
    let fairlead = try Binary()
    try fairlead.write("print(1)  # expect: 1\n", to: "good.fl")
    try fairlead.write("print(1)  # expect: 2\n", to: "bad.fl")
    let outcome = try fairlead.run(["test", "."])
    #expect(outcome.status == 1 && outcome.output.hasSuffix("1 passed, 1 failed\n"))
    #expect(try fairlead.run(["test", "good.fl"]).status == 0)
    #expect(try fairlead.run(["test", "none"]).status == 2)
  }

  @Test func scriptsStayBelowTheirFolder() throws {
    let fairlead = try Binary()
    let other = try Binary()
    try other.write("text,label\nhello,a\n", to: "secret.csv")
    let path = other.folder + "/secret.csv"
    let refused = try fairlead.run(["-e", "data.load(\"\(path)\")"])
    #expect(refused.status == 1 && refused.errors.contains("--allow-read="))
    let allowed = try fairlead.run(["-e", "data.load(\"\(path)\")", "--allow-read", path])
    #expect(allowed.status == 0, "\(allowed.errors)")
  }
}

/// `fairlead fmt`.
@Suite struct FormatTests {
  private static let rough = "#!/usr/bin/env fairlead\nlet  x=1+2 # three\nprint( x )\n"
  private static let neat = "#!/usr/bin/env fairlead\nlet x = 1 + 2  # three\nprint(x)\n"

  @Test func scriptsAreRewrittenInPlace() throws {
    let fairlead = try Binary()
    try fairlead.write(Self.rough, to: "s.fl")
    chmod(fairlead.folder + "/s.fl", 0o750)
    symlink("s.fl", fairlead.folder + "/link.fl")
    let outcome = try fairlead.run(["fmt", "link.fl"])
    #expect(
      outcome.status == 0 && outcome.output.isEmpty && outcome.errors == "formatted link.fl\n")
    #expect(try fairlead.text("s.fl") == Self.neat)
    var status = stat()
    #expect(lstat(fairlead.folder + "/link.fl", &status) == 0 && status.st_mode & S_IFMT == S_IFLNK)
    #expect(stat(fairlead.folder + "/s.fl", &status) == 0 && status.st_mode & 0o777 == 0o750)
    #expect(try fairlead.run(["fmt", "s.fl"]).errors.isEmpty)
    let names = try FileManager.default.contentsOfDirectory(atPath: fairlead.folder)
    #expect(!names.contains { $0.hasSuffix(".tmp") })
  }

  @Test func checkNamesWhatIsNotFormatted() throws {
    let fairlead = try Binary()
    try fairlead.write(Self.rough, to: "rough.fl")
    try fairlead.write(Self.neat, to: "neat.fl")
    let outcome = try fairlead.run(["fmt", "--check", "rough.fl", "neat.fl"])
    #expect(outcome.status == 1 && outcome.output == "rough.fl\n")
    #expect(try fairlead.text("rough.fl") == Self.rough)
    #expect(try fairlead.run(["fmt", "--check", "neat.fl"]).status == 0)
  }

  @Test func aScriptThatDoesNotParseStaysAsItIs() throws {
    let fairlead = try Binary()
    try fairlead.write("let x = (1 +\n", to: "s.fl")
    let outcome = try fairlead.run(["fmt", "s.fl"])
    #expect(outcome.status == 1 && outcome.errors.contains("is not closed"))
    #expect(try fairlead.text("s.fl") == "let x = (1 +\n")
    #expect(try fairlead.run(["fmt", "none.fl"]).status == 2)
  }

  @Test func standardInputGoesToStandardOutput() throws {
    let outcome = try Binary().run(["fmt", "-"], input: Self.rough)
    #expect(outcome.output == Self.neat && outcome.status == 0)
  }
}

/// Colours on a terminal, and none where the user wants none.
@Suite struct ColourTests {
  /// Runs the binary with its output on a terminal; gives what it has written there.
  private func onTerminal(_ arguments: [String], environment: [String: String]) throws -> String {
    let terminal = try Terminal()
    let running = try Binary().start(
      arguments, environment: ["TERM": "xterm"].merging(environment) { $1 }, output: terminal.end)
    let text = terminal.read(until: running.process)
    _ = running.finish()
    return text
  }

  @Test func tablesAreColouredOnATerminalUnlessRefused() throws {
    let script = ["run", "--no-store", "-e", "sweep x in [1, 2] { {y: x} }"]
    #expect(try onTerminal(script, environment: ["NO_COLOR": ""]).contains("\u{1B}["))
    let plain = try onTerminal(script, environment: ["NO_COLOR": "1"])
    #expect(!plain.contains("\u{1B}[") && plain.contains("x"))
    #expect(!(try onTerminal(script, environment: ["TERM": "dumb"])).contains("\u{1B}["))
  }
}
