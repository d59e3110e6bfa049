import Builtins
import CSystem
import Foundation
import Sessions
import Syntax

/// The prompt: reads cells with readline, runs them in a session, shows what they give.
public final class ReadEvalPrint {
  let session: Session
  let isColoured: Bool
  private var editor: LineEditor?
  private(set) var isOver = false

  public init(session: Session) {
    self.session = session
    let environment = session.options.environment
    isColoured =
      (environment["NO_COLOR"] ?? "").isEmpty && environment["TERM"] != "dumb"
      && isatty(STDOUT_FILENO) != 0
  }

  /// Runs until Ctrl-D or `:quit`.
  public func run() {
    let session = session
    let editor = LineEditor(
      historyPath: ReadEvalPrint.historyPath(session.options.environment), isColoured: isColoured
    ) { text, cursor in
      text.hasPrefix(":") && !text.contains(" ")
        ? ColonCommand.completions(text) : session.complete(text, cursor: cursor)
    }
    self.editor = editor
    session.watchInterrupts()
    print(banner)
    while !isOver, !Session.wasTerminated {
      session.clearInterrupt()
      guard let text = readCell(editor) else { break }
      handle(text)
    }
  }

  /// The path of the history; nil where there is no place for it.
  static func historyPath(_ environment: [String: String]) -> String? {
    SessionOptions.stateFolder(environment).map { $0 + "/history" }
  }

  var banner: String {
    let threads = Library.threads
    let machine = [
      "\(threads) thread\(threads == 1 ? "" : "s")", String(cString: fairlead_vector_name()),
    ]
    .filter { !$0.isEmpty }.joined(separator: ", ")
    let version = Library.version.split(separator: ".").prefix(2).joined(separator: ".")
    return "\(bold("Fairlead \(version)")) · \(machine) · "
      + dim("?name for help, :help for commands, Ctrl-D to leave")
  }

  func bold(_ text: String) -> String { isColoured ? "\u{1B}[1m\(text)\u{1B}[0m" : text }
  func dim(_ text: String) -> String { isColoured ? "\u{1B}[2m\(text)\u{1B}[0m" : text }

  /// The prompt, with its colours hidden from readline's count of columns.
  private func prompt(_ text: String, _ code: String) -> String {
    isColoured ? "\u{1}\u{1B}[\(code)m\u{2}\(text)\u{1}\u{1B}[0m\u{2} " : text + " "
  }

  /// A whole input, of as many lines as it takes; nil at the end.
  private func readCell(_ editor: LineEditor) -> String? {
    let first = "[\(session.cellNumber)]"
    var text = ""
    while true {
      let isFirst = text.isEmpty
      let mark = isFirst ? first : String(repeating: " ", count: first.count - 1) + "·"
      switch editor.read(prompt: prompt(mark, isFirst ? "36" : "2"), earlier: text) {
      case .end:
        print()
        return isFirst ? nil : ""
      case .abandoned: return Session.wasTerminated ? nil : ""
      case .line(let line):
        text += line
        let trimmed = text.drop { $0.isWhitespace }
        if trimmed.isEmpty { return "" }
        let isCommand = trimmed.hasPrefix(":") || trimmed.hasPrefix("?")
        if isCommand || session.completeness(of: text) != .incomplete {
          editor.remember(text)
          return text
        }
        text += "\n"
      }
    }
  }

  /// Runs one input: a command, a question, or a cell.
  func handle(_ text: String) {
    let trimmed = text.trimmingCharacters(in: .whitespacesAndNewlines)
    if trimmed.isEmpty { return }
    if trimmed.hasPrefix(":") {
      ColonCommand.run(String(trimmed.dropFirst()), self)
    } else if trimmed.hasPrefix("?") {
      showHelp(String(trimmed.drop { $0 == "?" }).trimmingCharacters(in: .whitespaces))
    } else if trimmed.hasSuffix("?"), !trimmed.contains("\n"),
      trimmed.dropLast().allSatisfy({ $0.isLetter || $0.isNumber || $0 == "_" || $0 == "." })
    {
      showHelp(String(trimmed.dropLast()))
    } else if ReadEvalPrint.leavingWords.contains(trimmed), !session.defines(trimmed) {
      leave()
    } else {
      show(session.execute(text))
    }
  }

  /// What leaves other prompts.
  private static let leavingWords: Set<String> = ["quit", "exit", "quit()", "exit()"]

  func leave() { isOver = true }

  /// Shows a reply: its value, or what went wrong.
  func show(_ reply: Session.Reply) {
    session.flushOutput()
    if reply.status == .interrupted {
      let diagnostic = reply.diagnostics.first
      print(dim(diagnostic?.message ?? "interrupted"))
      if let hint = diagnostic?.hint { print(dim(hint)) }
    } else if !reply.diagnostics.isEmpty {
      let columns = Int(fairlead_terminal_columns(STDERR_FILENO))
      let rendered = Rendering.render(
        reply.diagnostics, style: isColoured && isatty(STDERR_FILENO) != 0 ? .terminal : .plain,
        width: columns > 0 ? columns : 100)
      fflush(nil)
      FileHandle.standardError.write(Data((rendered + "\n").utf8))
    }
    if let text = reply.text { print(ReadEvalPrint.shortened(text)) }
  }

  /// Characters of a value that the prompt shows: some pages of a terminal.
  static let longestValue = 20_000

  /// The beginning of a value's text that would fill the terminal for minutes.
  static func shortened(_ text: String) -> String {
    // Bytes are counted, which is quick; characters are whole.
    guard text.utf8.count > longestValue else { return text }
    let shown = text.prefix(longestValue)
    let rest = text.utf8.count - shown.utf8.count
    return rest == 0 ? text : "\(shown) … \(rest) more bytes; `print(_)` shows them all"
  }

  func showHelp(_ name: String) {
    let columns = Int(fairlead_terminal_columns(STDOUT_FILENO))
    if name.isEmpty {
      ColonCommand.run("help", self)
    } else if let help = session.help(
      for: name, width: columns > 0 ? columns : 100, isColoured: isColoured)
    {
      print(help)
    } else {
      let near = session.suggestions(for: name)
      print(
        "there is no `\(name)`"
          + (near.isEmpty ? "" : "; perhaps " + near.map { "`\($0)`" }.joined(separator: ", ")))
    }
  }
}
