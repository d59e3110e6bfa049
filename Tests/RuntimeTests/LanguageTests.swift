import Testing

@testable import Runtime

@Suite struct ExpressionTests {
  @Test func operators() {
    #expect(value("1 + 2 * 3") == "7")
    #expect(
      value("let x = 7\nlet y = -2\n[x // y, x % y, x / y, x ** 2, x - y]")
        == "[-4, -1, -3.5, 49, 9]")
    #expect(
      value(#"let s = "ab"\#nlet n = 2\#n[s + "c", s * n, n * s, [1] + [2], [0] * 3, s * -1]"#)
        == #"["abc", "abab", "abab", [1, 2], [0, 0, 0], ""]"#)
    #expect(
      value("let x = 3\n[1 < x < 5, 1 < x < 2, 5 > x >= 3 > 1, x == 3 != 4]")
        == "[true, false, true, true]")
    #expect(value("let x = nil\n[x ?? 1, 2 ?? x, x ?? nil ?? 3]") == "[1, 2, 3]")
    #expect(
      value("[not true, true and false, false or true, not (1 > 2)]")
        == "[false, false, true, true]")
    #expect(
      value(
        #"[2 in [1, 2], 3 not in [1], "a" in {a: 1}, "ell" in "hello", 4 in 0..10 by 2, 1.0 in 0..3]"#
      )
        == "[true, true, true, true, true, true]")
  }

  @Test func typeErrors() {
    #expect(value("1 + \"a\"") == "type: `+` does not take the int 1 and the string \"a\"")
    #expect(value("let t = true\nt + 1") == "type: `+` does not take the bool true and the int 1")
    #expect(value("-\"a\"") == "type: `-` does not take the string \"a\"")
    #expect(value("if 1 { 2 }") == "type: a condition must be a bool, found the int 1")
    #expect(value("let x = 1\nx and true").hasPrefix("type: a condition must be a bool"))
    #expect(value("let x = 1\ntrue and x").hasPrefix("type: a condition must be a bool"))
    #expect(value("let f = 3\nf(1)") == "type: the int 3 cannot be called")
  }

  @Test func conditionsAreFused() {
    #expect(
      value(
        """
        fn f(x) {
          let out = []
          if x < 3 { out.append(1) }
          if not (x < 3) { out.append(2) }
          if x >= 3 and x != 5 { out.append(3) }
          if x == 5 or x > 7 { out.append(4) }
          if not (x == 5 or x > 7) { out.append(5) }
          if not (1 < x <= 4) { out.append(6) }
          if x <= 2 or (x > 3 and x < 6) { out.append(7) }
          out
        }
        [f(2), f(3), f(5), f(8), f(2.5)]
        """) == "[[1, 5, 7], [2, 3, 5], [2, 4, 6, 7], [2, 3, 4, 6], [1, 5]]")
  }

  @Test func blocksAndBranches() {
    #expect(
      value("let x = if 1 > 2 { \"a\" } else if 2 > 1 { \"b\" } else { \"c\" }\nx") == "\"b\"")
    #expect(value("let x = if 1 > 2 { 3 }\nx") == "nil")
    #expect(
      value("fn f(x) { if x { let y = 3\ny + 1 } else { 0 } }\n[f(true), f(false)]") == "[4, 0]")
    // An assignment within an operand must not change the value that was read before.
    #expect(
      value("fn f() { let x = 1\nlet y = x + if true { x = 5\nx } else { 0 }\n[x, y] }\nf()")
        == "[5, 6]")
    #expect(value("fn f() { let x = 1\nlet g = () => { x = 10\n1 }\nx + g() }\nf()") == "2")
    #expect(
      value("fn f() { let x = 2\nx = [x, x + 1, if x > 1 { x } else { 0 }]\nx }\nf()")
        == "[2, 3, 2]")
    #expect(
      value("fn f(x) { x = x ?? 5\nx = x > 3 and x < 9\nx }\n[f(nil), f(1)]") == "[true, false]")
  }

  @Test func stringsAndFormats() {
    #expect(
      value(#"let eps = 2.5\#nf"eps={eps:.2f}, {eps!r} {1 + 1} {{}}""#) == #""eps=2.50, 2.5 2 {}""#)
    #expect(value(#"let w = 8\#nlet p = 2\#nf"[{3.14159:>{w}.{p}f}]""#) == #""[    3.14]""#)
    #expect(value(#"let x = 3\#nf"{x=}""#) == #""x=3""#)
    #expect(value(#"f"{[1, "a"]} {nil} {true:>6}""#) == #""[1, \"a\"] nil   true""#)
    #expect(
      value(#"let s = "héllo日本"\#n[s[1], s[-1], len(s), s[1:3], s[::-1], s[5:]]"#)
        == #"["é", "本", 7, "él", "本日olléh", "日本"]"#)
    #expect(value(#"[c for c in "aé日"]"#) == #"["a", "é", "日"]"#)
    #expect(value(#"["b", "a", "é", "Z", ""].sort()"#) == "nil")
    #expect(
      value(#"let l = ["b", "a", "é", "Z", ""]\#nl.sort()\#nl"#) == #"["", "Z", "a", "b", "é"]"#)
    let parts = (0..<100).map { "{\($0)}" }.joined(separator: "-")
    #expect(
      value("f\"\(parts)\"") == "\"" + (0..<100).map(String.init).joined(separator: "-") + "\"")
  }

  @Test func listsAndMaps() {
    let items = (0..<300).map(String.init).joined(separator: ", ")
    #expect(value("[\(items)]") == "[\(items)]")
    let entries = (0..<300).map { "k\($0): \($0)" }.joined(separator: ", ")
    #expect(value("{\(entries)}") == "{\(entries)}")
    #expect(
      value(#"{a: 1, "b c": 2, ["x" + "y"]: 3, [1]: 4}"#) == #"{a: 1, "b c": 2, xy: 3, 1: 4}"#)
    #expect(
      value("let m = {}\nm.a = 1\nm[\"b\"] = 2\nm.a += 5\nm[\"b\"] *= 3\n[m, m.a, m[\"b\"]]")
        == "[{a: 6, b: 6}, 6, 6]")
    #expect(
      value(
        "let m = {[1]: \"int\"}\nm[1.0] = \"float\"\nm[true] = \"bool\"\nm[nan] = 1\nm[nan] = 2\nlen(m)"
      ) == "3")
    #expect(value("{a: 1}.b") == "key: the map has no key `b`")
    #expect(value("let m = {alpha: 1}\nm[\"alpah\"]") == "key: the map has no key \"alpah\"")
    #expect(value("let m = {}\nm[[1]] = 2").hasPrefix("type: a list cannot be a map's key"))
    #expect(value("let l = [1, 2, 3]\nl[-1] = 9\nl[0] += 1\n[l, l[-2]]") == "[[2, 2, 9], 2]")
    #expect(value("let l = [1]\nl[1]") == "index: index 1 is out of range for a list of length 1")
    #expect(
      value("let l = [1]\nl[-2] = 0") == "index: index -2 is out of range for a list of length 1")
    #expect(value("[1][\"a\"]") == "type: an index must be an int, found the string \"a\"")
    #expect(value("{a: 1} == {a: 1.0}") == "true")
  }

  @Test func slices() {
    let l = "let l = [0, 1, 2, 3, 4]\n"
    #expect(
      value(l + "[l[1:3], l[:2], l[-2:], l[::2], l[::-1], l[3:0:-1], l[10:], l[:-10], l[4:1]]")
        == "[[1, 2], [0, 1], [3, 4], [0, 2, 4], [4, 3, 2, 1, 0], [3, 2, 1], [], [], []]")
    #expect(
      value(
        l
          + "let big = 9223372036854775807\n[l[-big:big], l[big:-big:-big], l[::big], l[-big - 1::-big - 1]]"
      )
        == "[[0, 1, 2, 3, 4], [4], [0], []]")
    #expect(value(l + "l[::0]") == "value: a slice's step must not be 0")
    #expect(value(l + "l[1:3] = [9]\nl[0:0] = 7..9\nl") == "[7, 8, 0, 9, 3, 4]")
    #expect(value(l + "l[::2] = [7, 8, 9]\nl") == "[7, 1, 8, 3, 9]")
    #expect(value(l + "l[::2] = [7]").hasPrefix("value: this slice has 3 elements"))
    #expect(value("[(0..10)[2:5], (0..10 by 3)[::-1], (0..3)[1]]") == "[2..=4, 9..=0 by -3, 1]")
    #expect(value(l + "l[1, 2]") == "type: a list has only one dimension")
  }

  @Test func hugeRepetitions() {
    #expect(value(#"let n = 1000000000000\#n"x" * n"#).hasPrefix("limit:"))
    #expect(value("let n = 1000000000000000\n[0] * n").hasPrefix("limit:"))
    #expect(value("let n = 1000000000000000\n[len(\"\" * n), len([] * n)]") == "[0, 0]")
    #expect(value("list(0..1000000000000000)").hasPrefix("limit:"))
    #expect(
      value("let m = 9223372036854775807\n-m..m")
        == "value: the range from -9223372036854775807 to 9223372036854775807 has too many elements to be counted"
    )
    #expect(value("0..5 by 0") == "value: a range's step must not be 0")
  }

  @Test func comprehensions() {
    #expect(value("[x * y for x in 1..4 for y in 1..3 if x != y]") == "[2, 2, 3, 6]")
    #expect(value(#"{k: len(k) for k in ["a", "bb"]}"#) == "{a: 1, bb: 2}")
    #expect(value("[f() for f in [() => i for i in 0..3]]") == "[0, 1, 2]")
    #expect(value("[a + b for a, b in [[1, 2], [3, 4]]]") == "[3, 7]")
  }
}

