import Foundation
import Runtime
import Syntax
import Testing

@testable import Builtins

private final class Printer: Runtime.ScriptHost, @unchecked Sendable {
  // Scripts of these tests run on one thread each.
  private(set) var output = ""
  func print(_ text: String) { output += text }
}

/// What a script prints; an error is the last line, as `kind: message`.
private func printed(_ text: String) -> String {
  let host = Printer()
  let interpreter = Interpreter(host: host, seed: 1)
  Library.install(in: interpreter)
  do {
    let program = try Parsing.parse(Source(name: "test.fl", text: text))
    let problem = Checking.check(program, in: CheckEnvironment(globals: interpreter.entities))
      .first { $0.severity == .error }
    if let problem { return host.output + "\(problem.kind.rawValue): \(problem.message)" }
    _ = try interpreter.run(program)
  } catch let fault as Fault {
    return host.output + "\(fault.kind.rawValue): \(fault.message)"
  } catch let diagnostics as Diagnostics {
    return host.output + (diagnostics.all.first.map { "\($0.kind.rawValue): \($0.message)" } ?? "")
  } catch {
    return host.output + "\(error)"
  }
  return host.output.hasSuffix("\n") ? String(host.output.dropLast()) : host.output
}

/// `data`, `text`, `dp` and `seed` through the language.
@Suite struct PrivacyBuiltinsTests {
  @Test(arguments: [
    (
      "let s = data.demo(train: 300, test: 20)\nprint(len(s.train), len(s.test), s.valid, s.name, len(s.classes))",
      "300 20 nil demo 16"
    ),
    ("print(data.demo(train: 2, test: 1).train[0].keys())", "[\"text\", \"label\", \"tokens\"]"),
    (
      "let t = data.demo(train: 9, test: 1).train\nprint(len(t[2:]), len(t[::-2]), t[-1] == t[8], len([u for u in t]))",
      "7 5 true 9"
    ),
    (
      "let t = data.demo(train: 50, test: 1).train\nlet r = s => text.swap_gender(s, one_way: \"keep\")\nprint(t.map(r).map(r) == t)",
      "true"
    ),
    (
      "let t = data.demo(train: 50, test: 1).train\nprint(len(t.filter(u => len(u) < 0)), t.join(t))",
      "0 100 examples"
    ),
    (
      "let s = data.demo(train: 200, test: 9)\nlet a = s.augment(text.swap_gender)\nprint(len(a.train) > 200, len(a.test))",
      "true 9"
    ),
    (
      "let [a, b] = data.split(data.demo(train: 100, test: 1), 0.8)\nprint(len(a) + len(b))", "100"
    ),
    (
      "print(text.vocabulary([\"b a\", \"b\"]).words, \"b\" in text.vocabulary([\"b\"]))",
      "[\"<pad>\", \"<unk>\", \"b\", \"a\"] true"
    ),
    (
      "let c = text.role_reversal(\"é, her.\")\nprint(c.text, c.changes, c.kept, c.invertible)",
      "é, him. [her→him] [] true"
    ),
    (
      "let c = text.role_reversal(\"é, she\").changes[0]\nprint(c.start, c.end, c.from, c.to)",
      "3 6 she he"
    ),
    (
      "print(dp.clip([3, 4], bound: 2.5), dp.clip([0.3], bound: 1), dp.clip(tensor([3.0, 4.0])).shape)",
      "[1.5, 2.0] [0.3] [2]"
    ),
    (
      "print(round(dp.epsilon(1.0, 0.01, 1000, accountant: \"pld\"), 3), dp.epsilon(0, 0.1, 1))",
      "1.828 inf"
    ),
    ("print(len(dp.gaussian([1.0, 2.0], 0.5)), type(dp.gaussian(3, 1)))", "2 float"),
    (
      "for d in [\"f32\", \"f64\", \"i64\", \"i32\", \"bool\"] { let t = tensor([3, 4], d)\nprint(dp.clip(t, 1).dtype, dp.gaussian(t, 1).dtype) }",
      "f32 f32\nf64 f64\nf64 f64\nf64 f64\nf64 f64"
    ),
    (
      "print(dp.epsilon(2, 0.0001, 100000, 1e-12, \"pld\") < 0.5 * dp.epsilon(2, 0.0001, 100000, 1e-12, \"rdp\"), abs(dp.epsilon(5, 1, 100, 1e-5, \"gdp\") - dp.epsilon(5, 1, 100, 1e-5, \"pld\")) < 1e-6)",
      "true true"
    ),
  ])
  func values(_ script: String, _ output: String) {
    #expect(printed(script) == output, "\(script)")
  }

