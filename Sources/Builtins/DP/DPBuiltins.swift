import Foundation
import Foundations
import Learning
import Privacy
import Runtime
import Tables
import Tensors

/// What a private training run did and what it cost, in a script.
extension PrivateTrainingResult: NativeValue {
  public static let nativeType = NativeType<PrivateTrainingResult>(
    "private fit", "What a private training run did, and what it cost."
  ) { type in
    type.representation = { fit, _ in
      var text =
        "fit: \(fit.steps) steps, epsilon \(NumberText.roundedUp(fit.epsilon)) (RDP, delta \(Formatting.float(fit.delta)))"
      if let paper = fit.epsilonPaper {
        text += ", by the paper's accounting \(NumberText.roundedUp(paper))"
      }
      text +=
        ", noise \(TextForm.digits(fit.noiseMultiplier, 4)), \(TextForm.digits(fit.seconds, 3)) s"
      return text + (fit.isStopped || fit.isStoppedEarly ? ", stopped early" : "")
    }
    type.transfer = .share
    type.hasContent(ignoring: ["seconds"])
    type.field("method", "How it was trained: dp-sgd or edp-sgd.") { $0.method.rawValue }
    type.field("epsilon", "The privacy that was spent: a bound that holds.") { $0.epsilon }
    type.field(
      "epsilon_paper",
      "For edp-sgd what its paper's accounting gives; nil otherwise. It takes one example's influence for half of what it can be."
    ) { $0.epsilonPaper }
    type.field("delta", "The chance that the promise of epsilon fails.") { $0.delta }
    type.field("sigma", "The noise multiplier of the first epoch.") { $0.noiseMultiplier }
    type.field("decay", "Factor of the noise from epoch to epoch.") { $0.decay }
    type.field("validation", "The validation loss after each epoch.") { $0.validations }
    type.field(
      "stopped_early",
      "Whether patience with the validation ran out. `epsilon` is then that of all planned steps: when to end followed from what the run released, and a bound for a number of steps chosen so need not hold."
    ) { $0.isStoppedEarly }
    type.field("steps", "How many steps were made.") { $0.steps }
    type.field("sample_rate", "The chance of an example to be in a step.") { $0.sampleRate }
    type.field("seconds", "How long it took.") { $0.seconds }
    type.field("losses", "The mean training loss of each epoch. Not private.") { $0.losses }
    type.field("loss", "The mean training loss of the last epoch. Not private.") {
      $0.losses.last ?? .nan
    }
    type.field("accountant", "What computed epsilon.") { _ in "rdp" }
    type.field(
      "secure", "Whether the noise came from the operating system, so that it cannot be repeated."
    ) {
      $0.isSecure
    }
    type.field("notes", "What a reader should know, in sentences.") { $0.notes }
  }
}

/// How well an attack told members from others, in a script.
extension AttackResult: NativeValue {
  public static let nativeType = NativeType<AttackResult>(
    "attack", "How well an attack tells members of the training set from others."
  ) { type in
    type.representation = { attack, _ in attack.description }
    type.transfer = .share
    type.hasContent()
    type.equals = { $0 == $1 }
    type.field("auc", "Area under the ROC curve; 0.5 is guessing.") { $0.auc }
    type.field(
      "auc_low",
      "The lower end of its 95% interval. Nil where there is none: fewer than two members or others, or all losses equal."
    ) { $0.aucInterval?.lowerBound }
    type.field("auc_high", "The upper end of its 95% interval, or nil.") {
      $0.aucInterval?.upperBound
    }
    type.field(
      "advantage",
      "True less false positive rate of the best threshold. It is chosen on one half of the examples and judged on the other: 0 on average where there is nothing to find. Nil for fewer than two members or others."
    ) { $0.advantage }
    type.field(
      "advantage_low",
      "The lower end of a 95% interval of the largest advantage. It is valid for all thresholds at once."
    ) { $0.advantageInterval.lowerBound }
    type.field(
      "advantage_high", "The upper end of that interval, which compares with `dp.advantage_bound`."
    ) { $0.advantageInterval.upperBound }
    type.field(
      "tpr_at_low_fpr",
      "True positive rate at 0.1% false positives. Nil for 1000 others or fewer, which have no such rate but 0."
    ) { $0.tprAtLowFPR }
    type.field("threshold", "The loss at or below which the best attack says member.") {
      $0.bestThreshold
    }
    type.field("members", "How many members were attacked.") { $0.members }
    type.field("others", "How many others were.") { $0.others }
  }
}

