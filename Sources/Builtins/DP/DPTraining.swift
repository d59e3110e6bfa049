import Foundations
import Learning
import Privacy
import Runtime
import Tables
import Tensors

/// `dp.train`.
enum DPTraining {
  static let loss = Param<Callable?>(
    "loss",
    "`(outputs, labels) => …`, one number per example, which it sees as a batch of one; nil is cross-entropy.",
    default: nil, named: true)

  static let train = Native(
    "train",
    "Trains a model with differential privacy. Poisson sampling (dp-ftrl: none), clipping, Gaussian noise calibrated to the budget, accounting by privacy loss distributions. What holds is the result's `epsilon`, for data that differ by one example more or less, or by one user with all of theirs where `unit` is given; its losses, and a vocabulary counted on the same data, are not private. Each example's gradient is computed as if it were alone: a loss or module that mixes the examples of a batch sees batches of one (with `unit`, one user's examples), and may keep nothing from call to call. How many examples there are counts as known: steps and the sample rate follow from it. Noise and sums are 32-bit floats: noise ends at 6.8 standard deviations, which adds up to steps · sample_rate · P(z > 6.76 - 1 / sigma) to delta (4e-9 times the steps an example is in, at sigma 1), and the last bits of a sum are not hidden; so a delta below 1e-7 is one of exact arithmetic. Each training's epsilon stands alone: several on the same data spend more together, which a ledger adds up; inside one all planned steps are charged before the first. A run with a `checkpoint` that ended early and goes on in the same ledger is charged only for what it does twice: the pass that was cut off, or all that a copy of the checkpoint makes again; where noise decays, in another ledger, or in a part of one that was split anew, all is charged.",
    parameters: [
      TrainingParameters.model, TrainingParameters.examples, DPTrainingOptions.epsilon,
      DPTrainingOptions.delta, TrainingParameters.epochs, DPTrainingOptions.batch,
      DPTrainingOptions.maxGradNorm,
    ] + DPTrainingOptions.all + TrainingParameters.pace + TrainingParameters.course,
    returns: "private fit", seeAlso: ["nn.train", "dp.epsilon", "dp.attack", "dp.adamix"],
    search: [
      "dp-sgd", "private", "fit", "learn", "clipping", "edp-sgd", "dp-ftrl", "user level",
      "adaptive clipping",
    ],
    arguments: { (arguments: inout Arguments) in try train(&arguments) })

  private static func train(_ arguments: inout Arguments) throws -> PrivateTrainingResult {
    let vm = arguments.vm
    let model = try arguments(TrainingParameters.model)
    let examples = try arguments(TrainingParameters.examples)
    let optimizer = try arguments(TrainingParameters.optimizer)
    let loss = try arguments(loss)
    let options = try DPTrainingOptions.options(&arguments)
    let training = try PrivateTraining(
      DPTrainingOptions.source(examples, &arguments, options.key), options)
    var notes = training.notes + notes(training, arguments)
    for note in notes { vm.note(note) }
    let record = TrainingRecord(training, vm)
    var callbacks = vm.trainingCallbacks(training.plan) { training.runningEpsilon(after: $0) }
    let report = callbacks.onStep
    callbacks.onStep = {
      record.steps = $0.step
      try report($0)
    }
    var result: PrivateTrainingResult
    do {
      let loss = try Loss.ofScript(loss, for: model)
      let optimizer = try optimizer?.optimizer.fresh() ?? Adam()
      let state = try TrainingParameters.follow(&arguments, &callbacks, model, loss)
      try charge(training, state, &callbacks, vm)
      let callbacks = callbacks
      let run = {
        try training.run(
          model: model.layer, loss: loss, optimizer: optimizer, callbacks, resuming: state)
      }
      // What functions of the script keep from call to call would carry one example to others.
      result =
        try training.schedule == nil ? run() : vm.sealed(ApartCall.refusal) { _ in try run() }
    } catch {
      record.end("failed")
      throw error
    }
    if result.isStoppedEarly, training.schedule != nil {
      let note = PrivateTraining.noteOnStoppingEarly
      vm.note(note)
      notes.append(note)
    }
    result.notes = notes
    record.steps = result.accountedSteps
    record.end(result.isStopped ? "interrupted" : "finished")
    if result.isStopped {
      throw Fault.interrupted(
        "interrupted after step \(result.steps); the model keeps its state, epsilon spent \(NumberText.roundedUp(result.epsilon))",
        partialResult: try vm.snapshot(vm.box(result)))
    }
    return result
  }

