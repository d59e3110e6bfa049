import Files
import Foundations
import Runtime
import Syntax

/// Texts from files and to files.
enum TextFileBuiltins {
  static let natives = [
    Native(
      "stream",
      "The lines of a text, one after the other, in constant memory: `for line in text.stream(path)`. A file can be gone through several times, what is piped in once. Packed files (`.gz`, `.zst`) are unpacked.",
      Param<String>("path", "The file; \"-\" reads what is piped in."),
      returns: "lines", seeAlso: ["text.write", "data.table"],
      search: ["read", "lines", "open", "stdin", "file"],
      context: { (vm: VM, path: String) in
        guard path != "-" else {
          try vm.requireOwnInput()
          return TextLines(path: nil)
        }
        let place = try vm.readablePath(path)
        // What is wrong with the file is said here and not where the loop begins.
        _ = try Door.current.open(place)
        return TextLines(path: place)
      }),
    Native(
      "write",
      "Writes a text to a file, whole or not at all. A name that ends in `.gz` or `.zst` packs it.",
      Param<String>("path", "The file."), Param<String>("text", "What it is to hold."),
      seeAlso: ["text.stream", "json.text", "table.save"], search: ["save", "file", "open"],
      context: { (vm: VM, path: String, text: String) in
        try PackedFile.write(try vm.writablePath(path)) { file in try file.append(Array(text.utf8))
        }
      }),
  ]
}

/// The lines of a file, in a script.
final class TextLines: NativeValue, Sendable {
  /// Nil for what is piped in.
  let path: String?

  init(path: String?) { self.path = path }

  static let nativeType = NativeType<TextLines>(
    "lines", "The lines of a text, read as they are asked for."
  ) { type in
    type.representation = { lines, _ in "lines of \(lines.path ?? "standard input")" }
    type.transfer = .share
    type.iterate = { lines, vm in
      if lines.path == nil { try vm.requireOwnInput() }
      let source = LineSource(
        try lines.path.map { path throws(DomainError) in try InputFile.source(path) }
          ?? InputFile.standardInput())
      return IteratorObject("lines") { vm in try source.next().map { vm.makeString($0) } }
    }
    type.field("path", "The file; nil for what is piped in.") { $0.path }
  }
}
