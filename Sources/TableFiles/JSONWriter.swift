import Files
import Foundations
import Tables

/// Writes tables as JSON: a list with an object for each row, or one object a line.
struct JSONWriter: TableWriter {
  let isList: Bool

  private var name: String { isList ? "JSON" : "JSON Lines" }

  func write(_ table: Table, to file: any ByteSink) throws {
    let shown = table.shown
    let fields = FieldTexts(
      string: { text, texts in texts.append(Quoting.json(String(decoding: text, as: UTF8.self))) },
      time: { text, texts in texts.append("\"" + text + "\"") },
      special: { "\"" + NumberText.shortest($0) + "\"" }, missing: Array("null".utf8),
      cell: { try JSONCell.text($0) })
    let start = isList ? ",\n  {" : "{"
    let before = shown.enumerated().map { index, column in
      Array((index == 0 ? start : ", ").utf8) + Array((Quoting.json(column.name) + ": ").utf8)
    }
    let end = Array((isList ? "}" : "}\n").utf8)
    guard !shown.isEmpty, table.rowCount > 0 else {
      return try file.append(Array((isList ? "[]\n" : "").utf8))
    }
    try RowTexts.write(table.rowCount, to: file) { range in
      var text = RowTexts.interleaved(
        try shown.map { try fields.texts($0.series, range) }, before: before, end: end,
        rows: range.count)
      // The first row has a bracket in place of the comma.
      if isList, range.lowerBound == 0 { text[0] = UInt8(ascii: "[") }
      return text
    }
    if isList { try file.append(Array("\n]\n".utf8)) }
  }

  func check(_ table: Table) throws -> [String] {
    var types: [(name: String, type: Series.Kind)] = []
    var notes: [String] = []
    for column in table.shown where table.rowCount > 0 {
      let series = column.series
      switch series.values {
      case .cells(let cells):
        if let row = cells.indices.first(where: { !JSONCell.comesBack(cells[$0]) }) {
          notes.append(
            "row \(row) of the column `\(column.name)` is written as something simpler: JSON has no \(String(cells[row].sourceText.prefix(40)))"
          )
        }
      case .string(let texts):
        let read = try FieldKinds.narrowest(texts, series)
        if series.isAllMissing || read == .date || read == .datetime {
          types.append((column.name, .string))
        }
      case .float(let values):
        let hasNumber = values.indices.contains {
          values[$0].isFinite && !series.isMissing($0)
        }
        if !hasNumber, !series.isAllMissing { types.append((column.name, .float)) }
      case .category: types.append((column.name, .category))
      default: if series.isAllMissing { types.append((column.name, series.kind)) }
      }
    }
    if table.rowCount == 0 {
      notes.append("\(name) does not keep the columns of a table without rows")
    }
    if !types.isEmpty { notes.append(TypeNotes.sentence(types, format: name)) }
    return notes
  }
}
