import Foundations

/// Questions with their texts as models take them: the question, what divides, the text, in one row of tokens; to be
/// found are the first and the last token of the answer.
public struct QuestionRows: Sendable {
  public let inputs: TokenRows
  /// [questions, 2]: the first and the last token of the first answer; -100 where there is none in the row.
  public private(set) var labels: [Int32] = []
  /// [questions, width, 2]: from which code point of the text to which (exclusive) each token stands for; -1 for tokens
  /// that are none of the text's.
  public private(set) var offsets: [Int32] = []

  private struct Row {
    var tokens: [Int32]
    /// One pair a token.
    var offsets: [(Int32, Int32)]
  }

  /// The words of a text in lower case, and where each stands: runs of letters and digits, and single other marks.
  static func words(_ text: String) -> [(word: String, place: Range<Int>)] {
    var result: [(word: String, place: Range<Int>)] = []
    var word = String.UnicodeScalarView()
    var start = 0
    func close(_ end: Int) {
      if !word.isEmpty { result.append((String(word).lowercased(), start..<end)) }
      word = String.UnicodeScalarView()
    }
    var place = 0
    for scalar in text.unicodeScalars {
      let properties = scalar.properties
      let isPart =
        properties.isAlphabetic || properties.numericType != nil
        || properties.generalCategory == .nonspacingMark
      if !isPart { close(place) }
      if isPart || !properties.isWhitespace {
        if word.isEmpty { start = place }
        word.append(scalar)
      }
      if !isPart { close(place + 1) }
      place += 1
    }
    close(place)
    return result
  }

  /// The words of a question or a text, as a vocabulary for them counts.
  public static func wordsAlone(_ text: String) -> [String] { words(text).map(\.word) }

  /// - Parameter length: of longer rows the beginning is kept, as long as the question leaves room; nil keeps all.
  /// - Throws: `value` where a question alone is longer, or the encoder has no token that divides.
  public init(_ corpus: QuestionCorpus, encoder: TaskEncoder, length: Int? = nil)
    throws(DomainError)
  {
    var rows: [Row] = []
    let contexts = corpus.contexts.map { Context($0, encoder) }
    for (index, question) in corpus.questions.enumerated() {
      try Cancellation.check()
      var row = try QuestionRows.row(question.text, contexts[question.context], encoder, length)
      if let length, row.tokens.count > length {
        guard row.offsets.firstIndex(where: { $0.0 >= 0 }) ?? .max < length else {
          throw DomainError(
            .value, "question \(index) alone has more than the \(length) tokens of a row",
            hint: "give a larger `length`")
        }
        row.tokens.removeSubrange(length...)
        row.offsets.removeSubrange(length...)
      }
      labels += QuestionRows.span(question, row)
      rows.append(row)
    }
    inputs = TokenRows(rows.map(\.tokens), filling: encoder.padding, width: length)
    for row in rows {
      for pair in row.offsets { offsets += [pair.0, pair.1] }
      offsets += [Int32](repeating: -1, count: 2 * (inputs.width - row.offsets.count))
    }
  }

  /// A text, cut once for all of its questions.
  private struct Context {
    let text: String
    var words: [(word: String, place: Range<Int>)] = []

    init(_ text: String, _ encoder: TaskEncoder) {
      self.text = text
      if case .words = encoder { words = QuestionRows.words(text) }
    }
  }

  private static func row(
    _ question: String, _ context: Context, _ encoder: TaskEncoder, _ length: Int?
  ) throws(DomainError) -> Row {
    switch encoder {
    case .words(let vocabulary, _):
      let asked = words(question).map { vocabulary.number(of: $0.word) }
      let separator = try encoder.number(of: .separator)
      return Row(
        tokens: asked + [separator] + context.words.map { vocabulary.number(of: $0.word) },
        offsets: [(Int32, Int32)](repeating: (-1, -1), count: asked.count + 1)
          + context.words.map {
            (
              Int32(clamping: $0.place.lowerBound), Int32(clamping: $0.place.upperBound)
            )
          })
    case .pieces(let tokenizer):
      var options = EncodingOptions(addSpecialTokens: true, offsets: true)
      if let length { options.truncation = Truncation(length: length, strategy: .onlySecond) }
      let encoding = try tokenizer.encode(question, pair: context.text, options: options)
      // The text's tokens follow the first special one behind the question's.
      let first = encoding.isSpecial.firstIndex(of: false) ?? 0
      let middle = encoding.isSpecial[first...].firstIndex(of: true) ?? encoding.count
      let places = codePoints(context.text)
      var pairs: [(Int32, Int32)] = []
      for (index, range) in (encoding.offsets ?? []).enumerated() {
        let isOfText = index > middle && !encoding.isSpecial[index]
        pairs.append(
          isOfText
            ? (
              places[min(range.lowerBound, places.count - 1)],
              places[min(range.upperBound, places.count - 1)]
            ) : (-1, -1))
      }
      return Row(tokens: encoding.ids, offsets: pairs)
    }
  }

  /// For each byte of a text, and its end, how many code points begin before it.
  private static func codePoints(_ text: String) -> [Int32] {
    var result: [Int32] = []
    var count: Int32 = 0
    for byte in text.utf8 {
      result.append(count)
      // Bytes that continue a code point stand for its end.
      if byte & 0xC0 != 0x80 { count += 1 }
    }
    result.append(count)
    return result
  }

  private static func span(_ question: QuestionCorpus.Question, _ row: Row) -> [Int32] {
    guard let answer = question.answers.first, let start = question.starts.first else {
      return [-100, -100]
    }
    let end = Int32(clamping: start + answer.unicodeScalars.count)
    let start32 = Int32(clamping: start)
    let first = row.offsets.firstIndex { $0.0 >= 0 && $0.1 > start32 && $0.0 < end }
    let last = row.offsets.lastIndex { $0.0 >= 0 && $0.0 < end && $0.1 > start32 }
    // An answer of which the row holds only a part teaches nothing.
    guard let first, let last,
      row.offsets[last].1 >= end || row.offsets.contains(where: { $0.0 >= end })
    else { return [-100, -100] }
    return [Int32(first), Int32(last)]
  }
}
