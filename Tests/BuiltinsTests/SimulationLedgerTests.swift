import Foundation
import Runtime
import Syntax
import Testing

@testable import Builtins

/// What ledgers are charged for simulations that end early and go on.
@Suite struct SimulationLedgerTests {
  private let path =
    FileManager.default.temporaryDirectory.path + "/simulation-\(UUID().uuidString).state"

  private func printed(_ text: String) -> String {
    let host = RecordingHost()
    let interpreter = Interpreter(host: host, seed: 1)
    Library.install(in: interpreter)
    let result = run(text, name: "test.fl", interpreter, host)
    let problem = result.errors.first.map { "\($0.kind.rawValue): \($0.message)" } ?? ""
    return (result.output + problem).trimmingCharacters(in: .newlines)
  }

  /// Twenty devices, of which ten are expected in each of five rounds; the loss fails in one of the rounds while
  /// `isBroken`.
  private var simulation: String {
    """
    let examples = {inputs: tensor.randn([200, 4]), labels: tensor([i % 2 for i in 0..200])}
    let devices = fed.partition(examples, clients: 20)
    let isBroken = true
    let calls = 0
    fn loss(output, labels) {
      calls += 1
      if isBroken and calls > 25 { throw error("value", "broken") }
      nn.cross_entropy(output, labels)
    }
    fn run(privacy) {
      let history = nil
      with seed(3) {
        history = fed.simulate(nn.linear(4, 2), devices, rounds: 5, clients: 10, local: {batch: 10, optimizer: optim.sgd(0.1), loss: loss}, privacy: privacy, checkpoint: "\(path)")
      }
      history
    }
    fn costs(ledger, rounds) {
      abs(ledger.spent.high - dp.epsilon(2, 0.5, rounds, delta: 1e-5)) < 0.01
    }
    let central = fed.central(noise_multiplier: 2, delta: 1e-5)

    """
  }

  @Test func roundsAreChargedOnce() {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let output = printed(
      simulation + """
        let ledger = dp.ledger(epsilon: 100, delta: 1e-5, unit: "client")
        with ledger { try { run(central) } catch e { print("broken" in e.message) } }
        print(costs(ledger, 5))
        isBroken = false
        with ledger { print(len(run(central))) }
        # The round that was cut off is made again.
        print(costs(ledger, 6))
        with ledger { print(len(run(central))) }
        print(costs(ledger, 6))
        # Another ledger knows nothing of what was charged.
        let other = dp.ledger(epsilon: 100, delta: 1e-5, unit: "client")
        with other { run(central) }
        print(costs(other, 5))
        """)
    #expect(output == "true\ntrue\n5\ntrue\n5\ntrue\ntrue")
  }

  @Test func roundsThatDoNotCostAlikeAreChargedTogether() {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let output = printed(
      simulation + """
        isBroken = false
        let local = fed.local(epsilon: 1, clip: 1, max_participations: 2, delta: 1e-5)
        let ledger = dp.ledger(epsilon: 100, delta: 1e-5, unit: "client")
        with ledger { run(local) }
        let once = ledger.spent.high
        with ledger { run(local) }
        print(once > 1.2, ledger.spent.high > 1.3 * once)
        """)
    #expect(output == "true true")
  }
}
