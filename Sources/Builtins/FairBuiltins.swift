import Learning
import Runtime
import Tensor

/// The module `fair`: what a model does, measured.
enum FairBuiltins {
  static let module = Module(
    "fair", "What a model does, measured: how often it is right, and for whom.", natives: natives)

  private static let natives = [
    Native(
      "accuracy", "The share of examples whose largest output is at their label.",
      Param<Model>("model", "A classifier."),
      Param<TrainingExamples>("examples", "A part of a dataset, or {inputs, labels}."),
      returns: "float", seeAlso: ["nn.predict"], search: ["score", "evaluate"],
      context: { (vm: VM, model: Model, examples: TrainingExamples) in
        try vm.evaluation(of: model).accuracy(examples.source)
      })
  ]
}
