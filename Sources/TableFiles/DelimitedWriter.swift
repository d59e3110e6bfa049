import Files
import Foundations
import Tables

/// Writes CSV and TSV so that they read back the same: missing values as nothing, `""` for the empty text, lists as
/// JSON. What TSV has no way to write is refused.
struct DelimitedWriter: TableWriter {
  typealias Bytes = UnsafeBufferPointer<UInt8>

  let separator: UInt8
  let isQuoted: Bool
  private let marks = MissingMarks(ReadingOptions.usualMissing)

  init(separator: UInt8, isQuoted: Bool) {
    self.separator = separator
    self.isQuoted = isQuoted
  }

  private var name: String { isQuoted ? "CSV" : "TSV" }

  // MARK: Fields

  /// Whether a text would not come back as it is without quotes.
  private func needsQuotes(_ text: Bytes) -> Bool {
    guard let first = text.first, let last = text.last else { return true }
    if first <= 0x20 || last <= 0x20 || first == 0xEF || marks.index(of: text) != nil {
      return true
    }
    for byte in text
    where byte == separator || byte == FieldScanner.quote || byte == 0x0A || byte == 0x0D {
      return true
    }
    return false
  }

  private func appendField(_ text: Bytes, _ texts: inout Texts) {
    guard isQuoted, needsQuotes(text) else { return texts.append(text) }
    var quoted: [UInt8] = [FieldScanner.quote]
    quoted.reserveCapacity(text.count + 8)
    for byte in text {
      if byte == FieldScanner.quote { quoted.append(byte) }
      quoted.append(byte)
    }
    quoted.append(FieldScanner.quote)
    quoted.withUnsafeBufferPointer { texts.append($0) }
  }

  private func appendField(_ text: String, _ texts: inout Texts) {
    text.withBytes { appendField($0, &texts) }
  }

  /// A name is quoted for whatever could be taken for a separator, too.
  private func header(_ names: [String]) -> [UInt8] {
    var result: [UInt8] = []
    for (index, name) in names.enumerated() {
      if index > 0 { result.append(separator) }
      var texts = Texts()
      appendField(name, &texts)
      let isBare = texts.bytes.first != FieldScanner.quote
      if isQuoted, isBare, name.utf8.contains(where: DelimitedWriter.separators.contains) {
        result += [FieldScanner.quote] + texts.bytes + [FieldScanner.quote]
      } else {
        result += texts.bytes
      }
    }
    return result + [0x0A]
  }

  private static let separators = Array(",;\t|".utf8)

  // MARK: Writing

  func write(_ table: Table, to file: any ByteSink) throws {
    let shown = table.shown
    try file.append(header(shown.map(\.name)))
    let fields = FieldTexts(
      string: { appendField($0, &$1) }, time: { $1.append($0) },
      special: { NumberText.shortest($0) },
      // An empty line would be none.
      missing: shown.count == 1 ? Array("NA".utf8) : [],
      cell: { cell in
        let text =
          switch cell {
          case .list, .map, .tensor, .table: try JSONCell.text(cell)
          default: cell.text
          }
        var texts = Texts()
        appendField(text, &texts)
        return String(decoding: texts.bytes, as: UTF8.self)
      })
    let before = shown.indices.map { $0 == 0 ? [] : [separator] }
    try RowTexts.write(table.rowCount, to: file) { range in
      RowTexts.interleaved(
        try shown.map { try fields.texts($0.series, range) }, before: before, end: [0x0A],
        rows: range.count)
    }
  }

  // MARK: What comes back

  func check(_ table: Table) throws -> [String] {
    let shown = table.shown
    guard !shown.isEmpty else {
      throw DomainError(.value, "a table without columns cannot be written as \(name)")
    }
    if !isQuoted { try requirePlainNames(shown.map(\.name)) }
    var types: [(name: String, type: Series.Kind)] = []
    for column in shown {
      let series = column.series
      switch series.kind {
      case .list: try requirePlainLists(column)
      case .mixed:
        throw DomainError(
          .value,
          "the column `\(column.name)` holds values of several types, which \(name) cannot tell",
          hint: "save it as `.jsonl`, or change it: `t.with(\"\(column.name)\", …)`")
      case .string, .category: try requirePlainTexts(column)
      default: break
      }
      if try readType(series) != series.kind {
        types.append((column.name, series.kind))
      }
    }
    guard !types.isEmpty else { return [] }
    return [TypeNotes.sentence(types, format: name)]
  }

