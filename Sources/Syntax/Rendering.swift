import Foundations

/// How diagnostics are written for a person:
///
///     error: shapes do not match in `@`
///       ┌─ train.fl:12:9
///     12 │ let h = x @ w
///        │         ^^^^^ inner sizes differ: 784 and 512
///        │               x is [32, 784], w is [512, 10]
///        = hint: transpose one of them: `x @ w.T`
public enum Rendering {
  public enum Style: Sendable {
    case plain
    /// ANSI colours.
    case terminal
    /// A `<pre>` element whose parts are `<span class="…">`.
    case html
  }

  /// The longest call trace that is shown whole.
  static let traceLimit = 20

  /// One diagnostic, without a line break at its end. `width` is that of the terminal: longer lines of the source are
  /// cut around what they are shown for.
  public static func render(
    _ diagnostic: Diagnostic, style: Style = .plain, width: Int = 100
  ) -> String {
    var page = Page(style: style, width: max(40, width))
    page.write(diagnostic)
    return page.finish()
  }

  /// Several diagnostics with an empty line between them.
  public static func render(
    _ diagnostics: [Diagnostic], style: Style = .plain, width: Int = 100
  ) -> String {
    diagnostics.map { render($0, style: style, width: width) }
      .joined(separator: style == .html ? "\n" : "\n\n")
  }
}

/// What a piece of a rendered diagnostic is; the class name of HTML.
private enum Role: String {
  case text, error, warning, message, frame, secondary, hint, trace

  var escape: String {
    switch self {
    case .text: ""
    case .error: "\u{1B}[1;31m"
    case .warning: "\u{1B}[1;33m"
    case .message: "\u{1B}[1m"
    case .frame: "\u{1B}[34m"
    case .secondary: "\u{1B}[36m"
    case .hint: "\u{1B}[32m"
    case .trace: "\u{1B}[2m"
    }
  }
}

private struct Page {
  let style: Rendering.Style
  let width: Int
  var output = ""

  mutating func put(_ text: String, _ role: Role = .text) {
    guard !text.isEmpty else { return }
    switch style {
    case .plain: output += text
    case .terminal:
      if role == .text { output += text } else { output += role.escape + text + "\u{1B}[0m" }
    case .html:
      if role == .text {
        output += escaped(text)
      } else {
        output += "<span class=\"\(role.rawValue)\">\(escaped(text))</span>"
      }
    }
  }

  mutating func newline() { output += "\n" }

