import Foundation
import Foundations
import Testing

@testable import Tensors

@Test func philoxMatchesThePublishedVectors() {
  // Random123's known-answer tests for philox4x32-10: counter and key all zero, and all ones.
  let zero = RandomStream.philox(RandomKey(high: 0, low: 0), 0)
  #expect(zero == (0x6627_e8d5, 0xe169_c58d, 0xbc57_ac4c, 0x9b00_dbd8))
  let ones = RandomStream.philox(RandomKey(high: .max, low: .max), .max)
  #expect(ones == (0x408f_276d, 0x41c8_3b0e, 0xa20b_c7c6, 0x6d54_51fd))
}

@Test func keysNameIndependentStreams() {
  let root = RandomKey(seed: 7)
  let keys = [
    root, root.derived("noise"), root.derived("sampling"), root.derived(1), root.derived(2),
    root.derived("noise", 1, 2), root.derived("noise", 2, 1), root.derived(""),
    root.derived("noise\0"), RandomKey(seed: 8),
  ]
  #expect(Set(keys).count == keys.count)
  #expect(root.derived("noise", 1, 2) == RandomKey(seed: 7).derived("noise").derived(1).derived(2))
  // A flipped bit of the number flips about half of the key.
  var flips = 0
  for bit in 0..<48 {
    let (a, b) = (root.derived(0), root.derived(1 << bit))
    flips += (a.low ^ b.low).nonzeroBitCount + (a.high ^ b.high).nonzeroBitCount
  }
  #expect(abs(Double(flips) / (48 * 128) - 0.5) < 0.04)
}

@Test func streamsRepeatAndFillsAreCutFree() throws {
  var a = RandomStream(seed: 3)
  var b = RandomStream(seed: 3)
  #expect((0..<100).allSatisfy { _ in a.next() == b.next() })
  let x = try Tensor.normal([100_000], &a)
  let y = try Tensor.normal([100_000], &b)
  #expect(try Tensor.identical(x, y))
  // A longer fill begins with the shorter one.
  var c = RandomStream(seed: 4)
  var d = RandomStream(seed: 4)
  let short = try Tensor.normal([777], &c)
  let long = try Tensor.normal([90_000], &d).sliced(axis: 0, from: 0, to: 777)
  #expect(try Tensor.identical(short, long))
  #expect(try !Tensor.identical(Tensor.normal([777], &c), short))
}

@Test func momentsAreThoseOfTheDistributions() throws {
  var random = RandomStream(seed: 11)
  let normal = try Tensor.normal([400_000], mean: 1, deviation: 2, &random)
  #expect(abs(try normal.mean().item() - 1) < 0.02)
  #expect(abs(try normal.standardDeviation().item() - 2) < 0.02)
  let uniform = try Tensor.uniform([400_000], low: -1, high: 3, &random)
  #expect(abs(try uniform.mean().item() - 1) < 0.02)
  #expect(try uniform.minimum().item() >= -1 && uniform.maximum().item() < 3)
  var sum = 0.0
  var squares = 0.0
  for _ in 0..<100_000 {
    let value = random.normal()
    sum += value
    squares += value * value
  }
  #expect(abs(sum / 1e5) < 0.02 && abs(squares / 1e5 - 1) < 0.03)
}

@Test func integersHaveNoBias() {
  var random = RandomStream(seed: 12)
  var counts = [Int](repeating: 0, count: 6)
  for _ in 0..<60_000 { counts[random.integer(below: 6)] += 1 }
  let chi = counts.reduce(0.0) { $0 + pow(Double($1) - 10_000, 2) / 10_000 }
  #expect(chi < 35)
  #expect((0..<100).allSatisfy { _ in random.integer(below: 1) == 0 })
  let large = (0..<100).map { _ in random.integer(below: .max) }
  #expect(Set(large).count == 100)
}

@Test func permutationsAndSamples() {
  var random = RandomStream(seed: 13)
  #expect(random.permutation(100).sorted() == Array(0..<100))
  #expect(random.permutation(0).isEmpty)
  let sample = random.sample(10, of: 20)
  #expect(Set(sample).count == 10 && sample.allSatisfy { (0..<20).contains($0) })
  #expect(random.sample(5, of: 5).sorted() == [0, 1, 2, 3, 4])
  var firsts = [Int](repeating: 0, count: 4)
  for _ in 0..<40_000 { firsts[random.permutation(4)[0]] += 1 }
  #expect(firsts.allSatisfy { abs($0 - 10_000) < 450 })
}

@Test func poissonSamplesHaveTheirRate() {
  var random = RandomStream(seed: 14)
  var total = 0
  var hits = [Int](repeating: 0, count: 50)
  for _ in 0..<20_000 {
    let sample = random.poissonSample(50, probability: 0.1)
    #expect(sample == sample.sorted() && Set(sample).count == sample.count)
    total += sample.count
    for i in sample { hits[i] += 1 }
  }
  #expect(abs(Double(total) / 20_000 - 5) < 0.08)
  #expect(hits.allSatisfy { abs($0 - 2000) < 260 })
  #expect(random.poissonSample(10, probability: 0).isEmpty)
  #expect(random.poissonSample(10, probability: 1) == Array(0..<10))
}

@Test func secureBitsDiffer() {
  let random = SecureRandom()
  #expect(Set((0..<2000).map { _ in random.next() }).count == 2000)
  #expect(SecureRandom.seed() != SecureRandom.seed())
}
