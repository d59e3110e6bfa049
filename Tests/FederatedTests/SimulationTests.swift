import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

/// Two classes in the plane, easy to tell apart.
func points(_ count: Int, seed: UInt64 = 1) throws -> TensorSource {
  var stream = RandomStream(seed: seed)
  let labels = (0..<count).map { $0 % 2 }
  let inputs = labels.flatMap { label in
    (0..<2).map { _ in Float(stream.uniform() - 0.5 + Double(label)) }
  }
  return try TensorSource(
    inputs: Tensor(inputs, shape: [count, 2]), labels: Tensor(ints: labels))
}

func logistic(seed: UInt64 = 7) throws -> Linear {
  var stream = RandomStream(seed: seed)
  return try Linear(2, 2, random: &stream)
}

@Suite struct SimulationTests {
  @Test func oneClientIsPlainTraining() throws {
    let source = try points(20)
    let devices = try DeviceSet(
      source: source, assignments: [Int32](repeating: 0, count: 20), count: 1)
    let model = try logistic()
    let plain = try logistic()
    let local = try LocalTraining(
      epochs: 1, batch: 20, optimizer: SGD(rate: 0.1), loss: .crossEntropy())
    let simulation = try Simulation(
      model, devices, strategy: FedAvg(),
      options: SimulationOptions(rounds: 5, clients: 1, local: local, key: RandomKey(seed: 3)))
    try simulation.run()
    let step = try TrainingStep(
      model: plain, loss: .crossEntropy(), optimizer: SGD(rate: 0.1), key: RandomKey(seed: 3))
    for _ in 0..<5 { _ = try step.run(source.batch(Array(0..<20))) }
    let difference = try ParameterVector(model) - ParameterVector(plain)
    #expect(difference.norm < 1e-6)
    #expect(simulation.history.rounds.count == 5)
  }
}
