import Foundation
import Testing

/// A private training that ends early and goes on from its checkpoint, inside of a ledger.
@Suite struct ResumedPrivateRunTests {
  static let script = """
    param epochs = 2
    param rows = 40
    param noise = 2.0
    let x = {inputs: tensor.zeros([rows, 2]), labels: tensor.zeros([rows], "i64")}
    let ledger = dp.ledger(epsilon: 50, file: "run.ledger")
    with ledger {
      dp.train(nn.linear(2, 2), x, noise_multiplier: noise, epochs: epochs, batch: 10, checkpoint: "run.state")
    }
    print(f"{ledger.spent.high:.6f}", len(ledger.report()))

    """

  /// What so many passes cost at once.
  private func cost(_ passes: Int) throws -> String {
    let binary = try Binary()
    try binary.write(Self.script, to: "run.fl")
    let outcome = try binary.run(["run", "run.fl", "-p", "epochs=\(passes)"])
    return String(outcome.output.split(separator: " ").first ?? "")
  }

  /// It is charged once for each pass that is made: more passes for those that are more, a copy of a checkpoint for
  /// those that it makes again.
  @Test func eachPassIsChargedOnce() throws {
    let binary = try Binary()
    try binary.write(Self.script, to: "run.fl")
    func run(_ epochs: Int) throws -> Binary.Outcome {
      try binary.run(["run", "run.fl", "-p", "epochs=\(epochs)"])
    }
    #expect(try run(2).output == "\(cost(2)) 1\n")
    let state = binary.folder + "/run.state"
    try FileManager.default.copyItem(atPath: state, toPath: state + ".copy")
    let second = try run(4)
    #expect(try second.output == "\(cost(4)) 2\n", "\(second.errors)")
    #expect(second.errors.contains("the run goes on: charged for 2 passes more than before"))
    let third = try run(4)
    #expect(try third.output == "\(cost(4)) 2\n", "\(third.errors)")
    #expect(third.errors.contains("the run goes on within what the ledger was charged for it"))
    try FileManager.default.removeItem(atPath: state)
    try FileManager.default.moveItem(atPath: state + ".copy", toPath: state)
    let copy = try run(4)
    #expect(try copy.output == "\(cost(6)) 3\n", "\(copy.errors)")
    // Other noise is another run's, and is refused before it is charged.
    let other = try binary.run(["run", "run.fl", "-p", "epochs=4", "-p", "noise=1.0"])
    #expect(other.errors.contains("the checkpoint's run was charged for passes of"))
    #expect(try run(4).output == "\(cost(6)) 3\n")
  }

  /// A ledger that never charged the run is charged for all of it.
  @Test func anotherLedgerIsChargedForAll() throws {
    let binary = try Binary()
    try binary.write(Self.script, to: "run.fl")
    _ = try binary.run(["run", "run.fl", "-p", "epochs=2"])
    try FileManager.default.removeItem(atPath: binary.folder + "/run.ledger")
    let outcome = try binary.run(["run", "run.fl", "-p", "epochs=4"])
    #expect(try outcome.output == "\(cost(4)) 1\n", "\(outcome.errors)")
    #expect(outcome.errors.contains("charged for 4 passes"))
  }

  /// Killed within a pass, it goes on for the price of that pass at most, and never for less than was made.
  @Test func aRunThatWasKilledPaysForThePassThatWasCutOff() throws {
    let binary = try Binary()
    try binary.write(Self.script, to: "run.fl")
    let epochs = 100
    func arguments(_ epochs: Int) -> [String] {
      ["run", "run.fl", "-p", "epochs=\(epochs)", "-p", "rows=400"]
    }
    let running = try binary.start(arguments(epochs))
    let state = binary.folder + "/run.state"
    let deadline = Date() + 50
    while !FileManager.default.fileExists(atPath: state), Date() < deadline { usleep(2_000) }
    running.send(SIGKILL)
    let killed = running.finish()
    #expect(killed.status == 128 + SIGKILL && killed.output.isEmpty, "\(killed.errors)")
    let ledger = try binary.text("run.ledger")
    let begun = ledger.split(separator: "\n").count { $0.contains("\"begun\":1") }
    #expect(begun >= 1)
    let outcome = try binary.run(arguments(epochs))
    #expect(outcome.status == 0, "\(outcome.errors)")
    let records = try binary.text("run.ledger").split(separator: "\n").filter {
      $0.contains("\"run\"")
    }
    func total(_ name: String) -> Int {
      records.reduce(0) { sum, line in
        let digits = line.components(separatedBy: "\"\(name)\":").dropFirst().first?
          .prefix { $0.isNumber }
        return sum + (digits.flatMap { Int($0) } ?? 0)
      }
    }
    #expect(total("begun") <= total("charged"))
    #expect(total("charged") == epochs || total("charged") == epochs + 1, "\(total("charged"))")
    #expect(total("begun") >= epochs)
  }
}
