// Decides about `her`, `his`, `him` and `hers` with a trained tagger.
//
// The tagger sees one and the same mark for the four pronouns, and one word for all words of a family of the lexicon,
// so that what it says of a place does not depend on which of them stands there: its reading of x and of R(x) is the
// same, and R stays an involution. It reads sentences from their end, because the words behind a pronoun tell most
// about it, and their tags are then known. The mark also makes labels free: `his` in front of a noun phrase and `him`
// say what `her` would be in their place, as they do in English.

import Foundations

/// A tagger that tells determiners from objects where a pronoun's counterpart depends on it.
public struct PronounTagger: Sendable {
  /// The tag of a pronoun in front of the noun phrase that it belongs to.
  public static let determinerTag = "PRON$"
  /// The tag of a pronoun on its own.
  public static let objectTag = "PRON"
  static let mark = "\u{1}pronoun"

  public let tagger: Tagger
  private let determiner: Int

  /// - Throws: `data` where the tagger does not know the two tags: it was not made by `train`.
  public init(_ tagger: Tagger) throws(DomainError) {
    guard let determiner = tagger.tags.firstIndex(of: PronounTagger.determinerTag),
      tagger.tags.contains(PronounTagger.objectTag)
    else {
      throw DomainError(
        .data,
        "this tagger does not know the tags \(PronounTagger.determinerTag) and \(PronounTagger.objectTag)",
        hint: "train one with PronounTagger.train")
    }
    self.tagger = tagger
    self.determiner = determiner
  }

  /// Reads a tagger from a file that `save` of its `tagger` wrote.
  public init(file path: String) throws(DomainError) { try self.init(Tagger(file: path)) }

  /// Trains a tagger on sentences with tags of any set (universal or Penn's).
  ///
  /// `his` is labelled a determiner, or an object where the next word's tag cannot begin a noun phrase (`it was his.`);
  /// `him` and `hers` an object; `her` by its tag where that tells (Penn's `PRP$` and `PRP`), and otherwise not at all.
  ///
  /// - Parameter lexicon: that of the reversals that the tagger will serve.
  /// - Throws: `data` where the sentences hold no `his` or no `him`, and what `Tagger.train` throws.
  public static func train(
    _ sentences: [TaggedSentence], lexicon: GenderLexicon = .standard,
    options: Tagger.Options = Tagger.Options()
  ) throws(DomainError) -> PronounTagger {
    let table = try LexiconTable(lexicon: lexicon, names: nil)
    var neutral: [TaggedSentence] = []
    neutral.reserveCapacity(sentences.count)
    for sentence in sentences {
      var changed = sentence
      for i in sentence.words.indices {
        changed.words[i] = neutralForm(sentence.words[i], table)
        if let pronoun = Pronoun(rawValue: sentence.words[i].lowercased()) {
          changed.tags[i] = label(pronoun, i, sentence)
        }
      }
      changed.words.reverse()
      changed.tags.reverse()
      neutral.append(changed)
    }
    return try PronounTagger(Tagger.train(neutral, options: options))
  }

  /// What is known of a pronoun in a tagged sentence; nil where the tags do not tell.
  static func label(_ pronoun: Pronoun, _ i: Int, _ sentence: TaggedSentence) -> String? {
    switch pronoun {
    case .him, .hers: return objectTag
    case .her:
      switch sentence.tags[i] {
      case "PRP$": return determinerTag
      case "PRP": return objectTag
      default: return nil
      }
    case .his:
      let next = i + 1 < sentence.tags.count ? sentence.tags[i + 1] : "PUNCT"
      if i + 1 < sentence.words.count, sentence.words[i + 1] == "/" { return nil }
      // `his or her book`: what follows the last of several pronouns decides for all.
      guard let next, next != "CCONJ", next != "CC" else { return nil }
      return closedTags.contains(next) ? objectTag : determinerTag
    }
  }

  /// Tags (universal and Penn's) of words with which no noun phrase goes on behind its determiner.
  private static let closedTags: Set<String> = [
    "PUNCT", "ADP", "SCONJ", "AUX", "DET", "PRON", "PART",
    ".", ",", ":", "''", "-RRB-", "IN", "TO", "MD", "DT", "PRP", "WP", "WDT",
  ]

  private static func neutralForm(_ word: String, _ table: LexiconTable) -> String {
    var word = word
    return word.withUTF8 { bytes in
      guard let base = bytes.baseAddress, bytes.count <= WordKey.longest else { return nil }
      return neutralForm(table.find(base, length: bytes.count, available: bytes.count), table)
    } ?? word
  }

  /// One form for all words of a family, nil for words of none.
  private static func neutralForm(_ number: Int32, _ table: LexiconTable) -> String? {
    guard number >= 0 else { return nil }
    let info = table.info[Int(number)]
    guard info.flags.contains(.gendered) else { return nil }
    if info.pronoun != nil { return mark }
    return String(decoding: table.bytes(info.family), as: UTF8.self)
  }

  /// The context of the pronoun at `start..<end`.
  func context(start: Int, end: Int, neighbours: NeighbourReader) -> PronounContext {
    // From the end to the front: what is behind the pronoun, the pronoun, what is in front of it.
    var words: [String] = []
    var place = end
    while words.count < PronounTagger.wordsBehind, let word = tokenBehind(&place, neighbours) {
      words.append(word)
    }
    words.reverse()
    let position = words.count
    words.append(PronounTagger.mark)
    place = start
    while words.count < position + 3, let word = tokenBefore(&place, neighbours) {
      words.append(word)
    }
    return tagger.decode(words, upTo: position + 1)[position] == determiner ? .determiner : .object
  }

  private static let wordsBehind = 5

  /// The word or the mark of punctuation in front of `place`; nil at the end of the line.
  private func tokenBefore(_ place: inout Int, _ text: NeighbourReader) -> String? {
    while place > 0, text.base[place - 1] == 0x20 || text.base[place - 1] == 0x09 { place -= 1 }
    guard place > 0, text.base[place - 1] != newline else { return nil }
    let end = place
    while place > 0, WordScanner.isWordByte(text.base, place - 1, text.count) { place -= 1 }
    if place == end {
      place -= 1
      while place > 0, text.base[place] & 0xC0 == 0x80 { place -= 1 }
    }
    return token(place, end, text)
  }

  private func tokenBehind(_ place: inout Int, _ text: NeighbourReader) -> String? {
    while place < text.count, text.base[place] == 0x20 || text.base[place] == 0x09 { place += 1 }
    guard place < text.count, text.base[place] != newline else { return nil }
    let start = place
    while place < text.count, WordScanner.isWordByte(text.base, place, text.count) { place += 1 }
    if place == start {
      place += 1
      while place < text.count, text.base[place] & 0xC0 == 0x80 { place += 1 }
    }
    return token(start, place, text)
  }

  private func token(_ start: Int, _ end: Int, _ text: NeighbourReader) -> String {
    let length = end - start
    if length <= WordKey.longest {
      let number = text.table.find(text.base + start, length: length, available: text.count - start)
      if let form = PronounTagger.neutralForm(number, text.table) { return form }
    }
    // The start of a longer word tells as much as all of it.
    let shown = min(length, 256)
    return String(
      decoding: UnsafeBufferPointer(start: text.base + start, count: shown), as: UTF8.self)
  }
}
