import Foundations
import Learning
import Runtime
import Tensors
import Text

/// Models of the usual size for the tasks of language, in `nn`.
enum TaskModelBuiltins {
  static let natives = [tagger, classifier, answerer, sequenceToSequence, nextWord, spans]

  private static let body = Param<TaskBody>(
    "vocabulary",
    "A vocabulary, a tokenizer or a number of tokens; or a transformer of `nn.load`, whose hidden states take the place of embedding and LSTM."
  )
  private static let classes = Param<ClassCount>(
    "classes", "The classes, or how many there are.")
  private static let width = Param<Int>(
    "width", "The length of a word's vector.", default: 100, .positive, named: true)
  private static let hidden = Param<Int>(
    "hidden", "The size of the LSTM's state, in each direction.", default: 100, .positive,
    named: true)
  private static let dropout = Param<Double>(
    "dropout", "The chance that a number is set to zero in training.", default: 0.5,
    .within(0, 0.999), named: true)

  private static let tagger = Native(
    "tagger",
    "A tagger: scores of tags for every word, [examples, time, classes]. It is an embedding, an LSTM in both directions and a linear layer (Lample 2016), or a linear layer on a transformer. With a CRF, `nn.train` and `dp.train` learn the likelihood of whole sequences of tags, and `nn.tags` gives the likeliest; a CRF needs a tag for every token, so it does not go with pieces of words.",
    body, classes, width, hidden,
    Param<Bool>("crf", "Whether a CRF stands at the end.", default: false, named: true), dropout,
    returns: "model", seeAlso: ["data.tagging", "nn.tags", "nn.crf"],
    search: ["ner", "pos", "bilstm-crf", "sequence labelling"],
    examples: [
      (
        "nn.tagger(20, [\"O\", \"B\"], width: 4, hidden: 3, dropout: 0, crf: true)",
        "sequential(embedding(20 × 4), dropout(0.0), bilstm(4 → 3), dropout(0.0), linear(6 → 2), crf(2)) with 318 parameters"
      )
    ],
    context: {
      (
        vm: VM, body: TaskBody, classes: ClassCount, width: Int, hidden: Int, crf: Bool,
        dropout: Double
      ) throws -> Model in
      var random = vm.randomStream("tagger")
      let base = try body.layers(width, hidden, dropout, &random)
      var layers = base.layers
      layers.append(try Dropout(dropout))
      layers.append(try Linear(base.width, classes.count, random: &random))
      if crf { layers.append(try CRF(classes.count, random: &random)) }
      return Model(layer: try Sequential(layers), tokenizer: base.tokenizer)
    })

  private static let classifier = Native(
    "classifier",
    "A classifier: scores of classes for texts, [examples, classes]. It is an embedding, an LSTM in both directions, the maximum over time and a linear layer; or a transformer, the mean over time and a linear layer.",
    body, classes, width, hidden, dropout,
    returns: "model", seeAlso: ["data.load", "nn.tagger"],
    search: ["text classification", "bilstm"],
    examples: [
      (
        "nn.classifier(20, 2, width: 4, hidden: 3, dropout: 0)",
        "sequential(embedding(20 × 4), dropout(0.0), bilstm(4 → 3), max(axis: 1), dropout(0.0), linear(6 → 2)) with 310 parameters"
      )
    ],
    context: {
      (vm: VM, body: TaskBody, classes: ClassCount, width: Int, hidden: Int, dropout: Double)
        throws -> Model in
      var random = vm.randomStream("classifier")
      let base = try body.layers(width, hidden, dropout, &random)
      let layers: [Layer] = [
        Pooling(body.isPretrained ? .mean : .max, axis: 1), try Dropout(dropout),
        try Linear(base.width, classes.count, random: &random),
      ]
      return Model(layer: try Sequential(base.layers + layers), tokenizer: base.tokenizer)
    })

