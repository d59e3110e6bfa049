import ClassicalModels
import Foundations
import Learning
import Runtime
import Tables
import Tensors
import Text

/// A labelled corpus made ready, in a script.
extension IntentDataset: NativeValue {
  public static let nativeType = NativeType<IntentDataset>(
    "dataset", "A labelled corpus: encoded examples, class names, vocabulary."
  ) { type in
    type.representation = { set, _ in set.description }
    type.transfer = .share
    type.hasContent()
    type.byteCount = { $0.train.byteCount + $0.test.byteCount + ($0.valid?.byteCount ?? 0) }
    type.equals = { $0.fingerprint == $1.fingerprint }
    type.field("name", "The corpus's name.") { $0.name }
    type.field("train", "The training examples.") { $0.train }
    type.field("valid", "The validation examples; nil where the corpus has none.") { $0.valid }
    type.field("test", "The test examples.") { $0.test }
    type.field("classes", "The names of the classes, by their numbers.") { $0.classes }
    type.field("vocabulary", "The words of the training part.") { $0.vocabulary }
    type.field("tokenizer", "How texts are cut into tokens.") { $0.tokenizer.rawValue }
    type.field("notes", "What reading left out or found strange, in sentences.") { $0.notes }
    type.field("fingerprint", "SHA-256 of all that training can see.") { $0.fingerprint }
    type.methods(DataBuiltins.datasetMethods)
  }
}

/// A part of a dataset, in a script.
extension Examples: NativeValue {
  public static let nativeType = NativeType<Examples>(
    "examples", "Encoded texts with their classes: a part of a dataset."
  ) { type in
    type.representation = { examples, _ in examples.description }
    type.transfer = .share
    type.hasContent()
    type.byteCount = \.byteCount
    type.equals = { $0 == $1 }
    type.length = { $0.count }
    type.index = DataBuiltins.item
    type.iterate = { examples, _ in
      var next = 0
      return IteratorObject("examples") { vm in
        guard next < examples.count else { return nil }
        next += 1
        return try DataBuiltins.record(examples, next - 1).encode(vm)
      }
    }
    type.field("texts", "The texts.") { $0.texts }
    type.field("labels", "The class number of each text.") { $0.labels.map(Int.init) }
    type.field("tokens", "The token numbers of each text.") { examples in
      (0..<examples.count).map { examples.tokens(of: $0).map(Int.init) }
    }
    type.field("vocabulary", "The words that the tokens are numbers of.") { $0.vocabulary }
    type.field("fingerprint", "SHA-256 of tokens and classes.") { $0.fingerprint }
    type.methods(DataBuiltins.exampleMethods)
  }

  /// Roughly what they take in memory.
  var byteCount: Int {
    tokens.count * 4 + count * 48 + texts.reduce(0) { $0 + $1.utf8.count }
  }
}

/// A list of words with numbers, in a script.
extension Vocabulary: NativeValue {
  public static let nativeType = NativeType<Vocabulary>(
    "vocabulary", "Words and their numbers; 0 is padding, 1 the unknown word."
  ) { type in
    type.representation = { vocabulary, _ in vocabulary.description }
    type.transfer = .share
    type.hasContent()
    type.byteCount = { $0.count * 64 }
    type.equals = { $0 == $1 }
    type.length = { $0.count }
    type.contains = { vocabulary, value, _ in
      value.string.map(vocabulary.contains) ?? false
    }
    type.field("words", "All entries by number, the two special ones included.") { $0.words }
    type.field("fingerprint", "SHA-256 of the words in order.") { $0.fingerprint }
    type.methods([
      Native(
        "number", "The number of a word; 1 where it is unknown.",
        Param<Vocabulary>("vocabulary"), Param<String>("word", "The word."), returns: "int"
      ) { vocabulary, word in Int(vocabulary.number(of: word)) },
      Native(
        "encode", "The numbers of a text's tokens.",
        Param<Vocabulary>("vocabulary"), Param<String>("text", "The text."),
        Param<String>(
          "tokenizer", "How it is cut.", default: "words", TextBuiltins.tokenizers, named: true),
        returns: "list of int",
        examples: [("text.vocabulary([\"a b\", \"b\"]).encode(\"b c\")", "[2, 1]")]
      ) { vocabulary, text, tokenizer in
        vocabulary.encode(text, tokenizer: WordSplitter(rawValue: tokenizer) ?? .words).map(
          Int.init)
      },
      Native(
        "decode",
        "The words of numbers, with spaces between them. Padding and the markers of texts' ends are left out.",
        Param<Vocabulary>("vocabulary"), Param<[Int]>("numbers", "The numbers."),
        returns: "string", seeAlso: ["vocabulary.encode"],
        examples: [("text.vocabulary([\"a b\", \"b\"]).decode([2, 3, 0])", "b a")]
      ) { vocabulary, numbers in
        try TaskEncoder.words(vocabulary, lowered: false).text(
          numbers.map { Int32(exactly: $0) ?? -1 })
      },
    ])
  }
}

