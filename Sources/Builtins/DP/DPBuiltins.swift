import Runtime

/// The module `dp`: differential privacy.
enum DPBuiltins {
  static let module = Module(
    "dp", "Differential privacy: training, attacks, accounting, mechanisms.",
    natives: [DPTraining.train] + AdaMixBuiltins.natives + PATEBuiltins.natives
      + AttackBuiltins.natives + AccountingBuiltins.natives
      + ReleaseBuiltins.natives)
}
