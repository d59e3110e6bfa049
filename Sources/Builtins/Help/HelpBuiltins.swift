import Runtime

/// `help(x)`.
enum HelpBuiltins {
  static let natives = [
    Native(
      "help", "Shows what a function, module or value is and how to use it.",
      Param<Value>(
        "what",
        "A function, a module, any value, or a name as a string (`\"dp.train\"`); without one, an overview.",
        default: Value.nothing, text: "nil"), seeAlso: ["print"],
      search: ["documentation", "manual", "doc"],
      context: { (vm: VM, what: Value) -> Void in
        let display = vm.hostServices.display
        let help = HelpText(width: display.width ?? 100, isColoured: display.isColoured)
        let named = String.decode(what, vm).flatMap { help.text(named: $0, vm.interpreter) }
        let text =
          what.isNothing
          ? help.overview(vm.interpreter) : named ?? help.text(of: what, vm.interpreter)
        vm.host.print(text + "\n")
      })
  ]
}
