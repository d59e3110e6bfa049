import Foundation
import Testing

/// Ledgers as users meet them: files, several processes, kills, sweeps, the prompt.
@Suite struct LedgerCommandTests {
  private static let count = """
    let ledger = dp.ledger(epsilon: 1, delta: 0, file: "test.ledger")
    with ledger { print(dp.count([1, 2, 3], epsilon: 0.25).epsilon) }
    print(f"left {ledger.left:.2f}")

    """

  @Test func fourRunsSpendTheBudgetAndTheFifthIsRefused() throws {
    let binary = try Binary()
    try binary.write(Self.count, to: "count.fl")
    for left in ["0.75", "0.50", "0.25", "0.00"] {
      let outcome = try binary.run(["run", "count.fl"])
      #expect(outcome.status == 0, "\(outcome.errors)")
      #expect(outcome.output == "0.25\nleft \(left)\n")
    }
    let refused = try binary.run(["run", "count.fl"])
    #expect(refused.status == 1)
    #expect(refused.output.isEmpty)
    #expect(
      refused.errors.contains(
        "this would exceed the budget: spent 1.00 of 1.00, this needs 0.25"))
    #expect(refused.errors.contains("count.fl:2"))
  }

  @Test func processesAtOnceShareTheBudget() throws {
    let binary = try Binary()
    try binary.write(
      """
      let ledger = dp.ledger(epsilon: 1, delta: 0, file: "test.ledger")
      let done = 0
      for i in 0..40 {
        try {
          with ledger { dp.count([1, 2], epsilon: 0.05) }
          done += 1
        } catch e { assert e.kind == "privacy" }
      }
      print(done)

      """, to: "many.fl")
    let running = try (0..<3).map { _ in try binary.start(["run", "many.fl"]) }
    let done = running.map { $0.finish() }
    for outcome in done { #expect(outcome.status == 0, "\(outcome.errors)") }
    let total = done.compactMap {
      Int($0.output.trimmingCharacters(in: .whitespacesAndNewlines))
    }.reduce(0, +)
    #expect(total == 20)
  }

  @Test func aKilledProcessHasSpent() throws {
    let binary = try Binary()
    try binary.write(
      """
      let ledger = dp.ledger(epsilon: 100, delta: 0, file: "test.ledger")
      with ledger { for i in 0..100000 { print(dp.count([1], epsilon: 0.001).epsilon) } }

      """, to: "long.fl")
    let running = try binary.start(["run", "long.fl"])
    let path = binary.folder + "/test.ledger"
    for _ in 0..<200 where ((try? String(contentsOfFile: path, encoding: .utf8)) ?? "").count < 2000
    {
      usleep(20_000)
    }
    running.send(SIGKILL)
    _ = running.finish()
    let released = running.output.split(separator: "\n").count
    try binary.write(
      """
      let ledger = dp.ledger(epsilon: 100, delta: 0, file: "test.ledger")
      print(len(ledger.report()), ledger.spent.high)

      """, to: "look.fl")
    let outcome = try binary.run(["run", "look.fl"])
    #expect(outcome.status == 0, "\(outcome.errors)")
    let charged = Int(outcome.output.split(separator: " ").first ?? "") ?? 0
    #expect(charged >= released)
    #expect(charged > 5)
  }

  @Test func aFullDiskRefusesAndLosesNothing() throws {
    let binary = try Binary()
    try binary.write(Self.count, to: "count.fl")
    #expect(try binary.run(["run", "count.fl"]).status == 0)
    // Files may grow to a kilobyte, and the signal for it is ignored, as a full disk has none.
    var status: Int32 = 0
    for _ in 0..<3 where status == 0 {
      let outcome = try binary.run(["run", "count.fl"], after: "trap '' XFSZ; ulimit -f 2")
      status = outcome.status
      if status != 0 { #expect(outcome.errors.contains("cannot write"), "\(outcome.errors)") }
    }
    #expect(status == 1)
    let outcome = try binary.run(["run", "count.fl"])
    #expect(outcome.status == 0, "\(outcome.errors)")
  }

  @Test func sweepsChargeEachTrialAndTellWhatTuningCost() throws {
    let binary = try Binary()
    try binary.write(
      """
      let ledger = dp.ledger(epsilon: 1, delta: 0, file: "test.ledger")
      let r = nil
      with ledger { r = sweep a in [1, 2, 3] { {n: dp.count([1, 2], epsilon: 0.1).epsilon + 0 * a} } }
      print(len(r), f"{ledger.left:.2f}")

      """, to: "sweep.fl")
    let first = try binary.run(["run", "sweep.fl", "--workers", "2"])
    #expect(first.status == 0, "\(first.errors)")
    #expect(first.output == "3 0.70\n")
    #expect(first.errors.contains("its trials made 3 charges"))
    let again = try binary.run(["run", "sweep.fl"])
    #expect(again.output == "3 0.70\n", "\(again.errors)")
    #expect(again.errors.contains("3 trials from the run store charged nothing"))
  }

  @Test func whatRanOutsideOfALedgerIsNotTakenUpInsideOfOne() throws {
    let binary = try Binary()
    try binary.write(
      """
      param inside = false
      fn trials() { sweep a in [1, 2] { {n: dp.count([1, 2], epsilon: 0.1).epsilon * a} } }
      let ledger = dp.ledger(epsilon: 1, delta: 0)
      let r = nil
      if inside { with ledger { r = trials() } } else { r = trials() }
      print(len(r), f"{ledger.left:.2f}")

      """, to: "sweep.fl")
    #expect(try binary.run(["run", "sweep.fl", "--seed", "1"]).output == "2 1.00\n")
    let inside = try binary.run(["run", "sweep.fl", "--seed", "1", "-p", "inside=true"])
    #expect(inside.output == "2 0.80\n", "\(inside.errors)")
  }

  @Test func seededNoiseIsRefusedInsideALedger() throws {
    let binary = try Binary()
    try binary.write(
      """
      let m = nn.linear(2, 2)
      let x = {inputs: tensor.zeros([20, 2]), labels: tensor.zeros([20], "i64")}
      with dp.ledger(epsilon: 2) as l {
        try { dp.train(m, x, epsilon: 1, epochs: 1, batch: 4, noise: "seeded") } catch e { print(e.kind) }
        print(l.left)
        print(dp.train(m, x, epsilon: 1, epochs: 1, batch: 4).secure)
        print(l.left < 1.001)
      }

      """, to: "seeded.fl")
    let outcome = try binary.run(["run", "seeded.fl"])
    #expect(outcome.output == "privacy\n2.0\ntrue\ntrue\n", "\(outcome.errors)")
  }

  @Test func theCheckFindsWhatNothingAddsUp() throws {
    let binary = try Binary()
    try binary.write(
      """
      let ages = [1, 2, 3]
      print(dp.count(ages, epsilon: 1))
      print(dp.mean(ages, bounds: [0, 9], epsilon: 1))
      let other = [1]
      print(dp.count(other, epsilon: 1))
      with dp.ledger(epsilon: 2) { print(dp.count(ages, epsilon: 1)) }

      """, to: "loose.fl")
    let plain = try binary.run(["check", "loose.fl"])
    #expect(plain.errors.isEmpty && plain.status == 0, "\(plain.errors)")
    let outcome = try binary.run(["check", "--privacy", "loose.fl"])
    #expect(outcome.status == 0)
    #expect(
      outcome.errors.contains("2 private operations on `ages` that no ledger adds up"),
      "\(outcome.output)\(outcome.errors)")
    #expect(!outcome.errors.contains("`other`"))
  }

  @Test func thePromptShowsBudgets() throws {
    let screen = try Terminal()
    let running = try Binary().start(
      [], environment: ["TERM": "xterm", "NO_COLOR": "1"], output: screen.end,
      standardInput: screen.end)
    #expect(screen.waits(for: "[1]"))
    screen.type(":budget\n")
    #expect(screen.waits(for: "no ledger yet"))
    screen.type("let clinic = dp.ledger(epsilon: 2, delta: 0)\n")
    #expect(screen.waits(for: "[2]"))
    screen.type("with clinic { dp.count([1, 2], epsilon: 0.5) }\n")
    #expect(screen.waits(for: "[3]"))
    screen.type("with clinic { dp.count([1, 2], epsilon: 0.5) }\n")
    #expect(screen.waits(for: "[4]"))
    screen.type(":budget\n")
    #expect(screen.waits(for: "clinic: spent epsilon 1.00 of 2"))
    screen.type("quit()\n")
    #expect(running.finish().status == 0)
  }
}
