// Labelled utterances as they come from disk: one file of rows, or a folder.

import Files
import Foundations

/// One utterance with its class, and a tag for each of its space-separated tokens where the corpus has slots.
public struct Utterance: Sendable, Equatable {
  public var text: String
  public var intent: String
  /// BIO tags, one for each space-separated token of `text`.
  public var slots: [String]?

  public init(text: String, intent: String, slots: [String]? = nil) {
    self.text = text
    self.intent = intent
    self.slots = slots
  }
}

/// A labelled corpus in up to three parts.
///
/// Reading is strict where a mistake would pass unseen (an empty label, slots that do not fit their tokens, a missing
/// column: an error with file and line) and lenient where the meaning is plain: an empty utterance is left out and
/// counted in `notes`.
public struct Corpus: Sendable, Equatable {
  public var name: String
  public var train: [Utterance]
  public var valid: [Utterance]
  public var test: [Utterance]
  /// What reading left out or found strange, in sentences.
  public var notes: [String]

  public init(
    name: String, train: [Utterance], valid: [Utterance] = [], test: [Utterance] = [],
    notes: [String] = []
  ) {
    self.name = name
    self.train = train
    self.valid = valid
    self.test = test
    self.notes = notes
  }

  /// Column names looked for where none is given, in this order, in lower case.
  public static let textColumns = [
    "text", "utterance", "sentence", "query", "question", "review", "tweet", "content",
    "body",
  ]
  public static let labelColumns = ["intent", "label", "category", "class", "target", "topic"]

  /// Reads a corpus.
  ///
  /// - Parameters:
  ///   - path: a CSV, TSV or JSONL file (also `.gz`), which becomes the training part; or a folder as `CorpusFolder`
  ///     reads it.
  ///   - text, label, slots: column names; nil finds them among the usual ones.
  /// - Throws: `io`, `parse` or `data` with file and line.
  public static func load(
    _ path: String, text: String? = nil, label: String? = nil, slots: String? = nil
  ) throws(DomainError) -> Corpus {
    let kind = InputFile.kind(path)
    guard kind.exists else {
      throw DomainError(.io, "no such file or folder: \(path)")
    }
    let wanted = ColumnChoice(text: text, label: label, slots: slots)
    var corpus = Corpus(name: baseName(path), train: [])
    if kind.isFolder {
      let folder = try CorpusFolder(path)
      guard let train = try folder.train() else { throw folder.withoutTraining }
      corpus.train = try utterances(train, wanted, &corpus.notes)
      for (part, names) in [
        (\Corpus.valid, ["valid", "val", "dev", "validation"]), (\Corpus.test, ["test"]),
      ] {
        guard let records = try folder.part(names) else { continue }
        corpus[keyPath: part] = try utterances(records, wanted, &corpus.notes)
      }
      guard !corpus.train.isEmpty else {
        throw DomainError(.data, "\(train.source) has no utterances to train on")
      }
    } else {
      corpus.train = try utterances(try Records.read(path), wanted, &corpus.notes)
      guard !corpus.train.isEmpty else {
        throw DomainError(.data, "\(path) has a header but no rows")
      }
    }
    return corpus
  }

  /// The corpus with a test part: its own, or a share of the training part, drawn by class, with a note that says so.
  ///
  /// - Throws: `value` where the share is not within 0 and 1, `data` where it leaves nothing to train on.
  public func holdingOutTest(share: Double, seed: UInt64) throws(DomainError) -> Corpus {
    guard test.isEmpty, share != 0 else { return self }
    let numbers = Dictionary(
      uniqueKeysWithValues: classes.enumerated().map { (Spelling($1), Int32($0)) })
    let split = try Split.stratified(
      labels: train.map { numbers[$0.intent] ?? 0 }, fraction: 1 - share, seed: seed)
    guard !split.first.isEmpty else {
      throw DomainError(
        .data, "holding out \(share) of \(train.count) utterances leaves none to train on")
    }
    var result = self
    result.train = split.first.map { train[$0] }
    result.test = split.second.map { train[$0] }
    result.notes.append(
      "the corpus has no test part: \(result.test.count) of its \(train.count) utterances were held out"
    )
    return result
  }

