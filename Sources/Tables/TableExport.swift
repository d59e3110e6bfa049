import Foundations

extension Table {
  /// Comma-separated values (RFC 4180) with a header line. Floats are written so that they read back the same, infinite
  /// ones as `inf` and `-inf`, undefined ones as `nan`; null is an empty field.
  public func csv(separator: Character = ",") -> String {
    func field(_ text: String) -> String {
      let needsQuotes = text.contains {
        $0 == separator || $0 == "\"" || $0.isNewline
      }
      guard needsQuotes || text.isEmpty else { return text }
      return "\""
        + text.split(separator: "\"", omittingEmptySubsequences: false)
        .joined(separator: "\"\"") + "\""
    }
    func field(_ cell: Cell) -> String { cell.isNull ? "" : field(cell.asLists.text) }
    let joint = String(separator)
    let shown = shown
    var lines = [names.map { field($0) }.joined(separator: joint)]
    for row in 0..<rowCount {
      if Parallel.isAbandoned(turn: row) { break }
      lines.append(shown.map { field($0.series[row]) }.joined(separator: joint))
    }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A JSON array with one object a row. Standard JSON has no infinities: non-finite floats are written as the strings
  /// `"inf"`, `"-inf"` and `"nan"`, which Python's `float` and pandas read.
  public func json() -> String {
    let shown = shown
    let rows = (0..<rowCount).map { row in
      if Parallel.isAbandoned { return "" }
      let fields = shown.map { column in
        Quoting.json(column.name) + ": " + CellCoding.portable(column.series[row])
      }
      return "  {" + fields.joined(separator: ", ") + "}"
    }
    return rows.isEmpty ? "[]\n" : "[\n" + rows.joined(separator: ",\n") + "\n]\n"
  }
}
