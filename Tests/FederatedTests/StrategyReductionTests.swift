import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

/// What strategies become where what sets them apart is switched off.
@Suite struct StrategyReductionTests {
  /// Six devices of different sizes.
  private func devices(_ seed: UInt64 = 2) throws -> DeviceSet {
    let sizes = [3, 8, 5, 12, 4, 8]
    let assignments = sizes.enumerated().flatMap { device, size in
      [Int32](repeating: Int32(device), count: size)
    }
    return try DeviceSet(
      source: points(assignments.count, seed: seed), assignments: assignments, count: sizes.count)
  }

  private func trained(
    _ strategy: any Strategy, weights: Weighting = .samples, rounds: Int = 4, clients: Int = 4,
    epochs: Int = 2, batch: Int = 4, rate: Double = 0.3, devices: DeviceSet? = nil
  ) throws -> (model: ParameterVector, simulation: Simulation) {
    let local = try LocalTraining(
      epochs: epochs, batch: batch, optimizer: SGD(rate: rate), loss: .crossEntropy())
    var options = SimulationOptions(
      rounds: rounds, clients: clients, local: local, key: RandomKey(seed: 11))
    options.weights = weights
    let simulation = try Simulation(
      logistic(), devices ?? self.devices(), strategy: strategy, options: options)
    try simulation.run()
    return (simulation.server.model, simulation)
  }

  private func expectSame(
    _ a: ParameterVector, _ b: ParameterVector, within tolerance: Double = 0,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let distance = try (a - b).norm
    #expect(distance <= tolerance, "they are \(distance) apart", sourceLocation: location)
  }

  @Test func withoutWhatSetsThemApartAllAreAveraging() throws {
    let average = try trained(FedAvg()).model
    let equal = try trained(FedAvg(), weights: .equal).model
    // What is compared is not alike by itself.
    #expect(try (average - equal).norm > 1e-3)
    try expectSame(trained(FedProx(mu: 0)).model, average)
    try expectSame(trained(FedAvgM(momentum: 0)).model, average)
    try expectSame(trained(Ditto(lambda: 0.3)).model, average)
    try expectSame(trained(QFedAvg(q: 0)).model, equal, within: 1e-5)
    try expectSame(trained(FedBuff(size: 4, durations: .equal)).model, equal)
    #expect(try (trained(FedProx(mu: 1)).model - average).norm > 1e-3)
    #expect(try (trained(QFedAvg(q: 2)).model - equal).norm > 1e-3)
  }

  @Test func novaOfEqualStepsIsAveraging() throws {
    // One batch a pass, whatever the device's size.
    let average = try trained(FedAvg(), batch: 20).model
    try expectSame(trained(FedNova(), batch: 20).model, average, within: 1e-6)
    #expect(try (trained(FedNova()).model - trained(FedAvg()).model).norm > 1e-3)
  }

  @Test func oneGradientIsOneStep() throws {
    let step = try trained(FedAvg(), epochs: 1, batch: 20, rate: 0.5).model
    try expectSame(
      trained(FedSGD(learningRate: 0.5), epochs: 1, batch: 20).model, step, within: 1e-6)
  }

  @Test func aSingleDeviceHasNothingToCorrect() throws {
    let alone = try DeviceSet(
      source: points(10), assignments: [Int32](repeating: 0, count: 10), count: 1)
    let average = try trained(FedAvg(), clients: 1, devices: alone).model
    try expectSame(
      trained(Scaffold(), clients: 1, devices: alone).model, average, within: 1e-6)
  }

