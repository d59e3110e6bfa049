import Federated
import Foundations
import Runtime

/// Rules that scripts may call by a name alone: `selection: "uniform"`.
enum NamedRules {
  static let selections: [String: any Selection] = [
    "uniform": UniformSelection(), "samples": ActivitySelection.samples,
  ]

  /// Beside "mean", the weighted mean.
  static let aggregations: [String: any Combiner] = ["median": CoordinateMedian()]

  /// The rule that was given for a parameter.
  /// - Parameter names: what may stand there as a text.
  /// - Throws: `type` for anything else.
  static func rule(
    _ value: Value?, for parameter: String, names: [String] = [], _ vm: VM
  ) throws -> FedRule? {
    guard let value, !value.isNothing else { return nil }
    if let rule = try FedRule.attempt(value, vm) { return rule }
    let texts = names.sorted().map(Quoting.literal)
    let wanted =
      texts.isEmpty ? "a rule of `fed`" : (texts + ["a rule of `fed`"]).joined(separator: " or ")
    throw Fault(.type, "`\(parameter)` is \(wanted), got \(Representation.described(value))")
  }

  /// A rule for something else than the parameter takes.
  static func misplaced(_ rule: FedRule, _ parameter: String) -> Fault {
    Fault(
      .value, "\(rule.text) is nothing for `\(parameter)`",
      hint: "it belongs to `\(rule.role.parameter)`")
  }
}
