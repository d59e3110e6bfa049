import Foundations
import Learning
import Runtime
import Tensors
import Text

/// Data of the tasks of language beside classification, in `data`: tags, questions, pairs of texts, next words.
enum TaskBuiltins {
  static let natives = [tagging, questions, pairs, languageModel]

  private static let test = Param<String?>(
    "test", "A file of the same form that becomes the test part; nil for none.", default: nil,
    named: true)
  private static let valid = Param<String?>(
    "valid", "The same for the validation part.", default: nil, named: true)
  private static let vocabulary = Param<TaskVocabulary?>(
    "vocabulary",
    "A vocabulary, or the tokenizer of a pretrained model; nil counts the training part's words.",
    default: nil, named: true)
  private static let minimum = Param<Int>(
    "min_count", "Rarer words are unknown.", default: 1, .positive, named: true)
  private static let most = Param<Int?>(
    "max_words", "The most words kept; nil keeps all.", default: nil, .positive, named: true)
  private static let lower = Param<Bool>(
    "lower", "Whether words are looked up in lower case.", default: false, named: true)
  private static let length = Param<Int?>(
    "length", "Tokens of a row, of longer ones the beginning is kept; nil takes the longest.",
    default: nil, .within(1, 1_048_576), named: true)

  private static let path = Param<String>("path", "The file of the training part, also packed.")
  private static let words = Param<String?>(
    "words", "The field or column of the words.", default: nil, named: true)
  private static let tags = Param<String?>(
    "tags", "The field or column of the tags.", default: nil, named: true)

  private static let tagging = Native(
    "tagging",
    "Sentences with a tag for each word, ready for `nn.tagger`. The file is CoNLL (a token a line; words in the first field, tags in the last; of CoNLL-U `form` and `upos`), or a table whose columns hold words and tags divided by spaces. The result is {train, valid, test, classes, vocabulary}; each part is {inputs, labels, tokens, tags} and what the file says of sentences beside: `document` of CoNLL files that divide them, all other columns of a table. Labels are class numbers, -100 where nothing is to be learnt: in the padding, and on all pieces of a word but the first.",
    parameters: [
      path, valid, test, words, tags, vocabulary, minimum, most, lower, length,
    ],
    returns: "map", seeAlso: ["nn.tagger", "nn.tags", "stats.span_f1", "data.conll"],
    search: ["ner", "pos", "conll", "sequence labelling", "bio"],
    arguments: { (arguments: inout Arguments) in try readTags(&arguments) })

  private static func readTags(_ arguments: inout Arguments) throws -> Record {
    let vm = arguments.vm
    let (path, valid, test) = (
      try arguments(Self.path), try arguments(Self.valid), try arguments(Self.test)
    )
    let (words, tags) = (try arguments(Self.words), try arguments(Self.tags))
    let vocabulary = try arguments(Self.vocabulary)
    let (minimum, limit) = (try arguments(Self.minimum), try arguments(most))
    let (lower, length) = (try arguments(Self.lower), try arguments(Self.length))
    func read(_ path: String?) throws -> TaggedCorpus? {
      guard let path else { return nil }
      let place = try vm.readablePath(path)
      return try Cancellation.abandonable {
        try TaggedCorpus.read(place, words: words, tags: tags)
      }
    }
    guard let train = try read(path) else { throw Fault(.value, "there is no file to read") }
    let parts: [(String, TaggedCorpus?)] = [
      ("train", train), ("valid", try read(valid)), ("test", try read(test)),
    ]
    let classes = TaggingRows.classes(parts.flatMap { $0.1?.sentences ?? [] })
    let counted =
      try vocabulary
      ?? TaskVocabulary.words(
        Vocabulary(
          countingTokens: train.sentences.lazy.map { sentence in
            lower ? sentence.words.map { $0.lowercased() } : sentence.words
          }, minimumFrequency: minimum, limit: limit))
    let encoder = counted.encoder(lowered: lower)
    var entries: [(String, any ValueEncodable)] = []
    for (name, corpus) in parts {
      entries.append((name, try corpus.map { try part($0, classes, encoder, length) }))
    }
    entries.append(("classes", classes))
    entries.append(("vocabulary", counted))
    return Record(entries)
  }

  private static func part(
    _ corpus: TaggedCorpus, _ classes: [String], _ encoder: TaskEncoder, _ length: Int?
  ) throws -> Record {
    let rows = try TaggingRows(
      corpus.sentences, classes: classes, encoder: encoder, length: length)
    let entries: [(String, any ValueEncodable)] = [
      ("inputs", try rows.inputs.tensor()), ("labels", try rows.labels.tensor(hasLengths: false)),
      ("tokens", corpus.sentences.map(\.words)), ("tags", corpus.sentences.map(\.tags)),
    ]
    return Record(try entries + further(corpus.columns, beside: entries.map { $0.0 }))
  }

