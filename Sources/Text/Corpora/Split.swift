import Foundations

/// Seeded division of examples into two parts.
public enum Split {
  /// `count` indices in two parts, the first of `round(fraction * count)`, each in rising order.
  ///
  /// - Throws: `value` where `fraction` is not within 0 and 1.
  public static func indices(count: Int, fraction: Double, seed: UInt64) throws(DomainError) -> (
    first: [Int], second: [Int]
  ) {
    try check(fraction)
    var generator = SplitMix64(seed: seed)
    return cut(Array(0..<max(0, count)), fraction, &generator)
  }

  /// The same within each class, so that both parts have nearly the same share of each.
  public static func stratified(labels: [Int32], fraction: Double, seed: UInt64)
    throws(DomainError) -> (first: [Int], second: [Int])
  {
    try check(fraction)
    var generator = SplitMix64(seed: seed)
    let byClass = Dictionary(grouping: labels.indices) { labels[$0] }
    var first: [Int] = []
    var second: [Int] = []
    for label in byClass.keys.sorted() {
      let part = cut(byClass[label] ?? [], fraction, &generator)
      first += part.first
      second += part.second
    }
    return (first.sorted(), second.sorted())
  }

  private static func cut(_ indices: [Int], _ fraction: Double, _ generator: inout SplitMix64) -> (
    first: [Int], second: [Int]
  ) {
    var order = indices
    generator.shuffle(&order)
    let size = Int((fraction * Double(order.count)).rounded())
    return (order[..<size].sorted(), order[size...].sorted())
  }

  private static func check(_ fraction: Double) throws(DomainError) {
    guard fraction >= 0, fraction <= 1 else {
      throw DomainError(.value, "a part of a split must be within 0 and 1, got \(fraction)")
    }
  }
}
