// How well answers were found in a text, as the evaluation script of SQuAD 1.1 measures it (Rajpurkar, Zhang, Lopyrev
// and Liang, "SQuAD: 100,000+ Questions for Machine Comprehension of Text", EMNLP 2016).

import Foundations

public enum AnswerScore {
  /// Lower-cased, without ASCII punctuation, without the words a, an and the, single spaces between words.
  public static func normalized(_ answer: String) -> String {
    var plain = String.UnicodeScalarView()
    for scalar in answer.lowercased().unicodeScalars where !isPunctuation(scalar) {
      plain.append(scalar)
    }
    // An article is a whole run of letters, digits and underscores.
    var result = String.UnicodeScalarView()
    var word = String.UnicodeScalarView()
    func close() {
      let isArticle = ["a", "an", "the"].contains(String(word))
      result.append(contentsOf: isArticle ? " ".unicodeScalars : word)
      word = String.UnicodeScalarView()
    }
    for scalar in plain {
      if isWordPart(scalar) {
        word.append(scalar)
      } else {
        close()
        result.append(scalar)
      }
    }
    close()
    return String(result).split { $0.isWhitespace }.joined(separator: " ")
  }

  /// Whether the answer is one of the right ones, both normalised.
  public static func isExact(_ answer: String, _ right: [String]) -> Bool {
    let answer = normalized(answer)
    return right.contains { normalized($0).isSpelt(answer) }
  }

  /// The F1 of the answer's words and those of the right answer with which it is highest.
  public static func f1(_ answer: String, _ right: [String]) -> Double {
    let words = normalized(answer).split(separator: " ").map(String.init)
    return right.map { f1(words, normalized($0).split(separator: " ").map(String.init)) }.max() ?? 0
  }

  private static func f1(_ a: [String], _ b: [String]) -> Double {
    let (x, y) = (WordRuns.counts(a, 1), WordRuns.counts(b, 1))
    let common = x.reduce(0) { $0 + min($1.value, y[$1.key] ?? 0) }
    guard common > 0 else { return 0 }
    let (precision, recall) = (
      Double(common) / Double(a.count), Double(common) / Double(b.count)
    )
    return 2 * precision * recall / (precision + recall)
  }

  private static func isPunctuation(_ scalar: Unicode.Scalar) -> Bool {
    switch scalar {
    case "!"..."/", ":"..."@", "["..."`", "{"..."~": true
    default: false
    }
  }

  private static func isWordPart(_ scalar: Unicode.Scalar) -> Bool {
    scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }
}
