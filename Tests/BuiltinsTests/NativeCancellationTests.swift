import Foundations
import Runtime
import Syntax
import Tensors
import Testing

@testable import Builtins

/// Natives of which nothing stays but the result are left off where the run is to stop. The interpreter's own looks are
/// out of the way here: its flag is down, and only what a native itself asks counts.
@Suite struct NativeCancellationTests {
  private func failure(_ script: String) -> Diagnostic.Kind? {
    let interpreter = Interpreter(seed: 1)
    Library.install(in: interpreter)
    do {
      let program = try Parsing.parse(Source(name: "test.fl", text: script))
      try Cancellation.when({ true }) { _ = try interpreter.run(program) }
      return nil
    } catch let fault as Fault {
      #expect(!fault.isCatchable, "\(fault.message)")
      return fault.kind
    } catch {
      Issue.record("\(error)")
      return nil
    }
  }

  @Test(arguments: [
    "dp.gaussian(tensor.zeros([5000]), 1)", "dp.gaussian([1.0] * 5000, 1)",
    "dp.clip([3.0] * 5000, 1)", "dp.clip(tensor.ones([5000]), 1)",
    "nn.crf_decode(nn.crf(3), tensor.zeros([2, 9, 3]))",
    "nn.crf_marginals(nn.crf(3), tensor.zeros([2, 9, 3]))",
    "nn.crf_loss(nn.crf(3), tensor.zeros([2, 9, 3]), tensor.zeros([2, 9], dtype: \"i64\"))",
    "nn.lstm(4, 4)(tensor.zeros([1, 9, 4]))", "nn.gru(4, 4)(tensor.zeros([1, 9, 4]))",
    "nn.conv2d(2, 2, 3)(tensor.zeros([1, 2, 9, 9]))",
    "nn.sequential(nn.linear(64, 512), nn.relu())(tensor.zeros([2000, 64]))",
    "nn.module({a: nn.lstm(4, 4)}, (m, x) => m.a(x))(tensor.zeros([1, 9, 4]))",
    "nn.gpt2(40, context: 8, width: 16, heads: 2, blocks: 1)(tensor.zeros([64, 8], dtype: \"i64\"))",
    "nn.cross_entropy(tensor.zeros([5000, 100]), tensor.zeros([5000], dtype: \"i64\"))",
    "stats.bootstrap([1.0] * 500, \"median\")",
    "stats.mann_whitney(0..99, 0..99, method: \"exact\")",
    "stats.permutation_test([1.0] * 500, [2.0] * 500)", "stats.ks_test(0..500, 1..500)",
    "let x = tensor.zeros([500, 500])\nx @ x", "tensor.zeros([1000, 1000]) + 1",
    "tensor.zeros([1000, 1000]).exp()", "exp(tensor.zeros([1000, 1000]))",
    "sum(tensor.zeros([1000, 1000]) == 1)", "tensor.randn([1000, 1000])",
    "tensor.randint(0, 9, [5000])", "tensor.permutation(5000)",
    "tensor.zeros([1, 5000]).cumsum()", "tensor.zeros([5000], dtype: \"i64\").one_hot(3)",
    "gradient(tensor.zeros([1000, 1000]), x => (x * x).sum())",
    "text.swap_gender(\"her \" * 5000)", "text.role_reversal(\"her \" * 5000)",
    "text.reverser().each([\"her \"] * 50)", "text.reverser().counts(\"her \" * 5000)",
    "text.name_coverage([\"Mary \" * 5000])", "text.tokens(\"her \" * 5000)",
    "text.tokens(\"é \" * 5000)", "text.tokens(\"her \" * 5000, \"characters\")",
    "text.tokens(\"her \" * 5000, \"whitespace\")", "text.vocabulary([\"her \" * 5000])",
    "text.train_tokenizer([\"her \" * 5000])",
    "fair.self_bleu([\"a b c\"] * 5)", "fair.distinct([\"a b c\"], 2)",
    "fair.gender_polarity([\"her\"])", "fair.gender_score([\"her\"])",
    "table({a: list(0..5000)}).sort(\"a\")", "table({a: list(0..5000)}).group(\"a\")",
    "table({a: list(0..5000)}).csv()", "table({a: list(0..5000)}).json()",
    "table({a: list(0..5000)}).append(table({a: list(0..5000)}))",
    "str(table({a: [\"é\" * 5000]}))",
  ])
  func nativesStop(script: String) { #expect(failure(script) == .interrupt, "\(script)") }

  /// What makes a tokenizer or a table is not to stop before what is tried with it.
  @Test func tokenizersStop() throws {
    for call in ["encode(\"her \" * 5000)", "encode(\"her\" * 5000)", "tokens(\"her \" * 5000)"] {
      let interpreter = Interpreter(seed: 1)
      Library.install(in: interpreter)
      _ = try interpreter.run(
        Parsing.parse(Source(name: "a.fl", text: "let t = text.train_tokenizer([\"her mother\"])")))
      let program = try Parsing.parse(Source(name: "b.fl", text: "t.\(call)"))
      #expect(throws: Fault.self) {
        try Cancellation.when({ true }) { _ = try interpreter.run(program) }
      }
      // Nothing that the tokenizer remembers has suffered.
      let whole = try Parsing.parse(
        Source(
          name: "c.fl",
          text: "assert t.decode(t.encode(\"her mother \" * 50)) == \"her mother \" * 50")
      )
      _ = try interpreter.run(whole)
    }
  }

  /// What a script's function does inside of a native is done whole.
  @Test func functionsOfTheScriptAreNotLeftOff() {
    let script = """
      let seen = []
      let m = nn.module({}, (m, x) => { seen.append(len([y for y in 0..9000])); x })
      try { m(tensor.zeros([1])) } finally { assert seen == [9000] }
      """
    #expect(failure(script) == nil)
  }
}