  private static let answerer = Native(
    "answerer",
    "Where in a text the answer to a question begins and ends: logits [examples, 2, time]. They are over the tokens of a row as `data.questions` gives it; of an embedding and an LSTM in both directions, or of a transformer (Devlin 2019, section 4.2). `nn.answers` gives the texts.",
    body, width, hidden, dropout,
    returns: "model", seeAlso: ["data.questions", "nn.answers"],
    search: ["squad", "span", "reading comprehension"],
    examples: [
      (
        "nn.answerer(20, width: 4, hidden: 3, dropout: 0)(tensor([[2, 3, 4]])).shape",
        "[1, 2, 3]"
      )
    ],
    context: {
      (vm: VM, body: TaskBody, width: Int, hidden: Int, dropout: Double) throws -> Model in
      var random = vm.randomStream("answerer")
      let base = try body.layers(width, hidden, dropout, &random)
      let layers: [Layer] = [
        try Dropout(dropout), try Linear(base.width, 2, random: &random), Spans(),
      ]
      return Model(layer: try Sequential(base.layers + layers), tokenizer: base.tokenizer)
    })

  private static let spans = Native(
    "spans",
    "The layer that turns scores [examples, time, 2] into logits [examples, 2, time] over places. They say where a span begins and where it ends; padding is no place.",
    returns: "model", seeAlso: ["nn.answerer"], search: ["pointer", "question answering"],
    examples: [
      ("nn.spans()(tensor([[[1.0, 2.0], [3.0, 4.0]]])).tolist()", "[[[1.0, 3.0], [2.0, 4.0]]]")
    ]
  ) { Model(layer: Spans()) }

  private static let sequenceToSequence = Native(
    "seq2seq",
    "A model that reads a text and writes another, for rows as `data.pairs` splits them. An LSTM or GRU reads in both directions and another one writes, with attention (Bahdanau 2015, Luong 2015); or both are a transformer. `nn.write` gives the texts.",
    Param<TableSize>("vocabulary", "A vocabulary, a tokenizer, or the number of tokens."),
    Param<Int>("source", "How many places of a row are the source's.", .positive, named: true),
    Param<String>(
      "kind", "What reads and writes.", default: "lstm", .oneOf(["lstm", "gru", "transformer"]),
      named: true),
    Param<Int>("width", "The length of a word's vector.", default: 128, .positive, named: true),
    Param<Int>(
      "hidden", "The size of a recurrent state; of a transformer, inside its feed-forward parts.",
      default: 256, .positive, named: true),
    Param<Int>(
      "blocks", "Blocks of a transformer on each side.", default: 2, .within(1, 1000), named: true),
    Param<Int>("heads", "Heads of a transformer's attention.", default: 4, .positive, named: true),
    Param<Int>(
      "context", "The longest sequence that a transformer sees.", default: 256, .positive,
      named: true),
    Param<Double>(
      "dropout", "The chance that a number is set to zero in training.", default: 0.1,
      .within(0, 0.999), named: true),
    returns: "model", seeAlso: ["data.pairs", "nn.write", "nn.encoder_decoder"],
    search: ["translation", "attention", "encoder decoder", "summarization"],
    examples: [
      (
        "nn.seq2seq(20, source: 3, width: 4, hidden: 5, dropout: 0)(tensor([[3, 4, 0, 2, 5]])).shape",
        "[1, 2, 20]"
      )
    ],
    context: {
      (
        vm: VM, table: TableSize, source: Int, kind: String, width: Int, hidden: Int, blocks: Int,
        heads: Int, context: Int, dropout: Double
      ) throws -> Model in
      var random = vm.randomStream("seq2seq")
      let padding = table.padding ?? 0
      let writer: any SequenceWriter
      if let cell = RecurrentWriter.Cell(rawValue: kind) {
        writer = try RecurrentWriter(
          vocabulary: table.rows, width: width, hidden: hidden, cell: cell, padding: padding,
          dropout: dropout, random: &random)
      } else {
        writer = try EncoderDecoder(
          vocabulary: table.rows, context: context, encoderBlocks: blocks, decoderBlocks: blocks,
          TransformerSettings(
            width: width, heads: heads, inner: hidden, isPreNorm: true, dropout: dropout),
          random: &random)
      }
      return Model(
        layer: try SequenceToSequence(writer, sourceWidth: source, padding: padding))
    })