/// The module `data`: corpora and what is done to them before training.
enum DataBuiltins {
  static let module = Module(
    "data", "Tables and corpora: reading, generating, splitting.",
    natives: natives + TableFileBuiltins.natives + TaskBuiltins.natives
      + [TabularBuiltins.tabular, BiographyBuiltins.biographies])

  private static let textColumn = Param<String?>(
    "text", "The column of the texts; nil finds it (`text`, `utterance`, `sentence` …).",
    default: nil, named: true)
  private static let labelColumn = Param<String?>(
    "label", "The column of the classes; nil finds it (`intent`, `label`, `category` …).",
    default: nil, named: true)

  private static let natives = corpora + made + splitting

  private static let corpora = [
    Native(
      "intents",
      "An intent corpus ready for training: \"demo\", or a path as `data.load` takes it.",
      Param<String>("corpus", "\"demo\", a folder or a file."),
      textColumn, labelColumn,
      Param<String>(
        "tokenizer", "How texts are cut.", default: "words", TextBuiltins.tokenizers, named: true),
      Param<Int>("min_count", "Rarer words are unknown.", default: 1, .positive, named: true),
      Param<Int?>(
        "max_words", "The most words kept; nil keeps all.", default: nil, .positive, named: true),
      returns: "dataset", seeAlso: ["data.load", "data.demo"],
      search: ["corpus", "classification"],
      examples: [
        (
          "data.intents(\"demo\")",
          "Dataset demo: 6,000 train, 1,500 test, 16 classes, 1,774 words"
        )
      ],
      context: {
        (
          vm: VM, corpus: String, text: String?, label: String?, tokenizer: String, minimum: Int,
          limit: Int?
        ) in
        guard corpus != "demo" else {
          guard text == nil, label == nil else {
            throw Fault(.value, "the demo corpus has no columns to choose from")
          }
          return try dataset(try DemoCorpus.intents(), tokenizer, minimum, limit, held: 0.2)
        }
        let source = try Corpus.load(
          try vm.readablePath(corpus), text: text, label: label)
        return try dataset(source, tokenizer, minimum, limit, held: 0.2)
      }),
    Native(
      "load",
      "A labelled corpus from a CSV, TSV or JSONL file (also `.gz`), or from a folder. A folder is one with train, valid and test files in these formats (also `sst_train.tsv`, `sst_dev.tsv`), in the layout of SNIPS and ATIS (`train/seq.in`, `train/seq.out`, `train/label`), or with one file of rows. Errors name file and line; empty utterances are left out and noted.",
      Param<String>("path", "The file or folder."),
      textColumn, labelColumn,
      Param<String>(
        "tokenizer", "How texts are cut.", default: "words", TextBuiltins.tokenizers, named: true),
      Param<Int>("min_count", "Rarer words are unknown.", default: 1, .positive, named: true),
      Param<Int?>(
        "max_words", "The most words kept; nil keeps all.", default: nil, .positive, named: true),
      Param<Double>(
        "held_out", "The share that becomes the test part where the corpus has none.",
        default: 0.2, .within(0, 0.9), named: true),
      Param<String>(
        "unseen", "What happens to test utterances of classes that the training part lacks.",
        default: "keep", .oneOf(IntentDataset.UnseenClasses.allCases.map(\.rawValue)), named: true),
      returns: "dataset", seeAlso: ["data.table", "data.intents"],
      search: ["read", "csv", "tsv", "jsonl", "gzip", "snips", "atis"],
      context: {
        (
          vm: VM, path: String, text: String?, label: String?, tokenizer: String, minimum: Int,
          limit: Int?, held: Double, unseen: String
        ) in
        let corpus = try Corpus.load(
          try vm.readablePath(path), text: text, label: label)
        return try dataset(
          corpus, tokenizer, minimum, limit, held: held,
          unseen: IntentDataset.UnseenClasses(rawValue: unseen) ?? .keep)
      }),
  ]

  private static let made = [
    Native(
      "demo",
      "A generated corpus of utterances to a spoken assistant, of 16 intents. It has slots, names, places, times and PINs. A share is ambiguous, wrongly labelled or misspelt, so that about 95% accuracy is the best a classifier can reach.",
      Param<String>("corpus", "Which one.", default: "intents", .oneOf(["intents"])),
      Param<Int>("train", "Training utterances.", default: 6_000, .positive, named: true),
      Param<Int>("test", "Test utterances.", default: 1_500, .nonNegative, named: true),
      Param<Int>("seed", "Another seed gives other utterances.", default: 1, named: true),
      Param<Bool>("noise", "Whether utterances are imperfect.", default: true, named: true),
      returns: "dataset", seeAlso: ["data.intents"], search: ["generate", "synthetic", "example"],
      examples: [("len(data.demo(train: 50, test: 10).classes)", "16")]
    ) { _, train, test, seed, noise in
      try IntentDataset(
        try DemoCorpus.intents(
          train: train, test: test, seed: UInt64(bitPattern: Int64(seed)),
          noise: noise ? DemoCorpus.Noise() : .none))
    }
  ]

