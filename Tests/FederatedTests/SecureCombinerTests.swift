import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

@Suite struct SecureCombinerTests {
  private func updates(_ count: Int) throws -> [ClientUpdate] {
    try (0..<count).map { client in
      let vector = try ParameterVector(logistic(seed: UInt64(client + 1)))
      return ClientUpdate(
        vectors: [vector], numbers: [Double(client)], examples: client + 1, steps: 1, loss: 1)
    }
  }

  private func server(_ update: ClientUpdate) -> ServerState {
    ServerState(model: update.vectors[0], devices: 10, rounds: 1)
  }

  @Test(arguments: SecureSum.Kind.allCases)
  func isTheWeightedSum(_ kind: SecureSum.Kind) throws {
    let updates = try updates(6)
    let weights = Simulation.weights(updates, .samples)
    let plain = try Simulation.sum(updates, weights)
    let combiner = try SecureCombiner(SecureSettings(kind, threshold: 0.5))
    var server = server(updates[0])
    let sum = try combiner.combine(
      updates, weights: weights, devices: Array(0..<6), server: &server,
      random: RandomKey(seed: 1))
    #expect(try (sum.vectors[0] - plain.vectors[0]).norm < 1e-6)
    #expect(abs(sum.numbers[0] - plain.numbers[0]) < 1e-6)
    #expect(sum.clients == 6 && sum.examples == 21)
    #expect(server.numbers["secure.saturated"] == 0)
    #expect(!combiner.seesUpdates)
  }

  @Test func lossesLeaveAMeanAMeanAndRepeat() throws {
    let updates = try updates(20)
    let settings = try SecureSettings(threshold: 4, drop: 0.4)
    let combiner = try SecureCombiner(settings)
    let lost = settings.dropouts(20, RandomKey(seed: 3))
    let gone = lost.keys.union(lost.shares).union(lost.upload)
    let left = (0..<20).filter { !gone.contains($0) }
    #expect(!gone.isEmpty && left.count > 4)
    for weighting in [Weighting.samples, .equal, .sum] {
      let weights = Simulation.weights(updates, weighting)
      let kept = left.map { updates[$0] }
      let plain = try Simulation.sum(kept, Simulation.weights(kept, weighting))
      let sums = try (0..<2).map { _ in
        var server = server(updates[0])
        return try combiner.combine(
          updates, weights: weights, devices: Array(0..<20), server: &server,
          random: RandomKey(seed: 3))
      }
      #expect(try (sums[0].vectors[0] - plain.vectors[0]).norm < 1e-5)
      #expect(sums[0].clients == left.count)
      #expect(try (sums[0].vectors[0] - sums[1].vectors[0]).norm == 0)
    }
  }

  @Test func tooFewAreAnErrorAndSaturationIsCounted() throws {
    let updates = try updates(5)
    let strict = try SecureCombiner(SecureSettings(threshold: 5, drop: 0.9))
    var server = server(updates[0])
    #expect(throws: DomainError.self) {
      try strict.combine(
        updates, weights: [1, 1, 1, 1, 1], devices: Array(0..<5), server: &server,
        random: RandomKey(seed: 1))
    }
    let tight = try SecureCombiner(SecureSettings(), clip: 1)
    let sum = try tight.combine(
      updates, weights: [1, 1, 1, 1, 1], devices: Array(0..<5), server: &server,
      random: RandomKey(seed: 1))
    // The numbers 0 … 4 become 0, 1, 1, 1, 1.
    #expect(abs(sum.numbers[0] - 4) < 1e-6)
    #expect((server.numbers["secure.saturated"] ?? 0) >= 3)
    #expect(throws: DomainError.self) { try SecureSettings(threshold: 1.5) }
    #expect(throws: DomainError.self) { try SecureSettings(drop: 1) }
    #expect(throws: DomainError.self) { try SecureSettings(bits: 40) }
    #expect(throws: DomainError.self) { try SecureCombiner(SecureSettings(), clip: .nan) }
  }

  @Test func trainsAsTheSimulationWithoutIt() throws {
    let source = try points(80)
    let devices = try DeviceSet(
      source: source, assignments: (0..<80).map { Int32($0 % 8) }, count: 8)
    var losses: [Double] = []
    for combiner in [nil, try SecureCombiner(SecureSettings())] as [SecureCombiner?] {
      var options = SimulationOptions(
        rounds: 3, clients: 5,
        local: try LocalTraining(
          epochs: 1, batch: 10, optimizer: SGD(rate: 0.5), loss: .crossEntropy()),
        key: RandomKey(seed: 3))
      options.combiner = combiner
      options.evaluation = source
      let simulation = try Simulation(
        logistic(), devices, strategy: FedAvg(), options: options)
      try simulation.run()
      losses.append(simulation.history.rounds.last?.loss ?? .nan)
    }
    #expect(abs(losses[0] - losses[1]) < 1e-5)
  }
}
