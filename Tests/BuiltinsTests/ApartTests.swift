import Syntax
import Testing

@testable import Builtins
@testable import Runtime

/// Losses and modules of private training, with garbage collected at every opportunity.
@Suite struct ApartTests {
  static let script = """
    let data = {inputs: tensor([[1.0, 2.0], [0.5, -1.0], [2.0, 0.0], [1.0, 1.0], [0.0, 3.0]]), labels: tensor([0, 1, 1, 0, 1])}
    let weights = [1.0, 2.0]
    fn scaled(x) { [x * factor for factor in weights][1] }
    fn train(loss) {
      let m = nn.module({a: nn.linear(2, 4), b: nn.linear(4, 2)}, (m, x) => {
        let parts = []
        for i in 0..2 { parts.append(m.a(x)[:, 2 * i:2 * i + 2]) }
        m.b(tensor.concat([parts[1], scaled(parts[0])], 1).tanh())
      })
      let fit = dp.train(m, data, noise_multiplier: 1, batch: 3, epochs: 2, loss: loss, noise: "seeded")
      [fit.loss, m.parameters["b.weight"].tolist()]
    }
    let together = train((o, l) => {
      let p = o.softmax().pick(l)
      -((1.0 - p) ** 2) * log(p) * (1.0 + 0.1 * len([l, p]))
    })
    let alone = train((o, l) => nn.cross_entropy(o, l) + 0.0 * sum([x * 1.0 for x in l.tolist()]))
    """

  private func output(torture: Bool) -> ScriptResult {
    let host = RecordingHost()
    let interpreter = Interpreter(host: host, seed: 1)
    Library.install(in: interpreter)
    if torture { interpreter.vm.collectAlways() }
    return run(
      ApartTests.script + "\nprint(together, alone)\n", name: "apart.fl", interpreter, host)
  }

  @Test func nothingThatIsUsedIsCollected() {
    let (plain, tortured) = (output(torture: false), output(torture: true))
    #expect(plain.errors.isEmpty && plain.output.hasPrefix("["))
    #expect(tortured.output == plain.output)
  }
}
