import Foundations
import Learning
import Tensors
import Text

/// One text as a language model learns it: position t predicts token t + 1.
public struct DistillationText: Sendable, Equatable {
  public var text: String
  /// The tokens, special ones included; at least two.
  public var ids: [Int32]
  /// How many of the first tokens are given and not learnt: a prompt.
  public var givenCount = 1
  /// R(x), where it differs from x.
  public var counterpart: Counterpart?

  public struct Counterpart: Sendable, Equatable {
    public var text: String
    public var ids: [Int32]
    /// For each position of x the position of R(x) whose prefix corresponds; -1 where none does.
    public var positions: [Int32]
    /// The first position of x whose prefix holds an exchanged word.
    public var firstChange: Int
  }

  /// Positions that predict something.
  public var positionCount: Int { ids.count - 1 }
}

/// The texts that a student learns from, with their role reversals, as a source of batches: inputs are all tokens but
/// the last, labels all but the first.
public struct DistillationCorpus: BatchSource, Sendable {
  /// How lines become examples.
  public struct Options: Sendable, Equatable {
    /// Longer texts keep their first tokens.
    public var maximumLength = 128
    /// Put in front of every text, so that its first token is predicted, too; nil: nothing.
    public var beginToken: Int32?
    /// Put behind every text that is not cut off.
    public var endToken: Int32?
    /// What fills batches up; its positions cost nothing.
    public var padding: Int32 = 0

    public init(
      maximumLength: Int = 128, beginToken: Int32? = nil, endToken: Int32? = nil, padding: Int32 = 0
    ) {
      self.maximumLength = maximumLength
      self.beginToken = beginToken
      self.endToken = endToken
      self.padding = padding
    }
  }

  public let texts: [DistillationText]
  public let options: Options
  /// How many texts role reversal changes.
  public let reversibleCount: Int
  /// Names tokenizer and texts, for the keys of caches.
  public let fingerprint: String
  /// Sentences for the person who waits: texts that were left out or cut.
  public let notices: [String]

  /// Reads lines.
  ///
  /// - Parameter reversal: nil where neither augmentation nor a perturbation of the teacher is wanted.
  /// - Throws: `data` where no line is left, `value` where a length or token is out of range.
  public init(
    lines: [String], reader: TokenReader, reversal: RoleReversal? = nil,
    options: Options = Options()
  ) throws {
    guard options.maximumLength >= 2 else {
      throw DomainError(
        .value,
        "texts must have at least 2 tokens, got a maximum length of \(options.maximumLength)")
    }
    for token in [options.beginToken, options.endToken, options.padding].compactMap({ $0 })
    where token < 0 || token >= Int32(clamping: reader.vocabularyCount) {
      throw DomainError(
        .value, "the special token \(token) is not one of the \(reader.vocabularyCount) tokens")
    }
    var texts: [DistillationText] = []
    texts.reserveCapacity(lines.count)
    var short = 0
    var cut = 0
    for line in lines {
      guard let own = try DistillationCorpus.read(line, reader, options, &cut) else {
        short += 1
        continue
      }
      var text = DistillationText(text: line, ids: own.ids)
      if let reversal {
        let other = reversal.reversal(of: line)
        var ignored = 0
        if !other.changes.isEmpty,
          let reversed = try DistillationCorpus.read(other.text, reader, options, &ignored)
        {
          text.counterpart = try DistillationCorpus.counterpart(own, other, reversed)
        }
      }
      texts.append(text)
    }
    guard !texts.isEmpty else {
      throw DomainError(
        .data, "none of the \(lines.count) lines has two tokens: there is nothing to learn from")
    }
    var notices: [String] = []
    if short > 0 { notices.append("\(short) lines have fewer than two tokens and are left out") }
    if cut > 0 {
      notices.append("\(cut) lines are longer than \(options.maximumLength) tokens and are cut")
    }
    self.init(
      texts, options, notices,
      tokenizer: reader.fingerprint)
  }

