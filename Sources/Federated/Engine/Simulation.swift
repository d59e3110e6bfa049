import Foundation
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
  let model: Layer
  /// What devices keep between their rounds, by their place in the order of keys.
  var states: [Int: [String: ParameterVector]] = [:]
  private let worker: ClientWork
  /// Where the strategy's rounds do not wait for all clients.
  private var clock: AsynchronousClock?

  /// - Parameter model: is the server's after each round.
  public init(
    _ model: Layer, _ devices: DeviceSet, strategy: any Strategy, options: SimulationOptions
  ) throws {
    self.model = model
    self.devices = devices
    self.strategy = strategy
    self.options = options
    server = ServerState(
      model: try ParameterVector(model), devices: devices.count, rounds: options.rounds)
    worker = try ClientWork(model.copied(), options.local, devices.source, server)
    try strategy.start(&server)
    clock = strategy.asynchrony.map {
      AsynchronousClock(buffer: $0.buffer, concurrency: options.clients)
    }
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
    let starts = try asynchronousStarts(eligible, size)
    let cohort =
      try starts?.map(\.device)
      ?? options.selection.cohort(options.clients, of: eligible, size: size, stream: &stream)
    var updates: [ClientUpdate] = []
    for (place, device) in cohort.enumerated() {
      let client = random.derived("client", device)
      try worker.begin(
        starts.map { try server.asOf($0[place].round) } ?? server, device: device,
        key: devices.key(device),
        examples: setting.examples(of: device, in: devices, period: period),
        state: states[device] ?? [:], random: client)
      var update = try strategy.client(worker)
      var sender = Sender(
        device: device, key: devices.key(device), round: server.round, random: client,
        state: worker.state)
      for step in options.updateSteps { try step.apply(&update, &sender) }
      if !sender.state.isEmpty { states[device] = sender.state }
      updates.append(update)
    }
    if let clock { server.keepModels(clock.versions) }
    var weights = Simulation.weights(updates, strategy.weighting ?? options.weights)
    if let starts, let asynchrony = strategy.asynchrony {
      for (place, start) in starts.enumerated() {
        weights[place] *= asynchrony.weight(staleness: server.round - start.round)
      }
    }
    if !updates.isEmpty {
      var sum =
        try options.combiner?.combine(
          updates, weights: weights, devices: cohort, server: &server,
          random: random.derived("combine")) ?? Simulation.sum(updates, weights)
      if strategy.wantsUpdates, options.combiner == nil, options.sumSteps.isEmpty {
        sum.updates = updates
      }
      for (index, step) in options.sumSteps.enumerated() {
        try step.apply(&sum, &server, random: random.derived("sum", index))
      }
      try strategy.aggregate(sum, &server)
    }
    server.round += 1
    try server.model.write(to: model)
    try record(updates, cohort, start)
  }

  /// The clients whose updates this step of the server takes, where it does not wait for all; nil elsewhere.
  private func asynchronousStarts(
    _ eligible: [Int], _ size: (Int) -> Int
  ) throws -> [AsynchronousClock.Start]? {
    guard let asynchrony = strategy.asynchrony else { return nil }
    let key = options.key
    return try clock?.next { wanted, busy, round, call in
      // The first choice of a round is the one that a round that waits would make.
      let place = key.derived("round", round).derived("selection")
      var stream = (call == 0 ? place : place.derived(call)).stream
      return try options.selection.cohort(
        wanted, of: eligible.filter { !busy.contains($0) }, size: size, stream: &stream)
    } seconds: { start in
      guard asynchrony.durations == .exponential else { return 1 }
      var stream = key.derived("duration", start.device, start.round).stream
      return -log1p(-stream.uniform())
    }
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
