import Federated
import Files
import Foundations
import Learning
import Privacy
import Runtime
import Tables

/// `fed.simulate`.
enum SimulateBuiltins {
  static let natives = [simulate]

  private static let simulate = Native(
    "simulate",
    "Trains a model on devices by rounds of federated learning. A round draws devices, sends them the model, lets each train on its own examples and moves the model by what they send back. The model ends as the server's last one. Clients are computed on several threads; results are the same bits for any number of them, and for devices listed in any order. Optimizers start afresh on each client and in each round. With `privacy` all rounds are charged to the ledgers in force before the first; without, a ledger refuses the simulation. Losses, accuracies and who took part are not private.",
    parameters: SimulationParameters.all,
    returns: "history", seeAlso: ["fed.partition", "nn.train", "dp.train"],
    search: [
      "federated learning", "fedavg", "rounds", "clients", "checkpoint", "resume", "stragglers",
    ],
    examples: [
      (
        """
        let examples = {inputs: tensor([[0.0], [1.0], [0.1], [0.9]]), labels: tensor([0, 1, 0, 1])}
        let devices = fed.partition(examples, clients: 2)
        len(fed.simulate(nn.linear(1, 2), devices, rounds: 3, clients: 2))
        """, "3"
      )
    ],
    arguments: { (arguments: inout Arguments) in try simulate(&arguments) })

  private static func simulate(_ arguments: inout Arguments) throws -> FederatedHistory {
    let vm = arguments.vm
    let model = try arguments(SimulationParameters.model)
    let devices = try arguments(SimulationParameters.devices)
    let strategy = try arguments(SimulationParameters.strategy)?.strategy ?? FedAvg()
    let request = try SimulationParameters.request(&arguments, for: model)
    let buckets = try arguments(SimulationParameters.buckets)
    let simulation = try Simulation(
      model.layer, devices, strategy: strategy, options: request.options)
    try (strategy as? ScriptStrategy)?.prepare(for: model.layer)
    var callbacks = vm.simulationCallbacks()
    let resumed = try checkpoint(&arguments, &callbacks)
    // Before anything looks at what the devices hold.
    try charge(simulation, resumed, &callbacks, vm)
    do { try simulation.run(callbacks, resuming: resumed) } catch {
      record(simulation, "failed", vm)
      throw error
    }
    let history = simulation.history
    record(simulation, history.isStopped ? "interrupted" : "finished", vm)
    guard !history.isStopped else {
      throw Fault.interrupted(
        "interrupted after round \(history.rounds.count) of \(request.options.rounds); the model keeps its state"
          + (history.epsilon.map { ", epsilon spent \(NumberText.roundedUp($0))" } ?? ""),
        partialResult: try vm.snapshot(
          vm.box(FederatedHistory(history, devices, measure: nil))))
    }
    return FederatedHistory(history, devices) {
      try simulation.activity(buckets: buckets, held: request.held)
    }
  }

  /// Takes the arguments about checkpoints; returns the state that the simulation goes on from.
  private static func checkpoint(
    _ arguments: inout Arguments, _ callbacks: inout SimulationCallbacks
  ) throws -> TrainingState? {
    let every = try arguments(SimulationParameters.checkpointEvery)
    guard let path = try arguments(SimulationParameters.checkpoint) else { return nil }
    let file = try arguments.vm.writablePath(path)
    callbacks.checkpoint = (every, { try $0.write(to: file) })
    return Door.current.kind(file, counts: false).exists
      ? try TrainingState(contentsOf: file) : nil
  }

  /// Charges what the simulation is about to spend: all rounds, or for one that keeps checkpoints what its rounds to
  /// come need beyond what was charged for it before.
  private static func charge(
    _ simulation: Simulation, _ state: TrainingState?, _ callbacks: inout SimulationCallbacks,
    _ vm: VM
  ) throws {
    guard let ledger = vm.ledgersInForce.last?.ledger else { return }
    guard let plan = simulation.plan else {
      return try vm.charge(
        Event(.nonPrivate, neighbours: vm.neighbours, unit: ledger.terms.unit), "fed.simulate")
    }
    let rounds = simulation.options.rounds
    let done = max(0, state?.counters["rounds done"] ?? 0)
    let run = PlannedRun(
      id: state?.texts[runName] ?? Fingerprint(of: randomBytes()).description,
      pass: try plan.event(1), passes: max(0, rounds - done), done: done)
    let event = try plan.event(rounds)
    // Rounds that do not cost alike, as those of devices that send a few times only, are charged together.
    guard let checkpoint = callbacks.checkpoint, run.makes(event, by: rounds) else {
      return try vm.charge(event, "fed.simulate")
    }
    try vm.charge(run, "fed.simulate")
    callbacks.onRoundStart = { try vm.begin(passOf: run, "fed.simulate") }
    callbacks.checkpoint?.save = { state in
      var state = state
      state.texts[runName] = run.id
      try checkpoint.save(state)
    }
  }

  /// What names the simulation in its checkpoints, for ledgers.
  private static let runName: Spelling = "user.ledger run"

  private static func randomBytes() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16)
    bytes.withUnsafeMutableBytes { SecureRandom.fill($0) }
    return bytes
  }

  /// Tells the run's record what a private simulation spent, however it ended.
  private static func record(_ simulation: Simulation, _ status: String, _ vm: VM) {
    let history = simulation.history
    guard let epsilon = history.epsilon, !history.rounds.isEmpty else { return }
    let facts: [(String, Cell)] = [
      ("method", .string("federated \(simulation.strategy.name)")),
      ("epsilon", .float(epsilon)), ("unit", .string(PrivacyUnit.client.rawValue)),
      ("privacy", .string(simulation.options.privacy?.fingerprint ?? "")),
      ("noise_multiplier", .float(history.sigma ?? 0)),
      ("steps", .int(history.rounds.count)), ("planned", .int(simulation.options.rounds)),
      ("status", .string(status)),
    ]
    vm.hostServices.record(
      RunEvent(
        kind: "private training",
        facts: facts.map { Cell.Entry(key: .string($0.0), value: $0.1) }), vm)
  }
}

extension VM {
  /// Progress on standard error, and a stop when the user interrupts.
  func simulationCallbacks() -> SimulationCallbacks {
    let host = hostServices
    let interrupt = interrupt
    let start = ContinuousClock.now
    var done = 0
    var callbacks = SimulationCallbacks()
    callbacks.shouldStop = { interrupt.isSet }
    callbacks.onNotice = { self.note($0) }
    callbacks.onRound = { progress in
      done += 1
      guard host.isReportDue else { return }
      let round = progress.round
      let elapsed = (ContinuousClock.now - start).seconds
      var report = ProgressReport(
        stage: "round \(round.number)/\(progress.rounds)", done: round.number,
        total: progress.rounds,
        figures: [
          (name: "loss", value: round.loss ?? round.trainLoss),
          (name: "MB", value: Double(round.bytesUp + round.bytesDown) / 1e6),
        ], rate: (Double(done) / max(elapsed, 1e-9), "rounds/s"))
      if let epsilon = round.epsilon { report.bounds = [("epsilon", epsilon)] }
      host.report(report)
    }
    return callbacks
  }
}

extension Duration {
  fileprivate var seconds: Double {
    Double(components.seconds) + Double(components.attoseconds) * 1e-18
  }
}
