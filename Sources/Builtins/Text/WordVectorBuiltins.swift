import Foundations
import Runtime
import Tensors
import Text

/// Vectors of words, in a script.
extension WordVectors: NativeValue {
  public static let nativeType = NativeType<WordVectors>(
    "word_vectors", "A vector for each word: `vectors[\"word\"]` is a tensor."
  ) { type in
    type.representation = { vectors, _ in
      "vectors of \(NumberText.grouped(vectors.count)) words, \(vectors.width) numbers each"
    }
    type.transfer = .share
    type.hasContent()
    type.byteCount = { $0.values.count * 4 + $0.count * 80 }
    type.length = { $0.count }
    type.contains = { vectors, value, _ in value.string.map { vectors[$0] != nil } ?? false }
    type.index = WordVectorBuiltins.vector
    type.field("width", "Numbers of a vector.") { $0.width }
    type.field("words", "All words, in the order of the file.") { $0.words }
    type.methods(WordVectorBuiltins.methods)
  }
}

/// Word vectors in `text`.
enum WordVectorBuiltins {
  static let natives = [
    Native(
      "word_vectors",
      "Vectors of words from a text file as word2vec, GloVe and fastText write it (also `.gz`). Each line has a word and its numbers.",
      Param<String>("path", "The file."),
      returns: "word_vectors", seeAlso: ["fair.gender_polarity"],
      search: ["embedding", "glove", "word2vec", "fasttext"],
      context: { (vm: VM, path: String) in
        try WordVectors(contentsOf: try vm.readablePath(path))
      }),
    Native(
      "train_word_vectors",
      "Vectors of the words of texts, learnt from which words stand near which. They are positive pointwise mutual information, cut down by singular values. The same texts give the same vectors; they are learnt without privacy.",
      Param<[String]>("texts", "The texts, cut as `text.tokens` does."),
      Param<Int>("width", "Numbers of a vector.", default: 50, .within(1, 4096), named: true),
      Param<Int>(
        "window", "How many words away others count.", default: 5, .positive, named: true),
      Param<Int>("min_count", "Rarer words are left out.", default: 1, .positive, named: true),
      Param<Int?>(
        "max_words", "The most words kept; nil keeps all.", default: nil, .positive, named: true),
      returns: "word_vectors", seeAlso: ["text.word_vectors", "text.privatize"],
      search: ["embedding", "ppmi", "svd", "cooccurrence"],
      examples: [
        (
          "text.train_word_vectors([\"a b\", \"b c\"], width: 2)",
          "vectors of 3 words, 2 numbers each"
        )
      ]
    ) { texts, width, window, minimum, limit in
      try CooccurrenceVectors.train(
        texts, width: width, window: window, minimumCount: minimum, limit: limit)
    },
  ]

  static let methods = [
    Native(
      "nearest", "The words whose vectors have the largest cosine with a word's.",
      Param<WordVectors>("vectors"), Param<String>("word", "The word."),
      Param<Int>("count", "How many.", default: 10, .positive),
      returns: "list of {word, cosine}", search: ["similar", "neighbours"]
    ) { vectors, word, count in
      try vectors.nearest(to: word, count: count).map {
        Record([("word", $0.word), ("cosine", $0.cosine)])
      }
    }
  ]

  static func vector(_ vectors: WordVectors, _ subscripts: [SubscriptValue], _ vm: VM) throws
    -> Value
  {
    guard subscripts.count == 1, case .index(let value) = subscripts[0], let word = value.string
    else { throw Fault(.type, "word vectors are indexed by one string: `vectors[\"word\"]`") }
    guard let vector = vectors[word] else { throw vectors.missing(word) }
    return vm.box(try Tensor(Array(vector)))
  }
}
