import Foundations
import Learning
import Privacy
import Runtime
import Tables
import Tensors

/// `dp.attack`.
enum AttackBuiltins {
  private static let model = Param<Model>("model", "A trained model.")
  private static let members = Param<LabelledExamples>(
    "members", "Examples that it was trained on.")
  private static let others = Param<LabelledExamples>(
    "others", "Examples of the same kind that it never saw.")
  private static let loss = Param<Callable?>(
    "loss",
    "Of \"loss\": as in `dp.train`; one that gives no number per example sees one example at a time.",
    default: nil, named: true)
  private static let method = Param<String>(
    "method",
    "\"loss\" takes low losses for membership (Yeom et al. 2018), \"entropy\" low modified entropies (Song and Mittal 2021). With shadow models: \"lira\" is the likelihood ratio (Carlini et al. 2022), \"rmia\" the relative attack (Zarifzadeh et al. 2024), \"shadow\" learns an attack model for each class (Shokri et al. 2017).",
    default: "loss", .oneOf(["loss", "entropy"] + ShadowMethod.allCases.map(\.rawValue)),
    named: true)
  private static let train = Param<Callable?>(
    "train",
    "`part => model` trains a shadow model as the attacked one was trained, on a part of all the examples with all their keys. Called once for each of them, one after the other.",
    default: nil, named: true)
  private static let shadows = Param<Int>(
    "shadows", "How many shadow models, an even number: every example is in half of them.",
    default: 16, .within(2, 100_000), named: true)
  private static let online = Param<Bool>(
    "online",
    "Of \"lira\" and \"rmia\": whether shadow models that were trained with an example say something of it too.",
    default: true, named: true)
  private static let fixedVariance = Param<Bool?>(
    "fixed_variance",
    "Of \"lira\": whether all examples share one variance; nil shares it below 64 shadow models.",
    default: nil, named: true)
  private static let gamma = Param<Double>(
    "gamma", "Of \"rmia\": how many times as likely as others an example has to be.", default: 2,
    .atLeast(1), .finite, named: true)
  private static let offset = Param<Double>(
    "offset",
    "Of \"rmia\" offline: how training with an example lifts its probability, from 0 (evenly) to 1 (not at all).",
    default: 0.3, .within(0, 1), named: true)
  private static let by = Param<String?>(
    "by",
    "A column of the table, or a further key of the map (\"label\" too): the attack is judged for each of its values.",
    default: nil, named: true)

  enum ShadowMethod: String, CaseIterable {
    case shadow, lira, rmia
  }

  static let natives = [attack]

  private static let attack = Native(
    "attack",
    "Membership inference: how well a model's outputs tell training examples from others. AUC 0.5 is guessing.",
    parameters: [
      model, members, others, loss, method, train, shadows, online, fixedVariance, gamma, offset,
      by,
    ], returns: "attack", seeAlso: ["dp.train", "dp.audit", "dp.advantage_bound", "plot.line"],
    search: ["membership inference", "leak", "privacy", "auc", "shadow models", "lira", "rmia"],
    arguments: { (arguments: inout Arguments) in try attack(&arguments) })

  private static func attack(_ arguments: inout Arguments) throws -> AttackResult {
    let model = try arguments(model)
    let members = try arguments(members)
    let others = try arguments(others)
    let method = try arguments(method)
    let loss = try arguments(loss)
    let by = try arguments(by)
    let keys = try by.map { (try members.keys($0), try others.keys($0)) }
    try refuseStrangers(&arguments, method, loss)
    let evaluation = arguments.vm.evaluation(of: model)
    let scores: (members: [Double], others: [Double])
    var result: AttackResult
    if let shadowMethod = ShadowMethod(rawValue: method) {
      scores = try shadowed(&arguments, shadowMethod, model, members, others)
      result = try MembershipAttack.scores(members: scores.members, others: scores.others)
    } else if method == "entropy" {
      func outputs(_ examples: LabelledExamples) throws -> ClassifierOutputs {
        try ClassifierOutputs(evaluation.outputs(examples.source), labels: examples.labels)
      }
      let (inside, outside) = (try outputs(members), try outputs(others))
      scores = (MembershipAttack.entropies(inside), MembershipAttack.entropies(outside))
      result = try MembershipAttack.scores(members: scores.members, others: scores.others)
    } else {
      let loss = try Loss.ofScript(loss, for: model)
      let losses = (
        try evaluation.losses(members.source, loss), try evaluation.losses(others.source, loss)
      )
      scores = (losses.0.map { -$0 }, losses.1.map { -$0 })
      result = try MembershipAttack.lossThreshold(members: losses.0, others: losses.1)
    }
    if let by, let keys {
      result.groupName = by
      result.groups = try MembershipAttack.grouped(
        members: scores.members, keys.0, others: scores.others, keys.1)
    }
    return result
  }

