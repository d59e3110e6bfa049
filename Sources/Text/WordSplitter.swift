/// How a text is cut into whole words, for vocabularies of words. (`Tokenizer` cuts words into pieces.)
public enum WordSplitter: String, Sendable, CaseIterable {
  /// Cut at white space, nothing else changed: for corpora that are tokenised already.
  case whitespace
  /// Lower-cased words; every punctuation mark is a token of its own, apostrophes and hyphens inside a word stay (`don't`, `t-shirt`).
  case words
  /// Each character (extended grapheme cluster), spaces included.
  case characters

  /// The tokens of `text`, in order.
  public func tokens(_ text: String) -> [String] {
    switch self {
    case .whitespace: text.split(whereSeparator: \.isWhitespace).map(String.init)
    case .words: Self.words(text)
    case .characters: text.map { String($0) }
    }
  }

  private static func words(_ text: String) -> [String] {
    let characters = Array(text.lowercased())
    var result: [String] = []
    var word = ""
    for (i, character) in characters.enumerated() {
      if isWordPart(character) {
        word.append(character)
        continue
      }
      let joins =
        (character == "'" || character == "\u{2019}" || character == "-") && !word.isEmpty
        && i + 1 < characters.count && isWordPart(characters[i + 1])
      if joins {
        word.append(character)
        continue
      }
      if !word.isEmpty { result.append(word) }
      word = ""
      if !character.isWhitespace { result.append(String(character)) }
    }
    if !word.isEmpty { result.append(word) }
    return result
  }

  private static func isWordPart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }
}
