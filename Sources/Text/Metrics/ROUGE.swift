// ROUGE (Lin, "ROUGE: A Package for Automatic Evaluation of Summaries", 2004) as the package rouge-score 0.1 computes
// it, without stemming.

import Foundations

/// How much of a reference's words is in a text, and of the text's in the reference.
public enum ROUGE {
  public enum Kind: Sendable, Equatable {
    /// Sequences of so many words.
    case runs(Int)
    /// The longest common subsequence of the two texts.
    case longest
  }

  public struct Score: Sendable, Equatable {
    public var precision: Double
    public var recall: Double
    public var f1: Double
  }

  /// Lower-cased runs of the letters a to z and digits; all else divides them.
  public static func words(_ text: String) -> [String] {
    text.lowercased().utf8.split { byte in
      !(UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte)
        && !(UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
    }.map { String(decoding: $0, as: UTF8.self) }
  }

  /// Of a text and the reference, of several, with which its F1 is highest.
  ///
  /// - Throws: `value` where there is no reference, or the sequences have no word.
  public static func score(
    _ text: String, references: [String], _ kind: Kind
  ) throws(DomainError) -> Score {
    if case .runs(let order) = kind, order < 1 {
      throw DomainError(.value, "sequences have at least 1 word, not \(order)")
    }
    let found = words(text)
    let scores = references.map { score(found, words($0), kind) }
    guard var best = scores.first else { throw DomainError(.value, "a text needs a reference") }
    for score in scores.dropFirst() where score.f1 > best.f1 { best = score }
    return best
  }

  private static func score(_ text: [String], _ reference: [String], _ kind: Kind) -> Score {
    let common: Int
    let counts: (Int, Int)
    switch kind {
    case .runs(let order):
      let (a, b) = (WordRuns.counts(text, order), WordRuns.counts(reference, order))
      common = a.reduce(0) { $0 + min($1.value, b[$1.key] ?? 0) }
      counts = (max(0, text.count - order + 1), max(0, reference.count - order + 1))
    case .longest:
      common = longestCommon(text.map { Spelling($0) }, reference.map { Spelling($0) })
      counts = (text.count, reference.count)
    }
    let precision = Double(common) / Double(max(1, counts.0))
    let recall = Double(common) / Double(max(1, counts.1))
    let sum = precision + recall
    return Score(
      precision: precision, recall: recall, f1: sum > 0 ? 2 * precision * recall / sum : 0)
  }

  /// The length of the longest common subsequence.
  private static func longestCommon(_ a: [Spelling], _ b: [Spelling]) -> Int {
    var row = [Int](repeating: 0, count: b.count + 1)
    for word in a where !Parallel.isAbandoned {
      var diagonal = 0
      for (place, other) in b.enumerated() {
        let above = row[place + 1]
        row[place + 1] = word == other ? diagonal + 1 : max(above, row[place])
        diagonal = above
      }
    }
    return row[b.count]
  }
}