  /// The type that a column's fields are read as.
  private func readType(_ series: Series) throws -> Series.Kind {
    // Of nothing a reader sees no type either.
    if series.isAllMissing || series.count == 0 { return .float }
    switch series.values {
    case .string(let texts): return try FieldKinds.narrowest(texts, series)
    case .category, .cells: return .string
    default: return series.kind
    }
  }

  private func requirePlainNames(_ names: [String]) throws {
    for name in names {
      let isPlain = name.withBytes { text in
        guard let first = text.first, let last = text.last else { return false }
        // Spaces around a name are left out, and so is a byte-order mark.
        return first > 0x20 && last > 0x20 && first != 0xEF
          && !text.contains { $0 == separator || $0 == 0x0A || $0 == 0x0D || $0 == 0 }
      }
      let isOnly =
        names.count == 1 && name.utf8.contains(where: DelimitedWriter.separators.contains)
      guard isPlain, !isOnly else { throw refusal("the name of the column `\(name)`") }
    }
  }

  private func refusal(_ what: String) -> DomainError {
    DomainError(
      .value, "\(what) cannot be written as TSV, which has no quotes",
      hint: "save it as `.csv`, which can say everything that text holds")
  }

  private func requirePlainTexts(_ column: Table.Column) throws {
    guard !isQuoted, let texts = column.series.texts else { return }
    for row in 0..<texts.count where !column.series.isMissing(row) {
      try Cancellation.check(turn: row)
      let problem: String? = texts.withBytes(row) { text in
        if text.isEmpty { return "an empty text, which would be read as missing" }
        if text.contains(where: { $0 == separator || $0 == 0x0A || $0 == 0x0D }) {
          return "a tab or a line end"
        }
        return marks.index(of: text) == nil
          ? nil : "\(Quoting.literal(texts[row])), which would be read as missing"
      }
      if let problem {
        throw refusal("row \(row) of the column `\(column.name)` holds \(problem): it")
      }
    }
  }

  private func requirePlainLists(_ column: Table.Column) throws {
    for (row, cell) in column.series.cells.enumerated() where !JSONCell.comesBack(cell) {
      throw DomainError(
        .value,
        "row \(row) of the column `\(column.name)` holds a list of what \(name) cannot say: \(String(cell.sourceText.prefix(60)))",
        hint: "save it as `.jsonl`, or write its parts into columns of their own")
    }
  }
}

/// What is told of columns whose type the file does not say.
enum TypeNotes {
  static func sentence(_ types: [(name: String, type: Series.Kind)], format: String) -> String {
    let named = types.prefix(6).map { entry in
      (isBare(entry.name) ? entry.name : Quoting.literal(entry.name)) + ": "
        + Quoting.literal(entry.type.rawValue)
    }
    return
      "\(format) does not keep the types of \(types.count == 1 ? "a column" : "\(types.count) columns"): read it with `types: {\(named.joined(separator: ", "))\(types.count > 6 ? ", …" : "")}`"
  }

  private static func isBare(_ name: String) -> Bool {
    guard let first = name.utf8.first, !(48...57).contains(first) else { return false }
    return name.utf8.allSatisfy {
      $0 == 95 || (48...57).contains($0) || (97...122).contains($0) || (65...90).contains($0)
    }
  }
}

extension FieldKinds {
  /// The type that the texts of a column are read as.
  static func narrowest(_ texts: Texts, _ series: Series) throws(DomainError) -> Series.Kind {
    var fits = FieldKinds.all
    for row in 0..<texts.count where !series.isMissing(row) {
      try Cancellation.check(turn: row)
      texts.withBytes(row) { fits.formIntersection(FieldKinds(of: $0)) }
      if fits == .string { break }
    }
    return fits.narrowest
  }
}
