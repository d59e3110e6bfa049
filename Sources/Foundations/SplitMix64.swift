/// SplitMix64 (Steele, Lea, Flood 2014): a small seeded generator whose stream is part of this library's promise, so
/// that a split or a generated corpus is the same everywhere. Not for noise that protects anybody.
public struct SplitMix64 {
  private var state: UInt64

  public init(seed: UInt64) { state = seed }

  public mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  /// A number in `0..<bound`, 0 where there is none.
  public mutating func below(_ bound: Int) -> Int { EvenDraw.below(max(1, bound)) { next() } }

  /// A number in `[0, 1)`.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  public mutating func shuffle<T>(_ items: inout [T]) {
    guard items.count > 1 else { return }
    for i in stride(from: items.count - 1, to: 0, by: -1) { items.swapAt(i, below(i + 1)) }
  }
}
