// Mechanisms that exchange a word for one that is near it. M is ε·d-private for a metric d (Chatzikokolakis, Andrés,
// Bordenabe, Palamidessi 2013; Feyisetan, Balle, Drake, Diethe 2020, arXiv 1910.08902) if for all words w, w', x
//
//   P[M(w) = x] ≤ exp(ε·d(w, w'))·P[M(w') = x].
//
// What each promises, φ(w) being a word's vector:
//
// - laplace (Feyisetan et al. 2020, theorem 2): the word nearest to φ(w) + N, N of density ∝ exp(-ε‖N‖): ε·d-private
//   for the Euclidean d, by the triangle inequality, and because choosing the nearest word is post-processing.
// - mahalanobis (Xu, Aggarwal, Feyisetan, Teissier 2020, arXiv 2010.11947): density ∝ exp(-ε·√(Nᵀ·Σ⁻¹·N)), Σ = λ·S +
//   (1 - λ)·I, S the vectors' covariance scaled to a mean variance of 1: ε·d-private for the regularised Mahalanobis
//   distance √((φ - φ')ᵀ·Σ⁻¹·(φ - φ')), which is at most 1/√(1 - λ) times the Euclidean one.
// - vickrey (Xu, Aggarwal, Feyisetan, Teissier 2021, PrivateNLP): as laplace, but of the two nearest words the second
//   is given out with probability (1 - t)·d₁/(t·d₂ + (1 - t)·d₁): post-processing of the same noisy vector.
// - truncated exponential: see `TruncatedExponential`. truncated Gumbel: see `TruncatedGumbel`, which promises nothing.
//
// A promise is one about distances: far words are told apart easily, near ones hardly. Noise is drawn as 64-bit floats;
// only a word leaves, so the lowest bits of a noisy vector, which would betray it (Mironov 2012), do not.

import Foundation
import Foundations
import Text

public struct WordMechanism: Sendable {
  public enum Kind: String, Sendable, CaseIterable {
    case laplace, mahalanobis, vickrey
    case truncatedExponential = "truncated_exponential"
    case truncatedGumbel = "truncated_gumbel"
  }

  /// What some of the mechanisms have besides epsilon.
  public struct Settings: Sendable {
    /// λ of mahalanobis, at least 0 and below 1: 0 is laplace.
    public var lambda = 0.2
    /// t of vickrey, 0 to 1: 1 is laplace, 0 always gives the second nearest.
    public var t = 0.5
    /// β of the truncated exponential mechanism.
    public var beta = 0.001

    public init() {}
  }

  public let kind: Kind
  /// Per word and unit of distance.
  public let epsilon: Double
  let space: WordSpace
  private let rule: Rule

  /// What the mechanisms need, computed once.
  private enum Rule: Sendable {
    /// With a covariance where noise is not the same in all directions.
    case nearest(NearestWords, Covariance?)
    case second(NearestWords, t: Double)
    case exponential(TruncatedExponential)
    case gumbel(TruncatedGumbel, farthest: WordSpace.Pair)
  }

