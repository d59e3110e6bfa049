import Glibc

/// The name of a random stream: derived from a root seed by purposes and numbers (trial, client, round, step), so that
/// what is drawn for one thing never depends on what else was drawn, nor on the order or the threads in which it
/// happened.
public struct RandomKey: Sendable, Hashable {
  public let high: UInt64
  public let low: UInt64

  public init(seed: UInt64) {
    (high, low) = RandomKey.mix(0x6a09_e667_f3bc_c908, 0xbb67_ae85_84ca_a73b, seed)
  }

  /// A key that was written down before.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  private init(_ parts: (UInt64, UInt64)) { (high, low) = parts }

  /// The key for one purpose below this one.
  public func derived(_ purpose: String) -> RandomKey {
    var parts = RandomKey.mix(high, low, 0x7075_7270_6f73_6500)
    var word: UInt64 = 0
    var filled: UInt64 = 0
    for byte in purpose.utf8 {
      word = word << 8 | UInt64(byte)
      filled += 1
      if filled % 8 == 0 {
        parts = RandomKey.mix(parts.0, parts.1, word)
        word = 0
      }
    }
    parts = RandomKey.mix(parts.0, parts.1, word)
    return RandomKey(RandomKey.mix(parts.0, parts.1, filled))
  }

  /// The key for one number (a trial, a client, a round, a step) below this one.
  public func derived(_ number: Int) -> RandomKey {
    RandomKey(RandomKey.mix(high, low, UInt64(bitPattern: Int64(number)) ^ 0x6e75_6d62_6572_0000))
  }

  public func derived(_ purpose: String, _ numbers: Int...) -> RandomKey {
    numbers.reduce(derived(purpose)) { $0.derived($1) }
  }

  /// The numbers that belong to this key, from the beginning.
  public var stream: RandomStream { RandomStream(self) }

  /// Folds a word into 128 bits: two rounds of 64×64→128 multiplication with distinct odd constants.
  private static func mix(_ a: UInt64, _ b: UInt64, _ word: UInt64) -> (UInt64, UInt64) {
    var x = a ^ word
    var y = b &+ word &* 0x9e37_79b9_7f4a_7c15
    for _ in 0..<2 {
      let p = (x ^ 0xa076_1d64_78bd_642f).multipliedFullWidth(by: 0xe703_7ed1_a0b4_28db)
      let q = (y ^ 0x8ebc_6af0_9c88_c6e3).multipliedFullWidth(by: 0x5899_65cc_7537_4cc3)
      x = p.high ^ q.low &+ y
      y = q.high ^ p.low &+ (x << 31 | x >> 33)
    }
    return (x, y)
  }
}

/// Reproducible random numbers: Philox 4×32-10 (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3")
/// keyed by a `RandomKey`. Position n of a stream can be computed without its predecessors. Not for noise that protects
/// people: see `SecureRandom`.
public struct RandomStream: Sendable, RandomNumberGenerator {
  public let key: RandomKey
  /// The next block of four words.
  public private(set) var position: UInt64
  private var block: (UInt32, UInt32, UInt32, UInt32) = (0, 0, 0, 0)
  /// Words of `block` already given out.
  private var taken = 4
  private var spare: Double?

  public init(_ key: RandomKey, position: UInt64 = 0) {
    self.key = key
    self.position = position
  }

  public init(seed: UInt64) { self.init(RandomKey(seed: seed)) }

  /// Block `counter` of the stream of `key`: the stream's key words are its low half, the counter's upper words its
  /// high half.
  public static func philox(_ key: RandomKey, _ counter: UInt64) -> (UInt32, UInt32, UInt32, UInt32)
  {
    var c0 = UInt32(truncatingIfNeeded: counter)
    var c1 = UInt32(truncatingIfNeeded: counter >> 32)
    var c2 = UInt32(truncatingIfNeeded: key.high)
    var c3 = UInt32(truncatingIfNeeded: key.high >> 32)
    var k0 = UInt32(truncatingIfNeeded: key.low)
    var k1 = UInt32(truncatingIfNeeded: key.low >> 32)
    for _ in 0..<10 {
      let p0 = UInt64(c0) &* 0xD251_1F53
      let p1 = UInt64(c2) &* 0xCD9E_8D57
      let n0 = UInt32(truncatingIfNeeded: p1 >> 32) ^ c1 ^ k0
      let n2 = UInt32(truncatingIfNeeded: p0 >> 32) ^ c3 ^ k1
      c1 = UInt32(truncatingIfNeeded: p1)
      c3 = UInt32(truncatingIfNeeded: p0)
      c0 = n0
      c2 = n2
      k0 &+= 0x9E37_79B9
      k1 &+= 0xBB67_AE85
    }
    return (c0, c1, c2, c3)
  }

