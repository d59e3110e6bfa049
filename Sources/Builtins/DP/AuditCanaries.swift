import ClassicalModels
import Foundations
import Learning
import Privacy
import Runtime
import Tables
import Tensors
import Text

/// Examples that a model learns only if it is trained on them: what an audit looks for.
extension LabelledExamples {
  enum CanaryKind: String, CaseIterable {
    /// Copies of examples with a wrong class each.
    case mislabelled
    /// Inputs every number (or word) of which is that of an example drawn for it alone, with a random class.
    case random
  }

  /// - Throws: `value` where the examples have no two classes to choose from, or inputs that cannot be mixed.
  func canaries(_ kind: CanaryKind, count: Int, key: RandomKey) throws -> LabelledExamples {
    var random = key.stream
    let labels = try self.labels
    guard labels.rank == 1, !labels.dtype.isFloating, labels.dtype != .bool else {
      throw Fault(
        .value, "an audit makes canaries for examples with one class each",
        hint: "give examples of your own as `canaries`")
    }
    let own = try labels.cast(to: .i64).array(Int64.self)
    let classes = Set(own).sorted()
    guard classes.count > 1 else {
      throw Fault(
        .value, "all examples have one class, so none can be wrongly labelled",
        hint: "give examples of your own as `canaries`")
    }
    var places: [Int] = []
    while places.count < count {
      // Each example once, before any comes again.
      places += random.permutation(self.count).prefix(count - places.count)
    }
    let wrong = places.map { place -> Int64 in
      guard kind == .mislabelled else { return classes[random.integer(below: classes.count)] }
      // Any class but its own, each with the same chance.
      let choice = classes[random.integer(below: classes.count - 1)]
      return choice >= own[place] ? classes[(classes.firstIndex(of: choice) ?? 0) + 1] : choice
    }
    let copies = try selecting(places)
    return try (kind == .random ? copies.mixed(from: self, &random) : copies).labelled(wrong)
  }

  /// The examples with other classes.
  private func labelled(_ labels: [Int64]) throws -> LabelledExamples {
    switch kind {
    case .texts(let examples):
      return try LabelledExamples(
        .texts(
          Examples(
            texts: examples.texts, labels: labels.map { Int32(clamping: $0) },
            vocabulary: examples.vocabulary, tokenizer: examples.tokenizer)))
    case .rows(let rows):
      guard let classes = rows.classes, rows.encoding.roles.labels.count == 1 else {
        throw Fault(
          .value, "an audit makes canaries for rows with one column of classes",
          hint: "give examples of your own as `canaries`")
      }
      let table = try rows.table.with(
        rows.encoding.roles.labels[0], labels.map { classes[Int($0)] })
      return try LabelledExamples(.rows(rows.preparing(table)))
    case .map(let entries):
      return try LabelledExamples(
        .map(
          entries.map { name, entry in
            guard name == "labels", case .tensor(let tensor) = entry else { return (name, entry) }
            return (name, .tensor(try Tensor(ints: labels.map(Int.init)).cast(to: tensor.dtype)))
          }))
    }
  }

  /// As many examples, put together from parts of `all`.
  private func mixed(from all: LabelledExamples, _ random: inout RandomStream) throws
    -> LabelledExamples
  {
    switch (kind, all.kind) {
    case (.texts(let examples), .texts(let others)):
      let words = others.texts.indices.flatMap { others.tokenizer.tokens(others.texts[$0]) }
      guard !words.isEmpty else { throw Fault(.value, "the texts have no words to be mixed") }
      let texts = examples.texts.indices.map { i in
        (0..<max(1, examples.length(of: i))).map { _ in words[random.integer(below: words.count)] }
          .joined(separator: " ")
      }
      return try LabelledExamples(
        .texts(
          Examples(
            texts: texts, labels: examples.labels, vocabulary: examples.vocabulary,
            tokenizer: examples.tokenizer)))
    case (.rows(let rows), .rows(let others)):
      var table = rows.table
      for column in others.table.columns {
        let cells = column.series.cells
        table = try table.with(
          column.name, (0..<rows.count).map { _ in cells[random.integer(below: cells.count)] })
      }
      return try LabelledExamples(.rows(rows.preparing(table)))
    case (.map(let entries), .map):
      return try LabelledExamples(
        .map(
          entries.map { name, entry in
            guard name == "inputs", case .tensor(let inputs) = entry else { return (name, entry) }
            return (name, .tensor(try Self.mixed(inputs, try all.inputs, &random)))
          }))
    default: throw Fault(.value, "the examples are of two kinds")
    }
  }

  private var inputs: Tensor {
    get throws { try source.batch(Array(0..<count)).inputs }
  }

  private static func mixed(_ inputs: Tensor, _ all: Tensor, _ random: inout RandomStream) throws
    -> Tensor
  {
    guard inputs.lengths == nil, all.count > 0 else {
      throw Fault(
        .value, "inputs of different lengths cannot be mixed",
        hint: "`kind: \"mislabelled\"` takes them as they are")
    }
    let (rows, width) = (all.shape[0], all.count / all.shape[0])
    let flat = try all.detached.contiguous().reshaped([all.count])
    let places = (0..<inputs.shape[0]).flatMap { _ in
      (0..<width).map { random.integer(below: rows) * width + $0 }
    }
    return try flat.indexSelected(axis: 0, Tensor(ints: places)).reshaped(inputs.shape.array)
  }
}
