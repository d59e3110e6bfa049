import Foundation
import Foundations

/// A permutation test (Fisher 1935; Pitman 1937) of whether two samples come from the same distribution: how often does
/// a random exchange of their values make the difference as large as it is? All exchanges are tried where there are no
/// more than `resamples`; otherwise random ones, to which the observed one is added (Phipson and Smyth 2010).
public struct PermutationTest: Sendable {
  public let statistic: Double
  public let p: Double
  /// How many exchanges were looked at.
  public let resamples: Int
  /// Whether these were all that there are.
  public let isExact: Bool

  /// What is exchanged, and what counts.
  public struct Options: Sendable {
    /// Whether values are exchanged within pairs only, instead of freely.
    public var isPaired = false
    public var alternative = Alternative.twoSided
    /// 1 to a million.
    public var resamples = 10_000
    public var key: RandomKey

    public init(key: RandomKey) { self.key = key }
  }

  /// Of the difference of a statistic between the first and the second sample.
  /// - Throws: `value` where a sample is empty, or pairs are of different numbers.
  public init(_ a: [Double], _ b: [Double], _ statistic: SampleStatistic, _ options: Options)
    throws
  {
    let exchanges = try Exchanges(a, b, options)
    // All these statistics' differences stay when a constant is added; so fewer digits cancel.
    let centre = Sample.mean(a + b)
    let (x, y) = (a.map { $0 - centre }, b.map { $0 - centre })
    let observed = statistic(x) - statistic(y)
    let largest = (x + y).reduce(0) { max($0, abs($1)) }
    var tally = Tally(observed, tolerance: 1e-14 * max(abs(observed), largest))
    if exchanges.isExact {
      try exchanges.all(x, y) { tally.count(statistic($0) - statistic($1)) }
    } else {
      tally = exchanges.random(x, y, tally) { statistic($0) - statistic($1) }
    }
    self.init(tally, exchanges)
  }

  /// Of any number of two samples.
  /// - Throws: as for a named statistic, and what `statistic` throws.
  public init(
    _ a: [Double], _ b: [Double], _ options: Options,
    statistic: ([Double], [Double]) throws -> Double
  ) throws {
    let exchanges = try Exchanges(a, b, options)
    let observed = try statistic(a, b)
    var tally = Tally(observed, tolerance: 100 * Double.ulpOfOne * abs(observed))
    if exchanges.isExact {
      try exchanges.all(a, b) { tally.count(try statistic($0, $1)) }
    } else {
      for block in 0..<exchanges.blocks {
        try exchanges.block(block, a, b) { tally.count(try statistic($0, $1)) }
      }
    }
    self.init(tally, exchanges)
  }

  private init(_ tally: Tally, _ exchanges: Exchanges) {
    statistic = tally.observed
    isExact = exchanges.isExact
    resamples = tally.total
    // The order that was observed is one of the possible ones.
    let more = exchanges.isExact ? 0.0 : 1
    let total = Double(tally.total) + more
    p =
      tally.observed.isNaN
      ? .nan
      : exchanges.options.alternative.p(
        lower: (Double(tally.below) + more) / total, upper: (Double(tally.above) + more) / total)
  }
}

/// How many statistics are as small and as large as the observed one.
private struct Tally {
  let observed: Double
  let tolerance: Double
  var below = 0
  var above = 0
  var total = 0

  init(_ observed: Double, tolerance: Double) {
    self.observed = observed
    self.tolerance = tolerance
  }

  mutating func count(_ statistic: Double) {
    total += 1
    if statistic <= observed + tolerance { below += 1 }
    if statistic >= observed - tolerance { above += 1 }
  }

  mutating func add(_ other: Tally) {
    below += other.below
    above += other.above
    total += other.total
  }
}

/// The ways to exchange the values of two samples.
private struct Exchanges {
  let options: PermutationTest.Options
  let isExact: Bool

  static let blockSize = 64

  init(_ a: [Double], _ b: [Double], _ options: PermutationTest.Options) throws(DomainError) {
    try Requirement.count(a, atLeast: 1, of: "a permutation test's first sample")
    try Requirement.count(b, atLeast: 1, of: "a permutation test's second sample")
    guard (1...1_000_000).contains(options.resamples) else {
      throw DomainError(
        .value, "a permutation test takes 1 to 1000000 resamples, got \(options.resamples)")
    }
    if options.isPaired { try Requirement.pairs(a.count, b.count) }
    self.options = options
    let count = Double(a.count)
    let logNumber =
      options.isPaired
      ? count * log(2) : Saddlepoint.logBinomial(count + Double(b.count), count)
    // Both are whole numbers, which logarithms give to within far less than a half.
    isExact = logNumber < log(Double(options.resamples) + 0.5)
  }

  var blocks: Int { (options.resamples + Self.blockSize - 1) / Self.blockSize }

  /// Each exchange once.
  func all(_ a: [Double], _ b: [Double], _ body: ([Double], [Double]) throws -> Void) throws {
    if options.isPaired {
      for mask in 0..<(1 << a.count) {
        try Cancellation.check(turn: mask)
        var (x, y) = (a, b)
        for i in a.indices where mask >> i & 1 == 1 { swap(&x[i], &y[i]) }
        try body(x, y)
      }
      return
    }
    let pool = a + b
    var chosen = Array(a.indices)
    var turn = 0
    while true {
      try Cancellation.check(turn: turn)
      turn += 1
      var isChosen = [Bool](repeating: false, count: pool.count)
      for place in chosen { isChosen[place] = true }
      try body(chosen.map { pool[$0] }, pool.indices.filter { !isChosen[$0] }.map { pool[$0] })
      // The next choice in the order of dictionaries.
      var last = chosen.count - 1
      while last >= 0, chosen[last] == pool.count - chosen.count + last { last -= 1 }
      guard last >= 0 else { return }
      chosen[last] += 1
      for place in last + 1..<chosen.count { chosen[place] = chosen[place - 1] + 1 }
    }
  }

  /// The random exchanges of one block.
  func block(
    _ block: Int, _ a: [Double], _ b: [Double], _ body: ([Double], [Double]) throws -> Void
  ) rethrows {
    var random = options.key.derived(block).stream
    var (x, y) = (a, b)
    let count = min(Self.blockSize, options.resamples - block * Self.blockSize)
    for _ in 0..<count where !Parallel.isAbandoned {
      if options.isPaired {
        for i in x.indices where random.next() & 1 == 1 { swap(&x[i], &y[i]) }
      } else {
        // The first places of a random order of all values.
        for i in x.indices {
          let other = i + random.integer(below: x.count + y.count - i)
          if other < x.count {
            x.swapAt(i, other)
          } else {
            swap(&x[i], &y[other - x.count])
          }
        }
      }
      try body(x, y)
    }
  }

  /// Of all blocks, side by side.
  func random(
    _ a: [Double], _ b: [Double], _ empty: Tally, _ statistic: ([Double], [Double]) -> Double
  ) -> Tally {
    var tallies = [Tally](repeating: empty, count: blocks)
    tallies.withUnsafeMutableBufferPointer { tallies in
      nonisolated(unsafe) let tallies = tallies
      Parallel.each(blocks) { block in
        var tally = empty
        self.block(block, a, b) { tally.count(statistic($0, $1)) }
        tallies[block] = tally
      }
    }
    return tallies.reduce(into: empty) { $0.add($1) }
  }
}
