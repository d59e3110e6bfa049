import Federated
import Foundations
import Runtime

/// Who takes part in a round: `selection:` and `availability:` of `fed.simulate`.
enum CohortBuiltins {
  static let natives = [power, log, threshold, mixture, traces]

  private static func rule(_ selection: any Selection) -> FedRule {
    FedRule(text: "fed.\(selection.fingerprint)", role: .selection(selection))
  }

  private static let trap =
    "Mind the weights: with weights \"samples\" a heavy device counts twice, since it is drawn more often and also weighs more. Draws in proportion to the examples with `weights: \"equal\"` aim at the same objective as \"uniform\" with \"samples\" does. The server must know the devices' counts for it: with privacy of devices the guarantees, which rest on draws that do not look at data, do not cover that."

  private static let power = Native(
    "power",
    "Devices in proportion to n^a, without replacement; n is how many examples a device holds now. 0 is \"uniform\", 1 is \"samples\" (Dupuy et al. 2022). \(trap)",
    Param<Double>("a", "The exponent.", .within(-100, 100)), returns: "federated rule",
    seeAlso: ["fed.log", "fed.mixture", "fed.threshold", "fed.simulate"],
    search: ["selection", "activity", "sampling", "heavy devices", "weighted"],
    examples: [("fed.power(0.5)", "fed.power(0.5)")]
  ) { a in
    FedRule(text: "fed.power(\(a))", role: .selection(try ActivitySelection(.power(a))))
  }

  private static let log = Native(
    "log",
    "Devices in proportion to log(1 + n), without replacement; n is how many examples a device holds now. \(trap)",
    returns: "federated rule", seeAlso: ["fed.power", "fed.simulate"],
    search: ["selection", "activity", "sampling"], examples: [("fed.log()", "fed.log()")]
  ) { rule(try ActivitySelection(.log)) }

  private static let threshold = Native(
    "threshold",
    "Devices with at least the quantile of all devices' counts of examples, each with the same chance. Of fewer such devices than a round asks for, all come. Light devices are never asked: see `history.by_activity` for what the model does for them.",
    Param<Double>("quantile", "From 0 (all) to 1 (the heaviest).", .within(0, 1)),
    returns: "federated rule", seeAlso: ["fed.power", "fed.mixture"],
    search: ["selection", "activity", "heavy devices"],
    examples: [("fed.threshold(0.5)", "fed.threshold(0.5)")]
  ) { quantile in rule(try ThresholdSelection(quantile: quantile)) }

  private static let mixture = Native(
    "mixture",
    "Some devices drawn in proportion to their examples, the rest uniformly. First round(rho · clients) are drawn by their examples, then the rest from the others. \(trap)",
    Param<Double>("rho", "The share that is drawn by activity.", .within(0, 1)),
    returns: "federated rule", seeAlso: ["fed.power", "fed.threshold"],
    search: ["selection", "activity", "sampling"],
    examples: [("fed.mixture(0.5)", "fed.mixture(0.5)")]
  ) { rho in rule(try MixtureSelection(rho: rho)) }

  private static let devices = Param<DeviceSet>("devices", "Made by `fed.partition`.")
  private static let availability = Param<NumberVector>(
    "availability",
    "The share of rounds in which a device is there; a list has one for each device.",
    default: NumberVector(values: [0.8], form: .number), text: "0.8", named: true)
  private static let persistence = Param<Double>(
    "persistence", "The correlation of a device's presence from one round to the next.",
    default: 0, .within(0, 0.999), named: true)
  private static let period = Param<Int?>(
    "period", "Rounds of a day, over which availability swings; nil: no days.", default: nil,
    .atLeast(2), named: true)
  private static let swing = Param<Double>(
    "swing", "How far it swings: availability · (1 ± swing), at most 1.", default: 0.5,
    .within(0, 1), named: true)
  private static let spread = Param<Double>(
    "spread", "The share of a day over which the devices' peaks are spread: 0 for all at once.",
    default: 0.25, .within(0, 1), named: true)
  private static let speed = Param<NumberVector>(
    "speed", "Seconds an example: the devices' median; a list has one for each device.",
    default: NumberVector(values: [0.01], form: .number), text: "0.01", named: true)
  private static let variation = Param<Double>(
    "variation", "How devices differ in speed: the standard deviation of its logarithm.",
    default: 0.5, .within(0, 10), named: true)
  private static let jitter = Param<Double>(
    "jitter", "The same of one device from round to round.", default: 0.1, .within(0, 10),
    named: true)
  private static let drop = Param<Double>(
    "drop", "The chance that a device is lost after it has trained.", default: 0.1, .within(0, 1),
    named: true)
  private static let deadline = Param<Double?>(
    "deadline",
    "Simulated seconds after which a round ends without those who still train; nil waits.",
    default: nil, .positive, named: true)

  private static let traces = Native(
    "traces",
    "Devices that come and go, of different speed. It simulates who is there in a round, who is too slow for the deadline, and who is lost. All follows from the run's seed. A device draws anew whether it is there with chance 1 - `persistence`, so that its presence is a Markov chain; with `period` its chance swings over a day. Speeds are log-normal.",
    parameters: [
      devices, availability, persistence, period, swing, spread, speed, variation, jitter, drop,
      deadline,
    ],
    returns: "federated rule", seeAlso: ["fed.simulate"],
    search: ["availability", "stragglers", "dropout", "diurnal", "deadline", "offline"],
    examples: [
      (
        "let d = fed.partition({inputs: tensor.zeros([4, 1]), labels: [0] * 4}, clients: 4)\nfed.traces(d, availability: 0.5, drop: 0)",
        "fed.traces(4 devices, availability: 0.5, drop: 0.0)"
      )
    ],
    arguments: { (arguments: inout Arguments) in
      let set = try arguments(devices)
      var options = Traces.Options()
      let there = try arguments(availability)
      options.availability = try values(there, "availability", set)
      options.persistence = try arguments(persistence)
      options.period = try arguments(period)
      options.swing = try arguments(swing)
      options.spread = try arguments(spread)
      options.speed = try values(try arguments(speed), "speed", set)
      options.variation = try arguments(variation)
      options.jitter = try arguments(jitter)
      options.drop = try arguments(drop)
      options.deadline = try arguments(deadline)
      let traces = try Traces(
        options, devices: set.count, key: arguments.vm.randomKey("traces"))
      let share = there.values.count == 1 ? "\(there.values[0])" : "…"
      return FedRule(
        text:
          "fed.traces(\(set.leftCount) devices, availability: \(share), drop: \(options.drop))",
        role: .availability(traces))
    })

  /// One value for all devices, or one for each that is left, put at its place.
  private static func values(_ given: NumberVector, _ name: String, _ set: DeviceSet) throws
    -> [Double]
  {
    if case .number = given.form { return given.values }
    guard given.values.count == set.leftCount else {
      throw Fault(
        .value,
        "`\(name)` has \(given.values.count) values for \(NumberText.counted(set.leftCount, "device", "devices"))"
      )
    }
    guard set.count > 1 else { return given.values }
    var values = [Double](repeating: given.values.first ?? 1, count: set.count)
    for (value, place) in zip(given.values, set.places) { values[place] = value }
    return values
  }
}
