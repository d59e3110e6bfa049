import Foundations
import Tensors
import Testing

@testable import Learning

@Suite struct ClippingRuleTests {
  func mean(_ vectors: [[Double]]) -> [Double] {
    vectors[0].indices.map { i in vectors.reduce(0) { $0 + $1[i] } / Double(vectors.count) }
  }

  @Test func workedExamples() throws {
    let gradients = [[3.0, 4], [0, 1], [-6, 8], [1, 0]]
    let clipped = try gradients.map { try ClippingRule.flat.apply($0, bound: 1) }
    #expect(zip(mean(clipped), [0.25, 0.65]).allSatisfy { abs($0 - $1) <= 1e-12 })
    let micro = [mean(Array(gradients[..<2])), mean(Array(gradients[2...]))]
    #expect(micro == [[1.5, 2.5], [-2.5, 4]])
    let average = mean(try micro.map { try ClippingRule.flat.apply($0, bound: 1) })
    #expect(zip(average, [-0.00775159, 0.85274561]).allSatisfy { abs($0 - $1) <= 5e-9 })
    #expect(
      try ClippingRule.automatic.apply([3, 4], bound: 1).elementsEqual([0.5988024, 0.79840319]) {
        abs($0 - $1) <= 5e-8
      })
    #expect(
      try ClippingRule.flat.apply([3, 4], bound: 1).elementsEqual([0.6, 0.8]) {
        abs($0 - $1) <= 1e-15
      })
    #expect(
      try ClippingRule.normalize.apply([3, 4], bound: 1)
        == ClippingRule.flat.apply([3, 4], bound: 1))
  }

  /// One example can turn a clipped micro-batch mean around: the sensitivity is twice the bound.
  @Test func microBatchMeansMoveByTwiceTheBound() throws {
    let without = try ClippingRule.flat.apply(mean([[10, 0]]), bound: 1)
    let with = try ClippingRule.flat.apply(mean([[10, 0], [-30, 0]]), bound: 1)
    #expect(without == [1, 0] && with == [-1, 0])
  }

  @Test func neverLongerThanTheBound() throws {
    for rule in ClippingRule.allCases {
      for vector: [Double] in [
        [0, 0], [1e-300, 0], [1e300, 1e300], [1.7e308, -1.7e308, 1.7e308], [0.1, 0.2],
        [Double.leastNonzeroMagnitude],
      ] {
        let clipped = try rule.apply(vector, bound: 0.5)
        #expect(try ClippingRule.isWithin(clipped, 0.5), "\(rule) \(vector) \(clipped)")
      }
      #expect(rule.weight(norm: .nan, bound: 1) == 0)
      #expect(rule.weight(norm: .infinity, bound: 1) == 0)
      #expect(rule.weight(norm: 1e-300, bound: 1).isFinite)
      #expect(failure { _ = try rule.apply([1], bound: 0) }?.kind == .value)
      #expect(failure { _ = try rule.apply([1], bound: .nan) }?.kind == .value)
      #expect(failure { _ = try rule.apply([.nan], bound: 1) }?.kind == .value)
    }
    #expect(try ClippingRule.flat.apply([0.1, 0.2], bound: 1) == [0.1, 0.2])
  }

  /// Numbers of either precision, and their squares: also as others add them up.
  @Test func roundingMakesNothingLonger() throws {
    var random = RandomStream(seed: 2)
    for count in [2, 3, 1000, 20_000] {
      for round in 0..<20 {
        let bound = round % 2 == 0 ? 1 : 0.1 + random.uniform()
        let vector = (0..<count).map { _ in Double(Float(10 * random.normal())) }
        for rule in ClippingRule.allCases {
          for asFloats in [true, false] {
            let clipped = try rule.apply(vector, bound: bound, asFloats: asFloats)
            #expect(try ClippingRule.isWithin(clipped, bound))
            if asFloats { #expect(clipped.allSatisfy { Double(Float($0)) == $0 }) }
            let norm = clipped.reduce(0) { $0 + $1 * $1 }.squareRoot()
            // Little is lost by it.
            #expect(norm > bound * (rule == .automatic ? 0.99 : 1 - 1e-6))
          }
        }
      }
    }
    // What is within the bound stays as it is, exactly at the bound too.
    #expect(try ClippingRule.flat.apply([3, 4], bound: 5) == [3, 4])
    #expect(try ClippingRule.flat.apply([3e200, 4e200], bound: 5e200) == [3e200, 4e200])
    #expect(try !ClippingRule.isWithin([3, 4.000000000000001], 5))
    #expect(
      try ClippingRule.isWithin([1, 1e-170], 1.0000000000000002)
        && !ClippingRule.isWithin([1, 1e-15], 1))
  }

  /// What training multiplies with: numbers of 32 bits times it, rounded, stay within the bound.
  @Test func weightsOfTrainingMakeNothingLonger() throws {
    var random = RandomStream(seed: 3)
    for round in 0..<400 {
      let bound = 0.1 + random.uniform()
      let size = round % 2 == 0 ? 1 : 1 + 9 * random.uniform()
      let scale = [1, 0.03, 1e-4][round % 3]
      let vector = (0..<(2 + round)).map { _ in Float(scale * random.normal()) }
      let norm = vector.reduce(0) { $0 + Double($1) * Double($1) }.squareRoot()
      for rule in ClippingRule.allCases {
        let weight = rule.weight(norm: norm, bound: bound, size: size)
        let clipped = vector.map { Double($0 * weight) }
        #expect(try ClippingRule.isWithin(clipped, bound), "\(rule) \(norm) \(bound)")
        // It is the rule of `apply`, but for some millionths.
        let exact = try rule.apply(vector.map { Double($0) / size }, bound: bound)
        for (a, b) in zip(clipped, exact) { #expect(abs(a - b) <= 5e-6 * abs(b)) }
      }
    }
    #expect(ClippingRule.flat.weight(norm: 0.5, bound: 1) == 1)
    #expect(ClippingRule.flat.weight(norm: 0, bound: 1) == 1)
    #expect(ClippingRule.normalize.weight(norm: 0, bound: 1) == 0)
    #expect(ClippingRule.flat.weight(norm: 2, bound: 1, size: 4) == 0.25)
  }
}
