import Learning
import Runtime

/// An optimizer in a script: settings. Every training run starts it afresh, so one value serves many runs.
struct OptimizerSettings: NativeValue {
  let optimizer: Optimizer

  static let nativeType = NativeType<OptimizerSettings>(
    "optimizer", "How a gradient becomes a change of the parameters."
  ) { type in
    type.representation = { settings, _ in
      "\(settings.optimizer.name)(\(Formatting.float(settings.optimizer.rate)))"
    }
    type.equals = { $0.optimizer === $1.optimizer }
    type.transfer = .share
    type.field("name", "sgd, adam or adamw.") { $0.optimizer.name }
    type.field("learning_rate", "The learning rate.") { $0.optimizer.rate }
  }
}

/// The module `optim`.
enum OptimBuiltins {
  static let module = Module(
    "optim", "Optimizers: how a gradient becomes a change of the parameters.", natives: natives)

  private static let natives = [
    Native(
      "sgd", "Stochastic gradient descent, with momentum if wanted (as PyTorch's SGD).",
      Param<Double>("learning_rate", "The step size.", .positive, .finite),
      Param<Double>(
        "momentum", "How much of the last step is kept.", default: 0, .within(0, 1), named: true),
      Param<Double>(
        "weight_decay", "The factor of the L2 penalty.", default: 0, .nonNegative, .finite,
        named: true),
      Param<Bool>("nesterov", "Whether the momentum looks ahead.", default: false, named: true),
      returns: "optimizer", examples: [("optim.sgd(0.1, momentum: 0.9)", "sgd(0.1)")]
    ) { rate, momentum, weightDecay, nesterov in
      OptimizerSettings(
        optimizer: try SGD(
          rate: rate, momentum: momentum, weightDecay: weightDecay, nesterov: nesterov))
    },
    Native(
      "adam", "Adam (Kingma, Ba 2014), as PyTorch computes it.",
      Param<Double>("learning_rate", "The step size.", default: 1e-3, .positive, .finite),
      Param<Double>(
        "beta1", "The decay of the mean.", default: 0.9, .within(0, 0.999_999), named: true),
      Param<Double>(
        "beta2", "The decay of the squares.", default: 0.999, .within(0, 0.999_999_9), named: true),
      Param<Double>(
        "epsilon", "Added to the root.", default: 1e-8, .nonNegative, .finite, named: true),
      Param<Double>(
        "weight_decay", "The factor of the L2 penalty.", default: 0, .nonNegative, .finite,
        named: true),
      returns: "optimizer", seeAlso: ["adamw"], examples: [("optim.adam(0.002)", "adam(0.002)")]
    ) { rate, beta1, beta2, epsilon, weightDecay in
      OptimizerSettings(
        optimizer: try Adam(
          rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay))
    },
    Native(
      "adamw",
      "Adam with decoupled weight decay (Loshchilov, Hutter 2017), as PyTorch computes it.",
      Param<Double>("learning_rate", "The step size.", default: 1e-3, .positive, .finite),
      Param<Double>(
        "beta1", "The decay of the mean.", default: 0.9, .within(0, 0.999_999), named: true),
      Param<Double>(
        "beta2", "The decay of the squares.", default: 0.999, .within(0, 0.999_999_9), named: true),
      Param<Double>(
        "epsilon", "Added to the root.", default: 1e-8, .nonNegative, .finite, named: true),
      Param<Double>(
        "weight_decay", "The share of the weights that goes each step, times the step size.",
        default: 0.01, .nonNegative, .finite, named: true),
      returns: "optimizer", seeAlso: ["adam"], examples: [("optim.adamw(0.002)", "adamw(0.002)")]
    ) { rate, beta1, beta2, epsilon, weightDecay in
      OptimizerSettings(
        optimizer: try Adam.decoupled(
          rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay))
    },
  ]
}
