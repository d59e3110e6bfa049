import Foundation
import Testing

/// Signals, closed pipes, and inputs that do not come.
@Suite struct InterruptTests {
  /// A sweep of one trial tells on standard error that the script has got this far.
  private static let here = "let _ready = sweep ready in [1] { {set: 2} }\n"

  @Test(arguments: [
    "while true { }", "let xs = [x * x for x in 0..1000000000]", "sys.sleep(60)",
    "let xs = range(100000)\nwhile true { sorted(xs, key: x => -x) }",
    // Few turns that take long, and none at all.
    "let x = tensor.randn([1200, 1200])\nfor i in 0..3000 { let y = x @ x }\nprint(1)",
    "\(Array(repeating: "let y = sys.sleep(0.5)", count: 100).joined(separator: "\n"))",
    "let n = nn.linear(300, 300)\nlet x = tensor.randn([300, 300])\nwhile true { n(x) }",
  ])
  func controlCStopsWhatRuns(script: String) throws {
    let running = try Binary().start(["run", "-e", Self.here + script])
    #expect(running.waitForErrors(containing: "1/1"))
    usleep(200_000)
    running.send(SIGINT)
    let sent = Date()
    let outcome = running.finish()
    #expect(outcome.status == 130, "\(outcome.errors)")
    #expect(outcome.errors.contains("interrupted") && outcome.output.isEmpty)
    #expect(Date().timeIntervalSince(sent) < 10)
  }

  @Test(arguments: [
    "nn.train(model, set.train, epochs: 100000)",
    "dp.train(model, set.train, epsilon: 2, epochs: 1000, batch: 6)",
    "dp.train(model, set.train, epsilon: 2, epochs: 1000, batch: 600, method: \"edp-sgd\", decay: 1)",
  ])
  func controlCStopsATrainingBetweenSteps(training: String) throws {
    let script = """
      let set = data.intents("demo")
      let model = nn.sequential(nn.embedding(set.vocabulary, 8), nn.mean(axis: 1), nn.linear(8, len(set.classes)))
      \(Self.here)
      \(training)
      """
    let running = try Binary().start(["run", "-e", script])
    #expect(running.waitForErrors(containing: "1/1"))
    usleep(1_500_000)
    running.send(SIGINT)
    let outcome = running.finish()
    #expect(outcome.status == 130, "\(outcome.errors)")
    #expect(outcome.errors.contains("the model keeps its state"), "\(outcome.errors)")
  }

  @Test(arguments: [SIGTERM, SIGHUP])
  func otherSignalsStopWhatRunsToo(signal: Int32) throws {
    let running = try Binary().start(["run", "-e", Self.here + "while true { }"])
    #expect(running.waitForErrors(containing: "1/1"))
    running.send(signal)
    #expect(running.finish().status == 130)
  }

  @Test func aSweepIsTakenUpAfterAnInterrupt() throws {
    let fairlead = try Binary()
    try fairlead.write("print(sweep a in 0..8 { sys.sleep(0.1)\n{b: a} })\n", to: "s.fl")
    let running = try fairlead.start(["s.fl"])
    #expect(running.waitForErrors(containing: "2/8"))
    running.send(SIGINT)
    let outcome = running.finish()
    #expect(outcome.status == 130 && outcome.output.isEmpty)
    #expect(outcome.errors.contains("of 8 trials are finished and recorded"), "\(outcome.errors)")
    #expect(try fairlead.run(["runs"]).output.contains("interrupted"))
    let again = try fairlead.run(["s.fl"])
    #expect(again.status == 0 && again.errors.contains("of 8 trials found in the run store"))
  }

  /// Neither a pipe without a writer nor a standard input that says nothing holds a signal up.
  @Test(arguments: [SIGINT, SIGTERM])
  func waitingForAScriptCanBeStopped(signal: Int32) throws {
    let fairlead = try Binary()
    #expect(mkfifo(fairlead.folder + "/pipe.fl", 0o600) == 0)
    let waiting = try fairlead.start(["run", "pipe.fl"])
    usleep(300_000)
    #expect(waiting.process.isRunning)
    waiting.send(signal)
    #expect(waiting.finish().status == 130)
    let silent = Pipe()
    let reading = try fairlead.start([], standardInput: silent.fileHandleForReading)
    usleep(300_000)
    #expect(reading.process.isRunning)
    reading.send(signal)
    #expect(reading.finish().status == 130)
    try silent.fileHandleForWriting.close()
    // What a script names has to be a file: nobody waits for it.
    let imported = try fairlead.run(["-e", "import \"pipe.fl\" as p\np"])
    #expect(imported.status == 1 && imported.errors.contains("is a pipe, not a file"))
  }

  @Test func aClosedPipeIsQuiet() throws {
    let pipe = Pipe()
    let running = try Binary().start(
      ["-e", "let i = 0\nwhile true { print(\"line\", i)\ni += 1 }"],
      output: pipe.fileHandleForWriting)
    try pipe.fileHandleForWriting.close()
    _ = try pipe.fileHandleForReading.read(upToCount: 10)
    try pipe.fileHandleForReading.close()
    let outcome = running.finish()
    #expect(outcome.status == 0 && outcome.errors.isEmpty, "\(outcome)")
  }

