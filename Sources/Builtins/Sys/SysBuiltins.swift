import Foundation
import Foundations
import Runtime
import Tensors

/// `sys`: the machine and the process.
enum SysBuiltins {
  /// The version of Fairlead.
  static let version = "0.1.0"

  static let module = Module(
    "sys", "The machine and the process.",
    natives: [
      Native(
        "time", "Seconds since 1970, as a float.", returns: "float", seeAlso: ["sys.clock"],
        search: ["now", "date"],
        context: { (vm: VM) in
          // How long earlier calls took would tell of what they saw.
          try vm.requireUnsealed("no clock can be read")
          return Date().timeIntervalSince1970
        }),
      Native(
        "clock", "Seconds of a clock that only goes forward, for measuring durations.",
        returns: "float", seeAlso: ["sys.time"], search: ["timer", "stopwatch", "duration"],
        context: { (vm: VM) in
          try vm.requireUnsealed("no clock can be read")
          return ProcessInfo.processInfo.systemUptime
        }),
      Native(
        "sleep", "Waits; Ctrl-C ends it.", Param<Double>("seconds", "How long.", .nonNegative),
        search: ["wait", "pause"],
        context: { (vm: VM, seconds: Double) in
          let end = ProcessInfo.processInfo.systemUptime + min(seconds, 1e9)
          while true {
            try vm.checkInterrupt()
            let left = end - ProcessInfo.processInfo.systemUptime
            if left <= 0 { break }
            Thread.sleep(forTimeInterval: min(left, 0.02))
          }
        }),
      Native(
        "env",
        "A variable of the environment; nil where it is not set. A script sees only those that `--allow-env=NAME` names.",
        Param<String>("name", "The variable's name."), returns: "string or nil",
        search: ["environment", "getenv"],
        context: { (vm: VM, name: String) in try vm.hostServices.environmentVariable(name) }),
      Native("threads", "How many threads numerical work uses.", returns: "int") {
        Parallel.threads
      },
      Native(
        "seed", "The seed of this run.", returns: "int", search: ["random"],
        context: { (vm: VM) in vm.hostServices.seed }),
      Native("version", "The version of Fairlead.", returns: "string") { version },
    ])
}
