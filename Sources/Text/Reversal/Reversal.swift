// What a reversal did, and which positions of x and R(x) belong together.

import Foundations

/// One replaced word.
public struct RoleChange: Sendable, Hashable {
  public var from: String
  public var to: String
  /// The category of the lexicon's row: `pronoun`, `kinship`, `title`, …, and `name`.
  public var category: String
  /// Where the word stands in x, in UTF-8 bytes.
  public var source: Range<Int>
  /// Where its counterpart stands in R(x), in UTF-8 bytes.
  public var target: Range<Int>
  /// Where the word stands in x, in Unicode code points.
  public var codePoints: Range<Int>
  /// Whether reversing R(x) leads back to this word.
  public var isInvertible: Bool
}

/// A gendered word that stayed.
public struct KeptWord: Sendable, Hashable {
  /// Why a word stayed.
  public enum Reason: String, Sendable, CaseIterable {
    /// Its counterpart would not lead back (`RoleReversal.OneWay.keep`).
    case oneWay = "one-way"
    /// In an address, in code or in another language (`RoleReversal.Exemptions`).
    case exempt
    /// In a phrase that the lexicon keeps, or an exclamation (`Man, that was close!`).
    case phrase
    /// Likely a surname, or a name behind a word that fixes it.
    case name
    /// Written in a pattern of capitals that could not be kept, part of a coined word (`her-story`), or in front of an
    /// apostrophe that would be read as another possessive behind the counterpart (`gentlemen' room`).
    case spelling
  }

  public var word: String
  /// Where it stands in x, in UTF-8 bytes.
  public var source: Range<Int>
  public var reason: Reason
}

/// R(x) with its report.
public struct Reversal: Sendable, Equatable {
  /// R(x).
  public let text: String
  /// In the order of the text.
  public let changes: [RoleChange]
  /// Gendered words that stayed, in the order of the text.
  public let kept: [KeptWord]
  /// UTF-8 bytes of x and of R(x).
  public let sourceCount: Int
  public let targetCount: Int

  /// Whether R(R(x)) = x is guaranteed.
  public var isInvertible: Bool { changes.allSatisfy(\.isInvertible) }

  /// The changed words as pairs of ranges; between them the two texts are equal.
  public var alignment: TextAlignment {
    TextAlignment(
      words: changes.map { ($0.source, $0.target) }, sourceCount: sourceCount,
      targetCount: targetCount)
  }
}

/// Which positions of two texts belong together, where the second has some words of the first replaced.
public struct TextAlignment: Sendable, Equatable {
  public struct Pair: Sendable, Equatable {
    public var source: Range<Int>
    public var target: Range<Int>
  }

  /// The replaced words in the order of the text, in UTF-8 bytes; between them, both texts are the same.
  public let words: [Pair]
  public let sourceCount: Int
  public let targetCount: Int

  init(words: [(Range<Int>, Range<Int>)], sourceCount: Int, targetCount: Int) {
    self.words = words.map { Pair(source: $0.0, target: $0.1) }
    self.sourceCount = sourceCount
    self.targetCount = targetCount
  }

  /// The offset in R(x) whose prefix is the counterpart of the first `offset` bytes of x; nil inside of a replaced
  /// word, and outside of x.
  public func target(ofSource offset: Int) -> Int? {
    guard offset >= 0, offset <= sourceCount else { return nil }
    // The last word that starts before the offset.
    var low = 0
    var high = words.count
    while low < high {
      let middle = (low + high) / 2
      if words[middle].source.lowerBound < offset { low = middle + 1 } else { high = middle }
    }
    guard low > 0 else { return offset }
    let word = words[low - 1]
    guard offset >= word.source.upperBound else { return nil }
    return word.target.upperBound + (offset - word.source.upperBound)
  }

  /// For each token of x, the token of R(x) up to which both prefixes hold the same words: the position at which a
  /// model that has read R(x) stands where one that has read x stands at this token. Nil inside of a replaced word, and
  /// where no token of R(x) ends at that place.
  ///
  /// - Parameters:
  ///   - sourceEnds: where each token of x ends, in UTF-8 bytes from the start of x; never falling. A token without
  ///     text (as a mark of the start) ends where the one before it does, at 0 for the first.
  ///   - targetEnds: the same of R(x).
  /// - Throws: `value` where ends fall or lie outside of the text.
  public func tokenPositions(sourceEnds: [Int], targetEnds: [Int]) throws(DomainError) -> [Int?] {
    try check(sourceEnds, count: sourceCount, name: "sourceEnds")
    try check(targetEnds, count: targetCount, name: "targetEnds")
    var result: [Int?] = []
    result.reserveCapacity(sourceEnds.count)
    var word = 0
    var target = 0
    var rank = 0
    for (position, end) in sourceEnds.enumerated() {
      rank = position > 0 && sourceEnds[position - 1] == end ? rank + 1 : 0
      while word < words.count, words[word].source.lowerBound < end { word += 1 }
      let offset = mapped(end, after: word)
      guard let offset else {
        result.append(nil)
        continue
      }
      while target < targetEnds.count, targetEnds[target] < offset { target += 1 }
      // Tokens that end together (marks without text, parts of one character) belong together in their order.
      let candidate = target + rank
      let isThere = candidate < targetEnds.count && targetEnds[candidate] == offset
      result.append(isThere ? candidate : nil)
    }
    return result
  }

  /// - Parameter count: how many words start before `end`.
  private func mapped(_ end: Int, after count: Int) -> Int? {
    guard count > 0 else { return end }
    let word = words[count - 1]
    guard end >= word.source.upperBound else { return nil }
    return word.target.upperBound + (end - word.source.upperBound)
  }

  private func check(_ ends: [Int], count: Int, name: String) throws(DomainError) {
    var last = 0
    for (position, end) in ends.enumerated() {
      guard end >= last, end <= count else {
        throw DomainError(
          .value,
          "\(name)[\(position)] is \(end), expected at least \(last) and at most \(count)",
          hint: "give the byte at which each token ends; they never fall")
      }
      last = end
    }
  }
}
