import Federated
import Foundations
import Learning
import Runtime

/// The parameters of `fed.simulate`, and the options that they make.
enum SimulationParameters {
  static let model = Runtime.Param<Model>("model", "The model, which is changed.", mutates: true)
  static let devices = Runtime.Param<DeviceSet>(
    "devices", "Devices with their examples, as `fed.partition` gives.")
  static let strategy = Runtime.Param<StrategyValue?>(
    "strategy", "What clients and server do; nil is `fed.avg()`.", default: nil, text: "fed.avg()",
    named: true)
  private static let rounds = Runtime.Param<Int>(
    "rounds", "Rounds in all.", default: 50, .within(1, 10_000_000), named: true)
  private static let clients = Runtime.Param<Int>(
    "clients", "Devices that a round asks for; all, where there are fewer.", default: 10,
    .positive, named: true)
  private static let local = Runtime.Param<[Spelling: Value]>(
    "local",
    "How a client trains: `epochs`, `batch` (examples a step), `optimizer`, `loss` (as of `nn.train`; nil is cross-entropy). What is left out is as in the default.",
    default: [:], text: "{epochs: 1, batch: 10, optimizer: optim.sgd(0.1)}", named: true)
  private static let selection = Runtime.Param<Value?>(
    "selection",
    "Who is drawn: \"uniform\" (every device alike), \"samples\" (by the number of its examples), or a rule such as `fed.power(0.5)`.",
    default: nil, text: "\"uniform\"", named: true)
  private static let weights = Runtime.Param<String>(
    "weights",
    "How a round's updates are weighed: by the number of \"samples\", or \"equal\". Devices drawn by \"samples\" and weighed so count twice.",
    default: "samples", .oneOf(["samples", "equal"]), named: true)
  private static let setting = Runtime.Param<Value?>(
    "setting",
    "What devices hold in a round: `fed.static()`, all from the start, or `fed.continual(…)`, as it arrives.",
    default: nil, text: "fed.static()", named: true)
  private static let availability = Runtime.Param<Value?>(
    "availability",
    "Who is there, how fast, and who is lost on the way: `fed.traces(…)`; nil: all are, always.",
    default: nil, named: true)
  private static let labels = Runtime.Param<Value?>(
    "labels",
    "\"given\": examples come with theirs. Or a rule such as `fed.weak(…)`, by which devices make them.",
    default: nil, text: "\"given\"", named: true)
  private static let evaluate = Runtime.Param<Value?>(
    "evaluate",
    "Examples, or devices with theirs, on which the server's model is measured; nil measures nothing.",
    default: nil, named: true)
  private static let every = Runtime.Param<Int>(
    "every", "Rounds between two measurements; the last round is always measured.", default: 1,
    .positive, named: true)
  private static let privacy = Runtime.Param<Value?>(
    "privacy",
    "How devices are protected: `fed.central(…)`, `fed.local(…)` or `fed.distributed(…)`; nil: not.",
    default: nil, named: true)
  private static let secure = Runtime.Param<Value?>(
    "secure", "`fed.secure(…)`: the server sees the sum of the updates alone; nil: it sees each.",
    default: nil, named: true)
  private static let aggregate = Runtime.Param<Value?>(
    "aggregate",
    "How updates become one: \"mean\", \"median\", or a rule such as `fed.trimmed(0.1)`.",
    default: nil, text: "\"mean\"", named: true)
  private static let attack = Runtime.Param<Value?>(
    "attack", "What malicious devices do: `fed.attack(…)`; nil: there are none.", default: nil,
    named: true)
  private static let compress = Runtime.Param<Value?>(
    "compress", "How updates are made smaller: `fed.top_k(0.01)` …; nil: they are sent whole.",
    default: nil, named: true)
  private static let onFailure = Runtime.Param<String>(
    "on_failure",
    "What becomes of a client that fails or sends what is no number: it ends the simulation (\"stop\"), or is left out of the round (\"skip\").",
    default: "stop", .oneOf(["stop", "skip"]), named: true)
  static let buckets = Runtime.Param<Int>(
    "activity_buckets", "Into how many groups `history.by_activity` puts devices.", default: 4,
    .within(1, 1000), named: true)
  static let checkpoint = Runtime.Param<String?>(
    "checkpoint",
    "A file that keeps the simulation's state; a simulation that finds it goes on from there, with the same result bit for bit (with secure noise: with other noise). A ledger that was charged for it is charged only for rounds that it begins twice; one that knows nothing of it, or where devices send a few times only, for all again. The file is not private.",
    default: nil, named: true)
  static let checkpointEvery = Runtime.Param<Int>(
    "checkpoint_every", "Rounds between two checkpoints; with `privacy` always 1.", default: 1,
    .positive, named: true)
  private static let workers = Runtime.Param<Int?>(
    "workers",
    "How many clients are computed at once, each with a copy of the model; nil: as many as threads may run. 1 where the loss or the strategy is a function of the script.",
    default: nil, .within(1, 1024), named: true)

  static let all: [any AnyParam] = [
    model, devices, strategy, rounds, clients, local, selection, weights, setting, availability,
    labels, evaluate, every, privacy, secure, aggregate, attack, compress, onFailure, buckets,
    checkpoint, checkpointEvery, workers,
  ]

  /// What a call asks for.
  struct Request {
    var options: SimulationOptions
    /// Devices whose examples are held out, where `evaluate` is such.
    var held: DeviceSet?
  }

