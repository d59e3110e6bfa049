import Foundations

/// SplitMix64 (Steele, Lea, Flood 2014): a small seeded generator whose stream is part of this library's promise, so
/// that a split or a generated corpus is the same everywhere. Not for noise that protects anybody.
struct SplitMix64 {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in `0..<bound`, 0 where there is none.
  mutating func below(_ bound: Int) -> Int { EvenDraw.below(max(1, bound)) { next() } }

  /// A number in `[0, 1)`.
  mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  mutating func shuffle<T>(_ items: inout [T]) {
    guard items.count > 1 else { return }
    for i in stride(from: items.count - 1, to: 0, by: -1) { items.swapAt(i, below(i + 1)) }
  }
}

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
