import Files
import Foundations
import Runtime
import Syntax
import Tables

// Tables as text and as files.

extension TableBuiltins {
  static let writing = [
    Native(
      "csv", "The table as comma-separated values.", table, returns: "string",
      examples: [("table({a: [1]}).csv().split(\"\\n\")", #"["a", "1", ""]"#)]
    ) { table in table.csv() }.abandonable(),
    Native(
      "json", "The table as JSON: a list with an object for each row.", table,
      returns: "string", examples: [("table({a: [1]}).json().strip().startswith(\"[\")", "true")]
    ) { table in table.json() }.abandonable(),
    Native(
      "save",
      "Writes the table to a file, as its name's ending says: `.csv`, `.tsv`, `.json` or `.txt`.",
      table,
      Param<String>("path", "The file.", TextFile.named(".csv", ".tsv", ".json", ".txt")),
      search: ["export", "write", "to_csv"],
      context: { (vm: VM, table: Table, path: String) in
        let text = try Cancellation.abandonable {
          switch path.split(separator: ".").last?.lowercased() {
          case "tsv": table.csv(separator: "\t")
          case "json": table.json()
          case "txt": table.text(TextStyle(maximumRows: nil)) + "\n"
          default: table.csv()
          }
        }
        try TextFile.write(text, to: path, vm)
      }),
  ]
}

/// Texts that natives write for a script.
enum TextFile {
  /// What the name of a file has to end in.
  static func named(_ endings: String...) -> Rule {
    .custom("the name of a file that ends in \(endings.joined(separator: ", "))") { value in
      guard let name = value.string?.lowercased() else { return true }
      return endings.contains(where: name.hasSuffix)
    }
  }

  /// Writes text under a temporary name beside its place and renames it, so that no reader sees half of it.
  static func write(_ text: String, to path: String, _ vm: VM) throws {
    try AtomicFile.write(try vm.writablePath(path), text.utf8)
  }
}
