import Runtime

/// The module `fed`: federated learning.
enum FedBuiltins {
  static let module = Module(
    "fed", "Federated learning: devices, rounds, strategies, secure sums, privacy of devices.",
    natives: DeviceBuiltins.natives + CohortBuiltins.natives + SettingBuiltins.natives
      + SimulateBuiltins.natives + StrategyBuiltins.natives + ProtectionBuiltins.natives
      + SecureBuiltins.natives + AggregationBuiltins.natives + AnalyticsBuiltins.natives
      + LabelBuiltins.natives)
}