  @Test func seedsRepeat() {
    let draws = printed(
      "fn draw() { tensor.randn([3]).sum() }\nlet a = draw()\nwith seed(5) { print(draw()) }\nwith seed(5) { print(draw()) }\nwith seed(6) { print(draw()) }\nassert a != draw()"
    ).split(separator: "\n")
    #expect(draws.count == 3 && draws[0] == draws[1] && draws[1] != draws[2])
  }

  @Test(arguments: [
    ("dp.epsilon(-1, 0.1, 5)", "value: `noise_multiplier` must be >= 0, got -1"),
    ("dp.epsilon(1, 1.5, 5)", "value: `sample_rate` must be from 0 to 1, got 1.5"),
    ("dp.noise_multiplier(0, 0.1, 5)", "value: `epsilon` must be > 0, got 0"),
    ("dp.noise_multiplier(nan, 0.1, 5)", "value: `epsilon` must be > 0, got nan"),
    ("data.load(\"no/such\")", "io: no such file or folder: no/such"),
    ("data.demo(train: 2, test: 1).train[5]", "index: index 5 is out of range for 2 examples"),
    ("data.demo(train: 2, test: 1).train.sample(3)", "value: there are only 2 examples, not 3"),
    (
      "data.demo(train: 2, test: 1).encode([\"a\"], [\"none\"])",
      "value: \"none\" is no class of this dataset"
    ),
    ("dp.clip([nan])", "value: a vector to clip must be finite"),
    (
      "dp.gaussian(1e12, 1.3)",
      "value: a value of 1000000000000.0 is beyond what the noise's grid can carry exactly: 4294967296 times the noise's standard deviation, here 5.583e+09"
    ),
    ("dp.gaussian(inf, 1)", "value: noise cannot hide a value that is not finite"),
    ("dp.gaussian(1, 0)", "value: `noise_multiplier` must be > 0, got 0"),
  ])
  func errors(_ script: String, _ message: String) {
    #expect(printed(script) == message, "\(script)")
  }

  private static let training = """
    let set = data.demo(train: 400, test: 100)
    fn model() { nn.sequential(nn.embedding(set.vocabulary, 8), nn.mean(axis: 1), nn.linear(8, 16)) }

    """