  @Test func aClosedPipeEndsASweepQuietly() throws {
    let fairlead = try Binary()
    try fairlead.write(
      "for i in 0..100000 { print(\"line\", i) }\nsweep a in 0..3 { {b: a} }\n", to: "s.fl")
    let outcome = try fairlead.run(
      ["-c", "'\(Binary.path)' s.fl | head -1"], program: "/bin/sh")
    #expect(outcome.output == "line 0\n" && outcome.status == 0 && outcome.errors.isEmpty)
  }

  /// A pager that shows its first page does not hold up what ends the run.
  @Test(arguments: [
    "for i in 0..1000000 { print(i) }", "print(\"a\" * 10**7)", "print(\"a\" * 70000)",
    "\"a\" * 10**7",
  ])
  func outputThatNobodyReadsCanBeStopped(script: String) throws {
    for signal in [SIGINT, SIGTERM] {
      let pipe = Pipe()
      let running = try Binary().start(
        ["-e", Self.here + script], output: pipe.fileHandleForWriting, endsAfter: 20)
      #expect(running.waitForErrors(containing: "1/1"))
      usleep(1_000_000)
      #expect(running.process.isRunning)
      running.send(signal)
      let sent = Date()
      let outcome = running.finish()
      #expect(outcome.status == 130 && outcome.errors.contains("interrupted"), "\(outcome)")
      #expect(Date().timeIntervalSince(sent) < 10)
      withExtendedLifetime(pipe) {}
    }
  }

  /// `finally` runs: the process was not ended for want of an answer.
  @Test func outputThatNobodyReadsIsWithinTheTimeLimit() throws {
    let pipe = Pipe()
    let script = """
      try { print("a" * 10**7) } finally { sweep left in 0..2 { {b: 1} } }
      """
    let outcome = try Binary().start(
      ["run", "--time-limit", "1", "-e", script], output: pipe.fileHandleForWriting, endsAfter: 20
    ).finish()
    #expect(outcome.status == 1 && outcome.errors.contains("2/2"), "\(outcome)")
    #expect(outcome.errors.contains("ran longer than 1.0 seconds"))
    let printed = try Binary().start(
      ["run", "--time-limit", "1", "-e", "print(\"a\" * 70000)"],
      output: pipe.fileHandleForWriting, endsAfter: 20
    ).finish()
    #expect(printed.status == 1 && printed.errors.contains("ran longer than"), "\(printed)")
    withExtendedLifetime(pipe) {}
  }

  /// Whoever reads slowly gets all of it.
  @Test func aSlowReaderGetsAll() throws {
    let outcome = try Binary().run(
      ["-c", "'\(Binary.path)' -e 'print(\"a\" * 10**6)' | (sleep 1; wc -c)"], program: "/bin/sh")
    #expect(outcome.output.contains("1000001") && outcome.errors.isEmpty, "\(outcome)")
  }

  @Test func outputThatCannotBeWrittenIsTold() throws {
    let outcome = try Binary().run(
      ["-c", "'\(Binary.path)' -e 'print(1)' > /dev/full"], program: "/bin/sh")
    #expect(outcome.status == 1 && outcome.errors.contains("No space left"), "\(outcome)")
  }

  /// The prompt answers an interrupt and goes on.
  @Test func thePromptSurvives() throws {
    let screen = try Terminal()
    let running = try Binary().start(
      [], environment: ["TERM": "dumb"], output: screen.end, standardInput: screen.end)
    #expect(screen.waits(for: "[1]"))
    screen.type("let kept = 40\n")
    #expect(screen.waits(for: "[2]"))
    screen.type("while true { }\n")
    usleep(400_000)
    running.send(SIGINT)
    #expect(screen.waits(for: "interrupted"))
    #expect(screen.waits(for: "[3]"))
    screen.type("fn half(x) {\n")
    #expect(screen.waits(for: "·"))
    running.send(SIGINT)
    usleep(400_000)
    // The unfinished block is given up: what follows is a statement of its own.
    screen.type("kept + 2\n")
    #expect(screen.waits(for: "42"))
    screen.type("[i for i in 0..1000000]\n")
    #expect(screen.waits(for: "99, … 999900 more]"))
    screen.type("\"x\" * 100000\n")
    #expect(screen.waits(for: "more bytes"))
    screen.type(":quit\n")
    #expect(running.finish().status == 0)
  }

  /// What a stopped training has done and spent is there: `_`.
  @Test func thePromptKeepsTheFitSoFar() throws {
    let screen = try Terminal()
    let running = try Binary().start(
      [], environment: ["TERM": "dumb"], output: screen.end, standardInput: screen.end)
    #expect(screen.waits(for: "[1]"))
    screen.type("let x = {inputs: tensor.ones([400, 2]), labels: tensor.zeros([400], \"i64\")}\n")
    #expect(screen.waits(for: "[2]"))
    screen.type("dp.train(nn.linear(2, 2), x, noise_multiplier: 20, epochs: 100000, batch: 6)\n")
    usleep(1_500_000)
    running.send(SIGINT)
    #expect(screen.waits(for: "epsilon spent"))
    #expect(screen.waits(for: "is what it had got so far"))
    #expect(screen.waits(for: "[3]"))
    screen.type("print(\"part\", _.steps > 0, _.epsilon > 0, _.epsilon < 2)\n")
    #expect(screen.waits(for: "part true true true"))
    screen.type(":quit\n")
    #expect(running.finish().status == 0)
  }
}
