import Foundations

/// How a text is cut into whole words, for vocabularies of words. (`Tokenizer` cuts words into pieces.)
public enum WordSplitter: String, Sendable, CaseIterable {
  /// Cut at white space, nothing else changed: for corpora that are tokenised already.
  case whitespace
  /// Lower-cased words; every punctuation mark is a token of its own, apostrophes and hyphens inside a word stay
  /// (`don't`, `t-shirt`).
  case words
  /// Each character (extended grapheme cluster), spaces included.
  case characters

  /// The tokens of `text`, in order.
  public func tokens(_ text: String) -> [String] {
    if Parallel.isAbandoned { return [] }
    switch self {
    case .whitespace: return Self.pieces(text)
    case .words: return Self.words(text)
    case .characters:
      var result: [String] = []
      for character in text {
        if Parallel.isAbandoned(turn: result.count) { break }
        result.append(String(character))
      }
      return result
    }
  }

  private static func pieces(_ text: String) -> [String] {
    var turn = 0
    return text.split { character in
      turn += 1
      // Nobody sees what becomes of the rest: one piece.
      return !Parallel.isAbandoned(turn: turn) && character.isWhitespace
    }.map(String.init)
  }

  private static func words(_ text: String) -> [String] {
    var text = text
    if let words = text.withUTF8(asciiWords) { return words }
    let characters = Array(text.lowercased())
    var result: [String] = []
    var word = ""
    for (i, character) in characters.enumerated() {
      if Parallel.isAbandoned(turn: i) { break }
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

  /// The words of a text that is ASCII alone, as most are; nil where it is not. A class of characters is a class of
  /// bytes then.
  private static func asciiWords(_ bytes: UnsafeBufferPointer<UInt8>) -> [String]? {
    guard bytes.allSatisfy({ $0 < 0x80 }) else { return nil }
    func isPart(_ byte: UInt8) -> Bool {
      (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "_")
    }
    var result: [String] = []
    var position = 0
    while position < bytes.count {
      if Parallel.isAbandoned(turn: result.count) { break }
      let start = position
      while position < bytes.count {
        let isInside =
          isPart(bytes[position])
          || position > start
            && (bytes[position] == UInt8(ascii: "'") || bytes[position] == UInt8(ascii: "-"))
            && position + 1 < bytes.count && isPart(bytes[position + 1])
        guard isInside else { break }
        position += 1
      }
      if position > start {
        let word = UnsafeBufferPointer(rebasing: bytes[start..<position])
        result.append(
          String(unsafeUninitializedCapacity: word.count) { lowered in
            for (i, byte) in word.enumerated() {
              lowered[i] = byte &- 0x41 < 26 ? byte | 0x20 : byte
            }
            return word.count
          })
        continue
      }
      let byte = bytes[position]
      position += 1
      if byte != 0x20, byte &- 0x09 > 4 { result.append(String(UnicodeScalar(byte))) }
    }
    return result
  }

  private static func isWordPart(_ character: Character) -> Bool {
    character.isLetter || character.isNumber || character == "_"
  }
}