  func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }

  func finish() -> String {
    style == .html ? "<pre class=\"diagnostic\">\(output)</pre>" : output
  }

  // MARK: The parts

  /// A message without what nobody reads: a script may throw a text of any length.
  private static func shown(_ message: String) -> String {
    let most = 1 << 16
    guard message.utf8.count > most else { return message }
    return String(decoding: message.utf8.prefix(most), as: UTF8.self) + "…"
  }

  mutating func write(_ diagnostic: Diagnostic) {
    let role: Role = diagnostic.severity == .error ? .error : .warning
    put(diagnostic.severity.rawValue + ":", role)
    let message = visible(Self.shown(diagnostic.message), keepingNewlines: true)
    put(" ")
    put(message, .message)
    let numbers = diagnostic.labels.map { $0.source.position(of: Int($0.span.end)).line }
    let gutter = String(numbers.max() ?? 1).count
    for (index, label) in grouped(diagnostic.labels).enumerated() {
      write(label, isFirst: index == 0, role, gutter)
    }
    if let hint = diagnostic.hint, !hint.isEmpty {
      newline()
      put(String(repeating: " ", count: gutter + 1))
      put("=", .frame)
      put(" hint:", .hint)
      put(" " + visible(hint, keepingNewlines: false))
    }
    write(trace: diagnostic.trace)
  }

  /// The labels of one source one after the other in the order of the text, the first label's source first.
  private func grouped(_ labels: [Diagnostic.Label]) -> [[(Diagnostic.Label, Bool)]] {
    var groups: [[(Diagnostic.Label, Bool)]] = []
    for (index, label) in labels.enumerated() {
      if let place = groups.firstIndex(where: { $0[0].0.source === label.source }) {
        groups[place].append((label, index == 0))
      } else {
        groups.append([(label, index == 0)])
      }
    }
    return groups
  }

  private mutating func write(
    _ labels: [(Diagnostic.Label, Bool)], isFirst: Bool, _ role: Role, _ gutter: Int
  ) {
    let head = labels[0].0
    let (line, column) = head.source.position(of: Int(head.span.start))
    newline()
    put(String(repeating: " ", count: gutter + 1) + "┌─", .frame)
    put(" \(visible(head.source.name, keepingNewlines: false)):\(line):\(column)")
    let ordered = labels.enumerated().sorted {
      ($0.element.0.span.start, $0.offset) < ($1.element.0.span.start, $1.offset)
    }.map(\.element)
    var shown: Int?
    for (label, isPrimary) in ordered {
      let first = label.source.position(of: Int(label.span.start)).line
      if let shown, first > shown + 1 {
        newline()
        put(String(repeating: " ", count: gutter) + " ┆", .frame)
      }
      shown = write(label, after: shown, isPrimary ? role : .secondary, isPrimary, gutter)
    }
  }

  /// Writes the lines of one label and gives the number of the last.
  private mutating func write(
    _ label: Diagnostic.Label, after shown: Int?, _ role: Role, _ isPrimary: Bool, _ gutter: Int
  ) -> Int {
    let source = label.source
    let start = Int(label.span.start)
    let end = max(start, Int(label.span.end))
    let first = source.position(of: start).line
    // A span that ends with its line break ends on that line.
    let last = max(first, source.position(of: end > start ? end - 1 : end).line)
    let mark: Character = isPrimary ? "^" : "-"
    let lines = last - first <= 3 ? Array(first...last) : [first, first + 1, last]
    for (index, line) in lines.enumerated() {
      if index > 0, line > lines[index - 1] + 1 {
        newline()
        put(String(repeating: " ", count: gutter) + " ┆", .frame)
      }
      let from = line == first ? start : source.textStart(line)
      let to = line == last ? end : source.lineStarts[line - 1] + source.lineLength(line)
      let excerpt = Excerpt(source, line: line, from: from, to: to, width: width - gutter - 3)
      if line != shown || index > 0 {
        newline()
        let number = String(line)
        put(String(repeating: " ", count: max(0, gutter - number.count)) + number + " │", .frame)
        put(excerpt.text.isEmpty ? "" : " " + excerpt.text)
      }
      underline(excerpt, mark, role, line == last ? label.text : "", gutter)
    }
    return last
  }

  private mutating func underline(
    _ excerpt: Excerpt, _ mark: Character, _ role: Role, _ text: String, _ gutter: Int
  ) {
    let parts = visible(text, keepingNewlines: true).split(
      separator: "\n", omittingEmptySubsequences: false)
    for (index, part) in parts.enumerated() {
      newline()
      put(String(repeating: " ", count: gutter) + " │", .frame)
      let indent = String(repeating: " ", count: excerpt.column + 1)
      put(indent)
      let marks = String(repeating: index == 0 ? mark : " ", count: excerpt.length)
      put(part.isEmpty ? marks : marks + " " + part, role)
    }
  }

  private mutating func write(trace: [Diagnostic.Frame]) {
    // A line without a text stands for calls that are left out.
    var lines: [(text: String?, count: Int)] = []
    for frame in trace {
      if frame.omitted > 0 { lines.append((nil, frame.omitted)) }
      let line = frame.source.position(of: Int(frame.span.start)).line
      let name = visible(frame.function, keepingNewlines: false)
      let text = "at \(name) (\(visible(frame.source.name, keepingNewlines: false)):\(line))"
      if let last = lines.last, last.text == text {
        lines[lines.count - 1].count += 1
      } else {
        lines.append((text, 1))
      }
    }
    let half = Rendering.traceLimit / 2
    if lines.count > Rendering.traceLimit {
      let middle = half..<lines.count - half
      lines.replaceSubrange(middle, with: [(nil, lines[middle].reduce(0) { $0 + $1.count })])
    }
    for line in lines {
      newline()
      if let text = line.text {
        put("  " + text, .trace)
        if line.count > 1 { put(" … \(line.count) times", .trace) }
      } else {
        put("  … \(line.count) more calls", .trace)
      }
    }
  }
}

