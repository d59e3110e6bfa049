import Foundation
import Testing

/// `--time-limit`, `--memory-limit` and the limits of the system, whatever a script does. The debug binary is slow, and
/// the machine may be busy: times are generous, but an operation that does not listen would take far longer.
@Suite struct CommandLimitTests {
  /// Each takes minutes, or for ever.
  @Test(arguments: [
    // Substrings: as many comparisons as the product of both lengths, unless the search is a good one.
    "let s = \"a\" * 400000000\nlet n = \"a\" * 200000000 + \"b\"\nwhile true { n in s }",
    "let s = \"a\" * 400000000\nlet n = \"b\" + \"a\" * 200000000\nwhile true { [s.rfind(n), s.rsplit(n), s.rpartition(n)] }",
    "while true { (\"ab\" * 100000000).count(\"a\") }",
    "while true { (\"ab\" * 100000000).replace(\"a\", \"bb\") }",
    "while true { (\"ab \" * 100000000).split() }",
    "while true { (\"ab,\" * 100000000).split(\",\") }",
    "while true { \",\".join([\"ab\"] * 10000000) }", "while true { (\"aÉ\" * 100000000).lower() }",
    "while true { (\"aÉ\" * 100000000).title().isalpha() }",
    "while true { (\"a\\n\" * 100000000).splitlines() }", "while true { \"a\".center(900000000) }",
    "while true { (\" \" * 900000000).strip() }", "while true { (\"é\" * 400000000)[::-1] }",
    "while true { text.tokens(\"ab \" * 100000000) }",
    // Lists and maps.
    "while true { sorted([i * 7919 % 3000001 * 1.5 for i in 0..3000000]) }",
    "while true { sorted([f\"abcdefgh{i * 7919 % 300001}\" for i in 0..300000]) }",
    "while true { sorted([[i * 7919 % 30001, 1] for i in 0..30000], key: x => x) }",
    "let l = [1.5] * 20000000\nwhile true { l[::2] }",
    "let l = [1.5] * 20000000\nwhile true { l == list(l)\n7 in l\nl.count(7) }",
    "while true { repr([1.5] * 10000000) }", "while true { min([1.5] * 20000000) }",
    "while true { enumerate(0..10000000) }", "while true { zip(0..10000000, 0..10000000) }",
    "while true { {i: i for i in 0..10000000}.items() }", "while true { list(\"ab\" * 50000000) }",
    "let a = [1]\nfor i in 0..60 { a = [a, a] }\nprint(len(repr(a)))",
    "let a = [1]\nfor i in 0..60 { a = [a, a] }\nprint(sweep q in [1] { {a: a} })",
    "let a = [1]\nlet b = [1]\nfor i in 0..60 { a = [a, a]\nb = [b, b] }\nprint(a == b)",
    // Tensors.
    "while true { tensor.rand([20000000]).sort() }",
    "while true { tensor.rand([20000000]).argsort() }",
    "let x = tensor.rand([9000, 9000])\nprint((x @ x).shape)",
    "nn.lstm(64, 512)(tensor.zeros([1, 100000, 64]))",
    "nn.conv2d(64, 256, 5)(tensor.zeros([16, 64, 200, 200]))",
    "dp.gaussian(tensor.zeros([100000000]), 1)",
    "let e = {inputs: tensor.zeros([20000, 100]), labels: tensor.zeros([20000], dtype: \"i64\")}\nlet m = nn.sequential(nn.linear(100, 4000), nn.linear(4000, 4000), nn.linear(4000, 10))\ndp.train(m, e, batch: 20000, epochs: 3, noise_multiplier: 1)",
    // Texts, tables, sweeps.
    "text.swap_gender(\"her mother \" * 50000000)",
    "while true { table({a: list(0..300000)}).sort(\"a\").group(\"a\").mean() }",
    "sweep a in 0..1000000 { {b: a} }",
    // What runs on the way out.
    "fn f(n) { try { f(n + 1) } finally { f(n + 1) } }\nf(0)",
    "try { while true { } } finally { while true { } }",
    "try { sys.sleep(60) } finally { sys.sleep(60) }",
    "while true { try { [1][2] } catch e { } }",
  ])
  func theTimeLimitBindsEverything(script: String) throws {
    let started = Date()
    let outcome = try Binary().run(["run", "--no-store", "--time-limit", "1", "-e", script])
    #expect(outcome.status == 1, "\(outcome)")
    #expect(outcome.errors.contains("this ran longer than 1.0 seconds"), "\(outcome.errors)")
    #expect(Date().timeIntervalSince(started) < 9)
  }

