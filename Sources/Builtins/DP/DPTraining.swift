import Foundations
import Learning
import Privacy
import Runtime
import Tables
import Tensors

/// `dp.train`.
enum DPTraining {
  private static let epsilon = Param<Double?>(
    "epsilon",
    "The privacy budget; `inf` trains without privacy, and a note names what was given that then counts for nothing: no error, so that a sweep may go through `inf`.",
    default: nil, .positive,
    named: true)
  private static let delta = Param<Double>(
    "delta", "The chance that the promise fails; well below 1 / examples.", default: 1e-5,
    .between(0, 1), named: true)
  private static let batch = Param<Int>(
    "batch", "The expected number of examples of a step.", default: 64, .positive, named: true)
  private static let maxGradNorm = Param<Double>(
    "max_grad_norm", "The clipping bound: one example's influence on a step.", default: 1,
    .positive, .finite, named: true)
  private static let noiseMultiplier = Param<Double?>(
    "noise_multiplier", "Noise relative to the clipping bound, in place of epsilon.", default: nil,
    .nonNegative, .finite, named: true)
  private static let method = Param<String>(
    "method",
    "\"dp-sgd\" clips each example; \"edp-sgd\" the means of micro-batches, layer by layer, with noise that decays.",
    default: "dp-sgd", .oneOf(PrivateTrainingOptions.Method.allCases.map(\.rawValue)), named: true)
  private static let loss = Param<Callable?>(
    "loss",
    "`(outputs, labels) => …`, one number per example, which it sees as a batch of one; nil is cross-entropy.",
    default: nil, named: true)
  private static let clipping = Param<String>(
    "clipping", "How a gradient is shortened: see `dp.clip`.", default: "flat",
    .oneOf(ClippingRule.allCases.map(\.rawValue)), named: true)
  private static let microBatches = Param<Int?>(
    "micro_batches",
    "edp-sgd: into how many a step's examples are divided; nil gives each eight examples.",
    default: nil,
    .within(1, 4096), named: true)
  private static let decay = Param<Double?>(
    "decay", "Factor of the noise from epoch to epoch; nil is 1 for dp-sgd, 0.95 for edp-sgd.",
    default: nil, .positive, .atMost(1), named: true)
  private static let layerScale = Param<String?>(
    "layer_scale",
    "edp-sgd: what a layer's share of the bound follows; nil is \"weight_norm\".",
    default: nil, .oneOf(LayerScale.allCases.map(\.rawValue)), named: true)
  private static let accounting = Param<String?>(
    "accounting",
    "edp-sgd: which epsilon the budget limits, the one that holds (\"honest\", as nil) or the paper's.",
    default: nil, .oneOf(MicroBatchAccounting.allCases.map(\.rawValue)), named: true)
  private static let noise = Param<String>(
    "noise",
    "Where randomness comes from: \"secure\" (the operating system: nothing repeats), \"seeded\" (repeats, protects nobody), or \"auto\": seeded inside a sweep and `with seed(n)`, secure elsewhere.",
    default: "auto", .oneOf(["auto", "secure", "seeded"]), named: true)

  private static let exampleByExample = Param<Bool?>(
    "example_by_example",
    "Whether model and loss are given one example at a time (edp-sgd: one micro-batch), which is slow: nil does so, and says it, where they are not known to keep the examples of a step apart, and refuses a loss that learns nothing from one example; true always does; false refuses.",
    default: nil, named: true)

  /// Options that training without privacy makes no use of.
  private static let onlyForPrivacy = [
    "delta", "max_grad_norm", "method", "clipping", "micro_batches", "decay", "layer_scale",
    "accounting", "noise", "example_by_example",
  ]

