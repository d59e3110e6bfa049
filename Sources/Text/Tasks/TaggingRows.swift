import Foundations

/// Tagged sentences as models take them: a row of tokens for each, and the number of each token's tag.
public struct TaggingRows: Sendable {
  /// The label of what has no tag, and of filling.
  public static let ignored: Int32 = -100

  public let inputs: TokenRows
  /// As wide as the inputs.
  public let labels: TokenRows

  /// The tags of sentences, each once, in order.
  public static func classes(_ sentences: some Sequence<TaggedSentence>) -> [String] {
    sentences.flatMap { $0.tags.compactMap { $0 } }.distinctSpellings()
  }

  /// Of a tokenizer that cuts words into pieces, the first piece of a word bears its tag, the others and the special
  /// ones around a sentence none (Devlin et al. 2019, section 5.3).
  ///
  /// - Parameter length: of longer sentences the beginning is kept; nil keeps all.
  /// - Throws: `value` for a tag that is not among the classes.
  public init(
    _ sentences: [TaggedSentence], classes: [String], encoder: TaskEncoder, length: Int? = nil
  ) throws(DomainError) {
    let numbers = Dictionary(
      classes.enumerated().map { (Spelling($1), Int32($0)) }, uniquingKeysWith: { a, _ in a })
    let frame = try Frame(encoder)
    let room = length.map { max(0, $0 - frame.before.count - frame.behind.count) }
    var tokens: [[Int32]] = []
    var labels: [[Int32]] = []
    for (index, sentence) in sentences.enumerated() {
      try Cancellation.check(turn: index)
      var (row, tags): ([Int32], [Int32]) = ([], [])
      for (place, word) in sentence.words.enumerated() {
        let pieces = try frame.pieces(word, isFirst: place == 0)
        guard row.count + pieces.count <= room ?? .max else { break }
        var number = TaggingRows.ignored
        if let tag = sentence.tags[place] {
          guard let known = numbers[Spelling(tag)] else {
            throw DomainError(
              .value,
              "the tag \(Quoting.literal(tag)) of sentence \(index) is not among the classes")
          }
          number = known
        }
        row += pieces
        tags.append(number)
        tags += [Int32](repeating: TaggingRows.ignored, count: pieces.count - 1)
      }
      tokens.append(frame.before + row + frame.behind)
      labels.append(
        frame.before.map { _ in TaggingRows.ignored } + tags
          + frame.behind.map { _ in TaggingRows.ignored })
    }
    inputs = TokenRows(tokens, filling: encoder.padding, width: length)
    self.labels = TokenRows(labels, filling: TaggingRows.ignored, width: length)
  }

  /// What stands around the pieces of a sentence, and how words are cut.
  private struct Frame {
    var before: [Int32] = []
    var behind: [Int32] = []
    let encoder: TaskEncoder

    init(_ encoder: TaskEncoder) throws(DomainError) {
      self.encoder = encoder
      guard case .pieces(let tokenizer) = encoder else { return }
      let encoding = try tokenizer.encode(
        "a", pair: nil, options: EncodingOptions(addSpecialTokens: true))
      let own = encoding.isSpecial.firstIndex(of: false) ?? encoding.count
      before = Array(encoding.ids[..<own])
      behind = zip(encoding.ids, encoding.isSpecial).dropFirst(own).filter { $0.1 }.map { $0.0 }
    }

    func pieces(_ word: String, isFirst: Bool) throws(DomainError) -> [Int32] {
      switch encoder {
      case .words(let vocabulary, let lowered):
        return [vocabulary.number(of: lowered ? word.lowercased() : word)]
      case .pieces(let tokenizer):
        let pieces = try tokenizer.encode(isFirst ? word : " " + word, addSpecialTokens: false)
        // A word of which a tokenizer makes nothing still bears its tag.
        return pieces.isEmpty ? [tokenizer.specialTokens.unknown ?? encoder.padding] : pieces
      }
    }
  }
}