  private static let nextWord = Native(
    "next_word",
    "Scores of the next word at every place of a text, [examples, time, words]. It is an embedding, an LSTM and a linear layer, as in McMahan 2018 (\"Learning Differentially Private Recurrent Language Models\").",
    Param<TableSize>("vocabulary", "A vocabulary, a tokenizer, or the number of words."),
    Param<Int>("width", "The length of a word's vector.", default: 96, .positive, named: true),
    Param<Int>("hidden", "The size of the LSTM's state.", default: 128, .positive, named: true),
    Param<Int>(
      "layers", "LSTMs on top of each other.", default: 1, .within(1, 64), named: true),
    Param<Double>(
      "dropout", "The chance that a number is set to zero in training.", default: 0,
      .within(0, 0.999), named: true),
    returns: "model", seeAlso: ["data.language_model", "nn.gpt2"],
    search: ["language model", "lstm", "keyboard"],
    examples: [
      (
        "nn.next_word(20, width: 4, hidden: 3)",
        "sequential(embedding(20 × 4), dropout(0.0), lstm(4 → 3), dropout(0.0), linear(3 → 20)) with 268 parameters"
      )
    ],
    context: {
      (vm: VM, table: TableSize, width: Int, hidden: Int, count: Int, dropout: Double)
        throws -> Model in
      var random = vm.randomStream("next_word")
      var layers: [Layer] = [
        try Embedding(table.rows, width, paddingIndex: table.padding, random: &random),
        try Dropout(dropout),
      ]
      for place in 0..<count {
        layers.append(try LSTM(place == 0 ? width : hidden, hidden, random: &random))
        layers.append(try Dropout(dropout))
      }
      layers.append(try Linear(hidden, table.rows, random: &random))
      return Model(layer: try Sequential(layers))
    })
}

/// What a model of a task reads texts with.
enum TaskBody: Bindable {
  case table(TableSize)
  case pretrained(Model)

  static let typeName = "vocabulary, tokenizer, int or model"

  static func decode(_ value: Value, _ vm: VM) throws -> TaskBody? {
    if let model = try Model.decode(value, vm) { return .pretrained(model) }
    return try TableSize.decode(value, vm).map(TaskBody.table)
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .table(let table): try table.encode(vm)
    case .pretrained(let model): model.encode(vm)
    }
  }

  var isPretrained: Bool { if case .pretrained = self { true } else { false } }

  /// The layers that turn tokens into vectors [examples, time, width].
  func layers(
    _ width: Int, _ hidden: Int, _ dropout: Double, _ random: inout RandomStream
  ) throws -> (layers: [Layer], width: Int, tokenizer: SubwordTokenizer?) {
    switch self {
    case .table(let table):
      let layers: [Layer] = [
        try Embedding(table.rows, width, paddingIndex: table.padding ?? 0, random: &random),
        try Dropout(dropout), try LSTM(width, hidden, bidirectional: true, random: &random),
      ]
      return (layers, 2 * hidden, nil)
    case .pretrained(let model):
      switch model.layer {
      case let encoder as BERT: return ([encoder], encoder.tokens.width, model.tokenizer)
      case let language as GPT2:
        return ([try HiddenStates(language)], language.tokens.width, model.tokenizer)
      default:
        throw Fault(
          .type, "a \(model.layer.kind) has no hidden states that a head could stand on",
          hint: "give a BERT, DistilBERT or GPT-2 of `nn.load`, or a vocabulary"
        ).atArgument(0)
      }
    }
  }
}

/// Classes by their names, or how many there are.
struct ClassCount: Bindable {
  let count: Int

  static let typeName = "int or list of string"

  static func decode(_ value: Value, _ vm: VM) throws -> ClassCount? {
    let count = try Int.decode(value, vm) ?? [String].attempt(value, vm)?.count
    guard let count else { return nil }
    guard count > 0 else { throw Fault(.value, "a classifier needs a class, got \(count)") }
    return ClassCount(count: count)
  }

  func encode(_ vm: VM) throws -> Value { .int(count) }
}
