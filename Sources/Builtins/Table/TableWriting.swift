import Files
import Foundations
import Runtime
import Syntax
import TableFiles
import Tables

// Tables as text and as files.

extension TableBuiltins {
  static let writing = [
    Native(
      "csv", "The table as comma-separated values.", table, returns: "string",
      examples: [("table({a: [1]}).csv().split(\"\\n\")", #"["a", "1", ""]"#)]
    ) { table in try TableFile.text(table, .csv) }.abandonable(),
    Native(
      "json", "The table as JSON: a list with an object for each row.", table,
      returns: "string", examples: [("table({a: [1]}).json().strip().startswith(\"[\")", "true")]
    ) { table in try TableFile.text(table, .json) }.abandonable(),
    Native(
      "save",
      "Writes the table to a file, whole or not at all, as its name's ending says. These are `.csv`, `.tsv`, `.json`, `.jsonl`, `.parquet` and `.txt` (as it is printed), those of text also packed (`.gz`, `.zst`). What would not come back is refused; a note names columns whose types a reader has to be told.",
      table,
      Param<String>("path", "The file."),
      seeAlso: ["data.table"], search: ["export", "write", "to_csv", "to_parquet"],
      context: { (vm: VM, table: Table, path: String) in
        if Packing.unpackedName(path).lowercased().hasSuffix(".txt") {
          let text = try Cancellation.abandonable { table.text(TextStyle(maximumRows: nil)) + "\n" }
          return try PackedFile.write(try vm.writablePath(path)) { file in
            try file.append(Array(text.utf8))
          }
        }
        let place = try vm.writablePath(path)
        for note in try Cancellation.abandonable({ try TableFile.write(table, to: place) }) {
          vm.note("\(path): \(note)")
        }
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
