import Foundations
import Learning
import Privacy
import Tensors

/// Rounds of federated learning on devices that are simulated here: select, send, train, sum, move.
///
/// Sums run in the order of the devices' keys and random numbers are named by round and device, so that neither the
/// order in which devices were listed nor the number of workers changes a bit.
public final class Simulation {
  public let devices: DeviceSet
  public let strategy: any Strategy
  public let options: SimulationOptions
  /// How devices are kept private; nil without privacy.
  public let plan: PrivacyPlan?
  public internal(set) var server: ServerState
  public internal(set) var history = SimulationHistory()
  let model: Layer
  /// What devices keep between their rounds, by their place in the order of keys.
  var states: [Int: [String: ParameterVector]] = [:]
  /// What tells this simulation apart from others, once it was needed.
  var savedFingerprints: [(name: String, value: String)] = []
  /// Of the model as it was given; nil where no checkpoint is read or written.
  var modelFingerprint: String?
  private let runner: any RoundRunner
  /// Devices that hold examples in a period, and of how many examples in all.
  private var holders: (period: Int, examples: Int, devices: [Int])?
  private var callbacks = SimulationCallbacks()

  /// - Parameter model: is the server's after each round.
  /// - Throws: `value` where options contradict each other or no device holds an example; `type` for a model that
  ///   cannot be copied where several workers are asked for; what the calibration of noise throws.
  public init(
    _ model: Layer, _ devices: DeviceSet, strategy: any Strategy, options: SimulationOptions
  ) throws {
    try options.check()
    guard devices.offsets[devices.count] > 0 else {
      throw DomainError(.value, "none of the \(devices.count) devices holds an example")
    }
    self.model = model
    self.devices = devices
    self.strategy = strategy
    self.options = options
    server = ServerState(
      model: try ParameterVector(model), devices: devices.count, rounds: options.rounds)
    plan = try options.privacy?.plan(
      devices: devices.count, clients: options.clients, rounds: options.rounds,
      parameters: server.model.count, neighbours: options.neighbours)
    if plan?.weighting != nil, let weighting = strategy.weighting, weighting != .equal {
      throw DomainError(
        .value,
        "the strategy \(strategy.name) weighs updates by \(weighting.rawValue), privacy of devices weighs all alike",
        hint: "use a strategy that leaves the weights open, such as avg")
    }
    runner = LocalRunner(try Simulation.workers(model, devices, strategy, server, options))
    history.sigma = plan?.sigma
    try strategy.start(&server)
  }

  /// One for each client that is computed at once; all at work on copies of the model, where it can be copied.
  private static func workers(
    _ model: Layer, _ devices: DeviceSet, _ strategy: any Strategy, _ server: ServerState,
    _ options: SimulationOptions
  ) throws -> [ClientWork] {
    let isBound =
      strategy.callsScript || options.callsScript || options.labelling?.callsScript == true
    let wanted = isBound ? 1 : min(options.workers ?? Parallel.threads, options.clients)
    func work(_ layer: Layer) throws -> ClientWork {
      try ClientWork(layer, options.local, devices.source, server, labelling: options.labelling)
    }
    do { return try (0..<wanted).map { _ in try work(model.copied()) } } catch let error
      as DomainError where error.kind == .type
    {
      guard wanted == 1 || options.workers == nil else { throw error }
      // The server's numbers stand in its state, so the model itself can be the one worker's.
      return [try work(model)]
    }
  }

  /// Runs the rounds that are left; where they are interrupted the model is that of the last whole round.
  /// - Parameter state: a checkpoint of the same simulation, from which it goes on with the same bits (with secure
  ///   noise: with other noise).
  /// - Throws: what a client failed of; a domain error where the checkpoint is of another simulation.
  public func run(
    _ callbacks: SimulationCallbacks = SimulationCallbacks(), resuming state: TrainingState? = nil
  ) throws {
    self.callbacks = callbacks
    history.isStopped = false
    if callbacks.checkpoint != nil || state != nil { modelFingerprint = try fingerprintOfModel() }
    if let state { try restore(state) }
    if options.clients > devices.count {
      note("a round asks for \(options.clients) of \(devices.count) devices: all take part")
    }
    // Where the model itself is a worker's, a round that fails leaves a client's numbers in it.
    defer { try? server.model.write(to: model) }
    while server.round < options.rounds, !history.isStopped {
      do {
        if callbacks.shouldStop() { throw DomainError(.interrupt, "interrupted") }
        try round()
      } catch let error as DomainError where error.kind == .interrupt && callbacks.shouldStop() {
        history.isStopped = true
      }
    }
  }

  private func note(_ text: String) {
    guard !history.notes.contains(text) else { return }
    history.notes.append(text)
    callbacks.onNotice(text)
  }

  // MARK: A round

  private func round() throws {
    let start = ContinuousClock.now
    let random = options.key.derived("round", server.round)
    let cohort = try cohort(random)
    let outcome = try compute(cohort, random)
    var result = try summed(outcome, random)
    // From here on the round comes to its end.
    try Cancellation.finishing {
      if result.isThere { try strategy.aggregate(result.sum, &result.server) }
      server = result.server
      server.round += 1
      for client in outcome.clients {
        states[client.device] = client.state.isEmpty ? nil : client.state
      }
      try server.model.write(to: model)
    }
    for failure in outcome.failures {
      note("device \(failure.key) was left out of a round: \(failure.message)")
    }
    try record(outcome, cohort.count, start)
  }

