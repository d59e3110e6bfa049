import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

/// Devices of 1 to 9 examples each, and what the tests run on them.
private struct Fleet {
  let source: TensorSource
  let assignments: [Int32]
  let count = 12

  init() throws {
    assignments = (0..<12).flatMap { device in
      [Int32](repeating: Int32(device), count: 1 + device * 5 % 9)
    }
    source = try points(assignments.count)
  }

  func devices(keys: [DeviceKey]? = nil) throws -> DeviceSet {
    try DeviceSet(source: source, assignments: assignments, count: count, keys: keys)
  }

  func options(rounds: Int = 6, clients: Int = 7) throws -> SimulationOptions {
    let local = try LocalTraining(
      epochs: 2, batch: 3, optimizer: SGD(rate: 0.2, momentum: 0.5), loss: .crossEntropy())
    return SimulationOptions(
      rounds: rounds, clients: clients, local: local, key: RandomKey(seed: 5))
  }

  /// The model's bits after all rounds.
  func result(
    _ options: SimulationOptions, keys: [DeviceKey]? = nil, strategy: any Strategy = FedAvg(),
    resuming state: TrainingState? = nil, _ callbacks: SimulationCallbacks = SimulationCallbacks()
  ) throws -> (bits: [UInt32], simulation: Simulation) {
    let model = try logistic()
    let simulation = try Simulation(
      model, devices(keys: keys), strategy: strategy, options: options)
    try simulation.run(callbacks, resuming: state)
    return (try bits(model), simulation)
  }
}

private func bits(_ model: Layer) throws -> [UInt32] {
  try ParameterVector(model).tensor.array(Float.self).map(\.bitPattern)
}

/// A client of one device sends what is no number; a device remembers how often it was asked.
private struct Faulty: Strategy {
  var bad: DeviceKey?
  var throwing: DeviceKey?
  var name: String { "faulty" }
  var fingerprint: String { "faulty" }

  func client(_ client: ClientWork) throws -> ClientUpdate {
    if client.key == throwing { throw DomainError(.data, "the disk is full") }
    var update = try FedAvg().client(client)
    if client.key == bad { try update.vectors[0].scale(by: .nan) }
    var visits = try client.state["visits"] ?? ParameterVector(.zeros([1]), shapes: [[1]])
    try visits.add(ParameterVector(.full([1], 1).cast(to: .f32), shapes: [[1]]))
    client.state["visits"] = visits
    return update
  }

  func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    server.numbers["rounds", default: 0] += 1
    server.vectors["last"] = sum.vectors[0]
    try FedAvg().aggregate(sum, &server)
  }
}

private struct Lost: Availability {
  var absent: Set<Int> = []
  var lost: Set<Int> = []
  var slow: Set<Int> = []
  var fingerprint: String { "lost" }
  var deadline: Double? { 10 }
  func isThere(_ device: Int, round: Int) -> Bool { !absent.contains(device) }
  func drops(_ device: Int, round: Int) -> Bool { lost.contains(device) }
  func seconds(_ device: Int, round: Int, examples: Int, steps: Int) -> Double {
    slow.contains(device) ? 11 : Double(steps)
  }
}

@Suite struct EngineTests {
  private let fleet: Fleet

  init() throws { fleet = try Fleet() }

  @Test func workersChangeNoBit() throws {
    var results: [[UInt32]] = []
    for workers in [1, 2, 5] {
      var options = try fleet.options()
      options.workers = workers
      results.append(try fleet.result(options).bits)
    }
    #expect(results[0] == results[1])
    #expect(results[0] == results[2])
    let untrained = try bits(logistic())
    #expect(results[0] != untrained)
  }

  @Test func theOrderOfDevicesChangesNoBit() throws {
    let keys = (0..<12).map { DeviceKey.text("device \($0)") }
    let plain = try fleet.result(fleet.options(), keys: keys).bits
    // The same devices, listed from the last to the first.
    let model = try logistic()
    let devices = try DeviceSet(
      source: fleet.source, assignments: fleet.assignments.map { 11 - $0 }, count: 12,
      keys: keys.reversed())
    try Simulation(model, devices, strategy: FedAvg(), options: fleet.options()).run()
    let other = try bits(model)
    #expect(other == plain)
  }