  /// Sequences that are tokens already, such as a teacher's own texts (`SequenceLevel`).
  ///
  /// - Parameters:
  ///   - given: how many of each sequence's first tokens are a prompt, which is not learnt; nil: only what begins it.
  ///   - tokenizer: names the tokenizer, for the keys of caches.
  /// - Throws: `data` for a sequence of fewer than two tokens or without anything to learn, `shape` where the counts
  ///   differ.
  public init(
    sequences: [[Int32]], given: [Int]? = nil, tokenizer: String, options: Options = Options()
  ) throws(DomainError) {
    guard given.map({ $0.count == sequences.count }) ?? true else {
      throw DomainError(
        .shape, "\(sequences.count) sequences, but \(given?.count ?? 0) lengths of prompts")
    }
    var texts: [DistillationText] = []
    for (i, ids) in sequences.enumerated() {
      let prompt = max(1, given?[i] ?? 1)
      guard ids.count > prompt, ids.allSatisfy({ $0 >= 0 }) else {
        throw DomainError(
          .data,
          "sequence \(i) has \(ids.count) tokens, \(prompt) of them given: nothing is left to learn"
        )
      }
      texts.append(DistillationText(text: "", ids: ids, givenCount: prompt))
    }
    guard !texts.isEmpty else { throw DomainError(.data, "there are no sequences to learn from") }
    self.init(texts, options, [], tokenizer: tokenizer)
  }

  private init(
    _ texts: [DistillationText], _ options: Options, _ notices: [String], tokenizer: String
  ) {
    self.texts = texts
    self.options = options
    self.notices = notices
    reversibleCount = texts.count { $0.counterpart != nil }
    var hash = FingerprintWriter("distillation corpus")
    hash.add(tokenizer)
    for text in texts {
      hash.add(text.ids)
      hash.add([Int32(clamping: text.givenCount)])
      hash.add(text.counterpart?.ids ?? [])
      hash.add(text.counterpart?.positions ?? [])
    }
    fingerprint = hash.fingerprint.description
  }

  private static func read(
    _ line: String, _ reader: TokenReader, _ options: Options, _ cut: inout Int
  ) throws -> TokenizedText? {
    var tokens = try reader.encode(line)
    if let begin = options.beginToken {
      tokens.ids.insert(begin, at: 0)
      tokens.ends.insert(0, at: 0)
    }
    if let end = options.endToken {
      tokens.ids.append(end)
      tokens.ends.append(line.utf8.count)
    }
    if tokens.ids.count > options.maximumLength {
      cut += 1
      tokens.ids.removeLast(tokens.ids.count - options.maximumLength)
      tokens.ends.removeLast(tokens.ends.count - options.maximumLength)
    }
    return tokens.ids.count >= 2 ? tokens : nil
  }

  /// Nil where cutting left nothing of the difference.
  private static func counterpart(
    _ own: TokenizedText, _ reversal: Reversal, _ other: TokenizedText
  ) throws -> DistillationText.Counterpart? {
    guard own.ids != other.ids, let first = reversal.changes.first else { return nil }
    // The last token predicts nothing on either side.
    let positions = try reversal.alignment.tokenPositions(
      sourceEnds: own.ends, targetEnds: other.ends.dropLast())
    return DistillationText.Counterpart(
      text: reversal.text, ids: other.ids, positions: positions.dropLast().map { Int32($0 ?? -1) },
      firstChange: own.ends.firstIndex { $0 > first.source.lowerBound } ?? own.ids.count)
  }

  // MARK: Augmentation

  /// D ∪ {R(x)}: some texts that role reversal changes get their reversal as a further text.
  ///
  /// - Parameters:
  ///   - ratio: the share of reversed texts among those that have a counterpart, 0 to 0.5; at 0.5 every one is there in
  ///     both forms.
  ///   - seed: which texts are chosen where not all are.
  /// - Throws: `value` for another ratio; `data` where no text has a gendered word.
  public func augmented(ratio: Double, seed: UInt64 = 1) throws(DomainError) -> DistillationCorpus {
    guard ratio >= 0, ratio <= 0.5 else {
      throw DomainError(
        .value, "the ratio of reversed texts must be within 0 and 0.5, got \(ratio)",
        hint: "0.5 is D ∪ {R(x)}: every text with a gendered word in both forms")
    }
    guard ratio > 0 else { return self }
    try requireGenderedWords("augmentation")
    let reversible = texts.compactMap(\.reversed)
    let reversed = chosenReversals(ratio: ratio, seed: seed).map { reversible[$0] }
    return DistillationCorpus(
      texts + reversed, options,
      notices + ["\(reversed.count) reversed texts were added to \(texts.count)"],
      tokenizer: fingerprint)
  }

