import Federated
import Foundations
import Runtime

/// What data devices hold in a round: `setting:` of `fed.simulate`.
enum SettingBuiltins {
  static let natives = [fixed, continual]

  private static let fixed = Native(
    "static", "Every device holds all of its examples from the first round on.",
    returns: "federated rule", seeAlso: ["fed.continual", "fed.simulate"], search: ["setting"],
    examples: [("fed.static()", "fed.static()")]
  ) { FedRule(text: "fed.static()", role: .setting(StaticSetting())) }

  private static let continual = Native(
    "continual",
    "Examples that arrive period by period (Dupuy et al. 2022). Each device's examples are cut into `periods` equal parts, in the order of a column or as they stand; where their number does not divide, the first parts have one more. Rounds are spread evenly over periods. `keep` says what a device still holds in a period: \"all\" that has arrived; \"window\": the parts of the last `window` periods; \"fifo\": the last `cap` examples; \"delete\": the part of this period alone. A device that holds nothing is not selected, and selection by activity counts what is held.",
    Param<Int>("periods", "How many.", default: 5, .within(1, 1_000_000), named: true),
    Param<String>(
      "keep", "What of the arrived examples stays.", default: "all",
      .oneOf(["all", "window", "fifo", "delete"]), named: true),
    Param<Int>("window", "Of \"window\": periods.", default: 2, .positive, named: true),
    Param<Int>("cap", "Of \"fifo\": examples a device.", default: 100, .positive, named: true),
    Param<String?>(
      "order",
      "The column or further entry by which examples arrive, such as a date; nil: as they stand.",
      default: nil, named: true),
    returns: "federated rule", seeAlso: ["fed.static", "fed.simulate", "fed.power"],
    search: ["setting", "streaming", "retention", "online", "forgetting", "lifelong"],
    examples: [
      (
        "fed.continual(periods: 5, keep: \"delete\")", "fed.continual(periods: 5, keep: \"delete\")"
      ),
      (
        "fed.continual(keep: \"window\", order: \"day\")",
        "fed.continual(periods: 5, keep: \"window\", window: 2, order: \"day\")"
      ),
    ]
  ) { periods, keep, window, cap, order in
    let policy: ContinualSetting.Keep =
      switch keep {
      case "window": .window(window)
      case "fifo": .fifo(cap)
      case "delete": .delete
      default: .all
      }
    let setting = try ContinualSetting(periods: periods, keep: policy, order: order)
    return FedRule(text: "fed.\(setting.fingerprint)", role: .setting(setting))
  }
}