  @Test func equalClientsWithWholeBatchesAreCentralTraining() throws {
    let source = try points(20)
    let devices = try DeviceSet(
      source: source, assignments: (0..<20).map { Int32($0 / 5) }, count: 4)
    let local = try LocalTraining(batch: 5, optimizer: SGD(rate: 0.3), loss: .crossEntropy())
    let model = try logistic()
    try Simulation(
      model, devices, strategy: FedAvg(),
      options: SimulationOptions(rounds: 8, clients: 4, local: local, key: RandomKey(seed: 1))
    ).run()
    let central = try logistic()
    let step = try TrainingStep(
      model: central, loss: .crossEntropy(), optimizer: SGD(rate: 0.3), key: RandomKey(seed: 1))
    for _ in 0..<8 { _ = try step.run(source.batch(Array(0..<20))) }
    let difference = try ParameterVector(model, minus: ParameterVector(central))
    #expect(difference.norm < 1e-6)
  }

  @Test func updatesAreWeighedByExamplesOrAlike() throws {
    let numbers = try [1.0, 3].map { value in
      ClientUpdate(
        vectors: [try ParameterVector(.full([2], value).cast(to: .f32), shapes: [[2]])],
        numbers: [value], examples: value == 1 ? 30 : 10, steps: 1, loss: 0)
    }
    #expect(Simulation.weights(numbers, .samples) == [0.75, 0.25])
    #expect(Simulation.weights(numbers, .equal) == [0.5, 0.5])
    var sum = BlockSum()
    sum.begin()
    try sum.add(numbers[0], weight: 0.75)
    try sum.add(numbers[1], weight: 0.25)
    let found = try sum.vectors[0].tensor.array(Float.self)
    #expect(found == [1.5, 1.5])
    #expect(sum.numbers == [1.5])
    #expect(sum.examples == 40)
  }

  @Test func whoIsLostCountsForNothing() throws {
    var options = try fleet.options(rounds: 1, clients: 12)
    options.availability = Lost(absent: [0], lost: [1, 2], slow: [3])
    let with = try fleet.result(options)
    let round = try #require(with.simulation.history.rounds.first)
    let others = (4..<12).map { Int32($0) }
    #expect(round.cohort == others)
    // All but the absent one were sent the model.
    #expect(round.bytesDown == 11 * 4 * 6)
    #expect(round.bytesUp == 8 * 4 * 6)
    // The same as where they never were.
    let model = try logistic()
    let devices = try DeviceSet(
      source: fleet.source, assignments: fleet.assignments.map { $0 < 4 ? -1 : $0 }, count: 12)
    try Simulation(
      model, devices, strategy: FedAvg(), options: fleet.options(rounds: 1, clients: 12)
    ).run()
    let other = try ParameterVector(model)
    let mine = try ParameterVector(with.simulation.model)
    let difference = try mine - other
    #expect(difference.norm < 1e-6)
  }

  @Test func aRoundWithoutSurvivorsMovesNothing() throws {
    var options = try fleet.options(rounds: 3)
    options.availability = Lost(lost: Set(0..<12))
    let result = try fleet.result(options)
    let untrained = try bits(logistic())
    #expect(result.bits == untrained)
    let rounds = result.simulation.history.rounds
    #expect(rounds.map(\.cohort.count) == [0, 0, 0])
    let areUnknown = rounds.allSatisfy(\.trainLoss.isNaN)
    #expect(areUnknown)
  }

