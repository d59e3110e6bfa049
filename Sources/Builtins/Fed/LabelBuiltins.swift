import Federated
import Foundations
import Learning
import Runtime
import Text

/// Where the labels on devices come from, in `fed`.
enum LabelBuiltins {
  static let natives = [weak, selfTraining, feedback]

  private static let weak = Native(
    "weak",
    "Labels by a rule of the script in the place of right ones, for `labels:` of `fed.simulate`. Where the rule gives nil, the example is not learnt from.",
    Param<Callable>("rule", "`text => label`: the number of a class, its name, or nil."),
    Param<[String]?>(
      "classes", "The names of the classes, for rules that give names.", default: nil,
      named: true),
    returns: "federated rule", seeAlso: ["fed.simulate", "fed.self_training"],
    search: ["weak supervision", "labelling function", "heuristic"],
    examples: [
      ("fed.weak(text => if \"play\" in text { 1 } else { nil })", "fed.weak(function)")
    ]
  ) { (rule: Callable, classes: [String]?) throws -> FedRule in
    FedRule(
      text: "fed.weak(function)", role: .labelling(ScriptLabels(rule: rule, classes: classes)))
  }

  private static let selfTraining = Native(
    "self_training",
    "Labels by the model itself, for `labels:` of `fed.simulate`. Each device learns from the examples of which the server's model is sure, with the class that it predicts (pseudo-labels, Lee 2013).",
    Param<Double>(
      "confidence", "The least probability of the predicted class.", default: 0.9, .within(0, 1),
      named: true),
    returns: "federated rule", seeAlso: ["fed.weak", "fed.feedback"],
    search: ["pseudo label", "semi-supervised", "unlabelled"],
    examples: [("fed.self_training(confidence: 0.8)", "fed.self_training(confidence: 0.8)")]
  ) { (confidence: Double) throws -> FedRule in
    let labels = try SelfTraining(confidence: confidence)
    return FedRule(
      text: "fed.self_training(confidence: \(NumberText.shortest(confidence)))",
      role: .labelling(labels))
  }

  private static let feedback = Native(
    "feedback",
    "Labels by what people say to predictions, for `labels:` of `fed.simulate`. A device shows what the server's model predicts, and its owner says whether that is right. What was called right is learnt from with the predicted class, other examples are not.",
    Param<Double>(
      "noise", "The chance that a person gives the wrong answer.", default: 0.2, .within(0, 1),
      named: true),
    returns: "federated rule", seeAlso: ["fed.weak", "fed.self_training"],
    search: ["user feedback", "implicit feedback", "noisy labels", "accept"],
    examples: [("fed.feedback(noise: 0.1)", "fed.feedback(noise: 0.1)")],
    context: { (vm: VM, noise: Double) throws -> FedRule in
      let labels = try UserFeedback(noise: noise, key: vm.randomKey("feedback"))
      return FedRule(
        text: "fed.feedback(noise: \(NumberText.shortest(noise)))",
        role: .labelling(labels))
    })
}

/// Labels by a function of the script (weak supervision: Ratner et al., "Data Programming", NeurIPS 2016, with one
/// labelling function).
private struct ScriptLabels: Labelling {
  let rule: Callable
  let classes: [String]?

  var fingerprint: String { "weak(function)" }
  var callsScript: Bool { true }

  func labels(_ source: any BatchSource, examples: [Int], model: Layer) throws -> (
    examples: [Int], labels: [Int]
  ) {
    guard let texts = Self.store(source)?.examples.texts else {
      throw Fault(
        .value, "labels by a rule need examples of texts",
        hint: "give `fed.partition` a part of a dataset, such as `data.load(…).train`")
    }
    var result: (examples: [Int], labels: [Int]) = ([], [])
    for example in examples {
      try Cancellation.check()
      guard let label = try number(rule.call(texts[example], as: RuleLabel.self)) else { continue }
      result.examples.append(example)
      result.labels.append(label)
    }
    return result
  }

  /// The part of a dataset that devices hold.
  private static func store(_ source: any BatchSource) -> ExampleSource? {
    if let devices = source as? DeviceExamples, case .labelled(let examples) = devices.content {
      return examples.source as? ExampleSource
    }
    return source as? ExampleSource
  }

  private func number(_ label: RuleLabel) throws -> Int? {
    switch label {
    case .none: return nil
    case .number(let number):
      guard number >= 0 else { throw Fault(.value, "the rule gives \(number), which is no class") }
      return number
    case .name(let name):
      guard let classes else {
        throw Fault(
          .value, "the rule gives the name \(Quoting.literal(name))",
          hint: "say which classes there are: `fed.weak(rule, classes: set.classes)`")
      }
      guard let number = classes.firstIndex(spelt: name) else {
        throw Fault(.value, "the rule gives \(Quoting.literal(name)), which is none of the classes")
      }
      return number
    }
  }
}

/// What a rule says about a text.
private enum RuleLabel: Bindable {
  case none
  case number(Int)
  case name(String)

  static let typeName = "class, its name or nil"

  static func decode(_ value: Value, _ vm: VM) throws -> RuleLabel? {
    if case .nothing = value { return RuleLabel.none }
    if let name = value.string { return .name(name) }
    return Int.decode(value, vm).map(RuleLabel.number)
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .none: .nothing
    case .number(let number): .int(number)
    case .name(let name): vm.makeString(name)
    }
  }
}
