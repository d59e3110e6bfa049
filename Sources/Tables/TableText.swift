import Foundations

/// How a table is laid out as text.
public struct TextStyle: Sendable {
  /// The columns of the terminal; nil for no limit.
  public var width: Int?
  /// Rows beyond this are elided in the middle; nil shows all.
  public var maximumRows: Int?
  public var coloured: Bool

  public init(width: Int? = nil, maximumRows: Int? = 60, coloured: Bool = false) {
    self.width = width
    self.maximumRows = maximumRows
    self.coloured = coloured
  }
}

extension Table {
  /// The table for a terminal: aligned columns, numbers with four significant digits and their points below each other,
  /// intervals beside their numbers. What does not fit is cut, in this order: long texts, then the columns in the
  /// middle, then the rows in the middle; a last line says what is missing.
  public func text(_ style: TextStyle = TextStyle()) -> String {
    guard !columns.isEmpty else { return "table without columns" }
    let columns = self.shown
    let shown = shownRows(limit: style.maximumRows)
    let places = Dictionary(
      zip(names.map { Spelling($0) }, columns.indices), uniquingKeysWith: { first, _ in first })
    let visible = columns.filter {
      guard $0.name.hasSuffix(Table.intervalSuffix) else { return true }
      return places[String($0.name.dropLast(Table.intervalSuffix.count))] == nil
    }
    // A column takes at least one character and two spaces: of very many none but those at the ends are laid out.
    let most = style.width.map { Swift.max(1, $0) / 3 + 2 } ?? visible.count
    let middle =
      visible.count > 2 * most ? most..<visible.count - most : visible.count..<visible.count
    var layouts = (visible[..<middle.lowerBound] + visible[middle.upperBound...]).map { column in
      let interval = places[column.name + Table.intervalSuffix].map { columns[$0] }
      return layout(column, interval, rows: shown.rows, width: style.width)
    }
    var hidden: [String] = []
    if let width = style.width {
      shrinkTexts(&layouts, to: width)
      hidden = dropMiddle(&layouts, to: width)
      if !middle.isEmpty {
        let lost = visible[middle].map { DisplayWidth.printable($0.name) }
        // The middle of the whole is between the two halves of what was lost at the ends.
        let before = layouts.firstIndex { $0.title == "…" } ?? 0
        hidden.insert(contentsOf: lost, at: Swift.max(0, Swift.min(hidden.count, most - before)))
      }
    }
    var lines: [String] = []
    lines.append(
      joined(
        layouts.map { DisplayWidth.padded($0.title, to: $0.width, right: $0.isNumeric) },
        bold: style.coloured))
    lines.append(
      dim(layouts.map { String(repeating: "─", count: $0.width) }.joined(separator: "  "), style))
    for place in shown.rows.indices {
      if place == shown.gap {
        lines.append(dim("… \(rowCount - shown.rows.count) more rows", style))
      }
      lines.append(
        joined(
          layouts.map { DisplayWidth.padded($0.cells[place], to: $0.width, right: $0.isNumeric) },
          bold: false))
    }
    var notes: [String] = []
    if shown.gap != nil || rowCount == 0 {
      notes.append(rowCount == 1 ? "1 row" : "\(rowCount) rows")
    }
    if !hidden.isEmpty { notes.append("not shown: " + hidden.joined(separator: ", ")) }
    if !notes.isEmpty {
      let note = notes.joined(separator: "; ")
      lines.append(dim(style.width.map { DisplayWidth.cut(note, to: $0) } ?? note, style))
    }
    return lines.joined(separator: "\n")
  }

  private struct Layout {
    var title: String
    var cells: [String]
    var isNumeric: Bool
    var width: Int

    mutating func cut(to limit: Int) {
      title = DisplayWidth.cut(title, to: limit)
      cells = cells.map { DisplayWidth.cut($0, to: limit) }
      width = Layout.width(title, cells)
    }

    static func width(_ title: String, _ cells: [String]) -> Int {
      cells.reduce(DisplayWidth.of(title)) { Swift.max($0, DisplayWidth.of($1)) }
    }
  }

  /// The rows to show and the place before which the elided ones are.
  private func shownRows(limit: Int?) -> (rows: [Int], gap: Int?) {
    guard let limit, rowCount > limit, limit >= 2 else { return (Array(0..<rowCount), nil) }
    let first = (limit * 2 + 2) / 3
    let last = limit - first
    return (Array(0..<first) + Array((rowCount - last)..<rowCount), first)
  }

