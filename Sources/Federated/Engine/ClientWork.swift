import Foundations
import Learning
import Tensors

/// A client at work: the worker's model with the server's numbers in it, and the examples of one device. A strategy
/// asks it to train and takes the difference. One for each worker, used for one client after the other.
public final class ClientWork {
  /// The worker's own copy of the model, changed in place.
  public let model: Layer
  public let local: LocalTraining
  public private(set) var server: ServerState
  /// The device's place in the order of keys, and its key.
  public private(set) var device = 0
  public private(set) var key = DeviceKey.number(0)
  /// The numbers of its examples in the store.
  public private(set) var examples: [Int] = []
  /// What the device keeps between its rounds, by name.
  public var state: [String: ParameterVector] = [:]
  /// Names the random numbers of this client in this round.
  public private(set) var random = RandomKey(seed: 0)

  private let store: any BatchSource
  private let labelling: (any Labelling)?
  /// What `examples` count in: the store, or the device's own examples with labels that it made itself.
  public private(set) var source: any BatchSource
  /// What a device that attacks does to its examples.
  var attacks: [any DataAttack] = []
  private let step: TrainingStep
  /// The model's, which are trained.
  private let parameters: [Parameter]
  /// Memory for the next client's vector.
  private var spare: ParameterVector?

  init(
    _ model: Layer, _ local: LocalTraining, _ source: any BatchSource, _ server: ServerState,
    labelling: (any Labelling)? = nil
  ) throws {
    self.model = model
    self.local = local
    store = source
    self.source = source
    self.server = server
    self.labelling = labelling
    parameters = ParameterVector.trained(model)
    step = try TrainingStep(
      model: model, loss: local.loss, optimizer: local.optimizer.fresh(), key: random)
  }

  /// The round, counted from 0.
  public var round: Int { server.round }

  func begin(
    _ server: ServerState, device: Int, key: DeviceKey, examples: ArraySlice<Int32>,
    state: [String: ParameterVector], random: RandomKey
  ) throws {
    self.server = server
    self.device = device
    self.key = key
    self.examples = examples.map(Int.init)
    self.state = state
    self.random = random
    source = store
    try server.model.write(to: parameters)
  }

  /// What a client of a round sends, and what its device keeps; nil where it has nothing to train on.
  func update(_ client: RoundWork.Client, _ work: RoundWork) throws -> (
    update: ClientUpdate, state: [String: ParameterVector]
  )? {
    try begin(
      client.server ?? work.server, device: client.device, key: client.key,
      examples: client.examples,
      state: client.state, random: client.random)
    if let labelling {
      let made = try labelling.labels(store, examples: examples, model: model)
      guard made.examples.count == made.labels.count else {
        throw DomainError(
          .value,
          "there are \(made.examples.count) examples and \(made.labels.count) labels for them")
      }
      source = RelabelledSource(source: store, examples: made.examples, labels: made.labels)
      examples = Array(made.examples.indices)
    }
    guard !examples.isEmpty else { return nil }
    var update = try work.strategy.client(self)
    try ClientWork.requireFinite(update)
    guard !work.steps.isEmpty else { return (update, state) }
    var sender = Sender(
      device: device, key: key, round: round, random: random, state: state)
    for step in work.steps { try step.apply(&update, &sender) }
    try ClientWork.requireFinite(update)
    return (update, sender.state)
  }

  /// One number that is none would spoil the model of all.
  private static func requireFinite(_ update: ClientUpdate) throws {
    guard update.vectors.allSatisfy({ $0.norm.isFinite }), update.numbers.allSatisfy(\.isFinite)
    else {
      throw DomainError(
        .value, "its update is not finite: the training diverged",
        hint: "lower the local learning rate")
    }
  }

  /// Sets the model to other numbers than the server's.
  public func set(_ numbers: ParameterVector) throws { try numbers.write(to: parameters) }

  /// Trains the model as it stands on the device's examples.
  /// - Parameter correction: what is added to each step's gradient.
  public func train(_ correction: GradientCorrection? = nil) throws -> LocalTraining.Result {
    step.restart(key: random.derived("training"))
    step.correction = correction
    var stream = random.derived("order").stream
    var (loss, steps) = (0.0, 0)
    for epoch in 0..<local.epochs {
      let order = stream.permutation(examples.count)
      for start in stride(from: 0, to: order.count, by: local.batch) {
        try Cancellation.check()
        let rows = order[start..<min(start + local.batch, order.count)].map { examples[$0] }
        let batch = try attacks.reduce(try source.batch(rows)) {
          try $1.relabel($0, device: device)
        }
        let result = try step.run(batch)
        if epoch == 0 { loss += result.loss * Double(rows.count) }
        steps += 1
      }
    }
    return LocalTraining.Result(
      examples: examples.count, steps: steps, loss: loss / Double(examples.count))
  }

  /// The gradient of the mean loss with the model as it stands, which is not changed.
  /// - Parameter count: of so many of the device's examples, drawn without replacement; nil: of all.
  public func gradient(of count: Int? = nil) throws -> (gradient: ParameterVector, loss: Double) {
    step.restart(key: random.derived("gradient"))
    step.correction = nil
    guard let count, count < examples.count else {
      return try step.meanGradient(source.batch(examples))
    }
    var stream = random.derived("order").stream
    let order = stream.permutation(examples.count).prefix(count)
    return try step.meanGradient(source.batch(order.map { examples[$0] }))
  }

  /// How far the model is from the server's: new - old.
  public func displacement() throws -> ParameterVector {
    guard var result = spare.take() else {
      return try ParameterVector(parameters, minus: server.model)
    }
    try result.set(to: parameters, minus: server.model)
    return result
  }

  /// Takes back an update that was added up: the memory of its vector is the next client's.
  func recycle(_ update: ClientUpdate) {
    spare = update.vectors.first { $0.shapes == server.model.shapes }
  }

  /// The mean loss of the device's examples with the model as it stands.
  public func loss() throws -> Double {
    try Evaluation(model).meanLoss(SubsetSource(source, examples), local.loss)
  }
}

/// Some examples of a source.
struct SubsetSource: BatchSource {
  let source: any BatchSource
  let examples: [Int]

  init(_ source: any BatchSource, _ examples: [Int]) {
    self.source = source
    self.examples = examples
  }

  var count: Int { examples.count }
  func batch(_ indices: [Int]) throws -> Batch { try source.batch(indices.map { examples[$0] }) }
  func length(_ index: Int) -> Int? { source.length(examples[index]) }
}
