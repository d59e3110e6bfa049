import Files
import Foundations
import Learning
import Runtime
import Tensors

/// The parameters that trainings have in common, and what becomes of them: `nn.train` and `dp.train` take all of them,
/// `distill.train` those of its `pace`.
enum TrainingParameters {
  static let model = Param<Model>("model", "The model, which is changed.", mutates: true)
  static let examples = Param<TrainingExamples>(
    "examples", "What to learn from: a part of a dataset, or {inputs, labels}.")
  static let epochs = Param<Int>(
    "epochs", "Passes over the examples.", default: 5, .positive, named: true)
  static let optimizer = Param<OptimizerSettings?>(
    "optimizer", "How gradients become changes.", default: nil, text: "optim.adam()", named: true)
  /// In private training the bound of each example's gradient has this name.
  static let maxGradNorm = Param<Double?>(
    "max_grad_norm", "The largest norm of a step's gradient; a longer one is shortened.",
    default: nil, .positive, .finite, named: true)

  private static let schedule = Param<String>(
    "schedule", "How the learning rate goes down after the warm-up.", default: "constant",
    .oneOf(["constant", "linear", "cosine", "inverse_square_root"]), named: true)
  private static let warmup = Param<Int>(
    "warmup", "Steps in which the learning rate rises from 0.", default: 0, .nonNegative,
    named: true)
  private static let accumulate = Param<Int>(
    "accumulate",
    "In how many parts a step's examples are computed, for batches that memory does not hold.",
    default: 1, .within(1, 65536), named: true)

  private static let validation = Param<TrainingExamples?>(
    "validation",
    "Examples whose loss is measured after each epoch; the run ends with the best parameters. Private training does not protect them.",
    default: nil, named: true)
  private static let patience = Param<Int?>(
    "patience",
    "End early when the validation loss has not fallen for this many epochs. A private run counts all of its planned steps all the same.",
    default: nil, .positive, named: true)
  private static let checkpoint = Param<String?>(
    "checkpoint",
    "A file that keeps the run's state after each epoch; a run that finds it goes on from there, with the same result bit for bit (with secure noise: with other noise). The file is not private: it holds losses and a hash of the examples.",
    default: nil, named: true)

  /// How the rate goes and in which parts a step is computed.
  static let pace: [any AnyParam] = [schedule, warmup, accumulate]
  /// What happens between epochs.
  static let course: [any AnyParam] = [validation, patience, checkpoint]

  /// The arguments of `pace`.
  struct Pace {
    let decay: LearningRateSchedule.Decay
    let warmup: Int
    let accumulation: Int

    init(_ arguments: inout Arguments) throws {
      decay =
        switch try arguments(TrainingParameters.schedule) {
        case "linear": .linear
        case "cosine": .cosine(cycles: 1)
        case "inverse_square_root": .inverseSquareRoot
        default: .constant
        }
      warmup = try arguments(TrainingParameters.warmup)
      accumulation = try arguments(TrainingParameters.accumulate)
    }

    /// The options of a run without privacy.
    func options(
      _ plan: SamplingPlan, key: RandomKey, gradientBound: Double?
    ) throws -> TrainingOptions {
      TrainingOptions(
        plan: plan, key: key, accumulation: accumulation,
        schedule: try LearningRateSchedule.over(plan, decay, warmup: warmup),
        gradientBound: gradientBound)
    }
  }

  /// Takes the arguments of `course` into the callbacks of a run; returns the state that it goes on from.
  static func follow(
    _ arguments: inout Arguments, _ callbacks: inout TrainingCallbacks, _ model: Model, _ loss: Loss
  ) throws -> TrainingState? {
    let vm = arguments.vm
    let patience = try arguments(patience)
    if let held = try arguments(validation) {
      callbacks.validation = try Validation(patience: patience) { _ in
        try vm.evaluation(of: model).meanLoss(held.source, loss)
      }
    } else if patience != nil {
      throw Fault(.value, "`patience` needs `validation` examples to measure")
    }
    guard let path = try arguments(checkpoint) else { return nil }
    let file = try vm.writablePath(path)
    callbacks.checkpoint = try Checkpointing(every: .epochs(1), path: file)
    return Door.current.kind(file, counts: false).exists
      ? try TrainingState(contentsOf: file) : nil
  }
}