  /// Charges what the run is about to spend: all planned steps, or for one that keeps checkpoints what its passes to
  /// come need beyond what was charged for it before.
  private static func charge(
    _ training: PrivateTraining, _ state: TrainingState?, _ callbacks: inout TrainingCallbacks,
    _ vm: VM
  ) throws {
    guard vm.isInLedger, let checkpoint = callbacks.checkpoint, let pass = training.passEvent,
      state?.counters["run.number"] ?? 0 == 0
    else { return try vm.charge(training.event, "dp.train") }
    let id = state?.texts[runName] ?? Fingerprint(of: randomBytes()).description
    let done = max(0, state?.counters["run.epoch"] ?? 0)
    let run = PlannedRun(
      id: id, pass: pass, passes: max(0, training.plan.epochs - done), done: done)
    try vm.charge(run, "dp.train")
    let before = callbacks.onEpochStart
    callbacks.onEpochStart = { epoch, step in
      try vm.begin(passOf: run, "dp.train")
      try before(epoch, step)
    }
    callbacks.checkpoint?.save = { state in
      var state = state
      state.texts[runName] = id
      try checkpoint.save(state)
    }
  }

  /// What names the run in its checkpoints, for ledgers.
  private static let runName: Spelling = "user.ledger run"

  private static func randomBytes() -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: 16)
    bytes.withUnsafeMutableBytes { SecureRandom.fill($0) }
    return bytes
  }

  /// What is to be said of a call beside what its options say.
  private static func notes(_ training: PrivateTraining, _ arguments: Arguments) -> [String] {
    guard training.schedule == nil else {
      let isSecure = training.options.isSecure
      guard isSecure, arguments.vm.isTrial || arguments.vm.isSeeded else { return [] }
      return [
        "the noise and the samples come from the operating system (`noise: \"secure\"`): this does not repeat bit for bit, whatever the seed"
      ]
    }
    let ignored = DPTrainingOptions.onlyForPrivacy.filter { arguments.isGiven($0) }
      .map { "`\($0)`" }
    return ignored.isEmpty
      ? [] : ["an infinite epsilon makes no use of \(ignored.joined(separator: ", "))"]
  }

  /// Tells the run's record what a training spent, however it ended.
  private final class TrainingRecord {
    private let training: PrivateTraining
    private let vm: VM
    var steps = 0

    init(_ training: PrivateTraining, _ vm: VM) {
      self.training = training
      self.vm = vm
    }

    func end(_ status: String) {
      // What was refused before its first step has spent nothing.
      guard steps > 0 else { return }
      let options = training.options
      var facts: [(String, Cell)] = [
        ("method", .string(options.method.rawValue)),
        ("epsilon", .float(training.epsilon(after: steps))),
      ]
      if options.method == .edpSGD, training.schedule != nil {
        facts.append(
          (
            "epsilon_paper",
            .float(training.runningEpsilon(after: steps, accounting: .asPublished))
          ))
      }
      facts += [
        ("delta", .float(options.delta)),
        ("accountant", .string(options.accountant.rawValue)),
        ("unit", .string(training.unit.rawValue)),
        (
          "noise",
          .string(
            (training.schedule?.initial ?? 0) == 0 ? "none" : options.isSecure ? "secure" : "seeded"
          )
        ),
        ("noise_multiplier", .float(training.schedule?.initial ?? 0)),
        ("sample_rate", .float(training.plan.rate)), ("examples", .int(training.plan.examples)),
        ("steps", .int(steps)), ("planned", .int(training.plan.steps)),
        ("status", .string(status)),
      ]
      vm.hostServices.record(
        RunEvent(
          kind: "private training",
          facts: facts.map { Cell.Entry(key: .string($0.0), value: $0.1) }), vm)
    }
  }
}