  private static let splitting = [
    Native(
      "split",
      "Two parts, drawn by class so that both have the same share of each. What is cut are examples, a dataset's training part, or {inputs, labels}.",
      Param<Splittable>("examples", "Examples, a dataset, or {inputs, labels}."),
      Param<Double>("fraction", "The size of the first part.", .within(0, 1)),
      Param<Bool>("stratified", "Whether classes keep their shares.", default: true, named: true),
      returns: "list of two examples", search: ["validation", "holdout"],
      examples: [
        ("let [a, b] = data.split(data.demo(train: 100, test: 1), 0.9)\nlen(a) + len(b)", "100")
      ],
      context: { (vm: VM, part: Splittable, fraction: Double, stratified: Bool) in
        let seed = vm.randomStream("split").key.low
        // Only labels of one number an example have classes to be drawn by.
        let (first, second) =
          try stratified
          ? part.classes.map { try Split.stratified(labels: $0, fraction: fraction, seed: seed) }
            ?? Split.indices(count: part.count, fraction: fraction, seed: seed)
          : Split.indices(count: part.count, fraction: fraction, seed: seed)
        return [try part.selecting(first, vm), try part.selecting(second, vm)]
      })
  ]

  static let datasetMethods = [
    Native(
      "augment",
      "The dataset with a changed copy of every training text that `change` changes. Its vocabulary knows the new words.",
      Param<IntentDataset>("dataset"), Param<Callable>("change", "`text => text`."),
      returns: "dataset", seeAlso: ["text.swap_gender"], search: ["counterfactual"],
      context: { (vm: VM, set: IntentDataset, change: Callable) in
        try set.augmented { text in try vm.scope { try change.call(text, as: String.self) } }
      }),
    Native(
      "encode", "Texts of one's own as examples of this dataset.",
      Param<IntentDataset>("dataset"), Param<[String]>("texts", "The texts."),
      Param<[String]>("labels", "The class of each, by name."), returns: "examples"
    ) { set, texts, labels in
      let numbers = try labels.map { name -> Int32 in
        guard let number = set.classes.firstIndex(spelt: name) else {
          throw Fault(.value, "\(Quoting.literal(name)) is no class of this dataset")
            .atArgument(2)
        }
        return Int32(number)
      }
      return try set.encode(texts, labels: numbers)
    },
  ]

  static let exampleMethods = [
    Native(
      "filter", "The examples whose text fulfils a condition.",
      Param<Examples>("examples"), Param<Callable>("condition", "`text => bool`."),
      returns: "examples", seeAlso: ["map"],
      context: { (vm: VM, examples: Examples, condition: Callable) in
        let kept = try examples.texts.indices.filter { i in
          try vm.scope { try condition.call(examples.texts[i], as: Bool.self) }
        }
        return try examples.selecting(kept)
      }),
    Native(
      "map", "The examples with each text changed and encoded anew; classes stay.",
      Param<Examples>("examples"), Param<Callable>("change", "`text => text`."),
      returns: "examples", seeAlso: ["filter"],
      context: { (vm: VM, examples: Examples, change: Callable) in
        try examples.mapping { text in try vm.scope { try change.call(text, as: String.self) } }
      }),
    Native(
      "sample", "Some of the examples, drawn at random without repetition.",
      Param<Examples>("examples"), Param<Int>("count", "How many.", .nonNegative),
      returns: "examples", search: ["random", "subset"],
      context: { (vm: VM, examples: Examples, count: Int) in
        guard count <= examples.count else {
          throw Fault(.value, "there are only \(examples.count) examples, not \(count)").atArgument(
            1)
        }
        var stream = vm.randomStream("sample")
        return try examples.selecting(stream.sample(count, of: examples.count))
      }),
    Native(
      "join", "These examples followed by others of the same vocabulary.",
      Param<Examples>("examples"), Param<Examples>("others", "What follows."), returns: "examples"
    ) { examples, others in try examples.joined(others) },
  ]

  private static func dataset(
    _ corpus: Corpus, _ tokenizer: String, _ minimum: Int, _ limit: Int?, held: Double,
    unseen: IntentDataset.UnseenClasses = .keep
  ) throws -> IntentDataset {
    try IntentDataset(
      try corpus.holdingOutTest(share: held, seed: 1),
      tokenizer: WordSplitter(rawValue: tokenizer) ?? .words, minimumFrequency: minimum,
      vocabularyLimit: limit, unseenClasses: unseen)
  }

