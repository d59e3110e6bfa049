import Foundation
import Foundations
import Testing
import Text

@testable import Privacy

/// Tries to falsify ε·d-privacy on tiny vocabularies, and checks that faults are found.
@Suite struct WordMechanismFalsifierTests {
  /// Words on two sides of a gap, near and far ones.
  static let points: [[Float]] = [[0, 0], [1, 0], [0.2, 1.1], [3, 0.5], [3.2, -1]]

  /// Bounds of a chance that holds but with probability 1e-6 each, by Chernoff's bound: n·KL(p̂‖p) = ln(1e6).
  static func bounds(_ hits: Int, of n: Int) -> ClosedRange<Double> {
    let share = Double(hits) / Double(n)
    func divergence(_ p: Double) -> Double {
      (share > 0 ? share * log(share / p) : 0)
        + (share < 1 ? (1 - share) * log((1 - share) / (1 - p)) : 0)
    }
    func edge(_ outer: Double) -> Double {
      var (inside, outside) = (share, outer)
      for _ in 0..<60 {
        let middle = (inside + outside) / 2
        if Double(n) * divergence(middle) <= log(1e6) { inside = middle } else { outside = middle }
      }
      return outside
    }
    return edge(0)...edge(1)
  }

  /// The largest log of how often the promise is certainly broken: above 0 it is refuted.
  static func excess(
    _ mechanism: WordMechanism, promised: (Int, Int) -> Double, runs: Int
  ) throws -> Double {
    let n = mechanism.wordCount
    let counts = try (0..<n).map { word in
      let out = try mechanism.exchange(
        [Int32](repeating: Int32(word), count: runs),
        .seeded(RandomKey(seed: 11).derived(word)))
      return out.reduce(into: [Int](repeating: 0, count: n)) { $0[Int($1)] += 1 }
    }
    var worst = -Double.infinity
    for w in 0..<n {
      for other in 0..<n where other != w {
        for x in 0..<n {
          let low = bounds(counts[w][x], of: runs).lowerBound
          let high = bounds(counts[other][x], of: runs).upperBound
          worst = max(worst, log(low / high) - promised(w, other))
        }
      }
    }
    return worst
  }

  @Test(arguments: [
    WordMechanism.Kind.laplace, .mahalanobis, .vickrey, .truncatedExponential,
  ])
  func promisesHoldAndFaultsAreFound(kind: WordMechanism.Kind) throws {
    let epsilon = 0.8
    func excess(_ points: [[Float]], _ factor: Double) throws -> Double {
      let vectors = try WordMechanismTests.vectors(points)
      var settings = WordMechanism.Settings()
      settings.lambda = 0.7
      let mechanism = try WordMechanism(
        kind, epsilon: factor * epsilon, vectors: vectors, settings: settings)
      return try Self.excess(
        mechanism, promised: { epsilon * Self.distance($0, $1, mechanism) }, runs: 20_000)
    }
    let plane = try excess(Self.points, 1)
    #expect(plane <= 0, "\(kind): \(plane)")
    let line: [[Float]] = [[0], [0.4], [3], [3.3]]
    let holds = try excess(line, 1)
    #expect(holds <= 0, "\(kind): \(holds)")
    // Half the noise. Mechanisms that spread more than they promise to show it at a third or a quarter.
    let factors: [WordMechanism.Kind: Double] = [.vickrey: 4, .truncatedExponential: 3]
    let broken = try excess(line, factors[kind] ?? 2)
    #expect(broken > 0.1, "\(kind): \(broken)")
  }

  /// Between two words, in the metric that the mechanism promises in.
  static func distance(_ a: Int, _ b: Int, _ mechanism: WordMechanism) -> Double {
    guard let covariance = mechanism.covariance else { return mechanism.space.distance(a, b) }
    let difference = zip(mechanism.space.vector(a), mechanism.space.vector(b)).map { $0 - $1 }
    return covariance.whitened(difference).reduce(0) { $0 + $1 * $1 }.squareRoot()
  }

