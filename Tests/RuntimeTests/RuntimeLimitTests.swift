import Foundation
import Syntax
import Testing

@testable import Runtime

@Suite struct RuntimeLimitTests {
  @Test func recursion() {
    #expect(
      run("fn f(n) { 1 + f(n + 1) }\nf(0)") == "limit: more than 10000 calls are running at once\n")
    #expect(
      run(
        "fn f(n) { f(n + 1) }\ntry { f(0) } catch e { print(e.kind, len(e.trace) < 100) }\nprint(1)"
      ) == "limit true\n1\n")
    #expect(
      run("fn f(n) { [n].map(f) }\nf(0)").hasPrefix(
        "limit: functions and natives call each other too deeply"))
    #expect(run("fn f(n) { if n == 0 { 0 } else { 1 + f(n - 1) } }\nprint(f(9900))") == "9900\n")
  }

  @Test(arguments: [
    ("+", "1", "900"), ("-", "1", "-898"), ("*", "1", "1"), ("and", "true", "true"),
    ("or", "false", "false"), ("??", "nil", "nil"), ("==", "1", "true"),
  ])
  func longChains(operation: String, value: String, result: String) throws {
    let chain = Array(repeating: "x", count: 900).joined(separator: " \(operation) ")
    #expect(
      try BigStack.run { run("let x = \(value)\nprint(\(chain))") } == result + "\n")
    let literals = chain.replacing("x", with: value)
    #expect(try BigStack.run { run("print(\(literals))") } == result + "\n")
  }

  @Test func chainsThatAreTooLong() throws {
    let chain = Array(repeating: "x", count: 100_000).joined(separator: "+")
    #expect(throws: Diagnostics.self) { try parse("let x = 1\n\(chain)") }
    // Assigned to a name that its own end still needs.
    #expect(run("let x = 2\nlet y = 3\nx = x * y + x - y * x\nprint(x)") == "2\n")
    #expect(run("fn f() { let x = 2\nx = x + 1 - x * x\nx }\nprint(f())") == "-1\n")
  }

  @Test func nativeRecursionOnABigStack() throws {
    let text = try BigStack.run {
      run("fn f(n) { if n == 0 { 0 } else { [n - 1].map(f)[0] + 1 } }\nprint(f(900))")
    }
    #expect(text == "900\n")
  }

  @Test func stepsTimeAndMemory() {
    var limits = Limits()
    limits.steps = 100_000
    #expect(run("while true { }", limits: limits) == "limit: this ran more than 100000 steps\n")
    #expect(
      run("while true { try { while true { } } catch e { print(1) } }", limits: limits)
        == "limit: this ran more than 100000 steps\n")
    #expect(
      run("try { while true { } } finally { print(\"done\") }", limits: limits)
        == "done\nlimit: this ran more than 100000 steps\n")
    limits = Limits()
    limits.seconds = 0.2
    #expect(
      run("while true { try { throw \"x\" } catch e { } }", limits: limits).hasPrefix(
        "limit: this ran longer than 0.2"))
    limits = Limits()
    limits.memoryBytes = 64 << 20
    #expect(
      run("let l = []\nwhile true { l.append([1, 2, 3]) }", limits: limits).hasPrefix(
        "limit: this uses more memory"))
    #expect(run("let s = \"x\"\nwhile true { s = s + s }", limits: limits).hasPrefix("limit:"))
    #expect(run("for i in 0..2000000 { [i, i] }\nprint(1)", limits: limits) == "1\n")
  }

  @Test func interrupt() throws {
    let host = RecordingHost()
    let interpreter = makeInterpreter(host)
    let flag = interpreter.interrupt
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.1)
      flag.set()
    }
    let program = try parse(
      "try { while true { try { 1 / 0 } catch e { } } } catch e { print(\"caught\") } finally { print(\"left\") }"
    )
    #expect { try interpreter.run(program) } throws: { ($0 as? Fault)?.kind == .interrupt }
    #expect(host.output == "left\n")
    #expect(try interpreter.run(parse("1 + 1")).number == 2)
  }

  /// Blocks that run on the way out have a second all together, whatever they call.
  @Test(arguments: [
    "fn f(n) { try { f(n + 1) } finally { f(n + 1) } }\nf(0)",
    "try { while true { } } finally { while true { } }",
    "fn f() { try { while true { } } finally { try { while true { } } finally { f() } } }\nf()",
    "fn f() { try { while true { } } finally { for i in 0..1000000 { [1].map(x => f()) } } }\nf()",
    "fn f(n) { try { f(n + 1) } catch e { f(n + 1) } finally { f(n + 1) } }\nf(0)",
    "while true { try { throw \"x\" } catch e { } finally { try { 1 / 0 } catch e { } } }",
  ])
  func finallyCannotOutliveALimit(script: String) throws {
    var limits = Limits()
    limits.seconds = 0.2
    let clock = ContinuousClock()
    var text = ""
    let time = try clock.measure { text = try BigStack.run { run(script, limits: limits) } }
    #expect(text.hasPrefix("limit: this ran longer than 0.2 seconds"), "\(text)")
    #expect(time < .seconds(10))

    let host = RecordingHost()
    let interpreter = makeInterpreter(host)
    let flag = interpreter.interrupt
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.2)
      flag.set()
    }
    let interrupted = clock.measure {
      #expect {
        try BigStack.run { try interpreter.run(parse(script)) }
      } throws: {
        ($0 as? Fault)?.kind == .interrupt
      }
    }
    #expect(interrupted < .seconds(10))
    // What was stopped is over for the next run.
    #expect(
      try interpreter.run(parse("let n = 0\nfor i in 0..20000 { n += 1 }\nn")).number == 20_000)
  }

  /// A context is left even where there is no time for anything else.
  @Test func contextsAreLeftWhateverHappens() throws {
    var limits = Limits()
    limits.seconds = 0.1
    let text = run(
      """
      with tracer("outer") {
        try { with tracer("inner") { while true { } } } finally { while true { } }
      }
      """, limits: limits)
    let lines = text.split(separator: "\n")
    #expect(lines.contains { $0.contains("inner") && $0.contains("exit") }, "\(text)")
    #expect(lines.contains { $0.contains("outer") && $0.contains("exit") }, "\(text)")
    #expect(text.contains("limit: this ran longer than 0.1 seconds"))
  }

  /// Nothing that scales with its input holds an interrupt up, on values that one statement makes.
  @Test(arguments: [
    "(\"a\" * 4000000 + \"c\") in s", "s == s + \"\"", "list(l) == l", "7 in l", "repr(l)",
    "l[::-1]",
    "s[::-1]", "l * 30", "s * 30", "l + l", "l < list(l)",
  ])
  func operationsLookAtInterrupts(operation: String) throws {
    let interpreter = makeInterpreter()
    try interpreter.run(
      parse(
        "let s = \"a\" * 20000000\nlet l = [1.5] * 3000000\nfn go() { while true { \(operation) } }"
      ))
    let flag = interpreter.interrupt
    Thread.detachNewThread {
      Thread.sleep(forTimeInterval: 0.1)
      flag.set()
    }
    let clock = ContinuousClock()
    let time = clock.measure {
      #expect {
        try interpreter.run(parse("go()"))
      } throws: {
        ($0 as? Fault)?.kind == .interrupt
      }
    }
    #expect(time < .seconds(5))
  }

  @Test func nothingTraps() {
    let int = "let m = 9223372036854775807\nlet n = -m - 1\n"
    for code in [
      "[1, 2][m]", "[1, 2][n]", "\"ab\"[n]", "[1][n:m:n]", "\"abc\"[m:n:-1]", "(0..10)[n:m:m]",
      "n..m", "m..n by n",
      "for i in n..m by n { }", "m..=m by m", "n // -1", "n % -1", "abs(n)", "n ** 2", "2 ** m",
      "0 ** n", "n / n", "-n",
      "f\"{m:>{m}}\"", "f\"{n:c}\"", "f\"{1.5:.{m}f}\"", "{[n]: 1}[m]", "[0] * n",
      "let [a, b] = n..m", "n in (n..0)", "m in 0..=m by 2",
      "let l = [1]\nl[m:n] = [1]\nl", "let l = [1]\nl[n::n] = [5]\nl", "\"\"[::n]", "float",
      "nil.x", "nil[0]", "nil()", "nil.x = 3", "3.x = 1", "throw nil", "for x in nil { }",
    ] {
      _ = run(int + code)
    }
    #expect(value("let f = 1e300\n[f * f, -f * f]") == "[inf, -inf]")
    #expect(run("let x = inf\nfor i in 0..3 { x = x - x }\nprint(x)") == "nan\n")
  }
}

