import Foundations
import Learning
import Tensors

/// Rounds of federated learning on devices that are simulated here: select, send, train, sum, move.
public final class Simulation {
  public let devices: DeviceSet
  public let strategy: any Strategy
  public let options: SimulationOptions
  public private(set) var server: ServerState
  public private(set) var history = SimulationHistory()
  private let model: Layer
  /// What devices keep between their rounds, by their place in the order of keys.
  private var states: [Int: [String: ParameterVector]] = [:]
  private let worker: ClientWork
  /// How devices are kept private; nil without privacy.
  public let plan: PrivacyPlan?

  /// - Parameter model: is the server's after each round.
  public init(
    _ model: Layer, _ devices: DeviceSet, strategy: any Strategy, options: SimulationOptions
  ) throws {
    try Compatibility.check(options, strategy: strategy)
    var options = options
    options.updateSteps = try options.updateSteps.map {
      try $0.bound(to: devices, key: options.key)
    }
    self.model = model
    self.devices = devices
    self.strategy = strategy
    var options = options
    options.setting = try options.setting.prepared(for: devices)
    self.options = options
    server = ServerState(
      model: try ParameterVector(model), devices: devices.count, rounds: options.rounds)
    worker = try ClientWork(model.copied(), options.local, devices.source, server)
    worker.attacks = options.updateSteps.compactMap { $0 as? any DataAttack }
    plan = try options.privacy?.plan(
      devices: devices.count, clients: options.clients, rounds: options.rounds,
      parameters: server.model.count, neighbours: options.neighbours)
    try strategy.start(&server)
  }

  /// Runs the rounds that are left.
  public func run() throws {
    while server.round < options.rounds { try round() }
  }

  private func round() throws {
    let start = ContinuousClock.now
    let setting = options.setting
    let period = setting.period(of: server.round, rounds: options.rounds)
    let random = options.key.derived("round", server.round)
    let size = { (device: Int) in setting.size(of: device, in: self.devices, period: period) }
    let eligible = (0..<devices.count).filter { size($0) > 0 }
    var stream = random.derived("selection").stream
    let cohort = try (plan?.selection ?? options.selection).cohort(
      options.clients, of: eligible, size: size, stream: &stream)
    var updates: [ClientUpdate] = []
    for device in cohort {
      let client = random.derived("client", device)
      try worker.begin(
        server, device: device, key: devices.key(device),
        examples: setting.examples(of: device, in: devices, period: period),
        state: states[device] ?? [:], random: client)
      var update = try strategy.client(worker)
      var sender = Sender(
        device: device, key: devices.key(device), round: server.round, random: client,
        state: worker.state)
      for step in options.updateSteps + (plan?.updateSteps ?? []) {
        try step.apply(&update, &sender)
      }
      if !sender.state.isEmpty { states[device] = sender.state }
      updates.append(update)
    }
    for step in options.updateSteps {
      if let attack = step as? any RoundAttack { try attack.corrupt(&updates, devices: cohort) }
    }
    let weights = Simulation.weights(
      updates, plan?.weighting ?? strategy.weighting ?? options.weights)
    if !updates.isEmpty || plan != nil {
      var sum = RoundSum(
        vectors: [try ParameterVector(zerosLike: server.model)], numbers: [], clients: 0,
        examples: 0)
      if !updates.isEmpty {
        sum =
          try (plan?.combiner ?? options.combiner)?.combine(
            updates, weights: weights, devices: cohort, server: &server,
            random: random.derived("combine")) ?? Simulation.sum(updates, weights)
      }
      for (index, step) in ((plan?.sumSteps ?? []) + options.sumSteps).enumerated() {
        try step.apply(&sum, &server, random: random.derived("sum", index))
      }
      try strategy.aggregate(sum, &server)
    }
    server.round += 1
    try server.model.write(to: model)
    try record(updates, cohort, start)
  }

  private func record(
    _ updates: [ClientUpdate], _ cohort: [Int], _ start: ContinuousClock.Instant
  ) throws {
    let examples = updates.reduce(0) { $0 + $1.examples }
    let sent = strategy.sends.reduce(server.model.count) { $0 + (server.vectors[$1]?.count ?? 0) }
    var round = SimulationHistory.Round(
      number: server.round,
      trainLoss: updates.reduce(0) { $0 + $1.loss * Double($1.examples) }
        / Double(examples), cohort: cohort.map(Int32.init),
      bytesUp: updates.reduce(0) { $0 + $1.byteCount }, bytesDown: 4 * sent * cohort.count,
      epsilon: try plan?.epsilon(server.round),
      seconds: 0)
    if let evaluation = options.evaluation,
      server.round % options.every == 0 || server.round == options.rounds
    {
      round.loss = try Evaluation(model).meanLoss(evaluation, options.local.loss)
      round.accuracy = try Evaluation(model).accuracy(evaluation)
    }
    round.seconds = Double((ContinuousClock.now - start).components.attoseconds) * 1e-18
    history.rounds.append(round)
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

  /// The weighted sum of a round's updates.
  static func sum(_ updates: [ClientUpdate], _ weights: [Double]) throws -> RoundSum {
    var sum = RoundSum(
      vectors: try updates[0].vectors.map { try ParameterVector(zerosLike: $0) },
      numbers: [Double](repeating: 0, count: updates[0].numbers.count), clients: updates.count,
      examples: updates.reduce(0) { $0 + $1.examples })
    for (update, weight) in zip(updates, weights) {
      for index in sum.vectors.indices {
        try sum.vectors[index].add(update.vectors[index], times: Float(weight))
      }
      for index in sum.numbers.indices { sum.numbers[index] += weight * update.numbers[index] }
    }
    return sum
  }
}
