// BLEU (Papineni, Roukos, Ward and Zhu, "BLEU: a Method for Automatic Evaluation of Machine Translation", ACL 2002) of
// a corpus, as sacrebleu 2 computes it (Post, "A Call for Clarity in Reporting BLEU Scores", WMT 2018).

import Foundations
import Glibc

/// How much of the word sequences of texts is in their references.
public struct BLEU: Sendable, Equatable {
  /// What counts as a word.
  public enum Words: String, Sendable, CaseIterable {
    /// White space divides words.
    case none
    /// As `mteval-v13a.pl` of the WMT does: punctuation is set apart, but not within numbers.
    case v13a = "13a"
  }

  /// What is done about orders of which nothing matches (Chen and Cherry, "A Systematic Comparison of Smoothing
  /// Techniques for Sentence-Level BLEU", WMT 2014).
  public enum Smoothing: String, Sendable, CaseIterable {
    case none
    /// The k-th such order counts as 1 / 2ᵏ matches (their method 3).
    case exp
    /// Counts as 0.1 matches (method 1).
    case floor
    /// One is added to matches and totals of all orders but the first (method 2).
    case addOne = "add-k"
  }

  /// From 0 to 100.
  public let score: Double
  /// Of sequences of 1 to 4 words, in percent.
  public let precisions: [Double]
  public let brevityPenalty: Double
  /// Words of the texts.
  public let length: Int
  /// Words of the references that are nearest in length.
  public let referenceLength: Int

  private static let orders = 4

  /// - Parameter references: those of each text, at least one each.
  /// - Throws: `value` where there are no texts, or a text has no reference.
  public init(
    _ texts: [String], references: [[String]], words: Words = .v13a, smoothing: Smoothing = .exp
  ) throws(DomainError) {
    guard !texts.isEmpty, texts.count == references.count else {
      throw DomainError(
        .value, "each text needs its references, got \(texts.count) texts and \(references.count)")
    }
    var correct = [Double](repeating: 0, count: BLEU.orders)
    var total = correct
    var (length, referenceLength) = (0, 0)
    for (index, (text, references)) in zip(texts, references).enumerated() {
      try Cancellation.check(turn: index)
      guard !references.isEmpty else {
        throw DomainError(.value, "text \(index) has no reference")
      }
      let found = words.split(text)
      let wanted = references.map(words.split)
      length += found.count
      referenceLength += BLEU.nearest(wanted.map(\.count), to: found.count)
      for order in 1...BLEU.orders {
        let (matches, all) = BLEU.matches(found, wanted, order)
        correct[order - 1] += Double(matches)
        total[order - 1] += Double(all)
      }
    }
    self.length = length
    self.referenceLength = referenceLength
    let short = length < referenceLength
    brevityPenalty =
      short ? (length > 0 ? Glibc.exp(1 - Double(referenceLength) / Double(length)) : 0) : 1
    precisions = BLEU.precisions(correct, total, smoothing)
    let logs = precisions.reduce(0) { $0 + ($1 > 0 ? Glibc.log($1) : -.infinity) }
    score =
      correct.contains { $0 > 0 } ? brevityPenalty * Glibc.exp(logs / Double(BLEU.orders)) : 0
  }

  private static func precisions(
    _ correct: [Double], _ total: [Double], _ smoothing: Smoothing
  ) -> [Double] {
    var result = [Double](repeating: 0, count: orders)
    guard correct.contains(where: { $0 > 0 }) else { return result }
    var share = 1.0
    for order in 0..<orders {
      let added = smoothing == .addOne && order > 0 ? 1.0 : 0
      let (matches, all) = (correct[order] + added, total[order] + added)
      // No text is that long: neither are longer sequences there.
      if all == 0 { break }
      if matches > 0 {
        result[order] = 100 * matches / all
      } else if smoothing == .exp {
        share *= 2
        result[order] = 100 / (share * all)
      } else if smoothing == .floor {
        result[order] = 100 * 0.1 / all
      }
    }
    return result
  }

