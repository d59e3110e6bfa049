// The layout algorithm of Wadler, "A prettier printer" (2003): a document with possible line breaks in groups; a group
// is written on one line where it fits, else all its own breaks become line breaks.

import Foundations

indirect enum LayoutDocument: Sendable {
  case text(String)
  case concat([LayoutDocument])
  /// A space, or a line break where the group is broken.
  case line
  /// Nothing, or a line break where the group is broken.
  case softLine
  /// Always a line break; breaks all groups around it.
  case hardLine
  /// An empty line and a line break.
  case emptyLine
  case indent(LayoutDocument)
  case group(LayoutDocument)
  /// Written only where the group around it is broken.
  case ifBroken(String)
  /// Written at the end of the line; breaks all groups around it.
  case comment(String)

  static let empty = LayoutDocument.concat([])

  /// Whether the document must take several lines.
  var isBroken: Bool {
    switch self {
    case .hardLine, .emptyLine, .comment: true
    case .text, .line, .softLine, .ifBroken: false
    case .concat(let parts): parts.contains { $0.isBroken }
    case .indent(let inner), .group(let inner): inner.isBroken
    }
  }
}

struct LayoutWriter {
  private struct Item {
    var indent: Int
    var isBroken: Bool
    var document: LayoutDocument
  }

  let width: Int
  private var output = ""
  private var column = 0

  static func write(_ document: LayoutDocument, width: Int) -> String {
    var writer = LayoutWriter(width: width)
    writer.run(document)
    return writer.output
  }

  private init(width: Int) { self.width = width }

  private mutating func run(_ document: LayoutDocument) {
    var stack = [Item(indent: 0, isBroken: true, document: document)]
    while let item = stack.popLast() {
      switch item.document {
      case .text(let text): put(text)
      case .concat(let parts):
        for part in parts.reversed() {
          stack.append(Item(indent: item.indent, isBroken: item.isBroken, document: part))
        }
      case .line:
        if item.isBroken { newline(item.indent) } else { put(" ") }
      case .softLine: if item.isBroken { newline(item.indent) }
      case .hardLine: newline(item.indent)
      case .emptyLine:
        newline(0)
        newline(item.indent)
      case .indent(let inner):
        stack.append(Item(indent: item.indent + 2, isBroken: item.isBroken, document: inner))
      case .group(let inner):
        let flat = Item(indent: item.indent, isBroken: false, document: inner)
        let isFlat = !inner.isBroken && fits(flat, stack)
        stack.append(Item(indent: item.indent, isBroken: !isFlat, document: inner))
      case .ifBroken(let text): if item.isBroken { put(text) }
      case .comment(let text): put("  " + text)
      }
    }
  }

  private mutating func put(_ text: String) {
    output += text
    if let last = text.lastIndex(of: "\n") {
      column = DisplayWidth.of(String(text[text.index(after: last)...]))
    } else {
      column += DisplayWidth.of(text)
    }
  }

  private mutating func newline(_ indent: Int) {
    while output.last == " " { output.removeLast() }
    output += "\n" + String(repeating: " ", count: indent)
    column = indent
  }

  /// Whether `item` and what follows it up to the next line break fit into the line.
  private func fits(_ item: Item, _ rest: [Item]) -> Bool {
    var remaining = width - column
    var stack = [item]
    var next = rest.count
    while remaining >= 0 {
      let current: Item
      if let top = stack.popLast() {
        current = top
      } else {
        guard next > 0 else { return true }
        next -= 1
        current = rest[next]
      }
      switch current.document {
      case .text(let text):
        if let end = text.firstIndex(of: "\n") {
          return DisplayWidth.of(String(text[..<end])) <= remaining
        }
        remaining -= DisplayWidth.of(text)
      case .concat(let parts):
        for part in parts.reversed() {
          stack.append(Item(indent: 0, isBroken: current.isBroken, document: part))
        }
      case .line:
        if current.isBroken { return true }
        remaining -= 1
      case .softLine: if current.isBroken { return true }
      case .hardLine, .emptyLine: return true
      case .indent(let inner), .group(let inner):
        stack.append(Item(indent: 0, isBroken: current.isBroken, document: inner))
      case .ifBroken(let text):
        if current.isBroken { remaining -= DisplayWidth.of(text) }
      // A comment at the end of a line may stand out.
      case .comment: return true
      }
    }
    return false
  }
}
