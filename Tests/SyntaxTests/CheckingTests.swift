import Testing

@testable import Syntax

@Suite struct CheckingTests {
  private func program(_ text: String) throws -> Program {
    try Parsing.parse(Source(name: "t.fl", text: text))
  }

  private func messages(_ text: String, _ options: Checking.Options = .init()) throws -> [String] {
    Checking.check(try program(text), in: testEnvironment, options: options).map(\.message)
  }

  static let clean: [String] = [
    "fn even(n) { if n == 0 { true } else { odd(n - 1) } }\nfn odd(n) { if n == 0 { false } else { even(n - 1) } }",
    "fn f() { later }\nlet later = 1", "let x = 1\nfn g() { let x = x\n x }",
    "let print = 3\nprint + 1",
    "let text = 1\nfor text in [text] { print(text) }", "fn f(a, b = a) { b }",
    "for i in 0..3 { let f = () => i\n print(f()) }", "let x = 1\nlet x = x + 1",
    "let c = 0\nfn up() { c += 1 }", "let f = x => x\nf = (a, b) => a\nf(1, 2)", "print(1, 2, 3)",
    "tensor([1])", "dp.train(1, 2, epsilon: 3)", "let dp = {train: x => x}\ndp.trian(1)",
    "import std.recipes as r\nr.anything(1, 2)",
    "test \"a\" { assert helper() }\nfn helper() { true }",
    "fn f() { let h = () => g()\n return h\n fn g() { 2 }\n }",
    "let [a, b] = [1, 2]\n[a, b] = [b, a]",
    "sweep e in [1], s in 0..3 where s > e { let xs = []\n xs.append(e)\n {a: xs} }",
    "let r = try { 1 } catch e { print(e) } finally { 2 }", "while true { if false { break } }",
    "fn f(n) { sweep e in [n] { {a: e} } }", "{k: v for k, v in [[1, 2]] if k > v}",
    "let x = nil ?? 3", "with seed(1) { 2 }", "earlier = 2", "1..3",
  ]

  @Test(arguments: clean) func nothingIsReported(_ text: String) throws {
    #expect(try messages(text) == [])
  }

  @Test func exportsCarrySignatures() throws {
    let program = try program(
      """
      ## Fits a model.
      ## rate: Step size.
      ## returns: the model
      fn fit(model, rate = 1e-3, batch: 64) { [model, rate, batch] }
      let double = x => x * 2  ## Twice `x`.
      let _hidden = 1
      param epochs = 3
      fn changed() { 1 }
      changed = 2
      """)
    let exports = Checking.exports(of: program)
    #expect(exports.keys.sorted() == ["changed", "double", "epochs", "fit"])
    guard case .function(let fit)? = exports["fit"],
      case .function(let double)? = exports["double"],
      case .value? = exports["changed"]
    else {
      Issue.record("wrong entities")
      return
    }
    #expect(fit.usage == "fit(model, rate = 1e-3, batch: 64)")
    #expect(fit.summary == "Fits a model.")
    #expect(fit.parameters[1].summary == "Step size.")
    #expect(fit.returns == "the model")
    #expect(double.summary == "Twice `x`.")
    #expect(Checking.declarations(of: program).keys.contains("_hidden"))
    let cell = try self.program("earlier = 3")
    #expect(Checking.declarations(of: cell).keys.sorted() == ["earlier"])
  }

  @Test func warningsCanBeSilenced() throws {
    let text = "fn f() { let x = 1\n 2 }\nprint(f())"
    #expect(try messages(text) == ["`x` is never used"])
    #expect(try messages(text, .init(warnings: false)) == [])
  }

  @Test func topLevelNamesAreUsedByImporters() throws {
    #expect(try messages("let x = 1") == [])
    #expect(
      try messages("let x = 1\nfn f() { 2 }\nlet _y = 1", .init(isMainScript: true)) == [])
    // An experiment is no module.
    #expect(
      try messages("let x = 1\nprint(sweep e in [1] { {e: e} })", .init(isMainScript: true))
        == ["`x` is never used"])
    #expect(
      try messages("let x = 1\nfn f() { sweep e in [1] { {a: e} } }", .init(isMainScript: true))
        == [])
  }

  @Test func keywordsAreNoNames() throws {
    let program = try Parsing.parse(Source(name: "t.fl", text: "print(fo)\nprint(ture)"))
    let hints = Checking.check(program, in: testEnvironment).map(\.hint)
    #expect(hints.count == 2 && hints[0]?.contains("for") != true)
    #expect(hints[1] == "did you mean `true`?")
  }

  @Test func suggestions() {
    let names = ["train", "test", "dropout", "batch_size", "len"]
    #expect(Suggest.nearest(to: "trian", in: names) == "train")
    #expect(Suggest.nearest(to: "Dropout", in: names) == "dropout")
    #expect(Suggest.nearest(to: "batchSize", in: names) == "batch_size")
    #expect(Suggest.nearest(to: "xyz", in: names) == nil)
    #expect(Suggest.nearest(to: "lem", in: names) == "len")
    #expect(Suggest.nearest(to: "", in: names) == nil)
  }
}
