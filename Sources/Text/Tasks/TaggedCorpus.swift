// Sentences whose words are tagged, with the documents that they come from: CoNLL files and tables.

import Files
import Foundations

/// Tagged sentences and what a file says of each of them beside.
public struct TaggedCorpus: Sendable, Equatable {
  public var sentences: [TaggedSentence] = []
  /// Further columns, one value a sentence: `document` where a CoNLL file divides them, all other columns of a table.
  public var columns: [Column] = []

  public struct Column: Sendable, Equatable {
    public var name: String
    public var values: [String]

    public init(name: String, values: [String]) {
      self.name = name
      self.values = values
    }
  }

  private static let wordNames = ["tokens", "words", "token", "word", "form"]
  private static let tagNames = ["tags", "ner_tags", "tag", "labels", "upos", "pos"]

  /// Reads a file by its name: CSV, TSV and JSONL as tables with a column of words and a column of tags, divided by
  /// spaces; anything else as CoNLL. A `.tsv` without such a header is CoNLL, too.
  ///
  /// CoNLL has a token a line with fields between tabs or spaces, and blank lines between sentences. CoNLL-U (ten
  /// fields) has its words in `form` and its tags in `upos`; in other files the first field is the word and the last
  /// the tag. `-DOCSTART-` lines and CoNLL-U's `# newdoc` begin documents.
  ///
  /// - Parameters:
  ///   - words, tags: the columns, by the names that `data.conll` and tables give them; nil for the usual ones.
  /// - Throws: `io` where it cannot be read, `data` with the line where it is malformed, `key` for an unknown column.
  public static func read(_ path: String, words: String? = nil, tags: String? = nil)
    throws(DomainError) -> TaggedCorpus
  {
    if RecordFormat(path: path) != nil {
      let records = try Records.read(path)
      let word = words.map { [$0] } ?? wordNames
      if word.contains(where: { records.columns.firstIndex(spelt: $0) != nil }) || words != nil {
        return try table(records, word, tags.map { [$0] } ?? tagNames)
      }
      guard RecordFormat(path: path) == .tsv else {
        throw DomainError(
          .key,
          "\(path) has no column of words; its columns are \(Records.list(records.columns))",
          hint: "name it with `words:`")
      }
    }
    var reader = ConllReader(path: path, word: words, tag: tags)
    let lines = LineSource(try InputFile.source(path))
    var line = 0
    while let text = try lines.next() {
      line += 1
      try Cancellation.check(turn: line)
      try reader.take(text, line)
    }
    return try reader.corpus()
  }

  private static func table(_ records: Records, _ words: [String], _ tags: [String])
    throws(DomainError) -> TaggedCorpus
  {
    func place(_ names: [String], _ what: String) throws(DomainError) -> Int {
      for name in names {
        if let place = records.columns.firstIndex(spelt: name) { return place }
      }
      throw DomainError(
        .key,
        "\(records.source) has no column of \(what) (\(names.joined(separator: ", "))); its columns are \(Records.list(records.columns))",
        hint: "name it with `\(what):`")
    }
    let (word, tag) = (try place(words, "words"), try place(tags, "tags"))
    var result = TaggedCorpus()
    var kept: [Int] = []
    for (index, row) in records.rows.enumerated() {
      try Cancellation.check(turn: index)
      let words = row[word].split(separator: " ").map(String.init)
      let tags = row[tag].split(separator: " ").map(String.init)
      guard words.count == tags.count else {
        throw DomainError(
          .data,
          "\(records.source), line \(records.lines[index]): \(words.count) words have \(tags.count) tags"
        )
      }
      guard !words.isEmpty else { continue }
      result.sentences.append(try TaggedSentence(words: words, tags: tags))
      kept.append(index)
    }
    for (place, name) in records.columns.enumerated() where place != word && place != tag {
      result.columns.append(Column(name: name, values: kept.map { records.rows[$0][place] }))
    }
    guard !kept.isEmpty else { throw DomainError(.data, "\(records.source) holds no sentence") }
    return result
  }
}

/// Takes the lines of a CoNLL file.
private struct ConllReader {
  private static let universal = [
    "id", "form", "lemma", "upos", "xpos", "feats", "head", "deprel", "deps", "misc",
  ]

