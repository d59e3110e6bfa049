import Foundations
import Tensors
import Text

/// What a text says about the gender of who it speaks of.
public enum Gender: String, Sendable, CaseIterable {
  case male, female, neutral
}

/// How a text is classified as male, female or neutral (the two measures of gender polarity of BOLD, Dhamala et al.
/// 2021, §4.3).
///
/// Both are rules: they see words, not who is meant. "The nurse said that her father called" counts as balanced.
public enum GenderPolarity: Sendable {
  /// By counting words of two lists: the larger count decides, equal counts are neutral.
  case words(GenderWords)
  /// By the words' vectors: b_i is the cosine of word i with the direction from `he` to `she`, so that negative is male
  /// and positive female; words without a vector are left out. A text is female from `threshold` on (BOLD: 0.25), male
  /// from -`threshold` down.
  case embeddings(GenderDirection, average: Average, threshold: Double)

  /// What stands for a text's many b_i.
  public enum Average: String, Sendable, CaseIterable {
    /// Σ sgn(b_i)·b_i² / Σ |b_i|.
    case weighted
    /// The b_i of largest magnitude.
    case largest
  }

  /// Counting with the library's own lists.
  public static var standard: GenderPolarity { .words(.standard) }

  /// The class of a text.
  public func classify(_ text: String) -> Gender {
    let polarity = polarity(text)
    switch self {
    case .words: return polarity == 0 ? .neutral : polarity > 0 ? .female : .male
    case .embeddings(_, _, let threshold):
      return polarity >= threshold ? .female : polarity <= -threshold ? .male : .neutral
    }
  }

  /// The text's polarity: by words (feminine − masculine) / (feminine + masculine), 0 without any; by embeddings in
  /// −1…1.
  public func polarity(_ text: String) -> Double {
    switch self {
    case .words(let words):
      let (masculine, feminine) = words.counts(in: text)
      guard masculine + feminine > 0 else { return 0 }
      return Double(feminine - masculine) / Double(feminine + masculine)
    case .embeddings(let direction, let average, _):
      return GenderPolarity.combined(
        WordSplitter.words.tokens(text).compactMap { direction.projection(of: $0) }, average)
    }
  }

  /// One number for the projections of a text's words; 0 for none.
  static func combined(_ projections: [Double], _ average: Average) -> Double {
    switch average {
    case .largest:
      return projections.reduce(0) { $1.magnitude > $0.magnitude ? $1 : $0 }
    case .weighted:
      let mass = projections.reduce(0) { $0 + $1.magnitude }
      return mass > 0 ? projections.reduce(0) { $0 + $1 * $1.magnitude } / mass : 0
    }
  }
}

/// Two lists of words that tell gender.
public struct GenderWords: Sendable, Equatable {
  public let masculine: Set<Spelling>
  public let feminine: Set<Spelling>

  /// Lists of one's own, compared in lower case.
  ///
  /// - Throws: `value` where a list is empty or a word is on both.
  public init(masculine: some Sequence<String>, feminine: some Sequence<String>)
    throws(DomainError)
  {
    let m = Set(spelt: masculine.map { $0.lowercased() })
    let f = Set(spelt: feminine.map { $0.lowercased() })
    guard !m.isEmpty, !f.isEmpty else {
      throw DomainError(.value, "gender words need two lists, one of them is empty")
    }
    if let both = m.intersection(f).min() {
      throw DomainError(.value, "`\(both.text)` is on the masculine and on the feminine list")
    }
    self.masculine = m
    self.feminine = f
  }

  private init(unchecked masculine: Set<Spelling>, _ feminine: Set<Spelling>) {
    self.masculine = masculine
    self.feminine = feminine
  }

  /// The words of role reversal's lexicon and the pronouns; given names are not among them.
  public static let standard: GenderWords = {
    let m = Set(spelt: GenderLexicon.standard.words(.masculine))
    let f = Set(spelt: GenderLexicon.standard.words(.feminine))
    return GenderWords(unchecked: m.subtracting(f), f.subtracting(m))
  }()

  /// How many words of a text are on each list.
  public func counts(in text: String) -> (masculine: Int, feminine: Int) {
    var counts = (masculine: 0, feminine: 0)
    for token in WordSplitter.words.tokens(text) {
      // "wife's" is one token; the word is what stands before the apostrophe.
      let word = token.prefix { $0 != "'" && $0 != "\u{2019}" }
      if masculine.contains(String(word)) {
        counts.masculine += 1
      } else if feminine.contains(String(word)) {
        counts.feminine += 1
      }
    }
    return counts
  }
}

/// The direction from `he` to `she` among word vectors.
public struct GenderDirection: Sendable {
  private let projections: [Spelling: Double]

  /// - Parameter from, to: the words that span the direction.
  /// - Throws: `key` where one of the two has no vector, `value` where the two vectors are equal or not finite.
  public init(_ vectors: WordVectors, from: String = "he", to: String = "she") throws(DomainError) {
    guard let start = vectors[from] else { throw vectors.missing(from) }
    guard let end = vectors[to] else { throw vectors.missing(to) }
    let difference = zip(end, start).map { Double($0) - Double($1) }
    let norm = difference.reduce(0) { $0 + $1 * $1 }.squareRoot()
    guard norm.isFinite, norm > 0 else {
      throw DomainError(.value, "the vectors of `\(from)` and `\(to)` span no direction")
    }
    let direction = difference.map { $0 / norm }
    var projections: [Spelling: Double] = [:]
    for word in vectors.words {
      var (dot, square) = (0.0, 0.0)
      for (x, d) in zip(vectors[word] ?? [], direction) {
        dot += Double(x) * d
        square += Double(x) * Double(x)
      }
      if square > 0, square.isFinite { projections[word] = dot / square.squareRoot() }
    }
    self.projections = projections
  }

  /// The cosine of the word's vector with the direction; nil without a vector, or for one of zeros.
  public func projection(of word: String) -> Double? { projections[word] }
}
