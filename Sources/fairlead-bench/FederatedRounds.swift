import Federated
import Foundations
import Learning
import Synchronization
import Tensors

/// Rounds of federated averaging on random examples: one epoch of SGD on each client of a round. The work is a round.
final class FederatedRounds: Workload {
  private let simulation: Simulation
  private let cohort: Int

  /// `network` is logreg, mlp or lstm_lm (1000 devices of 20 examples, 50 a round), or million (1,000,000 devices of 4
  /// texts, 1000 a round).
  init(network: String, threads: Int) throws {
    var random = RandomStream(seed: 0)
    let registered = network == "million" ? 1_000_000 : 1000
    let each = network == "million" ? 4 : 20
    cohort = network == "million" ? 1000 : 50
    let source = try FederatedRounds.examples(network, registered * each, &random)
    let devices = try DeviceSet(
      source: source, assignments: (0..<registered * each).map { Int32($0 / each) },
      count: registered)
    let local = try LocalTraining(
      epochs: 1, batch: 10, optimizer: SGD(rate: 0.1), loss: .crossEntropy())
    var options = SimulationOptions(
      rounds: 10_000_000, clients: cohort, local: local, key: RandomKey(seed: 1))
    options.workers = threads
    simulation = try Simulation(
      FederatedRounds.model(network, &random), devices, strategy: FedAvg(), options: options)
    _ = try run(1)
  }

  private static func model(_ network: String, _ random: inout RandomStream) throws -> Layer {
    switch network {
    case "logreg": try Linear(784, 10, random: &random)
    case "mlp":
      try Sequential([
        Linear(784, 128, random: &random), Activation(.relu), Linear(128, 10, random: &random),
      ])
    case "lstm_lm":
      try Sequential([
        Embedding(2000, 64, random: &random), LSTM(64, 128, random: &random),
        Linear(128, 2000, random: &random),
      ])
    case "million":
      try Sequential([
        Embedding(10_000, 32, random: &random), Pooling(.mean), Linear(32, 20, random: &random),
      ])
    default: throw Unsupported(message: "unknown network: \(network)")
    }
  }

  private static func examples(
    _ network: String, _ count: Int, _ random: inout RandomStream
  ) throws -> TensorSource {
    switch network {
    case "lstm_lm":
      try TensorSource(
        inputs: Tensor.integers([count, 20], from: 0, below: 2000, &random),
        labels: Tensor.integers([count, 20], from: 0, below: 2000, &random))
    case "million":
      try TensorSource(
        inputs: Tensor.integers([count, 8], from: 0, below: 10_000, &random),
        labels: Tensor.integers([count], from: 0, below: 20, &random))
    default:
      try TensorSource(
        inputs: Tensor.uniform([count, 784], low: -1, high: 1, &random),
        labels: Tensor.integers([count], from: 0, below: 10, &random))
    }
  }

  var facts: [(name: String, value: Double)] {
    [("parameters", Double(simulation.server.model.count)), ("clients", Double(cohort))]
  }

  var check: Double { simulation.history.rounds.last?.trainLoss ?? .nan }

  func run(_ count: Int) throws -> [Double] {
    let left = Countdown(count)
    var seconds: [Double] = []
    var callbacks = SimulationCallbacks()
    callbacks.shouldStop = { left.isOver }
    callbacks.onRound = {
      seconds.append($0.round.seconds)
      left.countDown()
    }
    try simulation.run(callbacks)
    return seconds
  }
}

/// Rounds that are still wanted.
private final class Countdown: Sendable {
  private let left: Atomic<Int>
  init(_ count: Int) { left = Atomic(count) }
  var isOver: Bool { left.load(ordering: .relaxed) <= 0 }
  func countDown() { left.subtract(1, ordering: .relaxed) }
}