  static func request(_ arguments: inout Arguments, for model: Model) throws -> Request {
    let vm = arguments.vm
    let training = try localTraining(try arguments(local), model, vm)
    var options = SimulationOptions(
      rounds: try arguments(rounds), clients: try arguments(clients), local: training.local,
      key: vm.randomKey("fed.simulate"))
    options.callsScript = training.callsScript
    options.weights = try arguments(weights) == "equal" ? .equal : .samples
    options.every = try arguments(every)
    options.skipsFailures = try arguments(onFailure) == "skip"
    options.neighbours = vm.neighbours
    options.workers = try arguments(workers)
    try setRounds(&options, &arguments)
    try setSums(&options, &arguments)
    let held = try evaluation(&options, &arguments)
    return Request(options: options, held: held)
  }

  private static func localTraining(
    _ given: [Spelling: Value], _ model: Model, _ vm: VM
  ) throws -> (local: LocalTraining, callsScript: Bool) {
    let known: Set<Spelling> = ["epochs", "batch", "optimizer", "loss"]
    if let other = given.keys.sorted().first(where: { !known.contains($0) }) {
      throw Fault(
        .key, "local training has no `\(other.text)`",
        hint: "it has `epochs`, `batch`, `optimizer` and `loss`")
    }
    func entry<T: Bindable>(_ name: Spelling, _ what: String, as type: T.Type) throws -> T? {
      guard let value = given[name], !value.isNothing else { return nil }
      guard let found = try T.attempt(value, vm) else {
        throw Fault(
          .type,
          "`\(name.text)` of local training is \(what), got \(Representation.described(value))")
      }
      return found
    }
    let loss = try entry("loss", "a function of outputs and labels", as: Callable.self)
    let optimizer = try entry("optimizer", "an optimizer", as: OptimizerSettings.self)
    let local = try LocalTraining(
      epochs: entry("epochs", "a whole number", as: Int.self) ?? 1,
      batch: entry("batch", "a whole number", as: Int.self) ?? 10,
      optimizer: optimizer?.optimizer.fresh() ?? SGD(rate: 0.1), loss: .ofScript(loss, for: model))
    return (local, loss != nil)
  }

  /// Who takes part in rounds, and with what.
  private static func setRounds(
    _ options: inout SimulationOptions, _ arguments: inout Arguments
  ) throws {
    let vm = arguments.vm
    let names = Array(NamedRules.selections.keys)
    let drawn = try arguments(selection)
    if let named = drawn?.string.flatMap({ NamedRules.selections[$0] }) {
      options.selection = named
    } else if let rule = try NamedRules.rule(drawn, for: "selection", names: names, vm) {
      guard case .selection(let found) = rule.role else {
        throw NamedRules.misplaced(rule, "selection")
      }
      options.selection = found
    }
    if let rule = try NamedRules.rule(try arguments(setting), for: "setting", vm) {
      guard case .setting(let found) = rule.role else {
        throw NamedRules.misplaced(rule, "setting")
      }
      options.setting = found
    }
    if let rule = try NamedRules.rule(try arguments(availability), for: "availability", vm) {
      guard case .availability(let found) = rule.role else {
        throw NamedRules.misplaced(rule, "availability")
      }
      options.availability = found
    }
    let labels = try arguments(labels)
    guard labels?.string != "given" else { return }
    if let rule = try NamedRules.rule(labels, for: "labels", names: ["given"], vm) {
      guard case .labelling(let found) = rule.role else {
        throw NamedRules.misplaced(rule, "labels")
      }
      options.labelling = found
    }
  }

  /// What becomes of updates on their way: what malicious devices do to them, how they are made smaller, bounded,
  /// protected and summed.
  private static func setSums(
    _ options: inout SimulationOptions, _ arguments: inout Arguments
  ) throws {
    let vm = arguments.vm
    for parameter in [attack, compress] {
      guard let rule = try NamedRules.rule(try arguments(parameter), for: parameter.name, vm)
      else { continue }
      guard case .step(let step) = rule.role else {
        throw NamedRules.misplaced(rule, parameter.name)
      }
      options.updateSteps.append(step)
    }
    let sum = try arguments(aggregate)
    if let named = sum?.string.flatMap({ NamedRules.aggregations[$0] }) {
      options.combiner = named
    } else if sum?.string != "mean",
      let rule = try NamedRules.rule(
        sum, for: "aggregate", names: ["mean"] + NamedRules.aggregations.keys, vm)
    {
      switch rule.role {
      case .combiner(let found): options.combiner = found
      default: throw NamedRules.misplaced(rule, "aggregate")
      }
    }
    if let rule = try NamedRules.rule(try arguments(secure), for: "secure", vm) {
      guard case .combiner(let found) = rule.role else {
        throw NamedRules.misplaced(rule, "secure")
      }
      guard options.combiner == nil else {
        throw Fault(
          .value, "`aggregate` looks at each update, with `secure` nobody sees any",
          hint: "leave one of the two away")
      }
      options.combiner = found
    }
    if let rule = try NamedRules.rule(try arguments(privacy), for: "privacy", vm) {
      guard case .privacy(let found) = rule.role else {
        throw NamedRules.misplaced(rule, "privacy")
      }
      let repeats = !vm.isInLedger && (vm.isTrial || vm.isSeeded)
      options.privacy = repeats ? found.seeded() : found
    }
  }

  private static func evaluation(
    _ options: inout SimulationOptions, _ arguments: inout Arguments
  ) throws -> DeviceSet? {
    guard let value = try arguments(evaluate), !value.isNothing else { return nil }
    if let devices = try DeviceSet.attempt(value, arguments.vm) {
      options.evaluation = devices.examples
      return devices.keys == nil ? nil : devices
    }
    guard let examples = try TrainingExamples.attempt(value, arguments.vm) else {
      throw Fault(
        .type,
        "`evaluate` takes examples or devices with theirs, got \(Representation.described(value))"
      )
    }
    options.evaluation = examples.source
    return nil
  }
}
