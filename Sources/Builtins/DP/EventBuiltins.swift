import Foundations
import Privacy
import Runtime

/// What was done to private data, in a script.
extension Event: NativeValue {
  public static let nativeType = NativeType<Event>(
    "event", "What was done to private data, and for whom it promises something."
  ) { type in
    type.representation = { event, _ in event.text }
    type.transfer = .share
    type.hasContent()
    type.equals = { $0 == $1 }
    type.field("mechanism", "What was done, in words.") { $0.description }
    type.field("unit", "Whose data differ between neighbours: example, user or client.") {
      $0.unit.rawValue
    }
    type.field("adjacency", "How neighbours differ: add_remove or replace_one.") {
      $0.neighbours.rawValue
    }
  }

  /// As the prompt shows it: "event: Gaussian noise 2.0, one example added or removed".
  var text: String {
    "event: \(description), one \(unit.rawValue) \(neighbours == .replaceOne ? "replaced" : "added or removed")"
  }
}

/// `dp.event` and `dp.compose`.
enum EventBuiltins {
  static let natives = [event, compose]

  private static let kind = Param<String>(
    "kind", "The mechanism.", .oneOf(EventKind.allCases.map(\.rawValue)))
  private static let noise = number(
    "noise_multiplier", "Gaussian noise relative to the sensitivity.")
  private static let epsilon = number("epsilon", "The epsilon of one step.")
  private static let sigma = number(
    "sigma", "The standard deviation of discrete Gaussian noise.")
  private static let delta = number("delta", "The delta of one step.")
  private static let rho = number("rho", "The rho of zCDP of one step.")
  private static let sensitivity = Param<Int>(
    "sensitivity", "Of discrete noise: how far one unit moves a whole number.", default: 1,
    .nonNegative, named: true)
  private static let rate = Param<Double>(
    "sample_rate", "The chance of a unit to be in a step.", default: 1, .within(0, 1),
    named: true)
  private static let steps = Param<Int>(
    "steps", "How many steps; of a tree its leaves.", default: 1, .nonNegative, named: true)
  private static let passes = Param<Int>(
    "passes", "Of a tree: how many, one a pass.", default: 1, .nonNegative, named: true)
  private static let sampling = Param<String>(
    "sampling",
    "\"poisson\", or \"fixed\": batches of one size, one unit replaced, Gaussian noise relative to the clipping bound.",
    default: "poisson", .oneOf(["poisson", "fixed"]), named: true)
  private static let unit = Param<String>(
    "unit", "Whose data differ.", default: "example",
    .oneOf(PrivacyUnit.allCases.map(\.rawValue)), named: true)
  private static let adjacency = Param<String>(
    "adjacency", "How neighbours differ; with samples of fixed size \"replace_one\" anyway.",
    default: "add_remove", .oneOf(Neighbours.allCases.map(\.rawValue)), named: true)

  private static func number(_ name: String, _ summary: String) -> Param<Double?> {
    Param<Double?>(name, summary, default: nil, named: true)
  }

  private static let event = Native(
    "event",
    "What a mechanism will do or has done to private data, for `dp.compose`. Kinds and what they need: \"gaussian\" (noise_multiplier), \"laplace\" (epsilon), \"discrete_gaussian\" (sigma, and sensitivity), \"discrete_laplace\" (epsilon, and sensitivity), \"tree\" (noise_multiplier, steps, passes), \"pure\" (epsilon), \"approximate\" (epsilon, delta), \"concentrated\" (rho). All but trees on samples too.",
    parameters: [
      kind, noise, epsilon, sigma, delta, rho, sensitivity, rate, steps, passes, sampling, unit,
      adjacency,
    ],
    returns: "event", seeAlso: ["dp.compose", "dp.epsilon"],
    search: ["mechanism", "accountant", "composition"],
    examples: [
      (
        "dp.event(\"gaussian\", noise_multiplier: 2)",
        "event: Gaussian noise 2.0, one example added or removed"
      ), ("dp.event(\"laplace\", epsilon: 0.5, unit: \"user\").unit", "\"user\""),
    ],
    arguments: { (arguments: inout Arguments) in
      let named = try EventKind(rawValue: arguments(kind)) ?? .pure
      let numbers = try EventNumbers(
        noise: arguments(noise), epsilon: arguments(epsilon), sigma: arguments(sigma),
        delta: arguments(delta), rho: arguments(rho), sensitivity: arguments(sensitivity),
        rate: arguments(rate), steps: arguments(steps), passes: arguments(passes),
        isFixedSize: arguments(sampling) == "fixed")
      let neighbours = try Neighbours(rawValue: arguments(adjacency)) ?? .addOrRemoveOne
      let event = try Event(
        numbers.mechanism(named), neighbours: numbers.isFixedSize ? .replaceOne : neighbours,
        unit: PrivacyUnit(rawValue: arguments(unit)) ?? .example)
      try event.validate()
      return event
    })

