import CReadline
import CSystem
import Foundation
import Foundations
import Sessions

/// Lines edited with GNU readline: history that survives, candidates on Tab, Ctrl-C that gives up the line.
final class LineEditor {
  enum Input: Equatable {
    case line(String)
    /// Ctrl-C.
    case abandoned
    /// Ctrl-D on an empty line, or the end of the input.
    case end
  }

  /// Gives the candidates for a text and a cursor in it.
  typealias Complete = (_ text: String, _ cursor: Int) -> Completions

  // Readline has one state for the process, and calls back without a context.
  nonisolated(unsafe) private static var active: LineEditor?
  nonisolated(unsafe) private static var finished: Input?

  private let historyPath: String?
  private let isColoured: Bool
  private let complete: Complete
  /// The lines before the one being edited.
  private var earlier = ""
  private var shown: [Completions.Candidate] = []

  init(historyPath: String?, isColoured: Bool, complete: @escaping Complete) {
    self.historyPath = historyPath
    self.isColoured = isColoured
    self.complete = complete
    LineEditor.active = self
    fairlead_watch_window()
    fairlead_readline_configure(
      { _, start, end in LineEditor.active?.candidates(start: Int(start), end: Int(end)) },
      { matches, count, longest in
        LineEditor.active?.display(matches, count: Int(count), longest: Int(longest))
      })
    if let historyPath { LineEditor.prepare(historyPath) }
  }

  /// Makes the history file so that only its owner can read it, and reads it.
  private static func prepare(_ path: String) {
    let folder = URL(fileURLWithPath: path).deletingLastPathComponent().path
    try? FileManager.default.createDirectory(
      atPath: folder, withIntermediateDirectories: true, attributes: [.posixPermissions: 0o700])
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    close(descriptor)
    read_history(path)
    history_truncate_file(path, 10_000)
    chmod(path, 0o600)
  }

  /// Reads one line. `earlier` are the lines of the same input before it, for completion.
  func read(prompt: String, earlier: String = "") -> Input {
    self.earlier = earlier
    LineEditor.finished = nil
    fairlead_forget_window_change()
    fairlead_readline_begin()
    rl_callback_handler_install(prompt) { line in
      if let line {
        LineEditor.finished = .line(String(cString: line))
        free(line)
      } else {
        LineEditor.finished = .end
      }
      rl_callback_handler_remove()
    }
    while true {
      if let finished = LineEditor.finished { return finished }
      let ready = fairlead_wait_for_key()
      if Session.wasInterrupted {
        print("^C")
        fflush(nil)
        fairlead_readline_abandon()
        return .abandoned
      }
      if ready == 0 { fairlead_readline_resize() }
      if ready > 0 { rl_callback_read_char() }
    }
  }

  /// Adds an input to the history and to its file at once, so that a crash later loses nothing.
  func remember(_ text: String) {
    guard !text.isEmpty else { return }
    let last = fairlead_history_text(fairlead_history_length() - 1).map { String(cString: $0) }
    guard last != text else { return }
    add_history(text)
    if let historyPath { append_history(1, historyPath) }
  }

  /// The latest inputs, oldest first.
  static func history(_ count: Int) -> [String] {
    let length = Int(fairlead_history_length())
    return (max(0, length - count)..<length).compactMap { index in
      fairlead_history_text(Int32(index)).map { String(cString: $0) }
    }
  }

  // MARK: Completion

  /// Readline's list of matches: what they have in common, then each; nil for none.
  private func candidates(start: Int, end: Int) -> UnsafeMutablePointer<
    UnsafeMutablePointer<CChar>?
  >? {
    fairlead_readline_candidates_are_final()
    let line = String(cString: fairlead_readline_buffer())
    let offset = earlier.utf8.count
    let found = complete(earlier + line, offset + end)
    guard !found.candidates.isEmpty else { return nil }
    shown = found.candidates
    // The word may start elsewhere for readline than for the language (a dash in a path).
    let shift = start - (found.range.lowerBound - offset)
    let typed = Array(line.utf8)[max(0, min(start, end))..<max(start, end)]
    let texts = found.candidates.map { candidate -> [UInt8] in
      let whole = Array((candidate.text + (candidate.kind == .function ? "(" : "")).utf8)
      return shift >= 0
        ? Array(whole.dropFirst(shift)) : Array(line.utf8)[start..<(start - shift)] + whole
    }
    if texts.count == 1 {
      if let detail = found.candidates[0].detail {
        fairlead_readline_show(styled(detail) + "\n")
        if texts[0].elementsEqual(typed) { fairlead_readline_redraw() }
      }
      return LineEditor.matches([texts[0]])
    }
    var common = texts[0][...]
    for text in texts.dropFirst() {
      let length = zip(common, text).prefix { $0 == $1 }.count
      common = common.prefix(length)
    }
    // Half a character is no prefix.
    while !common.isEmpty, String(validating: common, as: UTF8.self) == nil { common.removeLast() }
    return LineEditor.matches([Array(common)] + texts)
  }

  private static func matches(_ texts: [[UInt8]]) -> UnsafeMutablePointer<
    UnsafeMutablePointer<CChar>?
  >? {
    // Readline frees the list and its strings, so both come from malloc.
    guard
      let memory = calloc(texts.count + 1, MemoryLayout<UnsafeMutablePointer<CChar>?>.stride)
    else { return nil }
    let list = memory.bindMemory(to: UnsafeMutablePointer<CChar>?.self, capacity: texts.count + 1)
    for (index, text) in texts.enumerated() {
      list[index] = strdup(String(decoding: text, as: UTF8.self))
    }
    return list
  }

  /// Shows candidates: few of them one a line with what they are, many in columns.
  private func display(
    _ matches: UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?, count: Int, longest: Int
  ) {
    guard shown.count > 16 || shown.allSatisfy({ $0.detail == nil }) else {
      let width = shown.map { DisplayWidth.of($0.text) }.max() ?? 0
      let columns = max(40, Int(fairlead_terminal_columns(STDOUT_FILENO)))
      let lines = shown.map { candidate -> String in
        let name = DisplayWidth.padded(candidate.text, to: width)
        let detail = DisplayWidth.cut(candidate.detail ?? "", to: columns - width - 5)
        return "  " + name + "  " + (isColoured ? "\u{1B}[2m\(detail)\u{1B}[0m" : detail)
      }
      fairlead_readline_show(lines.joined(separator: "\n") + "\n")
      fairlead_readline_redraw()
      return
    }
    rl_display_match_list(matches, Int32(count), Int32(longest))
    fairlead_readline_redraw()
  }

  private func styled(_ detail: String) -> String {
    guard isColoured else { return detail }
    let parts = detail.components(separatedBy: "   ")
    return parts[0]
      + (parts.count > 1
        ? "   \u{1B}[2m" + parts.dropFirst().joined(separator: "   ") + "\u{1B}[0m" : "")
  }
}