  let path: String
  let word: String?
  let tag: String?
  private var width = 0
  private var usesTabs = false
  private var isUniversal = false
  private var places = (word: 0, tag: 0)
  private var words: [String] = []
  private var tags: [String?] = []
  private var document: String?
  private var documentCount = 0
  private var documents: [String] = []
  private var result = TaggedCorpus()

  init(path: String, word: String?, tag: String?) {
    self.path = path
    self.word = word
    self.tag = tag
  }

  mutating func take(_ text: String, _ line: Int) throws(DomainError) {
    if text.utf8.allSatisfy({ $0 <= 0x20 }) { return try end() }
    if text.hasPrefix("-DOCSTART-") {
      try end()
      documentCount += 1
      document = "\(documentCount)"
      return
    }
    if words.isEmpty, text.hasPrefix("#"), isComment(text) {
      if text.hasPrefix("# newdoc") {
        documentCount += 1
        let name = text.split(separator: "=", maxSplits: 1).dropFirst().first
        document = name.map { $0.trimmed } ?? "\(documentCount)"
      }
      return
    }
    if width == 0 { usesTabs = text.utf8.contains(0x09) }
    let fields =
      usesTabs
      ? text.utf8.split(separator: 0x09, omittingEmptySubsequences: false).map {
        String(Substring($0))
      } : text.utf8.split(separator: 0x20).map { String(Substring($0)) }
    if width == 0 { try begin(fields, line) }
    guard fields.count == width else {
      throw DomainError(
        .data,
        "\(path), line \(line): \(fields.count) field\(fields.count == 1 ? "" : "s"), but the first token has \(width)"
      )
    }
    // Ranges of contracted words, and empty nodes.
    if isUniversal, fields[0].utf8.contains(where: { $0 == 0x2D || $0 == 0x2E }) { return }
    let (word, tag) = (fields[places.word], fields[places.tag])
    guard !word.isEmpty, !tag.isEmpty else {
      throw DomainError(
        .data, "\(path), line \(line): the \(word.isEmpty ? "word" : "tag") is empty")
    }
    words.append(word)
    tags.append(isUniversal && tag == "_" && word != "_" ? nil : tag)
  }

  /// CoNLL-U's comments; in other files a token may be a hash.
  private func isComment(_ text: String) -> Bool {
    isUniversal || width == 0 && (text.hasPrefix("# ") || text == "#")
      || text.hasPrefix("# ") && text.contains("=")
  }

  private mutating func begin(_ fields: [String], _ line: Int) throws(DomainError) {
    width = fields.count
    isUniversal = width == 10 && usesTabs && Int(fields[0].prefix { $0.isNumber }) == 1
    let names: [String]
    switch width {
    case 10 where isUniversal: names = ConllReader.universal
    case 2: names = ["token", "tag"]
    case 4: names = ["token", "pos", "chunk", "tag"]
    default: names = ["token"] + (1..<max(1, width)).map { "column\($0 + 1)" }
    }
    guard width >= 2 else {
      throw DomainError(
        .data, "\(path), line \(line): expected a word and a tag, found 1 field")
    }
    func place(_ name: String?, _ usual: Int) throws(DomainError) -> Int {
      guard let name else { return usual }
      if let place = names.firstIndex(spelt: name) { return place }
      throw DomainError(
        .key, "\(path), line \(line): no field is called `\(name)`; they are \(Records.list(names))"
      )
    }
    places = (
      try place(word, isUniversal ? 1 : 0), try place(tag, isUniversal ? 3 : width - 1)
    )
  }

  private mutating func end() throws(DomainError) {
    guard !words.isEmpty else { return }
    result.sentences.append(try TaggedSentence(words: words, tags: tags))
    documents.append(document ?? "")
    words = []
    tags = []
  }

  mutating func corpus() throws(DomainError) -> TaggedCorpus {
    try end()
    guard !result.sentences.isEmpty else { throw DomainError(.data, "\(path) holds no sentence") }
    if document != nil {
      result.columns = [TaggedCorpus.Column(name: "document", values: documents)]
    }
    return result
  }
}

extension Substring {
  /// Without spaces at both ends.
  var trimmed: String {
    var rest = self
    while rest.utf8.first == 0x20 { rest.removeFirst() }
    while rest.utf8.last == 0x20 { rest.removeLast() }
    return String(rest)
  }
}
