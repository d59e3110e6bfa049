import CSystem
import Foundation
import Sessions
import Syntax

/// The two outputs: results, and everything else.
enum Console {
  // Commands run on the main thread only.
  nonisolated(unsafe) private static var problem: String?

  /// Writes a line to standard output; silently gives up where nobody reads.
  static func print(_ text: String) {
    let reason = write(text.hasSuffix("\n") ? text : text + "\n", STDOUT_FILENO)
    if reason != 0, reason != EPIPE { problem = String(cString: strerror(reason)) }
  }

  /// Writes a line to standard error.
  static func complain(_ text: String) {
    _ = write(text.hasSuffix("\n") ? text : text + "\n", STDERR_FILENO)
  }

  /// The exit code of a command that has ended with `status`: a failure where its results could not be written.
  static func checked(_ status: Int32) -> Int32 {
    guard let problem, status == Status.success else { return status }
    complain("error: standard output cannot be written: \(problem)")
    return Status.failure
  }

  /// Gives the number of the error, 0 for none.
  private static func write(_ text: String, _ descriptor: Int32) -> Int32 {
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      let count = bytes.withUnsafeBytes { Foundation.write(descriptor, $0.baseAddress, $0.count) }
      if count > 0 { bytes = bytes.dropFirst(count) } else if errno != EINTR { return errno }
    }
    return 0
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
}