  /// Which of `reversals()` an augmentation adds, in rising order.
  func chosenReversals(ratio: Double, seed: UInt64) -> [Int] {
    let count = Int((Double(reversibleCount) * ratio / (1 - ratio)).rounded())
    guard count < reversibleCount else { return Array(0..<reversibleCount) }
    var random = RandomStream(RandomKey(seed: seed).derived("augmentation"))
    return random.sample(count, of: reversibleCount).sorted()
  }

  /// Only the reversals R(x) of all texts that have one: the further texts of `augmented`, for a cache of their own.
  public func reversals() throws(DomainError) -> DistillationCorpus {
    try requireGenderedWords("augmentation")
    return DistillationCorpus(
      texts.compactMap(\.reversed), options, [], tokenizer: fingerprint + " reversed")
  }

  /// - Throws: `data` where no text has a gendered word that the reversal knows.
  func requireGenderedWords(_ purpose: String) throws(DomainError) {
    guard reversibleCount > 0 else {
      throw DomainError(
        .data,
        "none of the \(texts.count) texts has a gendered word with a counterpart: \(purpose) would change nothing",
        hint: "check the language of the corpus, or extend the lexicon")
    }
  }

  // MARK: Batches

  public var count: Int { texts.count }
  public func length(_ index: Int) -> Int? { texts[index].positionCount }

  public func batch(_ indices: [Int]) throws -> Learning.Batch {
    try DistillationCorpus.batch(
      indices.map { texts[$0].ids }, given: indices.map { texts[$0].givenCount },
      padding: options.padding, examples: indices)
  }

  /// Inputs [count, time] and labels of sequences; what lies behind a sequence's end is ignored.
  static func batch(
    _ sequences: [[Int32]], given: [Int]? = nil, padding: Int32, examples: [Int]?
  ) throws -> Learning.Batch {
    let time = max(1, sequences.reduce(0) { max($0, $1.count - 1) })
    let inputs = try Tensor.uninitialized([sequences.count, time], .i64)
    let labels = try Tensor.uninitialized([sequences.count, time], .i64)
    let (x, y) = (inputs.pointer(Int64.self), labels.pointer(Int64.self))
    for (row, ids) in sequences.enumerated() {
      for t in 0..<time {
        let holds = t + 1 < ids.count
        x[row * time + t] = Int64(holds ? ids[t] : padding)
        // Position t predicts token t + 1; what is given need not be predicted.
        let counts = holds && t + 1 >= given?[row] ?? 0
        y[row * time + t] = counts ? Int64(ids[t + 1]) : -100
      }
    }
    let lengths = Lengths(sequences.map { Int32(max(1, $0.count - 1)) })
    return try Learning.Batch(
      inputs: inputs.with(lengths: lengths), labels: labels, examples: examples)
  }
}

extension DistillationText {
  /// R(x) as a text of its own, whose counterpart is x; nil without one.
  var reversed: DistillationText? {
    guard let counterpart else { return nil }
    var back = [Int32](repeating: -1, count: counterpart.ids.count - 1)
    for (own, other) in counterpart.positions.enumerated() where other >= 0 {
      back[Int(other)] = Int32(own)
    }
    // Before the first change both have the same tokens.
    let first = zip(ids, counterpart.ids).prefix { $0 == $1 }.count
    return DistillationText(
      text: counterpart.text, ids: counterpart.ids,
      counterpart: Counterpart(
        text: text, ids: ids, positions: back,
        firstChange: min(first, counterpart.ids.count)))
  }
}
