import Foundation
import Foundations
import Testing

@testable import Privacy

@Suite struct SemidefiniteTests {
  @Test(arguments: [
    // Eigenvalues 3 and -1; 1 and -1; -1 alone; 2 and 0.
    ([1.0, 2, 2, 1], [1.5, 1.5, 1.5, 1.5]), ([0, 1, 1, 0], [0.5, 0.5, 0.5, 0.5]),
    ([-1, 0, 0, -1], [0, 0, 0, 0]), ([1, 1, 1, 1], [1, 1, 1, 1]),
  ])
  func nearestMatrix(_ matrix: [Double], _ nearest: [Double]) throws {
    let found = try SymmetricEigen.semidefinite(matrix, 2)
    for (a, b) in zip(found, nearest) { #expect(isClose(a, b, absolute: 1e-12)) }
  }

  /// No other positive semi-definite matrix is nearer, and what is one stays as it is.
  @Test func isTheNearest() throws {
    var random = RandomStream(seed: 4)
    let size = 6
    func distance(_ a: [Double], _ b: [Double]) -> Double {
      zip(a, b).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
    }
    func square() -> [Double] {
      let rows = (0..<size).map { _ in (0..<size).map { _ in random.normal() } }
      return (0..<size * size).map { place in
        zip(rows[place / size], rows[place % size]).reduce(0) { $0 + $1.0 * $1.1 } / 6
      }
    }
    for _ in 0..<20 {
      var matrix = [Double](repeating: 0, count: size * size)
      for i in 0..<size {
        for j in 0...i {
          matrix[i * size + j] = random.normal()
          matrix[j * size + i] = matrix[i * size + j]
        }
      }
      let found = try SymmetricEigen.semidefinite(matrix, size)
      let (values, _) = try SymmetricEigen.decomposed(found, size)
      #expect(values.allSatisfy { $0 > -1e-12 })
      let own = distance(matrix, found)
      // On the way to any other one the distance only grows.
      for _ in 0..<20 {
        let other = square()
        let between = zip(found, other).map { 0.999 * $0 + 0.001 * $1 }
        #expect(distance(matrix, between) >= own - 1e-12)
      }
      let whole = square()
      let again = try SymmetricEigen.semidefinite(whole, size)
      #expect(distance(whole, again) < 1e-24)
    }
  }

  /// Released covariances of few rows with much noise are made so, and the intervals stay those of the entries.
  @Test func covariances() throws {
    let bounds = [try ValueBounds(0, 2), try ValueBounds(-1e6, 1e6), try ValueBounds(0, 1e-6)]
    let columns = [[0.0, 1, 2], [1e6, 0, -1e6], [0, 1e-6, 1e-6]]
    var bad = 0
    for seed in 0..<30 {
      func release(_ isSemidefinite: Bool) throws -> PrivateCovariance.Result {
        var random = CoinFlips(seeded: RandomKey(seed: UInt64(seed)))
        return try PrivateCovariance(
          bounds, epsilon: 1, contribution: UnitContribution(), isSemidefinite: isSemidefinite
        ).release(columns, &random)
      }
      let plain = try release(false)
      let made = try release(true)
      #expect(plain.lows == made.lows && plain.highs == made.highs)
      func least(_ values: [Double]) throws -> Double {
        let scaled = (0..<9).map {
          values[$0] / bounds[$0 / 3].halfWidth / bounds[$0 % 3].halfWidth
        }
        return try SymmetricEigen.decomposed(scaled, 3).values.min() ?? 0
      }
      if try least(plain.values) < -1e-9 { bad += 1 }
      #expect(try least(made.values) > -1e-12)
    }
    #expect(bad > 5, "\(bad)")
  }
}