  /// - Throws: `value` where epsilon is not above 0, or so small that noise dwarfs all vectors, a setting is out of
  ///   range, there are fewer than two words, or the mechanism cannot be set for these vectors; `interrupt`.
  public init(_ kind: Kind, epsilon: Double, vectors: WordVectors, settings: Settings = Settings())
    throws
  {
    guard epsilon > 0, epsilon < .infinity else {
      throw DomainError(.value, "epsilon must be above 0 and finite, got \(epsilon)")
    }
    let space = try WordSpace(vectors.values, width: vectors.width)
    switch kind {
    case .laplace, .mahalanobis, .vickrey:
      let largest = space.largestNorm > 0 ? space.largestNorm : 1
      guard Double(space.width) / epsilon <= 1e12 * largest else {
        throw DomainError(
          .value,
          "epsilon is \(epsilon): the noise is more than a million million times as long as any vector",
          hint:
            "the longest vector has a length of \(NumberText.brief(largest)): epsilon times distances should be around 10"
        )
      }
    case .truncatedExponential, .truncatedGumbel: break
    }
    self.kind = kind
    self.epsilon = epsilon
    self.space = space
    switch kind {
    case .laplace: rule = .nearest(NearestWords(space), nil)
    case .mahalanobis:
      rule = .nearest(NearestWords(space), try Covariance(space, lambda: settings.lambda))
    case .vickrey:
      guard settings.t >= 0, settings.t <= 1 else {
        throw DomainError(.value, "t must be within 0 and 1, got \(settings.t)")
      }
      rule = .second(NearestWords(space), t: settings.t)
    case .truncatedExponential:
      rule = .exponential(
        try TruncatedExponential(epsilon: epsilon, words: space.count, beta: settings.beta))
    case .truncatedGumbel:
      let (closest, farthest) = try space.extremes()
      guard closest.distance > 0 else {
        throw DomainError(
          .value,
          "`\(vectors.words[closest.first])` and `\(vectors.words[closest.second])` have the same vector: truncated Gumbel noise, set by the two closest words, would be without end",
          hint: "leave one of them out, or take \"truncated_exponential\"")
      }
      rule = .gumbel(
        try TruncatedGumbel(
          epsilon: epsilon, words: space.count, closest: closest.distance,
          farthest: farthest.distance), farthest: farthest)
    }
  }

  public var wordCount: Int { space.count }

  /// Of the noise; nil where it is the same in all directions.
  var covariance: Covariance? {
    if case .nearest(_, let covariance) = rule { covariance } else { nil }
  }

  /// The truncated Gumbel mechanism with the two words that are farthest apart; nil for the others.
  var gumbel: (TruncatedGumbel, farthest: WordSpace.Pair)? {
    if case .gumbel(let mechanism, let farthest) = rule { (mechanism, farthest) } else { nil }
  }

  /// Whether the mechanism keeps a promise that is proved.
  public var isPrivate: Bool { kind != .truncatedGumbel }

  /// Words in exchange for words, both by their numbers in the vocabulary; each has noise of its own.
  ///
  /// - Throws: `index` where a number is no word, `interrupt`.
  public func exchange(_ words: [Int32], _ source: NoiseSource) throws -> [Int32] {
    if let wrong = words.first(where: { !(0..<space.count).contains(Int($0)) }) {
      throw DomainError(.index, "word \(wrong) is not one of \(space.count)")
    }
    return try Cancellation.abandonable {
      switch rule {
      case .nearest(let search, let covariance):
        return byNoise(words, source, search, keeping: 1, factor: covariance?.factor) { found, _ in
          found[0].word
        }
      case .second(let search, let t):
        return byNoise(words, source, search, keeping: 2, factor: nil) { found, draws in
          let (first, second) = (found[0].distance, found[1].distance)
          let weights = (t * second, (1 - t) * first)
          // Both words are where the noise ended: then the first, as where t is 1.
          guard weights.0 + weights.1 > 0 else { return found[0].word }
          return draws.uniform() * (weights.0 + weights.1) < weights.1
            ? found[1].word : found[0].word
        }
      case .exponential(let mechanism):
        return byWord(words, source) { distances in
          let sums = mechanism.cumulativeWeights(distances)
          return { draws in TruncatedExponential.draw(sums, &draws) }
        }
      case .gumbel(let mechanism, _):
        return byWord(words, source) { distances in
          var neighbours = NeighbourRanks(distances)
          return { draws in
            let rank = mechanism.rank(&draws)
            return neighbours.nearest(rank).reduce(into: (word: 0, distance: Double.infinity)) {
              best, word in
              let noisy = distances[word] + mechanism.noise.draw(&draws)
              if noisy < best.distance { best = (word, noisy) }
            }.word
          }
        }
      }
    }
  }

