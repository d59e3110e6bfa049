import Testing

@testable import Syntax

@Suite struct SourceFormatterTests {
  private func formatted(_ text: String) throws -> String {
    try SourceFormatter.format(Source(name: "t.fl", text: text))
  }

  static let cases: [(String, String)] = [
    ("let   x=3", "let x = 3\n"), ("x+=1;y=2", "x += 1\ny = 2\n"),
    ("\n\n\na\n\n\n\nb\n\n", "a\n\nb\n"),
    ("print( 1,2 )", "print(1, 2)\n"), ("[1,2,]", "[1, 2]\n"),
    ("{a:1,'b c':2,[k]:3}", "{a: 1, \"b c\": 2, [k]: 3}\n"),
    ("-x**2", "-x ** 2\n"), ("(a+b)*c", "(a + b) * c\n"), ("((a))", "(a)\n"),
    ("not(a)", "not (a)\n"),
    ("t[(t.a>3)&(t.b<2)|not_c]", "t[(t.a > 3) & (t.b < 2) | not_c]\n"),
    ("a&(b|c)", "a & (b | c)\n"), ("not(a&b)|c", "not (a & b) | c\n"),
    ("(a|b)&c==d", "(a | b) & c == d\n"), ("a&\nb", "a & b\n"),
    ("a<b<=c", "a < b <= c\n"), ("0..10   by 2", "0..10 by 2\n"),
    ("x|>f|>g( 1 )", "x |> f |> g(1)\n"),
    ("True and None==False", "true and nil == false\n"), ("'it'", "\"it\"\n"),
    ("'say \"hi\"'", "\"say \\\"hi\\\"\"\n"),
    ("'it\\'s'", "\"it's\"\n"), ("R'\\d'", "r\"\\d\"\n"), ("f'{x!r:>5}'", "f\"{x!r:>5}\"\n"),
    ("1_000+0x1F+.5+1.", "1_000 + 0x1F + 0.5 + 1.0\n"), ("1E-5", "1e-5\n"), ("+1", "1\n"),
    ("fn f(a,b=1,c:2,d:){a}", "fn f(a, b = 1, c: 2, d:) { a }\n"),
    ("fn f(a){\na\n  b}", "fn f(a) {\n  a\n  b\n}\n"), ("fn f() { }", "fn f() {}\n"),
    ("if a{b}else if c{d}\nelse{e}", "if a { b } else if c { d } else { e }\n"),
    ("if a {\nb } else { c }", "if a {\n  b\n} else {\n  c\n}\n"),
    ("if a { b; c }", "if a {\n  b\n  c\n}\n"),
    ("(x)=>x", "x => x\n"), ("(x,y=1)=>{x}", "(x, y = 1) => { x }\n"),
    ("x=>({a:x})", "x => ({a: x})\n"),
    ("for i,x in xs{}", "for i, x in xs {}\n"), ("for [i,x] in xs{}", "for [i, x] in xs {}\n"),
    ("let {a,b:c}=m", "let {a, b: c} = m\n"), ("while a{break}", "while a { break }\n"),
    ("try{a}catch e{b}finally{c}", "try { a } catch e { b } finally { c }\n"),
    ("with a as b{c}", "with a as b { c }\n"),
    ("import 'a.fl' with {x:1} as h", "import \"a.fl\" with {x: 1} as h\n"),
    ("import std.recipes", "import std.recipes\n"),
    ("param x=1 in[1,2]## Doc", "param x = 1 in [1, 2]  ## Doc\n"),
    ("assert a,'b'", "assert a, \"b\"\n"),
    ("test 'a'{assert b}", "test \"a\" { assert b }\n"),
    ("x[1:3,:,-1,...]", "x[1:3, :, -1, ...]\n"), ("x[::2]", "x[::2]\n"),
    (
      "sweep a in[1],b in 0..3 where a>b{{x:a}}",
      "sweep a in [1], b in 0..3 where a > b { {x: a} }\n"
    ),
    ("[x for x in xs if x>1]", "[x for x in xs if x > 1]\n"),
    ("{k:v for k,v in m}", "{k: v for k, v in m}\n"),
    ("#%%  Title\na", "#%% Title\na\n"), ("a\n#%%\nb", "a\n\n#%%\nb\n"), ("# %% T", "#%% T\n"),
    ("#comment\na#b", "# comment\na  # b\n"), ("##doc\nfn f(){a}", "## doc\nfn f() { a }\n"),
    ("#!/x\na", "#!/x\na\n"), ("a\n.b()\n.c()", "a\n  .b()\n  .c()\n"),
    ("a\n|>b\n|>c()", "a\n  |> b\n  |> c()\n"),
    ("f(\na,b)", "f(\n  a,\n  b,\n)\n"),
    ("[\n1,# one\n2# two\n]", "[\n  1,  # one\n  2,  # two\n]\n"),
    ("[# first\n1\n# last\n]", "[\n  # first\n  1,\n  # last\n]\n"),
    ("fn f(){# why\na\n# end\n}", "fn f() {  # why\n  a\n  # end\n}\n"),
    ("a+# odd\nb", "a+# odd\nb\n"), ("\"\"\"a\n  b\"\"\"", "\"\"\"a\n  b\"\"\"\n"), ("", ""),
    ("# only", "# only\n"),
    ("float('inf')", "inf\n"), ("float('nan')+float(\"-inf\")", "nan + float(\"-inf\")\n"),
    ("return", "return\n"),
    ("let f = (a, b) => a ?? b", "let f = (a, b) => a ?? b\n"), ("x not in y", "x not in y\n"),
    ("{}", "{}\n"),
    ("{for:1,True:2}", "{for: 1, True: 2}\n"), ("a.b.c(d)[e]", "a.b.c(d)[e]\n"),
    ("(x |> f) + 1", "(x |> f) + 1\n"),
    ("{[a]: [b]}", "{[a]: [b]}\n"), ("{[a]: 1, [b]: 2 }", "{[a]: 1, [b]: 2}\n"),
    ("[(a, b) => a]", "[(a, b) => a]\n"),
    ("if a {\n}\n", "if a {}\n"), ("f(x => {\n a\n})", "f(x => {\n  a\n})\n"),
    ("(\"a\")", "(\"a\")\n"),
  ]

