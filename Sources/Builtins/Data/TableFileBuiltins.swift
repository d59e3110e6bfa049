import Files
import Foundations
import Runtime
import Syntax
import TableFiles
import Tables

/// Tables and sentences from files.
enum TableFileBuiltins {
  static let natives = [table, conll]

  private static let kinds = Series.Kind.allCases.map(\.rawValue).filter { $0 != "mixed" }

  private static let table = Native(
    "table",
    "The rows of a CSV, TSV, JSON, JSONL or Parquet file as a table. Text may be packed (`.gz`, `.zst`). The type of each column is found from all its values; a column of text that is all ISO dates becomes dates, and ids with leading zeros stay text. A note says what was guessed.",
    Param<String>("path", "The file; \"-\" reads what is piped in."),
    Param<String?>(
      "format", "What the file holds; nil takes it from its name (\"csv\" for \"-\").",
      default: nil, .oneOf(TableFormat.allCases.map(\.rawValue)), named: true),
    Param<String?>(
      "separator", "What stands between fields, \"\\t\" say; nil finds it.", default: nil,
      named: true),
    Param<Bool>("header", "Whether the first line names the columns.", default: true, named: true),
    Param<[String]?>(
      "missing",
      "Unquoted fields that mean a missing value, beside empty ones; nil for the usual ones (NA, N/A, null, None …).",
      default: nil, named: true),
    Param<[Spelling: String]>(
      "types",
      "Types of columns by name: `{zip: \"string\"}`; one of \(kinds.joined(separator: ", ")).",
      default: [:], named: true),
    Param<String>(
      "encoding", "How characters are written.", default: TextEncoding.utf8.rawValue,
      .oneOf(TextEncoding.allCases.map(\.rawValue)), named: true),
    Param<String?>(
      "comment", "What lines begin with that are no data; nil where there are none.", default: nil,
      .nonEmpty, named: true),
    Param<Bool?>(
      "quoting", "Whether quotes enclose fields; nil: in CSV, not in TSV.", default: nil,
      named: true),
    returns: "table", seeAlso: ["data.load", "data.conll", "json.load"],
    search: ["read", "csv", "tsv", "jsonl", "parquet", "gzip", "zstd", "read_csv", "stdin"],
    context: {
      (
        vm: VM, path: String, format: String?, separator: String?, header: Bool, missing: [String]?,
        types: [Spelling: String], encoding: String, comment: String?, quoting: Bool?
      ) -> Table in
      var options = ReadingOptions()
      options.separator = separator
      options.hasHeader = header
      options.missing = missing
      options.encoding = TextEncoding(rawValue: encoding) ?? .utf8
      options.comment = comment
      options.quoting = quoting
      options.types = try kinds(types)
      let format = format.flatMap(TableFormat.init(rawValue:))
      let place = try path == "-" ? nil : vm.readablePath(path)
      if place == nil { try vm.requireOwnInput() }
      let read = try Cancellation.abandonable {
        if let place { return try TableFile.read(place, format: format, options) }
        return try TableFile.readStandardInput(format: format, options)
      }
      for note in read.notes { vm.note(note) }
      return read.table
    }
  ).hinting { name in
    switch name {
    case "sep", "delimiter", "delim": "write `separator: \";\"`"
    case "na_values", "na": "write `missing: [\"\", \"NA\"]`"
    case "dtype", "dtypes", "col_types": "write `types: {v: \"string\"}`"
    case "names", "columns": "names come from the first line, or `header: false` and `.rename({…})`"
    default: nil
    }
  }

  private static func kinds(_ types: [Spelling: String]) throws -> [Spelling: Series.Kind] {
    var result: [Spelling: Series.Kind] = [:]
    for (name, type) in types {
      guard let kind = Series.Kind(rawValue: type), kind != .mixed else {
        throw Fault(
          .value, "\(Quoting.literal(type)) is no type of a column",
          hint: "the types are \(kinds.joined(separator: ", "))"
        ).atArgument(5)
      }
      result[name] = kind
    }
    return result
  }

  private static let conll = Native(
    "conll",
    "Sentences from a CoNLL or CoNLL-U file, a row for each. A column holds lists, a value for each token. CoNLL-U (known by its ten fields) has the usual names; two fields are `token` and `tag`, four are those of CoNLL-2003.",
    Param<String>("path", "The file, also packed (`.gz`, `.zst`)."),
    Param<[String]?>("columns", "Names of the fields; nil for the usual ones.", default: nil),
    returns: "table", seeAlso: ["data.table", "text.tagger"],
    search: ["ner", "tagging", "treebank", "universal dependencies", "bio"],
    context: { (vm: VM, path: String, columns: [String]?) -> Table in
      let place = try vm.readablePath(path)
      return try Cancellation.abandonable { try ConllFile.read(place, columns: columns) }
    })
}

extension VM {
  /// Throws where what is piped in may not be read: it is there only once, and for the run alone.
  func requireOwnInput() throws {
    try requireUnsealed("standard input cannot be read")
    guard isTrial else { return }
    throw Fault(
      .io, "a trial of a sweep cannot read standard input, which is there only once",
      hint: "read it before the sweep")
  }
}
