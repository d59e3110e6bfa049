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
    type.field("epsilon", "The privacy that was spent: without privacy, infinitely much.") { _ in
      Double.infinity
    }
    type.field("losses", "The mean training loss of each epoch.") { $0.losses }
    type.field("loss", "The mean training loss of the last epoch.") { $0.losses.last ?? .nan }
    type.field("steps", "How many steps were made.") { $0.history.steps }
    type.field("seconds", "How long it took.") { $0.seconds }
  }
}

/// `nn.train`, `nn.predict` and the loss functions for scripts that train by hand.
enum TrainBuiltins {
  static let natives = [
    Native(
      "train", "Trains a model without privacy; `dp.train` is the same loop with it.",
      Param<Model>("model", "The model, which is changed.", mutates: true),
      Param<TrainingExamples>(
        "examples", "What to learn from: a part of a dataset, or {inputs, labels}."),
      Param<Int>("epochs", "Passes over the examples.", default: 5, .positive, named: true),
      Param<Int>("batch", "Examples a step.", default: 64, .positive, named: true),
      Param<OptimizerSettings?>(
        "optimizer", "How gradients become changes.", default: nil, text: "optim.adam()",
        named: true),
      Param<Callable?>(
        "loss",
        "`(outputs, labels) => …`, one number per example or their mean; nil is cross-entropy.",
        default: nil, named: true),
      returns: "fit", seeAlso: ["dp.train", "nn.predict", "fair.accuracy"],
      search: ["fit", "learn"],
      context: { (vm, model, examples, epochs, batch, optimizer, loss) in
        try train(vm, model, examples, epochs, batch, optimizer, loss)
      }),
    Native(
      "predict", "The class with the largest output for each example.",
      Param<Model>("model", "A classifier: outputs [examples, classes]."),
      Param<TrainingExamples>("examples", "A part of a dataset, or {inputs, labels}."),
      returns: "tensor i64 [examples]", seeAlso: ["fair.accuracy"],
      context: { (vm: VM, model: Model, examples: TrainingExamples) in
        try vm.evaluation(of: model).outputs(examples.source).argmax(axis: -1)
      }),
    Native(
      "cross_entropy", "The mean of -log softmax(logits)[label].",
      Param<Tensor>("logits", "[examples, …, classes]."),
      Param<Tensor>("labels", "Integers [examples, …]."),
      Param<Int>("ignore", "The label that does not count.", default: -100, named: true),
      Param<Double>(
        "label_smoothing", "What of the target is spread evenly.", default: 0, .within(0, 0.999),
        named: true),
      returns: "tensor []", search: ["loss", "softmax"],
      examples: [("nn.cross_entropy(tensor([[0.0, 0.0]]), tensor([1]))", "0.6931472")]
    ) { logits, labels, ignore, smoothing in
      try Losses.crossEntropy(
        logits, labels, ignoreIndex: ignore, labelSmoothing: smoothing)
    },
  ]

  private static func train(
    _ vm: VM, _ model: Model, _ examples: TrainingExamples, _ epochs: Int, _ batch: Int,
    _ optimizer: OptimizerSettings?, _ loss: Callable?
  ) throws -> Fit {
    let plan = try SamplingPlan(
      examples: examples.source.count, batch: batch, epochs: epochs, sampling: .shuffled)
    let trainer = try Trainer(
      model: model.layer, loss: Loss.ofScript(loss),
      optimizer: optimizer?.optimizer.fresh() ?? Adam(),
      options: TrainingOptions(plan: plan, key: vm.randomKey("train")))
    let history = try trainer.run(examples.source, vm.trainingCallbacks(plan))
    if history.isStopped {
      throw Fault.interrupted(
        "interrupted after step \(history.steps); the model keeps its state")
    }
    return Fit(history: history)
  }
}
