import Foundations
import Tables

extension JSONCell {
  /// A cell as JSON on one line. Floats that are no numbers are texts (`"nan"`, `"inf"`), dates too, tensors lists,
  /// tables lists of objects.
  static func text(_ cell: Cell) throws(DomainError) -> String {
    var text = ""
    try append(cell, to: &text, Layout(indent: nil, isStrict: false), depth: 0)
    return text
  }

  /// A cell as JSON.
  ///
  /// - Parameter indent: spaces a level; nil writes everything on one line.
  /// - Throws: `value` for what JSON cannot say: a number that is infinite or none, a key that is no text, something
  ///   that has no plain form.
  public static func text(_ cell: Cell, indent: Int?) throws(DomainError) -> String {
    var text = ""
    try append(cell, to: &text, Layout(indent: indent, isStrict: true), depth: 0)
    return text
  }

  /// Whether a value inside of a list reads back as it is.
  static func comesBack(_ cell: Cell) -> Bool {
    switch cell {
    case .null, .bool, .int, .string: true
    case .float(let value): value.isFinite
    case .list(let items): items.allSatisfy(comesBack)
    case .map(let entries):
      entries.allSatisfy { entry in
        if case .string = entry.key { comesBack(entry.value) } else { false }
      }
    default: false
    }
  }

  private struct Layout {
    var indent: Int?
    var isStrict: Bool

    func newLine(_ depth: Int, _ text: inout String) {
      guard let indent else { return }
      text += "\n" + String(repeating: " ", count: indent * depth)
    }
  }

  private static func append(
    _ cell: Cell, to text: inout String, _ layout: Layout, depth: Int
  ) throws(DomainError) {
    switch cell {
    case .null: text += "null"
    case .bool(let value): text += value ? "true" : "false"
    case .int(let value): text += String(value)
    case .float(let value):
      if value.isFinite {
        text += NumberText.shortest(value)
      } else if layout.isStrict {
        throw DomainError(
          .value, "JSON cannot write \(NumberText.shortest(value))",
          hint: "write nil, or a text, in its place")
      } else {
        Quoting.json(NumberText.shortest(value), into: &text)
      }
    case .string(let value): Quoting.json(value, into: &text)
    case .date, .datetime: Quoting.json(cell.text, into: &text)
    case .opaque(let value):
      guard !layout.isStrict else {
        throw DomainError(.value, "\(value.prefix(60)) has no form in JSON")
      }
      Quoting.json(value, into: &text)
    case .tensor(let tensor): try append(tensor.list, to: &text, layout, depth: depth)
    case .list(let items):
      text += "["
      for (index, item) in items.enumerated() {
        if index > 0 { text += layout.indent == nil ? ", " : "," }
        layout.newLine(depth + 1, &text)
        try append(item, to: &text, layout, depth: depth + 1)
      }
      if !items.isEmpty { layout.newLine(depth, &text) }
      text += "]"
    case .map(let entries):
      try append(entries.map { ($0.key, $0.value) }, to: &text, layout, depth: depth)
    case .table(let table):
      let rows = (0..<table.rowCount).map { row in
        Cell.map(table.shown.map { Cell.Entry(key: .string($0.name), value: $0.series[row]) })
      }
      try append(.list(rows), to: &text, layout, depth: depth)
    }
  }

  private static func append(
    _ entries: [(Cell, Cell)], to text: inout String, _ layout: Layout, depth: Int
  ) throws(DomainError) {
    text += "{"
    for (index, (key, value)) in entries.enumerated() {
      if index > 0 { text += layout.indent == nil ? ", " : "," }
      layout.newLine(depth + 1, &text)
      if case .string = key {
      } else if layout.isStrict {
        throw DomainError(.value, "a key of a JSON object is a text, found \(key.sourceText)")
      }
      Quoting.json(key.text, into: &text)
      text += ": "
      try append(value, to: &text, layout, depth: depth + 1)
    }
    if !entries.isEmpty { layout.newLine(depth, &text) }
    text += "}"
  }
}