@Suite struct StatementTests {
  @Test func loops() {
    #expect(
      value("let s = 0\nfor i in 0..5 { if i == 1 { continue }\nif i == 4 { break }\ns += i }\ns")
        == "5")
    #expect(
      value("let l = []\nfor i in 10..0 by -3 { l.append(i) }\nfor i in 1..=3 { l.append(i) }\nl")
        == "[10, 7, 4, 1, 1, 2, 3]")
    #expect(value("let n = 0\nwhile n < 10 { n += 3 }\nn") == "12")
    #expect(value("let r = 0..3\nlet l = []\nfor i in r { l.append(i) }\nl") == "[0, 1, 2]")
    #expect(
      value("let l = []\nfor k, v in ({a: 1, b: 2}).items() { l.append(k)\nl.append(v) }\nl")
        == #"["a", 1, "b", 2]"#)
    #expect(value("let l = []\nfor k in ({a: 1, b: 2}) { l.append(k) }\nl") == #"["a", "b"]"#)
    #expect(
      value("let m = {a: 1, b: 2}\nfor k in m { m[k + \"x\"] = 1 }").hasPrefix(
        "value: the map's keys were changed"))
    #expect(value("let m = {a: 1, b: 2}\nfor k in m { m[k] = 9 }\nm") == "{a: 9, b: 9}")
    #expect(
      value(
        "let m = {items: () => [[1, 2]]}\nlet l = []\nfor a, b in m.items() { l.append(a + b) }\nl")
        == "[3]")
    #expect(
      value("for i in 0..\"a\" { }") == "type: a range's end must be an int, found the string \"a\""
    )
    #expect(value("for i in 3 { }") == "type: the int 3 is not a sequence")
    #expect(
      value("let m = 9223372036854775807\nlet l = []\nfor i in m - 2..=m { l.append(m - i) }\nl")
        == "[2, 1, 0]")
    #expect(
      value("let l = [1, 2, 3]\nlet n = 0\nfor x in l { n += 1\nif n < 10 { l.append(x) } }\nn")
        == "12")
  }

  @Test func destructuring() {
    #expect(value("let [a, [b, c]] = [1, [2, 3]]\n[a, b, c]") == "[1, 2, 3]")
    #expect(value("let {x, y: z} = {x: 1, y: 2}\n[x, z]") == "[1, 2]")
    #expect(
      value("fn f() { let [a, b] = [1, 2]\n[a, b] = [b, a]\nlet {k} = {k: [a, b]}\nk }\nf()")
        == "[2, 1]")
    #expect(value("let l = [0, 0]\nlet m = {}\n[l[1], m.x] = [5, 6]\n[l, m]") == "[[0, 5], {x: 6}]")
    #expect(value("let [a, b] = [1]") == "value: 1 value cannot be taken apart into 2")
    #expect(value("let [a, b] = 5").hasPrefix("type: the int 5 cannot be taken apart"))
    #expect(value("let [a, b, c] = \"xyz\"\nb") == #""y""#)
    #expect(value("for i, [a, b] in [[0, [1, 2]]] { print(i, a, b) }") == "nil")
  }

  @Test func functions() {
    #expect(
      value("fn fib(n) { if n < 2 { n } else { fib(n - 1) + fib(n - 2) } }\nfib(20)") == "6765")
    #expect(
      value(
        "fn f(a, b = a * 2, c: b + 1) { [a, b, c] }\n[f(1), f(1, 5), f(1, c: 0), f(b: 3, a: 2)]")
        == "[[1, 2, 3], [1, 5, 6], [1, 2, 0], [2, 3, 4]]")
    let f = "fn f(a, b = 2, c: 3) { a }\n"
    #expect(value(f + "f()") == "type: `f` needs an argument for `a`")
    #expect(
      value(f + "f(1, 2, 3)") == "type: `f` takes at most 2 positional arguments, but 3 are given")
    #expect(value(f + "f(1, d: 2)") == "name: `f` has no argument `d`")
    #expect(value(f + "f(1, a: 2)") == "name: `a` is given twice")
    #expect(value("fn f() { return\n}\nf()") == "nil")
    #expect(
      value("fn f(n) { for i in 0..10 { if i == n { return i * 2 } }\n-1 }\n[f(3), f(20)]")
        == "[6, -1]")
    #expect(value("fn f(l = []) { l.append(1)\nl }\n[f(), f()]") == "[[1], [1]]")
    #expect(
      value(
        "fn outer() { fn even(n) { if n == 0 { true } else { odd(n - 1) } }\nfn odd(n) { if n == 0 { false } else { even(n - 1) } }\neven(10) }\nouter()"
      ) == "true")
    #expect(
      value("fn f() { g()\nfn g() { 1 } }\nf()").hasPrefix(
        "name: `g` is used before its declaration"))
    #expect(value("let x = 5 |> math.square()\nx") == "25.0")
  }

  @Test func closures() {
    #expect(
      value(
        "fn counter() { let n = 0\n() => { n += 1\nn } }\nlet c = counter()\nlet d = counter()\n[c(), c(), d(), c()]"
      ) == "[1, 2, 1, 3]")
    #expect(
      value("let fs = []\nfor i in 0..3 { fs.append(() => i) }\n[f() for f in fs]") == "[0, 1, 2]")
    #expect(
      value(
        "fn f() { let fs = []\nlet i = 0\nwhile i < 3 { let j = i\nfs.append(() => { j += 10\nj })\ni += 1\nif i == 2 { continue } }\n[g() + g() for g in fs] }\nf()"
      ) == "[30, 32, 34]")
    #expect(
      value(
        "fn f() { let fs = []\nfor i in 0..5 { let k = i * i\nfs.append(() => k)\nif i == 2 { break } }\nlet k = 100\n[g() for g in fs] }\nf()"
      ) == "[0, 1, 4]")
    #expect(
      value(
        "fn pair() { let x = 0\n[() => { x += 1 }, () => x] }\nlet [inc, get] = pair()\ninc()\ninc()\nget()"
      ) == "2")
    #expect(
      value(
        "fn a() { let x = 1\nfn b() { fn c() { x += 1\nx }\nc }\nb() }\nlet c = a()\n[c(), c()]")
        == "[2, 3]")
    #expect(
      value(
        "fn f() { let g = try { let x = 3\nthrow \"no\"\n() => x } catch e { let y = e.message\n() => y }\ng() }\nf()"
      ) == #""no""#)
  }

  @Test func tryCatchFinally() {
    let trace = { (body: String) in
      run("fn f(n) {\n\(body)\n}\nprint(f(0))\nprint(f(1))\nprint(f(2))")
    }
    #expect(
      trace(
        "try { if n == 1 { throw \"one\" }\nif n == 2 { return \"two\" }\n\"end\" } catch e { e.message } finally { print(\"finally\", n) }"
      )
        == "finally 0\nend\nfinally 1\none\nfinally 2\ntwo\n")
    #expect(
      run(
        """
        fn f() {
          for i in 0..4 {
            try {
              try {
                if i == 1 { continue }
                if i == 2 { break }
                print("body", i)
              } finally { print("inner", i) }
            } finally { print("outer", i) }
          }
          try { return 1 } finally { print("last") }
        }
        print(f())
        """) == "body 0\ninner 0\nouter 0\ninner 1\nouter 1\ninner 2\nouter 2\nlast\n1\n")
    #expect(run("fn f() { try { return 1 } finally { return 2 } }\nprint(f())") == "2\n")
    #expect(
      run("fn f() { while true { try { throw \"x\" } finally { break } }\n3 }\nprint(f())") == "3\n"
    )
    #expect(
      run("try { try { throw \"a\" } finally { print(1) } } catch e { print(e.message) }")
        == "1\na\n")
    #expect(
      run("try { try { throw \"a\" } catch e { throw e } } catch e { print(e.kind, e.message) }")
        == "user a\n")
    #expect(
      run(
        "try { throw error(\"value\", \"bad\", {x: 1}) } catch e { print(e.kind, e.message, e.data.x) }"
      ) == "value bad 1\n")
    #expect(
      run("try { [1][5] } catch e { print(e.kind) }\ntry { 1 / 0 } catch { print(\"caught\") }")
        == "index\ncaught\n")
    #expect(run("let x = try { throw \"a\" } catch e { 5 }\nprint(x)") == "5\n")
    #expect(run("throw 5") == "type: only an error or a string can be thrown, found the int 5\n")
    #expect(
      run(
        "fn f() { throw \"deep\" }\nfn g() { f() }\ntry { g() } catch e { print(len(e.trace), e.trace[0]) }"
      ) == "3 f (test.fl:1)\n")
    #expect(value("fn f() { try { try { 1 } finally { 2 } } finally { 3 } }\nf()") == "1")
  }

  @Test func assertions() {
    #expect(run("assert 1 < 2\nassert 1 > 2") == "assert: the assertion does not hold\n")
    #expect(run("let a = 0.7\nassert a <= 0.6, f\"leaks: {a}\"") == "assert: leaks: 0.7\n")
    #expect(underlined("let a = 3\nassert a < 2 and true") == "a < 2 and true")
  }

  @Test func contexts() {
    #expect(run("with tracer(\"a\") as t { print(t) }") == "enter a\na\nexit a\n")
    #expect(
      run(
        "fn f() { for i in 0..3 { with tracer(string(i)) { if i == 0 { continue }\nreturn i } } }\nprint(f())"
      )
        == "enter 0\nexit 0\nenter 1\nexit 1\n1\n")
    #expect(
      run("try { with tracer(\"a\") { throw \"x\" } } catch e { print(e.message) }")
        == "enter a\nexit a user\nx\n")
    // What has been entered is left, even where an interrupt comes in between.
    #expect(
      run("with tracer(\"interrupting\") { string(1)\nprint(2) }")
        == "enter interrupting\nexit interrupting interrupt\ninterrupt: interrupted\n")
    #expect(run("with 3 { }").hasPrefix("type: `with` needs a context"))
  }

  @Test func manyVariables() {
    let names = (0..<300).map { "let v\($0) = \($0)" }.joined(separator: "\n")
    #expect(
      value("fn f() {\n\(names)\n}\nf()").hasPrefix("limit: the function `f` needs more than 240"))
    #expect(value("\(names)\nv299") == "299")
    let sum = (0..<200).map { "\($0)" }.joined(separator: " + ")
    #expect(value("let zero = 0\nzero + \(sum)") == "19900")
  }

  @Test func underlines() {
    #expect(underlined("let x = 1\nlet y = x + \"a\"") == "x + \"a\"")
    #expect(underlined("clip(1, low: \"a\")") == "\"a\"")
    #expect(underlined("let f = clip\nf(1, 0.5, high: -1)") == "-1")
    #expect(underlined("total(1, 2, \"x\", 4)") == "\"x\"")
    #expect(underlined("let t = total\nt(1, \"x\", start: 2)") == "\"x\"")
    #expect(underlined("let b = box(1)\nb.add(\"x\")") == "\"x\"")
    #expect(underlined("let b = box(1)\nb.add(by: \"x\")") == "\"x\"")
    #expect(underlined("let v = vector(1, 2) + vector(1)") == "vector(1, 2) + vector(1)")
    #expect(underlined("fn f(x) { x.foo }\nf({a: 1})") == "foo")
  }
}

@Suite struct UpdateTests {
  @Test func indexedUpdates() {
    #expect(
      value(
        "let l = [1, 2.5, \"a\", [1]]\nlet i = 0\nl[i] += 2\nl[1] -= 1\nl[2] += \"b\"\nl[-1] += [2]\nl[i] *= 5\nl[0] //= 4\nl"
      ) == "[3, 1.5, \"ab\", [1, 2]]")
    #expect(value("let m = {a: 1}\nlet k = \"a\"\nm[k] += 1\nm[\"a\"] **= 3\nm") == "{a: 8}")
    #expect(value("let m = {}\nm[\"a\"] += 1") == "key: the map has no key \"a\"")
    #expect(value("let l = [9223372036854775807]\nl[0] += 1").hasPrefix("value: the result of"))
    #expect(
      value("let l = [1]\nl[1] += 1") == "index: index 1 is out of range for a list of length 1")
    // The old value is read before a call on the right changes it.
    #expect(value("let l = [1]\nlet f = () => { l[0] = 10\n1 }\nl[0] += f()\nl") == "[2]")
  }
}
