import Federated
import Runtime

/// One choice of a federated experiment, as `fed.dirichlet(alpha: 0.1)` or `fed.krum(1)` gives it: what devices are cut
/// by, how a round selects, protects, sums. `fed.partition` and `fed.simulate` take it by the parameter's name.
struct FedRule: NativeValue {
  /// What it can be given for.
  enum Role {
    case partition(any Partitioner)
    case selection(any Selection)
    case setting(any DataSetting)
    case privacy(any ClientPrivacy)
    case combiner(any Combiner)
    case availability(any Availability)
    case labelling(any Labelling)
    /// An attack or a compression.
    case step(any UpdateStep)

    /// The parameter that takes it.
    var parameter: String {
      switch self {
      case .partition: "by"
      case .selection: "selection"
      case .setting: "setting"
      case .privacy: "privacy"
      case .availability: "availability"
      case .combiner: "aggregate or secure"
      case .labelling: "labels"
      case .step: "attack or compress"
      }
    }
  }

  /// As a script would write it: `fed.power(0.5)`.
  let text: String
  let role: Role

  static let nativeType = NativeType<FedRule>(
    "federated rule", "One choice of a federated experiment."
  ) { type in
    type.representation = { rule, _ in rule.text }
    type.transfer = .share
    type.equals = { $0.text == $1.text }
  }
}

/// A strategy in a script.
struct StrategyValue: NativeValue {
  let strategy: any Strategy

  static let nativeType = NativeType<StrategyValue>(
    "strategy", "A federated algorithm: `fed.simulate(…, strategy: …)`."
  ) { type in
    type.representation = { value, _ in "fed.\(value.strategy.fingerprint)" }
    type.transfer = .copy { value in
      // Functions belong to the interpreter that made them.
      guard !value.strategy.callsScript else {
        throw Fault(.value, "a strategy of functions cannot leave the trial that made it")
      }
      return value
    }
    type.equals = { $0.strategy.fingerprint == $1.strategy.fingerprint }
  }
}
