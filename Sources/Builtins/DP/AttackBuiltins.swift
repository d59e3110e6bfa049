import Learning
import Privacy
import Runtime

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

/// `dp.attack`.
enum AttackBuiltins {
  static let natives = [attack]

  private static let attack = Native(
    "attack",
    "Membership inference by loss: how well low losses tell training examples from others. AUC 0.5 is guessing.",
    Param<Model>("model", "A trained model."),
    Param<TrainingExamples>("members", "Examples that it was trained on."),
    Param<TrainingExamples>("others", "Examples of the same kind that it never saw."),
    Param<Callable?>(
      "loss",
      "As in `dp.train`; one that gives no number per example sees one example at a time.",
      default: nil, named: true),
    returns: "attack", seeAlso: ["dp.train", "dp.advantage_bound"],
    search: ["membership inference", "leak", "audit", "privacy", "auc"],
    context: {
      (
        vm: VM, model: Model, members: TrainingExamples, others: TrainingExamples, loss: Callable?
      ) in
      let evaluation = vm.evaluation(of: model)
      let loss = try Loss.ofScript(loss)
      return try MembershipAttack.lossThreshold(
        members: evaluation.losses(members.source, loss),
        others: evaluation.losses(others.source, loss))
    })
}
