import Foundations

/// P-values of several hypotheses that are tested together, made larger so that they may be compared with one level.
public enum Adjustment: String, Sendable, CaseIterable {
  /// Holm 1979: the chance of any false rejection stays below the level, however the tests depend on each other.
  case holm
  /// Benjamini and Hochberg 1995: of the rejections, the expected share of false ones stays below the level.
  case bh
  /// The chance of any false rejection, more carefully than needed: each p-value times the number of tests.
  case bonferroni

  /// The adjusted p-values in the order of the given ones, at most 1.
  /// - Throws: `value` where one is no probability.
  public func adjusted(_ ps: [Double]) throws(DomainError) -> [Double] {
    for p in ps where !(p >= 0 && p <= 1) {
      throw DomainError(.value, "a p-value lies within 0 and 1, got \(NumberText.shortest(p))")
    }
    let count = Double(ps.count)
    if self == .bonferroni { return ps.map { min(1, $0 * count) } }
    let order = ps.indices.sorted { ps[$0] < ps[$1] }
    var result = ps
    if self == .holm {
      var largest = 0.0
      for (rank, place) in order.enumerated() {
        largest = max(largest, min(1, ps[place] * (count - Double(rank))))
        result[place] = largest
      }
    } else {
      var least = 1.0
      for (rank, place) in order.enumerated().reversed() {
        least = min(least, ps[place] / (Double(rank + 1) / count))
        result[place] = least
      }
    }
    return result
  }
}