  static let train = Native(
    "train",
    "Trains a model with differential privacy. Poisson sampling, clipping, Gaussian noise calibrated to the budget, RDP accounting. What holds is the result's `epsilon`, for data that differ by one example more or less; its losses, and a vocabulary counted on the same data, are not private. Each example's gradient is computed as if it were alone: a loss or module that mixes the examples of a batch sees batches of one, and may keep nothing from call to call. How many examples there are counts as known: steps and the sample rate follow from it. Noise and sums are 32-bit floats: noise ends at 6.8 standard deviations, which adds up to steps · sample_rate · P(z > 6.76 - 1 / sigma) to delta (4e-9 times the steps an example is in, at sigma 1), and the last bits of a sum are not hidden; so a delta below 1e-7 is one of exact arithmetic. Each training's epsilon stands alone: several on the same data spend more together.",
    parameters: [
      TrainingParameters.model, TrainingParameters.examples, epsilon, delta,
      TrainingParameters.epochs, batch, maxGradNorm, noiseMultiplier, method,
      TrainingParameters.optimizer, loss, clipping, microBatches, decay, layerScale, accounting,
      noise, exampleByExample,
    ] + TrainingParameters.pace + TrainingParameters.course,
    returns: "private fit", seeAlso: ["nn.train", "dp.epsilon", "dp.attack"],
    search: ["dp-sgd", "private", "fit", "learn", "clipping", "edp-sgd"],
    arguments: { (arguments: inout Arguments) in
      let vm = arguments.vm
      let model = try arguments(TrainingParameters.model)
      let source = try arguments(TrainingParameters.examples).source
      let optimizer = try arguments(TrainingParameters.optimizer)
      let loss = try arguments(loss)
      let options = try options(&arguments)
      let training = try PrivateTraining(source, options)
      var notes = training.notes
      if training.schedule == nil {
        let ignored = onlyForPrivacy.filter { arguments.isGiven($0) }.map { "`\($0)`" }
        if !ignored.isEmpty {
          notes.append(
            "an infinite epsilon makes no use of \(ignored.joined(separator: ", "))")
        }
      }
      if options.isSecure, training.schedule != nil, vm.isTrial || vm.isSeeded {
        notes.append(
          "the noise and the samples come from the operating system (`noise: \"secure\"`): this does not repeat bit for bit, whatever the seed"
        )
      }
      for note in notes { vm.note(note) }
      let record = TrainingRecord(training, vm)
      var callbacks = vm.trainingCallbacks(training.plan) { training.epsilon(after: $0) }
      let report = callbacks.onStep
      callbacks.onStep = {
        record.steps = $0.step
        try report($0)
      }
      var result: PrivateTrainingResult
      do {
        let loss = try Loss.ofScript(loss)
        let optimizer = try optimizer?.optimizer.fresh() ?? Adam()
        let state = try TrainingParameters.follow(&arguments, &callbacks, model, loss)
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
    })

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
          ("epsilon_paper", .float(training.epsilon(after: steps, accounting: .asPublished))))
      }
      facts += [
        ("delta", .float(options.delta)), ("accountant", .string("rdp")),
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

  private static func options(_ arguments: inout Arguments) throws -> PrivateTrainingOptions {
    let vm = arguments.vm
    var options = PrivateTrainingOptions(key: vm.randomKey("train"))
    options.epsilon = try arguments(epsilon)
    options.noiseMultiplier = try arguments(noiseMultiplier)
    guard (options.epsilon == nil) != (options.noiseMultiplier == nil) else {
      throw Fault(
        .value,
        options.epsilon == nil
          ? "`dp.train` needs a budget" : "`epsilon` and `noise_multiplier` exclude each other",
        hint: "give `epsilon: 3`, or `noise_multiplier: 1.1` to set the noise itself")
    }
    options.delta = try arguments(delta)
    options.epochs = try arguments(TrainingParameters.epochs)
    options.batch = try arguments(batch)
    let pace = try TrainingParameters.Pace(&arguments)
    options.rateDecay = pace.decay
    options.warmup = pace.warmup
    options.accumulation = pace.accumulation
    options.maxGradNorm = try arguments(maxGradNorm)
    options.exampleByExample = try arguments(exampleByExample)
    // The rules of the parameters admit only names that exist.
    options.method = .init(rawValue: try arguments(method)) ?? .dpSGD
    options.clipping = .init(rawValue: try arguments(clipping)) ?? .flat
    options.microBatches = try arguments(microBatches)
    options.decay = try arguments(decay)
    let scale = try arguments(layerScale)
    let limited = try arguments(accounting)
    if options.method == .dpSGD {
      for (name, isGiven) in [
        ("micro_batches", options.microBatches != nil), ("layer_scale", scale != nil),
        ("accounting", limited != nil),
      ] where isGiven {
        throw Fault(
          .value, "`\(name)` belongs to \"edp-sgd\": \"dp-sgd\" clips every example by itself",
          hint: "leave it away, or give `method: \"edp-sgd\"`")
      }
    }
    options.layerScale = scale.flatMap(LayerScale.init(rawValue:)) ?? .weightNorm
    options.accounting = limited.flatMap(MicroBatchAccounting.init(rawValue:)) ?? .honest
    switch try arguments(noise) {
    case "secure": options.isSecure = true
    case "seeded": options.isSecure = false
    default: options.isSecure = !vm.isTrial && !vm.isSeeded
    }
    return options
  }
}