/// The module `dp`: differential privacy.
enum DPBuiltins {
  static let module = Module(
    "dp", "Differential privacy: training, attacks, accounting, mechanisms.",
    natives: [DPTraining.train, DPTraining.attack] + accounting + mechanisms)

  private static let accountants = Accountant.allCases.map(\.rawValue)

  private static let accounting = [
    Native(
      "epsilon",
      "The epsilon of DP-SGD: Poisson samples, Gaussian noise, one example added or removed. Rounded up. \"rdp\" is the accountant that `dp.train` uses, \"rdp-classic\" the older conversion, \"pld\" the tightest bound, never above the first, \"gdp\" an approximation that can be too low unless the sample rate is 1.",
      Param<Double>("noise_multiplier", "Noise relative to the clipping bound.", .nonNegative),
      Param<Double>("sample_rate", "The chance of an example to be in a step.", .within(0, 1)),
      Param<Int>("steps", "How many steps.", .nonNegative),
      Param<Double>("delta", "The chance that the promise fails.", default: 1e-5, .between(0, 1)),
      Param<String>("accountant", "Who computes it.", default: "rdp", .oneOf(accountants)),
      returns: "float", seeAlso: ["dp.noise_multiplier", "dp.train"],
      search: ["accountant", "budget", "privacy loss", "renyi"],
      examples: [("round(dp.epsilon(1.1, 256 / 60000, 14062), 4)", "2.5966")]
    ) { noise, rate, steps, delta, accountant in
      try spent(noise, rate, steps, delta, accountant)
    },
    Native(
      "noise_multiplier",
      "The least noise multiplier with which DP-SGD stays within a budget. `dp.epsilon` of it, by the same accountant, is never above. \"rdp\" is that of `dp.train`; \"pld\" needs less noise, for an epsilon below 0.01 very much less.",
      Param<Double>("epsilon", "The budget.", .positive),
      Param<Double>("sample_rate", "The chance of an example to be in a step.", .within(0, 1)),
      Param<Int>("steps", "How many steps.", .nonNegative),
      Param<Double>("delta", "The chance that the promise fails.", default: 1e-5, .between(0, 1)),
      Param<String>("accountant", "Who computes it.", default: "rdp", .oneOf(accountants)),
      returns: "float", seeAlso: ["dp.epsilon"], search: ["calibrate", "sigma", "accountant"],
      examples: [("round(dp.noise_multiplier(3, 256 / 60000, 14063), 3)", "1.014")]
    ) { epsilon, rate, steps, delta, accountant in
      try NoiseCalibration.noiseMultiplier(epsilon: epsilon, delta: delta) {
        (noise) throws(DomainError) in
        try spent(noise, rate, steps, delta, accountant)
      }
    },
    Native(
      "gaussian_sigma",
      "The least noise multiplier of one Gaussian release, exactly (Balle, Wang 2018).",
      Param<Double>("epsilon", "The budget.", .positive),
      Param<Double>("delta", "The chance that the promise fails.", default: 1e-5, .between(0, 1)),
      returns: "float", seeAlso: ["dp.gaussian"], search: ["analytic", "calibrate"],
      examples: [("round(dp.gaussian_sigma(1), 4)", "3.7306")]
    ) { epsilon, delta in try GaussianMechanism.noiseMultiplier(epsilon: epsilon, delta: delta) },
    Native(
      "advantage_bound",
      "The advantage that no membership attack on an (epsilon, delta)-private result can exceed.",
      Param<Double>("epsilon", "What was spent.", .nonNegative),
      Param<Double>("delta", "The chance that the promise fails.", default: 1e-5, .within(0, 1)),
      returns: "float", seeAlso: ["dp.attack"], search: ["membership"],
      examples: [("round(dp.advantage_bound(1), 4)", "0.4621")]
    ) { epsilon, delta in MembershipAttack.advantageBound(epsilon: epsilon, delta: delta) },
  ]

