import Foundation
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
  /// Where the strategy's rounds do not wait for all clients.
  private var clock: AsynchronousClock?

  /// - Parameter model: is the server's after each round.
  /// - Throws: `value` where options contradict each other or no device holds an example; `type` for a model that
  ///   cannot be copied where several workers are asked for; what the calibration of noise throws.
  public init(
    _ model: Layer, _ devices: DeviceSet, strategy: any Strategy, options: SimulationOptions
  ) throws {
    try options.check()
    try Compatibility.check(options, strategy: strategy)
    guard devices.offsets[devices.count] > 0 else {
      throw DomainError(.value, "none of the \(devices.count) devices holds an example")
    }
    self.model = model
    self.devices = devices
    self.strategy = strategy
    var options = options
    options.setting = try options.setting.prepared(for: devices)
    options.updateSteps = try options.updateSteps.map {
      try $0.bound(to: devices, key: options.key)
    }
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
    if plan?.combiner != nil, options.combiner != nil {
      throw DomainError(
        .value, "privacy of devices sums their updates in its own way here",
        hint: "leave `aggregate` and `secure` away")
    }
    clock = strategy.asynchrony.map {
      AsynchronousClock(buffer: $0.buffer, concurrency: options.clients)
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
      let work = try ClientWork(
        layer, options.local, devices.source, server, labelling: options.labelling)
      work.attacks = options.updateSteps.compactMap { $0 as? any DataAttack }
      return work
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
    if let state {
      try restore(state)
      try replayClock()
    }
    if options.clients > devices.count {
      note("a round asks for \(options.clients) of \(devices.count) devices: all take part")
    }
    // Where the model itself is a worker's, a round that fails leaves a client's numbers in it.
    defer { try? server.model.write(to: model) }
    while server.round < options.rounds, !history.isStopped {
      do {
        if callbacks.shouldStop() { throw DomainError(.interrupt, "interrupted") }
        try callbacks.onRoundStart()
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
    let starts = try asynchronousStarts(server.round)
    let cohort = try starts?.map(\.device) ?? cohort(random)
    let outcome = try compute(cohort, starts, random)
    var result = try summed(outcome, random)
    if let clock { result.server.keepModels(clock.versions) }
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
    if outcome.clients.isEmpty, plan == nil {
      note("there was a round in which no client came through: the model stayed as it was")
    }
    try record(outcome, cohort.count, start)
  }

  /// Who is asked in this round, in the order of keys.
  private func cohort(_ random: RandomKey) throws -> [Int] {
    var stream = random.derived("selection").stream
    return try drawn(options.clients, server.round, &stream)
  }

  /// Devices that hold examples, are there in a round and not among `busy`, drawn by the simulation's rule.
  private func drawn(
    _ wanted: Int, _ round: Int, busy: Set<Int> = [], _ stream: inout RandomStream
  ) throws -> [Int] {
    let setting = options.setting
    let period = setting.period(of: round, rounds: options.rounds)
    var eligible = holders(of: period)
    if let availability = options.availability {
      eligible = eligible.filter { availability.isThere($0, round: round) }
    }
    if !busy.isEmpty { eligible = eligible.filter { !busy.contains($0) } }
    return try (plan?.selection ?? options.selection).cohort(
      wanted, of: eligible,
      size: { [devices] in setting.size(of: $0, in: devices, period: period) }, stream: &stream)
  }

  /// The clients whose updates this step of the server takes, where it does not wait for all; nil elsewhere.
  private func asynchronousStarts(_ round: Int) throws -> [AsynchronousClock.Start]? {
    guard let asynchrony = strategy.asynchrony else { return nil }
    let key = options.key
    return try clock?.next { wanted, busy, round, call in
      // The first choice of a round is the one that a round that waits would make.
      let place = key.derived("round", round).derived("selection")
      var stream = (call == 0 ? place : place.derived(call)).stream
      return try drawn(wanted, round, busy: busy, &stream)
    } seconds: { start in
      if let availability = options.availability { return seconds(start, availability) }
      guard asynchrony.durations == .exponential else { return 1 }
      var stream = key.derived("duration", start.device, start.round).stream
      return -log1p(-stream.uniform())
    }
  }

  private func seconds(_ start: AsynchronousClock.Start, _ availability: any Availability) -> Double
  {
    let period = options.setting.period(of: start.round, rounds: options.rounds)
    let count = options.setting.size(of: start.device, in: devices, period: period)
    return availability.seconds(
      start.device, round: start.round, examples: count * options.local.epochs,
      steps: steps(count))
  }

  /// Optimizer steps of a client with so many examples.
  private func steps(_ examples: Int) -> Int {
    options.local.epochs * ((examples + options.local.batch - 1) / options.local.batch)
  }

  /// Lets the clock of a strategy that does not wait go through the rounds that a checkpoint has behind it.
  private func replayClock() throws {
    for round in 0..<server.round { _ = try asynchronousStarts(round) }
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

  private func compute(
    _ cohort: [Int], _ starts: [AsynchronousClock.Start]?, _ random: RandomKey
  ) throws -> RoundOutcome {
    let period = options.setting.period(of: server.round, rounds: options.rounds)
    var clients = cohort.map { device in
      RoundWork.Client(
        device: device, key: devices.key(device),
        examples: options.setting.examples(of: device, in: devices, period: period),
        state: states[device] ?? [:], random: random.derived("client", device))
    }
    if let starts, let asynchrony = strategy.asynchrony {
      for (place, start) in starts.enumerated() where start.round != server.round {
        clients[place].server = try server.asOf(start.round)
        clients[place].factor = asynchrony.weight(staleness: server.round - start.round)
      }
    }
    let stop = callbacks.shouldStop
    return try runner.run(
      RoundWork(
        server: server, clients: clients.filter { !isLost($0) }, strategy: strategy,
        steps: options.updateSteps + (plan?.updateSteps ?? []), weighting: weighting,
        holdsUpdates: combiner != nil || givesUpdates || !attacks.isEmpty,
        sums: combiner == nil && attacks.isEmpty,
        skipsFailures: options.skipsFailures, shouldStop: stop))
  }

  /// Whether the server never gets what this client computes, so that nobody needs to compute it.
  private func isLost(_ client: RoundWork.Client) -> Bool {
    guard let availability = options.availability else { return false }
    if availability.drops(client.device, round: server.round) { return true }
    guard let deadline = availability.deadline else { return false }
    let count = client.examples.count
    return availability.seconds(
      client.device, round: server.round, examples: count * options.local.epochs,
      steps: steps(count)) > deadline
  }

  private var weighting: Weighting { plan?.weighting ?? strategy.weighting ?? options.weights }
  /// Attackers that work together, on the updates of a round.
  private var attacks: [any RoundAttack] {
    options.updateSteps.compactMap { $0 as? any RoundAttack }
  }
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
    var updates = outcome.updates
    if (combiner != nil || !attacks.isEmpty) && !updates.isEmpty {
      let devices = outcome.clients.map(\.device)
      for attack in attacks { try attack.corrupt(&updates, devices: devices) }
      let weights = zip(outcome.clients, Simulation.weights(updates, weighting)).map {
        $0.factor * $1
      }
      sum =
        try combiner?.combine(
          updates, weights: weights, devices: devices, server: &server,
          random: random.derived("combine")) ?? Simulation.sum(updates, weights)
    }
    if givesUpdates { sum.updates = updates }
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
      (round.loss, round.accuracy) = try evaluation.lossAndAccuracy(examples, options.local.loss)
    } catch let error as DomainError where error.kind == .interrupt {
      // The round is over, only nobody waits for what it brought.
      (round.loss, round.accuracy) = (nil, nil)
    }
  }

  /// The weighted sum of a round's updates.
  static func sum(_ updates: [ClientUpdate], _ weights: [Double]) throws -> RoundSum {
    var sum = BlockSum()
    for (update, weight) in zip(updates, weights) { try sum.add(update, weight: weight) }
    return RoundSum(
      vectors: sum.vectors, numbers: sum.numbers, clients: sum.clients, examples: sum.examples)
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