  @Test func trainsWithinABudget() {
    let output = printed(
      Self.training + """
        let fit = dp.train(model(), set.train, epsilon: 2, epochs: 2, batch: 50)
        print(fit.epsilon <= 2, fit.epsilon > 1.99, fit.steps, fit.sample_rate, fit.epsilon_paper, fit.secure, len(fit.losses), fit.accountant)
        let efficient = dp.train(model(), set.train, epsilon: 8, method: "edp-sgd", micro_batches: 4, epochs: 1, batch: 50)
        print(efficient.epsilon <= 8, efficient.epsilon_paper < efficient.epsilon)
        let plain = dp.train(model(), set.train, epsilon: inf, epochs: 1)
        print(plain.epsilon, plain.sigma, plain.notes)
        let attack = dp.attack(model(), members: set.train, others: set.test)
        print(attack.auc > 0.3, attack.auc < 0.7, attack.members)
        """)
    #expect(
      output == """
        true true 16 0.125 nil true 2 pld
        true true
        inf 0.0 ["epsilon is infinite: trained without clipping and without noise"]
        true true 400
        """)
  }

  /// What `nn.train` can do beside training, `dp.train` can do.
  @Test func privateTrainingTakesTheOptionsOfTraining() throws {
    let file = FileManager.default.temporaryDirectory
      .appending(path: "private-\(UUID().uuidString).state").path
    defer { try? FileManager.default.removeItem(atPath: file) }
    let output = printed(
      Self.training + """
        fn run(epochs, file) {
          let m = nil
          let fit = nil
          with seed(3) {
            m = model()
            fit = dp.train(m, set.train, noise_multiplier: 1, epochs: epochs, batch: 50, accumulate: 3, validation: set.test, checkpoint: file)
          }
          [fit, m]
        }
        let [whole, a] = run(4, nil)
        run(2, "\(file)")
        let [resumed, b] = run(4, "\(file)")
        print(all([(value - b.parameters[key]).abs().max().item() == 0 for key, value in a.parameters.items()]))
        print(whole.losses == resumed.losses, whole.epsilon == resumed.epsilon, len(resumed.validation), resumed.stopped_early)
        let slow = dp.train(model(), set.train, noise_multiplier: 1, epochs: 4, batch: 50, validation: set.test, patience: 1, optimizer: optim.sgd(1e-30))
        print(slow.stopped_early, slow.steps, slow.epsilon == whole.epsilon)
        """)
    #expect(
      output == """
        true
        true true 4 false
        true 16 true
        """)
  }

  @Test func aSeededRunRepeatsAndSaysSo() {
    let output = printed(
      Self.training + """
        fn run() {
          let result = nil
          with seed(3) {
            let fit = dp.train(model(), set.train, epsilon: 2, epochs: 1, batch: 50)
            result = [fit.losses[0], fit.secure, fit.notes[0][0:15]]
          }
          result
        }
        let a = run()
        print(a == run(), a[1], a[2])
        """)
    #expect(output == "true false the noise comes")
  }

  @Test(arguments: [
    ("", "value: `dp.train` needs a budget"),
    (
      ", epsilon: 1, noise_multiplier: 1",
      "value: `epsilon` and `noise_multiplier` exclude each other"
    ),
    (", epsilon: 0", "value: `epsilon` must be > 0, got 0"),
    (", epsilon: -1", "value: `epsilon` must be > 0, got -1"),
    (", epsilon: nan", "value: `epsilon` must be > 0, got nan"),
    (", epsilon: 1, delta: 1", "value: `delta` must be between 0 and 1, exclusive, got 1"),
    (", epsilon: 1, max_grad_norm: 0", "value: `max_grad_norm` must be > 0, got 0"),
    (
      ", epsilon: 1, method: \"dpsgd\"",
      "value: `method` must be one of \"dp-sgd\", \"edp-sgd\", \"loop\", \"dp-ftrl\", got \"dpsgd\""
    ),
    (", epsilon: 1, decay: 2", "value: `decay` must be <= 1, got 2"),
    (
      ", epsilon: 1, micro_batches: 4",
      "value: `micro_batches` belongs to \"edp-sgd\", not to \"dp-sgd\""
    ),
    (
      ", epsilon: 1, accounting: \"honest\"",
      "value: `accounting` belongs to \"edp-sgd\", not to \"dp-sgd\""
    ),
    (
      ", noise_multiplier: 1, layer_scale: \"uniform\"",
      "value: `layer_scale` must be one of \"weight_norm\", \"dimension\", \"running_median\", got \"uniform\""
    ),
    (", epsilon: 1, micro_batches: 0", "value: `micro_batches` must be from 1 to 4096, got 0"),
  ])
  func badBudgets(_ arguments: String, _ message: String) {
    #expect(printed(Self.training + "dp.train(model(), set.train\(arguments))") == message)
  }
}
