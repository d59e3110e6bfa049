import Foundation
import Foundations
import Testing
import Text

@testable import Privacy

/// Mechanisms on words: published numbers, exact search, errors.
@Suite struct WordMechanismTests {
  static func vectors(_ rows: [[Float]]) throws -> WordVectors {
    try WordVectors(rows.enumerated().map { (word: "w\($0)", vector: $1) })
  }

  static func random(_ words: Int, _ width: Int, seed: UInt64, offset: Double = 0) throws
    -> WordVectors
  {
    var stream = RandomStream(seed: seed)
    return try vectors(
      (0..<words).map { _ in (0..<width).map { _ in Float(stream.normal() + offset) } })
  }

  /// METHODS O6; W₀ also from scipy.special.lambertw.
  @Test func numbersOfTruncatedGumbelNoise() throws {
    let first = try TruncatedGumbel(epsilon: 50, words: 1000, closest: 1, farthest: 10)
    #expect(isClose(first.alpha, 11.3948298140, absolute: 1e-10))
    #expect(isClose(LambertW.principal(2 * first.alpha * 10), 4.0341070299, absolute: 1e-10))
    #expect(isClose(log(first.alpha), 2.4331597274, absolute: 1e-10))
    #expect(isClose(first.scale, 8.2197645204, absolute: 1e-10))
    let second = try TruncatedGumbel(epsilon: 30, words: 400_000, closest: 2.5, farthest: 15)
    #expect(isClose(second.alpha, 6.2935413797, absolute: 1e-10))
    #expect(isClose(second.scale, 10.8860731522, absolute: 1e-10))
    let third = try TruncatedGumbel(epsilon: 100, words: 400_000, closest: 0.5, farthest: 12)
    #expect(isClose(third.alpha, 14.8010402319, absolute: 1e-10))
    #expect(isClose(third.scale, 11.9907055025, absolute: 1e-10))
  }

  /// Scripts/oracles/private_text.py.
  @Test func truncatedGumbelNoiseIsThatOfSciPy() throws {
    for row in try Oracle("truncated_gumbel").rows {
      let rule = try TruncatedGumbel(
        epsilon: row[0], words: Int(row[1]), closest: row[2], farthest: row[3])
      #expect(isClose(rule.alpha, row[4], relative: 1e-13), "\(row)")
      #expect(isClose(rule.scale, row[5], relative: 1e-12), "\(row)")
    }
    for row in try Oracle("truncated_noise").rows {
      let noise = TruncatedNoise(scale: row[0], bound: row[1])
      #expect(isClose(noise.cumulative(0), row[2], relative: 1e-12), "\(row)")
      #expect(isClose(noise.quantile(0.3), row[3], relative: 1e-10), "\(row)")
      let parts = 20_000
      let mean =
        (0..<parts).reduce(0) { $0 + noise.quantile((Double($1) + 0.5) / Double(parts)) }
        / Double(parts)
      #expect(isClose(mean, row[4], absolute: 1e-4), "\(row): \(mean)")
    }
  }

