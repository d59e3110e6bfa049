import Runtime

/// The module `dp`: differential privacy.
enum DPBuiltins {
  static let module = Module(
    "dp", "Differential privacy: training, budgets, attacks, audits, accounting, mechanisms.",
    natives: [DPTraining.train] + AdaMixBuiltins.natives + PATEBuiltins.natives
      + LedgerBuiltins.natives + AttackBuiltins.natives + CanaryBuiltins.natives
      + AuditBuiltins.natives + AccountingBuiltins.natives + EventBuiltins.natives
      + ReleaseBuiltins.natives + SelectionBuiltins.natives + PrivateStatisticsBuiltins.natives)
}
