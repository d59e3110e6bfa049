import CSystem
import Foundation
import Sessions
import Syntax

/// The two outputs: results, and everything else.
enum Console {
  // Commands run on the main thread only.
  nonisolated(unsafe) private static var problem: String?
  nonisolated(unsafe) private static var wasStopped = false

  /// Writes a line to standard output; silently gives up where nobody reads.
  static func print(_ text: String) {
    switch write(text, STDOUT_FILENO) {
    case .written, .failed(EPIPE): break
    case .stopped: wasStopped = true
    case .failed(let reason): problem = String(cString: strerror(reason))
    }
  }

  /// Writes a line to standard error.
  static func complain(_ text: String) { _ = write(text, STDERR_FILENO) }

  /// The exit code of a command that has ended with `status`: a failure where its results could not be written.
  static func checked(_ status: Int32) -> Int32 {
    guard status == Status.success else { return status }
    if wasStopped {
      complain("interrupted")
      return Status.interrupted
    }
    guard let problem else { return status }
    complain("error: standard output cannot be written: \(problem)")
    return Status.failure
  }

  private static func write(_ text: String, _ descriptor: Int32) -> StoppableWriter.Ending {
    StoppableWriter(descriptor: descriptor) { Session.wasInterrupted }
      .write(Array((text.hasSuffix("\n") ? text : text + "\n").utf8))
  }

  static func isColoured(_ descriptor: Int32) -> Bool {
    let environment = ProcessInfo.processInfo.environment
    return isatty(descriptor) != 0 && (environment["NO_COLOR"] ?? "").isEmpty
      && environment["TERM"] != "dumb"
  }

  /// The columns of the terminal behind an output; nil where it is none.
  static func columns(_ descriptor: Int32) -> Int? {
    let columns = Int(fairlead_terminal_columns(descriptor))
    return columns > 0 ? columns : nil
  }

  static func show(_ diagnostics: [Diagnostic]) {
    guard !diagnostics.isEmpty else { return }
    complain(
      Rendering.render(
        diagnostics, style: isColoured(STDERR_FILENO) ? .terminal : .plain,
        width: columns(STDERR_FILENO) ?? 100))
  }

  /// Tells of a reply; gives the exit code.
  static func show(_ reply: Session.Reply, printsValue: Bool) -> Int32 {
    if printsValue, let text = reply.text { print(text) }
    show(reply.diagnostics)
    switch reply.status {
    case .success: return Status.success
    case .failure: return Status.failure
    case .misuse: return Status.misuse
    case .interrupted: return Status.interrupted
    }
  }

  /// The exit code of `body`, or what is told of its error: 1 for a script that does not parse.
  /// - Parameter otherwise: the exit code of all other errors, as of a file that cannot be read.
  static func guarded(otherwise: Int32 = Status.misuse, _ body: () throws -> Int32) -> Int32 {
    do {
      return try body()
    } catch let diagnostics as Diagnostics {
      show(diagnostics.all)
      return Status.failure
    } catch let diagnostic as Diagnostic {
      show([diagnostic])
      return otherwise
    } catch {
      complain("error: \(error)")
      return otherwise
    }
  }
}