  /// Says what would count for nothing.
  private static func refuseStrangers(
    _ arguments: inout Arguments, _ method: String, _ loss: Callable?
  ) throws {
    let hasShadows = ShadowMethod(rawValue: method) != nil
    func refuse(_ name: String, _ owner: String) -> Fault {
      Fault(
        .value, "`\(name)` belongs to \(owner), not to \"\(method)\"",
        hint: "leave it away, or give another `method`")
    }
    if method != "loss", loss != nil { throw refuse("loss", "\"loss\"") }
    for name in ["train", "shadows"] where !hasShadows && arguments.isGiven(name) {
      throw refuse(name, "the attacks with shadow models")
    }
    if method != "lira", arguments.isGiven("fixed_variance") {
      throw refuse("fixed_variance", "\"lira\"")
    }
    for name in ["gamma", "offset"] where method != "rmia" && arguments.isGiven(name) {
      throw refuse(name, "\"rmia\"")
    }
    if method != "lira", method != "rmia", arguments.isGiven("online") {
      throw refuse("online", "\"lira\" and \"rmia\"")
    }
  }

  /// Trains the shadow models and lets the attack compare.
  private static func shadowed(
    _ arguments: inout Arguments, _ method: ShadowMethod, _ model: Model,
    _ members: LabelledExamples, _ others: LabelledExamples
  ) throws -> (members: [Double], others: [Double]) {
    let vm = arguments.vm
    guard let train = try arguments(train) else {
      throw Fault(
        .value, "\"\(method.rawValue)\" trains shadow models and needs `train`",
        hint: "give `train: part => …`, which trains a model on the part and gives it back")
    }
    let key = vm.randomKey("attack")
    let all = try members.joined(others)
    let labels = try all.labels
    func outputs(_ model: Model) throws -> ClassifierOutputs {
      try ClassifierOutputs(vm.evaluation(of: model).outputs(all.source), labels: labels)
    }
    let plan = try ShadowPlan(
      examples: all.count, shadows: try arguments(Self.shadows), key: key.derived("plan"))
    let target = try outputs(model)
    var shadows: [ClassifierOutputs] = []
    for shadow in 0..<plan.shadows {
      let part = plan.members(of: shadow)
      guard !part.isEmpty else {
        throw Fault(.value, "a shadow model would have no examples: there are too few of them")
      }
      let trained = try train.call(try all.selecting(part), as: Model.self)
      shadows.append(try vm.scope { try outputs(trained) })
    }
    let found = try ShadowOutputs(plan, target: target, shadows: shadows)
    let isOnline = try arguments(online)
    let scores =
      switch method {
      case .lira:
        try LikelihoodRatioAttack.scores(
          found, isOnline: isOnline, hasFixedVariance: try arguments(fixedVariance))
      case .rmia:
        try RelativeAttack.scores(
          found, population: members.count..<all.count, isOnline: isOnline,
          gamma: try arguments(gamma), offset: try arguments(offset))
      case .shadow: try ShadowAttack.scores(found, key: key.derived("attack models"))
      }
    return (Array(scores[..<members.count]), Array(scores[members.count...]))
  }
}
