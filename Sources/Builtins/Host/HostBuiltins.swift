import Runtime

/// What the host's half of the standard modules adds to an interpreter: tables, plots, statistics, runs, the system,
/// help.
enum HostBuiltins {
  static func install(in interpreter: Interpreter) {
    interpreter.define(TableMaking.natives)
    interpreter.define(DateBuiltins.natives)
    interpreter.define(HelpBuiltins.natives)
    for module in [
      PlotBuiltins.module, StatsBuiltins.module, RunsBuiltins.module, SysBuiltins.module,
    ] {
      interpreter.define(module)
    }
  }
}
