// Spans in sequences of tags, read as seqeval 1.2 reads them in its default mode (`get_entities`): any of the schemes
// IOB1, IOB2, IOE, IOBES and BILOU, also where a sequence breaks their rules.

import Foundations

/// A run of tokens with one type.
public struct TagSpan: Hashable, Sendable {
  /// What follows the first hyphen of its tags; `_` where nothing does.
  public let type: String
  /// Places of its tokens.
  public let tokens: Range<Int>

  /// The spans that `tags` mark, in order.
  ///
  /// A tag is `O` or one of the letters B, I, E, S (also L and U of BILOU), alone or with a hyphen and the type. A span
  /// begins at B or S, where the type changes, and where I or E follow none; it ends before such a place, before `O`,
  /// and behind E and S.
  ///
  /// - Throws: `value` for a tag of another form.
  public static func spans(of tags: [String]) throws(DomainError) -> [TagSpan] {
    var result: [TagSpan] = []
    var before = Tag.outside
    var start = 0
    for (place, text) in tags.enumerated() {
      let tag = try Tag(text)
      if tag.ends(before) { result.append(TagSpan(type: before.type, tokens: start..<place)) }
      if tag.begins(after: before) { start = place }
      before = tag
    }
    if Tag.outside.ends(before) {
      result.append(TagSpan(type: before.type, tokens: start..<tags.count))
    }
    return result
  }

  private struct Tag {
    enum Position { case outside, begin, inside, end, single }
    let position: Position
    let type: String

    static let outside = Tag(position: .outside, type: "_")

    private init(position: Position, type: String) {
      self.position = position
      self.type = type
    }

    init(_ text: String) throws(DomainError) {
      let hyphen = text.utf8.firstIndex(of: UInt8(ascii: "-"))
      switch text[..<(hyphen ?? text.endIndex)] {
      case "O" where hyphen == nil: position = .outside
      case "B": position = .begin
      case "I": position = .inside
      case "E", "L": position = .end
      case "S", "U": position = .single
      default:
        throw DomainError(
          .value,
          "\(Quoting.literal(text)) marks no span: a tag is \"O\", or \"B-\", \"I-\", \"E-\", \"S-\" and a type",
          hint: "for classes of single tokens, such as parts of speech, use `stats.f1`")
      }
      let name = hyphen.map { text[text.utf8.index(after: $0)...] } ?? ""
      type = name.isEmpty ? "_" : String(name)
    }

    /// Whether a span that reaches up to `before` ends in front of this tag.
    func ends(_ before: Tag) -> Bool {
      switch before.position {
      case .outside: false
      case .end, .single: true
      case .begin, .inside:
        position == .begin || position == .single || position == .outside
          || !type.isSpelt(before.type)
      }
    }

    /// Whether a span begins with this tag.
    func begins(after before: Tag) -> Bool {
      switch position {
      case .outside: return false
      case .begin, .single: return true
      case .inside, .end:
        return before.position != .begin && before.position != .inside || !type.isSpelt(before.type)
      }
    }
  }
}

/// How well spans were found: one counts where its type, its first and its last token are right.
public struct SpanScores: Sendable, Equatable {
  /// Precision, recall and their harmonic mean; 0 where a denominator is.
  public struct Score: Sendable, Equatable {
    public var precision: Double
    public var recall: Double
    public var f1: Double
  }

  public struct Counts: Sendable, Equatable {
    public var expected = 0
    public var predicted = 0
    public var correct = 0

    public var score: Score {
      let precision = predicted > 0 ? Double(correct) / Double(predicted) : 0
      let recall = expected > 0 ? Double(correct) / Double(expected) : 0
      let sum = precision + recall
      return Score(
        precision: precision, recall: recall, f1: sum > 0 ? 2 * precision * recall / sum : 0)
    }
  }

  public enum Average: String, Sendable, CaseIterable { case micro, macro, weighted }

  /// In the order of the types' names.
  public private(set) var types: [(name: String, counts: Counts)] = []

  public static func == (a: SpanScores, b: SpanScores) -> Bool {
    a.types.elementsEqual(b.types) { $0.name == $1.name && $0.counts == $1.counts }
  }

  /// - Parameters:
  ///   - expected: the true tags of each sentence.
  ///   - predicted: as many of as many.
  /// - Throws: `value` where the counts differ, or for a tag that marks no span.
  public init(expected: [[String]], predicted: [[String]]) throws(DomainError) {
    guard expected.count == predicted.count else {
      throw DomainError(
        .value,
        "there are tags for \(expected.count) sentences and predictions for \(predicted.count)")
    }
    var counts: [Spelling: Counts] = [:]
    for (index, (truth, guess)) in zip(expected, predicted).enumerated() {
      try Cancellation.check(turn: index)
      guard truth.count == guess.count else {
        throw DomainError(
          .value, "sentence \(index) has \(truth.count) tags, but \(guess.count) were predicted")
      }
      let wanted = try TagSpan.spans(of: truth)
      let found = try TagSpan.spans(of: guess)
      for span in wanted { counts[Spelling(span.type), default: Counts()].expected += 1 }
      for span in found { counts[Spelling(span.type), default: Counts()].predicted += 1 }
      for span in Set(wanted).intersection(found) {
        counts[Spelling(span.type), default: Counts()].correct += 1
      }
    }
    types = counts.sorted { $0.key < $1.key }.map { ($0.key.text, $0.value) }
  }

  /// Of all spans together, the mean over types, or the mean over types by how many are expected. 0 without spans.
  public func score(_ average: Average) -> Score {
    switch average {
    case .micro:
      var total = Counts()
      for (_, counts) in types {
        total.expected += counts.expected
        total.predicted += counts.predicted
        total.correct += counts.correct
      }
      return total.score
    case .macro: return mean { _ in 1 }
    case .weighted: return mean { Double($0.expected) }
    }
  }

  private func mean(_ weight: (Counts) -> Double) -> Score {
    let total = types.reduce(0) { $0 + weight($1.counts) }
    guard total > 0 else { return Score(precision: 0, recall: 0, f1: 0) }
    func mean(_ part: KeyPath<Score, Double>) -> Double {
      types.reduce(0) { $0 + weight($1.counts) * $1.counts.score[keyPath: part] } / total
    }
    return Score(precision: mean(\.precision), recall: mean(\.recall), f1: mean(\.f1))
  }
}
