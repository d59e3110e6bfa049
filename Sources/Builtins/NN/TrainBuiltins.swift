import Files
import Learning
import Runtime
import Tables
import Tensors
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
  private static let loss = Param<Callable?>(
    "loss",
    "`(outputs, labels) => …`, one number per example or their mean; nil is cross-entropy, over all positions of a batch whose label is not -100, or for a model that ends in a CRF the negative log-likelihood of its tags.",
    default: nil, named: true)
  private static let penalty = Param<Callable?>(
    "penalty",
    "`model => number`, added to the mean loss of every step: a term of the parameters, as `m => 0.05 * distance2(m, other)`. Losses in the result include it, the validation's do not.",
    default: nil, named: true)
  private static let batch = Param<Int>(
    "batch", "Examples a step.", default: 64, .positive, named: true)

  static let natives = [
    Native(
      "train", "Trains a model without privacy; `dp.train` is the same loop with it.",
      parameters: [
        TrainingParameters.model, TrainingParameters.examples, TrainingParameters.epochs, batch,
        TrainingParameters.optimizer, loss, penalty, TrainingParameters.maxGradNorm,
      ] + TrainingParameters.pace + TrainingParameters.course,
      returns: "fit", seeAlso: ["dp.train", "nn.predict", "fair.accuracy"],
      search: ["fit", "learn", "early stopping", "checkpoint", "resume", "scheduler"],
      arguments: { (arguments: inout Arguments) in try train(&arguments) }),
    Native(
      "predict",
      "The class with the largest output for each example; of a fitted model of numbers, the numbers.",
      Param<Model>("model", "A classifier (outputs [examples, classes]), or what `ml` fitted."),
      Param<PredictionExamples>(
        "examples", "A part of a dataset, {inputs, labels}, or inputs alone."),
      returns: "tensor", seeAlso: ["fair.accuracy", "tabular.predict"],
      context: { (vm: VM, model: Model, examples: PredictionExamples) in
        try vm.evaluation(of: model).predictions(examples.source)
      }),
  ]

  private static func train(_ arguments: inout Arguments) throws -> Fit {
    let vm = arguments.vm
    let model = try arguments(TrainingParameters.model)
    let examples = try arguments(TrainingParameters.examples)
    let loss = try Loss.ofScript(try arguments(loss), for: model)
    let penalty = try arguments(penalty)
    let plan = try SamplingPlan(
      examples: examples.source.count, batch: try arguments(batch),
      epochs: try arguments(TrainingParameters.epochs), sampling: .shuffled)
    let trainer = try Trainer(
      model: model.layer, loss: penalty.map { loss.plus($0, of: model) } ?? loss,
      optimizer: try arguments(TrainingParameters.optimizer)?.optimizer.fresh() ?? Adam(),
      options: try TrainingParameters.Pace(&arguments).options(
        plan, key: vm.randomKey("train"),
        gradientBound: try arguments(TrainingParameters.maxGradNorm)))
    var callbacks = vm.trainingCallbacks(plan)
    let state = try TrainingParameters.follow(&arguments, &callbacks, model, loss)
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