  /// The length nearest to `length`, the shorter of two.
  private static func nearest(_ lengths: [Int], to length: Int) -> Int {
    lengths.min { (abs($0 - length), $0) < (abs($1 - length), $1) } ?? 0
  }

  /// How many sequences of `order` words of the text are in a reference, each as often as it is in one at most, and
  /// how many there are.
  private static func matches(_ text: [String], _ references: [[String]], _ order: Int) -> (
    matches: Int, all: Int
  ) {
    let counts = WordRuns.counts(text, order)
    var most: [[Spelling]: Int] = [:]
    for reference in references {
      for (run, count) in WordRuns.counts(reference, order) {
        most[run] = max(most[run] ?? 0, count)
      }
    }
    let matches = counts.reduce(0) { $0 + min($1.value, most[$1.key] ?? 0) }
    return (matches, max(0, text.count - order + 1))
  }
}

/// Sequences of words.
enum WordRuns {
  /// How often each sequence of `order` words occurs.
  static func counts(_ words: [String], _ order: Int) -> [[Spelling]: Int] {
    var counts: [[Spelling]: Int] = [:]
    guard words.count >= order else { return counts }
    let spelt = words.map { Spelling($0) }
    for start in 0...(spelt.count - order) {
      counts[Array(spelt[start..<start + order]), default: 0] += 1
    }
    return counts
  }
}

extension BLEU.Words {
  func split(_ text: String) -> [String] {
    switch self {
    case .none: BLEU.Words.pieces(text.unicodeScalars)
    case .v13a: BLEU.Words.pieces(BLEU.Words.apart(text))
    }
  }

  private static func pieces(_ text: some Collection<Unicode.Scalar>) -> [String] {
    text.split { $0.properties.isWhitespace }.map { piece in
      var view = String.UnicodeScalarView()
      view.append(contentsOf: piece)
      return String(view)
    }
  }

  /// sacrebleu's `tokenizer_13a` and `tokenizer_re`, rule by rule: each goes over the whole text before the next.
  private static func apart(_ text: String) -> [Unicode.Scalar] {
    var text = text.replacing("<skipped>", with: "").replacing("-\n", with: "").replacing(
      "\n", with: " ")
    if text.utf8.contains(UInt8(ascii: "&")) {
      text = text.replacing("&quot;", with: "\"").replacing("&amp;", with: "&")
        .replacing("&lt;", with: "<").replacing("&gt;", with: ">")
    }
    var scalars: [Unicode.Scalar] = [" "]
    for scalar in text.unicodeScalars {
      scalars += isMark(scalar) ? [" ", scalar, " "] : [scalar]
    }
    scalars.append(" ")
    // A point or comma stands apart, but between digits; a hyphen behind a digit.
    scalars = pairs(scalars) { isDigit($0) || !isPoint($1) ? nil : [$0, " ", $1, " "] }
    scalars = pairs(scalars) { !isPoint($0) || isDigit($1) ? nil : [" ", $0, " ", $1] }
    return pairs(scalars) { isDigit($0) && $1 == "-" ? [$0, " ", $1, " "] : nil }
  }

  /// Replaces pairs of neighbours from the left; what was replaced is not looked at again.
  private static func pairs(
    _ text: [Unicode.Scalar], _ replace: (Unicode.Scalar, Unicode.Scalar) -> [Unicode.Scalar]?
  ) -> [Unicode.Scalar] {
    var result: [Unicode.Scalar] = []
    result.reserveCapacity(text.count)
    var place = 0
    while place < text.count {
      if place + 1 < text.count, let new = replace(text[place], text[place + 1]) {
        result += new
        place += 2
      } else {
        result.append(text[place])
        place += 1
      }
    }
    return result
  }

  private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
  private static func isPoint(_ scalar: Unicode.Scalar) -> Bool { scalar == "." || scalar == "," }

  private static func isMark(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "{"..."~", "["..."`", " "..."&", "("..."+", ":"..."@", "/": true
    default: false
    }
  }
}
