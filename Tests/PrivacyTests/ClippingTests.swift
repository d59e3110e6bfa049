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
        let norm = clipped.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(norm <= 0.5 * (1 + 1e-12) && norm.isFinite, "\(rule) \(vector) \(clipped)")
      }
      #expect(rule.factor(norm: .nan, bound: 1) == 0)
      #expect(rule.factor(norm: .infinity, bound: 1) == 0)
      #expect(failure { _ = try rule.apply([1], bound: 0) }?.kind == .value)
      #expect(failure { _ = try rule.apply([1], bound: .nan) }?.kind == .value)
      #expect(failure { _ = try rule.apply([.nan], bound: 1) }?.kind == .value)
    }
    #expect(try Clipping.flat.apply([0.1, 0.2], bound: 1) == [0.1, 0.2])
  }
}
