import Files
import Foundations
import Runtime
import Syntax
import TableFiles
import Tables

/// The module `json`.
enum JSONBuiltins {
  static let module = Module(
    "json", "JSON: texts to values and back.",
    natives: [
      Native(
        "parse",
        "The value that a JSON text says. Objects become maps, arrays lists, null nil. Errors name line and column; `NaN` and `Infinity` are read, too. A whole number past 64 bits becomes the nearest float, with a note where it is another number.",
        Param<String>("text", "The text."), returns: "any", seeAlso: ["json.text", "json.load"],
        search: ["loads", "decode"],
        examples: [("json.parse(\"{\\\"a\\\": [1, 2.5, null]}\")", "{a: [1, 2.5, nil]}")],
        context: { (vm: VM, text: String) in
          try value(Array(text.utf8), "the text", vm)
        }),
      Native(
        "text",
        "A value as JSON. Dates are written as texts, tensors and columns as lists, tables as lists of objects; what JSON cannot say is an error.",
        Param<Value>("value", "The value."),
        Param<Int?>(
          "indent", "Spaces a level; nil writes one line.", default: nil, .within(0, 32),
          named: true),
        returns: "string", seeAlso: ["json.parse", "text.write"],
        search: ["dumps", "encode", "stringify"],
        examples: [("json.text({a: [1, true, nil]})", "{\"a\": [1, true, null]}")],
        context: { (vm: VM, value: Value, indent: Int?) in
          try JSONCell.text(try Cell(value, vm), indent: indent)
        }),
      Native(
        "load", "The value of a JSON file, also packed (`.gz`, `.zst`).",
        Param<String>("path", "The file."), returns: "any",
        seeAlso: ["json.parse", "data.table"], search: ["read", "file"],
        context: { (vm: VM, path: String) in
          let place = try vm.readablePath(path)
          return try value(try InputFile.textBytes(place), place, vm)
        }),
    ])

  private static func value(_ text: [UInt8], _ source: String, _ vm: VM) throws -> Value {
    let (cell, long) = try JSONCell.parse(text, source: source)
    if let long {
      vm.note(
        "\(source): \(long.prefix(40)) is past 64 bits and was rounded to a float; quotes around it keep it as text"
      )
    }
    return cell.encode(vm)
  }
}