  /// The further columns of a file as keys of its examples.
  private static func further(
    _ columns: [TaggedCorpus.Column], beside own: [String]
  ) throws -> [(String, any ValueEncodable)] {
    try columns.map { column in
      guard !own.contains(where: { $0.isSpelt(column.name) }) else {
        throw Fault(
          .value,
          "the file has a column `\(column.name)`, which is a name of the examples' own keys",
          hint: "give the column another name")
      }
      return (column.name, column.values)
    }
  }

  private static let questions = Native(
    "questions",
    "Questions whose answers stand in a text, ready for `nn.answerer`. The file is SQuAD's JSON, or a folder with `contexts.jsonl` and `questions.jsonl`. The result is {train, test, vocabulary}; each part is {inputs, labels, offsets, questions, contexts, answers, article, id}. A row of inputs is question, separator, text; labels are the places of the first and the last token of the first answer, -100 where the row does not hold it; offsets are the code points of the text that each token stands for, -1 for the question's.",
    Param<String>("path", "The file or folder of the training part."), test, vocabulary,
    minimum, most, length,
    returns: "map", seeAlso: ["nn.answerer", "nn.answers", "text.answer_scores"],
    search: ["squad", "question answering", "reading comprehension", "span", "xquad"],
    context: readQuestions)

  private static func readQuestions(
    _ vm: VM, _ path: String, _ test: String?, _ vocabulary: TaskVocabulary?, _ minimum: Int,
    _ limit: Int?, _ length: Int?
  ) throws -> Record {
    func read(_ path: String) throws -> QuestionCorpus {
      let place = try vm.readablePath(path)
      return try Cancellation.abandonable { try QuestionCorpus.read(place) }
    }
    let train = try read(path)
    let other = try test.map(read)
    let counted =
      try vocabulary
      ?? TaskVocabulary.words(
        Vocabulary(
          countingTokens: (train.questions.map(\.text) + train.contexts).lazy.map(
            QuestionRows.wordsAlone),
          markers: [TaskEncoder.Marker.separator.rawValue], minimumFrequency: minimum,
          limit: limit))
    let encoder = counted.encoder(lowered: true)
    func part(_ corpus: QuestionCorpus) throws -> Record {
      let rows = try Cancellation.abandonable {
        try QuestionRows(corpus, encoder: encoder, length: length)
      }
      let count = corpus.questions.count
      return Record([
        ("inputs", try rows.inputs.tensor()),
        ("labels", try Tensor(rows.labels, shape: [count, 2]).cast(to: .i64)),
        ("offsets", try Tensor(rows.offsets, shape: [count, rows.inputs.width, 2])),
        ("questions", corpus.questions.map(\.text)),
        ("contexts", corpus.questions.map { corpus.contexts[$0.context] }),
        ("answers", corpus.questions.map(\.answers)),
        ("article", corpus.questions.map(\.article)), ("id", corpus.questions.map(\.id)),
      ])
    }
    return Record([
      ("train", try part(train)), ("test", try other.map(part)), ("vocabulary", counted),
    ])
  }

  private static let source = Param<String?>(
    "source", "The column that is read; nil finds it (`source`, `input`, `mr` and such).",
    default: nil, named: true)
  private static let target = Param<String?>(
    "target", "The column that is written; nil finds it (`target`, `output`, `ref` and such).",
    default: nil,
    named: true)
  private static let form = Param<String>(
    "form", "How a source and its target stand in a row.", default: "split",
    .oneOf(PairRows.Form.allCases.map(\.rawValue)), named: true)
  private static let sourceLength = Param<Int?>(
    "source_length", "Tokens of a source; nil takes the longest of both parts.", default: nil,
    .within(1, 1_048_576), named: true)
  private static let targetLength = Param<Int?>(
    "target_length", "Tokens of a target with its end; nil takes the longest.", default: nil,
    .within(1, 1_048_576), named: true)

