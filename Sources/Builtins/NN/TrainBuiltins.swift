import Files
import Learning
import Runtime
import Tables
import Tensor
import Text

/// What a training run did, without privacy.
struct Fit: NativeValue {
  var history: TrainingHistory

  var seconds: Double { history.seconds }
  var losses: [Double] { history.epochs.map(\.loss) }

  static let nativeType = NativeType<Fit>("fit", "What a training run did.") { type in
    type.representation = { fit, _ in
      let loss = fit.losses.last.map { TextForm.digits($0, 4) } ?? "none"
      return
        "fit: \(fit.history.steps) steps, loss \(loss), \(TextForm.digits(fit.seconds, 3)) s, not private"
    }
    type.transfer = .share
    type.hasContent(ignoring: ["seconds"])
    type.field("epsilon", "The privacy that was spent: without privacy, infinitely much.") { _ in
      Double.infinity
    }
    type.field("losses", "The mean training loss of each epoch.") { $0.losses }
    type.field("loss", "The mean training loss of the last epoch.") { $0.losses.last ?? .nan }
    type.field("validation", "The validation loss after each epoch.") {
      $0.history.validations.map(\.value)
    }
    type.field("stopped_early", "Whether patience with the validation ran out.") {
      $0.history.isStoppedEarly
    }
    type.field("steps", "How many steps were made.") { $0.history.steps }
    type.field("seconds", "How long it took.") { $0.seconds }
  }
}

/// `nn.train` and `nn.predict`.
enum TrainBuiltins {
  private static let model = Param<Model>("model", "The model, which is changed.", mutates: true)
  private static let examples = Param<TrainingExamples>(
    "examples", "What to learn from: a part of a dataset, or {inputs, labels}.")
  private static let epochs = Param<Int>(
    "epochs", "Passes over the examples.", default: 5, .positive, named: true)
  private static let batch = Param<Int>(
    "batch", "Examples a step.", default: 64, .positive, named: true)
  private static let optimizer = Param<OptimizerSettings?>(
    "optimizer", "How gradients become changes.", default: nil, text: "optim.adam()", named: true)
  private static let loss = Param<Callable?>(
    "loss",
    "`(outputs, labels) => …`, one number per example or their mean; nil is cross-entropy, over all positions of a batch whose label is not -100.",
    default: nil, named: true)
  private static let schedule = Param<String>(
    "schedule", "How the learning rate goes down after the warm-up.", default: "constant",
    .oneOf(["constant", "linear", "cosine", "inverse_square_root"]), named: true)
  private static let warmup = Param<Int>(
    "warmup", "Steps in which the learning rate rises from 0.", default: 0, .nonNegative,
    named: true)
  private static let maxGradNorm = Param<Double?>(
    "max_grad_norm", "The largest norm of a step's gradient; a longer one is shortened.",
    default: nil, .positive, .finite, named: true)
  private static let accumulate = Param<Int>(
    "accumulate",
    "In how many parts a step's examples are computed, for batches that memory does not hold.",
    default: 1, .within(1, 65536), named: true)
  private static let validation = Param<TrainingExamples?>(
    "validation",
    "Examples whose loss is measured after each epoch; the run ends with the best parameters.",
    default: nil, named: true)
  private static let patience = Param<Int?>(
    "patience", "End early when the validation loss has not fallen for this many epochs.",
    default: nil, .positive, named: true)
  private static let checkpoint = Param<String?>(
    "checkpoint",
    "A file that keeps the run's state after each epoch; a run that finds it goes on from there, with the same result bit for bit.",
    default: nil, named: true)

  static let natives = [
    Native(
      "train", "Trains a model without privacy; `dp.train` is the same loop with it.",
      parameters: [
        model, examples, epochs, batch, optimizer, loss, schedule, warmup, maxGradNorm,
        accumulate, validation, patience, checkpoint,
      ],
      returns: "fit", seeAlso: ["dp.train", "nn.predict", "fair.accuracy"],
      search: ["fit", "learn", "early stopping", "checkpoint", "resume", "scheduler"],
      arguments: { (arguments: inout Arguments) in try train(&arguments) }),
    Native(
      "predict", "The class with the largest output for each example.",
      Param<Model>("model", "A classifier: outputs [examples, classes]."),
      Param<TrainingExamples>("examples", "A part of a dataset, or {inputs, labels}."),
      returns: "tensor i64 [examples]", seeAlso: ["fair.accuracy"],
      context: { (vm: VM, model: Model, examples: TrainingExamples) in
        try vm.evaluation(of: model).predictions(examples.source)
      }),
  ]

  private static func train(_ arguments: inout Arguments) throws -> Fit {
    let vm = arguments.vm
    let model = try arguments(model)
    let examples = try arguments(examples)
    let loss = try Loss.ofScript(try arguments(loss))
    let plan = try SamplingPlan(
      examples: examples.source.count, batch: try arguments(batch),
      epochs: try arguments(epochs), sampling: .shuffled)
    let decay: LearningRateSchedule.Decay =
      switch try arguments(schedule) {
      case "linear": .linear
      case "cosine": .cosine(cycles: 1)
      case "inverse_square_root": .inverseSquareRoot
      default: .constant
      }
    let warmup = try arguments(warmup)
    let options = TrainingOptions(
      plan: plan, key: vm.randomKey("train"), accumulation: try arguments(accumulate),
      schedule: decay == .constant && warmup == 0
        ? nil : try LearningRateSchedule(decay, steps: plan.steps, warmup: warmup),
      gradientBound: try arguments(maxGradNorm))
    let trainer = try Trainer(
      model: model.layer, loss: loss,
      optimizer: try arguments(optimizer)?.optimizer.fresh() ?? Adam(), options: options)
    var callbacks = vm.trainingCallbacks(plan)
    let patience = try arguments(patience)
    if let held = try arguments(validation) {
      callbacks.validation = try Validation(patience: patience) { _ in
        try vm.evaluation(of: model).meanLoss(held.source, loss)
      }
    } else if patience != nil {
      throw Fault(.value, "`patience` needs `validation` examples to measure")
    }
    var state: TrainingState?
    if let path = try arguments(checkpoint) {
      let file = try vm.writablePath(path)
      if Door.current.kind(file, counts: false).exists {
        state = try TrainingState(contentsOf: file)
      }
      callbacks.checkpoint = try Checkpointing(every: .epochs(1), path: file)
    }
    let history = try trainer.run(examples.source, callbacks, resuming: state)
    let fit = Fit(history: history)
    if history.isStopped {
      throw Fault.interrupted(
        "interrupted after step \(history.steps); the model keeps its state",
        partialResult: try vm.snapshot(vm.box(fit)))
    }
    return fit
  }
}
