import Syntax
import Testing

@testable import Runtime

@Suite struct NativeTests {
  @Test func defaultsAndNames() {
    #expect(
      value("[clip(5), clip(0.5), clip(-1, -2), clip(7, high: 10), clip(low: 3, x: 2)]")
        == "[1.0, 0.5, -1.0, 7.0, 1.0]")
    #expect(
      value("let f = clip\n[f(5), f(0.5, 0.7), f(7, high: 10), f(low: 0.5, x: 0)]")
        == "[1.0, 0.7, 7.0, 0.5]")
    #expect(
      value("[total(), total(1, 2), total(1, 2, start: 10), total(start: 3)]")
        == "[0.0, 3.0, 13.0, 3.0]")
    #expect(
      value("let t = total\n[t(), t(1, 2), t(1, 2, start: 10), t(start: 3)]")
        == "[0.0, 3.0, 13.0, 3.0]")
  }

  @Test func wrongArguments() {
    #expect(value("clip(\"a\")") == "type: `x` must be a float, found the string \"a\"")
    #expect(value("clip(1, inf)") == "value: `low` must be finite, got inf")
    #expect(value("clip(1, high: 0)") == "value: `high` must be > 0, got 0")
    #expect(
      value("clip(1, 2, 3)") == "type: `clip` takes at most 2 positional arguments, but 3 are given"
    )
    #expect(value("clip(1, height: 3)") == "name: `clip` has no argument `height`")
    #expect(value("clip()") == "type: `clip` needs an argument for `x`")
    #expect(value("clip(1, x: 2)") == "name: `x` is given twice")
    #expect(
      value("pick(\"poison\")")
        == #"value: `name` must be one of "poisson", "shuffle", got "poison""#)
    #expect(
      value("pick(\"poisson\", [1, \"b\"])")
        == "type: expected a list of int, but item 1 is the string \"b\"")
    #expect(value("let f = clip\nf()") == "type: `clip` needs an argument for `x`")
    #expect(value("total(1, nil)") == "type: expected a float, found nil")
  }

  @Test func suggestions() throws {
    do {
      try makeInterpreter().run(parse("pick(\"poison\")"))
    } catch let fault as Fault {
      #expect(fault.hint == "did you mean \"poisson\"?")
    }
    do {
      try makeInterpreter().run(parse("let b = box()\nb.ad(1)"))
    } catch let fault as Fault {
      #expect(fault.hint == "did you mean `add`?")
    }
  }

  @Test func signatures() throws {
    let interpreter = makeInterpreter()
    guard case .function(let signature)? = interpreter.entities["clip"] else {
      Issue.record("clip has no signature")
      return
    }
    #expect(signature.parameters.map(\.name) == ["x", "low", "high"])
    #expect(signature.parameters.map(\.defaultText) == [nil, "0", "1"])
    #expect(signature.parameters[2].namedOnly)
    #expect(signature.parameters[2].rule == "> 0")
    guard case .module(let members, let callable)? = interpreter.entities["math"] else {
      Issue.record("math is no module")
      return
    }
    #expect(members.keys.sorted() == ["answer", "square"])
    #expect(callable?.parameters.count == 1)
  }

  /// A module that is only declared is made when a source names it, and is known to all who ask for what there is.
  @Test func modulesAreMadeWhenNamed() {
    let interpreter = makeInterpreter()
    var made: [String] = []
    for name in ["late", "later"] {
      interpreter.define(module: name) {
        made.append(name)
        return Module(name, "", natives: [Native("two", "") { 2 }])
      }
    }
    let globals = interpreter.entities(for: Source(name: "-e", text: "1 + xlatex"))
    #expect(made == ["late"])
    guard case .module(let members, _)? = globals["late"], case .value? = globals["later"] else {
      Issue.record("the check does not know the modules")
      return
    }
    #expect(members.keys.sorted() == ["two"])
    #expect(interpreter.nativeNames.contains("later"))
    #expect(interpreter.lookup("later") != nil && made == ["late", "later"])
    guard case .module? = interpreter.entities["later"] else {
      Issue.record("later is no module")
      return
    }
    #expect(interpreter.module(named: "late") != nil && made.count == 2)
  }

  @Test(arguments: [
    ("nn", "nn", true), ("nn", "nnn", true), ("nn", "n", false), ("nn", "", false),
    ("nn", "n nn", true), ("nn", "banner", true), ("", "", true), ("nn", "nan", false),
    ("aab", "aaab", true),
  ])
  func sourcesAreSearched(_ word: String, _ text: String, _ found: Bool) {
    #expect(Source(name: "-e", text: text).contains(word) == found)
  }

  @Test func modules() {
    #expect(value("[math.square(3), math.answer, math(4)]") == "[9.0, 42, 8]")
    #expect(value("let m = math\n[m.square(3), m.answer, m(4)]") == "[9.0, 42, 8]")
    #expect(value("math.sqare(3)") == "name: the module `math` has no `sqare`")
    #expect(value("math.answer = 3").hasPrefix("type: the fields of a module cannot be set"))
  }

  @Test func nativeObjects() {
    #expect(
      value("let b = box(1)\nb.add()\nb.add(by: 5)\n[b, b.count, b(10)]") == "[counter 7, 7, 17]")
    #expect(value("let b = box(1)\nlet add = b.add\nadd(2)\nb.count") == "3")
    #expect(value("box().foo") == "name: a counter has no field `foo`")
    #expect(value("box() + 1") == "type: `+` does not take a counter and the int 1")
    #expect(
      value("let v = vector(1, 2, 3)\n[v + v, -v, v[1], v[1:], [x for x in v], v.sum(), v == v]")
        == "[vector(2.0, 4.0, 6.0), vector(-1.0, -2.0, -3.0), 2.0, vector(2.0, 3.0), [1.0, 2.0, 3.0], 6.0, true]"
    )
    #expect(
      value(
        "let v = vector(1, 2)\nlet [a, b] = v\n[a, b, [v] == [vector(1, 2)], [v] == [vector(1)]]")
        == "[1.0, 2.0, true, false]")
    #expect(value("vector(1, 2) + vector(1)") == "shape: shapes do not match in `+`")
    // A vector of one number behaves as that number.
    #expect(
      value(
        "let v = vector(2)\n[v * 3, 1 < v, v == 2, f\"{v:.1f}\", math.square(v), if v > 1 { 1 } else { 0 }]"
      )
        == "[6.0, true, true, \"2.0\", 4.0, 1]")
    #expect(value("let v = vector(1, 2)\n[v == nil, nil != v]") == "[false, true]")
  }

  @Test func callbacks() {
    #expect(value("[1, 2, 3].map(x => x * 2)") == "[2, 4, 6]")
    #expect(value("apply(x => [x, x], \"a\")") == #"["a", "a"]"#)
    #expect(value("apply(apply, 3)").hasPrefix("type: `f` must be a function, found the int 3"))
    #expect(value("[1].map(x => 1 / 0)") == "value: division by zero")
    #expect(underlined("fn inverse(x) { 1 / x }\n[1, 0].map(inverse)") == "1 / x")
    #expect(value("fn f(x) { try { [x].map(y => y.z) } catch e { e.kind } }\nf(1)") == #""type""#)
    #expect(
      value("let l = [3, 1]\nlet n = l.map(x => { l.clear()\ncollect()\n[x] })\nn") == "[[3], [1]]")
  }

  @Test func mapsAsModules() {
    #expect(value("let m = {f: x => x + 1, keys: 5}\n[m.f(1), m.keys]") == "[2, 5]")
    #expect(value("let m = {f: x => x + 1, keys: 5}\nm.keys()") == #"["f", "keys"]"#)
    #expect(
      value("let m = {f: 3}\nm.f()") == "type: `f` of this map is the int 3, which cannot be called"
    )
    #expect(value("let m = {f: 3}\nm.g()") == "name: a map has no method `g`")
    #expect(value("\"abc\".upper()") == #""ABC""#)
  }

  @Test func shapesAndRest() throws {
    let interpreter = makeInterpreter()
    interpreter.define([
      Native("dot", "x·y", Param<Vector>("x", shape: ["n"]), Param<Vector>("y", shape: ["n"])) {
        x, y in
        zip(x.values, y.values).map(*).reduce(0, +)
      },
      Native("three", "…", Param<Vector>("x", shape: [3])) { x in x.values.count },
    ])
    let text = { (code: String) -> String in
      do {
        return try Representation.text(
          of: interpreter.run(parse(code)), quoted: true, interpreter.vm)
      } catch {
        return Fault(error).message
      }
    }
    #expect(text("dot(vector(1, 2), vector(3, 4))") == "11.0")
    #expect(
      text("dot(vector(1, 2), vector(3))") == "`y` must have shape [n], got [1]; n is 2 from `x`")
    #expect(text("three(vector(1, 2))") == "`x` must have shape [3], got [2]")
  }
}

