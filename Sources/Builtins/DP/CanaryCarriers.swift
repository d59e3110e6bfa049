import Foundations
import Learning
import Privacy
import Runtime
import Syntax
import Tables
import Tensors
import Text

/// What a canary can be inserted into.
enum CanaryCarrier: Bindable {
  case texts([String])
  case table(Table)
  case dataset(IntentDataset)
  case examples(Examples)

  static let typeName = "list of string, table, dataset or examples"

  static func decode(_ value: Value, _ vm: VM) throws -> CanaryCarrier? {
    if let table = try Table.decode(value, vm) { return .table(table) }
    if let set = try IntentDataset.decode(value, vm) { return .dataset(set) }
    if let examples = try Examples.decode(value, vm) { return .examples(examples) }
    return try [String].decode(value, vm).map { .texts($0) }
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .texts(let texts): try texts.encode(vm)
    case .table(let table): table.encode(vm)
    case .dataset(let set): set.encode(vm)
    case .examples(let examples): examples.encode(vm)
    }
  }

  var count: Int {
    switch self {
    case .texts(let texts): texts.count
    case .table(let table): table.rowCount
    case .dataset(let set): set.train.count
    case .examples(let examples): examples.count
    }
  }

  /// The same with the canary wherever `places` has no number.
  func carrying(
    _ canary: Canary, _ places: [Int?], _ label: CanaryLabel?,
    _ columns: (text: String, label: String)
  ) throws -> CanaryCarrier {
    switch self {
    case .texts(let texts):
      guard label == nil else {
        throw Fault(
          .value, "texts alone have no labels", hint: "leave `label` away, or give a table")
      }
      return .texts(places.map { $0.map { texts[$0] } ?? canary.text })
    case .table(let table):
      return .table(try CanaryCarrier.carrying(table, canary, places, label, columns))
    case .dataset(let set):
      return .dataset(try CanaryCarrier.carrying(set, canary, places, label))
    case .examples(let examples):
      guard case .number(let number)? = label, let label = Int32(exactly: number), number >= 0
      else {
        throw Fault(.value, "examples need the canary's class as a number", hint: "`label: 3`")
      }
      try CanaryReader.vocabulary(examples.vocabulary, examples.tokenizer, classes: [])
        .requireKnown(canary)
      return .examples(
        try Examples(
          texts: places.map { $0.map { examples.texts[$0] } ?? canary.text },
          labels: places.map { $0.map { examples.labels[$0] } ?? label },
          vocabulary: examples.vocabulary, tokenizer: examples.tokenizer))
    }
  }

  private static func carrying(
    _ table: Table, _ canary: Canary, _ places: [Int?], _ label: CanaryLabel?,
    _ columns: (text: String, label: String)
  ) throws -> Table {
    _ = try table.column(columns.text)
    let hasLabels = table.hasColumn(columns.label)
    let value: Cell
    switch label {
    case nil: value = .null
    case .name(let name)?: value = .string(name)
    case .number(let number)?: value = .int(number)
    case .tags(let tags)?: value = .list(tags.map { .int($0) })
    }
    guard (label != nil) == hasLabels else {
      throw Fault(
        .value,
        hasLabels
          ? "the table has a column \(Quoting.literal(columns.label)), but the canary has no label"
          : "the table has no column \(Quoting.literal(columns.label)) for the canary's label",
        hint: hasLabels ? "give `label: …`" : "name it with `label_column`")
    }
    return try Table(
      columns: table.columns.map { column in
        let cells = column.series.cells
        let own: Cell =
          column.name.isSpelt(columns.text)
          ? .string(canary.text) : column.name.isSpelt(columns.label) ? value : .null
        return Table.Column(column.name, places.map { $0.map { cells[$0] } ?? own })
      })
  }

  private static func carrying(
    _ set: IntentDataset, _ canary: Canary, _ places: [Int?], _ label: CanaryLabel?
  ) throws -> IntentDataset {
    guard case .name(let name)? = label, let number = set.classes.firstIndex(spelt: name) else {
      throw Fault(
        .value, "a dataset needs the canary's class by name",
        hint: "`label: \(Quoting.literal(set.classes.first ?? "class"))`")
    }
    let texts = places.map { $0.map { set.train.texts[$0] } ?? canary.text }
    let labels = places.map { $0.map { set.train.labels[$0] } ?? Int32(number) }
    // The possible secrets are known to the model, inserted or not: it is the attacker who asks for them.
    let vocabulary = try Vocabulary(
      counting: texts + canary.secrets + [canary.text], tokenizer: set.tokenizer)
    func encoded(_ texts: [String], _ labels: [Int32]) throws -> Examples {
      try Examples(texts: texts, labels: labels, vocabulary: vocabulary, tokenizer: set.tokenizer)
    }
    var result = set
    result.vocabulary = vocabulary
    result.train = try encoded(texts, labels)
    result.valid = try set.valid.map { try encoded($0.texts, $0.labels) }
    result.test = try encoded(set.test.texts, set.test.labels)
    return result
  }
}