  /// The peak of what the process takes stays near the limit, and the error is one of the language.
  @Test(arguments: [
    "len((\"a,\" * 10**7).split(\",\"))", "len((\"ab \" * 10**7).split())",
    "len(text.tokens(\"ab \" * 10**7))", "len({i: i for i in 0..10**7})",
    "len([[i] for i in 0..10**7])", "len([f\"{i}\" for i in 0..10**7])",
    "let m = {}\nfor i in 0..10**8 { m[f\"{i}\"] = i }", "len(list(\"ab\" * 10**8))",
    "len(\"é\" * 3 * 10**8)", "len(\"a\" * 10**9)",
    "len((\"a\" * 10**7).replace(\"a\", \"b\" * 100))",
    "let l = []\nwhile true { l.append(tensor.zeros([1000])) }",
    "sweep a in 0..10**5 { {b: list(0..3000)} }",
    "let l = []\nwhile true { l.append(\"a\" * 100000) }",
    "let s = \"ab\"\nwhile true { s += s }", "len(repr([1.5] * 10**8))",
    "len(enumerate(0..10**8))", "len(sorted(list(0..10**8)))",
    "len(\",\".join([\"ab\" for i in 0..10**8]))", "let [a, b] = \"ab\" * 10**8",
    "let l = [1.5] * 5000000\nlet all = []\nwhile true { all.append(l[::2]) }",
    "let l = [[1, 2]]\nwhile true { l = l + l }", "len((\"aÉ\" * 10**8).upper())",
  ])
  func theMemoryLimitBindsEverything(script: String) throws {
    let (outcome, peak) = try Self.peak(
      ["run", "--no-store", "--memory-limit", "150", "-e", script])
    #expect(outcome.status == 1, "\(outcome)")
    #expect(
      outcome.errors.contains("memory") && outcome.errors.contains("limit"), "\(outcome.errors)")
    #expect(peak < 150 * 1.3 + 60, "\(peak) MiB")
  }

  /// Nor do files fill the memory, not even packed ones.
  @Test func theMemoryLimitBindsReaders() throws {
    let fairlead = try Binary()
    try fairlead.write("", to: "wide.csv")
    #expect(truncate(fairlead.folder + "/wide.csv", 3 << 30) == 0)
    // 400 MB of rows: 4 MB packed again and again, since gzip files may be joined.
    let made = try fairlead.run(
      [
        "-c",
        "yes 'text,class' | head -c 4000000 | gzip > part.gz; cat $(yes part.gz | head -100) > many.csv.gz",
      ], program: "/bin/sh")
    #expect(made.status == 0, "\(made)")
    for file in ["wide.csv", "many.csv.gz"] {
      let (outcome, peak) = try Self.peak(
        ["run", "--no-store", "--memory-limit", "150", "-e", "data.load(\"\(file)\")"], fairlead)
      #expect(outcome.status == 1, "\(outcome)")
      #expect(
        outcome.errors.contains("memory") && outcome.errors.contains("limit"),
        "\(file): \(outcome.errors)")
      #expect(peak < 150 * 1.3 + 60, "\(file): \(peak) MiB")
    }
    let outcome = try fairlead.run(
      ["run", "--no-store", "-e", "data.load(\"wide.csv\")"], after: "ulimit -v 3000000")
    #expect(outcome.status == 1 && outcome.errors.contains("limit"), "\(outcome)")
  }

  /// What nothing reaches any more does not count.
  @Test(arguments: [
    "let n = 0\nfor i in 0..300 { n += len(\"ab\" * 10**7) }\nprint(n)",
    "let n = 0\nfor i in 0..60 { n += len((\"a,\" * 10**5).split(\",\")) }\nprint(n)",
    "let n = 0.0\nfor i in 0..200 { n += tensor.ones([10**6]).sum() }\nprint(n)",
  ])
  func garbageIsCollectedBeforeTheLimit(script: String) throws {
    let outcome = try Binary().run(["run", "--no-store", "--memory-limit", "150", "-e", script])
    #expect(outcome.status == 0, "\(outcome)")
  }

  /// A limit of the shell ends in an error as well, not in a trap.
  @Test(arguments: [
    (800_000, "len((\"a,\" * 10**8).split(\",\"))"),
    (1_200_000, "len(text.tokens(\"ab \" * 10**7))"),
    (600_000, "len({i: i for i in 0..10**7})"), (600_000, "len([[i] for i in 0..10**8])"),
    (600_000, "let l = []\nwhile true { l.append(tensor.zeros([10**6])) }"),
    (600_000, "let s = \"ab\"\nwhile true { s += s }"),
    (600_000, "len(sorted([i * 1.5 for i in 0..10**8]))"),
    (400_000, "print(sweep a in 0..3 { {b: len([[i] for i in 0..10**8])} }.error)\n[][1]"),
  ])
  func limitsOfTheShellEndInAnError(kilobytes: Int, script: String) throws {
    for option in ["-v", "-d"] {
      let outcome = try Binary().run(
        ["run", "--no-store", "-e", script], after: "ulimit \(option) \(kilobytes)")
      #expect(outcome.status == 1, "\(option): \(outcome)")
      #expect(outcome.errors.hasPrefix("error"), "\(option): \(outcome.errors)")
      #expect(!outcome.errors.contains("Fatal error"), "\(option): \(outcome.errors)")
    }
  }

  /// What was printed before is there.
  @Test func aLimitLosesNoOutput() throws {
    for script in ["while true { }", "let l = []\nwhile true { l.append(\"a\" * 100000) }"] {
      let outcome = try Binary().run([
        "run", "--no-store", "--time-limit", "1", "--memory-limit", "150", "-e",
        "print(\"before\")\ntry { \(script) } finally { print(\"after\") }",
      ])
      #expect(outcome.status == 1 && outcome.output == "before\nafter\n", "\(outcome)")
    }
  }

  /// A limit ends a sweep as an interrupt does: what is finished stays, nothing counts as failed.
  @Test func aTimeLimitEndsASweep() throws {
    let fairlead = try Binary()
    try fairlead.write(
      "print(sweep a in 0..4 { if a == 2 { while true { } }\n{b: a} })\n", to: "s.fl")
    let outcome = try fairlead.run(["run", "--time-limit", "1", "s.fl"])
    #expect(outcome.status == 1, "\(outcome)")
    #expect(
      outcome.errors.contains("this ran longer than 1.0 seconds")
        && outcome.errors.contains("of 4 trials are finished and recorded"), "\(outcome.errors)")
    #expect(try fairlead.run(["runs"]).output.contains("failed"))
  }

  /// The outcome of a command and the most that it took, in MiB.
  private static func peak(_ arguments: [String], _ fairlead: Binary? = nil) throws -> (
    Binary.Outcome, Double
  ) {
    let running = try (fairlead ?? Binary()).start(arguments)
    let path = "/proc/\(running.process.processIdentifier)/status"
    var peak = 0.0
    while running.process.isRunning {
      let status = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
      if let line = status.split(separator: "\n").first(where: { $0.hasPrefix("VmHWM:") }),
        let kibibytes = Double(line.split(separator: " ").dropLast().last ?? "")
      {
        peak = max(peak, kibibytes / 1024)
      }
      usleep(2_000)
    }
    return (running.finish(), peak)
  }
}
