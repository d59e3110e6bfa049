import Foundations
import Learning
import Runtime
import Tensors

/// An optimizer in a script: settings. `nn.train` and `dp.train` start it afresh, so one value serves many runs; only
/// `step` keeps state in it.
struct OptimizerSettings: NativeValue {
  let optimizer: Optimizer

  static let nativeType = NativeType<OptimizerSettings>(
    "optimizer", "How a gradient becomes a change of the parameters."
  ) { type in
    type.representation = { settings, _ in
      "\(settings.optimizer.name)(\(Formatting.float(settings.optimizer.rate)))"
    }
    type.equals = { $0.optimizer === $1.optimizer }
    type.isHandle = true
    type.field("name", "What it does: sgd, adam, adamw or dp_adam.") { $0.optimizer.name }
    type.field("learning_rate", "The learning rate.") { $0.optimizer.rate }
    type.transfer = .copy { OptimizerSettings(optimizer: try $0.optimizer.fresh()) }
    type.hasContent()
    type.methods([step])
  }
}

extension OptimizerSettings {
  /// A step of a training loop that a script writes itself.
  fileprivate static let step = Native(
    "step",
    "Changes a model's parameters by gradients such as `gradient(model, …)` gives. It is for training loops of one's own. The optimizer keeps its state from step to step as long as the parameters are the same.",
    Param<OptimizerSettings>("optimizer", mutates: true),
    Param<Model>("model", "The model, which is changed.", mutates: true),
    Param<[Spelling: Tensor]>("gradients", "A tensor for each trained parameter's name."),
    returns: "nil", seeAlso: ["gradient", "value_and_gradient", "nn.train"],
    search: ["update", "apply"]
  ) { (settings: OptimizerSettings, model: Model, gradients: [Spelling: Tensor]) -> Void in
    let named = model.layer.namedParameters.filter { $0.parameter.requiresGradient }
    if let extra = gradients.keys.sorted().first(where: { name in
      !named.contains { $0.name.isSpelt(name.text) }
    }) {
      throw Fault(.key, "the model trains no parameter `\(extra.text)`").atArgument(2)
    }
    try settings.optimizer.step(
      try named.map { name, parameter in
        guard let gradient = gradients[name] else {
          throw Fault(.key, "there is no gradient of `\(name)`").atArgument(2)
        }
        parameter.name = name
        return (parameter, gradient)
      })
  }
}

/// The module `optim`.
enum OptimBuiltins {
  static let module = Module(
    "optim", "Optimizers: how a gradient becomes a change of the parameters.",
    natives: natives + [privateAdam])

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
      returns: "optimizer", seeAlso: ["optim.adamw"],
      examples: [("optim.adam(0.002)", "adam(0.002)")]
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
      returns: "optimizer", seeAlso: ["optim.adam"],
      examples: [("optim.adamw(0.002)", "adamw(0.002)")]
    ) { rate, beta1, beta2, epsilon, weightDecay in
      OptimizerSettings(
        optimizer: try Adam.decoupled(
          rate: rate, beta1: beta1, beta2: beta2, epsilon: epsilon, weightDecay: weightDecay))
    },
  ]

  private static let privateAdam = Native(
    "dp_adam",
    "Adam for `dp.train`, with the noise's share taken out of the squares: DP-AdamBC (Tang et al. 2023). Plain Adam takes noise for signal there, and its steps get shorter than they should be. It looks at nothing but what is private already, and costs no epsilon.",
    Param<Double>("learning_rate", "The step size.", default: 1e-3, .positive, .finite),
    Param<Double>(
      "beta1", "The decay of the mean.", default: 0.9, .within(0, 0.999_999), named: true),
    Param<Double>(
      "beta2", "The decay of the squares.", default: 0.999, .within(0, 0.999_999_9), named: true),
    Param<Double>(
      "floor",
      "The least that the squares without the noise count as; too little makes steps wild where there is hardly any gradient.",
      default: 5e-8, .positive, .finite, named: true),
    returns: "optimizer", seeAlso: ["optim.adam", "dp.train"],
    search: ["bias correction", "private"],
    examples: [("optim.dp_adam(0.002)", "dp_adam(0.002)")]
  ) { rate, beta1, beta2, floor in
    OptimizerSettings(
      optimizer: try PrivateAdam(rate: rate, beta1: beta1, beta2: beta2, floor: floor))
  }
}