  /// The epsilon of `steps` steps of DP-SGD by the accountant of this name, which the parameter's rule has checked.
  private static func spent(
    _ noise: Double, _ rate: Double, _ steps: Int, _ delta: Double, _ name: String
  ) throws(DomainError) -> Double {
    guard let accountant = Accountant(rawValue: name) else {
      throw DomainError(.value, "there is no accountant \(Quoting.literal(name))")
    }
    return try accountant.epsilon(noiseMultiplier: noise, rate: rate, steps: steps, delta: delta)
  }

  private static let mechanisms = [
    Native(
      "clip",
      "Scales a vector so that its L2 norm is at most `bound`, rounding included. A tensor keeps its dtype; one of integers becomes f64.",
      Param<NumberVector>("vector", "A list of numbers or a tensor."),
      Param<Double>("bound", "The largest norm allowed.", default: 1, .positive, .finite),
      Param<String>(
        "rule",
        "\"flat\" leaves short vectors alone; \"auto-s\" and \"auto-v\" bring all to the bound.",
        default: "flat", .oneOf(ClippingRule.allCases.map(\.rawValue)), named: true),
      returns: "as given", seeAlso: ["dp.gaussian"], search: ["norm", "sensitivity"],
      examples: [("dp.clip([3, 4], bound: 2.5)", "[1.5, 2.0]")]
    ) { vector, bound, rule in
      try vector.with(
        (ClippingRule(rawValue: rule) ?? .flat).apply(
          vector.values, bound: bound, asFloats: vector.isSingle))
    },
    Native(
      "gaussian",
      "Adds Gaussian noise that hides one example. It is exact, on a grid of a millionth of its standard deviation, from the operating system's random bits, so that it cannot be repeated by any seed. For n values it is wider than asked by the factor 1 / (1 - noise_multiplier · √n / 2²⁰), which pays for rounding to the grid: a millionth more for one value at multiplier 1, a thousandth more for a million of them. A value may be 4 billion times the standard deviation; a larger one is refused. A tensor keeps its dtype; one of integers becomes f64.",
      Param<NumberVector>("values", "A number, a list of numbers or a tensor."),
      Param<Double>("noise_multiplier", "Noise relative to the sensitivity.", .positive, .finite),
      Param<Double>(
        "sensitivity", "How far the values can move in L2 when one example joins or leaves.",
        default: 1, .positive, .finite),
      returns: "as given", seeAlso: ["dp.gaussian_sigma", "dp.clip"],
      search: ["mechanism", "release", "noise"]
    ) { vector, noise, sensitivity in
      try vector.with(
        GaussianMechanism.release(
          vector.values, noiseMultiplier: noise, sensitivity: sensitivity))
    },
  ]
}

/// Numbers in one of three forms, given back in the same.
struct NumberVector: Bindable {
  static let typeName = "number, list of float or tensor"

  enum Form {
    case number, list
    case tensor(Shape, DType)
  }
  var values: [Double]
  var form: Form

  static func decode(_ value: Value, _ vm: VM) throws -> NumberVector? {
    // A tensor parameter takes numbers and lists as well; here the form is to stay.
    if value.typeName == Tensor.typeName, let tensor = try Tensor.decode(value, vm) {
      return NumberVector(
        values: try tensor.cast(to: .f64).contiguous().array(Double.self),
        form: .tensor(tensor.shape, tensor.dtype == .f32 ? .f32 : .f64))
    }
    if let number = Double.decode(value, vm) {
      return NumberVector(values: [number], form: .number)
    }
    return try [Double].decode(value, vm).map { NumberVector(values: $0, form: .list) }
  }

  /// Whether the numbers are kept as 32-bit floats.
  var isSingle: Bool {
    if case .tensor(_, .f32) = form { true } else { false }
  }

  func with(_ values: [Double]) -> NumberVector { NumberVector(values: values, form: form) }

  func encode(_ vm: VM) throws -> Value {
    switch form {
    case .number: values[0].encode(vm)
    case .list: try values.encode(vm)
    case .tensor(let shape, .f32):
      try Tensor(values.map(Float.init), shape: shape).encode(vm)
    case .tensor(let shape, _): try Tensor(values, shape: shape).encode(vm)
    }
  }
}

/// Small forms of text that several values show.
enum TextForm {
  /// A number with a few significant digits: 2.597, 0.0012, inf.
  static func digits(_ value: Double, _ count: Int) -> String {
    value.isFinite ? String(format: "%.\(count)g", value) : Formatting.float(value)
  }
}
