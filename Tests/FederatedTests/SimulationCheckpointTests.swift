import Foundation
import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

/// A strategy with state on the server and on devices.
private struct Remembering: Strategy {
  var name: String { "remembering" }
  var fingerprint: String { "remembering" }

  func client(_ client: ClientWork) throws -> ClientUpdate {
    // What the device moved last time is added to what it moves now.
    var update = try FedAvg().client(client)
    let moved = update.vectors[0]
    if let last = client.state["moved"] { try update.vectors[0].add(last, times: 0.5) }
    client.state["moved"] = moved
    return update
  }

  func start(_ server: inout ServerState) throws {
    server.vectors["momentum"] = try ParameterVector(zerosLike: server.model)
  }

  func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    guard var momentum = server.vectors["momentum"] else { return }
    try momentum.scale(by: 0.9)
    try momentum.add(sum.vectors[0])
    server.vectors["momentum"] = momentum
    server.numbers["sum", default: 0] += sum.vectors[0].norm
    try server.model.add(momentum)
  }
}

@Suite struct SimulationCheckpointTests {
  private let path = NSTemporaryDirectory() + "fairlead-simulation-\(UUID().uuidString)"

  private func simulation(
    rounds: Int = 6, seed: UInt64 = 7, key: UInt64 = 5, clients: Int = 3,
    strategy: any Strategy = Remembering()
  ) throws -> Simulation {
    let source = try points(40)
    let local = try LocalTraining(
      epochs: 1, batch: 4, optimizer: SGD(rate: 0.1), loss: .crossEntropy())
    var options = SimulationOptions(
      rounds: rounds, clients: clients, local: local, key: RandomKey(seed: key))
    options.evaluation = source
    options.every = 2
    return try Simulation(
      logistic(seed: seed),
      DeviceSet(source: source, assignments: (0..<40).map { Int32($0 % 8) }, count: 8),
      strategy: strategy, options: options)
  }

  /// Runs until `rounds` rounds are over, with a checkpoint after each, and fails then.
  private func breakOff(after rounds: Int) throws {
    struct Killed: Error {}
    var callbacks = SimulationCallbacks()
    callbacks.checkpoint = (1, { [path] in try $0.write(to: path) })
    callbacks.onRound = { if $0.round.number == rounds { throw Killed() } }
    #expect(throws: Killed.self) { try simulation().run(callbacks) }
  }

  @Test func aResumedSimulationEndsWithTheSameBits() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    let whole = try simulation()
    try whole.run()
    try breakOff(after: 3)
    let resumed = try simulation()
    try resumed.run(resuming: TrainingState(contentsOf: path))
    let difference = try resumed.server.model - whole.server.model
    #expect(difference.norm == 0)
    #expect(resumed.server.numbers == whole.server.numbers)
    #expect(resumed.history.rounds.map(\.cohort) == whole.history.rounds.map(\.cohort))
    #expect(resumed.history.rounds.map(\.loss) == whole.history.rounds.map(\.loss))
    #expect(resumed.history.rounds.map(\.accuracy) == whole.history.rounds.map(\.accuracy))
    #expect(resumed.history.rounds.map(\.bytesUp) == whole.history.rounds.map(\.bytesUp))
    #expect(Set(resumed.states.keys) == Set(whole.states.keys))
    for (device, state) in whole.states {
      let other = try #require(resumed.states[device]?["moved"])
      let mine = try #require(state["moved"])
      let difference = try mine - other
      #expect(difference.norm == 0)
    }
  }

  @Test func aCheckpointOfAnotherSimulationIsRefused() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try breakOff(after: 2)
    let state = try TrainingState(contentsOf: path)
    let others: [(String, Simulation)] = [
      ("strategy is `remembering`", try simulation(strategy: FedAvg())),
      ("rounds is `6`, here it is `7`", try simulation(rounds: 7)),
      ("clients is `3`", try simulation(clients: 4)),
      ("model is another", try simulation(seed: 8)),
      ("random seed is another", try simulation(key: 6)),
    ]
    for (text, other) in others {
      let before = other.server.model
      let error = #expect(throws: DomainError.self) { try other.run(resuming: state) }
      #expect(error?.message.contains(text) == true, "\(error?.message ?? "")")
      let difference = try other.server.model - before
      #expect(difference.norm == 0)
      #expect(other.history.rounds.isEmpty)
    }
  }

  @Test func aDamagedCheckpointIsRefused() throws {
    defer { try? FileManager.default.removeItem(atPath: path) }
    try breakOff(after: 2)
    var bytes = try Data(contentsOf: URL(fileURLWithPath: path))
    bytes.removeLast(100)
    try bytes.write(to: URL(fileURLWithPath: path))
    #expect(throws: DomainError.self) { try TrainingState(contentsOf: path) }
    // Whole, but not what a simulation writes.
    let fresh = try simulation()
    fresh.modelFingerprint = try fresh.fingerprintOfModel()
    var state = try fresh.state()
    state.counters["rounds done"] = 4
    let error = #expect(throws: DomainError.self) { try simulation().run(resuming: state) }
    #expect(error?.kind == .data)
    state.texts["simulation.model"] = nil
    #expect(throws: DomainError.self) { try simulation().run(resuming: state) }
  }
}
