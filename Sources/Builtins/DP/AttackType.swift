import Privacy
import Runtime
import Tables

/// How well an attack told members from others, in a script.
extension AttackResult: NativeValue {
  public static let nativeType = NativeType<AttackResult>(
    "attack", "How well an attack tells members of the training set from others."
  ) { type in
    type.representation = { attack, _ in attack.description }
    type.transfer = .share
    type.hasContent()
    type.byteCount = { $0.curve.count * 24 + 64 }
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
    type.field(
      "threshold",
      "The loss at or below which the best attack says member. Of other attacks it is the score at or above which they do."
    ) { $0.bestThreshold }
    type.field("members", "How many members were attacked.") { $0.members }
    type.field("others", "How many others were.") { $0.others }
    type.field(
      "roc",
      "The rates at every threshold. `plot.line(attack.roc, x: \"fpr\", y: \"tpr\", log: \"xy\")` shows what is found with few false alarms.",
      returns: "table (threshold, fpr, tpr)"
    ) { attack in
      try Table(columns: [
        Table.Column("threshold", attack.curve.map { .float($0.threshold) }),
        Table.Column("fpr", attack.curve.map { .float($0.falsePositiveRate) }),
        Table.Column("tpr", attack.curve.map { .float($0.truePositiveRate) }),
      ])
    }
    type.field(
      "by",
      "The attack on the examples of each value of `by` alone. A value that members or others lack has no AUC. Nil without `by`.",
      returns: "table or nil"
    ) { attack -> Table? in
      guard let name = attack.groupName else { return nil }
      func cells(_ value: (GroupedAttack) -> Double?) -> [Cell] {
        attack.groups.map { group in value(group).map { .float($0) } ?? .null }
      }
      return try Table(columns: [
        Table.Column(name, attack.groups.map(\.key)),
        Table.Column("n", attack.groups.map { .int($0.members + $0.others) }),
        Table.Column("auc", cells(\.auc)), Table.Column("advantage", cells(\.advantage)),
      ])
    }
    type.methods([
      Native(
        "tpr_at",
        "The true positive rate at a false positive rate, of the best threshold that has no more.",
        Param<AttackResult>("attack"),
        Param<Double>("fpr", "The false positive rate that is allowed.", .within(0, 1)),
        returns: "float", seeAlso: ["dp.attack"], search: ["roc", "low false positive rate"]
      ) { attack, rate in attack.truePositiveRate(atMost: rate) }
    ])
  }
}