@Suite struct SortingTests {
  @Test func homogeneousAndMixed() throws {
    let vm = makeInterpreter().vm!
    var generator = SystemRandomNumberGenerator()
    for count in [0, 1, 2, 7, 8, 9, 100, 1000, 5000] {
      let ints = (0..<count).map { _ in Int.random(in: -1_000...1_000, using: &generator) }
      let sorted = try vm.sorted(ints.map { .int($0) })
      #expect(
        sorted.compactMap { if case .int(let int) = $0 { int } else { nil } } == ints.sorted())
      let wide = (0..<count).map { _ in Int.random(in: .min ... .max, using: &generator) }
      #expect(
        try vm.sorted(wide.map { .int($0) }).compactMap {
          if case .int(let i) = $0 { i } else { nil }
        } == wide.sorted())
      let floats = (0..<count).map { _ in Double.random(in: -1e9...1e9, using: &generator) }
      #expect(try vm.sorted(floats.map { .float($0) }).compactMap(\.number) == floats.sorted())
      let words = (0..<count).map { _ in
        "common prefix \(Int.random(in: 0...200, using: &generator))"
      }
      let objects = words.map { StringObject($0) }
      #expect(try vm.sorted(objects.map { Value($0) }).compactMap(\.string) == words.sorted())
      withExtendedLifetime(objects) {}
      let mixed = (0..<count).map { $0 % 2 == 0 ? Value.int(ints[$0]) : .float(floats[$0]) }
      let numbers = try vm.sorted(mixed).compactMap(\.number)
      #expect(numbers == numbers.sorted())
    }
  }

  @Test func isStable() throws {
    let vm = makeInterpreter().vm!
    let values = (0..<1000).map { Value.int($0) }
    let keys = (0..<1000).map { Value.int($0 % 3) }
    for descending in [false, true] {
      let sorted = try vm.sorted(values, by: keys, descending: descending).compactMap(\.number)
      for (a, b) in zip(sorted, sorted.dropFirst()) {
        let first = Int(a) % 3
        let second = Int(b) % 3
        #expect(first == second ? a < b : (first < second) != descending)
      }
    }
  }

  @Test func floatsWithNaN() throws {
    let vm = makeInterpreter().vm!
    let sorted = try vm.sorted([
      .float(.nan), .float(1), .float(-.infinity), .float(-.nan), .float(0), .float(-0.0),
    ])
    #expect(
      sorted.compactMap(\.number).map(Formatting.float) == [
        "-inf", "0.0", "-0.0", "1.0", "nan", "nan",
      ])
  }

  @Test func withoutOrder() {
    #expect(value("let l = [1, \"a\"]\nl.sort()").hasPrefix("type:"))
    #expect(value("let l = [[2, 1], [1, 5], [1, 2]]\nl.sort()\nl") == "[[1, 2], [1, 5], [2, 1]]")
    #expect(value("let l = [1, 3, 2]\nl.sort(descending: true)\nl") == "[3, 2, 1]")
  }
}