@Suite struct SessionTests {
  @Test func cellsShareTheirTopLevel() throws {
    let interpreter = makeInterpreter()
    try interpreter.run(parse("let x = 1\nfn f() { x }"))
    try interpreter.run(parse("x += 1"))
    #expect(try interpreter.run(parse("f()")).number == 2)
    try interpreter.run(parse("let x = 10"))
    #expect(try interpreter.run(parse("f()")).number == 10)
    try interpreter.run(parse("fn len(y) { 99 }"))
    #expect(try interpreter.run(parse("len([])")).number == 99)
    #expect(interpreter.variables.map(\.name) == ["x", "f", "len"])
    interpreter.resetSession()
    #expect(try interpreter.run(parse("len([])")).number == 0)
    #expect { try interpreter.run(parse("x")) } throws: { ($0 as? Fault)?.kind == .name }
  }

  @Test func nativesMayBeShadowedByTheirOwnResult() {
    #expect(value("let len = len([1, 2])\nlen") == "2")
    #expect(value("fn f() { later }\nlet later = 5\nf()") == "5")
    #expect(
      value("fn f() { later }\nf()\nlet later = 5") == "name: `later` is used before it is declared"
    )
    #expect(value("len = 3") == "name: `len` is built in and cannot be assigned to")
  }

  @Test func parameters() throws {
    let host = RecordingHost()
    host.parameters = ["epochs": .int(7)]
    let interpreter = makeInterpreter(host)
    let script =
      "param epochs = 5 in 1..=10\nparam name = \"a\" in [\"a\", \"b\"]\nparam rate = 0.5\n[epochs, name, rate]"
    #expect(
      try Representation.text(of: interpreter.run(parse(script)), quoted: true, nil)
        == "[7, \"a\", 0.5]")
    host.parameters = ["epochs": .int(11)]
    #expect { try interpreter.run(parse(script)) } throws: {
      ($0 as? Fault)?.message == "the parameter `epochs` must be in 1..=10, got 11"
    }
    let requests = try interpreter.parameters(of: parse(script))
    #expect(requests.map(\.name) == ["epochs", "name", "rate"])
    #expect(requests.map { Representation.brief($0.defaultValue) } == ["5", "\"a\"", "0.5"])
  }

  @Test func imports() throws {
    let files = [
      "a.fl": "param n = 1\nlet count = 0\nfn bump() { count += n\ncount }\nlet _hidden = 2",
      "b.fl": "import \"c.fl\" as c", "c.fl": "import \"b.fl\" as b", "bad.fl": "let x = 1 / 0",
    ]
    let interpreter = makeInterpreter()
    interpreter.loader = { path, _ in
      guard case .file(let name) = path, let text = files[name] else {
        throw Fault(.io, "there is no such file")
      }
      return try parse(text, name: name)
    }
    let text = { (code: String) -> String in
      do {
        return try Representation.text(
          of: interpreter.run(parse(code)), quoted: true, interpreter.vm)
      } catch {
        return Fault(error).message
      }
    }
    #expect(text("import \"a.fl\" as a\na.bump()\na.bump()\n[a.count, a]") == "[2, <module a>]")
    #expect(text("import \"a.fl\" as again\nagain.count") == "2")
    #expect(text("import \"a.fl\" with {n: 10} as ten\nten.bump()") == "10")
    #expect(text("import \"a.fl\" with {m: 10} as ten") == "`a.fl` has no parameter `m`")
    #expect(text("import \"a.fl\" as a\na._hidden") == "the module `a` has no `_hidden`")
    #expect(text("import \"b.fl\" as b") == "`b.fl` imports itself: b.fl → c.fl → b.fl")
    #expect(text("import \"nope.fl\" as b") == "there is no such file")
    #expect(text("import \"bad.fl\" as bad") == "division by zero")
  }

  @Test func testsGoToTheHost() throws {
    let host = RecordingHost()
    let interpreter = makeInterpreter(host)
    try interpreter.run(parse("let x = 3\ntest \"three\" { assert x == 4 }"))
    #expect(host.tests.map(\.name) == ["three"])
    #expect { try interpreter.vm.call(host.tests[0].body.value, []) } throws: {
      ($0 as? Fault)?.kind == .assert
    }
  }
}

@Suite struct LifetimeTests {
  @Test func interpretersAreFreed() throws {
    weak var leaked: Interpreter?
    do {
      let interpreter = makeInterpreter()
      leaked = interpreter
      try interpreter.run(parse("let f = () => 1\nlet l = [f]\nl.append(l)"))
    }
    #expect(leaked == nil)
  }

  @Test func failedCellsLeaveNamesAlone() throws {
    let interpreter = makeInterpreter()
    #expect(throws: Fault.self) { try interpreter.run(parse("let len = 1 / 0")) }
    #expect(try interpreter.run(parse("len([1])")).number == 1)
    #expect(try interpreter.run(parse("(() => len([1, 2]))()")).number == 2)
  }
}