  @Test func personalModelsWithoutPullLearnAlone() throws {
    let alone = try DeviceSet(
      source: points(10), assignments: [Int32](repeating: 0, count: 10), count: 1)
    let (model, simulation) = try trained(
      Ditto(lambda: 0), rounds: 1, clients: 1, devices: alone)
    try expectSame(#require(simulation.personalModel(0)), model, within: 1e-6)
  }

  @Test func personalAccuracyIsMeasuredByKey() throws {
    let (_, simulation) = try trained(Ditto(lambda: 0.1), clients: 6)
    let rows = try simulation.personalAccuracies(on: devices(9))
    #expect(rows.map(\.key) == (0..<6).map { .number($0) })
    #expect(rows.map(\.examples) == [3, 8, 5, 12, 4, 8])
    #expect(rows.allSatisfy { (0...1).contains($0.shared) && (0...1).contains($0.personal) })
    let (_, other) = try trained(FedAvg())
    #expect(throws: DomainError.self) { _ = try other.personalAccuracies(on: devices()) }
  }

  @Test func frozenLayersAreNeitherTrainedNorSent() throws {
    var stream = RandomStream(seed: 4)
    let (bottom, top) = (try Linear(2, 8, random: &stream), try Linear(8, 2, random: &stream))
    bottom.setTrainable(false)
    let before = try bottom.weight.data.array(Float.self)
    let local = try LocalTraining(batch: 4, optimizer: SGD(rate: 0.3), loss: .crossEntropy())
    let simulation = try Simulation(
      Sequential([bottom, top]), devices(), strategy: FedAvg(),
      options: SimulationOptions(rounds: 1, clients: 6, local: local, key: RandomKey(seed: 1)))
    try simulation.run()
    #expect(try bottom.weight.data.array(Float.self) == before)
    let round = simulation.history.rounds[0]
    // 8 · 2 weights and 2 biases of the top, four bytes each, on 6 devices.
    #expect(round.bytesUp == 6 * 4 * 18 && round.bytesDown == 6 * 4 * 18)
  }

  @Test func controlVariatesCostTwiceAsMuch() throws {
    let plain = try trained(FedAvg(), rounds: 1).simulation.history.rounds[0]
    let twice = try trained(Scaffold(), rounds: 1).simulation.history.rounds[0]
    #expect(twice.bytesUp == 2 * plain.bytesUp && twice.bytesDown == 2 * plain.bytesDown)
  }

  // MARK: Without waiting

  @Test func lateUpdatesStartFromOldModels() throws {
    // Two devices at a time, a step for each update: from the second step on each is one step late.
    let fleet = try DeviceSet(
      source: points(12), assignments: (0..<12).map { $0 < 5 ? 0 : 1 }, count: 2)
    let found = try trained(
      FedBuff(size: 1, durations: .equal), rounds: 4, clients: 2, epochs: 1, batch: 20,
      devices: fleet
    ).model
    let late = Float(1 / 2.0.squareRoot())
    let model = try logistic()
    func moved(_ device: Int, from start: ParameterVector) throws -> ParameterVector {
      try start.write(to: model)
      let step = try TrainingStep(
        model: model, loss: .crossEntropy(), optimizer: SGD(rate: 0.3), key: RandomKey(seed: 1))
      _ = try step.run(fleet.source.batch(fleet.examples(device).map(Int.init)))
      return try ParameterVector(model) - start
    }
    var models = [try ParameterVector(logistic())]
    for (step, (device, start)) in [(0, 0), (1, 0), (0, 1), (1, 2)].enumerated() {
      var next = models[step]
      try next.add(moved(device, from: models[start]), times: step == 0 ? 1 : late)
      models.append(next)
    }
    try expectSame(found, models[4], within: 1e-5)
  }

  @Test func theClockKeepsClientsApart() throws {
    var clock = AsynchronousClock(buffer: 2, concurrency: 4)
    var stream = RandomStream(seed: 3)
    var latest = 0
    for round in 0..<50 {
      let starts = try clock.next { wanted, busy, _, _ in
        Array((0..<7).filter { !busy.contains($0) }.prefix(wanted))
      } seconds: { _ in
        0.1 + stream.uniform()
      }
      #expect(starts.count == 2 && starts[0].device < starts[1].device)
      #expect(starts.allSatisfy { $0.round <= round })
      #expect(clock.versions.allSatisfy { $0 <= round })
      latest = max(latest, starts.map { round - $0.round }.max() ?? 0)
    }
    #expect(latest >= 1)
    // Fewer devices than the buffer holds: a step takes each once.
    var small = AsynchronousClock(buffer: 5, concurrency: 4)
    let starts = try small.next { wanted, busy, _, _ in
      Array((0..<3).filter { !busy.contains($0) }.prefix(wanted))
    } seconds: { _ in
      1
    }
    #expect(starts.map(\.device) == [0, 1, 2])
  }
}