  private static let pairs = Native(
    "pairs",
    "Texts and what is to be written for them, from a CSV, TSV or JSONL file, ready for `nn.seq2seq`. The result is {train, test, vocabulary, source}; each part is {inputs, labels, sources, targets} and the file's other columns. Split, a row of inputs holds the source in its first `source` places and behind them what was written so far, and labels [pairs, time] the next token of it. Joined, source, separator and target follow each other, for a model of language that learns the target only (`source` is 0). Labels are -100 where nothing is to be learnt.",
    parameters: [
      path, test, source, target, form, sourceLength, targetLength, vocabulary, minimum, most,
    ],
    returns: "map", seeAlso: ["nn.seq2seq", "nn.write", "text.bleu", "text.rouge"],
    search: ["translation", "summarization", "seq2seq", "data to text", "e2e"],
    arguments: { (arguments: inout Arguments) in try readPairs(&arguments) })

  private static func readPairs(_ arguments: inout Arguments) throws -> Record {
    let vm = arguments.vm
    let (path, test) = (try arguments(Self.path), try arguments(Self.test))
    let (source, target) = (try arguments(Self.source), try arguments(Self.target))
    let form = PairRows.Form(rawValue: try arguments(Self.form)) ?? .split
    let (sourceLength, targetLength) = (
      try arguments(Self.sourceLength), try arguments(Self.targetLength)
    )
    let vocabulary = try arguments(Self.vocabulary)
    let (minimum, limit) = (try arguments(Self.minimum), try arguments(most))
    func read(_ path: String) throws -> TextPairs {
      let place = try vm.readablePath(path)
      return try Cancellation.abandonable {
        try TextPairs.read(place, source: source, target: target)
      }
    }
    let train = try read(path)
    let other = try test.map(read)
    let counted =
      try vocabulary
      ?? TaskVocabulary.words(
        Vocabulary(
          countingTokens: (train.sources + train.targets).lazy.map(WordSplitter.words.tokens),
          markers: TaskEncoder.Marker.allCases.map(\.rawValue), minimumFrequency: minimum,
          limit: limit))
    let encoder = counted.encoder(lowered: false)
    // One width of sources for both parts: the model is made for it.
    let widths = try [train, other].compactMap { $0 }.flatMap(\.sources).map {
      try encoder.tokens($0).count
    }
    let width = form == .split ? sourceLength ?? max(1, widths.max() ?? 1) : sourceLength
    func part(_ pairs: TextPairs) throws -> Record {
      let rows = try PairRows(
        pairs, form: form, encoder: encoder, sourceLength: width, targetLength: targetLength)
      let entries: [(String, any ValueEncodable)] = [
        ("inputs", try rows.inputs.tensor(hasLengths: form == .joined)),
        ("labels", try rows.labels.tensor(hasLengths: false)), ("sources", pairs.sources),
        ("targets", pairs.targets),
      ]
      return Record(try entries + further(pairs.columns, beside: entries.map { $0.0 }))
    }
    return Record([
      ("train", try part(train)), ("test", try other.map(part)), ("vocabulary", counted),
      ("source", form == .split ? width ?? 0 : 0),
    ])
  }

  private static let languageModel = Native(
    "language_model",
    "Texts as examples for a model of the next word, `nn.next_word`. The result is {train, test, vocabulary}; a part is {inputs, labels} of [examples, length], the label of a position being the next word. Texts stand behind each other with an end between them; with `by`, those of one person only, and whose an example is stands beside it.",
    Param<[String]>("texts", "The texts."),
    Param<[Spelling: Value]>(
      "by", "Whose the texts are, one value a text: `{speaker: t.speaker}`; {} for nobody's.",
      default: [:], named: true),
    Param<[String]?>("test", "Texts for the test part.", default: nil, named: true),
    Param<Int>("length", "Words of an example.", default: 32, .within(1, 1_048_576), named: true),
    vocabulary,
    Param<String>(
      "tokenizer", "How texts are cut.", default: "words", TextBuiltins.tokenizers, named: true),
    minimum, most,
    returns: "map", seeAlso: ["nn.next_word", "text.blocks"],
    search: ["next word prediction", "lstm", "shakespeare", "natural clients"],
    examples: [
      (
        "data.language_model([\"to be or not to be\", \"be it\"], length: 4).train.labels.tolist()",
        "[[3, 7, 6, 4], [3, 2, 3, 5], [2, -100, -100, -100]]"
      )
    ],
    context: cutTexts)

  private static func cutTexts(
    _ vm: VM, _ texts: [String], _ by: [Spelling: Value], _ test: [String]?, _ length: Int,
    _ vocabulary: TaskVocabulary?, _ tokenizer: String, _ minimum: Int, _ limit: Int?
  ) throws -> Record {
    let splitter = WordSplitter(rawValue: tokenizer) ?? .words
    let counted =
      try vocabulary
      ?? TaskVocabulary.words(
        Vocabulary(
          countingTokens: texts.lazy.map(splitter.tokens),
          markers: [TaskEncoder.Marker.end.rawValue], minimumFrequency: minimum, limit: limit))
    let encoder = counted.encoder(lowered: false)
    let given = try by.sorted { $0.key < $1.key }.map { name, value in
      (name: name.text, values: try owners(value, of: texts.count, name.text, vm))
    }
    return Record([
      ("train", try LanguageBlocks(texts, given, encoder, splitter, length).record),
      ("test", try test.map { try LanguageBlocks($0, [], encoder, splitter, length).record }),
      ("vocabulary", counted),
    ])
  }

