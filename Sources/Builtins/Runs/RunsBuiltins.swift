import Runtime
import Tables

/// `runs`: the record of earlier sweeps.
enum RunsBuiltins {
  static let module = Module(
    "runs", "The record of what ran: scripts, parameters, seeds, results.",
    natives: [
      Native(
        "list", "The latest runs, newest first.",
        Param<Int>("limit", "How many at most.", default: 50, .positive), returns: "table",
        search: ["history", "experiments"],
        context: { (vm: VM, limit: Int) in try record(of: vm).recordedRuns(limit: limit) }),
      Native(
        "show", "All that was recorded of a run: script, parameters, seed, versions, data, status.",
        Param<Int>("number", "The run's number in the list."), returns: "map",
        context: { (vm: VM, number: Int) in
          Cell.map(try record(of: vm).recordedRun(number))
        }),
      Native(
        "results", "The table of a recorded sweep.",
        Param<Int>("number", "The run's number in the list."),
        Param<Int>("sweep", "Which sweep of the run, from 0.", default: 0, .nonNegative),
        returns: "table", search: ["load", "trials"],
        context: { (vm: VM, number: Int, sweep: Int) in
          try record(of: vm).recordedTable(number, sweep: sweep)
        }),
    ])

  /// The record grows while a run goes on: it holds what this one has printed.
  private static func record(of vm: VM) throws -> any HostServices {
    try vm.requireUnsealed("the record of runs cannot be read")
    return vm.hostServices
  }
}
