/// A word that role reversal exchanged: where it stands in the text and in the reversed text, in bytes of UTF-8.
public struct ExchangedWord: Sendable, Equatable {
  public var source: Range<Int>
  public var target: Range<Int>

  public init(source: Range<Int>, target: Range<Int>) {
    self.source = source
    self.target = target
  }
}

/// Which prefixes of x and R(x) say the same.
///
/// Outside of exchanged words the two texts have the same bytes, and a token of x corresponds to the one of R(x) that ends at the same
/// byte, moved by what the words before have grown. Inside of exchanged words only the ends of the words correspond.
public enum TokenAlignment {
  /// For each token of x the token of R(x) behind which the prefixes correspond; nil where none does.
  ///
  /// - Parameters:
  ///   - source, target: ends of tokens in bytes, ascending, as `TokenizedText.ends` has them.
  ///   - words: in order, apart from each other.
  public static func positions(source: [Int], target: [Int], words: [ExchangedWord]) -> [Int?] {
    var result: [Int?] = []
    result.reserveCapacity(source.count)
    var next = 0
    var word = 0
    var shift = 0
    for end in source {
      // Words that lie wholly before this end have moved it.
      while word < words.count, words[word].source.upperBound <= end {
        shift = words[word].target.upperBound - words[word].source.upperBound
        word += 1
      }
      if word < words.count, words[word].source.lowerBound < end {
        result.append(nil)
        continue
      }
      let wanted = end + shift
      while next < target.count, target[next] < wanted { next += 1 }
      if next < target.count, target[next] == wanted {
        result.append(next)
        next += 1
      } else {
        result.append(nil)
      }
    }
    return result
  }
}