  /// The exponential mechanism's distribution, exactly: logs of chances differ by at most ε·d.
  @Test func exponentialMechanismExactly() throws {
    let vectors = try WordMechanismTests.vectors(Self.points)
    let space = try WordSpace(vectors.values, width: 2)
    let epsilon = 1.3
    for beta in [1e-9, 0.001, 0.3, 0.9] {
      let mechanism = try TruncatedExponential(epsilon: epsilon, words: 5, beta: beta)
      func logs(_ distances: [Double]) -> [Double] {
        let sums = mechanism.cumulativeWeights(distances)
        return sums.indices.map { log((sums[$0] - ($0 > 0 ? sums[$0 - 1] : 0)) / sums[4]) }
      }
      var worst = -Double.infinity
      var squared = -Double.infinity
      for a in 0..<5 {
        for b in 0..<5 where b != a {
          let promised = epsilon * space.distance(a, b)
          let (from, to) = (space.distances(from: a), space.distances(from: b))
          for (x, y) in zip(logs(from), logs(to)) { worst = max(worst, x - y - promised) }
          for (x, y) in zip(logs(from.map { $0 * $0 }), logs(to.map { $0 * $0 })) {
            squared = max(squared, x - y - promised)
          }
        }
      }
      #expect(worst <= 1e-12, "\(beta): \(worst)")
      // Squared distances, mistaken for distances, break it where the radius lets them.
      if beta < 0.01 { #expect(squared > 0.5, "\(beta): \(squared)") }
    }
  }

  @Test func drawsFollowTheExactDistribution() throws {
    let vectors = try WordMechanismTests.vectors(Self.points)
    let mechanism = try WordMechanism(.truncatedExponential, epsilon: 1.3, vectors: vectors)
    let rule = try TruncatedExponential(epsilon: 1.3, words: 5, beta: 0.001)
    let sums = rule.cumulativeWeights(mechanism.space.distances(from: 1))
    let runs = 100_000
    let out = try mechanism.exchange(
      [Int32](repeating: 1, count: runs), .seeded(RandomKey(seed: 2)))
    for x in 0..<5 {
      let chance = (sums[x] - (x > 0 ? sums[x - 1] : 0)) / sums[4]
      #expect(Self.bounds(out.count { Int($0) == x }, of: runs).contains(chance), "\(x)")
    }
  }

  /// P[M(w) = x] of truncated Gumbel noise by integration: over k, and over the noise of x.
  static func gumbelChance(
    _ rule: TruncatedGumbel, _ distances: [Double], _ x: Int, parts: Int = 4000
  ) -> Double {
    let order = distances.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }
    guard let rank = order.firstIndex(of: x) else { return 0 }
    let sums = TruncatedGumbel.truncatedPoisson(rule.words)
    // Weights in full: the sums end where 64 bits cannot tell them from 1.
    let mean = log(Double(rule.words))
    let first = sums[0]
    var weight = first
    var total = 0.0
    for k in 1...rule.words {
      if k > 1 { weight *= mean / Double(k) }
      guard k > rank else { continue }
      var chance = 0.0
      for part in 0..<parts {
        let noise = rule.noise.quantile((Double(part) + 0.5) / Double(parts))
        var wins = 1.0
        for other in order.prefix(k) where other != x {
          wins *= 1 - rule.noise.cumulative(distances[x] + noise - distances[other])
        }
        chance += wins
      }
      total += weight * chance / Double(parts)
    }
    return total
  }

  @Test func truncatedGumbelDrawsFollowTheirDistribution() throws {
    let vectors = try WordMechanismTests.vectors(Self.points)
    let mechanism = try WordMechanism(.truncatedGumbel, epsilon: 20, vectors: vectors)
    let (rule, _) = try #require(mechanism.gumbel)
    let distances = mechanism.space.distances(from: 3)
    let runs = 100_000
    let out = try mechanism.exchange(
      [Int32](repeating: 3, count: runs), .seeded(RandomKey(seed: 3)))
    var sum = 0.0
    for x in 0..<5 {
      let chance = Self.gumbelChance(rule, distances, x)
      sum += chance
      let range = Self.bounds(out.count { Int($0) == x }, of: runs)
      #expect(range.lowerBound - 1e-4 <= chance && chance <= range.upperBound + 1e-4, "\(x)")
    }
    #expect(isClose(sum, 1, absolute: 1e-5), "\(sum)")
  }

  /// What the paper claims does not hold: on words that are all about as far from each other, the exact chances say so,
  /// and by at least as much as `claimIsRefuted` says.
  @Test func theClaimForTruncatedGumbelNoiseIsRefuted() throws {
    let n = 24
    let vectors = try WordMechanismTests.vectors(
      (0..<n).map { word in (0..<n).map { $0 == word ? 1 + 0.001 * Float(word) : 0 } })
    let closest = try WordSpace(vectors.values, width: n).extremes().closest.distance
    let epsilon = TruncatedGumbel.leastEpsilon(words: n, closest: closest) * 1.05
    let mechanism = try WordMechanism(.truncatedGumbel, epsilon: epsilon, vectors: vectors)
    let (rule, pair) = try #require(mechanism.gumbel)
    let from = mechanism.space.distances(from: pair.first)
    let own = mechanism.space.distances(from: pair.second)
    let found = try #require(rule.claimIsRefuted(distance: pair.distance, rank: n))
    let exact =
      log(Self.gumbelChance(rule, own, pair.second, parts: 400))
      - log(Self.gumbelChance(rule, from, pair.second, parts: 400))
    #expect(exact > epsilon * pair.distance, "\(exact)")
    #expect(exact >= found.least && found.least > found.claimed)
    #expect(mechanism.refutation(vectors.words)?.contains("`w23`") == true)
    #expect(!mechanism.isPrivate)
    #expect(try mechanism.epsilonOfText(words: 3, diameter: 9) == .infinity)
  }
}
