import Foundations
import Testing

@testable import Syntax

@Suite struct RenderingTests {
  let source = Source(name: "[2]", text: "x @ x\nlet y = <1>\n")

  var diagnostic: Diagnostic {
    Diagnostic(
      .shape, "shapes do not match in `@`",
      labels: [
        .init(
          source, Span(0, 5), "inner sizes differ: 4 and 3\nleft is [3, 4], right is [3, 4]")
      ], hint: "transpose one of them: `x @ x.T`")
  }

  @Test func plain() {
    #expect(
      Rendering.render(diagnostic) == """
        error: shapes do not match in `@`
          ┌─ [2]:1:1
        1 │ x @ x
          │ ^^^^^ inner sizes differ: 4 and 3
          │       left is [3, 4], right is [3, 4]
          = hint: transpose one of them: `x @ x.T`
        """)
  }

  @Test func terminalHasColours() {
    let text = Rendering.render(diagnostic, style: .terminal)
    #expect(text.hasPrefix("\u{1B}[1;31merror:\u{1B}[0m \u{1B}[1mshapes"))
    #expect(text.contains("\u{1B}[1;31m^^^^^ inner sizes"))
  }

  @Test func htmlIsEscaped() {
    let other = Diagnostic(.value, "a < b & \"c\"", labels: [.init(source, Span(14, 17))])
    let text = Rendering.render(other, style: .html)
    #expect(text.hasPrefix("<pre class=\"diagnostic\"><span class=\"error\">error:</span>"))
    #expect(text.contains("a &lt; b &amp; &quot;c&quot;") && text.contains("let y = &lt;1&gt;"))
    #expect(text.hasSuffix("</pre>"))
  }

  @Test func repeatedFramesAreFolded() {
    var recursive = Diagnostic(.limit, "too deep")
    recursive.trace =
      Array(repeating: .init(function: "f", source: source, span: Span(0, 1)), count: 500)
      + [.init(function: "script", source: source, span: Span(8, 9))]
    #expect(
      Rendering.render(recursive) == """
        error: too deep
          at f ([2]:1) … 500 times
          at script ([2]:2)
        """)
  }

  @Test func longTracesAreCut() {
    var deep = Diagnostic(.limit, "too deep")
    deep.trace = (0..<100).map { .init(function: "f\($0)", source: source, span: Span(0, 1)) }
    let lines = Rendering.render(deep).split(separator: "\n")
    #expect(lines.count == 22)
    #expect(lines[11] == "  … 80 more calls")
  }

  @Test func callsThatTheTraceLeavesOutAreCounted() {
    func frames(_ count: Int) -> [Diagnostic.Frame] {
      (0..<count).map {
        .init(function: $0 % 2 == 0 ? "even" : "odd", source: source, span: Span(0, 1))
      }
    }
    var mutual = Diagnostic(.limit, "too deep")
    mutual.trace = frames(40) + frames(9)
    mutual.trace[25].omitted = 900
    let lines = Rendering.render(mutual).split(separator: "\n")
    #expect(lines.count == 22 && lines[11] == "  … 929 more calls")
    var simple = Diagnostic(.limit, "too deep")
    simple.trace = Array(repeating: frames(1)[0], count: 30)
    simple.trace[20].omitted = 500
    #expect(
      Rendering.render(simple) == """
        error: too deep
          at even ([2]:1) … 20 times
          … 500 more calls
          at even ([2]:1) … 10 times
        """)
  }

  @Test func labelsInTwoSources() {
    let other = Source(name: "b.fl", text: "fn f(a) { a }\n")
    let value = Diagnostic(
      .type, "wrong",
      labels: [.init(source, Span(4, 5), "here"), .init(other, Span(3, 4), "declared")])
    #expect(
      Rendering.render(value) == """
        error: wrong
          ┌─ [2]:1:5
        1 │ x @ x
          │     ^ here
          ┌─ b.fl:1:4
        1 │ fn f(a) { a }
          │    - declared
        """)
  }

  @Test func spansOutsideTheTextDoNotCrash() {
    for span in [Span(500, 600), Span(-5, 2), Span(3, 1), Span(5, 5), Span(6, 400)] {
      _ = Rendering.render(Diagnostic(.value, "x", labels: [.init(source, span, "here")]))
    }
    let empty = Source(name: "e", text: "")
    #expect(
      Rendering.render(Diagnostic(.value, "x", labels: [.init(empty, Span(0, 0), "here")])) == """
        error: x
          ┌─ e:1:1
        1 │
          │ ^ here
        """)
  }

  @Test func escapesOfTerminalsAreMadeVisible() {
    let bad = Source(name: "a\u{1B}[31m", text: "\"\u{1B}[2J\u{202E}\"")
    let text = Rendering.render(
      Diagnostic(.value, "bad \u{1B}]0;x\u{7}", labels: [.init(bad, Span(0, 3))]))
    #expect(!text.unicodeScalars.contains("\u{1B}") && !text.unicodeScalars.contains("\u{202E}"))
  }

  @Test func widthOfCharacters() {
    #expect(DisplayWidth.of("abc") == 3)
    #expect(DisplayWidth.of("你好") == 4)
    #expect(DisplayWidth.of("e\u{301}") == 1)
    #expect(DisplayWidth.of("👩‍👩‍👧") == 2)
    #expect(DisplayWidth.of("❤️") == 2)
  }
}