  public mutating func nextUInt32() -> UInt32 {
    if taken == 4 {
      block = RandomStream.philox(key, position)
      position &+= 1
      taken = 0
    }
    taken += 1
    switch taken {
    case 1: return block.0
    case 2: return block.1
    case 3: return block.2
    default: return block.3
    }
  }

  public mutating func next() -> UInt64 {
    let low = UInt64(nextUInt32())
    return low | UInt64(nextUInt32()) << 32
  }

  /// Sets `blocks` Philox blocks aside, beginning at a multiple of `aligned`, and returns the first one's position: for
  /// filling a buffer in parallel, each part from its own position.
  public mutating func reserve(blocks: Int, aligned: UInt64 = 1) -> UInt64 {
    taken = 4
    spare = nil
    let start = (position + aligned - 1) / aligned * aligned
    position = start &+ UInt64(blocks)
    return start
  }

  /// In [0, 1), 53 bits.
  public mutating func uniform() -> Double { Double(next() >> 11) * 0x1p-53 }

  public mutating func uniform(_ low: Double, _ high: Double) -> Double {
    low + (high - low) * uniform()
  }

  /// Standard normal (Box–Muller, f64).
  public mutating func normal() -> Double {
    if let value = spare {
      spare = nil
      return value
    }
    // 1 - u lies in (0, 1], where the logarithm is finite.
    let radius = (-2 * log(1 - uniform())).squareRoot()
    let angle = 2 * Double.pi * uniform()
    spare = radius * sin(angle)
    return radius * cos(angle)
  }

  /// In 0..<bound, every value equally likely. `bound` must be positive.
  public mutating func integer(below bound: Int) -> Int { EvenDraw.below(bound) { next() } }

  /// A random order of 0..<count (Fisher–Yates).
  public mutating func permutation(_ count: Int) -> [Int] {
    var order = Array(0..<count)
    shuffle(&order)
    return order
  }

  public mutating func shuffle<T>(_ items: inout [T]) {
    guard items.count > 1 else { return }
    for i in stride(from: items.count - 1, to: 0, by: -1) {
      items.swapAt(i, integer(below: i + 1))
    }
  }

  /// A Poisson sample: each of 0..<count on its own with `probability`, in ascending order. Gaps are drawn
  /// geometrically, so the cost is that of the sample, not of the whole.
  public mutating func poissonSample(_ count: Int, probability: Double) -> [Int] {
    guard probability > 0, count > 0 else { return [] }
    guard probability < 1 else { return Array(0..<count) }
    var chosen: [Int] = []
    chosen.reserveCapacity(Int(Double(count) * probability * 1.2) + 8)
    let scale = 1 / log1p(-probability)
    var index = 0.0
    while true {
      index += (log(1 - uniform()) * scale).rounded(.down)
      guard index < Double(count) else { return chosen }
      chosen.append(Int(index))
      index += 1
    }
  }

  /// `size` distinct members of 0..<count, each subset equally likely, in random order.
  public mutating func sample(_ size: Int, of count: Int) -> [Int] {
    precondition(size >= 0 && size <= count, "a sample is at most the whole")
    // Robert Floyd's method, then a shuffle.
    var chosen: Set<Int> = []
    var result: [Int] = []
    result.reserveCapacity(size)
    for top in (count - size)..<count {
      let candidate = integer(below: top + 1)
      let pick = chosen.contains(candidate) ? top : candidate
      chosen.insert(pick)
      result.append(pick)
    }
    shuffle(&result)
    return result
  }
}