  @Test func emptyDevicesAreNeverDrawn() throws {
    let devices = try DeviceSet(
      source: fleet.source, assignments: fleet.assignments.map { $0 * 2 }, count: 24)
    let simulation = try Simulation(
      logistic(), devices, strategy: FedAvg(), options: fleet.options(rounds: 9))
    try simulation.run()
    let drawn = Set(simulation.history.rounds.flatMap(\.cohort))
    let full = Set((0..<12).map { Int32(2 * $0) })
    #expect(drawn.isSubset(of: full))
    let empty = try DeviceSet(
      source: fleet.source, assignments: fleet.assignments.map { _ in -1 }, count: 3)
    #expect(throws: DomainError.self) {
      try Simulation(logistic(), empty, strategy: FedAvg(), options: fleet.options())
    }
  }

  @Test func aFailingClientIsNamed() throws {
    let keys = (0..<12).map { DeviceKey.text("phone \($0)") }
    for workers in [1, 3] {
      var options = try fleet.options(rounds: 2, clients: 12)
      options.workers = workers
      let diverged = #expect(throws: DomainError.self) {
        try fleet.result(options, keys: keys, strategy: Faulty(bad: .text("phone 3")))
      }
      #expect(diverged?.message.contains("device phone 3 failed in round 1") == true)
      let failed = #expect(throws: DomainError.self) {
        try fleet.result(options, keys: keys, strategy: Faulty(throwing: .text("phone 4")))
      }
      #expect(failed?.message == "device phone 4 failed in round 1: the disk is full")
      #expect(failed?.kind == .data)
    }
  }

  @Test func aFailingClientCanBeLeftOut() throws {
    var options = try fleet.options(rounds: 2, clients: 12)
    options.skipsFailures = true
    let result = try fleet.result(options, strategy: Faulty(bad: .number(3)))
    let history = result.simulation.history
    let drawn = Set(history.rounds.flatMap(\.cohort))
    #expect(!drawn.contains(3))
    #expect(history.rounds.map(\.cohort.count) == [11, 11])
    let isTold = history.notes.contains { $0.contains("device 3 was left out") }
    #expect(isTold)
    #expect(result.simulation.server.model.norm.isFinite)
  }

  @Test func anInterruptKeepsWholeRounds() throws {
    let flag = StopAfter()
    var callbacks = SimulationCallbacks()
    callbacks.shouldStop = { flag.isSet }
    callbacks.onRound = { if $0.round.number == 2 { flag.set() } }
    let stopped = try fleet.result(fleet.options(), callbacks)
    #expect(stopped.simulation.history.isStopped)
    #expect(stopped.simulation.history.rounds.count == 2)
    // What is planned in all plays no part in the rounds before.
    let short = try fleet.result(fleet.options(rounds: 2))
    #expect(stopped.bits == short.bits)
  }

  @Test func allTakePartWhereTooManyAreAskedFor() throws {
    let result = try fleet.result(fleet.options(rounds: 1, clients: 100))
    #expect(result.simulation.history.rounds[0].cohort.count == 12)
    #expect(
      result.simulation.history.notes == ["a round asks for 100 of 12 devices: all take part"])
  }

  @Test func badNumbersAreRefused() throws {
    for change: (inout SimulationOptions) -> Void in [
      { $0.rounds = 0 }, { $0.clients = 0 }, { $0.every = 0 }, { $0.workers = 0 },
    ] {
      var options = try fleet.options()
      change(&options)
      let wrong = options
      #expect(throws: DomainError.self) { try fleet.result(wrong) }
    }
  }

  @Test func activityIsMeasuredFromTheLightest() throws {
    var options = try fleet.options(rounds: 30, clients: 12)
    options.evaluation = fleet.source
    let simulation = try fleet.result(options).simulation
    let buckets = try simulation.activity(buckets: 4)
    #expect(buckets.map(\.devices) == [3, 3, 3, 3])
    let measured = buckets.reduce(0) { $0 + $1.examples }
    #expect(measured == fleet.assignments.count)
    #expect(buckets.map(\.examples) == buckets.map(\.examples).sorted())
    // All together give what the server's model was measured to have.
    let right = buckets.reduce(0.0) { $0 + ($1.accuracy ?? 0) * Double($1.examples) }
    let accuracy = try #require(simulation.history.rounds.last?.accuracy)
    #expect(abs(right / Double(fleet.assignments.count) - accuracy) < 1e-9)
    #expect(simulation.history.rounds(to: accuracy) != nil)
    #expect(simulation.history.rounds(to: 1.1) == nil)
  }
}

/// Set from a callback, read on all threads.
private final class StopAfter: @unchecked Sendable {
  private var flag = false
  var isSet: Bool { flag }
  func set() { flag = true }
}
