import Foundations

/// Random bits for exact samplers (Canonne, Kamath, Steinke 2020), no more at a time than are needed: they are what
/// noise costs most.
///
/// What is released takes the operating system's. Seeded ones give the same samples by the same algorithms again, for
/// tests and simulations; they protect nobody.
struct CoinFlips {
  private enum Source {
    case system(SecureRandom)
    case seeded(RandomStream)
  }
  private var source: Source
  private var word: UInt64 = 0
  private var left = 0

  /// Of the operating system.
  init() { source = .system(SecureRandom()) }

  /// Of a stream that everybody can compute.
  init(seeded key: RandomKey) { source = .seeded(key.stream) }

  private mutating func fresh() -> UInt64 {
    switch source {
    case .system(let random): return random.next()
    case .seeded(var stream):
      let next: UInt64 = stream.next()
      source = .seeded(stream)
      return next
    }
  }

  /// The next `count` bits, at most 64.
  mutating func take(_ count: Int) -> UInt64 {
    let mask = count == 64 ? UInt64.max : (1 << UInt64(count)) - 1
    if count <= left {
      let bits = word & mask
      word >>= UInt64(count)
      left -= count
      return bits
    }
    // What is left comes first, the rest from the next word.
    let (first, next) = (word, fresh())
    let used = count - left
    let bits = (first | next << UInt64(left)) & mask
    word = used == 64 ? 0 : next >> UInt64(used)
    left = 64 - used
    return bits
  }

  /// True half of the time.
  mutating func flip() -> Bool { take(1) == 1 }

  /// Uniform in 0..<bound by rejection.
  mutating func uniform(below bound: UInt64) -> UInt64 {
    if bound <= 1 { return 0 }
    let bits = 64 - (bound - 1).leadingZeroBitCount
    while true {
      let draw = take(bits)
      if draw < bound { return draw }
    }
  }

  /// Uniform in 0..<bound by rejection.
  mutating func uniform(belowWide bound: UInt128) -> UInt128 {
    if bound <= UInt128(UInt64.max) { return UInt128(uniform(below: UInt64(bound))) }
    let bits = 128 - (bound - 1).leadingZeroBitCount
    while true {
      let draw = UInt128(take(bits - 64)) << 64 | UInt128(take(64))
      if draw < bound { return draw }
    }
  }

  /// Whether a number that is uniform in 0..<bound is below `threshold`, which is at most `bound`. Its bits are drawn
  /// from the highest down, a few at a time, until they decide; mostly the first few do. `bound` is below 2¹²⁷.
  mutating func isBelow(_ threshold: UInt128, of bound: UInt128) -> Bool {
    if threshold == bound { return true }
    if threshold == 0 { return false }
    let bits = 128 - (bound - 1).leadingZeroBitCount
    while true {
      var draw: UInt128 = 0
      var open = bits
      while open > 0 {
        let part = min(open, 8)
        draw = draw << UInt128(part) | UInt128(take(part))
        open -= part
        // All numbers that begin like this.
        let (least, most) = (draw << UInt128(open), ((draw + 1) << UInt128(open)) - 1)
        if most < threshold { return true }
        if least >= bound { break }
        if least >= threshold, most < bound { return false }
      }
    }
  }

  /// A random order of the items (Fisher and Yates); only the first `count` of them are asked for.
  mutating func shuffle<T>(_ items: inout [T], first count: Int) {
    for place in 0..<min(count, items.count) {
      items.swapAt(place, place + Int(uniform(below: UInt64(items.count - place))))
    }
  }
}
