import Foundations
import Learning
import Testing
import Text

@testable import Privacy

@Suite struct AdeptTests {
  /// METHODS O6.
  @Test func sensitivityInL1() throws {
    #expect(isClose(LatentMechanism.l1Sensitivity(clip: 5, width: 1024), 320, relative: 1e-14))
    #expect(LatentMechanism.l1Sensitivity(clip: 5, width: 1024) >= 320)
    for (width, factor) in [(1024, 32), (32, 5.656854249), (36, 6), (1, 1)] {
      let published = try LatentMechanism(
        .laplace, epsilon: 2, delta: 0, clip: 5, width: width)
      #expect(isClose(published.epsilon / published.epsilonClaimed, factor, absolute: 1e-9))
      #expect(published.epsilon >= 2 * Double(width).squareRoot() && published.scale >= 5)
      let corrected = try LatentMechanism(
        .laplaceL2, epsilon: 2, delta: 0, clip: 5, width: width)
      #expect(corrected.epsilon == 2 && isClose(corrected.scale, 5 * factor, relative: 1e-9))
    }
  }

  /// Habernal 2021, section 4: with C = 3 the first pair breaks the claim, the second does not.
  @Test func habernalsPairs() throws {
    let published = try LatentMechanism(.laplace, epsilon: 1, delta: 0, clip: 3, width: 2)
    let pairs: [([Double], [Double])] = [([2, 2], [-2, -2]), ([-1, 1], [3, 3])]
    let broken = try pairs.filter { try published.loss(between: $0.0, $0.1) > 1 }
    #expect(Double(broken.count) / 2 == 0.5)
    #expect(isClose(try published.loss(between: [2, 2], [-2, -2]), 8 / 6.0, relative: 1e-12))
    // What is certified holds for both, and is reached by the worst pair but for rounding.
    for pair in pairs { #expect(try published.loss(between: pair.0, pair.1) <= published.epsilon) }
    let worst = try published.loss(between: [9, 9], [-9, -9])
    #expect(worst <= published.epsilon && worst > published.epsilon * (1 - 1e-9))
    for noise in [LatentMechanism.Noise.laplaceL1, .laplaceL2] {
      let corrected = try LatentMechanism(noise, epsilon: 1, delta: 0, clip: 3, width: 2)
      for pair in pairs + [([9, 9], [-9, -9]), ([9, 0], [-9, 0])] {
        #expect(try corrected.loss(between: pair.0, pair.1) <= 1)
      }
    }
  }

  @Test func clippingNeverExceedsItsBound() throws {
    var stream = RandomStream(seed: 1)
    for noise in LatentMechanism.Noise.allCases {
      let mechanism = try LatentMechanism(noise, epsilon: 1, delta: 1e-5, clip: 0.7, width: 9)
      for _ in 0..<200 {
        let code = (0..<9).map { _ in stream.normal() }
        let clipped = try mechanism.clipped(code)
        let length =
          noise == .laplaceL1
          ? clipped.reduce(0) { $0 + abs($1) }
          : clipped.reduce(0) { $0 + $1 * $1 }.squareRoot()
        #expect(length <= 0.7 * (1 + 1e-15) && length > 0.69)
      }
      #expect(try mechanism.clipped([Double](repeating: 0.01, count: 9)).allSatisfy { $0 == 0.01 })
      for bad: Double in [.nan, .infinity] {
        #expect(failure { _ = try mechanism.clipped([bad, 1]) }?.kind == .value)
      }
    }
  }

  @Test func gaussianNoiseIsTheAnalyticOne() throws {
    let mechanism = try LatentMechanism(.gaussian, epsilon: 1, delta: 1e-5, clip: 2, width: 4)
    let multiplier = try GaussianMechanism.noiseMultiplier(epsilon: 1, delta: 1e-5)
    #expect(mechanism.scale >= 4 * multiplier && mechanism.scale < 4 * multiplier * (1 + 1e-12))
    #expect(mechanism.event.mechanism == .approximate(epsilon: 1, delta: 1e-5))
    #expect(mechanism.event.neighbours == .replaceOne)
    for source in [NoiseSource.secure, .seeded(RandomKey(seed: 3))] {
      var draws = NoiseDraws(source)
      var square = 0.0
      for number in 0..<500 {
        draws.begin(number)
        let noisy = try mechanism.released([1, 1, -1, 0], source, &draws)
        square += zip(noisy, [1, 1, -1, 0]).reduce(0) { $0 + ($1.0 - $1.1) * ($1.0 - $1.1) }
      }
      // The mean of 2000 squares, five standard errors.
      let ratio = square / 2000 / (mechanism.scale * mechanism.scale)
      #expect(abs(ratio - 1) < 5 * (2 / 2000.0).squareRoot(), "\(ratio)")
    }
  }

  /// Two codes at the ends of the clipping ball, and the event that separates them most: Laplace noise as published
  /// gives it away at more than the claimed epsilon, the corrected one does not.
  @Test func samplesRefuteThePublishedClaim() throws {
    let runs = 40_000
    func share(_ noise: LatentMechanism.Noise, _ code: [Double]) throws -> ClosedRange<Double> {
      let mechanism = try LatentMechanism(noise, epsilon: 1, delta: 0, clip: 1, width: 16)
      var draws = NoiseDraws(.seeded(RandomKey(seed: 4)))
      var hits = 0
      for number in 0..<runs {
        draws.begin(number + (code[0] > 0 ? 0 : runs))
        let noisy = try mechanism.released(code, .seeded(RandomKey(seed: 4)), &draws)
        // The likelihood ratio's test: coordinates between the codes' own count most.
        let vote = noisy.reduce(0) { $0 + min(max($1, -0.25), 0.25) }
        if vote > 1.5 { hits += 1 }
      }
      return WordMechanismFalsifierTests.bounds(hits, of: runs)
    }
    let (plus, minus) = ([Double](repeating: 9, count: 16), [Double](repeating: -9, count: 16))
    for noise in [LatentMechanism.Noise.laplace, .laplaceL2] {
      let ratio = try share(noise, plus).lowerBound / share(noise, minus).upperBound
      #expect((ratio > 2.718281829) == (noise == .laplace), "\(noise): \(ratio)")
    }
  }

  @Test func badNumbers() {
    for value: Double in [0, -1, .nan, .infinity, 1e-300, 1e300] {
      // Gaussian noise is bounded for any epsilon: delta alone allows so much.
      for noise in LatentMechanism.Noise.allCases where noise != .gaussian || value != 1e-300 {
        #expect(
          failure {
            _ = try LatentMechanism(noise, epsilon: value, delta: 1e-5, clip: 1, width: 3)
          } != nil, "\(value)")
        #expect(
          failure {
            _ = try LatentMechanism(noise, epsilon: 1, delta: 1e-5, clip: value, width: 3)
          } != nil, "\(value)")
      }
    }
    #expect(
      failure { _ = try LatentMechanism(.laplace, epsilon: 1, delta: 0, clip: 1, width: 0) } != nil)
    #expect(
      failure { _ = try LatentMechanism(.gaussian, epsilon: 1, delta: 0, clip: 1, width: 2) } != nil
    )
  }

  static let texts = [
    "play some jazz music", "play the news", "set an alarm for seven", "set a timer",
    "what is the weather in paris", "will it rain today", "book a table for two", "call my mother",
  ]

  @Test func learnsToReconstructAndNoiseUndoesIt() throws {
    var options = Adept.Options()
    (options.embedding, options.hidden, options.length) = (16, 24, 8)
    (options.epochs, options.batch, options.learningRate) = (150, 8, 0.02)
    let mechanism = try LatentMechanism(.laplace, epsilon: 1e6, delta: 0, clip: 5, width: 12)
    let adept = try Adept(Self.texts, mechanism, options, key: RandomKey(seed: 5))
    #expect(try adept.reconstruct(Self.texts) == Self.texts)
    let key = NoiseSource.seeded(RandomKey(seed: 6))
    #expect(try adept.rewrite(Self.texts, key) == Self.texts)
    #expect(try adept.reconstruct(Self.texts + ["play zzz music", ""]).count == 10)
    #expect(try adept.rewrite([], key).isEmpty)
    let noisy = try Adept(
      Self.texts, LatentMechanism(.laplaceL2, epsilon: 0.5, delta: 0, clip: 5, width: 12), options,
      key: RandomKey(seed: 5))
    let rewritten = try noisy.rewrite(Self.texts, key)
    // The same auto-encoder, given other noise.
    let other = try adept.with(noisy.mechanism)
    #expect(try other.rewrite(Self.texts, key) == rewritten)
    let inL1 = try LatentMechanism(.laplaceL1, epsilon: 1, delta: 0, clip: 5, width: 12)
    #expect(failure { _ = try adept.with(inL1) }?.kind == .value)
    let again = try noisy.rewrite(Self.texts, key)
    #expect(rewritten != Self.texts && rewritten == again)
    let (first, second) = (
      try noisy.rewrite(Self.texts, .secure), try noisy.rewrite(Self.texts, .secure)
    )
    #expect(first != second)
  }

  @Test func badOptions() throws {
    let mechanism = try LatentMechanism(.laplace, epsilon: 1, delta: 0, clip: 5, width: 12)
    #expect(failure { _ = try Adept([], mechanism, key: RandomKey(seed: 1)) }?.kind == .value)
    var options = Adept.Options()
    options.length = 0
    #expect(
      failure { _ = try Adept(["a"], mechanism, options, key: RandomKey(seed: 1)) }?.kind == .value)
  }
}
