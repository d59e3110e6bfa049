import Foundations
import Learning
import Tensors
import Testing

@testable import Federated

/// Numbers of a model of one parameter.
func vector(_ numbers: [Float]) throws -> ParameterVector {
  try ParameterVector(Tensor(numbers), shapes: [Shape([numbers.count])])
}

func numbers(_ vector: ParameterVector?) throws -> [Double] {
  try #require(vector).tensor.array(Float.self).map(Double.init)
}

func expectClose(
  _ vector: ParameterVector?, _ wanted: [Double], _ tolerance: Double = 1e-6,
  _ location: SourceLocation = #_sourceLocation
) throws {
  let found = try numbers(vector)
  #expect(found.count == wanted.count, sourceLocation: location)
  for (a, b) in zip(found, wanted) {
    #expect(abs(a - b) <= tolerance, "\(found) is not \(wanted)", sourceLocation: location)
  }
}

/// A round on a server that a strategy has just been started on.
private func aggregated(
  _ strategy: any Strategy, from model: [Float], devices: Int = 2, _ parts: [[Float]],
  weights: [Float], numbers: [Double] = []
) throws -> ServerState {
  var server = ServerState(model: try vector(model), devices: devices, rounds: 1)
  try strategy.start(&server)
  var sum = try vector([Float](repeating: 0, count: model.count))
  for (part, weight) in zip(parts, weights) { try sum.add(vector(part), times: weight) }
  try strategy.aggregate(
    RoundSum(vectors: [sum], numbers: numbers, clients: parts.count, examples: 40), &server)
  return server
}

/// A model whose loss has the gradient `slope` wherever it stands, on one example.
private func constantSlope(_ slope: [Float], at weights: [Float]) throws -> (
  model: Linear, source: TensorSource, loss: Loss
) {
  var stream = RandomStream(seed: 1)
  let model = try Linear(slope.count, 1, bias: false, random: &stream)
  try ParameterVector(
    Tensor(weights), shapes: [Shape([1, slope.count])]
  ).write(to: model)
  let source = try TensorSource(
    inputs: Tensor(slope, shape: [1, slope.count]), labels: Tensor(ints: [0]))
  return (model, source, Loss("output") { output, _ in try output.sum(axes: [1]) })
}

/// The published formulas at numbers that can be followed by hand.
@Suite struct StrategyFormulaTests {
  @Test func averagesBySamples() throws {
    let server = try aggregated(
      FedAvg(), from: [0, 0], [[1, 2], [3, -2]], weights: [0.75, 0.25])
    try expectClose(server.model, [1.5, 1])
  }

  @Test func novaTakesStepsOutOfDirections() throws {
    let server = try aggregated(
      FedNova(), from: [0, 0], [[1 / 4, 2 / 4], [3 / 8, -2 / 8]], weights: [0.75, 0.25],
      numbers: [0.75 * 4 + 0.25 * 8])
    try expectClose(server.model, [1.40625, 1.5625])
  }

  @Test func novaWeighsStepsAsTheyAddUp() {
    #expect(FedNova.weight(steps: 7, rate: 0.1, momentum: 0, mu: 0) == 7)
    // (τ - ρ(1 - ρ^τ)/(1 - ρ))/(1 - ρ), and a geometric sum.
    let momentum = (4 - 0.9 * (1 - 0.6561) / 0.1) / 0.1
    #expect(abs(FedNova.weight(steps: 4, rate: 0.1, momentum: 0.9, mu: 0) - momentum) < 1e-12)
    let pull = 1 + 0.95 + 0.95 * 0.95
    #expect(abs(FedNova.weight(steps: 3, rate: 0.1, momentum: 0, mu: 0.5) - pull) < 1e-12)
  }

  @Test(arguments: [
    (FedOpt.Kind.adam, 0.9, [0.09933558, 0.09900505]),
    (.yogi, 0.9, [0.09933556, 0.099005]),
    (.adagrad, 0.9, [0.00999334, 0.00999]),
    (.adagrad, 0, [0.09993336, 0.09990005]),
  ])
  func adaptsOnTheServer(_ kind: FedOpt.Kind, _ beta1: Double, _ wanted: [Double]) throws {
    let server = try aggregated(
      FedOpt(kind, learningRate: 0.1, beta1: beta1), from: [0, 0], [[1.5, 1]], weights: [1])
    try expectClose(server.model, wanted, 2e-8)
  }

  @Test func momentumIsKeptOnTheServer() throws {
    let strategy = try FedAvgM(learningRate: 0.5, momentum: 0.8)
    var server = ServerState(model: try vector([0, 0]), devices: 1, rounds: 2)
    try strategy.start(&server)
    for _ in 0..<2 {
      let sum = RoundSum(
        vectors: [try vector([1, -2])], numbers: [], clients: 1, examples: 1)
      try strategy.aggregate(sum, &server)
    }
    // 0.5 · (1 + 1.8).
    try expectClose(server.model, [1.4, -2.8])
  }

  @Test func dynamicRegularisationMovesPastTheMean() throws {
    let server = try aggregated(
      FedDyn(alpha: 0.1), from: [1, 1], devices: 4, [[-0.2, 0.1], [-0.1, -0.3]],
      weights: [0.5, 0.5])
    try expectClose(server.vectors["dyn.gradient"], [0.0075, 0.005])
    try expectClose(server.model, [0.775, 0.85])
  }

