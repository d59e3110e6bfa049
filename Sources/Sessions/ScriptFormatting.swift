import Files
import Foundation
import Runtime
import Syntax
import Text

/// Scripts in the canonical layout.
public enum ScriptFormatting {
  /// Formats a script in place: whoever reads it meanwhile finds the old text or the new one, and a kill leaves one of
  /// both.
  /// - Parameters:
  ///   - path: the script; through a link, the file that it points to.
  ///   - writes: false only compares.
  /// - Returns: whether the script's layout was another.
  /// - Throws: `Diagnostics` where it does not parse, a `Diagnostic` where it cannot be read or written.
  public static func format(path: String, writes: Bool) throws -> Bool {
    let text = try Imports.read(path, shownAs: path)
    let formatted = try self.format(text, name: path)
    guard formatted != text else { return false }
    guard writes else { return true }
    var status = stat()
    guard let real = realpath(path, nil) else {
      throw Diagnostic(.io, "`\(path)` cannot be found: \(String(cString: strerror(errno)))")
    }
    defer { free(real) }
    let permissions = stat(real, &status) == 0 ? status.st_mode & 0o7777 : 0o644
    do {
      try AtomicFile.write(String(cString: real), permissions: permissions, formatted.utf8)
    } catch {
      throw Diagnostic(.io, error.message)
    }
    return true
  }

  /// The script on standard input in the canonical layout.
  public static func standardInput() throws -> String {
    try format(Imports.readStandardInput(), name: "standard input")
  }

  private static func format(_ text: String, name: String) throws -> String {
    // As deep a stack as scripts have when they run.
    try BigStack.run {
      let formatted = try SourceFormatter.format(Source(name: name, text: text))
      // What comes out must mean what went in: at the least, it parses.
      _ = try Parsing.parse(Source(name: name, text: formatted))
      return formatted
    }
  }
}
