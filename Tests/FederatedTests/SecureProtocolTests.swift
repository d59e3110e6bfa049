import Foundations
import Testing

@testable import Federated

/// The arithmetic under secure sums, by worked examples.
@Suite struct SecureArithmeticTests {
  @Test func sharesOfAWorkedExample() {
    let field = PrimeField(modulus: 97)
    let sharing = ShamirSharing(field: field, threshold: 3)
    let shares = sharing.shares([42, 13, 7], at: [1, 2, 3, 4, 5])
    #expect(shares == [62, 96, 47, 12, 88])
    for chosen in [[0, 1, 2], [4, 2, 0], [1, 3, 4]] {
      let weights = field.interpolation(chosen.map { UInt64($0 + 1) }, at: 0)
      #expect(sharing.secret(chosen.map { shares[$0] }, weights: weights) == 42)
    }
    let two = field.interpolation([1, 2], at: 0)
    #expect(sharing.secret([62, 96], weights: two) != 42)
  }

  @Test func mersenneFieldMultiplies() {
    let random = SecureRandom()
    let fast = PrimeField.mersenne61
    for _ in 0..<1000 {
      let (a, b) = (fast.random(random), fast.random(random))
      let exact = UInt64(UInt128(a) * UInt128(b) % UInt128(fast.modulus))
      #expect(fast.multiply(a, b) == exact)
      if a != 0 { #expect(fast.multiply(a, fast.inverse(a)) == 1) }
    }
    #expect(fast.multiply(fast.modulus - 1, fast.modulus - 1) == 1)
  }

  @Test func secretsOfBytesComeBack() throws {
    let random = SecureRandom()
    let sharing = SecretSharing(threshold: 4)
    for secret in [random.bytes(32), [UInt8](repeating: 255, count: 32)] {
      let points: [UInt64] = [1, 2, 3, 5, 8, 13]
      let shares = sharing.share(secret, at: points, random)
      for chosen in [[0, 1, 2, 3], [5, 3, 1, 0, 2]] {
        let weights = sharing.weights(chosen.map { points[$0] })
        #expect(try sharing.secret(chosen.map { shares[$0] }, weights: weights) == secret)
      }
      // Three of four say nothing: they give other bytes, or none.
      let few = sharing.weights(Array(points[..<3]))
      #expect((try? sharing.secret(Array(shares[..<3]), weights: few)) != secret)
    }
  }

  @Test func lightCodingOfAWorkedExample() {
    let coding = LagrangeCoding(
      field: PrimeField(modulus: 97), clients: 3, threshold: 2, privacy: 1)
    let encoded = [[10, 33], [20, 44], [30, 55]].map { pieces in
      coding.encode(pieces.map { [UInt32($0)] }).map { $0[0] }
    }
    #expect(encoded == [[38, 61, 84], [45, 69, 93], [52, 77, 5]])
    let sums = (0..<3).map { [(encoded[0][$0] + encoded[2][$0]) % 97] }
    #expect(sums == [[90], [41], [89]])
    #expect(coding.decode([(0, sums[0]), (2, sums[2])]) == [40])
    #expect(coding.decode([(1, sums[1]), (2, sums[2])]) == [40])
  }

  @Test func maskedSumOfAWorkedExample() {
    // Three clients modulo 2¹⁶ with masks that are given: what is left of them cancels.
    let (x, own) = ([100, 200, 300], [7, 8, 9])
    let pairs = [[0, 5000, 60000], [5000, 0, 123], [60000, 123, 0]]
    let sent = (0..<3).map { u in
      let masks = (0..<3).reduce(0) { $0 + ($1 > u ? pairs[u][$1] : -pairs[u][$1]) }
      return UInt32(truncatingIfNeeded: x[u] + own[u] + masks) & 0xFFFF
    }
    #expect(sent == [65107, 60867, 5722])
    #expect((sent.reduce(0, &+) &- 24) & 0xFFFF == 600)
  }

  @Test func masksAreTheKeyStreamAndCancel() throws {
    let key = [UInt8](repeating: 3, count: 32)
    let stream = MaskStream(key, round: [1, 2], purpose: "test")
    var words = [UInt32](repeating: 5, count: 10_000)
    try stream.apply(to: &words, subtracting: false)
    var other = [UInt32](repeating: 0, count: 10_000)
    try MaskStream(key, round: [1, 3], purpose: "test").apply(to: &other, subtracting: false)
    #expect(zip(words, other).count { $0 == $1 } < 3)
    try stream.apply(to: &words, subtracting: true)
    #expect(words.allSatisfy { $0 == 5 })
  }

  @Test func fixedPointNeverOverflows() throws {
    let point = try FixedPoint(modulus: 1 << 16, clients: 7, clip: 2, weight: 7)
    var saturated = 0
    let most = try point.encode(5, saturated: &saturated)
    let least = try point.encode(-2, saturated: &saturated)
    #expect(saturated == 1)
    #expect(abs(point.decode(most * 7 % 65536) - 14) < 0.01)
    #expect(abs(point.decode(UInt32(UInt64(least) * 7 % 65536)) + 14) < 0.01)
    #expect(throws: DomainError.self) { try point.encode(.nan, saturated: &saturated) }
    #expect(throws: DomainError.self) { try point.encode(.infinity, saturated: &saturated) }
    #expect(throws: DomainError.self) {
      try FixedPoint(modulus: 4, clients: 7, clip: 2, weight: 7)
    }
    #expect(throws: DomainError.self) {
      try FixedPoint(modulus: 1 << 16, clients: 7, clip: 0, weight: 7)
    }
    let whole = try FixedPoint(wholeNumbersModulo: 1 << 32, clients: 1000)
    #expect(whole.whole(try whole.encode(whole: -77)) == -77)
    #expect(throws: DomainError.self) { try whole.encode(whole: 1 << 30) }
    #expect(throws: DomainError.self) { try whole.encode(whole: .min) }
  }

  @Test func degreesKeepTheirPromises() throws {
    let small = SecureDegree(clients: 20, minimum: 14)
    #expect(small.degree == 19 && small.threshold == 14)
    let large = SecureDegree(clients: 1000, minimum: 800)
    #expect(large.degree < 200 && large.degree % 2 == 0)
    let missed = SecureDegree.logTail(
      population: 999, marked: 200, draws: large.degree,
      from: large.degree - large.threshold + 1)
    let known = SecureDegree.logTail(
      population: 999, marked: 100, draws: large.degree, from: large.threshold)
    #expect(missed < -27 && known < -34)
    // By hand: P[X ≥ 1] of 1 draw, 3 of 10 marked.
    let tail = SecureDegree.logTail(population: 10, marked: 3, draws: 1, from: 1)
    #expect(abs(tail + 1.2039728043259361) < 1e-12)
    #expect(throws: DomainError.self) {
      try SecureDegree(clients: 1000, minimum: 500, degree: 4)
    }
    let graph = SecureGraph.ring(50, degree: 6, SecureRandom())
    for (client, others) in graph.neighbours.enumerated() {
      #expect(others.count == 6 && Set(others).count == 6 && !others.contains(client))
      #expect(others.allSatisfy { graph.neighbours[$0].contains(client) })
    }
  }
}
