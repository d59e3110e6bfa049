import Federated
import Foundations
import Learning
import Runtime
import Tensors

/// A strategy whose steps are functions of a script. Its clients run one after the other on the interpreter that runs
/// the simulation.
final class ScriptStrategy: Strategy, @unchecked Sendable {
  // Immutable; functions are called on the interpreter of the calling thread.
  private let first: Callable?
  private let clientStep: Callable
  private let serverStep: Callable
  /// Whether `server` takes the round, too.
  private let takesRound: Bool
  /// Where in the script it was made.
  private let place: String

  /// What tells it apart from other strategies of scripts: what its functions do and the values that they reach, as
  /// these were when it was made; where that cannot be told whole, also where it was made.
  let fingerprint: String

  private static let kept = "script.state"

  init(
    start: Callable?, client: Callable, server: Callable, takesRound: Bool, place: String, _ vm: VM
  ) {
    var content = FingerprintWriter()
    let writer = ContentWriter { content.add(bytes: $0) }
    for function in [start, client, server] {
      writer.write(function != nil)
      if let function { vm.writeContent(of: function.value, to: writer) }
    }
    writer.flush()
    fingerprint =
      "strategy(\(content.fingerprint)\(writer.isWhole ? "" : ", \(place)"))"
    first = start
    clientStep = client
    serverStep = server
    self.takesRound = takesRound
    self.place = place
  }

  /// The models that the functions are given: of one interpreter and the simulation that it last ran.
  private final class Workplace {
    /// The worker's.
    let model: Layer
    /// Another with the same layers, for the server's numbers.
    let server: Layer
    /// What `start` gave, until the server keeps it.
    var state: ParameterVector?
    var hasStarted = false

    init(_ model: Layer) throws {
      self.model = model
      server = try model.copied()
    }
  }

  var name: String { "strategy" }
  var callsScript: Bool { true }
  var wantsUpdates: Bool { true }
  var sends: [String] { [ScriptStrategy.kept] }

  private static func interpreter() throws -> VM {
    guard let vm = VM.current else {
      throw Fault(.value, "a strategy of a script runs on the script's own thread only")
    }
    return vm
  }

  /// A simulation of `model` begins, or goes on from a checkpoint: what the last one left is of no use. The server's
  /// step has its models from here on, also where nobody comes in the first rounds: with privacy it gets noise then.
  func prepare(for model: Layer) throws {
    try ScriptStrategy.interpreter().services[ObjectIdentifier(self)] = Workplace(model)
  }

  /// Runs `body` with random numbers that belong to a client or a round alone, and lets go of what it made.
  private func calling<Result>(
    _ vm: VM, _ key: RandomKey, _ body: () throws -> Result
  ) throws -> Result {
    let random = vm.random
    vm.random = RandomState(key: key.derived("script").low)
    defer { vm.random = random }
    // The script may change whatever it reaches.
    return try Cancellation.whole { try vm.scope(body) }
  }

  // MARK: The client

  func client(_ work: ClientWork) throws -> ClientUpdate {
    let vm = try ScriptStrategy.interpreter()
    let workplace = try workplace(work, vm)
    try work.server.model.write(to: workplace.server)
    return try calling(vm, work.random) {
      let state = try serverState(work.server, workplace, vm)
      let device = ScriptDevice(
        key: work.key, count: work.examples.count, examples: ScriptStrategy.examples(work),
        state: work.state[ScriptStrategy.kept])
      let server = Model(layer: workplace.server)
      let round = ScriptRound(number: work.round + 1, server: server, state: state)
      let model = Model(layer: work.model)
      let answer = try Answer(
        clientStep.call([model, device, round] as [any ValueEncodable]), like: server, place, vm)
      guard answer.update.vector.shapes == work.server.model.shapes else {
        throw Fault(
          .shape,
          "`client` of the strategy made at \(place) gave an update of another model: \(answer.update.vector.count) numbers, the server's model has \(work.server.model.count)"
        )
      }
      if let state = answer.state { work.state[ScriptStrategy.kept] = state.vector }
      return ClientUpdate(
        vectors: [answer.update.vector], examples: work.examples.count, steps: 0,
        loss: answer.loss)
    }
  }

  private func workplace(_ work: ClientWork, _ vm: VM) throws -> Workplace {
    let key = ObjectIdentifier(self)
    let known = vm.services[key] as? Workplace
    if let known, known.model === work.model { return known }
    let made = try Workplace(work.model)
    if let known { (made.state, made.hasStarted) = (known.state, known.hasStarted) }
    vm.services[key] = made
    return made
  }

