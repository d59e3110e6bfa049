import Runtime

/// The module `dp`: differential privacy.
enum DPBuiltins {
  static let module = Module(
    "dp", "Differential privacy: training, attacks, accounting, mechanisms.",
    natives: [DPTraining.train] + AttackBuiltins.natives + CanaryBuiltins.natives
      + AuditBuiltins.natives + AccountingBuiltins.natives + ReleaseBuiltins.natives)
}
