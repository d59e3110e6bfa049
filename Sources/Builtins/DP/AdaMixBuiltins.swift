import Foundations
import Learning
import Privacy
import Runtime
import Tables
import Tensors

/// `dp.adamix`.
enum AdaMixBuiltins {
  static let natives = [adamix]

  private static let publicExamples = Param<TrainingExamples>(
    "public", "A few examples that need no protection, with the same classes.", named: true)
  private static let privateExamples = Param<TrainingExamples>(
    "private", "The examples to protect.", named: true)
  private static let epsilon = Param<Double?>(
    "epsilon", "The privacy budget.", default: nil, .positive, named: true)
  private static let noiseMultiplier = Param<Double?>(
    "noise_multiplier", "Noise relative to the clipping bound, in place of epsilon.", default: nil,
    .positive, .finite, named: true)
  private static let epochs = Param<Int>(
    "epochs", "Passes over the private examples.", default: 10, .positive, named: true)
  private static let publicEpochs = Param<Int>(
    "public_epochs", "Passes over the public examples before the first private step.", default: 20,
    .nonNegative, named: true)
  private static let batch = Param<Int>(
    "batch", "The expected number of private examples of a step.", default: 256, .positive,
    named: true)
  private static let clip = Param<ClipBound>(
    "clip",
    "The clipping bound: \"adaptive\" is, in each step, a quantile of the norms of the public examples' gradients; a number is fixed.",
    default: .adaptive, text: "\"adaptive\"", named: true)
  private static let quantile = Param<Double>(
    "quantile", "Which quantile of the public norms.", default: 0.9, .within(0, 1), named: true)
  private static let project = Param<Bool>(
    "project",
    "Whether private gradients, noise included, are projected onto the subspace of the public ones: for each row of a weight matrix (each class of a linear one) by itself.",
    default: true, named: true)
  private static let rank = Param<Int?>(
    "rank", "Directions of a row's subspace at most; nil takes all that the public examples span.",
    default: nil, .positive, named: true)
  private static let radius = Param<Double?>(
    "radius", "The largest norm of all parameters, to which each step brings them back.",
    default: nil, .positive, .finite, named: true)

  private static let adamix = Native(
    "adamix",
    "Trains on a few public and many private examples (AdaMix, Golatkar et al. 2022). First it trains on the public ones alone, then on both, with DP-SGD's noise on the private ones, a clipping bound that public gradients set, and the noise outside of their subspace taken off. It is meant for a linear layer, or a small one, on features that are fixed; the public examples' gradients are computed one by one in each step. What holds is the result's `epsilon`, for one private example more or less; the public ones are not protected. The paper's constants are not known: quantile, rank and epochs are this function's choice.",
    parameters: [
      TrainingParameters.model, publicExamples, privateExamples, epsilon, DPTrainingOptions.delta,
      noiseMultiplier, epochs, publicEpochs, batch, TrainingParameters.optimizer, DPTraining.loss,
      clip, quantile, project, rank, radius, DPTrainingOptions.accountant, DPTrainingOptions.noise,
    ],
    returns: "private fit", seeAlso: ["dp.train", "dp.pate"],
    search: ["public data", "few-shot", "mixed private learning", "subspace"],
    arguments: { (arguments: inout Arguments) in try train(&arguments) })