/// A model whose perplexity of a canary is looked at.
enum ExposedModel: Bindable {
  case model(Model)
  case function(Callable)

  static let typeName = "model or function"

  static func decode(_ value: Value, _ vm: VM) throws -> ExposedModel? {
    if let model = try Model.decode(value, vm) { return .model(model) }
    return Callable.decode(value, vm).map { .function($0) }
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .model(let model): model.encode(vm)
    case .function(let function): function.encode(vm)
    }
  }

  /// A number for each text; low ones are likely.
  func scores(
    _ vm: VM, _ canary: Canary, _ texts: [String], _ label: CanaryLabel?, _ reader: CanaryReader?
  ) throws -> [Double] {
    switch self {
    case .function(let function):
      return try texts.map { try function.call($0, as: Double.self) }
    case .model(let model):
      if let label {
        guard let reader else {
          throw Fault(
            .value, "a classifier's texts have to be encoded",
            hint: "give the dataset as `vocabulary`")
        }
        return try Self.losses(model, canary, texts, label, reader)
      }
      guard model.layer is any LanguageModel else {
        throw Fault(
          .value, "a \(model.layer.kind) gives no chance to texts, but to labels of them",
          hint: "give the canary's class as `label`, and the dataset as `vocabulary`")
      }
      let reading = try LanguageReading(predicting: model)
      let scorer = try LanguageModelScorer(model.layer, contextLength: reading.context)
      return try ForwardContext.evaluation {
        try scorer.logProbabilities(
          texts.map { try reading.tokens($0, start: reading.start != nil) }, batch: 64
        ).map { -$0.reduce(0, +) }
      }
    }
  }

  private static let batch = 256

  private static func losses(
    _ model: Model, _ canary: Canary, _ texts: [String], _ label: CanaryLabel,
    _ reader: CanaryReader
  ) throws -> [Double] {
    try reader.requireKnown(canary)
    var result: [Double] = []
    for start in stride(from: 0, to: texts.count, by: batch) {
      let part = texts[start..<min(start + batch, texts.count)]
      let inputs = try part.map { try reader.numbers($0) }
      let shape = inputs[0].shape
      guard inputs.allSatisfy({ $0.shape == shape }) else {
        throw Fault(
          .value, "the secrets become inputs of different shapes",
          hint: "all secrets must become as many tokens")
      }
      let tokens = try Tensor(ints: inputs.flatMap(\.numbers)).reshaped([part.count] + shape)
      let losses = try ForwardContext.evaluation {
        try label.losses(model.layer, model.layer.forward(tokens), reader, nil)
      }
      guard losses.shape == [part.count] else {
        throw Fault(.shape, "the loss gives \(losses.shape), not one number a text")
      }
      result += try losses.doubles()
      try Cancellation.check()
    }
    return result
  }
}