  private static let compose = Native(
    "compose",
    "What events cost together: a map {low, value, high, accountant}. `high` holds; mechanisms of these kinds cost at least `low` (0 where nothing is known). Without an accountant the tightest that knows all of them: \"pld\", else \"rdp\". \"gdp\" is an approximation: its `high` is infinite.",
    Param<[Event]>("events", "Made by `dp.event`."),
    Param<Double>(
      "delta", "The chance that the promise fails; at 0 epsilons add up.", default: 1e-5,
      .within(0, 1)),
    Param<String?>(
      "accountant", "Who computes it; nil for the tightest.", default: nil,
      .oneOf(Accountant.allCases.map(\.rawValue)), named: true),
    returns: "map", seeAlso: ["dp.event", "dp.epsilon"],
    search: ["composition", "accountant", "budget", "total"],
    examples: [
      ("dp.compose([dp.event(\"pure\", epsilon: 0.5)], delta: 0).accountant", "\"pld\""),
      (
        "round(dp.compose([dp.event(\"gaussian\", noise_multiplier: 10, steps: 100)]).high, 4)",
        "4.3772"
      ),
    ]
  ) { events, delta, name in
    let cost =
      if let accountant = name.flatMap(Accountant.init(rawValue:)) {
        try ComposedCost(of: Event.composed(events), delta: delta, by: accountant)
      } else {
        try ComposedCost(of: events, delta: delta)
      }
    return Record([
      ("low", cost.low), ("value", cost.value), ("high", cost.high),
      ("accountant", cost.accountant.rawValue),
    ])
  }
}

/// The mechanisms that scripts name.
enum EventKind: String, CaseIterable {
  case gaussian, laplace
  case discreteGaussian = "discrete_gaussian"
  case discreteLaplace = "discrete_laplace"
  case tree, pure, approximate, concentrated

  /// The numbers that it needs.
  var needs: [String] {
    switch self {
    case .gaussian, .tree: ["noise_multiplier"]
    case .laplace, .discreteLaplace, .pure: ["epsilon"]
    case .discreteGaussian: ["sigma"]
    case .approximate: ["epsilon", "delta"]
    case .concentrated: ["rho"]
    }
  }
}

/// The numbers of an event, as given.
struct EventNumbers {
  var noise, epsilon, sigma, delta, rho: Double?
  var sensitivity: Int
  var rate: Double
  var steps: Int
  var passes: Int
  var isFixedSize: Bool

  /// - Throws: `value` where a number is missing or has no meaning for the kind.
  func mechanism(_ kind: EventKind) throws -> Mechanism {
    let given = [
      ("noise_multiplier", noise), ("epsilon", epsilon), ("sigma", sigma), ("delta", delta),
      ("rho", rho),
    ]
    for (name, value) in given {
      if kind.needs.contains(name), value == nil {
        throw Fault(.value, "an event of kind \(Quoting.literal(kind.rawValue)) needs `\(name)`")
      }
      if !kind.needs.contains(name), value != nil {
        throw Fault(.value, "an event of kind \(Quoting.literal(kind.rawValue)) has no `\(name)`")
      }
    }
    guard sensitivity == 1 || kind == .discreteGaussian || kind == .discreteLaplace else {
      throw Fault(
        .value, "`sensitivity` is for discrete noise; other noise is given relative to it")
    }
    if kind == .tree {
      guard rate == 1, !isFixedSize else {
        throw Fault(.value, "a tree takes all data in each pass: there is no sample of it")
      }
      return .tree(noiseMultiplier: noise ?? 0, steps: steps, passes: passes)
    }
    guard passes == 1 else { throw Fault(.value, "`passes` is for trees, found \(passes)") }
    var step = single(kind)
    if isFixedSize {
      step = .fixedSizeSampled(rate: rate, step)
    } else if rate < 1 {
      step = .poissonSampled(rate: rate, step)
    }
    return steps == 1 ? step : .repeated(step, times: steps)
  }

  private func single(_ kind: EventKind) -> Mechanism {
    switch kind {
    // One that is replaced moves a sum by up to twice the clipping bound.
    case .gaussian, .tree: .gaussian(noiseMultiplier: (noise ?? 0) / (isFixedSize ? 2 : 1))
    case .laplace: .laplace(noiseMultiplier: 1 / (epsilon ?? .infinity))
    case .discreteGaussian: .discreteGaussian(sigma: sigma ?? 0, sensitivity: sensitivity)
    case .discreteLaplace:
      .discreteLaplace(epsilon: epsilon ?? .infinity, sensitivity: sensitivity)
    case .pure: .pure(epsilon: epsilon ?? .infinity)
    case .approximate: .approximate(epsilon: epsilon ?? .infinity, delta: delta ?? 1)
    case .concentrated: .concentrated(rho: rho ?? .infinity)
    }
  }
}
