import Foundation
import Foundations
import Tensors
import Text

/// How much generated texts repeat themselves and each other: a model that always writes the same is not a fair one.
public enum GenerationDiversity {
  /// Distinct n-grams of all texts together, divided by their number (distinct-n, Li et al. 2016); nan where there is
  /// none.
  public static func distinct(_ n: Int, _ texts: [[String]]) throws(DomainError) -> Double {
    guard (1...100).contains(n) else {
      throw DomainError(.value, "n of n-grams must be within 1 and 100, got \(n)")
    }
    var seen: Set<ArraySlice<String>> = []
    var total = 0
    for text in texts where text.count >= n {
      for i in 0...(text.count - n) {
        if Parallel.isAbandoned(turn: total) { break }
        seen.insert(text[i..<(i + n)])
        total += 1
      }
    }
    return Double(seen.count) / Double(total)
  }

  /// What happens where no n-gram of some length matches.
  public enum Smoothing: Sendable, Equatable {
    /// The score is 0.
    case none
    /// A count of 0 becomes this number (method 1 of Chen and Cherry 2014; NLTK uses 0.1).
    case epsilon(Double)
    /// One is added to both counts for n > 1 (method 2 there).
    case addOne
  }

  /// The mean over texts of the BLEU score (Papineni et al. 2002) of a text with all others as references: self-BLEU
  /// (Zhu et al. 2018). High means that the texts are alike. Precisions of 1- to `order`-grams count alike; the
  /// reference length is the one closest to the text's own, the shorter of two. Every text is compared with all others,
  /// none is sampled. A text without tokens scores 0.
  ///
  /// - Throws: `value` for fewer than two texts or an order out of 1…100.
  public static func selfBLEU(
    _ texts: [[String]], order: Int = 4, smoothing: Smoothing = .epsilon(0.1)
  ) throws(DomainError) -> Double {
    guard texts.count >= 2 else {
      throw DomainError(.value, "self-BLEU compares at least two texts, got \(texts.count)")
    }
    guard (1...100).contains(order) else {
      throw DomainError(.value, "the order of BLEU must be within 1 and 100, got \(order)")
    }
    let tables = (1...order).map { ReferenceCounts($0, texts) }
    let lengths = texts.map(\.count).sorted()
    var sum = 0.0
    for (index, text) in texts.enumerated() where !text.isEmpty {
      try Cancellation.check(turn: index)
      let parts = tables.map { $0.matches(index, text) }
      sum += score(
        parts, length: text.count, reference: closest(to: text.count, in: lengths), smoothing)
    }
    return sum / Double(texts.count)
  }

  /// The length among the others that is closest; `lengths` is sorted and holds the text's own once.
  private static func closest(to length: Int, in lengths: [Int]) -> Int {
    var low = 0
    var high = lengths.count
    while low < high {
      let middle = (low + high) / 2
      if lengths[middle] < length { low = middle + 1 } else { high = middle }
    }
    // `low` is the text itself, or one of its length.
    let above = low + 1 < lengths.count ? lengths[low + 1] : nil
    let below = low > 0 ? lengths[low - 1] : nil
    switch (below, above) {
    case (let below?, let above?): return length - below <= above - length ? below : above
    case (let below?, nil): return below
    case (nil, let above?): return above
    case (nil, nil): return length
    }
  }

  private static func score(
    _ parts: [(matched: Int, total: Int)], length: Int, reference: Int, _ smoothing: Smoothing
  ) -> Double {
    // As NLTK: no word in common is 0 whatever the smoothing.
    guard let first = parts.first, first.matched > 0 else { return 0 }
    var sum = 0.0
    for (n, part) in parts.enumerated() {
      var numerator = Double(part.matched)
      var denominator = Double(max(1, part.total))
      switch smoothing {
      case .none: break
      case .epsilon(let epsilon): if part.matched == 0 { numerator = epsilon }
      case .addOne:
        if n > 0 {
          numerator += 1
          denominator += 1
        }
      }
      guard numerator > 0 else { return 0 }
      sum += log(numerator / denominator)
    }
    let brevity =
      length > reference ? 1 : exp(1 - Double(reference) / Double(length))
    return brevity * exp(sum / Double(parts.count))
  }
}

/// For every n-gram the most often that one text has it, and the second most often: so that a text's references are all
/// but itself without going over them again.
private struct ReferenceCounts {
  private struct Entry {
    var most = 0
    var owner = -1
    var second = 0
  }

  private let n: Int
  private var entries: [ArraySlice<String>: Entry] = [:]

  init(_ n: Int, _ texts: [[String]]) {
    self.n = n
    for (index, text) in texts.enumerated() {
      if Parallel.isAbandoned(turn: index) { break }
      for (gram, count) in counts(text) {
        var entry = entries[gram] ?? Entry()
        if count > entry.most {
          entry.second = entry.most
          entry.most = count
          entry.owner = index
        } else {
          entry.second = max(entry.second, count)
        }
        entries[gram] = entry
      }
    }
  }

  private func counts(_ text: [String]) -> [ArraySlice<String>: Int] {
    var counts: [ArraySlice<String>: Int] = [:]
    guard text.count >= n else { return counts }
    for i in 0...(text.count - n) {
      if Parallel.isAbandoned(turn: i) { break }
      counts[text[i..<(i + n)], default: 0] += 1
    }
    return counts
  }

  /// How many n-grams of text `index` occur in another text (each at most as often as in one of them), of how many.
  func matches(_ index: Int, _ text: [String]) -> (matched: Int, total: Int) {
    var matched = 0
    for (gram, count) in counts(text) {
      guard let entry = entries[gram] else { continue }
      matched += min(count, entry.owner == index ? entry.second : entry.most)
    }
    return (matched, max(0, text.count - n + 1))
  }
}