  @Test func fairWeightsFollowLosses() throws {
    let parts = [(0.5, Float(0.1)), (2, 0.2)].map { loss, moved in
      QFedAvg.part(
        loss: loss, squaredDistance: Double(moved * moved), q: 1, lipschitz: 10)
    }
    #expect(abs(parts[0].weight - 6) < 1e-6 && abs(parts[1].weight - 24) < 1e-6)
    // Displacements against the direction in which the published step is subtracted.
    let server = try aggregated(
      QFedAvg(q: 1), from: [0, 0],
      [[-0.1 * Float(parts[0].scale), 0], [0, -0.2 * Float(parts[1].scale)]], weights: [1, 1],
      numbers: [parts[0].weight + parts[1].weight])
    try expectClose(server.model, [-0.01666667, -0.13333333], 1e-7)
  }

  @Test func lateUpdatesCountLess() {
    let asynchrony = Asynchrony(buffer: 1, durations: .equal)
    #expect(asynchrony.weight(staleness: 0) == 1)
    #expect(asynchrony.weight(staleness: 3) == 0.5)
  }

  // MARK: What clients do

  /// A client at work on a loss with a constant gradient.
  private func client(
    slope: [Float], at weights: [Float], server: [Float], rate: Double, epochs: Int = 1,
    vectors: [String: [Float]] = [:], state: [String: [Float]] = [:]
  ) throws -> ClientWork {
    let (model, source, loss) = try constantSlope(slope, at: weights)
    func shaped(_ numbers: [Float]) throws -> ParameterVector {
      try ParameterVector(Tensor(numbers), shapes: [Shape([1, numbers.count])])
    }
    var held = ServerState(model: try shaped(server), devices: 4, rounds: 1)
    held.vectors = try vectors.mapValues(shaped)
    let local = try LocalTraining(
      epochs: epochs, batch: 1, optimizer: SGD(rate: rate), loss: loss)
    let work = try ClientWork(model, local, source, held)
    try work.begin(
      held, device: 0, key: .number(0), examples: [0], state: try state.mapValues(shaped),
      random: RandomKey(seed: 1))
    return work
  }

  @Test func proximalGradientPullsToTheServer() throws {
    let work = try client(slope: [0.1, 0.2], at: [1, 1], server: [0.6, 0.8], rate: 1)
    try work.set(ParameterVector(Tensor([1, 1] as [Float]), shapes: [[1, 2]]))
    _ = try work.train(GradientCorrection(pull: 0.5, towards: work.server.model))
    // The gradient is (0.3, 0.3).
    try expectClose(ParameterVector(work.model), [0.7, 0.7])
  }

  @Test func dittoPullsThePersonalModel() throws {
    let work = try client(
      slope: [0.2], at: [0.4], server: [0.4], rate: 1, state: ["ditto.model": [1]])
    let update = try Ditto(lambda: 0.5).client(work)
    try expectClose(update.vectors[0], [-0.2])
    // The gradient is 0.5.
    try expectClose(work.state["ditto.model"], [0.5])
  }

  @Test(arguments: [Scaffold.Control.path, .gradient])
  func controlVariatesFollowThePath(_ control: Scaffold.Control) throws {
    let work = try client(
      slope: [0.9, 0], at: [1, 1], server: [1, 1], rate: 0.1, epochs: 5,
      vectors: ["scaffold.control": [0.1, 0.3]], state: ["scaffold.own": [0.2, 0.1]])
    let update = try Scaffold(control: control).client(work)
    // Five steps of 0.1 · (g - c_i + c) from (1, 1) end at (0.6, 0.9).
    try expectClose(update.vectors[0], [-0.4, -0.1])
    try expectClose(work.state["scaffold.own"], [0.9, 0])
    try expectClose(update.vectors[1], [0.7, -0.1])
  }

  @Test func plainStepsAreAskedFor() throws {
    let (model, source, loss) = try constantSlope([1], at: [1])
    let devices = try DeviceSet(source: source, assignments: [0], count: 1)
    func message(_ optimizer: Optimizer, _ strategy: any Strategy) -> String? {
      let local = try? LocalTraining(optimizer: optimizer, loss: loss)
      guard let local else { return nil }
      do {
        try Simulation(
          model, devices, strategy: strategy,
          options: SimulationOptions(rounds: 1, clients: 1, local: local, key: RandomKey(seed: 1))
        ).run()
        return nil
      } catch { return (error as? DomainError)?.message }
    }
    #expect(try message(Adam(), Scaffold())?.contains("train with adam") == true)
    #expect(try message(SGD(rate: 0.1, momentum: 0.9), Scaffold())?.contains("momentum") == true)
    #expect(try message(SGD(rate: 0.1, momentum: 0.9), FedNova()) == nil)
    #expect(try message(Adam(), FedNova())?.contains("train with adam") == true)
    #expect(try message(SGD(rate: 0), QFedAvg(q: 1))?.contains("learning rate") == true)
  }

  @Test func numbersAreChecked() {
    let wrong: [() throws -> any Strategy] = [
      { try FedSGD(learningRate: 0) }, { try FedAvgM(momentum: 1) },
      { try FedAvgM(learningRate: .nan) }, { try FedProx(mu: -1) },
      { try FedProx(mu: .infinity) }, { try FedOpt(.adam, learningRate: 0.1, beta1: 1) },
      { try FedOpt(.adam, learningRate: 0.1, tau: 0) },
      { try FedOpt(.yogi, learningRate: 1e300) },
      { try FedOpt(.yogi, learningRate: 0.1, tau: 1e-30) },
      { try Scaffold(serverLearningRate: -1) }, { try FedNova(mu: -0.1) },
      { try FedDyn(alpha: 0) }, { try QFedAvg(q: -1) }, { try QFedAvg(q: 1, lipschitz: 0) },
      { try FedBuff(size: 0) }, { try Ditto(lambda: .nan) },
    ]
    for make in wrong { #expect(throws: DomainError.self) { _ = try make() } }
  }
}