  private static func owners(
    _ value: Value, of count: Int, _ name: String, _ vm: VM
  ) throws -> [String] {
    guard value.string == nil, let items = try vm.elements(of: value) else {
      throw Fault(
        .type, "`\(name)` of `by` is a list or a column, found \(Representation.described(value))")
    }
    guard items.count == count else {
      throw Fault(.value, "there are \(count) texts, but \(items.count) values of `\(name)`")
    }
    guard name != "inputs", name != "labels" else {
      throw Fault(.value, "`\(name)` is a name of the examples' own keys")
    }
    return try items.enumerated().map { index, item in
      if let text = item.string ?? Int.decode(item, vm).map({ "\($0)" }) { return text }
      throw Fault(
        .type,
        "`\(name)` of a text is a string or an int, but that of text \(index) is \(Representation.described(item))"
      )
    }
  }
}

/// Texts cut into examples, those of each owner by themselves.
private struct LanguageBlocks {
  var inputs: [Int32] = []
  var labels: [Int32] = []
  var lengths: [Int32] = []
  var owners: [(name: String, values: [String])]
  let length: Int

  init(
    _ texts: [String], _ given: [(name: String, values: [String])], _ encoder: TaskEncoder,
    _ splitter: WordSplitter, _ length: Int
  ) throws {
    self.length = length
    owners = given.map { ($0.name, []) }
    let end = try encoder.number(of: .end)
    var places: [[Spelling]: Int] = [:]
    var groups: [(owner: [String], documents: [[Int32]])] = []
    for (index, text) in texts.enumerated() {
      try Cancellation.check(turn: index)
      let owner = given.map { $0.values[index] }
      let key = owner.map { Spelling($0) }
      let tokens = try encoder.tokens(text, splitter)
      if let place = places[key] {
        groups[place].documents.append(tokens)
      } else {
        places[key] = groups.count
        groups.append((owner, [tokens]))
      }
    }
    for (owner, documents) in groups {
      let blocks = try TokenBlocks.packed(
        documents, time: length, separator: end, padding: encoder.padding)
      inputs += blocks.inputs
      labels += blocks.labels
      lengths += blocks.lengths
      for place in owners.indices {
        owners[place].values += [String](repeating: owner[place], count: blocks.count)
      }
    }
    guard !lengths.isEmpty else { throw Fault(.value, "the texts have no word to predict") }
  }

  var record: Record {
    get throws {
      let shape = try Shape(checking: [lengths.count, length])
      let inputs = try Tensor(inputs, shape: shape).cast(to: .i64)
      var entries: [(String, any ValueEncodable)] = [
        ("inputs", inputs.with(lengths: Lengths(lengths))),
        ("labels", try Tensor(labels, shape: shape).cast(to: .i64)),
      ]
      for (name, values) in owners { entries.append((name, values)) }
      return Record(entries)
    }
  }
}

extension TokenRows {
  /// [rows, width] of i64, with their lengths where what lies behind them is padding.
  func tensor(hasLengths: Bool = true) throws -> Tensor {
    let all = try Tensor(values, shape: Shape(checking: [count, width])).cast(to: .i64)
    return hasLengths ? all.with(lengths: Lengths(lengths)) : all
  }
}

/// What numbers the words of a task.
enum TaskVocabulary: Bindable {
  case words(Vocabulary)
  case pieces(SubwordTokenizer)

  static let typeName = "vocabulary or tokenizer"

  static func decode(_ value: Value, _ vm: VM) throws -> TaskVocabulary? {
    if let tokenizer = try SubwordTokenizer.decode(value, vm) { return .pieces(tokenizer) }
    return try Vocabulary.decode(value, vm).map(TaskVocabulary.words)
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .words(let vocabulary): vocabulary.encode(vm)
    case .pieces(let tokenizer): tokenizer.encode(vm)
    }
  }

  func encoder(lowered: Bool) -> TaskEncoder {
    switch self {
    case .words(let vocabulary): .words(vocabulary, lowered: lowered)
    case .pieces(let tokenizer): .pieces(tokenizer)
    }
  }
}