  /// Noise is added to each word's vector, and one of the nearest words chosen.
  private func byNoise(
    _ words: [Int32], _ source: NoiseSource, _ search: NearestWords, keeping: Int,
    factor: [Double]?,
    _ choose: (_ found: [(word: Int, distance: Double)], inout NoiseDraws) -> Int
  ) -> [Int32] {
    let width = space.width
    return [Int32](unsafeUninitializedCapacity: words.count) { result, filled in
      nonisolated(unsafe) let result = result
      Parallel.blocks(words.count, size: NearestWords.block) { block in
        // One number for each word and one more, so that what is chosen has draws of its own.
        var draws = NoiseDraws(source)
        var queries = [Double](repeating: 0, count: block.count * width)
        queries.withUnsafeMutableBufferPointer { queries in
          guard let base = queries.baseAddress else { return }
          for (row, place) in block.enumerated() {
            draws.begin(2 * place)
            addNoise(to: Int(words[place]), factor, &draws, into: base + row * width)
          }
        }
        let found = search.find(queries, keeping: keeping)
        for (row, place) in block.enumerated() {
          draws.begin(2 * place + 1)
          result[place] = Int32(choose(found[row].words, &draws))
        }
      }
      filled = words.count
    }
  }

  /// φ(w) + N: the direction uniform, the length of a gamma distribution of shape `width` and scale 1/ε, which is the
  /// density ∝ exp(-ε‖N‖); multiplied with `factor`.
  private func addNoise(
    to word: Int, _ factor: [Double]?, _ draws: inout NoiseDraws,
    into result: UnsafeMutablePointer<Double>
  ) {
    let width = space.width
    withUnsafeTemporaryAllocation(of: Double.self, capacity: width) { direction in
      guard let direction = direction.baseAddress else { return }
      draws.direction(width, into: direction)
      let length = draws.gamma(shape: Double(width)) / epsilon
      for k in 0..<width {
        var component = direction[k]
        if let factor {
          component = 0
          for i in 0...k { component += factor[k * width + i] * direction[i] }
        }
        result[k] = Double(space.columns[k * space.count + word]) + length * component
      }
    }
  }

  /// Equal words share what is computed from their distances to all others: `prepare` is called once for each of them.
  private func byWord(
    _ words: [Int32], _ source: NoiseSource,
    _ prepare: (_ distances: [Double]) -> (inout NoiseDraws) -> Int
  ) -> [Int32] {
    // Places in the order of their words.
    var starts = [Int](repeating: 0, count: space.count + 1)
    for word in words { starts[Int(word) + 1] += 1 }
    for word in 0..<space.count { starts[word + 1] += starts[word] }
    var next = starts
    var places = [Int](repeating: 0, count: words.count)
    for (place, word) in words.enumerated() {
      places[next[Int(word)]] = place
      next[Int(word)] += 1
    }
    let present = (0..<space.count).filter { starts[$0] < starts[$0 + 1] }
    return [Int32](unsafeUninitializedCapacity: words.count) { result, filled in
      nonisolated(unsafe) let result = result
      Parallel.blocks(present.count, size: 4) { block in
        var draws = NoiseDraws(source)
        for word in present[block] {
          let draw = prepare(space.distances(from: word))
          for place in places[starts[word]..<starts[word + 1]] {
            draws.begin(place)
            result[place] = Int32(draw(&draws))
          }
        }
      }
      filled = words.count
    }
  }
}

/// A word's neighbours by rank: the word itself, at distance 0, is the first; of equally near ones the first in the
/// vocabulary comes first.
struct NeighbourRanks {
  private let distances: [Double]
  private var ranked: [Int] = []
  /// What a first look ranks: more are seldom asked for.
  private static let few = 64

  init(_ distances: [Double]) { self.distances = distances }

  /// The `count` nearest words, the nearest first.
  mutating func nearest(_ count: Int) -> ArraySlice<Int> {
    if ranked.count < min(count, distances.count) {
      ranked = count <= Self.few ? first(min(Self.few, distances.count)) : all()
    }
    return ranked.prefix(count)
  }

  private func all() -> [Int] {
    distances.indices.sorted { (distances[$0], $0) < (distances[$1], $1) }
  }

  private func first(_ count: Int) -> [Int] {
    var best: [Int] = []
    for (word, distance) in distances.enumerated() {
      if best.count == count, distance >= distances[best[count - 1]] { continue }
      let place = best.firstIndex { distance < distances[$0] } ?? best.count
      best.insert(word, at: place)
      if best.count > count { best.removeLast() }
    }
    return best
  }
}
