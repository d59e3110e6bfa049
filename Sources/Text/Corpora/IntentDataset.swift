import Foundations

/// A corpus made ready for training a classifier: encoded examples, class names, vocabulary.
public struct IntentDataset: Sendable, CustomStringConvertible {
  /// What to do with an utterance outside of the training part whose class the training part lacks.
  public enum UnseenClasses: String, Sendable, CaseIterable {
    /// Keep it; its class is numbered, so a model has an output for it that nothing trains (it counts as a mistake).
    case keep
    /// Leave it out.
    case drop
    /// Refuse the corpus.
    case refuse
  }

  public var name: String
  public var train: Examples
  public var valid: Examples?
  public var test: Examples
  /// Class names in the order of their numbers: sorted.
  public var classes: [String]
  public var vocabulary: Vocabulary
  public var tokenizer: WordSplitter
  /// What a reader should know of how the corpus was read, in sentences.
  public var notes: [String]

  /// Encodes `corpus`; the vocabulary comes from its training part.
  ///
  /// - Parameters:
  ///   - minimumFrequency, vocabularyLimit: as `Vocabulary` has them.
  ///   - vocabulary: a ready one in place of counting.
  /// - Throws: `data` where the training part is empty or, with `.refuse`, lacks a class.
  public init(
    _ corpus: Corpus, tokenizer: WordSplitter = .words, minimumFrequency: Int = 1,
    vocabularyLimit: Int? = nil, vocabulary: Vocabulary? = nil,
    unseenClasses: UnseenClasses = .keep
  ) throws(DomainError) {
    guard !corpus.train.isEmpty else {
      throw DomainError(.data, "the corpus \(corpus.name) has no training examples")
    }
    var corpus = corpus
    let trained = Set(spelt: corpus.train.lazy.map(\.intent))
    let unseen = Set(spelt: (corpus.valid + corpus.test).lazy.map(\.intent))
      .subtracting(trained).sorted().map(\.text)
    var notes = corpus.notes
    if !unseen.isEmpty {
      let sentence =
        "\(unseen.count) class\(unseen.count == 1 ? " has" : "es have") no training example: \(Records.list(unseen))"
      switch unseenClasses {
      case .keep: notes.append(sentence)
      case .drop:
        let before = corpus.valid.count + corpus.test.count
        corpus.valid.removeAll { !trained.contains($0.intent) }
        corpus.test.removeAll { !trained.contains($0.intent) }
        let left = before - corpus.valid.count - corpus.test.count
        notes.append("\(sentence); \(left) utterance\(left == 1 ? "" : "s") left out")
      case .refuse: throw DomainError(.data, "in the corpus \(corpus.name) \(sentence)")
      }
    }
    name = corpus.name
    classes = corpus.classes
    self.tokenizer = tokenizer
    if let vocabulary {
      self.vocabulary = vocabulary
    } else {
      self.vocabulary = try Vocabulary(
        counting: corpus.train.lazy.map(\.text), tokenizer: tokenizer,
        minimumFrequency: minimumFrequency, limit: vocabularyLimit)
    }
    self.notes = notes
    let numbers = Dictionary(
      uniqueKeysWithValues: classes.enumerated().map { (Spelling($1), Int32($0)) })
    train = try Self.encode(corpus.train, numbers, self.vocabulary, tokenizer)
    valid =
      corpus.valid.isEmpty
      ? nil : try Self.encode(corpus.valid, numbers, self.vocabulary, tokenizer)
    test = try Self.encode(corpus.test, numbers, self.vocabulary, tokenizer)
  }

  private static func encode(
    _ utterances: [Utterance], _ numbers: [Spelling: Int32], _ vocabulary: Vocabulary,
    _ tokenizer: WordSplitter
  ) throws(DomainError) -> Examples {
    var result = Examples(vocabulary: vocabulary, tokenizer: tokenizer)
    for (index, utterance) in utterances.enumerated() {
      try Cancellation.check(turn: index)
      // Every intent is among the classes, which were collected from these utterances.
      result.append(utterance.text, label: numbers[utterance.intent] ?? 0)
    }
    return result
  }

  /// Texts of one's own as examples of this dataset.
  ///
  /// - Throws: `value` where a label is not a class number, `shape` where the counts differ.
  public func encode(_ texts: [String], labels: [Int32]) throws(DomainError) -> Examples {
    for label in labels where label < 0 || label >= classes.count {
      throw DomainError(.value, "\(label) is no class: there are \(classes.count), numbered from 0")
    }
    return try Examples(texts: texts, labels: labels, vocabulary: vocabulary, tokenizer: tokenizer)
  }

  /// The dataset with a changed copy of every training text that `change` changes; the vocabulary is counted anew, and
  /// all parts are encoded with it.
  public func augmented(_ change: (String) throws -> String) throws -> IntentDataset {
    var texts = train.texts
    var labels = train.labels
    for i in 0..<train.count {
      let changed = try change(train.texts[i])
      if !changed.isSpelt(train.texts[i]) {
        texts.append(changed)
        labels.append(train.labels[i])
      }
    }
    var result = self
    let vocabulary = try Vocabulary(counting: texts, tokenizer: tokenizer)
    func encoded(_ texts: [String], _ labels: [Int32]) -> Examples {
      var examples = Examples(vocabulary: vocabulary, tokenizer: tokenizer)
      for (text, label) in zip(texts, labels) { examples.append(text, label: label) }
      return examples
    }
    result.vocabulary = vocabulary
    result.train = encoded(texts, labels)
    result.valid = valid.map { encoded($0.texts, $0.labels) }
    result.test = encoded(test.texts, test.labels)
    return result
  }

  /// SHA-256 of all that training can see, in hexadecimal.
  public var fingerprint: String {
    var hash = FingerprintWriter("intents")
    hash.add(vocabulary.fingerprint)
    for name in classes { hash.add(name) }
    for part in [train, valid, test] { hash.add(part?.fingerprint ?? "") }
    return hash.fingerprint.description
  }

  public var description: String {
    let parts = [("train", train.count), ("valid", valid?.count ?? 0), ("test", test.count)]
      .filter { $0.1 > 0 }.map { "\(NumberText.grouped($0.1)) \($0.0)" }.joined(separator: ", ")
    return
      "Dataset \(name): \(parts), \(NumberText.grouped(classes.count)) classes, \(NumberText.grouped(vocabulary.wordCount)) words"
  }
}
