import Federated
import Foundations
import Learning
import Runtime
import Tables
import Tensors
import Text

/// Examples in a file of devices.
extension DeviceExamples {
  /// Adds the examples to a file; rows that were prepared to be learnt from become a map of inputs, labels and columns.
  func write(to file: inout DeviceFile) throws {
    func put(_ name: String, _ cell: Cell) { file.add(name, Array(CellCoding.encode(cell).utf8)) }
    switch content {
    case .table(let table):
      put("kind", .string("table"))
      put("table", .table(table))
    case .labelled(let examples):
      switch examples.kind {
      case .texts(let texts):
        put("kind", .string("texts"))
        put("texts", .list(texts.texts.map { .string($0) }))
        // The two entries that every vocabulary begins with belong to none.
        put("words", .list(texts.vocabulary.words.dropFirst(2).map { .string($0) }))
        put("tokenizer", .string(texts.tokenizer.rawValue))
        file.add("labels", texts.labels)
      case .rows(let rows):
        let columns = rows.table.shown.filter { !["inputs", "labels"].contains($0.name) }
        var entries: [(name: String, entry: LabelledExamples.Entry)] = [
          ("inputs", .tensor(rows.inputs))
        ]
        if let labels = rows.labels { entries.append(("labels", .tensor(labels))) }
        for column in columns { entries.append((column.name, .cells(column.cells))) }
        try add(entries, to: &file)
      case .map(let entries): try add(entries, to: &file)
      }
    }
  }

  private func add(
    _ entries: [(name: String, entry: LabelledExamples.Entry)], to file: inout DeviceFile
  ) throws {
    let cells = try entries.map { name, entry -> Cell.Entry in
      switch entry {
      case .cells(let cells): return Cell.Entry(key: .string(name), value: .list(cells))
      case .tensor(let tensor):
        guard let cell = TensorCell(tensor) else {
          throw Fault(.limit, "there is no memory to write `\(name)` from")
        }
        return Cell.Entry(key: .string(name), value: .tensor(cell))
      }
    }
    file.add("kind", Array(CellCoding.encode(.string("map")).utf8))
    file.add("entries", Array(CellCoding.encode(.map(cells)).utf8))
  }

  /// The examples of a file.
  /// - Throws: `data` where it holds none that are known.
  init(_ file: DeviceFile) throws {
    func cell(_ name: String) throws -> Cell {
      try CellCoding.decode(String(decoding: file.bytes(name), as: UTF8.self))
    }
    let strange = Fault(
      .data, "the examples of this file are of a kind that is not known here",
      hint: "another version of Fairlead may have written it")
    switch try cell("kind") {
    case .string("table"):
      guard case .table(let table) = try cell("table") else { throw strange }
      self.init(.table(table))
    case .string("texts"):
      guard let texts = Self.strings(try cell("texts")),
        let words = Self.strings(try cell("words")),
        case .string(let name) = try cell("tokenizer"), let tokenizer = WordSplitter(rawValue: name)
      else { throw strange }
      let examples = try Examples(
        texts: texts, labels: file.numbers("labels", as: Int32.self),
        vocabulary: Vocabulary(words: words), tokenizer: tokenizer)
      self.init(.labelled(try LabelledExamples(.texts(examples))))
    case .string("map"):
      guard case .map(let cells) = try cell("entries") else { throw strange }
      let entries = try cells.map { entry -> (name: String, entry: LabelledExamples.Entry) in
        switch (entry.key, entry.value) {
        case (.string(let name), .tensor(let tensor)): return (name, .tensor(try Tensor(tensor)))
        case (.string(let name), .list(let cells)): return (name, .cells(cells))
        default: throw strange
        }
      }
      let examples = try LabelledExamples(.map(entries))
      guard entries.allSatisfy({ $0.entry.count == examples.count }) else { throw strange }
      self.init(.labelled(examples))
    default: throw strange
    }
  }

  private static func strings(_ cell: Cell) -> [String]? {
    guard case .list(let cells) = cell else { return nil }
    var texts: [String] = []
    for cell in cells {
      guard case .string(let text) = cell else { return nil }
      texts.append(text)
    }
    return texts
  }
}
