import Files
import Foundations
import Tables

/// Reads sentences in columns: one token a line, fields between tabs or spaces, an empty line between sentences (the
/// format of the CoNLL shared tasks; CoNLL-U as universaldependencies.org describes it).
public enum ConllFile {
  private static let unusual = "column"
  private static let conllu = [
    "id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc",
  ]

  /// A table with a row for each sentence and a list for each field. In CoNLL-U `_` is a missing value (but where it is
  /// form and lemma at once), heads are ints, and lines for contracted words and empty nodes are left out.
  ///
  /// - Parameter names: those of the fields; nil for the usual ones of their number.
  /// - Throws: `data` with the line where a token has more or fewer fields than the first.
  public static func read(_ path: String, columns names: [String]? = nil) throws -> Table {
    let lines = LineSource(try InputFile.source(path))
    var reader = SentenceReader(path: path, names: names)
    var line = 0
    while let text = try lines.next() {
      line += 1
      try Cancellation.check(turn: line)
      try reader.take(text, line: line)
    }
    return try reader.table()
  }

  private struct SentenceReader {
    let path: String
    var names: [String]?
    var isUniversal = false
    var width = 0
    var usesTabs = false
    var sentence: [[Cell]] = []
    var columns: [[Cell]] = []

    init(path: String, names: [String]?) {
      self.path = path
      self.names = names
    }

    mutating func take(_ text: String, line: Int) throws(DomainError) {
      if text.utf8.allSatisfy({ $0 <= 0x20 }) { return end() }
      if text.hasPrefix("-DOCSTART-") { return end() }
      // A comment stands before the tokens of a sentence; a token may be a hash.
      if text.hasPrefix("#"), sentence.first?.isEmpty ?? true, isComment(text) { return }
      if width == 0 { usesTabs = text.utf8.contains(0x09) }
      let fields =
        usesTabs
        ? text.utf8.split(separator: 0x09, omittingEmptySubsequences: false).map {
          String(Substring($0))
        }
        : text.utf8.split(separator: 0x20).map { String(Substring($0)) }
      if width == 0 { try begin(fields, line) }
      guard fields.count == width else {
        throw DomainError(
          .data,
          "\(path), line \(line): \(fields.count) field\(fields.count == 1 ? "" : "s"), but the first token has \(width)"
        )
      }
      if isUniversal, fields[0].utf8.contains(where: { $0 == 0x2D || $0 == 0x2E }) { return }
      for (column, field) in fields.enumerated() {
        sentence[column].append(cell(field, column, fields))
      }
    }

    /// CoNLL-U's comments, and those of others that have a space or an equals sign.
    private func isComment(_ text: String) -> Bool {
      isUniversal || width == 0 && (text.hasPrefix("# ") || text == "#" || text.contains("="))
        || text.hasPrefix("# ") && text.contains("=")
    }

    private mutating func begin(_ fields: [String], _ line: Int) throws(DomainError) {
      width = fields.count
      isUniversal =
        names == nil && width == 10 && usesTabs && Int(fields[0].prefix { $0.isNumber }) == 1
      let usual =
        switch width {
        case 10 where isUniversal: ConllFile.conllu
        case 1: ["token"]
        case 2: ["token", "tag"]
        case 4: ["token", "pos", "chunk", "tag"]
        default: ["token"] + (1..<width).map { "\(ConllFile.unusual)\($0 + 1)" }
        }
      let given = names ?? usual
      guard given.count == width else {
        throw DomainError(
          .value,
          "\(path), line \(line): a token has \(width) field\(width == 1 ? "" : "s"), but `columns` names \(given.count)"
        )
      }
      names = given
      sentence = Array(repeating: [], count: width)
      columns = Array(repeating: [], count: width)
    }

    private func cell(_ field: String, _ column: Int, _ fields: [String]) -> Cell {
      guard isUniversal else { return .string(field) }
      if field == "_", column != 1, !(column == 2 && fields[1] == "_") { return .null }
      if column == 0 || column == 6, let number = Int(field) { return .int(number) }
      return .string(field)
    }

    private mutating func end() {
      guard let first = sentence.first, !first.isEmpty else { return }
      for column in sentence.indices {
        columns[column].append(.list(sentence[column]))
        sentence[column] = []
      }
    }

    mutating func table() throws -> Table {
      end()
      guard let names, !columns.isEmpty, !columns[0].isEmpty else {
        throw DomainError(.data, "\(path) holds no sentence")
      }
      return try Table(
        columns: zip(names, columns).map { Table.Column($0, Series(.cells($1))) })
    }
  }
}