  private func serverState(
    _ server: ServerState, _ workplace: Workplace, _ vm: VM
  ) throws -> ParameterVector? {
    if let kept = server.vectors[ScriptStrategy.kept] { return kept }
    guard let first, !workplace.hasStarted else { return workplace.state }
    let value = try first.call([Model(layer: workplace.server)] as [any ValueEncodable])
    workplace.state = value.isNothing ? nil : try PackedState.packed(value, vm)
    workplace.hasStarted = true
    return workplace.state
  }

  /// What makes the value of the examples of the device at work.
  private static func examples(_ work: ClientWork) -> () throws -> any ValueEncodable {
    let (source, places) = (work.source, work.examples)
    return {
      if let source = source as? any SelectableExamples { return try source.selected(places) }
      let batch = try source.batch(places)
      return Record([("inputs", batch.inputs), ("labels", batch.labels)])
    }
  }

  /// What `client` returned.
  private struct Answer {
    var update: ModelUpdate
    /// Nil where none was returned; the vector in it where the state is nil.
    var state: (vector: ParameterVector?, Void)?
    var loss = Double.nan

    init(_ value: Value, like model: Model, _ place: String, _ vm: VM) throws {
      var sent = value
      if let parts = try [Spelling: Value].attempt(value, vm), let update = parts["update"] {
        if let other = parts.keys.sorted().first(where: { !Answer.keys.contains($0.text) }) {
          throw Fault(
            .key,
            "`client` of the strategy made at \(place) gave `\(other.text)`, which means nothing here",
            hint: "it gives {update, state, loss}, the last two where wanted")
        }
        sent = update
        if let state = parts["state"] {
          self.state = (state.isNothing ? nil : try PackedState.packed(state, vm), ())
        }
        if let loss = parts["loss"] {
          guard let number = Double.decode(loss, vm) else {
            throw Fault(
              .type,
              "`client` of the strategy made at \(place) gave a loss that is no number: \(Representation.described(loss))"
            )
          }
          self.loss = number
        }
      }
      guard let update = try ModelUpdate.of(sent, like: model, vm) else {
        throw Fault(
          .type,
          "`client` of the strategy made at \(place) must give an update, it gave \(Representation.described(sent))",
          hint:
            "its last line may be `model - round.server`, or `{update: model - round.server, state: …}`"
        )
      }
      self.update = update
    }

    private static let keys: Set<String> = ["update", "state", "loss"]
  }

  // MARK: The server

  func aggregate(_ sum: RoundSum, _ server: inout ServerState) throws {
    let vm = try ScriptStrategy.interpreter()
    guard let workplace = vm.services[ObjectIdentifier(self)] as? Workplace else {
      throw Fault(.value, "the strategy made at \(place) was not prepared for a model")
    }
    try server.model.write(to: workplace.server)
    let key = RandomKey(seed: vm.random.key).derived("server", server.round)
    try calling(vm, key) {
      let state = try serverState(server, workplace, vm)
      let model = Model(layer: workplace.server)
      let round = ScriptRound(number: server.round + 1, server: model, state: state)
      let updates = ScriptUpdates(sum: sum, names: try model.trained().names)
      let arguments: [any ValueEncodable] = [model, updates] + (takesRound ? [round] : [])
      let value = try serverStep.call(arguments)
      server.vectors[ScriptStrategy.kept] = state
      let numbers = try moved(value, &server, vm)
      guard numbers.shapes == server.model.shapes else {
        throw Fault(
          .shape,
          "`server` of the strategy made at \(place) gave another model: \(numbers.count) trained numbers, not \(server.model.count)"
        )
      }
      guard numbers.norm.isFinite else {
        throw Fault(
          .value,
          "`server` of the strategy made at \(place) gave a model with numbers that are not finite in round \(server.round + 1)",
          hint: "lower its learning rate")
      }
      server.model = numbers
    }
  }

  /// The numbers of the model that `server` returned, its state taken into the server's.
  private func moved(
    _ value: Value, _ server: inout ServerState, _ vm: VM
  ) throws -> ParameterVector {
    var model = value
    if let parts = try [Spelling: Value].attempt(value, vm), let given = parts["model"] {
      model = given
      if let state = parts["state"] {
        server.vectors[ScriptStrategy.kept] =
          state.isNothing ? nil : try PackedState.packed(state, vm)
      }
    }
    guard let result = (model.object as? Boxed<Model>)?.value else {
      throw Fault(
        .type,
        "`server` of the strategy made at \(place) must give a model, it gave \(Representation.described(model))",
        hint: "its last line may be `model + updates.mean()`, or `{model: …, state: …}`")
    }
    return try result.trained().vector
  }
}
