import Syntax
import Testing

@testable import Runtime

@Suite struct HeapTests {
  @Test func unreachableObjectsAreFreed() throws {
    let interpreter = makeInterpreter()
    try interpreter.run(
      parse(
        "let keep = [[1], {a: \"b\"}]\nfor i in 0..1000 { [i, [i], \"x\" + string(i)] }\ncollect()")
    )
    let before = interpreter.vm.heap.objectCount
    #expect(before < 50)
    try interpreter.run(parse("keep = nil\ncollect()"))
    #expect(interpreter.vm.heap.objectCount < before)
  }

  @Test func nativeBytesCauseCollections() throws {
    let interpreter = makeInterpreter()
    interpreter.define([
      Native(
        "big", "A megabyte by its own account.",
        context: { vm in
          vm.box(0, HeapTests.big)
        })
    ])
    try interpreter.run(parse("for i in 0..1000 { big() }"))
    #expect(interpreter.vm.heap.byteCount < 100 << 20)
  }

  private static let big = NativeType<Int>("big") { $0.byteCount = { _ in 1 << 20 } }

  @Test func handlesKeepValues() throws {
    let interpreter = makeInterpreter()
    let callable = try #require(
      try Callable.decode(
        interpreter.run(
          parse("let n = [41]\n(() => { let inner = [n[0] + 1]\n() => inner[0] })()")),
        interpreter.vm))
    try interpreter.run(parse("collect()"))
    #expect(try interpreter.vm.enter { try callable.call(as: Int.self) } == 42)
  }

  /// Every script of the language's features, with a collection before every allocation.
  @Test func torture() {
    let script = """
      fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }
      let words = ["alpha", "beta", "gamma"]
      let out = []
      for w in words { out.append(w + "!" + string(len(w))) }
      let m = {a: [1, 2], b: {c: "d" + "e"}}
      for k, v in m.items() { out.append(f"{k}={v}") }
      fn counter() { let n = [0]
        () => { n[0] += 1
          [n[0], "turn " + string(n[0])] } }
      let c = counter()
      c()
      out.append(c())
      out.append([f() for f in [() => "x" + string(i) for i in 0..3]])
      out.append(["a" + x for x in "héé"])
      out.append(words.map(w => [w + "s", {w: w}]))
      try { throw error("value", "bad" + "ness", ["da" + "ta"]) } catch e { out.append([e.message, e.data]) }
      fn g() { try { return ["re" + "turned"] } finally { string(12345) + "garbage" } }
      out.append(g())
      let v = vector(1, 2) + vector(3, 4)
      out.append([x for x in v])
      with tracer("con" + "text") as t { out.append(t + "!") }
      let [p, [q, r]] = ["p" + "1", ["q" + "2", "r" + "3"]]
      out.append(p + q + r)
      out.append(words[::-1] + ["ab" * 3] + [[0] * 2])
      out.append((sweep i in [1, 2] { {s: "trial " + string(i)} })[1].s)
      fn named(a, b = "de" + "fault", c: ["c"]) { [a, b, c] }
      out.append(named("x" + "y", c: "z" + "z"))
      words.sort(descending: true)
      out.append(words)
      out.append(apply(x => apply(y => y + x, "in" + "ner"), "out" + "er"))
      out.append(fib(8))
      print(out)
      """
    let plain = run(script)
    #expect(plain.contains("[\"betas\", {w: \"beta\"}]"))
    #expect(run(script, torture: true) == plain)
  }

  @Test func mapsAgainstADictionary() {
    let map = MapObject()
    var reference: [Int: Int] = [:]
    var order: [Int] = []
    var state: UInt64 = 42
    for _ in 0..<20_000 {
      state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      let key = Int(state >> 40) % 500
      if state >> 63 == 0 {
        if reference.updateValue(key * 2, forKey: key) == nil { order.append(key) }
        map.set(.int(key), .int(key * 2))
      } else {
        reference[key] = nil
        order.removeAll { $0 == key }
        map.remove(.int(key))
      }
      #expect(map.count == reference.count)
    }
    #expect(map.map { Int($0.key.number ?? -1) } == order)
    for key in 0..<500 {
      #expect(map[.int(key)].flatMap(\.number) == reference[key].map(Double.init))
    }
  }
}

@Suite struct VerifierTests {
  private func prototype(_ code: [UInt32], registers: Int = 4, constants: [Value] = []) -> Prototype
  {
    Prototype(
      name: "broken", source: Source(name: "", text: ""), code: code, constants: constants,
      constantObjects: [],
      registerCount: registers, parameters: [], captures: [], functions: [], handlers: [],
      spans: [],
      callSites: [:], shapes: [], subscripts: [], statements: [],
      signature: Signature(name: "", parameters: []),
      isMain: true)
  }

  @Test func brokenCodeIsRefused() {
    let end = Instruction.encode(.returnNil, 0, 0, 0)
    for code in [
      [0xFF, end], [Instruction.encode(.move, 4, 0, 0), end],
      [Instruction.encode(.move, 0, 9, 0), end],
      [Instruction.encode(.loadConstant, 0, 0, 0), end],
      [Instruction.encode(.jump, 0, 0, 0), 7, end],
      [Instruction.encode(.jump, 0, 0, 0), UInt32(bitPattern: -3), end],
      [Instruction.encode(.move, 0, 0, 0)],
      [Instruction.encode(.jump, 0, 0, 0)], [Instruction.encode(.call, 2, 2, 0), end],
      [Instruction.encode(.getCell, 0, 0, 0), end],
      [Instruction.encode(.makeClosure, 0, 0, 0), end],
      [Instruction.encode(.callNative, 0, 0, 0), 0, end],
      [Instruction.encode(.newList, 0, 2, 3), end],
    ] {
      #expect(throws: Fault.self) { try Verifier.verify(prototype(code)) }
    }
    #expect(throws: Never.self) {
      try Verifier.verify(prototype([Instruction.encode(.move, 3, 0, 0), end]))
    }
  }
}
