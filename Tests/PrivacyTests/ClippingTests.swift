import Tensor
import Testing

@testable import Privacy

@Suite struct ClippingTests {
  func mean(_ vectors: [[Double]]) -> [Double] {
    vectors[0].indices.map { i in vectors.reduce(0) { $0 + $1[i] } / Double(vectors.count) }
  }

  @Test func workedExamples() throws {
    let gradients = [[3.0, 4], [0, 1], [-6, 8], [1, 0]]
    let clipped = try gradients.map { try Clipping.flat.apply($0, bound: 1) }
    #expect(zip(mean(clipped), [0.25, 0.65]).allSatisfy { isClose($0, $1, absolute: 1e-12) })
    let micro = [mean(Array(gradients[..<2])), mean(Array(gradients[2...]))]
    #expect(micro == [[1.5, 2.5], [-2.5, 4]])
    let average = mean(try micro.map { try Clipping.flat.apply($0, bound: 1) })
    #expect(zip(average, [-0.00775159, 0.85274561]).allSatisfy { isClose($0, $1, absolute: 5e-9) })
    #expect(
      try Clipping.automatic.apply([3, 4], bound: 1).elementsEqual([0.5988024, 0.79840319]) {
        isClose($0, $1, absolute: 5e-8)
      })
    #expect(
      try Clipping.flat.apply([3, 4], bound: 1).elementsEqual([0.6, 0.8]) {
        isClose($0, $1, relative: 1e-15)
      })
    #expect(
      try Clipping.normalize.apply([3, 4], bound: 1) == Clipping.flat.apply([3, 4], bound: 1))
  }

  /// One example can turn a clipped micro-batch mean around: the sensitivity is twice the bound.
  @Test func microBatchMeansMoveByTwiceTheBound() throws {
    let without = try Clipping.flat.apply(mean([[10, 0]]), bound: 1)
    let with = try Clipping.flat.apply(mean([[10, 0], [-30, 0]]), bound: 1)
    #expect(without == [1, 0] && with == [-1, 0])
  }

  @Test func neverLongerThanTheBound() throws {
    for rule in Clipping.allCases {
      for vector: [Double] in [
        [0, 0], [1e-300, 0], [1e300, 1e300], [1.7e308, -1.7e308, 1.7e308], [0.1, 0.2],
        [Double.leastNonzeroMagnitude],
      ] {
        let clipped = try rule.apply(vector, bound: 0.5)
        #expect(try Clipping.isWithin(clipped, 0.5), "\(rule) \(vector) \(clipped)")
      }
      #expect(rule.factor(norm: .nan, bound: 1) == 0)
      #expect(rule.factor(norm: .infinity, bound: 1) == 0)
      #expect(failure { _ = try rule.apply([1], bound: 0) }?.kind == .value)
      #expect(failure { _ = try rule.apply([1], bound: .nan) }?.kind == .value)
      #expect(failure { _ = try rule.apply([.nan], bound: 1) }?.kind == .value)
    }
    #expect(try Clipping.flat.apply([0.1, 0.2], bound: 1) == [0.1, 0.2])
  }

  /// Numbers of either precision, and their squares: also as others add them up.
  @Test func roundingMakesNothingLonger() throws {
    var random = RandomStream(seed: 2)
    for count in [2, 3, 1000, 20_000] {
      for round in 0..<20 {
        let bound = round % 2 == 0 ? 1 : 0.1 + random.uniform()
        let vector = (0..<count).map { _ in Double(Float(10 * random.normal())) }
        for rule in Clipping.allCases {
          for asFloats in [true, false] {
            let clipped = try rule.apply(vector, bound: bound, asFloats: asFloats)
            #expect(try Clipping.isWithin(clipped, bound))
            if asFloats { #expect(clipped.allSatisfy { Double(Float($0)) == $0 }) }
            let norm = clipped.reduce(0) { $0 + $1 * $1 }.squareRoot()
            // Little is lost by it.
            #expect(norm > bound * (rule == .automatic ? 0.99 : 1 - 1e-6))
          }
        }
      }
    }
    // What is within the bound stays as it is, exactly at the bound too.
    #expect(try Clipping.flat.apply([3, 4], bound: 5) == [3, 4])
    #expect(try Clipping.flat.apply([3e200, 4e200], bound: 5e200) == [3e200, 4e200])
    #expect(try !Clipping.isWithin([3, 4.000000000000001], 5))
    #expect(
      try Clipping.isWithin([1, 1e-170], 1.0000000000000002) && !Clipping.isWithin([1, 1e-15], 1))
  }
}