  /// One example as a map.
  static func record(_ examples: Examples, _ i: Int) -> Record {
    Record([
      ("text", examples.texts[i]), ("label", Int(examples.labels[i])),
      ("tokens", examples.tokens(of: i).map(Int.init)),
    ])
  }

  /// `examples[3]` and `examples[:100]`.
  static func item(_ examples: Examples, _ subscripts: [SubscriptValue], _ vm: VM) throws -> Value {
    guard subscripts.count == 1 else { throw Fault(.type, "examples have one index") }
    switch subscripts[0] {
    case .ellipsis: return examples.encode(vm)
    case .index(let value):
      guard let place = Int.decode(value, vm) else {
        throw Fault(.type, "an example's index is an int, found \(Representation.brief(value))")
      }
      let index = place < 0 ? place + examples.count : place
      guard index >= 0, index < examples.count else {
        throw Fault(.index, "index \(place) is out of range for \(examples.count) examples")
      }
      return try record(examples, index).encode(vm)
    case .slice(let start, let stop, let step):
      return try examples.selecting(try indices(start, stop, step, examples.count)).encode(vm)
    }
  }

  /// Python's slice over `count` items.
  static func indices(_ start: Int?, _ stop: Int?, _ step: Int?, _ count: Int) throws
    -> [Int]
  {
    let step = step ?? 1
    guard step != 0, step != .min else { throw Fault(.value, "a slice's step must not be \(step)") }
    func bound(_ given: Int?, _ otherwise: Int) -> Int {
      guard let given else { return otherwise }
      let place = given < 0 ? max(given, -count - 1) + count : given
      return step > 0 ? min(max(place, 0), count) : min(max(place, -1), count - 1)
    }
    let first = bound(start, step > 0 ? 0 : count - 1)
    let last = bound(stop, step > 0 ? count : -1)
    return Array(stride(from: first, to: last, by: step))
  }
}

/// What can be split: examples, or the training part of a dataset.
enum Splittable: Bindable {
  case examples(Examples)
  case tabular(TabularExamples)
  case tensors(inputs: Tensor, labels: Tensor)
  /// A map with further keys, which are cut with it.
  case labelled(LabelledExamples)

  static let typeName = "examples, dataset or map of `inputs` and `labels`"

  static func decode(_ value: Value, _ vm: VM) throws -> Splittable? {
    if let examples = try Examples.decode(value, vm) { return .examples(examples) }
    if let set = try IntentDataset.decode(value, vm) { return .examples(set.train) }
    if let rows = try TabularExamples.decode(value, vm) { return .tabular(rows) }
    if let map = value.object as? MapObject, map.count > 2,
      let examples = try LabelledExamples.decode(value, vm)
    {
      return .labelled(examples)
    }
    guard let parts = try [Spelling: Tensor].attempt(value, vm), let inputs = parts["inputs"],
      let labels = parts["labels"]
    else { return nil }
    let source = try TensorSource(inputs: inputs, labels: labels)
    return .tensors(inputs: source.inputs, labels: source.labels)
  }

  var count: Int {
    switch self {
    case .examples(let examples): examples.count
    case .tabular(let rows): rows.count
    case .tensors(let inputs, _): inputs.shape[0]
    case .labelled(let examples): examples.count
    }
  }

  /// The class of each example; nil where examples have none.
  var classes: [Int32]? {
    get throws {
      switch self {
      case .examples(let examples): return examples.labels
      case .tabular(let rows): return try rows.classNumbers
      case .tensors(_, let labels): return try Splittable.classes(labels)
      case .labelled(let examples): return try Splittable.classes(examples.labels)
      }
    }
  }

  private static func classes(_ labels: Tensor) throws -> [Int32]? {
    guard labels.rank == 1, !labels.dtype.isFloating else { return nil }
    return try labels.cast(to: .i32).array(Int32.self)
  }

  func selecting(_ indices: [Int], _ vm: VM) throws -> Value {
    switch self {
    case .labelled(let examples): return try examples.selecting(indices).encode(vm)
    case .examples(let examples): return try examples.selecting(indices).encode(vm)
    case .tabular(let rows): return try rows.selecting(indices).encode(vm)
    case .tensors(let inputs, let labels):
      let batch = try Batch(inputs: inputs, labels: labels).selecting(indices)
      return try Record([("inputs", batch.inputs), ("labels", batch.labels)]).encode(vm)
    }
  }

  func encode(_ vm: VM) throws -> Value {
    switch self {
    case .examples(let examples): examples.encode(vm)
    case .tabular(let rows): rows.encode(vm)
    case .tensors(let inputs, let labels):
      try Record([("inputs", inputs), ("labels", labels)]).encode(vm)
    case .labelled(let examples): try examples.encode(vm)
    }
  }
}
