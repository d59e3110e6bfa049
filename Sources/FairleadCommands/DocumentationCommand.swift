import ArgumentParser
import Files
import Foundation
import Foundations
import Sessions

import struct ArgumentParser.Argument

/// `fairlead doc`.
struct Documentation: FairleadCommand {
  static let configuration = CommandConfiguration(
    commandName: "doc", abstract: "Shows what a function or module is and how to use it.")

  @Argument(
    help: "A name, as in `fairlead doc plot.line` or `doc table.group`; none for the list of all.")
  var name: String?

  @Option(
    help: ArgumentHelp(
      "Writes the reference of all modules and types into this folder.", valueName: "folder"))
  var markdown: String?

  func status() -> Int32 {
    let session = Session()
    if let markdown { return write(session.referencePages, into: markdown) }
    let width = Console.columns(STDOUT_FILENO) ?? 100
    let isColoured = Console.isColoured(STDOUT_FILENO)
    guard let name else {
      Console.print(session.overview(width: width, isColoured: isColoured))
      return Status.success
    }
    if let help = session.help(for: name, width: width, isColoured: isColoured) {
      Console.print(help)
      return Status.success
    }
    let near = session.suggestions(for: name)
    Console.complain(
      "error: there is no `\(name)`"
        + (near.isEmpty ? "" : "; perhaps " + near.map { "`\($0)`" }.joined(separator: ", ")))
    return Status.failure
  }

  /// Writes pages that have changed; others that stand there stay.
  private func write(_ pages: [(name: String, text: String)], into folder: String) -> Int32 {
    do {
      try FileManager.default.createDirectory(
        atPath: folder, withIntermediateDirectories: true)
      for page in pages { try AtomicFile.write("\(folder)/\(page.name)", page.text.utf8) }
    } catch {
      let reason = (error as? DomainError)?.message ?? error.localizedDescription
      Console.complain("error: the reference cannot be written: \(reason)")
      return Status.failure
    }
    Console.print("\(pages.count) pages written")
    return Status.success
  }
}