  private static func train(_ arguments: inout Arguments) throws -> PrivateTrainingResult {
    let vm = arguments.vm
    let model = try arguments(TrainingParameters.model)
    let open = try arguments(publicExamples)
    let hidden = try arguments(privateExamples)
    let settings = try arguments(TrainingParameters.optimizer)
    let loss = try Loss.ofScript(arguments(DPTraining.loss), for: model)
    let training = try AdaMix(
      public: open.source, private: hidden.source, options(&arguments))
    for note in training.notes { vm.note(note) }
    try vm.charge(training.event, "dp.adamix")
    var callbacks = vm.trainingCallbacks(training.plan)
    let report = callbacks.onStep
    let steps = StepCount()
    callbacks.onStep = {
      steps.made = $0.step
      try report($0)
    }
    let result: PrivateTrainingResult
    do {
      let callbacks = callbacks
      result = try vm.sealed(ApartCall.refusal) { _ in
        try training.run(
          model: model.layer, loss: loss,
          optimizer: { try settings?.optimizer.fresh() ?? Adam() }, callbacks)
      }
    } catch {
      record(training, steps.made, "failed", vm)
      throw error
    }
    record(training, result.steps, result.isStopped ? "interrupted" : "finished", vm)
    if result.isStopped {
      throw Fault.interrupted(
        "interrupted after step \(result.steps); the model keeps its state, epsilon spent \(NumberText.roundedUp(result.epsilon))",
        partialResult: try vm.snapshot(vm.box(result)))
    }
    return result
  }

  private static func options(_ arguments: inout Arguments) throws -> AdaMixOptions {
    var options = AdaMixOptions(key: arguments.vm.randomKey("train"))
    options.epsilon = try arguments(epsilon)
    options.noiseMultiplier = try arguments(noiseMultiplier)
    guard (options.epsilon == nil) != (options.noiseMultiplier == nil) else {
      throw Fault(
        .value, "`dp.adamix` needs either `epsilon` or `noise_multiplier`",
        hint: "give `epsilon: 3`")
    }
    options.delta = try DPTrainingOptions.delta(&arguments)
    options.epochs = try arguments(epochs)
    options.publicEpochs = try arguments(publicEpochs)
    options.batch = try arguments(batch)
    if case .fixed(let bound) = try arguments(clip) { options.bound = bound }
    options.quantile = try arguments(quantile)
    options.projects = try arguments(project)
    options.rank = try arguments(rank)
    options.radius = try arguments(radius)
    options.accountant = .init(rawValue: try arguments(DPTrainingOptions.accountant)) ?? .pld
    options.isSecure = try DPTrainingOptions.isSecure(
      &arguments, DPTrainingOptions.noise, "dp.adamix")
    return options
  }

  /// How many steps a run has made, as its callbacks hear it.
  private final class StepCount { var made = 0 }

  /// Tells the run's record what was spent, however the run ended.
  private static func record(_ training: AdaMix, _ steps: Int, _ status: String, _ vm: VM) {
    // What was refused before its first step has spent nothing.
    guard steps > 0 else { return }
    let options = training.options
    let facts: [(String, Cell)] = [
      ("method", .string("adamix")),
      ("epsilon", .float((try? training.epsilon(after: steps)) ?? .infinity)),
      ("delta", .float(options.delta)), ("accountant", .string(options.accountant.rawValue)),
      ("unit", .string("example")), ("noise", .string(options.isSecure ? "secure" : "seeded")),
      ("noise_multiplier", .float(training.noiseMultiplier)),
      ("sample_rate", .float(training.plan.rate)), ("examples", .int(training.plan.examples)),
      ("steps", .int(steps)), ("planned", .int(training.plan.steps)), ("status", .string(status)),
    ]
    vm.hostServices.record(
      RunEvent(
        kind: "private training",
        facts: facts.map { Cell.Entry(key: .string($0.0), value: $0.1) }), vm)
  }
}

/// A clipping bound in a script: a number, or "adaptive".
enum ClipBound: Bindable {
  case adaptive
  case fixed(Double)

  static let typeName = "\"adaptive\" or number"

  static func decode(_ value: Value, _ vm: VM) throws -> ClipBound? {
    if let bound = Double.decode(value, vm) {
      guard bound > 0, bound < .infinity else {
        throw Fault(.value, "a clipping bound must be above 0 and finite, got \(bound)")
      }
      return .fixed(bound)
    }
    guard let text = String.decode(value, vm) else { return nil }
    guard text == "adaptive" else {
      throw Fault(
        .value, "`clip` is \"adaptive\" or a number, got \(Quoting.literal(text))")
    }
    return .adaptive
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .adaptive: "adaptive".encode(vm)
    case .fixed(let bound): bound.encode(vm)
    }
  }
}
