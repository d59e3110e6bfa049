import Runtime

extension CoreBuiltins {
  static var output: [Native] {
    [
      Native(
        "print", "Write values on one line of standard output, with a space between them.",
        Param<Rest<Value>>("values", "What to print."),
        Param<String>("sep", "What stands between two values.", default: " ", named: true),
        Param<String>("end", "What stands at the end.", default: "\n", named: true),
        seeAlso: ["repr"], search: ["output", "show", "echo", "write"]
      ) { vm, values, sep, end in
        var line = ""
        for (index, value) in values.values.enumerated() {
          if index > 0 { line += sep }
          line += try Representation.text(of: value, vm)
        }
        vm.host.print(line + end)
      },
      Native(
        "repr", "The text of a value as a script would write it: strings have quotes.",
        Param<Value>("value", "Any value."),
        returns: "string", seeAlso: ["string"], search: ["representation", "inspect"],
        examples: [(#"repr("a")"#, #""a""#)]
      ) { vm, value in try Representation.text(of: value, quoted: true, vm) },
      Native(
        "type", "The name of a value's type, such as `int`, `string`, `list` or `tensor`.",
        Param<Value>("value", "Any value."),
        returns: "string", search: ["typeof", "class", "isinstance"],
        examples: [("type(3.0)", "float"), ("type([1])", "list")]
      ) { value in value.typeName },
    ]
  }
}