  @Test(arguments: cases) func canonical(_ text: String, _ expected: String) throws {
    #expect(try formatted(text) == expected)
  }

  @Test func longLinesAreBroken() throws {
    let names = (0..<12).map { "argument_\($0)" }
    #expect(
      try formatted("call(\(names.joined(separator: ", ")))")
        == "call(\n" + names.map { "  \($0),\n" }.joined() + ")\n")
    #expect(
      try formatted("let sum = \(names.joined(separator: " + "))")
        == "let sum = " + names.joined(separator: " +\n  ") + "\n")
    #expect(
      try formatted("first_value |> " + names.map { "\($0)(1)" }.joined(separator: " |> "))
        == "first_value\n" + names.map { "  |> \($0)(1)\n" }.joined())
    #expect(
      try formatted(
        "let label = if \(names[0]) > \(names[1]) { \(names[2...6].joined(separator: " + ")) } else { \(names[7]) }"
      )
        == """
        let label = if argument_0 > argument_1 {
          argument_2 + argument_3 + argument_4 + argument_5 + argument_6
        } else {
          argument_7
        }

        """)
  }

  static let corpus: [String] =
    ParserTests.statements.map(\.0) + ParserTests.expressions.map(\.0) + LexerTests.formats.map(\.0)
    + LexerTests.literals.map(\.0) + CheckingTests.clean + cases.map(\.0)

  @Test func formattingKeepsTheTreeAndIsIdempotent() throws {
    for text in Self.corpus {
      let once = try formatted(text)
      #expect(try formatted(once) == once, "\(text)")
      let before = parsed(text)
      if text.contains("float('") { continue }
      #expect(parsed(once) == before, "\(text)\n\(once)")
    }
    let all = Self.corpus.filter { !$0.contains("float('") && !$0.hasPrefix("#!") }
    let joined = all.map { "fn f() {\n  if x {\n\($0)\n  }\n}" }.filter { failures($0) == nil }
    for text in joined {
      let once = try formatted(text)
      #expect(try formatted(once) == once, "\(text)")
      #expect(parsed(once) == parsed(text), "\(text)\n\(once)")
    }
  }
}