  private func layout(_ column: Column, _ interval: Column?, rows: [Int], width: Int?) -> Layout {
    let cells = rows.map { column.series[$0] }
    // Of a text that is wider than the terminal, whatever it is made of, no more is looked at than could be shown.
    func text(_ cell: Cell) -> String {
      guard case .string(let text) = cell, let width, text.utf8.count > 64 * (width + 1) else {
        return DisplayWidth.printable(cell.text)
      }
      return DisplayWidth.printable(String(text.unicodeScalars.prefix(16 * (width + 1))))
    }
    let numeric =
      cells.contains { if case .int = $0 { true } else if case .float = $0 { true } else { false } }
      && cells.allSatisfy {
        switch $0 {
        case .null, .int, .float: true
        default: false
        }
      }
    let title = DisplayWidth.printable(column.name)
    let texts: [String]
    if numeric, let interval {
      texts = alignedIntervals(cells, rows.map { interval.series[$0].number })
    } else if numeric {
      if cells.contains(where: { if case .float = $0 { true } else { false } }) {
        texts = NumberText.column(cells.map(\.number))
      } else {
        texts = cells.map { $0.isNull ? "" : $0.text }
      }
    } else {
      texts = cells.map { $0.isNull ? "" : text($0) }
    }
    return Layout(title: title, cells: texts, isNumeric: numeric, width: Layout.width(title, texts))
  }

  /// `value ± interval` with the signs below each other.
  private func alignedIntervals(_ cells: [Cell], _ intervals: [Double?]) -> [String] {
    let parts = zip(cells, intervals).map { cell, interval -> (String, String) in
      guard let value = cell.number else { return ("", "") }
      guard let interval else { return (NumberText.brief(value), "") }
      let text = NumberText.withInterval(value, interval)
      let pieces = text.split(separator: " ", maxSplits: 1)
      return (String(pieces[0]), pieces.count > 1 ? " " + pieces[1] : "")
    }
    let widest = parts.map { DisplayWidth.of($0.1) }.max() ?? 0
    return parts.map { $0.0 + DisplayWidth.padded($0.1, to: $0.0.isEmpty ? 0 : widest) }
  }

  private func total(_ layouts: [Layout]) -> Int {
    layouts.reduce(0) { $0 + $1.width } + 2 * Swift.max(0, layouts.count - 1)
  }

  /// Makes the widest text columns narrower, down to 12, until all fit.
  private func shrinkTexts(_ layouts: inout [Layout], to width: Int) {
    let least = 12
    while total(layouts) > width {
      let candidates = layouts.indices.filter {
        !layouts[$0].isNumeric && layouts[$0].width > least
      }
      guard let widest = candidates.max(by: { layouts[$0].width < layouts[$1].width }) else {
        return
      }
      let second =
        candidates.filter { $0 != widest }.map { layouts[$0].width }.max() ?? least
      let excess = total(layouts) - width
      let before = layouts[widest].width
      layouts[widest].cut(
        to: Swift.max(least, Swift.min(before - 1, Swift.max(second - 1, before - excess))))
      if layouts[widest].width >= before { return }
    }
  }

  /// Replaces columns in the middle by one `…`, keeping as many as fit from both ends; gives the names of the lost
  /// ones.
  private func dropMiddle(_ layouts: inout [Layout], to width: Int) -> [String] {
    guard total(layouts) > width else { return [] }
    var left = 0
    var right = 0
    var used = 1  // the `…` column
    while left + right < layouts.count {
      let fromLeft = left <= right
      let layout = fromLeft ? layouts[left] : layouts[layouts.count - 1 - right]
      if used + layout.width + 2 > width { break }
      used += layout.width + 2
      if fromLeft { left += 1 } else { right += 1 }
    }
    if left == 0 {
      layouts[0].cut(to: Swift.max(1, width - 3))
      left = 1
    }
    guard left + right < layouts.count else { return [] }
    let hidden = layouts[left..<(layouts.count - right)].map(\.title)
    let rows = layouts[0].cells.count
    let ellipsis = Layout(
      title: "…", cells: Array(repeating: "…", count: rows), isNumeric: false, width: 1)
    layouts.replaceSubrange(left..<(layouts.count - right), with: [ellipsis])
    return hidden
  }

  private func joined(_ cells: [String], bold: Bool) -> String {
    var line = cells.joined(separator: "  ")
    while line.last == " " { line.removeLast() }
    return bold ? "\u{1B}[1m\(line)\u{1B}[0m" : line
  }

  private func dim(_ line: String, _ style: TextStyle) -> String {
    style.coloured ? "\u{1B}[2m\(line)\u{1B}[0m" : line
  }
}
