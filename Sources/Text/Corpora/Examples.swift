import Foundations

/// Token numbers and labels of many examples, flat: example `i` is `tokens[offsets[i]..<offsets[i + 1]]`.
public struct Examples: Sendable, Equatable, CustomStringConvertible {
  public private(set) var tokens: [Int32] = []
  /// One more than there are examples.
  public private(set) var offsets: [Int] = [0]
  public private(set) var labels: [Int32] = []
  /// The texts that the tokens came from.
  public private(set) var texts: [String] = []
  /// What turned the texts into tokens.
  public let vocabulary: Vocabulary
  public let tokenizer: WordSplitter

  /// No examples yet.
  public init(vocabulary: Vocabulary, tokenizer: WordSplitter) {
    self.vocabulary = vocabulary
    self.tokenizer = tokenizer
  }

  /// Encodes `texts`; `labels[i]` is the class of `texts[i]`.
  ///
  /// - Throws: `shape` where the counts differ.
  public init(texts: [String], labels: [Int32], vocabulary: Vocabulary, tokenizer: WordSplitter)
    throws(DomainError)
  {
    guard texts.count == labels.count else {
      throw DomainError(.shape, "\(texts.count) texts, but \(labels.count) labels")
    }
    self.init(vocabulary: vocabulary, tokenizer: tokenizer)
    offsets.reserveCapacity(texts.count + 1)
    for (text, label) in zip(texts, labels) { append(text, label: label) }
  }

  /// Adds one more, encoded.
  public mutating func append(_ text: String, label: Int32) {
    append(text: text, tokens: vocabulary.encode(text, tokenizer: tokenizer), label: label)
  }

  private mutating func append(text: String, tokens: some Sequence<Int32>, label: Int32) {
    self.tokens.append(contentsOf: tokens)
    offsets.append(self.tokens.count)
    labels.append(label)
    texts.append(text)
  }

  public var count: Int { labels.count }

  /// The token numbers of example `i`.
  public func tokens(of i: Int) -> ArraySlice<Int32> { tokens[offsets[i]..<offsets[i + 1]] }

  public func length(of i: Int) -> Int { offsets[i + 1] - offsets[i] }

  /// The examples at `indices`, in that order.
  ///
  /// - Throws: `index` where one is out of range.
  public func selecting(_ indices: some Sequence<Int>) throws(DomainError) -> Examples {
    var result = Examples(vocabulary: vocabulary, tokenizer: tokenizer)
    for i in indices {
      guard i >= 0, i < count else {
        throw DomainError(.index, "example \(i) is outside of the \(count) examples")
      }
      result.append(text: texts[i], tokens: tokens(of: i), label: labels[i])
    }
    return result
  }

  /// These examples followed by `others`.
  ///
  /// - Throws: `value` where the others are encoded with another vocabulary.
  public func joined(_ others: Examples) throws(DomainError) -> Examples {
    guard others.vocabulary == vocabulary else {
      throw DomainError(.value, "examples of two vocabularies cannot be joined")
    }
    var result = self
    for i in 0..<others.count {
      result.append(text: others.texts[i], tokens: others.tokens(of: i), label: others.labels[i])
    }
    return result
  }

  /// Each text passed through `change` and encoded anew; labels stay.
  public func mapping(_ change: (String) throws -> String) rethrows -> Examples {
    var result = Examples(vocabulary: vocabulary, tokenizer: tokenizer)
    for i in 0..<count { result.append(try change(texts[i]), label: labels[i]) }
    return result
  }

  /// A batch: rows of equal width, padded with `Vocabulary.padding` behind each example's tokens.
  ///
  /// - Parameters:
  ///   - indices: which examples; may be empty (a Poisson draw can be), and may hold an index twice.
  ///   - lengthLimit: longer examples keep their first tokens only.
  /// - Precondition: all indices are in range.
  public func batch(_ indices: some Collection<Int>, lengthLimit: Int = .max) -> PaddedExamples {
    let cap = max(1, lengthLimit)
    var width = 1
    for i in indices { width = max(width, min(cap, length(of: i))) }
    var ids = [Int32](repeating: Vocabulary.padding, count: indices.count * width)
    var lengths: [Int32] = []
    var batchLabels: [Int32] = []
    lengths.reserveCapacity(indices.count)
    batchLabels.reserveCapacity(indices.count)
    var row = 0
    for i in indices {
      let used = min(cap, length(of: i))
      for k in 0..<used { ids[row + k] = tokens[offsets[i] + k] }
      lengths.append(Int32(used))
      batchLabels.append(labels[i])
      row += width
    }
    return PaddedExamples(ids: ids, width: width, lengths: lengths, labels: batchLabels)
  }

  /// SHA-256 of tokens and labels, in hexadecimal.
  public var fingerprint: String {
    var hash = FingerprintWriter("examples")
    hash.add(tokens)
    hash.add(offsets.indices.dropLast().map { Int32(clamping: offsets[$0 + 1] - offsets[$0]) })
    hash.add(labels)
    return hash.fingerprint.description
  }

  public var description: String { "\(NumberText.grouped(count)) examples" }
}

/// Some examples as a matrix of token numbers.
public struct PaddedExamples: Sendable, Equatable {
  /// `[count, width]`, row by row.
  public var ids: [Int32]
  /// Tokens in a row; at least 1.
  public var width: Int
  /// Tokens of each example, without padding.
  public var lengths: [Int32]
  public var labels: [Int32]

  public var count: Int { labels.count }
}
