import Builtins
import Files
import Foundation
import Runtime
import Syntax
import Tables

/// What a prompt asks of a session beyond running cells.
extension Session {
  /// Whether a text can run as it stands, needs more lines, or can never be right.
  public func completeness(of text: String) -> Completeness { Parsing.completeness(of: text) }

  public struct Variable: Sendable {
    public var name: String
    public var type: String
    /// The value, cut to a line.
    public var text: String
  }

  /// The variables in the order of their declaration, without the results `_`, `_1` ….
  public var variables: [Variable] {
    interpreter.variables.filter { !$0.name.hasPrefix("_") }.map { name, value in
      Variable(name: name, type: value.typeName, text: Representation.brief(value))
    }
  }

  /// What the ledgers that were opened in this session have spent: for each a line under the names that hold it, and
  /// its charges.
  public var budgets: [String] {
    guard let vm = interpreter.vm else { return [] }
    return LedgerRegister.of(vm).ledgers.map { ledger in
      let names = interpreter.variables.filter {
        !$0.name.hasPrefix("_") && (try? LedgerHandle.decode($0.value, vm)) === ledger
      }.map(\.name)
      let head = names.isEmpty ? "a ledger" : names.joined(separator: ", ")
      do {
        let report = try ledger.report()
        let style = TextStyle(width: host.display.width, coloured: host.display.isColoured)
        return "\(head): \(try ledger.summary())"
          + (report.rowCount == 0 ? "" : "\n" + report.text(style))
      } catch {
        return "\(head): \(error)"
      }
    }
  }

  /// Whether a name, perhaps with the brackets of a call, means something to scripts of this session.
  public func defines(_ name: String) -> Bool {
    let name = name.replacing("()", with: "")
    return declared[name] != nil || interpreter.entities[name] != nil
  }

  /// Runs a script's text in this session, as if it had been typed.
  public func load(_ path: String) -> Reply {
    do {
      let absolute = Sandbox.absolute(path, below: options.workingDirectory)
      return execute(try Imports.read(absolute, shownAs: path))
    } catch let diagnostic as Diagnostic {
      return Reply(.failure, diagnostics: [diagnostic])
    } catch {
      return Reply(.failure, diagnostics: [Diagnostic(.io, "\(error)")])
    }
  }

  /// Writes the cells that ran without an error into a script; gives their number.
  public func save(_ path: String) throws -> Int {
    let text = transcript.enumerated().map { "#%% Cell \($0 + 1)\n\($1)\n" }.joined(separator: "\n")
    let absolute = Sandbox.absolute(path, below: options.workingDirectory)
    try AtomicFile.write(absolute, text.utf8)
    return transcript.count
  }

  /// Forgets all that cells have declared.
  public func reset() {
    interpreter.resetSession()
    declared = [:]
    forgetTranscript()
  }

  /// Writes what `print` has gathered.
  public func flushOutput() {
    host.progress.clear()
    host.output.flush()
  }
}

extension Session {
  /// All that scripts can call, a line each.
  public func overview(width: Int, isColoured: Bool) -> String {
    let help = HelpText(width: width, isColoured: isColoured)
    return Reference(of: interpreter).pages.map(help.text).joined(separator: "\n\n")
  }

  /// The reference as files of Markdown, the table of contents first.
  public var referencePages: [(name: String, text: String)] {
    let pages = Reference(of: interpreter).pages
    return [("Reference.md", ReferenceMarkdown.index(of: pages))]
      + pages.map { (ReferenceMarkdown.fileName(of: $0), ReferenceMarkdown.text(of: $0)) }
  }

  /// The list of recorded runs.
  /// - Throws: a `Diagnostic`.
  public func runListing(limit: Int, width: Int?, isColoured: Bool) throws -> String {
    do {
      let table = try host.recordedRuns(limit: limit)
      if table.rowCount == 0 { return "no runs are recorded here yet" }
      return table.text(TextStyle(width: width, maximumRows: nil, coloured: isColoured))
    } catch let fault as Fault {
      throw fault.diagnostic
    }
  }

  /// All that was recorded of a run.
  /// - Throws: a `Diagnostic`.
  public func runPage(_ number: Int, width: Int?, isColoured: Bool) throws -> String {
    do {
      return try RunListing.page(try host.detail(number), width: width, coloured: isColoured)
    } catch let fault as Fault {
      throw fault.diagnostic
    }
  }
}