/// One line of a source as it is shown: tabs widened, control characters made visible, cut to the width; and where in
/// it the underline stands, in columns of the terminal.
private struct Excerpt {
  var text = ""
  var column = 0
  var length = 1

  init(_ source: Source, line: Int, from: Int, to: Int, width: Int) {
    let lineStart = source.lineStarts[line - 1]
    let lineEnd = lineStart + source.lineLength(line)
    // Of a line of a megabyte only what is near the span is looked at.
    let start = max(lineStart, source.scalarStart(atOrBefore: from - 1_000))
    let end = max(start, min(lineEnd, source.scalarStart(atOrBefore: max(from, start) + 3_000)))
    let content = String(decoding: source.bytes[start..<end], as: UTF8.self)
    var cells: [(text: String, width: Int, offset: Int)] = []
    var column = 0
    var offset = start
    for character in content {
      let (shown, columns) = cell(of: character, at: column)
      cells.append((shown, columns, offset))
      column += columns
      offset += character.utf8.count
    }
    // The cells of the span: from the one that holds its first byte up to the one that holds its last.
    let first = cells.lastIndex { $0.offset <= from } ?? 0
    var beyond = cells.firstIndex { $0.offset >= to } ?? cells.count
    let startsPastEnd = from >= offset
    if beyond <= first { beyond = min(first + 1, cells.count) }
    var low = 0
    var high = cells.count
    if column > width {
      // Cut around the start of the span, with about a third of the line before it.
      var before = 0
      low = min(first, cells.count)
      while low > 0, before + cells[low - 1].width <= width / 3 {
        low -= 1
        before += cells[low].width
      }
      var total = before
      high = min(first, cells.count)
      while high < cells.count, total + cells[high].width <= width - 2 {
        total += cells[high].width
        high += 1
      }
      while low > 0, total + cells[low - 1].width <= width - 2 {
        low -= 1
        total += cells[low].width
      }
    }
    let isCutBefore = low > 0 || start > lineStart
    if isCutBefore { text += "…" }
    for cell in cells[low..<high] { text += cell.text }
    if high < cells.count || end < lineEnd { text += "…" }
    let lead = isCutBefore ? 1 : 0
    if startsPastEnd {
      self.column = lead + cells[low..<high].reduce(0) { $0 + $1.width }
      length = 1
    } else {
      let visibleFirst = min(max(first, low), high)
      self.column = lead + cells[low..<visibleFirst].reduce(0) { $0 + $1.width }
      length = max(
        1, cells[visibleFirst..<max(visibleFirst, min(beyond, high))].reduce(0) { $0 + $1.width })
    }
    while text.last == " " { text.removeLast() }
  }
}

/// A character as a line of a source shows it at a column: a tab as spaces up to the next multiple of four, a control
/// character as U+FFFD.
private func cell(of character: Character, at column: Int) -> (String, Int) {
  if character == "\t" {
    let width = 4 - column % 4
    return (String(repeating: " ", count: width), width)
  }
  if character.unicodeScalars.contains(where: DisplayWidth.isDangerous) { return ("\u{FFFD}", 1) }
  return (String(character), DisplayWidth.of(character))
}

/// Text from a script as it may be shown: no control characters that would move a terminal's cursor.
private func visible(_ text: String, keepingNewlines: Bool) -> String {
  guard text.unicodeScalars.contains(where: { DisplayWidth.isDangerous($0) }) else { return text }
  var result = ""
  for scalar in text.unicodeScalars {
    if scalar == "\n", keepingNewlines {
      result += "\n"
    } else if scalar == "\t" || scalar == "\n" {
      result += " "
    } else if DisplayWidth.isDangerous(scalar) {
      result += "\u{FFFD}"
    } else {
      result.unicodeScalars.append(scalar)
    }
  }
  return result
}
