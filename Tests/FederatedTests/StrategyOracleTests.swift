import Foundation
import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

/// Trajectories of Scripts/oracles/federated.py, which computes them in 64 bits with NumPy.
struct StrategyOracle {
  struct Step {
    let cohort: [Int]
    let model: [Double]
  }

  let devices: DeviceSet
  let steps: [Step]

  static func lines(_ name: String) throws -> [[String]] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("Oracles/\(name).csv")
    return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").dropFirst().map {
      $0.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
    }
  }

  init(_ fleet: String, _ strategy: String) throws {
    let rows = try StrategyOracle.lines("federated_data").filter { $0[0] == fleet }
    let inputs = try rows.flatMap { row in try row[2...4].map { try #require(Float($0)) } }
    devices = try DeviceSet(
      source: TensorSource(
        inputs: Tensor(inputs, shape: [rows.count, 3]),
        labels: Tensor(ints: rows.map { try #require(Int($0[5])) })),
      assignments: rows.map { try #require(Int32($0[1])) }, count: 5)
    steps = try StrategyOracle.lines("federated").filter { $0[0] == fleet && $0[1] == strategy }
      .map { row in
        Step(
          cohort: try row[3].split(separator: " ").map { try #require(Int($0)) },
          model: try row[4...].map { try #require(Double($0)) })
      }
  }
}

/// Each round is a period, in which those hold data who take part in it.
private struct Cohorts: DataSetting {
  let cohorts: [[Int]]
  var fingerprint: String { "cohorts" }
  func period(of round: Int, rounds: Int) -> Int { round }
  func examples(of device: Int, in devices: DeviceSet, period: Int) -> ArraySlice<Int32> {
    cohorts[period].contains(device) ? devices.examples(device) : []
  }
  func size(of device: Int, in devices: DeviceSet, period: Int) -> Int {
    examples(of: device, in: devices, period: period).count
  }
}

@Suite struct StrategyOracleTests {
  static let strategies:
    [(name: String, momentum: Double, make: @Sendable () throws -> any Strategy)] =
      [
        ("sgd", 0, { try FedSGD(learningRate: 0.7) }), ("avg", 0, { FedAvg() }),
        ("avgm", 0, { try FedAvgM(learningRate: 0.5, momentum: 0.9) }),
        ("prox", 0, { try FedProx(mu: 0.3) }),
        ("adam", 0, { try FedOpt(.adam, learningRate: 0.1) }),
        ("yogi", 0, { try FedOpt(.yogi, learningRate: 0.1) }),
        ("adagrad", 0, { try FedOpt(.adagrad, learningRate: 0.1, beta1: 0) }),
        ("scaffold_path", 0, { try Scaffold() }),
        ("scaffold_gradient", 0, { try Scaffold(control: .gradient) }),
        ("nova", 0, { try FedNova() }), ("nova_momentum", 0.6, { try FedNova() }),
        ("nova_prox", 0, { try FedNova(mu: 0.3) }), ("dyn", 0, { try FedDyn(alpha: 0.2) }),
        ("q_avg", 0, { try QFedAvg(q: 1.5) }),
      ]

  private func simulation(
    _ oracle: StrategyOracle, _ strategy: any Strategy, momentum: Double, batch: Int, rounds: Int
  ) throws -> Simulation {
    var stream = RandomStream(seed: 1)
    let model = try Linear(3, 3, random: &stream)
    try ParameterVector(
      Tensor(oracle.steps[0].model.map(Float.init)), shapes: [[3, 3], [3]]
    ).write(to: model)
    let local = try LocalTraining(
      epochs: 3, batch: batch, optimizer: SGD(rate: 0.4, momentum: momentum), loss: .crossEntropy())
    var options = SimulationOptions(
      rounds: rounds, clients: 5, local: local, key: RandomKey(seed: 5))
    options.setting = Cohorts(cohorts: oracle.steps.dropFirst().map(\.cohort))
    return try Simulation(model, oracle.devices, strategy: strategy, options: options)
  }

  @Test(arguments: [("varied", 20), ("repeated", 4)], 0..<strategies.count)
  func followsTheReference(_ fleet: (name: String, batch: Int), _ index: Int) throws {
    let (name, momentum, make) = StrategyOracleTests.strategies[index]
    let oracle = try StrategyOracle(fleet.name, name)
    try #require(oracle.steps.count == 11)
    for rounds in [1, 2, 5, 10] {
      let simulation = try simulation(
        oracle, make(), momentum: momentum, batch: fleet.batch, rounds: rounds)
      try simulation.run()
      let found = try numbers(simulation.server.model)
      for (a, b) in zip(found, oracle.steps[rounds].model) {
        #expect(abs(a - b) < 2e-5, "\(name), \(fleet.name), round \(rounds): \(a), not \(b)")
      }
    }
  }

  @Test func personalModelsFollowTheReference() throws {
    let oracle = try StrategyOracle("varied", "ditto")
    let simulation = try simulation(
      oracle, Ditto(lambda: 0.25), momentum: 0, batch: 20, rounds: 10)
    try simulation.run()
    let found = try numbers(simulation.personalModel(2))
    for (a, b) in zip(found, oracle.steps[10].model) { #expect(abs(a - b) < 2e-5) }
  }
}