  /// Who is asked in this round, in the order of keys.
  private func cohort(_ random: RandomKey) throws -> [Int] {
    let setting = options.setting
    let period = setting.period(of: server.round, rounds: options.rounds)
    let size = { [devices] (device: Int) in
      setting.size(of: device, in: devices, period: period)
    }
    var eligible = holders(of: period)
    if let availability = options.availability {
      eligible = eligible.filter { availability.isThere($0, round: server.round) }
    }
    var stream = random.derived("selection").stream
    return try (plan?.selection ?? options.selection).cohort(
      options.clients, of: eligible, size: size, stream: &stream)
  }

  private func holders(of period: Int) -> [Int] {
    let examples = devices.offsets[devices.count]
    if let holders, holders.period == period, holders.examples == examples {
      return holders.devices
    }
    let setting = options.setting
    let found = (0..<devices.count).filter {
      setting.size(of: $0, in: devices, period: period) > 0
    }
    holders = (period, examples, found)
    return found
  }

  private func compute(_ cohort: [Int], _ random: RandomKey) throws -> RoundOutcome {
    let period = options.setting.period(of: server.round, rounds: options.rounds)
    let clients = cohort.map { device in
      RoundWork.Client(
        device: device, key: devices.key(device),
        examples: options.setting.examples(of: device, in: devices, period: period),
        state: states[device] ?? [:], random: random.derived("client", device))
    }
    let stop = callbacks.shouldStop
    return try runner.run(
      RoundWork(
        server: server, clients: clients.filter { !isLost($0) }, strategy: strategy,
        steps: options.updateSteps + (plan?.updateSteps ?? []), weighting: weighting,
        holdsUpdates: combiner != nil || givesUpdates, sums: combiner == nil,
        skipsFailures: options.skipsFailures, shouldStop: stop))
  }

  /// Whether the server never gets what this client computes, so that nobody needs to compute it.
  private func isLost(_ client: RoundWork.Client) -> Bool {
    guard let availability = options.availability else { return false }
    if availability.drops(client.device, round: server.round) { return true }
    guard let deadline = availability.deadline else { return false }
    let count = client.examples.count
    let steps = options.local.epochs * ((count + options.local.batch - 1) / options.local.batch)
    return availability.seconds(
      client.device, round: server.round, examples: count, steps: steps) > deadline
  }

  private var weighting: Weighting { plan?.weighting ?? strategy.weighting ?? options.weights }
  /// Whether the strategy gets to see each update.
  private var givesUpdates: Bool {
    strategy.wantsUpdates && combiner == nil && plan == nil && options.sumSteps.isEmpty
  }
  private var combiner: (any Combiner)? { plan?.combiner ?? options.combiner }

  /// What the strategy gets of a round, and the server's state as combiner and steps leave it; `isThere` is false where
  /// there is nothing.
  private func summed(_ outcome: RoundOutcome, _ random: RandomKey) throws -> (
    sum: RoundSum, server: ServerState, isThere: Bool
  ) {
    var server = server
    var sum = try outcome.sum ?? strategy.emptySum(server)
    if let combiner, !outcome.updates.isEmpty {
      let weights = zip(outcome.clients, Simulation.weights(outcome.updates, weighting)).map {
        $0.factor * $1
      }
      sum = try combiner.combine(
        outcome.updates, weights: weights,
        devices: outcome.clients.map(\.device), server: &server,
        random: random.derived("combine"))
    }
    if givesUpdates { sum.updates = outcome.updates }
    guard !outcome.clients.isEmpty || plan != nil else { return (sum, server, false) }
    for (index, step) in ((plan?.sumSteps ?? []) + options.sumSteps).enumerated() {
      try step.apply(&sum, &server, random: random.derived("sum", index))
    }
    return (sum, server, true)
  }

  private func record(
    _ outcome: RoundOutcome, _ asked: Int, _ start: ContinuousClock.Instant
  ) throws {
    let examples = outcome.clients.reduce(0) { $0 + $1.examples }
    let sent = strategy.sends.reduce(server.model.count) { $0 + (server.vectors[$1]?.count ?? 0) }
    var round = SimulationHistory.Round(
      number: server.round,
      trainLoss: outcome.clients.reduce(0) { $0 + $1.loss * Double($1.examples) }
        / Double(examples), cohort: outcome.clients.map { Int32($0.device) },
      bytesUp: outcome.clients.reduce(0) { $0 + $1.bytes }, bytesDown: 4 * sent * asked,
      epsilon: try plan?.epsilon(server.round), seconds: 0)
    try evaluate(&round)
    round.seconds = (ContinuousClock.now - start).inSeconds
    history.rounds.append(round)
    if let checkpoint = callbacks.checkpoint,
      plan != nil || server.round % checkpoint.every == 0 || server.round == options.rounds
    {
      try checkpoint.save(state())
    }
    try callbacks.onRound(
      SimulationProgress(round: round, rounds: options.rounds, clients: outcome.clients.count))
  }

  private func evaluate(_ round: inout SimulationHistory.Round) throws {
    guard let examples = options.evaluation,
      server.round % options.every == 0 || server.round == options.rounds
    else { return }
    var evaluation = Evaluation(model)
    evaluation.shouldStop = callbacks.shouldStop
    do {
      round.loss = try evaluation.meanLoss(examples, options.local.loss)
      if model.givesClasses { round.accuracy = try evaluation.accuracy(examples) }
    } catch let error as DomainError where error.kind == .interrupt {
      // The round is over, only nobody waits for what it brought.
      (round.loss, round.accuracy) = (nil, nil)
    }
  }

  /// The weight of each update of a round.
  static func weights(_ updates: [ClientUpdate], _ weighting: Weighting) -> [Double] {
    let examples = Double(updates.reduce(0) { $0 + $1.examples })
    return updates.map {
      switch weighting {
      case .samples: Double($0.examples) / examples
      case .equal: 1 / Double(updates.count)
      case .sum: 1
      }
    }
  }
}

extension Duration {
  var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