  /// The names of all classes, sorted.
  public var classes: [String] {
    (train + valid + test).map(\.intent).distinctSpellings()
  }

  private static func baseName(_ path: String) -> String {
    let last = path.split(separator: "/").last.map(String.init) ?? path
    guard let dot = last.firstIndex(of: "."), dot != last.startIndex else { return last }
    return String(last[..<dot])
  }

  private static func utterances(
    _ records: Records, _ wanted: ColumnChoice, _ notes: inout [String]
  ) throws(DomainError) -> [Utterance] {
    let textIndex = try wanted.index(wanted.text, Self.textColumns, "text", in: records)
    let labelIndex = try wanted.index(wanted.label, Self.labelColumns, "label", in: records)
    var slotsIndex: Int?
    if let name = wanted.slots {
      slotsIndex = try records.index(of: name)
    } else {
      slotsIndex = records.columns.firstIndex { $0.lowercased() == "slots" }
    }
    var result: [Utterance] = []
    result.reserveCapacity(records.rows.count)
    var empty = 0
    for (index, (row, line)) in zip(records.rows, records.lines).enumerated() {
      try Cancellation.check(turn: index)
      for place in [textIndex, labelIndex] where records.absent[index]?.contains(place) == true {
        throw DomainError(
          .data,
          "\(records.source), line \(line): there is no field `\(records.columns[place])`",
          hint: "every line needs a text and a class; name other fields with `text:` and `label:`")
      }
      let text = trimmed(row[textIndex])
      if text.isEmpty {
        empty += 1
        continue
      }
      let intent = trimmed(row[labelIndex])
      guard !intent.isEmpty else {
        throw DomainError(
          .data, "\(records.source), line \(line): the label is empty",
          hint: "every utterance needs a class; give this one a label or delete the line")
      }
      var slots: [String]?
      if let slotsIndex {
        let tags = row[slotsIndex].split(separator: " ").map(String.init)
        let tokens = text.split(separator: " ").count
        guard tags.count == tokens else {
          throw DomainError(
            .data, "\(records.source), line \(line): \(tags.count) slot tags for \(tokens) tokens")
        }
        slots = tags
      }
      result.append(Utterance(text: text, intent: intent, slots: slots))
    }
    if empty > 0 {
      notes.append("\(records.source): \(empty) empty utterance\(empty == 1 ? "" : "s") left out")
    }
    return result
  }

  static func trimmed(_ text: String) -> String {
    let bytes = Array(text.utf8)
    guard let first = bytes.firstIndex(where: { $0 > 0x20 }),
      let last = bytes.lastIndex(where: { $0 > 0x20 })
    else { return "" }
    return first == 0 && last == bytes.count - 1
      ? text : String(decoding: bytes[first...last], as: UTF8.self)
  }
}

/// The columns asked for, and the search for those left open.
private struct ColumnChoice {
  var text: String?
  var label: String?
  var slots: String?

  func index(_ given: String?, _ usual: [String], _ role: String, in records: Records)
    throws(DomainError) -> Int
  {
    if let given { return try records.index(of: given) }
    let lower = records.columns.map { $0.lowercased() }
    for name in usual {
      if let index = lower.firstIndex(of: name) { return index }
    }
    // As an example, a column with a like name, and none that is something else already.
    let open = records.columns.filter { column in
      ![text, label, slots].contains(column)
        && !(Corpus.textColumns + Corpus.labelColumns).contains(column.lowercased())
    }
    let alike = open.first { column in usual.contains { column.lowercased().contains($0) } }
    let likely = alike ?? open.first ?? role
    throw DomainError(
      .data,
      "\(records.source) has no column for the \(role) (\(Records.list(usual, limit: 4))); its columns are \(Records.list(records.columns))",
      hint: "say which one it is: `\(role): \"\(likely)\"`"
        + (alike == nil && role == "text" ? "; rows without texts are read by `data.table`" : ""))
  }
}