  @Test func lambertsFunction() {
    for (x, w) in [
      (1.0, 0.5671432904097838), (-0.36, -0.8060843159708177), (10, 1.7455280027406994),
      (1e100, 224.84310644511851), (1e-9, 9.99999999e-10), (0, 0), (M_E, 1),
      (-0.1, -0.11183255915896297),
    ] { #expect(isClose(LambertW.principal(x), w, relative: 1e-13), "\(x)") }
    #expect(LambertW.principal(-0.4).isNaN && LambertW.principal(.nan).isNaN)
    #expect(LambertW.principal(-exp(-1.0)) == -1)
  }

  @Test func theNoiseIsTruncatedWhereItSays() throws {
    let noise = TruncatedNoise(scale: 2, bound: 3)
    #expect(isClose(noise.cumulative(0), 0.4520942948, absolute: 1e-10))
    #expect(isClose(noise.quantile(0.3), -0.6652671858, absolute: 1e-10))
    let parts = 200_000
    let mean =
      (0..<parts).reduce(0) { $0 + noise.quantile((Double($1) + 0.5) / Double(parts)) }
      / Double(parts)
    #expect(isClose(mean, 0.21566383, absolute: 1e-6), "\(mean)")
    #expect(noise.quantile(0) == -3 && isClose(noise.quantile(1), 3, relative: 1e-14))
  }

  @Test func ranksFollowATruncatedPoisson() throws {
    let sums = TruncatedGumbel.truncatedPoisson(400_000)
    let mean = sums.enumerated().reduce(0) { $0 + (1 - ($1.offset == 0 ? 0 : sums[$1.offset - 1])) }
    // ln 400,000 / (1 - 1/400,000): k = 0 is left out.
    #expect(isClose(mean, 12.89921982609 / (1 - 1 / 400_000.0), relative: 1e-9), "\(mean)")
    let two = TruncatedGumbel.truncatedPoisson(2)
    #expect(isClose(two[0], 2 / (2 + log(2.0)), relative: 1e-15) && two[1] == 1)
  }

  @Test func radiusOfTheExponentialMechanism() throws {
    let mechanism = try TruncatedExponential(epsilon: 4, words: 1000, beta: 0.001)
    #expect(isClose(mechanism.radius, 6.9067547786, absolute: 1e-10))
    // The words beyond the radius share at most β.
    let sums = mechanism.cumulativeWeights([0] + [Double](repeating: 50, count: 999))
    #expect(1 - sums[0] / sums[999] <= 0.001)
  }

  /// ‖N‖ has mean d/ε and standard deviation √d/ε.
  @Test func lengthOfTheNoise() {
    var draws = NoiseDraws(.seeded(RandomKey(seed: 1)))
    let lengths = (0..<40_000).map { number in
      draws.begin(number)
      return draws.gamma(shape: 300) / 10
    }
    let mean = lengths.reduce(0, +) / 40_000
    let variance = lengths.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / 40_000
    // Five standard errors.
    #expect(abs(mean - 30) < 5 * 1.7320508 / 200)
    #expect(abs(variance.squareRoot() - 1.7320508) < 5 * 1.7320508 / 282)
  }

  @Test(arguments: [0.0, 300])
  func searchIsExact(offset: Double) throws {
    let vectors = try Self.random(2500, 7, seed: 3, offset: offset)
    let space = try WordSpace(vectors.values, width: 7)
    var stream = RandomStream(seed: 4)
    for spread in [0.001, 1, 1e6] {
      var queries: [Double] = []
      for row in 0..<100 {
        queries += space.vector(row * 20).map { $0 + spread * stream.normal() }
      }
      let found = NearestWords(space).find(queries, keeping: 2)
      for row in 0..<100 {
        let query = queries[row * 7..<(row + 1) * 7]
        let all = (0..<space.count).map { word in
          zip(query, space.vector(word)).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
            .squareRoot()
        }
        let order = all.indices.sorted { (all[$0], $0) < (all[$1], $1) }
        #expect(found[row].words.map(\.word) == Array(order.prefix(2)), "\(offset) \(spread)")
        #expect(found[row].words[0].distance == all[order[0]])
      }
    }
  }

  @Test func equalVectors() throws {
    let vectors = try Self.vectors([[1, 0], [0, 1], [1, 0]])
    let mechanism = try WordMechanism(.laplace, epsilon: 1e6, vectors: vectors)
    // Nothing tells the last word from the first, which comes first.
    let found = try mechanism.exchange([0, 1, 2], .seeded(RandomKey(seed: 1)))
    #expect(found == [0, 1, 0])
    let error = failure {
      _ = try WordMechanism(.truncatedGumbel, epsilon: 1e6, vectors: vectors)
    }
    #expect(error?.message.contains("`w0` and `w2` have the same vector") == true)
  }

  @Test func extremesAreExact() throws {
    let space = try WordSpace(Self.random(70, 3, seed: 5).values, width: 3)
    let (closest, farthest) = try space.extremes()
    var all: [Double] = []
    for i in 0..<70 { for j in 0..<i { all.append(space.distance(i, j)) } }
    #expect(closest.distance == all.min() && farthest.distance == all.max())
    #expect(space.distance(closest.second, closest.first) == closest.distance)
    let rough = try space.roughDiameter()
    #expect(rough >= farthest.distance && rough <= 2 * farthest.distance)
  }

  @Test func sameSeedSameWords() throws {
    let vectors = try Self.random(600, 5, seed: 6)
    let words = (0..<900).map { Int32($0 % 600) }
    for kind in WordMechanism.Kind.allCases {
      let space = try WordSpace(vectors.values, width: 5).extremes()
      let epsilon =
        kind == .truncatedGumbel
        ? TruncatedGumbel.leastEpsilon(words: 600, closest: space.closest.distance) * 1.2 : 3
      let mechanism = try WordMechanism(kind, epsilon: epsilon, vectors: vectors)
      let key = NoiseSource.seeded(RandomKey(seed: 7))
      let first = try mechanism.exchange(words, key)
      let again = try Parallel.serially { try mechanism.exchange(words, key) }
      #expect(first == again, "\(kind)")
      #expect(first != words && first.prefix(600) != first.suffix(600), "\(kind)")
      let other = try mechanism.exchange(words, .seeded(RandomKey(seed: 8)))
      #expect(first != other, "\(kind)")
      let secure = try mechanism.exchange(words, .secure)
      let fresh = try mechanism.exchange(words, .secure)
      #expect(secure != fresh, "\(kind)")
    }
  }

  @Test func muchEpsilonChangesNothing() throws {
    let vectors = try Self.random(50, 4, seed: 9)
    let words = (0..<50).map { Int32($0) }
    for kind in [WordMechanism.Kind.laplace, .mahalanobis, .truncatedExponential] {
      let mechanism = try WordMechanism(kind, epsilon: 1e9, vectors: vectors)
      #expect(try mechanism.exchange(words, .secure) == words, "\(kind)")
    }
    var settings = WordMechanism.Settings()
    settings.t = 1
    let first = try WordMechanism(.vickrey, epsilon: 1e9, vectors: vectors, settings: settings)
    #expect(try first.exchange(words, .secure) == words)
    settings.t = 0
    let second = try WordMechanism(.vickrey, epsilon: 1e9, vectors: vectors, settings: settings)
    let found = try second.exchange(words, .secure)
    #expect(zip(found, words).allSatisfy { $0 != $1 })
  }

  @Test func badSettings() throws {
    let vectors = try Self.random(20, 3, seed: 10)
    for epsilon: Double in [0, -1, .nan, .infinity, 1e-300] {
      for kind in [WordMechanism.Kind.laplace, .vickrey, .mahalanobis, .truncatedGumbel] {
        #expect(failure { _ = try WordMechanism(kind, epsilon: epsilon, vectors: vectors) } != nil)
      }
    }
    #expect(
      failure { _ = try WordMechanism(.truncatedGumbel, epsilon: 1, vectors: vectors) }?
        .message.contains("needs a finite epsilon above") == true)
    for value: Double in [-0.1, 1.1, .nan] {
      var settings = WordMechanism.Settings()
      (settings.lambda, settings.t, settings.beta) = (value, value, value)
      for kind in [WordMechanism.Kind.mahalanobis, .vickrey, .truncatedExponential] {
        #expect(
          failure {
            _ = try WordMechanism(kind, epsilon: 1, vectors: vectors, settings: settings)
          }?.kind == .value)
      }
    }
    let one = try Self.vectors([[1, 2]])
    #expect(failure { _ = try WordMechanism(.laplace, epsilon: 1, vectors: one) }?.kind == .value)
    let nothing = try Self.vectors([[0, .infinity], [0, 0]])
    #expect(
      failure { _ = try WordMechanism(.laplace, epsilon: 1, vectors: nothing) }?.kind == .value)
    let mechanism = try WordMechanism(.laplace, epsilon: 1, vectors: vectors)
    #expect(failure { _ = try mechanism.exchange([20], .secure) }?.kind == .index)
    #expect(try mechanism.exchange([], .secure).isEmpty)
  }
}
